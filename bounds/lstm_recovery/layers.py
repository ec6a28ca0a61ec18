r"""Several layers: the matrices stack up below the diagonal, and the times do not reduce to the slowest layer's.

Layer $l$ reads the new hidden state of layer $l-1$, so its $u_{max}$ is $H_{k+1}$ of layer $l-1$. With $A^{(l)}$, $B^{(l)}$ of
`norm_comparison`, stack $d=(d^{(1)},\dots)$ and let $A_{tot}$ be block lower triangular with
$$ A_{tot}[l,l]=A^{(l)},\qquad A_{tot}[l,p]=B^{(l)}\cdot(\text{lower row of }A_{tot}[l-1,p])\quad(p<l). $$
Then $d_{t+1}\le A_{tot}d_t$ and $\rho(A_{tot})=\max_l\rho(A^{(l)})$. As the start bounds $d_t$ for all $t$, the recovery time
of the last layer is at most the first $T$ with $(d_T)_h\le e$ under $d\gets\min(A_{tot}d,d_0)$.

Why: $d^{(l)}_{t+1}\le A^{(l)}d^{(l)}_t+B^{(l)}\|\Delta h^{(l-1)}_{t+1}\|$, and the last factor is the lower row of layer $l-1$.
The largest $T$ of the single layers is not enough (a variant below): what one layer still leaks keeps the next one apart.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bounds.claim import Array, Choice, Claim, Enclosure, Evidence, Int, Real, Step, rounded
from bounds.common.lstm import LSTMNet, Tape, layers_of, run_layers
from bounds.lstm_recovery.instances import named
from bounds.lstm_recovery.norm_comparison import comparison_matrix_2x2
from bounds.lstm_recovery.norm_recovery import norm_recovery_time
from bounds.lstm_recovery.norm_sets import norm_invariant_set
from bounds.lstm_recovery.transient import recovery_time
from bounds.measure.symbolic import identity


def input_bounds(nets: Sequence[LSTMNet], k: int, umax: float) -> list[float]:
    """umax of each layer: that of the first, then H_{k+1} of the layer below."""
    bounds = [umax]
    for net in nets[:-1]:
        bounds.append(norm_invariant_set(net, k, bounds[-1])["H_next"])
    return bounds


def stacked_matrix(nets: Sequence[LSTMNet], k: int = 0, q: float = np.inf, umax: float = 1.0) -> tuple[np.ndarray, np.ndarray]:
    """A_tot (2 Lay, 2 Lay) and d0 (2 Lay,), each layer as (|Dc|_q, |Dh|_q), the first layer first."""
    stack = layers_of(nets)
    A, d0 = np.zeros((2 * len(stack), 2 * len(stack))), []
    for l, (net, bound) in enumerate(zip(stack, input_bounds(stack, k, umax), strict=True)):
        s, M = norm_invariant_set(net, k, bound), comparison_matrix_2x2(net, k, q, bound)
        A[2 * l : 2 * l + 2, 2 * l : 2 * l + 2] = M.A
        if l:
            A[2 * l : 2 * l + 2, : 2 * l] = np.outer(M.B, A[2 * l - 1, : 2 * l])
        d0 += [2 * s["cb"] * net.n ** (1 / q), 2 * s["H_next"] * net.n ** (1 / q)]
    return A, np.array(d0)


def stacked_recovery_time(nets: Sequence[LSTMNet], e: float, k: int = 0, q: float = np.inf, umax: float = 1.0) -> float:
    """Steps until the last layer's |h - h~|_q stays within e, from any two states of the product of the X_k."""
    A, d0 = stacked_matrix(nets, k, q, umax)
    return recovery_time(lambda d: A @ d, d0, e, len(d0) - 1)


@dataclass(frozen=True, eq=False)
class TwoStacks:
    """Two copies of a stack with equal inputs."""

    nets: tuple[LSTMNet, ...]
    k: int
    q: float
    umax: float
    e: float
    starts: list[np.ndarray]  # one (2, 2, n) a layer: c and h of both copies
    u: np.ndarray  # (T, 2, m)

    @cached_property
    def tapes(self) -> list[Tape]:
        """The trajectories."""
        return run_layers(self.nets, [s[0] for s in self.starts], [s[1] for s in self.starts], self.u)

    @cached_property
    def distance(self) -> np.ndarray:
        """Norms at t = 0..T, (T + 1, 2 Lay). Rounding: below 1e-9 in 6 steps and, where a bound is finite, ever after."""
        return np.stack(
            [np.linalg.norm(x[:, 0] - x[:, 1], self.q, axis=1) for tape in self.tapes for x in (tape.c, tape.h)], axis=1
        )


def two_stacks(
    depth: int,
    n: int,
    m: int,
    W: Any,
    V: Any,
    U: Any,
    b: Any,
    k: int,
    q: float,
    umax: float,
    e: float,
    alike: int,
    start: Any,
    last: Any,
) -> TwoStacks:
    """Layer 0 has weights W, the others V; starts in [-1, 1] times each X_k; constant inputs, a fraction of umax. With
    `alike`, all layers but the first start in one state."""
    nets = []
    for l in range(depth):
        inputs = np.asarray(V[l - 1] if l else W, float)
        nets.append(LSTMNet(inputs, np.asarray(U[l], float), np.asarray(b[l], float)))
    starts = []
    for l, (net, bound) in enumerate(zip(nets, input_bounds(nets, k, umax), strict=True)):
        s = norm_invariant_set(net, k, bound)
        if alike and l:
            start = np.repeat(np.asarray(start, float)[:, :, :1], 2, axis=2)
        starts.append(np.asarray(start, float)[l][:, :, :n] * np.array([s["cb"], s["H_next"]])[:, None, None])
    u = np.tile(umax * np.asarray(last, float), (120, 2, 1))
    return TwoStacks(tuple(nets), k, q, umax, e, starts, u)


STEPS = 6


def seen(x: TwoStacks) -> Enclosure:
    """d_t for six steps, then the last exit that this pair shows (known from below only)."""
    d = x.distance[1 : STEPS + 1].ravel()
    above = np.flatnonzero(x.distance[:, -1] > x.e + 1e-9)
    T = float(above[-1] + 1) if above.size else 0.0
    slack = 1e-9 * (1 + d)
    return Enclosure(np.append(d - slack, T), np.append(d + slack, np.inf))


def certified(x: TwoStacks) -> Enclosure:
    """A_tot^t d_0 for six steps, then T, which is that of some tolerance within 1e-9 of e."""
    A, _ = stacked_matrix(x.nets, x.k, x.q, x.umax)
    d, rows = x.distance[0], []
    for _ in range(STEPS):
        d = A @ d
        rows.append(d)
    T = [stacked_recovery_time(x.nets, x.e * s, x.k, x.q, x.umax) for s in (1 + 1e-9, 1 - 1e-9)]
    flat = np.concatenate(rows)
    return Enclosure(np.append(flat * (1 - 1e-12), T[0]), np.append(flat * (1 + 1e-12), T[1]))


def _uncoupled(x: TwoStacks) -> Enclosure:
    """Each layer by its own matrix, for six steps."""
    A, _ = stacked_matrix(x.nets, x.k, x.q, x.umax)
    A = A * np.kron(np.eye(len(x.nets)), np.ones((2, 2)))
    d = np.concatenate([np.linalg.matrix_power(A, t) @ x.distance[0] for t in range(1, STEPS + 1)])
    return rounded(np.append(d, np.inf))


def _exit_only(x: TwoStacks) -> Enclosure:
    return Enclosure(np.asarray(seen(x).lo)[-1], np.inf)


def _slowest_layer(x: TwoStacks) -> Enclosure:
    bounds = input_bounds(x.nets, x.k, x.umax)
    T = max(norm_recovery_time(net, x.e, x.k, x.q, bound) for net, bound in zip(x.nets, bounds, strict=True))
    return Enclosure(float(T), float(T))


def _block_triangular(upward_only: bool) -> Evidence:
    """det(λ − A_tot) = det(λ − A₁) det(λ − A₂) for two layers: the coupling moves no eigenvalue."""
    import sympy

    x, p, q, *entries = sympy.symbols("x p q a0:8", positive=True)
    first, second = sympy.Matrix(2, 2, entries[:4]), sympy.Matrix(2, 2, entries[4:])
    coupling = sympy.Matrix([p, q]) * first[1, :]
    back = sympy.zeros(2, 2) if upward_only else coupling
    whole = sympy.Matrix(sympy.BlockMatrix([[first, back], [coupling, second]]))
    product = (x * sympy.eye(2) - first).det() * (x * sympy.eye(2) - second).det()
    return identity(lambda: (x * sympy.eye(4) - whole).det(method="berkowitz") - product)


E1 = named(W_c=5, b_f=2, b_i=10, b_o=10)

CLAIM = Claim(
    source="yoshihara2025resilience, reconstructed: several layers",
    says="d_{t+1} ≤ A_tot d_t, and the last layer recovers by the clipped powers' first entry",
    space={
        "depth": Int(1, 3),
        "n": Int(1, 2),
        "m": Int(1, 2),
        "W": Array((4, "n", "m"), -0.6, 0.6),
        "V": Array((2, 4, "n", "n"), -1, 1),
        "U": Array((3, 4, "n", "n"), -0.3, 0.3),
        "b": Array((3, 4, "n"), -1, 1),
        "k": Int(0, 2),
        "q": Choice((1.0, 2.0, np.inf)),
        "umax": Real(0, 1),
        "e": Real(0.01, 0.5, log=True),
        "alike": Int(0, 1),
        "start": Array((3, 2, 2, 2), -1, 1),
        "last": Array(("m",), -1, 1),
    },
    build=two_stacks,
    assumes={},
    actual=seen,
    bound=certified,
    falsified={
        "as fast as the slowest layer": {"actual": _exit_only, "bound": _slowest_layer},
        "the layers do not couple": {"bound": _uncoupled},
    },
    covers={"three layers": lambda x: len(x.nets) == 3, "finite": lambda x: stacked_recovery_time(x.nets, x.e, x.k) < np.inf},
    witness={
        "as fast as the slowest layer": {
            "depth": 2,
            "n": 1,
            "m": 1,
            "W": E1["W"],
            "V": [E1["W"]],
            "U": [E1["U"]] * 2,
            "b": [E1["b"]] * 2,
            "k": 0,
            "q": np.inf,
            "umax": 1.0,
            "e": 0.01,
            "alike": 0,
            "start": np.tile([[[1.0], [-1.0]]], (2, 2, 1, 1)),
            "last": [0.0],
        }
    },
    proof=(
        Step(
            says="det(λ − A_tot) = det(λ − A₁) det(λ − A₂): ρ(A_tot) is the largest ρ of a layer",
            check=lambda: _block_triangular(True),
            false_twin=lambda: _block_triangular(False),
        ),
    ),
    cost=0.008,
)
