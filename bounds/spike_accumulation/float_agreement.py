r"""Refuted: "where the float simulations of LIF and spike accumulation agree, they are right".

One neuron at the edge of its dead zone: w = 1/2, x = 1, λ = 1/2, th = 1. Exactly, u[t] = 1 − 2^-t < 1 and it never fires.
Float64 rounds u[54] to 1 and fires at t = 54, in LIF and in SAF alike; float32 at t = 25. Agreement of two simulators is no
evidence, and 32 steps in float32 are already affected.
"""

from fractions import Fraction
from typing import Any

import numpy as np

from bounds.claim import Axis, Choice, Claim, Enclosure, Int, Real, exact
from bounds.spike_accumulation.float_disagreement import FloatNeuron
from bounds.spike_accumulation.networks import EIGHTH, half
from bounds.spike_accumulation.neurons import simulate_neuron

SPACE: dict[str, Axis] = {
    "w": Real(0, 1, step=EIGHTH),
    "lam": Choice((0.5, 0.75, 1.0)),
    "T": Int(1, 60),
    "precision": Choice(("double", "single")),
}


def build(w: Any, lam: float, T: int, precision: str) -> FloatNeuron:
    """From a point of SPACE."""
    return FloatNeuron(float(w), lam, T, np.float32 if precision == "single" else np.float64)


def wrong_together(n: FloatNeuron) -> Enclosure:
    """The number of wrong spikes if the two simulations agree, else 0."""
    lif, saf = n.spikes
    if not np.array_equal(lif, saf):
        return exact(0)
    true = simulate_neuron([Fraction(n.w)] * n.T, Fraction(n.lam), Fraction(1))[1]
    return exact(int(np.count_nonzero(lif != true)))


CLAIM = Claim(
    source="new",
    says="where float LIF and float SAF agree, their spikes are the exact ones",
    status="false",
    space=SPACE,
    build=build,
    assumes={},
    actual=wrong_together,
    bound=lambda n: exact(0),
    falsified={},
    witness={"": {"w": half, "lam": 0.5, "T": 54, "precision": "double"}},
    cost=0.001,
)
