r"""The right-hand side of the paper's main bound, and the best value of its free parameter.

$$ G\le\frac2{(1-s)^{m/4}}\sum_{k\ne l}\sqrt{w_kw_l}\;e^{-s\alpha_{kl}^2/4},\qquad0<s<1, $$
over ordered pairs: each unordered pair counts twice. Every pair may have its own s. For one pair the factor
$2(1-s)^{-m/4}e^{-s\alpha^2/4}$ is least at $s^*=1-m/\alpha^2$ if α² > m; otherwise its infimum 2 is approached as s → 0
and not attained. With one s for all pairs the logarithm of the sum is convex in s. (`main_bound` has the theorem.)
"""

from typing import Any

import numpy as np
from scipy.special import logsumexp

from bounds.gmm_entropy.mixture import mixture
from bounds.gmm_entropy.separation_alpha import separations


def log_paper_bound(w: Any, mu: Any, cov: Any, s: Any = "common") -> tuple[float, Any]:
    """(log of the bound in nats, s used).

    s: a number in (0, 1); (K, K) with its own s for each ordered pair, off the diagonal; "common", the best number; or
    "pairwise", the best for each pair, returned as (K, K) with diagonal 0. Where the infimum is not attained it is what
    is returned, with s = 0: the limit of valid bounds is one. In logarithms nothing overflows at m = 1000, and near s = 1
    the factor 1 - s is taken from s without loss. One component: -inf. Rounding: about 1e-15 (m + |value|); an α below the
    true one, as any point but the maximiser gives, makes the bound larger and never wrong. ValueError for any other s.

    >>> round(float(np.exp(log_paper_bound([0.2, 0.5, 0.3], [[0], [2], [5]], np.ones((3, 1, 1)), 0.5)[0])), 11)
    3.25159648553
    """
    q = mixture(w, mu, cov)
    K, m = q.mu.shape
    alpha2 = np.zeros((K, K))
    alpha2[q.pairs] = separations(*q.spectra)[0] ** 2
    alpha2 += alpha2.T
    root = 0.5 * (np.log(q.w[:, None]) + np.log(q.w))
    off = ~np.eye(K, dtype=bool)

    def log_bound(s: Any) -> float:
        terms = (root - 0.25 * m * np.log1p(-s) - 0.25 * s * alpha2)[off]
        return float(np.log(2) + logsumexp(terms)) if terms.size else -np.inf

    if isinstance(s, str):
        if s == "pairwise":
            best = np.where(alpha2 > m, 1 - m / np.maximum(alpha2, m), 0.0)
            return log_bound(best), best
        if s == "common":
            common = _best_common(root[off], alpha2[off], m)
            return log_bound(common), common
        raise ValueError(f's must be "common", "pairwise", a number or a ({K}, {K}) array, not {s!r}')
    given = np.asarray(s, dtype=float)
    if given.shape not in ((), (K, K)):
        raise ValueError(f"s must be a number or have shape {(K, K)}, not {given.shape}")
    inside = (given > 0) & (given < 1) | (np.eye(K, dtype=bool) if given.ndim else False)
    if not np.all(inside):
        raise ValueError("Every s must lie strictly between 0 and 1")
    if given.ndim:
        given = np.where(off, given, 0.5)  # the diagonal is not read
        return log_bound(given), given
    return log_bound(float(given)), float(given)


def _best_common(root: np.ndarray, alpha2: np.ndarray, m: int) -> float:
    """Where the slope m/(1-s) = Σ p(s) α², p the shares of the pairs in the sum: bisection on log(1-s), 0 if it never turns."""

    def falling(s: float) -> bool:
        terms = root - 0.25 * s * alpha2
        share = np.exp(terms - terms.max())
        return bool((1 - s) * (share @ alpha2) > m * share.sum())

    if not alpha2.size or not falling(0.0):
        return 0.0
    lo, hi = float(np.log(m / alpha2.max())), 0.0  # of log(1-s): at the lower end even the largest α² no longer pays
    for _ in range(60):
        middle = (lo + hi) / 2
        lo, hi = (lo, middle) if falling(-np.expm1(middle)) else (middle, hi)
    return float(-np.expm1(hi))
