r"""How the gap moves with means, covariances and weights: exact derivatives on the line, bounds in any dimension.

With scores $s_j(x)=-P_j(x-\mu_j)$, $\Sigma_k=\Gamma_k\Gamma_k^\top$, and weights as free variables ($G=\int h(A)\,dx$),
$$ \nabla_{\mu_k}G=\sum_{j\ne k}\int\frac{A_kA_j}q(s_j-s_k),\quad
   \nabla_{\Gamma_k}G=\sum_{j\ne k}\int\frac{A_kA_j}q(s_j-s_k)\big(\Gamma_k^{-1}(x-\mu_k)\big)^\top,\quad
   \frac{\partial G}{\partial w_k}=E_{N_k}\log\frac q{A_k}, $$
and $\sum_kw_k\,\partial G/\partial w_k=G$ (Euler). For the bounds, let m* and S* be mean and covariance of the normalised
$\sqrt{N_kN_j}$, and ν, V those of $s_j-s_k$ under it:
$$ |\nabla_{\mu_k}G|\le\tfrac12\sum_{j\ne k}\sqrt{w_kw_j}\,BC_{kj}\sqrt{|\nu|^2+\operatorname{tr}V},\qquad
   0\le\frac{\partial G}{\partial w_k}\le\min\Big(\kappa\sum_{j\ne k}\sqrt{w_j/w_k}\,BC_{kj},\;-\log w_k\Big), $$
and the Frobenius norm of the Γ-derivative has each term multiplied by
$\sqrt{|\Gamma_k^{-1}(m^*-\mu_k)|^2+\operatorname{tr}(\Gamma_k^{-1}S^*\Gamma_k^{-\top})}$.

Why: ∂h/∂A_j = log(q/A_j); integrate by parts; $A_kA_j/q\le\tfrac12\sqrt{A_kA_j}$; Cauchy–Schwarz. κ = max log(1+x)/√x. The
constant 1/2 is optimal: two halves with one covariance, as they approach each other.
"""

from typing import Any, NamedTuple

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp

from bounds.gmm_entropy.chernoff import log_bhattacharyya, log_log1p_exp
from bounds.gmm_entropy.line import integrals_on_line
from bounds.gmm_entropy.mixture import mixture

KAPPA = 0.8047423425494119  # max of log(1+x)/√x, at x = 3.92155363456751, rounded up


class LineGradient(NamedTuple):
    """Derivatives of G in nats, (K,) each."""

    mean: Float[np.ndarray, " K"]  # dG/dmu, nats per unit of x
    sd: Float[np.ndarray, " K"]  # dG/dsigma, nats per unit of x
    weight: Float[np.ndarray, " K"]  # dG/dw, nats


class GradientBounds(NamedTuple):
    """Upper bounds, (K,) each, of |∇_{μ_k} G|, of the Frobenius norm of ∇_{Γ_k} G, and of ∂G/∂w_k ≥ 0."""

    mean: Float[np.ndarray, " K"]
    factor: Float[np.ndarray, " K"]
    weight: Float[np.ndarray, " K"]


def gap_gradient_on_line(w: Any, mu: Any, var: Any) -> LineGradient:
    """Exact derivatives for w, mu, var (K,). The weights are normalised first, then free variables. ValueError as `mixture`.

    Error: 1e-12 of the integral of the modulus of each integrand, as for `integrals_on_line`; what lies below 1e-290 is lost.
    """
    mu, var = np.asarray(mu, dtype=float), np.asarray(var, dtype=float)
    if mu.ndim != 1 or var.shape != mu.shape:
        raise ValueError(f"mu and var must be vectors of one length K, but their shapes are {mu.shape} and {var.shape}.")
    q = mixture(w, mu[:, None], var[:, None, None])
    K, sd = len(q.w), q.cholesky[:, 0, 0]
    if K == 1:
        return LineGradient(np.zeros(1), np.zeros(1), np.zeros(1))

    def rows(z: np.ndarray, log_a: np.ndarray) -> np.ndarray:
        column = (K,) + (1,) * (z.ndim - 1)
        score = -z / sd.reshape(column)
        log_q = logsumexp(log_a, axis=0)
        flow = np.stack([(np.exp(log_a[k] + log_a - log_q) * (score - score[k])).sum(axis=0) for k in range(K)])
        others = np.stack([logsumexp(np.delete(log_a, k, axis=0), axis=0) for k in range(K)])
        return np.concatenate([flow, flow * z, np.exp(log_a + log_log1p_exp(others - log_a))])

    mean, deviation, weight = integrals_on_line(rows, q.w, mu, var).reshape(3, K)
    return LineGradient(mean, deviation, weight / q.w)


def gap_gradient_bounds(w: Any, mu: Any, cov: Any) -> GradientBounds:
    """The bounds above for w (K,), mu (K, m), cov (K, m, m), any factor Γ_k; 0 for one component. ValueError as `mixture`.

    With M = Σ_k + Σ_j, Δ = μ_j - μ_k and E = Σ_j - Σ_k: ν = 2M⁻¹Δ, tr V = 2 tr(P_j E M⁻¹ E P_k), Γ_k⁻¹(m*-μ_k) = Γ_kᵀM⁻¹Δ and
    tr(Γ_k⁻¹S*Γ_k⁻ᵀ) = 2 tr(M⁻¹Σ_j), without cancellation for equal covariances. Rounding: about 1e-14 of each, times the
    condition number.
    """
    q = mixture(w, mu, cov)
    K = len(q.w)
    overlap = np.zeros((K, K))
    k, l = q.pairs
    if K > 1:
        overlap[k, l] = overlap[l, k] = np.exp(log_bhattacharyya(*q.spectra))
    total, apart, precision = q.cov[:, None] + q.cov, q.mu - q.mu[:, None], np.linalg.inv(q.cov)
    pull = np.linalg.solve(total, apart[..., None])[..., 0]  # (k, j, m): M⁻¹ Δ
    unlike = q.cov - q.cov[:, None]
    middle = unlike @ np.linalg.solve(total, unlike)
    spread = 2 * np.einsum("jab,kjbc,kca->kj", precision, middle, precision)
    score = np.sqrt(4 * np.sum(pull**2, axis=-1) + np.maximum(spread, 0.0))
    inner = np.einsum("kba,kjb->kja", q.cholesky, pull)
    shares = np.trace(np.linalg.solve(total, np.broadcast_to(q.cov, total.shape)), axis1=2, axis2=3)
    reach = np.sqrt(np.sum(inner**2, axis=-1) + 2 * shares)
    root = np.sqrt(q.w)
    half = 0.5 * root[:, None] * root * overlap
    by_overlap = KAPPA * (overlap @ root) / root
    return GradientBounds((half * score).sum(axis=1), (half * score * reach).sum(axis=1), np.minimum(by_overlap, -np.log(q.w)))
