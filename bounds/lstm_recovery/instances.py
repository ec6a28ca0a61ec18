"""Networks and pairs of trajectories as the claims of this paper draw them."""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bounds.claim import Array, Axis, Enclosure, Int
from bounds.common.lstm import GATES, LSTMNet, Tape, jacobian, run


def weights(n: int = 2, m: int = 2, size: float = 1.5) -> dict[str, Axis]:
    """Coordinates of a net with at most n units and m inputs, every entry in [-size, size]."""
    return {
        "n": Int(1, n),
        "m": Int(1, m),
        "W": Array((4, "n", "m"), -size, size),
        "U": Array((4, "n", "n"), -size, size),
        "b": Array((4, "n"), -size, size),
    }


def named(n: int = 1, m: int = 1, **blocks: Any) -> dict[str, Any]:
    """The same coordinates of one net by name: `named(b_f=2, W_c=5)`; a number fills its block, and the rest is zero."""
    point: dict[str, Any] = {"n": n, "m": m, "W": np.zeros((4, n, m)), "U": np.zeros((4, n, n)), "b": np.zeros((4, n))}
    for name, value in blocks.items():
        array, gate = name.split("_")
        point[array][GATES.index(gate)] = value
    return point


def of_net(net: LSTMNet) -> dict[str, Any]:
    """The coordinates of a net."""
    return {"n": net.n, "m": net.m, "W": net.W, "U": net.U, "b": net.b}


def net_of(W: Any, U: Any, b: Any) -> LSTMNet:
    """A net from lists or arrays."""
    return LSTMNet(np.asarray(W, float), np.asarray(U, float), np.asarray(b, float))


def with_one_gate(net: LSTMNet, only: int) -> LSTMNet:
    """From `only` = 0 on, no gate but that one sees h and u, which sets its term of a bound apart; -1 leaves the net."""
    if only < 0:
        return net
    seen = (np.arange(4) == only)[:, None, None]
    return LSTMNet(net.W * seen, net.U * seen, net.b)


@dataclass(frozen=True, eq=False)
class Pair:
    """Two copies of one net, side by side, each with its own start and inputs."""

    net: LSTMNet
    c: np.ndarray  # (2, n)
    h: np.ndarray  # (2, n)
    u: np.ndarray  # (T, 2, m)

    @cached_property
    def tape(self) -> Tape:
        """Both trajectories."""
        return run(self.net, self.c, self.h, self.u)

    @cached_property
    def distance(self) -> np.ndarray:
        """d_0..d_T, shape (T + 1, 2n): |Dc| then |Dh|."""
        gaps = [self.tape.c[:, 0] - self.tape.c[:, 1], self.tape.h[:, 0] - self.tape.h[:, 1]]
        return np.asarray(np.abs(np.concatenate(gaps, axis=1)))

    @cached_property
    def error(self) -> np.ndarray:
        """What rounding can have moved `distance`, to first order, shape (T + 1, 2n).

        One step: a preactivation of reach s is off by fewer than 10 ulps of s + 1, no slope exceeds max(|c|, 1), and 4
        covers the products and sums that follow. Older errors pass through |J| of each step, plus 1e-6 for curvature.
        """
        net, tape = self.net, self.tape
        reach = sum(np.abs(net.U[g]).sum(axis=1).max() + np.abs(net.b[g]).max() for g in range(4))
        reach += float(np.abs(self.u).max(initial=0.0) * np.abs(net.W).sum(axis=2).max())
        fresh = 40 * 2.0**-52 * float((1 + reach) * (1 + np.abs(tape.c).max()))
        J = 1.000001 * np.abs(jacobian(net, tape.c[:-1], tape.h[:-1], self.u))
        errors = np.zeros((len(J) + 1, 2, 2 * net.n))
        for t in range(len(J)):
            errors[t + 1] = (J[t] @ errors[t, :, :, None])[:, :, 0] + fresh
        return np.asarray(errors.sum(axis=1))

    def distance_within(self, first: int = 1, last: int | None = None) -> Enclosure:
        """The distances from time `first` to `last`, with their rounding."""
        d, e = self.distance[first:last], self.error[first:last]
        return Enclosure(d - e, d + e)


def inside(lo: np.ndarray, hi: np.ndarray, fraction: Any) -> np.ndarray:
    """The points of a box at these fractions of its sides, 0 at lo and 1 at hi; never outside by rounding."""
    return np.asarray(np.clip(lo + np.asarray(fraction, float) * (hi - lo), lo, hi))


def shared(u: np.ndarray) -> np.ndarray:
    """Inputs (T, m) for both copies: (T, 2, m)."""
    return np.repeat(u[:, None], 2, axis=1)
