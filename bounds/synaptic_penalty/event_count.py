r"""The penalty is the number of accumulations that an event-driven simulator performs, one by one.

For every spike and every outgoing synapse: U[target] += w, one operation. Then #operations = Σ ψ s = Ω_syn(1), and U equals
the output of the dense layer, for dense layers (ψ = n_out) and for convolutions with stride, padding, dilation and groups
(ψ of `convolution_fanout`). If zero weights are skipped, ψ_i is the number of nonzero weights that leave i. Exact: integer
weights; the dense output is computed by shifting the padded map.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Int, exact
from bounds.synaptic_penalty.events import event_driven_layer
from bounds.synaptic_penalty.fanout import conv_fanout_2d, conv_output_size

SPACE: dict[str, Axis] = {
    "kind": Choice(("conv", "conv", "dense")),
    "H": Int(2, 6),
    "W": Int(2, 6),
    "k": Int(1, 3),
    "s": Int(1, 3),
    "pad": Int(0, 2),
    "d": Int(1, 2),
    "groups": Choice((1, 2)),
    "spikes": Array((2, 6, 6), 0, 1, step=1),
    "w": Array((4, 2, 3, 3), -2, 2, step=1),
    "b": Array((4,), -3, 3, step=1),
    "skip": Choice((0, 1)),  # zero weights
}


class Layer(NamedTuple):
    """Spikes and integer weights of one layer, with the geometry of a convolution."""

    spikes: np.ndarray
    w: np.ndarray
    b: np.ndarray
    geometry: dict[str, Any]
    skip: bool

    @property
    def walk(self) -> tuple[np.ndarray, int]:
        """Potentials and operations, synapse by synapse."""
        return event_driven_layer(self.spikes, self.w, self.b, **self.geometry, skip_zero_weights=self.skip)

    @property
    def fits(self) -> float:
        """Room for the kernel."""
        if self.w.ndim == 2:
            return 1.0
        g, k = self.geometry, self.w.shape[2]
        return float(min(self.spikes.shape[1:]) + 2 * g["padding"] - g["dilation"] * (k - 1) - 1)


def layer(
    kind: str, H: int, W: int, k: int, s: int, pad: int, d: int, groups: int, spikes: Any, w: Any, b: Any, skip: int
) -> Layer:
    """From a point of SPACE: two channels in, four out."""
    maps, kernel, bias = (np.asarray(a).astype(int) for a in (spikes, w, b))
    if kind == "dense":
        return Layer(maps[0, 0, :H], kernel.reshape(4, -1)[:, :H], bias, {}, bool(skip))
    geometry = {"stride": s, "padding": pad, "dilation": d, "groups": groups}
    return Layer(maps[:, :H, :W], kernel[:, : 2 // groups, :k, :k], bias, geometry, bool(skip))


def dense_output(x: Layer) -> np.ndarray:
    """The layer by one matrix product, or by one shifted map for each tap."""
    if x.w.ndim == 2:
        return np.asarray(x.w @ x.spikes + x.b)
    g, k = x.geometry, x.w.shape[2]
    size = [conv_output_size(n, k, g["stride"], g["padding"], g["dilation"]) for n in x.spikes.shape[1:]]
    padded = np.pad(x.spikes, [(0, 0)] + [(g["padding"],) * 2] * 2)
    out = np.tile(x.b[:, None, None], (1, *size))
    per_in, per_out = len(x.spikes) // g["groups"], len(x.w) // g["groups"]
    for o in range(len(x.w)):
        for c in range(per_in):
            for row in range(k):
                for column in range(k):
                    top, start = row * g["dilation"], column * g["dilation"]
                    part = padded[o // per_out * per_in + c, top :: g["stride"], start :: g["stride"]]
                    out[o] += x.w[o, c, row, column] * part[: size[0], : size[1]]
    return out


def fanout(x: Layer) -> np.ndarray:
    """ψ of every site, from the formulas; of the nonzero weights if those alone count."""
    if x.w.ndim == 2:
        return np.count_nonzero(x.w, axis=0) if x.skip else np.full(x.spikes.shape, len(x.w))
    g, k = x.geometry, x.w.shape[2]
    if not x.skip:
        return conv_fanout_2d(x.spikes.shape, len(x.w), k, **g)
    ones = x._replace(w=(x.w != 0).astype(int), b=np.zeros_like(x.b), skip=False)
    sites = np.zeros(x.spikes.shape, dtype=int)
    for site in np.ndindex(*x.spikes.shape):
        alone = np.zeros_like(x.spikes)
        alone[site] = 1
        sites[site] = dense_output(ones._replace(spikes=alone)).sum()
    return sites


def constant_fanout(x: Layer) -> Any:
    """C_out k²/s² everywhere, rounded down."""
    if x.w.ndim == 2:
        return fanout(x)
    return np.full(x.spikes.shape, len(x.w) // x.geometry["groups"] * x.w.shape[2] ** 2 // x.geometry["stride"] ** 2)


def off(x: Layer, psi: Any = fanout) -> Enclosure:
    """The largest difference of potentials, and of the counts."""
    potentials, operations = x.walk
    return exact(np.abs(potentials - dense_output(x)).max(), abs(operations - int((psi(x) * x.spikes).sum())))


CLAIM = Claim(
    source="suetake2023penalty, reconstructed",
    says="event-driven: #accumulations = Σ ψ s = Ω_syn(1) and U = dense output, for dense layers and convolutions",
    space=SPACE,
    build=layer,
    assumes={"the kernel fits": lambda x: x.fits},
    actual=off,
    bound=lambda x: exact(0, 0),
    falsified={
        "constant fan-out C_out k²/s²": {"actual": partial(off, psi=constant_fanout)},
        "structural fan-out although zeros are skipped": {"actual": partial(off, psi=lambda x: fanout(x._replace(skip=False)))},
        "groups ignored": {
            "actual": partial(
                off,
                psi=lambda x: fanout(x) * x.geometry.get("groups", 1),
            )
        },
    },
    covers={
        "grouped": lambda x: x.geometry.get("groups") == 2,
        "strided and padded": lambda x: x.geometry.get("stride", 1) > 1 and x.geometry["padding"] > 0,
        "dilated": lambda x: x.geometry.get("dilation", 1) > 1 and x.w.shape[2] > 1,
        "dense": lambda x: x.w.ndim == 2,
        "zeros skipped": lambda x: x.skip and bool((x.w == 0).any()),
    },
    tightness="difference",
    cost=0.004,
)
