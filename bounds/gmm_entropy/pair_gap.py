r"""The gap of a pair as one integral over a line in the complex plane, in any dimension (exact).

For the pair k < l with weights a, b (not renormalised) and Chernoff coefficient C_s, and any 0 < c < 1,
$$ G_{kl}=\int\phi(A_k,A_l)\,dx=\frac1\pi\int_0^\infty\operatorname{Re}F(c+iy)\,dy,\qquad
   F(s)=\frac{\pi}{s(1-s)\sin\pi s}\,a^{1-s}b^s\,C_s. $$
Every a, b > 0, mean and positive definite covariance is allowed, equal ones included. For two components this is the
whole gap G.

Why: $\log(1+x)=\frac1{2\pi i}\int\frac{\pi}{s\sin\pi s}x^s\,ds$ on Re s = c (Mellin). Put x = A_l/A_k in one term of φ and
x = A_k/A_l with s → 1-s in the other, use 1/s + 1/(1-s) = 1/(s(1-s)), and exchange the integrals, which
|C_{c+iy}| ≤ C_c and the integrable kernel allow.

How it is computed. On the real axis f(c) = log F(c) is convex, and the line through its minimum, the saddle, has the
least oscillation. Along it |F(c+iy)| falls in y: with r_i = c + (1-c) lam_i and x_i = y (1-lam_i)/r_i,
$$ \log\Big|\frac{C_{c+iy}}{C_c}\Big|=-\sum_i\Big[\tfrac14\log(1+x_i^2)+\frac{d_i^2\lambda_iy^2}{2r_i^3(1+x_i^2)}\Big], $$
so the sum may stop once the modulus is below 1e-20 of F(c) (the real parts oscillate through zero and say nothing). The
trapezoidal rule converges geometrically in its step h, with errors like exp(-2π min(c,1-c)/h) from the double poles at 0
and 1, and exp(-2π²/(f''(c) h²)) from the Gaussian part.
"""

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from bounds.claim import Enclosure
from bounds.gmm_entropy.chernoff import spectrum
from bounds.gmm_entropy.mixture import mixture

EDGE = 1e-7  # a saddle closer than this to a pole is not looked for
BLOCK = 256  # points on the line evaluated together

Taylor = Callable[[float], tuple[float, float, float]]  # c -> value, slope, curvature of the factor besides the kernel
Line = Callable[[float, np.ndarray], tuple[np.ndarray, np.ndarray]]  # c, y -> log modulus relative to y = 0, phase


class Indeterminate(ArithmeticError):
    """The saddle of the contour lies within 1e-7 of a pole (lam beyond about 1e±10 together with a huge d)."""


def log_pair_gap(a: float, b: float, lam: Any, d: Any) -> float:
    """log G_kl in nats for weights a, b > 0 and the pair spectrum lam, d (m,), in any dimension m.

    Agrees with rigorous balls and with 50-digit sums within max(1e-13, 2e-13 |log G|): see `log_pair_gap_enclosure` for
    the budget that is argued. Median time under a millisecond for m ≤ 10; weights near 1e-300 or lam beyond 1e4 with d in
    the thousands need some 1e4 points. Raises ValueError for inputs out of range, and Indeterminate (an ArithmeticError)
    where no usable contour was found.

    >>> round(log_pair_gap(0.5, 0.5, [1.0], [100.0]), 11)
    -1253.68712385448
    """
    lam, d = spectrum(lam, d)
    if lam.ndim != 1:
        raise ValueError(f"lam and d must be vectors of one length m >= 1, but their shapes are {lam.shape} and {d.shape}")
    taylor = _pair_taylor(a, b, lam, d)
    gap, square = 1 - lam, d * d

    def line(c: float, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        r = c + (1 - c) * lam
        x = np.multiply.outer(y, gap / r)
        log_modulus = -0.25 * np.log1p(x * x).sum(axis=1)
        pull = 1 / (1 + x * x)
        log_modulus -= 0.5 * y * y * (pull @ (square * lam / r**3))
        phase = y * taylor(c)[1] - 0.5 * (np.arctan(x) - x).sum(axis=1)
        return log_modulus, phase + 0.5 * y**3 * (pull @ (square * gap * lam / r**4))

    return _log_line_integral(taylor, line)


def log_expected_pair_gap(a: float, b: float, m: int, g: float) -> float:
    r"""log E G_kl over random means: equal covariances and $\Sigma^{-1/2}(\mu_l-\mu_k)=gZ$, Z standard normal in m dimensions.

    The same integral with $E\,C_s=(1+g^2s(1-s))^{-m/2}$ in the place of C_s: expectation and integral commute. Same error.

    >>> round(math.exp(log_expected_pair_gap(0.5, 0.5, 20, 2.0)), 15)
    0.000332460634744
    """
    log_a, log_b = _log_weight(a, "a"), _log_weight(b, "b")
    if m < 1 or not 0 <= g < 1e150:
        raise ValueError(f"m must be at least 1 and g finite and non-negative, not m = {m}, g = {g}")
    g2 = g * g

    def taylor(c: float) -> tuple[float, float, float]:
        base = 1 + g2 * c * (1 - c)
        x = g2 * (1 - 2 * c) / base
        value = -0.5 * m * math.log1p(g2 * c * (1 - c))
        return value + (1 - c) * log_a + c * log_b, -0.5 * m * x - log_a + log_b, m * (g2 / base + 0.5 * x * x)

    def line(c: float, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        base = 1 + g2 * c * (1 - c)
        real, imaginary = g2 * y * y / base, g2 * (1 - 2 * c) * y / base  # of E C_s to the power -2/m, minus 1
        log_modulus = -0.25 * m * np.log1p(real * (2 + real) + imaginary**2)
        return log_modulus, y * (log_b - log_a) - 0.5 * m * np.arctan2(imaginary, 1 + real)

    return _log_line_integral(taylor, line)


def log_pair_gap_enclosure(a: float, b: float, lam: Any, d: Any) -> Enclosure:
    """log G_kl ± max(1e-10, 1e-13 |log G|), trust "rounded"; (-inf, inf) where the contour is indeterminate.

    Who vouches. The result is f(c) + log(h Σ/π). (1) f(c) is exact for the c used, wherever the saddle really is, up to
    rounding: 3m terms, summed pairwise, each right to a few 1e-16 of itself; with m ≤ 2000 and |terms| at the scale of
    log lam or of log G that is below 1e-12 + 1e-15 |log G|. (2) Σ has terms of modulus at most 1 and starts with 1/2; its
    phases are right to 1e-16 (|log(a/b)| + |log G|) per radian of y where the modulus counts. (3) The discretisation error
    is geometric, e^{-κ/h}: when h/2 changes the value by D the finer sum is wrong by about D², and D < 1e-7 is demanded.
    (3) is an estimate and not a proof; the budget leaves a factor of a thousand, and `pair_gap_ball` gives the proof.
    The input a, b, lam, d counts as exact.
    """
    try:
        value = log_pair_gap(a, b, lam, d)
    except Indeterminate:
        return Enclosure(-math.inf, math.inf)
    slack = max(1e-10, 1e-13 * abs(value))
    return Enclosure(value - slack, value + slack)


def pair_gaps(w: Any, mu: Any, cov: Any) -> np.ndarray:
    """log G_kl of every pair, (K, K) symmetric with diagonal -inf; w (K,), mu (K, m), cov (K, m, m).

    Error: that of `log_pair_gap`, and what `pair_spectrum` loses to ill-conditioned covariances (`log_gap_sandwich` adds
    a budget for it). Raises ValueError as `mixture`, and Indeterminate.
    """
    q = mixture(w, mu, cov)
    out = np.full((len(q.w), len(q.w)), -np.inf)
    for k, l, lam, d in zip(*q.pairs, *q.spectra, strict=True):
        out[k, l] = out[l, k] = log_pair_gap(q.w[k], q.w[l], lam, d)
    return out


def saddle(a: float, b: float, lam: Any, d: Any) -> float:
    """The minimiser c of log F on (0, 1): the contour of this module, and the tilt of the importance sampler."""
    return _saddle(_pair_taylor(a, b, *spectrum(lam, d)))


def _pair_taylor(a: float, b: float, lam: np.ndarray, d: np.ndarray) -> Taylor:
    """Of (1-c) log a + c log b + log C_c for real c."""
    log_a, log_b = _log_weight(a, "a"), _log_weight(b, "b")
    log_lam, gap, square = np.log(lam), 1 - lam, d * d
    sum_log_lam = float(log_lam.sum())

    def taylor(c: float) -> tuple[float, float, float]:
        r = c + (1 - c) * lam
        q, x = square / r, gap / r
        value = 0.5 * float(np.sum((1 - c) * log_lam - np.log(r) - c * (1 - c) * q))
        slope = -0.5 * (sum_log_lam + float(np.sum(x + q * ((1 - c) ** 2 * lam - c * c) / r)))
        curvature = float(0.5 * (x @ x) + (q / r) @ (lam / r))
        return value + (1 - c) * log_a + c * log_b, slope - log_a + log_b, curvature

    return taylor


def _log_weight(value: float, name: str) -> float:
    if not 0 < value < math.inf:
        raise ValueError(f"The weight {name} must be positive and finite, not {value}")
    return math.log(value)


def _saddle(taylor: Taylor) -> float:
    """Root of the increasing f'. Newton on c(1-c) f'(c), which has no poles, guarded by bisection of the logit."""
    lo, hi, c = EDGE, 1 - EDGE, 0.5
    for _ in range(200):
        _, slope, curvature = taylor(c)
        e = 1 - c
        cot = 1 / math.tan(math.pi * c)
        slope += 1 / e - 1 / c - math.pi * cot
        curvature += 1 / (c * c) + 1 / (e * e) + math.pi**2 * (1 + cot * cot)
        lo, hi = (c, hi) if slope < 0 else (lo, c)
        change = c * e * curvature + (1 - 2 * c) * slope  # derivative of c(1-c) f'(c)
        step = -c * e * slope / change if change > 0 else math.inf
        # a contour this close to the saddle (in units of the distance to a pole and of the width of the peak) is as good
        if abs(step) < 1e-6 * min(c, e, 1 / math.sqrt(curvature)) or hi - lo < 1e-9 * min(c, e):
            return c
        c += step
        if not lo < c < hi:
            odds = math.sqrt(lo / (1 - lo)) * math.sqrt(hi / (1 - hi))
            c = odds / (1 + odds)
        if hi <= 2 * EDGE or lo >= 1 - 2 * EDGE:
            break
    raise Indeterminate("The saddle of the pair lies within 1e-7 of a pole: no usable contour")


def _log_line_integral(taylor: Taylor, line: Line) -> float:
    """log of (1/π) ∫_0^∞ Re F(c+iy) dy with c at the saddle."""
    c = _saddle(taylor)
    e = 1 - c
    value, _, curvature = taylor(c)
    sine, cosine = math.sin(math.pi * min(c, e)), math.cos(math.pi * c)
    peak = value + math.log(math.pi) - math.log(c * e * sine)
    curvature += 1 / (c * c) + 1 / (e * e) + (math.pi / sine) ** 2

    def terms(y: np.ndarray) -> tuple[float, bool]:
        """Σ Re F/F(c), and whether the modulus has fallen below 1e-20."""
        log_modulus, phase = line(c, y)
        log_modulus = log_modulus - 0.5 * (np.log1p((y / c) ** 2) + np.log1p((y / e) ** 2))
        log_modulus -= 0.5 * np.log1p((np.sinh(np.pi * np.minimum(y, 100.0)) / sine) ** 2)  # e^-628: far below 1e-20
        phase = phase - np.arctan2(y * (e - c), c * e + y * y) - np.arctan2(cosine * np.tanh(np.pi * y), sine)
        return float(np.exp(log_modulus) @ np.cos(phase)), bool(log_modulus[-1] < -46.1)

    step = min(0.3 * min(c, e), 1 / math.sqrt(curvature))
    total, points, spent = 0.5, 0, False
    block = min(BLOCK, 64)
    while not spent:
        part, spent = terms(step * np.arange(points + 1, points + block + 1))
        total, points, block = total + part, points + block, BLOCK
    for _ in range(6):
        step, coarse = step / 2, total
        for start in range(0, points, BLOCK):  # only the points half-way between those already summed
            total += terms(step * np.arange(2 * start + 1, 2 * min(start + BLOCK, points), 2))[0]
        points *= 2
        if abs(total - 2 * coarse) < 1e-7 * total:
            return peak + math.log(total * step / math.pi)
    raise Indeterminate("The trapezoidal sums along the contour of the pair did not settle")
