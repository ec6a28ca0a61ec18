r"""Units drawn at random: by leverage with multiplicities, and by determinants."""

import math
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bounds.measure.rational import loewner_leq
from bounds.spectral_pruning.elementary import log_elementary
from bounds.spectral_pruning.information import (
    SMALL,
    Ridge,
    checked_matrix,
    checked_ridge,
    degrees_of_freedom,
    leverage_scores,
    residual_covariance,
    ridge_smoother,
    spectrum,
    trace,
)


def chernoff_rate(t: float) -> float:
    """c(t) = t + (1 − t) log(1 − t) for 0 < t < 1: the exponent of the lower tail, with one logarithm and no cancellation
    that matters for t > 1e-4."""
    if not 0 < t < 1:
        raise ValueError(f"t must lie strictly between 0 and 1, got {t}")
    return t + (1 - t) * math.log1p(-t)


def leverage_sample_size(Sig: ArrayLike, lam: float, delta: float, t: float) -> int:
    """The least M with M ≥ N(λ) log(r/δ)/c(t), r = rank Σ ≥ 1 (eigenvalues above 1e-13 of the largest). M ≥ 1 draws.

    With so many draws S_J ≼ (λ/(1 − t)) Γ with probability at least 1 − δ. ValueError for Σ = 0 or δ, t outside (0, 1).
    """
    return draws_needed(spectrum(Sig), lam, delta, t)


def draws_needed(mu: np.ndarray, lam: float, delta: float, t: float) -> int:
    """`leverage_sample_size` from the spectrum."""
    rank = int(np.count_nonzero(mu > SMALL * mu.max(initial=0.0)))
    if rank == 0:
        raise ValueError("Sig is 0: there is nothing to sample from")
    if not 0 < delta < 1:
        raise ValueError(f"delta must lie strictly between 0 and 1, got {delta}")
    return max(1, math.ceil(float(degrees_of_freedom(mu, float(lam))) * math.log(rank / delta) / chernoff_rate(t)))


def leverage_sampling(
    Sig: ArrayLike, lam: float, n_draws: int, rng: np.random.Generator
) -> tuple[list[int], np.ndarray, np.ndarray]:
    """M = n_draws units from q_j = l_j(λ)/N(λ): (J, counts (m,), tau (m,)), tau_j = λ M q_j/c_j on J and 0 elsewhere.

    J lists the drawn units in increasing order; the counts belong to the ridges (without them the guarantee fails).
    """
    leverage = leverage_scores(np.asarray(Sig, dtype=float), lam)
    if n_draws < 1 or not leverage.sum() > 0:
        raise ValueError(f"n_draws must be at least 1 and Sig not 0, got {n_draws} draws and N = {leverage.sum()}")
    q = leverage / leverage.sum()
    counts = rng.multinomial(n_draws, q)
    J = np.flatnonzero(counts)
    tau = np.zeros(len(q))
    tau[J] = lam * n_draws * q[J] / counts[J]
    return J.tolist(), counts, tau


def loewner_event(Sig: ArrayLike, J: list[int], tau: Ridge, lam: Any, t: Any) -> bool:
    """Whether S_J ≼ (λ/(1 − t)) Γ: exactly for Fractions, up to 1e-10 Tr Σ for floats."""
    matrix = checked_matrix(Sig)
    largest = ridge_smoother(matrix, lam) * (lam / (1 - t))
    S = residual_covariance(matrix, J, checked_ridge(tau, len(matrix)))
    if matrix.dtype == object:
        return loewner_leq(S, largest)
    return bool(np.linalg.eigvalsh(largest - S)[0] >= -1e-10 * trace(matrix))


def dpp_sample(Sig: ArrayLike, lam: float, rng: np.random.Generator) -> list[int]:
    """One set with P(J) = det(Σ_JJ/λ)/det(I + Σ/λ), increasing: eigenvectors are kept with probability μ_i/(μ_i + λ), and the
    projection onto their span V is sampled unit by unit, P(j) ∝ the squared row norms of V, of which j is then projected out.
    """
    matrix = checked_matrix(Sig).astype(float)
    if not 0 < lam < np.inf:
        raise ValueError(f"lam must be positive and finite, got {lam}")
    mu, U = np.linalg.eigh(matrix)
    mu = np.maximum(mu, 0.0)
    return _projection_sample(U[:, rng.random(len(mu)) < mu / (mu + lam)], rng)


def kdpp_sample(Sig: ArrayLike, k: int, rng: np.random.Generator) -> list[int]:
    """One set of k units with P(J) ∝ det Σ_JJ, increasing; `kdpp_expected_residual` is the mean of its S_J. 0 ≤ k ≤ rank Σ."""
    matrix = checked_matrix(Sig).astype(float)
    mu, U = np.linalg.eigh(matrix)
    mu = np.where(mu > SMALL * max(mu.max(initial=0.0), 0.0), mu, 0.0)
    if not 0 <= k <= np.count_nonzero(mu):
        raise ValueError(f"k must lie in 0..{np.count_nonzero(mu)} (the rank of Sig), got {k}")
    scaled = mu / mu.max() if k else mu
    chosen, left = [], k
    for i in range(len(mu) - 1, -1, -1):  # the i-th eigenvector, given how many are still wanted among the first i + 1
        if not left:
            break
        log_e = log_elementary(scaled[:i], left)
        keep = np.log(scaled[i]) + log_e[left - 1] if scaled[i] > 0 else -np.inf
        if np.log(rng.random()) < keep - np.logaddexp(keep, log_e[left]):
            chosen.append(i)
            left -= 1
    return _projection_sample(U[:, chosen], rng)


def _projection_sample(V: np.ndarray, rng: np.random.Generator) -> list[int]:
    J: list[int] = []
    while V.shape[1]:
        p = np.einsum("ij,ij->i", V, V)
        p[J] = 0.0
        j = int(rng.choice(len(p), p=p / p.sum()))
        J.append(j)
        # an orthonormal basis of the part of span V that vanishes at unit j
        reflect = V[j] / np.linalg.norm(V[j])
        V = V @ np.linalg.svd(reflect[None])[2][1:].T
    return sorted(J)
