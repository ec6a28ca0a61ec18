r"""Sampling gaps of 1e-30 or 1e-3000, for any number of components, without bias and with a bounded estimator.

Choose 0 < t_kl < 1 for each pair and let $B=\sum_{k<l}A_k^{1-t}A_l^t$, so that
$S_t=\int B=\sum_{k<l}w_k^{1-t}w_l^tC_t(k,l)$. Draw a pair with probability proportional to its term, then X from the
normalised $N_k^{1-t}N_l^t$, a Gaussian with precision $(1-t)P_k+tP_l$. X has the density B/S_t, hence
$$ E\,\Psi=G/S_t\quad\text{for}\quad\Psi=h(A(X))/B(X),\qquad0<\Psi\le\max_{k<l}c_{t_{kl}}, $$
because $h(A)\le\sum_{k<l}\phi(A_k,A_l)\le\sum c_tA_k^{1-t}A_l^t$. So the relative variance $E\Psi^2/(E\Psi)^2-1$ is at most
max(c_t) S_t/G - 1, which the pair sandwich bounds before a single draw (`relative_variance_bound`).

t = 1/2 suits components of comparable covariances. For .001 N(0,1) + .999 N(2020,1e4) it returns a plausible and
wrong number with a small standard error; there t must be the saddle of each pair (`pair_gap.saddle`), "saddle" here.
Naive sampling of the label entropy has the relative variance 1/G.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp

from bounds.claim import Enclosure
from bounds.gmm_entropy.chernoff import c_t, log_chernoff
from bounds.gmm_entropy.line import log_label_entropy
from bounds.gmm_entropy.mixture import Mixture, draw, log_components, mixture
from bounds.gmm_entropy.overlap_bounds import pair_tilts
from bounds.gmm_entropy.pair_gap import pair_gaps, saddle
from bounds.gmm_entropy.sandwich import log_max_tree

CHUNK = 8192  # draws evaluated together


class GapSample(NamedTuple):
    """G = S_t E Ψ."""

    log_S: float  # log S_t, nats
    psi: Float[np.ndarray, " n"]  # independent draws
    psi_bound: float  # Ψ never exceeds it, but for rounding


def gap_importance_sample(w: Any, mu: Any, cov: Any, n: int, rng: np.random.Generator, t: Any = None) -> GapSample:
    """n draws of Ψ; G = exp(log_S) E Ψ. t: None for 1/2, a number, (K, K) read for k < l, or "saddle" for each pair.

    The draws are independent and in no order, so they may feed a sequential test. Each Ψ is right to about 1e-13 of itself
    times the root of the condition number. ValueError as `mixture`, for n < 1, for fewer than two components, or for a t
    that is not strictly between 0 and 1.
    """
    q = mixture(w, mu, cov)
    if len(q.w) < 2 or n < 1:
        raise ValueError(f"Two components and one draw are needed at least, not {len(q.w)} and {n}: one component has no gap")
    tilt = _tilts(t, q)
    log_terms = _log_terms(q, tilt)
    log_s = float(logsumexp(log_terms))
    mean, factor = _proposals(q, tilt)
    x = draw(mean, factor, rng.choice(len(tilt), size=n, p=np.exp(log_terms - log_s)), rng)
    log_a = log_components(q.w, q.mu, q.cov, x).T
    psi = np.empty(n)
    for start in range(0, n, CHUNK):
        rows = slice(start, start + CHUNK)
        psi[rows] = np.exp(_log_psi(log_a[:, rows], q, tilt))
    return GapSample(log_s, psi, max(c_t(float(value)) for value in np.unique(tilt)))


def relative_variance_bound(w: Any, mu: Any, cov: Any, t: Any = None) -> float:
    """max(c_t) S_t / max-tree - 1 ≥ Var Ψ/(E Ψ)²: known before sampling. Above 100, even the sample variance misleads."""
    q = mixture(w, mu, cov)
    return _relative_variance_bound(q, _tilts(t, q), log_max_tree(pair_gaps(q.w, q.mu, q.cov)))


def log_gap_sampled(
    w: Any, mu: Any, cov: Any, n: int, rng: np.random.Generator, delta: float = 1e-12, t: Any = None
) -> Enclosure:
    """log G in nats, trust "sampled", risk delta: a confidence sequence for the mean of Ψ / bound, which lies in [0, 1].

    With t = None, t = 1/2 is used where `relative_variance_bound` is at most 100, else "saddle". The interval is valid
    whatever the variance, since Ψ is bounded: a bad t makes it wide, not wrong. Float errors of Ψ, 1e-13 times the root of
    the condition number, are added. One component: -inf.
    """
    from bounds.measure.sampling import log_sampled

    q = mixture(w, mu, cov)
    if len(q.w) == 1:
        return Enclosure(-np.inf, -np.inf)
    if t is None and relative_variance_bound(q.w, q.mu, q.cov) > 100:
        t = "saddle"
    log_s, psi, bound = gap_importance_sample(q.w, q.mu, q.cov, n, rng, t)
    ends = log_sampled(np.minimum(psi / bound, 1.0), log_s + float(np.log(bound)), delta)  # the minimum removes rounding only
    slack = 1e-13 * (float(np.sqrt(q.condition)) + abs(log_s))
    return Enclosure(float(ends.lo) - slack, float(ends.hi) + slack, ends.trust, ends.risk)


def _tilts(t: Any, q: Mixture) -> Float[np.ndarray, " pairs"]:
    if isinstance(t, str):
        if t != "saddle":
            raise ValueError(f't must be a number, an array, None or "saddle", not {t!r}')
        lists = zip(*q.pairs, *q.spectra, strict=True)
        return np.array([saddle(float(q.w[k]), float(q.w[l]), lam, d) for k, l, lam, d in lists])
    return pair_tilts(0.5 if t is None else t, q)


def _log_terms(q: Mixture, tilt: np.ndarray) -> np.ndarray:
    """log of w_k^{1-t} w_l^t C_t for each pair."""
    k, l = q.pairs
    return np.asarray((1 - tilt) * np.log(q.w[k]) + tilt * np.log(q.w[l]) + log_chernoff(tilt, *q.spectra))


def _relative_variance_bound(q: Mixture, tilt: np.ndarray, log_tree: float) -> float:
    if not tilt.size:
        return 0.0
    largest = max(c_t(float(value)) for value in np.unique(tilt))
    return float(np.expm1(min(np.log(largest) + logsumexp(_log_terms(q, tilt)) - log_tree, 700.0)))


def _proposals(q: Mixture, tilt: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and a factor of the covariance of each normalised N_k^{1-t} N_l^t.

    With M = t Σ_k + (1-t) Σ_l the covariance is Σ_k M⁻¹ Σ_l and the mean μ_k + t Σ_k M⁻¹ (μ_l - μ_k); the covariance is
    taken as the inverse of the precision, which is symmetric in floats too.
    """
    k, l = q.pairs
    t = tilt[:, None, None]
    precision = np.linalg.inv(q.cov)
    root = np.linalg.cholesky((1 - t) * precision[k] + t * precision[l])
    factor = np.swapaxes(np.linalg.inv(root), 1, 2)  # F Fᵀ = (R Rᵀ)⁻¹
    pull = np.linalg.solve(t * q.cov[k] + (1 - t) * q.cov[l], (q.mu[l] - q.mu[k])[:, :, None])
    return q.mu[k] + (t * q.cov[k] @ pull)[:, :, 0], factor


def _log_psi(log_a: np.ndarray, q: Mixture, tilt: np.ndarray) -> np.ndarray:
    """log h(A) - log B for log A of shape (K, n)."""
    k, l = q.pairs
    log_a = log_a - log_a.max(axis=0)
    terms = (1 - tilt)[:, None] * log_a[k] + tilt[:, None] * log_a[l]
    top = terms.max(axis=0)
    terms -= top
    np.exp(terms, out=terms)
    return np.asarray(log_label_entropy(log_a) - top - np.log(terms.sum(axis=0)))
