r"""The importance weights of the gap are bounded by 2 ln 2, for any covariances, and their mean is G/S.

With $A_k=w_kN_k$, $B=\sum_{k<l}\sqrt{A_kA_l}$, $S=\int B=\sum_{k<l}\sqrt{w_kw_l}\,BC(k,l)$ and K ≥ 2, draw X from the density
B/S: a pair with probability proportional to its term, then its midpoint Gaussian. Then for $\Psi=h(A(X))/B(X)$
$$ 0<\Psi\le2\ln2,\qquad E\,\Psi=\frac GS,\qquad 0\le R=\frac{E\,\Psi^2}{(E\,\Psi)^2}-1\le\frac{2\ln2\,S}G-1. $$
Both ends of R are attained by coincident components of equal weight, K = 2. The bound on R is no promise of efficiency: for
covariances of very different size it may be 1e40, and R with it.

Why: $h(A)\le\sum_{k<l}\phi(A_k,A_l)\le2\ln2\,B$ (`pair_sandwich`, `bhattacharyya`); $E\,\Psi=\int(h/B)(B/S)$; and
$E\,\Psi^2\le2\ln2\,E\,\Psi$, checked below as the identity that it is. With the exponents 1 - t and t in the place of 1/2 the
bound is the maximum c_t of the kernel, 1.58 at t = 1/3.

What is compared. (1) log Ψ at masses drawn freely, and (2) the largest Ψ that the sampler drew, with log 2 ln 2; both are
right to 1e-11. (3, on the line or for K = 2, where G is known) The mean of Ψ/(2 ln 2), in [0, 1], with G/(2 ln 2 S): their
distance is at most 1/10, a consequence that can also be confirmed, and more draws are taken until it is. (4, 5, on the
line) log(1 + R) between 0 and its bound, with E Ψ² = ∫ h²/B /S by quadrature, within 1e-12 of itself. (Last, where G is
known) The distance of (3) is 0. An equation of a sampled mean can only be refuted, so this entry survives at best and never
holds; what it resolves is the width of the confidence interval, a few hundredths at 2000 draws. S is taken from the
Bhattacharyya coefficients and G is that of `Case`, without sampling; (3) and the last share one risk of 1e-12 a look.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp

from bounds.claim import Array, Claim, Enclosure, Evidence, Int, Step, exact, rounded
from bounds.gmm_entropy.chernoff import c_t
from bounds.gmm_entropy.importance import gap_importance_sample
from bounds.gmm_entropy.instances import MIXTURES, Case, case, entries, on_first_axis
from bounds.gmm_entropy.line import integrals_on_line, log_label_entropy
from bounds.gmm_entropy.mixture import log_components, sample

LN4 = float(2 * np.log(2))
RESOLUTION = 0.1


@dataclass(frozen=True)
class Sampled:
    """A mixture of K ≥ 2 components, masses log A that need not come from it, and the randomness."""

    case: Case
    log_a: Float[np.ndarray, " K"]
    seed: int
    draws: int = 2000

    def psi(self, t: float = 0.5) -> Float[np.ndarray, " draws"]:
        """Draws of Ψ by the sampler."""
        rng = np.random.default_rng(self.seed)
        return gap_importance_sample(self.case.w, self.case.mu, self.case.cov, self.draws, rng, t).psi

    @property
    def on_line(self) -> bool:
        """Whether integrals can be had by quadrature."""
        return bool(self.case.mu.shape[1] == 1)

    @property
    def gap_is_known(self) -> bool:
        """Two components, or any on the line; else G is only known between a tree of pairs and their sum."""
        return self.on_line or len(self.case.w) == 2

    @cached_property
    def log_S(self) -> float:
        """log S by the Bhattacharyya coefficients."""
        return float(logsumexp(self.case.log_roots + self.case.log_overlaps))

    @cached_property
    def log_second_moment(self) -> Enclosure:
        """log ∫ h²/B − log G on the line."""
        scale = float(self.case.log_gap.lo)

        def square(_: np.ndarray, log_a: np.ndarray) -> np.ndarray:
            return np.asarray(np.exp(log_label_entropy(log_a) + log_psi(log_a) - scale)[None])

        value = integrals_on_line(square, self.case.w, self.case.mu[:, 0], self.case.cov[:, 0, 0])
        slack = 1e-11 + float(self.case.log_gap.hi) - scale
        return rounded(float(np.log(value[0])), rel=1e-15, abs=slack)


def sampled_weights(log_a: Float[np.ndarray, " K"], seed: int, **point: Any) -> Sampled:
    """Valid for every argument."""
    return Sampled(case(**point), np.asarray(log_a, float), seed)


def log_psi(log_a: np.ndarray, t: float = 0.5) -> np.ndarray:
    """log h(A) − log Σ_{k<l} A_k^{1−t} A_l^t, log A of shape (K, ...)."""
    k, l = np.triu_indices(len(log_a), 1)
    return np.asarray(log_label_entropy(log_a) - logsumexp((1 - t) * log_a[k] + t * log_a[l], axis=0))


def _drawn_from_the_mixture(x: Sampled) -> np.ndarray:
    """What Ψ is where X is drawn from q."""
    q = (x.case.w, x.case.mu, x.case.cov)
    points = sample(*q, x.draws, np.random.default_rng(x.seed))
    return np.asarray(np.exp(log_psi(log_components(*q, points).T)))


def log_weights(x: Sampled, t: float = 0.5) -> Enclosure:
    """log Ψ at the free masses, and the largest of the draws."""
    with np.errstate(divide="ignore"):  # weights below 1e-308 are drawn as 0; the largest of all is the question
        largest = float(np.log(x.psi(t).max()))
    return rounded(np.array([log_psi(x.log_a[:, None], t)[0], largest]), rel=1e-15, abs=1e-11)


def bias(
    x: Sampled, log_S: Callable[[Sampled], float] | None = None, psi: Callable[[Sampled], np.ndarray] | None = None
) -> Enclosure:
    """|E Ψ − G/S|/(2 ln 2), from the least to the greatest that the two enclosures allow; the least is negative, by how far
    they overlap, where they agree."""
    from bounds.measure.sampling import sampled

    mean = sampled(np.minimum((psi or Sampled.psi)(x) / LN4, 1.0))  # the minimum removes rounding only
    scale = (log_S or (lambda x: x.log_S))(x) + np.log(LN4)
    lo, hi = (float(np.exp(end - scale)) for end in (x.case.log_gap.lo, x.case.log_gap.hi))
    slack = 1e-9 * hi
    away = max(float(mean.lo) - hi, lo - float(mean.hi)) - slack
    return Enclosure(away, max(float(mean.hi) - lo, hi - float(mean.lo)) + slack, mean.trust, mean.risk)


def left(x: Sampled, t: float = 0.5, **changes: Any) -> Enclosure:
    """log Ψ twice; the bias; 0 and log(1 + R) on the line; the bias once more, as an attack."""
    parts = [log_weights(x, t)]
    off = bias(x, **changes) if x.gap_is_known else None
    if off:
        parts.append(off)
    if x.on_line:
        parts += [exact(0.0), _log_one_plus_r(x)]
    if off:
        parts.append(Enclosure(off.lo, np.inf, off.trust))  # the event of risk is that of the entry above
    return entries(*parts)


def right(x: Sampled, log_top: float = float(np.log(LN4)), log_variance: float = float(np.log(LN4))) -> Enclosure:
    """log 2 ln 2 twice; the resolution; log(1 + R) and its bound, log 2 ln 2 + log S − log G; no bias."""
    parts = [rounded(np.array([log_top] * 2), rel=1e-15, abs=1e-15)]
    if x.gap_is_known:
        parts.append(exact(RESOLUTION))
    if x.on_line:
        size = x.log_S - x.case.log_gap.lo, x.log_S - x.case.log_gap.hi
        slack = 1e-9 + 1e-12 * abs(x.log_S)
        parts += [_log_one_plus_r(x), Enclosure(log_variance + size[1] - slack, log_variance + size[0] + slack)]
    return entries(*parts, exact(0.0)) if x.gap_is_known else entries(*parts)


def _log_one_plus_r(x: Sampled) -> Enclosure:
    """log S + log ∫ h²/B − 2 log G."""
    second, gap = x.log_second_moment, x.case.log_gap
    slack = 1e-9 + 1e-12 * abs(x.log_S)
    return Enclosure(x.log_S + second.lo - gap.hi - slack, x.log_S + second.hi - gap.lo + slack)


def more_draws(x: Sampled) -> Sampled | None:
    """Four times the draws, twice."""
    return replace(x, draws=4 * x.draws, seed=x.seed + 1) if x.gap_is_known and x.draws < 30_000 else None


def _second_moment(power: int) -> Evidence:
    r"""$2\ln2\,E\Psi-E\Psi^2=\int\frac hB(2\ln2\,B-h)\frac1S$: pointwise, and each factor is at least 0."""
    import sympy as sp

    from bounds.measure.symbolic import identity

    h, B, S, top = sp.symbols("h B S top", positive=True)
    psi, density = h / B, B / S
    return identity(lambda: (top * psi - psi**power) * density - psi * (top * B - h) / S)


SPACE = {**MIXTURES, "K": Int(2, 4), "log_a": Array(("K",), -40, 0), "seed": Int(0, 2**31)}
AT_RANDOM = {"log_a": np.zeros(2), "seed": 1}

CLAIM = Claim(
    source="new",
    says="0 < Ψ ≤ 2 ln 2, E Ψ = G/S, and 0 ≤ R ≤ 2 ln 2 S/G − 1 for the relative variance R of Ψ",
    space=SPACE,
    build=sampled_weights,
    assumes={},
    actual=left,
    bound=right,
    tightness="difference",
    refine=more_draws,
    falsified={
        "Ψ ≤ 1.38": {"bound": lambda x: right(x, log_top=float(np.log(1.38)))},
        "Ψ ≤ 2 ln 2 for t = 1/3": {"actual": lambda x: left(x, 1 / 3)},
        "S without the overlaps": {"actual": lambda x: left(x, log_S=lambda x: float(logsumexp(x.case.log_roots)))},
        "S over ordered pairs": {"actual": lambda x: left(x, log_S=lambda x: x.log_S + float(np.log(2)))},
        "X drawn from the mixture": {"actual": lambda x: left(x, psi=_drawn_from_the_mixture)},
        "R ≤ S/G − 1": {"bound": lambda x: right(x, log_variance=0.0)},
    },
    also_true={
        "Ψ ≤ c_t for t = 1/3": {
            "actual": lambda x: log_weights(x, 1 / 3),
            "bound": lambda x: rounded(np.log([c_t(1 / 3)] * 2)),
        },
    },
    witness={
        "Ψ ≤ 1.38": {**on_first_axis(0.0), **AT_RANDOM},
        "Ψ ≤ 2 ln 2 for t = 1/3": {**on_first_axis(0.0), **AT_RANDOM, "log_a": np.array([-1.5, 0.0])},
        "S without the overlaps": {**on_first_axis(3.0), **AT_RANDOM},
        "S over ordered pairs": {**on_first_axis(1.0), **AT_RANDOM},
        "X drawn from the mixture": {**on_first_axis(6.0), **AT_RANDOM},
        "R ≤ S/G − 1": {**on_first_axis(0.0), **AT_RANDOM},
    },
    covers={
        "two components": lambda x: len(x.case.w) == 2,
        "three or more components": lambda x: len(x.case.w) > 2,
        "on the line": lambda x: x.on_line,
        "overlap below 1e-10": lambda x: x.log_S < -23,
    },
    tight_at=({**on_first_axis(0.0), **AT_RANDOM},),
    proof=(
        Step(
            says="2 ln 2 E Ψ − E Ψ² = ∫ Ψ (2 ln 2 B − h)/S",
            check=lambda: _second_moment(2),
            false_twin=lambda: _second_moment(1),
        ),
    ),
    cost=0.015,
)
