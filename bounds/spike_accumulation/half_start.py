r"""Started at half the threshold, without leak, the rate is the clipped input rounded to the nearest multiple of 1/T.

λ = 1, v0 = th/2, constant input c, any real: |a[T] − φ(c/th)| ≤ 1/(2T), attained where T c/th is a half-integer. Why: the
start adds 1/2 to the charge, so for 0 ≤ c ≤ th there are ⌊T c/th + 1/2⌋ spikes; outside, none or T of them. Known in work
on conversion; added here. All exact.
"""

from fractions import Fraction
from functools import partial
from math import floor
from typing import Any

from bounds.claim import Axis, Claim, Enclosure, Int, Real, exact
from bounds.spike_accumulation.networks import THRESHOLDS, half
from bounds.spike_accumulation.neurons import Neuron, clip, neuron, simulate_neuron

SPACE: dict[str, Axis] = {"T": Int(1, 12), "th": THRESHOLDS, "c": Real(-0.5, 2, step=Fraction(1, 48))}


def started(c: Any, T: int, th: Any, lam: Any = 1, start: Any = half) -> Neuron:
    """From a point of SPACE."""
    return neuron([c] * T, T, lam, th, start)


def off(n: Neuron) -> Enclosure:
    """|a[T] − φ(c/th)|, and the difference of the number of spikes from ⌊T φ(c/th) + 1/2⌋."""
    z = clip(n.I[0] / n.th)
    _, s, _, ahat = simulate_neuron(n.I, n.lam, n.th, n.v0)
    return exact(abs(ahat[-1] / n.Lambda - z), abs(s.sum() - floor(n.T * z + half)))


CLAIM = Claim(
    source="new",
    says="λ = 1, v0 = th/2, constant input: |a[T] − φ(c/th)| ≤ 1/(2T), and ⌊T φ(c/th) + 1/2⌋ spikes",
    space=SPACE,
    build=started,
    assumes={},
    actual=off,
    bound=lambda n: exact(Fraction(1, 2 * n.T), 0),
    falsified={
        "started at 0": {"build": partial(started, start=0)},
        "with leak": {"build": partial(started, lam=Fraction(9, 10))},
    },
    witness={
        "started at 0": {"T": 1, "th": 1, "c": Fraction(9, 10)},
        "with leak": {"T": 8, "th": 1, "c": Fraction(1, 10)},
    },
    covers={
        "rounded up": lambda n: n.T * clip(n.I[0] / n.th) % 1 > half,
        "rounded down": lambda n: 0 < n.T * clip(n.I[0] / n.th) % 1 < half,
        "a half-integer": lambda n: n.T * clip(n.I[0] / n.th) % 1 == half,
        "clipped": lambda n: not 0 <= n.I[0] <= n.th,
    },
    tight_at=({"T": 3, "th": 1, "c": half},),
    cost=0.001,
)
