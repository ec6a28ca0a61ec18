r"""The gradients of `gradients` and of `synaptic_penalty.gradients` on batches of floats, fast: what experiments train with.

Same equations and conventions, float32 or float64 throughout. A net is a chain of matrices or `Convolution`s, the last one
the readout: o = V (mean over t of s_L[t]) + c. The input x (batch, n_0) is real and held: W_1 x is formed once. Loss: mean
cross-entropy of the batch plus λ Ω(p), Ω its mean too. Neurons: "spiking", "relu", or "graded", s = g(x) in the place of
H(x), also in the reset and in s^{p−1}: then the gradients are exact, which is how they are checked (central differences).

Rounding: products in another order of sums than the reference's; a potential within it of θ may fire in one and not the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from bounds.common.convolution import Convolution
from bounds.common.spikes import check_leak_and_threshold
from bounds.common.training import softmax_cross_entropy
from bounds.single_step_snn.neurons import Reset
from bounds.single_step_snn.surrogates import primitive, slope
from bounds.synaptic_penalty.own_network import fanout
from bounds.synaptic_penalty.penalty import Kind, penalty_weights

Array = np.ndarray


@dataclass(frozen=True, eq=False)
class Net:
    """W[l] (n_{l+1}, n_l) or a `Convolution`; b[l] (n_{l+1},), of a convolution (C_out,). Trained in place."""

    W: Sequence[Any]
    b: Sequence[Array]

    def __post_init__(self) -> None:
        if len(self.W) != len(self.b) or len(self.W) < 2:
            raise ValueError(f"W and b must list a hidden layer and the readout at least, got {len(self.W)} and {len(self.b)}")
        for l, (w, b) in enumerate(zip(self.W, self.b, strict=True)):
            if entries(w).dtype != self.dtype or b.dtype != self.dtype or self.dtype not in (np.float32, np.float64):
                raise ValueError(f"W[{l}] and b[{l}] must be float32 or float64 as W[0] is, got {entries(w).dtype}, {b.dtype}")
            if len(w.shape) != 2 or b.shape != entries(w).shape[:1] or (l and w.shape[1] != self.W[l - 1].shape[0]):
                raise ValueError(f"W[{l}] {w.shape} and b[{l}] {b.shape} do not fit behind the layer before")

    @property
    def dtype(self) -> "np.dtype[np.floating[Any]]":
        """Of all arrays."""
        first: np.dtype[np.floating[Any]] = entries(self.W[0]).dtype
        return first

    @property
    def parameters(self) -> dict[str, Array]:
        """The arrays themselves, by name."""
        named = {f"W{l}": entries(w) for l, w in enumerate(self.W)}
        return named | {f"b{l}": b for l, b in enumerate(self.b)}

    @property
    def fanout(self) -> list[Array]:
        """ψ of each hidden layer, (n_l,)."""
        return [fanout(w) for w in self.W[1:]]


def entries(w: Any) -> Array:
    """The numbers of a matrix or of a kernel."""
    return np.asarray(w.entries if isinstance(w, Convolution) else w)


@dataclass(frozen=True)
class Neurons:
    """What the hidden layers do. The surrogate is h(x/width), x = u/θ − 1, ds/du = h/θ; T steps from rest."""

    kind: Literal["spiking", "graded", "relu"] = "spiking"
    surrogate: str = "s3nn"
    width: float = 1.0
    T: int = 1
    leak: float = 0.0
    reset: Reset = "hard"
    detach_reset: bool = False
    theta: float = 1.0

    def __post_init__(self) -> None:
        check_leak_and_threshold(self.leak, self.theta)
        slope(self.surrogate)
        if self.kind not in ("spiking", "graded", "relu"):
            raise ValueError(f'kind must be "spiking", "graded" or "relu", got {self.kind!r}')
        if self.reset not in ("hard", "soft"):
            raise ValueError(f'reset must be "hard" or "soft", got {self.reset!r}')
        if self.T < 1 or (self.kind == "relu" and self.T > 1):
            raise ValueError(f"T counts steps, at least 1, and is 1 for relu; got {self.T}")
        if not 0 < self.width < np.inf:
            raise ValueError(f"width must be positive and finite, got {self.width}")

    @property
    def remembers(self) -> bool:
        """Whether one step depends on the step before."""
        return self.T > 1 and self.leak > 0


@dataclass(frozen=True, eq=False)
class Penalty:
    """λ (1/p) Σ w s^p over hidden layers, neurons and steps, mean over the batch; p ≥ 1."""

    weights: list[Array]  # (n_l,) of each hidden layer
    lam: float
    p: float = 1.0

    def __post_init__(self) -> None:
        if not (self.lam >= 0 and self.p >= 1):
            raise ValueError(f"lam must not be negative and p must be at least 1, got {self.lam} and {self.p}")


def penalty_of(net: Net, kind: Kind, lam: float, p: float = 1.0, T: int = 1) -> Penalty:
    """Ω of this net, λ in units of one over Σ w T: with p = 1 the penalty is `lam` if every neuron fires at every step."""
    weights = [w.astype(net.dtype) for w in penalty_weights(net.fanout, kind)]
    return Penalty(weights, lam / (T * sum(float(w.sum(dtype=float)) for w in weights)), p)


class Tape(NamedTuple):
    """Of each hidden layer u and s, (T, batch, n_l), what the readout reads (batch, n_L), and the logits (batch, K)."""

    u: list[Array]
    s: list[Array]
    read: Array
    logits: Array


class Gradients(NamedTuple):
    """Mean cross-entropy, Ω (without λ), and derivatives of loss + λΩ by the parameters, under their names."""

    loss: float
    omega: float
    by: dict[str, Array]


def _affine(w: Any, b: Array, rows: Array) -> Array:
    if isinstance(w, Convolution):
        return np.asarray(w.apply(rows) + w.bias(b))
    out: Array = rows @ w.T
    out += b
    return out


def _fire(u: Array, n: Neurons) -> Array:
    if n.kind == "relu":
        return np.asarray(np.maximum(u, 0))
    if n.kind == "spiking":
        fired: Array = (u >= n.theta).astype(u.dtype)
        return fired
    graded: Array = n.width * primitive(n.surrogate)((u / n.theta - 1) / n.width)
    return graded


def _steps(u: Array, n: Neurons) -> Array:
    """Drives become potentials, in place; the spikes."""
    if not n.remembers:
        return _fire(u, n)
    s = np.empty_like(u)
    s[0] = _fire(u[0], n)
    for t in range(1, n.T):
        u[t] += n.leak * (u[t - 1] * (1 - s[t - 1]) if n.reset == "hard" else u[t - 1] - n.theta * s[t - 1])
        s[t] = _fire(u[t], n)
    return s


def forward(net: Net, x: Array, n: Neurons) -> Tape:
    """x (batch, n_0). ValueError for another shape or dtype."""
    if x.ndim != 2 or x.shape[1] != net.W[0].shape[1] or x.dtype != net.dtype:
        raise ValueError(f"x must be {net.dtype} of shape (batch, {net.W[0].shape[1]}), got {x.dtype} {x.shape}")
    us: list[Array] = []
    ss: list[Array] = []
    for l, (w, b) in enumerate(zip(net.W[:-1], net.b[:-1], strict=True)):
        if l == 0:
            drive = _affine(w, b, x)[None]
            u = drive if n.T == 1 else np.repeat(drive, n.T, axis=0)
        else:
            u = _affine(w, b, ss[-1].reshape(n.T * len(x), -1)).reshape(n.T, len(x), -1)
        ss.append(_steps(u, n))
        us.append(u)
    read = ss[-1][0] if n.T == 1 else ss[-1].mean(axis=0)
    return Tape(us, ss, read, _affine(net.W[-1], net.b[-1], read))


def _back_in_time(ds: Array, u: Array, s: Array, slopes: Array, n: Neurons) -> Array:
    """dL/du[t] = ds[t] ds/du + λ dL/du[t+1] dv[t]/du[t]."""
    if not n.remembers:
        return np.asarray(ds * slopes)
    if n.reset == "hard":
        kept = 1 - s if n.detach_reset else 1 - s - u * slopes
    else:
        kept = np.ones_like(s) if n.detach_reset else 1 - n.theta * slopes
    kept *= n.leak
    du: Array = ds * slopes
    for t in range(n.T - 2, -1, -1):
        du[t] += du[t + 1] * kept[t]
    return du


def _slopes(u: Array, n: Neurons) -> Array:
    if n.kind == "relu":
        positive: Array = (u > 0).astype(u.dtype)
        return positive
    x: Array = u / n.theta
    x -= 1
    if n.width != 1:
        x /= n.width
    h = slope(n.surrogate)(x)
    return h if n.theta == 1 else np.asarray(h / n.theta)


def gradients(net: Net, x: Array, y: Array, n: Neurons, penalty: Penalty | None = None) -> Gradients:
    """Of a batch x (batch, n_0) with labels y (batch,)."""
    tape = forward(net, x, n)
    loss, e = softmax_cross_entropy(tape.logits, y)
    omega = 0.0
    by: dict[str, Array] = {}
    last = len(net.W) - 1
    below = tape.read  # what the layer at hand saw, as rows
    for l in range(last, -1, -1):
        w, dense = net.W[l], not isinstance(net.W[l], Convolution)
        by[f"W{l}"] = e.T @ below if dense else w.outer(e, below)
        by[f"b{l}"] = e.sum(axis=0) if dense else w.per_channel(e.sum(axis=0))
        if l == 0:
            break
        ds = np.asarray(e @ w if dense else w.back(e))
        u, s = tape.u[l - 1], tape.s[l - 1]
        if l == last:
            ds = ds[None] if n.T == 1 else np.repeat(ds[None] * net.dtype.type(1 / n.T), n.T, axis=0)
        else:
            ds = ds.reshape(u.shape)
        if penalty is not None:
            omega += _add_penalty(ds, s, penalty, l - 1, n)
        du = _back_in_time(ds, u, s, _slopes(u, n), n)
        if l == 1:
            e, below = du[0] if n.T == 1 else du.sum(axis=0), x
        else:
            e, below = du.reshape(-1, du.shape[-1]), tape.s[l - 2].reshape(n.T * len(x), -1)
    return Gradients(loss, omega, by)


def _add_penalty(ds: Array, s: Array, penalty: Penalty, l: int, n: Neurons) -> float:
    """Add λ w s^{p−1}/batch to ds, in place; returns this layer's part of Ω."""
    w, B, p = penalty.weights[l], len(s[0]), penalty.p
    scaled = w * w.dtype.type(penalty.lam / B)
    if p == 1:
        ds += scaled
    else:
        ds += scaled * (s if n.kind == "spiking" else s ** (p - 1))
    powers = s if p == 1 or n.kind == "spiking" else s**p
    total = float(np.dot(powers.sum(axis=(0, 1), dtype=float), w))
    return total / (p * B)
