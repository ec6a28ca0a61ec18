r"""Round-clip quantisers: Q(z; D, a, b) = D clip(⌊z/D + 1/2⌋, a, b), its mid-rise sister, and what is built of them.

Halves are rounded up (numpy's `round` goes to even and is not this). Weights and activations have M states: activations
k/(M_a − 1), k = 0..M_a − 1; weights D_w q with integer |q| ≤ (M_w − 1)/2 for odd M_w, D_w(q + 1/2) for even (mid-rise).
Fractions in, exact numbers out; floats keep their width, and z/D is what the floats say it is.
"""

from fractions import Fraction
from math import floor
from typing import Any

import numpy as np

_HALF = Fraction(1, 2)
_exact_round = np.frompyfunc(lambda v: floor(v + _HALF), 1, 1)
_exact_floor = np.frompyfunc(floor, 1, 1)


def _is_exact(value: Any) -> bool:
    return isinstance(value, Fraction | int) or (isinstance(value, np.ndarray) and value.dtype == object)


def _quotient(z: Any, D: Any) -> Any:
    """z/D, exact where z and D are; integers divided by integers would become floats."""
    return z / Fraction(D) if _is_exact(z) and isinstance(D, int) else z / D


def _like(z: Any, result: Any) -> Any:
    """A float for a number of Python, else an array or a number of numpy."""
    return float(result) if isinstance(z, float | int) else result[()]


def _half_up(values: np.ndarray) -> np.ndarray:
    """⌊y + 1/2⌋ as floats of the same width; infinities and NaN stay."""
    below = np.floor(values)
    with np.errstate(invalid="ignore"):  # ∞ − ∞
        up: np.ndarray = below + (values - below >= 0.5)  # values − below is exact, values + 1/2 is not
    return up


def _states(rounded: np.ndarray, lo: int, hi: int) -> np.ndarray:
    """Floats that stand for integers, cut to [lo, hi] before they become integers: beyond 2^63 they could not."""
    if np.isnan(rounded).any():
        raise ValueError("NaN cannot be quantised")
    states: np.ndarray = np.clip(rounded, lo, hi).astype(np.int64)
    return states


def _checked_step(D: Any) -> None:
    if not D > 0:
        raise ValueError(f"the step D must be positive, got {D}")


def _checked_states(M: int, name: str = "M") -> None:
    if int(M) != M or M < 2:
        raise ValueError(f"{name} counts states and must be an integer of at least 2, got {M}")


def round_half_up(y: Any) -> Any:
    """⌊y + 1/2⌋: an int for a number, integers of the shape of an array. Floats just below a half are not rounded up.

    ValueError for NaN, infinities, and arrays with floats that no int64 holds.

    >>> round_half_up(Fraction(5, 2)), round_half_up(-0.5), round_half_up(0.49999999999999994)
    (3, 0, 0)
    """
    if _is_exact(y):
        return _exact_round(y)
    values = np.asarray(y)
    if values.dtype.kind in "iu":
        return values[()]
    rounded = _half_up(values)
    if not np.isfinite(rounded).all():
        raise ValueError("only finite numbers can be rounded to integers")
    if not values.ndim:
        return int(rounded)
    if (np.abs(rounded) >= 2.0**63).any():
        raise ValueError(f"{values[np.abs(rounded) >= 2.0**63][0]} is too large for an int64")
    return rounded.astype(np.int64)


def round_clip(z: Any, D: Any, a: int, b: int) -> Any:
    """Q(z; D, a, b), mid-tread, b − a + 1 states; NaN stays NaN. ValueError unless D > 0 and a < b are integers.

    >>> round_clip(Fraction(7, 4), Fraction(1, 2), -2, 2)
    Fraction(1, 1)
    """
    _checked_step(D)
    if a != int(a) or b != int(b) or a >= b:
        raise ValueError(f"a and b must be integers with a < b, got {a} and {b}")
    y = _quotient(z, D)
    if _is_exact(y):
        k = _exact_round(y)
        return D * (np.clip(k, a, b) if isinstance(k, np.ndarray) else min(max(k, a), b))
    return _like(z, D * np.clip(_half_up(np.asarray(y)), a, b))


def round_clip_mask(z: Any, D: Any, a: int, b: int) -> Any:
    """The straight-through window dQ/dz := 1[aD ≤ z ≤ bD], of the shape of z."""
    _checked_step(D)
    if not a < b:
        raise ValueError(f"a must be less than b, got {a} and {b}")
    values = np.asarray(z) if isinstance(z, list | tuple) else z
    return (values >= a * D) & (values <= b * D)


def mid_rise(z: Any, D: Any, M: int) -> Any:
    """D(clip(⌊z/D⌋, −M/2, M/2 − 1) + 1/2): M symmetric states, M even. ValueError otherwise.

    >>> mid_rise(Fraction(-1, 10), Fraction(1), 2)
    Fraction(-1, 2)
    """
    _checked_step(D)
    _checked_states(M)
    if M % 2:
        raise ValueError(f"mid-rise quantisers have an even number of states, got M = {M}")
    y, lo, hi = _quotient(z, D), -M // 2, M // 2 - 1
    if _is_exact(y):
        k = _exact_floor(y)
        return D * ((np.clip(k, lo, hi) if isinstance(k, np.ndarray) else min(max(k, lo), hi)) + _HALF)
    return _like(z, D * (np.clip(np.floor(np.asarray(y)), lo, hi) + 0.5))


def quantize_activation(y: Any, M_a: int) -> tuple[Any, Any]:
    """(k, k/(M_a − 1)), k = clip(⌊y(M_a − 1) + 1/2⌋, 0, M_a − 1). M_a = 2 is the spike H(y − 1/2).

    ValueError for NaN, and unless M_a is an integer of at least 2.

    >>> quantize_activation(Fraction(1, 6), 4)
    (1, Fraction(1, 3))
    """
    _checked_states(M_a, "M_a")
    M_a = int(M_a)
    scaled = y * (M_a - 1)
    if _is_exact(y):
        k = _exact_round(scaled)
        k = np.clip(k, 0, M_a - 1) if isinstance(y, np.ndarray) else min(max(k, 0), M_a - 1)
        return k, k * Fraction(1, M_a - 1)
    k = _states(_half_up(np.asarray(scaled)), 0, M_a - 1)
    if isinstance(y, np.ndarray):
        return k, (k / (M_a - 1)).astype(y.dtype if y.dtype.kind == "f" else float)
    return int(k), int(k) / (M_a - 1)


def quantize_weight(w: Any, step: float, M_w: int, eps: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """(q, w_q): the rows of w (n_out, n), standardised and quantised to M_w states; q are integers, w_q = step·q, or
    step·(q + 1/2) for even M_w. ValueError for a row of equal weights with eps = 0.

    >>> quantize_weight(np.array([[1.0, 2.0, 4.0]]), 1.0, 3)[0].tolist()
    [[-1, 0, 1]]
    """
    from bounds.quantized_dnn.normalisation import weight_standardize

    _checked_step(step)
    _checked_states(M_w, "M_w")
    standard, _ = weight_standardize(w, eps)
    if M_w % 2:
        q = _states(_half_up(standard / step), -(M_w // 2), M_w // 2)
        return q, (step * q).astype(standard.dtype)
    q = _states(np.floor(standard / step), -(M_w // 2), M_w // 2 - 1)
    return q, (step * (q + 0.5)).astype(standard.dtype)
