r"""The loss of the mean spike, never more than the mean loss of the spikes, if the mean is the one with leak.

l convex on [0, 1]^n, s[1..T] spikes of the output: Σ_t (λ^{T−t}/Λ_T) l(s[t]) ≥ l(a[T]). Why: the weights are ≥ 0 and sum to
1, a[T] is their mean of the s[t]: Jensen. With the uniform weights 1/T of OTTT's loss it is false for λ < 1: that loss does
not bound the loss of SAF-F from above. Drawn losses: squared distances |A s − y|² and maxima of affine functions; all exact.
"""

from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Evidence, Int, Step, exact
from bounds.common.spikes import lambda_sum
from bounds.measure.symbolic import identity
from bounds.spike_accumulation.networks import EIGHTH, LEAKS, half, rationals

SPACE: dict[str, Axis] = {
    "n": Int(1, 3),
    "T": Int(1, 6),
    "lam": LEAKS,
    "s": Array(("T", "n"), 0, 1, step=1),
    "loss": Choice(("squares", "maximum")),
    "A": Array((2, "n"), -2, 2, step=EIGHTH),
    "y": Array((2,), -1, 1, step=EIGHTH),
}


class Output(NamedTuple):
    """Spikes (T, n), the leak, and a loss (n,) -> number."""

    s: np.ndarray
    lam: Fraction
    loss: Any


def output(n: int, T: int, lam: Any, s: Any, loss: str, A: Any, y: Any) -> Output:
    """From a point: "squares" is |A s − y|², "maximum" is max(A s − y, 0), "minus squares" is −|A s − y|²."""
    matrix, target = rationals(A, 2, n), rationals(y, 2)
    losses = {
        "squares": lambda s: ((matrix @ s - target) ** 2).sum(),
        "maximum": lambda s: max(*(matrix @ s - target), Fraction(0)),
        "minus squares": lambda s: -((matrix @ s - target) ** 2).sum(),
    }
    return Output(rationals(s, T, n), Fraction(lam), losses[loss])


def weights(o: Output) -> list[Any]:
    """λ^{T−t}/Λ_T, t = 1..T."""
    T = len(o.s)
    return [o.lam ** (T - t) / Fraction(lambda_sum(o.lam, T)) for t in range(1, T + 1)]


def of_the_mean(o: Output) -> Enclosure:
    """l(a[T])."""
    return exact(o.loss(sum(w * s for w, s in zip(weights(o), o.s, strict=True))))


def mean_loss(o: Output, uniform: bool = False) -> Enclosure:
    """Σ_t weight · l(s[t])."""
    by = [Fraction(1, len(o.s))] * len(o.s) if uniform else weights(o)
    return exact(sum(w * o.loss(s) for w, s in zip(by, o.s, strict=True)))


def total_weight(all_steps: bool = True, steps: int = 6) -> Evidence:
    """Σ λ^{T−t} = Λ_T for T = 6, Λ by its recurrence; false when the last step is left out."""
    from sympy import symbols

    lam, charge = symbols("lam"), 0
    for _ in range(steps):
        charge = lam * charge + 1
    powers = [lam ** (steps - t) for t in range(1, steps + (1 if all_steps else 0))]
    return identity(lambda: sum(powers) - charge)


SHORT = {"n": 1, "T": 2, "s": [[0], [1]], "A": [[1], [0]], "y": [0, 0]}
CLAIM = Claim(
    source="xiao2022ottt, reconstructed",
    says="l convex: Σ_t (λ^(T−t)/Λ) l(s[t]) ≥ l(a[T])",
    space=SPACE,
    build=output,
    assumes={},
    actual=of_the_mean,
    bound=mean_loss,
    falsified={
        "uniform weights": {"bound": partial(mean_loss, uniform=True)},
        "a loss that is not convex": {"space": {**SPACE, "loss": Choice(("minus squares",))}},
    },
    witness={
        "uniform weights": {**SHORT, "lam": half, "loss": "maximum"},
        "a loss that is not convex": {**SHORT, "lam": Fraction(1), "loss": "minus squares"},
    },
    covers={
        "spikes that change": lambda o: bool(np.any(o.s != o.s[0])),
        "leak": lambda o: 0 < o.lam < 1,
        "strict": lambda o: bool(of_the_mean(o).lo < mean_loss(o).lo),
    },
    tight_at=({**SHORT, "lam": half, "loss": "maximum"},),
    proof=(Step(says="Σ_t λ^(T−t) = Λ_T (T = 6)", check=total_weight, false_twin=partial(total_weight, all_steps=False)),),
    tightness="difference",
    cost=0.001,
)
