"""With probability at least 1 − δ: the mean of n signs exceeds √(2 log(1/δ) / n) with probability at most δ.

The failure rate is sampled and enclosed by exact binomial limits at a risk of 1e-12 a look; undecided, it is drawn again
with four times as many."""

import math
from dataclasses import dataclass, replace

import numpy as np
from scipy.special import betaincinv

from bounds.claim import Claim, Enclosure, Int, Real, exact

RISK = 1e-12


@dataclass(frozen=True)
class Signs:
    """n signs, a level and a sample size."""

    n: int
    delta: float
    seed: int
    draws: int = 200


def failure_rate(x: Signs, factor: float = 1.0) -> Enclosure:
    """Clopper and Pearson's limits at RISK / 2 each."""
    sums = 2 * np.random.default_rng([x.seed, x.draws]).binomial(x.n, 0.5, x.draws) - x.n
    k = int((sums > factor * math.sqrt(2 * math.log(1 / x.delta) * x.n)).sum())
    lo = float(betaincinv(k, x.draws - k + 1, RISK / 2)) if k else 0.0
    hi = float(betaincinv(k + 1, x.draws - k, 1 - RISK / 2)) if k < x.draws else 1.0
    return Enclosure(lo, hi, "sampled", RISK)


CLAIM = Claim(
    source="new",
    says="P(mean of n signs > √(2 log(1/δ)/n)) ≤ δ",
    space={"n": Int(10, 1000), "delta": Real(0.05, 0.5), "seed": Int(0, 2**31 - 1)},
    build=Signs,
    assumes={},
    actual=failure_rate,
    bound=lambda x: exact(x.delta),
    falsified={"a third of the width": {"actual": lambda x: failure_rate(x, 1 / 3)}},
    refine=lambda x: replace(x, draws=4 * x.draws) if x.draws < 20000 else None,
    cost=0.001,
)
