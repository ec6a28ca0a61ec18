r"""An input that never exceeds the threshold: the rate is the mean input, rounded down.

0 ≤ I[t] ≤ th for all t and v0 = 0. Then 0 ≤ v[t] < th at every step and 0 ≤ x̄/th − a[T] < 1/Λ_T, x̄ = Σ λ^{T−t} I[t] / Λ_T;
without leak the number of spikes is ⌊Σ I / th⌋. Why: u = λ v + I ≤ λ v + th with λ v < th, so one reset brings v back below
th, and a silent neuron has v = u < th; then `charge_conservation`. All exact.
"""

from fractions import Fraction
from functools import partial
from itertools import product
from math import floor

import numpy as np

from bounds.claim import Array, Axis, Claim, Enclosure, Evidence, Step
from bounds.measure.rational import every_case
from bounds.spike_accumulation.networks import EIGHTH, half, ordered
from bounds.spike_accumulation.neurons import ONE, Neuron, driven, neuron, simulate_neuron

SPACE: dict[str, Axis] = {**ONE, "I": Array(("T",), 0, 0.5, step=EIGHTH / 4)}


def below_threshold(I: object, **rest: object) -> Neuron:
    """From a point whose I counts 2 th."""
    n = neuron(I, **rest)  # type: ignore[arg-type]
    return n._replace(I=n.I * 2 * n.th)


def sides(n: Neuron, steps_for_Lambda: bool = False) -> tuple[Enclosure, Enclosure]:
    """−v ≤ 0, v < th, −e ≤ 0, e < 1/Λ for e = x̄/th − a[T]; and both sides of the count where there is no leak."""
    _, s, v, ahat = simulate_neuron(n.I, n.lam, n.th, n.v0)
    mean = sum(n.lam ** (n.T - t) * I for t, I in enumerate(n.I, start=1)) / n.Lambda
    e = mean / n.th - ahat[-1] / n.Lambda
    over = n.T if steps_for_Lambda else n.Lambda
    count, spikes = (floor(n.I.sum() / n.th), s.sum()) if n.lam == 1 else (0, 0)
    weak = [(-v.min(), 0), (-e, 0), (count, spikes), (spikes, count)]
    return ordered(weak, strict=[(v.max(), n.th), (e, 1 / Fraction(over))])


def falls(top: int = 1) -> Evidence:
    """A spike does not raise v: λ p + q − 1 ≤ p for v = p th, I = q th, all of λ, p, q in [0, 1]. The difference is linear in
    each of the three, so the corners of the cube decide; top: of q."""
    corners = product((0, 1), (0, 1), (0, top))
    return every_case(corners, lambda c: c[0] * c[1] + c[2] - 1 <= c[1])


CLAIM = Claim(
    source="xiao2021ide, reconstructed",
    says="0 ≤ I ≤ th, v0 = 0: 0 ≤ v < th, 0 ≤ x̄/th − a < 1/Λ, and ⌊Σ I/th⌋ spikes if there is no leak",
    space=SPACE,
    build=below_threshold,
    assumes={"0 ≤ I ≤ th": lambda n: float(min(n.I.min(), (n.th - n.I).min()))},
    actual=lambda n: sides(n)[0],
    bound=lambda n: sides(n)[1],
    falsified={
        "error below 1/T": {"bound": lambda n: sides(n, steps_for_Lambda=True)[1]},
        "any input ≥ 0": {"space": {**SPACE, "I": Array(("T",), 0, 1, step=EIGHTH / 4)}, "assumes": {}},
        "any start below th": {"build": partial(below_threshold, start=half)},
    },
    witness={
        "error below 1/T": driven([0, 0, half * 3 / 4], half),
        "any input ≥ 0": driven([1]),
        "any start below th": driven([EIGHTH * 2]),
    },
    covers={
        "no leak": lambda n: n.lam == 1,
        "a spike and a silent step": lambda n: len(set(simulate_neuron(n.I, n.lam, n.th)[1])) == 2,
        "an input of th": lambda n: bool(np.any(n.th == n.I)),
    },
    proof=(
        Step(
            says="λ v + I − th ≤ v for 0 ≤ v ≤ th, 0 ≤ I ≤ th (multilinear: at the corners)",
            check=falls,
            false_twin=partial(falls, top=2),
        ),
    ),
    cost=0.001,
)
