r"""Prune a trained network: choose units, rebuild the others from them, and say what is known about the result."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bounds.common.rnn import checked_params, rnn_forward
from bounds.spectral_pruning.accumulation import compress_rnn, compression_error, error_bounds
from bounds.spectral_pruning.best_subset import BranchAndBound, branch_and_bound
from bounds.spectral_pruning.information import (
    checked_matrix,
    degrees_of_freedom,
    information_loss,
    information_weight,
    lambda_for_dof,
    leverage_scores,
    ridge_reconstruction,
    spectrum,
    time_mean_covariance,
)
from bounds.spectral_pruning.random_subsets import kdpp_sample
from bounds.spectral_pruning.selection import (
    greedy_selection,
    lookahead_selection,
    pivoted_cholesky_selection,
)

METHODS = ("greedy", "lookahead", "cholesky", "leverage", "dpp", "exact")


@dataclass(frozen=True)
class Pruning:
    """A pruned network and what is known of it. Losses are in units of h² (times M), errors in units of y."""

    J: list[int]  # kept units, in order of choice
    A: np.ndarray  # (m, |J|): h ≈ A h_J
    tau: float  # ridge of A
    params: dict[str, np.ndarray]  # of the network of |J| units: Wh = Wʰ_J A and Wo = Wᵒ A
    objective: float  # L_M(J) with M = M_θ, what the choice minimises
    lower_bound: float  # on the objective of every set of that size
    total: float  # Tr(M Σ): the objective with nothing kept
    input_loss: float  # Tr S_J
    output_loss: float  # Tr((WᵒᵀWᵒ + WʰᵀWʰ) S_J)
    variance: float  # Tr Σ
    dof: dict[float, float]  # λ/Tr Σ -> N(λ)
    error: float  # ‖y − y#‖_{n,T} on the data
    bounds: dict[str, Any]  # `error_bounds`: B0 to B4, q, kap, q_D, kap_D, n_flips

    @property
    def optimality_gap(self) -> float:
        """How much of the objective a better choice could save at most, as a part of it; 0 for a proved optimum or no loss."""
        return max(0.0, 1 - self.lower_bound / self.objective) if self.objective > 0 else 0.0


def select_units(
    Sig: ArrayLike,
    k: int,
    method: str = "greedy",
    tau: float = 0.0,
    M: ArrayLike | None = None,
    rng: np.random.Generator | None = None,
) -> list[int]:
    """k units by one of the methods (fewer where nothing is left to explain).

    "greedy" and "exact" minimise L_M with ridge tau; "lookahead", "cholesky" and "dpp" look at Tr S_J with no ridge;
    "leverage" draws with q_j ∝ l_j(λ_k), N(λ_k) = k, until k different units are drawn. "leverage" and "dpp" need rng.
    ValueError otherwise.
    """
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    matrix = checked_matrix(Sig).astype(float)
    if method in ("leverage", "dpp"):
        if rng is None:
            raise ValueError(f"method {method!r} draws at random and needs rng")
        k = min(k, int(np.linalg.matrix_rank(matrix, hermitian=True)))
        return kdpp_sample(matrix, k, rng) if method == "dpp" else _by_leverage(matrix, k, rng)
    ways: dict[str, Callable[[], list[int]]] = {
        "greedy": lambda: greedy_selection(matrix, k, tau, M)[0],
        "lookahead": lambda: lookahead_selection(matrix, k)[0],
        "cholesky": lambda: pivoted_cholesky_selection(matrix, k)[0],
        "exact": lambda: branch_and_bound(matrix, k, tau, M).J,
    }
    return ways[method]()


def tail_losses(Sig: np.ndarray, M: np.ndarray) -> np.ndarray:
    """The least L_M that any k directions could leave, k = 0..m: sums of the smallest eigenvalues of M^{1/2} Σ M^{1/2}."""
    values, U = np.linalg.eigh(Sig)
    half = U * np.sqrt(np.maximum(values, 0.0))
    mu = spectrum(half.T @ M @ half)
    return np.concatenate([np.cumsum(mu[::-1])[::-1], [0.0]])


def _by_leverage(Sig: np.ndarray, k: int, rng: np.random.Generator) -> list[int]:
    """The first k different units of an endless draw by leverage: exponential clocks that ring at rate q_j."""
    if k == 0:
        return []
    mu = spectrum(Sig)
    lam = lambda_for_dof(mu, k) if k < np.count_nonzero(mu) else mu[mu > 0].min() * 1e-3
    q = leverage_scores(Sig, lam)
    with np.errstate(divide="ignore"):
        rings = np.where(q > 0, rng.exponential(size=len(q)) / q, np.inf)
    return [int(j) for j in np.argsort(rings, kind="stable")[:k]]


def prune(
    params: Mapping[str, ArrayLike],
    x: ArrayLike,
    *,
    keep: int | None = None,
    loss: float | None = None,
    method: str = "greedy",
    theta: float = 1.0,
    tau: float | None = None,
    activation: str = "relu",
    reconstruct: bool = True,
    nodes: int | None = None,
    seed: int = 0,
    watch: Callable[[str], None] = lambda stage: None,
) -> Pruning:
    """Keep `keep` units, or the fewest whose objective is at most `loss` times its total, and rebuild the others.

    params and x (n, T, d_x) as in `rnn_forward`; method one of `METHODS`; the objective weighs losses by M_θ (theta = 1: the
    states themselves; 0: output and next state). tau: ridge of the reconstruction, 1e-8 Tr Σ/m by default. reconstruct=False
    drops the other units instead (A_J = 1, 0 elsewhere). nodes: how many nodes branch and bound may open, by default as many
    as it takes for "exact" and 20 (fewer beyond 128 units) for the lower bound of the other methods. seed: of "leverage" and
    "dpp". watch is told what is being done. ValueError says what is wrong with an argument.

    The lower bound is for the same M and τ; the bounds B0 to B4 hold for these weights and these data.
    """
    p = checked_params(params)
    m = len(p["b"])
    if (keep is None) == (loss is None):
        raise ValueError("give either keep, the number of units, or loss, the share of information that may be lost")
    if method not in METHODS:
        raise ValueError(f"method must be one of {', '.join(METHODS)}, got {method!r}")
    if keep is not None and (keep != int(keep) or not 0 <= keep <= m):
        raise ValueError(f"keep must be an integer in 0..{m}, the number of units, got {keep}")
    if loss is not None and not 0 <= loss <= 1:
        raise ValueError(f"loss must be a share between 0 and 1, got {loss}")
    with np.errstate(over="ignore", invalid="ignore"):
        h = rnn_forward(p, x, activation=activation)[0]
    if not np.isfinite(h).all():
        raise ValueError("the network overflows on x: its states are not finite")
    Sig, M = time_mean_covariance(h), information_weight(p, theta)
    variance = float(np.trace(Sig))
    ridge = 1e-8 * variance / m if tau is None else float(tau)
    if not 0 <= ridge < np.inf:
        raise ValueError(f"tau must be >= 0 and finite, got {tau}")
    total = float((M * Sig).sum())

    def branching(k: int, most: int | None) -> BranchAndBound:
        def tell(opened: int, lower: float, loss: float) -> None:
            watch(f"{k} units: {opened} nodes, best {loss:.6g}, none below {lower:.6g}")

        return branch_and_bound(Sig, k, ridge, M, most, tell)

    most_kept = m if keep is None else int(keep)
    path = greedy_selection(Sig, most_kept, ridge, M)[0] if method == "greedy" else []  # the first k of it are greedy's k

    def chosen(k: int) -> tuple[list[int], float, float]:
        """Units, objective, and a lower bound on it where the method has one."""
        watch(f"{k} units by {method}")
        if method == "exact":
            best = branching(k, nodes)
            return best.J, best.loss, best.lower
        if method == "greedy":
            J = path[:k]
        elif method == "lookahead":
            J = lookahead_selection(Sig, k, lambda done: watch(f"{done} of {k} units by {method}"))[0]
        else:
            J = select_units(Sig, k, method, ridge, M, np.random.default_rng([seed, k]))
        return J, float(information_loss(Sig, J, ridge, M)), 0.0

    if keep is not None:
        J, objective, lower = chosen(int(keep))
    else:
        allowed = float(loss or 0.0) * total
        fewest = int(np.argmax(tail_losses(Sig, M) <= allowed + 1e-12 * total))  # no set of fewer units can do it
        J, objective, lower = chosen(fewest)
        while objective > allowed and fewest < m:
            fewest += 1
            J, objective, lower = chosen(fewest)
    if method != "exact":
        most = min(20, max(1, 20 * 128**3 // m**3)) if nodes is None else nodes  # a second's worth
        lower = branching(len(J), most).lower
    watch("error and its bounds")
    mu = spectrum(Sig)
    if reconstruct:
        A = ridge_reconstruction(Sig, J, ridge)
    else:
        A = np.zeros((m, len(J)))
        A[J, range(len(J))] = 1.0
    return Pruning(
        J=J,
        A=A,
        tau=ridge,
        params=compress_rnn(p, J, A),
        objective=objective,
        lower_bound=lower,
        total=total,
        input_loss=float(information_loss(Sig, J, ridge)),
        output_loss=float(information_loss(Sig, J, ridge, information_weight(p, 0.0))),
        variance=variance,
        dof={10.0**e: float(degrees_of_freedom(mu, 10.0**e * variance)) for e in range(-1, -7, -1)} if variance else {},
        error=compression_error(p, J, A, x, activation=activation),
        bounds=error_bounds(p, J, A, x, activation=activation),
    )
