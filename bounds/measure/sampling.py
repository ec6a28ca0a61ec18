r"""Means of samples in [0, 1], with an error that holds at every sample size and not only in the limit.

Betting (Waudby-Smith and Ramdas, "Estimating means of bounded random variables by betting", 2024). Start with wealth 1
and before each sample Y_i stake λ_i, chosen from Y_1, ..., Y_{i-1} alone:
$$ W_n = \prod_{i\le n}\bigl(1+\lambda_i (Y_i-\mu_0)\bigr), \qquad 0\le\lambda_i\le \tfrac34/\mu_0 . $$
Each factor is at least 1/4, and if the mean is at most μ0 its expectation given the past is at most 1. So W is a
nonnegative supermartingale and P(sup_n W_n ≥ 1/δ) ≤ δ (Ville): one may look after every sample. What is needed is
only E[Y_i | past] ≤ μ0; independence is not.

Rounding. A stake computed in floats is still a function of the past, so rounding there costs nothing. The error of the
computed log W_n is at most (n + 16) u Σ|log factor_i|, u = 2^-53: each factor's logarithm is right to 16 u (three
roundings in λ(Y - μ0), amplified at most 2.2 times by log1p above -3/4, and 4 ulps of log1p itself), and a running sum
of n terms adds (n - 1) u. The confidence bounds below subtract that budget; whoever compares `log_e_process` with
log 1/δ should leave it as a margin. The caller vouches that each Y_i as a float has the mean in question.
"""

import math
from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainccinv, betaincinv

from bounds.claim import Enclosure
from bounds.measure.rounding import U

RISK = 1e-12  # of one look; a million looks then fit into 1e-6


def _samples(Y: ArrayLike) -> np.ndarray:
    values = np.asarray(Y, dtype=float)
    if values.ndim != 1 or values.size == 0:
        raise ValueError(f"Y must be a vector of at least one sample, got an array of shape {values.shape}")
    if not (values.min() >= 0 and values.max() <= 1):
        wrong = int(np.argmin((values >= 0) & (values <= 1)))
        raise ValueError(f"every sample must lie in [0, 1], but Y[{wrong}] is {values[wrong]}")
    return values


def _probability(value: float, name: str) -> float:
    if not 0 < value < 1:
        raise ValueError(f"{name} must lie strictly between 0 and 1, got {value}")
    return float(value)


def _past(Y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and variance as seen before each sample, pulled towards one imagined sample 1/2 of variance 1/4."""
    i = np.arange(1, Y.size + 1)
    total = np.cumsum(Y)
    square = np.cumsum((Y - total / i) ** 2)
    before_total, before_square = (np.concatenate(([0.0], running[:-1])) for running in (total, square))
    return (0.5 + before_total) / i, (0.25 + before_square) / i


def log_e_process(Y: ArrayLike, mu0: float, alternative: Literal["greater", "less"] = "greater") -> np.ndarray:
    """log W_1, ..., log W_n (nats): evidence that the mean of Y exceeds mu0 ("greater") or lies below it ("less").

    If the mean is at most (at least) mu0, P(some log W_n ≥ log 1/δ) ≤ δ, however often one looks. Not reaching log 1/δ
    says "not refuted", never "proved"; to certify mean ≤ mu0, reject "mean ≥ mu0" by alternative="less". The processes
    of independent runs may be added.

    Y: (n,) in [0, 1]; 0 < mu0 < 1. ValueError otherwise.

    >>> bool(log_e_process(np.ones(99), 0.5)[-1] > np.log(1e12))
    True
    """
    values, mean0 = _samples(Y), _probability(mu0, "mu0")
    if alternative not in ("greater", "less"):
        raise ValueError(f'alternative must be "greater" or "less", got {alternative!r}')
    mean, variance = _past(values)
    # "less" is the same bet on 1 - Y against 1 - mu0, written so that neither is rounded
    sign, room = (1.0, mean0) if alternative == "greater" else (-1.0, 1.0 - mean0)
    edge = sign * (mean - mean0)
    stake = np.clip(edge / (variance + edge * edge), 0.0, 0.75 / room)
    return np.asarray(np.cumsum(np.log1p(sign * stake * (values - mean0))))


def _last_rejected(slack: Callable[[float], float], rejected: float, accepted: float) -> float:
    """The end of the interval of means with slack ≥ 0, found by false position (Illinois); itself rejected.

    Both ends of the bracket are evaluated values, so the answer never depends on where the iteration stops.
    """
    at_rejected, at_accepted, kept = slack(rejected), slack(accepted), 0
    if at_rejected < 0:
        return rejected
    while abs(accepted - rejected) > 1e-9 * max(accepted, rejected):
        middle = float((rejected * at_accepted - accepted * at_rejected) / (at_accepted - at_rejected))
        if not min(rejected, accepted) < middle < max(rejected, accepted):
            middle = 0.5 * (rejected + accepted)
            if middle in (rejected, accepted):
                break
        value = slack(middle)
        if value >= 0:
            rejected, at_rejected = middle, value
            at_accepted, kept = (0.5 * at_accepted if kept > 0 else at_accepted), 1
        else:
            accepted, at_accepted = middle, value
            at_rejected, kept = (0.5 * at_rejected if kept < 0 else at_rejected), -1
    return rejected


def _bound(Y: ArrayLike, delta: float, planned: int | None, sign: float) -> float:
    values, log_threshold = _samples(Y), -math.log(_probability(delta, "delta"))
    size = values.size if planned is None else planned
    if size < 1:
        raise ValueError(f"planned must be a positive number of samples, got {planned}")
    stake = np.sqrt(2 * log_threshold / (size * _past(values)[1]))

    def slack(mean: float) -> float:
        room = mean if sign > 0 else 1.0 - mean
        terms = np.log1p(sign * np.minimum(stake, 0.75 / room if room > 0 else np.inf) * (values - mean))
        budget = (values.size + 16) * U * float(np.abs(terms).sum())
        return float(np.cumsum(terms).max()) - budget - log_threshold

    return _last_rejected(slack, *((0.0, 1.0) if sign > 0 else (1.0, 0.0)))


def lower_confidence_bound(Y: ArrayLike, delta: float, planned: int | None = None) -> float:
    """A number above the mean of Y with probability at most delta.

    The stakes are b_i = sqrt(2 log(1/δ) / (planned · variance before i)), free of the mean μ0 on trial, cut at
    0.75/μ0. Each factor 1 + min(b_i, 0.75/μ0)(Y_i - μ0) then falls as μ0 grows, so the rejected means form an interval
    (0, LB); the bound is its end for the largest wealth so far. If the mean is rejected at any time so is everything
    below it: for a fixed `planned` (default: the length of Y) the bounds of all prefixes hold together.

    Y: (n,) in [0, 1]; 0 < delta < 1. ValueError otherwise.

    >>> 0.6 < lower_confidence_bound(np.ones(100), 1e-12) < 1
    True
    """
    return _bound(Y, delta, planned, 1.0)


def upper_confidence_bound(Y: ArrayLike, delta: float, planned: int | None = None) -> float:
    """A number below the mean of Y with probability at most delta: `lower_confidence_bound` of 1 - Y, mirrored."""
    return _bound(Y, delta, planned, -1.0)


def confidence_interval(Y: ArrayLike, delta: float, planned: int | None = None) -> tuple[float, float]:
    """An interval that misses the mean of Y with probability at most delta, half of it on each side."""
    half = _probability(delta, "delta") / 2
    return lower_confidence_bound(Y, half, planned), upper_confidence_bound(Y, half, planned)


def empirical_bernstein(Y: ArrayLike, delta: float) -> tuple[float, float]:
    """An interval that misses the mean of n independent samples with probability at most delta; one look only.

    mean ± [sqrt(2 V log(4/δ) / n) + 7 log(4/δ) / (3 (n - 1))], V the unbiased variance: Maurer and Pontil, "Empirical
    Bernstein bounds", 2009, Theorem 4, with δ/2 on each side. The end is moved by 4 (n + 16) u, more than mean and
    variance can lose to rounding. Y: (n,) in [0, 1], n ≥ 2; 0 < delta < 1. ValueError otherwise.

    >>> empirical_bernstein([0.5, 0.5], 0.05)
    (0.0, 1.0)
    """
    values, log_term = _samples(Y), np.log(4 / _probability(delta, "delta"))
    n = values.size
    if n < 2:
        raise ValueError("an empirical variance takes at least two samples, got one")
    width = np.sqrt(2 * values.var(ddof=1) * log_term / n) + 7 * log_term / (3 * (n - 1)) + 4 * (n + 16) * U
    return max(0.0, float(values.mean() - width)), min(1.0, float(values.mean() + width))


def binomial_interval(successes: int, trials: int, risk: float) -> tuple[float, float]:
    """Clopper and Pearson's interval for a probability: misses it with probability at most risk, half on each side.

    The ends solve P(Bin(n, lo) ≥ k) = risk/2 = P(Bin(n, hi) ≤ k). The upper one uses the complementary inverse, since
    1 - risk/2 would keep only four digits of a risk of 1e-12. Both are moved outwards by 1e-7 of themselves: scipy's
    inverses (Boost) are seldom better than their stopping rule, and were seen wrong by up to 4e-9 of the end (n = 1e9,
    k = 1) against balls, for n up to 1e12. At risks near 1e-300 they may fail, which leaves that end trivial.

    0 ≤ successes ≤ trials, 1 ≤ trials ≤ 1e12, 0 < risk < 1. ValueError otherwise.

    >>> lo, hi = binomial_interval(0, 100, 1e-12)
    >>> lo, bool(abs(hi - (1 - 5e-13 ** 0.01)) < 1e-6)
    (0.0, True)
    """
    k, n, tail = int(successes), int(trials), _probability(risk, "risk") / 2
    if k != successes or n != trials or not (0 <= k <= n and 1 <= n <= 10**12):
        raise ValueError(f"0 <= successes <= trials and 1 <= trials <= 1e12 must hold in integers, got {successes} of {trials}")
    lo = float(betaincinv(k, n - k + 1, tail)) * (1 - 1e-7) if k else 0.0
    hi = float(betainccinv(k + 1, n - k, tail)) * (1 + 1e-7) if k < n else 1.0
    return (lo if lo > 0 else 0.0), (hi if hi < 1 else 1.0)  # in this form an inverse that fails (NaN) says nothing


def sampled(Y: ArrayLike, scale: float = 1.0, risk: float = RISK) -> Enclosure:
    """scale times the mean of Y, by `confidence_interval`; scale > 0 is rounded into the ends.

    >>> sampled(np.full(1000, 0.5), scale=2.0).risk
    1e-12
    """
    if not 0 < scale < np.inf:
        raise ValueError(f"scale must be positive and finite, got {scale}")
    lo, hi = confidence_interval(Y, risk)
    return Enclosure(float(np.nextafter(scale * lo, 0.0)), float(np.nextafter(scale * hi, np.inf)), "sampled", risk)


def log_sampled(Y: ArrayLike, log_scale: float = 0.0, risk: float = RISK) -> Enclosure:
    """log_scale + log(mean of Y) in nats, by `confidence_interval`; -inf below when no positive mean is excluded.

    The ends are moved by 4 u (1 + |log_scale| + |log mean|), more than one logarithm and one sum can lose.
    """
    if not np.isfinite(log_scale):
        raise ValueError(f"log_scale must be finite, got {log_scale}")
    lo, hi = (math.log(end) if end > 0 else -math.inf for end in confidence_interval(Y, risk))
    lo -= 4 * U * (1 + abs(log_scale) + abs(lo)) if np.isfinite(lo) else 0.0
    hi += 4 * U * (1 + abs(log_scale) + abs(hi))
    return Enclosure(float(log_scale + lo), float(log_scale + hi), "sampled", risk)


def sampled_rate(successes: int, trials: int, risk: float = RISK) -> Enclosure:
    """The probability behind so many successes in independent trials, by `binomial_interval`.

    >>> sampled_rate(5, 10).trust
    'sampled'
    """
    return Enclosure(*binomial_interval(successes, trials, risk), "sampled", risk)
