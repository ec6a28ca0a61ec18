r"""How much of all hidden units the kept ones carry: reconstruction, information loss, degrees of freedom.

Everything here is linear algebra on the time-mean covariance Σ. float64 in, float64 out; Fractions in, Fractions out
(arrays of dtype object), so that the claims judge these very functions in exact arithmetic.
"""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bounds.common.rnn import checked_params
from bounds.measure.rational import solve

Ridge = ArrayLike | Fraction  # one for all units, or one for each
SMALL = 1e-13  # eigenvalues and diagonals below this part of the largest (of the trace) are rounding noise


# ---- arguments ------------------------------------------------------------------------------------------------------


def checked_matrix(Sig: ArrayLike, name: str = "Sig") -> np.ndarray:
    """A symmetric matrix of floats or Fractions; ValueError if it is not square, finite and symmetric to 1e-9."""
    matrix = np.asarray(Sig)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1]:
        raise ValueError(f"{name} must be a square matrix, got an array of shape {matrix.shape}")
    if matrix.dtype == object:
        return matrix
    matrix = matrix.astype(float)
    if not np.isfinite(matrix).all():
        raise ValueError(f"{name} must be finite, and holds NaN or infinity")
    if matrix.size and np.abs(matrix - matrix.T).max() > 1e-9 * np.abs(matrix).max():
        raise ValueError(f"{name} must be symmetric, and differs from its transpose")
    return matrix


def checked_units(J: Sequence[int], m: int) -> list[int]:
    """Distinct 0-based units as a list of ints, in the given order; ValueError otherwise."""
    units = [int(j) for j in J]
    if len(set(units)) < len(units) or any(not 0 <= j < m for j in units):
        raise ValueError(f"J must hold distinct units among 0..{m - 1}, got {list(J)}")
    return units


def checked_ridge(tau: Ridge, m: int) -> np.ndarray:
    """A ridge ≥ 0 for each of m units, from a number or a vector; ValueError otherwise."""
    ridge = np.asarray(tau)
    if ridge.shape not in ((), (m,)):
        raise ValueError(f"tau must be one number or a vector of {m}, got shape {ridge.shape}")
    ridge = np.broadcast_to(ridge.astype(object) if ridge.dtype.kind in "iub" else ridge, (m,))  # no int64 in Fractions
    if not all(t >= 0 for t in ridge):
        raise ValueError("tau must be >= 0 for every unit")
    return ridge


def trace(matrix: np.ndarray) -> Any:
    """The trace: a float, or a Fraction."""
    return sum(np.diagonal(matrix).tolist(), Fraction(0) if matrix.dtype == object else 0.0)


# ---- states ---------------------------------------------------------------------------------------------------------


def time_mean_covariance(h: ArrayLike) -> np.ndarray:
    """Σ = (1/nT) Σ_{i,t} h h^T (m, m), not centred, of states h (n, T, m). ValueError for another number of axes."""
    states = np.asarray(h)
    if states.ndim != 3 or 0 in states.shape[:2]:
        raise ValueError(f"h must have shape (n, T, m) with n, T >= 1, got {states.shape}")
    rows = states.reshape(-1, states.shape[2])
    return np.asarray(rows.T @ rows / len(rows))


def rms_norm(F: ArrayLike) -> float:
    """‖F‖_{n,T}: the root of the mean over sequences and times of ‖F_{i,t}‖², for F (n, T, d).

    >>> rms_norm([[[3.0, 4.0]], [[0.0, 0.0]], [[0.0, 0.0]], [[0.0, 0.0]]])
    2.5
    """
    values = np.asarray(F, dtype=float)
    if values.ndim != 3 or 0 in values.shape[:2]:
        raise ValueError(f"F must have shape (n, T, d) with n, T >= 1, got {values.shape}")
    largest = float(np.abs(values).max(initial=0.0))
    if not 0 < largest < np.inf:
        return largest
    return largest * float(np.sqrt(np.square(values / largest).sum() / (values.shape[0] * values.shape[1])))


# ---- reconstruction -------------------------------------------------------------------------------------------------


def ridge_reconstruction(Sig: ArrayLike, J: Sequence[int], tau: Ridge) -> np.ndarray:
    r"""A_J = Σ_FJ (Σ_JJ + D_J)^{-1}, D_J = diag(τ_j): (m, |J|), columns in the order of J.

    Where some τ_j = 0 the pseudo-inverse is meant; in floats its cut is 1e-13 of the largest eigenvalue, in Fractions it
    is exact. Sig (m, m) symmetric; tau ≥ 0, one number or (m,). ValueError otherwise.
    """
    matrix = checked_matrix(Sig)
    m = len(matrix)
    units, ridge = checked_units(J, m), checked_ridge(tau, m)
    if not units:
        return np.zeros((m, 0), dtype=matrix.dtype)
    kept, cross = matrix[np.ix_(units, units)].copy(), matrix[units]
    for i, j in enumerate(units):
        kept[i, i] += ridge[j]
    if matrix.dtype == object:
        return _exact_pseudo_solve(kept, cross).T
    if min(ridge[units]) > 0:
        return np.asarray(np.linalg.solve(kept, cross).T)
    return np.asarray(cross.T @ np.linalg.pinv(kept, rcond=SMALL, hermitian=True))


def _exact_pseudo_solve(G: np.ndarray, right: np.ndarray) -> np.ndarray:
    """G⁺ right for a symmetric positive semidefinite G of Fractions: with I a largest independent set of columns and
    C = G[:, I], G = C G_II⁻¹ Cᵀ and so G⁺ = C (CᵀC)⁻¹ G_II (CᵀC)⁻¹ Cᵀ."""
    independent = independent_columns(G)
    if len(independent) == len(G):
        return np.asarray(solve(G, right))
    C = G[:, independent]
    if not independent:
        return np.full(right.shape, Fraction(0), dtype=object)
    inner = np.asarray(solve(C.T @ C, C.T @ right))
    return np.asarray(C @ np.asarray(solve(C.T @ C, G[np.ix_(independent, independent)] @ inner)))


def independent_columns(G: np.ndarray) -> list[int]:
    """The first largest set of linearly independent columns of a positive semidefinite matrix of Fractions."""
    S, chosen = G.copy(), []
    for j in range(len(S)):
        if S[j, j] > 0:
            S = S - np.outer(S[:, j], S[j]) / S[j, j]
            chosen.append(j)
    return chosen


def residual_covariance(Sig: ArrayLike, J: Sequence[int], tau: Ridge) -> np.ndarray:
    """S_J = Σ − A_J Σ_JF (m, m). In floats its entries are accurate to about 1e-15 Tr Σ, because it is a difference."""
    matrix = checked_matrix(Sig)
    units = checked_units(J, len(matrix))
    S = matrix - ridge_reconstruction(matrix, units, tau) @ matrix[units]
    return np.asarray(S if S.dtype == object else (S + S.T) / 2)


def information_loss(Sig: ArrayLike, J: Sequence[int], tau: Ridge, M: ArrayLike | None = None) -> Any:
    """L_M(J) = Tr(M S_J) in the units of h² (times those of M); M = None is the identity.

    >>> information_loss([[2.0, 1.0], [1.0, 2.0]], [0], 0.0)
    1.5
    """
    S = residual_covariance(Sig, J, tau)
    if M is None:
        return trace(S)
    weight = checked_matrix(M, "M")
    if weight.shape != S.shape:
        raise ValueError(f"M must have the shape {S.shape} of Sig, got {weight.shape}")
    return (weight * S).sum() if S.dtype == object else float((weight * S).sum())


def information_weight(params: Mapping[str, ArrayLike], theta: float) -> np.ndarray:
    """M_θ = θ I + (1 − θ)(Wᵒᵀ Wᵒ + Wʰᵀ Wʰ) (m, m): what losing a direction of h costs itself, the output, the next state.

    0 ≤ θ ≤ 1; ValueError otherwise.
    """
    if not 0 <= theta <= 1:
        raise ValueError(f"theta must lie in [0, 1], got {theta}")
    p = checked_params(params)
    return np.asarray(theta * np.eye(len(p["b"])) + (1 - theta) * (p["Wo"].T @ p["Wo"] + p["Wh"].T @ p["Wh"]))


def selection_gain(Sig: ArrayLike, J: Sequence[int], j: int, tau: Ridge, M: ArrayLike | None = None) -> Any:
    """L_M(J) − L_M(J + j) = sᵀ M s/(s_j + τ_j) with s = S_J[:, j]; 0 if the denominator is 0. j not in J."""
    matrix = checked_matrix(Sig)
    m = len(matrix)
    units = checked_units([*J, j], m)[:-1]
    s = residual_covariance(matrix, units, tau)[:, j]
    ridge = checked_ridge(tau, m)[j]
    d = s[j] + ridge
    if d <= (0 if matrix.dtype == object or ridge > 0 else SMALL * trace(matrix)):
        return 0 * trace(matrix)
    weighted = s if M is None else checked_matrix(M, "M") @ s
    return (s * weighted).sum() / d


# ---- degrees of freedom ---------------------------------------------------------------------------------------------


def spectrum(Sig: ArrayLike) -> np.ndarray:
    """Eigenvalues (m,) of a positive semidefinite matrix of floats, largest first, rounding noise below 0 cut off."""
    return np.asarray(np.maximum(np.linalg.eigvalsh(checked_matrix(Sig).astype(float))[::-1], 0.0))


def checked_spectrum(mu: ArrayLike) -> np.ndarray:
    """Eigenvalues ≥ 0, floats or Fractions, as a vector; ValueError otherwise."""
    values = np.asarray(mu)
    values = values if values.dtype == object else values.astype(float)
    if values.ndim != 1 or not all(0 <= v < np.inf for v in values):
        raise ValueError("mu must be a vector of eigenvalues >= 0")
    return values


def degrees_of_freedom(mu: ArrayLike, lam: Any) -> Any:
    """N(λ) = Σ μ_i/(μ_i + λ) for λ > 0; Fractions stay Fractions. ValueError for λ ≤ 0 or a negative μ.

    >>> degrees_of_freedom([1.0, 3.0, 0.0], 1.0)
    1.25
    """
    values = checked_spectrum(mu)
    if not 0 < lam < np.inf:
        raise ValueError(f"lam must be positive and finite, got {lam}")
    return sum((values / (values + lam)).tolist(), Fraction(0) if values.dtype == object else 0.0)


def ridge_smoother(Sig: ArrayLike, lam: Any) -> np.ndarray:
    """Γ = Σ (Σ + λ I)^{-1} (m, m), whose trace is N(λ); λ > 0."""
    matrix = checked_matrix(Sig)
    if not 0 < lam < np.inf:
        raise ValueError(f"lam must be positive and finite, got {lam}")
    shifted = matrix.copy()
    shifted[np.diag_indices(len(matrix))] += lam
    if matrix.dtype == object:
        return np.asarray(solve(shifted, matrix))
    Gam = np.linalg.solve(shifted, matrix)
    return np.asarray((Gam + Gam.T) / 2)


def leverage_scores(Sig: ArrayLike, lam: Any) -> np.ndarray:
    """l_j(λ) = Γ_jj in [0, 1), summing to N(λ): (m,). In floats rounding noise below 0 is cut off."""
    scores = np.diagonal(ridge_smoother(Sig, lam)).copy()
    return scores if scores.dtype == object else np.maximum(scores, 0.0)


def lambda_for_dof(mu: ArrayLike, k: float) -> float:
    """The λ with N(λ) = k, for 0 < k < number of positive eigenvalues; relative accuracy 1e-12. ValueError otherwise."""
    from scipy.optimize import brentq

    values = checked_spectrum(mu).astype(float)
    positive = values[values > 0]
    if not 0 < k < positive.size:
        raise ValueError(f"k must lie strictly between 0 and the rank {positive.size}, got {k}")
    # N(λ) ≤ Tr/λ and r − N(λ) ≤ λ Σ 1/μ bracket it
    lo = (positive.size - k) / float((1 / positive).sum()) / 2
    hi = 2 * float(positive.sum()) / k
    return float(np.exp(brentq(lambda u: degrees_of_freedom(positive, np.exp(u)) - k, np.log(lo), np.log(hi), xtol=1e-14)))
