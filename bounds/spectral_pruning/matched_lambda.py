r"""SP-8 (c): for a given size k the best λ is the one with N(λ) = k.

For 1 ≤ k < r and λ_k with N(λ_k) = k,
$$ \varphi_k\le k\lambda_k,\qquad\varphi_k\le(k+1)\sum_{i>k}\mu_i. $$
Why: the first is `log_free_existence` at λ_k, and λN(λ) rises with λ. A second, independent proof: (k + 1)a_{k+1} ≤ k a_k for
the law a of a sum of Bernoulli(μ_i/(μ_i + λ_k)) with mean k; by Hoeffding (1956) the extreme laws are s ones plus
Bin(n, j/n), s + j = k, where it is (k + 1)j ≤ k(j + 1). λ_k is irrational; since N falls, the first statement is
k ≤ N(φ_k/k), judged in Fractions. The second uses e_{k+1} ≤ e_k Σ_{i>k} μ_i (each product of k + 1 has a factor beyond the
first k). Units: h².
"""

from fractions import Fraction
from typing import Any

import numpy as np

from bounds.claim import Array, Claim, Enclosure, Evidence, Int, Step, exact
from bounds.measure.rational import every_case
from bounds.spectral_pruning.elementary import dpp_mean_loss
from bounds.spectral_pruning.information import degrees_of_freedom
from bounds.spectral_pruning.mean_loss_is_convex import scaled


def sizes(mu: np.ndarray) -> range:
    """k = 1..r − 1."""
    return range(1, int(np.count_nonzero(mu)))


def left(mu: np.ndarray) -> Enclosure:
    """k, then φ_k."""
    return exact(*sizes(mu), *(dpp_mean_loss(mu, k) for k in sizes(mu)))


def right(mu: np.ndarray, share: Any = 1) -> Enclosure:
    """N(share · φ_k/k), then (k + 1) Σ_{i>k} μ_i."""
    tail = sorted(mu, reverse=True)
    at = [degrees_of_freedom(mu, share * dpp_mean_loss(mu, k) / k) for k in sizes(mu)]
    return exact(*at, *((k + 1) * sum(tail[k:], Fraction(0)) for k in sizes(mu)))


def extreme_laws(factor: int) -> Evidence:
    """(k + factor)j ≤ k(j + factor) for all 0 ≤ j ≤ k ≤ 60: factor 1; the twin compares the wrong way round."""
    cases = [(j, k) for k in range(1, 61) for j in range(k + 1)]
    return every_case(cases, lambda c: factor * ((c[1] + 1) * c[0] - c[1] * (c[0] + 1)) <= 0)


CLAIM = Claim(
    source="new, SP-8 (c)",
    says="φ_k ≤ kλ_k where N(λ_k) = k, and φ_k ≤ (k+1) Σ_{i>k} μ_i, for 1 ≤ k < r",
    space={"m": Int(2, 6), "mantissa": Array(("m",), 0, 9, step=1), "decade": Array(("m",), -3, 3, step=1)},
    build=scaled,
    assumes={"rank at least 2": lambda mu: int(np.count_nonzero(mu)) - 2},
    actual=left,
    bound=right,
    tightness="difference",
    falsified={
        "1% less": {"bound": lambda mu: right(mu, Fraction(100, 99))},
        "k Σ_{i>k} μ_i": {
            "actual": lambda mu: exact(*(dpp_mean_loss(mu, k) for k in sizes(mu))),
            "bound": lambda mu: exact(*(k * sum(sorted(mu)[: len(mu) - k], Fraction(0)) for k in sizes(mu))),
        },
    },
    witness={"1% less": {"mantissa": [1] * 4, "decade": [0] * 4}},
    covers={"zeros": lambda mu: 0 in mu, "decades": lambda mu: max(mu) > 1000 * min(mu) > 0},
    tight_at=({"mantissa": [1] * 4, "decade": [0] * 4},),
    proof=(
        Step(
            says="(k + 1)j ≤ k(j + 1) for 0 ≤ j ≤ k ≤ 60 (in general it is j ≤ k)",
            check=lambda: extreme_laws(1),
            false_twin=lambda: extreme_laws(-1),
        ),
    ),
    cost=0.001,
)
