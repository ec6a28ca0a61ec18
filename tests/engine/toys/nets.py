"""Nets of any depth and widths: |net(x)|_∞ ≤ Π ‖W_l‖_∞ |x|_∞ for rectifiers, in Fractions; `build` cuts the net out."""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from bounds.claim import Array, Claim, Enclosure, Int, exact


@dataclass(frozen=True)
class Net:
    """Weights (out, in) of each layer, and an input."""

    weights: tuple[np.ndarray, ...]
    x: np.ndarray

    @cached_property
    def output(self) -> np.ndarray:
        """Rectifiers after every layer."""
        h = self.x
        for W in self.weights:
            h = np.maximum(W @ h, 0)
        return h


def build(depth: int, width: Any, W: Any, x: Any) -> Net:
    """Layer l maps width[l] units to width[l + 1]."""
    width, W, x = list(map(int, width)), np.asarray(W, dtype=object), np.asarray(x, dtype=object)
    return Net(tuple(W[l][: width[l + 1], : width[l]] for l in range(depth)), x[: width[0]])


def product(net: Net, norm: str = "row sums") -> Enclosure:
    """The right-hand side."""
    value = max(abs(v) for v in net.x)
    for W in net.weights:
        value *= max(sum(map(abs, row)) for row in W) if norm == "row sums" else max(abs(w) for w in W.ravel())
    return exact(value)


CLAIM = Claim(
    source="new",
    says="|net(x)|_∞ ≤ Π ‖W_l‖_∞ · |x|_∞",
    space={
        "depth": Int(1, 3),
        "width": Array((4,), 1, 3, step=1),
        "W": Array((3, 3, 3), -1, 1, step=Fraction(1, 4)),
        "x": Array((3,), -1, 1, step=Fraction(1, 4)),
    },
    build=build,
    assumes={},
    actual=lambda net: exact(max(net.output)),
    bound=product,
    falsified={"largest weights": {"bound": lambda net: product(net, "largest weight")}},
    covers={
        "one layer of one unit": lambda net: [W.shape for W in net.weights] == [(1, 1)],
        "deepest": lambda net: len(net.weights) == 3,
        "narrows": lambda net: any(W.shape[0] < W.shape[1] for W in net.weights),
    },
    cost=0.001,
)
