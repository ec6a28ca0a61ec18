r"""The right exponent for a pair doubles the paper's rate: the gap decays like $e^{-\alpha^2/2}$.

For weights a, b, any covariances and any dimension, with t* the maximiser that defines the separation α and
$c_t=\max_u\psi_t(u)$,
$$ G_{kl}\;\le\;c_{t^*}\,a^{1-t^*}b^{t^*}\,C_{t^*}\;\le\;c_{t^*}\,a^{1-t^*}b^{t^*}\,e^{-\alpha^2/2}, $$
and so for a mixture, by summing over pairs. The second is an equality exactly for equal covariances. (With equal means
α = 0 and every t is a maximiser; t* = 1/2 is taken there.)
Why: the first is `chernoff_sum` at t*. There the exponent of $C_t$ is $-\alpha^2/2$ by the definition of α, and its
determinant factor is at most 1 by concavity of log det (checked below for one coordinate).
The weights must follow t*: with the symmetric $2\ln2\sqrt{ab}$ in their place $e^{-\alpha^2/2}$ is false, but only for very
different covariances together with very different weights.

All are logarithms of nats. Left: the contour formula. Right: `instances.logs`.
"""

import numpy as np

from bounds.claim import Claim, Enclosure, Evidence, Step
from bounds.gmm_entropy.chernoff import c_t, log_chernoff
from bounds.gmm_entropy.instances import PAIRS, Pair, logs, pair
from bounds.gmm_entropy.separation_alpha import separation


def log_prefactor(x: Pair, symmetric: bool = False) -> float:
    """log c_t* a^(1−t*) b^t*, or log 2 ln 2 √(ab)."""
    t = separation(x.lam, x.d)[1]
    if symmetric:
        return float(np.log(2 * np.log(2)) + (np.log(x.a) + np.log(x.b)) / 2)
    return float(np.log(c_t(t)) + (1 - t) * np.log(x.a) + t * np.log(x.b))


def left(x: Pair) -> Enclosure:
    """log G, then log of the Chernoff bound at t*."""
    t = separation(x.lam, x.d)[1]
    return logs(x.log_gap, log_prefactor(x) + log_chernoff(t, x.lam, x.d))


def right(x: Pair, symmetric: bool = False, rate: float = 0.5) -> Enclosure:
    """log of the Chernoff bound at t*, then log of the bound by α."""
    t, decay = separation(x.lam, x.d)[1], -rate * x.alpha**2
    first = log_prefactor(x) + log_chernoff(t, x.lam, x.d) if not symmetric else log_prefactor(x, symmetric=True) + decay
    return logs(first, log_prefactor(x) + decay)


def _determinant_factor(power: int) -> Evidence:
    """With λ = e^x the factor of one coordinate is f(x)^(−1/2), f = t e^(−(1−t)x) + (1−t) e^(tx): f(0) = 1, and f is convex
    with f'(0) = 0, so f ≥ 1. Here: its second derivative, whose terms are positive."""
    import sympy as sp

    from bounds.measure.symbolic import identity

    t, x = sp.symbols("t x", real=True)
    f = t * sp.exp(-(1 - t) * x) + (1 - t) * sp.exp(t * x)
    second = t * (1 - t) * ((1 - t) ** power * sp.exp(-(1 - t) * x) + t**power * sp.exp(t * x))
    return identity(lambda: sp.Matrix([f.subs(x, 0) - 1, sp.diff(f, x).subs(x, 0), sp.diff(f, x, 2) - second]), {"t": (0, 1)})


SYMMETRIC = "2 ln 2 √(ab) exp(−α²/2), any covariances"
CLAIM = Claim(
    source="new",
    says="G_kl ≤ c_t* a^(1−t*) b^t* C_t* ≤ c_t* a^(1−t*) b^t* exp(−α²/2)",
    space=PAIRS,
    build=pair,
    assumes={},
    actual=left,
    bound=right,
    tightness="difference",
    falsified={
        SYMMETRIC: {"bound": lambda x: right(x, symmetric=True)},
        "exp(−α²)": {"bound": lambda x: right(x, rate=1.0)},
    },
    witness={
        SYMMETRIC: {
            "m": 1,
            "log_odds": float(np.log(0.001 / 0.999)),
            "lam": np.array([1e4]),
            "reach": 20.0,
            "direction": np.array([1.0]),
            "alike": False,
        },
    },
    covers={
        "equal covariances": lambda x: bool(np.all(x.lam == 1)),
        "equal means": lambda x: bool(np.all(x.d == 0)),
        "gap below 1e-100": lambda x: float(x.log_gap.hi) < -230,
        "very different covariances and weights": lambda x: bool(np.ptp(np.log(x.lam)) > 4 and min(x.a, x.b) < 0.01),
    },
    tight_at=({"m": 1, "log_odds": 0.0, "lam": [1.0], "reach": 0.0, "direction": [0.0], "alike": True},),
    proof=(
        Step(
            says="f(x) = t e^(−(1−t)x) + (1−t) e^(tx) has f(0) = 1, f'(0) = 0, f'' > 0, so the determinant factor is at most 1",
            check=lambda: _determinant_factor(1),
            false_twin=lambda: _determinant_factor(2),
        ),
    ),
    cost=0.002,
)
