r"""For spikes 0 and 1 the penalty counts synaptic operations whatever p; its gradient depends on p.

p·Ω_syn(p) = #synops for every p > 0, and dΩ/ds = ψ s^{p−1}: for p = 1 it is ψ for firing and silent neurons alike (0⁰ = 1),
for p > 1 silent neurons get none. Checked of the library's gradient through the exact remainder: along h, Ω changes by
h·dΩ/ds plus ψ((s + h)^p − s^p − p h s^{p−1})/p. Exact, p = 1, 2, 3.
"""

from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Int, exact
from bounds.synaptic_penalty.penalty import penalty_gradient, synaptic_penalty

SPACE: dict[str, Axis] = {
    "B": Int(1, 2),
    "T": Int(1, 3),
    "width": Array((2,), 1, 4, step=1),
    "s": Array((2, 2, 3, 4), 0, 1, step=1),  # layer, sample, step, neuron
    "psi": Array((2, 4), 0, 12, step=1),
    "p": Choice((1, 2, 3)),
    "h": Array((2, 2, 3, 4), -1, 1, step=Fraction(1, 4)),
}


class Spikes(NamedTuple):
    """Spike trains of two layers, their fan-outs, and a direction; arrays of Fractions."""

    s: list[np.ndarray]
    psi: list[np.ndarray]
    h: list[np.ndarray]
    p: int


_rational = np.frompyfunc(Fraction, 1, 1)


def spikes(B: int, T: int, width: Any, s: Any, psi: Any, p: int, h: Any, grade: Any = 1) -> Spikes:
    """From a point; grade: the value of a spike."""
    cut = [(slice(0, B), slice(0, T), slice(0, int(n))) for n in width]
    trains, steps = (_rational(np.asarray(a, dtype=object)) for a in (s, h))
    fan = _rational(np.asarray(psi, dtype=object))
    return Spikes(
        [trains[l][c] * grade for l, c in enumerate(cut)],
        [fan[l][: int(n)] for l, n in enumerate(width)],
        [steps[l][c] for l, c in enumerate(cut)],
        p,
    )


def synops(x: Spikes) -> Fraction:
    """Walked spike by spike, mean over the batch."""
    count = sum(int(psi[i]) for s, psi in zip(x.s, x.psi, strict=True) for _, _, i in zip(*np.nonzero(s), strict=True))
    return Fraction(count, len(x.s[0]))


def remainder(x: Spikes) -> Any:
    """What Ω(s + h) − Ω(s) has beyond its linear part, by the binomial formula."""
    total = Fraction(0)
    for s, psi, h in zip(x.s, x.psi, x.h, strict=True):
        total += (psi * {1: 0 * h, 2: h**2 / 2, 3: s * h**2 + h**3 / 3}[x.p]).sum()
    return total / len(x.s[0])


def off(x: Spikes, prefactor: bool = True, gradient: Any = penalty_gradient) -> Enclosure:
    """|p Ω − synops|, and |Ω(s + h) − Ω(s) − h·gradient − remainder|."""
    value = synaptic_penalty(x.s, x.psi, x.p)
    moved = synaptic_penalty([s + h for s, h in zip(x.s, x.h, strict=True)], x.psi, x.p)
    slope = sum((g * h).sum() for g, h in zip(gradient(x.s, x.psi, x.p), x.h, strict=True))
    scale = x.p if prefactor else 1
    return exact(abs(scale * value - synops(x)), abs(moved - value - slope - remainder(x)))


CLAIM = Claim(
    source="suetake2023penalty, reconstructed",
    says="s in {0, 1}: p Ω_syn(p) = #synops for every p; dΩ/ds = ψ s^{p−1}, so p = 1 alone has a gradient on silent neurons",
    space=SPACE,
    build=spikes,
    assumes={},
    actual=off,
    bound=lambda x: exact(0, 0),
    falsified={
        "graded spikes of 1/2": {"build": partial(spikes, grade=Fraction(1, 2))},
        "Ω itself is the count": {"actual": partial(off, prefactor=False)},
        "a gradient ψ on silent neurons for every p": {
            "actual": partial(off, gradient=lambda s, psi, p: penalty_gradient(s, psi, 1)),
        },
        "no gradient on silent neurons for p = 1": {
            "actual": partial(
                off, gradient=lambda s, psi, p: penalty_gradient(s, psi, max(p, 2)) if p == 1 else penalty_gradient(s, psi, p)
            ),
        },
    },
    covers={
        "p = 1 with silent neurons": lambda x: x.p == 1 and any((s == 0).any() for s in x.s),
        "p above 1": lambda x: x.p > 1 and synops(x) > 0,
        "a spike that costs nothing": lambda x: any((psi == 0).any() for psi in x.psi),
    },
    tightness="difference",
    cost=0.003,
)
