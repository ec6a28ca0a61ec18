r"""At the top layer SAF-F and spike representation never point against OTTT_A, sample by sample; below and in batches they can.

Top weight layer, one sample, presynaptic signals ≥ 0, any nonnegative slope, SAF-F plain or matched, SR ideal or at the
actual rates, any T, λ, v0: <G_A, G_F> ≥ 0 and <G_A, G_SR> ≥ 0, for a spiking output with squared error and
y in {0, 1}^n or with softmax cross entropy and one-hot y; for a linear readout with cross entropy. It is weak: 0 occurs.
Why: the sign of dl_i is fixed by y (o_i − y_i with o in [0, 1]; p_i − y_i with p in (0, 1)), so all summands of
`gradient_alignment` are ≥ 0.

Squared error is rational and exact. For cross entropy the probabilities are floats, taken as rationals, right to 1e-15 (an
exponential, a sum, a quotient). In this space outputs differ by 5 at most, so p_i and 1 − p_i are above 3e-3 and p − y is
right to 3e-13 of itself; a product of two such factors is right to 1e-12 of the sum of its absolute summands.
"""

from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property, partial
from typing import Any

import numpy as np

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Evidence, Int, Step, exact
from bounds.measure.rational import every_case
from bounds.spike_accumulation.gradient_alignment import METHODS, one_pass
from bounds.spike_accumulation.gradients import PerStep, RateGradients, cross_entropy, ottt_gradients
from bounds.spike_accumulation.networks import (
    CHAIN,
    EIGHTH,
    START,
    TARGET,
    Net,
    fires,
    gradient_arrives,
    half,
    net,
    point,
    quarter,
)

SPACE: dict[str, Axis] = {
    **{name: axis for name, axis in (CHAIN | START | TARGET).items() if name != "loss"},
    "depth": Int(1, 2),
    "width": Array((3,), 1, 2, step=1),
    "T": Int(1, 4),
    "W": Array((2, 2, 2), -0.5, 1.5, step=EIGHTH),
    "b": Array((2, 2), -0.25, 0.75, step=EIGHTH),
    "x": Array(("T", 2), 0, 1.5, step=EIGHTH),
    "y": Array((2,), 0, 1, step=1),  # cross entropy: the class is the first 1, or else 0
    "output": Choice(("squared, spikes", "cross entropy, spikes", "cross entropy, readout")),
}


def soft(o: Any, y: Any) -> Any:
    """Gradient of cross entropy with float probabilities, as Fractions; y one-hot."""
    p = cross_entropy(np.asarray(o, dtype=float), 0.0)
    return np.array([Fraction(float(p_i)) for p_i in p], dtype=object) - y


@dataclass(frozen=True)
class Case:
    """One sample or several of one network, and what its output is."""

    nets: tuple[Net, ...]
    readout: bool
    rounded: bool

    @property
    def net(self) -> Net:
        """The network with its first sample."""
        return self.nets[0]

    @cached_property
    def ottt(self) -> list[PerStep]:
        """OTTT, for each sample."""
        return [ottt_gradients(**n.training, readout=self.readout) for n in self.nets]

    @cached_property
    def others(self) -> dict[str, list[RateGradients]]:
        """The four METHODS, for each sample."""
        return {method: [one_pass(n, method, self.readout) for n in self.nets] for method in METHODS}


def case(output: str = "squared, spikes", x2: Any = None, y2: Any = None, **of_net: Any) -> Case:
    """From a point of SPACE; x2 and y2 are a second sample."""
    samples = [of_net] + ([] if x2 is None else [of_net | {"x": x2, "y": y2}])
    soft_max, readout = output.startswith("cross"), output.endswith("readout") and of_net["depth"] > 1
    nets = []
    for sample in samples:
        n = net(**sample)
        if soft_max:
            label = int(np.argmax(n.y != 0))
            one_hot = np.array([Fraction(int(i == label)) for i in range(len(n.y))], dtype=object)
            n = replace(n, y=one_hot, loss=soft)
        nets.append(n)
    return Case(tuple(nets), readout, soft_max)


def opposed(c: Case, methods: tuple[str, ...] = METHODS, layer: int = -1) -> Enclosure:
    """−<G_A, G> summed over samples first, at one weight layer, for each method."""
    ottt = sum(p.total.W[layer] for p in c.ottt)
    size = sum(abs(step.W[layer]) for p in c.ottt for step in p.steps)
    products = [(ottt * sum(other.W[layer] for other in c.others[method])).sum() for method in methods]
    sizes = [(size * sum(abs(other.W[layer]) for other in c.others[method])).sum() for method in methods]
    if not c.rounded:
        return exact(*(-p for p in products))
    slack = [Fraction(1, 10**12) * size for size in sizes]
    lo = exact(*(-p - d for p, d in zip(products, slack, strict=True))).lo
    return Enclosure(lo, exact(*(-p + d for p, d in zip(products, slack, strict=True))).hi, "rounded")


def all_methods_opposed(c: Case, methods: tuple[str, ...] = METHODS, layer: int = -1) -> Enclosure:
    """The smallest of `opposed`: positive only if every method points against OTTT_A."""
    value = opposed(c, methods, layer)
    return Enclosure(np.min(np.asarray(value.lo)), np.min(np.asarray(value.hi)), value.trust)


def all_learn(c: Case, methods: tuple[str, ...] = METHODS[:1], layer: int = -1) -> float:
    """0 if no gradient of these is zero, else −1: keeps a search for opposed gradients away from silent networks."""
    gradients = [p.total.W[layer] for p in c.ottt] + [other.W[layer] for method in methods for other in c.others[method]]
    return 0.0 if all(bool(np.any(g != 0)) for g in gradients) else -1.0


def signs_agree(targets: tuple[Any, ...] = (0, 1)) -> Evidence:
    """(o − y)(a − y) ≥ 0 for spikes o in {0, 1} and rates a in [0, 1]: linear in a, so its ends decide."""
    cases = [(o, a, y) for o in (0, 1) for a in (0, 1) for y in targets]
    return every_case(cases, lambda c: (c[0] - c[2]) * (c[1] - c[2]) >= 0)


SQUARED: dict[str, Axis] = {**SPACE, "output": Choice(("squared, spikes",))}
LIVELY: dict[str, Axis] = {  # where most neurons fire and learn: what is false away from the top is false here
    **SQUARED,
    "T": Int(2, 3),
    "lam": Choice((half, Fraction(1))),
    "th": Choice((Fraction(1),)),
    "W": Array((2, 2, 2), -0.25, 1.25, step=quarter),
    "b": Array((2, 2), 0, 0.25, step=quarter),
    "x": Array((3, 2), 0, 1, step=quarter),
    "slope": Choice(("tri",)),
    "start": Choice((Fraction(0),)),
}
BELOW: dict[str, Axis] = {**LIVELY, "depth": Int(2, 2)}
SIGNED: dict[str, Axis] = {
    **LIVELY,
    "depth": Int(1, 1),
    "W": Array((2, 2, 2), -1, 1, step=quarter),
    "b": Array((2, 2), 0, 0.75, step=quarter),
    "x": Array((3, 2), -1, 1, step=quarter),
}
BATCH: dict[str, Axis] = {**LIVELY, "depth": Int(1, 1), "x2": LIVELY["x"], "y2": SPACE["y"]}
CLAIM = Claim(
    source="new",
    says="top layer, one sample, targets 0 or 1: ⟨G_A, G⟩ ≥ 0 for SAF-F plain and matched, SR ideal and at actual rates",
    space=SPACE,
    build=case,
    assumes={"nonnegative input": lambda c: min(float(n.x.min()) for n in c.nets)},
    actual=opposed,
    bound=lambda c: exact(0),
    tightness="difference",
    falsified={
        "any target": {"space": {**SQUARED, "y": Array((2,), 0, 1, step=EIGHTH)}},
        "input of either sign": {
            "space": SIGNED,
            "assumes": {"all learn": partial(all_learn, methods=METHODS[:3])},
        },
        "in the layer below, plain": {
            "space": BELOW,
            "assumes": {"both learn": partial(all_learn, layer=0)},
            "actual": partial(opposed, methods=METHODS[:1], layer=0),
        },
        "in the layer below, by one method at least": {
            "space": BELOW,
            "assumes": {"all learn": partial(all_learn, methods=METHODS[:3], layer=0)},
            "actual": partial(all_methods_opposed, methods=METHODS[:3], layer=0),
        },
        "for batches, plain": {
            "space": BATCH,
            "assumes": {"both learn": all_learn},
            "actual": partial(opposed, methods=METHODS[:1]),
        },
        "for batches, by one method at least": {
            "space": BATCH,
            "assumes": {"all learn": partial(all_learn, methods=METHODS[:3])},
            "actual": partial(all_methods_opposed, methods=METHODS[:3]),
        },
        "squared error of a readout": {
            "assumes": {"all learn": partial(all_learn, methods=METHODS)},
            "space": {**BELOW, "b": SPACE["b"], "output": Choice(("squared, readout",))},
        },
    },
    witness={
        "any target": point([[[half]]], [[0]], [1], 1, T=2, y=[5 * EIGHTH]),
        "input of either sign": point([[[-half]]], [[half]], [[-3 * quarter], [1]], 1, y=[1]),
        "in the layer below, plain": point([[[1]], [[half], [3 * quarter]]], [[0], [0, 0]], [1], 1, T=2, y=[1, 0]),
        "in the layer below, by one method at least": point(
            [[[3 * quarter]], [[1], [half]]], [[0], [0, 0]], [1], 1, T=3, y=[1, 0]
        ),
        "for batches, plain": point([[[quarter, 3 * quarter]]], [[0]], [0, half], 1, T=2, y=[1], x2=[[0, 1]], y2=[0]),
        "for batches, by one method at least": point(
            [[[-quarter, 3 * quarter]]], [[0]], [1, 1], 1, T=2, y=[1], x2=[[quarter, 3 * quarter]], y2=[0]
        ),
        "squared error of a readout": point(
            [[[half]], [[3 * half]]], [[0], [-1]], [1], 1, T=2, y=[0], output="squared, readout"
        ),
    },
    also_true={
        "input of either sign, behind a spiking layer": {
            "space": {**SPACE, "depth": Int(2, 2), "x": Array(("T", 2), -0.5, 1.5, step=EIGHTH)},
            "assumes": {},
        }
    },
    covers={
        "the last layer fires": lambda c: fires(c.net),
        "started at th/2": lambda c: c.net.v0 != 0,
        "the gradient of the first layer is not zero": lambda c: gradient_arrives(c.net),
        "cross entropy, spikes": lambda c: c.rounded and not c.readout,
        "cross entropy, readout": lambda c: c.readout,
        "clearly positive": lambda c: not c.rounded and bool(np.all(np.asarray(opposed(c).hi) < 0)),
    },
    proof=(
        Step(
            says="(o − y)(a − y) ≥ 0 for o in {0, 1}, a in [0, 1], y in {0, 1}",
            check=signs_agree,
            false_twin=partial(signs_agree, targets=(0, Fraction(5, 8), 1)),
        ),
    ),
    cost=0.005,
)
