"""What a certified recovery time costs: test error against certified steps, for every penalty and target.

From `experiments.lstm_recovery_training`: five seeds each, errors relative to the unpenalised net of the same seed (4 units;
8 for the open markers), certified bounds for e = 0.01. Settings of which a net has no certificate are left out. Ours, in the
spirit of the paper's resilience-aware training.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = (
    "lstm_recovery.norm_recovery",
    "lstm_recovery.gate_coupling",
    "lstm_recovery.transient",
    "lstm_recovery.penalty_gradient",
)
PLANTS = ("tanks", "narendra")
PENALTIES = ("norm", "jacobian", "coupled", "coupled cascade")


def data() -> dict[str, np.ndarray]:
    """ "<plant> <units> <penalty>": for each target, and each seed, (steps, test error ratio, attack), (targets, seeds, 3)."""
    from experiments.lstm_recovery_training import name_of
    from experiments.results import load

    rows = load("lstm_recovery_training")
    base = {(r["plant"], r["units"], r["seed"]): r["mse_test"] for r in rows if name_of(r) == "none"}
    found: dict[str, dict[Any, list[tuple[float, float, float]]]] = {}
    for r in rows:
        if r["penalty"] != "none":
            ratio = r["mse_test"] / base[r["plant"], r["units"], r["seed"]]
            group = found.setdefault(f"{r['plant']} {r['units']} {name_of(r)}", {})
            group.setdefault((r["target"], r["strength"]), []).append((r["best"], ratio, r["attack"]))
    return {key: np.array(list(settings.values())) for key, settings in found.items()}


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """One panel for each plant: seeds as dots, geometric means with 95 % intervals, joined over the settings of a penalty."""
    import matplotlib.pyplot as plt
    from matplotlib.ticker import FixedLocator, NullLocator

    from experiments.lstm_recovery_training import interval
    from figures.style import BLUE, GREEN, ORANGE, PAGE, RED

    labels = ("norm rate", "ρ($A_{jac}$)", "rate of Ψ", "rate of Ψ, cascade")
    figure, axes = plt.subplots(1, len(PLANTS), figsize=(PAGE, 3.0), width_ratios=(1.3, 1))
    for axis, plant, title in zip(axes, PLANTS, ("two tanks", "Narendra and Parthasarathy's Example 4"), strict=True):
        for name, label, colour, marker in zip(PENALTIES, labels, (BLUE, ORANGE, GREEN, RED), "osD^", strict=True):
            for units, filled in ((4, True), (8, False)):
                points = d.get(f"{plant} {units} {name}")
                if points is None:
                    continue
                points = points[np.isfinite(points[:, :, 0]).all(axis=1)]
                points = points[np.argsort(np.median(points[:, :, 0], axis=1))]
                cost = np.array([interval(p[:, 1].tolist()) for p in points])
                steps = np.median(points[:, :, 0], axis=1)
                axis.plot(points[:, :, 0].ravel(), points[:, :, 1].ravel(), ".", color=colour, markersize=3, alpha=0.7)
                axis.errorbar(
                    steps,
                    cost[:, 0],
                    np.abs(cost[:, 1:] - cost[:, :1]).T,
                    color=colour,
                    marker=marker,
                    markersize=5,
                    markerfacecolor=colour if filled else "white",
                    capsize=2,
                    linewidth=1,
                    label=label if filled else f"{label}, 8 units",
                )
        axis.axhline(1, color="0.4", linewidth=0.7, linestyle=":")
        axis.axhline(1.5, color="0.4", linewidth=0.7, linestyle="--")
        axis.set(xscale="log", yscale="log", xlabel="certified recovery time (steps)", title=title)
        for scale, ticks in ((axis.xaxis, (10, 20, 30, 50, 100, 200, 300, 500)), (axis.yaxis, (1, 1.5, 2, 3, 5, 8))):
            scale.set_minor_locator(NullLocator())
            scale.set_major_locator(FixedLocator(ticks))
            scale.set_major_formatter("{x:g}")
    axes[0].set_ylabel("test error / that without a penalty")
    axes[0].legend(loc="upper right")
    return figure
