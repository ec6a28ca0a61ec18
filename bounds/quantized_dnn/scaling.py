r"""Quantising twice changes nothing, order is kept, and a change of unit passes through.

Q(Q(z)) = Q(z); x ≤ y gives Q(x) ≤ Q(y); Q(cz; cD, a, b) = c Q(z; D, a, b) for c > 0. The step must change with the unit, and
for c < 0 it fails at ties. Exact.
"""

from fractions import Fraction
from typing import Any, NamedTuple

from bounds.claim import Axis, Choice, Claim, Enclosure, Real, exact
from bounds.quantized_dnn.projection import QUANTIZER, Rounded, rounded_at
from bounds.quantized_dnn.quantizers import round_clip

SPACE: dict[str, Axis] = {
    **QUANTIZER,
    "v": Real(-5, 9, step=Fraction(1, 20)),  # y/D
    "c": Choice((Fraction(1, 3), Fraction(1), Fraction(2), Fraction(9, 4))),
}


class Scaled(NamedTuple):
    """A quantiser with its input, a second input, and a factor."""

    x: Rounded
    y: Fraction
    c: Fraction


def scaled(v: Any, c: Any, **point: Any) -> Scaled:
    """From a point of SPACE."""
    x = rounded_at(**point)
    return Scaled(x, Fraction(v) * x.D, Fraction(c))


def symmetric(levels: int, a: int, **point: Any) -> Scaled:
    """With a = −b, so that only ties can tell the signs apart."""
    return scaled(levels=2 * levels, a=-levels, **point)


def changed_unit(s: Scaled, step: Any = lambda s: s.c * s.x.D) -> Fraction:
    """|Q(cz; step) − c Q(z; D)|."""
    x = s.x
    return abs(Fraction(round_clip(s.c * x.z, step(s), x.a, x.b)) - s.c * x.Q)


def sides(s: Scaled) -> Enclosure:
    """|Q(Q(z)) − Q(z)|; Q(smaller) − Q(larger); the change of unit."""
    x = s.x
    twice = abs(Fraction(round_clip(x.Q, x.D, x.a, x.b)) - x.Q)
    low, high = sorted((x.z, s.y))
    return exact(twice, x._replace(z=low).Q - x._replace(z=high).Q, changed_unit(s))


def point(u: Any, c: Any) -> dict[str, Any]:
    """D = 1, states −2..2."""
    return {"D": 1, "a": -2, "levels": 4, "u": Fraction(u), "half": 0, "v": 0, "c": Fraction(c)}


CLAIM = Claim(
    source="sawada2024maqd, reconstructed",
    says="Q(Q(z)) = Q(z); Q is nondecreasing; Q(cz; cD, a, b) = c Q(z; D, a, b) for c > 0",
    space=SPACE,
    build=scaled,
    assumes={},
    actual=sides,
    bound=lambda s: exact(0, 0, 0),
    falsified={
        "with the step left as it is": {
            "actual": lambda s: exact(changed_unit(s, lambda s: s.x.D)),
            "bound": lambda s: exact(0),
        },
        "for c < 0 with the step |c|D": {
            "space": {**SPACE, "c": Choice((Fraction(-1), Fraction(-2)))},
            "build": symmetric,
            "actual": lambda s: exact(changed_unit(s, lambda s: abs(s.c) * s.x.D)),
            "bound": lambda s: exact(0),
        },
    },
    witness={"with the step left as it is": point("3/5", 2)},
    covers={
        "a tie": lambda s: (s.x.z / s.x.D - Fraction(1, 2)).denominator == 1,
        "clipped": lambda s: not s.x.a * s.x.D <= s.x.z <= s.x.b * s.x.D,
        "two inputs, one level": lambda s: s.x.z != s.y and s.x.Q == s.x._replace(z=s.y).Q,
    },
    tightness="difference",
    cost=0.0005,
)
