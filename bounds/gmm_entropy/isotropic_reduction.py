r"""Two isotropic components of different spread: the gap is a one-dimensional integral over a radius, in any dimension.

For covariances $\sigma_k^2I\ne\sigma_l^2I$, $p=\sigma^{-2}$, means Δ apart, put $c=(p_k\mu_k-p_l\mu_l)/(p_k-p_l)$,
$m^*=(p_k\mu_k+p_l\mu_l)/(p_k+p_l)$, $v=2/(p_k+p_l)$. With R noncentral chi-square, m degrees of freedom, noncentrality
$|m^*-c|^2/v$,
$$ G=\sqrt{ab}\,BC\;E\,\psi\Big(u_0+\frac{p_k-p_l}2vR\Big),\qquad
   u_0=\log\frac ba+\frac m2\log\frac{p_l}{p_k}-\frac{p_kp_l|\Delta|^2}{2(p_k-p_l)} . $$
Why: $\log(A_l/A_k)=u_0+\tfrac12(p_k-p_l)|x-c|^2$ (checked below), and $\sqrt{N_kN_l}$ is BC times $N(m^*,vI)$, under which
$|x-c|^2/v$ is R. $|m^*-c|=2p_kp_l|\Delta|/|p_k^2-p_l^2|$ (checked below).

In nats. Left: |difference| of the logarithms of this integral and of G by the contour formula (`Pair.log_gap`), which knows
nothing of a radius; as computed. The integral runs over $r=\sqrt R$ by Gauss–Legendre panels so narrow that u moves by 4 at
most (ψ is analytic within π of the axis: 15 nodes leave 1e-15), from 0 to 14 beyond the larger of the mode and the point
where both components are equal; there the narrower one, which has left the larger part of its mass behind, is below
e^-98. Right: 1e-10 and 1e-13 |log G| for the contour, and 1e-14 of the size of the terms that cancel in u.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import expit, gammaln, hyp0f1, ive, logsumexp

from bounds.claim import Choice, Claim, Enclosure, Evidence, Int, Real, Step
from bounds.gmm_entropy.chernoff import log_psi_t
from bounds.gmm_entropy.instances import Pair

NODES, WEIGHTS = np.polynomial.legendre.leggauss(15)


@dataclass(frozen=True)
class Isotropic:
    """N(0, I) with weight a and N(Δ, sd² I) with weight b in m dimensions, |Δ| = distance."""

    a: float
    b: float
    m: int
    sd: float
    distance: float

    @property
    def log_gap(self) -> Enclosure:
        """log G by the contour formula."""
        d = np.zeros(self.m)
        d[0] = self.distance
        return Pair(self.a, self.b, np.full(self.m, self.sd**2), d).log_gap


def isotropic(log_odds: float, m: int, log_sd: float, narrow: bool, reach: float) -> Isotropic:
    """`reach` is the distance in units of the sum of both deviations, so that it is the separation α."""
    sd = float(np.exp(-log_sd if narrow else log_sd))
    return Isotropic(float(expit(log_odds)), float(expit(-log_odds)), m, sd, reach * (1 + sd))


def log_density(r: np.ndarray, m: int, noncentrality: float) -> np.ndarray:
    """log density of the root of a noncentral chi-square: that of χ_m times e^(−nc/2) ₀F₁(m/2; nc r²/4)."""
    z = np.sqrt(noncentrality) * r
    order = m / 2 - 1
    near = np.log(hyp0f1(m / 2, np.minimum(z, 1.0) ** 2 / 4))
    far = np.maximum(z, 1.0)
    bessel = np.log(ive(order, far)) + far + gammaln(m / 2) - order * np.log(far / 2)
    log_chi = (1 - m / 2) * np.log(2) - gammaln(m / 2) - r * r / 2 + (m - 1) * np.log(r)
    return np.asarray(log_chi - noncentrality / 2 + np.where(z < 1, near, bessel))


def terms(
    x: Isotropic, *, determinants: bool = True, midpoint: bool = True, harmonic: bool = True
) -> tuple[float, float, float]:
    """u_0, the factor of R, the noncentrality. Misreadings: no determinants in u_0; the radius counted from m*; v as the mean
    of the variances."""
    p, q = 1.0, 1 / x.sd**2
    v = 2 / (p + q) if harmonic else (1 + x.sd**2) / 2
    u0 = np.log(x.b / x.a) - p * q * x.distance**2 / (2 * (p - q)) + (x.m / 2 * np.log(q / p) if determinants else 0.0)
    away = 2 * p * q * x.distance / (p * p - q * q) if midpoint else 0.0
    return float(u0), (p - q) * v / 2, away**2 / v


def log_radial(x: Isotropic, *, freedom: int = 0, **misread: Any) -> float:
    """log of √(ab) BC E ψ; `freedom` is added to the degrees of freedom."""
    u0, rate, noncentrality = terms(x, **misread)
    turn = np.sqrt(max(-u0 / rate, 0.0))
    end = max(turn, np.sqrt(noncentrality + x.m)) + 14
    half = end / np.ceil(end * (1 + 2 * abs(rate) * end) / 4) / 2
    r = (np.arange(half, end, 2 * half)[:, None] + half * NODES).ravel()
    weights = np.tile(np.log(half * WEIGHTS), len(r) // 15)
    mean = logsumexp(weights + log_density(r, x.m + freedom, noncentrality) + log_psi_t(u0 + rate * r * r, 0.5))
    total = 1 + x.sd**2
    log_bc = x.m / 2 * np.log(2 * x.sd / total) - x.distance**2 / (4 * total)
    return float(np.log(x.a * x.b) / 2 + log_bc + mean)


def difference(x: Isotropic, **misread: Any) -> Enclosure:
    """|log of the radial integral − log G| as computed."""
    value = abs(log_radial(x, **misread) - (float(x.log_gap.lo) + float(x.log_gap.hi)) / 2)
    return Enclosure(value, value)


def budget(x: Isotropic) -> Enclosure:
    """See the module's docstring."""
    u0, _, noncentrality = terms(x)
    size = abs(u0) + noncentrality + x.distance**2 + x.m * (1 + abs(np.log(x.sd)))
    slack = float(x.log_gap.hi) - float(x.log_gap.lo) + 1e-14 * size
    return Enclosure(slack, slack)


def _log_ratio(factor: int) -> Evidence:
    """log N_l/N_k − (p_k − p_l)(x − c)²/2 = log(p_l/p_k)/2 − p_k p_l Δ²/(factor (p_k − p_l)) for one coordinate, μ_k = 0."""
    import sympy as sp

    from bounds.measure.symbolic import identity

    x, delta = sp.symbols("x Delta", real=True)
    p, q = sp.symbols("p q", positive=True)
    c = -q * delta / (p - q)
    log_ratio = sp.log(q / p) / 2 - q * (x - delta) ** 2 / 2 + p * x**2 / 2
    u0 = sp.log(q / p) / 2 - p * q * delta**2 / (factor * (p - q))
    return identity(lambda: log_ratio - u0 - (p - q) * (x - c) ** 2 / 2)


def _centre(factor: int) -> Evidence:
    """m* − c = factor p_k p_l Δ/(p_k² − p_l²) for μ_k = 0, μ_l = Δ."""
    import sympy as sp

    from bounds.measure.symbolic import identity

    delta = sp.symbols("Delta", real=True)
    p, q = sp.symbols("p q", positive=True)
    return identity(lambda: q * delta / (p + q) + q * delta / (p - q) - factor * p * q * delta / (p**2 - q**2))


CLAIM = Claim(
    source="new",
    says="G_kl = √(ab) BC E ψ(u₀ + (p_k − p_l) v R/2), R noncentral chi-square, for isotropic covariances σ_k² I ≠ σ_l² I",
    space={
        "log_odds": Real(-8, 8),
        "m": Int(1, 60),
        "log_sd": Real(0.2, 2),
        "narrow": Choice((False, True)),
        "reach": Real(0, 12),
    },
    build=isotropic,
    assumes={},
    actual=difference,
    bound=budget,
    falsified={
        "u₀ without the determinants": {"actual": lambda x: difference(x, determinants=False)},
        "radius about m*, a central chi-square": {"actual": lambda x: difference(x, midpoint=False)},
        "v the mean of the variances": {"actual": lambda x: difference(x, harmonic=False)},
        "m + 1 degrees of freedom": {"actual": lambda x: difference(x, freedom=1)},
    },
    covers={
        "equal means": lambda x: x.distance == 0,
        "more than twenty dimensions": lambda x: x.m > 20,
        "gap below 1e-20": lambda x: float(x.log_gap.hi) < -46,
        "very different weights": lambda x: min(x.a, x.b) < 0.01,
    },
    proof=(
        Step(
            says="log(N_l/N_k) = log(p_l/p_k)/2 − p_k p_l Δ²/(2(p_k − p_l)) + (p_k − p_l)(x − c)²/2, one coordinate",
            check=lambda: _log_ratio(2),
            false_twin=lambda: _log_ratio(4),
        ),
        Step(says="m* − c = 2 p_k p_l Δ/(p_k² − p_l²)", check=lambda: _centre(2), false_twin=lambda: _centre(1)),
    ),
    cost=0.012,
)
