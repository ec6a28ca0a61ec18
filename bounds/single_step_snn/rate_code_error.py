r"""How well T soft-reset steps code a number: half a state with v0 = θ/2, a whole one from rest.

λ = 1, soft reset, y = clip(z/θ, 0, 1). From v0 = θ/2: |N_T/T − y| ≤ 1/(2T), attained where Tz/θ is a half-integer. From
rest: 0 ≤ y − N_T/T < 1/T, and no smaller constant will do. So a single step from rest errs by almost 1 as z → θ, and
v0 = θ/2 halves that. Why: N_T = ⌊Ty + c⌋ by `soft_reset_quantizer`. Exact; counts are simulated.
"""

from fractions import Fraction
from functools import partial
from typing import Any

from bounds.claim import Axis, Choice, Claim, Enclosure, exact
from bounds.single_step_snn.neurons import Neuron
from bounds.single_step_snn.soft_reset_quantizer import SPACE as DRIVES
from bounds.single_step_snn.soft_reset_quantizer import driven, point

SPACE: dict[str, Axis] = {**DRIVES, "start": Choice((Fraction(0), Fraction(1, 2)))}


def error(n: Neuron) -> Fraction:
    """y − N_T/T."""
    y = min(max(n.z / n.theta, Fraction(0)), Fraction(1))
    return y - Fraction(int(n.spikes("soft").sum()), n.T)


def errs(n: Neuron) -> Enclosure:
    """From θ/2: error, its negative; from rest: the same, and how many of its strict inequalities fail."""
    e = error(n)
    return exact(e, -e, int(n.v0 == 0 and e * n.T >= 1))


def limits(n: Neuron, from_half: Any = Fraction(1, 2), from_rest: Any = Fraction(1)) -> Enclosure:
    """In units of 1/T: how far above and below."""
    above, below = (from_half, from_half) if n.v0 else (from_rest, Fraction(0))
    return exact(above / n.T, below / n.T, 0)


CLAIM = Claim(
    source="suetake2022s3nn, reconstructed",
    says="soft reset, λ = 1: |N_T/T − y| ≤ 1/(2T) from θ/2; 0 ≤ y − N_T/T < 1/T from rest; y = clip(z/θ, 0, 1)",
    space=SPACE,
    build=driven,
    assumes={},
    actual=errs,
    bound=limits,
    falsified={
        "1/(2T) from rest as well": {"bound": partial(limits, from_rest=Fraction(1, 2))},
        "9/20 of a state from θ/2": {"bound": partial(limits, from_half=Fraction(9, 20))},
        "from rest it may round up": {"bound": lambda n: exact(1, 0, 0) if n.v0 else exact(0, Fraction(1, n.T), 0)},
    },
    witness={"1/(2T) from rest as well": point("9/10", 1, 0)},
    covers={
        "half-integers": lambda n: bool(n.v0) and (2 * n.T * n.z / n.theta) % 2 == 1 and 0 < n.z < n.theta,
        "most of a state": lambda n: n.v0 == 0 and error(n) * n.T > Fraction(3, 4),
        "outside [0, θ]": lambda n: not 0 <= n.z <= n.theta,
    },
    tightness="difference",
    tight_at=(point("3/8", 4, "1/2"), point("1/2", 1, "1/2")),
    cost=0.001,
)
