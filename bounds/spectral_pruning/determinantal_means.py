r"""SP-7: sets drawn by determinants lose exactly λΓ on average, and hold N(λ) units on average.

P(J) = det(Σ_JJ/λ)/det(I + Σ/λ) over all 2^m sets, τ = 0 (det of the empty matrix is 1):
$$ E|J|=N(\lambda),\qquad E\,S_J=\lambda\Gamma,\qquad\text{hence}\quad
   E\,L_M(J)=\lambda\operatorname{Tr}(M\Gamma),\quad E\,L(J)=\lambda E|J|. $$
Why: with x = 1/λ, det Σ_JJ · wᵀS_Jw is the Gram determinant of {h_j, j ∈ J} and Hw; summing x^|J| of it over all J gives
det(I + xΣ) wᵀΣ(I + xΣ)⁻¹w. Judged in Fractions by enumeration, which knows neither eigenvalues nor Γ. Units: h².
"""

from fractions import Fraction
from typing import Any

from bounds.claim import Claim, Enclosure, Evidence, Step, exact
from bounds.measure.symbolic import identity as vanishes
from bounds.spectral_pruning.covariances import SPECTRAL, Spectral, largest, spectral
from bounds.spectral_pruning.elementary import dpp_expectations
from bounds.spectral_pruning.information import trace


def differences(x: Spectral, share: Any = 1) -> Enclosure:
    """E|J| − N, the largest entry of E S_J − λΓ, and E L − share · λN, in absolute value."""
    mean = dpp_expectations(x.Sig, x.lam)
    loss = trace(mean["mean_residual"]) - share * x.lam * x.N
    return exact(abs(mean["mean_size"] - x.N), largest(mean["mean_residual"] - x.lam * x.Gam), abs(loss))


def residual_mean(factor: int) -> Evidence:
    """Σ_J x^|J| det Σ_JJ S_J = factor · Σ(I + xΣ)⁻¹ det(I + xΣ) for a symbolic 2 × 2 Σ; the twin has factor 2."""
    import sympy as sp

    a, b, c, x = sp.symbols("a b c x", positive=True)
    Sig = sp.Matrix([[a, b], [b, c]])
    one = sp.eye(2) + x * Sig
    total = Sig + x * a * (Sig - Sig[:, 0] * Sig[0, :] / a) + x * c * (Sig - Sig[:, 1] * Sig[1, :] / c)
    return vanishes(lambda: total - factor * Sig * one.inv() * one.det())


CLAIM = Claim(
    source="new, SP-7 (classical ingredients)",
    says="E|J| = N(λ) and E S_J = λΓ for sets drawn with P(J) ∝ det(Σ_JJ/λ)",
    space={key: SPECTRAL[key] for key in ("m", "mu", "v", "w", "lam")},
    build=spectral,
    assumes={},
    actual=differences,
    bound=lambda x: exact(0, 0, 0),
    tightness="difference",
    falsified={"E L = λN/2": {"actual": lambda x: differences(x, share=Fraction(1, 2))}},
    witness={"E L = λN/2": {"mu": [1], "lam": 1}},
    covers={
        "nothing is active": lambda x: x.rank == 0,
        "singular": lambda x: 0 < x.rank < x.m,
        "mixed": lambda x: x.m > 2 and any(x.Sig[0, 1:]),
    },
    proof=(
        Step(
            says="Σ_J x^|J| det Σ_JJ S_J = Σ(I + xΣ)⁻¹ det(I + xΣ), 2 units, all entries symbols",
            check=lambda: residual_mean(1),
            false_twin=lambda: residual_mean(2),
        ),
    ),
    cost=0.004,
)
