r"""The primitive of the surrogate is continuous, rising and Lipschitz; its slope jumps by |β − α/4| at the threshold.

α, β > 0. g increases, and g(y) − g(x) ≤ max(α/4, β)(y − x) for x < y, across 0 too, which needs the constant 1/2; g'
increases on (−∞, 0) and decreases on [0, ∞). g'(0) − g'(−h) tends to β − α/4 as h ↓ 0, at the speed
0 ≤ α/4 − g'(−h) ≤ α³h²/16: so g is C¹ if and only if β = α/4, as in the paper. Why: σ(1 − σ) ≤ 1/4, with
sech² t ≥ 1 − t². Every value is a ball of 128 bits around rational x, α, β: "proved".
"""

from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

from bounds.claim import Axis, Choice, Claim, Enclosure, Evidence, Real, Step
from bounds.measure.ball import ball, enclosure, positive_on_boxes
from bounds.measure.symbolic import identity
from bounds.single_step_snn.surrogates import ball_primitive, ball_slope


class Pair(NamedTuple):
    """x < y, and h > 0, all rational."""

    x: Fraction
    y: Fraction
    h: Fraction
    alpha: Fraction
    beta: Fraction


SPACE: dict[str, Axis] = {
    "x": Real(-2, 2, step=Fraction(1, 64)),
    "gap": Choice((Fraction(1, 1024), Fraction(1, 64), Fraction(1, 4), Fraction(2))),
    "straddle": Choice((0, 0, 1)),  # 1: x and y on either side of 0
    "h": Choice((Fraction(1, 1024), Fraction(1, 16), Fraction(1))),
    "alpha": Choice((Fraction(1), Fraction(4), Fraction(10))),
    "beta": Choice((Fraction(1, 4), Fraction(1), Fraction(5, 2), Fraction(4))),
}


def pair(x: Any, gap: Any, straddle: int, h: Any, alpha: Any, beta: Any) -> Pair:
    """From a point of SPACE."""
    start, width = Fraction(x), Fraction(gap)
    if straddle:
        start = -width / 2
    return Pair(start, start + width, Fraction(h), Fraction(alpha), Fraction(beta))


def shape(p: Pair, constant: Any = Fraction(1, 2)) -> Enclosure:
    """Fall of g; its rise; fall of g' towards 0 where x, y are on one side; the distance of g'(−h) from α/4, both ways."""
    import flint

    with flint.ctx.workprec(128):
        x, y, h, a, b = map(ball, p)
        lift = ball(constant) - ball(Fraction(1, 2))
        g_x, g_y = (ball_primitive(z, a, b) + (lift if z >= 0 else 0) for z in (x, y))
        bend = ball(0)
        if p.x >= 0 or p.y < 0:
            bend = ball_slope(x, a, b) - ball_slope(y, a, b)
            bend = bend if p.y < 0 else -bend
        below = a / 4 - ball_slope(-h, a, b)
        return enclosure(g_x - g_y, g_y - g_x, bend, below, -below)


def limits(p: Pair, smooth: bool = False, lipschitz: Any = max, curvature: Any = Fraction(1, 16)) -> Enclosure:
    """0; max(α/4, β)(y − x); 0; α³h²/16; 0. smooth: as if the slope on the left tended to β."""
    import flint

    with flint.ctx.workprec(128):
        x, y, h, a, b = map(ball, p)
        near = a**3 * h**2 * ball(curvature)
        gap = b - a / 4 if smooth else ball(0)
        return enclosure(ball(0), ball(lipschitz(p.alpha / 4, p.beta)) * (y - x), ball(0), near - gap, gap)


def slope_of_sigmoid(factor: int = 1) -> Evidence:
    """α σ(αx)(1 − σ(αx)) is the derivative of σ(αx)."""
    import sympy

    x, alpha = sympy.symbols("x"), sympy.symbols("alpha", positive=True)
    s = 1 / (1 + sympy.exp(-alpha * x))
    return identity(lambda: sympy.diff(s, x) - factor * alpha * s * (1 - s))


def sech_above_parabola(sign: int = 1) -> Evidence:
    """1 − cosh² t (1 − t²) = (t cosh t − sinh t)(t cosh t + sinh t), and t cosh t − sinh t = ∫ s sinh s ds: its integrand."""
    return positive_on_boxes(lambda t: sign * t * t.sinh(), [[(Fraction(1, 1000), 1)]])


SPEC: dict[str, Any] = {"x": 0, "gap": Fraction(1, 1024), "straddle": 1, "h": Fraction(1, 1024)}
CLAIM = Claim(
    source="suetake2022s3nn, reconstructed",
    says="0 ≤ g(y) − g(x) ≤ max(α/4, β)(y − x); g' rises to 0 and falls from it; 0 ≤ α/4 − g'(−h) ≤ α³h²/16, g'(0) = β",
    space=SPACE,
    build=pair,
    assumes={},
    actual=shape,
    bound=limits,
    falsified={
        "the constant 1 in the place of 1/2": {"actual": partial(shape, constant=Fraction(1))},
        "C¹ for every α, β": {"bound": partial(limits, smooth=True)},
        "0 ≤ α/4 − g'(−h) ≤ α³h²/17": {"bound": partial(limits, curvature=Fraction(1, 17))},
        "Lipschitz with the smaller of α/4 and β": {"bound": partial(limits, lipschitz=min)},
    },
    witness={
        "the constant 1 in the place of 1/2": SPEC | {"alpha": 4, "beta": 1},
        "C¹ for every α, β": SPEC | {"alpha": 4, "beta": 2},
    },
    covers={
        "across the threshold": lambda p: p.x < 0 < p.y and p.y - p.x < Fraction(1, 100),
        "β = α/4": lambda p: p.beta == p.alpha / 4,
        "silent": lambda p: p.y < 0,
        "fires": lambda p: p.x >= 0,
    },
    proof=(
        Step(says="g' is the derivative of g on the left", check=slope_of_sigmoid, false_twin=partial(slope_of_sigmoid, 2)),
        Step(
            says="t cosh t − sinh t = ∫ s sinh s ds > 0 for t > 0 (integrand, away from 0), hence sech² t ≥ 1 − t²",
            check=sech_above_parabola,
            false_twin=partial(sech_above_parabola, -1),
        ),
    ),
    tightness="difference",
    cost=0.001,
)
