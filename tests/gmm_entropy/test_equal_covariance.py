import math

import numpy as np
import pytest

from bounds.gmm_entropy.balls import pair_gap_ball
from bounds.gmm_entropy.equal_covariance import (
    equal_covariance_bounds,
    gap_isotropic_pair,
    log_gap_equal_covariance,
    log_gap_isotropic_pair,
    reduce_equal_covariance,
)
from bounds.gmm_entropy.pair_gap import log_pair_gap, pair_gaps

RNG = np.random.default_rng(20)
RANDOM = [
    (1 / (1 + math.exp(RNG.uniform(-30, 30))), 1 / (1 + math.exp(RNG.uniform(-30, 30))), math.exp(RNG.uniform(-7, 6.2)))
    for _ in range(150)
]
EXTREME = [
    (1e-300, 0.5, 1.0), (1e-300, 0.5, 30.0), (0.5, 1e-300, 52.0), (0.5, 0.5, 500.0), (0.5, 0.5, 0.0), (0.3, 0.7, 1e-3),
]  # fmt: skip


@pytest.mark.parametrize("pair", EXTREME)
def test_psi_integral_and_contour_formula_agree_at_extreme_points(pair):
    a, b, delta = pair
    value = log_gap_equal_covariance(a, b, delta)
    assert value == pytest.approx(log_pair_gap(a, b, [1.0], [delta]), abs=max(1e-13, 2e-13 * abs(value)))


def test_psi_integral_and_contour_formula_agree_at_random_points_inside_the_closed_forms():
    for a, b, delta in RANDOM:
        value, contour = log_gap_equal_covariance(a, b, delta), log_pair_gap(a, b, [1.0], [delta])
        assert value == pytest.approx(contour, abs=max(1e-13, 2e-13 * abs(value)))
        lower, upper = equal_covariance_bounds(a, b, delta)
        slack = 1e-12 * (1 + abs(value))
        assert lower <= value + slack, (a, b, delta)
        assert value <= upper + slack, (a, b, delta)


def test_psi_integral_lies_in_the_proved_ball():
    for delta in (0.5, 8.0, 75.0):
        found = pair_gap_ball("0.9", "0.1", [1], [delta]).log()
        assert log_gap_equal_covariance(0.9, 0.1, delta) == pytest.approx(float(found.mid()), abs=2e-13 * (1 + delta**2 / 8))


def test_coincident_components():
    assert math.exp(log_gap_equal_covariance(0.5, 0.5, 0.0)) == pytest.approx(math.log(2), rel=1e-14)
    lower, upper = equal_covariance_bounds(0.3, 0.7, 0.0)
    assert math.exp(lower) == pytest.approx(2 * math.log(2) * 0.3)
    assert math.exp(upper) == pytest.approx(2 * math.log(2) * math.sqrt(0.21))


def test_both_sides_meet_at_large_separation():
    for delta in (1e3, 1e6, 1e9):
        lower, upper = equal_covariance_bounds(0.2, 0.8, delta)
        width = (8 + math.pi**2 + math.log(4) ** 2) / (2 * delta**2)
        assert upper - lower == pytest.approx(width, abs=1e-15 * delta**2)


def test_closed_forms_of_the_table():
    lower, upper = equal_covariance_bounds(0.5, 0.5, 20.0)
    gap = math.log(2.365713967298674742634e-23)
    assert lower < gap < upper
    assert upper - math.log(2) < gap  # sqrt(2 pi)/delta without the 2 would be below
    assert lower + math.pi**2 / 800 > gap  # 8 in the place of 8 + pi^2 would be above


@pytest.mark.parametrize("pair", [(0.0, 0.5, 1.0), (0.5, math.nan, 1.0), (0.5, 0.5, -1.0), (0.5, 0.5, math.inf)])
def test_bad_pairs_are_refused(pair):
    for function in (equal_covariance_bounds, log_gap_equal_covariance):
        with pytest.raises(ValueError, match="must be positive"):
            function(*pair)


def test_reduction_keeps_the_gaps_in_few_dimensions():
    rng = np.random.default_rng(0)
    factor = rng.normal(size=(7, 7))
    cov = factor @ factor.T + np.eye(7)
    w, mu = np.array([0.2, 0.3, 0.5]), rng.normal(size=(3, 7)) * 3
    weights, z = reduce_equal_covariance(w, mu, cov)
    assert z.shape == (3, 2)
    np.testing.assert_allclose(weights, w)
    reduced = pair_gaps(w, z, np.repeat(np.eye(2)[None], 3, axis=0))
    np.testing.assert_allclose(np.exp(reduced), np.exp(pair_gaps(w, mu, np.repeat(cov[None], 3, axis=0))), rtol=1e-11)
    again = reduce_equal_covariance(w, mu, np.repeat(cov[None], 3, axis=0))[1]
    np.testing.assert_array_equal(z, again)


def test_reduction_finds_the_rank():
    line = np.outer([0.0, 1.0, 3.0, -2.0], [1.0, 2.0, -1.0, 0.5, 0.0])
    assert reduce_equal_covariance(np.full(4, 0.25), line, np.eye(5))[1].shape == (4, 1)
    assert reduce_equal_covariance(np.full(4, 0.25), np.ones((4, 5)), np.eye(5))[1].shape == (4, 0)
    assert reduce_equal_covariance([1.0], [[1.0, 2.0]], np.eye(2))[1].shape == (1, 0)


def test_reduction_refuses_different_covariances():
    with pytest.raises(ValueError, match="covariances must be equal"):
        reduce_equal_covariance([0.5, 0.5], [[0.0], [1.0]], [[[1.0]], [[2.0]]])


@pytest.mark.parametrize(
    ("sd_k", "sd_l", "distance", "m"),
    [
        (1, 2, 3, 1),
        (1, 2, 6, 10),
        (1, 2, 0, 100),
        (2, 1, 3, 4),
        (1, 1.01, 2, 3),
        (1, 30, 10, 5),
        (1, 2, 60, 10),
        (3, 1, 0.1, 2),
    ],
)
def test_radial_integral_and_contour_formula_agree(sd_k, sd_l, distance, m):
    lam, d = np.full(m, (sd_l / sd_k) ** 2), np.zeros(m)
    d[0] = distance / sd_k
    value = log_gap_isotropic_pair(0.3, 0.7, sd_k, sd_l, distance, m)
    assert value == pytest.approx(log_pair_gap(0.3, 0.7, lam, d), abs=1e-11)


def test_radial_golden_values():
    assert gap_isotropic_pair(0.5, 0.5, 1, 2, 6, 10) == pytest.approx(0.01906122425533995741558, rel=1e-12)
    assert log_gap_isotropic_pair(0.5, 0.5, 1, 2, 0, 100) == pytest.approx(-13.0416044511173, abs=1e-12)
    assert log_gap_isotropic_pair(0.001, 0.999, 1, 100, 2020, 1) == pytest.approx(math.log(2.05141e-87), abs=5e-6)


def test_radial_integral_refuses_equal_spreads():
    with pytest.raises(ValueError, match="positive and different"):
        gap_isotropic_pair(0.5, 0.5, 1.0, 1.0, 1.0, 1)
