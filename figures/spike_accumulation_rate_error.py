"""How far a neuron's rate is from its clipped input after T steps, with leak and without (ours).

Constant input c on a grid in [0, 1], th = 1: the largest φ(c) − a[T], in exact arithmetic, below 1/Λ_T and, with a leak, never
much below its dead zone: an input up to 1 − λ never makes the neuron fire, so no number of steps brings the error to 0.
"""

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = ("spike_accumulation.constant_input", "spike_accumulation.dead_zone")
LEAKS = (Fraction(1), Fraction(9, 10), Fraction(1, 2))
STEPS = 64
GRID = 200


def data() -> dict[str, np.ndarray]:
    """largest and mean error over the grid, and the bound 1/Λ_T, each (leaks, T); floor, (leaks,)."""
    from bounds.common.spikes import lambda_sum

    worst, mean, bound = (np.empty((len(LEAKS), STEPS)) for _ in range(3))
    for i, lam in enumerate(LEAKS):
        charges = [lambda_sum(lam, t) for t in range(1, STEPS + 1)]
        errors = [[c - a / L for a, L in zip(_traces(c, lam), charges, strict=True)] for c in _inputs()]
        worst[i] = [float(max(column)) for column in zip(*errors, strict=True)]
        mean[i] = [float(sum(column) / len(column)) for column in zip(*errors, strict=True)]
        bound[i] = [float(1 / L) for L in charges]
    floor = np.array([float(1 - lam) for lam in LEAKS])
    return {"T": np.arange(1, STEPS + 1), "worst": worst, "mean": mean, "bound": bound, "floor": floor}


def _inputs() -> list[Fraction]:
    return [Fraction(k, GRID) for k in range(GRID + 1)]


def _traces(c: Fraction, lam: Fraction) -> list[Fraction]:
    from bounds.spike_accumulation import simulate_neuron

    return list(simulate_neuron([c] * STEPS, lam, Fraction(1))[3])


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """One panel per leak, logarithmic axes."""
    import matplotlib.pyplot as plt

    from figures.style import BLACK, BLUE, ORANGE, PAGE, SKY

    figure, axes = plt.subplots(1, len(LEAKS), figsize=(PAGE, 2.5), sharey=True)
    for i, (axis, lam) in enumerate(zip(axes, LEAKS, strict=True)):
        axis.plot(d["T"], d["bound"][i], color=BLACK, linewidth=1, label="bound 1/Λ$_T$")
        axis.plot(d["T"], d["worst"][i], color=BLUE, marker=".", markersize=3, linestyle="none", label="largest error")
        axis.plot(d["T"], d["mean"][i], color=SKY, linestyle="--", label="mean error")
        if d["floor"][i] > 0:
            axis.axhline(d["floor"][i], color=ORANGE, linewidth=1, label="dead zone 1 − λ")
        axis.set(xscale="log", yscale="log", xlabel="steps T", title=f"λ = {float(lam):g}")
        axis.set_xticks([1, 2, 4, 8, 16, 32, 64], labels=["1", "2", "4", "8", "16", "32", "64"])
        axis.minorticks_off()
    axes[0].set_ylabel("φ(c) − a[T]")
    axes[1].legend(loc="lower left")
    return figure
