r"""Refining the norm bounds helps at every step: sets, matrix and rate decrease.

With $X_k$, $A_k$ of `norm_sets` and `norm_comparison`: $H_{k+1}\le H_k$, $\bar c_{k+1}\le\bar c_k$ (so $X_{k+1}\subseteq X_k$),
$A_{k+1}\le A_k$ entry by entry and $\rho(A_{k+1})\le\rho(A_k)$. The limits are the largest fixed point below the start.

Why: $H_1=s_o\tanh\bar c_0<1=H_0$, and every map of the chain from $H$ to $r$, the gates, $\bar c$ and $s_o\tanh\bar c$
is nondecreasing, so induct; the entries of $A$ are nondecreasing in those numbers; $\rho$ is monotone on nonnegative
matrices (Perron-Frobenius). The start matters: from a small $H_0$ the iterates grow, and bound nothing.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from bounds.claim import Choice, Claim, Enclosure, Evidence, Int, Real, Step, rounded
from bounds.common.lstm import LSTMNet, sigmoid
from bounds.lstm_recovery.closed_form import spectral_radius_2x2
from bounds.lstm_recovery.instances import net_of, weights
from bounds.lstm_recovery.norm_comparison import comparison_matrix_2x2
from bounds.lstm_recovery.norm_sets import norm_invariant_set
from bounds.measure.ball import positive_on_boxes
from bounds.measure.rational import certificate
from bounds.measure.symbolic import identity


@dataclass(frozen=True, eq=False)
class Refined:
    """A net at step k of the refinement, in the q-norm."""

    net: LSTMNet
    k: int
    q: float
    umax: float


def refined(W: Any, U: Any, b: Any, k: int, q: float, umax: float, **sides: int) -> Refined:
    """A net and a step."""
    return Refined(net_of(W, U, b), k, q, umax)


def size(x: Refined, k: int) -> Enclosure:
    """H_{k+1}, cb_k, the entries of A_k and its spectral radius; each a chain of monotone maps with a few ulps per link."""
    s, M = norm_invariant_set(x.net, k, x.umax), comparison_matrix_2x2(x.net, k, x.q, x.umax)
    rho = spectral_radius_2x2(s["sf"], s["so"], M.al, M.be)
    return rounded(s["H_next"], s["cb"], *M.A.ravel(), rho, rel=1e-12)


def from_small_start(x: Refined, k: int, H: float = 0.01) -> Enclosure:
    """H after k refinements that begin at a small number instead of 1."""
    for _ in range(k):
        r = x.umax * np.abs(x.net.W).sum(axis=2) + H * np.abs(x.net.U).sum(axis=2) + np.abs(x.net.b)
        r_f, r_i, r_o, r_c = r.max(axis=1)
        H = float(sigmoid(r_o) * np.tanh(sigmoid(r_i) * np.tanh(r_c) / sigmoid(-r_f)))
    return rounded(H)


def _grows_with_forgetting(sign: int) -> Evidence:
    import sympy

    r, si, ph = sympy.symbols("r si ph", positive=True)
    sf = 1 / (1 + sympy.exp(-r))
    return identity(lambda: sympy.diff(si * ph / (1 - sf), r) - sign * si * ph * sf / (1 - sf))


def _new_state_grows(gate: str) -> Evidence:
    """d/dr of s(r)·tanh(c), s(r)·tanh(1) or s(-r): positive where r, the largest preactivation, lies in [0, 8]."""

    def slope(r: Any, c: Any) -> Any:
        s = 1 / (1 + (-r).exp())
        return {"output": s * (1 - s) * c.tanh(), "cell": s * (1 - c.tanh() ** 2), "leak": -s * (1 - s) * c.tanh()}[gate]

    return positive_on_boxes(slope, [[(0, 8), (Fraction(1, 64), 4)]])


def _grows_in_its_numbers(sign: int) -> Evidence:
    """Every entry of A as a polynomial in s_f, s_i, s_o, p_h, c̄, tanh c̄ and the norms: no coefficient is negative."""
    import sympy

    sf, si, so, ph, cb, t, *N = sympy.symbols("sf si so ph cb t N0:4")
    al, be = cb * N[0] / 4 + sign * si * N[3] + ph * N[1] / 4, t * N[2] / 4
    entries = [sympy.Poly(e, sf, si, so, ph, cb, t, *N) for e in (sf, al, so * sf, so * al + be)]
    return certificate(lambda: all(c > 0 for e in entries for c in e.coeffs()), "coefficients of four polynomials, exactly")


CLAIM = Claim(
    source="yoshihara2025resilience, Lemma B.1, reconstructed",
    says="X_{k+1} ⊆ X_k,  A_{k+1} ≤ A_k entrywise,  ρ(A_{k+1}) ≤ ρ(A_k)",
    space={**weights(), "k": Int(0, 4), "q": Choice((1.0, 2.0, np.inf)), "umax": Real(0, 2)},
    build=refined,
    assumes={},
    actual=lambda x: size(x, x.k + 1),
    bound=lambda x: size(x, x.k),
    falsified={
        "the start of the refinement does not matter": {
            "actual": lambda x: from_small_start(x, x.k + 1),
            "bound": lambda x: from_small_start(x, x.k),
        },
        "each step gains a tenth": {
            "bound": lambda x: Enclosure(0.9 * np.asarray(size(x, x.k).lo), 0.9 * np.asarray(size(x, x.k).hi))
        },
    },
    covers={"the paper's matrix": lambda x: x.k == 0},
    proof=(
        Step(
            says="∂c̄/∂r_f = s_i p_h s_f/(1 − s_f) ≥ 0",
            check=lambda: _grows_with_forgetting(1),
            false_twin=lambda: _grows_with_forgetting(-1),
        ),
        Step(
            says="s(r_o) tanh c̄ increases with r_o",
            check=lambda: _new_state_grows("output"),
            false_twin=lambda: _new_state_grows("leak"),
        ),
        Step(
            says="s(r_o) tanh c̄ increases with c̄",
            check=lambda: _new_state_grows("cell"),
            false_twin=lambda: _new_state_grows("leak"),
        ),
        Step(
            says="the entries of A are polynomials with coefficients ≥ 0 in s_f, s_i, s_o, p_h, c̄, tanh c̄ and the norms",
            check=lambda: _grows_in_its_numbers(1),
            false_twin=lambda: _grows_in_its_numbers(-1),
        ),
    ),
    cost=0.0005,
)
