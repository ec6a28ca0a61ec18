r"""Round-clip quantisers: Q(z; D, a, b) = D clip(⌊z/D + 1/2⌋, a, b), its mid-rise sister, and what is built of them.

Halves are rounded up (numpy's `round` goes to even and is not this). Weights and activations have M states: activations
k/(M_a − 1), k = 0..M_a − 1; weights D_w q with integer |q| ≤ (M_w − 1)/2 for odd M_w, D_w(q + 1/2) for even (mid-rise).
Fractions in, exact numbers out; floats keep their width, and z/D is what the floats say it is.
"""

from fractions import Fraction
from math import floor
from typing import Any

import numpy as np

_exact_round = np.frompyfunc(lambda v: floor(v + Fraction(1, 2)), 1, 1)


def _is_exact(value: Any) -> bool:
    return isinstance(value, Fraction | int) or (isinstance(value, np.ndarray) and value.dtype == object)


def _checked_step(D: Any) -> None:
    if not D > 0:
        raise ValueError(f"the step D must be positive, got {D}")


def _checked_states(M: int, name: str = "M") -> None:
    if int(M) != M or M < 2:
        raise ValueError(f"{name} counts states and must be an integer of at least 2, got {M}")


def round_half_up(y: Any) -> Any:
    """⌊y + 1/2⌋: an int for a number, integers of the shape of an array. Floats just below a half are not rounded up.

    >>> round_half_up(Fraction(5, 2)), round_half_up(-0.5), round_half_up(0.49999999999999994)
    (3, 0, 0)
    """
    if _is_exact(y):
        return _exact_round(y)
    values = np.asarray(y)
    if values.dtype.kind in "iu":
        return values[()]
    below = np.floor(values)
    rounded = (below + (values - below >= 0.5)).astype(np.int64)  # values − below is exact, values + 1/2 is not
    return rounded if values.ndim else int(rounded)


def round_clip(z: Any, D: Any, a: int, b: int) -> Any:
    """Q(z; D, a, b), mid-tread, b − a + 1 states. ValueError unless D > 0 and a < b are integers.

    >>> round_clip(Fraction(7, 4), Fraction(1, 2), -2, 2)
    Fraction(1, 1)
    """
    _checked_step(D)
    if a != int(a) or b != int(b) or a >= b:
        raise ValueError(f"a and b must be integers with a < b, got {a} and {b}")
    k = round_half_up(np.asarray(z) / D if isinstance(z, np.ndarray) else Fraction(z) / D if _is_exact(z) else z / D)
    return D * np.clip(k, a, b) if isinstance(k, np.ndarray) else D * min(max(k, a), b)


def round_clip_mask(z: Any, D: Any, a: int, b: int) -> Any:
    """The straight-through window dQ/dz := 1[aD ≤ z ≤ bD], of the shape of z."""
    _checked_step(D)
    return (z >= a * D) & (z <= b * D)


def mid_rise(z: Any, D: Any, M: int) -> Any:
    """D(clip(⌊z/D⌋, −M/2, M/2 − 1) + 1/2): M symmetric states, M even. ValueError otherwise.

    >>> mid_rise(Fraction(-1, 10), Fraction(1), 2)
    Fraction(-1, 2)
    """
    _checked_step(D)
    _checked_states(M)
    if M % 2:
        raise ValueError(f"mid-rise quantisers have an even number of states, got M = {M}")
    half = Fraction(1, 2) if _is_exact(z) else 0.5
    if isinstance(z, np.ndarray):
        k = np.frompyfunc(floor, 1, 1)(z / D) if z.dtype == object else np.floor(z / D)
        return D * (np.clip(k, -M // 2, M // 2 - 1) + half)
    return D * (min(max(floor(z / D), -M // 2), M // 2 - 1) + half)


def quantize_activation(y: Any, M_a: int) -> tuple[Any, Any]:
    """(k, k/(M_a − 1)), k = clip(⌊y(M_a − 1) + 1/2⌋, 0, M_a − 1). M_a = 2 is the spike H(y − 1/2).

    >>> quantize_activation(Fraction(1, 6), 4)
    (1, Fraction(1, 3))
    """
    _checked_states(M_a, "M_a")
    scaled = y * (M_a - 1)
    k = np.clip(round_half_up(scaled), 0, M_a - 1) if isinstance(y, np.ndarray) else min(max(round_half_up(scaled), 0), M_a - 1)
    if _is_exact(y):
        return k, k * Fraction(1, M_a - 1)
    return k, (k / (M_a - 1)).astype(y.dtype) if isinstance(y, np.ndarray) else k / (M_a - 1)


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
        q = np.clip(round_half_up(standard / step), -(M_w // 2), M_w // 2)
        return q, (step * q).astype(standard.dtype)
    q = np.clip(np.floor(standard / step), -(M_w // 2), M_w // 2 - 1).astype(np.int64)
    return q, (step * (q + 0.5)).astype(standard.dtype)
