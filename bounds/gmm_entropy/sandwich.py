r"""The gap lies between the best tree of pair gaps and their sum.

For every spanning tree Tr of the complete graph on {1, ..., K}, with G_kl the gap of the pair (weights not renormalised),
$$ \sum_{(k,l)\in Tr}G_{kl}\;\le\;G\;\le\;U:=\sum_{k<l}G_{kl}. $$
Averaging over all trees, (2/K) U ≤ max-tree ≤ G ≤ U; exact for K = 2.

Why: write $h(A)=\int_0^\infty E[(N_\ell-1)^+]\,\ell^{-2}d\ell$ with N_ℓ the number that occur of K independent events of
probability 1 - e^{-ℓA_k}. A forest on N nodes has at most N-1 edges, and (N-1)^+ ≤ N(N-1)/2.
"""

from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp

from bounds.claim import Enclosure
from bounds.gmm_entropy.line import log_label_entropy
from bounds.gmm_entropy.mixture import mixture
from bounds.gmm_entropy.pair_gap import Indeterminate, pair_gaps


def log_pair_sum(log_gaps: Float[np.ndarray, "K K"]) -> float:
    """log U from the symmetric matrix of log pair gaps (diagonal ignored); -inf for one component."""
    log_gaps = _symmetric(log_gaps)
    above = log_gaps[np.triu_indices(len(log_gaps), 1)]
    return float(logsumexp(above)) if above.size and above.max() > -np.inf else -np.inf


def log_max_tree(log_gaps: Float[np.ndarray, "K K"]) -> float:
    """log of the largest Σ over spanning trees (Prim); edges of weight 0, log -inf, are allowed and add nothing."""
    log_gaps = _symmetric(log_gaps)
    best = log_gaps[0].copy()  # the heaviest edge from the tree to each node
    outside = np.arange(len(best)) > 0
    edges = []
    while outside.any():
        node = int(np.flatnonzero(outside)[np.argmax(best[outside])])
        edges.append(best[node])
        outside[node] = False
        best = np.maximum(best, log_gaps[node])
    return float(logsumexp(edges)) if edges and max(edges) > -np.inf else -np.inf


def log_gap_sandwich(w: Any, mu: Any, cov: Any) -> Enclosure:
    """log G in [log max-tree, log U], in nats, for any dimension; trust "rounded". Rests on the sandwich and on `pair_gap`.

    Budget at either end: max(1e-10, 1e-13 |log|) for the pair gaps as argued there, and, for the pair spectra of
    covariances with condition number κ, 4 m κ 2^-53 (m + |log|): Cholesky returns the factor of a matrix within m κ 2^-53
    of Σ in the Loewner order, which moves log C_s by that times (m + its exponent), to first order. For one component
    G = 0. Where a pair is indeterminate: (-inf, log of H(w)), as the gap never exceeds the entropy of the weights.
    """
    q = mixture(w, mu, cov)
    m = q.mu.shape[1]
    if len(q.w) == 1:
        return Enclosure(-np.inf, -np.inf)
    try:
        log_gaps = pair_gaps(q.w, q.mu, q.cov)
    except Indeterminate:
        label = float(log_label_entropy(np.log(q.w)[:, None])[0])  # -w @ log(w) would lose weights below 1e-16
        return Enclosure(-np.inf, label + 1e-12 * (1 + abs(label)))
    lo, hi = log_max_tree(log_gaps), log_pair_sum(log_gaps)
    slack_lo, slack_hi = (max(1e-10, 1e-13 * abs(end)) + 4 * m * q.condition * 2.0**-53 * (m + abs(end)) for end in (lo, hi))
    return Enclosure(lo - slack_lo, hi + slack_hi)


def _symmetric(log_gaps: Any) -> np.ndarray:
    log_gaps = np.asarray(log_gaps, dtype=float)
    if log_gaps.ndim != 2 or log_gaps.shape[0] != log_gaps.shape[1] or log_gaps.size == 0:
        raise ValueError(f"log_gaps must be a square matrix of shape (K, K), not {log_gaps.shape}")
    if np.any(np.isnan(log_gaps)) or not np.array_equal(log_gaps, log_gaps.T):
        raise ValueError("log_gaps must be symmetric and free of NaN")
    return np.asarray(log_gaps)
