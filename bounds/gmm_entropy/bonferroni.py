r"""Pairs overestimate the gap, pairs and triples underestimate it, at every point and so in the integral.

For masses $A_k>0$, $h(A)=\sum_kA_k\log(\sum_jA_j/A_k)$, $\phi(a,b)=h(a,b)$ and
$T(a,b,c)=h(a,b,c)-\phi(a,b)-\phi(a,c)-\phi(b,c)\le0$ (added below, not subtracted),
$$ \sum_{k<l}\phi(A_k,A_l)+\sum_{j<k<l}T(A_j,A_k,A_l)\;\le\;h(A)\;\le\;\sum_{k<l}\phi(A_k,A_l), $$
with equality on the left for K ≤ 3. With $A_k=w_kN_k$, integrated: $U+\sum T_{jkl}\le G\le U$, and $G=U+T_{123}$ for K = 3.
Adding the terms of four gives an upper bound again, exact for K ≤ 4.

Why: $T(a,b,c)=-\int_0^\infty(1-e^{-\ell a})(1-e^{-\ell b})(1-e^{-\ell c})\,\ell^{-2}d\ell$: both sides vanish where a mass
does, and have the mixed derivative $-(a+b+c)^{-2}$ (checked below). As in `pair_sandwich` h is the same integral of
$E(N_\ell-1)^+$, N_ℓ the number that occur of K independent events, and $\binom N2-\binom N3\le(N-1)^+\le\binom N2$; the
first is checked below, the second there.

In nats, with the largest mass 1. The sides share no formula: h from the ratios to the second largest mass, the triple
terms as the integral over ℓ. In u = log ℓ the integrand is analytic for |Im u| < π/2, so the trapezoidal rule with step
1/4 is wrong by about $e^{-4\pi^2}$; it stops where the integrand is below e^-36 of the smallest mass. The sums of up to
20 triples are therefore right to 1e-13 of the sum of their moduli, and so are the pairs.
"""

from dataclasses import dataclass
from itertools import combinations

import numpy as np
from jaxtyping import Float

from bounds.claim import Array, Claim, Enclosure, Evidence, Int, Step, rounded
from bounds.gmm_entropy.chernoff import psi_t
from bounds.gmm_entropy.instances import entries
from bounds.gmm_entropy.line import log_label_entropy

ERROR = 1e-13


@dataclass(frozen=True)
class Masses:
    """log A_k, the largest 0."""

    log_a: Float[np.ndarray, " K"]


def masses(K: int, log_a: Float[np.ndarray, " K"]) -> Masses:
    """h, φ and T are homogeneous of degree 1, so that the scale is free."""
    log_a = np.asarray(log_a, float)
    return Masses(log_a - log_a.max())


def entropy(x: Masses) -> Enclosure:
    """h(A)."""
    return rounded(float(np.exp(log_label_entropy(x.log_a[:, None])[0])), rel=ERROR)


def pairs(x: Masses) -> float:
    """Σ φ, φ(a, b) = √(ab) ψ(log(b/a))."""
    k, l = np.triu_indices(len(x.log_a), 1)
    return float(np.sum(np.exp((x.log_a[k] + x.log_a[l]) / 2) * psi_t(np.abs(x.log_a[k] - x.log_a[l]))))


def tuples(x: Masses, size: int) -> float:
    r"""$(-1)^n\sum_J\int\prod_{k\in J}(1-e^{-\ell A_k})\,\ell^{-2}d\ell$ over all J of n = `size` masses."""
    step = 0.25
    u = np.arange(-36.0, 36.0 - x.log_a.min(), step)
    occurs = -np.expm1(-np.exp(u + x.log_a[:, None]))
    chosen = [occurs[list(J)].prod(axis=0) for J in combinations(range(len(occurs)), size)]
    return float((-1) ** size * step * np.sum(np.sum(chosen, axis=0) * np.exp(-u))) if chosen else 0.0


def expansion(x: Masses, triples: float = 1.0, fours: float = 0.0) -> Enclosure:
    """Σ φ + triples · Σ T + fours · the terms of four."""
    terms = [pairs(x), triples * tuples(x, 3), fours * tuples(x, 4) if fours else 0.0]
    return rounded(sum(terms), rel=0.0, abs=ERROR * sum(map(abs, terms)))


def left(x: Masses, triples: float = 1.0) -> Enclosure:
    """Pairs and triples; h."""
    return entries(expansion(x, triples), entropy(x))


def right(x: Masses, triples: float = 0.0, fours: float = 0.0) -> Enclosure:
    """h; pairs."""
    return entries(entropy(x), expansion(x, triples, fours))


def _mixed_derivative(sign: int) -> Evidence:
    import sympy as sp

    from bounds.measure.symbolic import identity

    a, b, c = A = sp.symbols("a b c", positive=True)

    def h(*parts: sp.Symbol) -> sp.Expr:
        return sum(part * sp.log(sum(parts) / part) for part in parts)

    triple = h(*A) - sum(h(*two) for two in combinations(A, 2))
    return identity(lambda: sp.diff(triple, a, b, c) + sign / (a + b + c) ** 2)


def _third_order(more: int) -> Evidence:
    r"""$(N-1)-\binom N2+\binom N3=(N-1)(N-2)(N-3)/6$, at least 0 for every integer N ≥ 1."""
    import sympy as sp

    from bounds.measure.symbolic import identity

    N = sp.symbols("N", integer=True, positive=True)
    rest = (N - 1) * (N - 2) * (N - 3 + more) / 6
    return identity(lambda: (N - 1) - N * (N - 1) / 2 + N * (N - 1) * (N - 2) / 6 - rest)


CLAIM = Claim(
    source="new",
    says="Σ_{k<l} φ(A_k, A_l) + Σ_{j<k<l} T(A_j, A_k, A_l) ≤ h(A) ≤ Σ_{k<l} φ(A_k, A_l), T ≤ 0",
    space={"K": Int(1, 6), "log_a": Array(("K",), -20, 0)},
    build=masses,
    assumes={},
    actual=left,
    bound=right,
    tightness="difference",
    falsified={
        "triple terms subtracted": {"actual": lambda x: left(x, -1.0)},
        "half of the triple terms": {"actual": lambda x: left(x, 0.5)},
        "pairs and triples above": {"bound": lambda x: right(x, 1.0)},
        "pairs below": {"actual": lambda x: left(x, 0.0)},
        "triple terms counted twice above": {"bound": lambda x: right(x, 2.0, 1.0)},
    },
    also_true={"pairs, triples and fours above": {"bound": lambda x: right(x, 1.0, 1.0)}},
    covers={
        "one mass": lambda x: len(x.log_a) == 1,
        "three masses, exact": lambda x: len(x.log_a) == 3,
        "six masses": lambda x: len(x.log_a) == 6,
        "a mass below 1e-6": lambda x: bool(x.log_a.min() < -14),
        "equal masses": lambda x: len(x.log_a) > 3 and bool(np.ptp(x.log_a) == 0),
    },
    tight_at=(
        {"K": 3, "log_a": np.zeros(3)},
        {"K": 3, "log_a": np.array([0.0, -3.0, -11.0])},
        {"K": 2, "log_a": np.array([0.0, -1.0])},
    ),
    proof=(
        Step(
            says="∂³T/∂a∂b∂c = −1/(a + b + c)²",
            check=lambda: _mixed_derivative(1),
            false_twin=lambda: _mixed_derivative(-1),
        ),
        Step(
            says="(N − 1) − C(N, 2) + C(N, 3) = (N − 1)(N − 2)(N − 3)/6",
            check=lambda: _third_order(0),
            false_twin=lambda: _third_order(1),
        ),
    ),
    cost=0.0006,
)
