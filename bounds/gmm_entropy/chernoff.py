r"""The two functions every bound here is made of: the Chernoff coefficient of a pair, and the kernel ψ_t.

For a pair k < l with weights a, b, in the coordinates of `pair_spectrum` (k is N(0, I), l is N(d, diag(lam))),
$$ \log C_s=\log\int N_k^{1-s}N_l^s=\sum_i\Big[\tfrac{1-s}2\log\lambda_i-\tfrac12\log(s+(1-s)\lambda_i)
   -\frac{s(1-s)d_i^2}{2(s+(1-s)\lambda_i)}\Big],\qquad 0<\operatorname{Re}s<1, $$
where s weights the second component; C_{1/2} is the Bhattacharyya coefficient. And with
$\psi_t(u)=e^{-tu}\log(1+e^u)+e^{(1-t)u}\log(1+e^{-u})$ the entropy of two masses is
$$ \phi(a,b)=a\log(1+b/a)+b\log(1+a/b)=a^{1-t}b^t\,\psi_t(\log(b/a)). $$
Bounding ψ_t by its maximum c_t (2 ln 2 at t = 1/2) bounds the gap by Chernoff coefficients.
"""

from typing import Any, overload

import numpy as np


@overload
def log_chernoff(s: float, lam: Any, d: Any) -> float: ...
@overload
def log_chernoff(s: complex | np.ndarray, lam: Any, d: Any) -> Any: ...
def log_chernoff(s: Any, lam: Any, d: Any) -> Any:
    """log C_s in nats; s real or complex with 0 ≤ Re s ≤ 1, of any shape; lam, d (m,), or (pairs, m) with s (pairs,).

    The logarithm of each factor is principal and they are added one by one. That is the analytic branch, because every
    s + (1-s) lam_i has a positive real part; the logarithm of their product, or of a determinant, can be off by 2πi.
    The error is about 1e-16 times the sum of the moduli of the terms. ValueError outside of the strip.

    >>> log_chernoff(0.5, [1.0], [2.0])
    -0.5
    """
    lam, d = spectrum(lam, d)
    s = np.asarray(s)
    if not np.all((s.real >= 0) & (s.real <= 1)):
        raise ValueError("s must have a real part between 0 and 1")
    s = s[..., None]
    r = s + (1 - s) * lam
    value = np.sum(0.5 * ((1 - s) * np.log(lam) - np.log(r) - s * (1 - s) * d * d / r), axis=-1)
    return value if value.ndim else value.item()


def log_bhattacharyya(lam: Any, d: Any) -> Any:
    """log C_{1/2} in nats; a float for lam, d (m,), an array (pairs,) for (pairs, m). Exactly 0 for lam = 1, d = 0."""
    lam, d = spectrum(lam, d)
    half = np.abs(np.log(lam)) / 2
    log_cosh = half + np.log1p(np.expm1(-2 * half) / 2)  # of log(lam)/2: one form for large, small and unit lam
    value = -np.sum(0.5 * log_cosh + d * d / (4 * (1 + lam)), axis=-1)
    return value if value.ndim else value.item() + 0.0


def spectrum(lam: Any, d: Any) -> tuple[np.ndarray, np.ndarray]:
    """lam and d as float arrays of one shape; ValueError unless lam is positive and both, and d², are finite."""
    lam, d = (np.asarray(value, dtype=float) for value in (lam, d))
    if lam.ndim == 0 or lam.shape != d.shape or lam.shape[-1] == 0:
        raise ValueError(f"lam and d must be vectors of one length m >= 1, but their shapes are {lam.shape} and {d.shape}")
    if not (np.all(lam > 0) and np.all(np.isfinite(lam))):
        raise ValueError(f"lam must be positive and finite, but its smallest and largest entries are {lam.min()}, {lam.max()}")
    if not np.all(np.abs(d) < 1e150):
        raise ValueError("d must be finite, with squares that do not overflow")
    return lam, d


def log_log1p_exp(u: Any) -> np.ndarray:
    """log log(1 + e^u), without overflow or loss of relative precision at either end; -inf at u = -inf."""
    u = np.asarray(u, dtype=float)
    # below -36, log(1 + x) is x to 16 digits
    return np.asarray(np.where(u < -36, u, np.log(np.logaddexp(0, np.maximum(u, -36.0)))))


def psi_t(u: Any, t: float = 0.5) -> Any:
    r"""The kernel $\psi_t(u)$, u of any shape, 0 < t < 1; a float for a float. At t = 1/2 it is even, with maximum 2 ln 2.

    >>> psi_t(0.0)
    1.3862943611198906
    """
    value = np.exp(log_psi_t(u, t))
    return value if value.ndim else float(value)


def log_psi_t(u: Any, t: Any) -> np.ndarray:
    """log ψ_t(u) for every float u: e^{(1-t)u} itself overflows at u = 1500."""
    u = np.asarray(u, dtype=float)
    if not np.all((np.asarray(t) > 0) & (np.asarray(t) < 1)):
        raise ValueError("t must lie strictly between 0 and 1")
    return np.asarray(np.logaddexp(log_log1p_exp(u) - t * u, log_log1p_exp(-u) + (1 - t) * u))


def c_t(t: float) -> float:
    r"""$c_t=\max_u\psi_t(u)=c_{1-t}\le1/(t(1-t))$, to about 1e-15 relative; never more than that below the maximum.

    For t ≤ 1/2 the maximiser lies in [0, 1/t]: both terms fall beyond 1/t, and ψ_t(u) ≥ ψ_t(-u) for u ≥ 0. A fixed
    window such as |u| ≤ 60 would silently be too small for t < 1/60. The grid is refined around its best point; at the
    last spacing, below 1e-8 of 1/t, a maximum is flat to 1e-16.
    """
    if not 0 < t < 1:
        raise ValueError(f"t must lie strictly between 0 and 1, not {t}")
    t = min(t, 1 - t)
    lo, hi, best = 0.0, 1 / t, 0.0
    for _ in range(7):
        u = np.linspace(lo, hi, 33)
        value = psi_t(u, t)
        i = int(np.argmax(value))
        lo, hi, best = u[max(i - 1, 0)], u[min(i + 1, 32)], max(best, float(value[i]))
    return best
