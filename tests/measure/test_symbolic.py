"""Every identity here has a false twin; the twin must be refuted, and what is out of reach must stay undecided."""

from fractions import Fraction

import flint
import pytest
import sympy
from sympy import (
    Abs,
    I,
    Matrix,
    Rational,
    Symbol,
    acos,
    acosh,
    asin,
    asinh,
    atan,
    atanh,
    binomial,
    cos,
    cosh,
    cot,
    diff,
    erf,
    erfc,
    erfi,
    exp,
    factorial,
    gamma,
    im,
    integrate,
    log,
    loggamma,
    pi,
    re,
    sin,
    sinh,
    sqrt,
    tan,
    tanh,
    zeta,
)

from bounds.measure.symbolic import POINTS, _ball, _points, identity

x, y, z = sympy.symbols("x y z")
a, b, s = sympy.symbols("a b s", positive=True)
n = Symbol("n", integer=True, positive=True)
u = Symbol("u", real=True)

IDENTITIES = {
    "polynomial": ((x + y) ** 3 - x**3 - 3 * x**2 * y - 3 * x * y**2 - y**3, x * y),
    "rational": (1 / s + 1 / (1 - s) - 1 / (s * (1 - s)), 1 / (1 + s)),
    "trigonometric": (sin(2 * x) - 2 * sin(x) * cos(x), sin(x) ** 2),
    "hyperbolic": (cosh(u) ** 2 - sinh(u) ** 2 - 1, Rational(1, 10**30)),
    "logarithm": (log(a * b) - log(a) - log(b), log(a) / 10**20),
    "roots": (sqrt(a) * sqrt(b) - sqrt(a * b), a - b),
    "gamma": (gamma(n + 1) - n * gamma(n), gamma(n)),
    "factorial": (binomial(n, 2) - n * (n - 1) / 2, 1 / factorial(n)),
    "derivative": (diff(log(1 + exp(u)), u) - (1 + tanh(u / 2)) / 2, exp(u)),
    "psi is even": (
        exp(-u / 2) * log(1 + exp(u))
        + exp(u / 2) * log(1 + exp(-u))
        - exp(u / 2) * log(1 + exp(-u))
        - exp(-u / 2) * log(1 + exp(u)),
        sinh(u),
    ),
    "integral": (integrate(exp(-a * x), (x, 0, sympy.oo)) - 1 / a, a),
    "constant": (sqrt(2) * sqrt(3) - sqrt(6), pi - Rational(314159265358979, 10**14)),
    "matrix": (
        Matrix([[a, b], [b, a]]) * Matrix([[a, -b], [-b, a]]) - (a**2 - b**2) * sympy.eye(2),
        Matrix([[0, 0], [0, a]]),
    ),
}


@pytest.mark.parametrize(("zero", "twist"), IDENTITIES.values(), ids=IDENTITIES.keys())
def test_an_identity_is_proved_and_its_false_twin_refuted(zero, twist):
    assert identity(lambda: zero).verdict == "proved"
    refuted = identity(lambda: zero + twist)
    assert refuted.verdict == "refuted"
    assert "the difference is" in refuted.how


def test_what_holds_for_positive_symbols_only_is_refuted_without_the_assumption():
    assert identity(lambda: sqrt(a**2) - a).verdict == "proved"
    found = identity(lambda: sqrt(u**2) - u)
    assert found.verdict == "refuted"
    assert "u = -" in found.how
    assert identity(lambda: Abs(u) - u).verdict == "refuted"


def test_ranges_keep_the_test_points_where_the_statement_is_meant():
    t = Symbol("t", positive=True)
    expression = sqrt((1 - t) ** 2) - (1 - t)  # true for t <= 1 only
    assert identity(lambda: expression).verdict == "refuted"
    assert identity(lambda: expression, {"t": (0, 1)}).verdict == "undecided"  # never proved from points


def test_points_of_positive_symbols_are_many_and_off_the_diagonals():
    symbols = list(sympy.symbols("p q r t v w", positive=True))
    points = [list(point.values()) for point in _points(symbols, {})]
    assert len(points) == len({tuple(point) for point in points}) == POINTS
    for point in points:
        assert len(set(point)) == len(symbols)
        assert all(0 < value < 3 for value in point)
    for k in range(len(symbols)):
        values = sorted(point[k] for point in points)
        assert values[0] < 1
        assert values[-1] > 2
    p, q = symbols[:2]
    assert identity(lambda: (p - q) * sqrt(p + q)).verdict == "refuted"
    assert identity(lambda: (p - q) * (p - 2 * q) * (2 * p - q) * sqrt(p + q)).verdict == "refuted"


def test_points_keep_to_the_side_that_a_symbol_assumes():
    for assumed, lo, hi in (("negative", -3, 0), ("nonpositive", -3, 0), ("nonnegative", 0, 3), ("real", -3, 3)):
        t = Symbol("t", **{assumed: True})
        values = [point[t] for point in _points([t], {})]
        assert len(values) == POINTS
        assert all(lo <= value <= hi for value in values)
        assert max(values) - min(values) > (hi - lo) / 2
    assert [point[Symbol("t")] for point in _points([Symbol("t")], {"t": (1, 1)})] == [1] * POINTS


def test_integer_symbols_get_integer_points():
    assert identity(lambda: sin(pi * n)).verdict == "proved"
    assert identity(lambda: (-1) ** (2 * n) - 1).verdict == "proved"
    k = Symbol("k", even=True)
    assert identity(lambda: (-1) ** k - 1).verdict == "proved"
    assert identity(lambda: (-1) ** k + 1).verdict == "refuted"


def test_a_difference_below_every_float_is_still_certified():
    assert identity(lambda: exp(x) - exp(x) * (1 + Rational(1, 10**60))).verdict == "refuted"


def test_what_cannot_be_read_or_simplified_is_undecided():
    f = sympy.Function("f")
    assert identity(lambda: f(x) - f(y)).verdict == "undecided"
    assert identity(lambda: sympy.besselj(0, x) + 1).verdict == "undecided"
    assert identity(lambda: sympy.zeros(0, 0)).verdict == "undecided"


def test_a_sum_that_telescopes_below_the_precision_is_not_guessed():
    tiny = Rational(1, 2**600)
    assert identity(lambda: exp(tiny) - 1 - tiny).verdict == "undecided"


def test_floats_and_other_things_are_refused():
    with pytest.raises(ValueError, match="floats"):
        identity(lambda: 0.1 * x - y)
    with pytest.raises(ValueError, match="expression"):
        identity(lambda: sympy.Eq(x, x + 1))


@pytest.mark.parametrize(
    "f",
    [
        *(exp, log, sin, cos, tan, cot, sympy.sec, sympy.csc, sinh, cosh, tanh, asin, acos, atan, asinh, acosh, atanh),
        *(sqrt, erf, erfc, erfi, gamma, loggamma, zeta, Abs, re, im, sympy.conjugate),
    ],
    ids=lambda f: f.__name__,
)
@pytest.mark.parametrize("at", ["7/3", "1/3", "-7/3", "-1/3", "complex"])
def test_balls_and_sympy_mean_the_same_function_also_on_the_branch_cuts(f, at):
    w = Symbol("w")
    point = Fraction("2/7") if at == "complex" else Fraction(at)
    argument = w + I * Rational(3, 5) if at == "complex" else w
    with flint.ctx.workprec(200):
        value = _ball(f(argument), {w: point})
        expected = sympy.N(f(argument).subs(w, Rational(point.numerator, point.denominator)), 40)
        assert complex(float(value.real), float(value.imag)) == pytest.approx(complex(expected), abs=1e-14, rel=1e-14)
