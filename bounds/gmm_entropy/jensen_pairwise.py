r"""The gap between two sums over pairs: relative entropies below, Chernoff coefficients with one common exponent above.

For any fixed t in [0, 1],
$$ \sum_kw_k\log\Big(1+\sum_{j\ne k}\frac{w_j}{w_k}e^{-KL(N_k\|N_j)}\Big)\;\le\;G\;\le\;
   \sum_kw_k\log\Big(1+\sum_{j\ne k}\frac{w_j}{w_k}\int N_k^tN_j^{1-t}\Big). $$
Why, below: $G=\sum_kw_kE_{N_k}\log(1+\sum_{j\ne k}e^{u_j})$ with $u_j=\log(A_j/A_k)$, whose mean is
$\log(w_j/w_k)-KL(N_k\|N_j)$, and log-sum-exp is convex (Jensen; convexity in one variable and the Gaussian KL are checked
below). Above: with $q_t=\sum_jw_jN_j^{1-t}$, $-\int N_k\log(q_t/N_k^{1-t})\ge-\log\int N_k^tq_t$, and the remainder
$-\sum_kw_k\int N_k\log(q/(N_k^tq_t))\ge-\log\int q_t\,q/q_t=0$; both by Jensen, for the reader.
Coincident components: both sides exact. At t = 0 and t = 1 the upper one is H(w). One t must serve all pairs: with the best t
of each pair the upper bound is false, though only for very different covariances.

All are logarithms of nats. G: `Case.log_gap`, by the contour formula, panels on the line, or pair gaps; no KL or average of
overlaps enters there. The two sums: `instances.logs` says who vouches for the rounding.
"""

from collections.abc import Callable
from dataclasses import dataclass
from itertools import combinations
from typing import Any

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp

from bounds.claim import Claim, Enclosure, Evidence, Int, Real, Step
from bounds.gmm_entropy.chernoff import log_chernoff, log_log1p_exp
from bounds.gmm_entropy.instances import MIXTURES, Case, case, logs, on_first_axis
from bounds.gmm_entropy.separation_alpha import separation

Share = Callable[[np.ndarray, np.ndarray], tuple[float, float]]  # (lam, d) of k < j -> logs for the ordered pairs kj and jk


@dataclass(frozen=True)
class WithT:
    """A mixture and the common exponent of the upper bound."""

    case: Case
    t: float


def with_t(t: float, **point: Any) -> WithT:
    """Valid for every t in [0, 1]."""
    return WithT(case(**point), t)


def log_average(x: Case, share: Share) -> float:
    """log Σ_k w_k log(1 + Σ_{j≠k} (w_j/w_k) e^share); -inf for one component."""
    K = len(x.w)
    if K == 1:
        return -np.inf
    exponent: Float[np.ndarray, "K K"] = np.log(x.w) - np.log(x.w)[:, None]
    for k, j in combinations(range(K), 2):
        forth, back = share(*x.spectrum(k, j))
        exponent[k, j] += forth
        exponent[j, k] += back
    np.fill_diagonal(exponent, -np.inf)
    return float(logsumexp(np.log(x.w) + log_log1p_exp(logsumexp(exponent, axis=1))))


def minus_divergences(lam: np.ndarray, d: np.ndarray) -> tuple[float, float]:
    """−KL(N_k ‖ N_j) and −KL(N_j ‖ N_k), N_k = N(0, I), N_j = N(d, diag(lam)); x − 1 − log x is 0 at x = 1 without rounding."""
    forth = np.sum(1 / lam - 1 + np.log(lam) + d * d / lam)
    back = np.sum(lam - 1 - np.log(lam) + d * d)
    return -float(forth) / 2, -float(back) / 2


def swapped(lam: np.ndarray, d: np.ndarray) -> tuple[float, float]:
    """The arguments of KL exchanged."""
    forth, back = minus_divergences(lam, d)
    return back, forth


def overlaps(t: float) -> Share:
    """log ∫N_k^t N_j^(1−t) and log ∫N_j^t N_k^(1−t)."""
    return lambda lam, d: (log_chernoff(1 - t, lam, d), log_chernoff(t, lam, d))


def best_overlaps(lam: np.ndarray, d: np.ndarray) -> tuple[float, float]:
    """log C_t for both orders at the t that defines the separation, nearly the best of the pair."""
    value = log_chernoff(separation(lam, d)[1], lam, d)
    return value, value


def left(x: WithT, share: Share = minus_divergences) -> Enclosure:
    """log of the lower bound, log G."""
    return logs(log_average(x.case, share), x.case.log_gap)


def right(x: WithT, share: Share | None = None) -> Enclosure:
    """log G, log of the upper bound."""
    return logs(x.case.log_gap, log_average(x.case, share or overlaps(x.t)))


def _convex(sign: int) -> Evidence:
    """The second derivative of log(1 + e^u) is e^u/(1 + e^u)² > 0."""
    import sympy as sp

    from bounds.measure.symbolic import identity

    u = sp.symbols("u", real=True)
    return identity(lambda: sp.diff(sp.log(1 + sp.exp(u)), u, 2) - sp.exp(u) / (1 + sign * sp.exp(u)) ** 2)


def _divergence(power: int) -> Evidence:
    """KL(N(0,1) ‖ N(d, v)) of one coordinate by integration, against (1/v − 1 + log v + d²/v^power)/2."""
    import sympy as sp

    from bounds.measure.symbolic import identity

    d, z = sp.symbols("d z", real=True)
    v = sp.symbols("v", positive=True)
    log_ratio = -(z**2) / 2 + (z - d) ** 2 / (2 * v) + sp.log(v) / 2
    mean = sp.integrate(sp.expand(log_ratio * sp.exp(-(z**2) / 2) / sp.sqrt(2 * sp.pi)), (z, -sp.oo, sp.oo))
    return identity(lambda: mean - (1 / v - 1 + sp.log(v) + d**2 / v**power) / 2)


SPACE = {**MIXTURES, "t": Real(0, 1)}
TWO_ON_THE_LINE = {"space": {**SPACE, "K": Int(2, 2), "m": Int(1, 1)}, "cost": 0.002}  # whose gap is exact and cheap
CLAIM = Claim(
    source="kolchinsky2017mixture, bounds by pairwise distances, as bounds on the gap",
    says="Σ w_k log(1 + Σ_{j≠k} (w_j/w_k) e^(−KL(N_k‖N_j))) ≤ G ≤ Σ w_k log(1 + Σ_{j≠k} (w_j/w_k) ∫N_k^t N_j^(1−t))",
    space=SPACE,
    build=with_t,
    assumes={},
    actual=left,
    bound=right,
    tightness="difference",
    falsified={
        "arguments of KL swapped": {"actual": lambda x: left(x, swapped), **TWO_ON_THE_LINE},
        "lower bound with Bhattacharyya instead of KL": {"actual": lambda x: left(x, overlaps(0.5))},
        "upper bound with KL": {"bound": lambda x: right(x, minus_divergences)},
        "the best t for each pair": {"bound": lambda x: right(x, best_overlaps), **TWO_ON_THE_LINE},
    },
    witness={
        "arguments of KL swapped": {**on_first_axis(3.0, sd=(1.0, 100.0), log_odds=float(np.log(99))), "t": 0.5},
        "lower bound with Bhattacharyya instead of KL": {**on_first_axis(3.0), "t": 0.5},
        "upper bound with KL": {**on_first_axis(3.0), "t": 0.5},
        "the best t for each pair": {**on_first_axis(2020.0, sd=(1.0, 100.0), log_odds=-float(np.log(999))), "t": 0.5},
    },
    covers={
        "one component": lambda x: len(x.case.w) == 1,
        "three or more components": lambda x: len(x.case.w) > 2,
        "t far from one half": lambda x: len(x.case.w) > 1 and abs(x.t - 0.5) > 0.4,
        "lower bound below 1e-300": lambda x: len(x.case.w) > 1 and log_average(x.case, minus_divergences) < -691,
    },
    tight_at=({**on_first_axis(0.0), "t": 0.3},),
    proof=(
        Step(says="(log(1 + e^u))'' = e^u/(1 + e^u)² > 0", check=lambda: _convex(1), false_twin=lambda: _convex(-1)),
        Step(
            says="KL(N(0,1) ‖ N(d, v)) = (1/v − 1 + log v + d²/v)/2",
            check=lambda: _divergence(1),
            false_twin=lambda: _divergence(2),
        ),
    ),
    cost=0.005,
)
