"""What a spike costs depends on where it is: synapses to each output channel of a 3 × 3 convolution, strides 1 and 2 (B2).

Input map 8 × 8, padding 1: c(h) c(w). The constant that is often used in its place, k²/s², is right in the interior for
stride 1, overstates every border, and for stride 2 is right nowhere.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = ("synaptic_penalty.convolution_fanout", "synaptic_penalty.same_padding_total")
SIDE, KERNEL, PADDING = 8, 3, 1
STRIDES = (1, 2)


def data() -> dict[str, np.ndarray]:
    """fanout (strides, rows, columns), and constant (strides,), k²/s²."""
    from bounds.synaptic_penalty import conv_fanout_2d

    maps = [conv_fanout_2d((1, SIDE, SIDE), 1, KERNEL, stride, PADDING)[0] for stride in STRIDES]
    return {"fanout": np.array(maps), "constant": np.array([(KERNEL / stride) ** 2 for stride in STRIDES])}


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """One map for each stride, the counts written in."""
    import matplotlib.pyplot as plt

    from figures.style import PAGE

    figure, axes = plt.subplots(1, len(STRIDES), figsize=(PAGE * 0.85, 2.9))
    for axis, stride, counts, constant in zip(axes, STRIDES, d["fanout"], d["constant"], strict=True):
        picture = axis.imshow(counts, cmap="Blues", vmin=0, vmax=KERNEL**2)
        for (row, column), count in np.ndenumerate(counts):
            colour = "white" if count > 5 else "black"
            axis.text(column, row, str(count), ha="center", va="center", color=colour, fontsize="small")
        axis.set(xlabel="column w", title=f"stride {stride}: {counts.sum()} synapses, k²/s² says {constant * counts.size:g}")
        axis.set_xticks(range(SIDE))
        axis.set_yticks(range(SIDE))
        axis.tick_params(length=0)
    axes[0].set_ylabel("row h")
    figure.colorbar(picture, ax=axes, label="synapses per output channel", shrink=0.9)
    return figure
