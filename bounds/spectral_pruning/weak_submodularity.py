r"""SP-4 (b), the inequality behind greedy: single gains add up to at least γ times the joint gain.

For disjoint L and X, f_M(J) = Tr MΣ − L_M(J) and γ the least eigenvalue of the correlation matrix of Σ + diag(τ),
$$ \gamma\,[f_M(L\cup X)-f_M(L)]\le\sum_{x\in X}[f_M(L\cup x)-f_M(L)]. $$
Why: given L, the residual features of X have a correlation matrix whose least eigenvalue is at least γ (Schur complement;
variances only shrink); the joint gain is a quadratic form in its inverse. Gains are Fractions; γ is LAPACK's, backward
stable to 1e-14 for at most 4 units, enclosed ± 1e-12. Units: h² times those of M.
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from bounds.claim import Array, Axis, Claim, Enclosure, Int, exact
from bounds.spectral_pruning.covariances import KEPT, Kept, fractions, kept
from bounds.spectral_pruning.information import information_loss, selection_gain
from bounds.spectral_pruning.selection import weak_submodularity_ratio


@dataclass(frozen=True)
class Joint:
    """Kept units L, the units X that may join, and a weight M."""

    units: Kept
    X: list[int]
    M: np.ndarray

    @property
    def gain(self) -> Fraction:
        """What X gains together."""
        x = self.units
        before, after = (information_loss(x.Sig, J, x.tau, self.M) for J in (x.J, [*x.J, *self.X]))
        return Fraction(before - after)


def joint(join: Any, W: Any, **units: Any) -> Joint:
    """A flag for each unit that joins; M = WᵀW from two rows of weights."""
    x = kept(**units)
    cut = fractions(W)[:, : x.m]
    return Joint(x, [j for j in range(x.m) if join[j] and j not in x.J], cut.T @ cut)


def at_least(x: Joint) -> Enclosure:
    """γ times the joint gain. f_M never falls, so the gain is not negative."""
    gamma, gain = weak_submodularity_ratio(x.units.Sig, x.units.tau), float(x.gain)
    return Enclosure((gamma - 1e-12) * gain * (1 - 1e-15), (gamma + 1e-12) * gain * (1 + 1e-15))


def single_gains(x: Joint) -> Enclosure:
    """The sum of the single gains."""
    u = x.units
    return exact(sum((selection_gain(u.Sig, u.J, j, u.tau, x.M) for j in x.X), Fraction(0)))


SPACE: dict[str, Axis] = KEPT | {
    "tau": Array(("m",), 0, 4, step=Fraction(1, 2)),
    "join": Array(("m",), 0, 1, step=1),
    "W": Array((2, 4), -2, 2, step=Fraction(1, 2)),
}

CLAIM = Claim(
    source="furuya2022pruning, reconstructed (SP-4 b)",
    says="γ [f(L ∪ X) − f(L)] ≤ Σ_{x∈X} [f(L + x) − f(L)], γ = λ_min of the correlations of Σ + diag τ",
    space=SPACE,
    build=joint,
    assumes={},
    actual=at_least,
    bound=single_gains,
    falsified={
        "submodular, γ = 1": {
            "actual": lambda x: exact(x.gain),
            "space": SPACE
            | {"p": Int(2, 3), "m": Int(2, 3), "keep": Array(("m",), 0, 0, step=1), "join": Array(("m",), 1, 1, step=1)},
            "cost": 0.001,
        }
    },
    witness={
        "submodular, γ = 1": {
            "h": [[1, 1, 0], [0, 1, 2]],
            "keep": [0, 0, 0],
            "join": [1, 1, 0],
            "tau": [0, 0, 0],
            "W": [[1, 1, 0], [0, 1, 2]],
        }
    },
    covers={
        "γ > 0 and two join": lambda x: len(x.X) > 1 and weak_submodularity_ratio(x.units.Sig, x.units.tau) > 0.01,
        "after others": lambda x: bool(x.units.J),
    },
    cost=0.002,
)
