r"""SP-3: adding a unit is a rank-one update, and its gain needs one column.

With s = S_J[:, j] and d = s_j + τ_j for a unit j outside J (τ ≥ 0),
$$ S_{J\cup j}=S_J-ss^\top/d,\qquad L_M(J)-L_M(J\cup j)=s^\top Ms/d; $$
if d = 0 then s = 0, and nothing changes. Why: block inversion of the Gram matrix of the augmented features. Judged in
Fractions, S_{J∪j} from its definition. Units: h² times those of M.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from bounds.claim import Array, Claim, Evidence, Int, Step, exact
from bounds.measure.symbolic import identity as vanishes
from bounds.spectral_pruning.covariances import KEPT, Kept, fractions, kept, largest
from bounds.spectral_pruning.information import information_loss, residual_covariance, selection_gain


@dataclass(frozen=True)
class Candidate:
    """Kept units, one more unit, and a weight M = WᵀW."""

    units: Kept
    j: int
    M: np.ndarray

    @property
    def after(self) -> np.ndarray:
        """S_{J ∪ j} by its definition."""
        return residual_covariance(self.units.Sig, [*self.units.J, self.j], self.units.tau)

    @property
    def gain(self) -> Fraction:
        """L_M(J) − L_M(J ∪ j) by its definition."""
        x = self.units
        with_j, without = (information_loss(x.Sig, J, x.tau, self.M) for J in ([*x.J, self.j], x.J))
        return Fraction(without - with_j)


def candidate(W: Any, j: int, keep: Any, **units: Any) -> Candidate:
    """j is reduced to one of the m units and taken out of J; W is cut to m columns."""
    m = np.asarray(units["h"]).shape[1]
    x = kept(keep=[flag and i != j % m for i, flag in enumerate(keep)], **units)
    cut = fractions(W)[:, :m]
    return Candidate(x, j % m, cut.T @ cut)


def difference(c: Candidate) -> Any:
    """How far the update of S, and of the loss, are from their definitions."""
    s, x = c.units.S[:, c.j], c.units
    d = s[c.j] + x.tau[c.j]
    updated = x.S - np.outer(s, s) / d if d else x.S
    return exact(largest(c.after - updated), abs(c.gain - selection_gain(x.Sig, x.J, c.j, x.tau, c.M)))


def gain_without_ridge(c: Candidate) -> Any:
    """sᵀ M s/s_j: the ridge is missing in the denominator."""
    s = c.units.S[:, c.j]
    return (s @ c.M @ s) / s[c.j] if s[c.j] else Fraction(0)


def gain_of_diagonal(c: Candidate) -> Any:
    """M_jj s_j²/d: only what the unit explains of itself."""
    s = c.units.S[:, c.j]
    return c.M[c.j, c.j] * s[c.j] ** 2 / (s[c.j] + c.units.tau[c.j]) if s[c.j] else Fraction(0)


def block_inversion(ridge: int) -> Evidence:
    """Two steps of the update against Σ_FJ (Σ_JJ + D)⁻¹ Σ_JF for a symbolic 3 × 3 Σ; the twin drops the ridge once."""
    import sympy as sp

    Sig = sp.Matrix(3, 3, lambda i, j: sp.Symbol(f"s{min(i, j)}{max(i, j)}"))
    t0, t1 = sp.symbols("tau:2", positive=True)
    first = Sig - Sig[:, 0] * Sig[0, :] / (Sig[0, 0] + t0)
    second = first - first[:, 1] * first[1, :] / (first[1, 1] + ridge * t1)
    whole = Sig - Sig[:, :2] * (Sig[:2, :2] + sp.diag(t0, t1)).inv() * Sig[:2, :]
    return vanishes(lambda: second - whole)


CLAIM = Claim(
    source="furuya2022pruning, reconstructed (SP-3)",
    says="S_{J∪j} = S_J − s sᵀ/d and L_M(J) − L_M(J∪j) = sᵀMs/d, with s = S_J e_j, d = s_j + τ_j",
    space=KEPT
    | {
        "tau": Array(("m",), 0, 4, step=Fraction(1, 2)),
        "j": Int(0, 3),
        "W": Array((2, 4), -2, 2, step=Fraction(1, 2)),
    },
    build=candidate,
    assumes={},
    actual=difference,
    bound=lambda c: exact(0, 0),
    tightness="difference",
    falsified={
        "ridge missing in the denominator": {"actual": lambda c: exact(abs(c.gain - gain_without_ridge(c)), 0)},
        "only its own variance": {"actual": lambda c: exact(abs(c.gain - gain_of_diagonal(c)), 0)},
    },
    witness={
        "ridge missing in the denominator": {"h": [[1]], "keep": [0], "tau": [1], "j": 0, "W": [[1]]},
        "only its own variance": {"h": [[1, 1]], "keep": [0, 0], "tau": [1, 1], "j": 0, "W": [[1, 0], [0, 1]]},
    },
    covers={
        "nothing left to explain": lambda c: c.units.S[c.j, c.j] + c.units.tau[c.j] == 0,
        "no ridge": lambda c: not any(c.units.tau),
        "a kept unit is a copy": lambda c: bool(c.units.J) and c.units.S[c.j, c.j] == 0,
    },
    proof=(
        Step(
            says="two rank-one updates are one block regression, 3 units, all entries symbols",
            check=lambda: block_inversion(1),
            false_twin=lambda: block_inversion(0),
        ),
    ),
    cost=0.002,
)
