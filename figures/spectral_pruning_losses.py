"""What k units lose, what was promised for them, and what no k units can go below.

Ours: the IRNN of 128 units on pixel digits (seed 0), τ = 0, losses as shares of Tr Σ.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = (
    "spectral_pruning.leverage_draws",
    "spectral_pruning.matched_lambda",
    "spectral_pruning.fixed_size_means",
    "spectral_pruning.lookahead_beats_mean",
    "spectral_pruning.greedy_is_near_best",
    "spectral_pruning.tail_bounds",
)
CURVES = ("leverage_draws", "best_lambda", "mean_by_determinants", "greedy", "tail")


def data() -> dict[str, np.ndarray]:
    """The curves at k = 1..64; at `k_searched` look-ahead, the best loss that branch and bound found, and its lower bound."""
    from experiments.results import load

    rows = [row for row in load("spectral_pruning_losses") if row["seed"] == 0]
    curves = [row for row in rows if row["tail"] is not None]
    searched = [row for row in rows if row["best_found"] is not None]
    d = {"k": np.array([row["k"] for row in curves]), "k_searched": np.array([row["k"] for row in searched])}
    d |= {name: np.array([row[name] for row in curves], dtype=float) for name in CURVES}
    found = ("lookahead", "best_found", "no_set_below")
    return d | {name: np.array([row[name] for row in searched], dtype=float) for name in found}


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """Promises from above, achieved losses, and the limits from below."""
    import matplotlib.pyplot as plt

    from figures.style import BLACK, BLUE, GREEN, ORANGE, PURPLE, RED, SKY

    figure, axes = plt.subplots(figsize=(5.2, 3.4))
    looks = {
        "leverage_draws": ("promise of k leverage draws (SP-6)", RED, "-"),
        "best_lambda": ("k λₖ, N(λₖ) = k (SP-8)", ORANGE, "-"),
        "mean_by_determinants": ("mean φₖ of determinantal sets (SP-8, SP-9)", PURPLE, "-"),
        "greedy": ("greedy", BLUE, "-"),
        "tail": ("Σ of the smaller eigenvalues (SP-5)", BLACK, ":"),
    }
    for name, (label, colour, line) in looks.items():
        shown = d[name] > 1e-12  # smaller values are rounding noise
        axes.plot(d["k"][shown], d[name][shown], color=colour, linestyle=line, label=label)
    k = d["k_searched"]
    axes.plot(k, d["lookahead"], color=SKY, linestyle="none", marker="x", markersize=5, label="look-ahead (SP-9)")
    axes.vlines(k, np.maximum(d["no_set_below"], 1e-13), d["best_found"], color=GREEN)
    axes.plot(k, d["best_found"], color=GREEN, linestyle="none", marker="o", markersize=3, label="best set (branch and bound)")
    axes.set(yscale="log", ylim=(1e-11, 20), xlabel="units kept, k", ylabel="information loss / Tr Σ")
    axes.axhline(1, color=BLACK, linewidth=0.5)
    axes.annotate("everything lost", (63, 1), ha="right", va="bottom", fontsize="x-small")
    axes.legend(loc="lower left")
    return figure
