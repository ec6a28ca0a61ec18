r"""The round-clip quantiser is the projection onto its grid, off by at most half a step where it does not clip.

Q takes exactly the b − a + 1 values Da, ..., Db; |Q(z) − z| is the distance to the nearest of them; and |Q(z) − z| ≤ D/2 if and
only if D(a − 1/2) ≤ z ≤ D(b + 1/2). Exact.
"""

from fractions import Fraction
from math import floor
from typing import Any, NamedTuple

from bounds.claim import Axis, Choice, Claim, Enclosure, Int, Real, exact
from bounds.quantized_dnn.quantizers import round_clip

QUANTIZER: dict[str, Axis] = {
    "D": Choice((Fraction(1, 3), Fraction(1, 2), Fraction(1), Fraction(7, 5))),
    "a": Int(-3, 0),
    "levels": Int(1, 6),  # b − a
    "u": Real(-5, 9, step=Fraction(1, 20)),  # z/D
    "half": Choice((0, 0, 1)),  # 1: z/D in Z + 1/2
}


class Rounded(NamedTuple):
    """A quantiser and its input, exact."""

    z: Fraction
    D: Fraction
    a: int
    b: int

    @property
    def Q(self) -> Fraction:
        """Q(z; D, a, b)."""
        return Fraction(round_clip(self.z, self.D, self.a, self.b))


def rounded_at(D: Any, a: int, levels: int, u: Any, half: int) -> Rounded:
    """From a point of QUANTIZER."""
    share = floor(Fraction(u)) + Fraction(1, 2) if half else Fraction(u)
    return Rounded(share * Fraction(D), Fraction(D), a, a + levels)


def error(x: Rounded) -> Fraction:
    """|Q(z) − z|."""
    return abs(x.Q - x.z)


def in_range(x: Rounded) -> bool:
    """D(a − 1/2) ≤ z ≤ D(b + 1/2)."""
    return x.D * (x.a - Fraction(1, 2)) <= x.z <= x.D * (x.b + Fraction(1, 2))


def grid(x: Rounded) -> list[Fraction]:
    """Da, ..., Db."""
    return [x.D * k for k in range(x.a, x.b + 1)]


def left(x: Rounded) -> Enclosure:
    """Not a level; the error, both ways; error ≤ D/2; in range."""
    return exact(x.Q not in grid(x), error(x), -error(x), 2 * error(x) <= x.D, in_range(x))


def right(x: Rounded) -> Enclosure:
    """0; the distance to the grid, both ways; the sides of the equivalence exchanged."""
    distance = min(abs(level - x.z) for level in grid(x))
    return exact(0, distance, -distance, in_range(x), 2 * error(x) <= x.D)


CLAIM = Claim(
    source="sawada2024maqd, reconstructed",
    says="Q(z) is one of Da..Db, nearest to z; |Q(z) − z| ≤ D/2  ⇔  D(a − 1/2) ≤ z ≤ D(b + 1/2)",
    space=QUANTIZER,
    build=rounded_at,
    assumes={},
    actual=left,
    bound=right,
    falsified={
        "D/2 everywhere": {"actual": lambda x: exact(error(x)), "bound": lambda x: exact(x.D / 2)},
        "D/4 in the range": {
            "assumes": {"in range": lambda x: 1.0 if in_range(x) else -1.0},
            "actual": lambda x: exact(error(x)),
            "bound": lambda x: exact(x.D / 4),
        },
        "⌊z/D⌋ is as good": {
            "assumes": {"in range": lambda x: 1.0 if in_range(x) else -1.0},
            "actual": lambda x: exact(abs(x.D * min(max(floor(x.z / x.D), x.a), x.b) - x.z)),
            "bound": lambda x: exact(x.D / 2),
        },
    },
    witness={
        "D/2 everywhere": {"D": 1, "a": -1, "levels": 2, "u": 5, "half": 0},
        "D/4 in the range": {"D": 1, "a": -1, "levels": 2, "u": Fraction(1, 2), "half": 0},
        "⌊z/D⌋ is as good": {"D": 1, "a": -1, "levels": 2, "u": Fraction(9, 10), "half": 0},
    },
    covers={
        "a tie": lambda x: (x.z / x.D - Fraction(1, 2)).denominator == 1 and in_range(x),
        "clipped": lambda x: not in_range(x),
        "at the end of the range": lambda x: x.z in (x.D * (x.b + Fraction(1, 2)), x.D * (x.a - Fraction(1, 2))),
    },
    tightness="difference",
    cost=0.0005,
)
