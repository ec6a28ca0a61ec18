r"""SP-7, given the size: k units drawn by determinants lose φ_k on average.

P(J) ∝ det Σ_JJ over |J| = k ≤ r, τ = 0, e_k the elementary symmetric polynomials of μ_1..μ_m, Σ = U diag(μ) Uᵀ:
$$ E\,L(J)=\varphi_k=(k+1)\,e_{k+1}/e_k,\qquad
   E\,S_J=U\operatorname{diag}\bigl(\mu_i\,e_k(\mu\text{ without }\mu_i)/e_k(\mu)\bigr)U^\top. $$
Why: L(J) = Σ_{j∉J} det Σ_{J+j}/det Σ_JJ, so each set of size k + 1 is counted k + 1 times; the matrix form is the
coefficient of x^k in `determinantal_means`. Judged in Fractions: the left sides by enumeration of all sets of size k, the
right sides from the spectrum. Units: h².
"""

from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np

from bounds.claim import Claim, Enclosure, Evidence, Int, Step, exact
from bounds.measure.symbolic import identity as vanishes
from bounds.spectral_pruning.covariances import SPECTRAL, Spectral, largest, spectral
from bounds.spectral_pruning.elementary import dpp_mean_loss, elementary_symmetric
from bounds.spectral_pruning.information import residual_covariance, trace


@dataclass(frozen=True)
class Sized:
    """A covariance of known spectrum, and a number of units."""

    x: Spectral
    k: int


def sized(k: int, **x: Any) -> Sized:
    """k is cut to the rank."""
    one = spectral(**x)
    return Sized(one, min(k, one.rank))


def determinant(matrix: np.ndarray) -> Fraction:
    """By elimination; a zero pivot of a positive semidefinite matrix makes it 0."""
    out, S = Fraction(1), matrix.copy()
    for i in range(len(S)):
        if S[i, i] == 0:
            return Fraction(0)
        out *= S[i, i]
        S[i + 1 :] = S[i + 1 :] - np.outer(S[i + 1 :, i], S[i]) / S[i, i]
    return out


def mean_residual(s: Sized, uniform: bool = False) -> np.ndarray:
    """E S_J over all sets of k units, by enumeration; uniform: all sets alike."""
    total, weights, Sig = 0 * s.x.Sig, Fraction(0), s.x.Sig
    for J in combinations(range(s.x.m), s.k):
        weight = Fraction(1) if uniform else determinant(Sig[np.ix_(J, J)])
        if weight:
            total, weights = total + weight * residual_covariance(Sig, J, 0), weights + weight
    return np.asarray(total / weights)


def from_spectrum(s: Sized) -> np.ndarray:
    """U diag(μ_i e_k(μ without μ_i)/e_k(μ)) Uᵀ."""
    x, k = s.x, s.k
    without = [elementary_symmetric(np.delete(x.mu, i))[k] if k < x.m else Fraction(0) for i in range(x.m)]
    return np.asarray((x.Q * (x.mu * without / elementary_symmetric(x.mu)[k])) @ x.Q.T)


def differences(s: Sized, uniform: bool = False) -> Enclosure:
    """E L − φ_k, and the largest entry of the difference of the matrices, in absolute value."""
    mean = mean_residual(s, uniform)
    return exact(abs(trace(mean) - dpp_mean_loss(s.x.mu, s.k)), largest(mean - from_spectrum(s)))


def counted(times: int) -> Evidence:
    """Σ_{j<3} det Σ_jj Tr S_j = times · e_2 for a symbolic 3 × 3 Σ: each pair is counted twice; the twin once."""
    import sympy as sp

    Sig = sp.Matrix(3, 3, lambda i, j: sp.Symbol(f"s{min(i, j)}{max(i, j)}"))
    left = sum(Sig[j, j] * (Sig - Sig[:, j] * Sig[j, :] / Sig[j, j]).trace() for j in range(3))
    e_2 = sum(Sig.extract(list(pair), list(pair)).det() for pair in combinations(range(3), 2))
    return vanishes(lambda: left - times * e_2)


CLAIM = Claim(
    source="new, SP-7 (classical ingredients)",
    says="E[L(J) | |J| = k] = φ_k = (k+1) e_{k+1}/e_k for sets drawn with P(J) ∝ det Σ_JJ",
    space={key: SPECTRAL[key] for key in ("m", "mu", "v", "w")} | {"k": Int(0, 4)},
    build=sized,
    assumes={},
    actual=differences,
    bound=lambda x: exact(0, 0),
    tightness="difference",
    falsified={
        "sets drawn uniformly": {"actual": lambda s: differences(s, uniform=True)},
    },
    witness={"sets drawn uniformly": {"mu": [1, 0], "k": 1}},
    covers={
        "as many as the rank": lambda s: 0 < s.x.rank == s.k,
        "no unit": lambda s: s.k == 0,
        "mixed": lambda s: s.k > 1 and any(s.x.Sig[0, 1:]),
    },
    proof=(
        Step(
            says="Σ_j det Σ_jj L({j}) = 2 e_2, 3 units, all entries symbols",
            check=lambda: counted(2),
            false_twin=lambda: counted(1),
        ),
    ),
    cost=0.003,
)
