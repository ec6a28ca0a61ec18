r"""Every exponent t gives a bound by Chernoff coefficients, one t for each pair.

For any $t_{kl}\in(0,1)$, with $c_t=\max_u\psi_t(u)$ and $C_t=\int N_k^{1-t}N_l^t$,
$$ G\;\le\;\sum_{k<l}c_{t_{kl}}\,w_k^{1-t_{kl}}w_l^{t_{kl}}\,C_{t_{kl}}(k,l). $$
Why: $\phi(a,b)=a^{1-t}b^t\psi_t(\log(b/a))\le c_ta^{1-t}b^t$ (checked below), summed over pairs. At t = 1/2 it is the
Bhattacharyya bound; the best t for each pair is the subject of `separation_decay`.

Both sides are logarithms of nats. Left: `Case.log_gap`. Right: `instances.logs`.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp

from bounds.claim import Array, Claim, Enclosure, Evidence, Real, Step
from bounds.gmm_entropy.chernoff import c_t, log_chernoff
from bounds.gmm_entropy.instances import MIXTURES, Case, case, logs, on_first_axis

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


def log_bound(x: Tilted, constant: float | None = None) -> Enclosure:
    """log Σ c_t w_k^(1−t) w_l^t C_t; `constant` in place of c_t is a misreading."""
    terms = []
    for k, l in zip(*(i.tolist() for i in np.triu_indices(len(x.case.w), 1)), strict=True):
        t = float(x.t[k, l])
        log_weight = (1 - t) * np.log(x.case.w[k]) + t * np.log(x.case.w[l])
        terms.append(np.log(c_t(t) if constant is None else constant) + log_weight + log_chernoff(t, *x.case.spectrum(k, l)))
    return logs(float(logsumexp(terms)) if terms else -np.inf)


def _split(power: int) -> Evidence:
    """φ(a, b) = a^(1−t) b^t ψ_t(log(b/a)), with r = b/a: a log(1+r) + b log(1+1/r) against a r^t ψ_t(log r)."""
    import sympy as sp

    from bounds.measure.symbolic import identity

    a, r, t = sp.symbols("a r t", positive=True)
    psi = r**-t * sp.log(1 + r) + r ** (1 - t) * sp.log(1 + 1 / r)
    return identity(lambda: a * sp.log(1 + r) + a * r * sp.log(1 + 1 / r) - a * r ** (power * t) * psi)


CLAIM = Claim(
    source="new",
    says="G ≤ Σ_{k<l} c_t w_k^(1−t) w_l^t C_t(k,l) for every t in (0, 1), one for each pair",
    space={
        **MIXTURES,
        "sd": Array(("K", "m"), 0.05, 20, log=True),
        "log_odds": Real(-8, 8),
        "t": Array(("K", "K"), 0.02, 0.98),
    },
    build=tilted,
    assumes={},
    actual=lambda x: x.case.log_gap,
    bound=log_bound,
    tightness="difference",
    falsified={
        "c_t replaced by 2 ln 2": {"bound": lambda x: log_bound(x, constant=2 * LN2)},
        "c_t replaced by 1": {"bound": lambda x: log_bound(x, constant=1.0)},
    },
    witness={
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
