r"""Steady rates align SAF-F with OTTT_A: how much unevenness the inner product can bear.

With a^l[t] = a^l[T] + e_t the rates of layer l on the way, and gbar = Σ_t Λ_t g_t, for each layer and sample
$$ \Lambda_T\langle G_A,G_F\rangle \ge \langle\bar g,g_F\rangle\,\|\hat a[T]\|^2
   - \Lambda_T\,\|g_F\|\,\|\hat a[T]\|\sum_t\Lambda_t\|g_t\|\,\|e_t\| \qquad\text{(2-norms)}, $$
so the inner product is positive if <gbar, g_F> ‖â[T]‖ exceeds Λ_T ‖g_F‖ Σ Λ_t ‖g_t‖ ‖e_t‖. Why: â[t] = Λ_t (a[T] + e_t) in
the sum of `gradient_alignment`, and Cauchy-Schwarz twice. Norms are square roots of rationals, enclosed by integer square
roots to 2^-64, exactly where a product of norms is rational; so both sides are proved.
"""

from fractions import Fraction
from functools import partial
from math import isqrt
from typing import Any

import numpy as np

from bounds.claim import Axis, Choice, Claim, Enclosure, Evidence, Step, exact
from bounds.common.spikes import lambda_sum
from bounds.measure.symbolic import identity
from bounds.spike_accumulation.gradient_alignment import METHODS, Case, case, one_pass
from bounds.spike_accumulation.gradients import gradient_inner_product, ottt_gradients
from bounds.spike_accumulation.networks import CHAIN, START, TARGET, gradient_arrives, half, point, quarter

SPACE: dict[str, Axis] = {**CHAIN, **START, **TARGET, "method": Choice(METHODS[:2])}
BITS = 64


def root(square: Fraction) -> tuple[Fraction, Fraction]:
    """Rationals around the square root, at most 2^-64 apart, equal if the root is rational."""
    scaled = square.numerator * square.denominator << 2 * BITS
    below = isqrt(scaled)
    lo = Fraction(below, square.denominator << BITS)
    return lo, lo if below * below == scaled else Fraction(below + 1, square.denominator << BITS)


def guaranteed(c: Case, unevenness: Any = 1) -> Enclosure:
    """The right-hand side for each layer; unevenness: a factor on the term that is subtracted."""
    n, ottt, other = c.net, ottt_gradients(**c.net.training), one_pass(c.net, c.method)
    charges = [lambda_sum(n.lam, t) for t in range(1, n.T + 1)]
    ends: list[tuple[Any, Any]] = []
    for l in range(n.N):
        g_F, last, g = other.errors[l], n.ahat[l][-1], [step.errors[l + 1] for step in ottt.steps]
        along = sum(L * (g_t @ g_F) for L, g_t in zip(charges, g, strict=True)) * (last @ last)
        e = [a / L - last / n.Lambda for a, L in zip(n.ahat[l], charges, strict=True)]
        fixed = (g_F @ g_F) * (last @ last)  # one root for all four norms: rational if the vectors are parallel
        roots = [root(Fraction(fixed * (g_t @ g_t) * (e_t @ e_t))) for g_t, e_t in zip(g, e, strict=True)]
        lost = [unevenness * n.Lambda * sum(L * r[end] for L, r in zip(charges, roots, strict=True)) for end in (0, 1)]
        ends.append((along - lost[1], along - lost[0]))
    return Enclosure(exact(*(lo for lo, _ in ends)).lo, exact(*(hi for _, hi in ends)).hi, "proved")


def inner_product(c: Case) -> Enclosure:
    """Λ_T <G_A, G_F> for each layer."""
    ottt, other = ottt_gradients(**c.net.training), one_pass(c.net, c.method)
    return exact(*(c.net.Lambda * v for v in gradient_inner_product(ottt.total.W, other.W)[0]))


def split(uneven: bool = True) -> Evidence:
    """<g_t, g_F><ahat[t], ahat[T]> with ahat[t] = L_t (a + e), ahat[T] = L a, in one dimension; false without e."""
    from sympy import symbols

    g, h, a, e, L_t, L = symbols("g h a e L_t L")
    term = L * (g * h) * (L_t * (a + e)) * (L * a)
    return identity(lambda: term - ((L_t * g * h) * (L * a) ** 2 + (L * L_t * g * h * e * (L * a) if uneven else 0)))


RISING = {**point([[[1]]], [[0]], [[quarter], [half]], 1, y=[1]), "method": METHODS[0]}
CLAIM = Claim(
    source="saiin2024saf, comparison of SAF-F with OTTT, reconstructed",
    says="Λ ⟨G_A, G_F⟩ ≥ ⟨ḡ, g_F⟩ ‖â[T]‖² − Λ ‖g_F‖ ‖â[T]‖ Σ Λ_t ‖g_t‖ ‖e_t‖ in every layer",
    space=SPACE,
    build=case,
    assumes={},
    actual=guaranteed,
    bound=inner_product,
    falsified={
        "as if the rates were steady": {"actual": partial(guaranteed, unevenness=0)},
        "unevenness counted by half": {"actual": partial(guaranteed, unevenness=Fraction(1, 2))},
    },
    witness={"as if the rates were steady": RISING, "unevenness counted by half": RISING},
    covers={
        "the gradient of the first layer is not zero": lambda c: gradient_arrives(c.net),
        "a positive guarantee at changing rates": lambda c: c.net.T > 1 and bool(np.any(np.asarray(guaranteed(c).lo) > 0)),
    },
    tight_at=(RISING,),
    proof=(
        Step(
            says="Λ_T times a summand is (Λ_t g_t g_F) â[T]² plus a term linear in e_t",
            check=split,
            false_twin=partial(split, uneven=False),
        ),
    ),
    tightness="difference",
    cost=0.006,
)
