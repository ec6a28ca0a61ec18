r"""With random means a large gap is unlikely in high dimension at every scale, not only for c > 1.

Under the hypothesis of `random_means` (every pair's normalised mean difference is $N(0,c^2I_m)$), for every c, ε > 0
$$ P(G\ge\varepsilon)\;\le\;\frac{\ln2\,(K-1)}\varepsilon\Big(1+\frac{c^2}2\Big)^{-m/2},\qquad
   \text{and with } 1+c^2 \text{ for equal covariances.} $$
Why: Markov on $G\le2\ln2\sum_{k<l}\sqrt{w_kw_l}\,e^{-\alpha^2/4}$ (claim `bhattacharyya`) with $\alpha\ge c|Z|$; for equal
covariances the exponent is $-\alpha^2/2$ (claim `separation_decay`); the steps checked below are those of `random_means`.

Both sides are logarithms of probabilities; left as in `random_means`, with equal covariances, so that both forms apply.
"""

import numpy as np

from bounds.claim import Claim, Enclosure
from bounds.gmm_entropy.random_means import CLAIM as PAPER
from bounds.gmm_entropy.random_means import EXACT, SPACE, RandomMeans, log_dimension_free


def both(x: RandomMeans, **change: float) -> Enclosure:
    """log of the bound for any covariances, and of the one for equal covariances, which `change` misreads."""
    general, equal = log_dimension_free(x), log_dimension_free(x, **{"rate": 1.0, **change})
    return Enclosure(np.array([general.lo, equal.lo]), np.array([general.hi, equal.hi]))


CLAIM = Claim(
    source="new",
    says="P(G ≥ ε) ≤ (ln 2 (K−1)/ε) (1 + c²)^(−m/2) ≤ (ln 2 (K−1)/ε) (1 + c²/2)^(−m/2) for every c > 0 (equal covariances)",
    space=SPACE,
    build=RandomMeans,
    assumes={},
    actual=lambda x: x.log_probability,
    bound=both,
    tightness="difference",
    falsified={
        "exponent −m": {"bound": lambda x: both(x, power=1.0), **EXACT},
        "1 + 4c² (the scale of the difference taken for c)": {"bound": lambda x: both(x, rate=4.0), **EXACT},
    },
    witness={
        name: {"K": 2, "m": 20, "c": 3.0, "eps": 0.01, "s": 0.5, "seed": 0}
        for name in ("exponent −m", "1 + 4c² (the scale of the difference taken for c)")
    },
    covers={
        "three components, dependent pairs": lambda x: x.K == 3,
        "bound below one although c is at most one": lambda x: x.c <= 1 and float(both(x).hi[1]) < 0,
    },
    proof=PAPER.proof,
    cost=0.015,
)
