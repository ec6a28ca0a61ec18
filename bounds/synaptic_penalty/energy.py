r"""Energy of spiking and of ordinary inference, by counting: 0.9 pJ an accumulation, 4.6 pJ a multiply-accumulate.

E_SNN = E_AC · (accumulations), E_ANN = E_MAC · (synapses). The constants are those of 45 nm CMOS that the field uses, and
arguments. Energies in pJ. A model of arithmetic only: no memory traffic, no control.
"""

from collections.abc import Sequence
from fractions import Fraction
from math import inf, log, sqrt
from typing import Any

import numpy as np

E_AC, E_MAC = Fraction(9, 10), Fraction(46, 10)


def _energy(each: Any, count: Any) -> Any:
    count = int(count) if isinstance(count, np.integer) else count
    return each * count if isinstance(count, int | Fraction) else float(each) * count


def snn_energy(synops: Any, E_AC: Any = E_AC) -> Any:
    """pJ of so many accumulations; exact for Fractions and integers."""
    return _energy(E_AC, synops)


def ann_energy(synapses: Any, E_MAC: Any = E_MAC) -> Any:
    """pJ of so many multiply-accumulates; exact for Fractions and integers."""
    return _energy(E_MAC, synapses)


def mean_rate(fanout: Sequence[Any], rates: Sequence[Any]) -> Any:
    """r̄ = Σψr/Σψ: the mean rate per step, weighted by synapses. ValueError unless Σψ > 0."""
    if len(fanout) != len(rates) or not sum(fanout) > 0 or min(fanout) < 0:
        raise ValueError("fanout must be nonnegative with a positive sum, and as long as rates")
    return sum(f * r for f, r in zip(fanout, rates, strict=True)) / sum(fanout)


def energy_ratio(fanout: Sequence[Any], rates: Sequence[Any], T: int, f: Any = 0, E_AC: Any = E_AC, E_MAC: Any = E_MAC) -> Any:
    """E_SNN/E_ANN = f + (1 − f) T r̄ E_AC/E_MAC; rates are spikes per step (n,), f the share of synapses of an analog layer.

    Exact for Fractions. ValueError for T < 1 or f outside [0, 1].

    >>> energy_ratio([400] * 40 + [10] * 400, [Fraction(9, 10)] * 40 + [0] * 400, 6)
    Fraction(486, 575)
    """
    if T < 1:
        raise ValueError(f"T counts steps and must be at least 1, got {T}")
    if not 0 <= f <= 1:
        raise ValueError(f"the analog share f must lie in [0, 1], got {f}")
    return f + (1 - f) * T * mean_rate(fanout, rates) * E_AC / E_MAC


def break_even_rate(T: int, E_AC: Any = E_AC, E_MAC: Any = E_MAC) -> Any:
    """The r̄ at which the spiking network costs what the ordinary one does: E_MAC/(T E_AC); above 1, it always wins.

    >>> break_even_rate(6)
    Fraction(23, 27)
    """
    if T < 1:
        raise ValueError(f"T counts steps and must be at least 1, got {T}")
    return E_MAC / (T * E_AC)


def hoeffding_halfwidth(T: int, sum_psi: Any, n: int, delta: float) -> float:
    """T Σψ √(ln(2/δ)/(2n)) accumulations: the mean over n independent inputs is that close to its expectation, with
    probability 1 − δ at least (Hoeffding: each input lies between 0 and T Σψ). ValueError for n < 1, T < 1, Σψ < 0 or δ
    outside (0, 1).

    >>> round(hoeffding_halfwidth(4, 1, 100, 0.05), 6)
    0.543241
    """
    if n < 1 or T < 1:
        raise ValueError(f"n and T must be at least 1, got {n} and {T}")
    if not 0 < delta < 1:
        raise ValueError(f"delta must lie in (0, 1), got {delta}")
    if not 0 <= sum_psi < inf:
        raise ValueError(f"sum_psi must be finite and not negative, got {sum_psi}")
    return float(T * sum_psi) * sqrt(log(2 / delta) / (2 * n))
