r"""When a spiking network is cheaper than an ordinary one: T r̄ < E_MAC/E_AC = 46/9.

r̄ = Σψr/Σψ, the mean rate per step weighted by synapses (Σψ > 0): E_SNN/E_ANN = T r̄ E_AC/E_MAC; strictly cheaper if and only
if T r̄ < 46/9. With an analog first layer of the share f of all synapses: f + (1 − f) T r̄ 9/46. A single step costs at most
9/46. Why: E_SNN = E_AC T Σψr, E_ANN = E_MAC Σψ. Exact; energies are added up neuron by neuron.
"""

from fractions import Fraction
from typing import Any, NamedTuple

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Int, exact
from bounds.synaptic_penalty.energy import ann_energy, energy_ratio, mean_rate, snn_energy

SPACE: dict[str, Axis] = {
    "n": Int(1, 5),
    "T": Int(1, 20),
    "psi": Array((5,), 0, 400, step=1),
    "rates": Array((5,), 0, 1, step=Fraction(1, 46)),
    "analog": Array((1,), 0, 600, step=1),  # synapses of the analog first layer
    "even": Choice((0, 0, 1)),  # 1: rates 46/(9T), where that is at most 1
}


class Inference(NamedTuple):
    """Fan-outs, rates per step, steps, analog synapses; exact."""

    psi: list[Fraction]
    rates: list[Fraction]
    T: int
    analog: Fraction

    @property
    def energies(self) -> tuple[Any, Any]:
        """pJ: spiking and ordinary."""
        spikes = sum(self.T * r * f for r, f in zip(self.rates, self.psi, strict=True))
        first = ann_energy(self.analog)
        return snn_energy(spikes) + first, ann_energy(sum(self.psi)) + first


def inference(n: int, T: int, psi: Any, rates: Any, analog: Any, even: int) -> Inference:
    """From a point; the first fan-out is at least 1."""
    fan = [Fraction(int(v)) for v in list(psi)[:n]]
    fan[0] = max(fan[0], Fraction(1))
    rate = [Fraction(v) for v in list(rates)[:n]]
    if even and T >= 6:
        rate = [Fraction(46, 9 * T)] * n
    return Inference(fan, rate, T, Fraction(int(analog[0])))


def share(x: Inference) -> Fraction:
    """f."""
    return x.analog / (x.analog + sum(x.psi))


def left(x: Inference, ratio: Any = None, threshold: Any = Fraction(46, 9)) -> Enclosure:
    """|ratio − formula|; cheaper, and T r̄ < 46/9; the ratio of one step without analog layer."""
    snn, ann = x.energies
    formula = energy_ratio(x.psi, x.rates, x.T, share(x)) if ratio is None else ratio(x)
    single = energy_ratio(x.psi, x.rates, 1)
    return exact(abs(snn / ann - formula), snn < ann, x.T * mean_rate(x.psi, x.rates) < threshold, single)


def right(x: Inference, threshold: Any = Fraction(46, 9)) -> Enclosure:
    """0; the sides exchanged; 9/46."""
    snn, ann = x.energies
    return exact(0, x.T * mean_rate(x.psi, x.rates) < threshold, snn < ann, Fraction(9, 46))


def plain_mean(x: Inference) -> Fraction:
    """With the mean rate of the neurons, whatever their fan-out."""
    f = share(x)
    return f + (1 - f) * x.T * sum(x.rates) / len(x.rates) * Fraction(9, 46)


CLAIM = Claim(
    source="suetake2023penalty, reconstructed",
    says="E_SNN/E_ANN = f + (1 − f) T r̄ · 9/46; cheaper ⇔ T r̄ < 46/9; a single step costs at most 9/46",
    space=SPACE,
    build=inference,
    assumes={},
    actual=left,
    bound=right,
    falsified={
        "the plain mean rate": {"actual": lambda x: left(x, ratio=plain_mean)},
        "cheaper iff T r̄ < 1": {"actual": lambda x: left(x, threshold=1), "bound": lambda x: right(x, threshold=1)},
        "cheaper at equality": {
            "actual": lambda x: exact(x.T * mean_rate(x.psi, x.rates) <= Fraction(46, 9)),
            "bound": lambda x: exact(x.energies[0] < x.energies[1]),
        },
    },
    covers={
        "break even": lambda x: x.energies[0] == x.energies[1],
        "dearer": lambda x: x.energies[0] > x.energies[1],
        "an analog layer": lambda x: x.analog > 0,
        "a fan-out of 0": lambda x: 0 in x.psi,
    },
    tightness="difference",
    cost=0.0005,
)
