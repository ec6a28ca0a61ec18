r"""A gate and its slope cannot both be at their largest: exact maxima over one gate, and over a gate and a tanh.

For $y_1,y_2\ge0$, $0\le l\le u\le1$ and $0\le R_0\le R\le1$,
$$ \max_{s\in[l,u]}\bigl(sy_1+s(1-s)y_2\bigr),\qquad
   G(y_1,y_2;[l,u],[R_0,R])=\max_{s\in[l,u],\,R_0\le r\le R}\bigl(s(1-r^2)y_1+rs(1-s)y_2\bigr) $$
are attained at finitely many candidates in closed form, and both grow with the ranges.

Why: the first is concave, with its top at $(y_1+y_2)/2y_2$. $F(s,r)$ is concave in $r$ and in $s$ separately, so on each side
of the rectangle the clipped stationary point is best. Inside, with $k=y_2/y_1$, $\partial F/\partial r=0$ gives $r=k(1-s)/2$,
and $\partial F/\partial s=0$ then gives $3k^2s^2-4k^2s+k^2+4=0$: $s=(2\pm\sqrt{1-12/k^2})/3$ if $k^2\ge12$.
Cutting $[l,u]$ into cells and maximising each factor by itself within a cell bounds $G$ from above too, but such a bound does
not grow with the range (a variant below).
"""

from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Array, Claim, Enclosure, Evidence, Step, rounded
from bounds.measure.symbolic import identity


def _quotient(a: Any, b: Any, otherwise: Any) -> np.ndarray:
    """a/b, or `otherwise` where b is 0; beyond the range of floats it is inf or 0, which a clip turns into an end."""
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(
            np.divide(a, b, out=np.array(np.broadcast_to(otherwise, np.shape(b)), float), where=np.asarray(b) > 0)
        )


def single_max(y1: Any, y2: Any, l: Any, u: Any) -> np.ndarray:
    """Largest s y1 + s(1 - s) y2 over s in [l, u], entry by entry; y1, y2 ≥ 0."""
    y1, y2, l, u = np.broadcast_arrays(*(np.asarray(v, float) for v in (y1, y2, l, u)))
    s = np.clip(_quotient(y1 + y2, 2 * y2, u), l, u)
    return np.asarray(s * y1 + s * (1 - s) * y2)


def _value(s: np.ndarray, r: np.ndarray, y1: np.ndarray, y2: np.ndarray) -> np.ndarray:
    return np.asarray(s * ((1 - r) * (1 + r) * y1 + r * (1 - s) * y2))


def coupled_max(y1: Any, y2: Any, l: Any, u: Any, R0: Any, R: Any, cells: int | None = None) -> np.ndarray:
    """G, entry by entry. With `cells`, the cell bound: above G by O(1/cells).

    ValueError unless y1, y2 ≥ 0, 0 ≤ l ≤ u ≤ 1, 0 ≤ R0 ≤ R ≤ 1 and at least one cell.

    >>> float(coupled_max(1, 2, 0.2, 0.6, 0.1, 0.4).round(3))
    0.696
    """
    y1, y2, l, u, R0, R = (np.asarray(v, float) for v in (y1, y2, l, u, R0, R))
    inside = [y1 >= 0, y2 >= 0, l >= 0, l <= u, u <= 1, R0 >= 0, R0 <= R, R <= 1]
    if not all(np.all(x) for x in inside) or (cells is not None and cells < 1):
        raise ValueError("G is for y1, y2 >= 0, 0 <= l <= u <= 1, 0 <= R0 <= R <= 1 and at least one cell, if any")
    return joint_max(y1, y2, l, u, R0, R, cells)


def joint_max(y1: Any, y2: Any, l: Any, u: Any, R0: Any, R: Any, cells: int | None = None) -> np.ndarray:
    """`coupled_max` of numbers that are in order by construction."""
    y1, y2, l, u, R0, R = np.broadcast_arrays(*(np.asarray(v, float) for v in (y1, y2, l, u, R0, R)))
    if cells is not None:
        ends = np.linspace(l, u, cells + 1)
        lo, hi = ends[:-1], ends[1:]
        peak = np.clip(0.5, lo, hi)
        Y1, Y2 = hi * y1, y2 * peak * (1 - peak)
        r = np.clip(_quotient(Y2, 2 * Y1, R), R0, R)
        return np.asarray(((1 - r * r) * Y1 + r * Y2).max(axis=0))
    s, r = np.empty((6, *y1.shape)), np.empty((6, *y1.shape))
    s[0], s[1], r[2], r[3] = l, u, R0, R
    r[:2] = np.clip(_quotient((1 - s[:2]) * y2, np.stack([2 * y1] * 2), R), R0, R)
    s[2:4] = np.clip(_quotient((1 - r[2:4] ** 2) * y1 + r[2:4] * y2, 2 * r[2:4] * y2, u), l, u)
    inverse = _quotient(y1, y2, np.inf)  # 1/k
    if (12 * np.minimum(inverse, 1.0) ** 2 > 1).all():  # nowhere an interior critical point
        return np.asarray(_value(s[:4], r[:4], y1, y2).max(axis=0))
    root = np.sqrt(np.maximum(1 - 12 * np.minimum(inverse, 1.0) ** 2, 0.0))
    s[4], s[5] = (2 - root) / 3, (2 + root) / 3
    r[4:] = _quotient(1 - s[4:], np.stack([2 * inverse] * 2), np.inf)
    outside = (12 * np.minimum(inverse, 1.0) ** 2 > 1) | (s[4:] < l) | (s[4:] > u) | ~((r[4:] >= R0) & (r[4:] <= R))
    s[4:], r[4:] = np.where(outside, l, s[4:]), np.where(outside, R, r[4:])
    return np.asarray(_value(s, r, y1, y2).max(axis=0))


class Rectangle(NamedTuple):
    """Weights y, a range of s and one of r, a point (s, r) of it, and a smaller range of s."""

    y: tuple[float, float]
    s_range: tuple[float, float]
    r_range: tuple[float, float]
    point: tuple[float, float]
    part: tuple[float, float]


def rectangle(y: Any, s_range: Any, r_range: Any, point: Any, part: Any) -> Rectangle:
    """Ranges are sorted; the point and the part are fractions of them."""
    y, s, r, inner = (np.asarray(v, float) for v in (y, np.sort(s_range), np.sort(r_range), np.sort(part)))
    at = s[0] + point[0] * (s[1] - s[0]), r[0] + point[1] * (r[1] - r[0])
    return Rectangle(*(tuple(map(float, v)) for v in (y, s, r, at, s[0] + inner * (s[1] - s[0]))))  # type: ignore[arg-type]


def largest(x: Rectangle, s_range: tuple[float, float], cells: int | None = None) -> float:
    """G on a range of s."""
    (y1, y2), (l, u), (R0, R) = x.y, s_range, x.r_range
    return float(joint_max(y1, y2, l, u, R0, R, cells))


def values(x: Rectangle, cells: int | None = None) -> Enclosure:
    """Both functions at the point, and their maxima on the smaller range; sums of nonnegative terms."""
    (s, r), (y1, y2) = x.point, x.y
    at = s * y1 + s * (1 - s) * y2, float(_value(np.array(s), np.array(r), np.array(y1), np.array(y2)))
    return rounded(*at, float(single_max(y1, y2, *x.part)), largest(x, x.part, cells), rel=1e-14)


def maxima(x: Rectangle, cells: int | None = None) -> Enclosure:
    """The maxima on the whole range. At a stationary point an inexact argument costs only its square."""
    one, two = float(single_max(*x.y, *x.s_range)), largest(x, x.s_range, cells)
    return rounded(one, two, one, two, rel=1e-14)


def _at_the_upper_end(x: Rectangle) -> Enclosure:
    (y1, y2), u = x.y, x.s_range[1]
    return rounded(u * y1 + u * (1 - u) * y2)


def _stationary(discriminant: int) -> Evidence:
    """Both partial derivatives of F vanish at the two interior candidates."""
    import sympy

    k, y1 = sympy.symbols("k y1", positive=True)
    s, r = sympy.symbols("s r")
    F = s * (1 - r**2) * y1 + r * s * (1 - s) * k * y1
    out = []
    for sign in (1, -1):
        at = (2 + sign * sympy.sqrt(1 - discriminant / k**2)) / 3
        place = {s: at, r: k * (1 - at) / 2}
        out += [sympy.diff(F, v).subs(place) for v in (s, r)]
    return identity(lambda: sympy.Matrix(out), {"k": (4, 8), "y1": (1, 2)})


HALF = {"y": [1.0, 12.0], "s_range": [0.5, 0.9], "r_range": [0.5, 0.5]}

CLAIM = Claim(
    source="new",
    says="s y₁ + s(1−s) y₂ and s(1−r²) y₁ + r s(1−s) y₂ stay below their closed-form maxima, which grow with the range",
    space={
        "y": Array((2,), 0, 12),
        "s_range": Array((2,), 0, 1),
        "r_range": Array((2,), 0, 1),
        "point": Array((2,), 0, 1),
        "part": Array((2,), 0, 1),
    },
    build=rectangle,
    assumes={},
    actual=values,
    bound=maxima,
    falsified={
        "the gate's slope where the gate is largest": {
            "actual": lambda x: rounded(x.point[0] * x.y[0] + x.point[0] * (1 - x.point[0]) * x.y[1]),
            "bound": _at_the_upper_end,
        },
        "two cells grow with the range": {"actual": lambda x: values(x, cells=2), "bound": lambda x: maxima(x, cells=2)},
    },
    also_true={
        "eight cells bound the maximum": {
            "actual": lambda x: rounded(largest(x, x.s_range)),
            "bound": lambda x: rounded(largest(x, x.s_range, 8)),
        }
    },
    covers={
        "an interior maximum is possible": lambda x: x.y[1] ** 2 >= 12 * x.y[0] ** 2,
        "one function value": lambda x: x.s_range[0] == x.s_range[1],
    },
    witness={
        "the gate's slope where the gate is largest": {**HALF, "y": [0.0, 1.0], "point": [0.0, 0.0], "part": [0.0, 1.0]},
        "two cells grow with the range": {**HALF, "point": [0.0, 0.0], "part": [0.125, 1.0]},
    },
    proof=(
        Step(
            says="at s = (2 ± √(1 − 12/k²))/3, r = k(1 − s)/2 both derivatives vanish",
            check=lambda: _stationary(12),
            false_twin=lambda: _stationary(10),
        ),
    ),
    cost=0.0005,
)
