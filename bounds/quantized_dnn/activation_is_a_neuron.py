r"""A quantised activation with M_a states is a spiking neuron over M_a − 1 steps.

T = M_a − 1 steps, soft reset, no leak, θ = 1, v0 = 1/2, constant drive y: the number of spikes is k = (M_a − 1) Q_a(y), for
every real y, ties included. Why: `soft_reset_quantizer` with c = 1/2. So a quantised network runs as a spiking one, at k
spikes a neuron. Exact; the neuron is simulated.
"""

from fractions import Fraction
from typing import Any, NamedTuple

from bounds.claim import Axis, Choice, Claim, Enclosure, Int, Real, exact
from bounds.quantized_dnn.quantizers import quantize_activation
from bounds.single_step_snn.neurons import lif_simulate

SPACE: dict[str, Axis] = {
    "M_a": Int(2, 9),
    "y": Real(-0.5, 1.5, step=Fraction(1, 20)),
    "tie": Choice((0, 1)),  # 1: y(M_a − 1) is a half-integer
}


class Unit(NamedTuple):
    """A drive and a number of states."""

    y: Fraction
    M_a: int


def unit(M_a: int, y: Any, tie: int) -> Unit:
    """From a point of SPACE."""
    drive = Fraction(y)
    return Unit(Fraction(2 * int(drive * (M_a - 1)) + 1, 2 * (M_a - 1)) if tie else drive, int(M_a))


def off(x: Unit, steps: int = 0, start: Fraction = Fraction(1, 2)) -> Enclosure:
    """|spikes − k|; steps: beyond M_a − 1."""
    spikes = lif_simulate([x.y] * (x.M_a - 1 + steps), Fraction(1), Fraction(1), "soft", start)[0]
    return exact(abs(int(spikes.sum()) - quantize_activation(x.y, x.M_a)[0]))


CLAIM = Claim(
    source="sawada2024maqd, reconstructed",
    says="M_a − 1 steps, soft reset, θ = 1, v0 = 1/2, drive y: #spikes = clip(⌊y(M_a − 1) + 1/2⌋, 0, M_a − 1)",
    space=SPACE,
    build=unit,
    assumes={},
    actual=off,
    bound=lambda x: exact(0),
    falsified={
        "M_a steps": {"actual": lambda x: off(x, steps=1)},
        "from rest": {"actual": lambda x: off(x, start=Fraction(0))},
    },
    witness={
        "M_a steps": {"M_a": 2, "y": Fraction(3, 10), "tie": 0},
        "from rest": {"M_a": 2, "y": Fraction(9, 10), "tie": 0},
    },
    covers={
        "a tie": lambda x: (x.y * (x.M_a - 1) - Fraction(1, 2)).denominator == 1,
        "the spike": lambda x: x.M_a == 2,
        "clipped": lambda x: not 0 <= x.y <= 1,
    },
    tightness="difference",
    cost=0.0005,
)
