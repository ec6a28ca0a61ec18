r"""Conjecture: for Gaussian weights the best uniform step is the only stationary one.

MSE(·, M) falls on (0, D*) and rises on (D*, 14], for every M ≥ 2: the search for D* by bisection rests on it. One local
minimum was found for every M up to 33. The sign of the slope at rational D in balls of 128 bits; undecided next to D*.
"""

from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

from bounds.claim import Axis, Claim, Enclosure, Int, Real
from bounds.measure.ball import ball, enclosure
from bounds.quantized_dnn.gaussian_step import ball_slope, step_ball

SPACE: dict[str, Axis] = {"M": Int(2, 33), "ratio": Real(0.05, 20, log=True)}


class Share(NamedTuple):
    """A number of levels, and D/D* (D is cut to a rational of at most 14)."""

    M: int
    D: Fraction


def share(M: int, ratio: float) -> Share:
    """From a point of SPACE."""
    return Share(M, Fraction(min(ratio * float(step_ball(M).mid()), 14.0)).limit_denominator(10**6))


def turned_slope(x: Share, turns: Any = step_ball) -> Enclosure:
    """dMSE/dD, turned beyond D*."""
    import flint

    with flint.ctx.workprec(128):
        slope = ball_slope(ball(x.D), x.M)
        return enclosure(-slope if ball(x.D) > turns(x.M) else slope)


CLAIM = Claim(
    source="sawada2024maqd, reconstructed",
    says="dMSE/dD < 0 on (0, D*), > 0 on (D*, 14], for every number M of levels",
    status="conjecture",
    space=SPACE,
    build=share,
    assumes={},
    actual=turned_slope,
    bound=lambda x: enclosure(ball(0)),
    falsified={
        "it turns at 2D*": {"actual": partial(turned_slope, turns=lambda M: 2 * step_ball(M))},
        "it turns at 2√(2 ln M)/M": {
            "actual": partial(turned_slope, turns=lambda M: 2 * (2 * ball(M).log()).sqrt() / M),
        },
    },
    witness={"it turns at 2√(2 ln M)/M": {"M": 2, "ratio": 0.9}},
    covers={"below": lambda x: 10 * x.D < 1, "above": lambda x: x.D > 3},
    tightness="difference",
    cost=0.006,
)
