r"""Which running variance does not depend on the batch size, and by how much the others do.

Equiprobable samples, independent draws; M = E μ, vtot = E q − M² = E σ² + Var μ. (ii) E of the pooled variance of a batch is
E σ² + (1 − 1/B) Var μ. (iii) Averages of σ² give E σ² alone. (vi) v = r − m² with weights w_k that sum to 1:
E v = vtot − (Var μ/B) Σ w_k²; for a moving average Σ w_k² = ρ/(2 − ρ) + (1 − ρ)^{2(K−1)} 2(1 − ρ)/(2 − ρ) after K batches,
and equal weights over N samples leave Var μ/N, whatever B. Why (vi): Var m = (Var μ/B) Σ w_k². All batches are enumerated:
exact.
"""

from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Evidence, Int, Step, exact
from bounds.measure.symbolic import identity
from bounds.quantized_dnn.statistics import expected_pooled_variance, expected_running_variance, parts

SPACE: dict[str, Axis] = {
    "samples": Array((3, 2), -3, 3, step=1),
    "count": Int(2, 3),
    "features": Int(1, 2),
    "B": Int(1, 2),
    "K": Int(1, 2),  # batches
    "rho": Choice((Fraction(1, 4), Fraction(1, 2), Fraction(1))),
    "equal": Choice((0, 1)),  # 1: equal weights
}


class Draws(NamedTuple):
    """Samples, batch size, and the weights of the batches in the running means."""

    samples: list[list[Fraction]]
    B: int
    weights: list[Fraction]
    rho: Fraction | None  # None: equal weights


def draws(samples: Any, count: int, features: int, B: int, K: int, rho: Any, equal: int) -> Draws:
    """From a point: the first batch initialises, then each has the share ρ."""
    given = [[Fraction(int(v)) for v in list(s)[:features]] for s in list(samples)[:count]]
    rho = Fraction(rho)
    weights = [Fraction(1, K)] * K if equal else [(1 - rho) ** (K - 1 - k) * (rho if k else 1) for k in range(K)]
    return Draws(given, B, weights, None if equal else rho)


def weights_formula(x: Draws) -> Fraction:
    """Σ w_k² by the closed forms."""
    K, rho = len(x.weights), x.rho
    if rho is None:
        return Fraction(1, K)
    return rho / (2 - rho) + (1 - rho) ** (2 * (K - 1)) * 2 * (1 - rho) / (2 - rho)


def sides(x: Draws, pooled: Any = None, running: Any = None) -> Enclosure:
    """|enumeration − formula| of the pooled variance, of the running one, of Σ w_k²."""
    enumerated, formula = expected_pooled_variance(x.samples, x.B)
    seen, expected = expected_running_variance(x.samples, x.B, x.weights)
    formula = formula if pooled is None else pooled(x)
    expected = expected if running is None else running(x)
    return exact(abs(enumerated - formula), abs(seen - expected), abs(sum(w**2 for w in x.weights) - weights_formula(x)))


def second_moment(free: bool = False) -> Evidence:
    """E m² of three independent means with E = M, variance V and weights w_k of sum 1. False if the weights did not matter."""
    from sympy import symbols

    M, V, a, b = symbols("M V a b")
    weights = (a, b, 1 - a - b)
    expected = sum(v * w * (M**2 + (V if k == l else 0)) for k, v in enumerate(weights) for l, w in enumerate(weights))
    return identity(lambda: expected - M**2 - V * (1 if free else sum(w**2 for w in weights)))


def moving_average(last: int = 2) -> Evidence:
    """Σ w_k² of K + 1 batches is (1 − ρ)² times that of K, plus ρ²; of the first it is 1. u = (1 − ρ)^{2(K − 1)}."""
    from sympy import Matrix, symbols

    rho, u = symbols("rho u", positive=True)

    def closed(u: Any) -> Any:
        return rho / (2 - rho) + u * 2 * (1 - rho) / (2 - rho)

    return identity(lambda: Matrix([closed(1) - 1, closed((1 - rho) ** 2 * u) - (1 - rho) ** 2 * closed(u) - rho**last]))


CLAIM = Claim(
    source="sawada2024maqd, reconstructed",
    says="E[pooled var] = E σ² + (1 − 1/B) Var μ; E[r − m²] = vtot − (Var μ/B) Σ w_k²",
    space=SPACE,
    build=draws,
    assumes={},
    actual=sides,
    bound=lambda x: exact(0, 0, 0),
    falsified={
        "the pooled variance is free of B": {"actual": lambda x: sides(x, pooled=lambda x: parts(x.samples)[2])},
        "r − m² is free of B": {"actual": lambda x: sides(x, running=lambda x: parts(x.samples)[2])},
        "averages of σ² see the whole variance": {
            "actual": lambda x: exact(abs(parts(x.samples)[0] - parts(x.samples)[2])),
            "bound": lambda x: exact(0),
        },
    },
    also_true={
        "equal weights over N samples leave Var μ/N, whatever B": {
            "assumes": {"equal weights": lambda x: 1.0 if x.rho is None else -1.0},
            "actual": lambda x: sides(x, running=lambda x: parts(x.samples)[2] - parts(x.samples)[1] / (x.B * len(x.weights))),
        }
    },
    covers={
        "means differ": lambda x: parts(x.samples)[1] > 0,
        "a moving average": lambda x: x.rho is not None and x.rho < 1 and len(x.weights) > 1,
        "batches of two": lambda x: x.B == 2,
        "one feature": lambda x: len(x.samples[0]) == 1,
    },
    proof=(
        Step(says="E m² = M² + V Σ w_k², three batches", check=second_moment, false_twin=partial(second_moment, True)),
        Step(
            says="Σ w_k² = ρ/(2 − ρ) + (1 − ρ)^{2(K−1)} 2(1 − ρ)/(2 − ρ), by induction over K",
            check=moving_average,
            false_twin=partial(moving_average, 1),
        ),
    ),
    tightness="difference",
    cost=0.004,
)
