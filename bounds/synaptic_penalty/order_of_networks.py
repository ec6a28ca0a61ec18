r"""Only a weight proportional to the fan-out orders networks by their energy.

Rates r in [0, 1]ⁿ, weights w, ψ > 0, Ω_w(r) = Σ w_i r_i: Ω_w and Ω_ψ order all rates alike if and only if w = const·ψ. Why: if
w_i/w_j < ψ_i/ψ_j, rates c e_i and cρ e_j with ρ between the two are ordered in opposite ways (`opposite_order_pair`). Exact:
for weights that are not proportional the pair is asked for; for proportional ones the drawn rates must agree in order.
"""

from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Int, exact
from bounds.synaptic_penalty.penalty import opposite_order_pair

SPACE: dict[str, Axis] = {
    "n": Int(1, 4),
    "w": Array((4,), 0.125, 3, step=Fraction(1, 8)),
    "psi": Array((4,), 1, 12, step=1),
    "proportional": Choice((0, 0, 1)),
    "rates": Array((2, 4), 0, 1, step=Fraction(1, 8)),
}


class Weighted(NamedTuple):
    """Two weights for n neurons, and two rate vectors; all Fractions."""

    w: list[Fraction]
    psi: list[Fraction]
    first: list[Fraction]
    second: list[Fraction]

    @property
    def proportional(self) -> bool:
        """w = const·ψ."""
        return len({a / b for a, b in zip(self.w, self.psi, strict=True)}) == 1


def weighted(n: int, w: Any, psi: Any, proportional: int, rates: Any) -> Weighted:
    """From a point of SPACE."""
    fan = [Fraction(int(v)) for v in list(psi)[:n]]
    weights = [fan[i] * Fraction(w[0]) if proportional else Fraction(list(w)[i]) for i in range(n)]
    return Weighted(weights, fan, *([Fraction(v) for v in list(row)[:n]] for row in rates))


def total(weights: list[Fraction], rates: list[Fraction]) -> Fraction:
    """Ω."""
    return sum((a * b for a, b in zip(weights, rates, strict=True)), Fraction(0))


def opposed(x: Weighted, first: list[Fraction], second: list[Fraction]) -> bool:
    """Ω_w(r) < Ω_w(r'), yet Ω_ψ(r) > Ω_ψ(r')."""
    return total(x.w, first) < total(x.w, second) and total(x.psi, first) > total(x.psi, second)


def some_pair(x: Weighted) -> bool:
    """A pair of rates in [0, 1]ⁿ on which they disagree: built if the weights are not proportional, else the drawn one."""
    if x.proportional:
        left, right = total(x.w, x.first) - total(x.w, x.second), total(x.psi, x.first) - total(x.psi, x.second)
        return (left > 0) != (right > 0) or (left < 0) != (right < 0)
    r, other = opposite_order_pair(x.w, x.psi)
    return opposed(x, r, other) and all(0 <= v <= 1 for v in (*r, *other))


def left(x: Weighted, disagree: Any = some_pair) -> Enclosure:
    """Disagreement, and disproportion."""
    return exact(disagree(x), not x.proportional)


def right(x: Weighted, disagree: Any = some_pair) -> Enclosure:
    """The sides exchanged."""
    return exact(not x.proportional, disagree(x))


def on_patterns(x: Weighted) -> bool:
    """Some pair of binary patterns on which they disagree."""
    patterns = [[Fraction(v) for v in row] for row in product((0, 1), repeat=len(x.w))]
    return any(opposed(x, a, b) for a in patterns for b in patterns)


def instead(disagree: Any) -> dict[str, Any]:
    """The equivalence with another kind of disagreement."""
    return {"actual": lambda x: left(x, disagree), "bound": lambda x: right(x, disagree)}


CLOSE: dict[str, Any] = {
    "n": 2,
    "w": [1, Fraction(11, 10), 1, 1],
    "psi": [1, Fraction(12, 10), 1, 1],
    "proportional": 0,
    "rates": [[0] * 4, [0] * 4],
}
CLAIM = Claim(
    source="suetake2023penalty, reconstructed",
    says="Ω_w and Ω_ψ order all rates in [0, 1]ⁿ alike  ⇔  w = const·ψ",
    space=SPACE,
    build=weighted,
    assumes={},
    actual=left,
    bound=right,
    falsified={
        "already on spike patterns 0 and 1": instead(on_patterns),
        "equal order of the single neurons is enough": {
            "actual": lambda x: exact(some_pair(x)),
            "bound": lambda x: exact(
                sorted(range(len(x.w)), key=lambda i: x.w[i]) != sorted(range(len(x.w)), key=lambda i: x.psi[i])
            ),
        },
    },
    witness={"already on spike patterns 0 and 1": CLOSE},
    covers={
        "proportional": lambda x: x.proportional and len(x.w) > 1,
        "not proportional": lambda x: not x.proportional,
        "a single neuron": lambda x: len(x.w) == 1,
    },
    tightness="difference",
    cost=0.001,
)
