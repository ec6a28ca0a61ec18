r"""The best free parameter of the paper's main bound, in closed form for each pair.

For one pair the factor $f(s)=2(1-s)^{-m/4}e^{-s\alpha^2/4}$ has its infimum over $s\in(0,1)$ at $s^*=1-m/\alpha^2$
if $\alpha^2>m$:
$$ f(s)\;\ge\;f(s^*)=2\Big(\frac{\alpha^2}{m}\Big)^{m/4}e^{-(\alpha^2-m)/4}, $$
and is never below 2, not attained (s → 0), if $\alpha^2\le m$. So with all $\alpha_{kl}^2\le m$ the main bound says nothing:
it exceeds $2\sum_{k\ne l}\sqrt{w_kw_l}\ge(2/\ln2)H(w)$.
Why: log f is convex in s with derivative $\tfrac m{4(1-s)}-\tfrac{\alpha^2}4$ (checked below).

Both sides are logarithms. Left: the closed form. Right: the factor at a drawn s, the definition itself.
"""

from dataclasses import dataclass

import numpy as np

from bounds.claim import Claim, Enclosure, Evidence, Int, Real, Step, rounded


@dataclass(frozen=True)
class Factor:
    """One pair's factor: dimension, separation, and the s at which the definition is evaluated."""

    m: int
    alpha: float
    s: float


def log_infimum(x: Factor, power: float = 0.25) -> Enclosure:
    """log of the closed form. Its few operations are each right to 1e-16 of terms of the size α² + m."""
    a2 = x.alpha**2
    value = np.log(2) + (power * x.m * np.log(a2 / x.m) - (a2 - x.m) / 4 if a2 > x.m else 0.0)
    return rounded(float(value), abs=1e-14 * (1 + a2 + x.m))


def log_factor(x: Factor) -> Enclosure:
    """log 2(1−s)^(−m/4) exp(−s α²/4)."""
    return rounded(float(np.log(2) - x.m / 4 * np.log1p(-x.s) - x.s * x.alpha**2 / 4), abs=1e-14 * (1 + x.alpha**2 + x.m))


def _slope(sign: int) -> Evidence:
    import sympy as sp

    from bounds.measure.symbolic import identity

    s, m, a = sp.symbols("s m a", positive=True)
    log_f = -m / 4 * sp.log(1 - s) - s * a**2 / 4
    return identity(lambda: sp.diff(log_f, s) - (m / (4 * (1 - s)) - sign * a**2 / 4), {"s": (0, 1)})


def _at_best(exponent: str) -> Evidence:
    import sympy as sp

    from bounds.measure.symbolic import identity

    m, r = sp.symbols("m r", positive=True)  # α² = m + r
    a2 = m + r
    s = 1 - m / a2
    closed = sp.Rational(exponent) * m * sp.log(a2 / m) - (a2 - m) / 4
    return identity(lambda: sp.expand_log(-m / 4 * sp.log(1 - s) - s * a2 / 4 - closed, force=True))


CLAIM = Claim(
    source="furuya2022entropy, main error bound (recalled), with its optimal s",
    says="2 (α²/m)^(m/4) exp(−(α²−m)/4) ≤ 2 (1−s)^(−m/4) exp(−s α²/4) for α² > m; and 2 ≤ it otherwise",
    space={"m": Int(1, 1000), "alpha": Real(0.01, 300, log=True), "s": Real(0.0005, 0.9995)},
    build=Factor,
    assumes={},
    actual=log_infimum,
    bound=log_factor,
    tightness="difference",
    falsified={
        "(α²/m)^(m/2)": {"actual": lambda x: log_infimum(x, power=0.5)},
        "never below 2": {"actual": lambda x: rounded(float(np.log(2)), abs=1e-15)},
    },
    covers={"infimum attained": lambda x: x.alpha**2 > x.m, "infimum not attained": lambda x: x.alpha**2 < x.m},
    tight_at=({"m": 4, "alpha": 4.0, "s": 0.75},),
    proof=(
        Step(says="d/ds log f = m/(4(1−s)) − α²/4", check=lambda: _slope(1), false_twin=lambda: _slope(2)),
        Step(
            says="log f(1 − m/α²) = (m/4) log(α²/m) − (α² − m)/4",
            check=lambda: _at_best("1/4"),
            false_twin=lambda: _at_best("1/2"),
        ),
    ),
    cost=0.0005,
)
