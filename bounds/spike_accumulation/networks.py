"""Small networks with exact numbers: the instances on which the statements about networks are judged, and how they are drawn.

Widths up to 3, up to 3 layers, up to 6 steps; weights, biases and inputs are multiples of 1/8, so ties occur. Weights lean
to the positive side, because a silent network proves nothing: in about two of three draws the last layer fires.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from bounds.claim import Array, Axis, Choice, Enclosure, Int, exact
from bounds.common.spikes import lambda_sum, lif_forward, traces
from bounds.spike_accumulation.gradients import LossGrad, Slope, ottt_gradients, surrogate

EIGHTH = Fraction(1, 8)
LEAKS = Choice((Fraction(0), Fraction(1, 3), Fraction(1, 2), Fraction(2, 3), Fraction(9, 10), Fraction(1)))
THRESHOLDS = Choice((Fraction(1, 2), Fraction(1), Fraction(3, 2)))

CHAIN: dict[str, Axis] = {
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
START: dict[str, Axis] = {"start": Choice((Fraction(0), Fraction(1, 2)))}  # v0 in units of th
FEEDBACK: dict[str, Axis] = {
    "feedback": Int(0, 1),  # from the last layer to the first
    "F": Array((3, 3), -1, 1, step=EIGHTH),
    "graph": Choice(("chain", "skip and loop")),  # a skip from the input to the last layer, a loop on the first
    "S": Array((3, 3), -1, 1, step=EIGHTH),
}
TARGET: dict[str, Axis] = {
    "y": Array((3,), -0.5, 1.5, step=EIGHTH),
    "slope": Choice(("tri", "rect")),
    "loss": Choice(("squared", "quartic")),
}
LOSSES: Mapping[str, LossGrad] = {"squared": lambda o, y: o - y, "quartic": lambda o, y: (o - y) ** 3}


@dataclass(frozen=True)
class Net:
    """A network with its input and target, all numbers Fractions."""

    W: list[Any]  # N matrices (n_{l+1}, n_l)
    b: list[np.ndarray]  # N vectors (n_{l+1},)
    x: np.ndarray  # (T, n_0)
    lam: Fraction
    th: Fraction
    F: Mapping[tuple[int, int], Any]  # connections beyond the chain, (i, j): (n_j, n_i)
    v0: Fraction
    y: np.ndarray  # (n_N,)
    slope: Slope
    loss: LossGrad

    @property
    def N(self) -> int:
        """Number of layers."""
        return len(self.W)

    @property
    def T(self) -> int:
        """Number of steps."""
        return len(self.x)

    @property
    def Lambda(self) -> Fraction:
        """Λ_T."""
        return Fraction(lambda_sum(self.lam, self.T))

    @property
    def forward(self) -> dict[str, Any]:
        """What `lif_forward` and `saf_forward` take."""
        return {"W": self.W, "b": self.b, "x": self.x, "lam": self.lam, "th": self.th, "F": self.F, "v0": self.v0}

    @property
    def training(self) -> dict[str, Any]:
        """What the per-step gradients take."""
        return self.forward | {"y": self.y, "surrogate": self.slope, "loss_grad": self.loss}

    @property
    def at_rest(self) -> dict[str, Any]:
        """What `saf_f_gradients` takes, apart from its derivative."""
        return {name: value for name, value in self.training.items() if name != "surrogate"}

    @cached_property
    def lif(self) -> tuple[list[Any], list[Any], list[Any]]:
        """u, s, v of the LIF network."""
        return lif_forward(**self.forward)

    @cached_property
    def ahat(self) -> list[Any]:
        """Traces of all layers, (T, n_l)."""
        return [traces(s, self.lam) for s in self.lif[1]]

    @cached_property
    def rates(self) -> list[Any]:
        """a^0[T]..a^N[T]."""
        return [ahat[-1] / self.Lambda for ahat in self.ahat]


def rationals(values: Any, *sides: int) -> np.ndarray:
    """An array of Fractions, cut to the given sides."""
    array = np.array(values, dtype=object)[tuple(slice(side) for side in sides)]
    return np.asarray(np.frompyfunc(Fraction, 1, 1)(array), dtype=object)


def net(
    depth: int, width: Sequence[int], T: int, lam: Fraction, th: Fraction, W: Any, b: Any, x: Any, static: int = 0,
    start: Fraction | int = 0, feedback: int = 0, F: Any = None, graph: str = "chain", S: Any = None,
    y: Any = (0, 0, 0), slope: str = "tri", loss: str = "squared",
) -> Net:  # fmt: skip
    """A network from a point of the spaces above."""
    n = [int(side) for side in width[: depth + 1]]
    beyond = {(depth, 1): rationals(F, n[1], n[depth])} if feedback else {}
    if graph != "chain":
        beyond |= {(0, depth): rationals(S, n[depth], n[0])} if depth > 1 else {}
        beyond.setdefault((1, 1), rationals(S, n[1], n[1]))
    return Net(
        W=[rationals(W[l], n[l + 1], n[l]) for l in range(depth)],
        b=[rationals(b[l], n[l + 1]) for l in range(depth)],
        x=rationals([x[0]] * T if static else x, T, n[0]),
        lam=Fraction(lam),
        th=Fraction(th),
        F=beyond,
        v0=Fraction(start) * Fraction(th),
        y=rationals(y, n[depth]),
        slope=surrogate("rect" if slope == "rect" else "tri", Fraction(th)),
        loss=LOSSES[loss],
    )


def point(W: Any, b: Any, x: Any, lam: Any, th: Any = 1, T: int = 1, F: Any = None, **more: Any) -> dict[str, Any]:
    """A point of these spaces from a network as one writes it down; a vector x is an input that does not change."""
    static = np.ndim(x) == 1
    out: dict[str, Any] = {"depth": len(W), "width": [len(W[0][0]), *(len(w) for w in W)], "T": T if static else len(x)}
    out |= {"lam": lam, "th": th, "W": W, "b": b, "x": [x] if static else x, "static": int(static)}
    return out | ({} if F is None else {"feedback": 1, "F": F}) | more


half, quarter = Fraction(1, 2), Fraction(1, 4)
GOLDEN = point(  # a network on which all methods differ
    [[[half, half], [-quarter, 5 * quarter]], [[1, half]]], [[0, quarter], [-quarter / 2]], [1, half], half, T=4, y=[1]
)


def largest_difference(left: Sequence[Any], right: Sequence[Any]) -> Any:
    """The largest |difference| between two lists of arrays, entry by entry; None stands for nothing."""
    pairs = [(a, b) for a, b in zip(left, right, strict=True) if a is not None and b is not None]
    return max(np.max(np.abs(a - b)) for a, b in pairs)


def ordered(weak: Sequence[tuple[Any, Any]] = (), strict: Sequence[tuple[Any, Any]] = ()) -> tuple[Enclosure, Enclosure]:
    """Both sides of a ≤ b for the weak and a < b for the strict pairs, in exact arithmetic: the strict ones as a ≤ b, and
    as "the number of pairs with a ≥ b is ≤ 0" (1 ≤ truth value would do as well, but looks tight to a search)."""
    pairs = [*weak, *strict, (sum(int(a >= b) for a, b in strict), 0)]
    return exact(*(a for a, _ in pairs)), exact(*(b for _, b in pairs))


def fires(n: Net) -> bool:
    """Some neuron of the last layer fires."""
    return bool(np.any(n.lif[1][-1] != 0))


def ties(n: Net) -> bool:
    """Some potential equals the threshold exactly."""
    return any(bool(np.any(u == n.th)) for u in n.lif[0][1:])


def gradient_arrives(n: Net) -> bool:
    """The OTTT_A gradient of the first layer's weights is not zero."""
    return bool(np.any(ottt_gradients(**n.training).total.W[0] != 0))
