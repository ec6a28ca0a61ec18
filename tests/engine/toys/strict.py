"""Strict, in exact arithmetic: x − ⌊x⌋ < 1. The false variant differs from it only where equality is reached."""

import math
from fractions import Fraction

from bounds.claim import Claim, Enclosure, Real, exact


def error(x: Fraction) -> Fraction:
    """x − ⌊x⌋, in [0, 1)."""
    return x - math.floor(x)


def wrong_error(x: Fraction) -> Fraction:
    """x − (⌈x⌉ − 1), in (0, 1]."""
    return x - (math.ceil(x) - 1)


def below_one(value: Fraction) -> Enclosure:
    """The right-hand side."""
    return exact(1, value < 1)


CLAIM = Claim(
    source="new",
    says="x − ⌊x⌋ < 1",
    space={"x": Real(-5, 5, step=Fraction(1, 8))},
    build=lambda x: Fraction(x),
    assumes={},
    actual=lambda x: exact(error(x), 1),
    bound=lambda x: below_one(error(x)),
    falsified={
        "with ⌈x⌉ − 1": {"actual": lambda x: exact(wrong_error(x), 1), "bound": lambda x: below_one(wrong_error(x))},
    },
    also_true={"with ⌈x⌉ − 1, weakly": {"actual": lambda x: exact(wrong_error(x)), "bound": lambda x: exact(1)}},
    covers={"an integer": lambda x: x.denominator == 1},
    cost=0.001,
)
