r"""SP-4 (a): explained information is *not* submodular: two units can explain more together than each alone.

f(J) = Tr Σ − L(J) is monotone, but a unit may gain more after another one was kept:
Σ = BᵀB with B = [[1, 1, 0], [0, 1, 2]], τ = 0 has f({1}) − f(∅) = 9/2 < f({0, 1}) − f({0}) = 7 − 2 = 5. So greedy has no
(1 − 1/e) guarantee; what it has is in `greedy_is_near_best`. This module states submodularity, which must be refuted.
Judged in Fractions. Units: h².
"""

from dataclasses import dataclass
from typing import Any

from bounds.claim import Array, Claim, Int, exact
from bounds.spectral_pruning.covariances import KEPT, Kept, kept
from bounds.spectral_pruning.information import selection_gain


@dataclass(frozen=True)
class Late:
    """Kept units, more kept units, and a unit outside both that joins early or late."""

    units: Kept
    outer: list[int]
    j: int


def late(j: int, more: Any, keep: Any, **units: Any) -> Late:
    """j is reduced to one of the m units and taken out of both sets."""
    m = len(keep)
    x = kept(keep=[flag and i != j % m for i, flag in enumerate(keep)], **units)
    return Late(x, [*x.J, *(i for i in range(m) if more[i] and i != j % m and i not in x.J)], j % m)


CLAIM = Claim(
    source="furuya2022pruning, reconstructed (SP-4 a)",
    says="a unit gains no more after others were kept: f(J' + j) − f(J') ≤ f(J + j) − f(J) for J ⊂ J' (false)",
    space=KEPT | {"tau": Array(("m",), 0, 4, step=1), "j": Int(0, 3), "more": Array(("m",), 0, 1, step=1)},
    build=late,
    assumes={},
    actual=lambda x: exact(selection_gain(x.units.Sig, x.outer, x.j, x.units.tau)),
    bound=lambda x: exact(selection_gain(x.units.Sig, x.units.J, x.j, x.units.tau)),
    falsified={},
    status="false",
    witness={"": {"h": [[1, 1, 0], [0, 1, 2]], "keep": [0, 0, 0], "more": [1, 0, 0], "j": 1, "tau": [0, 0, 0]}},
    cost=0.001,
)
