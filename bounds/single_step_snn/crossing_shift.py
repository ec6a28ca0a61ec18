r"""Which derivative of the spike time is 1/u: that of a rigid shift, not that of the end-point.

v < θ ≤ u. (i) φ(v + e, u + e) − φ(v, u) = −e/(u − v) while v + e < θ ≤ u + e: linear, whatever e. (ii) dφ/du =
−(θ − v)/(u − v)², so φ(v, u + e) − φ(v, u) = e · dφ/du · (u − v)/(u + e − v). (iii) One step from rest, v = 0: the shift
gives 1/u, β times which is the firing branch of the surrogate; the end-point gives θ/u² ≤ 1/u, equal iff u = θ. Exact.
"""

from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

from bounds.claim import Axis, Choice, Claim, Enclosure, Evidence, Real, Step, exact
from bounds.measure.symbolic import identity
from bounds.single_step_snn.spike_times import crossing_derivatives, crossing_fraction


class Crossing(NamedTuple):
    """Ends of a step, a threshold between, and a shift that keeps it there."""

    v: Fraction
    u: Fraction
    theta: Fraction
    e: Fraction


SIXTEENTH = Fraction(1, 16)
SPACE: dict[str, Axis] = {
    "theta": Choice((Fraction(1, 2), Fraction(1), Fraction(3))),
    "below": Real(1 / 16, 3, step=SIXTEENTH),  # θ − v
    "above": Real(0, 3, step=SIXTEENTH),  # u − θ
    "share": Real(-15 / 16, 1, step=SIXTEENTH),  # of the room for e on its side
    "rest": Choice((0, 1)),  # 1: v = 0
}


def crossing(theta: Any, below: Any, above: Any, share: Any, rest: int) -> Crossing:
    """From a point of SPACE; e < θ − v, and u + e ≥ θ."""
    theta, below, above, share = map(Fraction, (theta, below, above, share))
    below = theta if rest else below
    e = share * below * Fraction(15, 16) if share > 0 else share * above
    return Crossing(theta - below, theta + above, theta, e)


def deviations(c: Crossing, end_point: bool = False, slope: Any = None) -> Enclosure:
    """(i) and (ii) as absolute differences; (iii) θ/u² − 1/u from rest, and whether it vanishes, both ways."""
    v, u, theta, e = c
    shift, end = crossing_derivatives(v, u, theta)
    moved = crossing_fraction(v, u + e, theta) if end_point else crossing_fraction(v + e, u + e, theta)
    first = abs(moved - crossing_fraction(v, u, theta) - e * shift)
    used = end if slope is None else slope(c)
    second = abs(crossing_fraction(v, u + e, theta) - crossing_fraction(v, u, theta) - e * used * (u - v) / (u + e - v))
    excess = theta / u**2 - 1 / u if v == 0 else 0
    equal = (excess == 0, u == theta) if v == 0 else (True, True)
    rest = abs(shift + 1 / u) + abs(end + theta / u**2) if v == 0 else 0
    return exact(first, second, rest, excess, equal[0], equal[1])


def zeros(c: Crossing) -> Enclosure:
    """Nothing, and the two sides of the equivalence exchanged."""
    excess = c.theta / c.u**2 - 1 / c.u if c.v == 0 else 0
    return exact(0, 0, 0, 0, (c.u == c.theta) if c.v == 0 else True, (excess == 0) if c.v == 0 else True)


def half_way(c: Crossing) -> Enclosure:
    """|φ at the middle of two end-points − the mean of φ|: 0 if φ were linear in u."""
    low, high = crossing_fraction(c.v, c.u, c.theta), crossing_fraction(c.v, c.u + 2 * abs(c.e), c.theta)
    return exact(abs(crossing_fraction(c.v, c.u + abs(c.e), c.theta) - (low + high) / 2))


def derivative(of_the_end: bool = True) -> Evidence:
    """dφ/du by sympy; false for the shift's derivative in its place."""
    import sympy

    v, u, theta = sympy.symbols("v u theta")
    phi = (theta - v) / (u - v)
    claimed = -(theta - v) / (u - v) ** 2 if of_the_end else -1 / (u - v)
    return identity(lambda: sympy.diff(phi, u) - claimed)


CLAIM = Claim(
    source="suetake2022s3nn, reconstructed",
    says="φ(v+e, u+e) − φ(v, u) = −e/(u−v); dφ/du = −(θ−v)/(u−v)²; from rest 1/u and θ/u² ≤ 1/u, equal iff u = θ",
    space=SPACE,
    build=crossing,
    assumes={},
    actual=deviations,
    bound=zeros,
    falsified={
        "the end-point's derivative from rest is 1/u": {
            "actual": lambda c: deviations(c, slope=lambda c: -1 / c.u if c.v == 0 else crossing_derivatives(*c[:3])[1])
        },
        "linear in the end-point too": {"actual": half_way, "bound": lambda c: exact(0)},
        "a shift of the end alone is a rigid shift": {"actual": partial(deviations, end_point=True)},
    },
    witness={
        "the end-point's derivative from rest is 1/u": {"theta": 1, "below": 1, "above": 1, "share": 1, "rest": 1},
        "linear in the end-point too": {"theta": 1, "below": 1, "above": 1, "share": -1, "rest": 1},
    },
    covers={
        "at rest": lambda c: c.v == 0,
        "at the threshold": lambda c: c.u == c.theta,
        "shifted up": lambda c: c.e > 0,
        "shifted down": lambda c: c.e < 0,
    },
    proof=(Step(says="dφ/du = −(θ − v)/(u − v)²", check=derivative, false_twin=partial(derivative, False)),),
    tightness="difference",
    cost=0.0005,
)
