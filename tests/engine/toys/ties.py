"""Ties: z · total ≥ θ ⇔ total ≥ ⌈θ / z⌉. A coordinate forces θ = z · total, where the false variant differs."""

from fractions import Fraction
from typing import NamedTuple

from bounds.claim import Claim, Int, Real, exact


class Neuron(NamedTuple):
    """It fires if z · total reaches θ."""

    z: Fraction
    total: int
    theta: Fraction


def build(z: Fraction, total: int, theta: Fraction, tie: int) -> Neuron:
    """A tie overrides the drawn threshold."""
    return Neuron(z, total, z * total if tie else theta)


def ceiling(n: Neuron) -> int:
    """⌈θ / z⌉."""
    return -((-n.theta) // n.z)


CLAIM = Claim(
    source="new",
    says="z · total ≥ θ  ⇔  total ≥ ⌈θ/z⌉",
    space={
        "z": Real(Fraction(1, 8), 2, step=Fraction(1, 8)),
        "total": Int(-10, 10),
        "theta": Real(-5, 5, step=Fraction(1, 97)),
        "tie": Int(0, 1),
    },
    build=build,
    assumes={},
    actual=lambda n: exact(n.z * n.total >= n.theta, n.total >= ceiling(n)),
    bound=lambda n: exact(n.total >= ceiling(n), n.z * n.total >= n.theta),
    falsified={
        "a tie does not fire": {
            "actual": lambda n: exact(n.z * n.total > n.theta, n.total >= ceiling(n)),
            "bound": lambda n: exact(n.total >= ceiling(n), n.z * n.total > n.theta),
        }
    },
    covers={"tie": lambda n: n.z * n.total == n.theta, "no tie": lambda n: n.z * n.total != n.theta},
    cost=0.001,
)
