r"""Standardised weights forget the scale and the mean of the weights, if nothing is added to the variance.

n ≥ 2, var(w) > 0, eps = 0: ŵ(cw + d·1) = sign(c) ŵ(w) for c ≠ 0; so quantised weights do not change either for c > 0. Why: mean
and √var scale with c. Exact without roots: signs and squares of ŵ, (w_i − mean)²/var.
"""

from fractions import Fraction
from typing import Any, NamedTuple

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Int, Real, exact

SPACE: dict[str, Axis] = {
    "n": Int(2, 5),
    "w": Array((5,), -4, 4, step=Fraction(1, 8)),
    "c": Choice((Fraction(-3), Fraction(-1, 2), Fraction(1, 100), Fraction(1), Fraction(5))),
    "d": Real(-3, 3, step=Fraction(1, 8)),
}


class Row(NamedTuple):
    """A row of weights, a factor and a shift; exact."""

    w: list[Fraction]
    c: Fraction
    d: Fraction

    @property
    def moved(self) -> list[Fraction]:
        """cw + d."""
        return [self.c * v + self.d for v in self.w]


def row(n: int, w: Any, c: Any, d: Any) -> Row:
    """From a point of SPACE."""
    return Row([Fraction(v) for v in list(w)[:n]], Fraction(c), Fraction(d))


def variance(w: list[Fraction]) -> Fraction:
    """Population variance."""
    mean = sum(w) / Fraction(len(w))
    return sum((v - mean) ** 2 for v in w) / Fraction(len(w))


def signed_squares(w: list[Fraction], eps: Fraction = Fraction(0)) -> list[Fraction]:
    """sign(ŵ_i) ŵ_i²: as good as ŵ_i, and rational."""
    mean, scale = sum(w) / Fraction(len(w)), variance(w) + eps
    return [(v - mean) * abs(v - mean) / scale for v in w]


def off(r: Row, eps: Fraction = Fraction(0), signed: bool = True) -> Enclosure:
    """The largest difference of the signed squares of ŵ(cw + d) and of sign(c) ŵ(w)."""
    sign = (1 if r.c > 0 else -1) if signed else 1
    pairs = zip(signed_squares(r.moved, eps), signed_squares(r.w, eps), strict=True)
    return exact(max(abs(a - sign * b) for a, b in pairs))


CLAIM = Claim(
    source="sawada2024maqd, reconstructed",
    says="eps = 0, var(w) > 0: ŵ(cw + d) = sign(c) ŵ(w)",
    space=SPACE,
    build=row,
    assumes={"weights differ": lambda r: float(variance(r.w)) if variance(r.w) > 0 else -1.0},
    actual=off,
    bound=lambda r: exact(0),
    falsified={
        "with eps = 1/1000": {"actual": lambda r: off(r, eps=Fraction(1, 1000))},
        "whatever the sign of c": {"actual": lambda r: off(r, signed=False)},
    },
    witness={"with eps = 1/1000": {"n": 3, "w": [1, 2, 4, 0, 0], "c": Fraction(1, 100), "d": 0}},
    covers={"two weights": lambda r: len(r.w) == 2, "turned round": lambda r: r.c < 0, "shifted": lambda r: r.d != 0},
    tightness="difference",
    cost=0.0005,
)
