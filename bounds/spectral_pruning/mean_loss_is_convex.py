r"""SP-8 (a): the mean loss φ_k of k units drawn by determinants is non-increasing and convex in k.

$$ \varphi_k=(k+1)\frac{e_{k+1}(\mu)}{e_k(\mu)},\qquad \varphi_k\ge\varphi_{k+1},\qquad
   \varphi_{k-1}-2\varphi_k+\varphi_{k+1}\ge0,\qquad \varphi_k=0\text{ from }k=r. $$
Why: φ_j = g^{(j+1)}(0)/g^{(j)}(0) for g(x) = Π(1 + μ_i x). The derivative g^{(k−1)} is real-rooted (Rolle) with coefficients
≥ 0, so it is a multiple of Π(1 + ν_i x), ν ≥ 0, and (φ_{k−1}, φ_k, φ_{k+1}) of μ are (φ_0, φ_1, φ_2) of ν. With power sums
p_s of ν, e_1²e_2 + 3e_1e_3 − 4e_2² = p_1p_3 − p_2² ≥ 0 (Cauchy and Schwarz), which divided by e_1e_2 is convexity;
2e_2 ≤ e_1² is monotonicity. Judged in Fractions over spectra with zeros, ties and twelve decades. Units: h².
"""

from fractions import Fraction
from typing import Any

import numpy as np

from bounds.claim import Array, Claim, Enclosure, Evidence, Int, Step, exact
from bounds.measure.symbolic import identity as vanishes
from bounds.spectral_pruning.covariances import fractions
from bounds.spectral_pruning.elementary import dpp_mean_loss


def scaled(mantissa: Any, decade: Any, m: int = 0) -> np.ndarray:
    """μ = mantissa · 10^decade."""
    return fractions(mantissa) * [Fraction(10) ** int(d) for d in np.asarray(decade)]


def mean_losses(mu: np.ndarray) -> list[Any]:
    """φ_0, ..., φ_{m+1}."""
    return [dpp_mean_loss(mu, k) for k in range(len(mu) + 2)]


def below(mu: np.ndarray) -> Enclosure:
    """φ_{k+1} for k = 0..m, then 2φ_k for k = 1..m."""
    phi = mean_losses(mu)
    return exact(*phi[1:], *(2 * v for v in phi[1:-1]))


def above(mu: np.ndarray) -> Enclosure:
    """φ_k for k = 0..m, then φ_{k−1} + φ_{k+1} for k = 1..m."""
    phi = mean_losses(mu)
    return exact(*phi[:-1], *(a + b for a, b in zip(phi, phi[2:], strict=False)))


def newton(coefficient: int) -> Evidence:
    """e_1²e_2 + 3e_1e_3 − coefficient · e_2² = p_1p_3 − p_2² for six symbols: coefficient 4; the twin has 3."""
    from itertools import combinations

    import sympy as sp

    nu = sp.symbols("nu:6", positive=True)
    e = [sum(sp.prod(c) for c in combinations(nu, k)) for k in range(4)]
    p = [sum(v**s for v in nu) for s in range(4)]
    return vanishes(lambda: e[1] ** 2 * e[2] + 3 * e[1] * e[3] - coefficient * e[2] ** 2 - p[1] * p[3] + p[2] ** 2)


CLAIM = Claim(
    source="new, SP-8 (a)",
    says="k ↦ φ_k = (k+1) e_{k+1}/e_k is non-increasing and convex, and 0 from the rank on",
    space={"m": Int(1, 5), "mantissa": Array(("m",), 0, 9, step=1), "decade": Array(("m",), -6, 6, step=1)},
    build=scaled,
    assumes={},
    actual=below,
    bound=above,
    falsified={
        "concave": {"actual": above, "bound": below},
        "strictly convex below the rank": {
            "actual": lambda mu: exact(True),
            "bound": lambda mu: exact(
                all(
                    a + c > 2 * b
                    for a, b, c in zip(*(mean_losses(mu)[i : sum(mu > 0) + i - 1] for i in range(3)), strict=False)
                )
            ),
        },
    },
    covers={
        "zeros": lambda mu: 0 in mu and any(mu),
        "isotropic": lambda mu: len(mu) > 1 and mu[0] > 0 and len(set(mu)) == 1,
        "decades": lambda mu: min(mu) > 0 and max(mu) > 10**6 * min(mu),
    },
    tight_at=({"mantissa": [1, 1, 1], "decade": [0, 0, 0]},),
    proof=(
        Step(
            says="e₁²e₂ + 3e₁e₃ − 4e₂² = p₁p₃ − p₂², six symbols",
            check=lambda: newton(4),
            false_twin=lambda: newton(3),
        ),
    ),
    cost=0.001,
)
