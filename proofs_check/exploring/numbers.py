"""Numbers of any size and kind: in words for people, and as places on a line."""

import math
from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Literal

import numpy as np


def number(value: Any, digits: int = 6) -> str:
    """A number for people: short fractions and integers as they are, others to so many digits, however large or small.

    >>> number(Fraction(9, 10)), number(10**400), number(0.25), number(math.inf)
    ('9/10', '1e+400', '0.25', '∞')
    """
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction):
        return str(value)
    if isinstance(value, Fraction) and value.denominator > 1 and len(str(value)) <= 9:
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "∞", -math.inf: "−∞"}.get(value, "NaN")
    if isinstance(value, int) and abs(value) < 10**12:
        return str(value)
    try:
        near = float(value)
        if near == 0 == value or (near != 0 and math.isfinite(near)):
            return f"{near:.{digits}g}"
    except OverflowError:
        pass
    exact = Fraction(value)
    power = math.floor(_log10(abs(exact)))
    return f"{float(exact / Fraction(10) ** power):.{digits}g}e{power:+d}"


def _log10(value: Any) -> float:
    """Of a positive number of any size."""
    exact = Fraction(value)
    return math.log10(exact.numerator) - math.log10(exact.denominator)


def interval(lo: Any, hi: Any) -> str:
    """An enclosure in words.

    >>> interval(0.5, 0.5), interval(0.25, math.inf), interval(1.0, 1.5)
    ('0.5', 'at least 0.25', '1 … 1.5')
    """
    if lo != lo or hi != hi:
        return "not a number"
    if lo == hi:
        return number(lo, 10)
    if hi == math.inf:
        return "anything" if lo == -math.inf else f"at least {number(lo)}"
    if lo == -math.inf:
        return f"at most {number(hi)}"
    middle, half = (Fraction(lo) + Fraction(hi)) / 2, (Fraction(hi) - Fraction(lo)) / 2
    if middle and half < abs(middle) / 10**4:
        return f"{number(float(middle) if abs(_log10(abs(middle))) < 300 else middle, 10)} ± {number(float(half), 2)}"
    return f"{number(lo)} … {number(hi)}"


def finite(value: Any) -> bool:
    """Also of integers and Fractions that no float can hold."""
    return not isinstance(value, float) or math.isfinite(value)


Kind = Literal["linear", "log", "both ways"]


class Scale:
    """Places on a line from 0 to 1 for numbers of any kind: linear, logarithmic, or logarithmic both ways around 0.

    Works in rationals, so that integers beyond floats and differences below their rounding have places too.
    """

    def __init__(self, values: Sequence[Any], from_zero: bool, kind: Kind | None = None) -> None:
        exact = sorted({Fraction(v) for v in values if finite(v)} or {Fraction(0)})
        sizes = sorted(abs(v) for v in exact if v)
        self.kind: Kind = "linear"
        self.small = sizes[0] if sizes else Fraction(1)
        if kind is not None:
            self.kind = kind
        elif sizes and exact[0] > 0 and exact[-1] > 30 * exact[0]:
            self.kind = "log"
        elif sizes and sizes[-1] > 300 * sizes[0] and sizes[0] > Fraction(1, 10**13):
            self.kind = "both ways"
        lo, hi = exact[0], exact[-1]
        if self.kind == "linear" and from_zero and lo > 0 and (hi - lo) * 50 > hi:
            lo = Fraction(0)
        if lo == hi:
            lo, hi = lo - abs(lo) / 2 - (not lo), hi + abs(hi) / 2 + (not hi)
        self.ends = lo, hi
        self._from, self._to = (self._bend(end) for end in self.ends)

    def _bend(self, value: Fraction) -> Any:
        if self.kind == "log":
            return _log10(value)
        if self.kind == "both ways":
            return math.copysign(_log10(1 + abs(value) / self.small), value)
        return value

    def at(self, value: Any) -> float:
        """Infinities are at the ends; finite values keep a margin."""
        if not finite(value):
            return 0.0 if value < 0 else 1.0
        return 0.06 + 0.88 * float((self._bend(Fraction(value)) - self._from) / (self._to - self._from))

    def ticks(self) -> list[tuple[float, str]]:
        """Places and labels: round numbers or powers of ten; none where the ends agree to nine digits."""
        lo, hi = self.ends
        if self.kind == "linear":
            if (hi - lo) * 10**9 < max(abs(lo), abs(hi)) or max(abs(lo), abs(hi)) > Fraction(10) ** 300:
                return []
            power = Fraction(10) ** math.floor(_log10(hi - lo))
            step = next(power * k for k in (Fraction(1, 5), Fraction(1, 2), 1, 2) if (hi - lo) / (power * k) <= 6)
            values = [k * step for k in range(math.ceil(lo / step), math.floor(hi / step) + 1)]
            return [(self.at(v), f"{float(v):.10g}") for v in values]
        if self.kind == "log":
            powers = range(math.ceil(self._from), math.floor(self._to) + 1)
            every = max(1, math.ceil(len(powers) / 6))
            return [(self.at(Fraction(10) ** p), _power(p)) for p in powers if p % every == 0]
        shown = [(self.at(v), number(float(v), 3)) for v in (lo, hi)]
        return [*shown, (self.at(0), "0")] if lo < 0 < hi else shown


def _power(p: int) -> str:
    return {0: "1", 1: "10"}.get(p, "10" + str(p).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")))
