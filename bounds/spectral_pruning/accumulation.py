r"""What pruning does to the output over time: the error itself, and the bounds B0 to B4 on it.

With r_t = h_t − A h_{J,t}, W = Wʰ_J (the kept rows), q = ‖W A‖, κ = ‖Wᵒ A‖ and G_k(q) = 1 + q + ... + q^{k−1}, all for the
network with slope ρ (its Wʰ, Wⁱ, b multiplied by ρ, which for ReLU and tanh is s(u) = relu(ρu), tanh(ρu)):

| Bound | On the root mean square of y − y# over sequences and times |
|---|---|
| B0 | ‖Wᵒ‖‖r‖ (1 + ‖A‖ ‖Wʰ‖ G_{T−1}(‖Wʰ‖‖A‖)) |
| B1 | ‖Wᵒr‖ + κ G_{T−1}(q) ‖Wr‖ |
| B2 | pointwise ‖Wᵒr_t‖ + κu_t, u_t = ‖Wr_{t−1}‖ + q u_{t−1}, then the root mean square |
| B3 | B2 in the norm ‖D·‖ of any positive diagonal D, the least of those tried |
| B4 | ReLU: transport linearly through the known active sets, and pay for what flips |

Values in floats; operator norms are upper ends (`operator_norm`), everything else is sums and products of nonnegative
terms, right to about 1e-12 relatively. Overflow gives inf, never NaN. Units: those of y.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bounds.common.rnn import checked_params, rnn_forward
from bounds.measure.rounding import gamma
from bounds.spectral_pruning.information import checked_units, degrees_of_freedom, ridge_smoother, rms_norm, spectrum

MOST_STRETCH = 16.0  # largest |log D_j|: for nilpotent matrices the best D diverges


def _reconstruction(A: ArrayLike, m: int, k: int) -> np.ndarray:
    matrix = np.asarray(A, dtype=float)
    if matrix.shape != (m, k) or not np.isfinite(matrix).all():
        raise ValueError(f"A must be finite with shape (m, |J|) = ({m}, {k}), got {matrix.shape}")
    return matrix


def compress_rnn(params: Mapping[str, ArrayLike], J: Sequence[int], A: ArrayLike) -> dict[str, np.ndarray]:
    """The network of the |J| kept units: Wh = Wʰ_J A, Wi = Wⁱ_J, b = b_J, Wo = Wᵒ A, bo = bᵒ. A (m, |J|)."""
    p = checked_params(params)
    units = checked_units(J, len(p["b"]))
    matrix = _reconstruction(A, len(p["b"]), len(units))
    return {"Wh": p["Wh"][units] @ matrix, "Wi": p["Wi"][units], "b": p["b"][units], "Wo": p["Wo"] @ matrix, "bo": p["bo"]}


def geometric_sum(q: float, k: int) -> float:
    """G_k(q) = 1 + q + ... + q^{k−1} for q ≥ 0, G_0 = 0; term by term, so nothing cancels near q = 1; inf on overflow.

    >>> geometric_sum(2.0, 5), geometric_sum(1.0, 3), geometric_sum(3.0, 0)
    (31.0, 3.0, 0.0)
    """
    if k < 0 or not q >= 0:
        raise ValueError(f"q must be >= 0 and k an integer >= 0, got {q} and {k}")
    total = 0.0
    for _ in range(k):
        total = 1.0 + (q * total if total else 0.0)  # not inf · 0
        if total == np.inf:
            break
    return float(total)


def operator_norm(matrix: ArrayLike) -> float:
    r"""An upper bound on ‖M‖, larger by about 1e-13 of it for a few units and 1e-11 for hundreds. 0 for an empty matrix.

    The computed M ≈ U S Vᵀ is not trusted: ‖M‖ ≤ s_1 (1 + ‖UᵀU − I‖_F/2)(1 + ‖VᵀV − I‖_F/2) + ‖M − U S Vᵀ‖_F, and the
    rounding of these products is at most 4 γ_{n+4} r s_1 (r singular values, sums of n terms, rows of U and V of norm about 1).
    """
    M = np.asarray(matrix, dtype=float)
    if M.size == 0 or not M.any():
        return 0.0
    if not np.isfinite(M).all():
        return np.inf
    U, s, Vt = np.linalg.svd(M, full_matrices=False)
    skew = [np.linalg.norm(E - np.eye(len(s))) for E in (U.T @ U, Vt @ Vt.T)]
    value = s[0] * (1 + skew[0] / 2) * (1 + skew[1] / 2) + np.linalg.norm(M - (U * s) @ Vt)
    return float(value + 4 * gamma(max(M.shape) + 4) * len(s) * s[0])


def _times(a: Any, b: Any) -> Any:
    """a b for a, b ≥ 0 with 0 · inf = 0: the factor that overflowed was finite."""
    with np.errstate(invalid="ignore", over="ignore"):
        return np.where((np.asarray(a) == 0) | (np.asarray(b) == 0), 0.0, np.multiply(a, b))


def with_slope(params: Mapping[str, ArrayLike], rho: float) -> dict[str, np.ndarray]:
    """The network whose activation is s(ρ u): Wh, Wi and b times ρ > 0."""
    if not 0 < rho < np.inf:
        raise ValueError(f"rho must be positive and finite, got {rho}")
    p = checked_params(params)
    return {name: value * rho if name in ("Wh", "Wi", "b") else value for name, value in p.items()}


def compression_error(
    params: Mapping[str, ArrayLike], J: Sequence[int], A: ArrayLike, x: ArrayLike, rho: float = 1.0, activation: str = "relu"
) -> float:
    """‖y − y#‖_{n,T} between the network and its compression, by running both on x (n, T, d_x). inf if a state overflows."""
    p = with_slope(params, rho)
    with np.errstate(over="ignore", invalid="ignore"):
        error = rms_norm(
            rnn_forward(p, x, activation=activation)[1] - rnn_forward(compress_rnn(p, J, A), x, activation=activation)[1]
        )
    return error if error == error else np.inf


def measured_drive(W_r: np.ndarray, D: np.ndarray, q: float) -> np.ndarray:
    """u (n, T): u_1 = 0, u_t = ‖D W r_{t−1}‖ + q u_{t−1}, from W r (n, T, k). D is a vector (k,), or a matrix (k, k)."""
    step = np.linalg.norm(W_r * D if D.ndim == 1 else W_r @ D.T, axis=2)
    u = np.zeros(step.shape)
    for t in range(1, step.shape[1]):
        u[:, t] = step[:, t - 1] + _times(q, u[:, t - 1])
    return u


def transport(W_r: np.ndarray, pre: np.ndarray, Mx: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Linear part and flips, both (n, T, k): Λ_t = 1[a_t > 0] lin_t and e_t = (sgn(a_t) lin_t − |a_t|)₊, where lin_t = W
    r_{t−1} + M Λ_{t−1}.

    W r (n, T, k) and the original pre-activations a (n, T, k) of the kept units; r_0 = 0.
    """
    linear, flips = np.zeros(W_r.shape), np.zeros(W_r.shape)
    for t in range(1, W_r.shape[1]):
        lin = W_r[:, t - 1] + linear[:, t - 1] @ Mx.T
        active = pre[:, t] > 0
        linear[:, t] = np.where(active, lin, 0.0)
        flips[:, t] = np.maximum(np.where(active, lin, -lin) - np.abs(pre[:, t]), 0.0)
    return linear, flips


def optimal_diagonal_scaling(Mx: ArrayLike) -> tuple[np.ndarray, float]:
    """A positive D (k,) that makes ‖D M D⁻¹‖ small, and a certified upper bound of that norm, recomputed from D.

    Minimises log(Σ σ_i^{2p})/2p, p = 16, smooth and in log D, by L-BFGS from D = 1 within |log D_j| ≤ 16. Any D is
    valid, so nothing rests on convergence. Never worse than D = 1.
    """
    from scipy.optimize import minimize

    M = np.asarray(Mx, dtype=float)
    if M.ndim != 2 or M.shape[0] != M.shape[1] or not np.isfinite(M).all():
        raise ValueError(f"Mx must be a finite square matrix, got shape {M.shape}")
    k, p = len(M), 16
    if not M.any():
        return np.ones(k), 0.0

    def objective(log_D: np.ndarray) -> tuple[float, np.ndarray]:
        D = np.exp(log_D)
        U, s, Vt = np.linalg.svd(D[:, None] * M / D)
        if s[0] == 0:
            return -745.0, np.zeros(k)
        share = (s / s[0]) ** (2 * p)
        slope = (U**2 - Vt.T**2) @ share / share.sum()
        return float(np.log(s[0]) + np.log(share.sum()) / (2 * p)), slope

    limits = [(-MOST_STRETCH, MOST_STRETCH)] * k
    found = minimize(objective, np.zeros(k), jac=True, method="L-BFGS-B", bounds=limits, options={"maxiter": 300})
    D = np.exp(found.x - found.x.mean())
    plain, scaled = operator_norm(M), operator_norm(D[:, None] * M / D)
    return (D, scaled) if scaled < plain else (np.ones(k), plain)


def error_bounds(
    params: Mapping[str, ArrayLike],
    J: Sequence[int],
    A: ArrayLike,
    x: ArrayLike,
    D: ArrayLike | None = None,
    rho: float = 1.0,
    activation: str = "relu",
) -> dict[str, Any]:
    """B0 to B4 of the table above, for x (n, T, d_x) and any A (m, |J|): they use the states of the original network only.

    D (|J|,) > 0 is tried beside D = 1; None: the powers 0, 1/4, 1/2, 3/4, 1 of `optimal_diagonal_scaling` are. Also q, kap,
    and q_D, kap_D of the D that gave B3; n_flips, the number of entries e > 1e-12 |a| (over sequences, times and units).
    B4 and n_flips are None unless the activation is "relu"; all bounds are inf where a state overflows. ValueError for wrong
    shapes or D ≤ 0.
    """
    p = with_slope(params, rho)
    m = len(p["b"])
    units = checked_units(J, m)
    A = _reconstruction(A, m, len(units))
    W, Wo = p["Wh"][units], p["Wo"]
    Mx, read = W @ A, Wo @ A
    if D is None:
        best = optimal_diagonal_scaling(Mx)[0]
        tried = [best**power for power in (0.0, 0.25, 0.5, 0.75, 1.0)]
    else:
        given = np.asarray(D, dtype=float)
        if given.shape != (len(units),) or not (np.isfinite(given) & (given > 0)).all():
            raise ValueError(
                f"D must hold {len(units)} positive finite numbers, one for each kept unit, got shape {given.shape}"
            )
        tried = [np.ones(len(units)), given]
    with np.errstate(over="ignore", invalid="ignore"):
        h, _, pre = rnn_forward(p, x, activation=activation)
    names, relu = ("B0", "B1", "B2", "B3", "B4", "q", "kap", "q_D", "kap_D"), activation == "relu"
    if not np.isfinite(pre).all():
        return dict.fromkeys(names, np.inf) | {"n_flips": None} | ({} if relu else {"B4": None})
    T, r = h.shape[1], h - h[:, :, units] @ A.T
    W_r, Wo_r, q, kap = r @ W.T, r @ Wo.T, operator_norm(Mx), operator_norm(read)
    seen, norms = np.linalg.norm(Wo_r, axis=2), [operator_norm(matrix) for matrix in (Wo, A, p["Wh"])]
    with np.errstate(over="ignore"):
        grown = _times(norms[1] * norms[2], geometric_sum(norms[1] * norms[2], T - 1))
        out: dict[str, Any] = {
            "B0": float(_times(norms[0] * rms_norm(r), 1 + grown)),
            "B1": rms_norm(Wo_r) + float(_times(_times(kap, geometric_sum(q, T - 1)), rms_norm(W_r))),
            "q": q,
            "kap": kap,
        }
        linear, flips = transport(W_r, pre[:, :, units], Mx) if relu else (W_r, W_r)
        exact_part = np.linalg.norm(Wo_r + linear @ read.T, axis=2)
        values = []
        for d in tried:
            q_D, kap_D = operator_norm(d[:, None] * Mx / d), operator_norm(read / d)
            B3 = rms_norm((seen + _times(kap_D, measured_drive(W_r, d, q_D)))[:, :, None])
            B4 = np.inf
            if relu:
                z = np.zeros(seen.shape)
                for t in range(1, T):
                    z[:, t] = _times(q_D, z[:, t - 1]) + np.linalg.norm(d * flips[:, t], axis=1)
                B4 = rms_norm((exact_part + _times(kap_D, z))[:, :, None])
            values.append((B3, B4, q_D, kap_D))
    best_B3 = min(values, key=lambda value: value[0])
    out |= {"B2": values[0][0], "B3": best_B3[0], "q_D": best_B3[2], "kap_D": best_B3[3]}
    out["B4"] = min(value[1] for value in values) if relu else None
    out["n_flips"] = int(np.count_nonzero(flips > 1e-12 * np.abs(pre[:, :, units]))) if relu else None
    return out


def end_to_end_bound(
    params: Mapping[str, ArrayLike],
    Sig: ArrayLike,
    J: Sequence[int],
    A: ArrayLike,
    lam: float,
    t: float,
    T: int,
    rho: float = 1.0,
) -> tuple[float, float]:
    """(sharp, coarse) bounds on ‖y − y#‖_{n,T} on the event S_J ≼ (λ/(1 − t)) Γ, A = A_J with the ridges of that event.

    sharp = √(λ/(1−t)) [√Tr WᵒΓWᵒᵀ + κ G_{T−1}(q) √Tr WΓWᵀ]; coarse = √(λN/(1−t)) [‖Wᵒ‖ + κ G_{T−1}(q) ‖Wʰ‖]. Sig (m, m) is the
    covariance of the same T steps; 0 < t < 1.
    """
    if not 0 < t < 1 or T < 1:
        raise ValueError(f"t must lie strictly between 0 and 1 and T be at least 1, got {t} and {T}")
    p = with_slope(params, rho)
    units = checked_units(J, len(p["b"]))
    A = _reconstruction(A, len(p["b"]), len(units))
    W, Wo = p["Wh"][units], p["Wo"]
    Gam = ridge_smoother(np.asarray(Sig, dtype=float), lam)
    amplified = float(_times(operator_norm(Wo @ A), geometric_sum(operator_norm(W @ A), T - 1)))
    through = [np.sqrt(max(0.0, float(np.einsum("ij,jk,ik->", M, Gam, M)))) for M in (Wo, W)]
    sharp = np.sqrt(lam / (1 - t)) * (through[0] + float(_times(amplified, through[1])))
    N = float(degrees_of_freedom(spectrum(Sig), lam))
    coarse = np.sqrt(lam * N / (1 - t)) * (operator_norm(Wo) + float(_times(amplified, operator_norm(p["Wh"]))))
    return float(sharp), float(coarse)
