import mpmath as mp
import numpy as np
import pytest

from bounds.gmm_entropy.triple_correction import LINE, SPACE, left, three
from proofs_check.points import draws


def test_line_example_of_known_value():
    x = three(**LINE)
    total = np.exp(x.log_U)
    assert total == pytest.approx(0.3557690427999134, rel=1e-12)
    assert x.gap * total == pytest.approx(0.3475896581714412966557, rel=1e-12)
    assert x.term * total == pytest.approx(-0.00817938462847, abs=1e-11)


def test_coincident_components_of_equal_weight():
    """U = 2 ln 2, G = log 3, T their difference."""
    x = three(**(LINE | {"logits": np.zeros(3), "shape": "coincident"}))
    assert x.term == pytest.approx((np.log(3) - 2 * np.log(2)) / (2 * np.log(2)), rel=1e-10)
    assert left(x).lo[0] < 1e-10


def test_plane_example_of_known_value():
    point = LINE | {"m": 2, "logits": np.zeros(3), "mean": [[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], "spread": 3.0}
    x = three(**(point | {"sd": np.ones((3, 2)), "shear": np.zeros((3, 2, 2))}))
    assert x.gap * np.exp(x.log_U) == pytest.approx(0.234658441602305, rel=1e-11)
    assert (1 + x.term) * np.exp(x.log_U) == pytest.approx(0.234658441602305, rel=1e-10)


def test_term_by_mpmath_quadrature_of_the_pointwise_term():
    """Different variances; by inclusion and exclusion of x log x, which neither side uses."""
    x = three(**(LINE | {"logits": np.log([0.3, 0.3, 0.4]), "mean": [[0.0], [0.3], [0.8]], "sd": [[1.0], [0.5], [2.0]]}))
    with mp.workdps(25):
        w, mu, sd = ([mp.mpf(v) for v in row] for row in (("0.3", "0.3", "0.4"), ("0", "1.5", "4"), ("1", "0.5", "2")))

        def term(y):
            a, b, c = (w[i] * mp.npdf(y, mu[i], sd[i]) for i in range(3))
            f = lambda v: v * mp.log(v)  # noqa: E731
            return f(a + b + c) - f(a + b) - f(a + c) - f(b + c) + f(a) + f(b) + f(c)

        value = mp.quad(term, [-10, -5, -2, 0, 0.5, 1, 1.5, 2, 2.5, 3, 4, 6, 10, 16])
    assert x.term * np.exp(x.log_U) == pytest.approx(float(value), rel=1e-10)
    assert x.gap * np.exp(x.log_U) == pytest.approx(0.47296759709336, rel=1e-12)


def test_the_identity_holds_far_inside_its_budget():
    """So the budget is room for rounding and not what makes the claim hold."""
    shares = []
    for point in draws(SPACE, 9, "budget", range(12)):
        x = three(**point)
        shares.append(left(x).lo[0] / x.budget)
    assert max(shares) < 0.2
    assert np.median(shares) < 0.05
