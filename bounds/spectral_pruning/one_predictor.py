r"""SP-15 for one predictor: the one-sided bound by inversion of kl, and its price if it is read as two-sided.

A predictor fixed before the data, 0-1 loss, risk p, e errors among n: with probability at least 1 − δ,
$$ p\le kl^{-1}\bigl(\tfrac en,\tfrac{\log(1/\delta)}n\bigr),\qquad kl^{-1}(q,c)=\max\{p\ge q:\ kl(q\|p)\le c\}. $$
Why: P(e/n ≤ q) ≤ exp(−n kl(q‖p)) for q ≤ p (Chernoff), and {kl(e/n‖p) > c, e/n < p} is one such event. The two-sided
event kl(e/n‖p) > c takes log(2/δ). Not sampled: the failure probability is a binomial sum (see `hold_out`).
"""

from typing import Any

import numpy as np

from bounds.claim import Claim, Enclosure, Int, Real, exact
from bounds.spectral_pruning.generalization import bernoulli_kl, occam_upper
from bounds.spectral_pruning.hold_out import HoldOut, failure


def one_sided(x: HoldOut) -> Enclosure:
    """P(p > kl⁻¹(e/n, log(1/δ)/n))."""
    upper = occam_upper(np.arange(x.n + 1) / x.n, x.n, 0.0, x.delta)
    return failure(x, lambda e: upper[e])


def two_sided(x: HoldOut, budget: float) -> Enclosure:
    """P(kl(e/n‖p) > budget/n), with ties within 1e-12 on either side."""
    from scipy.special import gammaln, xlog1py, xlogy

    e = np.arange(x.n + 1)
    log_weight = gammaln(x.n + 1) - gammaln(e + 1) - gammaln(x.n - e + 1) + xlogy(e, x.p) + xlog1py(x.n - e, -x.p)
    far = np.asarray(bernoulli_kl(e / x.n, x.p)) - budget / x.n
    certain, possible = (float(np.exp(log_weight)[far > edge].sum()) for edge in (1e-12, -1e-12))
    return Enclosure(certain * (1 - 1e-10), possible * (1 + 1e-10))


def nats_of_level(x: HoldOut, two: bool = False) -> Any:
    """log(1/δ), or log(2/δ)."""
    return np.log((2 if two else 1) / x.delta)


CLAIM = Claim(
    source="new, SP-15 for a single predictor (classical)",
    says="with probability ≥ 1 − δ: p ≤ kl⁻¹(e/n, log(1/δ)/n) for a predictor fixed before the data",
    space={"n": Int(1, 40), "p": Real(0.001, 0.999), "delta": Real(0.01, 0.9)},
    build=HoldOut,
    assumes={},
    actual=one_sided,
    bound=lambda x: exact(x.delta),
    falsified={
        "read as two-sided": {"actual": lambda x: two_sided(x, nats_of_level(x))},
        "log(1/δ)/(2n)": {"actual": lambda x: failure(x, lambda e: occam_upper(e / x.n, x.n, 0.0, float(np.sqrt(x.delta))))},
    },
    also_true={"two-sided, with log(2/δ)": {"actual": lambda x: two_sided(x, nats_of_level(x, two=True))}},
    witness={"read as two-sided": {"n": 1, "p": 0.5, "delta": 0.51}},
    covers={"one sequence": lambda x: x.n == 1, "a failure is possible": lambda x: bool(one_sided(x).lo > 0.01)},
    cost=0.001,
)
