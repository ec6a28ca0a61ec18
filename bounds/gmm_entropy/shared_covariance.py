r"""Equal covariances: the gap of a pair between two closed forms that meet at large separation, in any dimension.

With δ the distance of the means in the common metric, $L=\log(a/b)$, and every $\delta>0$, $a,b>0$ (no asymptotics):
$$ \sqrt{ab}\,e^{-\delta^2/8}\,\frac{2\sqrt{2\pi}}{\delta}\,e^{-(8+\pi^2+L^2)/2\delta^2}\;\le\;G_{kl}\;\le\;
   \sqrt{ab}\,e^{-\delta^2/8}\min\Big(2\ln2,\frac{2\sqrt{2\pi}}{\delta}\Big), $$
and, better for small δ, $G_{kl}\ge2\ln2\,[a\,\Phi(-\tfrac\delta2-\tfrac L\delta)+b\,\Phi(-\tfrac\delta2+\tfrac L\delta)]$.
Why: $G_{kl}=\sqrt{ab}\,e^{-\delta^2/8}\int\psi(u)\,n_\delta(u+L)\,du$ with $n_\delta$ the density of N(0, δ²). Above:
$n_\delta\le1/(\delta\sqrt{2\pi})$ and $\int\psi=4\pi$; and $\psi\le2\ln2$. Below: Jensen under the density ψ/4π, whose
second moment is $8+\pi^2$, from $\int e^{-su}\log(1+e^u)du=\pi/(s\sin\pi s)$. Last: $h_b(p)\ge2\ln2\min(p,1-p)$, and the
integral of the smaller of the two weighted densities. The moments of ψ are checked below in balls, to within 1e-8.

All are logarithms of nats. Left and right around the contour formula, which uses no ψ. The closed forms are differences of
terms of the sizes δ²/8 and 100/2δ², each rounded a few times.
"""

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import expit, log_ndtr

from bounds.claim import Claim, Enclosure, Evidence, Int, Real, Step, rounded
from bounds.gmm_entropy.instances import Pair

LOG_2LN2 = float(np.log(2 * np.log(2)))
PI2 = float(np.pi**2)


@dataclass(frozen=True)
class EqualPair:
    """Two components with one covariance: weights, dimension, separation δ."""

    a: float
    b: float
    m: int
    delta: float
    rigorous: bool = False

    @cached_property
    def log_gap(self) -> Enclosure:
        """By the contour formula in m dimensions; in balls after `finer`."""
        d = np.zeros(self.m)
        d[0] = self.delta
        return Pair(self.a, self.b, np.ones(self.m), d, self.rigorous).log_gap

    @property
    def log_front(self) -> float:
        """log √(ab) − δ²/8."""
        return float((np.log(self.a) + np.log(self.b)) / 2 - self.delta**2 / 8)


def equal_pair(log_odds: float, m: int, delta: float) -> EqualPair:
    """Weights with sum one."""
    return EqualPair(float(expit(log_odds)), float(expit(-log_odds)), m, delta)


def finer(x: EqualPair) -> EqualPair | None:
    """The same pair with its gap in ball arithmetic, once."""
    return None if x.rigorous else replace(x, rigorous=True)


def log_lower(x: EqualPair, moment: float = 8 + PI2) -> float:
    """log of Jensen's lower bound; `moment` is the second moment of ψ/4π."""
    L = np.log(x.a / x.b)
    return float(x.log_front + np.log(2 * np.sqrt(2 * np.pi) / x.delta) - (moment + L * L) / (2 * x.delta**2))


def log_bayes(x: EqualPair) -> float:
    """log of 2 ln 2 times the Bayes error."""
    L = np.log(x.a / x.b)
    terms = np.log([x.a, x.b]) + log_ndtr([-x.delta / 2 - L / x.delta, -x.delta / 2 + L / x.delta])
    return float(LOG_2LN2 + np.logaddexp(*terms))


def log_upper(x: EqualPair, constant: float = 2.0) -> float:
    """log of √(ab) e^(−δ²/8) min(2 ln 2, constant √(2π)/δ)."""
    return float(x.log_front + min(LOG_2LN2, np.log(constant * np.sqrt(2 * np.pi) / x.delta)))


def _sides(x: EqualPair, *values: Enclosure | float) -> Enclosure:
    ends = [v if isinstance(v, Enclosure) else rounded(v, abs=1e-15 * (10 + x.delta**2 + 100 / x.delta**2)) for v in values]
    lo, hi = (np.array([float(getattr(e, side)) for e in ends]) for side in ("lo", "hi"))
    return Enclosure(lo, hi)


def left(x: EqualPair, **change: Any) -> Enclosure:
    """log of the two lower bounds, log G."""
    return _sides(x, log_lower(x, **change), log_bayes(x), x.log_gap)


def right(x: EqualPair, **change: Any) -> Enclosure:
    """log G twice, log of the upper bound."""
    return _sides(x, x.log_gap, x.log_gap, log_upper(x, **change))


def _moment(power: int, value: str) -> Evidence:
    r"""$\int\psi u^{\text{power}}$ against value·π or (value + π²)·4π: [0, 100] in balls; beyond, ψ is below
    $(u+2)e^{-u/2}$, so the tail is below 1e-15."""
    from flint import acb, arb

    from bounds.measure.ball import ball, integral
    from bounds.measure.rational import certificate

    def psi(u: Any, analytic: bool) -> Any:
        grow, shrink = (u / 2).exp(), (-u).exp()
        log = (1 + shrink).log(analytic=analytic)
        return ((u + log) / grow + grow * log) * u**power

    def check() -> bool | None:
        half = integral(psi, 0, 100)
        tail = arb(0, "1e-15")
        target = ball(value) * arb.pi() if power == 0 else (ball(value) + arb.pi() ** 2) * 4 * arb.pi()
        gap = acb(2 * half + tail - target)
        if not gap.real.contains(0):
            return False
        return True if float(gap.real.rad()) < 1e-9 else None

    return certificate(check, "integral in balls of radius below 1e-9")


CLAIM = Claim(
    source="furuya2022entropy, the case of equal covariances (recalled in kind; closed forms are ours)",
    says="√(ab) e^(−δ²/8) (2√(2π)/δ) e^(−(8+π²+L²)/2δ²) ≤ G ≤ √(ab) e^(−δ²/8) min(2 ln 2, 2√(2π)/δ); G ≥ 2 ln 2 · Bayes error",
    space={"log_odds": Real(-8, 8), "m": Int(1, 3), "delta": Real(0.01, 300, log=True)},
    build=equal_pair,
    assumes={},
    actual=left,
    bound=right,
    tightness="difference",
    refine=finer,
    falsified={
        "upper with √(2π)/δ": {"bound": lambda x: right(x, constant=1.0)},
        "lower with 8 in place of 8 + π²": {"actual": lambda x: left(x, moment=8.0)},
    },
    witness={
        "upper with √(2π)/δ": {"log_odds": 0.0, "m": 1, "delta": 20.0},
        "lower with 8 in place of 8 + π²": {"log_odds": 0.0, "m": 1, "delta": 20.0},
    },
    covers={
        "closed forms within 10 %": lambda x: log_upper(x) - log_lower(x) < 0.1,
        "Bayes error is the better lower bound": lambda x: log_bayes(x) > log_lower(x),
        "gap below 1e-300": lambda x: float(x.log_gap.hi) < -691,
    },
    proof=(
        Step(says="∫ψ = 4π, within 1e-8", check=lambda: _moment(0, "4"), false_twin=lambda: _moment(0, "4.00000001")),
        Step(says="∫u²ψ = 4π(8 + π²), within 1e-8", check=lambda: _moment(2, "8"), false_twin=lambda: _moment(2, "8.00000001")),
    ),
    cost=0.004,
)
