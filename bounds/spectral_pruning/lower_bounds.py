r"""What no choice of k units can beat: lower bounds on min L(J), |J| = k, from the spectrum and from a convex relaxation."""

from fractions import Fraction
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bounds.measure.rational import solve
from bounds.spectral_pruning.information import Ridge, checked_matrix, checked_ridge, checked_spectrum, trace


def spectral_lower_bound(mu: ArrayLike, k: int, tau: Ridge = 0) -> Any:
    """Σ_{i>k} μ_i + Σ_{i≤k} μ_i τ/(μ_i + τ) ≤ L(J) for every |J| = k, μ in any order; a vector τ counts with its least entry.

    Exact if μ and τ are Fractions. 0 ≤ k ≤ m; ValueError otherwise.

    >>> spectral_lower_bound([1.0, 4.0, 2.0], 1)
    3.0
    """
    values = sorted(checked_spectrum(mu).tolist(), reverse=True)
    if not 0 <= k <= len(values):
        raise ValueError(f"k must lie in 0..{len(values)}, got {k}")
    ridge = min(checked_ridge(tau, len(values)).tolist(), default=0)
    zero = Fraction(0) if any(isinstance(v, Fraction) for v in values) else 0.0
    return sum(values[k:], zero) + sum((v * ridge / (v + ridge) for v in values[:k] if v + ridge > 0), zero)


def relaxation_certificate(Sig: ArrayLike, tau: Ridge, w: ArrayLike) -> Any:
    r"""Tr S_w + (sum of the k least g_j) − g·w ≤ L(J) for every |J| = k = Σ w: any w in [0, 1]^m certifies.

    S_w = (I + Σ W)^{-1} Σ with W = diag(w_j/τ_j), and g_j = −(S_w²)_jj/τ_j is its slope. tau > 0. Σ may be singular (the
    statement for Σ > 0 is carried over by continuity). Exact if Sig, tau and w are Fractions; in floats the value is
    accurate to about 1e-13 Tr Σ times the condition of I + Σ W. ValueError if w has no integer sum or leaves [0, 1].
    """
    matrix = checked_matrix(Sig)
    ridge, share = checked_ridge(tau, len(matrix)), np.asarray(w)
    k = round(float(sum(share)))
    if share.shape != ridge.shape or not all(0 <= v <= 1 for v in share) or abs(sum(share) - k) > 1e-9:
        raise ValueError(f"w must hold {len(matrix)} shares in [0, 1] with an integer sum")
    if not all(t > 0 for t in ridge):
        raise ValueError("tau must be > 0 for every unit")
    S = relaxed_residual(matrix, share / ridge)
    slope = -(S * S.T).sum(axis=1) / ridge
    # a sum of w that floats missed by 1e-9 must not help: the rest is charged at the steepest slope
    missed = abs(sum(share) - k) * max(abs(s) for s in slope)
    return trace(S) + sum(sorted(slope)[:k], 0 * slope[0]) - (slope * share).sum() - missed


def relaxed_residual(Sig: np.ndarray, precision: np.ndarray) -> np.ndarray:
    """S = (I + Σ diag(p))⁻¹ Σ: the residual covariance when unit j is measured with noise 1/p_j, p_j = 0 meaning not at all."""
    system = Sig * precision
    system[np.diag_indices(len(Sig))] += 1
    if Sig.dtype == object:
        return np.asarray(solve(system, Sig))
    S = np.linalg.solve(system, Sig)
    return np.asarray((S + S.T) / 2)


def best_relaxation_certificate(Sig: ArrayLike, tau: Ridge, k: int, steps: int = 200) -> tuple[float, np.ndarray]:
    """The best `relaxation_certificate` on a Frank–Wolfe path from the uniform w: its value and its w (m,).

    Any w certifies, so nothing rests on convergence. O(m³) a step.
    """
    matrix = checked_matrix(Sig).astype(float)
    m = len(matrix)
    ridge = checked_ridge(tau, m).astype(float)
    if not 0 <= k <= m:
        raise ValueError(f"k must lie in 0..{m}, got {k}")
    w = np.full(m, k / m)
    best, best_w = relaxation_certificate(matrix, ridge, w), w
    for i in range(steps):
        S = relaxed_residual(matrix, w / ridge)
        chosen = np.argsort(-(S * S).sum(axis=1) / ridge, kind="stable")[:k]
        vertex = np.zeros(m)
        vertex[chosen] = 1.0
        w = np.clip(w + 2.0 / (i + 2) * (vertex - w), 0.0, 1.0)
        value = relaxation_certificate(matrix, ridge, w)
        if value > best:
            best, best_w = value, w
    return float(best), best_w
