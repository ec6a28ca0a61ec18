r"""One covariance: the gap depends only on the span of the whitened mean differences, whatever the dimension.

For components of one covariance Σ let $z_k=\Sigma^{-1/2}(\mu_k-\mu_1)$, r ≤ min(K−1, m) their rank and the rows of R an
orthonormal basis of their span. Then
$$ G\Big(\sum_kw_k\,\mathcal N(\mu_k,\Sigma)\text{ on }\mathbb R^m\Big)
   =G\Big(\sum_kw_k\,\mathcal N(Rz_k,I_r)\text{ on }\mathbb R^r\Big), $$
and G = H(w) for r = 0.
Why: at $x=\mu_1+\Sigma^{1/2}y$, $\log(A_j/A_k)=\log(w_j/w_k)+(z_j-z_k)\cdot y-\tfrac12(|z_j|^2-|z_k|^2)$ is affine in the
coordinates of y in the span (checked below), and the others integrate to 1.

In nats, for r ≤ 2. Left: the difference between both sides as computed: the integral of h over all of $\mathbb R^m$, m ≤ 3, on
a grid along the axes of Σ, without any reduction; and panels on the line or the trapezoidal rule on the plane for the
reduced mixture. Right: what the grid may be off: the change when its step doubles (convergence is geometric, so the error
is about its square), and 1e-9 for what lies beyond 6.5 deviations: m ≤ 3 tails of 8e-11, on which h is at most log 4 times q.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.special import entr, softmax

from bounds.claim import Array, Choice, Claim, Enclosure, Evidence, Int, Real, Step
from bounds.gmm_entropy.equal_covariance import reduce_equal_covariance
from bounds.gmm_entropy.line import gap_on_line, gap_on_plane, log_label_entropy
from bounds.gmm_entropy.mixture import log_components


@dataclass(frozen=True)
class OneCovariance:
    """K components of one covariance, their means in a plane, on a line or at a point."""

    w: Float[np.ndarray, " K"]
    mu: Float[np.ndarray, "K m"]
    cov: Float[np.ndarray, "m m"]

    @cached_property
    def unreduced(self) -> tuple[float, float]:
        """The integral of h over R^m, and how much it changes when the step is doubled."""
        K, m = self.mu.shape
        if K == 1:
            return 0.0, 0.0
        value, axes = np.linalg.eigh(self.cov)
        deviation = np.sqrt(value)
        along = self.mu @ axes / deviation  # only to place the grid
        delta = max(1.0, float(np.linalg.norm(along[:, None] - along, axis=2).max()))
        step = 1.1 / max(delta, 2.0)
        grids = []
        for i in range(m):
            low, high = along[:, i].min() - 6.5, along[:, i].max() + 6.5
            grids.append(low + step * np.arange(2 * int(np.ceil((high - low) / step / 2)) + 1))
        grid = np.stack(np.meshgrid(*grids, indexing="ij"), axis=-1)
        log_a = log_components(
            self.w, self.mu, np.repeat(self.cov[None], K, axis=0), (grid * deviation).reshape(-1, m) @ axes.T
        )
        h = np.exp(log_label_entropy(log_a.T)).reshape(grid.shape[:-1]) * step**m * deviation.prod()
        fine = float(h.sum())
        return fine, abs(fine - 2**m * float(h[(slice(None, None, 2),) * m].sum()))


def one_covariance(
    K: int,
    m: int,
    rank: int,
    logits: Float[np.ndarray, " K"],
    place: Float[np.ndarray, "K 2"],
    basis: Float[np.ndarray, "2 m"],
    sd: Float[np.ndarray, " m"],
    shear: Float[np.ndarray, "m m"],
    size: float,
) -> OneCovariance:
    """Whitened means: the first `rank` coordinates of `place` along `basis`, of length at most `size`. Σ = L Lᵀ as in
    `instances.case`."""
    factor = np.asarray(sd, float)[:, None] * (np.tril(np.asarray(shear, float).reshape(m, m), -1) + np.eye(m))
    position = np.asarray(place, float).reshape(K, 2)[:, :rank] @ np.asarray(basis, float).reshape(2, m)[:rank]
    return OneCovariance(softmax(np.asarray(logits, float)), size / (2 * np.sqrt(m)) * position @ factor.T, factor @ factor.T)


def reduced(x: OneCovariance, *, whiten: bool = True, rank: int = 2, from_origin: bool = False) -> float:
    """The gap of the mixture in the span. Misreadings: Σ^(1/2) left out, only the first `rank` singular directions kept."""
    w, z = reduce_equal_covariance(x.w, x.mu, x.cov if whiten else np.eye(len(x.cov)))
    z = z[:, :rank]
    if from_origin:
        z = np.linalg.norm(z, axis=1)[:, None]
    if len(w) == 1 or z.shape[1] == 0:
        return float(entr(w).sum())
    return gap_on_line(w, z[:, 0], np.ones(len(w))) if z.shape[1] == 1 else gap_on_plane(w, z)


def difference(x: OneCovariance, **misread: Any) -> Enclosure:
    """|unreduced − reduced| as computed."""
    value = abs(x.unreduced[0] - reduced(x, **misread))
    return Enclosure(value, value)


def budget(x: OneCovariance) -> Enclosure:
    """See the module's docstring."""
    return Enclosure(x.unreduced[1] + 1e-9, x.unreduced[1] + 1e-9)


def _span(x: OneCovariance) -> tuple[bool, int, int]:
    """Three components or more, dimension of the space, dimension of the span of the means."""
    return len(x.w) > 2, x.mu.shape[1], int(np.linalg.matrix_rank(x.mu - x.mu[0], tol=1e-9))


def _affine(shared: int) -> Evidence:
    """log N(y; p, I) − log N(y; q, I) = (p − q)·y − (|p|² − |q|²)/2 in two dimensions; the twin has a second covariance."""
    import sympy as sp

    from bounds.measure.symbolic import identity

    x, y, a, b, c, d = sp.symbols("x y a b c d", real=True)
    log_ratio = ((x - c) ** 2 + (y - d) ** 2) / (2 * shared) - ((x - a) ** 2 + (y - b) ** 2) / 2
    return identity(lambda: log_ratio - (a - c) * x - (b - d) * y + (a**2 + b**2 - c**2 - d**2) / 2)


TRIANGLE = {  # means (0, 0), (3, 0), (0, 3)
    "K": 3,
    "m": 2,
    "rank": 2,
    "logits": np.zeros(3),
    "place": np.array([[0.0, 0.0], [3.0, 0.0], [0.0, 3.0]]),
    "basis": np.eye(2),
    "sd": np.ones(2),
    "shear": np.zeros((2, 2)),
    "size": 2 * np.sqrt(2),
}
CLAIM = Claim(
    source="furuya2022entropy, the case of equal covariances (recalled in kind)",
    says="one covariance: G equals the gap of the unit-covariance mixture of the whitened means in their span",
    space={
        "K": Int(1, 4),
        "m": Int(1, 3),
        "rank": Choice((1, 2)),
        "logits": Array(("K",), -4, 4),
        "place": Array(("K", 2), -1, 1),
        "basis": Array((2, "m"), -1, 1),
        "sd": Array(("m",), 0.3, 3, log=True),
        "shear": Array(("m", "m"), -1, 1),
        "size": Real(0.2, 2, log=True),
    },
    build=one_covariance,
    assumes={},
    actual=difference,
    bound=budget,
    falsified={
        "Σ^(1/2) left out": {"actual": lambda x: difference(x, whiten=False)},
        "only the first principal direction": {"actual": lambda x: difference(x, rank=1)},
        "only the distances from the first mean": {"actual": lambda x: difference(x, from_origin=True)},
    },
    witness={
        "only the first principal direction": TRIANGLE,
        "only the distances from the first mean": TRIANGLE,
    },
    covers={
        "one component": lambda x: len(x.w) == 1,
        "three or more in a plane of space": lambda x: _span(x) == (True, 3, 2),
        "three or more on a line of space": lambda x: _span(x) == (True, 3, 1),
        "coincident": lambda x: len(x.w) > 1 and bool(np.all(x.mu == x.mu[0])),
    },
    proof=(
        Step(
            says="the log-ratio of two components of one covariance is affine in y",
            check=lambda: _affine(1),
            false_twin=lambda: _affine(2),
        ),
    ),
    cost=0.008,
)
