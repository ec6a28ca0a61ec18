r"""Any input: the rate is off by at most the unevenness of the input, sharply.

v0 = 0, any I[1..T], x̄ = Σ λ^{T−t} I[t] / Λ_T, P[t] = λ P[t−1] + I[t] − x̄ (P[T] = 0), P₊ = max(0, max P), P₋ = max(0, −min P):
$$ -\frac{1+P_-/th}{\Lambda_T} < a[T]-\varphi(\bar x/th) \le \frac{P_+/th}{\Lambda_T},\qquad
   \max_t|\hat a[t]-a[T]\Lambda_t| < 1+\frac{P_++P_-}{th}. $$
Why: y = v − P obeys y[t] = λ y[t−1] + x̄ − th s[t] and fires iff λ y[t−1] + x̄ ≥ th − P[t]; y = x̄ Λ_t − th â[t]. For
0 ≤ x̄ ≤ th, y stays in [−P₊, th + P₋); for x̄ < 0 look at the last spike, for x̄ > th at the last silent step; y[T] = v[T] and
`charge_conservation` give the rate. As P[T] = 0, λ P₊ does for P₊ ("also true"): the upper end is sharp
without leak only. There it is attained by I = (k, 0, ..., 0, −k), the lower end approached by
I = (1 − ε, 0, ..., 0, T − 1 + ε) (th = λ = 1). All exact.
"""

from functools import partial
from typing import Any, NamedTuple

from bounds.claim import Axis, Choice, Claim, Enclosure, Evidence, Step, exact
from bounds.measure.symbolic import identity
from bounds.spike_accumulation.networks import half, ordered
from bounds.spike_accumulation.neurons import INPUT, Neuron, clip, driven, neuron, simulate_neuron

SPACE: dict[str, Axis] = INPUT


class Discrepancy(NamedTuple):
    """How far a neuron is from its mean input; the error lies in (lower, upper], D below D_bound."""

    a: Any
    xbar: Any
    error: Any  # a − φ(x̄/th)
    P_plus: Any
    P_minus: Any
    Lambda: Any
    lower: Any
    upper: Any
    D: Any  # max_t |ahat[t] − a[T] Λ_t|
    D_bound: Any


def rate_discrepancy(I: Any, lam: Any, th: Any, v0: Any = 0) -> Discrepancy:
    """The quantities of the statement for one input I (T,); Fractions in, Fractions out. The bounds need v0 = 0."""
    ahat = simulate_neuron(I, lam, th, v0)[3]
    one = ahat[0] * 0 + 1
    charges, charge, total = [], 0 * one, 0 * one
    for current in I:
        charge, total = lam * charge + one, lam * total + current
        charges.append(charge)
    xbar, a, P, uneven = total / charge, ahat[-1] / charge, 0 * one, [0 * one]
    for current in I:
        P = lam * P + current - xbar
        uneven.append(P)
    P_plus, P_minus = max(uneven), -min(uneven)
    D = max(abs(h - a * L) for h, L in zip(ahat, charges, strict=True))
    lower, upper = -(1 + P_minus / th) / charge, P_plus / th / charge
    return Discrepancy(a, xbar, a - clip(xbar / th), P_plus, P_minus, charge, lower, upper, D, 1 + (P_plus + P_minus) / th)


def sides(n: Neuron) -> tuple[Enclosure, Enclosure]:
    """error ≤ upper, −error < −lower, D < D_bound."""
    d = rate_discrepancy(n.I, n.lam, n.th, n.v0)
    return ordered([(d.error, d.upper)], strict=[(-d.error, -d.lower), (d.D, d.D_bound)])


def above(n: Neuron) -> Enclosure:
    """The error."""
    return exact(rate_discrepancy(n.I, n.lam, n.th, n.v0).error)


def below(n: Neuron) -> Enclosure:
    """Minus the error."""
    return exact(-rate_discrepancy(n.I, n.lam, n.th, n.v0).error)


def upper(n: Neuron, factor: Any) -> Enclosure:
    """factor · (P₊/th)/Λ."""
    return exact(factor * rate_discrepancy(n.I, n.lam, n.th).upper)


def level(leaky: bool = True) -> Evidence:
    """y = v − P obeys y <- lam y + xbar − th s, and y = xbar Λ − th ahat goes with it; leaky: ahat leaks in that, too."""
    from sympy import Matrix, symbols

    lam, th, v, P, current, xbar, s, charge, a = symbols("lam th v P I xbar s charge a")
    y_new = (lam * v + current - th * s) - (lam * P + current - xbar)
    kept = lam * (xbar * charge - th * a) + xbar - th * s
    after = xbar * (lam * charge + 1) - th * ((lam if leaky else 1) * a + s)
    return identity(lambda: Matrix([y_new - (lam * (v - P) + xbar - th * s), kept - after]))


CLAIM = Claim(
    source="new",
    says="−(1 + P₋/th)/Λ < a[T] − φ(x̄/th) ≤ (P₊/th)/Λ, and max_t |â[t] − a[T] Λ_t| < 1 + (P₊ + P₋)/th",
    space=SPACE,
    build=neuron,
    assumes={},
    actual=lambda n: sides(n)[0],
    bound=lambda n: sides(n)[1],
    falsified={
        "without P₋": {"actual": below, "bound": lambda n: exact(1 / n.Lambda)},
        "without P₊": {"actual": above, "bound": partial(upper, factor=0)},
        "with P₊/2": {"actual": above, "bound": partial(upper, factor=half)},
        "P₊ not in units of th": {"actual": above, "bound": lambda n: exact(n.th * upper(n, 1).hi)},
        "started above 0": {"space": {**SPACE, "start": Choice((half,))}},
    },
    witness={
        "without P₋": driven([0, 0, 0, 0, 0, 6]),
        "without P₊": driven([4, 0, 0, 0, 0, -4]),
        "with P₊/2": driven([4, 0, 0, 0, 0, -4]),
        "P₊ not in units of th": driven([3 * half, 0, 0, 0, 0, -3 * half], th=half),
        "started above 0": driven([half, -half], start=half),
    },
    also_true={"λ P₊ in the place of P₊": {"actual": above, "bound": lambda n: upper(n, n.lam)}},
    covers={
        "fires": lambda n: simulate_neuron(n.I, n.lam, n.th)[1].any(),
        "negative mean": lambda n: rate_discrepancy(n.I, n.lam, n.th).xbar < 0,
        "mean above th": lambda n: rate_discrepancy(n.I, n.lam, n.th).xbar > n.th,
        "mean between": lambda n: 0 < rate_discrepancy(n.I, n.lam, n.th).xbar < n.th,
        "leak": lambda n: 0 < n.lam < 1,
    },
    tight_at=(driven([3, 0, 0, 0, 0, -3]), driven([3 * half, 0, 0, 0, 0, -3 * half], th=half)),
    proof=(
        Step(
            says="y = v − P obeys y ← λ y + x̄ − th s, as does x̄ Λ − th â",
            check=level,
            false_twin=partial(level, leaky=False),
        ),
    ),
    cost=0.0015,
)
