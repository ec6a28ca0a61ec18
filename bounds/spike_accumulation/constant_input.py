r"""A constant input: the rate is the clipped input, rounded down, to within 1/Λ_T and no better.

I[t] = c for all t, any real c, v0 = 0: 0 ≤ φ(c/th) − a[T] < 1/Λ_T with φ(z) = clip(z, 0, 1), and without leak
a[T] = ⌊T φ(c/th)⌋/T. Why: for 0 ≤ c ≤ th this is `bounded_input`; a neuron with c < 0 never fires, one with c ≥ th always.
The constant 1/Λ_T is optimal: c just below th/Λ_T gives a = 0. Since Λ_T ≤ 1/(1 − λ) for λ < 1, more steps do not bring
the error to 0 (`dead_zone`). All exact.
"""

from fractions import Fraction
from math import floor
from typing import Any

from bounds.claim import Axis, Claim, Enclosure, Real
from bounds.common.spikes import lambda_sum
from bounds.spike_accumulation.networks import half, ordered
from bounds.spike_accumulation.neurons import ONE, Neuron, clip, neuron, simulate_neuron

FINE = Fraction(1, 200)
SPACE: dict[str, Axis] = {**ONE, "c": Real(-0.5, 2, step=FINE)}


def constant(c: Any, T: int, lam: Any, th: Any) -> Neuron:
    """From a point of SPACE."""
    return neuron([c] * T, T, lam, th)


def error(n: Neuron) -> Any:
    """φ(c/th) − a[T]."""
    return clip(n.I[0] / n.th) - simulate_neuron(n.I, n.lam, n.th)[3][-1] / n.Lambda


def sides(n: Neuron, limit: Any = lambda n: 1 / n.Lambda) -> tuple[Enclosure, Enclosure]:
    """−e ≤ 0, e < limit, and without leak the rate against its formula from both sides."""
    e = error(n)
    rounded_down = Fraction(floor(n.T * clip(n.I[0] / n.th)), n.T) if n.lam == 1 else 0
    rate = clip(n.I[0] / n.th) - e if n.lam == 1 else 0
    return ordered([(-e, 0), (rate, rounded_down), (rounded_down, rate)], strict=[(e, limit(n))])


def in_steps(n: Neuron) -> Fraction:
    """1/T."""
    return Fraction(1, n.T)


NEAR_HALF = {"T": 4, "lam": half, "th": 1, "c": Fraction(53, 100)}
CLAIM = Claim(
    source="xiao2021ide, reconstructed",
    says="constant input c, v0 = 0: 0 ≤ φ(c/th) − a[T] < 1/Λ; without leak a[T] = ⌊T φ(c/th)⌋/T",
    space=SPACE,
    build=constant,
    assumes={},
    actual=lambda n: sides(n)[0],
    bound=lambda n: sides(n)[1],
    falsified={
        "error below 1/T": {"actual": lambda n: sides(n, in_steps)[0], "bound": lambda n: sides(n, in_steps)[1]},
        "error below 1/(2Λ)": {
            "actual": lambda n: sides(n, lambda n: 1 / (2 * n.Lambda))[0],
            "bound": lambda n: sides(n, lambda n: 1 / (2 * n.Lambda))[1],
        },
    },
    witness={"error below 1/T": NEAR_HALF, "error below 1/(2Λ)": NEAR_HALF},
    covers={
        "below 0": lambda n: n.I[0] < 0,
        "above th": lambda n: n.I[0] > n.th,
        "no leak": lambda n: n.lam == 1,
        "fires at some steps and not at others": lambda n: 0 < simulate_neuron(n.I, n.lam, n.th)[1].sum() < n.T,
        "an error above 0.9/Λ": lambda n: error(n) * lambda_sum(n.lam, n.T) > Fraction(9, 10),
    },
    cost=0.001,
)
