import mpmath as mp
import numpy as np
import pytest

from bounds.gmm_entropy.balls import line_gap_ball
from bounds.gmm_entropy.line import (
    gap_on_line,
    gap_on_plane,
    integrals_on_line,
    log_gap_on_line,
    log_gap_on_plane,
    log_label_entropy,
)
from bounds.gmm_entropy.sandwich import log_gap_sandwich
from bounds.measure.ball import log_enclosure

EQUAL = [  # δ, gap of two halves with one covariance, certified digits
    (0.5, "0.6628358800391063288379"),
    (1, "0.5817256983752091296999"),
    (2, "0.3563163602131136974124"),
    (4, "0.06042698682307832775822"),
    (8, "9.353507702538057245791e-5"),
    (20, "2.365713967298674742634e-23"),
    (40, "8.624417142257401656938e-89"),
    (75, "1.445549595619592881873e-307"),
    (100, "3.393126701977646641940e-545"),
]
LINES = [  # w, mu, var, log G to 20 digits by `log_gap_in_many_digits`
    ([0.5, 0.5], [0.0, 3.0], [1.0, 1e-8], "-10.647939671111087065"),  # a narrow neighbour
    ([0.25, 0.25, 0.5], [0.0, 0.125, 4.0], [1.0, 1e-6, 1e-4], "-5.4496556673288934642"),  # one inside a broad one
    ([0.001, 0.999], [0.0, 2020.0], [1.0, 1e4], "-199.60637766338355107"),  # asymmetric
    ([0.25, 0.25, 0.5], [1.0, 1.0, -1.0], [2.0, 2.0, 0.5], "-0.34109064425225900134"),  # two coincide
    ([0.125, 0.5, 0.25, 0.125], [-30.0, 0.0, 40.0, 41.0], [1.0, 9.0, 4.0, 0.0625], "-2.2605378659334489154"),
    ([1e-9, 1 - 1e-9], [0.0, 12.0], [1.0, 1.0], "-30.622939089228555917"),  # a light one
]


def log_gap_in_many_digits(w, mu, var, dps):
    """Tanh-sinh quadrature of Σ A_k log(q/A_k) as it stands, cut at standard deviations; spare digits pay for cancellation."""
    with mp.workdps(dps):
        w, mu, sd = [mp.mpf(x) for x in w], [mp.mpf(x) for x in mu], [mp.sqrt(mp.mpf(x)) for x in var]

        def h(x):
            a = [p * mp.npdf(x, m, s) for p, m, s in zip(w, mu, sd, strict=True)]
            q = mp.fsum(a)
            return mp.fsum(p * mp.log(q / p) for p in a if p)

        away = [0, *(sign * j for j in (1, 2, 3, 4, 5, 7, 10, 14, 20, 30, 45) for sign in (1, -1))]
        cuts = {m + j * s for m, s in zip(mu, sd, strict=True) for j in away}
        cuts |= {(a * t + b * s) / (s + t) for a, s in zip(mu, sd, strict=True) for b, t in zip(mu, sd, strict=True)}
        return mp.log(mp.quad(h, sorted(cuts), maxdegree=7))


@pytest.mark.parametrize(("delta", "gap"), EQUAL)
def test_two_halves_with_one_covariance_have_the_certified_gap_on_the_line_and_on_the_plane(delta, gap):
    truth = float(mp.log(mp.mpf(gap)))
    budget = 1e-12 + 1e-14 * abs(truth)
    assert abs(log_gap_on_line([0.5, 0.5], [0, delta], [1, 1]) - truth) < budget
    assert abs(log_gap_on_line([0.5, 0.5], [5, 5 + 3 * delta], [9, 9]) - truth) < budget
    assert abs(log_gap_on_plane([0.5, 0.5], [[1, 2], [1 + 0.6 * delta, 2 + 0.8 * delta]]) - truth) < budget


def test_the_golden_values_of_the_line_and_the_plane():
    assert abs(gap_on_line([0.3, 0.7], [0, 3], [1, 4]) - 0.3253872523076372650632) < 1e-13
    assert abs(gap_on_line([0.5, 0.5], [0, 0], [1, 9]) - 0.5066531614789493714560) < 1e-13
    assert abs(gap_on_line([0.2, 0.5, 0.3], [0, 2, 5], [1, 1, 1]) - 0.3475896581714412966557) < 1e-13
    assert abs(gap_on_line([0.3, 0.3, 0.4], [0, 1.5, 4], [1, 0.25, 4]) - 0.47296759709336) < 1e-13
    assert abs(gap_on_line([0.9, 0.1], [0, 3], [1, 1]) - 0.08931787889643065543992) < 1e-13
    assert abs(gap_on_plane([1 / 3] * 3, [[0, 0], [3, 0], [0, 3]]) - 0.234658441602305) < 1e-13


@pytest.mark.parametrize(("w", "mu", "var", "digits"), LINES)
def test_narrow_asymmetric_and_light_components_keep_the_fifty_digit_value(w, mu, var, digits):
    budget = 1e-12 + 1e-14 * abs(float(digits))
    assert abs(log_gap_on_line(w, mu, var) - float(digits)) < budget
    order = np.argsort(mu)[::-1]
    assert abs(log_gap_on_line(*(np.array(x)[order] for x in (w, mu, var))) - float(digits)) < budget


@pytest.mark.slow  # half a minute
@pytest.mark.parametrize(("w", "mu", "var", "digits"), LINES)
def test_the_digits_above_are_those_of_the_program_above(w, mu, var, digits):
    dps = 50 + int(-float(digits) / 2)
    with mp.workdps(dps):
        assert abs(log_gap_in_many_digits(w, mu, var, dps) / mp.mpf(digits) - 1) < mp.mpf("1e-18")


def test_random_lines_of_very_different_widths_lie_on_their_rigorous_balls():
    rng, found = np.random.default_rng(5), 0
    for _ in range(40):
        K = int(rng.integers(2, 5))
        w = rng.dirichlet(np.ones(K))
        w /= w.sum()
        mu, var = rng.normal(size=K) * 10 ** rng.uniform(-1, 2), 10 ** rng.uniform(-4, 4, K)
        truth = log_enclosure(line_gap_ball(w.tolist(), mu.tolist(), bits=160, var=var.tolist()))
        if truth.hi - truth.lo < 1e-9:
            found += 1
            value, budget = log_gap_on_line(w, mu, var), 1e-12 + 1e-14 * abs(truth.lo)
            assert truth.lo - budget < value < truth.hi + budget
    assert found >= 30


def test_moving_the_origin_and_the_unit_changes_nothing():
    w, mu, var = [0.25, 0.25, 0.5], np.array([0.0, 1.0, 5.0]), np.array([1.0, 0.25, 2.0])
    value = log_gap_on_line(w, mu, var)
    assert abs(log_gap_on_line(w, 1024 * mu + 2.0**30, 2.0**20 * var) - value) < 1e-13
    assert abs(log_gap_on_line(w, -mu, var) - value) < 1e-13


def test_a_plane_mixture_whose_means_lie_on_a_line_has_the_gap_of_that_line():
    rng = np.random.default_rng(3)
    for spread in (0.1, 1.0, 6.0, 30.0):
        K = int(rng.integers(2, 6))
        w, at, angle = rng.dirichlet(np.ones(K)), spread * rng.normal(size=K), rng.uniform(0, 2 * np.pi)
        truth = log_gap_on_line(w, at, np.ones(K))
        plane = log_gap_on_plane(w, 3 + at[:, None] * [np.cos(angle), np.sin(angle)])
        assert abs(plane - truth) < 1e-12 + 2e-14 * abs(truth)


def test_turning_the_plane_changes_nothing():
    rng = np.random.default_rng(4)
    w, mu = rng.dirichlet(np.ones(4)), 4 * rng.normal(size=(4, 2))
    turned = mu @ np.array([[0.6, -0.8], [0.8, 0.6]])
    assert abs(log_gap_on_plane(w, mu) - log_gap_on_plane(w, turned)) < 1e-12


def test_a_far_component_leaves_the_plane_of_the_others_alone():
    near = gap_on_plane([0.5, 0.5], [[0, 0], [2, 1]])
    far = gap_on_plane([0.25, 0.25, 0.5], [[0, 0], [2, 1], [1e6, -1e6]])
    assert abs(far - near / 2) < 1e-13


def test_one_component_has_no_gap_and_a_gap_below_the_floats_is_zero():
    assert log_gap_on_line([1.0], [3.0], [2.0]) == -np.inf
    assert log_gap_on_plane([1.0], [[3.0, 2.0]]) == -np.inf
    assert gap_on_line([1.0], [3.0], [2.0]) == gap_on_plane([1.0], [[3.0, 2.0]]) == 0.0
    assert gap_on_line([0.5, 0.5], [0, 100], [1, 1]) == 0.0


def test_the_label_entropy_is_the_sum_over_components_at_any_scale():
    rng = np.random.default_rng(6)
    log_a = rng.normal(size=(4, 50)) * np.array([0.01, 1, 10, 100, 1000]).repeat(10)
    with mp.workdps(1500):
        for column, value in zip(log_a.T, log_label_entropy(log_a), strict=True):
            a = [mp.exp(mp.mpf(x)) for x in column]
            truth = mp.log(mp.fsum(x * mp.log(mp.fsum(a) / x) for x in a))
            assert abs(truth - value) < 1e-14 + 1e-15 * abs(truth)


def test_several_integrals_at_once_keep_their_own_accuracy():
    rows = integrals_on_line(lambda _, log_a: np.exp(log_a), [0.25, 0.75], [0.0, 9.0], [1.0, 1e-4])
    assert np.all(abs(rows - [0.25, 0.75]) < 1e-13)


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: gap_on_line([0.5, 0.5], [0, 1], [1]), "mu and var must be vectors of one length"),
        (lambda: gap_on_line([0.5, 0.5], [0, 1], [1, -1]), "not positive definite"),
        (lambda: gap_on_line([0.5, 0.6], [0, 1], [1, 1]), "sum to 1.1"),
        (lambda: gap_on_line([0.5, 0.5], [0, np.nan], [1, 1]), "NaN"),
        (lambda: gap_on_plane([0.5, 0.5], [[0, 1, 2], [1, 2, 3]]), r"must have shape \(K, 2\)"),
    ],
)
def test_bad_input_gets_one_sentence(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_means_a_denormal_apart_are_no_overflow() -> None:
    from bounds.gmm_entropy.line import gap_on_line

    w = np.array([0.25, 0.25, 0.5])
    assert gap_on_line(w, [0.0, 0.0, 2.2e-311], [1.0, 1.0, 1.0]) == pytest.approx(1.5 * np.log(2), abs=1e-12)


@pytest.mark.parametrize(
    ("w", "mu"),
    [
        ([0.734375, 0.1875, 0.078125], [[-910.75, 1.75], [872.0, 1.0], [1398.75, 1.0]]),
        ([0.6875, 0.09375, 0.21875], [[-1777.75, -0.25], [-188.0, -1.0], [563.25, -0.25]]),
        ([0.3, 0.3, 0.4], [[0.0, 0.0], [300.0, 0.0], [30.0, 500.0]]),
    ],
)
def test_far_triples_on_the_plane_lie_between_tree_and_sum(w: list[float], mu: list[list[float]]) -> None:
    """Where all squares with a crossing have their centres on one side, the other component was taken to play no part: the
    step was that of a single component, and the first of these came out e^25 too small."""
    ends = log_gap_sandwich(w, mu, np.repeat(np.eye(2)[None], 3, axis=0))
    assert ends.lo <= log_gap_on_plane(w, mu) <= ends.hi
