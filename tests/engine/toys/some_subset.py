"""Some J satisfies: the best subset of k entries costs at most the average subset."""

from itertools import combinations
from typing import Any

import numpy as np

from bounds.claim import Array, Claim, Enclosure, Int, exact


def best(x: tuple[int, list[int]]) -> Enclosure:
    """Smallest sum over the subsets, times n, in integers."""
    k, cost = x
    return exact(len(cost) * min(sum(J) for J in combinations(cost, k)))


def build(n: int, cost: Any, k: int) -> tuple[int, list[int]]:
    """k is at most n."""
    return min(k, n), [int(c) for c in np.asarray(cost)]


CLAIM = Claim(
    source="new",
    says="some J of k indices has Σ_J c ≤ (k/n) Σ c",
    space={"n": Int(1, 6), "cost": Array(("n",), 0, 9, step=1), "k": Int(1, 3)},
    build=build,
    assumes={},
    actual=best,
    bound=lambda x: exact(x[0] * sum(x[1])),
    falsified={"half of the average": {"bound": lambda x: exact((x[0] * sum(x[1])) // 2)}},
    covers={"all of them": lambda x: x[0] == len(x[1])},
    tight_at=({"n": 3, "cost": [2, 2, 2], "k": 2},),
    cost=0.001,
)
