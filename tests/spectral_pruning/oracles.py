"""Ways to the same numbers that share no formula with the package: least squares on data, plain loops, fifty digits."""

from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import combinations
from typing import Any

import numpy as np

TRIDIAGONAL = np.array([[2, 1, 0, 0], [1, 2, 1, 0], [0, 1, 2, 1], [0, 0, 1, 2]])
RNN3: dict[str, Any] = {
    "Wh": [[0.5, 0.2, -0.1], [0.1, 0.4, 0.3], [-0.2, 0.1, 0.6]],
    "Wi": [[1.0], [-0.5], [0.25]],
    "b": [0.1, 0.2, 0.3],
    "Wo": [[1.0, -1.0, 0.5]],
    "bo": [0.0],
}
RNN3_X = np.array([[1, 0, -1, 0.5], [0.5, 0.5, 0, 1]])[:, :, None]


def root(Sig: np.ndarray) -> np.ndarray:
    """H with HᵀH = Σ."""
    values, U = np.linalg.eigh(np.asarray(Sig, dtype=float))
    return np.sqrt(np.maximum(values, 0.0))[:, None] * U.T


def least_squares_residual(Sig: np.ndarray, J: Sequence[int], tau: Sequence[float]) -> np.ndarray:
    """S_J as the residual Gram matrix of [H; 0] regressed on [h_j; √τ_j u_j], by numpy's least squares."""
    H = root(Sig)
    m, k = H.shape[1], len(J)
    features = np.vstack([H[:, J], np.diag(np.sqrt(np.asarray(tau, dtype=float)[list(J)]))]) if k else np.zeros((m, 0))
    targets = np.vstack([H, np.zeros((k, m))])
    if not k:
        return H.T @ H
    fitted = features @ np.linalg.lstsq(features, targets, rcond=1e-10)[0]
    return (targets - fitted).T @ (targets - fitted)


def loss(Sig: np.ndarray, J: Sequence[int], tau: Any = 0.0, M: np.ndarray | None = None) -> float:
    """Tr(M S_J) by least squares."""
    S = least_squares_residual(Sig, J, np.broadcast_to(tau, len(Sig)))
    return float(np.trace(S if M is None else np.asarray(M, dtype=float) @ S))


def best_loss(Sig: np.ndarray, k: int, tau: Any = 0.0, M: np.ndarray | None = None) -> float:
    """The least loss over all sets of k units."""
    return min(loss(Sig, J, tau, M) for J in combinations(range(len(Sig)), k))


def random_covariance(rng: np.random.Generator, m: int, decay: float = 0.7) -> np.ndarray:
    """A positive definite matrix with eigenvalues decay^i."""
    U = np.linalg.qr(rng.standard_normal((m, m)))[0]
    return (U * decay ** np.arange(m)) @ U.T


def run_exactly(params: Mapping[str, Any], x: np.ndarray, h0: Sequence[Any] | None = None) -> tuple[list[Any], list[Any]]:
    """States and outputs of a ReLU network in Fractions, by plain loops: h[i][t][unit], y[i][t][output]."""
    p = {
        name: [[Fraction(v) for v in row] for row in np.atleast_2d(np.asarray(value, dtype=float)).tolist()]
        for name, value in params.items()
    }
    m = len(p["b"][0])
    states, outputs = [], []
    for sequence in np.asarray(x, dtype=float).tolist():
        h = [Fraction(v) for v in (h0 if h0 is not None else [0] * m)]
        states.append([])
        outputs.append([])
        for u in sequence:
            pre = [
                sum((w * v for w, v in zip(p["Wh"][j], h, strict=True)), p["b"][0][j])
                + sum(w * Fraction(v) for w, v in zip(p["Wi"][j], u, strict=True))
                for j in range(m)
            ]
            h = [max(v, Fraction(0)) for v in pre]
            states[-1].append(h)
            rows = zip(p["Wo"], p["bo"][0], strict=True)
            outputs[-1].append([sum((w * v for w, v in zip(row, h, strict=True)), c) for row, c in rows])
    return states, outputs
