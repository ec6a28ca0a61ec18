r"""The surrogate is not a spike smoothed by noise: to the right of the threshold its mass grows without bound.

∫_0^X g' = β ln(1 + X), so g(x) > 1 exactly for x > e^{1/(2β)} − 1 (0.6487... for β = 1). An expected spike P(u + noise ≥ θ)
never exceeds 1, and a density has mass 1: hence g' is the derivative of no expected spike. The integral is a rigorous
quadrature, the logarithm and the exponential are balls of 128 bits around rationals: "proved".
"""

from fractions import Fraction
from typing import Any, NamedTuple

from bounds.claim import Axis, Choice, Claim, Enclosure, Real
from bounds.measure.ball import ball, enclosure, integral
from bounds.single_step_snn.surrogates import ball_primitive

CLOSE = Fraction(1, 10**20)


class Reach(NamedTuple):
    """X > 0, and the share of e^{1/(2β)} − 1 that x is."""

    X: Fraction
    share: Fraction
    beta: Fraction


SPACE: dict[str, Axis] = {
    "X": Real(1 / 16, 20, step=Fraction(1, 16)),
    "share": Choice((Fraction(1, 2), Fraction(99, 100), Fraction(101, 100), Fraction(2), Fraction(100))),
    "beta": Choice((Fraction(1, 4), Fraction(1, 2), Fraction(1), Fraction(3))),
}


def reach(X: Any, share: Any, beta: Any) -> Reach:
    """From a point of SPACE."""
    return Reach(Fraction(X), Fraction(share), Fraction(beta))


def grows(r: Reach, onset: Any = lambda beta: (1 / (2 * beta)).exp() - 1) -> Enclosure:
    """The mass against its formula, both ways; (g(x) − 1) with the sign that x = share · onset should give it, turned."""
    import flint

    with flint.ctx.workprec(128):
        beta = ball(r.beta)
        mass = integral(lambda x, _: beta / (1 + x), 0, r.X).real - beta * (1 + ball(r.X)).log()
        above = ball_primitive(ball(r.share) * onset(beta), ball(4), beta) - 1
        return enclosure(mass, -mass, -above if r.share > 1 else above)


def above_one(r: Reach) -> Enclosure:
    """g(X) − 1."""
    import flint

    with flint.ctx.workprec(128):
        return enclosure(ball_primitive(ball(r.X), ball(4), ball(r.beta)) - 1)


def end_point_mass(r: Reach) -> Enclosure:
    """The mass against βX/(1 + X)."""
    import flint

    with flint.ctx.workprec(128):
        return enclosure(integral(lambda x, _: ball(r.beta) / (1 + x), 0, r.X).real - ball(r.beta * r.X / (1 + r.X)))


CLAIM = Claim(
    source="suetake2022s3nn, reconstructed",
    says="∫_0^X g' = β ln(1 + X) (to 20 digits), and g(x) > 1 exactly for x > e^{1/(2β)} − 1",
    space=SPACE,
    build=reach,
    assumes={},
    actual=grows,
    bound=lambda r: enclosure(ball(CLOSE), ball(CLOSE), ball(0)),
    falsified={
        "g stays below 1": {"actual": above_one, "bound": lambda r: enclosure(ball(0))},
        "onset e^{1/β} − 1": {"actual": lambda r: grows(r, lambda beta: (1 / beta).exp() - 1)},
        "mass β X/(1 + X), that of the end-point derivative": {
            "actual": end_point_mass,
            "bound": lambda r: enclosure(ball(CLOSE)),
        },
    },
    witness={"g stays below 1": {"X": 2, "share": 2, "beta": 1}},
    covers={
        "above 1": lambda r: r.share > 1,
        "below 1": lambda r: r.share < 1,
        "mass above 1": lambda r: r.beta >= 1 and r.X > 2,
    },
    tightness="difference",
    cost=0.001,
)
