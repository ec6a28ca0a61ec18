"""Identities, by sympy: proved by simplification to 0, refuted by a value that ball arithmetic keeps away from 0.

The refutation comes first, so that no simplification can prove what a number contradicts. sympy's simplifications are
trusted under the assumptions that its symbols declare; the evaluation trusts only Arb and the reading of the
expression, node by node, with exact rationals at exact rational points.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from fractions import Fraction
from typing import TYPE_CHECKING, Any, cast

from bounds.claim import Evidence
from bounds.measure.ball import Exact, fraction

if TYPE_CHECKING:
    from flint import acb

POINTS = 12
Ranges = Mapping[str, tuple[Exact, Exact]]


class _Unreadable(Exception):
    """A node for which no ball is known; the evaluation at this point is given up."""


# methods of Arb's complex balls under the names of sympy's functions, principal branches in both
_SAME = {"exp", "log", "erf", "erfc", "erfi", "gamma", "zeta", "conjugate"}
_SAME |= {"sin", "cos", "tan", "cot", "sec", "csc", "asin", "acos", "atan"}
_SAME |= {"sinh", "cosh", "tanh", "asinh", "acosh", "atanh"}
_FUNCTIONS = {**{name: name for name in _SAME}, "loggamma": "lgamma"}


def _ball(e: Any, at: Mapping[Any, Fraction]) -> acb:
    """The value of a sympy expression at a rational point, as a complex ball at the working precision."""
    import flint
    import sympy

    ball, arb = flint.acb, flint.arb
    if e.is_Symbol and e in at:
        return ball(flint.fmpq(at[e].numerator, at[e].denominator))
    if e.is_Rational:
        return ball(flint.fmpq(int(e.p), int(e.q)))
    constants = {sympy.pi: arb.pi, sympy.E: arb.const_e, sympy.EulerGamma: arb.const_euler, sympy.Catalan: arb.const_catalan}
    if e in constants:
        return ball(constants[e]())
    if e == sympy.I:
        return ball(0, 1)
    args = [_ball(a, at) for a in e.args]
    if e.is_Add:
        return sum(args, ball(0))
    if e.is_Mul:
        product = ball(1)
        for a in args:
            product *= a
        return product
    if e.is_Pow:
        base, power = args
        return base ** int(e.exp) if e.exp.is_Integer and abs(int(e.exp)) < 10**6 else base**power
    name = type(e).__name__
    if name in _FUNCTIONS and len(args) == 1:
        return cast("acb", getattr(args[0], _FUNCTIONS[name])())
    if name in ("Abs", "re", "im"):
        z = args[0]
        return ball({"Abs": abs(z), "re": z.real, "im": z.imag}[name])
    raise _Unreadable(name)


def _usual_range(s: Any) -> tuple[int, int]:
    """Where to look if nothing is said: on the side of 0 that the symbol assumes."""
    size = 6 if s.is_integer else 3
    return (0 if s.is_nonnegative else -size, 0 if s.is_nonpositive else size)


def _points(symbols: list[Any], ranges: Ranges) -> Iterator[dict[Any, Fraction]]:
    """Rational points with small denominators, spread over the ranges, that satisfy what the symbols assume.

    A lattice modulo a prime: shares of the range inside (0, 1), no two points alike and no two symbols' shares equal, so
    that a difference that vanishes where two symbols agree is still seen."""
    import sympy

    found = 0
    for n in range(8 * POINTS):
        point = {}
        for k, s in enumerate(symbols):
            lo, hi = map(fraction, ranges.get(s.name, _usual_range(s)))
            share = Fraction((n + 1) * 63 * pow(83, k, 101) % 101, 101)  # 83 generates all residues
            x = lo + (hi - lo) * share
            point[s] = Fraction(round(x)) if s.is_integer and lo <= round(x) <= hi else x
        values = {s: sympy.Rational(x.numerator, x.denominator) for s, x in point.items()}
        if all(getattr(values[s], f"is_{name}") in (holds, None) for s in symbols for name, holds in s.assumptions0.items()):
            yield point
            found += 1
            if found == POINTS:
                return


def _certified_nonzero(e: Any, ranges: Ranges) -> str | None:
    """Where the expression certainly differs from 0, and its value there; None if no point shows it."""
    import flint

    symbols = sorted(e.free_symbols, key=str)
    with flint.ctx.workprec(256):
        for point in _points(symbols, ranges):
            try:
                value = _ball(e, point)
            except _Unreadable:
                return None
            if value.is_finite() and not value.contains(flint.acb(0)):
                at = ", ".join(f"{s} = {x}" for s, x in point.items())
                return f"{value.str(10)}" + (f" at {at}" if at else "")
    return None


def _vanishes(e: Any) -> str | None:
    """The name of the simplification that leaves exactly 0, cheapest first; None if none does."""
    import sympy

    tries: dict[str, Callable[[Any], Any]] = {
        "evaluation": lambda e: e,
        "expand": sympy.expand,
        "cancel": lambda e: sympy.cancel(sympy.together(e)),
        "cancel of exponentials": lambda e: sympy.cancel(sympy.together(sympy.expand(e.rewrite(sympy.exp)))),
        "gammasimp": lambda e: sympy.gammasimp(e.rewrite(sympy.gamma)),
        "simplify": sympy.simplify,
        "expand_log and simplify": lambda e: sympy.simplify(sympy.expand_log(e)),
        "radsimp and expand": lambda e: sympy.expand(sympy.radsimp(e)),
    }
    for name, simplification in tries.items():
        try:
            if simplification(e) is sympy.S.Zero:  # the exact integer, not a float that compares equal
                return name
        except (sympy.PolynomialError, NotImplementedError):
            continue
    return None


def identity(difference: Callable[[], Any], ranges: Ranges | None = None) -> Evidence:
    """Whether the sympy expression (or matrix) made by `difference` vanishes identically.

    "refuted": at a rational point, named, its value is certainly not 0. "proved": a simplification leaves the exact 0,
    entry by entry. "undecided": neither. The symbols' assumptions count, so declare them (positive=True, ...); where
    the identity holds on a range only, `ranges` (symbol name -> (lo, hi)) keeps the test points inside, and the proof
    must then go through without it. Sums, integrals and derivatives are evaluated by sympy's `doit` first.

    ValueError if the expression holds floats, whose arithmetic in sympy is not exact: write Rational(1, 10).

    >>> import sympy
    >>> x = sympy.Symbol("x")
    >>> identity(lambda: (x + 1) ** 2 - x**2 - 2 * x - 1)
    Evidence(verdict='proved', how='sympy: expand')
    >>> identity(lambda: (x + 1) ** 2 - x**2 - x - 1).verdict
    'refuted'
    """
    import sympy

    whole = sympy.sympify(difference())
    entries = list(whole) if isinstance(whole, sympy.MatrixBase) else [whole]
    if any(not isinstance(e, sympy.Expr) for e in entries):
        raise ValueError(f"the difference must be a sympy expression or an explicit matrix, got {whole!r}")
    if any(e.has(sympy.Float) for e in entries):
        raise ValueError(f"the difference holds floats, write them as Rational or as strings in Rational: {whole}")
    if not entries:
        return Evidence("undecided", "the matrix has no entry")
    entries = [e.doit() for e in entries]
    for e in dict.fromkeys([*entries, *(e.rewrite(sympy.gamma) for e in entries)]):  # factorials are read as gamma
        if value := _certified_nonzero(e, ranges or {}):
            return Evidence("refuted", f"the difference is {value}")
    names = [_vanishes(e) for e in entries]
    if None in names:
        return Evidence("undecided", f"no simplification of {entries[names.index(None)]} leaves 0, no point refutes it")
    return Evidence("proved", "sympy: " + ", ".join(dict.fromkeys(name for name in names if name)))
