r"""An event-driven simulator that walks every synapse of every spike, one at a time: the meaning of "one accumulation".

Slow on purpose: it knows no formula for the fan-out, only U[target] += w. Potentials start at the bias.
"""

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bounds.synaptic_penalty.fanout import conv_output_size

Target = tuple[int, ...]


def event_driven_layer(
    spikes: ArrayLike,
    weights: ArrayLike,
    bias: ArrayLike | None = None,
    stride: int = 1,
    padding: int = 0,
    dilation: int = 1,
    groups: int = 1,
    skip_zero_weights: bool = False,
) -> tuple[np.ndarray, int]:
    """Potentials and the number of accumulations of one step.

    spikes (n,) with weights (n_out, n), or (C_in, H, W) with weights (C_out, C_in/groups, k, k); bias (n_out,) or (C_out,),
    0 if None. Integer (or Fraction) weights give exact potentials. ValueError for spikes other than 0 and 1, or shapes that
    do not fit.

    >>> event_driven_layer([1, 0], [[2, 3], [4, 5]], [10, 20])
    (array([12, 24]), 2)
    """
    s, w = np.asarray(spikes), _wide(weights)
    if not np.isin(s, (0, 1)).all():
        raise ValueError("spikes must be 0 or 1")
    if (s.ndim, w.ndim) not in ((1, 2), (3, 4)):
        raise ValueError(
            f"weights must be (n_out, n) for spikes (n,), or (C_out, C_in/groups, k, k) for (C_in, H, W); got {w.shape}"
        )
    b = np.zeros(w.shape[0], dtype=w.dtype) if bias is None else _wide(bias)
    if b.shape != w.shape[:1]:
        raise ValueError(f"bias must have shape ({w.shape[0]},), got {b.shape}")
    if s.ndim == 1:
        if w.shape[1] != s.size:
            raise ValueError(f"weights must have shape (n_out, {s.size}), got {w.shape}")
        potentials = b.astype(np.result_type(b, w))
        size: tuple[int, ...] = ()
    else:
        size = _conv_size(s.shape, w.shape, stride, padding, dilation, groups)
        potentials = np.broadcast_to(b[:, None, None], (w.shape[0], *size)).astype(np.result_type(b, w))
    operations = 0
    for site in zip(*np.nonzero(s), strict=True):
        leaving = _conv_synapses(site, w, size, stride, padding, dilation, groups, len(s)) if size else _dense_synapses(site, w)
        for target, weight in leaving:
            if skip_zero_weights and weight == 0:
                continue
            potentials[target] += weight
            operations += 1
    return potentials, operations


def _wide(values: Any) -> np.ndarray:
    """Sums of narrow integers would wrap: int64 in their place."""
    a = np.asarray(values)
    return a.astype(np.int64) if a.dtype.kind in "bi" or a.dtype in (np.uint8, np.uint16, np.uint32) else a


def _dense_synapses(site: Any, w: np.ndarray) -> Iterator[tuple[Target, Any]]:
    for o in range(len(w)):
        yield (o,), w[o, site[0]]


def _conv_size(s: Any, w: Any, stride: int, padding: int, dilation: int, groups: int) -> tuple[int, int]:
    if w[2] != w[3] or groups < 1 or s[0] % groups or w[0] % groups or w[1] != s[0] // groups:
        raise ValueError(f"weights must have shape (C_out, {s[0]}/groups, k, k), groups dividing both channels; got {tuple(w)}")
    return conv_output_size(s[1], w[2], stride, padding, dilation), conv_output_size(s[2], w[2], stride, padding, dilation)


def _conv_synapses(
    site: Any, w: np.ndarray, size: tuple[int, ...], stride: int, padding: int, dilation: int, groups: int, C_in: int
) -> Iterator[tuple[Target, Any]]:
    """Where the spike at (channel, row, column) goes, and by which weight: outputs o with o·s + d·q − π = site, by search."""
    channel, h, v = (int(part) for part in site)
    group, inner = divmod(channel, C_in // groups)
    per_group = w.shape[0] // groups
    for y in range(size[0]):
        for row in range(w.shape[2]):
            if y * stride + dilation * row - padding != h:
                continue
            for x in range(size[1]):
                for column in range(w.shape[3]):
                    if x * stride + dilation * column - padding == v:
                        for o in range(group * per_group, (group + 1) * per_group):
                            yield (o, y, x), w[o, inner, row, column]
