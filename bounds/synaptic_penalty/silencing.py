r"""What the penalty alone does to a neuron: with p = 1 it never stops pushing, with p > 1 it lets go at silence.

θ = 1, dx/dt = −κ g'(x). Firing, from x0 ≥ 0: (1 + x)² = (1 + x0)² − 2κβt, silent at t = ((1 + x0)² − 1)/(2κβ). Silent, p = 1,
from 0: 2|x| + (2/α) sinh(α|x|) = καt, so |x| grows like ln(t)/α for ever; p > 1 multiplies by s^{p−1} = 0 and x stays. Why:
dt = −dx/(κ g'(x)). The times are integrals of 1/(κ g') by rigorous quadrature against the closed forms, to 20 digits.
"""

from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

from bounds.claim import Axis, Choice, Claim, Enclosure, Evidence, Real, Step, exact
from bounds.measure.ball import ball, enclosure, integral
from bounds.measure.symbolic import identity

CLOSE = Fraction(1, 10**20)
SPACE: dict[str, Axis] = {
    "x0": Real(0, 4, step=Fraction(1, 32)),
    "depth": Real(1 / 32, 2, step=Fraction(1, 32)),  # |x| of a silent neuron
    "kappa": Real(1 / 16, 3, step=Fraction(1, 16)),
    "alpha": Choice((Fraction(1), Fraction(4))),
    "beta": Choice((Fraction(1, 2), Fraction(1), Fraction(3))),
}


class Flow(NamedTuple):
    """All numbers rational."""

    x0: Fraction
    depth: Fraction
    kappa: Fraction
    alpha: Fraction
    beta: Fraction


def flow(x0: Any, depth: Any, kappa: Any, alpha: Any, beta: Any) -> Flow:
    """From a point of SPACE."""
    return Flow(*map(Fraction, (x0, depth, kappa, alpha, beta)))


def parabola(f: Flow) -> Any:
    """Time from x0 to the threshold."""
    return ((1 + ball(f.x0)) ** 2 - 1) / (2 * ball(f.kappa) * ball(f.beta))


def hyperbola(f: Flow) -> Any:
    """Time from the threshold down to −depth."""
    y, a = ball(f.depth), ball(f.alpha)
    return (2 * y + 2 / a * (a * y).sinh()) / (ball(f.kappa) * a)


def off(f: Flow, firing: Any = parabola, silent: Any = hyperbola) -> Enclosure:
    """|time − closed form| on the firing side, and on the silent one."""
    import flint

    with flint.ctx.workprec(160):
        k, a, b = ball(f.kappa), ball(f.alpha), ball(f.beta)
        down = integral(lambda x, _: (1 + x) / (k * b), 0, f.x0, bits=160).real
        further = integral(lambda y, _: (1 + (a * y).exp()) ** 2 / (a * k * (a * y).exp()), 0, f.depth, bits=160).real
        return enclosure(abs(down - firing(f)), abs(further - silent(f)))


def rate_of_the_hyperbola(right: bool = True) -> Evidence:
    """d/dy of (2y + (2/α) sinh αy)/(κα) is 1/(κ g'(−y)) = (1 + e^{αy})²/(κα e^{αy})."""
    import sympy

    y, a, k = sympy.symbols("y alpha kappa", positive=True)
    time = (2 * y + (2 if right else 1) / a * sympy.sinh(a * y)) / (k * a)
    return identity(lambda: (sympy.diff(time, y) - (1 + sympy.exp(a * y)) ** 2 / (k * a * sympy.exp(a * y))).rewrite(sympy.exp))


CLAIM = Claim(
    source="new",
    says="dx/dt = −κg'(x): silent at ((1 + x0)² − 1)/(2κβ); then 2|x| + (2/α) sinh(α|x|) = καt for p = 1 (to 20 digits)",
    space=SPACE,
    build=flow,
    assumes={},
    actual=off,
    bound=lambda f: exact(CLOSE, CLOSE),
    falsified={
        "silent at x0/(κβ)": {"actual": partial(off, firing=lambda f: ball(f.x0) / (ball(f.kappa) * ball(f.beta)))},
        "|x| grows linearly, as at the threshold": {
            "actual": partial(off, silent=lambda f: 4 * ball(f.depth) / (ball(f.kappa) * ball(f.alpha)))
        },
    },
    covers={"at the threshold": lambda f: f.x0 == 0, "far above": lambda f: f.x0 > 2, "far below": lambda f: f.depth > 1},
    proof=(
        Step(
            says="d/dy (2y + (2/α) sinh αy)/(κα) = 1/(κ g'(−y))",
            check=rate_of_the_hyperbola,
            false_twin=partial(rate_of_the_hyperbola, False),
        ),
    ),
    tightness="difference",
    cost=0.003,
)
