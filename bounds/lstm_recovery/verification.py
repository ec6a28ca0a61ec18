r"""Re-check a recovery certificate with exact and ball arithmetic, no solver, and nothing that the search for it used.

Only python-flint, fractions and the weights are needed (no scipy, no cvxpy); every formula of the theory is written once
more here, from the claim modules' statements, on intervals whose ends are exact dyadic numbers, rounded outwards at 200
bits. What a proof contains (hidden box, weights, matrices, times) is only ever *checked*: a wrong file costs a refusal.

`verify_proof` reads the object that `methods` writes; `verify_box`, `verify_rate`, `verify_time`, `verify_lmi` are
the single steps. Each returns whether it holds, and the exact witness.

The proof object is a JSON file. Floats are written in hexadecimal ("0x1.8p-1", as `float.hex`), so that they are the exact
dyadic numbers meant; rationals (`epsilon`, `rho`) as "1/100" or "0.01"; arrays are nested lists, gates in the order f, i, o,
c. Its entries, no more and no less:

| Entry | Meaning |
|---|---|
| `format` | "lstm-recovery-proof/1" |
| `method` | one of `METHODS` |
| `layers` | from the input on, each with `W` (4, n, m), `U` (4, n, n), `b` (4, n) |
| `weights_sha256` | of the layers, by the rule below |
| `inputs` | `lo` and `hi`, (m,) each: the range of usual inputs |
| `hidden` | `lo` and `hi`, (n,) each: the invariant box of h, from which that of c is computed; null for `norm` |
| `anomaly_steps` | null: two states of the box; L: what L arbitrary inputs leave of one |
| `epsilon` | e, a rational |
| `steps` | T: the hidden states are within e of each other for all t >= T |
| `rate` | a float, proved by `weight` or by the matrix inequality; null where the method has none |
| `certificate` | what this method needs, see below |
| `sha256` | of all other entries, as JSON with sorted keys and no spaces |

| Method | Its `certificate` |
|---|---|
| `norm` | `k` refinements, `q` in "1", "2", "inf"; `weight` w > 0, two numbers for each layer, with A w <= `rate` w |
| `box` | `q`, and `weight` of two numbers |
| `lipschitz`, `jacobian`, `coupled` | `weight` w > 0, (2n,): the map at w is at most `rate` w |
| `transient`, `tube` | nothing: the distances themselves are computed once more |
| `cells` | `edges`: for each input where its range is cut; `stages`: steps in which the sets still shrink |
| `lmi` | `P` (2n, 2n), `lam` (6, n), `p` (2n,), `sector` (2, 6, n) as in `verify_lmi`; `rho`; `transient_steps` of Φ first |
| `cells_lmi` | `P`, `p`, `rho`, `transient_steps`; `lam` (cells, 6, n); `edges` and `stages` |

The SHA-256 of the weights: for W, U, b of each layer in turn, the shape in ASCII ("4,2,1;"), then the float64 entries in C
order, little-endian, -0.0 as 0.0 (`bounds.common.lstm.fingerprint`).
"""

from __future__ import annotations

import hashlib
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import wraps
from itertools import pairwise, product
from typing import Any, ParamSpec, TypeVar

import flint
import numpy as np

from bounds.common.lstm import LSTMNet, fingerprint, layers_of

FORMAT = "lstm-recovery-proof/1"
BITS = 200
MOST_REFINED = 10_000  # steps of a norm bound
GRID = 80  # distances are rounded up to multiples of 2^-80
METHODS = ("norm", "box", "lipschitz", "jacobian", "coupled", "transient", "tube", "cells", "lmi", "cells_lmi")

arb = flint.arb
Vector = list[Any]  # of exact arb points
Matrix = list[Vector]
Ends = tuple[Vector, Vector]
Map = Callable[[Vector], Vector]
P = ParamSpec("P")
R = TypeVar("R")


def at_precision(f: Callable[P, R]) -> Callable[P, R]:
    """Run with 200 bits, whatever the caller's precision is."""

    @wraps(f)
    def inner(*args: P.args, **kwargs: P.kwargs) -> R:
        with flint.ctx.workprec(BITS):
            return f(*args, **kwargs)

    return inner


# ---- exact points and intervals ---------------------------------------------------------------------------------------


def point(x: Any) -> Any:
    """The float or dyadic rational as an exact arb; ValueError if 200 bits cannot hold it."""
    if isinstance(x, float) and math.isfinite(x):
        return arb(x)
    value = Fraction(x)
    ball = arb(flint.fmpq(value.numerator, value.denominator))
    if not ball.is_exact():
        raise ValueError(f"{x} is no dyadic number of {BITS} bits")
    return ball


def rational(x: Any) -> Fraction:
    """An exact arb point as a Fraction."""
    mantissa, exponent = x.man_exp()
    return Fraction(int(mantissa)) * Fraction(2) ** int(exponent)


def _up(x: Any) -> Any:
    return x.upper()


def _down(x: Any) -> Any:
    return x.lower()


def _max(*xs: Any) -> Any:
    """Largest of exact points; not a number if one of them is none, since every comparison with it then fails."""
    best = xs[0]
    for x in xs[1:]:
        if not x <= best and not best.is_nan():
            best = x
    return best


def _min(*xs: Any) -> Any:
    return -_max(*(-x for x in xs))


def _sigmoid(z: Any) -> Any:
    return 1 / (1 + (-z).exp())


def _slope(z: Any) -> Any:
    return 1 / ((-z).exp() + 2 + z.exp())


def _tanh(z: Any) -> Any:
    return z.tanh()


def _tanh_slope(z: Any) -> Any:
    return (1 / z.cosh()) ** 2


def _outward(f: Callable[[Any], Any], ends: Ends) -> Ends:
    """An increasing function of an interval, entry by entry."""
    return [_down(f(x)) for x in ends[0]], [_up(f(x)) for x in ends[1]]


def _even(f: Callable[[Any], Any], ends: Ends) -> Ends:
    """An even function that falls away from 0."""
    lows, highs = [], []
    for lo, hi in zip(*ends, strict=True):
        lows.append(_down(f(_max(-lo, hi))))
        highs.append(_up(f(_max(lo, -hi, arb(0)))))
    return lows, highs


def _product(a: Ends, b: Ends) -> Ends:
    lows, highs = [], []
    for al, ah, bl, bh in zip(*a, *b, strict=True):
        products = [al * bl, al * bh, ah * bl, ah * bh]
        lows.append(_min(*(_down(p) for p in products)))
        highs.append(_max(*(_up(p) for p in products)))
    return lows, highs


def _mag(ends: Ends) -> Vector:
    return [_max(-lo, hi) for lo, hi in zip(*ends, strict=True)]


def _points(values: Any) -> Vector:
    return [point(float(x)) for x in values]


# ---- boxes and ranges -------------------------------------------------------------------------------------------------

Ranges = dict[str, Ends]  # f, i, o, g, c, t and the slopes df, di, do, dg, dt


def _preactivation(net: LSTMNet, gate: int, h: Ends, u: Ends) -> Ends:
    lows, highs = [], []
    for j in range(net.n):
        lo = hi = point(float(net.b[gate, j]))
        for weights, ends in ((net.W[gate, j], u), (net.U[gate, j], h)):
            for w, l, r in zip(weights, *ends, strict=True):
                k = point(float(w))
                lo, hi = (lo + k * l, hi + k * r) if w >= 0 else (lo + k * r, hi + k * l)
        lows.append(_down(lo))
        highs.append(_up(hi))
    return lows, highs


def gates(net: LSTMNet, h: Ends, u: Ends) -> tuple[Ranges, Vector]:
    """Ranges of f, i, o, g and their slopes for h and u in a box, and the least 1 - f of every unit."""
    r: Ranges = {}
    leak: Vector = []
    for k, gate in enumerate("fio"):
        a = _preactivation(net, k, h, u)
        r[gate], r["d" + gate] = _outward(_sigmoid, a), _even(_slope, a)
        if gate == "f":
            leak = [_down(_sigmoid(-x)) for x in a[1]]
    a = _preactivation(net, 3, h, u)
    r["g"], r["dg"] = _outward(_tanh, a), _even(_tanh_slope, a)
    return r, leak


def with_cell(r: Ranges, c: Ends) -> Ranges:
    """The ranges together with those of c, tanh c and its slope."""
    return {**r, "c": c, "t": _outward(_tanh, c), "dt": _even(_tanh_slope, c)}


def cell_range(r: Ranges, leak: Vector) -> Ends:
    """c_l = min(0, Q)/(1 - f), c_u = max(0, P)/(1 - f)."""
    Q, top = _product(r["i"], r["g"])
    zero = arb(0)
    return (
        [_down(_min(zero, q) / x) for q, x in zip(Q, leak, strict=True)],
        [_up(_max(zero, p) / x) for p, x in zip(top, leak, strict=True)],
    )


@dataclass(frozen=True)
class ExactBox:
    """A box that is proved invariant: hidden and cell sides, inputs, and all ranges on it."""

    h: Ends
    c: Ends
    u: Ends
    ranges: Ranges

    @property
    def widths(self) -> Vector:
        """w = (cu - cl, hu - hl), rounded up."""
        return [_up(hi - lo) for ends in (self.c, self.h) for lo, hi in zip(*ends, strict=True)]


ROUNDS = 256  # of the box iteration, after which a set that still misses part of the iterate is refused


def contains_limit(net: LSTMNet, box: ExactBox) -> bool:
    """Whether the limit box, which the rounds from h in [-1, 1] shrink to, lies inside: one of 256 rounds must.

    A smaller set may be invariant too (the surroundings of one of two equilibria): what recovers inside it may not
    recover from the states that the net was asked about.
    """
    n, U = net.n, np.concatenate([net.U, net.W], axis=2).reshape(4 * net.n, -1)
    positive, negative = (flint.arb_mat([_points(row) for row in part]) for part in (np.maximum(U, 0), np.minimum(U, 0)))
    b = flint.arb_mat([[x] for x in _points(net.b.ravel())])
    lows, highs = [arb(-1)] * n, [arb(1)] * n
    for _ in range(ROUNDS):
        if all(lo <= a and b <= hi for lo, hi, a, b in zip(*box.h, lows, highs, strict=True)):
            return True
        low, high = (flint.arb_mat([[x] for x in [*h, *u]]) for h, u in zip((lows, highs), box.u, strict=True))
        a_lo, a_hi = positive * low + negative * high + b, positive * high + negative * low + b
        for j in range(n):
            i, g, o = ((a_lo[k * n + j, 0], a_hi[k * n + j, 0]) for k in (1, 3, 2))
            leak = _down(_sigmoid(-a_hi[j, 0]))
            (Q,), (top,) = _product(_outward(_sigmoid, ([i[0]], [i[1]])), _outward(_tanh, ([g[0]], [g[1]])))
            widest = _up(_sigmoid(o[1]))
            lows[j] = _max(lows[j], _down(widest * (_down(_min(arb(0), Q) / leak)).tanh()))
            highs[j] = _min(highs[j], _up(widest * (_up(_max(arb(0), top) / leak)).tanh()))
    return False


@at_precision
def verify_box(net: LSTMNet, box: Mapping[str, Any]) -> tuple[bool, ExactBox]:
    """Whether the hidden sides hl, hu for inputs in ulo, uhi make an invariant box that holds all of the limit box (see
    `contains_limit`); cl, cu are computed, not read.

    Checked: h = 0 is inside, [-1, 1] is not left, and the new h, o·tanh(c) with c in [cl, cu], is inside again.
    ValueError for sides that are missing, not finite, not of the net's sizes, or the wrong way round.
    """
    invariant, exact = _invariant(net, box)
    return invariant and contains_limit(net, exact), exact


def _invariant(net: LSTMNet, box: Mapping[str, Any]) -> tuple[bool, ExactBox]:
    if missing := [side for side in ("hl", "hu", "ulo", "uhi") if side not in box]:
        raise ValueError(f"a box needs the sides hl, hu, ulo and uhi, {', '.join(missing)} is missing")
    for name, size in (("h", net.n), ("u", net.m)):
        lower, upper = (np.asarray(box[side], float) for side in ((name + "l", name + "u") if name == "h" else ("ulo", "uhi")))
        if (
            lower.shape != (size,)
            or upper.shape != (size,)
            or not (np.isfinite(lower) & np.isfinite(upper) & (lower <= upper)).all()
        ):
            raise ValueError(f"the sides of {name} must be {size} finite intervals, lower end first, got {lower} and {upper}")
    h, u = (_points(box["hl"]), _points(box["hu"])), (_points(box["ulo"]), _points(box["uhi"]))
    r, leak = gates(net, h, u)
    c = cell_range(r, leak)
    new = _product(r["o"], _outward(_tanh, c))
    holds = all(-1 <= lo <= a <= 0 <= b <= hi <= 1 for lo, hi, a, b in zip(*h, *new, strict=True))
    return holds, ExactBox(h, c, u, with_cell(r, c))


def anomaly_box(net: LSTMNet, limit: ExactBox, L: int) -> tuple[ExactBox, Vector]:
    """X_L = {|c| <= C_0 + L, |h| <= 1} and d0, for a net whose usual states lie in the box `limit`."""
    one = [arb(1)] * net.n
    h = [-x for x in one], one
    r, leak = gates(net, h, limit.u)
    C = [_up(x + L) for x in _mag(cell_range(r, leak))]
    c = [-x for x in C], C
    start = [_up(a + b) for a, b in zip([*_mag(limit.c), *_mag(limit.h)], [*C, *one], strict=True)]
    return ExactBox(h, c, limit.u, with_cell(r, c)), start


# ---- maps that bound the next distance, all rounded up ----------------------------------------------------------------


def _dot(row: Sequence[Any], x: Sequence[Any]) -> Any:
    return _up(sum((a * b for a, b in zip(row, x, strict=True)), arb(0)))


def absolute(U: np.ndarray) -> Matrix:
    """|U|, exactly."""
    return [_points(row) for row in np.abs(U)]


def lipschitz_matrix(net: LSTMNet, r: Ranges) -> Matrix:
    """A_lip, every entry rounded up."""
    n, (U_f, U_i, U_o, U_c) = net.n, (absolute(U) for U in net.U)
    rows: Matrix = []
    c, g, t = _mag(r["c"]), _mag(r["g"]), _mag(r["t"])
    for j in range(n):
        gain = [c[j] * r["df"][1][j], r["i"][1][j] * r["dg"][1][j], g[j] * r["di"][1][j]]
        M = [_dot(gain, (U_f[j][k], U_c[j][k], U_i[j][k])) for k in range(n)]
        rows.append([r["f"][1][j] if k == j else arb(0) for k in range(n)] + M)
    for j in range(n):
        o, direct = r["o"][1][j], t[j] * r["do"][1][j]
        left = [_up(o * x) for x in rows[j][:n]]
        rows.append(left + [_up(o * rows[j][n + k] + direct * U_o[j][k]) for k in range(n)])
    return rows


def jacobian_matrix(net: LSTMNet, r: Ranges) -> Matrix:
    """A_jac, every entry rounded up."""
    n, top, bottom = net.n, [], []
    factors = [(_product(r["c"], r["df"]), 0), (_product(r["i"], r["dg"]), 3), (_product(r["g"], r["di"]), 1)]
    ot, to = _product(r["o"], r["dt"]), _product(r["t"], r["do"])
    for j in range(n):
        upper, lower = [], []
        for k in range(n):
            lo = hi = arb(0)
            for (a_lo, a_hi), gate in factors:
                ends = a_lo[j] * point(float(net.U[gate, j, k])), a_hi[j] * point(float(net.U[gate, j, k]))
                lo, hi = lo + _min(*map(_down, ends)), hi + _max(*map(_up, ends))
            lo, hi = _down(lo), _up(hi)
            upper.append(_max(-lo, hi))
            (p_lo,), (p_hi,) = _product(([ot[0][j]], [ot[1][j]]), ([lo], [hi]))
            w = point(float(net.U[2, j, k]))
            direct = to[0][j] * w, to[1][j] * w
            lower.append(_max(_up(-(p_lo + _min(*map(_down, direct)))), _up(p_hi + _max(*map(_up, direct)))))
        top.append([r["f"][1][j] if k == j else arb(0) for k in range(n)] + upper)
        bottom.append([_up(ot[1][j] * r["f"][1][j]) if k == j else arb(0) for k in range(n)] + lower)
    return top + bottom


def _clip(x: Any, lo: Any, hi: Any) -> Any:
    """A ball that holds the clipped values of a ball."""
    return x.max(lo).min(hi)


def _single_max(y1: Any, y2: Any, l: Any, u: Any) -> Any:
    s = _clip((y1 + y2) / (2 * y2), l, u) if y2 > 0 else u
    return _up(s * y1 + s * (1 - s) * y2)


def _joint_max(y1: Any, y2: Any, l: Any, u: Any, R0: Any, R: Any) -> Any:
    """An upper bound of s(1 - r²)y1 + r s(1 - s)y2: the ball at every candidate that may lie in the rectangle."""
    places = [(s, _clip((1 - s) * y2 / (2 * y1), R0, R) if y1 > 0 else R) for s in (l, u)]
    for r in (R0, R):
        top, slope = (1 - r * r) * y1 + r * y2, 2 * r * y2
        places.append((_clip(top / slope, l, u) if slope > 0 else u, r))
    if y1 > 0 and y2 > 0:
        k = y2 / y1
        root = (1 - 12 / (k * k)).upper()
        if root >= 0:
            root = (1 - 12 / (k * k)).max(arb(0)).sqrt()
            for s in ((2 - root) / 3, (2 + root) / 3):
                r = k * (1 - s) / 2
                if not (s < l or s > u or r < R0 or r > R):
                    places.append((s, r))
    return _max(*(_up(s * (1 - r * r) * y1 + r * s * (1 - s) * y2) for s, r in places))


def coupled_map(net: LSTMNet, r: Ranges) -> Map:
    """Ψ, rounded up."""
    n, (U_f, U_i, U_o, U_c) = net.n, (absolute(U) for U in net.U)
    c, t, g = _mag(r["c"]), _mag(r["t"]), _mag(r["g"])
    least_g = [_max(arb(0), lo, -hi) for lo, hi in zip(*r["g"], strict=True)]

    def apply(d: Vector) -> Vector:
        new, h = [], d[n:]
        for j in range(n):
            forget = _single_max(d[j], _up(c[j] * _dot(U_f[j], h)), r["f"][0][j], r["f"][1][j])
            enter = _joint_max(_dot(U_c[j], h), _dot(U_i[j], h), r["i"][0][j], r["i"][1][j], least_g[j], g[j])
            new.append(_up(forget + enter))
        out = [_joint_max(new[j], _dot(U_o[j], h), r["o"][0][j], r["o"][1][j], arb(0), t[j]) for j in range(n)]
        return new + out

    return apply


def matrix_map(A: Matrix) -> Map:
    """d -> A d, rounded up."""
    return lambda d: [_dot(row, d) for row in A]


def transient_map(net: LSTMNet, r: Ranges, clip: Vector, after: Ranges | None = None) -> Map:
    """Φ, rounded up; `after` are the ranges of the new c."""
    local = r if after is None else {**r, "t": after["t"], "dt": after["dt"]}
    n, (U_f, U_i, U_o, U_c) = net.n, (absolute(U) for U in net.U)
    coupled, linear = coupled_map(net, local), matrix_map(jacobian_matrix(net, local))
    c_mag, t_mag, g_mag = _mag(r["c"]), _mag(local["t"]), _mag(r["g"])

    def saturated(gate: str, j: int, q: Any) -> Any:
        lo, hi = r[gate][0][j], r[gate][1][j]
        level = _up(2 * (q / 2).tanh()) if gate == "g" else _up((q / 4).tanh())
        return _min(_up(r["d" + gate][1][j] * q), level, _up(hi - lo))

    def apply(d: Vector) -> Vector:
        h, other = d[n:], [_min(*xs) for xs in zip(coupled(d), linear(d), clip, strict=True)]
        new, out = [], []
        for j in range(n):
            df, di = saturated("f", j, _dot(U_f[j], h)), saturated("i", j, _dot(U_i[j], h))
            dg = saturated("g", j, _dot(U_c[j], h))
            value = r["f"][1][j] * d[j] + c_mag[j] * df + r["i"][1][j] * dg + g_mag[j] * di
            new.append(_min(_up(value), other[j]))
            width = _up(local["t"][1][j] - local["t"][0][j])
            inner = _min(new[j], _up(2 * (new[j] / 2).tanh()), width)
            value = r["o"][1][j] * inner + t_mag[j] * saturated("o", j, _dot(U_o[j], h))
            out.append(_min(_up(value), other[n + j]))
        return new + out

    return apply


# ---- times and rates --------------------------------------------------------------------------------------------------


def _grid(x: Any) -> Any:
    """Up to a multiple of 2^-80."""
    scaled = (x * arb(2) ** GRID).upper().ceil()
    return (scaled * arb(2) ** -GRID).upper()


def settles(step: Map, d0: Vector, hidden: slice, e: Fraction, T: int) -> tuple[bool, Vector]:
    """Whether d <- min(step(d), d0), every entry rounded up to the grid, is within e after T steps; and that d.

    The map is monotone and d0 bounds every distance, so the iterates never increase and later ones are within e too.
    """
    limit, d = arb(flint.fmpq(e.numerator, e.denominator)), d0
    for _ in range(T):
        before, d = d, [_min(_grid(x), y) for x, y in zip(step(d), d0, strict=True)]
        if all(x == y for x, y in zip(before, d, strict=True)):
            break  # so it stays, however large T is
    return all(x <= limit for x in d[hidden]), d


@at_precision
def verify_rate(A: Any, w: Sequence[Any], r: Any = 1) -> tuple[bool, Fraction]:
    """Whether A w <= r w exactly, for a nonnegative matrix of exact numbers and w > 0; and the exact max (A w)_i/w_i."""
    rows = [[Fraction(x) if not isinstance(x, arb) else rational(x) for x in row] for row in A]
    weight = [Fraction(x) for x in w]
    if any(x <= 0 for x in weight) or any(x < 0 for row in rows for x in row):
        raise ValueError("a rate needs a nonnegative matrix and a positive weight")
    rate = max(
        sum((a * x for a, x in zip(row, weight, strict=True)), Fraction(0)) / y for row, y in zip(rows, weight, strict=True)
    )
    return rate <= Fraction(r), rate


def map_of(net: LSTMNet, method: str, box: ExactBox, clip: Vector) -> Map:
    """The map of a method on a proved box."""
    if method == "lipschitz":
        return matrix_map(lipschitz_matrix(net, box.ranges))
    if method == "jacobian":
        return matrix_map(jacobian_matrix(net, box.ranges))
    if method == "coupled":
        return coupled_map(net, box.ranges)
    if method == "transient":
        return transient_map(net, box.ranges, clip)
    raise ValueError(f"the method must be lipschitz, jacobian, coupled or transient, got {method!r}")


@at_precision
def verify_time(net: LSTMNet, box: Mapping[str, Any], e: Any, T: int, method: str = "lipschitz") -> tuple[bool, Vector]:
    """Whether |h - h~| <= e after T steps and ever after, from any two states of the box; and the bound d_T, or that of
    an earlier step that is within e already. ValueError unless e > 0 and T is a natural number."""
    tolerance = Fraction(e)
    if not natural(T) or tolerance <= 0:
        raise ValueError(f"the time must be a natural number and the tolerance positive, got T = {T!r} and e = {e!r}")
    holds, exact = verify_box(net, box)
    start = exact.widths
    if not holds:
        return False, start
    within, d = settles(map_of(net, method, exact, start), start, slice(net.n, None), tolerance, T)
    return within, d


def _image(box: ExactBox, net: LSTMNet) -> ExactBox:
    """R ∩ F(R) of a tube."""
    r = box.ranges
    Q, top = _product(r["i"], r["g"])
    kept = _product(r["f"], box.c)
    lo = [_max(_down(a + q), old) for a, q, old in zip(kept[0], Q, box.c[0], strict=True)]
    hi = [_min(_up(a + p), old) for a, p, old in zip(kept[1], top, box.c[1], strict=True)]
    new = _product(r["o"], _outward(_tanh, (lo, hi)))
    h = (
        [_max(a, old) for a, old in zip(new[0], box.h[0], strict=True)],
        [_min(a, old) for a, old in zip(new[1], box.h[1], strict=True)],
    )
    fresh, _ = gates(net, h, box.u)
    return ExactBox(h, (lo, hi), box.u, with_cell(fresh, (lo, hi)))


def tube_settles(net: LSTMNet, box: ExactBox, d0: Vector, e: Fraction, T: int) -> tuple[bool, Vector]:
    """Whether the tube is within e at a step s <= T with d_{s+1} <= d_s, so that it stays there; and d_s."""
    limit, d = arb(flint.fmpq(e.numerator, e.denominator)), d0
    for _ in range(T + 1):
        after = _image(box, net)
        new = [_grid(x) for x in transient_map(net, box.ranges, after.widths, after.ranges)(d)]
        if all(x <= limit for x in d[net.n :]) and all(x <= y for x, y in zip(new, d, strict=True)):
            return True, d
        if all(x == y for x, y in zip([*new, *after.c[0], *after.c[1]], [*d, *box.c[0], *box.c[1]], strict=True)):
            break
        box, d = after, new
    return False, d


def cells_of(box: ExactBox, edges: Any) -> list[Ends]:
    """The parts of the input box, cut at `edges`: for every input dyadic numbers from its lower end to its upper."""
    sides = []
    for points, lo, hi in zip(edges, *box.u, strict=True):
        exact = _points(points)
        if len(exact) < 2 or exact[0] != lo or exact[-1] != hi or not all(a <= b for a, b in pairwise(exact)):
            raise ValueError("the edges of the cells must rise from the lower end of the input to its upper end")
        sides.append(list(pairwise(exact)))
    return [([a for a, _ in corner], [b for _, b in corner]) for corner in product(*sides)]


def cell_stage(net: LSTMNet, box: ExactBox, cells: Sequence[Ends]) -> tuple[list[Map], list[Ranges], ExactBox]:
    """For every cell of inputs the map from R_s and the ranges on it with those of the new c; and R_{s+1}."""
    maps, ranges, images = [], [], []
    for u in cells:
        here, _ = gates(net, box.h, u)
        r = with_cell(here, box.c)
        after = _image(ExactBox(box.h, box.c, u, r), net)
        maps.append(transient_map(net, r, after.widths, after.ranges))
        ranges.append({**r, "t": after.ranges["t"], "dt": after.ranges["dt"]})
        images.append(after)

    def hull(parts: list[Ends]) -> Ends:
        lows, highs = (list(zip(*ends, strict=True)) for ends in zip(*parts, strict=True))
        return [_min(*xs) for xs in lows], [_max(*xs) for xs in highs]

    h, c = hull([b.h for b in images]), hull([b.c for b in images])
    return maps, ranges, ExactBox(h, c, box.u, {})


def cell_path(
    net: LSTMNet, box: ExactBox, d0: Vector, cells: Sequence[Ends], stages: int, T: int
) -> tuple[Vector, Vector, list[Ranges]]:
    """d_T, d_{T+1} and the ranges in every cell at time T of `input_cells`, whose sets shrink for `stages` steps."""
    if stages < 1:
        raise ValueError(f"there is at least one stage, got {stages}")
    maps: list[Map] = []
    ranges: list[Ranges] = []
    d = d0
    for t in range(T + 1):
        if t < stages:
            maps, ranges, box = cell_stage(net, box, cells)
        new = [_grid(_max(*xs)) for xs in zip(*(step(d) for step in maps), strict=True)]
        if t == T or (t >= stages - 1 and all(x == y for x, y in zip(new, d, strict=True))):
            return d, new, ranges  # the maps change no more, and d stays, however large T is
        d = new
    raise ValueError(f"T must not be negative, got {T}")


# ---- the linear matrix inequality -------------------------------------------------------------------------------------


def positive_definite(A: Matrix) -> bool:
    """Whether every pivot of the symmetric matrix of balls is positive for certain."""
    rows = [list(row) for row in A]
    size = len(rows)
    for k in range(size):
        if not rows[k][k] > 0:
            return False
        for i in range(k + 1, size):
            factor = rows[i][k] / rows[k][k]
            for j in range(k + 1, i + 1):
                rows[i][j] -= factor * rows[j][k]
    return True


def sectors(r: Ranges) -> list[Ends]:
    """Ranges of the six factors: f, c f', i g', g i', t o', o t'."""
    pairs = [("c", "df"), ("i", "dg"), ("g", "di"), ("t", "do"), ("o", "dt")]
    return [r["f"], *(_product(r[a], r[b]) for a, b in pairs)]


def lmi_matrix(net: LSTMNet, Q: Matrix, lam: Matrix, rho2: Any, lo: Matrix, hi: Matrix) -> Matrix:
    """-(Xp'PXp - rho² X'PX + Σ sym[(w - lo z)' λ (hi z - w)]) as balls, for ξ = (Δc, Δh, w_0..w_5), size 8n."""
    n = net.n
    size, zero = 8 * n, arb(0)
    L = [[zero] * size for _ in range(size)]

    def signal(k: int, j: int) -> list[tuple[int, Any]]:
        """z_k[j] as a sparse row."""
        if k == 0:
            return [(j, arb(1))]
        if k == 5:
            return [(2 * n + m * n + j, arb(1)) for m in range(4)]
        return [(n + i, point(float(net.U[(0, 3, 1, 2)[k - 1], j, i]))) for i in range(n)]

    def add(left: list[tuple[int, Any]], right: list[tuple[int, Any]], factor: Any) -> None:
        """factor * sym(left' right)."""
        for a, x in left:
            for b, y in right:
                term = factor * x * y / 2
                L[a][b] += term
                L[b][a] += term

    new = [[(2 * n + m * n + j, arb(1)) for m in range(4)] for j in range(n)]
    new += [[(2 * n + m * n + j, arb(1)) for m in (4, 5)] for j in range(n)]
    for a in range(2 * n):
        for b in range(2 * n):
            add(new[a], new[b], Q[a][b])
            add([(a, arb(1))], [(b, arb(1))], -rho2 * Q[a][b])
    for k in range(6):
        for j in range(n):
            w, z = [(2 * n + k * n + j, arb(1))], signal(k, j)
            add(w + [(a, -lo[k][j] * x) for a, x in z], [(a, hi[k][j] * x) for a, x in z] + [(a, -x) for a, x in w], lam[k][j])
    return [[-x for x in row] for row in L]


def norm_fault(Q: Matrix, p: np.ndarray) -> str:
    """Why |Δh_j|² <= Δx'QΔx <= Σ p_i Δx_i² is not proved for every hidden unit j, or nothing."""
    n = len(Q) // 2
    for j in range(n, 2 * n):
        if not positive_definite([[x - (1 if a == b == j else 0) for b, x in enumerate(row)] for a, row in enumerate(Q)]):
            return f"P - e e' is not positive definite at hidden unit {j - n}"
    if not positive_definite(
        [[(point(float(p[a])) if a == b else arb(0)) - x for b, x in enumerate(row)] for a, row in enumerate(Q)]
    ):
        return "diag(p) - P is not positive definite"
    return ""


@at_precision
def verify_lmi(net: LSTMNet, box: Mapping[str, Any], P: Any, lam: Any, rho: Any, p: Any, sector: Any) -> tuple[bool, str]:
    """Whether |Δh_t|_inf <= rho^t sqrt(Σ p_i d_0,i²) is proved on the box by P (2n, 2n), lam (6, n), p (2n,), all floats.

    `sector` (2, 6, n): the floats between which f, c f', i g', g i', t o', o t' are claimed to lie; re-derived and checked.
    The reason says which check failed.
    """
    holds, exact = verify_box(net, box)
    if not holds:
        return False, "the box is not invariant"
    n = net.n
    P, lam, p, sector = (np.asarray(x, float) for x in (P, lam, p, sector))
    if P.shape != (2 * n, 2 * n) or lam.shape != (6, n) or p.shape != (2 * n,) or sector.shape != (2, 6, n):
        return False, "an array has the wrong shape"
    if not all(np.isfinite(x).all() for x in (P, lam, p, sector)):
        return False, "an entry is not finite"
    if not np.array_equal(P, P.T):
        return False, "P is not symmetric"
    if (lam < 0).any():
        return False, "a multiplier is negative"
    lo, hi = ([_points(row) for row in part] for part in sector)
    for k, (low, high) in enumerate(sectors(exact.ranges)):
        if not all(a <= b and c <= d for a, b, c, d in zip(lo[k], low, high, hi[k], strict=True)):
            return False, f"sector {k} does not contain its factor"
    Q = [_points(row) for row in P]
    reason = norm_fault(Q, p)
    if reason:
        return False, reason
    r = Fraction(rho)
    if not 0 < r < 1:
        return False, "rho is not between 0 and 1"
    rho2 = arb(flint.fmpq((r * r).numerator, (r * r).denominator))
    if not positive_definite(lmi_matrix(net, Q, [_points(row) for row in lam], rho2, lo, hi)):
        return False, "the matrix inequality fails"
    return True, "every pivot is positive"


def lmi_settles(p: Any, start: Vector, rho: Fraction, e: Fraction, T: int) -> bool:
    """Whether rho^T sqrt(Σ p_i d_i²) <= e for certain, squared: rho^2T Σ p_i d_i² <= e², in balls."""
    size = sum((point(float(a)) * x * x for a, x in zip(p, start, strict=True)), arb(0))
    rate, limit = (arb(flint.fmpq(x.numerator, x.denominator)) for x in (rho, e * e))
    return T >= 0 and bool(rate ** (2 * T) * size <= limit)


# ---- norms: one number for c and one for h of every layer -------------------------------------------------------------


def _norm(M: np.ndarray, q: float) -> Any:
    """An upper bound of the induced q-norm, q in {1, 2, inf}."""
    if q not in (1, 2, math.inf):
        raise ValueError(f"q must be 1, 2 or inf, got {q}")
    if not M.any():
        return arb(0)
    rows = absolute(M)
    if q == math.inf:
        return _max(*(_up(sum(row, arb(0))) for row in rows))
    if q == 1:
        return _max(*(_up(sum(column, arb(0))) for column in zip(*rows, strict=True)))
    guess = point(float(np.linalg.norm(M, 2)) * (1 + 1e-9))
    exact = [_points(row) for row in M]
    gram = [[sum((x[a] * x[b] for x in exact), arb(0)) for b in range(M.shape[1])] for a in range(M.shape[1])]
    gap = [[(guess * guess if a == b else arb(0)) - x for b, x in enumerate(row)] for a, row in enumerate(gram)]
    return guess if positive_definite(gap) else arb(float("inf"))


def norm_bounds(stack: Sequence[LSTMNet], k: int, q: float, umax: Any) -> tuple[Matrix, Vector]:
    """A_tot and d0 of the stacked 2x2 matrices on X_k, rounded up."""
    if not 0 <= k <= MOST_REFINED:
        raise ValueError(f"the number of refinements must lie in 0..{MOST_REFINED}, got {k}")
    rows: Matrix = []
    start: Vector = []
    for net in stack:
        H, best = arb(1), (arb(0),) * 6
        for step in range(k + 1):
            r = []
            for g in range(4):
                W, U, b = absolute(net.W[g]), absolute(net.U[g]), _points(np.abs(net.b[g]))
                sums = [umax * sum(W[j], arb(0)) + H * sum(U[j], arb(0)) + b[j] for j in range(net.n)]
                r.append(_max(*map(_up, sums)))
            sf, si, so, ph = (*(_up(_sigmoid(x)) for x in r[:3]), _up(r[3].tanh()))
            cb = _up(si * ph / _down(_sigmoid(-r[0])))
            H_next = _up(so * cb.tanh())
            if step and not H_next < H:
                break  # settled up to rounding: the last step that shrank is a valid set
            best, H = (sf, si, so, ph, cb, H_next), H_next
        sf, si, so, ph, cb, H_next = best
        N, V = [_norm(U, q) for U in net.U], [_norm(W, q) for W in net.W]
        al = _up(cb * N[0] / 4 + si * N[3] + ph * N[1] / 4)
        be, t = _up(cb.tanh() * N[2] / 4), cb.tanh()
        ga = _up(cb * V[0] / 4 + si * V[3] + ph * V[1] / 4)
        B = [ga, _up(so * ga + t * V[2] / 4)]
        below = rows[-1] if rows else []
        rows += [
            [_up(x * y) for y in below] + own for x, own in zip(B, ([sf, al], [_up(so * sf), _up(so * al + be)]), strict=True)
        ]
        spread = arb(1) if q == math.inf else arb(net.n) if q == 1 else arb(net.n).sqrt()
        start += [_up(2 * cb * spread), _up(2 * H_next * spread)]
        umax = H_next
    width = len(rows[-1])
    return [row + [arb(0)] * (width - len(row)) for row in rows], start


def box_bounds(net: LSTMNet, box: ExactBox, q: float) -> tuple[Matrix, Vector]:
    """A_box in the q-norm and d0, rounded up."""
    r, N = box.ranges, [_norm(U, q) for U in net.U]

    def largest(a: Vector, b: Vector) -> Any:
        return _max(*(_up(x * y) for x, y in zip(a, b, strict=True)))

    al = _up(
        N[0] * largest(_mag(r["c"]), r["df"][1])
        + N[3] * largest(r["i"][1], r["dg"][1])
        + N[1] * largest(_mag(r["g"]), r["di"][1])
    )
    be = _up(N[2] * largest(_mag(r["t"]), r["do"][1]))
    sf, so = _max(*r["f"][1]), _max(*r["o"][1])
    spread = arb(1) if q == math.inf else arb(net.n) if q == 1 else arb(net.n).sqrt()
    w = box.widths
    start = [_up(_max(*w[: net.n]) * spread), _up(_max(*w[net.n :]) * spread)]
    return [[sf, al], [_up(so * sf), _up(so * al + be)]], start


# ---- the proof object -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Verified:
    """What a proof object proves, or why it does not."""

    holds: bool
    reason: str
    statement: str = ""


NORMS = {"1": 1.0, "2": 2.0, "inf": math.inf}
KEYS = "format method weights_sha256 layers inputs hidden anomaly_steps epsilon rate certificate steps sha256"
DATA = {
    "norm": "k q weight",
    "box": "q weight",
    "transient": "",
    "tube": "",
    "cells": "edges stages",
    "lmi": "P lam p sector rho transient_steps",
    "cells_lmi": "P lam p rho edges stages transient_steps",
}  # of the other methods: weight


def sealed(proof: Mapping[str, Any]) -> dict[str, Any]:
    """The object with the SHA-256 of all its other entries, as JSON with sorted keys and no spaces.

    It guards against a slip, such as an entry of P that was touched and still happens to prove the same; whoever forges a
    proof can seal it too, and is stopped by the mathematics."""
    rest = {name: value for name, value in proof.items() if name != "sha256"}
    text = json.dumps(rest, sort_keys=True, separators=(",", ":"))
    return rest | {"sha256": hashlib.sha256(text.encode("utf-8")).hexdigest()}


def natural(x: Any) -> bool:
    """An integer that is not negative; a truth value is none."""
    return isinstance(x, int) and not isinstance(x, bool) and x >= 0


def _integer(x: Any) -> int:
    if not natural(x):
        raise ValueError(f"a natural number is needed, got {x!r}")
    return int(x)


def _rational(text: Any) -> Fraction:
    """ "3/4", "0.75" and "1", as they are written; a JSON number would already have been rounded."""
    if not isinstance(text, str) or not re.fullmatch(r"\d{1,2000}(/\d{1,2000}|\.\d{1,2000})?", text, re.ASCII):
        raise ValueError(f"a number must be written like 3/4 or 0.75, got {str(text)[:40]!r}")
    return Fraction(text)


def _only(entries: Any, names: str, where: str) -> None:
    """ValueError if an entry is missing, or if there is one that nothing would check."""
    if not isinstance(entries, Mapping) or set(entries) != set(names.split()):
        found = ", ".join(map(str, entries)) if isinstance(entries, Mapping) else type(entries).__name__
        raise ValueError(f"{where} must hold the entries {names or '(none)'}, got {found}")


def _floats(values: Any) -> np.ndarray:
    """Nested lists of hexadecimal floats as an array."""
    if isinstance(values, str):
        return np.asarray(float.fromhex(values))
    return np.array([_floats(v) for v in values])


def _read_layers(proof: Mapping[str, Any]) -> tuple[LSTMNet, ...]:
    return layers_of([LSTMNet(*(_floats(layer[name]) for name in ("W", "U", "b"))) for layer in proof["layers"]])


def statement(proof: Mapping[str, Any]) -> str:
    """The sentence that the object claims."""
    L, ends = proof["anomaly_steps"], [_floats(proof["inputs"][end]) for end in ("lo", "hi")]
    inputs = ", ".join(sorted({f"[{float(lo)!r}, {float(hi)!r}]" for lo, hi in zip(*ends, strict=True)}))
    left = "any two pasts with such inputs" if L is None else f"any {L} anomalous inputs, however large,"
    return f"inputs in {inputs}: {left} leave |h - h~| <= {proof['epsilon']} for all t >= {proof['steps']}"


def verify_proof(proof: Mapping[str, Any], net: Any = None) -> Verified:
    """Re-check a proof object; if `net` is given, also that it is about that net.

    Never raises on a wrong file: whatever does not check out is a reason.
    """
    try:
        return _verify(proof, net)
    except (LookupError, TypeError, ValueError, ArithmeticError, AttributeError, RecursionError) as problem:
        return Verified(False, f"the file does not read as a proof: {type(problem).__name__}: {problem}")


@at_precision
def _verify(proof: Mapping[str, Any], net: Any) -> Verified:
    if proof["format"] != FORMAT:
        return Verified(False, f"the format is {proof['format']!r}, not {FORMAT!r}")
    _only(proof, KEYS, "a proof")
    _only(proof["inputs"], "lo hi", "inputs")
    method, data = proof["method"], proof["certificate"]
    if method not in METHODS:
        return Verified(False, f"the method {method!r} is not among {METHODS}")
    _only(data, DATA.get(method, "weight"), f"the certificate of {method}")
    stack = _read_layers(proof)
    if fingerprint(stack) != proof["weights_sha256"]:
        return Verified(False, "the weights in the file do not have the hash in the file")
    if net is not None and fingerprint(net) != proof["weights_sha256"]:
        return Verified(False, "the proof is about other weights")
    T, e, L = proof["steps"], _rational(proof["epsilon"]), proof["anomaly_steps"]
    if not natural(T) or e <= 0:
        return Verified(False, "the time must be a natural number and the tolerance positive")
    if not (L is None or natural(L)):
        return Verified(False, "the number of anomalous inputs must be a natural number")
    ulo, uhi = (_floats(proof["inputs"][name]) for name in ("lo", "hi"))
    if method == "norm":
        if ulo.shape != (stack[0].m,) or uhi.shape != ulo.shape or not (ulo <= uhi).all():
            return Verified(False, "the input range does not fit the net")
        if L is not None or proof["hidden"] is not None:
            return Verified(False, "a norm certificate says nothing about unbounded anomalies, nor about a hidden box")
        umax = point(float(np.maximum(np.abs(ulo), np.abs(uhi)).max(initial=0.0)))
        A, start = norm_bounds(stack, _integer(data["k"]), NORMS[data["q"]], umax)
        within, _ = settles(matrix_map(A), start, slice(len(start) - 1, None), e, T)
        return _answer(proof, within, matrix_map(A))
    if len(stack) != 1:
        return Verified(False, f"the method {method!r} is for one layer, the net has {len(stack)}")
    layer = stack[0]
    box = {"hl": _floats(proof["hidden"]["lo"]), "hu": _floats(proof["hidden"]["hi"]), "ulo": ulo, "uhi": uhi}
    _only(proof["hidden"], "lo hi", "hidden")
    invariant, limit = _invariant(layer, box)
    if not invariant:
        return Verified(False, "the hidden box is not invariant")
    if not contains_limit(layer, limit):
        return Verified(False, "the hidden box is invariant, but leaves out part of the limit box")
    exact, start = (limit, limit.widths) if L is None else anomaly_box(layer, limit, L)
    hidden = slice(layer.n, None)
    if method == "box":
        if L is not None:
            return Verified(False, "a box certificate says nothing about unbounded anomalies")
        A, start = box_bounds(layer, exact, NORMS[data["q"]])
        return _answer(proof, settles(matrix_map(A), start, slice(1, None), e, T)[0], matrix_map(A))
    if method == "tube":
        return _answer(proof, tube_settles(layer, exact, start, e, T)[0])
    if method in ("cells", "cells_lmi"):
        return _verify_cells(proof, layer, exact, start, e, T)
    if method != "lmi":
        step = map_of(layer, method, exact, start)
        return _answer(proof, settles(step, start, hidden, e, T)[0], None if method == "transient" else step)
    if L is not None:
        return Verified(False, "a matrix inequality is proved on the limit box only")
    arrays = [_floats(data[name]) for name in ("P", "lam", "p", "sector")]
    rho, t0 = _rational(data["rho"]), _integer(data["transient_steps"])
    proved, reason = verify_lmi(layer, box, arrays[0], arrays[1], rho, arrays[2], arrays[3])
    if not proved:
        return Verified(False, reason)
    if Fraction(float.fromhex(proof["rate"])) != rho:
        return Verified(False, "the rate is not the rho of the matrix inequality")
    if t0:
        _, start = settles(transient_map(layer, exact.ranges, start), start, hidden, e, t0)
    return _answer(proof, lmi_settles(arrays[2], start, rho, e, T - t0))


def _verify_cells(proof: Mapping[str, Any], net: LSTMNet, box: ExactBox, start: Vector, e: Fraction, T: int) -> Verified:
    """A bound of `input_cells`: the distances alone, or with a matrix inequality in every cell from some step on."""
    data, n = proof["certificate"], net.n
    cells, stages = cells_of(box, [_floats(points) for points in data["edges"]]), _integer(data["stages"])
    if proof["method"] == "cells":
        d, new, _ = cell_path(net, box, start, cells, stages, T)
        limit = arb(flint.fmpq(e.numerator, e.denominator))
        return _answer(proof, all(x <= limit for x in d[n:]) and all(x <= y for x, y in zip(new, d, strict=True)))
    P, lam, p = (_floats(data[name]) for name in ("P", "lam", "p"))
    rho, t0 = _rational(data["rho"]), _integer(data["transient_steps"])
    if P.shape != (2 * n, 2 * n) or lam.shape != (len(cells), 6, n) or p.shape != (2 * n,):
        return Verified(False, "an array has the wrong shape")
    if not (all(np.isfinite(x).all() for x in (P, lam, p)) and np.array_equal(P, P.T) and (lam >= 0).all()):
        return Verified(False, "P must be symmetric and no multiplier negative, all finite")
    if not 0 < rho < 1 or Fraction(float.fromhex(proof["rate"])) != rho or t0 < stages - 1:
        return Verified(False, "rho must lie between 0 and 1, be the rate, and hold from the last stage on")
    Q = [_points(row) for row in P]
    reason = norm_fault(Q, p)
    if reason:
        return Verified(False, reason)
    d, _, ranges = cell_path(net, box, start, cells, stages, t0)
    rho2 = arb(flint.fmpq((rho * rho).numerator, (rho * rho).denominator))
    for k, (r, multipliers) in enumerate(zip(ranges, lam, strict=True)):
        lo, hi = zip(*sectors(r), strict=True)
        if not positive_definite(lmi_matrix(net, Q, [_points(row) for row in multipliers], rho2, list(lo), list(hi))):
            return Verified(False, f"the matrix inequality fails in cell {k}")
    return _answer(proof, lmi_settles(p, d, rho, e, T - t0))


def _answer(proof: Mapping[str, Any], within: bool, step: Map | None = None) -> Verified:
    """The answer, once time and rate are judged; `step` is the homogeneous map whose rate the object states, if any."""
    if not within:
        return Verified(False, f"the bound is not within the tolerance after {proof['steps']} steps")
    if step is not None:
        weight, rate = _points(_floats(proof["certificate"]["weight"])), point(float.fromhex(proof["rate"]))
        image = step(weight)
        if not all(w > 0 and x <= _down(rate * w) for x, w in zip(image, weight, strict=True)):
            return Verified(False, "the weight does not prove the rate")
    elif proof["method"] not in ("lmi", "cells_lmi") and proof["rate"] is not None:
        return Verified(False, f"the method {proof['method']!r} proves no rate")
    if proof["sha256"] != sealed(proof)["sha256"]:
        return Verified(False, "the file is not as it was written: its sha256 does not fit the rest")
    return Verified(True, "every step of the proof checks out", statement(proof))
