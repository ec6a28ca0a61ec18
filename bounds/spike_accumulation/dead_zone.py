r"""With leak, weak inputs are never answered: more steps do not help.

λ < 1 fixed, v0 = 0, constant input 0 < c < (1 − λ) th, or c = (1 − λ) th if λ > 0: no spike, ever, so a[T] = 0 for all T
while φ(c/th) = c/th. Why: without a spike u[t] = c Λ_t, and Λ_t < 1/(1 − λ) (for λ = 0: u[t] = c < th). Hence
limsup_T (φ(c/th) − a[T]) ≤ 1 − λ for every constant c (from `constant_input`: error < 1/Λ_T, and 1/Λ_T → 1 − λ), attained
at the edge c = (1 − λ) th if λ > 0. Statements "rate → φ as T → ∞" need λ = 1, or λ → 1 together with T. Exact.
"""

from fractions import Fraction
from functools import partial
from typing import Any

from bounds.claim import Axis, Choice, Claim, Enclosure, Evidence, Int, Real, Step, exact
from bounds.measure.symbolic import identity
from bounds.spike_accumulation.networks import THRESHOLDS, half
from bounds.spike_accumulation.neurons import Neuron, neuron, simulate_neuron

SPACE: dict[str, Axis] = {
    "T": Int(1, 24),
    "lam": Choice((Fraction(0), Fraction(1, 3), half, Fraction(2, 3), Fraction(9, 10))),
    "th": THRESHOLDS,
    "share": Real(0, 1, step=Fraction(1, 20)),  # c in units of (1 − λ) th
}


def weak(share: Any, T: int, lam: Any, th: Any) -> Neuron:
    """From a point of SPACE."""
    return neuron([Fraction(share) * (1 - Fraction(lam)) * Fraction(th)] * T, T, lam, th)


def inside(n: Neuron, edge: bool = False) -> float:
    """Distance from the edge of the dead zone; −1 on the edge if λ = 0 and the edge is not meant to belong to it."""
    room = (1 - n.lam) * n.th - n.I[0]
    return -1.0 if room == 0 and n.lam == 0 and not edge else float(room)


def spikes_and_excess(n: Neuron) -> Enclosure:
    """The number of spikes, and how far the error φ − a[T] exceeds 1 − λ."""
    _, s, _, ahat = simulate_neuron(n.I, n.lam, n.th)
    return exact(s.sum(), n.I[0] / n.th - ahat[-1] / n.Lambda - (1 - n.lam))


def sum_of_powers(minus_one: bool = True) -> Evidence:
    """(1 − lam) Λ = 1 − lam^t is kept by Λ <- lam Λ + 1, lam^t <- lam lam^t: so (1 − lam) Λ_t < 1 if 0 < lam < 1."""
    from sympy import symbols

    lam, power = symbols("lam power")
    charge = (1 - power) / (1 - lam)
    return identity(lambda: (1 - lam) * (lam * charge + (1 if minus_one else 0)) - (1 - lam * power))


CLAIM = Claim(
    source="new",
    says="λ < 1, constant input up to (1 − λ) th (below it if λ = 0): no spike at any step, however many",
    space=SPACE,
    build=weak,
    assumes={"in the dead zone": inside},
    actual=spikes_and_excess,
    bound=lambda n: exact(0, 0),
    falsified={
        "also at the edge without memory": {"assumes": {"in the zone or at its edge": partial(inside, edge=True)}},
        "a zone twice as wide": {"space": {**SPACE, "share": Real(0, 2, step=Fraction(1, 20))}, "assumes": {}},
        "the error falls below any bound, 1/√T say": {
            "actual": lambda n: exact(n.I[0] ** 2 / n.th**2),
            "bound": lambda n: exact(Fraction(1, n.T)),
        },
    },
    witness={
        "also at the edge without memory": {"T": 1, "lam": Fraction(0), "th": 1, "share": 1},
        "a zone twice as wide": {"T": 2, "lam": half, "th": 1, "share": Fraction(3, 2)},
        "the error falls below any bound, 1/√T say": {"T": 24, "lam": half, "th": 1, "share": 1},
    },
    covers={
        "the edge": lambda n: n.I[0] == (1 - n.lam) * n.th,
        "inside": lambda n: 0 < n.I[0] < (1 - n.lam) * n.th,
        "no memory": lambda n: n.lam == 0,
    },
    proof=(Step(says="(1 − λ) Λ_t = 1 − λ^t", check=sum_of_powers, false_twin=partial(sum_of_powers, minus_one=False)),),
    tightness="difference",
    tight_at=({"T": 24, "lam": half, "th": 1, "share": 1},),
    cost=0.001,
)
