"""The Bhattacharyya sum at points known by hand, at golden values, and against overlaps of fifty digits."""

import mpmath as mp
import numpy as np
import pytest

from bounds.gmm_entropy.bhattacharyya import left, log_separation_sum, log_sum, right
from bounds.gmm_entropy.instances import Case, case, on_first_axis
from tests.gmm_entropy.oracles import LINE, case_on_line, chernoff_50_digits, gap_50_digits, random_line

PAIRS_OF_THREE = [(0, 1), (0, 2), (1, 2)]


def test_coincident_halves_attain_the_bound() -> None:
    x = case(**on_first_axis(0.0, m=3))
    assert log_sum(x) == log_separation_sum(x) == pytest.approx(np.log(np.log(2)), abs=1e-15)
    assert left(x).lo[0] <= np.log(np.log(2)) <= left(x).hi[0]


def test_the_golden_line() -> None:
    assert np.exp(log_sum(LINE, constant=1.0)) == pytest.approx(0.3283015023040368, abs=1e-14)
    assert np.exp(log_sum(LINE)) == pytest.approx(0.455122521391, abs=1e-12)


def test_misreadings_have_the_values_of_the_specification() -> None:
    assert np.exp(log_sum(case(**on_first_axis(4.0)), power=2.0)) == pytest.approx(0.012695, rel=1e-4)
    ten = Case(np.full(10, 0.1), np.zeros((10, 1)), np.ones((10, 1, 1)))
    assert np.exp(log_sum(ten, largest=True)) == pytest.approx(0.1386, rel=1e-3)
    wide = case(**on_first_axis(55.0, sd=(1.0, 10.0)))
    assert np.exp(wide.log_overlaps) == pytest.approx([2.4918e-4], rel=1e-4)
    assert np.exp(log_separation_sum(wide, rate=0.5)) == pytest.approx(np.log(2) * 3.7267e-6, rel=1e-4)  # α = 5


def test_far_apart_the_bound_is_the_logarithm_of_the_separation_times_the_gap() -> None:
    x = case(**on_first_axis(64.0, m=2))
    assert (log_sum(x) - float(x.log_gap.lo)) / np.log(10) == pytest.approx(1.249, abs=1e-3)


def test_one_component_has_nothing_to_add() -> None:
    x = Case(np.ones(1), np.zeros((1, 2)), np.eye(2)[None])
    assert log_sum(x) == log_separation_sum(x) == -np.inf


@pytest.mark.parametrize("seed", range(4))
def test_the_enclosures_contain_the_sums_of_fifty_digits(seed: int) -> None:
    x = random_line(seed, spread=10.0**seed)
    sd = np.sqrt(x.cov[:, 0, 0])
    overlap, separation = mp.mpf(0), mp.mpf(0)
    for k, l in PAIRS_OF_THREE:
        front = 2 * mp.log(2) * mp.sqrt(mp.mpf(float(x.w[k])) * mp.mpf(float(x.w[l])))
        overlap += front * chernoff_50_digits(x, k, l, 0.5)
        alpha = mp.mpf(float(abs(x.mu[k, 0] - x.mu[l, 0]))) / (mp.mpf(float(sd[k])) + mp.mpf(float(sd[l])))
        separation += front * mp.exp(-(alpha**2) / 4)
    for value, lo, hi in zip((overlap, separation), right(x).lo, right(x).hi, strict=True):
        assert lo <= mp.log(value) <= hi
    assert left(x).lo[1] <= mp.log(overlap) <= left(x).hi[1]


@pytest.mark.parametrize("seed", range(2))
def test_the_gap_of_fifty_digits_is_below(seed: int) -> None:
    x = random_line(seed, K=2)
    assert left(x).lo[0] <= mp.log(gap_50_digits(x)) <= min(left(x).hi[0], right(x).lo[0])


def test_weights_of_very_different_size() -> None:
    x = case_on_line([1 - 1e-12, 1e-12], [0.0, 1.0], [1.0, 2.0])
    expected = mp.log(2 * mp.log(2)) + mp.log(mp.mpf(float(x.w[0])) * mp.mpf(float(x.w[1]))) / 2
    assert log_sum(x) == pytest.approx(float(expected + mp.log(chernoff_50_digits(x, 0, 1, 0.5))), abs=1e-14)
