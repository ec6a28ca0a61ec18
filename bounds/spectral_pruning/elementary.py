r"""Elementary symmetric polynomials of the spectrum, and the mean loss of units drawn by determinants.

φ_k(μ) = (k + 1) e_{k+1}/e_k is the mean of L(J) = Tr S_J over sets of k units drawn with probability ∝ det Σ_JJ. All terms
are positive, so in floats nothing cancels: relative error at most 4 (m + k) u of e_k, and logarithms keep it from
underflow (e_42 of a trained network is about 1e-170). Fractions in, Fractions out.
"""

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bounds.spectral_pruning.information import SMALL, checked_matrix, checked_spectrum, trace


def elementary_symmetric(mu: ArrayLike) -> np.ndarray:
    """e_0, ..., e_m of μ ≥ 0: (m + 1,). Exact if μ are Fractions.

    >>> elementary_symmetric([1.0, 2.0, 3.0]).tolist()
    [1.0, 6.0, 11.0, 6.0]
    """
    values = checked_spectrum(mu)
    e = np.full(len(values) + 1, Fraction(0) if values.dtype == object else 0.0)
    e[0] += 1
    for i, v in enumerate(values):
        e[1 : i + 2] = e[1 : i + 2] + v * e[: i + 1]
    return e


def log_elementary(mu: np.ndarray, k: int) -> np.ndarray:
    """log e_0, ..., log e_k (nats) along the last axis of μ ≥ 0, with −inf for 0: (..., k + 1)."""
    with np.errstate(divide="ignore"):
        log_mu = np.log(mu)
    out = np.full((*mu.shape[:-1], k + 1), -np.inf)
    out[..., 0] = 0.0
    for i in range(mu.shape[-1]):
        out[..., 1:] = np.logaddexp(out[..., 1:], log_mu[..., i, None] + out[..., :-1])
    return out


def log_leave_one_out(mu: np.ndarray, k: int) -> np.ndarray:
    """log e_0, ..., log e_k of μ without μ_i, one row for each i: (m, k + 1)."""
    m = len(mu)
    others = np.broadcast_to(mu, (m, m)).copy()
    others[np.diag_indices(m)] = 0.0
    return log_elementary(others, k)


def dpp_mean_loss(mu: ArrayLike, k: int) -> Any:
    """φ_k = (k + 1) e_{k+1}/e_k, and 0 from the rank on; φ_0 = Σ μ. Exact if μ are Fractions. ValueError for k < 0.

    >>> dpp_mean_loss([Fraction(1), Fraction(2), Fraction(3)], 1)
    Fraction(11, 3)
    """
    values = checked_spectrum(mu)
    if k < 0 or k != int(k):
        raise ValueError(f"k must be an integer >= 0, got {k}")
    zero, k = (Fraction(0) if values.dtype == object else 0.0), int(k)
    if k >= sum(v > 0 for v in values):
        return zero
    if values.dtype == object:
        e = elementary_symmetric(values)
        return (k + 1) * e[k + 1] / e[k]
    log_e = log_elementary(values / values.max(), k + 1)
    return float((k + 1) * np.exp(log_e[k + 1] - log_e[k]) * values.max())


def dpp_mean_loss_interpolated(mu: ArrayLike, x: Any) -> Any:
    """φ at a real 0 ≤ x ≤ m: linear between the integers. ValueError outside."""
    values = checked_spectrum(mu)
    if not 0 <= x <= len(values):
        raise ValueError(f"x must lie in [0, {len(values)}], got {x}")
    k = int(x)
    theta = x - k
    return (1 - theta) * dpp_mean_loss(values, k) + (theta * dpp_mean_loss(values, k + 1) if theta else 0 * theta)


def dpp_expectations(Sig: ArrayLike, lam: Any) -> dict[str, Any]:
    """Means over all 2^m sets drawn with P(J) = det(Σ_JJ/λ)/det(I + Σ/λ), by enumeration, τ = 0.

    mean_size = E|J|; mean_residual = E S_J (m, m); mean_loss_by_size (m + 1,): E(Tr S_J given |J| = k), 0 where no set of that
    size has a determinant. Exact if Sig and lam are Fractions. Knows nothing of spectra. ValueError for m > 12 or λ ≤ 0.
    """
    matrix = checked_matrix(Sig)
    m, zero = len(matrix), 0 * trace(matrix)
    if m > 12:
        raise ValueError(f"all 2^m sets are enumerated, so Sig may have at most 12 units, got {m}")
    if not 0 < lam < np.inf:
        raise ValueError(f"lam must be positive and finite, got {lam}")
    weight = np.full(m + 1, zero)  # sum of det Σ_JJ over the sets of a size, and of det times Tr S_J
    loss, residual, total, size = np.full(m + 1, zero), np.zeros_like(matrix) + zero, zero, zero
    floor = 0 if matrix.dtype == object else SMALL * trace(matrix)
    stack = [(matrix, 1 + zero, 0, 0)]
    while stack:
        S, det, k, first = stack.pop()
        p = det / lam**k
        total, size, residual = total + p, size + k * p, residual + p * S
        weight[k], loss[k] = weight[k] + det, loss[k] + det * trace(S)
        stack += [
            (S - np.outer(S[:, j], S[j]) / S[j, j], det * S[j, j], k + 1, j + 1) for j in range(first, m) if S[j, j] > floor
        ]
    by_size = np.array([v / w if w else zero for v, w in zip(loss, weight, strict=True)])
    return {"mean_size": size / total, "mean_residual": residual / total, "mean_loss_by_size": by_size}


def kdpp_expected_residual(Sig: ArrayLike, k: int) -> np.ndarray:
    """E S_J for k units drawn with probability ∝ det Σ_JJ, τ = 0: U diag(μ_i e_k(μ without i)/e_k(μ)) Uᵀ, trace φ_k.

    0 ≤ k ≤ rank Σ; ValueError otherwise.
    """
    matrix = checked_matrix(Sig).astype(float)
    mu, U = np.linalg.eigh(matrix)
    mu = np.where(mu > SMALL * max(mu.max(initial=0.0), 0.0), mu, 0.0)
    if not 0 <= k <= np.count_nonzero(mu):
        raise ValueError(f"k must lie in 0..{np.count_nonzero(mu)} (the rank of Sig), got {k}")
    scaled = mu / max(mu.max(initial=0.0), np.finfo(float).tiny)
    share = np.exp(log_leave_one_out(scaled, k)[:, k] - log_elementary(scaled, k)[k])
    return np.asarray((U * (mu * share)) @ U.T)
