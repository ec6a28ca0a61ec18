r"""Weight standardisation, and layer-batch normalisation (LBN): per-sample statistics in training, two scalars at inference.

Weights: ŵ = (w − mean)/√(var + eps) per output row, population variance over the fan-in. LBN, z (B, D): ẑ_n = (z_n − μ_n)/s_n
with μ_n, σ_n² over the features of sample n, s_n = √(σ_n² + eps); y = γ_d ẑ + β_d. Running scalars m, r: means of μ_n and
of z²; v = r − m²; at inference y = γ(z − m)/√(v + eps) + β. Floats; v is clipped at 1e-6, because r − m² may cancel.
"""

from typing import Any

import numpy as np

SMALLEST = 1e-6  # of v


def weight_standardize(w: Any, eps: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """(ŵ, s) with s (n_out,) = √(var + eps). ValueError unless w is (n_out, n), n ≥ 2, eps ≥ 0 and every s > 0.

    >>> weight_standardize(np.array([[1.0, 2.0, 4.0]]))[0].round(12).tolist()
    [[-1.06904496765, -0.267261241912, 1.336306209562]]
    """
    w = np.asarray(w, dtype=np.result_type(np.asarray(w).dtype, np.float32))
    if w.ndim != 2 or w.shape[1] < 2:
        raise ValueError(f"w must have shape (n_out, n) with n >= 2, got {w.shape}")
    if not eps >= 0:
        raise ValueError(f"eps must not be negative, got {eps}")
    if not np.isfinite(w).all():
        raise ValueError("w must be finite")
    centred = w - w.mean(axis=1, keepdims=True)
    s = np.sqrt((centred * centred).mean(axis=1) + w.dtype.type(eps))
    if not (differ := (s > 0) & ((np.ptp(w, axis=1) > 0) | (eps > 0))).all():  # a rounded mean of equal weights may be off
        raise ValueError(f"row {int(np.argmin(differ))} of w has equal weights: with eps = 0 it cannot be standardised")
    return centred / s[:, None], s


def weight_standardize_backward(w: Any, eps: float, g: Any) -> np.ndarray:
    """G = Jᵀg, J = (I − 11ᵀ/n − ŵŵᵀ/n)/s per row: the gradient by w of what has the gradient g (n_out, n) by ŵ."""
    standard, s = weight_standardize(w, eps)
    g = np.asarray(g, dtype=standard.dtype)
    if g.shape != standard.shape:
        raise ValueError(f"g must have the shape of w, {standard.shape}, got {g.shape}")
    inner = (g * standard).mean(axis=1, keepdims=True)
    gradient: np.ndarray = (g - g.mean(axis=1, keepdims=True) - standard * inner) / s[:, None]
    return gradient


def _checked(z: Any, gamma: Any, beta: Any, eps: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    z = np.asarray(z, dtype=np.result_type(np.asarray(z).dtype, np.float32))
    if z.ndim != 2 or 0 in z.shape:
        raise ValueError(f"z must have shape (B, D) with B, D >= 1, got {z.shape}")
    if not eps >= 0:
        raise ValueError(f"eps must not be negative, got {eps}")
    scale, shift = np.asarray(gamma, dtype=z.dtype), np.asarray(beta, dtype=z.dtype)
    for name, value in (("gamma", scale), ("beta", shift)):
        if value.shape not in ((), z.shape[1:]):
            raise ValueError(f"{name} must have shape ({z.shape[1]},), got {value.shape}")
    return z, scale, shift


def lbn_train(z: Any, gamma: Any, beta: Any, eps: float = 1e-5) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(y, ẑ, s): y and ẑ (B, D), s (B,). Each row sees itself alone."""
    z, gamma, beta = _checked(z, gamma, beta, eps)
    centred = z - z.mean(axis=1, keepdims=True)
    s = np.sqrt((centred * centred).mean(axis=1) + z.dtype.type(eps))
    if not np.isfinite(s).all():
        raise ValueError(f"sample {int(np.argmin(np.isfinite(s)))} has features that are not finite, or too large to square")
    if not (differ := (s > 0) & ((np.ptp(z, axis=1) > 0) | (eps > 0))).all():  # a rounded mean of equal features may be off
        raise ValueError(f"sample {int(np.argmin(differ))} has equal features: with eps = 0 it cannot be normalised")
    standard = centred / s[:, None]
    return gamma * standard + beta, standard, s


def lbn_backward(z: Any, gamma: Any, beta: Any, eps: float, dy: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """(dz, dgamma, dbeta) of what has the gradient dy (B, D) by y: dz = (dx − mean dx − ẑ mean(dx ẑ))/s, dx = γ dy."""
    _, standard, s = lbn_train(z, gamma, beta, eps)
    dy = np.asarray(dy, dtype=standard.dtype)
    if dy.shape != standard.shape:
        raise ValueError(f"dy must have the shape of z, {standard.shape}, got {dy.shape}")
    dx = dy * np.asarray(gamma, dtype=standard.dtype)
    dz = (dx - dx.mean(axis=1, keepdims=True) - standard * (dx * standard).mean(axis=1, keepdims=True)) / s[:, None]
    return dz, (dy * standard).sum(axis=0), dy.sum(axis=0)


def lbn_update(z: Any, m: float | None, r: float | None, rho: float) -> tuple[float, float]:
    """Running (m, r) after the batch z (B, D): (1 − ρ) times the old plus ρ times the batch's; None: the first batch.

    ValueError unless z has that shape and 0 < ρ ≤ 1.
    """
    if not 0 < rho <= 1:
        raise ValueError(f"rho must lie in (0, 1], got {rho}")
    z = np.asarray(z, dtype=float)
    if z.ndim != 2 or 0 in z.shape:
        raise ValueError(f"z must have shape (B, D) with B, D >= 1, got {z.shape}")
    now = float(z.mean(axis=1).mean()), float((z * z).mean())
    if m is None or r is None:
        return now
    return (1 - rho) * m + rho * now[0], (1 - rho) * r + rho * now[1]


def running_variance(m: float, r: float) -> float:
    """v = r − m², at least 1e-6."""
    return max(r - m * m, SMALLEST)


def lbn_infer(z: Any, gamma: Any, beta: Any, eps: float, m: float, r: float) -> np.ndarray:
    """y = γ(z − m)/√(v + eps) + β: an affine map of each feature, to be folded into the weights."""
    z, gamma, beta = _checked(z, gamma, beta, eps)
    y: np.ndarray = gamma * ((z - z.dtype.type(m)) / z.dtype.type(np.sqrt(running_variance(m, r) + eps))) + beta
    return y
