r"""Pairs with one covariance: the gap is one-dimensional whatever the dimension, and has a closed form from both sides.

With $\delta=|\Sigma^{-1/2}(\mu_l-\mu_k)|$, $L=\log(a/b)$ and Y standard normal,
$$ G_{kl}=\sqrt{ab}\,e^{-\delta^2/8}\,E\,\psi(\delta Y-L), $$
$$ \sqrt{ab}\,e^{-\delta^2/8}\frac{2\sqrt{2\pi}}\delta e^{-(8+\pi^2+L^2)/(2\delta^2)}\le G_{kl}
   \le\sqrt{ab}\,e^{-\delta^2/8}\min\Big(2\ln2,\frac{2\sqrt{2\pi}}\delta\Big), $$
for every δ > 0, and, from the Bayes error,
$$ G_{kl}\ge2\ln2\,[a\,\Phi(-\tfrac\delta2-\tfrac L\delta)+b\,\Phi(-\tfrac\delta2+\tfrac L\delta)]. $$
Why: $\sqrt{N_kN_l}=e^{-\delta^2/8}N(\mathrm{midpoint},\Sigma)$ and the log-ratio is affine. So
$E\psi=\int\psi(u)n_\delta(u+L)du$ with n_δ the density of N(0, δ²): its maximum gives the upper side, Jensen under the
density ψ/4π, in which the mean of (u+L)² is 8+π²+L², the lower one. $h_b(p)\ge2\ln2\min(p,1-p)$ gives the Bayes error.

More components with one covariance live in the span of their mean differences; isotropic pairs in a radius.
"""

import math
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.special import log_ndtr, logsumexp

from bounds.gmm_entropy.chernoff import log_bhattacharyya, log_psi_t
from bounds.gmm_entropy.mixture import mixture

LOG_2LN2 = math.log(2 * math.log(2))


def equal_covariance_bounds(a: float, b: float, delta: float) -> tuple[float, float]:
    """(log lower, log upper) on the pair gap, nats; the larger of both lower bounds; at delta = 0 the upper is √(ab) 2 ln 2.

    Closed forms, right to about 1e-15 of their largest term. They meet as delta → ∞ with the ratio exp(-(8+π²+L²)/2delta²).
    ValueError unless a, b > 0 and delta ≥ 0 are finite.

    >>> lower, upper = equal_covariance_bounds(0.5, 0.5, 20.0)
    >>> bool(lower < math.log(2.365713967e-23) < upper)
    True
    """
    log_a, log_b = _logs(a, b, delta)
    L, common = log_a - log_b, 0.5 * (log_a + log_b) - delta * delta / 8
    if delta == 0:
        return LOG_2LN2 + min(log_a, log_b), LOG_2LN2 + common
    narrow = math.log(2 * math.sqrt(2 * math.pi)) - math.log(delta)
    error = np.logaddexp(log_a + log_ndtr(-delta / 2 - L / delta), log_b + log_ndtr(-delta / 2 + L / delta))
    jensen = common + narrow - (8 + math.pi**2 + L * L) / (2 * delta) / delta
    return max(jensen, LOG_2LN2 + float(error)), common + min(LOG_2LN2, narrow)


def log_gap_equal_covariance(a: float, b: float, delta: float) -> float:
    r"""log G_kl by $E\,\psi(\delta Y-L)$, a formula that is not in `pair_gap`.

    Error 1e-13 + 2e-13 |log G|. The trapezoidal rule in y converges geometrically: ψ is analytic for imaginary parts
    below π, so the step 1/(2 delta) errs by exp(-4π²), and the step 1/2 by exp(-8π²) for the Gaussian. It runs over where
    the envelope exp(-y²/2 - |delta y - L|/2) is within e^-60 of its maximum; ψ is within a factor |u| + 2 of exp(-|u|/2).
    """
    log_a, log_b = _logs(a, b, delta)
    if delta > 1e6:
        raise ValueError(f"delta must be at most 1e6 here, not {delta}: equal_covariance_bounds agree to 1e-11 beyond")
    L = log_a - log_b
    y0 = math.copysign(min(delta / 2, abs(L) / delta), L) if delta else 0.0
    h = 0.5 / max(1.0, delta)
    # on either side of the maximum the envelope falls at least as fast as a unit Gaussian; beyond the kink at rate delta
    at_kink = delta > 0 and abs(L) / delta <= delta / 2
    outer = min(11.0, 120 / max(delta, 1.0)) if at_kink else 11.0
    inner = min(11.0, 60 / max(delta / 2 - abs(y0), 6.0)) if at_kink else 11.0
    below, above = (inner, outer) if L >= 0 else (outer, inner)
    y = y0 + h * np.arange(-math.ceil(below / h), math.ceil(above / h) + 1)
    log_terms = log_psi_t(delta * y - L, 0.5) - 0.5 * y * y
    return 0.5 * (log_a + log_b) - delta * delta / 8 + float(logsumexp(log_terms)) + math.log(h) - 0.5 * math.log(2 * math.pi)


def reduce_equal_covariance(w: Any, mu: Any, cov: Any) -> tuple[Float[np.ndarray, " K"], Float[np.ndarray, "K r"]]:
    r"""(w, z): the mixture Σ w_k N(z_k, I) in r ≤ min(K-1, m) dimensions with the same gap; cov is the one covariance (m, m).

    z are the coordinates of $\Sigma^{-1/2}(\mu_k-\mu_1)$ in their span; the log-ratios of components depend on x through
    it only. r = 0 says that all components coincide. Directions below 1e-13 of the largest count as rounding. cov may
    also be (K, m, m) with K equal entries. ValueError if they differ, or as `mixture`.
    """
    cov = np.asarray(cov, dtype=float)
    stack = cov if cov.ndim == 3 else np.broadcast_to(cov, (len(np.atleast_1d(w)), *cov.shape))
    q = mixture(w, mu, stack)
    if not np.array_equal(q.cov, np.broadcast_to(q.cov[0], q.cov.shape)):
        raise ValueError("The covariances must be equal")
    z = np.linalg.solve(q.cholesky[0], (q.mu - q.mu[0]).T).T
    left, singular, _ = np.linalg.svd(z, full_matrices=False)
    rank = int(np.sum(singular > 1e-13 * max(z.shape) * singular[0])) if singular[0] > 0 else 0
    return q.w, left[:, :rank] * singular[:rank]


def log_gap_isotropic_pair(a: float, b: float, sd_k: float, sd_l: float, distance: float, m: int) -> float:
    r"""log G_kl for covariances sd_k² I ≠ sd_l² I in m dimensions by a radial integral: no formula of `pair_gap` is in it.

    With p = 1/sd², the log-ratio is $u_0+\frac{p_k-p_l}2|x-c|^2$ and under the midpoint Gaussian, of variance
    v = 2/(p_k+p_l), |x-c|²/v is noncentral χ² with noncentrality |m*-c|²/v: $G=\sqrt{ab}\,BC\,E\,\psi(u_0+\frac{p_k-p_l}2vR)$.
    Trapezoidal rule in log R with 2^14 nodes; the density is scipy's, good to about 1e-10, and so is the result for
    pairs of comparable spreads and noncentralities up to 1e4. ValueError unless all numbers are positive (distance ≥ 0).
    """
    from scipy.stats import chi2, ncx2

    log_a, log_b = _logs(a, b, distance)
    if not (0 < sd_k < math.inf and 0 < sd_l < math.inf and sd_k != sd_l and m >= 1):
        raise ValueError(f"sd_k, sd_l must be positive and different, and m at least 1, not {sd_k}, {sd_l}, {m}")
    p, r = 1 / sd_k**2, 1 / sd_l**2
    u0 = log_b - log_a + 0.5 * m * math.log(r / p) - p * r * distance**2 / (2 * (p - r))
    v = 2 / (p + r)
    noncentrality = (2 * p * r * distance / (p * p - r * r)) ** 2 / v
    law = ncx2(m, noncentrality) if noncentrality > 0 else chi2(m)
    centre, width = m + noncentrality, math.sqrt(2 * (m + 2 * noncentrality))
    turn = max(-u0 * 2 / ((p - r) * v), 1e-9)  # where the components are equally likely, which may be far from the centre
    start = math.log(min(centre, turn)) - 90 / m - 12 * width / centre
    x, h = np.linspace(min(start, -1.0), math.log(max(centre + 45 * width, 2 * turn) + 90), 2**14, retstep=True)
    with np.errstate(divide="ignore", over="ignore", under="ignore"):
        log_density = law.logpdf(np.exp(x)) + x
    log_terms = log_psi_t(u0 + (p - r) / 2 * v * np.exp(x), 0.5) + log_density
    lam, d = np.full(m, (sd_l / sd_k) ** 2), np.zeros(m)
    d[0] = distance / sd_k
    return 0.5 * (log_a + log_b) + float(log_bhattacharyya(lam, d)) + float(logsumexp(log_terms)) + math.log(h)


def gap_isotropic_pair(a: float, b: float, sd_k: float, sd_l: float, distance: float, m: int) -> float:
    """G_kl in nats: exp of `log_gap_isotropic_pair`."""
    return math.exp(log_gap_isotropic_pair(a, b, sd_k, sd_l, distance, m))


def _logs(a: float, b: float, delta: float) -> tuple[float, float]:
    if not (0 < a < math.inf and 0 < b < math.inf and 0 <= delta < 1e150):
        raise ValueError(f"a and b must be positive and delta non-negative, all finite, not {a}, {b}, {delta}")
    return math.log(a), math.log(b)
