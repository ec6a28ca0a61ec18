r"""No standardised weight exceeds √(n − 1), so a quantiser can be chosen that clips none of them.

n ≥ 2, var(w) > 0, eps ≥ 0: max_i |ŵ_i| ≤ √(n − 1), attained at w = e_i for eps = 0 and strict for eps > 0; #{|ŵ_i| ≥ t} ≤ n/t².
|Q(ŵ) − ŵ| ≤ D/2 for every row of length n if and only if D(b + 1/2) ≥ √(n − 1) (a = −b). Exact: squares, (w_i − mean)²/(var +
eps); the quantiser's error is at most D/2 exactly for |ŵ_i| ≤ D(b + 1/2) (`projection`).
"""

from fractions import Fraction
from typing import Any, NamedTuple

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Int, Real, exact
from bounds.quantized_dnn.standardised_invariance import signed_squares, variance

SPACE: dict[str, Axis] = {
    "n": Int(2, 8),
    "w": Array((8,), -4, 4, step=Fraction(1, 8)),
    "one_hot": Choice((0, 0, 1)),
    "eps": Choice((Fraction(0), Fraction(0), Fraction(1, 100))),
    "t": Real(0.25, 3, step=Fraction(1, 8)),
    "D": Real(0.25, 2, step=Fraction(1, 8)),
    "b": Int(1, 3),
    "exact": Choice((0, 1)),  # 1: n − 1 = (D(b + 1/2))², where that is an integer
}


class Row(NamedTuple):
    """A row of weights, a level t, and a symmetric quantiser; exact."""

    w: list[Fraction]
    eps: Fraction
    t: Fraction
    reach: Fraction  # D(b + 1/2)

    @property
    def squares(self) -> list[Fraction]:
        """ŵ_i²."""
        return [abs(v) for v in signed_squares(self.w, self.eps)]

    @property
    def worst(self) -> list[Fraction]:
        """ŵ_i² of the row e_1 with eps = 0."""
        return [abs(v) for v in signed_squares([Fraction(int(i == 0)) for i in range(len(self.w))])]


def row(n: int, w: Any, one_hot: int, eps: Any, t: Any, D: Any, b: int, exact: int) -> Row:
    """From a point of SPACE."""
    weights = [Fraction(int(i == 0)) for i in range(n)] if one_hot else [Fraction(v) for v in list(w)[:n]]
    reach = Fraction(D) * (b + Fraction(1, 2))
    if exact and n in (2, 5):
        reach = Fraction({2: 1, 5: 2}[n])
    return Row(weights, Fraction(eps), Fraction(t), reach)


def covers_all(x: Row) -> bool:
    """D(b + 1/2) ≥ √(n − 1)."""
    return x.reach**2 >= len(x.w) - 1


def left(x: Row) -> Enclosure:
    """max ŵ²; whether it is n − 1 although eps > 0; #{ŵ² ≥ t²} t²; no row is clipped, and the condition; this row is."""
    strict = x.eps > 0 and max(x.squares) >= len(x.w) - 1
    many = sum(v >= x.t**2 for v in x.squares) * x.t**2
    unclipped = max(x.worst) <= x.reach**2
    return exact(max(x.squares), strict, many, unclipped, covers_all(x), max(x.squares) > x.reach**2)


def right(x: Row, largest: Any = lambda n: n - 1) -> Enclosure:
    """n − 1; 0; n; the sides exchanged; only if the condition fails."""
    unclipped = max(x.worst) <= x.reach**2
    return exact(largest(len(x.w)), 0, len(x.w), covers_all(x), unclipped, not covers_all(x))


CLAIM = Claim(
    source="sawada2024maqd, reconstructed",
    says="max|ŵ_i| ≤ √(n − 1); #{|ŵ_i| ≥ t} ≤ n/t²; no row is clipped ⇔ D(b + 1/2) ≥ √(n − 1)",
    space=SPACE,
    build=row,
    assumes={"weights differ": lambda x: float(variance(x.w)) if variance(x.w) > 0 else -1.0},
    actual=left,
    bound=right,
    falsified={
        "√(n − 2)": {"bound": lambda x: right(x, lambda n: n - 2)},
        "three standard deviations are enough": {
            "space": {**SPACE, "n": Int(2, 20), "w": Array((20,), -4, 4, step=Fraction(1, 8))},
            "actual": lambda x: exact(max(x.squares)),
            "bound": lambda x: exact(9),
        },
        "at most n/(2t²) beyond t": {
            "actual": lambda x: exact(2 * sum(v >= x.t**2 for v in x.squares) * x.t**2),
            "bound": lambda x: exact(len(x.w)),
        },
    },
    covers={
        "the largest there is": lambda x: max(x.squares) == len(x.w) - 1 and len(x.w) > 2,
        "eps": lambda x: x.eps > 0,
        "just wide enough": lambda x: x.reach**2 == len(x.w) - 1,
        "a row is clipped": lambda x: max(x.squares) > x.reach**2,
    },
    tightness="difference",
    cost=0.0005,
)
