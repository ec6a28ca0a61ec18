r"""From a nonnegative matrix to a time: powers, weights, and which of them is never worse.

Let $A\ge0$, $d_0\ge0$, and $w>0$ with $Aw\le rw$, $0<r<1$; $M=\max(d_0/w)$. Then $A^td_0\le Mr^tw$, so for the last exit of the
hidden part from $e$
$$ T_{pow}(e)=\min\{T:\max(A^td_0)_h\le e\ \forall t\ge T\}\le T_w(e)=\min\{t\ge0:M\max(w_h)\,r^t\le e\} . $$
$\inf_wr=\rho(A)$, taken by a Perron vector if that is positive; for given $r$ the best $w$ solves a linear program, whose
least solution is that of $w=\max(d_0,Aw/r)$. Why: induction on $t$; and for any $w>0$ a left Perron vector $y$ has
$y^TAw=\rho\,y^Tw$, so some $(Aw)_i/w_i\ge\rho$.

$A^td_0$ need not decrease (a variant below): one may stop only at $\max((A^td_0)/v)\max(v_h)\le e$ for a $v>0$ with $Av\le v$,
or clip at $d_0$ where $d_0$ bounds $d_t$ for all $t$.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from importlib import import_module
from typing import Any

import numpy as np

from bounds.claim import Array, Claim, Evidence, Int, Real, Step, exact
from bounds.lstm_recovery.ladder import perron
from bounds.measure.convex import Program, dual_bound, primal_bound
from bounds.measure.rational import certificate, to_fractions
from bounds.measure.symbolic import identity

Hidden = Sequence[int] | slice | np.ndarray


def _checked(A: Any, d0: Any, e: float) -> tuple[np.ndarray, np.ndarray]:
    A, d0 = np.asarray(A, float), np.asarray(d0, float)
    if A.shape != (d0.size, d0.size) or not (np.isfinite(A).all() and (A >= 0).all() and (d0 >= 0).all()):
        raise ValueError(f"A must be a finite nonnegative square matrix that fits d0 >= 0, got {A.shape} and {d0.shape}")
    if not e > 0:
        raise ValueError(f"the tolerance e must be positive, got {e}")
    return A, d0


def recovery_time_weighted(A: Any, w: Any, r: float, d0: Any, e: float, hidx: Hidden) -> float:
    """T_w in steps, inf if r ≥ 1; `hidx` selects the hidden part. ValueError unless w > 0 and A w ≤ r w up to 1e-9; within
    that, T is that of the rate max (A w)/w which w does have.

    >>> recovery_time_weighted([[0.5, 0.0], [0.5, 0.0]], [1.0, 1.0], 0.5, [1.0, 1.0], 0.25, [1])
    2
    """
    A, d0 = _checked(A, d0, e)
    w = np.asarray(w, float)
    if w.shape != d0.shape or not (w > 0).all() or (A @ w > r * w * (1 + 1e-9)).any():
        raise ValueError(f"w must be positive with A w <= r w, but max (A w)/w exceeds r = {r} or an entry is not positive")
    r = max(r, float((A @ w / w).max()))
    if r >= 1:
        return math.inf
    top = float((d0 / w).max() * w[hidx].max())
    return max(0, math.ceil(math.log(top / e) / -math.log(r))) if top > e else 0


def recovery_time_power(A: Any, d0: Any, e: float, hidx: Hidden, most: int = 100_000) -> float:
    """T_pow in steps: the last exit of (A^t d0)_h from e; inf if A has no v > 0 with A v ≤ v, or beyond `most` steps."""
    A, d = _checked(A, d0, e)
    rate, v = perron(A)
    if not rate.hi <= 1:
        return math.inf
    last, reach = 0, v[hidx].max()
    for t in range(most):
        if d[hidx].max() > e:
            last = t + 1
        if (d / v).max() * reach <= e:
            return last
        d = A @ d
    return math.inf


def best_weight_lp(A: Any, r: float, d0: Any, hidx: Hidden) -> tuple[np.ndarray | None, float]:
    """(w, max w_h) that minimises max w_h over w ≥ d0, A w ≤ r w: the best T_w for this r. (None, inf) if none exists."""
    cp: Any = import_module("cvxpy")
    A, d0 = _checked(A, d0, 1.0)
    w = cp.Variable(d0.size)
    problem = cp.Problem(cp.Minimize(cp.max(w[hidx])), [w >= d0, A @ w <= r * w])
    problem.solve(solver=cp.CLARABEL)
    if problem.status != cp.OPTIMAL:
        return None, math.inf
    return np.asarray(w.value), float(problem.value)


def best_weight_gp(A: Any, d0: Any, e: float, hidx: Hidden) -> tuple[np.ndarray | None, float]:
    """(w, r) of smallest max (A w)/w among w ≥ d0, from the geometric program that has it as its objective."""
    cp: Any = import_module("cvxpy")
    A, d0 = _checked(A, d0, e)
    w, r = cp.Variable(d0.size, pos=True), cp.Variable(pos=True)
    rows = [cp.sum([A[i, j] * w[j] for j in range(d0.size) if A[i, j] > 0]) <= r * w[i] for i in range(d0.size) if A[i].any()]
    problem = cp.Problem(cp.Minimize(r), [*rows, *(w[i] >= d0[i] for i in range(d0.size) if d0[i] > 0)])
    problem.solve(gp=True, solver=cp.CLARABEL)
    if problem.status != cp.OPTIMAL:
        return None, math.inf
    return np.asarray(w.value), float(r.value)


# ---- the claim, in exact arithmetic ---------------------------------------------------------------------------------


@dataclass(frozen=True)
class Decay:
    """A in Fractions, a start, and a weight with A w ≤ r w; the second half of the entries is hidden."""

    A: list[list[Fraction]]
    w: list[Fraction]
    r: Fraction
    d0: list[Fraction]
    e: Fraction

    def after(self, d: list[Fraction]) -> list[Fraction]:
        """A d."""
        return [sum((a * x for a, x in zip(row, d, strict=True)), Fraction(0)) for row in self.A]

    def hidden(self, d: list[Fraction]) -> Fraction:
        """Largest hidden entry."""
        return max(d[len(d) // 2 :])


def decay(units: int, A: Any, w: Any, d0: Any, r: Any, e: Any, calm: int = 0) -> Decay:
    """A is scaled so that max (A w)/w is exactly r; with `calm`, the hidden part starts at 0."""
    size = 2 * units
    rows = [[Fraction(x) for x in row[:size]] for row in A[:size]]
    weight, start = [Fraction(x) for x in w[:size]], [Fraction(x) for x in d0[:size]]
    start[units:] = [x * (1 - calm) for x in start[units:]]
    largest = max(
        sum((a * x for a, x in zip(row, weight, strict=True)), Fraction(0)) / x for row, x in zip(rows, weight, strict=True)
    )
    scale = Fraction(r) / largest if largest else Fraction(0)
    return Decay([[a * scale for a in row] for row in rows], weight, Fraction(r), start, Fraction(e))


def last_exit(x: Decay) -> int:
    """T_pow: exact powers until no later one can leave again, by A w ≤ w."""
    d, last, t = x.d0, 0, 0
    while True:
        if x.hidden(d) > x.e:
            last = t + 1
        if max(a / b for a, b in zip(d, x.w, strict=True)) * x.hidden(x.w) <= x.e:
            return last
        d, t = x.after(d), t + 1


def first_entry(x: Decay) -> int:
    """The first t at which the hidden part is within e."""
    d, t = x.d0, 0
    while x.hidden(d) > x.e:
        d, t = x.after(d), t + 1
    return t


def weighted(x: Decay, prefactor: bool = True) -> int:
    """T_w: the first t with M max(w_h) r^t ≤ e."""
    top = max(a / b for a, b in zip(x.d0, x.w, strict=True)) * x.hidden(x.w) if prefactor else Fraction(1)
    t = 0
    while top > x.e:
        top, t = top * x.r, t + 1
    return t


def _perron(left: bool, vector_of_the_left: bool) -> Evidence:
    """y^T A = ρ y^T, or A x = ρ x, for the 2x2 of `closed_form` with x = (ρ − so·al − be, so·sf), y = (so·sf, ρ − sf)."""
    import sympy

    sf, so, al, be = sympy.symbols("sf so al be", positive=True)
    rho = (sf + so * al + be + sympy.sqrt((sf - so * al - be) ** 2 + 4 * al * so * sf)) / 2
    A = sympy.Matrix([[sf, al], [so * sf, so * al + be]])
    vector = sympy.Matrix([so * sf, rho - sf]) if vector_of_the_left else sympy.Matrix([rho - so * al - be, so * sf])
    return identity(lambda: (A.T if left else A) * vector - rho * vector)


def _optimal_weight(w: Any) -> Evidence:
    """For A = ((1/4, 1/8), (1/2, 1/4)), r = 3/4, d0 = (1, 1/2): w is feasible, and by weak duality none has a smaller w_2.

    The multipliers are 1/(r − a_22) for the row (A w)_2 ≤ r w_2 and a_21/(r − a_22) for w_1 ≥ d0_1."""
    rows = to_fractions([[-1, 0], [0, -1], ["-1/2", "1/8"], ["1/2", "-1/2"]])
    right, cost = to_fractions([-1, "-1/2", 0, 0]), to_fractions([0, 1])
    program = Program(q=cost, A=rows, b=right, cones=[("nonnegative", 4)])
    return certificate(lambda: primal_bound(program, w) == dual_bound(program, [1, 0, 0, 2]), "weak duality, exactly")


ENTRY = Fraction(1, 8)

CLAIM = Claim(
    source="new",
    says="A w ≤ r w, w > 0, r < 1  ⇒  the last exit of (Aᵗd₀)_h from e comes by T_w(e)",
    space={
        "units": Int(1, 2),
        "A": Array((4, 4), 0, 2, step=ENTRY),
        "w": Array((4,), 1 / 8, 2, step=ENTRY),
        "d0": Array((4,), 0, 4, step=ENTRY),
        "r": Real(1 / 8, 7 / 8, step=ENTRY),
        "e": Real(1 / 32, 1, step=Fraction(1, 32)),
        "calm": Int(0, 1),
    },
    build=decay,
    assumes={},
    actual=lambda x: exact(last_exit(x)),
    bound=lambda x: exact(weighted(x)),
    falsified={
        "the first entry is the last exit": {"bound": lambda x: exact(first_entry(x))},
        "no prefactor: log(1/e)/log(1/r)": {"bound": lambda x: exact(weighted(x, prefactor=False))},
        "one step less": {"bound": lambda x: exact(max(0, weighted(x) - 1))},
    },
    covers={
        "leaves again after entering": lambda x: first_entry(x) < last_exit(x),
        "both times equal": lambda x: last_exit(x) == weighted(x) > 0,
    },
    witness={
        "the first entry is the last exit": {
            "units": 1,
            "A": [[1, 0], [1, 0]],  # scaled to 9/10 in the first column
            "w": [1, 1],
            "d0": [1, 0],
            "r": Fraction(9, 10),
            "e": Fraction(3, 10),
        }
    },
    proof=(
        Step(
            says="A x = ρ x for x = (ρ − s_o α − β, s_o s_f)",
            check=lambda: _perron(left=False, vector_of_the_left=False),
            false_twin=lambda: _perron(left=False, vector_of_the_left=True),
        ),
        Step(
            says="yᵀA = ρ yᵀ for y = (s_o s_f, ρ − s_f): so no w > 0 has max (A w)/w below ρ",
            check=lambda: _perron(left=True, vector_of_the_left=True),
            false_twin=lambda: _perron(left=True, vector_of_the_left=False),
        ),
        Step(
            says="the least solution (1, 1) of w = max(d0, A w/r) solves the linear program, in an example",
            check=lambda: _optimal_weight([1, 1]),
            false_twin=lambda: _optimal_weight([1, 2]),
        ),
    ),
    cost=0.001,
)
