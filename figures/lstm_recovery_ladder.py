"""The ladder: certified recovery time per method against the best attack, on formula nets, random nets and trained nets.

From `experiments.lstm_recovery_ladder`, e = 0.01, inputs in [-1, 1]. The truth lies between a net's attack and its best
certificate; a method without a marker certifies nothing there, and a cross stands for a net that no method certifies. Ours, in
the spirit of the paper.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = (
    "lstm_recovery.norm_recovery",
    "lstm_recovery.ladder",
    "lstm_recovery.elementwise",
    "lstm_recovery.gate_coupling",
    "lstm_recovery.transient",
    "lstm_recovery.reach_tube",
    "lstm_recovery.input_cells",
    "lstm_recovery.multipliers",
)
LABELS = {"narendra": "N.-P.", "none": "λ = 0", "coupled": "Ψ", "cascade": "Ψ,\ncascade"}


def data() -> dict[str, np.ndarray]:
    """net and method (names), steps (nets, methods; inf: none), proved (nets, methods), attack (nets,)."""
    from experiments.lstm_recovery_ladder import METHODS
    from experiments.results import load

    rows = load("lstm_recovery_ladder")
    nets = list(dict.fromkeys(r["net"] for r in rows))
    at = {(r["net"], r["method"]): r for r in rows}
    return {
        "net": np.array(nets),
        "method": np.array(METHODS),
        "steps": np.array([[at[net, method]["steps"] for method in METHODS] for net in nets], dtype=float),
        "proved": np.array([[at[net, method]["proved"] for method in METHODS] for net in nets]),
        "attack": np.array([at[net, "attack"]["steps"] for net in nets], dtype=float),
    }


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """One column for each net; the grey bar is what remains unknown."""
    import matplotlib.pyplot as plt

    from figures.style import BLACK, BLUE, GREEN, ORANGE, PAGE, PURPLE, RED, SKY

    figure, axis = plt.subplots(figsize=(PAGE, 3.3))
    styles = [
        ("2×2 norm matrix", PURPLE, "s"),
        ("2×2 on the box", PURPLE, "D"),
        ("$A_{lip}$", SKY, "^"),
        ("$A_{jac}$", BLUE, "v"),
        ("Ψ", GREEN, "o"),
        ("Φ", RED, "P"),
        ("Φ in a tube", BLACK, "x"),
        ("Φ by cells of inputs", BLACK, "+"),
        ("matrix inequality", ORANGE, "*"),
        ("the same by cells", ORANGE, "p"),
    ]
    places = np.arange(len(d["net"]))
    best = d["steps"].min(axis=1)
    known = np.isfinite(best)
    axis.vlines(places[known], d["attack"][known], best[known], color="0.85", linewidth=9, zorder=0, label="unknown")
    for k, (label, colour, marker) in enumerate(styles):
        axis.plot(places + 0.05 * (k - 4.5), d["steps"][:, k], marker, color=colour, markersize=4, label=label)
    axis.plot(places, d["attack"], "_", color=BLACK, markersize=13, markeredgewidth=2, label="attack (lower bound)")
    axis.plot(places[~known], np.full((~known).sum(), 1500.0), "x", color="0.4", markersize=7, label="no certificate at all")
    names = ["\n".join(LABELS.get(word, word) for word in name.split("_")) for name in d["net"]]
    axis.set_xticks(places, labels=names, fontsize="small")
    axis.set(yscale="log", ylabel="recovery time (steps)", ylim=(5, 2200))
    figure.legend(loc="outside right center")
    return figure
