r"""SP-4 (b): k greedy steps explain at least 1 − (1 − γ/k)^k ≥ 1 − e^{−γ} of the most that k units can explain.

$$ \bigl(1-(1-\gamma/k)^k\bigr)\max_{|J|=k}f_M(J)\le f_M(J_k),\qquad f_M(J)=\operatorname{Tr}M\Sigma-L_M(J),\quad k\ge1. $$
Why: by `weak_submodularity` some unit gains at least γ/k of what is missing; unroll. Void where γ = 0. The greedy set is
that of the public function, in floats; its loss and that of all sets are Fractions. γ is LAPACK's, ± 1e-12, and the factor
has slope at most 1 in γ. Units: h² times those of M.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

from bounds.claim import Array, Axis, Claim, Enclosure, Int, exact
from bounds.spectral_pruning.covariances import KEPT, fractions, identity
from bounds.spectral_pruning.information import information_loss, trace
from bounds.spectral_pruning.selection import greedy_guarantee, greedy_selection, weak_submodularity_ratio


@dataclass(frozen=True)
class Race:
    """A covariance, a weight, ridges, and how many units to keep."""

    Sig: np.ndarray
    M: np.ndarray
    tau: np.ndarray
    k: int

    def explained(self, J: Any) -> Fraction:
        """f_M(J)."""
        return Fraction(trace(self.M @ self.Sig) - information_loss(self.Sig, J, self.tau, self.M))

    @cached_property
    def greedy(self) -> Fraction:
        """f_M of the greedy set."""
        return self.explained(greedy_selection(self.Sig, self.k, self.tau, self.M)[0])

    @cached_property
    def best(self) -> Fraction:
        """The largest f_M over all sets of k units."""
        return max(self.explained(J) for J in combinations(range(len(self.Sig)), self.k))


def race(h: Any, tau: Any, W: Any, k: int, p: int = 0, m: int = 0) -> Race:
    """States h (p, m); M = WᵀW, and M = 1 if W = 0; k is cut to m."""
    states = fractions(h)
    m = states.shape[1]
    cut = fractions(W)[:, :m]
    return Race(states.T @ states / len(states), cut.T @ cut if cut.any() else identity(m), fractions(tau), min(k, m))


def guaranteed(x: Race) -> Enclosure:
    """The guaranteed share of the best."""
    gamma = weak_submodularity_ratio(x.Sig, x.tau)
    lo, hi = (greedy_guarantee(min(1.0, max(0.0, gamma + error)), x.k) for error in (-1e-12, 1e-12))
    return Enclosure(lo * float(x.best) * (1 - 1e-14), hi * float(x.best) * (1 + 1e-14))


SPACE: dict[str, Axis] = {key: KEPT[key] for key in ("p", "m", "h")} | {
    "tau": Array(("m",), 0, 4, step=Fraction(1, 2)),
    "k": Int(1, 3),
    "W": Array((2, 4), -1, 1, step=1),
}

CLAIM = Claim(
    source="furuya2022pruning, reconstructed (SP-4 b)",
    says="f(greedy, k units) ≥ (1 − (1 − γ/k)^k) max_{|J|=k} f(J)",
    space=SPACE,
    build=race,
    assumes={},
    actual=guaranteed,
    bound=lambda x: exact(x.greedy),
    falsified={
        "greedy is best": {
            "actual": lambda x: exact(x.best),
            "space": SPACE | {"p": Int(4, 4), "m": Int(4, 4), "k": Int(2, 2), "tau": Array(("m",), 0, 0, step=1)},
        }
    },
    witness={
        "greedy is best": {
            "h": [[3, 2, 0, 0], [0, 1, -1, 2], [-2, 0, -1, 2], [2, 2, 3, 3]],
            "tau": [0, 0, 0, 0],
            "k": 2,
            "W": [[0, 0, 0, 0], [0, 0, 0, 0]],
        }
    },
    covers={
        "a real guarantee": lambda x: x.k > 1 and x.best > 0 and weak_submodularity_ratio(x.Sig, x.tau) > 0.1,
        "void": lambda x: weak_submodularity_ratio(x.Sig, x.tau) < 1e-12,
        "greedy misses the best": lambda x: x.greedy < x.best,
    },
    cost=0.004,
)
