r"""Normalisation, affine map and quantiser become M − 1 integer comparisons, without any error.

n integer, y = An + B, k = clip(⌊y(M − 1) + 1/2⌋, 0, M − 1), t_j = (2j − 1)/(2(M − 1)): k = #{j: An + B ≥ t_j}, which is
#{j: n ≥ ⌈(t_j − B)/A⌉} for A > 0, #{j: n ≤ ⌊(t_j − B)/A⌋} for A < 0, and constant for A = 0; the thresholds are monotone in j.
Why: ⌊y(M − 1) + 1/2⌋ ≥ j iff y ≥ t_j, A is monotone, n an integer. Exact.
"""

from fractions import Fraction
from itertools import pairwise
from math import ceil
from typing import Any, NamedTuple

from bounds.claim import Axis, Claim, Enclosure, Int, Real, exact
from bounds.quantized_dnn.integers import integer_activation, integer_thresholds
from bounds.quantized_dnn.quantizers import quantize_activation

SPACE: dict[str, Axis] = {
    "n": Int(-12, 12),
    "A": Real(-2, 2, step=Fraction(1, 7)),
    "B": Real(-2, 2, step=Fraction(1, 23)),
    "M": Int(2, 6),
    "tie": Int(0, 3),  # j > 0: B such that An + B = t_j
}


class Folded(NamedTuple):
    """An integer sum and the affine map after it; exact."""

    n: int
    A: Fraction
    B: Fraction
    M: int

    @property
    def y(self) -> Fraction:
        """An + B."""
        return self.A * self.n + self.B


def folded(n: int, A: Any, B: Any, M: int, tie: int) -> Folded:
    """From a point of SPACE."""
    A, B = Fraction(A), Fraction(B)
    if 0 < tie < M:
        B = Fraction(2 * tie - 1, 2 * (M - 1)) - A * n
    return Folded(int(n), A, B, int(M))


def disorder(x: Folded) -> int:
    """Neighbouring thresholds in the wrong order."""
    sign, tau = integer_thresholds(x.A, x.B, x.M)
    return sum((b - a) * (sign or -1) < 0 for a, b in pairwise(int(v) for v in tau))


def sides(x: Folded, state: Any = None) -> Enclosure:
    """|state − quantised y|; thresholds out of order."""
    k = integer_activation(x.n, integer_thresholds(x.A, x.B, x.M)) if state is None else state(x)
    return exact(abs(k - quantize_activation(x.y, x.M)[0]), disorder(x))


def levels(x: Folded) -> list[Fraction]:
    """(t_j − B)/A."""
    return [(Fraction(2 * j - 1, 2 * (x.M - 1)) - x.B) / x.A for j in range(1, x.M)]


CLAIM = Claim(
    source="sawada2024maqd, reconstructed",
    says="quantised An + B = #{j: n ≥ ⌈(t_j − B)/A⌉} (A > 0), #{j: n ≤ ⌊(t_j − B)/A⌋} (A < 0), constant (A = 0)",
    space=SPACE,
    build=folded,
    assumes={},
    actual=sides,
    bound=lambda x: exact(0, 0),
    falsified={
        "n ≥ ⌈·⌉ for A < 0 too": {
            "actual": lambda x: sides(
                x, lambda x: sum(x.n >= ceil(v) for v in levels(x)) if x.A else quantize_activation(x.y, x.M)[0]
            )
        },
        "rounded, not up": {
            "assumes": {"A > 0": lambda x: float(x.A) - 1e-9},
            "actual": lambda x: sides(x, lambda x: sum(x.n >= round(v) for v in levels(x))),
        },
        "n > ⌈·⌉": {
            "assumes": {"A > 0": lambda x: float(x.A) - 1e-9},
            "actual": lambda x: sides(x, lambda x: sum(x.n > ceil(v) for v in levels(x))),
        },
    },
    witness={
        "n ≥ ⌈·⌉ for A < 0 too": {"n": 1, "A": Fraction(-2, 7), "B": Fraction(1, 2), "M": 3, "tie": 0},
        "rounded, not up": {"n": 1, "A": Fraction(2, 7), "B": Fraction(-3, 23), "M": 4, "tie": 0},
    },
    covers={
        "A < 0": lambda x: x.A < 0,
        "A = 0": lambda x: x.A == 0,
        "a tie": lambda x: (x.y * (x.M - 1) - Fraction(1, 2)).denominator == 1 and 0 < x.y < 1,
        "a state inside": lambda x: 0 < quantize_activation(x.y, x.M)[0] < x.M - 1,
    },
    tightness="difference",
    cost=0.0005,
)
