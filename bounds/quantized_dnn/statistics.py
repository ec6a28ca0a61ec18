r"""What running statistics tend to, by enumerating every batch: exact expectations of variances over random batches.

Equiprobable samples, each a vector of D features; a batch is B independent draws. μ, σ², q: mean, population variance and mean
square of one sample's features.
"""

from collections.abc import Sequence
from fractions import Fraction
from itertools import product
from typing import Any

from bounds.measure.ball import fraction

Sample = Sequence[Any]


def _mean(values: Sequence[Any]) -> Any:
    return sum(values) / Fraction(len(values))


def _checked(samples: Sequence[Sample], B: int) -> list[list[Fraction]]:
    if len(samples) == 0 or len({len(s) for s in samples}) != 1 or len(samples[0]) == 0:
        raise ValueError("samples must be at least one vector, all of one positive length")
    if B < 1:
        raise ValueError(f"B must be at least 1, got {B}")
    return [[fraction(v) for v in s] for s in samples]


def parts(samples: Sequence[Sample]) -> tuple[Fraction, Fraction, Fraction]:
    """(E σ², Var μ, vtot) of one draw; vtot = E q − (E μ)² is the sum of the other two."""
    means = [_mean(s) for s in samples]
    inner = _mean([_mean([(v - m) ** 2 for v in s]) for s, m in zip(samples, means, strict=True)])
    spread = _mean([m**2 for m in means]) - _mean(means) ** 2
    return inner, spread, inner + spread


def expected_pooled_variance(samples: Sequence[Sample], B: int) -> tuple[Fraction, Fraction]:
    """E of the variance over batch and features together: by enumeration of all batches, and E σ² + (1 − 1/B) Var μ.

    >>> expected_pooled_variance([[0], [1], [3]], 2)
    (Fraction(7, 9), Fraction(7, 9))
    """
    given = _checked(samples, B)
    pooled = []
    for batch in product(given, repeat=B):
        values = [v for s in batch for v in s]
        pooled.append(_mean([v**2 for v in values]) - _mean(values) ** 2)
    inner, spread, _ = parts(given)
    return _mean(pooled), inner + (1 - Fraction(1, B)) * spread


def expected_running_variance(samples: Sequence[Sample], B: int, weights: Sequence[Any]) -> tuple[Fraction, Fraction]:
    """E of v = r − m², m and r the weighted means over len(weights) batches: by enumeration, and vtot − (Var μ/B) Σ w_k².

    The weights must sum to 1. Enumerates len(samples)^(B len(weights)) cases.
    """
    given = _checked(samples, B)
    w = [fraction(v) for v in weights]
    if sum(w) != 1:
        raise ValueError(f"weights must sum to 1, got {sum(w)}")
    means, squares = [_mean(s) for s in given], [_mean([v**2 for v in s]) for s in given]
    total, cases = Fraction(0), 0
    for draw in product(range(len(given)), repeat=B * len(w)):
        m = sum(w[k] * _mean([means[i] for i in draw[k * B : (k + 1) * B]]) for k in range(len(w)))
        r = sum(w[k] * _mean([squares[i] for i in draw[k * B : (k + 1) * B]]) for k in range(len(w)))
        total, cases = total + r - m**2, cases + 1
    _, spread, whole = parts(given)
    return total / cases, whole - spread / B * sum(v**2 for v in w)
