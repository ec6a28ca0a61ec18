r"""The derivative that stands in for the derivative of a spike, and what it is the derivative of.

With the margin x = u/θ − 1 and α, β > 0 (4 and 1 in the paper; a tie, x = 0, is on the firing side)
$$ g'(x) = \alpha\,\sigma(\alpha x)(1-\sigma(\alpha x))\ (x<0),\quad \beta/(1+x)\ (x\ge 0);\qquad
   g(x) = \sigma(\alpha x)\ (x<0),\quad \tfrac12+\beta\ln(1+x)\ (x\ge 0), $$
and ds/du := g'(x)/θ, which is β/u where the neuron fires. x, g and g' have no units, ds/du has one over that of u.
The surrogates that other work uses, in the same margin: logistic 4σ(4x)(1 − σ(4x)), rectangular 1 for |x| ≤ 1/2,
triangular max(0, 1 − |x|); all three are the density of a threshold with noise, g' is not (`surrogate_mass`).
"""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import expit

if TYPE_CHECKING:
    from flint import arb

Slope = Callable[[np.ndarray], np.ndarray]


def _checked(alpha: float, beta: float) -> None:
    for name, value in (("alpha", alpha), ("beta", beta)):
        if not 0 < value < np.inf:
            raise ValueError(f"{name} must be positive and finite, got {value}")


def s3nn_surrogate(x: ArrayLike, alpha: float = 4.0, beta: float = 1.0) -> Any:
    """g'(x), of the shape of x; float32 stays float32. Rounding: a few ulps where x is exact.

    >>> s3nn_surrogate(np.array([-1.0, 0.0, 0.5])).round(12).tolist()
    [0.070650824853, 1.0, 0.666666666667]
    """
    _checked(alpha, beta)
    x = np.asarray(x, dtype=np.result_type(np.asarray(x).dtype, np.float32))
    distance = np.abs(x)
    e = np.exp(-alpha * distance)
    return np.where(x < 0, alpha * e / (1 + e) ** 2, beta / (1 + distance))[()]


def s3nn_primitive(x: ArrayLike, alpha: float = 4.0, beta: float = 1.0) -> Any:
    """g(x), of the shape of x.

    >>> s3nn_primitive(np.array([-1.0, 0.0, 2.0])).round(12).tolist()
    [0.017986209962, 0.5, 1.598612288668]
    """
    _checked(alpha, beta)
    x = np.asarray(x, dtype=np.result_type(np.asarray(x).dtype, np.float32))
    return np.where(x < 0, expit(alpha * np.minimum(x, 0)), 0.5 + beta * np.log1p(np.maximum(x, 0)))[()]


def surrogate_crossing() -> float:
    """x* > 0 where g' of α = 4, β = 1 meets the logistic surrogate sech²(2x): the root of sinh²(2x) = x.

    >>> surrogate_crossing()
    0.23270529841294138
    """
    return float(crossing_ball().mid())


def crossing_ball(digits: int = 40) -> "arb":
    """x* enclosed by bisection in ball arithmetic; sinh²(2x)/x increases, so there is one root."""
    import flint

    with flint.ctx.workprec(4 * digits + 64):
        lo, hi = flint.arb("0.2"), flint.arb("0.3")
        for _ in range(4 * digits):
            middle = ((lo + hi) / 2).mid()
            value = (2 * middle).sinh() ** 2 - middle
            if value > 0:
                hi = middle
            elif value < 0:
                lo = middle
            else:
                break
        return lo.union(hi)


def ball_slope(x: "arb", alpha: "arb", beta: "arb") -> "arb":
    """g' of a ball that lies on one side of 0."""
    if x >= 0:
        return beta / (1 + x)
    s = 1 / (1 + (-alpha * x).exp())
    return alpha * s * (1 - s)


def ball_primitive(x: "arb", alpha: "arb", beta: "arb") -> "arb":
    """g of a ball that lies on one side of 0."""
    if x >= 0:
        return beta * (1 + x).log() + 0.5
    return 1 / (1 + (-alpha * x).exp())


def logistic(x: np.ndarray) -> np.ndarray:
    """4σ(4x)(1 − σ(4x)) = sech²(2x)."""
    e = np.exp(-4 * np.abs(x))
    slope: np.ndarray = 4 * e / (1 + e) ** 2
    return slope


def rectangular(x: np.ndarray) -> np.ndarray:
    """1 for |x| ≤ 1/2, else 0."""
    inside: np.ndarray = (np.abs(x) <= 0.5).astype(x.dtype)
    return inside


def triangular(x: np.ndarray) -> np.ndarray:
    """max(0, 1 − |x|)."""
    height: np.ndarray = np.maximum(1 - np.abs(x), np.zeros((), dtype=x.dtype))
    return height


SLOPES: dict[str, Slope] = {
    "s3nn": s3nn_surrogate,
    "logistic": logistic,
    "rectangular": rectangular,
    "triangular": triangular,
}

# What they are the derivatives of.
PRIMITIVES: dict[str, Slope] = {
    "s3nn": s3nn_primitive,
    "logistic": lambda x: np.asarray(expit(4 * x)),
    "rectangular": lambda x: np.clip(x + 0.5, 0, 1),
    "triangular": lambda x: np.where(x < 0, np.maximum(1 + x, 0) ** 2 / 2, 1 - np.maximum(1 - x, 0) ** 2 / 2),
}


def primitive(surrogate: str) -> Slope:
    """g of a surrogate by name; ValueError lists the names."""
    slope(surrogate)
    return PRIMITIVES[surrogate]


def slope(surrogate: str | Slope) -> Slope:
    """A surrogate by name, or as it is; ValueError lists the names."""
    if callable(surrogate):
        return surrogate
    if surrogate not in SLOPES:
        raise ValueError(f"surrogate must be one of {', '.join(SLOPES)}, or a function of the margin, got {surrogate!r}")
    return SLOPES[surrogate]
