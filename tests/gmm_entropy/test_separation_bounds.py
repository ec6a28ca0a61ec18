import mpmath as mp
import numpy as np
import pytest

from bounds.gmm_entropy.instances import case, on_first_axis
from bounds.gmm_entropy.separation_bounds import SPACE, left, lower_bounds, right, upper_bounds
from proofs_check.points import draws


def squared_norm(shift, cov):
    return (shift.T * mp.lu_solve(cov, shift))[0]


def alpha_to_fifty_digits(shift, k, l):
    """By bisection of the increasing -g', differentiated by hand from nothing but the quadratic form of g."""
    if mp.norm(shift) == 0:
        return mp.mpf(0)

    def slope(t):
        y = mp.lu_solve(t * k + (1 - t) * l, shift)
        return (1 - 2 * t) * (shift.T * y)[0] - t * (1 - t) * (y.T * (k - l) * y)[0]

    lo, hi = mp.mpf(0), mp.mpf(1)
    for _ in range(180):
        t = (lo + hi) / 2
        lo, hi = (t, hi) if slope(t) > 0 else (lo, t)
    return mp.sqrt(lo * (1 - lo) * squared_norm(shift, lo * k + (1 - lo) * l))


def largest(matrix):
    return matrix[0] if matrix.rows == 1 else max(mp.re(value) for value in mp.eig(matrix, left=False, right=False))


def points(n):
    return [case(**point) for point in draws(SPACE, 5, "fifty digits", range(n))]


def inside(value, enclosure, i):
    return mp.mpf(float(enclosure.lo[i])) <= value <= mp.mpf(float(enclosure.hi[i]))


@pytest.mark.parametrize("x", points(20))
def test_every_entry_contains_its_fifty_digit_value(x):
    with mp.workdps(50):
        mu, (k, l) = [mp.matrix(row.tolist()) for row in x.mu], [mp.matrix(cov.tolist()) for cov in x.cov]
        shift = mu[1] - mu[0]
        alpha = alpha_to_fifty_digits(shift, k, l)
        ratios = [mp.sqrt(largest(a**-1 * b)) for a, b in ((k, l), (l, k))]
        below = [mp.norm(shift) / (mp.sqrt(largest(k)) + mp.sqrt(largest(l)))]
        below += [mp.sqrt(squared_norm(shift, cov)) / (1 + ratio) for cov, ratio in zip((k, l), ratios, strict=True)]
        above = [mp.sqrt(squared_norm(shift, cov)) for cov in (k, l, k + l)]
        low, high = left(x), right(x)
        assert all(inside(value, low, i) for i, value in enumerate([*below, alpha, alpha, alpha]))
        assert all(inside(value, high, i) for i, value in enumerate([alpha, alpha, alpha, *above]))
        assert max(below) <= alpha * (1 + mp.mpf(10) ** -40)
        assert alpha <= min(above) * (1 + mp.mpf(10) ** -40)


def test_isotropic_components_attain_both_lower_bounds():
    x = case(**on_first_axis(4.0, m=3, sd=(3.0, 1.0)))
    assert lower_bounds(x).lo == pytest.approx(np.ones(3), rel=1e-12)
    assert left(x).lo[3] == pytest.approx(1.0, rel=1e-12)


def test_equal_covariances_attain_the_bound_by_the_operator_norm():
    point = next(p for p in draws(SPACE, 1, "equal", range(100)) if p["m"] == 3 and np.ptp(p["mean"]) > 0)
    x = case(**{**point, "shape": "one covariance"})
    bounds = lower_bounds(x)
    assert bounds.lo[1] == pytest.approx(upper_bounds(x).lo[0] / 2, rel=1e-10)
    assert bounds.lo[1] == pytest.approx(left(x).lo[3], rel=1e-10)
    assert bounds.lo[0] <= bounds.hi[1]


def test_the_half_norm_of_a_wide_component_is_too_small():
    x = case(**on_first_axis(4.0, sd=(3.0, 1.0)))
    assert right(x, share=0.5).hi[3] == pytest.approx(2 / 3, rel=1e-12)  # while alpha is 1


def test_example_on_the_plane():
    point = on_first_axis(3.0, m=2)
    x = case(**{**point, "mean": [[0.0, 0.0], [1.0, 1.0]], "sd": [[1.0, 1.0], [1.0, 2.0]]})
    low = left(x)
    assert low.lo[3] <= 1.7819891631334 + 1e-13
    assert low.hi[3] >= 1.7819891631334 - 1e-13
