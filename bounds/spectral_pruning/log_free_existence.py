r"""SP-8 (b): ⌈N(λ)⌉ units suffice for a loss of λN(λ), with constant one and no logarithm.

For every Σ and λ > 0, N = N(λ), θ = N − ⌊N⌋, τ = 0:
$$ \min_{|J|=\lceil N\rceil}\operatorname{Tr}S_J\le\varphi_{\lceil N\rceil}
   \le(1-\theta)\varphi_{\lfloor N\rfloor}+\theta\varphi_{\lfloor N\rfloor+1}\le\lambda N(\lambda). $$
Why: draw sets by determinants. |J| has mean N and E L = λN (`determinantal_means`), E(L given k) = φ_k is convex and
non-increasing in k (`mean_loss_is_convex`): Jensen; and a minimum is at most a mean. Equality throughout for Σ = vI and N
an integer. Compare `leverage_draws`: 4λN with about 2.5 N log(2r) draws. Judged in Fractions by enumeration of all sets.
Units: h².
"""

import math
from fractions import Fraction
from itertools import combinations
from typing import Any

from bounds.claim import Array, Axis, Claim, Enclosure, Evidence, Int, Real, Step, exact
from bounds.measure.rational import loewner_leq
from bounds.measure.symbolic import identity as vanishes
from bounds.spectral_pruning.covariances import SPECTRAL, Spectral, spectral
from bounds.spectral_pruning.elementary import dpp_mean_loss, dpp_mean_loss_interpolated
from bounds.spectral_pruning.information import information_loss, residual_covariance


def least_loss(x: Spectral, k: int) -> Fraction:
    """min Tr S_J over |J| = k."""
    return min(Fraction(information_loss(x.Sig, J, 0)) for J in combinations(range(x.m), k))


def chain(x: Spectral, size: Any = math.ceil) -> Enclosure:
    """Least loss, φ_k, interpolated φ_N with k = ⌈N⌉."""
    k = size(x.N)
    return exact(least_loss(x, k), dpp_mean_loss(x.mu, k), dpp_mean_loss_interpolated(x.mu, x.N))


def limits(x: Spectral, size: Any = math.ceil) -> Enclosure:
    """φ_k, interpolated φ_N, λN."""
    return exact(dpp_mean_loss(x.mu, size(x.N)), dpp_mean_loss_interpolated(x.mu, x.N), x.lam * x.N)


def some_set_is_below(x: Spectral, C: int) -> bool:
    """Whether some S_J ≼ C λΓ with ⌈N⌉ units."""
    sets = combinations(range(x.m), math.ceil(x.N))
    return any(loewner_leq(residual_covariance(x.Sig, J, 0), C * x.lam * x.Gam) for J in sets)


def isotropic(power: int) -> Evidence:
    """φ_k = (m − k)v and λN = λmv/(v + λ) meet at N = k: with λ = v(m − k)/k. The twin has λ squared."""
    import sympy as sp

    v, k, more = sp.symbols("v k more", positive=True)
    m = k + more
    lam = v * (m - k) / k
    return vanishes(lambda: (m - k) * v - lam**power * m * v / (v + lam))


SPACE: dict[str, Axis] = {key: SPECTRAL[key] for key in ("m", "mu", "v", "w")} | {
    "lam": Real(0.125, 16, step=Fraction(1, 8)),
}

CLAIM = Claim(
    source="new, SP-8 (b)",
    says="min_{|J|=⌈N⌉} Tr S_J ≤ φ_⌈N⌉ ≤ φ interpolated at N ≤ λN(λ)",
    space=SPACE,
    build=spectral,
    assumes={},
    actual=chain,
    bound=limits,
    falsified={
        "constant 0.99": {
            "actual": lambda x: exact(least_loss(x, math.ceil(x.N))),
            "bound": lambda x: exact(Fraction(99, 100) * x.lam * x.N),
        },
        "floor in place of ceil": {
            "actual": lambda x: exact(least_loss(x, math.floor(x.N))),
            "bound": lambda x: exact(x.lam * x.N),
        },
        "some set is below 3λΓ in the Loewner order": {
            "actual": lambda x: exact(True),
            "bound": lambda x: exact(some_set_is_below(x, 3)),
            "space": {"m": Int(4, 4), "mu": Array(("m",), 1, 2, step=Fraction(1, 4)), "lam": SPACE["lam"]},
            "covers": {},
        },
    },
    witness={
        "constant 0.99": {"mu": [1] * 4, "lam": 1},
        "floor in place of ceil": {"mu": [1] * 3, "lam": Fraction(1, 5)},
        "some set is below 3λΓ in the Loewner order": {"mu": [1] * 4, "lam": Fraction(1, 3)},
    },
    covers={
        "nothing is active": lambda x: x.rank == 0,
        "N is an integer": lambda x: x.N > 0 and x.N.denominator == 1,
        "a fraction of a unit": lambda x: 0 < x.N < 1,
        "mixed": lambda x: x.N > 1 and any(x.Sig[0, 1:]),
    },
    tight_at=({"mu": [1] * 4, "lam": 1},),
    proof=(
        Step(
            says="both sides meet for Σ = vI at N = k",
            check=lambda: isotropic(1),
            false_twin=lambda: isotropic(2),
        ),
    ),
    cost=0.004,
)
