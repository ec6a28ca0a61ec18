r"""How much energy counting spikes can waste: at most the ratio of the largest fan-out to the smallest, and no less.

ψ_i > 0, F a finite nonempty set of spike counts (one per neuron): every s* in F with the fewest spikes has
Ω_syn(s*) ≤ (ψ_max/ψ_min) min_F Ω_syn. Why: ψ_min·count ≤ Ω ≤ ψ_max·count. Sharp: m spikes at ψ_max against m + 1 at ψ_min give
(ψ_max/ψ_min) m/(m + 1). Exact; F is listed.
"""

from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Int, exact

SPACE: dict[str, Axis] = {
    "n": Int(1, 4),
    "size": Int(1, 4),
    "psi": Array((4,), 1, 12, step=1),
    "counts": Array((4, 4), 0, 12, step=1),  # option, neuron
    "extreme": Choice((0, 1)),  # 1: m spikes at the largest fan-out against m + 1 at the smallest
}


class Choices(NamedTuple):
    """Fan-outs (n,), and the spike counts (size, n) of the networks to choose from."""

    psi: np.ndarray
    counts: np.ndarray

    @property
    def energies(self) -> np.ndarray:
        """Ω_syn of each."""
        energies: np.ndarray = self.counts @ self.psi
        return energies

    @property
    def selected(self) -> int:
        """The most expensive of those with the fewest spikes."""
        spikes = self.counts.sum(axis=1)
        return int(self.energies[spikes == spikes.min()].max())


def choices(n: int, size: int, psi: Any, counts: Any, extreme: int) -> Choices:
    """From a point of SPACE."""
    fan, options = np.asarray(psi).astype(int)[:n], np.asarray(counts).astype(int)[:size, :n]
    if extreme:
        m = int(options.max())
        options = np.zeros((2, n), dtype=int)
        options[0, fan.argmax()], options[1, fan.argmin()] = m, m + 1
    return Choices(fan, options)


def spread(x: Choices) -> Fraction:
    """ψ_max/ψ_min."""
    return Fraction(int(x.psi.max()), int(x.psi.min()))


def limit(x: Choices, constant: Any = spread) -> Enclosure:
    """constant · min Ω_syn."""
    return exact(constant(x) * int(x.energies.min()))


def root_above(x: Choices) -> Enclosure:
    """Ω² against (ψ_max/ψ_min) min²: the square of the claim with √(ψ_max/ψ_min)."""
    return exact(x.selected**2)


def mean_spread(x: Choices) -> Fraction:
    """mean(ψ)/ψ_min."""
    return Fraction(int(x.psi.sum()), len(x.psi) * int(x.psi.min()))


def positive_spread(x: Choices) -> Fraction:
    """ψ_max over the smallest positive fan-out."""
    positive = x.psi[x.psi > 0]
    return Fraction(int(positive.max()), int(positive.min())) if len(positive) else Fraction(1)


def against(psi: list[int], *options: list[int]) -> dict[str, Any]:
    """The point of fan-outs and spike counts as one writes it down."""
    pad = [1] * (4 - len(psi))
    rows = [[*row, *[0] * (4 - len(row))] for row in options]
    rows += [[0] * 4] * (4 - len(rows))
    return {"n": len(psi), "size": len(options), "psi": psi + pad, "counts": rows, "extreme": 0}


CLAIM = Claim(
    source="suetake2023penalty, reconstructed",
    says="ψ > 0: a network with the fewest spikes in F has Ω_syn ≤ (ψ_max/ψ_min) min_F Ω_syn",
    space=SPACE,
    build=choices,
    assumes={"every fan-out positive": lambda x: float(x.psi.min()) - 1},
    actual=lambda x: exact(x.selected),
    bound=limit,
    falsified={
        "√(ψ_max/ψ_min)": {
            "actual": root_above,
            "bound": lambda x: exact(spread(x) * int(x.energies.min()) ** 2),
        },
        "mean(ψ)/ψ_min": {"bound": partial(limit, constant=mean_spread)},
        "fan-outs of 0 allowed": {
            "assumes": {},
            "space": {**SPACE, "psi": Array((4,), 0, 12, step=1)},
            "bound": partial(limit, constant=positive_spread),
        },
    },
    witness={
        "√(ψ_max/ψ_min)": against([1, 7], [0, 10], [11, 0]),
        "fan-outs of 0 allowed": against([5, 0], [1, 0], [0, 2]),
    },
    covers={
        "a wasteful choice": lambda x: x.selected > x.energies.min() > 0,
        "almost the whole ratio": lambda x: bool(
            x.psi.min() > 0 and spread(x) > 2 and x.selected * 10 > 9 * spread(x) * int(x.energies.min()) > 0
        ),
        "one network": lambda x: len(x.counts) == 1,
    },
    tight_at=(against([3, 3], [1, 0], [0, 1]),),
    cost=0.0005,
)
