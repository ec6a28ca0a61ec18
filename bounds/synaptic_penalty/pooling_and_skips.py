r"""What pooling and skip connections do to the fan-out.

(i) q × q average pooling (stride q) fused with the next convolution: ψ(h, w) = ψ_conv(⌊h/q⌋, ⌊w/q⌋), and 0 beyond the last
full cell. (ii) Max pooling of spikes is OR: its operations, Σ ψ_conv·OR, are at most (i). (iii) An identity skip adds 1 to ψ, a
1 × 1 projection with stride s adds C_out where s divides both coordinates. Exact; the operations of (i) are walked from each
spike to its cell and on through the convolution, those of (iii) from each spike along the skip.
"""

from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Int, exact
from bounds.synaptic_penalty.events import event_driven_layer
from bounds.synaptic_penalty.fanout import average_pool_fanout, conv_fanout_2d, skip_fanout

C_OUT = 3
SPACE: dict[str, Axis] = {
    "H": Int(2, 7),
    "W": Int(2, 7),
    "q": Int(1, 3),
    "k": Int(1, 3),
    "pad": Int(0, 1),
    "spikes": Array((7, 7), 0, 1, step=1),
    "skip": Choice(("identity", "projection")),
    "s": Int(1, 3),
}


class Pooled(NamedTuple):
    """Spikes (1, H, W) below pooling and a convolution with three channels out, and a skip."""

    spikes: np.ndarray
    q: int
    k: int
    pad: int
    skip: Any
    s: int

    @property
    def cells(self) -> tuple[int, int]:
        """The pooled map."""
        return self.spikes.shape[1] // self.q, self.spikes.shape[2] // self.q

    @property
    def fits(self) -> float:
        """Room for the kernel on the pooled map."""
        return float(min(self.cells) + 2 * self.pad - self.k) if min(self.cells) > 0 else -1.0

    @property
    def psi_conv(self) -> np.ndarray:
        """Fan-out on the pooled map."""
        return conv_fanout_2d((1, *self.cells), C_OUT, self.k, padding=self.pad)

    @property
    def psi(self) -> np.ndarray:
        """Of the sites below the pooling."""
        return average_pool_fanout(self.psi_conv, self.q, self.spikes.shape[1:])


def pooled(H: int, W: int, q: int, k: int, pad: int, spikes: Any, skip: str, s: int) -> Pooled:
    """From a point of SPACE."""
    return Pooled(np.asarray(spikes).astype(int)[None, :H, :W], q, k, pad, skip, s)


def through_pooling(x: Pooled) -> int:
    """Operations of the fused layer: each spike through its cell, synapse by synapse."""
    return event_driven_layer(x.spikes, np.ones((C_OUT, 1, x.k, x.k), dtype=int), padding=x.pad, pool=x.q)[1]


def after_or(x: Pooled) -> int:
    """Operations of the convolution on the map of ORs."""
    kernel = np.ones((C_OUT, 1, x.k, x.k), dtype=int)
    return event_driven_layer(x.spikes, kernel, padding=x.pad, pool=x.q, pooling="max")[1]


def along_skip(x: Pooled) -> int:
    """Operations of the skip, a 1 × 1 convolution; the identity has one channel out."""
    channels, stride = (1, 1) if x.skip == "identity" else (C_OUT, x.s)
    return event_driven_layer(x.spikes, np.ones((channels, 1, 1, 1), dtype=int), stride=stride)[1]


def left(x: Pooled) -> Enclosure:
    """Operations of (i) both ways, of (ii), of the skip both ways."""
    return exact(through_pooling(x), -through_pooling(x), after_or(x), along_skip(x), -along_skip(x))


def right(x: Pooled, fused: Any = None, skips: Any = None) -> Enclosure:
    """Σ ψ s of the formulas."""
    below = int((x.psi * x.spikes).sum()) if fused is None else fused(x)
    skip = int((skip_fanout(x.spikes.shape, x.skip, C_OUT, x.s) * x.spikes).sum()) if skips is None else skips(x)
    return exact(below, -below, int((x.psi * x.spikes).sum()), skip, -skip)


CLAIM = Claim(
    source="suetake2023penalty, reconstructed",
    says="average pooling: ψ = ψ_conv(⌊h/q⌋, ⌊w/q⌋), 0 beyond the last cell; max pooling: at most that; skips: 1 or C_out",
    space=SPACE,
    build=pooled,
    assumes={"the kernel fits": lambda x: x.fits},
    actual=left,
    bound=right,
    falsified={
        "max pooling costs as much": {
            "actual": lambda x: exact(int((x.psi * x.spikes).sum())),
            "bound": lambda x: exact(after_or(x)),
        },
        "the skip is free": {"bound": lambda x: right(x, skips=lambda x: 0)},
        "sites beyond the last full cell count": {
            "bound": lambda x: right(x, fused=lambda x: int(x.psi.max()) * int(x.spikes.sum())),
        },
        "a projection with stride reads every site": {
            "bound": lambda x: right(x, skips=lambda x: int(x.spikes.sum()) * (1 if x.skip == "identity" else C_OUT)),
        },
    },
    covers={
        "a ragged border": lambda x: x.spikes.shape[1] % x.q > 0 and bool(x.spikes[:, -1].any()),
        "several spikes in a cell": lambda x: after_or(x) < int((x.psi * x.spikes).sum()),
        "a strided projection": lambda x: x.skip == "projection" and x.s > 1,
    },
    tightness="difference",
    cost=0.003,
)
