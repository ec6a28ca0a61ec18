r"""Every exponent t gives a bound by Chernoff coefficients; the right one for each pair doubles the paper's exponent.

For any $t_{kl}\in(0,1)$, with $c_t=\max_u\psi_t(u)$ and $C_t=\int N_k^{1-t}N_l^t$,
$$ G\;\le\;\sum_{k<l}c_{t_{kl}}\,w_k^{1-t_{kl}}w_l^{t_{kl}}\,C_{t_{kl}}(k,l), \qquad
   G\;\le\;\sum_{k<l}c_{t^*_{kl}}\,w_k^{1-t^*_{kl}}w_l^{t^*_{kl}}\;e^{-\alpha_{kl}^2/2}, $$
where t* is the maximiser that defines the separation α.
Why: $\phi(a,b)=a^{1-t}b^t\psi_t(\log(b/a))\le c_ta^{1-t}b^t$, summed over pairs. At t* the exponent of $C_t$ is $-\alpha^2/2$
and its determinant factor is at most 1 by concavity of log det. It needs t*: with the symmetric $2\ln2\sqrt{w_kw_l}$ in
its place $e^{-\alpha^2/2}$ is false as soon as covariances differ enough, though it is true for equal ones.

All are logarithms of nats. Left: `Case.log_gap` or the contour formula for a pair. Right: `instances.logs`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp

from bounds.claim import Array, Claim, Enclosure, Evidence, Real, Step
from bounds.gmm_entropy.chernoff import c_t, log_chernoff
from bounds.gmm_entropy.instances import MIXTURES, Case, case, logs, on_first_axis
from bounds.gmm_entropy.separation_alpha import separation

LN2 = float(np.log(2))


@dataclass(frozen=True)
class Tilted:
    """A mixture and one exponent for each pair k < l."""

    case: Case
    t: Float[np.ndarray, "K K"]


def tilted(t: Float[np.ndarray, "K K"], log_odds: float, **point: Any) -> Tilted:
    """Valid for every t in (0, 1). `log_odds` shifts the first weight, so that very unequal weights are drawn too."""
    K = point["K"]
    logits = np.asarray(point.pop("logits"), float) + log_odds * (np.arange(K) == 0)
    return Tilted(case(logits=logits, **point), np.asarray(t, float).reshape(K, K))


def log_sum(x: Case, t: Float[np.ndarray, "K K"] | None, *, constant: float | None = None, symmetric: bool = False) -> float:
    """log Σ c_t w_k^(1−t) w_l^t C_t; t None: t* of each pair and exp(−α²/2) for its C_t."""
    terms = []
    for k, l in zip(*np.triu_indices(len(x.w), 1), strict=True):
        if t is None:
            alpha, tilt = separation(*x.spectrum(k, l))[:2]
            log_coefficient = -(alpha**2) / 2
        else:
            tilt = float(t[k, l])
            log_coefficient = log_chernoff(tilt, *x.spectrum(k, l))
        weight = 0.5 if symmetric else tilt
        log_c = np.log(c_t(tilt) if constant is None else constant)
        terms.append(log_c + (1 - weight) * np.log(x.w[k]) + weight * np.log(x.w[l]) + log_coefficient)
    return float(logsumexp(terms)) if terms else -np.inf


def right(x: Tilted, **changes: Any) -> Enclosure:
    """Both bounds; `changes` are misreadings of the second."""
    return logs(log_sum(x.case, x.t), log_sum(x.case, None, **changes))


def right_any(x: Tilted, **changes: Any) -> Enclosure:
    """Both bounds; `changes` are misreadings of the first."""
    return logs(log_sum(x.case, x.t, **changes), log_sum(x.case, None))


def _split(power: int) -> Evidence:
    """φ(a, b) = a^(1−t) b^t ψ_t(log(b/a)), with r = b/a: a log(1+r) + b log(1+1/r) against a r^t ψ_t(log r)."""
    import sympy as sp

    from bounds.measure.symbolic import identity

    a, r, t = sp.symbols("a r t", positive=True)
    psi = r**-t * sp.log(1 + r) + r ** (1 - t) * sp.log(1 + 1 / r)
    return identity(lambda: a * sp.log(1 + r) + a * r * sp.log(1 + 1 / r) - a * r ** (power * t) * psi)


CLAIM = Claim(
    source="new",
    says="G ≤ Σ c_t w_k^(1−t) w_l^t C_t(k,l) for all t, and ≤ Σ c_t* w_k^(1−t*) w_l^t* exp(−α²/2)",
    space={
        **MIXTURES,
        "sd": Array(("K", "m"), 0.05, 20, log=True),
        "log_odds": Real(-8, 8),
        "t": Array(("K", "K"), 0.02, 0.98),
    },
    build=tilted,
    assumes={},
    actual=lambda x: x.case.log_gap,
    bound=right,
    tightness="difference",
    falsified={
        "2 ln 2 √(w_k w_l) exp(−α²/2), any covariances": {"bound": lambda x: right(x, constant=2 * LN2, symmetric=True)},
        "c_t replaced by 2 ln 2": {"bound": lambda x: right_any(x, constant=2 * LN2)},
        "c_t replaced by 1": {"bound": lambda x: right_any(x, constant=1.0)},
    },
    witness={
        "2 ln 2 √(w_k w_l) exp(−α²/2), any covariances": {
            **on_first_axis(2020.0, sd=(1.0, 100.0), log_odds=float(np.log(0.001 / 0.999))),
            "log_odds": 0.0,
            "t": np.full((2, 2), 0.5),
        },
        "c_t replaced by 2 ln 2": {**on_first_axis(0.0, log_odds=20.0), "log_odds": 0.0, "t": np.full((2, 2), 0.9)},
        "c_t replaced by 1": {**on_first_axis(0.0), "log_odds": 0.0, "t": np.full((2, 2), 0.5)},
    },
    covers={
        "one component": lambda x: len(x.case.w) == 1,
        "three or more components": lambda x: len(x.case.w) > 2,
        "t far from one half": lambda x: len(x.case.w) == 2 and abs(x.t[0, 1] - 0.5) > 0.4,
    },
    tight_at=({**on_first_axis(0.0), "log_odds": 0.0, "t": np.full((2, 2), 0.5)},),
    proof=(
        Step(
            says="a log(1 + b/a) + b log(1 + a/b) = a^(1−t) b^t ψ_t(log(b/a))",
            check=lambda: _split(1),
            false_twin=lambda: _split(2),
        ),
    ),
    cost=0.006,
)
