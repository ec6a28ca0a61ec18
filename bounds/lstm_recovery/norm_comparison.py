r"""Two numbers follow two copies: one nonnegative 2x2 matrix bounds how far they are apart.

On $X_k$ of `norm_sets`, with $N_g=\|U_g\|_q$ for $q\in\{1,2,\infty\}$,
$$ \alpha=\bar cN_f/4+s_iN_c+p_hN_i/4,\quad \beta=\tanh(\bar c)N_o/4,\quad
   A=\begin{pmatrix}s_f&\alpha\\ s_os_f&s_o\alpha+\beta\end{pmatrix},\quad
   \gamma=\bar c\|W_f\|_q/4+s_i\|W_c\|_q+p_h\|W_i\|_q/4,\quad
   B=\begin{pmatrix}\gamma\\ s_o\gamma+\tanh(\bar c)\|W_o\|_q/4\end{pmatrix}, $$
$$ (\|\Delta c^+\|_q,\|\Delta h^+\|_q)^T\le A\,(\|\Delta c\|_q,\|\Delta h\|_q)^T+B\,\|\Delta u\|_q . $$
Why: $\Delta c^+=f_a\Delta c+c_b\Delta f+i_a\Delta g+g_b\Delta i$ and
$\Delta h^+=o_a(\tanh c^+_a-\tanh c^+_b)+\tanh(c^+_b)\Delta o$; a sigmoid has slope at most 1/4, tanh at most 1, and a q-norm
depends on absolute values only. The matrix is that of Terzi et al. for one layer.
"""

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Array, Choice, Claim, Enclosure, Evidence, Int, Real, Step, rounded
from bounds.common.lstm import LSTMNet
from bounds.lstm_recovery.instances import Pair, named, net_of, weights, with_one_gate
from bounds.lstm_recovery.norm_sets import norm_invariant_set
from bounds.measure.symbolic import identity


class Comparison(NamedTuple):
    """The matrix A (2, 2), the input column B (2,), and the two numbers α and β that A is made of."""

    A: np.ndarray
    B: np.ndarray
    al: float
    be: float


def comparison_matrix_2x2(net: LSTMNet, k: int = 0, q: float = np.inf, umax: float = 1.0, slope: float = 1 / 4) -> Comparison:
    """A and B on X_k in the q-norm, q in {1, 2, inf}; `slope` bounds that of a sigmoid.

    >>> net = LSTMNet(np.zeros((4, 1, 1)), np.zeros((4, 1, 1)), np.zeros((4, 1)))
    >>> comparison_matrix_2x2(net).A
    array([[0.5 , 0.  ],
           [0.25, 0.  ]])
    """
    if q not in (1, 2, np.inf):
        raise ValueError(f"q must be 1, 2 or inf, got {q}")
    x = norm_invariant_set(net, k, umax)
    N_f, N_i, N_o, N_c = (float(np.linalg.norm(U, q)) for U in net.U)
    V_f, V_i, V_o, V_c = (float(np.linalg.norm(W, q)) if net.m else 0.0 for W in net.W)
    cb, si, so, sf, ph = x["cb"], x["si"], x["so"], x["sf"], x["ph"]
    cb_N, cb_V = (cb * v if v else 0.0 for v in (N_f, V_f))  # cb is infinite where 1 - sf underflows
    al = cb_N * slope + si * N_c + ph * N_i * slope
    be = float(np.tanh(cb)) * N_o * slope
    ga = cb_V * slope + si * V_c + ph * V_i * slope
    A = np.array([[sf, al], [so * sf, so * al + be]])
    return Comparison(A, np.array([ga, so * ga + float(np.tanh(cb)) * V_o * slope]), al, be)


@dataclass(frozen=True, eq=False)
class NormPair(Pair):
    """Two copies that start in X_k."""

    k: int
    q: float
    umax: float

    @cached_property
    def norms(self) -> tuple[np.ndarray, np.ndarray]:
        """Ends of (|Dc|_q, |Dh|_q) at every time, each (T + 1, 2): rounding moves a q-norm by at most its 1-norm."""
        n = self.net.n
        d, e = self.distance.reshape(-1, 2, n), self.error.reshape(-1, 2, n)
        value, slack = np.linalg.norm(d, self.q, axis=2), e.sum(axis=2) + 1e-14 * np.linalg.norm(d, self.q, axis=2)
        return value - slack, value + slack


def norm_pair(
    W: Any, U: Any, b: Any, k: int, q: float, umax: float, c: Any, h: Any, u: Any, only: int = -1, **sides: int
) -> NormPair:
    """Starts c, h (2, n) in [-1, 1] times X_k; inputs u (T, 2, m) in [-1, 1] times umax."""
    net = with_one_gate(net_of(W, U, b), only)
    x = norm_invariant_set(net, k, umax)
    start = x["cb"] * np.asarray(c, float), x["H_next"] * np.asarray(h, float)
    return NormPair(net, *start, umax * np.asarray(u, float), k, q, umax)


def after(x: NormPair) -> Enclosure:
    """|Dc+|_q and |Dh+|_q after one step."""
    return Enclosure(x.norms[0][1], x.norms[1][1])


def predicted(x: NormPair, slope: float = 1 / 4) -> Enclosure:
    """A d + B |Du|_q; sums and products of nonnegative numbers, each right to a few ulps (norms of 2x2 matrices too)."""
    M = comparison_matrix_2x2(x.net, x.k, x.q, x.umax, slope)
    start = np.linalg.norm(x.distance[0].reshape(2, -1), x.q, axis=1)
    return rounded(M.A @ start + M.B * np.linalg.norm(x.u[0, 0] - x.u[0, 1], x.q), rel=1e-13)


def _splitting(carried: str) -> Evidence:
    import sympy

    fa, fb, ca, cb, ia, ib, ga, gb = v = sympy.symbols("fa fb ca cb ia ib ga gb")
    kept = {str(symbol): symbol for symbol in v}[carried]
    return identity(
        lambda: fa * ca + ia * ga - fb * cb - ib * gb - fa * (ca - cb) - kept * (fa - fb) - ia * (ga - gb) - gb * (ia - ib)
    )


def _largest_slope(inverse: int) -> Evidence:
    import sympy

    z = sympy.Symbol("z", real=True)
    s = 1 / (1 + sympy.exp(-z))
    return identity(lambda: sympy.diff(s, z) - sympy.Rational(1, inverse) + (s - sympy.Rational(1, 2)) ** 2)


SPACE = {
    **weights(),
    "k": Int(0, 4),
    "q": Choice((1.0, 2.0, np.inf)),
    "umax": Real(0, 2),
    "c": Array((2, "n"), -1, 1),
    "h": Array((2, "n"), -1, 1),
    "u": Array((1, 2, "m"), -1, 1),
    "only": Int(-1, 3),
}
STEEP = named(U_i=30, b_f=-12, b_i=-1.5, b_o=10, b_c=np.arctanh(0.1))  # the input gate at its steepest, s(−1.5 + 30 h)

CLAIM = Claim(
    source="yoshihara2025resilience, reconstructed: comparison matrix of one layer; terzi2021learning",
    says="(‖Δc⁺‖_q, ‖Δh⁺‖_q) ≤ A (‖Δc‖_q, ‖Δh‖_q) + B ‖Δu‖_q on X_k",
    space=SPACE,
    build=norm_pair,
    assumes={},
    actual=after,
    bound=predicted,
    falsified={"a sigmoid's slope is 1/8": {"bound": partial(predicted, slope=1 / 8)}},
    covers={"equal inputs": lambda x: bool(np.all(x.u[:, 0] == x.u[:, 1])), "2-norm": lambda x: x.q == 2},
    witness={
        "a sigmoid's slope is 1/8": {
            **STEEP,
            "k": 0,
            "q": np.inf,
            "umax": 1.0,
            "c": [[0.0], [0.0]],
            "h": np.array([[0.055], [0.045]]) / norm_invariant_set(net_of(STEEP["W"], STEEP["U"], STEEP["b"]), 0)["H_next"],
            "u": np.zeros((1, 2, 1)),
        }
    },
    proof=(
        Step(
            says="f_a c_a + i_a g_a − (f_b c_b + i_b g_b) = f_a Δc + c_b Δf + i_a Δg + g_b Δi",
            check=lambda: _splitting("cb"),
            false_twin=lambda: _splitting("ca"),
        ),
        Step(
            says="s′(z) = 1/4 − (s(z) − 1/2)², so s′ ≤ 1/4",
            check=lambda: _largest_slope(4),
            false_twin=lambda: _largest_slope(8),
        ),
    ),
    cost=0.0006,
)
