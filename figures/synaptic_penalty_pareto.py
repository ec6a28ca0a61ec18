"""Accuracy against energy under each penalty, means over ten seeds, on three architectures (ours).

`experiments/synaptic_penalty_tradeoff.py`, registered beforehand in experiments/PREREGISTERED.md: digits, single-step nets, the
penalty from epoch 8 of 25. A point is one λ; bars are standard errors over seeds. The right-hand end of every curve is λ = 0.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = ("synaptic_penalty.penalty_value", "synaptic_penalty.penalties_of_mlps", "synaptic_penalty.pareto")
CURVES = {"syn": ("syn", 1), "bal": ("bal", 1), "tot": ("tot", 1), "syn, p = 2": ("syn", 2)}
ARCHITECTURES = ("64-300-60-300-10", "64-40-400-10", "64-60-60-600-10")


def data() -> dict[str, np.ndarray]:
    """For each curve (architectures, λ, seeds, 2): accuracy and accumulations, λ = 0 first."""
    from experiments.results import load

    rows = [row for row in load("synaptic_penalty_tradeoff") if row["start"] == "delayed"]
    found = {}
    for name, (kind, p) in CURVES.items():
        mine = [row for row in rows if row["kind"] == "none" or (row["kind"], row["p"]) == (kind, p)]
        grid = sorted({row["lam"] for row in mine})
        found[name] = np.array(
            [
                [
                    [
                        [row["accuracy"], row["accumulations"]]
                        for row in sorted(mine, key=lambda row: int(row["seed"]))
                        if (row["widths"], row["lam"]) == (widths, lam)
                    ]
                    for lam in grid
                ]
                for widths in ARCHITECTURES
            ]
        )
    return found


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """One panel for each architecture."""
    import matplotlib.pyplot as plt

    from figures.style import BLUE, GREEN, ORANGE, PAGE, PURPLE

    figure, axes = plt.subplots(1, len(ARCHITECTURES), figsize=(PAGE, 2.7), sharex=True, sharey=True)
    styles = dict(zip(d, ((BLUE, "o", "-"), (GREEN, "s", "-"), (ORANGE, "^", "-"), (PURPLE, "v", "--")), strict=True))
    for i, (axis, widths) in enumerate(zip(axes, ARCHITECTURES, strict=True)):
        for name, (colour, marker, line) in styles.items():
            accuracy, energy = 100 * d[name][i, ..., 0], d[name][i, ..., 1]
            error = accuracy.std(axis=1, ddof=1) / np.sqrt(accuracy.shape[1])
            axis.errorbar(
                energy.mean(axis=1), accuracy.mean(axis=1), error, color=colour, marker=marker, linestyle=line,
                markersize=3, linewidth=1, elinewidth=0.7, label=name,
            )  # fmt: skip
        axis.set(xscale="log", xlabel="accumulations per image", title=widths)
        axis.set_xticks([2000, 4000, 8000, 16000], labels=["2000", "4000", "8000", "16000"])
        axis.minorticks_off()
    axes[0].set_ylabel("test accuracy (%)")
    axes[0].legend(loc="lower right")
    return figure
