"""Training of single-step spiking networks and their relatives, with the penalties of `synaptic_penalty`, without torch.

Adam on minibatches; the rate falls to a fifth after 70 % of the epochs. λ counts in units of one over the penalty's weight of
all neurons firing, so equal λ mean equal pressure on average (`penalty_of`); it acts from an epoch on, at once or rising
linearly. Equal seeds give equal networks. Energy is counted: an accumulation for each spike and outgoing synapse, a
multiply-accumulate for each synapse of the real input, once; of a ReLU net, for each synapse of every layer.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from bounds.common.convolution import Convolution
from bounds.common.training import Adam, minibatches
from bounds.single_step_snn.batches import Array, Net, Neurons, forward, gradients, penalty_of
from bounds.synaptic_penalty.energy import E_AC, E_MAC
from bounds.synaptic_penalty.own_network import synapses
from bounds.synaptic_penalty.penalty import Kind

SCORED = 250  # samples at a time


@dataclass(frozen=True)
class Recipe:
    """How to train. lam 0: no penalty. It acts from epoch `start` on, and is whole `ramp` epochs later."""

    epochs: int = 25
    batch: int = 32
    rate: float = 2e-3
    kind: Kind = "syn"
    p: float = 1.0
    lam: float = 0.0
    start: int = 0
    ramp: int = 0

    def __post_init__(self) -> None:
        if min(self.epochs, self.batch) < 1 or min(self.start, self.ramp) < 0:
            raise ValueError("epochs and batch must be at least 1, start and ramp at least 0")
        if not (self.lam >= 0 and self.p >= 1 and self.rate > 0):
            raise ValueError("rate must be positive, lam at least 0 and p at least 1")
        if self.kind not in ("syn", "tot", "bal"):
            raise ValueError(f'kind must be "syn", "tot" or "bal", got {self.kind!r}')

    def lam_at(self, epoch: int) -> float:
        """
        >>> [Recipe(lam=1.0, start=2, ramp=2).lam_at(epoch) for epoch in range(5)]
        [0.0, 0.0, 0.5, 1.0, 1.0]
        """
        if epoch < self.start:
            return 0.0
        return self.lam * min(1.0, (epoch - self.start + 1) / self.ramp) if self.ramp else self.lam


def fully_connected(rng: np.random.Generator, widths: Sequence[int], dtype: type[np.floating] = np.float32) -> Net:
    """Weights normal with variance 2/n_in, biases 0."""
    shapes = [(widths[l + 1], widths[l]) for l in range(len(widths) - 1)]
    W = [(rng.standard_normal(shape) * np.sqrt(2 / shape[1])).astype(dtype) for shape in shapes]
    return Net(W, [np.zeros(len(w), dtype) for w in W])


def convolutional(
    rng: np.random.Generator, side: int, channels: Sequence[int], classes: int, dtype: type[np.floating] = np.float32
) -> Net:
    """3 × 3 kernels with padding 1 on (1, side, side), stride 2 after the first; then a dense readout. Biases by channel."""
    W: list[Convolution | Array] = []
    inputs, size = 1, side
    for i, outputs in enumerate(channels):
        kernel = (rng.standard_normal((outputs, inputs, 3, 3)) * np.sqrt(2 / (9 * inputs))).astype(dtype)
        layer = Convolution(kernel, size, size, stride=2 if i else 1, padding=1)
        W.append(layer)
        inputs, size = outputs, layer.map_out[0]
    n = inputs * size * size
    W.append((rng.standard_normal((classes, n)) * np.sqrt(2 / n)).astype(dtype))
    return Net(W, [np.zeros(c, dtype) for c in (*channels, classes)])


def train(
    net: Net, neurons: Neurons, x: Array, y: Array, recipe: Recipe, rng: np.random.Generator,
    optimiser: Adam | None = None, epochs: range | None = None, heard: Callable[[int, float], None] = lambda epoch, loss: None,
) -> None:  # fmt: skip
    """Train in place; `heard` is told the mean task loss of each epoch. epochs: only those, the optimiser being carried on by
    the caller, so that runs that differ from some epoch on share what is before it."""
    optimiser = Adam() if optimiser is None else optimiser
    for epoch in range(recipe.epochs) if epochs is None else epochs:
        lam = recipe.lam_at(epoch)
        penalty = penalty_of(net, recipe.kind, lam, recipe.p, neurons.T) if lam else None
        rate = recipe.rate * (0.2 if 10 * epoch >= 7 * recipe.epochs else 1.0)
        total = 0.0
        for chosen in minibatches(len(x), recipe.batch, rng):
            found = gradients(net, x[chosen], y[chosen], neurons, penalty)
            optimiser.step(net.parameters, found.by, rate)
            total += found.loss * len(chosen)
        heard(epoch, total / len(x))


class Score(NamedTuple):
    """Mean over samples."""

    accuracy: float
    accumulations: float  # of spikes; NaN of a ReLU net
    rates: list[float]  # of each hidden layer, spikes per neuron and step
    pJ: float


def score(net: Net, neurons: Neurons, x: Array, y: Array) -> Score:
    """Accuracy and energy on samples x (n, n_0) with labels y (n,)."""
    psi, right, used = net.fanout, 0, 0.0
    spikes = [0.0] * len(psi)
    for start in range(0, len(x), SCORED):
        part = slice(start, start + SCORED)
        tape = forward(net, x[part], neurons)
        right += int((tape.logits.argmax(axis=1) == y[part]).sum())
        for l, s in enumerate(tape.s):
            count = (s > 0).sum(axis=(0, 1))
            used += float(count @ psi[l])
            spikes[l] += float(count.sum())
    n, sizes = len(x), [synapses(w) for w in net.W]
    rates = [total / (n * neurons.T * len(f)) for total, f in zip(spikes, psi, strict=True)]
    if neurons.kind == "relu":
        return Score(right / n, float("nan"), rates, float(E_MAC) * sum(sizes))
    return Score(right / n, used / n, rates, float(E_AC) * used / n + float(E_MAC) * sizes[0])


class Split(NamedTuple):
    """Images (n, pixels) and labels (n,) for training, for decisions, and for the report."""

    x: Array
    y: Array
    validation_x: Array
    validation_y: Array
    test_x: Array
    test_y: Array


def split(data: tuple[Array, Array], validation: int, test: int, seed: int) -> Split:
    """A random one, given by the seed: test first, validation next, the rest for training. ValueError if nothing is left."""
    x, y = data
    if not (validation > 0 and test > 0 and validation + test < len(x)):
        raise ValueError(f"validation and test must be positive and leave samples of {len(x)}, got {validation} and {test}")
    order = np.random.default_rng(seed).permutation(len(x))
    t, v, rest = np.split(order, [test, test + validation])
    return Split(x[rest], y[rest], x[v], y[v], x[t], y[t])
