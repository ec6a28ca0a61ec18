r"""SP-1 (a): the reconstruction A_J = Σ_FJ (Σ_JJ + D_J)⁻¹ minimises the ridge objective, and by how much.

For states h with mean covariance Σ, kept units J, ridges τ > 0 and *every* matrix A (m × |J|),
$$ \|h-Ah_J\|_{n,T}^2+\operatorname{Tr}(AD_JA^\top)
   =\operatorname{Tr}S_J+\operatorname{Tr}\bigl[(A-A_J)(\Sigma_{JJ}+D_J)(A-A_J)^\top\bigr]. $$
Why: the left side is Tr Σ − 2 Tr AΣ_JF + Tr A(Σ_JJ + D_J)Aᵀ; complete the square. Judged in Fractions, the left side from
the states themselves. Units: h².
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bounds.claim import Array, Claim, Evidence, Step, exact
from bounds.measure.symbolic import identity as vanishes
from bounds.spectral_pruning.covariances import KEPT, Kept, fractions, kept
from bounds.spectral_pruning.information import trace


@dataclass(frozen=True)
class Attempt:
    """Kept units, and some matrix with which the others are rebuilt from them."""

    units: Kept
    A: np.ndarray  # (m, |J|) Fractions


def attempt(A: ArrayLike, **units: Any) -> Attempt:
    """A is cut to m rows and |J| columns."""
    x = kept(**units)
    return Attempt(x, fractions(A)[: x.m, : len(x.J)])


def objective(x: Attempt) -> Fraction:
    """Mean squared reconstruction error plus the ridge, from the states."""
    h, A = x.units.h, x.A
    residual = h - h[:, x.units.J] @ A.T
    return Fraction((residual * residual).sum() / len(h) + (A * A * x.units.tau[x.units.J]).sum())


def completed_square(x: Attempt, ridge_in_excess: bool = True) -> Fraction:
    """The right-hand side."""
    J, excess = x.units.J, x.A - x.units.A
    metric = x.units.Sig[np.ix_(J, J)] + (x.units.D if ridge_in_excess else 0 * x.units.D)
    return Fraction(trace(x.units.S) + (excess @ metric * excess).sum())


def square_completes(factor: int) -> Evidence:
    """The identity for a symbolic 3 × 3 Σ, J = {0, 1}: factor 1; the false twin forgets the ridge in the excess (0)."""
    import sympy as sp

    Sig = sp.Matrix(3, 3, lambda i, j: sp.Symbol(f"s{min(i, j)}{max(i, j)}"))
    A, D = sp.Matrix(3, 2, sp.symbols("a:6")), sp.diag(*sp.symbols("tau:2", positive=True))
    kept_part, cross = Sig[:2, :2], Sig[:, :2]
    A_J = cross * (kept_part + D).inv()
    left = (Sig - A * cross.T - cross * A.T + A * (kept_part + D) * A.T).trace()
    right = (Sig - A_J * cross.T).trace() + ((A - A_J) * (kept_part + factor * D) * (A - A_J).T).trace()
    return vanishes(lambda: left - right)


CLAIM = Claim(
    source="furuya2022pruning, reconstructed (SP-1 a)",
    says="‖h − A h_J‖² + Tr A D_J Aᵀ = Tr S_J + Tr (A − A_J)(Σ_JJ + D_J)(A − A_J)ᵀ for every A",
    space=KEPT | {"A": Array((4, 4), -2, 2, step=Fraction(1, 2))},
    build=attempt,
    assumes={},
    actual=lambda x: exact(abs(objective(x) - completed_square(x))),
    bound=lambda x: exact(Fraction(0)),
    tightness="difference",
    falsified={
        "excess without the ridge": {"actual": lambda x: exact(abs(objective(x) - completed_square(x, False)))},
    },
    witness={"excess without the ridge": {"h": [[1]], "keep": [1], "tau": [1], "A": [[0]]}},
    covers={
        "no unit is kept": lambda x: not x.units.J,
        "every unit is kept": lambda x: len(x.units.J) == x.units.m,
        "fewer states than units": lambda x: len(x.units.h) < x.units.m,
    },
    proof=(
        Step(
            says="completing the square, 3 units of which 2 are kept, all entries symbols",
            check=lambda: square_completes(1),
            false_twin=lambda: square_completes(0),
        ),
    ),
    cost=0.001,
)
