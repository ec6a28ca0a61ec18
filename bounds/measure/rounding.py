r"""How far a float computation can be from the real one: budgets a priori, valid for every order of summation.

Model (IEEE 754 binary64, round to nearest, gradual underflow; Higham, "Accuracy and Stability of Numerical Algorithms",
2nd ed., section 2.2 and lemma 3.1): fl(x ± y) = (x ± y)(1 + d) and fl(xy) = xy(1 + d) + e with |d| ≤ u = 2^-53 and
|e| ≤ 2^-1075. (A sum that falls among the subnormals is exact, so only products underflow.) A term of a sum of n takes
part in at most n - 1 additions, whatever the tree, hence
$$ |fl(\sum x_i)-\sum x_i|\le\gamma_{n-1}\sum|x_i|,\qquad
   |fl(x^Ty)-x^Ty|\le\gamma_n\sum|x_iy_i|+n\,2^{-1075}(1+\gamma_n),\qquad \gamma_n=\frac{nu}{1-nu}. $$
So BLAS with its blocks and threads, numpy's pairwise sums and fused multiply-add (one rounding less) are all covered;
flush-to-zero modes and Strassen-like products are not. What the budgets themselves lose to rounding is covered by
γ_{2n+8} in place of γ_n: the computed Σ|x_i y_i| is at least (1 - γ_n) of the real one, less n 2^-1075, and eight
further roundings make the bound. A computation that overflows gets the budget inf.
"""

import math
from fractions import Fraction

import numpy as np
from numpy.typing import ArrayLike

from bounds.claim import Enclosure

U = 2.0**-53  # unit roundoff: half a unit in the last place of 1
TINY = 2.0**-1074  # smallest positive float; an underflowing product is wrong by at most half of it


def down(x: Fraction) -> float:
    """The largest float ≤ x.

    >>> down(Fraction(1, 10)) < Fraction(1, 10) < up(Fraction(1, 10))
    True
    """
    try:
        nearest = float(x)
    except OverflowError:
        nearest = math.inf if x > 0 else -math.inf
    return nearest if nearest <= x else math.nextafter(nearest, -math.inf)


def up(x: Fraction) -> float:
    """The smallest float ≥ x."""
    return -down(-x)


def gamma(n: int) -> float:
    """n u / (1 - n u), rounded up: the relative error that n roundings in a row can make. 0 ≤ n ≤ 2^50.

    >>> gamma(1) > 2.0**-53
    True
    """
    if not 0 <= n <= 2**50:
        raise ValueError(f"the number of roundings must lie in 0..2^50, got {n}")
    return up(Fraction(n, 2**53 - n))


def _finite(name: str, x: ArrayLike) -> np.ndarray:
    values = np.asarray(x, dtype=float)
    if not np.isfinite(values).all():
        raise ValueError(f"{name} must be finite, but it holds infinities or NaN")
    return values


def _budget(terms: int, magnitude: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore"):
        return np.asarray(gamma(2 * terms + 8) * magnitude + 2 * (terms + 1) * TINY)


def sum_budget(x: ArrayLike, axis: int = -1) -> np.ndarray:
    """Bound of |np.sum(x, axis) - exact sum|, in any order of summation: γ Σ|x_i|, of the shape of the sum.

    ValueError if x is not finite.

    >>> bool(abs(np.sum([0.1] * 10) - 1.0) <= sum_budget([0.1] * 10) + 10 * 0.1 * U)  # 0.1 is itself rounded
    True
    """
    values = _finite("x", x)
    with np.errstate(over="ignore"):
        return _budget(values.shape[axis], np.abs(values).sum(axis=axis))


def dot_budget(x: ArrayLike, y: ArrayLike) -> np.ndarray:
    """Bound of |Σ x_i y_i - exact| over the last axis, other axes broadcast: γ Σ|x_i y_i| + what underflow can lose.

    ValueError if x or y is not finite.
    """
    left, right = _finite("x", x), _finite("y", y)
    with np.errstate(over="ignore"):
        products = np.abs(left * right)
        return _budget(products.shape[-1], products.sum(axis=-1))


def matmul_budget(A: ArrayLike, B: ArrayLike) -> np.ndarray:
    """Bound of |A @ B - exact|, entry by entry: γ |A| @ |B| + what underflow can lose. B: a vector or a matrix.

    ValueError if A or B is not finite.

    >>> matmul_budget(np.eye(3), np.ones(3)).shape
    (3,)
    """
    left, right = _finite("A", A), _finite("B", B)
    with np.errstate(over="ignore"):
        return _budget(left.shape[-1], np.abs(left) @ np.abs(right))


def outward(x: ArrayLike, ulps: int = 1) -> Enclosure:
    """x with each end `ulps` floats further out: for a function that its library promises within so many ulps.

    Trust is "rounded": the promise of the library is the caller's to name. NaN stays NaN. 0 ≤ ulps ≤ 1000.

    >>> outward(1.0).hi - 1.0 == 2 * U
    True
    """
    if not 0 <= ulps <= 1000:
        raise ValueError(f"ulps must lie in 0..1000, got {ulps}")
    lo = hi = np.asarray(x, dtype=float)
    for _ in range(ulps):
        lo, hi = np.nextafter(lo, -np.inf), np.nextafter(hi, np.inf)
    return Enclosure(lo, hi) if lo.ndim else Enclosure(float(lo), float(hi))
