"""Small networks with exact numbers: the instances on which the identities of this paper are judged, and how they are drawn.

Widths up to 3, up to 3 layers, up to 6 steps; weights, biases and inputs are multiples of 1/8, so ties occur; a feedback
matrix in half of the draws. Weights lean to the positive side: a silent network proves nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from bounds.claim import Array, Axis, Choice, Int
from bounds.common.spikes import lif_forward

EIGHTH = Fraction(1, 8)
LEAKS = Choice((Fraction(0), Fraction(1, 3), Fraction(1, 2), Fraction(2, 3), Fraction(9, 10), Fraction(1)))
THRESHOLDS = Choice((Fraction(1, 2), Fraction(1), Fraction(3, 2)))

SPACE: dict[str, Axis] = {
    "depth": Int(1, 3),
    "width": Array((4,), 1, 3, step=1),  # n_0, n_1, ...
    "T": Int(1, 6),
    "lam": LEAKS,
    "th": THRESHOLDS,
    "W": Array((3, 3, 3), -0.75, 1.5, step=EIGHTH),  # of layer l: the corner W[l][:n_{l+1}, :n_l]
    "b": Array((3, 3), -0.25, 1, step=EIGHTH),
    "x": Array(("T", 3), -0.25, 1.5, step=EIGHTH),
    "static": Int(0, 1),  # 1: x[0] at every step
}
STARTED: dict[str, Axis] = {**SPACE, "start": Choice((Fraction(0), Fraction(1, 2)))}  # v0 in units of th
FED_BACK: dict[str, Axis] = {**STARTED, "feedback": Int(0, 1), "F": Array((3, 3), -1, 1, step=EIGHTH)}


@dataclass(frozen=True)
class Net:
    """A chain of layers with its input, all numbers Fractions."""

    W: list[Any]  # N matrices (n_{l+1}, n_l)
    b: list[np.ndarray]  # N vectors (n_{l+1},)
    x: np.ndarray  # (T, n_0)
    lam: Fraction
    th: Fraction
    F: np.ndarray | None = None  # (n_1, n_N), from the last layer to the first, a step later
    v0: Fraction = Fraction(0)

    @property
    def N(self) -> int:
        """Number of layers."""
        return len(self.W)

    @property
    def T(self) -> int:
        """Number of steps."""
        return len(self.x)

    @property
    def arguments(self) -> dict[str, Any]:
        """What `lif_forward` and its like take."""
        return {"W": self.W, "b": self.b, "x": self.x, "lam": self.lam, "th": self.th, "F": self.F, "v0": self.v0}

    @cached_property
    def lif(self) -> tuple[list[Any], list[Any], list[Any]]:
        """u, s, v of the LIF network."""
        return lif_forward(**self.arguments)


def rationals(values: Any, *sides: int) -> np.ndarray:
    """An array of Fractions, cut to the given sides."""
    array = np.array(values, dtype=object)[tuple(slice(side) for side in sides)]
    return np.asarray(np.frompyfunc(Fraction, 1, 1)(array), dtype=object)


def net(
    depth: int,
    width: Sequence[int],
    T: int,
    lam: Fraction,
    th: Fraction,
    W: Any,
    b: Any,
    x: Any,
    static: int = 0,
    start: Fraction = Fraction(0),
    feedback: int = 0,
    F: Any = None,
) -> Net:
    """A network from a point of the spaces above."""
    n = [int(side) for side in width[: depth + 1]]
    return Net(
        W=[rationals(W[l], n[l + 1], n[l]) for l in range(depth)],
        b=[rationals(b[l], n[l + 1]) for l in range(depth)],
        x=rationals([x[0]] * T if static else x, T, n[0]),
        lam=Fraction(lam),
        th=Fraction(th),
        F=rationals(F, n[1], n[depth]) if feedback else None,
        v0=Fraction(start) * Fraction(th),
    )


def point(W: Any, b: Any, x: Any, lam: Any, th: Any = 1, T: int = 1, F: Any = None, start: Any = None) -> dict[str, Any]:
    """A point of these spaces from a network as one writes it down; a vector x is an input that does not change."""
    static = np.ndim(x) == 1
    out: dict[str, Any] = {"depth": len(W), "width": [len(W[0][0]), *(len(w) for w in W)], "T": T if static else len(x)}
    out |= {"lam": lam, "th": th, "W": W, "b": b, "x": [x] if static else x, "static": int(static)}
    return out | ({} if F is None else {"feedback": 1, "F": F}) | ({} if start is None else {"start": start})


def largest_difference(left: Sequence[Any], right: Sequence[Any]) -> Any:
    """The largest |difference| between two lists of arrays, entry by entry; None stands for nothing."""
    pairs = [(a, b) for a, b in zip(left, right, strict=True) if a is not None and b is not None]
    return max(np.max(np.abs(a - b)) for a, b in pairs)


def fires(n: Any) -> bool:
    """Some neuron of the last layer fires."""
    return bool(np.any(n.lif[1][-1] != 0))


def ties(n: Any) -> bool:
    """Some potential equals the threshold exactly."""
    return any(bool(np.any(u == n.th)) for u in n.lif[0][1:])
