r"""SAF-F with the right slope is the gradient of the clipped-linear network at the actual rates, times a power.

v0 = 0, no feedback, any input. If the slope of layer m is κ 1{0 < Û^m[T] < th Λ_T}, then for every l
$$ G_{W^l}(\text{SAF-F}) = (\kappa\,th)^{N-l}\; G_{W^l}(\text{SR at the actual rates } \hat a[T]/\Lambda_T), $$
and the same for biases; κ = 1/th gives equality. Why: (W^l a^l + b^l)/th = Û^{l+1}[T]/(th Λ_T), so the indicators agree;
every layer from N down to l + 1 contributes one factor κ against one factor 1/th; the 1/Λ_T of the loss cancels the Λ_T of
â = Λ_T a. With a linear readout the exponent is N − 1 − l. The paper's factor V_th is the case κ = 1 at l = N − 1, or
anywhere if th = 1; with κ = 1 it is th^{N-l} in general. All exact.
"""

from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Axis, Choice, Claim, Enclosure, Evidence, Int, Step, exact
from bounds.measure.symbolic import identity
from bounds.spike_accumulation.gradients import saf_f_gradients, sr_gradients
from bounds.spike_accumulation.networks import (
    CHAIN,
    GOLDEN,
    START,
    TARGET,
    Net,
    fires,
    half,
    largest_difference,
    net,
    point,
)

SPACE: dict[str, Axis] = {**CHAIN, **TARGET, "readout": Int(0, 1), "kappa": Choice((Fraction(1), half, Fraction(2)))}


class Case(NamedTuple):
    """A network to train, the height of the slope, and whether the last layer is linear."""

    net: Net
    kappa: Fraction
    readout: bool


def case(kappa: Any = 1, readout: int = 0, **of_net: Any) -> Case:
    """From a point of SPACE."""
    n = net(**of_net)
    return Case(n, Fraction(kappa), bool(readout) and n.N > 1)


def gradients(c: Case, plain: bool = False, ideal: bool = False) -> tuple[Any, Any]:
    """SAF-F, and spike representation at the rates that SAF-F found, or at those of the clipped-linear network."""
    n = c.net
    how: dict[str, Any] = (
        {"derivative": "plain", "surrogate": n.slope} if plain else {"derivative": "matched", "kappa": c.kappa}
    )
    ours = saf_f_gradients(**n.at_rest, **how, readout=c.readout)
    a0 = ours.rates[0]
    return ours, sr_gradients(n.W, n.b, a0, n.y, n.th, n.loss, None if ideal else ours.rates, readout=c.readout)


def difference(c: Case, one_factor: bool = False, ideal: bool = False) -> Enclosure:
    """Largest differences of weights and of biases; one_factor: with κ th instead of its power."""
    ours, sr = gradients(c, ideal=ideal)
    n, factor = c.net.N, c.kappa * c.net.th
    powers = [factor if one_factor else factor ** (n - l - c.readout) for l in range(n)]
    pairs = ((ours.W, sr.W), (ours.b, sr.b))
    return exact(*(largest_difference(left, [p * g for p, g in zip(powers, right, strict=True)]) for left, right in pairs))


def not_proportional(c: Case) -> Enclosure:
    """Largest 2 x 2 minor of (SAF-F plain, SR) over the entries of each layer: 0 if one is a multiple of the other."""
    ours, sr = gradients(c, plain=True)
    layers = [(p.ravel(), q.ravel()) for p, q in zip(ours.W, sr.W, strict=True)]
    return exact(max(np.max(np.abs(np.outer(p, q) - np.outer(q, p))) for p, q in layers))


def factors(power: bool = True) -> Evidence:
    """Three layers of one neuron, l = 0: G_F = (κ th)^3 G_SR, slopes κ and 1/th, loss dl/Λ, outer factor Λ a; not κ th."""
    from sympy import symbols

    kappa, th, L, dl, w1, w2, a = symbols("kappa th L dl w1 w2 a", positive=True)
    saf = (dl / L) * kappa * w2 * kappa * w1 * kappa * (L * a)
    sr = dl / th * w2 / th * w1 / th * a
    return identity(lambda: saf - (kappa * th) ** (3 if power else 1) * sr)


CLAIM = Claim(
    source="saiin2024saf, Theorem 2, constant reconstructed",
    says="SAF-F with slope κ 1{0 < Û < th Λ} is (κ th)^(N−l) times the gradient of spike representation at the actual rates",
    space=SPACE,
    build=case,
    assumes={},
    actual=difference,
    bound=lambda c: exact(0),
    falsified={
        "one factor κ th for every layer": {"actual": partial(difference, one_factor=True)},
        "proportional with a plain surrogate": {"actual": not_proportional},
        "at the rates of the clipped-linear network": {"actual": partial(difference, ideal=True)},
        "started above 0": {"space": {**SPACE, **START}},
    },
    witness={
        "one factor κ th for every layer": point([[[1]], [[1]]], [[0], [half]], [1], 1, th=2, T=4, y=[1], kappa=1),
        "proportional with a plain surrogate": GOLDEN,
        "at the rates of the clipped-linear network": GOLDEN,
        "started above 0": point([[[0]]], [[0]], [1], half, start=half, y=[1], kappa=1),
    },
    covers={
        "the last layer fires": lambda c: fires(c.net),
        "readout": lambda c: c.readout,
        "κ th is not 1": lambda c: c.kappa * c.net.th != 1,
        "the gradient reaches the first of three layers": lambda c: c.net.N == 3 and bool(np.any(gradients(c)[1].W[0] != 0)),
    },
    proof=(
        Step(
            says="each layer adds a factor κ against 1/th, and 1/Λ cancels Λ (three layers)",
            check=factors,
            false_twin=partial(factors, power=False),
        ),
    ),
    cost=0.003,
)
