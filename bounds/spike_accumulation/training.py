r"""Training a spiking network by each of the methods of `gradients`, and what comes of it.

| Method | Loss | Updates |
|---|---|---|
| BPTT | Σ_t l(o[t], y)/T, detached reset | one per batch |
| OTTT_A, SAF-A | the same, gradients of OTTT and SAF-E summed over t | one per batch |
| OTTT_O, SAF-E, SAF-E recurrence | the same | one after every step |
| SAF-F, SAF-F matched | l(o(a[T]), y) | one per batch |
| SR | l(o(ã), y) of the clipped-linear network | one per batch |

Static inputs, membranes at rest before every batch. Gradients are means over the batch. Equal seeds give equal networks; two
float programs that add in another order agree up to single flips of spikes, which after some epochs are different networks
of about the same accuracy.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from bounds.common import training
from bounds.common.convolution import Convolution
from bounds.spike_accumulation import batches
from bounds.spike_accumulation.batches import Array, Gradient, Net

Method = Literal["BPTT", "OTTT_A", "SAF-A", "OTTT_O", "SAF-E", "SAF-E recurrence", "SAF-F", "SAF-F matched", "SR"]
METHODS: tuple[Method, ...] = (
    "BPTT", "OTTT_A", "SAF-A", "OTTT_O", "SAF-E", "SAF-E recurrence", "SAF-F", "SAF-F matched", "SR",
)  # fmt: skip
ONLINE: tuple[Method, ...] = ("OTTT_O", "SAF-E", "SAF-E recurrence")
Progress = Callable[[int, float], None]


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to train; rate falls by a cosine from epoch to epoch, from `rate` in the first."""

    method: Method
    T: int = 6  # steps
    epochs: int = 12
    batch: int = 64
    rate: float = 0.05
    optimiser: Literal["sgd", "adam"] = "sgd"
    momentum: float = 0.9  # of sgd
    loss: Literal["cross-entropy", "squared error"] = "cross-entropy"
    surrogate: Literal["sigmoid", "tri", "rect"] = "sigmoid"

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise ValueError(f"method must be one of {', '.join(METHODS)}, got {self.method!r}")
        if self.optimiser not in ("sgd", "adam"):
            raise ValueError(f"optimiser must be 'sgd' or 'adam', got {self.optimiser!r}")
        if self.loss not in ("cross-entropy", "squared error"):
            raise ValueError(f"loss must be 'cross-entropy' or 'squared error', got {self.loss!r}")
        if min(self.T, self.epochs, self.batch) < 1 or not self.rate > 0:
            raise ValueError("T, epochs, batch and rate must be positive")


class Split(NamedTuple):
    """Images (n, pixels) and integer labels (n,)."""

    train_x: Array
    train_y: Array
    test_x: Array
    test_y: Array


def split(images: Array, labels: Array, test_share: float = 0.25) -> Split:
    """The same split for every seed: stratified, scikit-learn's with random_state 0 (extra `data`)."""
    from sklearn.model_selection import train_test_split

    train_x, test_x, train_y, test_y = train_test_split(images, labels, test_size=test_share, random_state=0, stratify=labels)
    return Split(train_x, train_y, test_x, test_y)


def fully_connected(
    rng: np.random.Generator, widths: tuple[int, ...], *, lam: float = 0.5, th: float = 1.0, readout: bool = True,
    readout_sd: float = 0.05, dtype: type[np.floating[Any]] = np.float64,
) -> Net:  # fmt: skip
    """Weights normal with variance 2/n_l, those of the readout with readout_sd; biases 0."""
    W = []
    for l in range(len(widths) - 1):
        sd = readout_sd if readout and l == len(widths) - 2 else np.sqrt(2 / widths[l])
        W.append((sd * rng.standard_normal((widths[l + 1], widths[l]))).astype(dtype))
    return Net(W, [np.zeros(len(w), dtype) for w in W], lam, th, readout)


def convolutional(
    rng: np.random.Generator, side: int, channels: tuple[int, ...] = (8, 16), classes: int = 10, *, lam: float = 0.5,
    th: float = 1.0, readout_sd: float = 0.05, dtype: type[np.floating[Any]] = np.float64,
) -> Net:  # fmt: skip
    """3 x 3 kernels with padding 1 on (1, side, side) images, average pooling by 2 before each but the first, linear readout.

    Kernels normal with variance 2/fan-in. A bias has one entry per neuron, but all of a channel are kept equal in training.
    """
    W: list[Any] = []
    inputs, size = 1, side
    for i, outputs in enumerate(channels):
        kernel = np.sqrt(2 / (9 * inputs)) * rng.standard_normal((outputs, inputs, 3, 3))
        W.append(Convolution(kernel.astype(dtype), size, size, padding=1, pool=1 if i == 0 else 2))
        inputs, size = outputs, W[-1].map_out[0]
    W.append((readout_sd * rng.standard_normal((classes, W[-1].shape[0]))).astype(dtype))
    return Net(W, [np.zeros(w.shape[0], dtype) for w in W], lam, th, readout=True)


def _parameters(net: Net) -> dict[str, Array]:
    """Views of what is trained; the bias of a convolution as one number per channel, which `_spread` writes back."""
    out: dict[str, Array] = {}
    for l, (w, b) in enumerate(zip(net.W, net.b, strict=True)):
        shared = isinstance(w, Convolution)
        out[f"W{l}"] = w.entries if shared else w
        out[f"b{l}"] = b.reshape(len(w.entries), -1)[:, 0].copy() if shared else b
    return out


def _gradients(net: Net, g: Gradient) -> dict[str, Array]:
    out: dict[str, Array] = {}
    for l, (w, gw, gb) in enumerate(zip(net.W, g.W, g.b, strict=True)):
        out |= {f"W{l}": gw, f"b{l}": w.per_channel(gb) if isinstance(w, Convolution) else gb}
    return out


def _spread(net: Net, parameters: Mapping[str, Array]) -> None:
    for l, w in enumerate(net.W):
        if isinstance(w, Convolution):
            net.b[l][...] = w.bias(parameters[f"b{l}"])


class _Loss:
    """dl/do as a mean over the batch, of outputs (..., batch, n_N); notes the loss, a mean over steps and samples."""

    def __init__(self, kind: str, labels: Array) -> None:
        self.kind, self.labels, self.total, self.rows = kind, labels, 0.0, 0

    def __call__(self, o: Array, y: Array) -> Array:
        flat = o.reshape(-1, o.shape[-1])
        steps = len(flat) // len(self.labels)
        if self.kind == "cross-entropy":
            loss, gradient = training.softmax_cross_entropy(flat, np.tile(self.labels, steps))
        else:
            loss, gradient = training.squared_error(flat, np.tile(y, (steps, 1)))
        self.total, self.rows = self.total + loss * len(flat), self.rows + len(flat)
        gradient *= steps
        return gradient.reshape(o.shape)

    @property
    def mean(self) -> float:
        return self.total / self.rows


def gradient_steps(net: Net, recipe: Recipe, x: Array, y: Array, loss_grad: batches.LossGrad) -> Iterator[Gradient]:
    """The gradients that lead to an update, one after the other; the next one is taken at the weights it then finds."""
    method, T = recipe.method, recipe.T
    slope = batches.in_place_slope(recipe.surrogate, net.th)
    if method == "OTTT_O":
        yield from batches.ottt_blocks(net, x, y, slope, loss_grad, T=T)
    elif method == "SAF-E":
        yield from batches.saf_e_blocks(net, x, y, slope, loss_grad, T=T)
    elif method == "SAF-E recurrence":
        yield from batches.saf_e_blocks(net, x, y, slope, loss_grad, T=T, form="recurrence")
    elif method == "OTTT_A":
        yield batches.ottt(net, x, y, slope, loss_grad, T=T)
    elif method == "SAF-A":
        yield batches.saf_e(net, x, y, slope, loss_grad, T=T)
    elif method == "BPTT":
        yield batches.bptt(net, x, y, slope, loss_grad, T=T)
    elif method == "SR":
        yield batches.spike_representation(net, x, y, loss_grad)
    else:
        yield batches.saf_f(net, x, y, loss_grad, slope, T=T, derivative="plain" if method == "SAF-F" else "matched")


def train(
    net: Net, images: Array, labels: Array, recipe: Recipe, rng: np.random.Generator, progress: Progress | None = None
) -> None:
    """Train in place on static images (n, n_0) with integer labels (n,); progress is told epoch (1, 2, ...) and mean loss.

    FloatingPointError if the loss or a weight is no longer finite.
    """
    if len(images) != len(labels) or len(labels) == 0:
        raise ValueError(f"images and labels must be as many, at least one, got {len(images)} and {len(labels)}")
    if labels.dtype.kind not in "iu" or labels.min() < 0 or labels.max() >= net.widths[-1]:
        raise ValueError(f"labels must be integers from 0 to {net.widths[-1] - 1}")
    optimiser: training.Optimiser = training.SGD(recipe.momentum) if recipe.optimiser == "sgd" else training.Adam()
    parameters = _parameters(net)
    targets = training.one_hot(labels, net.widths[-1], net.dtype.type)
    for epoch in range(recipe.epochs):
        rate, heard = training.cosine(epoch, recipe.epochs, recipe.rate), 0.0
        for rows in training.minibatches(len(images), recipe.batch, rng):
            loss = _Loss(recipe.loss, labels[rows])
            for g in gradient_steps(net, recipe, images[rows], targets[rows], loss):
                optimiser.step(parameters, _gradients(net, g), rate)
                _spread(net, parameters)
            heard += loss.mean * len(rows)
        if not (np.isfinite(heard) and all(np.all(np.isfinite(p)) for p in parameters.values())):
            raise FloatingPointError(f"training by {recipe.method} diverged in epoch {epoch + 1}; try a smaller rate")
        if progress is not None:
            progress(epoch + 1, heard / len(images))


class Score(NamedTuple):
    """Of one network on one set of static images."""

    lif: float  # accuracy: argmax of W a + b at the rates of LIF neurons after T steps
    saf: float  # the same with spike accumulation
    ann: float  # the same with the rates of the clipped-linear network
    differing: int  # traces at T, one of each neuron and image, that differ between LIF and SAF
    traces: int  # of how many
    rates: tuple[float, ...]  # of each spiking layer: mean over images and neurons of the rate a[T]
    spikes: tuple[float, ...]  # share of steps with a spike, mean over images and neurons


def score(net: Net, images: Array, labels: Array, T: int) -> Score:
    """Test accuracy by LIF, by SAF and as a clipped-linear network, and how often neurons fire."""
    lif = batches.spiking_rates(net, images, T=T)
    saf = batches.spiking_rates(net, images, T=T, neurons="saf")
    ann = batches.clipped_linear(net, images)[0]
    right = [float(np.mean(rates[-1].argmax(axis=1) == labels)) for rates in (lif.rates, saf.rates, ann)]
    return Score(
        lif=right[0],
        saf=right[1],
        ann=right[2],
        differing=sum(int(np.sum(a != b)) for a, b in zip(lif.traces, saf.traces, strict=True)),
        traces=sum(a.size for a in lif.traces),
        rates=tuple(float(a.mean()) for a in lif.rates[1 : net.spiking + 1]),
        spikes=tuple(float(count.mean()) / T for count in lif.counts),
    )
