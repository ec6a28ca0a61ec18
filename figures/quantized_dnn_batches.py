"""Test accuracy against the size of mini-batches under four normalisations, means over ten seeds with 95 % intervals (ours).

`experiments/quantized_dnn_batches.py`, registered beforehand in experiments/PREREGISTERED.md, E3': digits, 64-128-64-10; epochs
and rate differ between sizes. LN is LBN's network with each image's own statistics at inference.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = ("quantized_dnn.batch_independence", "quantized_dnn.running_variance", "quantized_dnn.inference_identity")
TITLES = {"full": "full precision", "three states": "three states of weights and activations"}


def data() -> dict[str, np.ndarray]:
    """ "PRECISION NORM" → (batches, 2): accuracy and half of its interval; and the sizes of batches."""
    from experiments import quantized_dnn_batches as e3
    from experiments.results import load
    from experiments.single_step_snn_surrogates import interval

    found = {"batch": np.array(list(e3.RECIPES))}
    for (precision, norm), accuracy in e3.table(load("quantized_dnn_batches")).items():
        found[f"{precision} {norm}"] = np.array([interval(of_batch.tolist()) for of_batch in accuracy])
    return found


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """One panel for each precision; the points of a size stand side by side."""
    import matplotlib.pyplot as plt

    from figures.style import BLUE, GREEN, ORANGE, PAGE, PURPLE

    figure, axes = plt.subplots(1, 2, figsize=(PAGE, 2.7), sharex=True, sharey=True)
    styles = {"LBN": (BLUE, "o", "-"), "LBN-pooled": (GREEN, "s", "-"), "LN": (PURPLE, "v", "--"), "BN": (ORANGE, "^", "-")}
    for axis, (precision, title) in zip(axes, TITLES.items(), strict=True):
        for i, (norm, (colour, marker, line)) in enumerate(styles.items()):
            mean, half = 100 * d[f"{precision} {norm}"].T
            axis.errorbar(
                d["batch"] * 1.08 ** (i - 1.5), mean, half, color=colour, marker=marker, linestyle=line,
                markersize=3, linewidth=1, elinewidth=0.8, capsize=1.5, label=norm,
            )  # fmt: skip
        axis.set(xscale="log", xlabel="images in a mini-batch", title=title)
        axis.set_xticks(d["batch"], labels=[str(size) for size in d["batch"]])
        axis.minorticks_off()
    axes[0].set_ylabel("test accuracy (%)")
    axes[0].locator_params(axis="y", steps=[1, 2, 5, 10])
    axes[0].legend(loc="lower right")
    return figure
