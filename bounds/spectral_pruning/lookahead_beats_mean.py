r"""SP-9: the look-ahead choice keeps the promise of the determinantal mean: L(J) ≤ φ_k, for every covariance.

J of `lookahead_selection` (τ = 0, 0 ≤ k ≤ m) has Tr S_J ≤ φ_k ≤ λN(λ) for k = ⌈N(λ)⌉. Why: given the units L chosen so far, the
mean loss of k units drawn by determinants that contain L is φ_{k−|L|} of the spectrum of S_L; it is a weighted average over the
next unit j of φ_{k−|L|−1} of the spectrum of S_{L+j}, so some j does not exceed it. Greedy has no such property.

The set is that of the public function, in floats; its loss and φ_k are Fractions, with e_k from traces of powers of Σ
(Newton and Girard), so that neither side needs eigenvalues. Units: h².
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np

from bounds.claim import Array, Axis, Claim, Evidence, Int, Step, exact
from bounds.measure.symbolic import identity as vanishes
from bounds.spectral_pruning.covariances import fractions
from bounds.spectral_pruning.information import information_loss, trace
from bounds.spectral_pruning.selection import greedy_selection, lookahead_selection


@dataclass(frozen=True)
class Choice:
    """Σ = BᵀB, and how many units to keep."""

    Sig: np.ndarray
    k: int

    @cached_property
    def phi(self) -> Fraction:
        """φ_k by Newton and Girard: j e_j = Σ_{i=1..j} (−1)^{i−1} e_{j−i} Tr Σ^i."""
        powers, e = [self.Sig], [Fraction(1)]
        for j in range(1, self.k + 2):
            e.append(sum(((-1) ** i * e[j - 1 - i] * trace(powers[i]) for i in range(j)), Fraction(0)) / j)
            powers.append(powers[-1] @ self.Sig)
        return Fraction((self.k + 1) * e[self.k + 1] / e[self.k]) if e[self.k] else Fraction(0)

    def loss(self, J: Any) -> Fraction:
        """Tr S_J."""
        return Fraction(information_loss(self.Sig, J, 0))


def choice(B: Any, k: int, stretch: int = 1, m: int = 0) -> Choice:
    """B is integer, its rows after the first are stretched; k is cut to m."""
    rows = fractions(B)
    rows[1:] = rows[1:] * stretch
    return Choice(rows.T @ rows, min(k, rows.shape[1]))


def tower(size: int) -> Evidence:
    """φ_2 of 3 units is the average of φ_1(S_j) with weights w_j = s_jj e_1(S_j), whose sum is 2 e_2.

    With φ_1 = 2 e_2/e_1 and φ_2 = 3 e_3/e_2 that is Σ_j s_jj 2 e_2(S_j) = size · 3 e_3, size 2; the twin has size 1.
    """
    import sympy as sp

    Sig = sp.Matrix(3, 3, lambda i, j: sp.Symbol(f"s{min(i, j)}{max(i, j)}"))
    left = sp.Integer(0)
    for j in range(3):
        S = Sig - Sig[:, j] * Sig[j, :] / Sig[j, j]
        rest = [i for i in range(3) if i != j]
        left += Sig[j, j] * 2 * S.extract(rest, rest).det()
    return vanishes(lambda: left - size * 3 * Sig.det())


SPACE: dict[str, Axis] = {"m": Int(1, 5), "k": Int(0, 4), "stretch": Int(1, 6), "B": Array((4, "m"), -3, 3, step=1)}
HARD = SPACE | {"m": Int(5, 5), "k": Int(3, 3)}  # one weak direction besides three strong ones

CLAIM = Claim(
    source="new, SP-9",
    says="the look-ahead choice of k units has Tr S_J ≤ φ_k",
    space=SPACE,
    build=choice,
    assumes={},
    actual=lambda x: exact(x.loss(lookahead_selection(x.Sig, x.k)[0])),
    bound=lambda x: exact(x.phi),
    falsified={
        "greedy has it too": {
            "actual": lambda x: exact(x.loss(greedy_selection(x.Sig, x.k)[0])),
            "space": HARD,
        },
        "look-ahead is best": {
            "bound": lambda x: exact(min(x.loss(J) for J in combinations(range(len(x.Sig)), x.k))),
            "space": HARD,
        },
    },
    witness={
        "greedy has it too": {
            "B": [[6, -10, 20, -6, 3], [0, 30, -10, 9, -6], [3, 10, 30, -3, 9], [6, 30, -10, 6, 9], [-6, 0, 10, -6, 3]],
            "k": 2,
        },
        "look-ahead is best": {
            "B": [[-1, -2, 0, 1, 1], [1, 1, 0, -2, -1], [-2, 2, 1, -1, -1], [-2, 0, 1, -2, 1], [-2, -2, 3, -1, 3]],
            "k": 2,
        },
    },
    covers={
        "fewer units than the rank": lambda x: 0 < x.k < len(x.Sig) and x.phi > 0,
        "everything explained": lambda x: x.phi == 0,
        "a duplicate or dead unit": lambda x: (
            len({tuple(c) for c in x.Sig.tolist()}) < len(x.Sig) or not all(np.diagonal(x.Sig))
        ),
    },
    tight_at=({"B": [[1, 0, 0], [0, 1, 0], [0, 0, 1]], "k": 1},),
    proof=(
        Step(
            says="the mean over 2 of 3 units is an average over the first, all entries symbols",
            check=lambda: tower(2),
            false_twin=lambda: tower(1),
        ),
    ),
    cost=0.003,
)
