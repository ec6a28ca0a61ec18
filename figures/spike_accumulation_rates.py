"""Do networks trained by OTTT and by SAF fire at the same rates? The question of the paper's Figure 5; nets, data are ours.

Share of steps with a spike, mean over neurons, test images and T = 6 steps, per layer, from the experiments
`spike_accumulation_digits` (float64) and `_mnist` (float32). Gradients agree exactly in exact arithmetic. In float64 so do the
networks after training, unless the closed form of SAF-E is updated after every step (SAF-E as a recurrence stays with
OTTT_O). In float32 no two networks are the same: a spike close to a tie falls to the other side, and from there they part.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = ("spike_accumulation.forward_equivalence", "spike_accumulation.per_step_gradients", "spike_accumulation.online_runs")
METHODS = ("OTTT_A", "SAF-A", "OTTT_O", "SAF-E", "SAF-F")
PAIRS = (("SAF-A", "OTTT_A"), ("SAF-E recurrence", "OTTT_O"), ("SAF-E", "OTTT_O"))
LAYERS = (1, 2)


def data() -> dict[str, np.ndarray]:
    """digits, mnist: shares (methods, layers, seeds); _apart: differences seed by seed (pairs, layers, seeds)."""
    from experiments.results import load

    out = {}
    for name in ("digits", "mnist"):
        rows = [row for row in load(f"spike_accumulation_{name}") if row["T"] == 6]
        out[name] = np.array([_shares(rows, method) for method in METHODS])
        out[f"{name}_apart"] = np.array([_shares(rows, a) - _shares(rows, b) for a, b in PAIRS])
    return out


def _shares(rows: list[dict[str, Any]], method: str) -> np.ndarray:
    """Layers, seeds."""
    return np.array([[row[f"spikes_{l}"] for row in rows if row["method"] == method] for l in LAYERS])


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """Left: shares per layer. Right: how far the two of a pair are apart, seed by seed."""
    import matplotlib.pyplot as plt

    from figures.style import BLACK, BLUE, GREEN, ORANGE, PAGE, PURPLE, SKY

    figure, axes = plt.subplots(1, 3, figsize=(PAGE, 2.6), width_ratios=(1, 1, 1.3))
    for axis, name, title in zip(axes, ("digits", "mnist"), ("digits", "MNIST"), strict=False):
        for k, (method, colour) in enumerate(zip(METHODS, (BLUE, SKY, GREEN, ORANGE, PURPLE), strict=True)):
            places = np.arange(len(LAYERS)) + 0.15 * (k - 2)
            axis.bar(places, d[name][k].mean(axis=-1), width=0.14, color=colour, label=method)
            for place, values in zip(places, d[name][k], strict=True):
                axis.plot(np.full(len(values), place), values, ".", color=BLACK, markersize=1.5)
        axis.set_xticks(range(len(LAYERS)), labels=[f"layer {l}" for l in LAYERS])
        axis.set(title=title, ylim=(0, 0.37))
    axes[0].set_ylabel("share of steps with a spike")
    axes[1].legend(ncols=2, loc="upper center", columnspacing=1, handlelength=1)
    for name, label, colour, shift in (("digits", "digits, float64", BLUE, 0.15), ("mnist", "MNIST, float32", ORANGE, -0.15)):
        for k in range(len(PAIRS)):
            values = 100 * d[f"{name}_apart"][k].ravel()  # both layers
            places = 2 - k + shift + np.linspace(-0.1, 0.1, len(values))
            axes[2].plot(values, places, ".", color=colour, markersize=4, label=label if k == 0 else None)
    axes[2].axvline(0, color=BLACK, linewidth=0.6, linestyle=":")
    axes[2].set_yticks([2, 1, 0], labels=[f"{a}\n− {b}" for a, b in PAIRS])
    axes[2].set(xlabel="difference, percentage points", title="the same seed, both layers", ylim=(-0.5, 3.1))
    axes[2].legend(loc="upper right", handlelength=1)
    return figure
