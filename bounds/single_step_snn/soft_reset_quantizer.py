r"""A neuron with soft reset and no leak is a quantiser with T + 1 states.

λ = 1, soft reset, v0 = cθ with c in [0, 1), constant drive z, any real: N_T = clip(⌊Tz/θ + c⌋, 0, T). T = 1, c = 0 is the
single-step neuron; T = M_a − 1, c = 1/2 is an activation with M_a states. Why: for 0 ≤ z ≤ θ the potential after the reset
stays in [0, θ), and v[T] = cθ + Tz − θN_T; below 0 it never reaches θ; above θ it fires at every step. Exact.
"""

from fractions import Fraction
from math import floor
from typing import Any

from bounds.claim import Axis, Choice, Claim, Enclosure, Evidence, Int, Real, Step, exact
from bounds.measure.symbolic import identity
from bounds.single_step_snn.neurons import TWENTIETH, Neuron, Reset, neuron

SPACE: dict[str, Axis] = {
    "T": Int(1, 12),
    "theta": Choice((Fraction(1, 2), Fraction(1), Fraction(3))),
    "level": Real(-0.5, 1.5, step=TWENTIETH),  # z/θ, or the level j/T next to it
    "tie": Int(0, 1),  # 1: Tz/θ + c is an integer
    "start": Choice((Fraction(0), Fraction(1, 4), Fraction(1, 2), Fraction(19, 20))),  # c
}


def driven(level: Any, tie: int, T: int, theta: Any, start: Any, lam: Any = 1) -> Neuron:
    """From a point of SPACE."""
    level, start = Fraction(level), Fraction(start)
    return neuron((floor(T * level) - start) / T if tie else level, T, lam, theta, start=start)


def counted(n: Neuron, reset: Reset = "soft") -> Enclosure:
    """The number of spikes and its negative: both inequalities."""
    count = int(n.spikes(reset).sum())
    return exact(count, -count)


def formula(n: Neuron) -> Enclosure:
    """clip(⌊Tz/θ + c⌋, 0, T) and its negative."""
    value = min(max(floor((n.T * n.z + n.v0) / n.theta), 0), n.T)
    return exact(value, -value)


def charge(received: bool = True) -> Evidence:
    """v + θN grows by z in a step: u = v + z, then θ moves from one to the other. False if it grew by u."""
    from sympy import symbols

    v, z, theta, N, s = symbols("v z theta N s")
    u = v + z
    return identity(lambda: (u - theta * s) + theta * (N + s) - (v + theta * N) - (z if received else u))


def point(z: Any, T: int, c: Any) -> dict[str, Any]:
    """θ = 1."""
    return {"T": T, "theta": Fraction(1), "level": Fraction(z), "tie": 0, "start": Fraction(c)}


CLAIM = Claim(
    source="suetake2022s3nn, reconstructed",
    says="λ = 1, soft reset, v0 = cθ, 0 ≤ c < 1, constant drive z: N_T = clip(⌊Tz/θ + c⌋, 0, T)",
    space=SPACE,
    build=driven,
    assumes={},
    actual=counted,
    bound=formula,
    falsified={
        "c = 3/2": {"space": {**SPACE, "start": Choice((Fraction(3, 2),))}},
        "leak 9/10": {"build": lambda **p: driven(**p, lam=Fraction(9, 10))},
        "hard reset": {"actual": lambda n: counted(n, "hard")},
        "rounded to the nearest whatever c": {
            "bound": lambda n: exact(
                *(sign * min(max(floor(n.T * n.z / n.theta + Fraction(1, 2)), 0), n.T) for sign in (1, -1))
            )
        },
    },
    witness={"c = 3/2": point("-1/5", 3, "3/2"), "leak 9/10": point("3/10", 10, "1/2"), "hard reset": point("7/10", 10, 0)},
    covers={
        "a tie inside": lambda n: (n.T * n.z + n.v0) % n.theta == 0 and 0 < n.z < n.theta,
        "the single-step neuron": lambda n: n.T == 1 and n.v0 == 0,
        "c = 1/2 and many steps": lambda n: 2 * n.v0 == n.theta and n.T > 4,
        "below": lambda n: n.z < 0,
        "above": lambda n: n.z > n.theta,
    },
    proof=(Step(says="v[T] = cθ + Tz − θN_T", check=charge, false_twin=lambda: charge(received=False)),),
    tightness="difference",
    cost=0.001,
)
