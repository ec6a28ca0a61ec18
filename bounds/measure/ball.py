r"""Arb balls: numbers that carry a proved error. Precision is counted in bits.

python-flint keeps its working precision in a global context; every function here sets it for its own duration only.
A ball computed by the caller needs the same: `with flint.ctx.workprec(bits): ...`. An exact input enters through
`ball`; `arb(0.1)` is the float nearest to 1/10, `ball("0.1")` is a ball around 1/10.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from bounds.claim import Enclosure, Evidence
from bounds.measure.rounding import down, up

if TYPE_CHECKING:
    from flint import acb, arb

Exact = Fraction | float | int | str


def fraction(value: Exact) -> Fraction:
    """The rational that is meant: a float is the dyadic number it is, "0.1" and "1/10" are one tenth.

    ValueError for infinities, NaN and anything that is not a number.

    >>> fraction("0.1"), fraction(0.5)
    (Fraction(1, 10), Fraction(1, 2))
    """
    try:
        return Fraction(value.item() if isinstance(value, np.generic) else value)
    except (ValueError, OverflowError, TypeError, ZeroDivisionError):
        raise ValueError(f"a finite number or a decimal string is needed, got {value!r}") from None


def ball(value: Exact, bits: int = 128) -> arb:
    """The smallest ball that Arb makes of an exact number at this precision; floats of up to `bits` bits are exact.

    >>> ball("0.1").contains(ball(Fraction(1, 10), bits=300)), ball(0.1).is_exact()
    (True, True)
    """
    import flint

    x = fraction(value)
    with flint.ctx.workprec(bits):
        return flint.arb(flint.fmpq(x.numerator, x.denominator))


def integral(f: Callable[[acb, bool], acb], a: Exact | acb, b: Exact | acb, *, bits: int = 128, **limits: Any) -> acb:
    """A ball around the integral of f along the segment from a to b, by Petras' algorithm (acb.integral).

    f(z, analytic) returns f on a ball z. If `analytic` is true it must return a non-finite ball unless f is analytic
    on all of z: pass the flag on, z.log(analytic=analytic), z.sqrt(analytic=analytic), z.rsqrt(...), z.pow(...).
    Meromorphic functions may ignore it. Forgetting it at a branch cut is an error that nobody notices.
    Ends are exact numbers or balls; `limits` are those of acb.integral (rel_tol, abs_tol, eval_limit, ...).

    Out of work or at a singularity the answer is a non-finite ball, whose `enclosure` says [-inf, inf].

    >>> enclosure(integral(lambda z, _: z.sin(), 0, 1)).lo
    0.45969769413186023
    """
    import flint

    with flint.ctx.workprec(bits):
        start, end = (flint.acb(x if isinstance(x, flint.acb | flint.arb) else ball(x, bits)) for x in (a, b))
        return flint.acb.integral(f, start, end, **limits)


def _float(end: arb, towards: Callable[[Fraction], float]) -> float:
    """An exact, finite ball end as a float, rounded by `down` or `up`; huge exponents never become huge integers."""
    mantissa, exponent = (int(part) for part in end.man_exp())
    size = mantissa.bit_length() + exponent
    if not -1100 < size < 1100:  # far outside the range of floats, the sign decides
        mantissa, exponent = (mantissa > 0) - (mantissa < 0), 1100 if size > 0 else -1100
    return towards(mantissa * Fraction(2) ** exponent)


def _ends(x: arb | acb) -> tuple[float, float]:
    import flint

    if isinstance(x, flint.acb):
        if not x.imag.contains(0):
            raise ValueError(f"a real value is needed, but the ball {x} lies off the real axis")
        x = x.real
    with flint.ctx.workprec(64):
        lo, hi = x.lower(), x.upper()
    if lo.is_finite() and hi.is_finite():
        return _float(lo, down), _float(hi, up)
    infinite = next((end for end in (flint.arb.pos_inf(), flint.arb.neg_inf()) if x == end), None)
    return (-math.inf, math.inf) if infinite is None else (float(infinite), float(infinite))


def _stacked(ends: Sequence[tuple[float, float]]) -> Enclosure:
    if len(ends) == 1:
        return Enclosure(*ends[0], "proved")
    lo, hi = np.array(ends, dtype=float).reshape(-1, 2).T
    return Enclosure(lo, hi, "proved")


def enclosure(*balls: arb | acb) -> Enclosure:
    """The floats next outside the balls, trust "proved"; several balls become the entries of one array.

    A ball that is not finite (an integral that gave up) says [-inf, inf]. A complex ball must contain a real number,
    and counts as the statement that the value is real; ValueError otherwise.

    >>> enclosure(ball("0.1"))
    Enclosure(lo=0.09999999999999999, hi=0.1, trust='proved', risk=0.0)
    """
    return _stacked([_ends(x) for x in balls])


def _log_ends(x: arb | acb) -> tuple[float, float]:
    import flint

    x = x.real if isinstance(x, flint.acb) and x.imag.contains(0) else x
    if isinstance(x, flint.acb) or x < 0:
        raise ValueError(f"a logarithm needs a value >= 0, but the ball is {x}")
    with flint.ctx.workprec(128):
        lo, hi = x.lower(), x.upper()
        least = _ends(lo.log())[0] if lo > 0 else -math.inf
        most = _ends(hi.log())[1] if hi > 0 else -math.inf if hi == 0 else math.inf
    return least, most


def log_enclosure(*balls: arb | acb) -> Enclosure:
    """The logarithm (nats) of values ≥ 0 known to lie in the balls, trust "proved"; fit for values like 1e-545.

    A ball that touches 0 gives the lower end -inf; the exact 0 gives log 0 = -inf. ValueError if a ball lies below 0.

    >>> log_enclosure(ball("1e-545")).hi
    -1254.9088756817548
    """
    return _stacked([_log_ends(x) for x in balls])


def _dyadic(lo: Fraction, hi: Fraction, bits: int) -> tuple[int, int, int]:
    """(a, w, e) with [lo, hi] inside [a, a + w] 2^e, and equal to it if both ends are dyadic."""
    denominator = max(lo.denominator, hi.denominator)
    e = 1 - denominator.bit_length()
    if lo.denominator & (lo.denominator - 1) or hi.denominator & (hi.denominator - 1):
        e -= bits
    unit = Fraction(2) ** e
    a = math.floor(lo / unit)
    return a, math.ceil(hi / unit) - a, e


def positive_on_boxes(
    f: Callable[..., arb], boxes: Sequence[Sequence[tuple[Exact, Exact]]], *, bits: int = 128, max_boxes: int = 100_000
) -> Evidence:
    """f > 0 on every box, by evaluating f on balls and halving whatever is left open.

    f takes one ball for each coordinate and returns a ball; a box is a sequence of (lo, hi), lo ≤ hi, both finite.
    "proved": f came out positive on each of the pieces. "refuted": f ≤ 0 for certain at a rational point of a box,
    which is named. "undecided": more than `max_boxes` pieces, or a single point (lo = hi) that stays open; so it is
    where f touches 0, for which f must first be divided by the vanishing factor or shown convex.

    Pieces are visited in the order of their size, so a refutation of any extent is found in finite time. The balls are
    exactly the pieces if the ends are dyadic and lie at most 2^30 of their common unit apart, such as 0 and 3/4;
    otherwise they may overhang by 1e-9 of their width, which matters only where f ends with the box.

    >>> positive_on_boxes(lambda x: x * x - x + ball("0.26"), [[(-1, 2)]]).verdict
    'proved'
    >>> positive_on_boxes(lambda x: x * x - x + ball("0.24"), [[(-1, 2)]]).verdict
    'refuted'
    """
    import flint

    arb = flint.arb
    whole = [[(fraction(lo), fraction(hi)) for lo, hi in box] for box in boxes]
    for i, box in enumerate(whole):
        if any(lo > hi for lo, hi in box):
            raise ValueError(f"box {i} has a coordinate with lo > hi: {boxes[i]}")
    if not whole:
        return Evidence("undecided", "there was no box to look at")
    pieces = deque((i, tuple(_dyadic(lo, hi, bits) for lo, hi in box), 0) for i, box in enumerate(whole))
    unit = [[e for _, _, e in piece] for _, piece, _ in pieces]
    fixed = [{j: ball(lo, bits) for j, (lo, hi) in enumerate(box) if lo == hi} for box in whole]
    calls, deepest = 0, 0
    with flint.ctx.workprec(bits):
        while pieces:
            i, piece, depth = pieces.popleft()
            calls, deepest, given = calls + 1, max(deepest, depth), fixed[i]
            middle = [(2 * a + w, e - 1) for a, w, e in piece]
            radius = [(w, e - 1) for _, w, e in piece]
            if f(*(given[j] if j in given else arb(middle[j], radius[j]) for j in range(len(piece)))) > 0:
                continue
            value = f(*(given[j] if j in given else arb(middle[j]) for j in range(len(piece))))
            sides = [j for j in range(len(piece)) if j not in given]
            if value <= 0 or not sides or calls >= max_boxes:
                point = [whole[i][j][0] if j in given else m * Fraction(2) ** e for j, (m, e) in enumerate(middle)]
                if value <= 0 and all(lo <= x <= hi for x, (lo, hi) in zip(point, whole[i], strict=True)):
                    return Evidence("refuted", f"f({', '.join(map(str, point))}) = {value.str(10)} is not positive")
                if not sides or calls >= max_boxes:
                    why = f"{max_boxes} boxes were not enough" if sides else "a single point stays open"
                    where = ", ".join(f"{float(x):.6g}" for x in point)
                    return Evidence("undecided", f"{why}; open near ({where}), at {bits} bits")
            j = max(sides, key=lambda j: piece[j][2] - unit[i][j])  # the side halved least often
            a, w, e = piece[j]
            for half in ((2 * a, w, e - 1), (2 * a + w, w, e - 1)):
                pieces.append((i, (*piece[:j], half, *piece[j + 1 :]), depth + 1))
    return Evidence("proved", f"positive on {calls} balls at {bits} bits, halved at most {deepest} times")
