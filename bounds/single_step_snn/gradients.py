r"""Single-step spiking networks with their surrogate gradient, and the T-step networks that they are compared with.

Layers l = 1..L: u_l = W_l s_{l−1} + b_l (over time: + λ v_l), s_l = H(u_l − θ), s_0 = x; logits o = V s_L + c, where s_L
is the mean over the steps (or their sum). Cross-entropy of one sample. ds/du = g'(u/θ − 1)/θ; with reset, the potential
that is carried on is v = u(1 − s) (hard) or u − θs (soft), and the gradient runs through the reset unless it is detached.
Shapes: W_l (n_l, n_{l−1}), b_l (n_l,), V (K, n_L), c (K,), x (n_0,), or (T, n_0) for an input that changes. Float64.
"""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np

from bounds.common.spikes import check_leak_and_threshold
from bounds.common.training import softmax_cross_entropy
from bounds.single_step_snn.neurons import Reset
from bounds.single_step_snn.surrogates import Slope, s3nn_surrogate, slope

Readout = Literal["mean", "sum"]


class Gradients(NamedTuple):
    """Derivatives of the loss by every parameter, in the parameters' shapes."""

    dW: list[np.ndarray]
    db: list[np.ndarray]
    dV: np.ndarray
    dc: np.ndarray


class _Net(NamedTuple):
    W: list[np.ndarray]
    b: list[np.ndarray]
    V: np.ndarray
    c: np.ndarray


def _checked(weights: Sequence[Any], biases: Sequence[Any], V: Any, c: Any, inputs: int, theta: float) -> _Net:
    if len(weights) != len(biases) or not weights:
        raise ValueError(f"weights and biases must list one entry per layer, got {len(weights)} and {len(biases)}")
    net = _Net(
        [np.asarray(w, float) for w in weights],
        [np.asarray(b, float) for b in biases],
        np.asarray(V, float),
        np.asarray(c, float),
    )
    width = inputs
    for l, (w, b) in enumerate(zip(net.W, net.b, strict=True)):
        if w.ndim != 2 or w.shape[1] != width:
            raise ValueError(f"weights[{l}] must have shape (n_{l + 1}, {width}), got {w.shape}")
        width = w.shape[0]
        if b.shape != (width,):
            raise ValueError(f"biases[{l}] must have shape ({width},), got {b.shape}")
    if net.V.ndim != 2 or net.V.shape[1] != width:
        raise ValueError(f"V must have shape (K, {width}), got {net.V.shape}")
    if net.c.shape != net.V.shape[:1]:
        raise ValueError(f"c must have shape ({net.V.shape[0]},), got {net.c.shape}")
    check_leak_and_threshold(0, theta)
    if not all(np.isfinite(a).all() for a in (*net.W, *net.b, net.V, net.c)):
        raise ValueError("weights, biases, V and c must be finite")
    return net


def _input(x: Any, dimensions: tuple[int, ...]) -> np.ndarray:
    value = np.asarray(x, float)
    if value.ndim not in dimensions or not np.isfinite(value).all():
        shapes = " or ".join(("(n_0,)", "(T, n_0)")[d - 1] for d in dimensions)
        raise ValueError(f"x must be finite and of shape {shapes}, got {x if value.ndim == 0 else value.shape}")
    return value


def _output_error(logits: np.ndarray, target: int) -> np.ndarray:
    """softmax(logits) − onehot(target)."""
    if not 0 <= target < len(logits):
        raise ValueError(f"target must lie in 0..{len(logits) - 1}, got {target}")
    error: np.ndarray = softmax_cross_entropy(logits[None], np.array([target]))[1][0]
    return error


def s3nn_forward(
    weights: Sequence[Any], biases: Sequence[Any], V: Any, c: Any, x: Any, theta: float = 1.0
) -> tuple[np.ndarray, list[np.ndarray]]:
    """Logits (K,) and the spikes of layers 1..L, for one input x (n_0,). ValueError names what does not fit."""
    x = _input(x, (1,))
    net, s = _checked(weights, biases, V, c, len(x), theta), [x]
    for w, b in zip(net.W, net.b, strict=True):
        s.append((w @ s[-1] + b >= theta).astype(float))
    return net.V @ s[-1] + net.c, s[1:]


def s3nn_backward(
    weights: Sequence[Any],
    biases: Sequence[Any],
    V: Any,
    c: Any,
    x: Any,
    target: int,
    theta: float = 1.0,
    surrogate: str | Slope = s3nn_surrogate,
) -> Gradients:
    """Surrogate gradient of the cross-entropy of one sample: dL/du = dL/ds · g'(u/θ − 1)/θ, layer by layer."""
    x, h = _input(x, (1,)), slope(surrogate)
    logits, s = s3nn_forward(weights, biases, V, c, x, theta)
    net = _checked(weights, biases, V, c, len(x), theta)
    below = [x, *s]
    d = _output_error(logits, target)
    dW: list[np.ndarray] = []
    db: list[np.ndarray] = []
    ds = net.V.T @ d
    for l in reversed(range(len(net.W))):
        u = net.W[l] @ below[l] + net.b[l]
        du = ds * h(u / theta - 1) / theta
        dW.insert(0, np.outer(du, below[l]))
        db.insert(0, du)
        ds = net.W[l].T @ du
    return Gradients(dW, db, np.outer(d, s[-1]), d)


def lif_bptt(
    weights: Sequence[Any],
    biases: Sequence[Any],
    V: Any,
    c: Any,
    x: Any,
    target: int,
    theta: float = 1.0,
    T: int = 1,
    leak: float = 0.0,
    detach_reset: bool = False,
    readout: Readout = "mean",
    surrogate: str | Slope = s3nn_surrogate,
    reset: Reset = "hard",
) -> Gradients:
    """Surrogate backpropagation through T steps of a LIF network under x (n_0,), or x (T, n_0), v[0] = 0.

    ValueError names what does not fit.
    """
    x, h = _input(x, (1, 2)), slope(surrogate)
    if T < 1:
        raise ValueError(f"T counts steps and must be at least 1, got {T}")
    if readout not in ("mean", "sum"):
        raise ValueError(f'readout must be "mean" or "sum", got {readout!r}')
    if reset not in ("hard", "soft"):
        raise ValueError(f'reset must be "hard" or "soft", got {reset!r}')
    if x.ndim == 2 and len(x) != T:
        raise ValueError(f"x is given for {len(x)} steps and T is {T}")
    check_leak_and_threshold(leak, theta)
    inputs = np.broadcast_to(x, (T, x.shape[-1]))
    net = _checked(weights, biases, V, c, x.shape[-1], theta)
    s, u = [inputs], []
    for w, b in zip(net.W, net.b, strict=True):
        drive = s[-1] @ w.T + b
        potentials, spikes, v = np.empty_like(drive), np.empty_like(drive), np.zeros(len(b))
        for t in range(T):
            potentials[t] = leak * v + drive[t]
            spikes[t] = potentials[t] >= theta
            v = potentials[t] * (1 - spikes[t]) if reset == "hard" else potentials[t] - theta * spikes[t]
        u.append(potentials)
        s.append(spikes)
    weight = 1 / T if readout == "mean" else 1.0
    read = weight * s[-1].sum(0)
    d = _output_error(net.V @ read + net.c, target)
    ds = np.broadcast_to(weight * (net.V.T @ d), s[-1].shape)
    dW: list[np.ndarray] = []
    db: list[np.ndarray] = []
    for l in reversed(range(len(net.W))):
        slopes = h(u[l] / theta - 1) / theta
        if reset == "hard":
            kept = (1 - s[l + 1]) - (0 if detach_reset else u[l] * slopes)
        else:
            kept = 1 - (0 if detach_reset else theta * slopes)
        kept = np.broadcast_to(kept, u[l].shape)
        du, later = np.empty_like(u[l]), np.zeros(u[l].shape[1])
        for t in reversed(range(T)):
            later = ds[t] * slopes[t] + leak * later * kept[t]
            du[t] = later
        dW.insert(0, du.T @ s[l])
        db.insert(0, du.sum(0))
        ds = du @ net.W[l]
    return Gradients(dW, db, np.outer(d, read), d)
