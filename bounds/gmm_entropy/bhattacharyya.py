r"""The gap is at most $2\ln 2$ times the pairwise Bhattacharyya sum, in any dimension.

With $S=\sum_{k<l}\sqrt{w_kw_l}\,BC(k,l)$, $BC=\int\sqrt{N_kN_l}$, and $\alpha_{kl}$ the separation,
$$ G \;\le\; 2\ln 2\; S \;\le\; 2\ln 2\sum_{k<l}\sqrt{w_kw_l}\;e^{-\alpha_{kl}^2/4}. $$
Why: $\log(1+\sum_j x_j)\le\sum_j\log(1+x_j)$ gives $G\le\sum_{k<l}\int\phi(A_k,A_l)$ with
$\phi(a,b)=a\log(1+b/a)+b\log(1+a/b)=\sqrt{ab}\,\psi(\log(b/a))$, and $\psi\le\psi(0)=2\ln2$ (checked below). Second step:
the exponent of $BC$ is $-\tfrac14\Delta^T(\Sigma_k+\Sigma_l)^{-1}\Delta\le-\alpha^2/4$ and its determinant factor is at most 1.
The constant is optimal: coincident components with equal weights give $G=\ln2$, $S=\tfrac12$. So S cannot be replaced by its
largest term, BC by its square, nor $\alpha^2/4$ by $\alpha^2/2$, which holds for equal covariances only.

All are logarithms of nats. Left: `Case.log_gap`. Right: `instances.logs` says who vouches for the rounding.
"""

from typing import Any

import numpy as np
from scipy.special import logsumexp

from bounds.claim import Claim, Enclosure, Evidence, Step
from bounds.gmm_entropy.instances import MIXTURES, Case, case, logs, on_first_axis

LN2 = float(np.log(2))


def log_sum(x: Case, constant: float = 2 * LN2, power: float = 1.0, largest: bool = False) -> float:
    """log(constant · Σ √(w_k w_l) BC^power), or the largest term instead of the sum."""
    terms = x.log_roots + power * x.log_overlaps
    if not len(terms):
        return -np.inf
    return float(np.log(constant) + (terms.max() if largest else logsumexp(terms)))


def log_separation_sum(x: Case, rate: float = 0.25) -> float:
    """log(2 ln 2 Σ √(w_k w_l) exp(−rate α²))."""
    terms = x.log_roots - rate * x.alpha[np.triu_indices(len(x.w), 1)] ** 2
    return float(np.log(2 * LN2) + logsumexp(terms)) if len(terms) else -np.inf


def left(x: Case) -> Enclosure:
    """log G, log 2 ln 2 S."""
    return logs(x.log_gap, log_sum(x))


def right(x: Case, rate: float = 0.25, **changes: Any) -> Enclosure:
    """log 2 ln 2 S, log of the separation sum."""
    return logs(log_sum(x, **changes), log_separation_sum(x, rate))


def _psi_below(top: str) -> Evidence:
    r"""$\psi(u)<$ top·ln 2 on [1/8, 64] in balls. At 0 there is equality, so [0, 1/8] is left to
    `_psi_is_concave_at_zero`; beyond 64 both terms are below $(u+2)e^{-u/2}$, which decreases."""
    from flint import arb

    from bounds.measure.ball import ball, positive_on_boxes

    def room(u: Any) -> Any:
        grow = (u / 2).exp()
        return ball(top) * arb(2).log() - (u + (-u).exp().log1p()) / grow - grow * (-u).exp().log1p()

    return positive_on_boxes(room, [[("1/8", 64)]])


def _psi_is_concave_at_zero(reach: str) -> Evidence:
    r"""$-\psi''>0$ on [0, reach]; ψ is even, so ψ'(0) = 0 and ψ decreases there.
    With $p=e^{-u/2}\log(1+e^u)$: $p''=p/4-e^{u/2}/(1+e^u)+e^{u/2}/(1+e^u)^2$, and ψ(u) = p(u) + p(−u)."""
    from bounds.measure.ball import positive_on_boxes

    def second(u: Any) -> Any:
        e, half = u.exp(), (u / 2).exp()
        return (1 + e).log() / half / 4 - half / (1 + e) + half / (1 + e) ** 2

    return positive_on_boxes(lambda u: -(second(u) + second(-u)), [[(0, reach)]])


CLAIM = Claim(
    source="new",
    says="G ≤ 2 ln 2 Σ_{k<l} √(w_k w_l) BC(k,l) ≤ 2 ln 2 Σ_{k<l} √(w_k w_l) exp(−α_kl²/4)",
    space=MIXTURES,
    build=case,
    assumes={},
    actual=left,
    bound=right,
    tightness="difference",
    falsified={
        "constant 1.38": {"bound": lambda x: right(x, constant=1.38)},
        "BC squared": {"bound": lambda x: right(x, power=2.0)},
        "largest pair instead of the sum": {"bound": lambda x: right(x, largest=True)},
        "BC ≤ exp(−α²/2) for any covariances": {"bound": lambda x: right(x, rate=0.5)},
    },
    also_true={
        "BC ≤ exp(−α²/2) for one covariance": {
            "bound": lambda x: right(x, rate=0.5),
            "build": lambda shape, **point: case(shape="one covariance", **point),
        },
    },
    witness={
        "constant 1.38": on_first_axis(0.0),
        "BC squared": on_first_axis(4.0),
        "largest pair instead of the sum": {
            "K": 10,
            "m": 1,
            "logits": np.zeros(10),
            "mean": np.zeros((10, 1)),
            "spread": 1.0,
            "sd": np.ones((10, 1)),
            "shear": np.zeros((10, 1, 1)),
            "shape": "coincident",
        },
        "BC ≤ exp(−α²/2) for any covariances": on_first_axis(55.0, sd=(1.0, 10.0)),
    },
    covers={
        "one component": lambda x: len(x.w) == 1,
        "three or more components": lambda x: len(x.w) > 2,
        "overlap below 1e-100": lambda x: len(x.w) > 1 and log_sum(x) < -230,
    },
    tight_at=(on_first_axis(0.0),),
    proof=(
        Step(
            says="ψ(u) < 2 ln 2 for 1/8 ≤ u ≤ 64",
            check=lambda: _psi_below("2"),
            false_twin=lambda: _psi_below("1.99"),
        ),
        Step(
            says="ψ'' < 0 for 0 ≤ u ≤ 1/8",
            check=lambda: _psi_is_concave_at_zero("1/8"),
            false_twin=lambda: _psi_is_concave_at_zero("3"),
        ),
    ),
    cost=0.004,
)
