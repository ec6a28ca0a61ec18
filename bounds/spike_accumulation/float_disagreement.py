r"""Refuted: "in float64, LIF and spike accumulation spike at the same times".

One neuron of weight w, input 1, th = λ = 1. With w = 0.1 the exact first spike, of 1/10 as of the double nearest to it, is
at t = 10. Float64 LIF adds ten times 0.1 to 1 − 2^-53 and first spikes at t = 11; float64 SAF multiplies, 0.1 · 10 = 1, and
spikes at t = 10. With w = 0.3 and 0.7 (T = 12) they disagree too; there SAF spikes like 3/10 and 7/10, and LIF like the
doubles. `forward_equivalence` holds for numbers, not for floats: no tolerance on spike trains mends that, only certificates
(`certified_floats`) or exact arithmetic do.
"""

from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Axis, Choice, Claim, Enclosure, Int, Real, exact
from bounds.common.spikes import lif_forward, saf_forward
from bounds.spike_accumulation.certified_floats import TENTH

SPACE: dict[str, Axis] = {
    "w": Real(0, 1, step=TENTH),  # rounded to the nearest double
    "lam": Choice((0.5, 0.9, 1.0)),
    "T": Int(1, 12),
}


class FloatNeuron(NamedTuple):
    """A neuron of floats with input w at every step."""

    w: Any
    lam: Any
    T: int
    kind: Any = np.float64

    @property
    def arguments(self) -> dict[str, Any]:
        """What both simulators take."""
        kind = self.kind
        one = np.ones((self.T, 1), dtype=kind)
        return {"W": [np.array([[self.w]], kind)], "b": [np.zeros(1, kind)], "x": one, "lam": kind(self.lam), "th": kind(1)}

    @property
    def spikes(self) -> tuple[Any, Any]:
        """Of LIF and of SAF, (T,)."""
        return lif_forward(**self.arguments)[1][1][:, 0], saf_forward(**self.arguments)[3][1][:, 0]


def build(w: Any, lam: float, T: int) -> FloatNeuron:
    """From a point of SPACE."""
    return FloatNeuron(float(w), lam, T)


def different(n: FloatNeuron) -> Enclosure:
    """The number of steps at which one fires and the other does not."""
    lif, saf = n.spikes
    return exact(int(np.count_nonzero(lif != saf)))


CLAIM = Claim(
    source="new",
    says="float64 simulations of LIF and SAF fire at the same steps",
    status="false",
    space=SPACE,
    build=build,
    assumes={},
    actual=different,
    bound=lambda n: exact(0),
    falsified={},
    witness={"": {"w": TENTH, "lam": 1.0, "T": 11}},
    cost=0.0005,
)
