"""Training risk, true risk and what SP-13, SP-14 and SP-15 guarantee, against the number of units kept.

Ours: the teacher experiment (20,000 training sequences of 6 steps, reservoir of 40 ReLU units, δ = 0.05, radii, k and bits
paid for), seed 0, whose teacher is that of the specification; the other seeds are other teachers. Rings mark the size that a
guarantee would choose.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = (
    "spectral_pruning.one_scale_net",
    "spectral_pruning.pruned_generalization",
    "spectral_pruning.hold_out",
    "spectral_pruning.quantized_occam",
)
GUARANTEES = ("SP-13b", "SP-13c", "SP-14", "SP-15, 5 bits")


def data() -> dict[str, np.ndarray]:
    """k, and (k, seeds): train, true, the guarantees, and the terms of SP-13c: train_full, pruning, slack."""
    from experiments.results import load

    rows = load("spectral_pruning_teacher")
    kept, seeds = sorted({row["k"] for row in rows}), sorted({row["seed"] for row in rows})
    cell = {(row["k"], row["seed"]): row for row in rows}
    names = ("train", "true", "true_se", "train_full", "pruning", "slack", *GUARANTEES)
    d = {"k": np.array(kept), "seed": np.array(seeds)}
    return d | {name: np.array([[cell[k, seed][name] for seed in seeds] for k in kept], dtype=float) for name in names}


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """Left: guarantees above the truth. Right: what SP-13c is made of, one part falling and one rising with k."""
    import matplotlib.pyplot as plt

    from figures.style import BLACK, BLUE, GREEN, ORANGE, PAGE, PURPLE, RED, SKY

    figure, (left, right) = plt.subplots(1, 2, figsize=(PAGE, 2.8), sharey=True)
    looks = {"SP-13c": ("SP-13c, full network", RED), "SP-13b": ("SP-13b, net", ORANGE)}
    looks |= {"SP-15, 5 bits": ("SP-15, 5 bits", PURPLE), "SP-14": ("SP-14, held out", GREEN)}
    for name, (label, colour) in looks.items():
        values = d[name][:, 0]
        left.plot(d["k"], values, color=colour, label=label)
        best = int(np.argmin(values))
        left.plot(d["k"][best], values[best], "o", color=colour, markerfacecolor="white", zorder=3)
    left.plot(d["k"], d["true"][:, 0], color=BLACK, label="true risk")
    left.plot(d["k"], d["train"][:, 0], color=SKY, linestyle="--", label="training risk")
    parts = [d[name][:, 0] for name in ("train_full", "pruning", "slack")]
    labels = ["training risk, full network", "‖f̂ − f#‖, falls", "complexity, rises"]
    right.stackplot(d["k"], *parts, labels=labels, colors=[SKY, BLUE, ORANGE], alpha=0.7, linewidth=0)
    right.plot(d["k"], d["true"][:, 0], color=BLACK, label="true risk")
    left.axhline(1, color=BLACK, linewidth=0.5)
    left.annotate("the loss is at most 1", (0, 1), va="bottom", fontsize="x-small")
    left.set(xlabel="units kept, k", ylabel="risk, min(1, |y − f|)", ylim=(0, 1.35), title="what is guaranteed")
    right.set(xlabel="units kept, k", title="what SP-13c is made of")
    left.legend(loc="upper right", ncols=2, fontsize="x-small")
    right.legend(loc="upper right", fontsize="x-small")
    return figure
