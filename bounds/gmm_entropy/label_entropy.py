r"""The gap is the uncertainty about the label, so the approximation never falls below the entropy.

Let Z be the label, $P(Z=k)=w_k$, and $X\mid Z=k\sim N_k$. Then $G=\tilde H-H=H(Z\mid X)$, hence
$$ \tilde H-\log K\;\le\;\tilde H-H(w)\;\le\;H\;\le\;\tilde H,\qquad H(w)=-\sum_k w_k\log w_k. $$
Equality on the left exactly when all components coincide; on the right exactly for K = 1. ($H\le\tilde H$ is the upper
bound of Huber et al. 2008.)
Why: $-\log q=-\log A_k+\log(A_k/q)$ for $A_k=w_kN_k$, and $-\int A_k\log A_k=w_kH[N_k]-w_k\log w_k$; conditioning
cannot increase the entropy of Z. Both steps are for the reader; the algebra of the pointwise terms is checked below.

All in nats. H is integrated here from $-q\log q$ itself, not from the gap, so that the two sides share no formula. The
trapezoidal rule on an analytic integrand converges geometrically; halving the step estimates its error, hence "rounded".
Within 14 standard deviations of the outermost components lies all but 1e-40 of the mass.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import entr, logsumexp, softmax

from bounds.claim import Array, Choice, Claim, Enclosure, Evidence, Int, Real, Step, rounded
from bounds.gmm_entropy.mixture import LOG_2PI, entropy_approximation


@dataclass(frozen=True)
class OnLine:
    """A mixture on the line."""

    w: Float[np.ndarray, " K"]
    mean: Float[np.ndarray, " K"]
    sd: Float[np.ndarray, " K"]


def on_line(
    K: int,
    logits: Float[np.ndarray, " K"],
    mean: Float[np.ndarray, " K"],
    spread: float,
    sd: Float[np.ndarray, " K"],
    coincide: bool,
) -> OnLine:
    """Valid for every argument: a softmax makes the weights."""
    chosen = np.zeros(K, dtype=int) if coincide else np.arange(K)
    return OnLine(softmax(np.asarray(logits, float)), spread * np.asarray(mean, float)[chosen], np.asarray(sd, float)[chosen])


def entropy(x: OnLine) -> Enclosure:
    r"""$H=-\int q\log q$ in nats, by the trapezoidal rule with a sixteenth of the smallest standard deviation as step."""
    reach = 14 * x.sd.max()
    nodes = 2 * int(np.ceil((np.ptp(x.mean) + 2 * reach) / x.sd.min() * 8)) + 1
    grid, step = np.linspace(x.mean.min() - reach, x.mean.max() + reach, nodes, retstep=True)
    z = (grid - x.mean[:, None]) / x.sd[:, None]
    log_q = logsumexp((np.log(x.w) - np.log(x.sd) - LOG_2PI / 2)[:, None] - z * z / 2, axis=0)
    terms = np.exp(log_q) * -log_q
    fine, coarse = terms.sum() * step, terms[::2].sum() * 2 * step
    return rounded(fine, abs=abs(fine - coarse) + 1e-12 * (1 + np.abs(terms).sum() * step))


def approximation(x: OnLine) -> float:
    """H̃ in nats."""
    return entropy_approximation(x.w, x.mean[:, None], (x.sd**2)[:, None, None])


def lower_side(x: OnLine, share: float = 1.0) -> Enclosure:
    """H̃ − log K, H̃ − share·H(w), H."""
    ends, top = entropy(x), approximation(x)
    most, label = np.log(len(x.w)), share * entr(x.w).sum()
    closed = rounded(top - most, top - label, rel=1e-13, abs=1e-13)
    return Enclosure(np.append(closed.lo, ends.lo), np.append(closed.hi, ends.hi))


def upper_side(x: OnLine) -> Enclosure:
    """H̃ − H(w), H, H̃."""
    ends, top = entropy(x), approximation(x)
    low, high = (rounded(v, rel=1e-13, abs=1e-13) for v in (top - entr(x.w).sum(), top))
    return Enclosure(np.array([low.lo, ends.lo, high.lo]), np.array([low.hi, ends.hi, high.hi]))


def _top(x: OnLine) -> Enclosure:
    """H̃ alone: the chain turned round would be refuted by its first step, whatever H is."""
    return rounded(approximation(x), rel=1e-13, abs=1e-13)


COINCIDENT = {"K": 2, "logits": [0.0, 0.0], "mean": [0.0, 0.0], "spread": 1.0, "sd": [1.0, 1.0], "coincide": True}


def _split() -> Evidence:
    from sympy import log, symbols

    from bounds.measure.symbolic import identity

    a, b = symbols("a b", positive=True)
    return identity(lambda: -(a + b) * log(a + b) - (-a * log(a) - b * log(b) - a * log(1 + b / a) - b * log(1 + a / b)))


def _split_without_label() -> Evidence:
    from sympy import log, symbols

    from bounds.measure.symbolic import identity

    a, b = symbols("a b", positive=True)
    return identity(lambda: -(a + b) * log(a + b) - (-a * log(a) - b * log(b) + a * log(1 + b / a) + b * log(1 + a / b)))


CLAIM = Claim(
    source="furuya2022entropy, definition of the approximation (abstract); upper bound of huber2008entropy",
    says="H̃ − log K ≤ H̃ − H(w) ≤ H ≤ H̃",
    space={
        "K": Int(1, 5),
        "logits": Array(("K",), -5, 5),
        "mean": Array(("K",), -1, 1),
        "spread": Real(0.1, 20, log=True),
        "sd": Array(("K",), 0.5, 5, log=True),
        "coincide": Choice((False, True)),
    },
    build=on_line,
    assumes={},
    actual=lower_side,
    bound=upper_side,
    tightness="difference",
    falsified={
        "half of the label entropy": {"actual": lambda x: lower_side(x, share=0.5)},
        "the approximation is a lower bound": {"actual": _top, "bound": entropy},
    },
    witness={"half of the label entropy": COINCIDENT, "the approximation is a lower bound": COINCIDENT},
    covers={
        "one component": lambda x: len(x.w) == 1,
        "well separated": lambda x: bool(np.ptp(x.mean) > 6 * x.sd.max()),
        "coincident": lambda x: len(x.w) > 1 and bool(np.ptp(x.mean) == 0 and np.ptp(x.sd) == 0),
    },
    tight_at=({"K": 1, "logits": [0.0], "mean": [0.0], "spread": 1.0, "sd": [1.0], "coincide": False},),
    proof=(Step(says="−q log q = Σ_k (−A_k log A_k − A_k log(q/A_k)), K = 2", check=_split, false_twin=_split_without_label),),
    cost=0.002,
)
