"""log(1 + 2S): where it is exact, its golden value, and fifty digits."""

import mpmath as mp
import numpy as np
import pytest

from bounds.gmm_entropy.bhattacharyya import log_sum
from bounds.gmm_entropy.instances import Case, case, on_first_axis
from bounds.gmm_entropy.renyi import log_bound
from tests.gmm_entropy.oracles import LINE, chernoff_50_digits, random_line


@pytest.mark.parametrize("K", [2, 3, 10])
def test_coincident_components_of_equal_weight_have_log_k_on_both_sides(K: int) -> None:
    x = Case(np.full(K, 1 / K), np.zeros((K, 1)), np.ones((K, 1, 1)))
    ends = log_bound(x)
    assert ends.lo[0] <= np.log(np.log(K)) <= ends.hi[0]
    if K < 4:
        assert x.log_gap.lo <= np.log(np.log(K)) <= x.log_gap.hi


def test_the_golden_line() -> None:
    assert np.exp(log_bound(LINE).lo[0]) == pytest.approx(0.504769122900, abs=1e-8)
    assert np.exp(log_bound(LINE).lo[0]) < 0.504769122900 < np.exp(log_bound(LINE).hi[0])


def test_without_the_factor_two_coincident_halves_refute_it() -> None:
    assert np.exp(log_bound(case(**on_first_axis(0.0)), factor=1.0).hi[0]) == pytest.approx(np.log(1.5), abs=1e-8)


def test_for_tiny_overlaps_it_is_the_bhattacharyya_bound_over_log_two() -> None:
    x = case(**on_first_axis(90.0, m=2))
    assert log_bound(x).lo[0] == pytest.approx(log_sum(x) - np.log(np.log(2)), abs=3e-9)


def test_one_component_has_nothing_to_add() -> None:
    assert log_bound(Case(np.ones(1), np.zeros((1, 2)), np.eye(2)[None])).hi[0] == -np.inf


@pytest.mark.parametrize("seed", range(4))
def test_the_enclosure_contains_the_value_of_fifty_digits(seed: int) -> None:
    x = random_line(seed, spread=10.0**seed)
    w = [mp.mpf(float(v)) for v in x.w]
    with mp.workdps(50):
        S = sum(mp.sqrt(w[k] * w[l]) * chernoff_50_digits(x, k, l, 0.5) for k, l in [(0, 1), (0, 2), (1, 2)])
        value = mp.log(mp.log1p(2 * S))
    assert log_bound(x).lo[0] <= value <= log_bound(x).hi[0]
