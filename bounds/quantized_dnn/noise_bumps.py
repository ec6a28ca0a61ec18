r"""With any symmetric noise the mean output is a sum of cdfs, one for each threshold: M − 1 bumps of unit mass, times D.

ν with continuous cdf F: E Q(z + ν; D, a, b) = D(a + Σ_{j=a+1}^{b} F(z − D(j − 1/2))), derivative D Σ f(z − D(j − 1/2)). So a
surrogate that smooths an M-state unit is a sum of M − 1 spike surrogates. Why: Q = D(a + #{j: z + ν ≥ D(j − 1/2)}). Checked for
triangular noise on (−w, w), whose cdf is rational: the mean over the pieces on which Q is constant. Exact.
"""

from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import Any, NamedTuple

from bounds.claim import Axis, Choice, Claim, Enclosure, Evidence, Step, exact
from bounds.measure.symbolic import identity
from bounds.quantized_dnn.dither import noisy_mean
from bounds.quantized_dnn.projection import QUANTIZER, Rounded, rounded_at
from bounds.quantized_dnn.quantizers import round_clip

SPACE: dict[str, Axis] = {**QUANTIZER, "w": Choice((Fraction(1, 4), Fraction(1), Fraction(5, 2)))}


class Noisy(NamedTuple):
    """A quantiser with its input, and the half-width of the noise."""

    x: Rounded
    w: Fraction

    def cdf(self, u: Fraction) -> Fraction:
        """Of the triangular density (w − |u|)/w²."""
        if u <= -self.w:
            return Fraction(0)
        if u >= self.w:
            return Fraction(1)
        tail = (self.w - abs(u)) ** 2 / (2 * self.w**2)
        return tail if u < 0 else 1 - tail


def noisy(w: Any, **point: Any) -> Noisy:
    """From a point of SPACE."""
    return Noisy(rounded_at(**point), Fraction(w))


def integrated(n: Noisy) -> Fraction:
    """Σ over the pieces between thresholds: Q there times the probability of being there."""
    x = n.x
    thresholds = [x.D * Fraction(2 * j - 1, 2) - x.z for j in range(x.a + 1, x.b + 1)]
    cuts = sorted({-n.w, n.w, *(t for t in thresholds if -n.w < t < n.w)})
    total = Fraction(0)
    for left, right in pairwise(cuts):
        output = Fraction(round_clip(x.z + (left + right) / 2, x.D, x.a, x.b))
        total += output * (n.cdf(right) - n.cdf(left))
    return total


def off(n: Noisy, formula: Any = None) -> Enclosure:
    """|mean − formula|."""
    x = n.x
    value = noisy_mean(x.z, x.D, x.a, x.b, n.cdf) if formula is None else formula(n)
    return exact(abs(integrated(n) - value))


def summed_by_parts(bumps: int = 3) -> Evidence:
    """Σ_j j P(state j) = a + Σ_j P(beyond threshold j), four states a..a + 3. False with a bump for each state."""
    from sympy import symbols

    a, *beyond = symbols("a F1 F2 F3")  # the probability that z + ν is beyond each threshold
    mean = sum((a + j) * (p - q) for j, (p, q) in enumerate(pairwise([1, *beyond, 0])))
    return identity(lambda: mean - a - sum([*beyond, 1][:bumps]))


CLAIM = Claim(
    source="sawada2024maqd, reconstructed",
    says="E Q(z + ν) = D(a + Σ_{j=a+1}^{b} F(z − D(j − 1/2))) for symmetric noise with a continuous cdf F",
    space=SPACE,
    build=noisy,
    assumes={},
    actual=off,
    bound=lambda n: exact(0),
    falsified={
        "a bump for each state": {
            "actual": lambda n: off(n, lambda n: noisy_mean(n.x.z, n.x.D, n.x.a - 1, n.x.b, n.cdf) + n.x.D),
        },
        "without the factor D": {
            "actual": lambda n: off(n, lambda n: noisy_mean(n.x.z, n.x.D, n.x.a, n.x.b, n.cdf) / n.x.D),
        },
        "bumps at the levels": {
            "actual": lambda n: off(n, lambda n: noisy_mean(n.x.z - n.x.D / 2, n.x.D, n.x.a, n.x.b, n.cdf)),
        },
    },
    covers={
        "noise wider than the range": lambda n: n.w > n.x.D * (n.x.b - n.x.a),
        "noise within a step": lambda n: 2 * n.w < n.x.D,
        "two states": lambda n: n.x.b - n.x.a == 1,
    },
    proof=(
        Step(
            says="Σ_j j P(Q = Dj) = a + Σ_{j=a+1}^{b} P(z + ν ≥ D(j − 1/2)), four states",
            check=summed_by_parts,
            false_twin=partial(summed_by_parts, 4),
        ),
    ),
    tightness="difference",
    cost=0.001,
)
