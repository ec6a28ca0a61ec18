"""One neuron under a prescribed input: the instances of the statements about rates, and what is measured of them."""

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Array, Axis, Int
from bounds.common.spikes import check_leak_and_threshold, lambda_sum, one_arithmetic
from bounds.spike_accumulation.networks import EIGHTH, LEAKS, THRESHOLDS, rationals

ONE: dict[str, Axis] = {"T": Int(1, 8), "lam": LEAKS, "th": THRESHOLDS}
INPUT: dict[str, Axis] = {**ONE, "I": Array(("T",), -4, 8, step=EIGHTH / 8)}


class Neuron(NamedTuple):
    """A neuron, all numbers Fractions; I is in the unit of th."""

    I: np.ndarray  # (T,)
    lam: Fraction
    th: Fraction
    v0: Fraction = Fraction(0)

    @property
    def T(self) -> int:
        """Number of steps."""
        return len(self.I)

    @property
    def Lambda(self) -> Fraction:
        """Λ_T."""
        return Fraction(lambda_sum(self.lam, self.T))


def neuron(I: Any, T: int, lam: Any, th: Any, start: Any = 0) -> Neuron:
    """From a point; start is v0 in units of th."""
    return Neuron(rationals(I, T), Fraction(lam), Fraction(th), Fraction(start) * Fraction(th))


def driven(I: Any, lam: Any = 1, th: Any = 1, **more: Any) -> dict[str, Any]:
    """The point of an input as one writes it down."""
    return {"T": len(I), "lam": lam, "th": th, "I": list(I)} | more


def simulate_neuron(I: Any, lam: Any, th: Any, v0: Any = 0) -> tuple[Any, Any, Any, Any]:
    """u, s, v and ahat (trace) of one neuron with input I (T,), each (T,); Fractions in, Fractions out, else floats.

    >>> [int(s) for s in simulate_neuron([1, 1, 1, 1], Fraction(1), Fraction(3, 2))[1]]
    [0, 1, 1, 0]
    """
    arrays, one = one_arithmetic(I=I, lam=lam, th=th, v0=v0)
    if arrays["I"].ndim != 1 or arrays["I"].size == 0:
        raise ValueError(f"I must have shape (T,) with T >= 1, got {arrays['I'].shape}")
    lam, th, v, a = (arrays["lam"][()], arrays["th"][()], arrays["v0"][()], 0 * one)
    check_leak_and_threshold(lam, th)
    rows = []
    for current in arrays["I"]:
        u = lam * v + current
        s = one if u >= th else 0 * one
        v, a = u - th * s, lam * a + s
        rows.append((u, s, v, a))
    u, s, v, a = (np.array(column, dtype=arrays["I"].dtype) for column in zip(*rows, strict=True))
    return u, s, v, a


def clip(z: Any) -> Any:
    """phi(z): z cut to [0, 1]."""
    return min(max(z, 0 * z), 0 * z + 1)
