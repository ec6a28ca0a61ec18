r"""How well n inputs tell the mean number of operations: Hoeffding, with the range T Σψ.

n independent inputs: |mean − E| ≤ T Σψ √(ln(2/δ)/(2n)) with probability 1 − δ at least, since an input costs between 0 and
T Σψ. The failure probability is computed, not sampled: for inputs that cost j/L of T Σψ (j = 0..L) with given rational
probabilities, exactly, by convolution; the threshold is compared as a square in balls of 128 bits. "proved".
"""

from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Int, exact
from bounds.measure.ball import ball

SPACE: dict[str, Axis] = {
    "n": Choice((1, 2, 5, 20, 60)),
    "shares": Array((3,), 0, 8, step=1),  # of inputs that cost nothing, half of all, all
    "T": Int(1, 6),
    "delta": Choice((Fraction(1, 100), Fraction(1, 20), Fraction(1, 4), Fraction(1, 2))),
}


class Inputs(NamedTuple):
    """The law of one input's cost, in halves of T Σψ; exact."""

    n: int
    law: list[Fraction]
    T: int
    delta: Fraction


def inputs(n: int, shares: Any, T: int, delta: Any) -> Inputs:
    """From a point; one more of those that cost all."""
    weights = [int(v) for v in shares]
    weights[2] += 1
    return Inputs(n, [Fraction(w, sum(weights)) for w in weights], T, Fraction(delta))


def law_of_sum(x: Inputs) -> list[Fraction]:
    """Of 2n half-units, by repeated convolution."""
    total = [Fraction(1)]
    for _ in range(x.n):
        longer = [Fraction(0)] * (len(total) + 2)
        for i, p in enumerate(total):
            for j, q in enumerate(x.law):
                longer[i + j] += p * q
        total = longer
    return total


def failure(x: Inputs, shrink: Any = lambda x: Fraction(1)) -> Enclosure:
    """P(|mean − E| > half-width); shrink: the square of the half-width that is claimed over Hoeffding's.

    The two are never equal: the square is rational, the logarithm of a rational other than 1 is not. So balls decide.
    """
    import flint

    mean, bad = sum(j * p for j, p in enumerate(x.law)) / 2, Fraction(0)
    with flint.ctx.workprec(128):
        limit = (2 / ball(x.delta)).log() / (2 * x.n) * ball(shrink(x))  # in units of (T Σψ)²
        for k, p in enumerate(law_of_sum(x)):
            off = ball((Fraction(k, 2 * x.n) - mean) ** 2)
            if not off <= limit:
                if not off > limit:
                    raise ArithmeticError(f"128 bits do not decide {off} against {limit}")
                bad += p
    return exact(bad)


CLAIM = Claim(
    source="suetake2023penalty, reconstructed",
    says="P(|mean #synops − E| > T Σψ √(ln(2/δ)/(2n))) ≤ δ over n independent inputs",
    space=SPACE,
    build=inputs,
    assumes={},
    actual=failure,
    bound=lambda x: exact(x.delta),
    falsified={
        "range Σψ, not T Σψ": {"actual": partial(failure, shrink=lambda x: Fraction(1, x.T**2))},
        "n outside the root": {"actual": partial(failure, shrink=lambda x: Fraction(1, x.n))},
        "half of that half-width": {"actual": partial(failure, shrink=lambda x: Fraction(1, 4))},
    },
    witness={
        "range Σψ, not T Σψ": {"n": 60, "shares": [1, 0, 0], "T": 4, "delta": Fraction(1, 20)},
        "n outside the root": {"n": 60, "shares": [1, 0, 0], "T": 4, "delta": Fraction(1, 20)},
    },
    covers={
        "all or nothing": lambda x: x.law[1] == 0 and 0 < x.law[0] < 1,
        "one input": lambda x: x.n == 1,
        "it can fail": lambda x: bool(failure(x).lo > 0),
    },
    cost=0.01,
)
