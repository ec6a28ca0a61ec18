"""What the claims of this paper draw: a pair of components seen through its spectrum, and a mixture of up to four.

Both builders accept every argument, so no draw is wasted, and both reach the places where the theorems are tight or break:
coincident components, one shared covariance, weights and variances of very different size, gaps far below 1e-300.
"""

from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np
from jaxtyping import Float
from scipy.special import expit, softmax

from bounds.claim import Array, Axis, Choice, Enclosure, Int, Real, rounded
from bounds.gmm_entropy.chernoff import log_bhattacharyya
from bounds.gmm_entropy.line import log_gap_on_line
from bounds.gmm_entropy.mixture import pair_spectrum
from bounds.gmm_entropy.pair_gap import log_pair_gap_enclosure
from bounds.gmm_entropy.sandwich import log_gap_sandwich
from bounds.gmm_entropy.separation_alpha import separation


def logs(*values: Enclosure | float) -> Enclosure:
    """One entry each: enclosures as they are, other logarithms within 1e-9 or 1e-12 of their size. The argument for those:
    they are sums of exponentials of at most a dozen terms, whose exponents come from pair spectra and from α between two
    certificates that agree to 1e-12. Covariances of `case` have conditions up to 3e5, but graded rows, which Cholesky
    factors without losing digits to them: against sixty digits overlaps and α² used a tenth of the budget at corners of the
    box, a thousandth elsewhere (`tests/gmm_entropy/test_rounding_budgets.py`)."""
    ends = [v if isinstance(v, Enclosure) else rounded(v, rel=1e-12, abs=1e-9) for v in values]
    order = ("proved", "rounded", "sampled")
    trust = max((e.trust for e in ends), key=order.index)
    lo, hi = (np.array([float(getattr(e, side)) for e in ends]) for side in ("lo", "hi"))
    return Enclosure(lo, hi, trust, sum(e.risk for e in ends))


def entries(*parts: Enclosure) -> Enclosure:
    """The entries of several enclosures, numbers or vectors, as one vector; the weakest trust, the sum of the risks."""
    order = ("proved", "rounded", "sampled")
    lo, hi = (np.hstack([np.asarray(getattr(part, side), dtype=float) for part in parts]) for side in ("lo", "hi"))
    return Enclosure(lo, hi, max((part.trust for part in parts), key=order.index), sum(part.risk for part in parts))


PAIRS: dict[str, Axis] = {
    "m": Int(1, 4),
    "log_odds": Real(-8, 8),  # log(a/b), a + b = 1
    "lam": Array(("m",), 1e-4, 1e4, log=True),
    "reach": Real(0, 40),  # in one dimension, alpha itself
    "direction": Array(("m",), -1, 1),
    "alike": Choice((False, True)),  # True: equal covariances, lam = 1
}
MIXTURES: dict[str, Axis] = {
    "K": Int(1, 4),
    "m": Int(1, 3),
    "logits": Array(("K",), -5, 5),
    "mean": Array(("K", "m"), -1, 1),
    "spread": Real(0.1, 200, log=True),
    "sd": Array(("K", "m"), 0.1, 10, log=True),
    "shear": Array(("K", "m", "m"), -1, 1),
    "shape": Choice(("free", "one covariance", "coincident")),
}


@dataclass(frozen=True)
class Pair:
    """Two components: weights a + b = 1, generalised eigenvalues lam and whitened mean difference d (section 0 of the paper's
    notation). The gap, alpha and all bounds depend on these alone."""

    a: float
    b: float
    lam: Float[np.ndarray, " m"]
    d: Float[np.ndarray, " m"]
    rigorous: bool = False  # the gap in ball arithmetic, when floats could not decide

    @cached_property
    def log_gap(self) -> Enclosure:
        """log G in nats: by the contour formula in floats, or in balls after `finer`."""
        if self.rigorous:
            from bounds.gmm_entropy.balls import pair_gap_enclosure

            return pair_gap_enclosure(self.a, self.b, self.lam, self.d)
        return log_pair_gap_enclosure(self.a, self.b, self.lam, self.d)

    @cached_property
    def alpha(self) -> float:
        """The separation, to twelve digits by its two certificates."""
        return float(separation(self.lam, self.d)[0])


def pair(
    m: int, log_odds: float, lam: Float[np.ndarray, " m"], reach: float, direction: Float[np.ndarray, " m"], alike: bool
) -> Pair:
    """`reach` is in units of the sum of both standard deviations along each axis, so that it is about alpha."""
    lam = np.ones(m) if alike else np.asarray(lam, float)
    d = reach * (1 + np.sqrt(lam)) * np.asarray(direction, float)
    return Pair(float(expit(log_odds)), float(expit(-log_odds)), lam, d)


def finer(x: Pair) -> Pair | None:
    """The same pair with its gap in ball arithmetic, once."""
    return None if x.rigorous else replace(x, rigorous=True)


@dataclass(frozen=True)
class Case:
    """A mixture of K components in dimension m."""

    w: Float[np.ndarray, " K"]
    mu: Float[np.ndarray, "K m"]
    cov: Float[np.ndarray, "K m m"]

    @cached_property
    def log_gap(self) -> Enclosure:
        """log G in nats. Three or more components on a line: by quadrature, ten times the error that it argues for. Otherwise
        from the largest tree of pair gaps to their sum, which is exact for two components and rests on `pair_sandwich`."""
        if len(self.w) > 2 and self.mu.shape[1] == 1:
            return rounded(log_gap_on_line(self.w, self.mu[:, 0], self.cov[:, 0, 0]), rel=1e-13, abs=1e-11)
        return log_gap_sandwich(self.w, self.mu, self.cov)

    @cached_property
    def log_overlaps(self) -> Float[np.ndarray, " pairs"]:
        """log BC(k, l) for k < l."""
        k, l = np.triu_indices(len(self.w), 1)
        return np.array([log_bhattacharyya(*self.spectrum(i, j)) for i, j in zip(k.tolist(), l.tolist(), strict=True)])

    @cached_property
    def log_roots(self) -> Float[np.ndarray, " pairs"]:
        """log √(w_k w_l) for k < l."""
        k, l = np.triu_indices(len(self.w), 1)
        return np.asarray((np.log(self.w[k]) + np.log(self.w[l])) / 2)

    def spectrum(self, k: int, l: int) -> tuple[np.ndarray, np.ndarray]:
        """(lam, d) of a pair."""
        return pair_spectrum(self.mu[k], self.cov[k], self.mu[l], self.cov[l])

    @cached_property
    def alpha(self) -> Float[np.ndarray, "K K"]:
        """Pairwise separations; 0 on the diagonal."""
        K = len(self.w)
        out = np.zeros((K, K))
        for k in range(K):
            for j in range(k + 1, K):
                out[k, j] = out[j, k] = separation(*self.spectrum(k, j))[0]
        return out


def case(
    K: int,
    m: int,
    logits: Float[np.ndarray, " K"],
    mean: Float[np.ndarray, "K m"],
    spread: float,
    sd: Float[np.ndarray, "K m"],
    shear: Float[np.ndarray, "K m m"],
    shape: str,
) -> Case:
    """Covariances L Lᵀ with L lower triangular, diagonal sd and below it sd·shear; `shape` makes them, or all, equal."""
    mu, sd = spread * np.asarray(mean, float).reshape(K, m), np.asarray(sd, float).reshape(K, m)
    factor = sd[:, :, None] * (np.tril(np.asarray(shear, float).reshape(K, m, m), -1) + np.eye(m))
    cov = factor @ np.swapaxes(factor, 1, 2)
    if shape != "free":
        cov = np.repeat(cov[:1], K, axis=0)
    if shape == "coincident":
        mu = np.repeat(mu[:1], K, axis=0)
    return Case(softmax(np.asarray(logits, float)), mu, cov)


def on_first_axis(
    distance: float, *, m: int = 1, sd: tuple[float, float] = (1.0, 1.0), log_odds: float = 0.0
) -> dict[str, object]:
    """The point of MIXTURES with two isotropic components this far apart: for witnesses and for points where sides meet."""
    mean = np.zeros((2, m))
    mean[1, 0] = 1.0 if distance else 0.0
    return {
        "K": 2,
        "m": m,
        "logits": np.array([log_odds, 0.0]),
        "mean": mean,
        "spread": distance or 1.0,
        "sd": np.repeat(np.array(sd)[:, None], m, axis=1),
        "shear": np.zeros((2, m, m)),
        "shape": "free",
    }
