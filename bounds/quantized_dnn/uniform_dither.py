r"""With uniform noise of one step, a quantiser is unbiased inside its range: the clipped straight-through window is exact.

U uniform on (−D/2, D/2): E Q(z + U) = clip(z, aD, bD) for every z, so the derivative of the mean is 1[aD, bD], and inside the
variance is D²f(1 − f), f = frac(z/D). Mid-rise, M even: E = clip(z, −(M − 1)D/2, (M − 1)D/2). Why: with y = z/D, ⌊y + V⌋, V
uniform on (0, 1), is ⌊y⌋ or ⌊y⌋ + 1 with mean y. With two activation states this is the rectangular surrogate of width 1.
Exact.
"""

from fractions import Fraction
from functools import partial
from math import floor
from typing import Any

from bounds.claim import Axis, Claim, Enclosure, Evidence, Step, exact
from bounds.measure.symbolic import identity
from bounds.quantized_dnn.dither import dithered_mean, uniform_mean
from bounds.quantized_dnn.projection import QUANTIZER, Rounded, rounded_at
from bounds.quantized_dnn.quantizers import mid_rise, round_clip

SPACE: dict[str, Axis] = QUANTIZER
STEP = Fraction(1, 1000)  # of D, for the derivative


def clip(z: Fraction, lo: Fraction, hi: Fraction) -> Fraction:
    """z cut to [lo, hi]."""
    return min(max(z, lo), hi)


def second_moment(x: Rounded) -> Any:
    """E Q(z + U)²."""
    thresholds = [x.D * Fraction(2 * j - 1, 2) for j in range(x.a + 1, x.b + 1)]
    return uniform_mean(x.z, x.D, x.D, lambda u: Fraction(round_clip(u, x.D, x.a, x.b)) ** 2, thresholds)


def risen(x: Rounded) -> Any:
    """E of the mid-rise quantiser with 2(b − a) states."""
    M = 2 * (x.b - x.a)
    return uniform_mean(x.z, x.D, x.D, lambda u: mid_rise(u, x.D, M), [x.D * k for k in range(1 - M // 2, M // 2)])


def inside(x: Rounded) -> bool:
    """aD ≤ z ≤ bD."""
    return x.a * x.D <= x.z <= x.b * x.D


def off(x: Rounded, width: Any = None) -> Enclosure:
    """|mean − clip|; |variance − D²f(1 − f)| inside; |mid-rise mean − clip|."""
    mean = dithered_mean(x.z, x.D, x.a, x.b, width)
    f = x.z / x.D - floor(x.z / x.D)
    variance = abs(second_moment(x) - mean**2 - x.D**2 * f * (1 - f)) if inside(x) and width is None else 0
    M = 2 * (x.b - x.a)
    edge = x.D * Fraction(M - 1, 2)
    return exact(abs(mean - clip(x.z, x.a * x.D, x.b * x.D)), variance, abs(risen(x) - clip(x.z, -edge, edge)))


def slope(x: Rounded) -> Any:
    """Of the dithered mean, to the right of z."""
    h = x.D * STEP
    return (dithered_mean(x.z + h, x.D, x.a, x.b) - dithered_mean(x.z, x.D, x.a, x.b)) / h


def wide_window(x: Rounded) -> int:
    """1 on [D(a − 1/2), D(b + 1/2)], where Q is within half a step."""
    return int(x.D * (x.a - Fraction(1, 2)) <= x.z < x.D * (x.b + Fraction(1, 2)))


def two_levels(spread: bool = True) -> Evidence:
    """Mean and variance of ⌊y⌋ + 1 with probability f and ⌊y⌋ otherwise, y = ⌊y⌋ + f. False if the variance were f."""
    from sympy import Matrix, symbols

    n, f = symbols("n f")
    mean, square = n * (1 - f) + (n + 1) * f, n**2 * (1 - f) + (n + 1) ** 2 * f
    return identity(lambda: Matrix([mean - (n + f), square - mean**2 - (f * (1 - f) if spread else f)]))


CLAIM = Claim(
    source="sawada2024maqd, reconstructed",
    says="E Q(z + U) = clip(z, aD, bD), variance D²f(1 − f) inside; mid-rise: clip(z, ∓(M − 1)D/2)",
    space=SPACE,
    build=rounded_at,
    assumes={},
    actual=off,
    bound=lambda x: exact(0, 0, 0),
    falsified={
        "the window reaches half a step further": {
            "actual": lambda x: exact(abs(slope(x) - wide_window(x))),
            "bound": lambda x: exact(0),
        },
        "unbiased with noise of two steps": {"actual": lambda x: off(x, width=2 * x.D)},
        "variance D²/12": {
            "actual": lambda x: exact(
                abs(second_moment(x) - dithered_mean(x.z, x.D, x.a, x.b) ** 2 - x.D**2 / 12) if inside(x) else 0
            ),
            "bound": lambda x: exact(0),
        },
    },
    also_true={
        "the slope is the window 1[aD, bD)": {
            "actual": lambda x: exact(abs(slope(x) - int(x.a * x.D <= x.z < x.b * x.D))),
            "bound": lambda x: exact(0),
        }
    },
    witness={
        "the window reaches half a step further": {"D": 1, "a": 0, "levels": 1, "u": Fraction(6, 5), "half": 0},
        "unbiased with noise of two steps": {"D": 1, "a": 0, "levels": 1, "u": Fraction(1, 4), "half": 0},
    },
    covers={
        "two states": lambda x: x.b - x.a == 1,
        "clipped": lambda x: not inside(x),
        "inside, between levels": lambda x: inside(x) and (x.z / x.D).denominator > 1,
    },
    proof=(
        Step(
            says="⌊y⌋ + 1 with probability f = frac(y), else ⌊y⌋: mean y, variance f(1 − f)",
            check=two_levels,
            false_twin=partial(two_levels, False),
        ),
    ),
    tightness="difference",
    cost=0.001,
)
