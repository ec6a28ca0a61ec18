"""The error of pruned networks and the guarantees B0 to B4 on it, against the number of units kept.

Ours: pixel digits, IRNNs of 128 units, greedy selection and reconstruction with τ = 1e-8 Tr Σ/m, 360 test sequences of 64
steps; lines are medians over three seeds, dots the seeds.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = (
    "spectral_pruning.time_accumulation",
    "spectral_pruning.step_recursion",
    "spectral_pruning.scaled_accumulation",
    "spectral_pruning.transport_with_flips",
)
CURVES = ("B0", "B1", "B2", "B3", "B4", "error", "output")


def data() -> dict[str, np.ndarray]:
    """k, and error, B0 to B4 and ‖y‖ (k, seeds), in units of the outputs (logits)."""
    from experiments.results import load

    rows = [row for row in load("spectral_pruning_bounds") if row["tau"] == 1e-8]
    kept, seeds = sorted({row["k"] for row in rows}), sorted({row["seed"] for row in rows})
    cell = {(row["k"], row["seed"]): row for row in rows}
    d = {"k": np.array(kept), "seed": np.array(seeds)}
    return d | {name: np.array([[cell[k, seed][name] for seed in seeds] for k in kept], dtype=float) for name in CURVES}


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """Sixty-six decades: from 24 units on the error is below what an answer of 0 costs, and every bound above it at any k."""
    import matplotlib.pyplot as plt

    from figures.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, RED, SKY

    looks = {
        "B0": ("B0, product of norms", RED),
        "B1": ("B1, measured drive", ORANGE),
        "B2": ("B2, step by step", PURPLE),
        "B3": ("B3, best diagonal norm", SKY),
        "B4": ("B4, linear transport and flips", GREEN),
        "error": ("measured error", BLACK),
    }
    figure, axes = plt.subplots(figsize=(6.2, 3.4))
    for name, (label, colour) in looks.items():
        axes.plot(d["k"], np.median(d[name], axis=1), color=colour, label=label)
        axes.plot(d["k"], d[name], color=colour, linestyle="none", marker="o", markersize=2, alpha=0.6)
    axes.plot(d["k"], np.median(d["output"], axis=1), color=BLUE, linestyle="--", label="error of the answer 0: vacuous above")
    axes.set(yscale="log", xlabel="units kept, k", ylabel="root mean square over sequences and steps", xticks=d["k"])
    axes.legend(loc="upper left", bbox_to_anchor=(1, 1))
    return figure
