r"""SP-1 (c), (d): keeping a unit is measuring it with noise τ_j, and S_J is the posterior covariance.

For Σ > 0 and τ > 0,
$$ S_J=\Bigl(\Sigma^{-1}+\sum_{j\in J}e_je_j^\top/\tau_j\Bigr)^{-1}, $$
so the loss Tr S_J is the A-optimality criterion of Bayesian experimental design. The same A_J and S_J come from plain least
squares of the targets [h; 0] on the features [h_j; √τ_j u_j], u_j orthonormal and outside the data. Why: Woodbury; and the
normal equations of the augmented problem have Gram matrix Σ_JJ + D_J. Judged in Fractions: the third route needs only the
Gram matrix of features and targets together, whose Schur complement it takes unit by unit. Units: h².
"""

from fractions import Fraction
from typing import Any

import numpy as np

from bounds.claim import Array, Claim, Evidence, Step, exact
from bounds.measure.rational import inverse
from bounds.measure.symbolic import identity as vanishes
from bounds.spectral_pruning.covariances import SPECTRAL, Spectral, largest, spectral
from bounds.spectral_pruning.information import residual_covariance


def posterior(x: Spectral, precision_of_noise: bool = True) -> np.ndarray:
    """(Σ⁻¹ + Σ_{j ∈ J} e_j e_jᵀ/τ_j)⁻¹; False: τ_j in place of 1/τ_j."""
    information = np.asarray(inverse(x.Sig)).copy()
    for j in x.J:
        information[j, j] += 1 / x.tau[j] if precision_of_noise else x.tau[j]
    return np.asarray(inverse(information))


def augmented_residual(x: Spectral, targets_too: bool = False) -> np.ndarray:
    """Residual Gram matrix of [h; 0] after regression on [h_j; √τ_j u_j]; True: targets [h_j; √τ_j u_j] for kept units."""
    k, J = len(x.J), x.J
    gram = np.zeros((k + x.m, k + x.m), dtype=object) + Fraction(0)
    gram[k:, k:], gram[:k, k:], gram[k:, :k] = x.Sig, x.Sig[J], x.Sig[:, J]
    gram[:k, :k] = x.Sig[np.ix_(J, J)]
    for i, j in enumerate(J):
        gram[i, i] += x.tau[j]
        if targets_too:
            gram[k + j, k + j] += x.tau[j]
            gram[i, k + j] += x.tau[j]
            gram[k + j, i] += x.tau[j]
    for i in range(k):
        gram = gram - np.outer(gram[:, i], gram[i]) / gram[i, i]
    return np.asarray(gram[k:, k:])


def gap(x: Spectral, **wrong: bool) -> Any:
    """The largest difference between S_J and the two other routes to it."""
    S = residual_covariance(x.Sig, x.J, x.tau)
    routes = posterior(x, wrong.get("precision_of_noise", True)), augmented_residual(x, wrong.get("targets_too", False))
    return exact(*(largest(S - route) for route in routes))


def woodbury(power: int) -> Evidence:
    """One measurement of a symbolic 2 × 2 Σ: S (Σ⁻¹ + e₀e₀ᵀ τ^power) = 1; power −1, the twin +1."""
    import sympy as sp

    a, b, c, tau = sp.symbols("a b c tau", positive=True)
    Sig, e = sp.Matrix([[a, b], [b, c]]), sp.Matrix([1, 0])
    S = Sig - Sig * e * e.T * Sig / (a + tau)
    return vanishes(lambda: S * (Sig.inv() + e * e.T * tau**power) - sp.eye(2))


CLAIM = Claim(
    source="furuya2022pruning, reconstructed (SP-1 c, d)",
    says="S_J = (Σ⁻¹ + Σ_{j∈J} e_j e_jᵀ/τ_j)⁻¹ = residual of least squares on augmented features",
    space=SPECTRAL | {"mu": Array(("m",), 0.25, 16, step=Fraction(1, 4))},
    build=spectral,
    assumes={},
    actual=gap,
    bound=lambda x: exact(0, 0),
    tightness="difference",
    falsified={
        "noise instead of its precision": {"actual": lambda x: gap(x, precision_of_noise=False)},
        "the targets are augmented too": {"actual": lambda x: gap(x, targets_too=True)},
    },
    covers={"no unit is kept": lambda x: not x.J, "every unit is kept": lambda x: len(x.J) == x.m},
    proof=(
        Step(
            says="Woodbury for one measurement of two units, all entries symbols",
            check=lambda: woodbury(-1),
            false_twin=lambda: woodbury(1),
        ),
    ),
    cost=0.001,
)
