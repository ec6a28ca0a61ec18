r"""What a training or test error says of the true risk of a pruned network: nets, hold-out, description length.

The loss lies in [0, B] and is ρ_ψ-Lipschitz in the output (2-norm); the risk is the mean over sequences of the mean over the T
steps. The class C(k, R) holds the networks of k units with ‖Wʰ‖ ≤ R_h, ‖Wⁱ‖ ≤ R_i, ‖b‖ ≤ R_b, ‖Wᵒ‖ ≤ R_o, ‖bᵒ‖ ≤ R_c, inputs
‖x_t‖ ≤ R_x, activation ρ-Lipschitz with s(0) = 0. `radii` and Lipschitz constants are mappings with the keys h, i, b, o, c.
Values in floats, right to about 1e-12 relatively; overflow gives inf. Information is in nats.
"""

import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from bounds.common.rnn import checked_params

BLOCKS = ("h", "i", "b", "o", "c")
GRID = 64  # radii and scales are multiples of 1/4 up to 16
EPSILONS = 10.0 ** -np.arange(0.0, 12.001, 0.05)  # scales among which eps=None takes the best


def _level(delta: float) -> float:
    if not 0 < delta < 1:
        raise ValueError(f"delta must lie strictly between 0 and 1, got {delta}")
    return -math.log(delta)


def parameter_lipschitz_constants(radii: Mapping[str, float], R_x: float, T: int, rho: float = 1.0) -> dict[str, float]:
    r"""Λ_h, Λ_i, Λ_b, Λ_o, Λ_c with (1/T) Σ_t ‖f_t − f'_t‖ ≤ Σ_blocks Λ ‖Δ‖ for all networks within the radii.

    H_t = ρ(R_i R_x + R_b) G_t(ρR_h) bounds ‖h_t‖ and K_t = ρR_h K_{t−1} + ρH_{t−1} its slope in Wʰ (H_0 = K_0 = 0);
    Λ_h = R_o mean K_t, Λ_i = R_o ρ R_x mean G_t, Λ_b = R_o ρ mean G_t, Λ_o = mean H_t, Λ_c = 1, means over t = 1..T.
    ValueError for a negative radius or T < 1.
    """
    if any(not radii[block] >= 0 for block in BLOCKS) or not R_x >= 0 or T < 1 or not rho > 0:
        raise ValueError(f"radii {dict(radii)} and R_x = {R_x} must be >= 0, T >= 1 and rho > 0")
    drive, q = rho * (radii["i"] * R_x + radii["b"]), rho * radii["h"]
    G = K = sum_G = sum_K = 0.0
    for _ in range(T):
        K = q * K + rho * drive * G  # drive · G is H of the step before
        G = 1.0 + q * G
        sum_G, sum_K = sum_G + G, sum_K + K
    g, kk = sum_G / T, sum_K / T
    return {
        "h": radii["o"] * kk,
        "i": radii["o"] * rho * R_x * g,
        "b": radii["o"] * rho * g,
        "o": drive * g,
        "c": 1.0,
    }


def parameter_counts(k: int, d_x: int, d_y: int) -> dict[str, int]:
    """Numbers of parameters by block."""
    return {"h": k * k, "i": k * d_x, "b": k, "o": k * d_y, "c": d_y}


def covering_log_number(
    k: int, d_x: int, d_y: int, radii: Mapping[str, float], lips: Mapping[str, float], eps: ArrayLike
) -> Any:
    """LN(ε) = Σ_blocks P_blk log(1 + 2 R_blk Λ_blk P/(ε P_blk)) nats: the size of a net that is ε-fine in the output. ε > 0,
    a number or an array."""
    sizes, scale = parameter_counts(k, d_x, d_y), np.asarray(eps, dtype=float)
    if not (scale > 0).all():
        raise ValueError("eps must be > 0")
    P = sum(sizes.values())
    total = sum(sizes[blk] * np.log1p(2 * radii[blk] * lips[blk] * P / (scale * sizes[blk])) for blk in BLOCKS if sizes[blk])
    return float(total) if np.ndim(total) == 0 else total


def generalization_slack(
    k: int,
    d_x: int,
    d_y: int,
    radii: Mapping[str, float],
    R_x: float,
    T: int,
    n: int,
    delta: float,
    eps: float | None = None,
    rho: float = 1.0,
    rho_psi: float = 1.0,
    B: float = 1.0,
    extra_nats: float = 0.0,
) -> float:
    """2ρ_ψ ε + B √((LN(ε) + extra_nats + log(1/δ))/(2n)): with probability 1 − δ, R ≤ R̂ + this on all of C(k, R).

    ε must not depend on the data; None takes the best of 10^−e, e = 0, 0.05, ..., 12, which depends on k, R, n and δ only.
    Radii and k fixed a priori, or paid for by extra_nats (`5 log 64` for five radii on multiples of 1/4 up to 16).
    """
    terms = generalization_terms(k, d_x, d_y, radii, R_x, T, n, delta, eps, rho, rho_psi, B, extra_nats)
    return terms["transfer"] + terms["deviation"]


def generalization_terms(
    k: int,
    d_x: int,
    d_y: int,
    radii: Mapping[str, float],
    R_x: float,
    T: int,
    n: int,
    delta: float,
    eps: float | None = None,
    rho: float = 1.0,
    rho_psi: float = 1.0,
    B: float = 1.0,
    extra_nats: float = 0.0,
) -> dict[str, float]:
    """What `generalization_slack` is made of: eps, transfer = 2ρ_ψ ε, deviation, and the nats under its root."""
    level = _level(delta)
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    lips = parameter_lipschitz_constants(radii, R_x, T, rho)
    scales = EPSILONS if eps is None else np.array([float(eps)])
    net = np.asarray(covering_log_number(k, d_x, d_y, radii, lips, scales))
    deviation = B * np.sqrt((net + extra_nats + level) / (2 * n))
    best = int(np.argmin(2 * rho_psi * scales + deviation))
    return {
        "eps": float(scales[best]),
        "transfer": float(2 * rho_psi * scales[best]),
        "deviation": float(deviation[best]),
        "net_nats": float(net[best]),
        "extra_nats": extra_nats,
        "level_nats": level,
    }


# ---- fresh data -----------------------------------------------------------------------------------------------------


def hoeffding_upper(emp: float, n: int, delta: float, B: float = 1.0) -> float:
    """emp + B √(log(1/δ)/(2n)): above the risk with probability 1 − δ, for losses in [0, B] on n fresh sequences."""
    if n < 1:
        raise ValueError(f"n must be at least 1, got {n}")
    return float(emp + B * math.sqrt(_level(delta) / (2 * n)))


def clopper_pearson_upper(errors: int, n: int, delta: float) -> float:
    """Beta^{-1}(1 − δ; e + 1, n − e), 1 if e = n: above the error probability with probability 1 − δ, on n fresh sequences.

    >>> round(clopper_pearson_upper(10, 100, 0.05), 12)
    0.163717623276
    """
    from scipy.special import betainccinv

    _level(delta)
    if not 0 <= errors <= n or n < 1:
        raise ValueError(f"0 <= errors <= n and n >= 1 must hold, got {errors} of {n}")
    return 1.0 if errors == n else float(betainccinv(errors + 1, n - errors, delta))


# ---- description length ---------------------------------------------------------------------------------------------


def bernoulli_kl(q: ArrayLike, p: ArrayLike) -> Any:
    """kl(q‖p) = q log(q/p) + (1 − q) log((1 − q)/(1 − p)) nats for q, p in [0, 1]; inf where p excludes what q has."""
    a, b = np.asarray(q, dtype=float), np.asarray(p, dtype=float)
    if not ((a >= 0) & (a <= 1) & (b >= 0) & (b <= 1)).all():
        raise ValueError("q and p must lie in [0, 1]")
    with np.errstate(divide="ignore", invalid="ignore"):
        first = np.where(a > 0, a * (np.log(a) - np.log(b)), 0.0)
        second = np.where(a < 1, (1 - a) * (np.log1p(-a) - np.log1p(-b)), 0.0)
    value = np.maximum(first + second, 0.0)
    return float(value) if value.ndim == 0 else value


def kl_inverse_upper(q: ArrayLike, c: ArrayLike) -> Any:
    """kl^{-1}(q, c) = max{p in [q, 1]: kl(q‖p) ≤ c} for c ≥ 0, by bisection to the last bit, from above; 1 for q = 1.

    >>> round(kl_inverse_upper(0.1, 0.05), 12)
    0.220078601107
    """
    a, level = np.broadcast_arrays(np.asarray(q, dtype=float), np.asarray(c, dtype=float))
    if not ((level >= 0).all() and (a >= 0).all() and (a <= 1).all()):
        raise ValueError("q must lie in [0, 1] and c be >= 0")
    values = [_kl_inverse(*pair) for pair in zip(a.ravel().tolist(), level.ravel().tolist(), strict=True)]
    return values[0] if a.ndim == 0 else np.array(values).reshape(a.shape)


def _kl_inverse(q: float, c: float) -> float:
    lo, hi = q, 1.0
    entropy = (q * math.log(q) if q > 0 else 0.0) + ((1 - q) * math.log1p(-q) if q < 1 else 0.0)
    while True:
        p = (lo + hi) / 2
        if not lo < p < hi:
            return hi
        if entropy - (q * math.log(p) if q > 0 else 0.0) - (1 - q) * math.log1p(-p) <= c:
            lo = p
        else:
            hi = p


def description_nats(P: int, bits: int, n_scales: int = 5, grid: int = GRID) -> float:
    """P bits log 2 + n_scales log grid: nats that describe P quantised parameters and their scales, bits fixed a priori."""
    if P < 0 or bits < 1 or n_scales < 0 or grid < 1:
        raise ValueError(f"P, n_scales >= 0 and bits, grid >= 1 must hold, got {P}, {n_scales}, {bits}, {grid}")
    return P * bits * math.log(2) + n_scales * math.log(grid)


def grid_radius(value: float) -> float:
    """The least multiple of 1/4 that is at least `value`, and at least 1/4; ValueError above 16, where the grid ends."""
    radius = max(1, math.ceil(4 * value)) / 4
    if not radius <= GRID / 4:
        raise ValueError(f"{value} lies beyond the grid of multiples of 1/4 up to {GRID / 4:g}")
    return radius


def quantize(params: Mapping[str, ArrayLike], bits: int) -> dict[str, np.ndarray]:
    """Each block to the nearest of s(2i/(2^bits − 1) − 1), i = 0..2^bits − 1, s its largest |entry| rounded up to the grid of
    multiples of 1/4 up to 16. ValueError for bits < 1 or an entry above 16."""
    if bits < 1:
        raise ValueError(f"bits must be at least 1, got {bits}")
    top, out = 2**bits - 1, {}
    for name, block in checked_params(params).items():
        s = grid_radius(float(np.abs(block).max(initial=0.0)))
        out[name] = s * (2 * np.rint((block / s + 1) * top / 2) / top - 1)
    return out


def occam_upper(emp: Any, n: int, nats: float, delta: float, form: Literal["kl", "hoeffding"] = "kl", B: float = 1.0) -> Any:
    """An upper bound on the risk, with probability 1 − δ for all predictors at once, of one that takes `nats` to describe.

    "kl": kl^{-1}(emp, (nats + log(1/δ))/n), one-sided, losses in [0, 1]; "hoeffding": emp + B √((nats + log(1/δ))/(2n)).
    """
    level = _level(delta) + nats
    if n < 1 or not nats >= 0:
        raise ValueError(f"n >= 1 and nats >= 0 must hold, got {n} and {nats}")
    if form == "kl":
        return kl_inverse_upper(emp, level / n)
    if form == "hoeffding":
        return emp + B * math.sqrt(level / (2 * n))
    raise ValueError(f'form must be "kl" or "hoeffding", got {form!r}')
