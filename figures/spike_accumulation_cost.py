"""Time and memory of one batch of training against the number of steps: measured, and as counting predicts (ours).

784-512-512-10, batch 64, `experiments/spike_accumulation_cost.py`. "OTTT, two products" is OTTT as written for automatic
differentiation. The crosses are the ratios of seconds that the SAF paper reports for its VGG-like net on CIFAR-10, T = 6: 0.703
(SAF-E to OTTT_O, 0.468 s and 0.666 s) and 0.374 (SAF-F to OTTT_A, 0.247 s and 0.661 s); another net and another machine.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = ("spike_accumulation.operation_counts", "spike_accumulation.state_memory")
METHODS = ("OTTT_O, two products", "OTTT_O", "SAF-E", "OTTT_A, two products", "SAF-F", "BPTT")
RATIOS = (
    ("SAF-E", "OTTT_O, two products", 0.703),
    ("SAF-F", "OTTT_A, two products", 0.374),
    ("OTTT_O", "OTTT_O, two products", None),
)
COLUMNS = ("seconds", "predicted_seconds", "live_bytes", "predicted_live_bytes", "multiply_adds")


def data() -> dict[str, np.ndarray]:
    """T, and each of COLUMNS as (methods, T)."""
    from experiments.results import load

    rows = load("spike_accumulation_cost")
    steps = sorted({row["T"] for row in rows})
    table = {(row["method"], row["T"]): row for row in rows}
    columns = {name: np.array([[table[method, T][name] for T in steps] for method in METHODS]) for name in COLUMNS}
    return {"T": np.array(steps)} | columns


def ratio(d: dict[str, np.ndarray], column: str, method: str, peer: str) -> np.ndarray:
    """Of one method to another, at each T."""
    return np.asarray(d[column][METHODS.index(method)] / d[column][METHODS.index(peer)])


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """Seconds, ratios of seconds, live memory; dots are measured, lines predicted."""
    import matplotlib.pyplot as plt

    from figures.style import BLACK, BLUE, GREEN, ORANGE, PAGE, RED, SKY

    figure, (seconds, ratios, memory) = plt.subplots(1, 3, figsize=(PAGE, 2.9))
    colours = dict(zip(METHODS, (BLUE, SKY, ORANGE, BLUE, GREEN, BLACK), strict=True))
    marks = dict(zip(METHODS, "osdov^", strict=True))
    for k, method in enumerate(METHODS):
        if method == "OTTT_A, two products":
            continue  # as OTTT_O
        dots = {"color": colours[method], "marker": marks[method], "markersize": 3.5, "linestyle": "none", "label": method}
        line = {"color": colours[method], "linewidth": 0.8}
        seconds.plot(d["T"], 1e3 * d["seconds"][k], fillstyle="none", **dots)
        seconds.plot(d["T"], 1e3 * d["predicted_seconds"][k], **line)
        if method != "OTTT_O, two products":
            memory.plot(d["T"], d["live_bytes"][k] / 1e6, fillstyle="none", **dots)
            memory.plot(d["T"], d["predicted_live_bytes"][k] / 1e6, **line)
    for method, peer, reported in RATIOS:
        dots = {"color": colours[method], "marker": marks[method], "markersize": 3.5, "linestyle": "none"}
        label = f"{method} : {peer.partition(',')[0]}" if reported else "OTTT, one product : two"
        ratios.plot(d["T"], ratio(d, "seconds", method, peer), fillstyle="none", label=label, **dots)
        ratios.plot(d["T"], ratio(d, "multiply_adds", method, peer), color=colours[method], linewidth=0.8)
        if reported is not None:
            ratios.plot([6], [reported], "x", color=RED, markersize=5, label="reported" if method == "SAF-F" else None)
    seconds.plot([], [], color=BLACK, linewidth=0.8, label="counted")
    for axis, label in (
        (seconds, "CPU ms per batch"),
        (ratios, "time, of OTTT with two products"),
        (memory, "MB alive at the pass back"),
    ):
        axis.set(xscale="log", xlabel="steps T", ylabel=label)
        axis.set_xticks([2, 4, 8, 16, 32], labels=["2", "4", "8", "16", "32"])
        axis.minorticks_off()
    seconds.set(yscale="log", ylim=(2, 900), title="time")
    ratios.set(ylim=(0, 1.5), title="time, relative")
    memory.set(yscale="log", title="memory")
    seconds.legend(loc="upper left")
    ratios.legend(loc="upper left")
    memory.set(ylim=(0.5, 40))
    memory.legend(loc="upper left")
    return figure
