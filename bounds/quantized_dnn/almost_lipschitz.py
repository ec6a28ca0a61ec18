r"""A quantiser moves at most one step more than its input, strictly; and it is odd where it does not tie.

|Q(x) − Q(y)| < |x − y| + D for all x, y. If a = −b and z/D is not in Z + 1/2: Q(−z) = −Q(z). Halves are rounded up, so at a
tie it is not odd. The constant D is sharp: x just across a tie. Exact.
"""

from fractions import Fraction
from typing import Any

from bounds.claim import Axis, Choice, Claim, Enclosure, exact
from bounds.quantized_dnn.projection import Rounded
from bounds.quantized_dnn.scaling import SPACE as PAIRS
from bounds.quantized_dnn.scaling import Scaled, scaled

SPACE: dict[str, Axis] = {**PAIRS, "near": Choice((0, 1, 2))}  # 1: y just below x; 2: just above


def pair(near: int, **point: Any) -> Scaled:
    """From a point of SPACE."""
    s = scaled(**point)
    return s if near == 0 else s._replace(y=s.x.z + s.x.D * Fraction(2 * near - 3, 1000))


def tie(x: Rounded) -> bool:
    """z/D in Z + 1/2."""
    return (x.z / x.D - Fraction(1, 2)).denominator == 1


def symmetric(x: Rounded) -> Rounded:
    """The same with a = −b."""
    b = max(x.b, -x.a, 1)
    return x._replace(a=-b, b=b)


def sides(s: Scaled, at_ties: bool = False) -> Enclosure:
    """|Q(x) − Q(y)|; whether that is at least |x − y| + D; |Q(−z) + Q(z)| off ties."""
    x, even = s.x, symmetric(s.x)
    jump = abs(x.Q - x._replace(z=s.y).Q)
    odd = abs(even._replace(z=-x.z).Q + even.Q) if at_ties or not tie(x) else 0
    return exact(jump, jump >= abs(x.z - s.y) + x.D, odd)


def limit(s: Scaled, D: Any = lambda s: s.x.D) -> Enclosure:
    """|x − y| + D; 0; 0."""
    return exact(abs(s.x.z - s.y) + D(s), 0, 0)


TIE = {"D": 1, "a": -1, "levels": 2, "u": Fraction(1, 2), "half": 0, "v": Fraction(49, 100), "c": 1, "near": 0}
CLAIM = Claim(
    source="sawada2024maqd, reconstructed",
    says="|Q(x) − Q(y)| < |x − y| + D; Q(−z) = −Q(z) for a = −b off the ties z/D in Z + 1/2",
    space=SPACE,
    build=pair,
    assumes={},
    actual=sides,
    bound=limit,
    falsified={
        "odd at ties too": {"actual": lambda s: sides(s, at_ties=True)},
        "1-Lipschitz": {"bound": lambda s: limit(s, D=lambda s: 0)},
        "|x − y| + D/2": {"bound": lambda s: limit(s, D=lambda s: s.x.D / 2)},
    },
    witness={"odd at ties too": TIE, "1-Lipschitz": TIE},
    covers={
        "a jump of a whole step between neighbours": lambda s: (
            abs(s.x.z - s.y) < s.x.D / 100 and s.x.Q != s.x._replace(z=s.y).Q
        ),
        "a tie": lambda s: tie(s.x),
    },
    tightness="difference",
    cost=0.0005,
)
