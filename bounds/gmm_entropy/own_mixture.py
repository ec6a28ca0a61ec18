r"""A user's own mixture: read it from a file or from a fitted scikit-learn model, and certify its entropy.

`certify` encloses the gap $G=\tilde H-H$ by the best method that applies, and so the entropy; it lists every bound of this
package that applies beside it, and how loose each is. Files are read without pickle.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.special import entr

from bounds.claim import Enclosure, rounded
from bounds.common.files import UnreadableFile, checked_path, read_arrays, read_json, read_metadata
from bounds.gmm_entropy.chernoff import c_t, log_chernoff
from bounds.gmm_entropy.equal_covariance import reduce_equal_covariance
from bounds.gmm_entropy.importance import log_gap_sampled
from bounds.gmm_entropy.line import NEGLIGIBLE, log_gap_on_line, log_gap_on_plane, log_label_entropy
from bounds.gmm_entropy.mixture import Mixture, entropy_approximation, entropy_monte_carlo, mixture
from bounds.gmm_entropy.overlap_bounds import log_bhattacharyya_bound, log_chernoff_bound, log_renyi_bound
from bounds.gmm_entropy.pair_gap import Indeterminate, log_pair_gap_enclosure, saddle
from bounds.gmm_entropy.pairwise_distance import log_kolchinsky_tracey
from bounds.gmm_entropy.paper_bound import log_paper_bound
from bounds.gmm_entropy.sandwich import log_max_tree, log_pair_sum
from bounds.gmm_entropy.separation_alpha import separation
from bounds.gmm_entropy.triple_overlap import log_gap_of_three

COVARIANCE_TYPES = ("full", "diag", "spherical", "tied")
U = 2.0**-53


class UnreadableMixture(ValueError):
    """The file or object is no mixture; the message says in one sentence what is wrong, where, and what is allowed."""


# ---- reading --------------------------------------------------------------------------------------------------------


def from_sklearn(fitted: Any) -> Mixture:
    """A fitted `sklearn.mixture.GaussianMixture` or `BayesianGaussianMixture`, of any covariance type.

    Raises UnreadableMixture if it is not fitted or no mixture.
    """
    missing = [name for name in ("weights_", "means_", "covariances_", "covariance_type") if not hasattr(fitted, name)]
    if missing:
        what = type(fitted).__name__
        raise UnreadableMixture(f"{what} has no {missing[0]}: it must be a scikit-learn mixture after fit")
    return _assemble(fitted.weights_, fitted.means_, fitted.covariances_, fitted.covariance_type)


def read_mixture(file: Path) -> Mixture:
    """weights (K,), means (K, m) and covariances (K, m, m), (K, m), (K,) or (m, m) from .npz, .json or .safetensors.

    The shape of covariances tells its type (full, diag, spherical, tied). Where two types have the same shape (K = m and a
    square matrix) a field `covariance_type` must say which: a string in .npz and .json, metadata in .safetensors.
    Raises UnreadableMixture, or OSError if the file cannot be opened.
    """
    try:
        fields = _fields(checked_path(file, (".npz", ".json", ".safetensors")))
    except UnreadableFile as problem:
        raise UnreadableMixture(str(problem)) from problem
    for name in ("weights", "means", "covariances"):
        if name not in fields:
            held = ", ".join(sorted(fields)) or "nothing"
            raise UnreadableMixture(f"{file} has no field {name!r}; it holds {held}, and needs weights, means, covariances")
    kind = fields.get("covariance_type")
    try:
        return _assemble(fields["weights"], fields["means"], fields["covariances"], None if kind is None else str(kind))
    except ValueError as problem:
        raise UnreadableMixture(f"{file}: {problem}") from problem


def _fields(file: Path) -> Mapping[str, Any]:
    if file.suffix == ".safetensors":
        return read_arrays(file) | read_metadata(file)
    if file.suffix == ".npz":
        return read_arrays(file)
    fields = read_json(file)
    if not isinstance(fields, dict):
        raise UnreadableMixture(f"{file} should hold an object with weights, means, covariances, not a {type(fields).__name__}")
    return fields


def _assemble(weights: Any, means: Any, covariances: Any, kind: str | None) -> Mixture:
    w, mu, given = (
        _array(value, name) for value, name in ((weights, "weights"), (means, "means"), (covariances, "covariances"))
    )
    if mu.ndim != 2 or w.ndim != 1 or len(w) != len(mu) or mu.size == 0:
        raise UnreadableMixture(f"weights should be (K,) and means (K, m), with K, m >= 1, not {w.shape} and {mu.shape}")
    K, m = mu.shape
    shapes = {"full": (K, m, m), "diag": (K, m), "spherical": (K,), "tied": (m, m)}
    if kind is not None and kind not in shapes:
        raise UnreadableMixture(f"covariance_type is {kind!r}; it should be one of {', '.join(COVARIANCE_TYPES)}")
    fitting = [name for name, shape in shapes.items() if shape == given.shape and kind in (None, name)]
    if not fitting:
        wanted = f"{shapes[kind]} ({kind})" if kind else ", ".join(f"{shape} ({name})" for name, shape in shapes.items())
        raise UnreadableMixture(f"covariances has shape {given.shape}; for K = {K} and m = {m} it should be {wanted}")
    if len(fitting) > 1 and K > 1:  # one variance is the same matrix either way
        raise UnreadableMixture(
            f"covariances has shape {given.shape}, which may mean {' or '.join(fitting)}: say which in a field covariance_type"
        )
    match fitting[0]:
        case "full":
            cov = given
        case "tied":
            cov = np.repeat(given[None], K, axis=0)
        case _:  # diag, or spherical: variances along the axes
            cov = given.reshape(K, -1, 1) * np.eye(m)
    return mixture(w, mu, cov)


def _array(value: Any, name: str) -> np.ndarray:
    try:
        array = np.asarray(value, dtype=float)
    except (TypeError, ValueError, OverflowError):
        raise UnreadableMixture(f"{name} should be an array of real numbers, without ragged rows") from None
    if not np.all(np.isfinite(array)):
        where = tuple(np.argwhere(~np.isfinite(array))[0].tolist())
        raise UnreadableMixture(f"{name} holds a NaN or an infinity at index {where}")
    return array


# ---- certifying -----------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Bound:
    """One upper bound on the gap, in nats as a logarithm (−inf for 0), and by how much it exceeds the gap at least."""

    name: str
    log_value: float
    log_excess: float  # log(bound / upper end of the gap); 0 or less: no looser than what is known of the gap


@dataclass(frozen=True)
class Certificate:
    """What is known of the entropy of one mixture; entropies in nats, the gap as its logarithm."""

    components: int
    dimension: int
    approximation: Enclosure  # H̃
    log_gap: Enclosure
    gap_by: str
    entropy: Enclosure  # H, from the two above
    log_gap_sampled: Enclosure | None  # None for one component
    monte_carlo: Enclosure | None  # naive estimate of H, for comparison
    bounds: tuple[Bound, ...]
    alpha: Float[np.ndarray, "K K"]  # pairwise separations


def certify(x: Mixture, *, samples: int = 20_000, seed: int = 0) -> Certificate:
    """Enclose H̃, the gap and the entropy of a mixture; `samples` 0 leaves sampling out.

    Whatever the dimension and the number of components, the pair sandwich (tree ≤ G ≤ sum) encloses the gap to within a
    factor K/2; special cases are tight to rounding. See `_log_gap` for who vouches for which. Each sampled interval has
    its own risk of 1e-12. ValueError for means so far apart (1e150 deviations) that squares overflow.
    """
    K, m = x.mu.shape
    approximation = _approximation(x)
    log_gap, by = _log_gap(x)
    gap_lo, gap_hi = np.exp(log_gap.lo), np.exp(log_gap.hi)
    entropy = Enclosure(float(approximation.lo - gap_hi), float(approximation.hi - gap_lo))
    rng = np.random.default_rng(seed)
    sampled = _sampled(x, samples, rng) if samples and K > 1 else None
    monte_carlo = entropy_monte_carlo(x.w, x.mu, x.cov, samples, rng) if samples else None
    return Certificate(
        K, m, approximation, log_gap, by, entropy, sampled, monte_carlo, _bounds(x, float(log_gap.hi)), _alphas(x)
    )


def _sampled(x: Mixture, samples: int, rng: np.random.Generator) -> Enclosure:
    """log G by importance sampling; where a pair has no usable saddle, with t = 1/2, which is valid though wide."""
    try:
        return log_gap_sampled(x.w, x.mu, x.cov, samples, rng)
    except Indeterminate:
        return log_gap_sampled(x.w, x.mu, x.cov, samples, rng, t=0.5)


def _approximation(x: Mixture) -> Enclosure:
    r"""H̃ with its rounding. The computed Cholesky factor is that of Σ + E, $|E|\le\gamma_{m+1}|L||L^T|$ (Higham, Accuracy and
    Stability, Thm 10.3), which moves log det Σ by tr(Σ⁻¹E) to first order; twice that covers the rest while it is small."""
    value, m = entropy_approximation(x.w, x.mu, x.cov), x.mu.shape[1]
    spread = np.abs(x.cholesky) @ np.abs(np.swapaxes(x.cholesky, 1, 2))
    moved = (m + 1) * U * np.sum(np.abs(np.linalg.inv(x.cov)) * spread, axis=(1, 2))
    terms = x.w @ (m * 3 + np.abs(x.log_det)) + entr(x.w).sum()
    return rounded(value, abs=float(x.w @ moved) + 4 * (m + len(x.w)) * U * float(terms))


def _pair_enclosure(x: Mixture, a: float, b: float, lam: np.ndarray, d: np.ndarray) -> Enclosure:
    r"""log G_kl by the contour formula, with what rounding in the pair spectrum moves it by.

    Rounding replaces each factor Γ by Γ(I + F) with $\|F\|\le\eta=4m\,u\,$cond (backward error of Cholesky, triangular
    solves and SVD). In the gradient of the gap (claim `gap_gradient`) $A_kA_l/(A_k+A_l)\le t^t(1-t)^{1-t}A_k^{1-t}A_l^t$, so
    that in coordinates where Γ = I for the perturbed component
    $|dG|\le\eta\,t^t(1-t)^{1-t}a^{1-t}b^tC_t\,(E|s_l-s_k|^2\,E|z|^2)^{1/2}$ under the normalised $N_k^{1-t}N_l^t$, for each of
    the two components; doubled for the second order. At the saddle t this is of the size of η G, while at t = 1/2 it may
    exceed G by any factor.

    The upper end is at most $c_ta^{1-t}b^tC_t$ (claim `chernoff_sum`, true for every t), whose exponent and determinant η
    moves by 2η each: this still says something where log G is so large, or so far from any saddle, that its digits are gone.
    """
    found = log_pair_gap_enclosure(a, b, lam, d)
    try:
        t = saddle(a, b, lam, d)
    except Indeterminate:
        t = 0.5
    eta = 4 * len(lam) * U * x.condition
    r = t + (1 - t) * lam
    log_c = log_chernoff(t, lam, d)
    with np.errstate(over="ignore", invalid="ignore"):
        score = (d / r) ** 2 + (1 - lam) ** 2 / (lam * r)
        first = np.sum(score) * np.sum((t * d / r) ** 2 + lam / r)
        second = np.sum(lam * score) * np.sum(lam * ((1 - t) * d / r) ** 2 + 1 / r)
        log_overlap = t * np.log(t * b) + (1 - t) * np.log((1 - t) * a) + log_c
        moved = float(2 * eta * np.exp(min(log_overlap - float(found.lo), 700.0)) * (np.sqrt(first) + np.sqrt(second)))
    if not moved < 0.1 * (1 + abs(float(found.lo))):  # a NaN too; beyond, a first order says nothing
        moved = np.inf
    above = np.log(c_t(t)) + (1 - t) * np.log(a) + t * np.log(b) + log_c
    above += (4 * eta + 1e-13) * (len(lam) + abs(log_c)) + 1e-13 * (float(np.abs(np.log(lam)).sum()) - np.log(a) - np.log(b))
    return Enclosure(float(found.lo) - moved, min(float(found.hi) + moved, float(above)))


def _log_gap(x: Mixture) -> tuple[Enclosure, str]:
    """log G and the method: the narrowest of what applies, and never above the entropy of the label (claim `label_entropy`).

    Pair gaps come first, because they depend on differences of two means only. The quadratures see all means in one
    system of coordinates, in which far components cost the near ones digits; they and the triple term are only looked at
    where the sandwich leaves a gap, for one of three components that is more than a relative 1e-9.
    """
    if len(x.w) == 1:
        return Enclosure(-np.inf, -np.inf, "proved"), "one component has no gap"
    found = [_from_pairs(x)]
    if len(x.w) > 2 and not _width(found[0]) < 1e-9:
        found += [other for other in (_quadrature(x),) if other is not None]
        if len(x.w) == 3 and len(found) == 1:
            found.append((log_gap_of_three(x.w, x.mu, x.cov), "pair sum and triple term"))
    best, by = min(found, key=_width)
    most = _log_label(x)
    return best._replace(hi=min(float(best.hi), most + 1e-12 * (1 + abs(most)))), by


def _log_label(x: Mixture) -> float:
    """log H(w), without what 1 − w loses when the other weights are below 1e-16."""
    return float(log_label_entropy(np.log(x.w)[:, None])[0])


def _width(found: tuple[Enclosure, str]) -> float:
    width = float(found[0].hi) - float(found[0].lo)
    return width if width >= 0 else np.inf  # a NaN is no width


def _from_pairs(x: Mixture) -> tuple[Enclosure, str]:
    """The pair itself, or from the largest tree of pairs to their sum (claim `pair_sandwich`)."""
    K = len(x.w)
    lo, hi = np.full((K, K), -np.inf), np.full((K, K), -np.inf)
    for k, l, lam, d in zip(*x.pairs, *x.spectra, strict=True):
        ends = _pair_enclosure(x, float(x.w[k]), float(x.w[l]), lam, d)
        lo[k, l] = lo[l, k] = ends.lo
        hi[k, l] = hi[l, k] = ends.hi
    if K == 2:
        return Enclosure(float(lo[0, 1]), float(hi[0, 1])), "contour formula for a pair"
    return Enclosure(log_max_tree(lo), log_pair_sum(hi)), "pair sandwich: largest tree ≤ gap ≤ sum"


def _quadrature(x: Mixture) -> tuple[Enclosure, str] | None:
    r"""log G of a mixture that lives on a line or on a plane; ten times the error that the quadratures argue for, and what
    reducing it to one costs.

    Each z_k of the reduction, and each node of the quadrature, is off by at most $e=8(m+K)\,u\,\mathrm{cond}\max|z|$, and by
    $10^{-13}\max(m,K)\sqrt K\max|z|$ more where a direction was left out. $|\nabla_{z_k}G|\le\frac12\sum_l\sqrt{w_kw_l}\,
    e^{-\delta^2/8}\delta$ (claim `gap_gradient`), here with the worst δ within 2e; doubled once more. None where that is
    more than a hundredth of G.
    """
    K, m = x.mu.shape
    if m == 1:
        value, by = log_gap_on_line(x.w, x.mu[:, 0], x.cov[:, 0, 0]), "quadrature on the line"
        return rounded(value, rel=1e-13, abs=1e-11), by
    if not np.all(x.cov == x.cov[0]):
        return None
    w, z = reduce_equal_covariance(x.w, x.mu, x.cov[0])
    rank = z.shape[1]
    if rank > 2:
        return None
    k, l = x.pairs
    delta = np.linalg.norm(z[k] - z[l], axis=1)
    log_roots = 0.5 * (np.log(w[k]) + np.log(w[l])) - delta**2 / 8
    if rank == 2 and np.max(delta[log_roots > log_roots.max() - NEGLIGIBLE]) > 2000:
        return None  # a grid for the fastest log-ratio would take a minute
    value = log_gap_on_plane(w, z) if rank == 2 else log_gap_on_line(w, z[:, 0] if rank else np.zeros(K), np.ones(K))
    if not np.isfinite(value):
        return None
    largest = float(np.max(np.linalg.norm(z, axis=1), initial=0.0))
    away = 8 * (m + K) * U * x.condition * largest + (1e-13 * max(m, K) * np.sqrt(K) * largest if rank < min(K - 1, m) else 0.0)
    log_worst = 0.5 * (np.log(w[k]) + np.log(w[l])) - np.maximum(delta - 2 * away, 0.0) ** 2 / 8
    moved = 2 * away * float(np.sum(np.exp(np.minimum(log_worst - value, 700.0)) * (delta + 2 * away)))
    if not moved < 0.01:
        return None
    by = f"equal covariances, quadrature on the {'plane' if rank == 2 else 'line'}"
    return rounded(value, rel=1e-13, abs=1e-11 + moved), by


def _bounds(x: Mixture, log_gap: float) -> tuple[Bound, ...]:
    if len(x.w) == 1:
        return ()
    with np.errstate(divide="ignore"):
        values = {
            "paper's main bound, best common s": log_paper_bound(x.w, x.mu, x.cov, "common")[0],
            "paper's main bound, best s for each pair": log_paper_bound(x.w, x.mu, x.cov, "pairwise")[0],
            "2 ln 2 × Bhattacharyya sum": log_bhattacharyya_bound(x.w, x.mu, x.cov),
            "Chernoff sum at t*": log_chernoff_bound(x.w, x.mu, x.cov),
            "log(1 + 2 × Bhattacharyya sum)": log_renyi_bound(x.w, x.mu, x.cov),
            "Kolchinsky–Tracey, t = 1/2": log_kolchinsky_tracey(x.w, x.mu, x.cov, 0.5)[1],
            "label entropy H(w)": _log_label(x),
        }
    return tuple(Bound(name, float(value), float(value) - log_gap) for name, value in values.items())


def _alphas(x: Mixture) -> Float[np.ndarray, "K K"]:
    K = len(x.w)
    out = np.zeros((K, K))
    for k, l, lam, d in zip(*x.pairs, *x.spectra, strict=True):
        out[k, l] = out[l, k] = separation(lam, d)[0]
    return out
