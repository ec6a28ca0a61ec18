r"""A user's own mixture: read it from a file or from a fitted scikit-learn model, and certify its entropy.

`certify` encloses the gap $G=\tilde H-H$ by the best method that applies, and so the entropy; it lists every bound of this
package that applies beside it, and how loose each is. Files are read without pickle.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.special import entr

from bounds.claim import Enclosure, rounded
from bounds.gmm_entropy.chernoff import log_bhattacharyya
from bounds.gmm_entropy.equal_covariance import reduce_equal_covariance
from bounds.gmm_entropy.importance import log_gap_sampled
from bounds.gmm_entropy.line import log_gap_on_line, log_gap_on_plane
from bounds.gmm_entropy.mixture import Mixture, entropy_approximation, entropy_monte_carlo, mixture
from bounds.gmm_entropy.overlap_bounds import log_bhattacharyya_bound, log_chernoff_bound, log_renyi_bound
from bounds.gmm_entropy.pair_gap import log_pair_gap_enclosure
from bounds.gmm_entropy.pairwise_distance import log_kolchinsky_tracey
from bounds.gmm_entropy.paper_bound import log_paper_bound
from bounds.gmm_entropy.sandwich import log_max_tree, log_pair_sum
from bounds.gmm_entropy.separation_alpha import separation
from bounds.gmm_entropy.triple_overlap import triple_term

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
    readers: dict[str, Callable[[Path], Mapping[str, Any]]] = {".npz": _npz, ".json": _json, ".safetensors": _safetensors}
    if file.suffix not in readers:
        raise UnreadableMixture(f"{file} should end in .npz, .json or .safetensors")
    if not file.is_file():
        raise FileNotFoundError(f"{file} is {'a folder' if file.is_dir() else 'not there'}")
    fields = readers[file.suffix](file)
    for name in ("weights", "means", "covariances"):
        if name not in fields:
            held = ", ".join(sorted(fields)) or "nothing"
            raise UnreadableMixture(f"{file} has no field {name!r}; it holds {held}, and needs weights, means, covariances")
    kind = fields.get("covariance_type")
    try:
        return _assemble(fields["weights"], fields["means"], fields["covariances"], None if kind is None else str(kind))
    except ValueError as problem:
        raise UnreadableMixture(f"{file}: {problem}") from problem


def _npz(file: Path) -> Mapping[str, Any]:
    import zipfile

    try:
        with np.load(file, allow_pickle=False) as archive:
            return {name: archive[name] for name in archive.files}
    except (ValueError, EOFError, AttributeError, TypeError, zipfile.BadZipFile) as problem:
        raise UnreadableMixture(f"{file} is no .npz of plain arrays: {problem}") from problem


def _json(file: Path) -> Mapping[str, Any]:
    try:
        fields = json.loads(file.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as problem:
        raise UnreadableMixture(f"{file} is not JSON: {problem}") from problem
    if not isinstance(fields, dict):
        raise UnreadableMixture(f"{file} should hold an object with weights, means, covariances, not a {type(fields).__name__}")
    return fields


def _safetensors(file: Path) -> Mapping[str, Any]:
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(file, framework="numpy") as archive:
            fields = {name: archive.get_tensor(name) for name in archive.keys()}  # noqa: SIM118 (no mapping)
            return fields | dict(archive.metadata() or {})
    except (SafetensorError, TypeError) as problem:
        raise UnreadableMixture(f"{file} is no .safetensors file that numpy can read: {problem}") from problem


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
    except (TypeError, ValueError):
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
    factor K/2; special cases are tight to rounding. See `_log_gap` for who vouches for which.
    """
    K, m = x.mu.shape
    approximation = _approximation(x)
    log_gap, by = _log_gap(x)
    gap_lo, gap_hi = np.exp(log_gap.lo), np.exp(log_gap.hi)
    entropy = Enclosure(float(approximation.lo - gap_hi), float(approximation.hi - gap_lo))
    rng = np.random.default_rng(seed)
    sampled = log_gap_sampled(x.w, x.mu, x.cov, samples, rng) if samples and K > 1 else None
    monte_carlo = entropy_monte_carlo(x.w, x.mu, x.cov, samples, rng) if samples else None
    return Certificate(
        K, m, approximation, log_gap, by, entropy, sampled, monte_carlo, _bounds(x, float(log_gap.hi)), _alphas(x)
    )


def _approximation(x: Mixture) -> Enclosure:
    r"""H̃ with its rounding. The computed Cholesky factor is that of Σ + E, $|E|\le\gamma_{m+1}|L||L^T|$ (Higham, Accuracy and
    Stability, Thm 10.3), which moves log det Σ by tr(Σ⁻¹E) to first order; twice that covers the rest while it is small."""
    value, m = entropy_approximation(x.w, x.mu, x.cov), x.mu.shape[1]
    spread = np.abs(x.cholesky) @ np.abs(np.swapaxes(x.cholesky, 1, 2))
    moved = (m + 1) * U * np.sum(np.abs(np.linalg.inv(x.cov)) * spread, axis=(1, 2))
    terms = x.w @ (m * 3 + np.abs(x.log_det)) + entr(x.w).sum()
    return rounded(value, abs=float(x.w @ moved) + 4 * (m + len(x.w)) * U * float(terms))


def _spectrum_budget(x: Mixture, log_weights: float, lam: np.ndarray, d: np.ndarray, log_gap: float) -> float:
    r"""How much rounding in the pair spectrum moves log G_kl.

    Rounding replaces each factor Γ by Γ(I + F) with $\|F\|\le\eta=4m\,u\,$cond (backward error of Cholesky, triangular
    solves and SVD). By the gradient of the gap (claim `gap_gradient`), in coordinates where Γ = I for the perturbed
    component, $|dG|\le\tfrac\eta2\sqrt{ab}\,BC\,(E|s_l-s_k|^2\,E|z|^2)^{1/2}$ under the midpoint Gaussian, for each of the
    two components; doubled for the second order.
    """
    eta = 4 * len(lam) * U * x.condition
    middle, width, score = d / (1 + lam), 2 * lam / (1 + lam), (2 * d / (1 + lam)) ** 2 + 2 * (1 - lam) ** 2 / (lam * (1 + lam))
    first = np.sum(score) * np.sum(middle**2 + width)
    second = np.sum(lam * score) * np.sum((lam * middle) ** 2 / lam + width / lam)
    log_overlap = log_weights / 2 + log_bhattacharyya(lam, d)
    return float(eta * np.exp(min(log_overlap - log_gap, 700.0)) * (np.sqrt(first) + np.sqrt(second)))


def _log_gap(x: Mixture) -> tuple[Enclosure, str]:
    """log G and the method: exact cases first, then what is tight to rounding, then the sandwich."""
    K = len(x.w)
    if K == 1:
        return Enclosure(-np.inf, -np.inf, "proved"), "one component has no gap"
    if K > 2 and (quadrature := _quadrature(x)) is not None:
        return quadrature
    lo, hi = np.full((K, K), -np.inf), np.full((K, K), -np.inf)
    for k, l, lam, d in zip(*x.pairs, *x.spectra, strict=True):
        ends = log_pair_gap_enclosure(x.w[k], x.w[l], lam, d)
        slack = _spectrum_budget(x, float(np.log(x.w[k]) + np.log(x.w[l])), lam, d, float(ends.lo))
        lo[k, l] = lo[l, k] = float(ends.lo) - slack
        hi[k, l] = hi[l, k] = float(ends.hi) + slack
    if K == 2:
        return Enclosure(float(lo[0, 1]), float(hi[0, 1])), "contour formula for a pair"
    tree, total = log_max_tree(lo), log_pair_sum(hi)
    if K == 3:
        # G = U + T exactly; T is a small negative correction, certified to 1e-9 of U by halving the step
        term, coarse = (triple_term(x.w, x.mu, x.cov, step=step) for step in (0.05, 0.1))
        slack = abs(term - coarse) + 1e-9 * np.exp(total)
        low, high = np.exp(log_pair_sum(lo)) + term - slack, np.exp(total) + term + slack
        if low > np.exp(tree) and high <= np.exp(total):
            return _log(Enclosure(low, high)), "pair sum and triple term"
    return Enclosure(float(tree), float(total)), "pair sandwich: largest tree ≤ gap ≤ sum"


def _quadrature(x: Mixture) -> tuple[Enclosure, str] | None:
    """log G of a mixture that lives on a line or on a plane; ten times the error that the quadratures argue for, and 1e-12
    times the condition number for reducing it to one."""
    if x.mu.shape[1] == 1:
        value, by = log_gap_on_line(x.w, x.mu[:, 0], x.cov[:, 0, 0]), "quadrature on the line"
    elif np.all(x.cov == x.cov[0]):
        w, z = reduce_equal_covariance(x.w, x.mu, x.cov[0])
        rank = z.shape[1]
        if rank > 2:
            return None
        line = z[:, 0] if rank else np.zeros(len(w))
        value = log_gap_on_plane(w, z) if rank == 2 else log_gap_on_line(w, line, np.ones(len(w)))
        by = f"equal covariances, quadrature on the {'plane' if rank == 2 else 'line'}"
    else:
        return None
    return rounded(value, rel=1e-13, abs=1e-11 + 1e-12 * (1 + abs(value)) * (x.condition - 1)), by


def _log(value: Enclosure) -> Enclosure:
    with np.errstate(divide="ignore"):
        return Enclosure(float(np.log(np.maximum(value.lo, 0.0))), float(np.log(value.hi)), value.trust, value.risk)


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
            "label entropy H(w)": float(np.log(entr(x.w).sum())),
        }
    return tuple(Bound(name, float(value), float(value) - log_gap) for name, value in values.items())


def _alphas(x: Mixture) -> Float[np.ndarray, "K K"]:
    K = len(x.w)
    out = np.zeros((K, K))
    for k, l, lam, d in zip(*x.pairs, *x.spectra, strict=True):
        out[k, l] = out[l, k] = separation(lam, d)[0]
    return out
