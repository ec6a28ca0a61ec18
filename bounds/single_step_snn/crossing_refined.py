r"""Without leak the reduction to one step is exact: refining the step changes neither slope nor crossing.

No leak, from rest, constant drive z ≥ θ, N equal parts of one unit of time, no reset before its end: u_n = nz/N; with
n = min{n: u_n ≥ θ} the slope N(u_n − u_{n−1}) is z = u(1) and the interpolated crossing (n − 1 + φ(u_{n−1}, u_n))/N is θ/z,
for every N. Exact; the potentials are summed part by part.
"""

from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

from bounds.claim import Axis, Choice, Claim, Enclosure, Int, Real, exact
from bounds.single_step_snn.spike_times import crossing_fraction


class Refined(NamedTuple):
    """A drive z ≥ θ, and the number of parts."""

    z: Fraction
    theta: Fraction
    N: int
    keep: Fraction = Fraction(1)  # of the potential, from one part to the next


SPACE: dict[str, Axis] = {
    "above": Real(0, 4, step=Fraction(1, 16)),  # z/θ − 1
    "theta": Choice((Fraction(1, 2), Fraction(1), Fraction(3))),
    "N": Int(1, 12),
}


def refined(above: Any, theta: Any, N: int, keep: Any = 1) -> Refined:
    """From a point of SPACE."""
    return Refined((1 + Fraction(above)) * Fraction(theta), Fraction(theta), N, Fraction(keep))


def deviations(r: Refined, time: Any = None) -> Enclosure:
    """|slope − z| and |crossing − θ/z|; 1 in the place of both if the threshold is not reached."""
    before, after, n = Fraction(0), r.z / r.N, 1
    while after < r.theta and n < r.N:
        before, after, n = after, r.keep * after + r.z / r.N, n + 1
    if after < r.theta:
        return exact(1, 1)
    at = (n - 1 + crossing_fraction(before, after, r.theta)) / r.N if time is None else time(r, n)
    return exact(abs(r.N * (after - before) - r.z), abs(at - r.theta / r.z))


CLAIM = Claim(
    source="suetake2022s3nn, reconstructed",
    says="IF from rest, constant drive z ≥ θ, N parts of a step: slope at the crossing z, interpolated crossing θ/z",
    space=SPACE,
    build=refined,
    assumes={},
    actual=deviations,
    bound=lambda r: exact(0, 0),
    falsified={
        "the crossing is the end of its part": {"actual": partial(deviations, time=lambda r, n: Fraction(n, r.N))},
        "also with a little leak": {"build": partial(refined, keep=Fraction(9, 10))},
    },
    covers={
        "one part": lambda r: r.N == 1,
        "z = θ": lambda r: r.z == r.theta,
        "crosses late": lambda r: r.z < 2 * r.theta and r.N > 4,
    },
    tightness="difference",
    cost=0.0005,
)
