r"""With random means a large gap is unlikely in high dimension: the paper's probability bound.

If for every pair $\Sigma_k^{-1/2}(\mu_k-\mu_l)/(1+\|\Sigma_k^{-1/2}\Sigma_l^{1/2}\|)\sim N(0,c^2I_m)$, then for $0<s<1$, ε > 0
$$ P(G\ge\varepsilon)\;\le\;\frac{2(K-1)}{\varepsilon}\Big(\sqrt{1-s}\,\big(1+\tfrac{sc^2}2\big)\Big)^{-m/2}. $$
Only the law of each pair matters: pairs need not be independent. The right-hand side tends to 0 with m for some s iff c > 1.
Why: Markov on the main bound, $\alpha\ge c|Z|$ (claim `separation_bounds`), $E\,e^{-sc^2|Z|^2/4}=(1+sc^2/2)^{-m/2}$,
$\sum_{k\ne l}\sqrt{w_kw_l}\le K-1$ (checked below).

Here: one covariance and equal weights, so $\Sigma^{-1/2}(\mu_k-\mu_l)=2cZ$. Both sides are logarithms of probabilities.
K = 2: G falls strictly in the separation δ, so P is a chi-square probability at the δ with G(δ) = ε, bracketed by the psi
integral; the distribution function is scipy's, trusted to 1e-10, and a series where it may underflow. K = 3: means iid
$N(0,2c^2I)$, whose differences are dependent; counted over drawn means, from below by the largest tree and from above by
the pair sum (claim `pair_sandwich`), with an exact binomial interval.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from scipy.special import gammainc, gammaln

from bounds.claim import Axis, Claim, Enclosure, Evidence, Int, Real, Step, rounded
from bounds.gmm_entropy.equal_covariance import log_gap_equal_covariance


def log_chi_square(a: float, x: float) -> tuple[float, float]:
    r"""Ends of log P(χ²_2a ≤ 2x): scipy's to 1e-10, and where that may underflow, for x < a + 1,
    $x^ae^{-x}/\Gamma(a+1)\le P\le x^ae^{-x}/\Gamma(a+1)\cdot1/(1-x/(a+1))$, by the geometric series above its own."""
    value = float(gammainc(a, x))
    if value > 1e-280:
        return float(np.log(value)) - 1e-10, float(np.log(value)) + 1e-10
    first = float(a * np.log(x) - x - gammaln(a + 1))
    slack = 1e-13 * (1 + a * abs(float(np.log(x))) + x + float(gammaln(a + 1)))
    return first - slack, first - float(np.log1p(-x / (a + 1))) + slack


@dataclass(frozen=True)
class RandomMeans:
    """K equally likely components with one covariance; scale c of the random separations, threshold ε (nats), free s."""

    K: int
    m: int
    c: float
    eps: float
    s: float
    seed: int
    draws: int = 50

    @cached_property
    def log_probability(self) -> Enclosure:
        """log P(G ≥ ε)."""
        return self._exact() if self.K == 2 else self._counted()

    def _exact(self) -> Enclosure:
        lo, hi, target = 1e-6, 80.0, np.log(self.eps)  # G(1e-6) is ln 2 to twelve digits, G(80) is below 1e-340
        while hi - lo > 1e-9 * hi:
            middle = (lo + hi) / 2
            value = log_gap_equal_covariance(0.5, 0.5, middle)
            if abs(value - target) <= 1e-10 * max(1.0, abs(target)):
                break  # floats cannot tell on which side of ε the gap lies
            lo, hi = (middle, hi) if value > target else (lo, middle)
        (below, _), (_, above) = (log_chi_square(self.m / 2, delta**2 / (8 * self.c**2)) for delta in (lo, hi))
        return Enclosure(below, above)

    def _counted(self) -> Enclosure:
        from bounds.measure.sampling import sampled_rate

        rng = np.random.default_rng([self.seed, self.draws])
        mu = np.sqrt(2) * self.c * rng.standard_normal((self.draws, 3, self.m))
        delta = np.linalg.norm(mu - np.roll(mu, 1, axis=1), axis=2)  # the three pairs
        gaps = 2 / 3 * np.exp([[log_gap_equal_covariance(0.5, 0.5, v) for v in row] for row in delta])
        total = gaps.sum(axis=1)
        sure = int(np.sum((total - gaps.min(axis=1)) * (1 - 1e-9) >= self.eps))
        possible = int(np.sum(total * (1 + 1e-9) >= self.eps))
        low, high = (sampled_rate(count, self.draws, 5e-13) for count in (sure, possible))
        with np.errstate(divide="ignore"):
            return Enclosure(float(np.log(low.lo)), float(np.log(high.hi)), "sampled", 1e-12)


def log_bound(x: RandomMeans, power: float = 0.5, s: float | None = None) -> Enclosure:
    """log of the right-hand side; `power` is that of m, `s` replaces the free one."""
    s = x.s if s is None else s
    base = np.log1p(-s) / 2 + np.log1p(s * x.c**2 / 2)
    return rounded(float(np.log(2 * (x.K - 1) / x.eps) - power * x.m * base), abs=1e-14 * (100 + x.m * (10 + abs(base))))


def log_dimension_free(x: RandomMeans, rate: float = 0.5, constant: float = 1.0, power: float = 0.5) -> Enclosure:
    """log of constant · ln 2 (K−1)/ε (1 + rate c²)^(−power m)."""
    base = np.log1p(rate * x.c**2)
    value = np.log(constant * np.log(2) * (x.K - 1) / x.eps) - power * x.m * base
    return rounded(float(value), abs=1e-14 * (100 + x.m * (10 + abs(base))))


def _root_weights(copies: str) -> Evidence:
    """(K−1) Σ w_k − 2 Σ_{k<l} √(w_k w_l) = Σ_{k<l} (√w_k − √w_l)² for K = 3: so Σ_{k≠l} √(w_k w_l) ≤ K − 1."""
    import sympy as sp

    from bounds.measure.symbolic import identity

    p, q, r = sp.symbols("p q r", positive=True)
    squares = (p - q) ** 2 + (p - r) ** 2 + (q - r) ** 2
    return identity(lambda: sp.Rational(copies) * (p**2 + q**2 + r**2) - 2 * (p * q + p * r + q * r) - squares)


def _chi_square(power: str) -> Evidence:
    """E exp(−v Z²) for one coordinate, so (1 + 2v)^(−m/2) for m: v = s c²/4."""
    import sympy as sp

    from bounds.measure.symbolic import identity

    v, z = sp.symbols("v z", positive=True)
    mean = 2 * sp.integrate(sp.exp(-v * z**2) * sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi), (z, 0, sp.oo))
    return identity(lambda: mean - (1 + 2 * v) ** -sp.Rational(power))


def more_draws(x: RandomMeans) -> RandomMeans | None:
    """Four times the sample, once, where there is one."""
    return replace(x, draws=4 * x.draws) if x.K > 2 and x.draws < 200 else None


SPACE: dict[str, Axis] = {
    "K": Int(2, 3),
    "m": Int(1, 400),
    "c": Real(0.3, 12, log=True),
    "eps": Real(1e-15, 0.6, log=True),
    "s": Real(0.01, 0.99),
    "seed": Int(0, 2**31 - 1),
}
BEST = 2 * (10**2 - 1) / (3 * 10**2)
EXACT = {"space": {**SPACE, "K": Int(2, 2)}, "cost": 0.005}  # two components need no sampling
DIMENSION_FREE = {"bound": log_dimension_free}
CLAIM = Claim(
    source="furuya2022entropy, probabilistic estimate (recalled)",
    says="P(G ≥ ε) ≤ (2(K−1)/ε) (√(1−s) (1 + s c²/2))^(−m/2) for normal random separations of scale c, every s in (0, 1)",
    space=SPACE,
    build=RandomMeans,
    assumes={},
    actual=lambda x: x.log_probability,
    bound=log_bound,
    tightness="difference",
    falsified={"exponent −m": {"bound": lambda x: log_bound(x, power=1.0), **EXACT}},
    also_true={"√(1−s) (1 + s c²/2) replaced by 1 + c²/2": DIMENSION_FREE},
    witness={"exponent −m": {"K": 2, "m": 20, "c": 10.0, "eps": float(np.exp(-10)), "s": BEST, "seed": 0}},
    covers={
        "three components, dependent pairs": lambda x: x.K == 3,
        "bound below one": lambda x: float(log_bound(x).hi) < 0,
        "c at most one": lambda x: x.c <= 1,
    },
    proof=(
        Step(
            says="(K−1) Σ w_k − Σ_{k≠l} √(w_k w_l) = Σ_{k<l} (√w_k − √w_l)², K = 3",
            check=lambda: _root_weights("2"),
            false_twin=lambda: _root_weights("1"),
        ),
        Step(says="E exp(−v Z²) = (1 + 2v)^(−1/2)", check=lambda: _chi_square("1/2"), false_twin=lambda: _chi_square("1")),
    ),
    cost=0.015,
)
