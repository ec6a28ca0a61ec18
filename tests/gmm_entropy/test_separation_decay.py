"""The rate α²/2 with the weights that go with it: equality cases, golden values, fifty digits."""

import mpmath as mp
import numpy as np
import pytest

from bounds.gmm_entropy.instances import Pair, pair
from bounds.gmm_entropy.separation_decay import left, log_prefactor, right
from tests.gmm_entropy.oracles import case_on_line, chernoff_50_digits
from tests.gmm_entropy.test_chernoff_sum import c_50_digits

ASYMMETRIC = Pair(0.001, 0.999, np.array([1e4]), np.array([2020.0]))  # N(0, 1) and N(2020, 1e4): α = 20


def test_very_different_spreads_and_weights_refute_the_symmetric_weights() -> None:
    gap = np.log(2.05141) - 87 * np.log(10)
    assert left(ASYMMETRIC).lo[0] == pytest.approx(gap, abs=1e-5)
    symmetric = right(ASYMMETRIC, symmetric=True).hi[0]
    assert symmetric == pytest.approx(np.log(6.06376) - 89 * np.log(10), abs=1e-5)
    assert symmetric < left(ASYMMETRIC).lo[0] < right(ASYMMETRIC).lo[0]


def test_one_covariance_makes_the_second_step_an_equality() -> None:
    x = pair(m=3, log_odds=1.0, lam=np.ones(3), reach=5.0, direction=[0.6, 0.0, -0.8], alike=True)
    assert x.alpha == pytest.approx(5.0, abs=1e-12)
    assert left(x).lo[1] == pytest.approx(right(x).lo[1], abs=1e-9)
    assert right(x).lo[1] == pytest.approx(log_prefactor(x) - 12.5, abs=1e-9 + 2e-11)


def test_coincident_halves_meet_everywhere() -> None:
    x = pair(m=2, log_odds=0.0, lam=np.ones(2), reach=0.0, direction=[0.0, 0.0], alike=True)
    for ends in (left(x), right(x)):
        assert np.all((ends.lo <= np.log(np.log(2))) & (np.log(np.log(2)) <= ends.hi))


@pytest.mark.parametrize("sd", [0.02, 0.5, 1.0, 3.0, 80.0])
def test_the_enclosures_contain_the_values_of_fifty_digits(sd: float) -> None:
    # on the line α = Δ/(1 + sd) and t* = sd/(1 + sd)
    alpha, a = 4.0, 0.03
    with mp.workdps(50):
        s, delta = mp.mpf(sd), mp.mpf(alpha * (1 + sd))
        t = s / (1 + s)
        front = c_50_digits(float(t)) * mp.mpf(a) ** (1 - t) * mp.mpf(1 - a) ** t
        second = mp.log(front) - (delta / (1 + s)) ** 2 / 2
        line = case_on_line([a, 1 - a], [0.0, float(delta)], [1.0, sd])
        first = mp.log(front * chernoff_50_digits(line, 0, 1, float(t)))
    x = Pair(a, 1 - a, np.array([sd**2]), np.array([float(delta)]))
    assert left(x).lo[1] <= first <= left(x).hi[1]
    assert right(x).lo[1] <= second <= right(x).hi[1]
    assert first <= second + mp.mpf("1e-12")  # equal for sd = 1
