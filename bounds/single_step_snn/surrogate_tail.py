r"""Against the logistic surrogate of the same height: lighter just above the threshold, heavier from x* on.

α = 4, β = 1, lg(x) = sech²(2x), both 1 at 0. g' < lg on (0, x*), g' > lg on (x*, ∞), x* = 0.2327052984... the positive
root of sinh²(2x) = x. Why: 1/(1 + x) < 1/cosh²(2x) iff sinh²(2x) < x, and sinh²(2x)/x increases from 0. Balls of 128 bits
around rational x, x* enclosed to forty digits: "proved".
"""

from fractions import Fraction
from functools import partial
from typing import Any

from bounds.claim import Axis, Choice, Claim, Enclosure, Evidence, Real, Step
from bounds.measure.ball import ball, enclosure, positive_on_boxes
from bounds.measure.symbolic import identity
from bounds.single_step_snn.surrogates import ball_slope, crossing_ball

SPACE: dict[str, Axis] = {
    "x": Real(1 / 512, 4, step=Fraction(1, 512)),
    "near": Choice((0, 0, 1)),  # 1: within 1/8 of 1/4, where the two cross
}


def margin(x: Any, near: int) -> Fraction:
    """From a point of SPACE."""
    return Fraction(1, 4) + (Fraction(x) - 2) / 16 if near else Fraction(x)


def lighter_or_heavier(x: Fraction, crossing: Any = crossing_ball) -> Enclosure:
    """(g' − lg)(x), turned where x > x*: negative on both sides."""
    import flint

    with flint.ctx.workprec(128):
        z = ball(x)
        difference = ball_slope(z, ball(4), ball(1)) - 1 / (2 * z).cosh() ** 2
        return enclosure(-difference if z > crossing() else difference)


def ratio_rises(power: int = 1) -> Evidence:
    """d/dx (sinh²(2x)/x) = (y sinh y − cosh y + 1)/(2x²) with y = 4x."""
    import sympy

    x = sympy.symbols("x", positive=True)
    y = 4 * x
    rise = (y * sympy.sinh(y) - sympy.cosh(y) + 1) / (2 * x ** (2 * power))
    return identity(lambda: (sympy.diff(sympy.sinh(2 * x) ** 2 / x, x) - rise).rewrite(sympy.exp))


def numerator_rises(sign: int = 1) -> Evidence:
    """d/dy (y sinh y − cosh y + 1) = y cosh y > 0, and it is 0 at y = 0; the sign of y cosh y away from 0."""
    return positive_on_boxes(lambda y: sign * y * y.cosh(), [[(Fraction(1, 1000), 20)]])


CLAIM = Claim(
    source="suetake2022s3nn, reconstructed",
    says="α = 4, β = 1: g' < sech²(2x) on (0, x*), g' > sech²(2x) beyond, sinh²(2x*) = x*",
    space=SPACE,
    build=margin,
    assumes={"x > 0": float},
    actual=lighter_or_heavier,
    bound=lambda x: enclosure(ball(0)),
    falsified={
        "heavier for every x > 0": {"actual": partial(lighter_or_heavier, crossing=lambda: ball(0))},
        "lighter for every x > 0": {"actual": partial(lighter_or_heavier, crossing=lambda: ball(10**6))},
        "they cross at 1/4": {"actual": partial(lighter_or_heavier, crossing=lambda: ball("0.25"))},
    },
    witness={"heavier for every x > 0": {"x": Fraction(1, 10), "near": 0}},
    covers={"lighter": lambda x: x < Fraction(23, 100), "heavier": lambda x: x > Fraction(24, 100)},
    proof=(
        Step(
            says="(sinh²(2x)/x)' = (y sinh y − cosh y + 1)/(2x²), y = 4x", check=ratio_rises, false_twin=partial(ratio_rises, 2)
        ),
        Step(says="y cosh y > 0", check=numerator_rises, false_twin=partial(numerator_rises, -1)),
    ),
    tightness="difference",
    cost=0.001,
)
