r"""LSTM layers without a framework: forward pass, exact gradients through time, and weights from files.

With $s(z)=1/(1+e^{-z})$, the OLD hidden state $h$ in every gate and the NEW cell state in the output,
$$ a_g = W_g u + U_g h + b_g,\quad f,i,o = s(a_f),s(a_i),s(a_o),\quad g=\tanh a_c,\quad
   c^+ = f\odot c + i\odot g,\quad h^+ = o\odot\tanh c^+. $$
Gates are kept in the order f, i, o, c: `W[4, n, m]`, `U[4, n, n]`, `b[4, n]`. PyTorch stacks i, f, g, o and has two biases,
Keras stacks i, f, c, o; both are converted once, on reading. Several layers are a sequence of `LSTMNet`, input side first.

Arrays are float64 and dimensionless; time is the first axis, the unit the last, and whatever lies between is the batch.
Only numpy is imported: whoever re-checks a proof needs nothing else to read the weights.
"""

import hashlib
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float

from bounds.common.files import read_arrays

GATES = "fioc"  # forget, input, output, candidate: the internal order
PYTORCH = "ifgo"  # row blocks of weight_ih_l0
KERAS = "ifco"  # column blocks of kernel


# ---- activations that keep their relative accuracy in the tails -------------------------------------------------------


def sigmoid(z: Any) -> Any:
    """1/(1 + exp(-z)), to a few ulps relative to itself even where it is 1e-300; 1 - sigmoid(z) is sigmoid(-z)."""
    e = np.exp(-np.abs(z))
    return np.where(np.asarray(z) >= 0, 1.0, e) / (1.0 + e)


def sigmoid_slope(z: Any) -> Any:
    """Derivative of `sigmoid`: 1/4 at 0, even, without the cancellation of s(1 - s)."""
    e = np.exp(-np.abs(z))
    return e / (1.0 + e) ** 2


def tanh_slope(z: Any) -> Any:
    """Derivative of tanh: 1 at 0, even, without the cancellation of 1 - tanh²."""
    return 4.0 * sigmoid_slope(2.0 * np.asarray(z))


# ---- one layer --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class LSTMNet:
    """Weights of one layer in the gate order f, i, o, c. ValueError where a shape is wrong or an entry is not finite."""

    W: Float[np.ndarray, "4 n m"]
    U: Float[np.ndarray, "4 n n"]
    b: Float[np.ndarray, "4 n"]

    def __post_init__(self) -> None:
        for name in ("W", "U", "b"):
            object.__setattr__(self, name, np.ascontiguousarray(getattr(self, name), dtype=np.float64))
        if self.b.ndim != 2 or self.b.shape[0] != 4 or self.b.shape[1] == 0:
            raise ValueError(f"b must have shape (4, n) with n at least 1, got {self.b.shape}")
        n = self.b.shape[1]
        if self.U.shape != (4, n, n):
            raise ValueError(f"U must have shape (4, {n}, {n}) to go with b, got {self.U.shape}")
        if self.W.ndim != 3 or self.W.shape[:2] != (4, n):
            raise ValueError(f"W must have shape (4, {n}, m) to go with b, got {self.W.shape}")
        for name in ("W", "U", "b"):
            value = getattr(self, name)
            if not np.isfinite(value).all():
                gate, *rest = (int(k) for k in np.argwhere(~np.isfinite(value))[0])
                raise ValueError(f"every weight must be finite, but {name}[{GATES[gate]}]{rest} is {value[gate, *rest]}")

    @property
    def n(self) -> int:
        """Number of units."""
        return int(self.b.shape[1])

    @property
    def m(self) -> int:
        """Number of inputs."""
        return int(self.W.shape[2])


Layers = LSTMNet | Sequence[LSTMNet]


def layers_of(net: Layers) -> tuple[LSTMNet, ...]:
    """One or several layers as a tuple; ValueError if the widths of neighbours do not fit."""
    stack = (net,) if isinstance(net, LSTMNet) else tuple(net)
    if not stack:
        raise ValueError("a network has at least one layer, got none")
    for k, (lower, upper) in enumerate(pairwise(stack)):
        if upper.m != lower.n:
            raise ValueError(f"layer {k + 1} takes {upper.m} inputs, but layer {k} has {lower.n} units")
    return stack


def formula_net(n: int, m: int, sW: float, sU: float, sb: float, bf: float) -> LSTMNet:
    """A net from sines and no random numbers: U = sU sin(1+2g+3j+5k), W = sW cos(1+g+2j+3l), b = sb sin(2+3g+j), b_f += bf."""
    g, j, k, l = np.arange(4), np.arange(n), np.arange(n), np.arange(m)
    U = sU * np.sin(1 + 2 * g[:, None, None] + 3 * j[:, None] + 5 * k)
    W = sW * np.cos(1 + g[:, None, None] + 2 * j[:, None] + 3 * l)
    b = sb * np.sin(2 + 3 * g[:, None] + j)
    b[0] += bf
    return LSTMNet(W, U, b)


def random_net(seed: int, n: int, m: int, gU: float, gW: float, gb: float, bf: float) -> LSTMNet:
    """A Gaussian net; U, W, b are drawn in this order, U with standard deviation gU/√n, and bf is added to b_f."""
    rng = np.random.default_rng(seed)
    U = gU * rng.standard_normal((4, n, n)) / np.sqrt(n)
    W = gW * rng.standard_normal((4, n, m))
    b = gb * rng.standard_normal((4, n))
    b[0] += bf
    return LSTMNet(W, U, b)


# ---- forward and backward ---------------------------------------------------------------------------------------------


class Tape(NamedTuple):
    """One layer's trajectory and what its gradient needs; index 0 of `c` and `h` is the start."""

    u: np.ndarray  # (T, ..., m)
    gates: np.ndarray  # (T, ..., 4, n): f, i, o, g
    c: np.ndarray  # (T + 1, ..., n)
    h: np.ndarray  # (T + 1, ..., n)
    t: np.ndarray  # (T, ..., n): tanh of the new cell state


class Gradient(NamedTuple):
    """Derivatives of a scalar with respect to one layer's weights, its start and its inputs."""

    W: np.ndarray
    U: np.ndarray
    b: np.ndarray
    c: np.ndarray
    h: np.ndarray
    u: np.ndarray


def lstm_step(net: LSTMNet, c: np.ndarray, h: np.ndarray, u: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """One step: c, h (..., n) and u (..., m) give the new (c, h); leading axes broadcast.

    >>> net = formula_net(2, 1, 0.5, 0.3, 0.3, 0)
    >>> lstm_step(net, np.array([0.1, -0.2]), np.array([0.05, 0.3]), np.array([0.7]))[0].round(10)
    array([-0.15211837,  0.00244521])
    """
    c, h, u = (np.asarray(x, dtype=float) for x in (c, h, u))
    for name, x, size in (("c", c, net.n), ("h", h, net.n), ("u", u, net.m)):
        if x.shape[-1:] != (size,):
            raise ValueError(f"{name} must have last axis {size}, got shape {x.shape}")
    n, m = net.n, net.m
    a = u @ net.W.reshape(4 * n, m).T + h @ net.U.reshape(4 * n, n).T + net.b.ravel()
    f, i, o = sigmoid(a[..., :n]), sigmoid(a[..., n : 2 * n]), sigmoid(a[..., 2 * n : 3 * n])
    new = f * c + i * np.tanh(a[..., 3 * n :])
    return new, o * np.tanh(new)


def jacobian(net: LSTMNet, c: np.ndarray, h: np.ndarray, u: np.ndarray) -> np.ndarray:
    """Derivative of the new (c, h) with respect to the old, (..., 2n, 2n); c, h (..., n) and u (..., m) broadcast."""
    n = net.n
    a = np.asarray(u, float) @ net.W.reshape(4 * n, net.m).T + np.asarray(h, float) @ net.U.reshape(4 * n, n).T + net.b.ravel()
    a_f, a_i, a_o, a_c = (a[..., k * n : (k + 1) * n, None] for k in range(4))
    f, i, g, column = sigmoid(a_f), sigmoid(a_i), np.tanh(a_c), np.asarray(c, float)[..., None]
    new = f * column + i * g
    M = column * sigmoid_slope(a_f) * net.U[0] + i * tanh_slope(a_c) * net.U[3] + g * sigmoid_slope(a_i) * net.U[1]
    top = np.concatenate([f * np.eye(n), M], axis=-1)
    bottom = sigmoid(a_o) * tanh_slope(new) * top
    bottom[..., n:] += np.tanh(new) * sigmoid_slope(a_o) * net.U[2]
    return np.concatenate([top, bottom], axis=-2)


def run(net: LSTMNet, c: np.ndarray, h: np.ndarray, u: np.ndarray) -> Tape:
    """A trajectory under inputs u (T, ..., m) from c, h (..., n).

    The gates are computed as (1 + tanh(a/2))/2, one call for all four: right to 1e-15 absolutely, which is what a
    trajectory needs (a bound that divides by 1 - f calls `sigmoid`).
    """
    u = np.asarray(u, dtype=float)
    n, T, batch = net.n, u.shape[0], u.shape[1:-1]
    half = np.repeat([0.5, 0.5, 0.5, 1.0], n)
    flat: np.ndarray = u.reshape(math.prod(u.shape[:-1]), net.m)  # sizes in full: a net may have no inputs
    drive = (flat @ (net.W.reshape(4 * n, net.m).T * half) + net.b.ravel() * half).reshape(T, -1, 4 * n)
    recurrent = np.ascontiguousarray(net.U.reshape(4 * n, n).T * half)
    cs, hs = np.empty((T + 1, *batch, n)), np.empty((T + 1, *batch, n))
    cs[0], hs[0] = c, h
    C, H = cs.reshape(T + 1, -1, n), hs.reshape(T + 1, -1, n)
    gates, ts = np.empty((T, drive.shape[1], 4 * n)), np.empty((T, drive.shape[1], n))
    for k in range(T):
        a = gates[k]
        np.matmul(H[k], recurrent, out=a)
        a += drive[k]
        np.tanh(a, out=a)
        a[:, : 3 * n] *= 0.5
        a[:, : 3 * n] += 0.5
        np.multiply(a[:, :n], C[k], out=C[k + 1])
        C[k + 1] += a[:, n : 2 * n] * a[:, 3 * n :]
        np.tanh(C[k + 1], out=ts[k])
        np.multiply(a[:, 2 * n : 3 * n], ts[k], out=H[k + 1])
    return Tape(u, gates.reshape(T, *batch, 4, n), cs, hs, ts.reshape(T, *batch, n))


def bptt(net: LSTMNet, tape: Tape, dh: np.ndarray, dc: np.ndarray | None = None) -> Gradient:
    """Exact gradient through time of a scalar whose derivatives with respect to h_1..h_T are dh (T, ..., n), and with
    respect to the last cell state dc (..., n; zero if None). Weight gradients are summed over the batch."""
    T, n, m = tape.t.shape[0], net.n, net.m
    gates: np.ndarray = tape.gates.reshape(T, -1, 4 * n)
    C, H, t = tape.c.reshape(T + 1, -1, n), tape.h.reshape(T + 1, -1, n), tape.t.reshape(T, -1, n)
    B = C.shape[1]
    dh = np.asarray(dh, dtype=float).reshape(T, B, n)
    slope = gates * (1.0 - gates)  # of the three sigmoids; the candidate's follows
    slope[..., 3 * n :] = 1.0 - gates[..., 3 * n :] ** 2
    through_t = gates[..., 2 * n : 3 * n] * (1.0 - t * t)
    da = np.empty_like(gates)
    gh: np.ndarray = np.zeros((B, n))
    gc: np.ndarray = np.zeros((B, n)) if dc is None else np.array(dc, dtype=float).reshape(B, n)
    U = net.U.reshape(4 * n, n)
    for k in range(T - 1, -1, -1):
        gate, a = gates[k], da[k]
        gh = gh + dh[k]
        gc = gc + gh * through_t[k]
        np.multiply(gc, C[k], out=a[:, :n])
        np.multiply(gc, gate[:, 3 * n :], out=a[:, n : 2 * n])
        np.multiply(gh, t[k], out=a[:, 2 * n : 3 * n])
        np.multiply(gc, gate[:, n : 2 * n], out=a[:, 3 * n :])
        a *= slope[k]
        gh = a @ U
        gc = gc * gate[:, :n]
    flat = da.reshape(-1, 4 * n)
    W = (flat.T @ tape.u.reshape(T * B, m)).reshape(4, n, m)
    recurrent = (flat.T @ H[:-1].reshape(-1, n)).reshape(4, n, n)
    batch = tape.c.shape[1:]
    du = (flat @ net.W.reshape(4 * n, m)).reshape(tape.u.shape)
    return Gradient(W, recurrent, flat.sum(axis=0).reshape(4, n), gc.reshape(batch), gh.reshape(batch), du)


def run_layers(net: Layers, c: Sequence[np.ndarray], h: Sequence[np.ndarray], u: np.ndarray) -> list[Tape]:
    """Trajectories of all layers; layer l reads the new hidden state of layer l - 1 at the same step."""
    tapes: list[Tape] = []
    for layer, c0, h0 in zip(layers_of(net), c, h, strict=True):
        tapes.append(run(layer, c0, h0, tapes[-1].h[1:] if tapes else u))
    return tapes


def bptt_layers(net: Layers, tapes: Sequence[Tape], dh: np.ndarray) -> list[Gradient]:
    """Exact gradient of a scalar of the last layer's h_1..h_T, layer by layer from the first."""
    gradients: list[Gradient] = []
    for layer, tape in zip(reversed(layers_of(net)), reversed(tapes), strict=True):
        gradients.append(bptt(layer, tape, gradients[-1].u if gradients else dh))
    return gradients[::-1]


# ---- weights from and to other people's layouts -----------------------------------------------------------------------


def _regate(stacked: np.ndarray, order: str) -> np.ndarray:
    """Row blocks in another gate order ("g" is the candidate) become the first axis in ours."""
    blocks = stacked.reshape(4, stacked.shape[0] // 4, *stacked.shape[1:])
    order = order.replace("g", "c")
    return blocks[[order.index(gate) for gate in GATES]]


def _rows(name: str, value: Any, ndim: int, columns: int | None = None) -> np.ndarray:
    array = np.asarray(value)
    if array.dtype.kind not in "fiu":
        raise ValueError(f"{name} must hold real numbers, got dtype {array.dtype}")
    if array.ndim != ndim or array.shape[0] % 4 or array.shape[0] == 0:
        raise ValueError(f"{name} must be {ndim}-dimensional with its first axis split into 4 gates, got shape {array.shape}")
    if columns is not None and array.shape[1] != columns:
        raise ValueError(f"{name} must have {columns} columns, got shape {array.shape}")
    if not np.isfinite(array).all():
        where = np.argwhere(~np.isfinite(array))[0].tolist()
        raise ValueError(f"every weight must be finite, but {name}{where} is {array[*where]}")
    return array.astype(np.float64)


def from_pytorch(state: Mapping[str, Any]) -> tuple[LSTMNet, ...]:
    """Layers from the entries of a `torch.nn.LSTM`: weight_ih_l0 (4n, m), weight_hh_l0 (4n, n), bias_ih_l0, bias_hh_l0, ...

    A common prefix ("lstm.") is allowed and other entries are ignored; absent biases are zero (bias=False). ValueError in
    one sentence for a missing gate block, a wrong shape, two LSTMs, a second direction, or projections.
    """
    prefixes = sorted({name.removesuffix("weight_ih_l0") for name in state if name.endswith("weight_ih_l0")})
    if len(prefixes) != 1:
        found = "none" if not prefixes else ", ".join(repr(p) for p in prefixes)
        raise ValueError(f"expected one weight_ih_l0 among the entries, found {found}")
    prefix = prefixes[0]
    mine = {name.removeprefix(prefix): value for name, value in state.items() if name.startswith(prefix)}
    for name in mine:
        if re.fullmatch(r"(weight|bias)_\w+_l\d+_reverse", name):
            raise ValueError(f"bidirectional LSTMs are not covered, but the file has {prefix}{name}")
        if re.fullmatch(r"weight_hr_l\d+", name):
            raise ValueError(f"LSTMs with projections are not covered, but the file has {prefix}{name}")
    layers = []
    for l in range(1 + max(int(name.split("_l")[1]) for name in mine if re.fullmatch(r"weight_ih_l\d+", name))):
        for name in (f"weight_ih_l{l}", f"weight_hh_l{l}"):
            if name not in mine:
                raise ValueError(f"{prefix}{name} is missing")
        rows, *columns = np.shape(mine[f"weight_hh_l{l}"]) or (0,)
        if [rows] == [3 * column for column in columns]:
            raise ValueError(f"{prefix}weight_hh_l{l} has three gates, as in a GRU; an LSTM has four")
        W = _rows(f"{prefix}weight_ih_l{l}", mine[f"weight_ih_l{l}"], 2)
        n = W.shape[0] // 4
        U = _rows(f"{prefix}weight_hh_l{l}", mine[f"weight_hh_l{l}"], 2, columns=n)
        present = [name for name in (f"bias_ih_l{l}", f"bias_hh_l{l}") if name in mine]
        if len(present) == 1:
            raise ValueError(f"PyTorch has two biases a layer, but only {prefix}{present[0]} is there")
        biases = [_rows(f"{prefix}{name}", mine[name], 1) for name in present]
        for name, value in zip([*present, f"weight_hh_l{l}"], [*biases, U], strict=True):
            if value.shape[0] != 4 * n:
                raise ValueError(f"{prefix}{name} must have {4 * n} rows to go with weight_ih_l{l}, got {value.shape[0]}")
        b = biases[0] + biases[1] if biases else np.zeros(4 * n)
        layers.append(LSTMNet(_regate(W, PYTORCH), _regate(U, PYTORCH), _regate(b, PYTORCH)))
    return layers_of(layers)


def to_pytorch(net: Layers) -> dict[str, np.ndarray]:
    """The inverse of `from_pytorch`; the whole bias goes into bias_ih, and bias_hh is zero."""
    order = [GATES.index(gate) for gate in PYTORCH.replace("g", "c")]
    state: dict[str, np.ndarray] = {}
    for l, layer in enumerate(layers_of(net)):
        state[f"weight_ih_l{l}"] = layer.W[order].reshape(4 * layer.n, layer.m)
        state[f"weight_hh_l{l}"] = layer.U[order].reshape(-1, layer.n)
        state[f"bias_ih_l{l}"] = layer.b[order].ravel()
        state[f"bias_hh_l{l}"] = np.zeros(4 * layer.n)
    return state


def from_keras(kernel: Any, recurrent_kernel: Any, bias: Any = None) -> LSTMNet:
    """One layer from `keras.layers.LSTM`'s kernel (m, 4n), recurrent_kernel (n, 4n) and bias (4n,), with the default
    activations tanh and sigmoid (not the old hard_sigmoid)."""
    W = _rows("kernel, transposed,", np.asarray(kernel).T, 2)
    n = W.shape[0] // 4
    U = _rows("recurrent_kernel, transposed,", np.asarray(recurrent_kernel).T, 2, columns=n)
    b = np.zeros(4 * n) if bias is None else _rows("bias", bias, 1)
    for name, value in (("recurrent_kernel", U), ("bias", b)):
        if value.shape[0] != 4 * n:
            raise ValueError(f"{name} must be {4 * n} long in its gate axis to go with kernel, got {value.shape[0]}")
    return LSTMNet(_regate(W, KERAS), _regate(U, KERAS), _regate(b, KERAS))


def to_keras(net: LSTMNet) -> dict[str, np.ndarray]:
    """The inverse of `from_keras`."""
    order = [GATES.index(gate) for gate in KERAS]
    return {
        "kernel": net.W[order].reshape(-1, net.m).T,
        "recurrent_kernel": net.U[order].reshape(-1, net.n).T,
        "bias": net.b[order].ravel(),
    }


def from_arrays(arrays: Mapping[str, Any]) -> tuple[LSTMNet, ...]:
    """Layers from named arrays in PyTorch's or in Keras' layout, told apart by their names.

    Keras names may have a path and a suffix ("lstm/lstm_cell/kernel:0"); several Keras layers are taken in the order of
    the file. ValueError for peephole weights or if neither layout is found.
    """
    peephole = [name for name in arrays if "peephole" in name.lower() or re.search(r"(^|[./])w_[fio]_diag", name)]
    if peephole:
        raise ValueError(f"LSTMs with peepholes are not covered, but the file has {peephole[0]}")
    if any(name.endswith("weight_ih_l0") for name in arrays):
        return from_pytorch(arrays)
    plain = {name.split(":")[0]: value for name, value in arrays.items()}
    layers = []
    for name in plain:
        if name.rsplit("/", 1)[-1] == "recurrent_kernel":
            path = name.removesuffix("recurrent_kernel")
            if path + "kernel" not in plain:
                raise ValueError(f"{path}kernel is missing")
            layers.append(from_keras(plain[path + "kernel"], plain[name], plain.get(path + "bias")))
    if not layers:
        raise ValueError(f"neither weight_ih_l0 (PyTorch) nor recurrent_kernel (Keras) is among {sorted(arrays)[:8]}")
    return layers_of(layers)


def load(path: str | Path) -> tuple[LSTMNet, ...]:
    """Layers from an .npz or .safetensors file in PyTorch's or Keras' layout. Nothing in the file is executed."""
    return from_arrays(read_arrays(path))


def fingerprint(net: Layers) -> str:
    """SHA-256 of the weights. For each layer from the input, and for W, U, b in this order: the shape in ASCII as
    "4,n,m;", then the float64 entries in C order, little-endian, in the gate order f, i, o, c; -0.0 counts as 0.0."""
    digest = hashlib.sha256()
    for layer in layers_of(net):
        for array in (layer.W, layer.U, layer.b):
            digest.update((",".join(map(str, array.shape)) + ";").encode("ascii"))
            digest.update((array + 0.0).astype("<f8").tobytes())
    return digest.hexdigest()
