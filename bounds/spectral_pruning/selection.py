r"""Which units to keep: greedy, look-ahead, pivoted Cholesky, and branch and bound with a certified optimality gap.

All take Σ (m, m), a number k of units, ridges τ ≥ 0 and a weight M of the loss L_M(J) = Tr(M S_J), and answer in floats.
A unit with τ_j = 0 whose residual variance is at most 1e-13 Tr Σ counts as explained: dividing by it would divide by noise.
"""

import heapq
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from bounds.spectral_pruning.elementary import log_leave_one_out
from bounds.spectral_pruning.information import (
    SMALL,
    Ridge,
    checked_matrix,
    checked_ridge,
    information_loss,
    residual_covariance,
)


def _checked(Sig: ArrayLike, k: int, tau: Ridge, M: ArrayLike | None) -> tuple[np.ndarray, int, np.ndarray, np.ndarray | None]:
    matrix = checked_matrix(Sig).astype(float)
    m = len(matrix)
    if k != int(k) or not 0 <= k <= m:
        raise ValueError(f"k must be an integer in 0..{m}, the number of units, got {k}")
    weight = None if M is None else checked_matrix(M, "M").astype(float)
    if weight is not None and weight.shape != matrix.shape:
        raise ValueError(f"M must have the shape {matrix.shape} of Sig, got {weight.shape}")
    return matrix, int(k), checked_ridge(tau, m).astype(float), weight


def greedy_selection(Sig: ArrayLike, k: int, tau: Ridge = 0.0, M: ArrayLike | None = None) -> tuple[list[int], np.ndarray]:
    """Units in order of choice, each the one that lowers L_M most, and the losses after 0, 1, ..., |J| of them.

    One step is two rank-one updates in place, O(m²). Stops before k units when nothing is left to explain. Ties go to the
    smallest index. Sig (m, m), 0 ≤ k ≤ m, tau ≥ 0 a number or (m,), M (m, m) positive semidefinite; ValueError otherwise.

    >>> greedy_selection([[2.0, 0.0], [0.0, 3.0]], 1)[0]
    [1]
    """
    from scipy.linalg.blas import dger

    matrix, k, ridge, weight = _checked(Sig, k, tau, M)
    floor = SMALL * np.trace(matrix)
    S = np.asfortranarray(matrix.copy())
    C = S if weight is None else np.asfortranarray(weight @ S)
    J: list[int] = []
    losses = [float(np.trace(C))]
    left = np.ones(len(S), dtype=bool)
    for _ in range(k):
        d = np.diagonal(S) + ridge
        left &= (ridge > 0) | (np.diagonal(S) > floor)
        if not left.any():
            break
        gain = np.einsum("ij,ij->j", S, C) / np.where(left, d, 1.0)
        j = int(np.argmax(np.where(left, gain, -np.inf)))
        s, c = S[:, j].copy(), C[:, j].copy()
        S = dger(-1.0 / d[j], s, s, a=S, overwrite_a=1)
        C = S if weight is None else dger(-1.0 / d[j], c, s, a=C, overwrite_a=1)
        J.append(j)
        left[j] = False
        losses.append(max(0.0, float(np.trace(C))))
    return J, np.array(losses)


def lookahead_selection(Sig: ArrayLike, k: int) -> tuple[list[int], np.ndarray]:
    r"""Units chosen so that L(J) = Tr S_J ≤ φ_k ≤ λ N(λ) (τ = 0), and the losses after 0, 1, ..., |J| of them.

    Step l takes the unit j after which k − l − 1 units drawn by determinants would leave least on average. All candidates
    share one eigendecomposition S = U diag(ν) Uᵀ: since det(I + x S_{+j}) = (1/S_jj) Σ_i u_ji² ν_i Π_{l≠i} (1 + x ν_l),
    $$ e_k(S_{+j}) = \frac1{S_{jj}}\sum_i u_{ji}^2\,\nu_i\;e_k(\nu\text{ without }\nu_i), $$
    a sum of positive terms. O(m³ + m² k) a step instead of O(m⁴). Stops early at loss 0; ties go to the smallest index.
    """
    matrix, k, _, _ = _checked(Sig, k, 0.0, None)
    S, floor = matrix.copy(), SMALL * np.trace(matrix)
    J: list[int] = []
    losses = [float(np.trace(S))]
    for later in range(k - 1, -1, -1):
        candidates = np.flatnonzero(np.diagonal(S) > floor)
        if not candidates.size:
            break
        nu, U = np.linalg.eigh(S)
        nu = np.where(nu > floor, nu, 0.0) / nu[-1]
        log_e = log_leave_one_out(nu, later + 1)
        share = U[candidates] ** 2 * nu
        more, less = (np.exp(log_e[:, r] - log_e[:, r].max(initial=-1e300)) for r in (later + 1, later))
        scale = np.exp(log_e[:, later + 1].max(initial=-1e300) - log_e[:, later].max(initial=-1e300))
        with np.errstate(divide="ignore", invalid="ignore"):
            score = np.where(share @ more > 0, scale * (share @ more) / (share @ less), 0.0)
        j = int(candidates[np.argmin(score)])
        S -= np.outer(S[:, j], S[:, j] / S[j, j])
        J.append(j)
        losses.append(max(0.0, float(np.trace(S))))
    return J, np.array(losses)


def pivoted_cholesky_selection(Sig: ArrayLike, k: int) -> tuple[list[int], np.ndarray]:
    """The unit of largest residual variance first (not greedy in the loss): a baseline. Units, and losses Tr S_J, τ = 0."""
    matrix, k, _, _ = _checked(Sig, k, 0.0, None)
    S, floor = matrix.copy(), SMALL * np.trace(matrix)
    J: list[int] = []
    losses = [float(np.trace(S))]
    for _ in range(k):
        j = int(np.argmax(np.diagonal(S)))
        if S[j, j] <= floor:
            break
        S -= np.outer(S[:, j], S[:, j] / S[j, j])
        J.append(j)
        losses.append(max(0.0, float(np.trace(S))))
    return J, np.array(losses)


# ---- how good is greedy ---------------------------------------------------------------------------------------------


def weak_submodularity_ratio(Sig: ArrayLike, tau: Ridge = 0.0) -> float:
    """γ in [0, 1]: the least eigenvalue of the correlations of Σ + diag(τ), without units of variance 0 (1 if none is left)."""
    matrix = checked_matrix(Sig).astype(float)
    total = matrix + np.diag(checked_ridge(tau, len(matrix)).astype(float))
    alive = np.diagonal(total) > 0
    if not alive.any():
        return 1.0
    total = total[np.ix_(alive, alive)]
    sd = np.sqrt(np.diagonal(total))
    return float(np.clip(np.linalg.eigvalsh(total / np.outer(sd, sd))[0], 0.0, 1.0))


def greedy_guarantee(gam: float, k: int) -> float:
    """1 − (1 − γ/k)^k ≥ 1 − e^{−γ}: the share of the best explained information that k ≥ 1 greedy steps reach. 0 ≤ γ ≤ 1."""
    if not 0 <= gam <= 1 or k < 1:
        raise ValueError(f"gam must lie in [0, 1] and k be at least 1, got {gam} and {k}")
    return float(-np.expm1(k * np.log1p(-gam / k))) if gam < k else 1.0


# ---- exact ----------------------------------------------------------------------------------------------------------


class BranchAndBound(NamedTuple):
    """The best set found, its loss, a lower bound for every set of that size, and how many nodes were opened."""

    J: list[int]
    loss: float
    lower: float
    nodes: int


def exact_selection(Sig: ArrayLike, k: int, tau: Ridge = 0.0, M: ArrayLike | None = None) -> tuple[list[int], float]:
    """A set of k units of least loss L_M(J), up to 1e-11 Tr(M Σ), and that loss: `branch_and_bound` to its end."""
    found = branch_and_bound(Sig, k, tau, M)
    return found.J, found.loss


def branch_and_bound(
    Sig: ArrayLike, k: int, tau: Ridge = 0.0, M: ArrayLike | None = None, max_nodes: int | None = None
) -> BranchAndBound:
    r"""A set of k units and a lower bound on the loss of every such set; they meet unless max_nodes stops the search.

    A node has chosen L and may still choose r units from C. Then
    $$ L_M(J)\ge\operatorname{Tr}MS_L-\sum_{i\le r}\mathrm{eig}_i\bigl(M^{1/2}PM^{1/2}\bigr),\qquad
       P=S_{L,FC}\,(S_{L,CC}+D_C)^{-1}S_{L,CF}, $$
    for what C explains of the residual is P (residual regression on the features [h_j; √τ_j u_j]), and r units explain a
    part of rank r of it (Eckart and Young). Best bound first; starts from the best of greedy and look-ahead after swaps.
    Bounds are lowered by 1e-12 Tr(MΣ), more than their rounding. Without max_nodes the last gap is at most 1e-11 Tr(MΣ).
    """
    matrix, k, ridge, weight = _checked(Sig, k, tau, M)
    m = len(matrix)
    full = float(np.trace(matrix if weight is None else weight @ matrix))
    root, floor = None if weight is None else _root(weight), SMALL * float(np.trace(matrix))
    starts = [greedy_selection(matrix, k, ridge, weight)[0], lookahead_selection(matrix, k)[0]]
    best, best_loss = min((_swapped(matrix, _filled(J, k, m), ridge, weight) for J in starts), key=lambda found: found[1])

    def bound(L: tuple[int, ...], C: tuple[int, ...]) -> float:
        S, r = residual_covariance(matrix, L, ridge), k - len(L)
        candidates = [c for c in C if ridge[c] > 0 or S[c, c] > floor]
        g, V = np.linalg.eigh(S[np.ix_(candidates, candidates)] + np.diag(ridge[candidates]))
        keep = g > floor
        sound = keep.all() or not ridge[candidates].any()  # a smaller ridge leaves the inverse to rounding; but P ≼ S_L
        P_half = S[:, candidates] @ (V[:, keep] / np.sqrt(g[keep])) if sound else _root(S)
        explained = np.linalg.svd(P_half if root is None else root @ P_half, compute_uv=False) ** 2
        total = float(np.trace(S if weight is None else weight @ S))
        return total - float(explained[:r].sum()) - 1e-12 * full

    everything = tuple(range(m))
    heap = [(bound((), everything), (), everything)] if 0 < k < m else []
    nodes = 0
    while heap and heap[0][0] < best_loss - 1e-11 * full and (max_nodes is None or nodes < max_nodes):
        _, L, C = heapq.heappop(heap)
        nodes += 1
        S, r = residual_covariance(matrix, L, ridge), k - len(L)
        gain = _gains(S, ridge, weight, floor)
        j = max(C, key=lambda c: gain[c])
        rest = tuple(c for c in C if c != j)
        if r == 1 or len(C) == r:  # one choice is left, or none
            leaf = [*L, j] if r == 1 else [*L, *C]
            loss = float(information_loss(matrix, leaf, ridge, weight))
            best, best_loss = min((best, best_loss), (leaf, loss), key=lambda found: found[1])
            continue
        for child in ((*L, j), rest), (L, rest):
            if (value := bound(*child)) < best_loss - 1e-11 * full:
                heapq.heappush(heap, (value, *child))
    lower = min([best_loss, *(entry[0] for entry in heap[:1])])
    return BranchAndBound(best, best_loss, max(0.0, lower - 1e-11 * full), nodes)


def _gains(S: np.ndarray, tau: np.ndarray, M: np.ndarray | None, floor: float) -> np.ndarray:
    """What each unit would gain, by its column of S; 0 for units without ridge that count as explained."""
    alive = (tau > 0) | (np.diagonal(S) > floor)
    d = np.where(alive, np.maximum(np.diagonal(S), 0.0) + tau, 1.0)
    return np.where(alive, np.einsum("ij,ij->j", S, S if M is None else M @ S) / d, 0.0)


def _root(weight: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eigh(weight)
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)


def _filled(J: Sequence[int], k: int, m: int) -> list[int]:
    """J, made up to k units with the first unused ones where a method stopped early: they cost nothing."""
    return [*J, *(j for j in range(m) if j not in J)][:k] if len(J) < k else list(J)


def _swapped(Sig: np.ndarray, J: list[int], tau: np.ndarray, M: np.ndarray | None) -> tuple[list[int], float]:
    """Exchange one unit for a better one until none helps by more than rounding, 1e-12 Tr(MΣ)."""
    loss, improved = float(information_loss(Sig, J, tau, M)), True
    noise = 1e-12 * float(np.trace(Sig if M is None else M @ Sig))
    while improved:
        improved = False
        for i in range(len(J)):
            others = J[:i] + J[i + 1 :]
            S = residual_covariance(Sig, others, tau)
            gain = _gains(S, tau, M, SMALL * float(np.trace(Sig)))
            gain[others] = 0.0
            trial = [*others, int(np.argmax(gain))]
            if len(set(trial)) == len(J) and (value := float(information_loss(Sig, trial, tau, M))) < loss - noise:
                J, loss, improved = trial, value, True
    return J, loss
