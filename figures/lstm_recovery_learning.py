"""Learning curves with and without a penalty: the error of the tanks' nets, and the rate that the penalty holds at its target.

Seed 0 of `experiments.lstm_recovery_training`: 4 units, 600 epochs, λ = 0.05, target 0.95. Ours.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = ("lstm_recovery.penalty_gradient", "lstm_recovery.perron_derivative")
NETS = {
    "tanks_none": "no penalty",
    "tanks_norm": "norm rate",
    "tanks_coupled": "rate of Ψ",
    "tanks_cascade": "rate of Ψ, cascade",
}
TARGET = 0.95


def data() -> dict[str, np.ndarray]:
    """loss and rate (nets, epochs): training error before each step, and the penalised rate (NaN without a penalty)."""
    from experiments.lstm_recovery_training import shown

    curves = [shown(name)[1:] for name in NETS]
    return {"loss": np.array([loss for loss, _ in curves]), "rate": np.array([rate for _, rate in curves])}


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """Left: errors. Right: rates."""
    import matplotlib.pyplot as plt

    from figures.style import BLACK, BLUE, GREEN, PAGE, RED

    figure, (left, right) = plt.subplots(1, 2, figsize=(PAGE, 2.5))
    for loss, rate, colour, title in zip(d["loss"], d["rate"], (BLACK, BLUE, GREEN, RED), NETS.values(), strict=True):
        left.plot(loss, color=colour, label=title, linewidth=1)
        if np.isfinite(rate).all():
            right.plot(rate, color=colour, linewidth=1)
    left.set(yscale="log", xlabel="epoch", ylabel="mean squared error", title="training error")
    left.legend()
    right.axhline(TARGET, color="0.4", linewidth=0.7, linestyle=":")
    right.annotate("target 0.95", (0.98, TARGET), xycoords=("axes fraction", "data"), xytext=(0, -3), va="top", ha="right",
                   textcoords="offset points", fontsize="small")  # fmt: skip
    right.set(xlabel="epoch", ylabel="penalised rate per step", title="rate under its own penalty", yscale="log")
    right.set_yticks([1, 2, 4], labels=["1", "2", "4"])
    right.minorticks_off()
    return figure
