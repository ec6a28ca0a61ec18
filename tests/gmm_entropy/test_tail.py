import math

import mpmath as mp
import numpy as np
import pytest

from bounds.gmm_entropy.pair_gap import log_expected_pair_gap, log_pair_gap
from bounds.gmm_entropy.tail import gap_tail_bound, gap_tail_bound_dimension_free


def exact_log_probability(m, c, eps):
    """K = 2, halves, equal covariances: the separation is 2c|Z|, and the gap falls with it."""
    from scipy.optimize import brentq

    delta = brentq(lambda x: log_pair_gap(0.5, 0.5, [1.0], [x]) - math.log(eps), 1e-3, 60)
    with mp.workdps(30):
        return float(mp.log(mp.gammainc(mp.mpf(m) / 2, 0, mp.mpf(delta / (2 * c)) ** 2 / 2, regularized=True)))


def test_the_known_values():
    assert gap_tail_bound(2, 20, 10, math.exp(-10)) == pytest.approx(math.log(4.7e-9), abs=0.01)
    assert exact_log_probability(20, 10, math.exp(-10)) == pytest.approx(math.log(6.250e-18), abs=1e-4)
    assert math.exp(gap_tail_bound_dimension_free(2, 20, 1, 1, True)) == pytest.approx(6.77e-4, rel=1e-3)
    assert log_expected_pair_gap(0.5, 0.5, 20, 2.0) == pytest.approx(math.log(3.32460634744286e-4), abs=1e-13)


def test_the_best_s_is_the_best_and_its_base_is_the_closed_form():
    grid = np.linspace(1e-4, 1 - 1e-4, 2000)
    for c in (1.1, 1.5, 3.0, 30.0):
        best = gap_tail_bound(3, 7, c, 0.1)
        assert best <= min(gap_tail_bound(3, 7, c, 0.1, s) for s in grid)
        base = ((c * c + 2) / 3) ** 1.5 / c
        assert best == pytest.approx(math.log(2 * 2 / 0.1) - 3.5 * math.log(base), abs=1e-12)


def test_without_a_large_scale_the_bound_is_the_limit_at_zero_and_says_nothing():
    for c in (0.2, 0.9, 1.0):
        for m in (1, 50):
            assert gap_tail_bound(2, m, c, 0.5) == pytest.approx(math.log(4), abs=1e-15)
            assert gap_tail_bound(2, m, c, 0.5, 1e-9) == pytest.approx(math.log(4), abs=1e-6)
            assert gap_tail_bound(2, m, c, 0.5, 0.3) > math.log(4)


def test_the_second_bound_decays_with_the_dimension_at_any_scale_and_is_the_sharper_one():
    for c in (0.1, 1.0, 2.0, 20.0):
        for m in (1, 10, 300):
            second = gap_tail_bound_dimension_free(4, m, c, 0.01)
            assert gap_tail_bound_dimension_free(4, m + 1, c, 0.01) < second < gap_tail_bound(4, m, c, 0.01)
            assert gap_tail_bound_dimension_free(4, m, c, 0.01, equal_covariance=True) < second


@pytest.mark.parametrize("c", [0.5, 1.0, 2.0, 10.0])
def test_both_bounds_lie_above_the_exact_probability_of_a_pair(c):
    for m in (1, 5, 40):
        for eps in (0.3, 1e-3, 1e-8):
            truth = exact_log_probability(m, c, eps)
            assert truth <= gap_tail_bound_dimension_free(2, m, c, eps, equal_covariance=True)
            assert truth <= gap_tail_bound(2, m, c, eps)


def test_the_mean_gap_lies_below_the_bound_that_markov_is_applied_to():
    for c in (0.3, 1.0, 3.0):
        for m in (1, 20, 200):
            assert log_expected_pair_gap(0.5, 0.5, m, 2 * c) <= gap_tail_bound_dimension_free(2, m, c, 1.0, True) + 1e-10


def test_the_bounds_hold_for_three_dependent_means_of_a_drawn_sample():
    rng, m, c, eps, runs = np.random.default_rng(11), 6, 1.0, 0.05, 300
    w, hits = np.ones(3) / 3, 0
    for _ in range(runs):
        z = math.sqrt(2) * c * rng.standard_normal((3, m))  # differences of two means: 2c times a standard normal
        distance = [float(np.linalg.norm(z[k] - z[l])) for k, l in ((0, 1), (0, 2), (1, 2))]
        hits += max(log_pair_gap(w[0], w[1], [1.0], [x]) for x in distance) >= math.log(eps)  # a pair gap is below the gap
    allowed = math.exp(gap_tail_bound_dimension_free(3, m, c, eps, equal_covariance=True))
    assert hits / runs <= allowed


def test_one_component_has_no_gap():
    assert gap_tail_bound(1, 5, 2.0, 0.1) == gap_tail_bound_dimension_free(1, 5, 2.0, 0.1) == -math.inf


def test_far_dimensions_neither_overflow_nor_lose_the_logarithm():
    assert gap_tail_bound_dimension_free(2, 10**6, 1e100, 1e-300) == pytest.approx(-5e5 * math.log(5e199) + 690.4, rel=1e-6)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"K": 0}, "at least 1"),
        ({"m": 0}, "at least 1"),
        ({"c": 0}, "positive"),
        ({"eps": math.nan}, "positive"),
        ({"s": 1.0}, "s must"),
    ],
)
def test_bad_input_gets_one_sentence(change, says):
    with pytest.raises(ValueError, match=says):
        gap_tail_bound(**{"K": 2, "m": 3, "c": 1.0, "eps": 0.1, **change})


def test_scales_and_thresholds_whose_squares_and_quotients_leave_the_floats() -> None:
    assert gap_tail_bound(2, 5, 1e-170, 1e-320) == pytest.approx(np.log(2) - np.log(1e-320))
    assert gap_tail_bound_dimension_free(2, 5, 1e-170, 5e-324) == pytest.approx(np.log(np.log(2)) - np.log(5e-324))
