"""Test accuracy against the number of units kept, for spectral pruning and its rivals, before and after fine-tuning.

Ours: pixel digits, IRNNs of 128 units; lines are means of three seeds, the dots. "weights" and "low rank" keep k² weights.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = ("spectral_pruning.ridge_is_best", "spectral_pruning.greedy_is_near_best")
PRUNED = ("spectral, rec", "spectral", "magnitude, rec", "magnitude", "columns, rec", "random, rec", "weights", "low rank")
DENSE = "dense"  # trained from the start


def data() -> dict[str, np.ndarray]:
    """Test accuracies before (pruned methods, k, seeds) and after fine-tuning (the same and dense); base: (seeds,)."""
    from experiments.results import load
    from experiments.spectral_pruning_training import chosen

    rows = load("spectral_pruning_comparison")
    kept, seeds = (np.array(sorted({row[key] for row in rows})) for key in ("k", "seed"))
    cell = {(row["method"], row["k"], row["seed"]): row for row in rows}
    d = {"k": kept, "seed": seeds, "method": np.array([*PRUNED, DENSE])}
    for name, key, methods in (("before", "test_accuracy", PRUNED), ("after", "tuned_test_accuracy", (*PRUNED, DENSE))):
        d[name] = np.array([[[cell[method, k, seed][key] for seed in seeds] for k in kept] for method in methods])
    base = chosen(load("spectral_pruning_training"), "pixel_digits")
    return d | {"base": np.array([row["test_accuracy"] for row in base])}


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """Left: as pruned. Right: after the same fine-tuning for all; dense is trained from the start."""
    import matplotlib.pyplot as plt

    from figures.style import BLACK, BLUE, GREEN, ORANGE, PAGE, PURPLE, RED, SKY

    colours = (BLUE, BLUE, ORANGE, ORANGE, GREEN, RED, PURPLE, SKY, BLACK)
    figure, axes = plt.subplots(1, 2, figsize=(PAGE, 3.2), sharey=True)
    for panel, name in zip(axes, ("before", "after"), strict=True):
        panel.axhline(d["base"].mean(), color=BLACK, linewidth=0.6)
        panel.axhline(0.1, color=BLACK, linewidth=0.6, linestyle=":")
        for method, colour, values in zip(d["method"], colours, d[name], strict=False):  # dense has no "before"
            line = {"spectral": "--", "magnitude": "--", DENSE: "-."}.get(str(method), "-")
            panel.plot(d["k"], values.mean(1), color=colour, linestyle=line, label=str(method))
            panel.plot(d["k"], values, color=colour, linestyle="none", marker="o", markersize=2, alpha=0.5)
        panel.set(xlabel="units kept, k", xticks=d["k"], ylim=(0, 1))
    axes[0].annotate("128 units", (d["k"][0], d["base"].mean()), va="bottom", fontsize="x-small")
    axes[0].annotate("chance", (d["k"][-1], 0.1), va="top", ha="right", fontsize="x-small")
    axes[0].set(ylabel="test accuracy", title="As pruned")
    axes[1].set(title="After fine-tuning (dense: trained anew)")
    figure.legend(*axes[1].get_legend_handles_labels(), loc="outside right center")
    return figure
