"""A solver's certificate, re-checked: c·x ≤ b·y for 0 ≤ x, A x ≤ b, if y ≥ 0 and Aᵀ y ≥ c; else the bound says nothing.

x = t times a direction, scaled to be feasible; the "solver" offers some y, not always a certificate."""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from bounds.claim import Array, Claim, Enclosure, exact


@dataclass(frozen=True)
class Program:
    """max c·x; y is what a solver answered."""

    A: np.ndarray
    b: np.ndarray
    c: np.ndarray
    direction: np.ndarray
    y: np.ndarray

    @property
    def certificate_passes(self) -> bool:
        """In integers."""
        return bool(np.all(self.y >= 0) and np.all(self.A.T @ self.y >= self.c))

    @property
    def value(self) -> Fraction:
        """c·x at the last feasible point along the direction."""
        used = self.A @ self.direction
        t = min((Fraction(int(b), int(u)) for b, u in zip(self.b, used, strict=True) if u > 0), default=Fraction(0))
        return t * int(self.c @ self.direction)


def build(A: Any, b: Any, c: Any, direction: Any, y: Any) -> Program:
    """Integers."""
    return Program(*map(np.asarray, (A, b, c, direction, y)))


CLAIM = Claim(
    source="new",
    says="every feasible value is below every certified dual value",
    space={
        "A": Array((2, 3), 0, 4, step=1),
        "b": Array((2,), 1, 9, step=1),
        "c": Array((3,), 0, 5, step=1),
        "direction": Array((3,), 0, 3, step=1),
        "y": Array((2,), 0, 4, step=1),
    },
    build=build,
    assumes={},
    actual=lambda p: exact(p.value),
    bound=lambda p: exact(int(p.b @ p.y)) if p.certificate_passes else Enclosure(np.inf, np.inf),
    falsified={"the solver is believed": {"bound": lambda p: exact(int(p.b @ p.y))}},
    covers={"passes": lambda p: p.certificate_passes, "does not pass": lambda p: not p.certificate_passes},
    cost=0.001,
)
