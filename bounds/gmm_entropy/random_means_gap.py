r"""The mean gap of a pair whose means are random, exactly, in any dimension.

If $\Sigma^{-1/2}\Delta=gZ$ with $Z\sim N(0,I_m)$ and equal covariances, then for any $0<c<1$, with $s=c+iy$,
$$ E[G_{kl}]=\frac1\pi\int_0^\infty\operatorname{Re}\frac{\pi\,a^{1-s}b^s}{s(1-s)\sin\pi s}\,\big(1+g^2s(1-s)\big)^{-m/2}dy. $$
Why: in `contour_formula` replace $C_s=e^{-s(1-s)\delta^2/2}$ by its mean: $\delta^2/g^2$ is chi-square with m degrees of
freedom, whose generating function is $(1+2u)^{-m/2}$ (checked below for m = 2).

Both in nats. Left: the difference between that formula and $\int G(gr)\,\chi_m(r)\,dr$ with
$G(\delta)=\sqrt{ab}\,e^{-\delta^2/8}\,E\,\psi(\delta Y-\log(a/b))$, Y standard normal, by trapezoidal rules: no formula is
shared. Right: what both may be off: the halving difference, and 1e-11 of the value for the budget of
`log_expected_pair_gap` and the mass off the grid.
"""

from dataclasses import dataclass

import numpy as np
from scipy.special import expit, gammaln

from bounds.claim import Claim, Enclosure, Evidence, Int, Real, Step
from bounds.gmm_entropy.chernoff import psi_t
from bounds.gmm_entropy.pair_gap import log_expected_pair_gap


@dataclass(frozen=True)
class RandomPair:
    """Weights, dimension, and the scale of the random mean difference."""

    a: float
    b: float
    m: int
    g: float


def random_pair(log_odds: float, m: int, g: float) -> RandomPair:
    """Weights with sum one."""
    return RandomPair(float(expit(log_odds)), float(expit(-log_odds)), m, g)


def averaged(x: RandomPair) -> tuple[float, float]:
    """E G(g|Z|) and what it changes by when both steps are doubled. The chi density times e^(−g²r²/8) is again a chi density,
    of scale (1 + g²/4)^(−1/2), up to that factor to the power m: so the grid follows r in units of that scale."""
    scale = 1 / np.sqrt(1 + x.g**2 / 4)
    centre = np.sqrt(x.m)
    r, y = np.linspace(max(0.0, centre - 9), centre + 9, 321), np.linspace(-9, 9, 321)
    with np.errstate(divide="ignore"):  # log 0 at r = 0, whose weight is 0 unless m = 1
        log_chi = (1 - x.m / 2) * np.log(2) - gammaln(x.m / 2) - r**2 / 2 + ((x.m - 1) * np.log(r) if x.m > 1 else 0.0)
    inner = psi_t(x.g * scale * r[:, None] * y - np.log(x.a / x.b)) * np.exp(-(y**2) / 2) / np.sqrt(2 * np.pi)

    def rule(step: int) -> float:
        weight: np.ndarray = np.exp(log_chi[::step])
        weight[0] *= 0.5
        return float(weight @ inner[::step, ::step].sum(axis=1) * (r[step] - r[0]) * (y[step] - y[0]))

    front = np.sqrt(x.a * x.b) * scale**x.m
    return front * rule(1), front * abs(rule(1) - rule(2))


def difference(x: RandomPair, m: float = 1.0, g: float = 1.0) -> Enclosure:
    """|formula − average| as computed; m and g multiply what the formula is told."""
    formula = np.exp(log_expected_pair_gap(x.a, x.b, max(1, round(x.m * m)), x.g * g))
    value = abs(float(formula) - averaged(x)[0])
    return Enclosure(value, value)


def budget(x: RandomPair) -> Enclosure:
    """See the module's docstring."""
    value, halving = averaged(x)
    return Enclosure(halving + 1e-11 * value, halving + 1e-11 * value)


def _generating_function(power: str) -> Evidence:
    """E exp(−u χ²) for two degrees of freedom, density exp(−x/2)/2."""
    import sympy as sp

    from bounds.measure.symbolic import identity

    u, x = sp.symbols("u x", positive=True)
    mean = sp.integrate(sp.exp(-u * x) * sp.exp(-x / 2) / 2, (x, 0, sp.oo))
    return identity(lambda: mean - (1 + 2 * u) ** -sp.Rational(power))


CLAIM = Claim(
    source="new",
    says="E G_kl = (1/π) ∫_0^∞ Re [π a^(1−s) b^s / (s(1−s) sin πs)] (1 + g² s(1−s))^(−m/2) dy for Σ^(−1/2)Δ = g Z",
    space={"log_odds": Real(-5, 5), "m": Int(1, 30), "g": Real(0.05, 4, log=True)},
    build=random_pair,
    assumes={},
    actual=difference,
    bound=budget,
    falsified={
        "exponent −m": {"actual": lambda x: difference(x, m=2.0)},
        "means of scale g, difference of scale √2 g": {"actual": lambda x: difference(x, g=np.sqrt(2))},
    },
    covers={"one dimension": lambda x: x.m == 1, "unequal weights": lambda x: min(x.a, x.b) < 0.05},
    proof=(
        Step(
            says="E exp(−u χ²_2) = 1/(1 + 2u)",
            check=lambda: _generating_function("1"),
            false_twin=lambda: _generating_function("1/2"),
        ),
    ),
    cost=0.018,
)
