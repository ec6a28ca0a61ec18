r"""The largest tree of pair gaps holds at least the share 2/K of their sum, so the pair sandwich is never wider than K/2.

For K ≥ 2 and any nonnegative weights of the edges of the complete graph, in particular the pair gaps, with sum U,
$$ \tfrac2K\,U\;\le\;\max_{\text{tree}}\sum_{(k,l)\in Tr}G_{kl}\;\le\;G. $$
The constant is optimal: equal weights of the edges. At K = 3 it cannot be .8, not even against G itself: coincident
components of equal weight have U = 2 ln 2 and G = log 3. One edge in the place of the tree does not do, nor any tree that is
not chosen by its weights; the best star does.

Why: a tree has K - 1 of the K(K-1)/2 edges, so by symmetry each edge lies in a fraction 2/K of all trees (counted below for
K up to 6), and the largest tree is at least the average. Each of the K stars has all edges at its centre, so they cover
every edge twice, and the average star is 2U/K as well. Why the second inequality holds is said in `pair_sandwich`.

All are logarithms of nats, for mixtures on the line. Pair gaps from the contour formula, within 1e-10 + 1e-13 |log|; G by
quadrature of the whole mixture, which vouches for 1e-12 + 1e-14 |log G|.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, pairwise
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp

from bounds.claim import Claim, Enclosure, Evidence, Int, Step, rounded
from bounds.gmm_entropy.instances import MIXTURES, Case, case, entries
from bounds.gmm_entropy.line import log_gap_on_line
from bounds.gmm_entropy.pair_gap import pair_gaps
from bounds.gmm_entropy.pair_sandwich import spanning_trees
from bounds.gmm_entropy.sandwich import log_max_tree, log_pair_sum


@dataclass(frozen=True)
class OnLine:
    """A mixture on the line."""

    case: Case

    @cached_property
    def log_pair_gaps(self) -> Float[np.ndarray, "K K"]:
        """log G_kl by the contour formula."""
        return pair_gaps(self.case.w, self.case.mu, self.case.cov)


def on_line(**point: Any) -> OnLine:
    """A case in one dimension."""
    return OnLine(case(**point))


def _pairs(value: float) -> Enclosure:
    return rounded(value, rel=1e-13, abs=1e-10)


def share(x: OnLine, part: float | None = None) -> Enclosure:
    """log of part · U, twice; part is 2/K. Then log of the largest tree."""
    part = 2 / len(x.case.w) if part is None else part
    small = _pairs(float(np.log(part)) + log_pair_sum(x.log_pair_gaps))
    return entries(small, small, _pairs(log_max_tree(x.log_pair_gaps)))


def tree_and_gap(x: OnLine, total: Any = log_max_tree) -> Enclosure:
    """log of the largest tree, and of G, twice."""
    gap = rounded(log_gap_on_line(x.case.w, x.case.mu[:, 0], x.case.cov[:, 0, 0]), rel=2e-14, abs=2e-12)
    return entries(_pairs(total(x.log_pair_gaps)), gap, gap)


def _sum(terms: Any) -> float:
    return float(logsumexp(terms)) if len(terms) else -np.inf


def _path(log_gaps: np.ndarray) -> float:
    """The tree 1 − 2 − … − K, whatever its weights."""
    return _sum([log_gaps[k, l] for k, l in pairwise(range(len(log_gaps)))])


def _best_star(log_gaps: np.ndarray) -> float:
    return max(_sum(np.delete(row, k)) for k, row in enumerate(log_gaps))


def _edge(log_gaps: np.ndarray) -> float:
    return float(log_gaps.max())


def _share_of_edges(more: int) -> Evidence:
    """(K − 1) / (K (K − 1) / 2) = 2/K."""
    import sympy as sp

    from bounds.measure.symbolic import identity

    K = sp.symbols("K", positive=True)
    return identity(lambda: (K - 1 + more) / (K * (K - 1) / 2) - 2 / K)


def _count(parts: int) -> Evidence:
    """K times the trees through each edge is twice the number of trees, for K from 2 to 6 (1296 trees)."""
    from bounds.measure.rational import every_case

    def cases() -> Any:
        for K in range(2, 7):
            trees = [{tuple(sorted(edge)) for edge in tree} for tree in spanning_trees(K)]
            yield from ((K, len(trees), sum(edge in tree for tree in trees)) for edge in combinations(range(K), 2))

    return every_case(cases(), lambda case: case[0] * case[2] == parts * case[1])


def coincident(K: int) -> dict[str, object]:
    """K equal components of equal weight."""
    return {
        "K": K,
        "m": 1,
        "logits": np.zeros(K),
        "mean": np.zeros((K, 1)),
        "spread": 1.0,
        "sd": np.ones((K, 1)),
        "shear": np.zeros((K, 1, 1)),
        "shape": "coincident",
    }


SPACE = {**MIXTURES, "K": Int(1, 6), "m": Int(1, 1)}

CLAIM = Claim(
    source="new",
    says="(2/K) U ≤ the largest Σ of pair gaps over a spanning tree ≤ G",
    space=SPACE,
    build=on_line,
    assumes={},
    actual=share,
    bound=tree_and_gap,
    tightness="difference",
    falsified={
        ".8 instead of 2/K at K = 3": {"actual": lambda x: share(x, 0.8), "space": {**SPACE, "K": Int(3, 3)}},
        "3/K instead of 2/K": {"actual": lambda x: share(x, 3 / len(x.case.w))},
        "1/2 for every K": {"actual": lambda x: share(x, 0.5)},
        "one edge instead of a tree": {"bound": lambda x: tree_and_gap(x, _edge)},
        "a path that is not chosen": {"bound": lambda x: tree_and_gap(x, _path)},
    },
    also_true={"the best star instead of the best tree": {"bound": lambda x: tree_and_gap(x, _best_star)}},
    witness={".8 instead of 2/K at K = 3": coincident(3), "1/2 for every K": coincident(6)},
    covers={
        "one component": lambda x: len(x.case.w) == 1,
        "two components, exact": lambda x: len(x.case.w) == 2,
        "six components": lambda x: len(x.case.w) == 6,
        "coincident": lambda x: len(x.case.w) > 2 and bool(np.ptp(x.case.mu) == 0 == np.ptp(x.case.cov)),
    },
    tight_at=(coincident(2), coincident(3), coincident(6)),
    proof=(
        Step(
            says="(K − 1) of K(K − 1)/2 edges are a fraction 2/K",
            check=lambda: _share_of_edges(0),
            false_twin=lambda: _share_of_edges(1),
        ),
        Step(
            says="each edge lies in the fraction 2/K of all trees, K ≤ 6",
            check=lambda: _count(2),
            false_twin=lambda: _count(3),
        ),
    ),
    cost=0.005,
)
