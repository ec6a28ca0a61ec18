r"""With p > 1 the penalty leaves silent neurons alone; with p = 1 it pushes them down, for ever.

Gradient steps on λΩ_syn(p) alone, one neuron, fixed input a, no bias: a silent neuron's margin does not change for p > 1, and
falls by ηλψ g'(x)|a|² > 0 for p = 1. Why: dΩ/ds = ψ s^{p−1}, which is 0 or ψ at s = 0. Hence a large λ silences whole layers
for p = 1 and cannot for p > 1. One step of the library's gradient in floats. Rounding: margins of size 11 at most, from four
products, known to 1e-14; ten times that is granted. Margins stay above −3, where g' exceeds 2e-5 and the fall 1e-9.
"""

from fractions import Fraction
from typing import Any

import numpy as np

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Int, Real, exact, rounded
from bounds.synaptic_penalty.gradients import Penalised, margins, penalised_gradients

SPACE: dict[str, Axis] = {
    "n": Int(1, 4),
    "w": Array((4,), -0.5, 0.75, step=Fraction(1, 16)),
    "a": Array((4,), 0.25, 1, step=Fraction(1, 16)),
    "psi": Int(1, 20),
    "lam": Real(0.01, 1, log=True),
    "p": Choice((1.0, 1.5, 2.0)),
}


def neuron(n: int, w: Any, a: Any, psi: int, lam: float, p: float) -> Penalised:
    """From a point of SPACE; the readout ignores the neuron, so the penalty acts alone."""
    weights = [np.array(w, float)[None, :n]]
    return Penalised(
        weights, [np.zeros(1)], np.zeros((2, 1)), np.zeros(2), np.array(a, float)[:n], 0, [np.array([float(psi)])], lam, p
    )


def margin(x: Penalised) -> float:
    """The neuron's."""
    return float(margins(x)[0][0][0])


def moved(x: Penalised, rate: float = 0.1) -> float:
    """The change of the margin in one step on the weights."""
    dW, _ = penalised_gradients(x)
    return margin(x._replace(W=[x.W[0] - rate * dW[0]])) - margin(x)


def push(x: Penalised, rate: float = 0.1) -> float:
    """ηλψ g'(x)|a|², with g' as α/(4 cosh²(αx/2))."""
    slope = x.alpha / (4 * np.cosh(x.alpha * margin(x) / 2) ** 2)
    return float(rate * x.lam * x.psi[0][0] * slope * (x.x @ x.x))


def sides(x: Penalised) -> Enclosure:
    """|change of the margin − what is claimed|; the change itself, which must be below 0 for p = 1."""
    change = moved(x)
    return rounded(abs(change + (push(x) if x.p == 1 else 0.0)), change, abs=1e-13)


def limit(x: Penalised) -> Enclosure:
    """The rounding; less than nothing, for p = 1."""
    return exact(2e-13, -1e-9 if x.p == 1 else 2e-13)


CLAIM = Claim(
    source="new",
    says="a penalty step moves a silent neuron further down for p = 1, and not at all for p > 1",
    space=SPACE,
    build=neuron,
    assumes={"silent": lambda x: -margin(x) - 1e-12, "not too far below": lambda x: margin(x) + 3},
    actual=sides,
    bound=limit,
    falsified={
        "p = 2 moves silent neurons too": {
            "space": {**SPACE, "p": Choice((2.0,))},
            "actual": lambda x: rounded(moved(x), abs=1e-13),
            "bound": lambda x: exact(-1e-9),
        },
        "p = 1 lets go at silence": {
            "space": {**SPACE, "p": Choice((1.0,))},
            "actual": lambda x: rounded(abs(moved(x)), abs=1e-13),
            "bound": lambda x: exact(2e-13),
        },
    },
    covers={"p = 1": lambda x: x.p == 1, "p = 2": lambda x: x.p == 2, "far below": lambda x: margin(x) < -1.5},
    tightness="difference",
    cost=0.001,
)
