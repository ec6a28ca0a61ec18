r"""Kolchinsky and Tracey's bounds by pairwise distances, as bounds on the gap; and other peers' estimates of the entropy.

For any fixed t in [0, 1], with $\int N_k^tN_j^{1-t}=C_{1-t}(k,j)$,
$$ \sum_kw_k\log\Big(1+\sum_{j\ne k}\frac{w_j}{w_k}e^{-KL(N_k\|N_j)}\Big)\le G
   \le\sum_kw_k\log\Big(1+\sum_{j\ne k}\frac{w_j}{w_k}\int N_k^tN_j^{1-t}\Big). $$
Why, below: $G=\sum_kw_kE_{N_k}\log(1+\sum A_j/A_k)$ and log-sum-exp is convex (Jensen). Above: with $q_t=\sum_jw_jN_j^{1-t}$,
$-\int N_k\log(q_t/N_k^{1-t})\ge-\log\int N_k^tq_t$, and the remainder is a relative entropy.
Coincident components: both exact. t = 0 and t = 1 give H(w).
"""

from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp

from bounds.gmm_entropy.chernoff import log_chernoff, log_log1p_exp
from bounds.gmm_entropy.mixture import LOG_2PI, Mixture, log_components, log_density, mixture


def kolchinsky_tracey(w: Any, mu: Any, cov: Any, t: float = 0.5) -> tuple[float, float]:
    """(lower, upper) on G in nats, t in [0, 1]; (0, 0) for one component.

    Rounding: about 1e-14 of each, times the condition number for the pair spectra. Below 1e-308 they are 0.
    """
    lower, upper = log_kolchinsky_tracey(w, mu, cov, t)
    return float(np.exp(lower)), float(np.exp(upper))


def log_kolchinsky_tracey(w: Any, mu: Any, cov: Any, t: float = 0.5) -> tuple[float, float]:
    """The logarithms of both bounds, however small they are; -inf for one component. ValueError unless 0 ≤ t ≤ 1."""
    if not 0 <= t <= 1:
        raise ValueError(f"t must lie between 0 and 1, not {t}")
    q = mixture(w, mu, cov)
    return _log_expected(q, -_divergence(q)), _log_expected(q, _log_overlap(q, 1 - t))


def _log_expected(q: Mixture, log_share: Float[np.ndarray, "K K"]) -> float:
    """log Σ_k w_k log(1 + Σ_{j≠k} (w_j/w_k) e^log_share[k, j])."""
    if len(q.w) == 1:
        return -np.inf
    log_w = np.log(q.w)
    exponent = log_share + log_w - log_w[:, None]
    np.fill_diagonal(exponent, -np.inf)
    return float(logsumexp(log_w + log_log1p_exp(logsumexp(exponent, axis=1))))


def _log_overlap(q: Mixture, s: float) -> Float[np.ndarray, "K K"]:
    """log C_s(k, j) for ordered pairs; C_s(j, k) = C_{1-s}(k, j)."""
    out = np.zeros((len(q.w), len(q.w)))
    k, l = q.pairs
    lam, d = q.spectra
    out[k, l] = log_chernoff(np.full(len(k), s), lam, d)
    out[l, k] = log_chernoff(np.full(len(k), 1 - s), lam, d)
    return out


def _divergence(q: Mixture) -> Float[np.ndarray, "K K"]:
    """KL(N_k ‖ N_j) for ordered pairs, from the spectrum: N_k = N(0, I), N_l = N(d, diag(lam))."""
    out = np.zeros((len(q.w), len(q.w)))
    k, l = q.pairs
    lam, d = q.spectra
    out[k, l] = 0.5 * np.sum(_distance(1 / lam) + d * d / lam, axis=1)
    out[l, k] = 0.5 * np.sum(_distance(lam) + d * d, axis=1)
    return out


def _distance(x: np.ndarray) -> np.ndarray:
    """x - 1 - log x."""
    return np.asarray((x - 1) - np.log1p(x - 1))


def elk_bound(w: Any, mu: Any, cov: Any) -> float:
    r"""A lower bound of the entropy H in nats, by Jensen: $-\sum_kw_k\log\sum_jw_jN(\mu_k|\mu_j,\Sigma_k+\Sigma_j)$.

    In the separated limit it is below H by (m/2)(1 - log 2) = 0.153 m.
    """
    q = mixture(w, mu, cov)
    m = q.mu.shape[1]
    factor = np.linalg.cholesky(q.cov[:, None] + q.cov)
    shift = (q.mu[:, None] - q.mu)[..., None]
    z = np.linalg.solve(factor, shift)[..., 0]
    log_det = 2 * np.log(np.diagonal(factor, axis1=2, axis2=3)).sum(axis=2)
    log_value = -0.5 * (m * LOG_2PI + log_det + np.sum(z * z, axis=2))
    return float(-(q.w @ logsumexp(log_value + np.log(q.w), axis=1)))


def huber_h0(w: Any, mu: Any, cov: Any) -> float:
    """Huber et al.'s Taylor estimate of H of order 0: -Σ w_k log q(mu_k), in nats. In the separated limit m/2 below H."""
    q = mixture(w, mu, cov)
    return float(-(q.w @ log_density(q.w, q.mu, q.cov, q.mu)))


def huber_h2(w: Any, mu: Any, cov: Any) -> float:
    r"""Of order 2: $-\sum_kw_k[\log q(\mu_k)+\frac12\mathrm{tr}(\Sigma_k\nabla^2\log q(\mu_k))]$. Exact in the separated limit.

    $\nabla^2\log q=\sum_j\rho_j(s_js_j^\top-P_j)-\bar s\bar s^\top$, $s_j=-P_j(x-\mu_j)$, $\bar s=\sum_j\rho_js_j$. No bound.
    """
    q = mixture(w, mu, cov)
    log_a = log_components(q.w, q.mu, q.cov, q.mu)
    log_q = logsumexp(log_a, axis=1)
    share = np.exp(log_a - log_q[:, None])  # (k, j) responsibilities at mu_k
    precision = np.linalg.inv(q.cov)
    score = np.einsum("jab,kjb->kja", precision, q.mu - q.mu[:, None])
    mean_score = np.einsum("kj,kja->ka", share, score)
    curvature = (
        np.einsum("kj,kja,kab,kjb->k", share, score, q.cov, score)
        - np.einsum("kj,jab,kab->k", share, precision, q.cov)
        - np.einsum("ka,kab,kb->k", mean_score, q.cov, mean_score)
    )
    return float(-(q.w @ (log_q + 0.5 * curvature)))
