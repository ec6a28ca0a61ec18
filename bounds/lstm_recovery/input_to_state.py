r"""If $\rho(A)<1$, two copies forget where they started, at the rate of $A$: incremental input-to-state stability.

With $d_t=(\|\Delta c_t\|_\infty,\|\Delta h_t\|_\infty)$, $A$ and $B$ of `norm_comparison` on $X_k$,
$$ s_o\alpha<(1-s_f)(1-\beta)\ \Rightarrow\ d_t\le A^td_0+(I-A)^{-1}B\,\sup_s\|\Delta u_s\|_\infty . $$
Why: iterate $d_{t+1}\le Ad_t+B\|\Delta u_t\|$ and bound $\sum_{s<t}A^s$ by $(I-A)^{-1}$, which exists and is nonnegative.
The condition for the plain input-to-state stability of one trajectory, $s_f+s_is_o\|U_c\|<1$, is not enough: with $U_c=0$ it
always holds, and a net may still have two stable equilibria (a variant below).
"""

from functools import partial
from typing import Any

import numpy as np

from bounds.claim import Array, Claim, Enclosure, Evidence, Int, Real, Step, rounded
from bounds.lstm_recovery.instances import named, weights
from bounds.lstm_recovery.norm_comparison import NormPair, comparison_matrix_2x2, norm_pair
from bounds.lstm_recovery.norm_sets import norm_invariant_set
from bounds.measure.symbolic import identity


def incremental(x: NormPair) -> np.ndarray:
    """The matrix of differences."""
    return comparison_matrix_2x2(x.net, x.k, np.inf, x.umax).A


def plain(x: NormPair) -> np.ndarray:
    """The matrix of one trajectory: |c+| ≤ s_f|c| + s_i‖U_c‖|h| + ..., |h+| ≤ s_o|c+|."""
    s, N = norm_invariant_set(x.net, x.k, x.umax), float(np.linalg.norm(x.net.U[3], np.inf))
    return np.array([[s["sf"], s["si"] * N], [s["so"] * s["sf"], s["so"] * s["si"] * N]])


def margin(x: NormPair, matrix: Any = incremental) -> float:
    """det(I − A), less what keeps its inverse accurate: positive only if ρ < 1 (or both roots exceed 1: then not trace < 2)."""
    A = matrix(x)
    return float(min(np.linalg.det(np.eye(2) - A) - 1e-3, 2 - np.trace(A)))


def forgotten(x: NormPair) -> Enclosure:
    """d_t for t ≥ 1."""
    return Enclosure(x.norms[0][1:], x.norms[1][1:])


def envelope(x: NormPair, matrix: Any = incremental, column: float = 1.0) -> Enclosure:
    """The right-hand side for t ≥ 1. Nonnegative sums; the inverse loses three digits where det(I − A) is 1e-3."""
    A, B = matrix(x), comparison_matrix_2x2(x.net, x.k, np.inf, x.umax).B
    forced = column * np.linalg.solve(np.eye(2) - A, B) * np.abs(x.u[:, 0] - x.u[:, 1]).max()
    d, rows = np.linalg.norm(x.distance[0].reshape(2, -1), np.inf, axis=1), []
    for _ in range(len(x.u)):
        d = A @ d
        rows.append(d + forced)
    return rounded(np.array(rows), rel=1e-11)


def build(**point: Any) -> NormPair:
    """Two copies in the largest norm, their inputs `gap` apart."""
    u = np.asarray(point.pop("u"), float)[:, None] * np.array([[1.0], [1.0 - 2 * point.pop("gap")]])
    return norm_pair(q=np.inf, u=u, **point)


def _limit_of_the_inputs(fed: int) -> Evidence:
    """v = (I − A)⁻¹B is where v = A v + B, so that Aᵗd₀ + v grows no further: A v + B ≤ v."""
    import sympy

    a, b, c, d, p, q = sympy.symbols("a b c d p q", positive=True)
    A, B = sympy.Matrix([[a, b], [c, d]]), sympy.Matrix([p, q])
    v = sympy.Matrix([(1 - d) * p + b * q, c * p + (1 - a) * q]) / ((1 - a) * (1 - d) - b * c)
    return identity(lambda: A * v + fed * B - v)


SPACE = {
    **weights(size=0.6),
    "k": Int(0, 4),
    "umax": Real(0, 1),
    "c": Array((2, "n"), -1, 1),
    "h": Array((2, "n"), -1, 1),
    "u": Array((10, "m"), -1, 1),
    "gap": Real(0, 1),
}
LATCH = named(U_f=5, b_f=-1.5, b_i=10, b_o=10, b_c=np.arctanh(0.1))  # equilibria h = 0.145 and h = 0.998

CLAIM = Claim(
    source="yoshihara2025resilience, reconstructed: incremental input-to-state stability",
    says="s_o α < (1 − s_f)(1 − β)  ⇒  d_t ≤ Aᵗ d₀ + (I − A)⁻¹ B sup ‖Δu‖",
    space=SPACE,
    build=build,
    assumes={"the spectral radius is below 1": margin},
    actual=forgotten,
    bound=envelope,
    falsified={
        "the condition for one trajectory suffices": {
            "assumes": {"s_f + s_i s_o ‖U_c‖ < 1": partial(margin, matrix=plain)},
            "bound": partial(envelope, matrix=plain),
        },
        "without the input column": {"bound": partial(envelope, column=0.0)},
    },
    covers={"equal inputs": lambda x: bool(np.all(x.u[:, 0] == x.u[:, 1]))},
    witness={
        "the condition for one trajectory suffices": {
            **LATCH,
            "k": 0,
            "umax": 1.0,
            "c": [[1.0], [0.0]],
            "h": [[1.0], [0.0]],
            "u": np.zeros((4000, 1)),
            "gap": 0.0,
        }
    },
    proof=(
        Step(
            says="v = (I − A)⁻¹B satisfies A v + B = v",
            check=lambda: _limit_of_the_inputs(1),
            false_twin=lambda: _limit_of_the_inputs(0),
        ),
    ),
    cost=0.001,
)
