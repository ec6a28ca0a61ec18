"""Chernoff coefficients with any exponent: c_t by another maximiser, the case t = 1/2, and fifty digits."""

import mpmath as mp
import numpy as np
import pytest

from bounds.gmm_entropy.bhattacharyya import log_sum
from bounds.gmm_entropy.chernoff import c_t
from bounds.gmm_entropy.chernoff_sum import Tilted, log_bound, tilted
from bounds.gmm_entropy.instances import on_first_axis
from tests.gmm_entropy.oracles import LINE, case_on_line, chernoff_50_digits, random_line


def c_50_digits(t: float) -> mp.mpf:
    """The maximum of ψ_t on [0, 1/t] by ternary search: ψ_t has one maximum."""
    with mp.workdps(50):
        s = mp.mpf(min(t, 1 - t))

        def psi(u: mp.mpf) -> mp.mpf:
            return mp.exp(-s * u) * mp.log1p(mp.exp(u)) + mp.exp((1 - s) * u) * mp.log1p(mp.exp(-u))

        lo, hi = mp.mpf(0), 1 / s
        for _ in range(160):
            a, b = lo + (hi - lo) / 3, hi - (hi - lo) / 3
            lo, hi = (a, hi) if psi(a) < psi(b) else (lo, b)
        return psi(lo)


@pytest.mark.parametrize(("t", "value"), [(0.25, 1.90202943662), (1 / 3, 1.5810797062), (0.1, 4.0657217), (0.5, 2 * np.log(2))])
def test_the_golden_constants(t: float, value: float) -> None:
    assert c_t(t) == pytest.approx(value, rel=1e-8)
    assert float(c_50_digits(t)) == pytest.approx(c_t(t), rel=1e-14)


def test_at_one_half_it_is_the_bhattacharyya_sum() -> None:
    assert log_bound(Tilted(LINE, np.full((3, 3), 0.5))).lo[0] == pytest.approx(log_sum(LINE), abs=2e-9)


def test_coincident_halves_attain_it_at_one_half_only() -> None:
    x = tilted(**on_first_axis(0.0), log_odds=0.0, t=np.full((2, 2), 0.5))
    assert log_bound(x).lo[0] <= np.log(np.log(2)) <= log_bound(x).hi[0]
    y = tilted(**on_first_axis(0.0), log_odds=0.0, t=np.full((2, 2), 0.25))
    assert np.exp(log_bound(y).lo[0]) == pytest.approx(1.90202943662 / 2, rel=1e-8)


def test_with_two_log_two_for_every_t_light_coincident_components_refute_it() -> None:
    x = tilted(**on_first_axis(0.0, log_odds=20.0), log_odds=0.0, t=np.full((2, 2), 0.9))
    # the gap is b (1 + log 1/b), the bound 2 ln 2 b^0.9
    assert log_bound(x, constant=2 * np.log(2)).hi[0] < float(x.case.log_gap.lo) < log_bound(x).lo[0]


def test_reading_a_mixture_backwards_exchanges_t() -> None:
    x = random_line(3)
    back = case_on_line(x.w[::-1], x.mu[::-1, 0], np.sqrt(x.cov[::-1, 0, 0]))
    t = np.array([[0, 0.2, 0.7], [0, 0, 0.4], [0, 0, 0]])
    exchanged = 1 - t.T[::-1, ::-1]  # pair (k, l) becomes (2 − l, 2 − k)
    assert log_bound(Tilted(back, exchanged)).lo[0] == pytest.approx(log_bound(Tilted(x, t)).lo[0], abs=1e-11)


@pytest.mark.parametrize("seed", range(5))
def test_the_enclosure_contains_the_value_of_fifty_digits(seed: int) -> None:
    x = random_line(seed, spread=10.0 ** (seed - 1))
    t = np.random.default_rng(seed).uniform(0.02, 0.98, (3, 3))
    w = [mp.mpf(float(v)) for v in x.w]
    total = mp.mpf(0)
    for k, l in [(0, 1), (0, 2), (1, 2)]:
        s = mp.mpf(float(t[k, l]))
        total += c_50_digits(float(t[k, l])) * w[k] ** (1 - s) * w[l] ** s * chernoff_50_digits(x, k, l, float(t[k, l]))
    ends = log_bound(Tilted(x, t))
    assert ends.lo[0] <= mp.log(total) <= ends.hi[0]
