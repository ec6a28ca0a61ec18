r"""Bounds of the gap by overlaps, without the dimension in them.

With $S=\sum_{k<l}\sqrt{w_kw_l}\,BC(k,l)$, BC the Bhattacharyya coefficient, and α_kl the separation,
$$ G\le U\le 2\ln2\,S\le2\ln2\sum_{k<l}\sqrt{w_kw_l}\,e^{-\alpha_{kl}^2/4},\qquad G\le\log(1+2S), $$
$$ G_{kl}\le c_t\,w_k^{1-t}w_l^t\,C_t(k,l)\ \text{ for every }0<t<1,\qquad C_{t^*}\le e^{-\alpha_{kl}^2/2}. $$
Why: h is subadditive, $h(A)\le\sum_{k<l}\phi(A_k,A_l)$, and $\phi(a,b)=a^{1-t}b^t\psi_t(\log(b/a))\le c_ta^{1-t}b^t$; at
t = 1/2 the maximum of ψ is 2 ln 2. Log-determinants are concave, so C_t is at most its exponential factor, which is
$e^{-\alpha^2/2}$ at t* and at most $e^{-\alpha^2/4}$ at 1/2. Shannon is at most Rényi of order 1/2:
$h(\rho)\le2\log\sum_k\sqrt{\rho_k}$; then Jensen. The constant 2 ln 2 is optimal: K = 2, coincident, w = 1/2.

All values are logarithms in nats, -inf for one component. Their error is about 1e-15 (m + |value|), and what the pair
spectra lose (`pair_spectrum`): a budget of 1e-12 (1 + |value|) covers condition numbers up to about 1e3.
"""

from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp

from bounds.gmm_entropy.chernoff import c_t, log_bhattacharyya, log_chernoff, log_log1p_exp
from bounds.gmm_entropy.mixture import Mixture, mixture
from bounds.gmm_entropy.separation_alpha import separations

LOG_2LN2 = float(np.log(2 * np.log(2)))


def log_overlap(w: Any, mu: Any, cov: Any) -> float:
    """log S."""
    q = mixture(w, mu, cov)
    return _log_sum(log_pair_overlaps(q))


def log_pair_overlaps(q: Mixture) -> Float[np.ndarray, " pairs"]:
    """log of √(w_k w_l) BC(k, l) for each pair k < l: the terms of S."""
    k, l = q.pairs
    return np.asarray(0.5 * (np.log(q.w[k]) + np.log(q.w[l])) + log_bhattacharyya(*q.spectra))


def log_bhattacharyya_bound(w: Any, mu: Any, cov: Any) -> float:
    """log(2 ln 2 · S) ≥ log U ≥ log G."""
    return LOG_2LN2 + log_overlap(w, mu, cov)


def log_renyi_bound(w: Any, mu: Any, cov: Any) -> float:
    """log log(1 + 2S) ≥ log G; exact for equal weights and coincident components."""
    return float(log_log1p_exp(np.log(2) + log_overlap(w, mu, cov)))


def log_separation_bound(w: Any, mu: Any, cov: Any) -> float:
    r"""log of $2\ln2\sum_{k<l}\sqrt{w_kw_l}\,e^{-\alpha_{kl}^2/4}$, the weakest of the chain: geometry alone."""
    q = mixture(w, mu, cov)
    k, l = q.pairs
    alpha, _ = separations(*q.spectra)
    return LOG_2LN2 + _log_sum(0.5 * (np.log(q.w[k]) + np.log(q.w[l])) - alpha**2 / 4)


def log_chernoff_bound(w: Any, mu: Any, cov: Any, t: Any = None) -> float:
    """log Σ_{k<l} c_t w_k^{1-t} w_l^t C_t(k, l) ≥ log G.

    t: a number, or (K, K) of which t[k, l] for k < l is read (it weights l), strictly between 0 and 1; None takes the t*
    of each pair's separation, where C_t ≤ exp(-α²/2).
    """
    q = mixture(w, mu, cov)
    tilt = separations(*q.spectra)[1] if t is None else pair_tilts(t, q)
    k, l = q.pairs
    log_c = np.array([np.log(c_t(float(value))) for value in tilt])
    return _log_sum(log_c + (1 - tilt) * np.log(q.w[k]) + tilt * np.log(q.w[l]) + log_chernoff(tilt, *q.spectra))


def pair_tilts(t: Any, q: Mixture) -> Float[np.ndarray, " pairs"]:
    """The t of each pair k < l, from a number or from a (K, K) array; ValueError unless strictly between 0 and 1."""
    K = len(q.w)
    t = np.asarray(t, dtype=float)
    if t.ndim and t.shape != (K, K):
        raise ValueError(f"t must be a number or an array of shape {(K, K)}, not {t.shape}")
    tilt: np.ndarray = np.broadcast_to(t, (K, K))[q.pairs]
    if not np.all((tilt > 0) & (tilt < 1)):
        raise ValueError("t must lie strictly between 0 and 1, for every pair")
    return np.asarray(tilt)


def _log_sum(terms: np.ndarray) -> float:
    return float(logsumexp(terms)) if terms.size else -np.inf
