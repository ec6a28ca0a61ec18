"""Positive quantities: 2 √(ab) ≤ a + b. Where a = b both sides are equal, and floats cannot decide it."""

import math

from bounds.claim import Claim, Real, rounded

CLAIM = Claim(
    source="new",
    says="2 √(ab) ≤ a + b",
    space={"a": Real(1e-6, 1e6, log=True), "b": Real(1e-6, 1e6, log=True)},
    build=lambda a, b: (a, b),
    assumes={},
    actual=lambda x: rounded(2 * math.sqrt(x[0] * x[1])),
    bound=lambda x: rounded(x[0] + x[1]),
    falsified={"a tenth less": {"bound": lambda x: rounded(0.9 * (x[0] + x[1]))}},
    also_true={"without its 2": {"actual": lambda x: rounded(math.sqrt(x[0] * x[1]))}},
    covers={"equal": lambda x: x[0] == x[1]},
    tight_at=({"a": 2.0, "b": 2.0}, {"a": 1e-3, "b": 1e-3}),
    cost=0.001,
)
