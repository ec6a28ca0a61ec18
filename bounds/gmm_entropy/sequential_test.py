r"""A test by betting rejects a true hypothesis with probability at most δ, however often one looks; so does its lower bound.

For samples $Y_i\in[0,1]$ whose mean given the past is at most μ0, and stakes $0\le\lambda_i\le\tfrac34/\mu_0$ that depend on
the past alone, the wealth $W_n=\prod_{i\le n}(1+\lambda_i(Y_i-\mu_0))$ has
$$ P\big(\sup_nW_n\ge1/\delta\big)\;\le\;\delta . $$
On the other side (mean at least μ0) the factors are $1-\lambda_i(Y_i-\mu_0)$ and the cap is $\tfrac34/(1-\mu_0)$; with the
first cap factors can be negative once μ0 < 3/7. A lower confidence bound, the end of the rejected means, exceeds the mean
with probability at most δ.
Why: each factor is at least 1/4 (checked below: the caps do just that) and has mean at most 1 given the past, so W is a
nonnegative supermartingale, and Ville's inequality applies. For coin tosses the probability is also summed over all paths,
in exact arithmetic, below. This is how an estimate by importance sampling refutes a bound of the gap (`importance`).

Left: the share of simulated runs that end in rejection, with an exact binomial interval of risk 1e-12; samples are beta with
mean μ0 exactly at the edge of the hypothesis, the hardest place, from nearly two-valued to nearly constant. Right: δ.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from typing import Literal

import numpy as np
from jaxtyping import Bool, Float
from scipy.special import ndtri

from bounds.claim import Axis, Choice, Claim, Enclosure, Evidence, Int, Real, Step, exact
from bounds.measure.sampling import log_e_process, lower_confidence_bound, sampled_rate

Rejections = Callable[["Looks"], Bool[np.ndarray, " draws"]]


@dataclass(frozen=True)
class Looks:
    """A procedure that may look after each of n samples, on `draws` independent runs."""

    procedure: str
    mean: float  # of the samples, and the hypothesis: both at once
    concentration: float  # of the beta law: 0.1 nearly two-valued, 30 nearly constant
    n: int
    delta: float
    seed: int
    draws: int = 200

    @cached_property
    def samples(self) -> Float[np.ndarray, "draws n"]:
        """Fresh for every number of draws."""
        rng = np.random.default_rng([self.seed, self.draws])
        a, b = self.concentration * self.mean, self.concentration * (1 - self.mean)
        return rng.beta(a, b, (self.draws, self.n))


def rejections(x: Looks) -> Bool[np.ndarray, " draws"]:
    """By the package's own test, or by its lower bound lying above the mean."""
    if x.procedure == "lower bound":
        return np.array([lower_confidence_bound(Y, x.delta) > x.mean for Y in x.samples])
    side: Literal["greater", "less"] = "greater" if x.procedure == "test above" else "less"
    return np.array([log_e_process(Y, x.mean, side).max() >= -np.log(x.delta) for Y in x.samples])


def z_test(x: Looks) -> Bool[np.ndarray, " draws"]:
    """The one-sided test for one fixed n, inspected after every sample from the 21st on."""
    i = np.arange(1, x.n + 1)
    mean = np.cumsum(x.samples, axis=1) / i
    variance = np.maximum(np.cumsum(x.samples**2, axis=1) / i - mean**2, 0) * i / np.maximum(i - 1, 1)
    beyond = mean - x.mean > ndtri(1 - x.delta) * np.sqrt(variance / i)
    return np.asarray(beyond[:, 20:].any(axis=1))


def by_hand(x: Looks, *, plain_cap: bool = False, peek: bool = False) -> Bool[np.ndarray, " draws"]:
    """The test, all runs at once, with misreadings: the cap of the other side, or stakes that have seen the present sample.
    A factor may then be negative, so the wealth is kept as sign and logarithm."""
    above = x.procedure == "test above"
    sign, room = (1, x.mean) if above else (-1, x.mean if plain_cap else 1 - x.mean)
    i = np.arange(1, x.n + 1)
    total = np.cumsum(x.samples, axis=1)
    square = np.cumsum((x.samples - total / i) ** 2, axis=1)
    if not peek:
        total, square = (np.pad(past[:, :-1], ((0, 0), (1, 0))) for past in (total, square))
    edge = sign * ((0.5 + total) / (i + peek) - x.mean)
    stake = np.clip(edge / ((0.25 + square) / (i + peek) + edge**2), 0, 0.75 / room)
    factor = 1 + sign * stake * (x.samples - x.mean)
    with np.errstate(divide="ignore"):
        log_wealth = np.cumsum(np.log(np.abs(factor)), axis=1)
    positive = np.cumprod(np.sign(factor), axis=1) > 0
    return np.asarray((positive & (log_wealth >= -np.log(x.delta))).any(axis=1))


def rate(x: Looks, procedure: Rejections = rejections) -> Enclosure:
    """The probability of a rejection, from its frequency."""
    return sampled_rate(int(procedure(x).sum()), x.draws)


def more_draws(x: Looks) -> Looks | None:
    """Four times the sample, once."""
    return replace(x, draws=4 * x.draws) if x.draws < 800 else None


def tossed(mean: Fraction, threshold: int, n: int, above: bool, plain_cap: bool = False) -> Fraction:
    """P(some W_i ≥ threshold, i ≤ n) for coin tosses of this mean, over all paths: no sampling, no rounding."""
    sign, room = (1, mean) if above else (-1, mean if plain_cap else 1 - mean)
    cap = Fraction(3, 4) / room

    def ruin(i: int, wealth: Fraction, total: int, square: Fraction) -> Fraction:
        if wealth >= threshold:
            return Fraction(1)
        if i > n:
            return Fraction(0)
        edge = sign * ((Fraction(1, 2) + total) / i - mean)
        stake = min(max(edge / ((Fraction(1, 4) + square) / i + edge**2), Fraction(0)), cap)
        out = Fraction(0)
        for toss, chance in ((0, 1 - mean), (1, mean)):
            away = toss - Fraction(total + toss, i)
            out += chance * ruin(i + 1, wealth * (1 + sign * stake * (toss - mean)), total + toss, square + away**2)
        return out

    return ruin(1, Fraction(1), 0, Fraction(0))


def _coin(plain_cap: bool) -> Evidence:
    from bounds.measure.rational import every_case

    cases = [(Fraction(k, 10), t, above) for k in (2, 5) for t in (3, 10) for above in (True, False)]
    return every_case(cases, lambda case: case[1] * tossed(case[0], case[1], 10, case[2], plain_cap) <= 1)


def _cap(mirrored: bool) -> Evidence:
    """The least factor at the cap: Y = 0 above, Y = 1 below."""
    import sympy as sp

    from bounds.measure.symbolic import identity

    mu = sp.symbols("mu", positive=True)
    above = 1 + sp.Rational(3, 4) / mu * (0 - mu)
    below = 1 - sp.Rational(3, 4) / (1 - mu if mirrored else mu) * (1 - mu)
    return identity(lambda: sp.Matrix([above, below]) - sp.Matrix([1, 1]) / 4, {"mu": (0, 1)})


SPACE: dict[str, Axis] = {
    "procedure": Choice(("test above", "test below", "lower bound")),
    "mean": Real(0.05, 0.95),
    "concentration": Real(0.1, 30, log=True),
    "n": Int(21, 150),
    "delta": Real(0.2, 0.5, log=True),
    "seed": Int(0, 2**31 - 1),
}
ABOVE = {"space": {**SPACE, "procedure": Choice(("test above",))}, "cost": 0.005}
SKEWED = {"mean": Real(0.05, 0.2), "concentration": Real(0.01, 1, log=True), "delta": Real(0.05, 0.2, log=True)}
BELOW = {"space": {**SPACE, **SKEWED, "procedure": Choice(("test below",))}, "cost": 0.005}
CLAIM = Claim(
    source="waudbysmith2024betting, test supermartingale with capped stakes",
    says="P(sup_n W_n ≥ 1/δ) ≤ δ under the hypothesis, on both sides; P(lower confidence bound > mean) ≤ δ",
    space=SPACE,
    build=Looks,
    assumes={},
    actual=rate,
    bound=lambda x: exact(x.delta),
    refine=more_draws,
    falsified={
        "a test for fixed n inspected after every sample": {"actual": lambda x: rate(x, z_test), **ABOVE},
        "the cap 0.75/μ0 on the mirrored side": {"actual": lambda x: rate(x, lambda y: by_hand(y, plain_cap=True)), **BELOW},
        "stakes that have seen the present sample": {"actual": lambda x: rate(x, lambda y: by_hand(y, peek=True)), **ABOVE},
    },
    witness={
        "a test for fixed n inspected after every sample": {
            "procedure": "test above",
            "mean": 0.1,
            "concentration": 3.0,
            "n": 1000,
            "delta": 0.05,
            "seed": 0,
        },
        "the cap 0.75/μ0 on the mirrored side": {
            "procedure": "test below",
            "mean": 0.05,
            "concentration": 0.01,
            "n": 150,
            "delta": 0.05,
            "seed": 0,
        },
        "stakes that have seen the present sample": {
            "procedure": "test above",
            "mean": 0.5,
            "concentration": 1.0,
            "n": 150,
            "delta": 0.2,
            "seed": 0,
        },
    },
    covers={
        "the test above": lambda x: x.procedure == "test above",
        "the test below": lambda x: x.procedure == "test below",
        "the lower bound": lambda x: x.procedure == "lower bound",
    },
    proof=(
        Step(says="at its cap the least factor is 1/4 on both sides", check=lambda: _cap(True), false_twin=lambda: _cap(False)),
        Step(
            says="coin tosses: P(max W_n ≥ t, n ≤ 10) ≤ 1/t exactly, two means, two thresholds, both sides",
            check=lambda: _coin(False),
            false_twin=lambda: _coin(True),
        ),
    ),
    cost=0.035,
)
