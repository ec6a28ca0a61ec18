r"""The triple term: three components in any dimension, and with any covariances, are one two-dimensional integral.

Pointwise let $T=h(A_1,A_2,A_3)-\phi(A_1,A_2)-\phi(A_1,A_3)-\phi(A_2,A_3)$, which is never positive. Then, with
$s_3=1-s_1-s_2$ and all real parts 1/3,
$$ T_{123}=\int T\,dx
   =\Big(\frac1{2\pi i}\Big)^2\iint\prod_i\Gamma(-s_i)\,w_i^{s_i}\;\Big[\int\prod_iN_i^{s_i}dx\Big]ds_1ds_2\le0, $$
and $G=G_{12}+G_{13}+G_{23}+T_{123}$ exactly. With $P=\sum s_iP_i$, $v=\sum s_iP_i\mu_i$ the bracket is
$\prod\det(\Sigma_i)^{-s_i/2}\det(P)^{-1/2}\exp(-\tfrac12(\sum s_i\mu_i^\top P_i\mu_i-v^\top P^{-1}v))$: bilinear in v,
without conjugates.

Why: $h(A)=\int_0^\infty(\sum_kf_k-1+\prod(1-f_k))\,\ell^{-2}d\ell$ with $f_k=1-e^{-\ell A_k}$; the product of all three f
is the triple term, and $e^{-\ell A}-1$ has the Mellin transform Γ(-s) (Parseval twice).
"""

from typing import Any

import numpy as np
from scipy.special import loggamma

from bounds.claim import Enclosure
from bounds.gmm_entropy.chernoff import log_bhattacharyya
from bounds.gmm_entropy.mixture import Mixture, mixture
from bounds.gmm_entropy.pair_gap import Indeterminate, pair_gaps
from bounds.gmm_entropy.sandwich import log_gap_sandwich, log_pair_sum

REACH = 16.0  # of the imaginary parts: each Γ falls like e^(-π|y|/2), their product along the slowest ray like e^(-π|y|)
SPENT = 46.0  # a product of Γ smaller than e^-46 of its largest is left out


def triple_term(w: Any, mu: Any, cov: Any, step: float = 0.05) -> float:
    """T_123 ≤ 0 in nats for w (3,), mu (3, m), cov (3, m, m), by the trapezoidal rule with this step in both directions.

    Let M be the geometric mean of the three √(w_k w_l) BC_kl; by Hölder the integrand is at most M times its Γ, so that
    |T| ≤ 0.88 M. The poles of Γ lie at a distance of 1/3, with the pair gaps, of sum U, as residues; U may be far above M.
    Where log-ratios vary much, with variance V, the integrand is Gaussian of width 1/√V: the error is about
    U e^(-2π/(3 step)) + M e^(-2π²/(V step²)) and 1e-14 M of rounding. At the default step that is 1e-14 M + 1e-18 U as long as
    the components are less than 10 standard deviations apart; at 0.08 the poles make 4e-12 U, at 0.1 8e-10 U.

    Time grows like m³/step²: 0.2 s for m ≤ 3, 1 s for m = 10 at the default. ValueError as `mixture`, unless there are three
    components, and for a step outside of (0, 0.5].
    """
    q = mixture(w, mu, cov)
    if len(q.w) != 3:
        raise ValueError(f"The triple term takes three components, not {len(q.w)}.")
    if not 0 < step <= 0.5:
        raise ValueError(f"step must lie in (0, 0.5], not {step}.")
    return _triple_term(q, step)[0]


def _triple_term(q: Mixture, step: float) -> tuple[float, float]:
    """The sums with this step and, from a quarter of the points, with twice the step."""
    n, log_gamma = _lattice(step)
    matrices, constant = _whitened(q)
    linear = (np.log(q.w) + constant)[:, None]
    block = max(256, 2**21 // matrices[0].size)
    total = coarse = 0.0
    for start in range(0, len(n), block):
        rows = slice(start, start + block)
        s = 1 / 3 + 1j * step * n[rows].T  # (3, points)
        terms = np.exp(log_gamma[rows] + (linear * s).sum(axis=0) + _log_overlap(matrices, s)).real
        terms *= np.where(n[rows].any(axis=1), 2.0, 1.0)  # the lattice holds one of each pair ±n: the other is conjugate
        total += float(terms.sum())
        coarse += float(terms[~(n[rows] % 2).any(axis=1)].sum())
    area = (step / (2 * np.pi)) ** 2
    return area * total, 4 * area * coarse


def log_gap_of_three(w: Any, mu: Any, cov: Any) -> Enclosure:
    """log G in nats of three components: the sum of the pair gaps and the triple term, which the pair sandwich confines.

    The step resolves the log-ratios (0.7/√V). Budget: the change by halving the step, 1e-13 M + 1e-12 U for rounding (U the
    sum of the pair gaps), and that of `log_gap_sandwich` for the pair gaps. With components so far apart (√V > 56) that the
    lattice would take seconds, or with an indeterminate pair, it is the sandwich alone. Trust "rounded". ValueError unless
    there are three components.
    """
    q = mixture(w, mu, cov)
    if len(q.w) != 3:
        raise ValueError(f"Three components are needed, not {len(q.w)}.")
    between = log_gap_sandwich(q.w, q.mu, q.cov)
    variance = _variance(q)
    try:
        log_sum = log_pair_sum(pair_gaps(q.w, q.mu, q.cov))
    except Indeterminate:
        return between
    if variance > 56**2:
        return between
    fine, coarse = (float(term * np.exp(-log_sum)) for term in _triple_term(q, min(0.05, 0.7 / np.sqrt(variance))))
    k, l = q.pairs
    log_mean = float(np.mean((np.log(q.w[k]) + np.log(q.w[l])) / 2 + log_bhattacharyya(*q.spectra)))
    slack = abs(fine - coarse) + 1e-12 + 1e-13 * np.exp(min(log_mean - log_sum, 700.0))
    budget = float(between.hi) - log_sum
    lo = log_sum + np.log1p(max(fine - slack, -1.0)) - budget if fine - slack > -1 else -np.inf
    hi = log_sum + np.log1p(min(fine + slack, 0.0)) + budget
    return Enclosure(max(float(lo), float(between.lo)), min(float(hi), float(between.hi)))


def _variance(q: Mixture) -> float:
    """Curvature of the log of the overlap at the centre in both directions of the lattice: variances of log-ratios, added."""
    matrices, constant = _whitened(q)
    away = 0.01 * np.array([[0, 0, 0], [1, 0, -1], [-1, 0, 1], [0, 1, -1], [0, -1, 1]]).T
    values = (_log_overlap(matrices, 1 / 3 + away + 0j) + constant @ (1 / 3 + away)).real
    return max(1.0, float(values[1:].sum() - 4 * values[0]) / 1e-4)


def _lattice(step: float) -> tuple[np.ndarray, np.ndarray]:
    """Integer points (n1, n2, n3) of sum 0, one of each pair ±n, and the log of the product of Γ(-1/3 - i n step)."""
    N = int(REACH / step)
    table = loggamma(-1 / 3 - 1j * step * np.arange(-N, N + 1))
    first, second = np.meshgrid(np.arange(0, N + 1), np.arange(-N, N + 1), indexing="ij")
    third = -first - second
    half = (np.abs(third) <= N) & ((first > 0) | (second >= 0))
    n = np.stack([first[half], second[half], third[half]], axis=1)
    log_gamma = table[n + N].sum(axis=1)
    kept = log_gamma.real > 3 * loggamma(-1 / 3 + 0j).real - SPENT
    return n[kept], log_gamma[kept]


def _whitened(q: Mixture) -> tuple[np.ndarray, np.ndarray]:
    """[[P_i, P_i μ_i], [·, μ_iᵀ P_i μ_i]] (3, m+1, m+1) in coordinates where component 1 is N(0, I), and -log det(Σ_i)/2."""
    factor = np.linalg.solve(q.cholesky, np.broadcast_to(q.cholesky[0], q.cov.shape))  # P_i = factorᵀ factor
    mean = np.linalg.solve(q.cholesky, (q.mu - q.mu[0])[:, :, None])  # factor times the mean
    wide = np.concatenate([factor, mean], axis=2)
    return np.swapaxes(wide, 1, 2) @ wide, -0.5 * (q.log_det - q.log_det[0])


def _log_overlap(matrices: np.ndarray, s: np.ndarray) -> np.ndarray:
    """-log det(P)/2 - (Σ s_i μ_iᵀ P_i μ_i - vᵀ P⁻¹ v)/2 for s (3, points), by elimination without exchanges.

    The pivots are those of L D Lᵀ. The real part of P is positive definite, which elimination keeps, so each pivot has a
    positive real part and its principal logarithm is the analytic one. The last pivot is the second bracket.
    """
    work = np.tensordot(matrices, s, axes=(0, 0))  # (m+1, m+1, points)
    out = np.zeros(s.shape[1], dtype=complex)
    for j in range(len(work) - 1):
        pivot, row = work[j, j], work[j, j + 1 :]
        out -= 0.5 * np.log(pivot)
        work[j + 1 :, j + 1 :] -= row[:, None] * (row / pivot)[None]
    return np.asarray(out - 0.5 * work[-1, -1])
