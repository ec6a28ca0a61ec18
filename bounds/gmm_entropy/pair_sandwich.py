r"""The gap lies between the largest tree of pair gaps and their sum: in the integral, and already at every point.

With $G_{kl}=\int\phi(A_k,A_l)$, $\phi(a,b)=a\log(1+b/a)+b\log(1+a/b)$ and $A_k=w_kN_k$ (weights not renormalised), for every
spanning tree Tr of the complete graph on {1, ..., K}
$$ \sum_{(k,l)\in Tr}G_{kl}\le G\le U=\sum_{k<l}G_{kl},\qquad
   \sum_{(k,l)\in Tr}\phi(A_k,A_l)\le h(A)=\sum_kA_k\log\frac{\sum_jA_j}{A_k}\le\sum_{k<l}\phi(A_k,A_l)\quad(A_k>0). $$
The second line is the stronger one: it gives the first by integration, for mixtures of anything. Exact for K = 2.

Why: $\int_0^\infty(1-e^{-\ell a})(1-e^{-\ell b})\ell^{-2}d\ell=\phi(a,b)$, since both sides vanish at a = 0 and at b = 0 and
have the mixed derivative 1/(a+b) (checked below for φ). Likewise $h(A)=\int_0^\infty E[(N_\ell-1)^+]\ell^{-2}d\ell$,
with N_ℓ the number that occur of K independent events of probability $1-e^{-\ell A_k}$ (for the reader). Last, the edges of a
tree among N nodes are at most $(N-1)^+$, as it has no cycle, and $(N-1)^+\le N(N-1)/2$; both are checked below.

All are logarithms of nats; the largest tree stands for every tree. Pair gaps come from the contour formula, within
1e-10 + 1e-13 |log|; G on the line by quadrature of h, which vouches for 1e-12 + 1e-14 |log G|. At a point, log h is taken
from the ratios to the second largest $A_k$, log φ from the kernel ψ; with $|\log A_k|\le30$ both are right to 1e-13.
"""

from dataclasses import dataclass
from functools import cached_property
from itertools import combinations, product
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp

from bounds.claim import Array, Claim, Enclosure, Evidence, Int, Step, rounded
from bounds.gmm_entropy.chernoff import log_psi_t
from bounds.gmm_entropy.instances import MIXTURES, Case, case, entries, on_first_axis
from bounds.gmm_entropy.line import log_gap_on_line, log_label_entropy
from bounds.gmm_entropy.pair_gap import pair_gaps
from bounds.gmm_entropy.sandwich import log_max_tree, log_pair_sum


@dataclass(frozen=True)
class LineAndPoint:
    """A mixture on the line, and masses log A that need not come from it."""

    case: Case
    log_a: Float[np.ndarray, " K"]

    @cached_property
    def log_pair_gaps(self) -> Float[np.ndarray, "K K"]:
        """log G_kl by the contour formula."""
        return pair_gaps(self.case.w, self.case.mu, self.case.cov)

    @cached_property
    def log_phi(self) -> Float[np.ndarray, "K K"]:
        """log φ(A_k, A_l), with φ(a, b) = √(ab) ψ(log(b/a)); the diagonal is of no meaning."""
        a = self.log_a[:, None]
        return np.asarray((a + a.T) / 2 + log_psi_t(np.abs(a.T - a), 0.5))

    @cached_property
    def gap(self) -> Enclosure:
        """log G by quadrature on the line."""
        value = log_gap_on_line(self.case.w, self.case.mu[:, 0], self.case.cov[:, 0, 0])
        return rounded(value, rel=2e-14, abs=2e-12)

    @cached_property
    def entropy(self) -> Enclosure:
        """log h(A)."""
        return rounded(float(log_label_entropy(self.log_a[:, None])[0]), rel=1e-15, abs=1e-12)


def line_and_point(log_a: Float[np.ndarray, " K"], **point: Any) -> LineAndPoint:
    """A case in one dimension."""
    return LineAndPoint(case(**point), np.asarray(log_a, float))


def trees(x: LineAndPoint, total: Any = log_max_tree, renormalised: bool = False) -> tuple[Enclosure, Enclosure]:
    """The logarithms of a sum of pair gaps, and of the same sum of φ(A_k, A_l)."""
    gaps = x.log_pair_gaps
    if renormalised:
        gaps = gaps - np.log(x.case.w[:, None] + x.case.w)
    return rounded(total(gaps), rel=1e-13, abs=1e-10), rounded(total(x.log_phi), rel=1e-15, abs=1e-12)


def sides(low: tuple[Enclosure, Enclosure], x: LineAndPoint, high: tuple[Enclosure, Enclosure]) -> tuple[Enclosure, Enclosure]:
    """low ≤ (G, h) ≤ high, as (left, right)."""
    return entries(low[0], x.gap, low[1], x.entropy), entries(x.gap, high[0], x.entropy, high[1])


def left(x: LineAndPoint, total: Any = log_max_tree, renormalised: bool = False) -> Enclosure:
    """log of the largest tree, of G, of the largest tree of φ, of h."""
    return sides(trees(x, total, renormalised), x, trees(x, log_pair_sum))[0]


def right(x: LineAndPoint, total: Any = log_pair_sum) -> Enclosure:
    """log of G, of U, of h, of Σ φ."""
    return sides(trees(x), x, trees(x, total))[1]


def _largest_edges(log_gaps: np.ndarray) -> float:
    """The K − 1 largest, whether or not they make a cycle."""
    K = len(log_gaps)
    above = np.sort(log_gaps[np.triu_indices(K, 1)])[::-1][: K - 1]
    return float(logsumexp(above)) if above.size else -np.inf


def spanning_trees(K: int) -> list[list[tuple[int, int]]]:
    """All K^(K−2) trees on {0, ..., K−1}, K ≥ 2, one for each Prüfer sequence."""
    return [_tree(sequence, K) for sequence in product(range(K), repeat=K - 2)]


def _tree(sequence: tuple[int, ...], K: int) -> list[tuple[int, int]]:
    degree = [1 + sequence.count(node) for node in range(K)]
    edges = []
    for node in sequence:
        leaf = degree.index(1)
        edges.append((leaf, node))
        degree[leaf], degree[node] = 0, degree[node] - 1
    k, l = (node for node in range(K) if degree[node] == 1)
    return [*edges, (k, l)]


def _mixed_derivative(sign: int) -> Evidence:
    import sympy as sp

    from bounds.measure.symbolic import identity

    a, b = sp.symbols("a b", positive=True)
    phi = a * sp.log(1 + b / a) + sign * b * sp.log(1 + a / b)
    return identity(lambda: sp.diff(phi, a, b) - 1 / (a + b))


def _tree_edges(extra: int) -> Evidence:
    """In all trees of 2 to 5 nodes and all sets of occurring nodes; the twin has one more edge, so a cycle."""
    from bounds.measure.rational import every_case

    def cases() -> Any:
        for K in range(2, 6):
            for tree in spanning_trees(K):
                edges = {tuple(sorted(edge)) for edge in tree}
                edges |= set([e for e in combinations(range(K), 2) if e not in edges][:extra])
                yield from ((sorted(edges), nodes) for N in range(K + 1) for nodes in combinations(range(K), N))

    return every_case(cases(), lambda case: sum(set(edge) <= set(case[1]) for edge in case[0]) <= max(len(case[1]) - 1, 0))


def _pairs_cover(wrong: int) -> Evidence:
    """$N(N-1)/2-(N-1)=(N-1)(N-2)/2$, at least 0 for every integer N ≥ 1."""
    import sympy as sp

    from bounds.measure.symbolic import identity

    N = sp.symbols("N", integer=True, positive=True)
    return identity(lambda: N * (N - 1) / 2 - (N - 1) - (N - 1) * (N - 2 + wrong) / 2)


SPACE = {**MIXTURES, "K": Int(1, 5), "m": Int(1, 1), "log_a": Array(("K",), -30, 0)}
EXAMPLE = {
    "K": 3,
    "m": 1,
    "logits": np.log([0.2, 0.5, 0.3]),
    "mean": np.array([[0.0], [0.4], [1.0]]),
    "spread": 5.0,
    "sd": np.ones((3, 1)),
    "shear": np.zeros((3, 1, 1)),
    "shape": "free",
    "log_a": np.zeros(3),
}

CLAIM = Claim(
    source="new",
    says="Σ_Tr G_kl ≤ G ≤ Σ_{k<l} G_kl and Σ_Tr φ(A_k, A_l) ≤ h(A) ≤ Σ_{k<l} φ(A_k, A_l) for every spanning tree Tr",
    space=SPACE,
    build=line_and_point,
    assumes={},
    actual=left,
    bound=right,
    tightness="difference",
    falsified={
        "at most the largest tree": {"bound": lambda x: right(x, log_max_tree)},
        "at least the sum of all pairs": {"actual": lambda x: left(x, log_pair_sum)},
        "at least the K − 1 largest pair gaps": {"actual": lambda x: left(x, _largest_edges)},
        "at least a tree of renormalised pairs": {"actual": lambda x: left(x, renormalised=True)},
    },
    witness={
        "at most the largest tree": EXAMPLE,
        "at least the sum of all pairs": EXAMPLE,
    },
    covers={
        "one component": lambda x: len(x.log_a) == 1,
        "two components, exact": lambda x: len(x.log_a) == 2,
        "five components": lambda x: len(x.log_a) == 5,
        "gap below 1e-40": lambda x: len(x.log_a) > 2 and bool(x.gap.hi < -92),
        "tree and sum differ by more than a tenth": lambda x: log_pair_sum(x.log_phi) - log_max_tree(x.log_phi) > 0.1,
    },
    tight_at=({**on_first_axis(4.0), "log_a": np.array([0.0, -3.0])},),
    proof=(
        Step(
            says="∂²φ/∂a∂b = 1/(a + b)",
            check=lambda: _mixed_derivative(1),
            false_twin=lambda: _mixed_derivative(-1),
        ),
        Step(
            says="a tree has at most (N − 1)⁺ edges among any N of its nodes, all trees of up to 5 nodes",
            check=lambda: _tree_edges(0),
            false_twin=lambda: _tree_edges(1),
        ),
        Step(
            says="N(N−1)/2 − (N−1) = (N−1)(N−2)/2",
            check=lambda: _pairs_cover(0),
            false_twin=lambda: _pairs_cover(1),
        ),
    ),
    cost=0.003,
)
