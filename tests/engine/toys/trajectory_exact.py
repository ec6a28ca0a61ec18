"""Identity of a whole trajectory in exact arithmetic: u ← λ u + x against Σ λ^(t−s) x_s, in Fractions."""

from fractions import Fraction
from typing import Any

from bounds.claim import Array, Claim, Int, Real, exact


def difference(x: tuple[Fraction, list[Fraction]], late: int = 0) -> Fraction:
    """Largest difference over the steps; `late` drops that many of the first inputs from the closed form."""
    leak, inputs = x
    u, worst = Fraction(0), Fraction(0)
    for t, value in enumerate(inputs):
        u = leak * u + value
        closed = sum((leak ** (t - s) * inputs[s] for s in range(late, t + 1)), Fraction(0))
        worst = max(worst, abs(u - closed))
    return worst


def build(T: int, leak: Fraction, x: Any) -> tuple[Fraction, list[Fraction]]:
    """Leak in [0, 1], T inputs."""
    return leak, [Fraction(value) for value in x]


CLAIM = Claim(
    source="new",
    says="the recursion and the closed form agree at every step",
    space={
        "T": Int(1, 6),
        "leak": Real(0, 1, step=Fraction(1, 10)),
        "x": Array(("T",), -1, 1, step=Fraction(1, 7)),
    },
    build=build,
    assumes={},
    actual=lambda x: exact(difference(x)),
    bound=lambda x: exact(0),
    falsified={"starts one step late": {"actual": lambda x: exact(difference(x, late=1))}},
    covers={"no leak": lambda x: x[0] == 1},
    cost=0.001,
)
