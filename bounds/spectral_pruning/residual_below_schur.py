r"""SP-1 (b): what is lost through any weight W is at most Tr(W S_J Wᵀ), the information loss.

With r = h − A_J h_J the residual of the ridge reconstruction, R = mean of r rᵀ and τ > 0,
$$ S_J=R+A_JD_JA_J^\top,\qquad \|Wr\|_{n,T}^2=\operatorname{Tr}(WRW^\top)\le\operatorname{Tr}(WS_JW^\top)\text{ for every }W, $$
with equality if and only if W A_J = 0. Why: expand R and use A_J(Σ_JJ + D_J) = Σ_FJ. Judged in Fractions, R from the
states themselves. Units: h² times those of W².
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bounds.claim import Array, Claim, Evidence, Step, exact
from bounds.measure.symbolic import identity as vanishes
from bounds.spectral_pruning.covariances import KEPT, Kept, fractions, kept, largest


@dataclass(frozen=True)
class Seen:
    """Kept units, and the weight through which their residual is seen."""

    units: Kept
    W: np.ndarray  # (2, m) Fractions

    def through(self, matrix: np.ndarray) -> Fraction:
        """Tr(W matrix Wᵀ)."""
        return Fraction((self.W @ matrix * self.W).sum())


def seen(W: ArrayLike, **units: Any) -> Seen:
    """W is cut to m columns."""
    x = kept(**units)
    return Seen(x, fractions(W)[:, : x.m])


def residual_second_moment(x: Kept) -> np.ndarray:
    """R = (1/nT) Σ r rᵀ, from the states."""
    r = x.h - x.h[:, x.J] @ x.A.T
    return np.asarray(r.T @ r / len(r))


def left(x: Seen) -> Any:
    """Loss seen through W; how far S = R + A D Aᵀ is from holding; is there equality; is W A = 0."""
    R, units = residual_second_moment(x.units), x.units
    gap = largest(units.S - R - units.A @ units.D @ units.A.T)
    equal, blind = x.through(R) == x.through(units.S), not largest(x.W @ units.A)
    return exact(x.through(R), gap, equal, blind)


def right(x: Seen) -> Any:
    """Information loss through W; no gap; the two truth values exchanged."""
    R, units = residual_second_moment(x.units), x.units
    equal, blind = x.through(R) == x.through(units.S), not largest(x.W @ units.A)
    return exact(x.through(units.S), 0, blind, equal)


def splits(ridge: int) -> Evidence:
    """S = R + ridge · A D Aᵀ for a symbolic 3 × 3 Σ, J = {0, 1}: ridge 1; the false twin R = S has 0."""
    import sympy as sp

    Sig = sp.Matrix(3, 3, lambda i, j: sp.Symbol(f"s{min(i, j)}{max(i, j)}"))
    D = sp.diag(*sp.symbols("tau:2", positive=True))
    A = Sig[:, :2] * (Sig[:2, :2] + D).inv()
    R = Sig - A * Sig[:2, :] - Sig[:, :2] * A.T + A * Sig[:2, :2] * A.T
    return vanishes(lambda: Sig - A * Sig[:2, :] - R - ridge * A * D * A.T)


CLAIM = Claim(
    source="furuya2022pruning, reconstructed (SP-1 b)",
    says="‖W r‖² ≤ Tr W S_J Wᵀ with equality iff W A_J = 0, and S_J = R + A_J D_J A_Jᵀ",
    space=KEPT | {"W": Array((2, 4), -2, 2, step=Fraction(1, 2))},
    build=seen,
    assumes={},
    actual=left,
    bound=right,
    falsified={
        "the residual covariance is S_J": {
            "actual": lambda x: exact(x.through(x.units.S)),
            "bound": lambda x: exact(x.through(residual_second_moment(x.units))),
        },
    },
    witness={"the residual covariance is S_J": {"h": [[1]], "keep": [1], "tau": [1], "W": [[1], [0]]}},
    covers={
        "equality": lambda x: bool(x.units.J) and largest(x.W) > 0 and not largest(x.W @ x.units.A),
        "no unit is kept": lambda x: not x.units.J,
    },
    tight_at=({"h": [[1, 0], [0, 1]], "keep": [1, 0], "tau": [1, 1], "W": [[0, 1], [0, 0]]},),
    proof=(
        Step(
            says="S_J = R + A_J D_J A_Jᵀ, 3 units of which 2 are kept, all entries symbols",
            check=lambda: splits(1),
            false_twin=lambda: splits(0),
        ),
    ),
    cost=0.001,
)
