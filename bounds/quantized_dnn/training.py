r"""Training quantised networks: weights of M_w and activations of M_a states forwards, exact gradients of their dither.

A layer: ŵ = standardised rows of w, w_q = Q(ŵ; D_w), z = w_q a/√fan_in, y = LBN(z), a' = Q_a(y); the last layer is a readout,
logits = γ z + β with one γ. A convolution's fan-in is C_in k², its γ and β have one entry per channel, and LBN sees all its
features. Other normalisations for comparison: "LBN-pooled", one mean and variance of a batch;
"BN", one of each channel; "LN", one of each sample, at inference too, which therefore cannot be folded.

Backwards, a quantiser is the window 1[aD ≤ z ≤ bD], the derivative of what it is on the mean under dither
(`uniform_dither`): with `dithered=True` the forward pass uses that mean, clip(z, aD, bD), and the gradients are exact.
M_w or M_a None: not quantised (activations are clipped to [0, 1]). Equal seeds give equal networks.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, NamedTuple, get_args

import numpy as np

from bounds.common.convolution import Convolution
from bounds.common.training import Adam, cosine, minibatches, softmax_cross_entropy
from bounds.quantized_dnn.gaussian_step import gaussian_optimal_step
from bounds.quantized_dnn.normalisation import (
    SMALLEST,
    lbn_backward,
    lbn_train,
    lbn_update,
    weight_standardize,
    weight_standardize_backward,
)
from bounds.quantized_dnn.quantizers import quantize_activation, quantize_weight

Array = np.ndarray
Progress = Callable[[int, float], None]
Norm = Literal["LBN", "LBN-pooled", "BN", "LN"]


@dataclass(frozen=True, eq=False)
class QuantizedNet:
    """Parameters, which training changes in place, and running statistics (m, r) of each layer but the readout."""

    w: list[Any]  # before standardisation: matrices (n_out, n_in) or `Convolution`, whose pool is that of the maps coming in
    gamma: list[Array]  # (channels,); of the readout (1,)
    beta: list[Array]  # (channels,)
    M_w: int | None
    M_a: int | None
    D_w: float  # step of the weights, in units of the standard deviation of a row
    eps: float = 1e-5  # of the normalisation
    norm: Norm = "LBN"
    running: list[tuple[Any, Any]] = field(default_factory=list)  # empty before training; of BN, arrays (channels,)

    def __post_init__(self) -> None:
        if self.norm not in get_args(Norm):
            raise ValueError(f"norm must be one of {', '.join(get_args(Norm))}, got {self.norm!r}")

    @property
    def parameters(self) -> dict[str, Array]:
        """Views, by name."""
        named = {f"w{l}": entries(w) for l, w in enumerate(self.w)}
        named |= {f"gamma{l}": g for l, g in enumerate(self.gamma)}
        return named | {f"beta{l}": b for l, b in enumerate(self.beta)}

    def quantized(self, l: int, dithered: bool = False) -> tuple[Any, Array]:
        """w_q of layer l as a matrix or `Convolution`, and the window that gradients pass, (n_out, fan_in)."""
        rows = as_rows(self.w[l])
        standard, _ = weight_standardize(rows)
        if self.M_w is None:
            return with_rows(self.w[l], standard), np.ones(rows.shape, dtype=bool)
        end = self.D_w * (self.M_w - 1) / 2
        values = np.clip(standard, -end, end) if dithered else quantize_weight(rows, self.D_w, self.M_w)[1]
        return with_rows(self.w[l], values), np.abs(standard) <= end


def entries(w: Any) -> Array:
    """The numbers of a matrix or of a kernel."""
    return np.asarray(w.entries if isinstance(w, Convolution) else w)


def as_rows(w: Any) -> Array:
    """(n_out, fan_in) of a matrix or a kernel."""
    return entries(w).reshape(len(entries(w)), -1)


def with_rows(w: Any, rows: Array) -> Any:
    """The same layer with other weights (n_out, fan_in)."""
    return w.with_entries(rows.reshape(w.entries.shape)) if isinstance(w, Convolution) else rows


def apply(w: Any, a: Array) -> Array:
    """W a for a (batch, n_in)."""
    return np.asarray(w.apply(a) if isinstance(w, Convolution) else a @ w.T)


def per_neuron(w: Any, channels: Array) -> Array:
    """One number per channel as one per neuron."""
    return w.bias(channels) if isinstance(w, Convolution) else channels


def _per_channel(w: Any, gradient: Array) -> Array:
    return w.per_channel(gradient) if isinstance(w, Convolution) else gradient


def fully_connected(
    rng: np.random.Generator,
    widths: Sequence[int],
    M_w: int | None,
    M_a: int | None,
    dtype: type[np.floating[Any]] = np.float64,
    norm: Norm = "LBN",
) -> QuantizedNet:
    """Weights normal with variance 1/n_in (their length sets the learning rate of their direction), γ = β = 1/2."""
    shapes = [(widths[l + 1], widths[l]) for l in range(len(widths) - 1)]
    return _net([(rng.standard_normal(s) / np.sqrt(s[1])).astype(dtype) for s in shapes], M_w, M_a, dtype, norm)


def convolutional(
    rng: np.random.Generator, side: int, channels: Sequence[int], classes: int, M_w: int | None, M_a: int | None,
    halved_by: str = "stride", dtype: type[np.floating[Any]] = np.float64, norm: Norm = "LBN",
) -> QuantizedNet:  # fmt: skip
    """3 x 3 kernels with padding 1 on (1, side, side); each after the first, and the readout, sees maps of half the size, by
    stride 2 or by average pooling over 2 x 2 cells ("stride", "pool"; the readout after strides sees the whole map)."""
    if halved_by not in ("stride", "pool"):
        raise ValueError(f'halved_by must be "stride" or "pool", got {halved_by!r}')
    w: list[Any] = []
    inputs, size = 1, side
    for i, outputs in enumerate(channels):
        kernel = (rng.standard_normal((outputs, inputs, 3, 3)) / np.sqrt(9 * inputs)).astype(dtype)
        half = {"stride": 2} if halved_by == "stride" else {"pool": 2}
        w.append(Convolution(kernel, size, size, padding=1, **(half if i else {})))
        inputs, size = outputs, w[-1].map_out[0]
    if halved_by == "pool":
        kernel = rng.standard_normal((classes, inputs, size // 2, size // 2)) / np.sqrt(inputs * (size // 2) ** 2)
        w.append(Convolution(kernel.astype(dtype), size, size, pool=2))
    else:
        w.append((rng.standard_normal((classes, w[-1].shape[0])) / np.sqrt(w[-1].shape[0])).astype(dtype))
    return _net(w, M_w, M_a, dtype, norm)


def _net(w: list[Any], M_w: int | None, M_a: int | None, dtype: type[np.floating[Any]], norm: Norm) -> QuantizedNet:
    for name, states in (("M_w", M_w), ("M_a", M_a)):
        if states is not None and (int(states) != states or states < 2):
            raise ValueError(f"{name} counts states and must be an integer of at least 2, or None, got {states}")
    step = 1.0 if M_w is None else float(gaussian_optimal_step(M_w)[0])
    sizes = [len(entries(v)) for v in w]
    gamma = [np.full(n, 0.5, dtype) for n in sizes[:-1]] + [np.full(1, 4.0, dtype)]
    beta = [np.full(n, 0.5, dtype) for n in sizes[:-1]] + [np.zeros(sizes[-1], dtype)]
    return QuantizedNet(w, gamma, beta, M_w, M_a, step, norm=norm)


def _rows_of(norm: Norm, z: Array, channels: int) -> Array:
    """z (batch, n) arranged so that each row is normalised by itself."""
    if norm == "BN":
        return np.ascontiguousarray(z.reshape(len(z), channels, -1).swapaxes(0, 1)).reshape(channels, -1)
    return z.reshape(1, -1) if norm == "LBN-pooled" else z


def _from_rows(norm: Norm, rows: Array, shape: tuple[int, ...], channels: int) -> Array:
    """The way back."""
    if norm == "BN":
        return np.ascontiguousarray(rows.reshape(channels, shape[0], -1).swapaxes(0, 1)).reshape(shape)
    return rows.reshape(shape)


def _standardised(net: QuantizedNet, l: int, z: Array) -> Array:
    """ẑ of layer l by the statistics of the batch."""
    channels = len(net.beta[l])
    return _from_rows(net.norm, lbn_train(_rows_of(net.norm, z, channels), 1.0, 0.0, net.eps)[1], z.shape, channels)


def _normalised(net: QuantizedNet, l: int, z: Array) -> Array:
    """y of layer l at inference, in the arithmetic of z."""
    gamma, beta = (per_neuron(net.w[l], v[l].astype(z.dtype)) for v in (net.gamma, net.beta))
    if net.norm == "LN":
        return np.asarray(gamma * _standardised(net, l, z) + beta)
    m, s = (per_neuron(net.w[l], np.broadcast_to(v, len(net.beta[l])).astype(z.dtype)) for v in statistics(net, l))
    return np.asarray(gamma * ((z - m) / s) + beta)


def statistics(net: QuantizedNet, l: int) -> tuple[Any, Any]:
    """Running mean m and √(v + eps), v = r − m² at least 1e-6, of layer l: numbers, or for BN arrays (channels,).

    ValueError before training, and for LN, which has none.
    """
    if net.norm == "LN":
        raise ValueError("LN normalises each input by itself: it has no running statistics, and cannot be folded")
    if len(net.running) != len(net.w) - 1:
        raise ValueError("the network has no running statistics yet: train it first")
    m, r = net.running[l]
    return m, np.sqrt(np.maximum(r - m * m, SMALLEST) + net.eps)


def _updated(net: QuantizedNet, l: int, z: Array, rho: float) -> tuple[Any, Any]:
    """(m, r) of layer l after one more batch."""
    m, r = net.running[l] if net.running else (None, None)
    if net.norm != "BN":
        return lbn_update(z, m, r, rho)
    rows = _rows_of("BN", z.astype(float), len(net.beta[l]))
    now = rows.mean(axis=1), (rows * rows).mean(axis=1)
    return now if m is None or r is None else ((1 - rho) * m + rho * now[0], (1 - rho) * r + rho * now[1])


class Tape(NamedTuple):
    """What the backward pass needs of each layer."""

    w: list[Any]  # w_q
    window: list[Array]
    a: list[Array]  # inputs of the layers
    z: list[Array]
    standard: list[Array]  # ẑ and y of each layer but the readout
    y: list[Array]


def _activation(y: Array, M_a: int | None, dithered: bool) -> Array:
    return np.clip(y, 0, 1) if M_a is None or dithered else np.asarray(quantize_activation(y, M_a)[1])


def forward(net: QuantizedNet, x: Array, dithered: bool = False) -> tuple[Array, Tape]:
    """Logits (batch, classes) as in training, by the statistics of the batch, and the tape. x is (batch, n_in)."""
    tape = Tape([], [], [x], [], [], [])
    for l in range(len(net.w)):
        w, window = net.quantized(l, dithered)
        z = apply(w, tape.a[-1]) / np.sqrt(as_rows(net.w[l]).shape[1]).astype(x.dtype)
        tape.w.append(w)
        tape.window.append(window)
        tape.z.append(z)
        if l == len(net.w) - 1:
            break
        standard = _standardised(net, l, z)
        y = per_neuron(w, net.gamma[l]) * standard + per_neuron(w, net.beta[l])
        tape.standard.append(standard)
        tape.y.append(y)
        tape.a.append(_activation(y, net.M_a, dithered))
    return net.gamma[-1] * tape.z[-1] + per_neuron(net.w[-1], net.beta[-1]), tape


def backward(net: QuantizedNet, tape: Tape, d_logits: Array) -> dict[str, Array]:
    """Gradients of all parameters from that by the logits (batch, classes)."""
    gradients: dict[str, Array] = {}
    d = d_logits
    for l in reversed(range(len(net.w))):
        w, z, a = tape.w[l], tape.z[l], tape.a[l]
        if l == len(net.w) - 1:
            gradients[f"gamma{l}"] = np.array([np.sum(d * z)], dtype=z.dtype)
            gradients[f"beta{l}"] = _per_channel(w, d.sum(axis=0))
            dz = d * net.gamma[l]
        else:
            dy = d * ((tape.y[l] >= 0) & (tape.y[l] <= 1))
            channels = len(net.beta[l])
            rows, dx = (_rows_of(net.norm, v, channels) for v in (z, dy * per_neuron(w, net.gamma[l])))
            dz = _from_rows(net.norm, lbn_backward(rows, 1.0, 0.0, net.eps, dx)[0], z.shape, channels)
            gradients[f"gamma{l}"] = _per_channel(w, (dy * tape.standard[l]).sum(axis=0))
            gradients[f"beta{l}"] = _per_channel(w, dy.sum(axis=0))
        rows = as_rows(net.w[l])
        dz = dz / np.sqrt(rows.shape[1]).astype(z.dtype)
        by_values = w.outer(dz, a) if isinstance(w, Convolution) else dz.T @ a
        by_rows = weight_standardize_backward(rows, 0.0, by_values.reshape(rows.shape) * tape.window[l])
        gradients[f"w{l}"] = by_rows.reshape(entries(net.w[l]).shape)
        if l:
            d = w.back(dz) if isinstance(w, Convolution) else dz @ w
    return gradients


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """Adam on batches; the rate falls by a cosine from epoch to epoch, rho is that of the running statistics."""

    epochs: int = 15
    batch: int = 32
    rate: float = 2e-3

    def __post_init__(self) -> None:
        if min(self.epochs, self.batch) < 1 or not self.rate > 0:
            raise ValueError("epochs, batch and rate must be positive")

    @property
    def rho(self) -> float:
        """Averages over about 20 batches of 32 images, or as many images in smaller ones."""
        return min(0.05, 0.05 * self.batch / 32)


def train(
    net: QuantizedNet, images: Array, labels: Array, recipe: Recipe, rng: np.random.Generator, progress: Progress | None = None
) -> None:
    """Train in place on images (n, n_in), labels (n,); progress is told epoch (1, 2, …) and mean loss in nats.

    ValueError for data that do not fit, FloatingPointError if a weight or the loss is no longer finite.
    """
    classes = len(net.beta[-1])
    if images.ndim != 2 or images.shape[1] != net.w[0].shape[1] or len(images) != len(labels) or not len(images):
        raise ValueError(f"images must be (n, {net.w[0].shape[1]}) with n labels, got {images.shape} and {labels.shape}")
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= classes:
        raise ValueError(f"labels must be integers from 0 to {classes - 1}")
    optimiser, parameters = Adam(), net.parameters
    for epoch in range(recipe.epochs):
        rate, heard = cosine(epoch, recipe.epochs, recipe.rate), 0.0
        for chosen in minibatches(len(images), recipe.batch, rng):
            logits, tape = forward(net, images[chosen])
            loss, d = softmax_cross_entropy(logits, labels[chosen])
            optimiser.step(parameters, backward(net, tape, d), rate)
            net.running[:] = [_updated(net, l, z, recipe.rho) for l, z in enumerate(tape.z[:-1])]
            heard += loss * len(chosen)
        if not (np.isfinite(heard) and all(np.all(np.isfinite(p)) for p in parameters.values())):
            raise FloatingPointError(f"training diverged in epoch {epoch + 1}; try a smaller rate")
        if progress is not None:
            progress(epoch + 1, heard / len(images))


def infer(net: QuantizedNet, x: Array) -> tuple[list[Array], Array]:
    """Activations of each layer but the readout, and logits, with the running statistics; in the arithmetic of x.

    ValueError before training.
    """
    found: list[Array] = []
    a = x
    for l in range(len(net.w)):
        w = net.quantized(l)[0]
        w = with_rows(w, as_rows(w).astype(x.dtype))
        z = apply(w, a) / np.sqrt(as_rows(w).shape[1]).astype(x.dtype)
        if l == len(net.w) - 1:
            return found, net.gamma[l].astype(x.dtype) * z + per_neuron(w, net.beta[l]).astype(x.dtype)
        a = _activation(_normalised(net, l, z), net.M_a, False)
        found.append(a)
    raise ValueError("the network has no layers")


def save(net: QuantizedNet, file: Path, input_states: int) -> None:
    """As .npz that `proofs-check quantize` reads: NAME.weight, NAME.gamma, NAME.beta, and NAME.m, NAME.r but for the readout.

    ValueError for LN. Strides, padding and pooling are options of the command; the images are k/(input_states − 1).
    """
    for l in range(len(net.w) - 1):
        statistics(net, l)
    held: dict[str, Any] = {"input.states": np.int64(input_states), "eps": np.float64(net.eps)}
    for l, w in enumerate(net.w):
        whole = isinstance(w, Convolution) and w.map_out == (1, 1)  # a readout that sees all pooled maps at once
        held |= {f"{l}.weight": as_rows(w) if whole else entries(w), f"{l}.gamma": net.gamma[l], f"{l}.beta": net.beta[l]}
        if l < len(net.running):
            held |= {f"{l}.{name}": np.asarray(value, float) for name, value in zip("mr", net.running[l], strict=True)}
    np.savez(file, **held)
