r"""How many bits the sum needs: ⌈log2(2 N w_max (M_a − 1) + 1)⌉, no more and no less.

N inputs k_j in 0..M_a − 1, integer weights |q_j| ≤ w_max: every partial sum of Σ q_j k_j lies within ±N w_max (M_a − 1), both
ends are attained, and so many signed bits (two's complement) are necessary and sufficient. Exact: partial sums are formed in
order.
"""

from itertools import accumulate
from typing import Any, NamedTuple

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Int, exact
from bounds.quantized_dnn.integers import accumulator_bits

SPACE: dict[str, Axis] = {
    "N": Int(1, 12),
    "w_max": Int(1, 7),
    "M_a": Int(2, 6),
    "q": Array((12,), -1, 1, step=1),  # signs; sizes below
    "size": Array((12,), 1, 7, step=1),
    "k": Array((12,), 0, 5, step=1),
    "saturated": Choice((0, -1, 1)),  # all products at one end
}


class Sum(NamedTuple):
    """Weights and states, and their bounds."""

    q: list[int]
    k: list[int]
    w_max: int
    M_a: int

    @property
    def partial(self) -> list[int]:
        """All partial sums, in order."""
        return list(accumulate(a * b for a, b in zip(self.q, self.k, strict=True)))

    @property
    def bits(self) -> int:
        """What the formula says."""
        return accumulator_bits(len(self.q), self.w_max, self.M_a)


def a_sum(N: int, w_max: int, M_a: int, q: Any, size: Any, k: Any, saturated: int) -> Sum:
    """From a point of SPACE."""
    if saturated:
        return Sum([saturated * w_max] * N, [M_a - 1] * N, w_max, M_a)
    weights = [int(s) * min(int(v), w_max) for s, v in zip(list(q)[:N], list(size)[:N], strict=True)]
    return Sum(weights, [min(int(v), M_a - 1) for v in list(k)[:N]], w_max, M_a)


def limit(x: Sum) -> int:
    """N w_max (M_a − 1)."""
    return len(x.q) * x.w_max * (x.M_a - 1)


def saturated(x: Sum) -> bool:
    """All products at one end."""
    return abs(x.partial[-1]) == limit(x)


def sides(x: Sum, bits: Any = lambda x: x.bits) -> Enclosure:
    """|partial sums|; whether they leave the range of so many bits; whether one bit fewer would hold both ends."""
    low, high = -(2 ** (bits(x) - 1)), 2 ** (bits(x) - 1) - 1
    outside = any(not low <= v <= high for v in x.partial)
    fewer = -(2 ** (bits(x) - 2)) <= -limit(x) and limit(x) <= 2 ** (bits(x) - 2) - 1 if bits(x) > 1 else False
    return exact(max(abs(v) for v in x.partial), outside, fewer)


CLAIM = Claim(
    source="sawada2024maqd, reconstructed",
    says="|partial sums| ≤ N w_max (M_a − 1), attained; ⌈log2(2 N w_max (M_a − 1) + 1)⌉ signed bits are needed and enough",
    space=SPACE,
    build=a_sum,
    assumes={},
    actual=sides,
    bound=lambda x: exact(limit(x), 0, 0),
    falsified={
        "one bit fewer": {"actual": lambda x: sides(x, lambda x: x.bits - 1)},
        "one bit more is needed": {"actual": lambda x: sides(x, lambda x: x.bits + 1)},
        "N w_max M_a is attained": {
            "assumes": {"saturated": lambda x: 1.0 if saturated(x) else -1.0},
            "actual": lambda x: exact(len(x.q) * x.w_max * x.M_a),
            "bound": lambda x: exact(abs(x.partial[-1])),
        },
    },
    covers={"both ends": lambda x: saturated(x) and x.partial[-1] < 0, "inside": lambda x: not saturated(x)},
    tight_at=tuple(
        {"N": 3, "w_max": 2, "M_a": 3, "q": [1] * 12, "size": [7] * 12, "k": [5] * 12, "saturated": sign} for sign in (1, -1)
    ),
    cost=0.0005,
)
