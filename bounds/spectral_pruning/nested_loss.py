r"""SP-2 (a), (b): more units or smaller ridges never lose more, in the Loewner order.

$$ J\subset J'\implies S_{J'}^\tau\preceq S_J^\tau,\qquad \tau\le\tau'\implies S_J^\tau\preceq S_J^{\tau'}, $$
so every loss L_M is non-increasing in J at fixed τ and non-decreasing in τ. Why: S_J⁻¹ = Σ⁻¹ + Σ_{j ∈ J} e_j e_jᵀ/τ_j for
Σ > 0, and a limit. It fails when τ is tied to the size of the set. Judged in Fractions, the order by LDLᵀ. Units: h².
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from bounds.claim import Array, Claim, exact
from bounds.measure.rational import loewner_leq
from bounds.spectral_pruning.covariances import SPECTRAL, Spectral, fractions, spectral
from bounds.spectral_pruning.information import information_loss, leverage_scores, residual_covariance, trace


@dataclass(frozen=True)
class Nested:
    """Kept units J within J', and ridges τ ≤ τ'."""

    inner: Spectral
    outer: list[int]  # J', J among them
    larger: np.ndarray  # τ'


def nested(more: Any, rise: Any, **inner: Any) -> Nested:
    """A flag for each unit that J' has besides J, and how much each ridge rises."""
    x = spectral(**inner)
    outer = [*x.J, *(j for j in range(x.m) if more[j] and j not in x.J)]
    return Nested(x, outer, x.tau + fractions(rise)[: x.m])


def losses(n: Nested) -> list[Any]:
    """S of J', of J, and of J with the larger ridges."""
    x = n.inner
    return [residual_covariance(x.Sig, J, tau) for J, tau in ((n.outer, x.tau), (x.J, x.tau), (x.J, n.larger))]


def right(n: Nested) -> Any:
    """Truth of both orders, and the traces of the larger matrices."""
    least, middle, most = losses(n)
    return exact(bool(loewner_leq(least, middle)), bool(loewner_leq(middle, most)), trace(middle), trace(most))


def left(n: Nested) -> Any:
    """True twice, and the traces of the smaller matrices."""
    least, middle, _ = losses(n)
    return exact(True, True, trace(least), trace(middle))


def loss_with_growing_ridge(x: Spectral, J: list[int]) -> Any:
    """L(J) with τ_j = λ |J| q_j, q_j the normalised leverage: not a fixed τ."""
    q = leverage_scores(x.Sig, x.lam) / (x.N or Fraction(1))
    return exact(information_loss(x.Sig, J, x.lam * len(J) * q))


CLAIM = Claim(
    source="furuya2022pruning, reconstructed (SP-2 a, b)",
    says="S_{J'} ≼ S_J for J ⊂ J' at fixed τ, and S_J^τ ≼ S_J^{τ'} for τ ≤ τ'",
    space=SPECTRAL
    | {
        "tau": Array(("m",), 0, 4, step=Fraction(1, 4)),
        "more": Array(("m",), 0, 1, step=1),
        "rise": Array(("m",), 0, 4, step=Fraction(1, 2)),
    },
    build=nested,
    assumes={},
    actual=left,
    bound=right,
    falsified={
        "ridges that grow with the set": {
            "actual": lambda n: loss_with_growing_ridge(n.inner, n.outer),
            "bound": lambda n: loss_with_growing_ridge(n.inner, n.inner.J),
        },
        "larger ridges lose less": {
            "actual": lambda n: exact(trace(losses(n)[2])),
            "bound": lambda n: exact(trace(losses(n)[1])),
        },
    },
    witness={
        "ridges that grow with the set": {
            "mu": [10**6, Fraction(1, 10**9)],
            "keep": [1, 0],
            "more": [0, 1],
            "rise": [0, 0],
        },
    },
    covers={
        "a unit is added": lambda n: len(n.outer) > len(n.inner.J) > 0,
        "no ridge at all": lambda n: bool(n.inner.J) and not any(n.inner.tau[n.inner.J]),
        "dead direction": lambda n: 0 < n.inner.rank < n.inner.m,
    },
    cost=0.003,
)
