"""Average pooling and 2-D convolution as one weight operator: a matrix with shared entries, never written out.

Layers are vectors, so the equations and gradients of the spiking and the quantised networks hold as they stand: a map (C, H, W)
is flattened in that order. Pooling and convolution are linear, hence covered by `spike_accumulation.forward_equivalence`.
Fractions, floats and integers.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view


@dataclass(frozen=True, eq=False)
class Convolution:
    """Mean over pool x pool cells (rows and columns beyond the last full cell are dropped), zero padding, convolution.

    Use it in the place of W[l]. Its bias b[l] has one entry per neuron: `bias(b)` repeats one number per channel, and
    `per_channel(gb)` sums its gradient. ValueError if the kernel does not fit.
    """

    entries: np.ndarray  # kernel (C_out, C_in, k, k)
    height: int  # of the map that comes in
    width: int
    stride: int = 1
    padding: int = 0
    pool: int = 1

    def __post_init__(self) -> None:
        kernel = np.asarray(self.entries)
        object.__setattr__(self, "entries", kernel)
        if kernel.ndim != 4 or kernel.shape[2] != kernel.shape[3]:
            raise ValueError(f"the kernel must have shape (C_out, C_in, k, k), got {kernel.shape}")
        if min(self.height, self.width, self.stride, self.pool) < 1 or self.padding < 0:
            raise ValueError("height, width, stride and pool must be positive and padding not negative")
        if min(self.map_out) < 1:
            raise ValueError(f"a kernel of {kernel.shape[2]} does not fit on the pooled and padded map {self._padded}")

    @property
    def _padded(self) -> tuple[int, int]:
        return self.height // self.pool + 2 * self.padding, self.width // self.pool + 2 * self.padding

    @property
    def map_out(self) -> tuple[int, int]:
        """Height and width of the map that comes out."""
        rows, columns = self._padded
        k = self.entries.shape[2]
        return (rows - k) // self.stride + 1, (columns - k) // self.stride + 1

    @property
    def shape(self) -> tuple[int, int]:
        """(n_out, n_in) of the matrix that this stands for."""
        rows, columns = self.map_out
        return self.entries.shape[0] * rows * columns, self.entries.shape[1] * self.height * self.width

    def with_entries(self, entries: np.ndarray) -> "Convolution":
        """The same operator with another kernel."""
        return replace(self, entries=entries)

    def __sub__(self, step: np.ndarray) -> "Convolution":
        """A gradient step on the kernel."""
        return self.with_entries(self.entries - step)

    @property
    def _cell(self) -> Any:
        """1/pool² in the arithmetic of the kernel."""
        return Fraction(1, self.pool**2) if self.entries.dtype == object else self.entries.dtype.type(1 / self.pool**2)

    def _patches(self, s: np.ndarray) -> np.ndarray:
        """(..., positions, C_in k k), pooled."""
        maps = s.reshape(*s.shape[:-1], self.entries.shape[1], self.height, self.width)
        p, (rows, columns) = self.pool, (self.height // self.pool, self.width // self.pool)
        if p > 1:
            cells = maps[..., : rows * p, : columns * p].reshape(*maps.shape[:-2], rows, p, columns, p)
            maps = cells.sum(axis=(-3, -1)) * self._cell
        around = [(0, 0)] * (maps.ndim - 2) + [(self.padding, self.padding)] * 2
        maps, k = np.pad(maps, around), self.entries.shape[2]
        windows = sliding_window_view(maps, (k, k), axis=(-2, -1))[..., :: self.stride, :: self.stride, :, :]
        windows = np.moveaxis(windows, -5, -3)  # (..., rows, columns, C_in, k, k)
        return windows.reshape(*s.shape[:-1], -1, self.entries.shape[1] * k * k)

    def _by_position(self, e: np.ndarray) -> np.ndarray:
        """(..., n_out) to (..., positions, C_out)."""
        return np.swapaxes(e.reshape(*e.shape[:-1], self.entries.shape[0], -1), -1, -2)

    def apply(self, s: Any) -> Any:
        """W s for s (..., n_in)."""
        if not isinstance(s, np.ndarray):  # numbers with a running error know products with matrices only
            if self.pool & (self.pool - 1):
                raise ValueError("with certified floats, pool must be a power of two: other means round the weights")
            return s @ self.matrix().T
        out = self._patches(s) @ self.entries.reshape(self.entries.shape[0], -1).T
        return np.swapaxes(out, -1, -2).reshape(*s.shape[:-1], -1)

    def back(self, e: np.ndarray) -> np.ndarray:
        """W^T e for e (..., n_out)."""
        c_out, c_in, k, _ = self.entries.shape
        columns = self._by_position(e) @ self.entries.reshape(c_out, -1)
        patches = columns.reshape(*e.shape[:-1], *self.map_out, c_in, k, k)
        zero = self.entries.ravel()[0] * 0
        maps = np.full((*e.shape[:-1], c_in, *self._padded), zero, dtype=np.result_type(columns))
        rows, cols = (self.stride * size for size in self.map_out)
        for i in range(k):
            for j in range(k):
                maps[..., i : i + rows : self.stride, j : j + cols : self.stride] += np.moveaxis(patches[..., i, j], -1, -3)
        inner = maps[..., self.padding : maps.shape[-2] - self.padding, self.padding : maps.shape[-1] - self.padding]
        whole = np.full((*e.shape[:-1], c_in, self.height, self.width), zero, dtype=maps.dtype)
        spread = np.repeat(np.repeat(inner, self.pool, axis=-2), self.pool, axis=-1)
        whole[..., : spread.shape[-2], : spread.shape[-1]] = spread * self._cell if self.pool > 1 else spread
        return whole.reshape(*e.shape[:-1], -1)

    def outer(self, e: np.ndarray, a: np.ndarray) -> np.ndarray:
        """e a^T collected in the entries of the kernel, summed over leading axes."""
        errors = self._by_position(e).reshape(-1, self.entries.shape[0])
        patches = self._patches(a)
        return np.asarray((errors.T @ patches.reshape(-1, patches.shape[-1])).reshape(self.entries.shape))

    def matrix(self) -> np.ndarray:
        """The dense matrix (n_out, n_in): column i is what unit input i gives."""
        one = self.entries.ravel()[0] * 0 + 1
        units = np.full((self.shape[1],) * 2, one * 0, dtype=self.entries.dtype)
        np.fill_diagonal(units, one)
        return np.asarray(self.apply(units).T)

    def bias(self, per_channel: Any) -> np.ndarray:
        """One number per channel as one per neuron."""
        return np.repeat(np.asarray(per_channel), self.shape[0] // self.entries.shape[0])

    def per_channel(self, gradient: np.ndarray) -> np.ndarray:
        """The gradient of one number per channel from that of a bias (n_out,)."""
        return np.asarray(gradient.reshape(self.entries.shape[0], -1).sum(axis=1))
