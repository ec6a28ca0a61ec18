r"""The gap is at most $\log(1+2S)$, which never exceeds the paper's bound and stays finite when everything overlaps.

With $S=\sum_{k<l}\sqrt{w_kw_l}\,BC(k,l)$,
$$ G\;\le\;\log(1+2S). $$
Why: Shannon's entropy is at most Rényi's of order ½, which is $2\log\sum_k\sqrt{\rho_k}=\log(1+2\sum_{k<l}\sqrt{\rho_k\rho_l})$
for responsibilities ρ; take the mean under q and use Jensen. Equality exactly when all components coincide with equal
weights: both sides are log K. The factor 2 cannot go: without it the bound fails there for every K ≥ 2.

Both sides are logarithms of nats. Left: `Case.log_gap`. Right: `instances.logs`.
"""

import numpy as np
from scipy.special import logsumexp

from bounds.claim import Claim, Enclosure, Evidence, Step
from bounds.gmm_entropy.chernoff import log_log1p_exp
from bounds.gmm_entropy.instances import MIXTURES, Case, case, logs, on_first_axis


def log_bound(x: Case, factor: float = 2.0, power: float = 1.0) -> Enclosure:
    """log log(1 + factor Σ √(w_k w_l) BC^power)."""
    terms = x.log_roots + power * x.log_overlaps
    return logs(float(log_log1p_exp(np.log(factor) + logsumexp(terms))) if len(terms) else -np.inf)


def _square_of_roots(factor: int) -> Evidence:
    import sympy as sp

    from bounds.measure.symbolic import identity

    p, q, r = sp.symbols("p q r", positive=True)  # square roots of three responsibilities
    return identity(lambda: (p + q + r) ** 2 - (p**2 + q**2 + r**2) - factor * (p * q + p * r + q * r))


CLAIM = Claim(
    source="new",
    says="G ≤ log(1 + 2 Σ_{k<l} √(w_k w_l) BC(k,l))",
    space=MIXTURES,
    build=case,
    assumes={},
    actual=lambda x: x.log_gap,
    bound=log_bound,
    tightness="difference",
    falsified={
        "log(1 + S)": {"bound": lambda x: log_bound(x, factor=1.0)},
        "BC squared": {"bound": lambda x: log_bound(x, power=2.0)},
    },
    witness={"log(1 + S)": on_first_axis(0.0), "BC squared": on_first_axis(6.0)},
    covers={
        "one component": lambda x: len(x.w) == 1,
        "three or more components": lambda x: len(x.w) > 2,
        "overlap below 1e-100": lambda x: len(x.w) > 1 and logsumexp(x.log_roots + x.log_overlaps) < -230,
    },
    tight_at=(on_first_axis(0.0),),
    proof=(
        Step(
            says="(Σ √ρ_k)² = Σ ρ_k + 2 Σ_{k<l} √(ρ_k ρ_l), K = 3",
            check=lambda: _square_of_roots(2),
            false_twin=lambda: _square_of_roots(1),
        ),
    ),
    cost=0.004,
)
