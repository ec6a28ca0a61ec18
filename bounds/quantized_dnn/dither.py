r"""The mean of a quantiser's output when noise is added to its input, by exact integration.

Uniform noise of one step: the mean is the clipped input. Noise with a continuous cdf F: one bump of unit mass, D F, for each
threshold D(j − 1/2), j = a+1..b. Exact for Fractions.
"""

from collections.abc import Callable
from fractions import Fraction
from itertools import pairwise
from typing import Any

from bounds.quantized_dnn.quantizers import round_clip


def uniform_mean(z: Any, D: Any, width: Any, output: Callable[[Any], Any], thresholds: list[Any]) -> Any:
    """E output(z + U), U uniform on (−width/2, width/2), of an output that is constant between the thresholds."""
    width = Fraction(width) if isinstance(width, int) else width
    lo, hi = z - width / 2, z + width / 2
    cuts = [lo, *sorted(t for t in thresholds if lo < t < hi), hi]
    return sum(output((left + right) / 2) * (right - left) for left, right in pairwise(cuts)) / width


def dithered_mean(z: Any, D: Any, a: int, b: int, width: Any = None) -> Any:
    """E Q(z + U; D, a, b), U uniform of the width D (or another); equal to clip(z, aD, bD) for the width D.

    >>> dithered_mean(Fraction(13, 10), Fraction(1), -1, 1), dithered_mean(Fraction(1, 4), Fraction(1), 0, 1, width=2)
    (Fraction(1, 1), Fraction(3, 8))
    """
    thresholds = [D * (Fraction(2 * j - 1, 2) if isinstance(D, Fraction | int) else j - 0.5) for j in range(a + 1, b + 1)]
    return uniform_mean(z, D, D if width is None else width, lambda x: round_clip(x, D, a, b), thresholds)


def noisy_mean(z: Any, D: Any, a: int, b: int, F: Callable[[Any], Any]) -> Any:
    """E Q(z + ν) = D(a + Σ_{j=a+1}^{b} F(z − D(j − 1/2))) for symmetric noise ν with the continuous cdf F.

    ValueError unless D > 0 and a < b.

    >>> from scipy.special import expit
    >>> round(float(noisy_mean(0.37, 1 / 3, 0, 3, lambda x: expit(x / 0.1))), 15)
    0.369348794268875
    """
    if not D > 0 or not a < b:
        raise ValueError(f"D must be positive and a less than b, got {D}, {a} and {b}")
    half = Fraction(1, 2) if isinstance(D, Fraction | int) else 0.5
    return D * (a + sum(F(z - D * (j - half)) for j in range(a + 1, b + 1)))
