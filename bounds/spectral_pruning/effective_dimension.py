r"""SP-2 (c), (d): how the degrees of freedom N(λ) = Σ μ_i/(μ_i + λ) move with λ, and what they say of the tail.

For 0 < λ < λ': N is non-increasing, λN(λ) is non-decreasing and concave (strictly if Σ ≠ 0); the leverages lie in [0, 1)
and sum to N; r − λ Σ_{μ_i>0} 1/μ_i ≤ N ≤ min(r, Tr Σ/λ), so N → r as λ → 0; and
$$ \sum_{i>k}\mu_i\ge\lambda\,(N(\lambda)-k),\qquad 0\le k\le m. $$
Why: term by term; λμ/(μ + λ) is at most λ for i ≤ k and at most μ for i > k. Judged in Fractions; the leverages come from
Σ by elimination, N from the spectrum. N is a number of units, λ has the units of h².
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

from bounds.claim import Claim, Enclosure, Evidence, Real, Step, exact
from bounds.measure.symbolic import identity as vanishes
from bounds.spectral_pruning.covariances import SPECTRAL, Spectral, spectral
from bounds.spectral_pruning.information import degrees_of_freedom, leverage_scores


@dataclass(frozen=True)
class Two:
    """A spectrum, and two values λ < λ'."""

    x: Spectral
    larger: Fraction


def two(factor: Any, **x: Any) -> Two:
    """λ' = factor · λ."""
    one = spectral(**x)
    return Two(one, one.lam * Fraction(factor))


def shape(s: Two) -> tuple[Enclosure, Enclosure]:
    """Left and right sides of: monotone, monotone, concave, strict, sum and range of leverages, both limits."""
    mu, lam, lam2, live = s.x.mu, s.x.lam, s.larger, s.x.rank > 0
    N, N2 = s.x.N, degrees_of_freedom(mu, lam2)
    middle = (lam + lam2) / 2
    at_middle = middle * degrees_of_freedom(mu, middle)
    leverage = leverage_scores(s.x.Sig, lam)
    inverse = sum((1 / v for v in mu if v > 0), Fraction(0))
    pairs: list[tuple[Any, Any]] = [
        (N2, N),
        (lam * N, lam2 * N2),
        ((lam * N + lam2 * N2) / 2, at_middle),
        (live, N2 < N and lam * N < lam2 * N2 and lam * N + lam2 * N2 < 2 * at_middle),
        (sum(leverage), N),
        (N, sum(leverage)),
        (0, min(leverage)),
        (True, max(leverage) < 1),
        (N, s.x.rank),
        (N, sum(mu) / lam),
        (s.x.rank - lam * inverse, N),
    ]
    left, right = zip(*pairs, strict=True)
    return exact(*left), exact(*right)


def tails(s: Two, power: int = 1) -> tuple[Enclosure, Enclosure]:
    """λ^power (N − k) and Σ_{i>k} μ_i for k = 0..m."""
    x, mu = s.x, sorted(s.x.mu, reverse=True)
    left = [x.lam**power * (x.N - k) for k in range(x.m + 1)]
    return exact(*left), exact(*(sum(mu[k:], Fraction(0)) for k in range(x.m + 1)))


def joined(a: Enclosure, b: Enclosure) -> Enclosure:
    """The entries of both."""
    return exact(*a.lo, *b.lo)


def slope_of_lambda_n(sign: int) -> Evidence:
    """d/dλ [λμ/(μ + λ)] = (μ/(μ + λ))² ≥ 0; the false twin has a minus sign."""
    import sympy as sp

    mu, lam = sp.symbols("mu lam", positive=True)
    return vanishes(lambda: sp.diff(lam * mu / (mu + lam), lam) - sign * (mu / (mu + lam)) ** 2)


CLAIM = Claim(
    source="furuya2022pruning, reconstructed (SP-2 c, d)",
    says="N falls and λN rises, concave, in λ; leverages in [0, 1) sum to N ≤ min(r, Tr Σ/λ); Σ_{i>k} μ_i ≥ λ(N − k)",
    space=SPECTRAL | {"factor": Real(1.125, 4, step=Fraction(1, 8))},
    build=two,
    assumes={},
    actual=lambda s: joined(shape(s)[0], tails(s)[0]),
    bound=lambda s: joined(shape(s)[1], tails(s)[1]),
    tightness="difference",
    falsified={
        "λN falls": {
            "actual": lambda s: exact(s.larger * degrees_of_freedom(s.x.mu, s.larger)),
            "bound": lambda s: exact(s.x.lam * s.x.N),
        },
        "tail without λ": {"actual": lambda s: tails(s, power=0)[0], "bound": lambda s: tails(s, power=0)[1]},
    },
    witness={"λN falls": {"mu": [1], "lam": 1, "factor": 2}},
    covers={"nothing is active": lambda s: s.x.rank == 0, "singular": lambda s: 0 < s.x.rank < s.x.m},
    proof=(
        Step(
            says="λμ/(μ + λ) has slope (μ/(μ + λ))² in λ",
            check=lambda: slope_of_lambda_n(1),
            false_twin=lambda: slope_of_lambda_n(-1),
        ),
    ),
    cost=0.001,
)
