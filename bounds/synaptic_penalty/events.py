r"""An event-driven simulator that walks every synapse of every spike, one at a time: the meaning of "one accumulation".

Slow on purpose: it knows no formula for the fan-out, only U[target] += w. Potentials start at the bias.
"""

from collections.abc import Iterator
from typing import Any, Literal

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
    pool: int = 1,
    pooling: Literal["average", "max"] = "average",
) -> tuple[np.ndarray, int]:
    """Potentials and the number of accumulations of one step.

    spikes (n,) with weights (n_out, n), or (C_in, H, W) with weights (C_out, C_in/groups, k, k); bias (n_out,) or (C_out,),
    0 if None. Integer (or Fraction) weights give exact potentials. ValueError for spikes other than 0 and 1, or shapes that
    do not fit.

    pool q > 1: q × q cells of the maps are pooled before the convolution, sites beyond the last full cell being dropped.
    "average" is fused with it: every spike goes on through its cell, the weights holding the factor 1/q². "max" is OR: a cell
    sends one spike if any of its sites fires. Skips are 1 × 1 convolutions: the identity with groups = C_in and weights 1, a
    projection with its stride.

    >>> event_driven_layer([1, 0], [[2, 3], [4, 5]], [10, 20])
    (array([12, 24]), 2)
    >>> full, kernel = [[[1, 1], [1, 1]]], [[[[3]]]]
    >>> [event_driven_layer(full, kernel, pool=2, pooling=how)[1] for how in ("average", "max")]
    [4, 1]
    """
    s, w = np.asarray(spikes), _wide(weights)
    if not np.isin(s, (0, 1)).all():
        raise ValueError("spikes must be 0 or 1")
    if (s.ndim, w.ndim) not in ((1, 2), (3, 4)):
        raise ValueError(
            f"weights must be (n_out, n) for spikes (n,), or (C_out, C_in/groups, k, k) for (C_in, H, W); got {w.shape}"
        )
    if pool < 1 or pooling not in ("average", "max") or (pool > 1 and s.ndim == 1):
        raise ValueError(f'pooling is "average" or "max" of maps (C_in, H, W), pool at least 1; got {pooling!r} and {pool}')
    b = np.zeros(w.shape[0], dtype=w.dtype) if bias is None else _wide(bias)
    if b.shape != w.shape[:1]:
        raise ValueError(f"bias must have shape ({w.shape[0]},), got {b.shape}")
    if s.ndim == 1:
        if w.shape[1] != s.size:
            raise ValueError(f"weights must have shape (n_out, {s.size}), got {w.shape}")
        potentials = b.astype(np.result_type(b, w))
        size: tuple[int, ...] = ()
        sites = np.argwhere(s)
    else:
        sites, maps = _pooled_sites(s, pool, pooling)
        size = _conv_size(maps, w.shape, stride, padding, dilation, groups)
        potentials = np.broadcast_to(b[:, None, None], (w.shape[0], *size)).astype(np.result_type(b, w))
    operations = 0
    for site in sites:
        leaving = _conv_synapses(site, w, size, stride, padding, dilation, groups, len(s)) if size else _dense_synapses(site, w)
        for target, weight in leaving:
            if skip_zero_weights and weight == 0:
                continue
            potentials[target] += weight
            operations += 1
    return potentials, operations


def _pooled_sites(s: np.ndarray, q: int, pooling: str) -> tuple[np.ndarray, tuple[int, int, int]]:
    """Where the spikes of maps (C, H, W) arrive on the pooled maps, one row each, and the shape of those."""
    rows, columns = s.shape[1] // q, s.shape[2] // q
    whole = s[:, : rows * q, : columns * q]
    if pooling == "max":
        return np.argwhere(whole.reshape(len(s), rows, q, columns, q).any(axis=(2, 4))), (len(s), rows, columns)
    return np.argwhere(whole) // (1, q, q), (len(s), rows, columns)


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
