"""For all integers n: #{i : θ_i + s ≤ n} ≤ #{i : θ_i ≤ n} for s ≥ 0. Both sides are constant between the breakpoints."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from bounds.claim import Array, Claim, Int, exact


@dataclass(frozen=True)
class Steps:
    """Two staircases and one drawn n."""

    thresholds: np.ndarray
    shift: int
    drawn: int

    @property
    def breakpoints(self) -> list[int]:
        """One n in each interval of constancy, and the drawn one."""
        jumps = sorted({*self.thresholds.tolist(), *(self.thresholds + self.shift).tolist()})
        return [jumps[0] - 1, *jumps, self.drawn]

    def count(self, n: int, shift: int) -> int:
        """Thresholds passed at n."""
        return int((self.thresholds + shift <= n).sum())


def build(k: int, theta: Any, shift: int, n: int) -> Steps:
    """k thresholds."""
    return Steps(np.asarray(theta), shift, n)


CLAIM = Claim(
    source="new",
    says="for all n: fewer thresholds are passed after a shift to the right",
    space={"k": Int(1, 5), "theta": Array(("k",), -20, 20, step=1), "shift": Int(0, 5), "n": Int(-1000, 1000)},
    build=build,
    assumes={},
    actual=lambda f: exact(*(f.count(n, f.shift) for n in f.breakpoints)),
    bound=lambda f: exact(*(f.count(n, 0) for n in f.breakpoints)),
    falsified={"to the left by one": {"actual": lambda f: exact(*(f.count(n, -1) for n in f.breakpoints))}},
    covers={"beyond all": lambda f: f.drawn > f.thresholds.max() + f.shift},
    cost=0.001,
)
