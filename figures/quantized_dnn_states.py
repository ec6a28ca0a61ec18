"""Test accuracy by the states of weights and activations, means over ten seeds (ours).

`experiments/quantized_dnn_states.py`, registered beforehand in experiments/PREREGISTERED.md, E3: digits, 64-128-64-10. Small
print: half the width of the 95 % interval over seeds.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = ("quantized_dnn.projection", "quantized_dnn.gaussian_error", "quantized_dnn.standardised_invariance")


def data() -> dict[str, np.ndarray]:
    """Accuracies and halves of their intervals, (M_w, M_a); their states, 0 for full precision."""
    from experiments import quantized_dnn_states as e3
    from experiments.results import load
    from experiments.single_step_snn_surrogates import interval

    found = np.array([[interval(cell.tolist()) for cell in row] for row in e3.table(load("quantized_dnn_states"))])
    states = {"M_w": np.array([M or 0 for M in e3.WEIGHTS]), "M_a": np.array([M or 0 for M in e3.ACTIVATIONS])}
    return states | {"accuracy": found[..., 0], "half": found[..., 1]}


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """Colour and number: per cent."""
    import matplotlib.pyplot as plt

    from figures.style import COLUMN

    figure, axes = plt.subplots(figsize=(COLUMN, 2.9))
    percent = 100 * d["accuracy"]
    middle = (percent.min() + percent.max()) / 2
    image = axes.imshow(percent, cmap="viridis", aspect="auto")
    for (i, j), value in np.ndenumerate(percent):
        ink = "black" if value > middle else "white"
        axes.text(j, i - 0.1, f"{value:.1f}", ha="center", va="center", color=ink)
        axes.text(j, i + 0.24, f"± {100 * d['half'][i, j]:.1f}", ha="center", va="center", color=ink, fontsize="x-small")
    for axis, key in ((axes.xaxis, "M_a"), (axes.yaxis, "M_w")):
        axis.set_ticks(range(d[key].size), labels=[str(states or "full") for states in d[key]])
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    axes.set(xlabel="states of activations, $M_a$", ylabel="states of weights, $M_w$")
    figure.colorbar(image, ax=axes, label="test accuracy (%)")
    return figure
