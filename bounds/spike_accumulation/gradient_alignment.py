r"""How the one-pass gradient of SAF-F, or of spike representation, lies to OTTT_A: a sum over steps, exactly.

Per sample, for each layer l, with g_t and g_F the vectors multiplied into G_{W^l} (at step t, and at the end),
$$ \langle G_A^l, G_F^l\rangle = \sum_t \langle g_t, g_F\rangle\,\langle \hat a^l[t], \hat a^l[T]\rangle , $$
whatever the slopes; for SR put its e and a^l for g_F and â^l[T]. For biases the second factor is Λ_t Λ_T (SR: Λ_t). Why:
every summand is an outer product, and <g a^T, h b^T> = <g, h><a, b>. So traces ≥ 0 and <g_t, g_F> ≥ 0 for all t make the
inner product ≥ 0; `top_layer_alignment` says where the signs are known. All exact.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Axis, Choice, Claim, Enclosure, Evidence, Step, exact
from bounds.common.spikes import lambda_sum
from bounds.measure.symbolic import identity
from bounds.spike_accumulation.gradients import (
    PerStep,
    RateGradients,
    gradient_inner_product,
    ottt_gradients,
    saf_f_gradients,
    sr_gradients,
)
from bounds.spike_accumulation.networks import CHAIN, GOLDEN, START, TARGET, Net, fires, gradient_arrives, net

METHODS = ("SAF-F plain", "SAF-F matched", "SR ideal", "SR at actual rates")
SPACE: dict[str, Axis] = {**CHAIN, **START, **TARGET, "method": Choice(METHODS)}


class Case(NamedTuple):
    """A network to train, and the method that is compared with OTTT_A."""

    net: Net
    method: str


def case(method: str = METHODS[0], **of_net: Any) -> Case:
    """From a point of SPACE."""
    return Case(net(**of_net), method)


def one_pass(n: Net, method: str, readout: bool = False) -> RateGradients:
    """The gradient of one of the four METHODS, matched with kappa = 1/th."""
    if method == "SAF-F plain":
        return saf_f_gradients(**n.at_rest, derivative="plain", surrogate=n.slope, readout=readout)
    matched = saf_f_gradients(**n.at_rest, derivative="matched", readout=readout)
    if method == "SAF-F matched":
        return matched
    rates = matched.rates if method == "SR at actual rates" else None
    return sr_gradients(n.W, n.b, matched.rates[0], n.y, n.th, n.loss, rates, readout=readout)


def sums_over_steps(c: Case, ottt: PerStep, other: RateGradients, spikes: bool = False) -> tuple[list[Any], list[Any]]:
    """The right-hand sides for weights and biases, layer by layer; spikes: with s[t] in the place of ahat[t]."""
    n, is_saf = c.net, c.method.startswith("SAF")
    of_weights, of_biases = [], []
    for l in range(n.N):
        at_end = n.ahat[l][-1] if is_saf else other.rates[l]
        sent = n.lif[1][l] if spikes else n.ahat[l]
        along = [step.errors[l + 1] @ other.errors[l] for step in ottt.steps]
        charges = [lambda_sum(n.lam, t) for t in range(1, n.T + 1)]
        of_weights.append(sum(g * (a @ at_end) for g, a in zip(along, sent, strict=True)))
        of_biases.append(sum(g * L for g, L in zip(along, charges, strict=True)) * (n.Lambda if is_saf else 1))
    return of_weights, of_biases


def difference(c: Case, spikes: bool = False) -> Enclosure:
    """Largest differences between the inner products and the sums, of weights and of biases."""
    ottt, other = ottt_gradients(**c.net.training), one_pass(c.net, c.method)
    right = sums_over_steps(c, ottt, other, spikes)
    left = (gradient_inner_product(ottt.total.W, other.W)[0], gradient_inner_product(ottt.total.b, other.b)[0])
    return exact(*(max(abs(p - q) for p, q in zip(a, b, strict=True)) for a, b in zip(left, right, strict=True)))


def product_of_sums(c: Case) -> Enclosure:
    """The difference if the sums over t were taken before the products, weights alone."""
    ottt, other = ottt_gradients(**c.net.training), one_pass(c.net, c.method)
    left = gradient_inner_product(ottt.total.W, other.W)[0]
    factors = [c.net.ahat[l][-1] if c.method.startswith("SAF") else other.rates[l] for l in range(c.net.N)]
    right = [(ottt.total.errors[l + 1] @ other.errors[l]) * (c.net.ahat[l].sum(axis=0) @ factors[l]) for l in range(c.net.N)]
    return exact(max(abs(p - q) for p, q in zip(left, right, strict=True)))


def inner_products(c: Case) -> list[Any]:
    """<G_A, G_F> of the weights of each layer."""
    return gradient_inner_product(ottt_gradients(**c.net.training).total.W, one_pass(c.net, c.method).W)[0]


def is_nonzero(c: Case, method: str) -> bool:
    """This method is compared, and gives the first layer a gradient."""
    return c.method == method and bool(np.any(one_pass(c.net, method).W[0] != 0))


def outer_products(summed_late: bool = True) -> Evidence:
    """<g1 a1^T + g2 a2^T, h b^T> = <g1, h><a1, b> + <g2, h><a2, b> in two dimensions; not <g1 + g2, h><a1 + a2, b>."""
    from sympy import Matrix, symbols

    g1, g2, a1, a2, h, b = (Matrix(symbols(f"{name}:2")) for name in ("p", "q", "u", "v", "h", "b"))
    left = sum((g1 * a1.T + g2 * a2.T).multiply_elementwise(h * b.T))
    right = g1.dot(h) * a1.dot(b) + g2.dot(h) * a2.dot(b)
    return identity(lambda: left - (right if summed_late else (g1 + g2).dot(h) * (a1 + a2).dot(b)))


CLAIM = Claim(
    source="saiin2024saf, comparison of SAF-F with OTTT, reconstructed",
    says="⟨G_A, G_F⟩ = Σ_t ⟨g_t, g_F⟩ ⟨â[t], â[T]⟩ in every layer, for any slopes, and with SR in the place of SAF-F",
    space=SPACE,
    build=case,
    assumes={},
    actual=difference,
    bound=lambda c: exact(0),
    falsified={
        "s in the place of â": {"actual": partial(difference, spikes=True)},
        "the product of the sums": {"actual": product_of_sums},
    },
    witness={
        "s in the place of â": {**GOLDEN, "method": METHODS[0]},
        "the product of the sums": {**GOLDEN, "method": METHODS[0]},
    },
    covers={
        "the last layer fires": lambda c: fires(c.net),
        "the gradient of the first layer is not zero": lambda c: gradient_arrives(c.net),
        "a negative inner product": lambda c: min(inner_products(c)) < 0,
        **{method: partial(is_nonzero, method=method) for method in METHODS},
    },
    proof=(
        Step(
            says="the inner product of sums of outer products is the sum of products of inner products",
            check=outer_products,
            false_twin=partial(outer_products, summed_late=False),
        ),
    ),
    cost=0.006,
)
