r"""Rates of a layer that feeds back on itself, against the equilibrium of the clipped-linear layer.

u[t] = λ v[t−1] + c + F s[t−1], v0 = 0, c constant, k = ‖F‖_∞/th < 1/2, D_F = (1 + 4k)/(1 − 2k). In the maximum norm
$$ \max_t\|\hat a[t]-a[T]\Lambda_t\|\le D_F,\quad \|a[T]-\varphi((c+Fa[T])/th)\|\le\varepsilon=\frac{1+k(D_F+2)+k}{\Lambda_T},
   \quad \|a[T]-a^*\|\le\frac{\varepsilon}{1-k}, $$
a* the unique equilibrium a* = φ((c + F a*)/th). Why: |â[t] − â[t−1]| ≤ 1, so P[t] = F(â[t−1] − (Λ_t/Λ_T) â[T−1]) is at most
th k (D + 2) in norm and `uneven_input` gives D ≤ 1 + 2k(D + 2); the delay moves φ by at most k/Λ_T; a ↦ φ((c + F a)/th)
contracts by k. All exact: the equilibria are found by solving on each of the 3^n patterns (0, linear, 1).
"""

from collections.abc import Iterator
from fractions import Fraction
from functools import partial
from itertools import product
from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Evidence, Int, Step, exact
from bounds.common.spikes import check_leak_and_threshold, lambda_sum, lif_forward, one_arithmetic, traces
from bounds.measure.rational import solve
from bounds.measure.symbolic import identity
from bounds.spike_accumulation.networks import EIGHTH, LEAKS, THRESHOLDS, half, ordered, rationals
from bounds.spike_accumulation.neurons import clip

SPACE: dict[str, Axis] = {
    "n": Int(1, 2),
    "T": Int(1, 8),
    "lam": LEAKS,
    "th": THRESHOLDS,
    "F": Array(("n", "n"), -0.3125, 0.3125, step=EIGHTH / 2),
    "c": Array(("n",), -0.5, 1.5, step=EIGHTH),
}


class FeedbackRateBound(NamedTuple):
    """Constants of the statement, dimensionless."""

    k: Any
    D_F: Any
    eps: Any
    to_equilibrium: Any  # eps/(1 − k)


def feedback_rate_bound(F: Any, c: Any, lam: Any, th: Any, T: int) -> FeedbackRateBound:
    """For feedback F (n, n) and drive c (n,) after T steps; Fractions in, Fractions out. ValueError if k ≥ 1/2.

    >>> [str(v) for v in feedback_rate_bound([[Fraction(1, 4)]], [1], 1, 1, 8)]
    ['1/4', '4', '11/32', '11/24']
    """
    arrays, _ = one_arithmetic(F=F, c=c, lam=lam, th=th)
    lam, th, n = arrays["lam"][()], arrays["th"][()], len(arrays["c"])
    check_leak_and_threshold(lam, th)
    if arrays["F"].shape != (n, n):
        raise ValueError(f"F must have shape ({n}, {n}) to fit c, got {arrays['F'].shape}")
    if T < 1:
        raise ValueError(f"T must be at least 1, got {T}")
    k = abs(arrays["F"]).sum(axis=1).max() / th
    if not 2 * k < 1:
        raise ValueError(f"the bound needs k = ‖F‖_∞/th < 1/2, got {k}")
    return constants(k, lambda_sum(lam, T))


def constants(k: Any, charge: Any) -> FeedbackRateBound:
    """From k and Λ_T."""
    D_F = (1 + 4 * k) / (1 - 2 * k)
    eps = (1 + k * (D_F + 2) + k) / charge
    return FeedbackRateBound(k, D_F, eps, eps / (1 - k))


class Loop(NamedTuple):
    """A feedback layer with a constant drive, all numbers Fractions."""

    F: np.ndarray  # (n, n)
    c: np.ndarray  # (n,)
    lam: Fraction
    th: Fraction
    T: int

    @property
    def ahat(self) -> Any:
        """Traces (T, n)."""
        n = len(self.c)
        none = np.array([[Fraction(0)]] * n, dtype=object)  # nothing comes in but c
        s = lif_forward([none], [self.c], [[Fraction(0)]] * self.T, self.lam, self.th, F=self.F)[1][1]
        return traces(s, self.lam)

    @property
    def Lambda(self) -> Fraction:
        """Λ_T."""
        return Fraction(lambda_sum(self.lam, self.T))

    @property
    def k(self) -> Fraction:
        """‖F‖_∞/th."""
        return Fraction(abs(self.F).sum(axis=1).max() / self.th)


def loop(n: int, T: int, lam: Any, th: Any, F: Any, c: Any) -> Loop:
    """From a point of SPACE."""
    return Loop(rationals(F, n, n), rationals(c, n), Fraction(lam), Fraction(th), T)


def step(x: Loop, a: Any) -> Any:
    """φ((c + F a)/th)."""
    return np.array([clip(z) for z in (x.c + x.F @ a) / x.th], dtype=object)


def equilibria(x: Loop) -> Iterator[Any]:
    """All a = φ((c + F a)/th), except on patterns whose linear part is singular."""
    n = len(x.c)
    for pattern in product((0, 1, None), repeat=n):
        rows = [[x.th * (i == j) - (x.F[i, j] if pattern[i] is None else 0) for j in range(n)] for i in range(n)]
        right = [x.c[i] if value is None else x.th * value for i, value in enumerate(pattern)]
        try:
            a = np.array(solve(rows, right), dtype=object)
        except ValueError:
            continue
        if np.array_equal(step(x, a), a):
            yield a


def measured(x: Loop) -> tuple[Any, Any, Any]:
    """Unevenness of the traces, residual of the equilibrium equation, distance to the farthest equilibrium."""
    ahat = x.ahat
    a = ahat[-1] / x.Lambda
    charges = np.array([lambda_sum(x.lam, t) for t in range(1, x.T + 1)], dtype=object)[:, None]
    return abs(ahat - a * charges).max(), abs(a - step(x, a)).max(), max(abs(a - e).max() for e in equilibria(x))


def sides(x: Loop) -> tuple[Enclosure, Enclosure]:
    """The three statements."""
    limits = feedback_rate_bound(x.F, x.c, x.lam, x.th, x.T)
    return ordered(list(zip(measured(x), limits[1:], strict=True)))


def weak_feedback(x: Loop) -> float:
    """1/2 − k; 0 is outside."""
    return float(half - x.k) or -1.0


def to_every_equilibrium(x: Loop) -> tuple[Enclosure, Enclosure]:
    """The last statement, with k taken as at most 1/4."""
    return ordered([(measured(x)[2], constants(min(x.k, half / 2), x.Lambda).to_equilibrium)])


def fixed_point(added: int = 2) -> Evidence:
    """D_F = 1 + 2k(D_F + 2)."""
    from sympy import symbols

    k = symbols("k")
    D_F = constants(k, 1).D_F
    return identity(lambda: D_F - (1 + 2 * k * (D_F + added)))


CLAIM = Claim(
    source="xiao2021ide, reconstructed",
    says="k = ‖F‖_∞/th < 1/2: unevenness ≤ D_F, residual ≤ ε, distance of a[T] to the equilibrium ≤ ε/(1 − k)",
    space=SPACE,
    build=loop,
    assumes={"k < 1/2": weak_feedback},
    actual=lambda x: sides(x)[0],
    bound=lambda x: sides(x)[1],
    falsified={
        "strong feedback": {
            "space": {**SPACE, "F": Array(("n", "n"), -2, 2, step=EIGHTH), "T": Int(8, 16), "lam": Choice((Fraction(1),))},
            "assumes": {},
            "actual": lambda x: to_every_equilibrium(x)[0],
            "bound": lambda x: to_every_equilibrium(x)[1],
        },
        "residual at most 1/Λ": {"actual": lambda x: exact(measured(x)[1]), "bound": lambda x: exact(1 / x.Lambda)},
    },
    witness={
        "strong feedback": {"n": 1, "T": 32, "lam": 1, "th": 1, "F": [[2]], "c": [-half]},
        "residual at most 1/Λ": {
            "n": 2,
            "T": 8,
            "lam": 1,
            "th": 1,
            "F": [[3 * EIGHTH / 2, -EIGHTH / 2], [3 * EIGHTH / 2, EIGHTH / 2]],
            "c": [half, 3 * half / 2],
        },
    },
    covers={
        "fires and does not always": lambda x: bool(np.any((x.ahat[-1] > 0) & (x.ahat[-1] < x.Lambda))),
        "no leak": lambda x: x.lam == 1,
        "two neurons with feedback": lambda x: len(x.c) == 2 and x.k > half / 2,
    },
    proof=(Step(says="D_F = 1 + 2k(D_F + 2)", check=fixed_point, false_twin=partial(fixed_point, added=1)),),
    cost=0.002,
)
