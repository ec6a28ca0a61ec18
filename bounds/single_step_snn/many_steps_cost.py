r"""With the same weights, T steps cost the first layer at least T times what one step costs.

First spiking layer, constant drive, v0 = 0, hard or soft reset: N_T ≥ T·H(z − θ), with equality if and only if z ≥ θ or
z S_T < θ. Its spikes, and so its synaptic operations, are at least T times those of the single step. Why: a drive that fires
at once fires at every step; otherwise T·H = 0, and the first spike decides (`any_spike`). Deeper layers see changing input,
and there it fails. Exact.
"""

from fractions import Fraction
from typing import Any

from bounds.claim import Claim, Enclosure, exact
from bounds.single_step_snn.neurons import CONSTANT, Neuron, at, lif_simulate, neuron
from bounds.single_step_snn.one_step_forward import decided


def counts(n: Neuron) -> tuple[int, int]:
    """Spikes under hard and soft reset."""
    return int(n.spikes("hard").sum()), int(n.spikes("soft").sum())


def single(n: Neuron) -> int:
    """T·H(z − θ)."""
    return n.T * int(n.z >= n.theta)


def left(n: Neuron) -> Enclosure:
    """T·H twice, then both sides of the two equivalences."""
    equal = [count == single(n) for count in counts(n)]
    return exact(single(n), single(n), *equal, decided(n), decided(n))


def right(n: Neuron) -> Enclosure:
    """The counts, then the sides exchanged."""
    equal = [count == single(n) for count in counts(n)]
    return exact(*counts(n), decided(n), decided(n), *equal)


def below(n: Neuron) -> tuple[int, int]:
    """Of a second neuron, driven by (12/10 − s of the first)θ: T·H in the single-step network, and N_T."""
    first = lif_simulate([n.z] * n.T, n.lam, n.theta)[0]
    drive = [(Fraction(12, 10) - int(s)) * n.theta for s in first]
    alone = int(Fraction(12, 10) - int(n.z >= n.theta) >= 1)
    return n.T * alone, int(lif_simulate(drive, n.lam, n.theta)[0].sum())


def first_layer_and(count: Any) -> dict[str, Any]:
    """T·H ≤ N_T for another neuron."""
    return {"actual": lambda n: exact(count(n)[0]), "bound": lambda n: exact(count(n)[1])}


CLAIM = Claim(
    source="suetake2022s3nn, reconstructed",
    says="first layer, constant drive: N_T ≥ T·H(z − θ), with equality iff z ≥ θ or z S_T < θ (hard or soft reset)",
    space=CONSTANT,
    build=neuron,
    assumes={},
    actual=left,
    bound=right,
    falsified={
        "always equal": {"actual": lambda n: exact(*counts(n)), "bound": lambda n: exact(single(n), single(n))},
        "in deeper layers too": first_layer_and(below),
        "fewer spikes in many steps": {"actual": lambda n: exact(counts(n)[0]), "bound": lambda n: exact(int(n.z >= n.theta))},
    },
    witness={"always equal": at(Fraction(3, 5), 2), "in deeper layers too": at(Fraction(3, 5), 2)},
    covers={
        "more than T·H": lambda n: counts(n)[0] > single(n),
        "fires at every step": lambda n: n.z >= n.theta,
        "silent though driven": lambda n: n.z > 0 and counts(n)[0] == 0,
    },
    tightness="difference",
    tight_at=(at(2, 3),),
    cost=0.001,
)
