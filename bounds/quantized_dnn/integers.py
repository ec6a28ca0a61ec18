r"""Inference with integers only: thresholds in the place of normalisation and quantiser, and how wide the sums get.

A layer's output is y = A n + B with an integer n; the next state is k = clip(⌊y(M − 1) + 1/2⌋, 0, M − 1) = #{j: A n + B ≥ t_j},
t_j = (2j − 1)/(2(M − 1)), j = 1..M − 1. Exact.
"""

from fractions import Fraction
from math import ceil, floor
from typing import Any

from bounds.measure.ball import fraction

Thresholds = tuple[int, tuple[Any, ...]]


def integer_thresholds(A: Any, B: Any, M: int) -> Thresholds:
    """(sign of A, M − 1 integers): state = number of j with n ≥ τ_j (A > 0) or n ≤ τ_j (A < 0); for A = 0, M − 1 truth values.

    Floats count as the rationals that they are. ValueError for M < 2, infinities and NaN.

    >>> integer_thresholds(Fraction(2, 7), Fraction(-3, 23), 4), integer_thresholds(Fraction(-2, 7), Fraction(1, 2), 3)
    ((1, (2, 3, 4)), (-1, (0, -1)))
    """
    if int(M) != M or M < 2:
        raise ValueError(f"M counts states and must be an integer of at least 2, got {M}")
    A, B, M = fraction(A), fraction(B), int(M)
    t = [Fraction(2 * j - 1, 2 * (M - 1)) for j in range(1, M)]
    if A == 0:
        return 0, tuple(level <= B for level in t)
    if A > 0:
        return 1, tuple(ceil((level - B) / A) for level in t)
    return -1, tuple(floor((level - B) / A) for level in t)


def integer_activation(n: int, thresholds: Thresholds) -> int:
    """The state in 0..M − 1 for the integer n.

    >>> integer_activation(3, (1, (2, 3, 4)))
    2
    """
    sign, values = thresholds
    if sign == 0:
        return sum(bool(v) for v in values)
    return int(sum(n >= v if sign > 0 else n <= v for v in values))


def accumulator_bits(N: int, w_max: int, M_a: int) -> int:
    """⌈log2(2 N w_max (M_a − 1) + 1)⌉: signed bits (two's complement) that N products need, and that suffice.

    >>> accumulator_bits(576, 1, 5)
    13
    """
    if any(int(v) != v for v in (N, w_max, M_a)) or N < 1 or w_max < 1 or M_a < 2:
        raise ValueError(f"N and w_max must be integers of at least 1 and M_a of at least 2, got {N}, {w_max}, {M_a}")
    return (2 * int(N) * int(w_max) * (int(M_a) - 1)).bit_length()
