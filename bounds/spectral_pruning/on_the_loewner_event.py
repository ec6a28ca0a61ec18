r"""SP-6, what the event S_J ≼ (λ/(1 − t)) Γ is worth: three bounds without probability.

For counts c_j, M = Σc_j, τ_j = λMq_j/c_j and every W, on that event
$$ \|Wr\|_{n,T}^2\le\tfrac{\lambda}{1-t}\operatorname{Tr}(W\Gamma W^\top),\quad L(J)\le\tfrac{\lambda N(\lambda)}{1-t},\quad
   \|A_JD_J^{1/2}\|_{op}^2\le\tfrac{\lambda}{1-t}\tfrac{\mu_1}{\mu_1+\lambda}. $$
Why: R ≼ S_J and A_JD_JA_Jᵀ ≼ S_J (SP-1 b); Tr Γ = N and ‖Γ‖ = μ_1/(μ_1 + λ). Judged in Fractions; the norm by LDLᵀ of
(bound) I − A_JD_JA_Jᵀ. Units: h².
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from bounds.claim import Array, Claim, Enclosure, Real, exact
from bounds.measure.rational import is_positive_semidefinite
from bounds.spectral_pruning.covariances import SPECTRAL, Spectral, fractions, identity, spectral
from bounds.spectral_pruning.information import residual_covariance, ridge_reconstruction, trace
from bounds.spectral_pruning.random_subsets import loewner_event


@dataclass(frozen=True)
class After:
    """What was drawn: the kept units with their ridges (in `x`), t, and a weight W."""

    x: Spectral
    t: Fraction
    W: np.ndarray

    @cached_property
    def S(self) -> np.ndarray:
        """S_J."""
        return residual_covariance(self.x.Sig, self.x.J, self.x.tau)

    @cached_property
    def ridge_part(self) -> np.ndarray:
        """A_J D_J A_Jᵀ."""
        A = ridge_reconstruction(self.x.Sig, self.x.J, self.x.tau)
        return np.asarray(A * self.x.tau[self.x.J] @ A.T)

    def through(self, matrix: np.ndarray) -> Any:
        """Tr(W matrix Wᵀ)."""
        return (self.W @ matrix * self.W).sum()


def after(counts: Any, t: Any, W: Any, **x: Any) -> After:
    """How often each unit was drawn; units without leverage are never drawn."""
    one = spectral(**x)
    q = np.diagonal(one.Gam) / (one.N or Fraction(1))
    c = fractions(np.asarray(counts)[: one.m]) * [v > 0 for v in q]
    tau = np.array([one.lam * sum(c) * v / n if n else Fraction(0) for v, n in zip(q, c, strict=True)], dtype=object)
    kept = Spectral(one.mu, one.Q, [j for j in range(one.m) if c[j]], tau, one.lam)
    return After(kept, Fraction(t), fractions(W)[:, : one.m])


def left(a: After) -> Enclosure:
    """Loss seen through W, information loss, and True."""
    return exact(a.through(a.S - a.ridge_part), trace(a.S), True)


def right(a: After, factor: Fraction | None = None) -> Enclosure:
    """The three bounds with factor λ/(1 − t); the last as a truth value."""
    scale = a.x.lam / (1 - a.t) if factor is None else factor
    top = scale * max(a.x.mu) / (max(a.x.mu) + a.x.lam)
    small = is_positive_semidefinite(identity(a.x.m) * top - a.ridge_part)
    return exact(scale * a.through(a.x.Gam), scale * a.x.N, small)


CLAIM = Claim(
    source="furuya2022pruning, reconstructed (SP-6)",
    says="if S_J ≼ (λ/(1−t)) Γ then ‖Wr‖² ≤ (λ/(1−t)) Tr WΓWᵀ, L(J) ≤ λN/(1−t), ‖A D^½‖² ≤ (λ/(1−t)) μ₁/(μ₁+λ)",
    space={key: SPECTRAL[key] for key in ("m", "mu", "v", "w", "lam")}
    | {
        "counts": Array(("m",), 0, 6, step=1),
        "t": Real(0.25, 0.9375, step=Fraction(1, 16)),
        "W": Array((2, 4), -2, 2, step=Fraction(1, 2)),
    },
    build=after,
    assumes={"the event": lambda a: 0.0 if loewner_event(a.x.Sig, a.x.J, a.x.tau, a.x.lam, a.t) else -1.0},
    actual=left,
    bound=right,
    falsified={
        "factor λ": {"bound": lambda a: right(a, a.x.lam)},
        "no event needed": {"assumes": {}},
    },
    witness={
        "no event needed": {"mu": [4, 4], "counts": [1, 0], "t": Fraction(1, 4), "lam": 1, "W": [[0, 1], [0, 0]]},
    },
    covers={"something is missing": lambda a: 0 < len(a.x.J) < a.x.rank, "mixed": lambda a: any(a.x.Sig[0, 1:])},
    cost=0.002,
)
