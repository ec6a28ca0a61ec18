r"""How many synapses leave a neuron: ψ for dense layers, convolutions, pooling and skips.

A spike costs one accumulation for each outgoing synapse; taps that fall into zero padding are none. A map is (C, H, W).
All counts are exact integers.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

Shape = tuple[int, int, int]
Skip = Literal["identity", "projection"]


def conv_output_size(n: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> int:
    """m = ⌊(n + 2π − d(k − 1) − 1)/s⌋ + 1 along one axis. ValueError if the kernel does not fit.

    >>> conv_output_size(8, 3, 2, 1)
    4
    """
    for name, value in (("n", n), ("kernel", kernel), ("stride", stride), ("dilation", dilation)):
        if value < 1:
            raise ValueError(f"{name} must be at least 1, got {value}")
    if padding < 0:
        raise ValueError(f"padding must not be negative, got {padding}")
    room = n + 2 * padding - dilation * (kernel - 1) - 1
    if room < 0:
        raise ValueError(f"a kernel of {kernel} with dilation {dilation} does not fit on {n} sites with padding {padding}")
    return room // stride + 1


def conv_fanout_1d(n: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1) -> np.ndarray:
    """c (n,): how many pairs (output o, tap q) have o·s + d·q − π = i, for each input site i.

    >>> conv_fanout_1d(8, 3, 1, 1).tolist(), conv_fanout_1d(8, 3, 2, 1).tolist()
    ([2, 3, 3, 3, 3, 3, 3, 2], [1, 2, 1, 2, 1, 2, 1, 1])
    """
    m = conv_output_size(n, kernel, stride, padding, dilation)
    behind = np.arange(n)[:, None] + padding - dilation * np.arange(kernel)  # o·s for each site and tap
    count: np.ndarray = ((behind % stride == 0) & (behind >= 0) & (behind < m * stride)).sum(axis=1)
    return count


def conv_fanout_2d(
    shape: Shape, C_out: int, kernel: int, stride: int = 1, padding: int = 0, dilation: int = 1, groups: int = 1
) -> np.ndarray:
    """ψ (C_in, H, W) = (C_out/groups) c(h) c(w) of a square kernel. ValueError unless groups divides C_in and C_out.

    >>> int(conv_fanout_2d((1, 8, 8), 8, 3, padding=1).sum())
    3872
    """
    C_in, H, W = shape
    if groups < 1 or C_in % groups or C_out % groups:
        raise ValueError(f"groups must divide C_in = {C_in} and C_out = {C_out}, got {groups}")
    rows, columns = (conv_fanout_1d(side, kernel, stride, padding, dilation) for side in (H, W))
    return np.broadcast_to(C_out // groups * np.outer(rows, columns), (C_in, H, W)).copy()


def average_pool_fanout(psi_conv: ArrayLike, q: int, size: tuple[int, int]) -> np.ndarray:
    """ψ (C, H, W) of the sites below q × q average pooling (stride q) that is fused with the next convolution.

    psi_conv (C, H//q, W//q): fan-out of that convolution on the pooled map. Sites beyond the last full cell have none.
    """
    psi, (H, W) = np.asarray(psi_conv), size
    if q < 1:
        raise ValueError(f"q must be at least 1, got {q}")
    if psi.ndim != 3 or psi.shape[1:] != (H // q, W // q):
        raise ValueError(f"psi_conv must have shape (C, {H // q}, {W // q}), got {psi.shape}")
    whole = np.zeros((len(psi), H, W), dtype=psi.dtype)
    spread = np.repeat(np.repeat(psi, q, axis=1), q, axis=2)
    whole[:, : spread.shape[1], : spread.shape[2]] = spread
    return whole


def skip_fanout(shape: Shape, kind: Skip = "identity", C_out: int = 0, stride: int = 1) -> np.ndarray:
    """ψ (C, H, W) of a skip connection: 1 for the identity; C_out of a 1 × 1 projection on the sites that its stride meets.

    Some implementations do not count the identity: leave it out then.
    """
    if kind == "identity":
        return np.ones(shape, dtype=np.int64)
    if kind != "projection":
        raise ValueError(f'kind must be "identity" or "projection", got {kind!r}')
    if C_out < 1 or stride < 1:
        raise ValueError(f"a projection needs C_out >= 1 and stride >= 1, got {C_out} and {stride}")
    psi = np.zeros(shape, dtype=np.int64)
    psi[:, ::stride, ::stride] = C_out
    return psi
