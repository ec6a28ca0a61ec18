r"""Gaussian mixtures: the validated instance, its density, and the approximate entropy H̃ that the paper is about.

For $q=\sum_k w_k\,\mathcal N(\mu_k,\Sigma_k)$ on $\mathbb R^m$ the entropy $H=-\int q\log q$ has no closed form. Read every
point as coming from one component only and it has one:
$$ \tilde H=\sum_k w_k\big(\tfrac m2\log 2\pi e+\tfrac12\log\det\Sigma_k\big)-\sum_k w_k\log w_k\;\ge\;H. $$
All of `bounds.gmm_entropy` is about the gap $G=\tilde H-H\ge0$. Entropies and logarithms are in nats.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

from bounds.claim import Enclosure

LOG_2PI = float(np.log(2 * np.pi))
SUM_TOLERANCE = 1e-6  # weights stored in single precision still sum to one this well
SYMMETRY_TOLERANCE = 1e-6  # relative to the largest entry, for the same reason
MAX_CONDITION = 1e10  # beyond it the pair spectra, which lose digits like the condition number, say nothing reliable


@dataclass(frozen=True, eq=False)
class Mixture:
    """Weights w (K,), positive with sum one; means mu (K, m); covariances cov (K, m, m), symmetric positive definite."""

    w: Float[np.ndarray, " K"]
    mu: Float[np.ndarray, "K m"]
    cov: Float[np.ndarray, "K m m"]

    @cached_property
    def cholesky(self) -> Float[np.ndarray, "K m m"]:
        """Lower triangular L_k with Σ_k = L_k L_kᵀ."""
        return np.linalg.cholesky(self.cov)

    @cached_property
    def log_det(self) -> Float[np.ndarray, " K"]:
        """log det Σ_k from the Cholesky diagonal; det itself overflows from m = 300 on."""
        diagonal: np.ndarray = np.diagonal(self.cholesky, axis1=1, axis2=2)
        return np.asarray(2 * np.log(diagonal).sum(axis=1))

    @cached_property
    def condition(self) -> float:
        """Largest condition number of the covariances."""
        eigenvalues = np.linalg.eigvalsh(self.cov)
        return float(np.max(eigenvalues[:, -1] / eigenvalues[:, 0]))

    @cached_property
    def pairs(self) -> tuple[np.ndarray, np.ndarray]:
        """The unordered pairs k < l, in the order of every array with an axis of pairs below."""
        k, l = np.triu_indices(len(self.w), 1)
        return k, l

    @cached_property
    def spectra(self) -> tuple[Float[np.ndarray, "pairs m"], Float[np.ndarray, "pairs m"]]:
        """(lam, d) of `pair_spectrum` for each pair k < l."""
        k, l = self.pairs
        return _spectra(self.cholesky[k], self.cholesky[l], self.mu[l] - self.mu[k])


def mixture(w: Any, mu: Any, cov: Any) -> Mixture:
    """Check and freeze; the weights, which may miss one by 1e-6, are divided by their sum and the covariances symmetrised.

    Raises ValueError, with one sentence that names the first thing that is wrong.
    """
    w, mu, cov = (_numbers(value, name) for value, name in ((w, "w"), (mu, "mu"), (cov, "cov")))
    if w.ndim != 1 or len(w) == 0:
        raise ValueError(f"w must be a vector of K >= 1 weights, but its shape is {w.shape}")
    if mu.ndim != 2 or len(mu) != len(w) or mu.shape[1] == 0:
        raise ValueError(f"mu must have shape ({len(w)}, m) with m >= 1 to match the {len(w)} weights, not {mu.shape}")
    if cov.shape != (*mu.shape, mu.shape[1]):
        raise ValueError(f"cov must have shape {(*mu.shape, mu.shape[1])} to match mu, not {cov.shape}")
    if np.any(w <= 0):
        k = int(np.argmax(w <= 0))
        raise ValueError(f"w[{k}] = {w[k]:g} is not a positive weight")
    if abs(w.sum() - 1) > SUM_TOLERANCE:
        raise ValueError(f"The weights w sum to {w.sum():.9g}, which is further than {SUM_TOLERANCE:g} from 1")
    skew = np.abs(cov - cov.transpose(0, 2, 1)).max(axis=(1, 2)) > SYMMETRY_TOLERANCE * np.abs(cov).max(axis=(1, 2))
    if np.any(skew):
        raise ValueError(f"cov[{np.argmax(skew)}] is not symmetric (relative tolerance {SYMMETRY_TOLERANCE:g})")
    cov = (cov + cov.transpose(0, 2, 1)) / 2
    eigenvalues = np.linalg.eigvalsh(cov)
    smallest, largest = eigenvalues[:, 0], eigenvalues[:, -1]
    if np.any(smallest <= 0):
        k = int(np.argmax(smallest <= 0))
        raise ValueError(f"cov[{k}] is not positive definite: its smallest eigenvalue is {smallest[k]:.3g}")
    if np.any(largest > MAX_CONDITION * smallest):
        k = int(np.argmax(largest / smallest))
        condition = largest[k] / smallest[k]
        raise ValueError(f"cov[{k}] has condition number {condition:.3g}, above {MAX_CONDITION:g}: results would be noise")
    return Mixture(w / w.sum(), mu, cov)


def _numbers(value: Any, name: str) -> np.ndarray:
    try:
        array = np.array(value, dtype=float)
    except (TypeError, ValueError):
        raise ValueError(f"{name} must be an array of real numbers, without ragged rows") from None
    if not np.all(np.isfinite(array)):
        raise ValueError(f"{name} holds a NaN or an infinity at index {tuple(np.argwhere(~np.isfinite(array))[0].tolist())}")
    return array


def entropy_approximation(w: Any, mu: Any, cov: Any) -> float:
    r"""$\tilde H$ in nats, an upper bound of the entropy (Huber et al. 2008).

    One component has no gap: half of log 2πe.

    >>> round(entropy_approximation([1.0], [[0.0]], [[[1.0]]]), 12)
    1.418938533205
    """
    q = mixture(w, mu, cov)
    m = q.mu.shape[1]
    return float(q.w @ (0.5 * m * (LOG_2PI + 1) + 0.5 * q.log_det - np.log(q.w)))


def pair_spectrum(mu_k: Any, cov_k: Any, mu_l: Any, cov_l: Any) -> tuple[np.ndarray, np.ndarray]:
    r"""(lam, d), each (m,): in suitable coordinates component k is N(0, I) and component l is N(d, diag(lam)).

    That is $V^\top\Sigma_kV=I$, $V^\top\Sigma_lV=\mathrm{diag}(\lambda)$, $d=V^\top(\mu_l-\mu_k)$. Taken from the singular
    values of $L_k^{-1}L_l$, not from the eigenvalues of its square: the relative error of the smallest lam is about
    1e-16 times the square root of the product of both condition numbers, not the product itself.
    """
    mu_k, mu_l = np.atleast_1d(_numbers(mu_k, "mu_k")), np.atleast_1d(_numbers(mu_l, "mu_l"))
    q = mixture([0.5, 0.5], [mu_k, mu_l], [np.atleast_2d(_numbers(cov_k, "cov_k")), np.atleast_2d(_numbers(cov_l, "cov_l"))])
    lam, d = q.spectra
    return lam[0], d[0]


def _spectra(left: np.ndarray, right: np.ndarray, shift: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """For stacks of Cholesky factors (pairs, m, m) of Σ_k and Σ_l and shifts (pairs, m)."""
    m = shift.shape[-1]
    whitened = np.linalg.solve(left, np.concatenate([right, shift[:, :, None]], axis=2))
    u, singular, _ = np.linalg.svd(whitened[:, :, :m])
    return singular**2, np.einsum("pij,pi->pj", u, whitened[:, :, m])


def sample(w: Any, mu: Any, cov: Any, n: int, rng: np.random.Generator) -> Float[np.ndarray, "n m"]:
    """n independent points of q, in an order that is itself independent (no sorting by component)."""
    q = mixture(w, mu, cov)
    return draw(q.mu, q.cholesky, rng.choice(len(q.w), size=n, p=q.w), rng)


def draw(mean: np.ndarray, factor: np.ndarray, label: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """One point of N(mean[i], factor[i] factor[i]ᵀ) for each i in label."""
    points = rng.standard_normal((len(label), mean.shape[1]))
    for i in np.unique(label):
        chosen = label == i
        points[chosen] = mean[i] + points[chosen] @ factor[i].T
    return points


def log_density(w: Any, mu: Any, cov: Any, x: Any) -> Float[np.ndarray, " N"]:
    """log q(x), x (N, m), to about 1e-14 (m + |log q|) times the root of the condition number.

    Works through x in blocks that stay in the cache: a small GEMM for each component, then a logsumexp in place.
    """
    q = mixture(w, mu, cov)
    x = _points(x, q)
    out = np.empty(len(x))
    for rows, log_a in _blocks(q, x):
        top, total = log_a.max(axis=0), out[rows]
        log_a -= top
        np.exp(log_a, out=log_a)
        log_a.sum(axis=0, out=total)
        np.log(total, out=total)
        total += top
    return out


def log_components(w: Any, mu: Any, cov: Any, x: Any) -> Float[np.ndarray, "N K"]:
    """log A_k(x) = log w_k + log N_k(x), x (N, m)."""
    q = mixture(w, mu, cov)
    x = _points(x, q)
    out = np.empty((len(q.w), len(x)))  # components as rows: what follows runs along points
    for rows, log_a in _blocks(q, x):
        out[:, rows] = log_a
    return np.asarray(out.T)


def entropy_monte_carlo(w: Any, mu: Any, cov: Any, n: int, rng: np.random.Generator, delta: float = 1e-12) -> Enclosure:
    """H in nats by the mean of -log q over n samples, the naive way, but with an interval that holds: risk delta, "sampled".

    Why it holds: -log q(X) is at least L = -log Σ w_k / √det(2πΣ_k). Above it is cut at U, and for X from component k it
    is at most -log A_k(X) = c_k + Γ with Γ Gamma-distributed of shape m/2, so that the cut loses no more than
    Σ w_k E(Γ - (U - c_k))^+, in closed form; U is where the largest c_k leaves e^-20. What is left is bounded and goes to
    a confidence sequence; no normal approximation. Rounding of the densities adds 1e-12 (1 + |L| + |U|) root condition.
    ValueError for n < 2.
    """
    from scipy.special import gammaincc, gammaln

    from bounds.measure.sampling import confidence_interval

    q = mixture(w, mu, cov)
    if n < 2:
        raise ValueError(f"At least two samples are needed, not {n}")
    shape = q.mu.shape[1] / 2
    peak = shape * LOG_2PI + 0.5 * q.log_det - np.log(q.w)  # the least of -log A_k, c_k above
    low = float(-np.log(np.sum(np.exp(peak.min() - peak))) + peak.min())
    high = float(peak.max() + shape + np.sqrt(40 * shape) + 20)
    room = high - peak
    # E(Γ - x)^+ = shape Q(shape + 1, x) - x Q(shape, x), and Q(shape + 1, x) = Q(shape, x) + x^shape e^-x / Γ(shape + 1)
    excess = (shape - room) * gammaincc(shape, room) + shape * np.exp(shape * np.log(room) - room - gammaln(shape + 1))
    lost = float(q.w @ np.maximum(excess, 0.0)) + 1e-15
    value = -log_density(q.w, q.mu, q.cov, sample(q.w, q.mu, q.cov, n, rng))
    lo, hi = confidence_interval(np.clip((value - low) / (high - low), 0.0, 1.0), delta)
    slack = 1e-12 * (1 + abs(low) + abs(high)) * float(np.sqrt(q.condition))
    return Enclosure(low + lo * (high - low) - slack, low + hi * (high - low) + lost + slack, "sampled", delta)


def _points(x: Any, q: Mixture) -> np.ndarray:
    x = np.asarray(x, dtype=float)
    if x.ndim != 2 or x.shape[1] != q.mu.shape[1]:
        raise ValueError(f"x must have shape (N, {q.mu.shape[1]}), one point a row, not {x.shape}")
    return np.asarray(x)


def _blocks(q: Mixture, x: np.ndarray) -> Iterator[tuple[slice, np.ndarray]]:
    """Yields (rows, log A_k of those rows as (K, rows)); the yielded array is overwritten by the next block.

    Whitening x - centre with all inverse Cholesky factors at once makes the exponents -|z|² with an error of 1e-16 times the
    whitened distance of a mean from the centre. When that is above 100 each mean is subtracted first, at half the speed.
    """
    (K, m), N = q.mu.shape, len(x)
    whiten = np.linalg.inv(q.cholesky) * np.sqrt(0.5)
    centre = q.w @ q.mu
    offset = whiten @ (q.mu - centre)[:, :, None]
    constant = (np.log(q.w) - 0.5 * m * LOG_2PI - 0.5 * q.log_det)[:, None]
    together = np.abs(offset).max() < 100
    affine = np.concatenate([-offset, whiten], axis=2) if together else whiten
    shift, ones = (centre[:, None], 1) if together else (q.mu[:, :, None], 0)
    # rows i..i+16 of a triangular factor need only the first i+16 columns: this saves 3/8 of the work at m = 64
    bands = [np.ascontiguousarray(affine[:, i : i + 16, : min(i + 16, m) + ones]) for i in range(0, m, 16)]
    height = min(16, m)
    # Up to m = 255 no product has more than 2^18 multiplications, for which OpenBLAS starts no threads: they would meet at
    # every block, which is slower on a busy machine by far and hardly faster on a quiet one. And scratch stays in the cache.
    size = max(64, min(8192, 2**18 // (height * (m + 1)), 2**18 // (K * height)))
    for start in range(0, N, size):
        n = min(size, N - start)
        if start == 0 or n < size:
            points = np.ones((m + 1, n) if together else (K, m, n))
            scratch, log_a = np.empty((K, height, n)), np.empty((K, n))
        np.subtract(x[start : start + n].T, shift, out=points[1:] if together else points)
        log_a[:] = constant
        for band in bands:
            z = scratch[:, : band.shape[1]]
            np.matmul(band, points[..., : band.shape[2], :], out=z)  # one product for each component
            log_a -= np.einsum("kin,kin->kn", z, z)
        yield slice(start, start + n), log_a
