"""Do the methods' gradients point the same way, layer by layer? (Ours.)

Cosines of the gradients of single inputs, λ = 1/2: digits, T = 6, 64-128-128-10 with linear readout, cross-entropy, at the
start and after 12 epochs of OTTT_A; and drawn nets of widths 2-2-2-2 with spiking output, squared error, T = 4. At the top
layer OTTT_A never disagrees in sign with SAF-F and SR (a theorem); below it may, and in the small nets it does. At the input
weights of the last spiking layer OTTT_A is BPTT (a theorem): the layer 1 → 2 of the digits, the top layer of the small nets.
"""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = (
    "spike_accumulation.gradient_alignment",
    "spike_accumulation.top_layer_alignment",
    "spike_accumulation.top_layer_bptt",
)
SEEDS = (0, 20261121)  # of training, of the drawn nets
WIDTHS = (64, 128, 128, 10)
IMAGES, NETS = 200, 2000
EPOCHS = (0, 12)
PAIRS = ("OTTT_A · BPTT", "OTTT_A · SAF-F", "OTTT_A · SR", "SAF-F · SR")


def data() -> dict[str, np.ndarray]:
    """digits (epochs, pairs, layers, images) and small (pairs, layers, nets): cosines, NaN where a gradient vanishes."""
    from bounds.common.training import digits
    from bounds.spike_accumulation.gradients import cross_entropy
    from bounds.spike_accumulation.training import Recipe, fully_connected, split, train

    given, found = split(*digits()), []
    targets = np.eye(WIDTHS[-1])[given.test_y[:IMAGES], None]
    for epochs in EPOCHS:
        rng = np.random.default_rng(SEEDS[0])
        net = fully_connected(rng, WIDTHS)
        if epochs:
            train(net, given.train_x, given.train_y, Recipe(method="OTTT_A", epochs=epochs), rng)
        images = given.test_x[:IMAGES, None]
        found.append([_cosines(net, x, y, cross_entropy, 6) for x, y in zip(images, targets, strict=True)])
    return {"digits": np.moveaxis(np.array(found), 1, -1), "small": np.moveaxis(np.array(_small()), 0, -1)}


def _small() -> list[np.ndarray]:
    from bounds.spike_accumulation.batches import Net
    from bounds.spike_accumulation.gradients import squared_error

    rng, found = np.random.default_rng(SEEDS[1]), []
    for _ in range(NETS):
        W, b = rng.integers(-6, 13, (3, 2, 2)) / 8, rng.integers(-2, 9, (3, 2)) / 8
        x, y = rng.integers(0, 9, (1, 2)) / 8, rng.integers(0, 2, (1, 2)).astype(float)
        found.append(_cosines(Net(list(W), list(b), 0.5, 1.0), x, y, squared_error, 4))
    return found


def _cosines(net: Any, x: np.ndarray, y: np.ndarray, loss_grad: Any, T: int) -> np.ndarray:
    """Pairs, layers."""
    from bounds.spike_accumulation.batches import bptt, in_place_slope, ottt, saf_f, spike_representation

    slope = in_place_slope("sigmoid", 1.0)
    summed, through_time = ottt(net, x, y, slope, loss_grad, T=T), bptt(net, x, y, slope, loss_grad, T=T)
    final, rates = saf_f(net, x, y, loss_grad, slope, T=T), spike_representation(net, x, y, loss_grad)
    pairs = ((summed, through_time), (summed, final), (summed, rates), (final, rates))
    return np.array([[_cosine(g, h) for g, h in zip(a.W, b.W, strict=True)] for a, b in pairs])


def _cosine(g: np.ndarray, h: np.ndarray) -> float:
    length = float(np.linalg.norm(g) * np.linalg.norm(h))
    return float(np.sum(g * h)) / length if length > 0 else float("nan")


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """Three panels; a box from quartile to quartile, whiskers to the extremes."""
    import matplotlib.pyplot as plt

    from figures.style import BLACK, PAGE

    figure, axes = plt.subplots(1, 3, figsize=(PAGE, 2.8), sharey=True)
    titles = ("digits, before training", "digits, after 12 epochs", "small drawn nets, spiking output")
    panels = (*d["digits"], d["small"])
    for axis, panel, title in zip(axes, panels, titles, strict=True):
        _boxes(axis, panel)
        axis.axhline(0, color=BLACK, linewidth=0.6, linestyle=":")
        axis.set(xlabel="weights", title=title, ylim=(-1.05, 1.05))
        axis.set_xticks(range(3), labels=["0 → 1", "1 → 2", "2 → 3, top"])
    axes[0].set_ylabel("cosine of two gradients of one input")
    axes[0].legend(loc="lower left", handlelength=1)
    return figure


def _boxes(axis: Any, panel: Sequence[np.ndarray]) -> None:
    from figures.style import BLACK, BLUE, GREEN, ORANGE

    for k, (pair, colour) in enumerate(zip(PAIRS, (BLACK, BLUE, ORANGE, GREEN), strict=True)):
        values = [layer[np.isfinite(layer)] for layer in panel[k]]
        places = np.arange(len(values)) + 0.19 * (k - 1.5)
        line = {"color": colour, "linewidth": 1}
        drawn = axis.boxplot(
            values, positions=places, widths=0.14, whis=(0, 100), patch_artist=True, manage_ticks=False,
            boxprops=line | {"facecolor": "white"}, whiskerprops=line, capprops=line, medianprops=line | {"linewidth": 2},
        )  # fmt: skip
        drawn["boxes"][0].set_label(pair)
