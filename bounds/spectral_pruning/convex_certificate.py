r"""SP-5 (d): a convex relaxation certifies a lower bound on the loss of every k units, whoever found its w.

For τ > 0 and any w in [0, 1]^m with Σw = k, S_w = (Σ⁻¹ + diag(w_j/τ_j))⁻¹ and g_j = −(S_w²)_jj/τ_j,
$$ L(J)\ge\operatorname{Tr}S_w+(\text{sum of the }k\text{ least }g_j)-g\cdot w\qquad\text{for every }|J|=k. $$
Why: w ↦ Tr S_w is convex (the inverse is) with slope g, L(J) is its value at the indicator of J, and a linear function is
least at a vertex. Judged in Fractions at drawn w. Units: h².
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from bounds.claim import Array, Claim, Enclosure, Evidence, Real, Step, exact
from bounds.measure.symbolic import identity as vanishes
from bounds.spectral_pruning.covariances import SPECTRAL, Spectral, fractions, spectral
from bounds.spectral_pruning.information import information_loss, trace
from bounds.spectral_pruning.lower_bounds import relaxation_certificate, relaxed_residual


@dataclass(frozen=True)
class Relaxed:
    """Any set of units, and shares w of all units with the same sum."""

    x: Spectral
    w: np.ndarray  # (m,) Fractions


def relaxed(order: Any, spread: Any, **x: Any) -> Relaxed:
    """w moves from the k units of largest `order` (spread 0) to the even share k/m (spread 1)."""
    one = spectral(**x)
    k, m = len(one.J), one.m
    first = np.argsort(-np.asarray(order, dtype=float)[:m], kind="stable")[:k]
    vertex = fractions(np.isin(np.arange(m), first).astype(int))
    return Relaxed(one, vertex * (1 - Fraction(spread)) + Fraction(spread) * Fraction(k, m))


def certified(r: Relaxed) -> Enclosure:
    """The certificate at w."""
    return exact(relaxation_certificate(r.x.Sig, r.x.tau, r.w))


def without_slope(r: Relaxed) -> Enclosure:
    """Tr S_w itself."""
    return exact(trace(relaxed_residual(r.x.Sig, r.w / r.x.tau)))


def with_largest_slopes(r: Relaxed) -> Enclosure:
    """The k largest g_j in place of the least."""
    S = relaxed_residual(r.x.Sig, r.w / r.x.tau)
    g = -(S * S).sum(axis=1) / r.x.tau
    return exact(trace(S) + sum(sorted(g, reverse=True)[: len(r.x.J)], Fraction(0)) - (g * r.w).sum())


def slope(power: int) -> Evidence:
    """∂ Tr S_w/∂w₀ = −(S_w^power)₀₀/τ₀ for a symbolic 2 × 2 Σ: power 2; the false twin has 1."""
    import sympy as sp

    a, b, c, t0, t1 = sp.symbols("a b c t0 t1", positive=True)
    w0, w1 = sp.symbols("w0 w1", nonnegative=True)
    S = (sp.Matrix([[a, b], [b, c]]).inv() + sp.diag(w0 / t0, w1 / t1)).inv()
    return vanishes(lambda: sp.diff(S.trace(), w0) + (S**power)[0, 0] / t0)


CLAIM = Claim(
    source="new, SP-5 (d)",
    says="L(J) ≥ Tr S_w + Σ(k least g) − g·w for every |J| = k and every w in [0,1]^m with Σw = k",
    space=SPECTRAL | {"order": Array(("m",), 0, 1), "spread": Real(0, 1, step=Fraction(1, 8))},
    build=relaxed,
    assumes={},
    actual=certified,
    bound=lambda r: exact(information_loss(r.x.Sig, r.x.J, r.x.tau)),
    tightness="difference",
    falsified={"without the slope": {"actual": without_slope}, "largest slopes": {"actual": with_largest_slopes}},
    covers={
        "inside the polytope": lambda r: any(0 < v < 1 for v in r.w),
        "singular": lambda r: 0 < r.x.rank < r.x.m,
        "a certificate that says something": lambda r: len(r.x.J) > 0 and relaxation_certificate(r.x.Sig, r.x.tau, r.w) > 0,
    },
    tight_at=({"mu": [2, 3], "keep": [1, 1], "tau": [1, 1], "order": [1, 0], "spread": 0},),
    proof=(
        Step(
            says="the slope of Tr S_w in w_j is −(S_w²)_jj/τ_j, 2 units, all entries symbols",
            check=lambda: slope(2),
            false_twin=lambda: slope(1),
        ),
    ),
    cost=0.001,
)
