"""A hypothesis is needed: x² ≤ x on [0, 1]. The variant reaches outside."""

from fractions import Fraction

from bounds.claim import Claim, Real, exact

CLAIM = Claim(
    source="new",
    says="x² ≤ x for 0 ≤ x ≤ 1",
    space={"x": Real(0, 2, step=Fraction(1, 16))},
    build=lambda x: Fraction(x),
    assumes={"x is at most 1": lambda x: float(1 - x)},
    actual=lambda x: exact(x * x),
    bound=lambda x: exact(x),
    falsified={"any x": {"assumes": {}, "space": {"x": Real(-1, 2, step=Fraction(1, 16))}}},
    tight_at=({"x": Fraction(0)}, {"x": Fraction(1)}),
    cost=0.001,
)
