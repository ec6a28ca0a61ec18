r"""In a fully connected network: when counting spikes, or spikes per neuron, orders networks by energy.

Widths n_1..n_{L+1}, ψ_l = n_{l+1} for the spiking layers 1..L: Ω_tot is proportional to Ω_syn if and only if n_{l+1} is the
same for all l ≤ L; Ω_bal if and only if n_l n_{l+1} is. Why: the weights are 1 and 1/n_l. By `order_of_networks`, only then
do they order rates as energy does. Exact: proportionality of the penalties themselves, on single spikes of each layer.
"""

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Int, exact
from bounds.synaptic_penalty.penalty import synaptic_penalty

SPACE: dict[str, Axis] = {
    "L": Int(1, 4),
    "n": Array((5,), 1, 4, step=1),
    "shape": Choice(("any", "equal fan-out", "equal product")),
}


class Widths(NamedTuple):
    """n_1..n_{L+1}."""

    n: list[int]

    def penalty(self, layer: int, kind: Any) -> Fraction:
        """Ω of one spike in one layer."""
        spikes = [np.full((1, 1, n), Fraction(0), dtype=object) for n in self.n[:-1]]
        spikes[layer][0, 0, 0] = Fraction(1)
        psi = [np.full(n, Fraction(out), dtype=object) for n, out in zip(self.n, self.n[1:], strict=False)]
        return Fraction(synaptic_penalty(spikes, psi, 1, kind))

    def proportional(self, kind: Any) -> bool:
        """One ratio of the penalty to Ω_syn in all layers."""
        return len({self.penalty(l, kind) / self.penalty(l, "syn") for l in range(len(self.n) - 1)}) == 1


def widths(L: int, n: Any, shape: str) -> Widths:
    """From a point: "equal fan-out" repeats one width from the second layer on, "equal product" alternates two."""
    first, second, *_ = (int(v) for v in n)
    given = [int(v) for v in n][: L + 1]
    if shape == "equal fan-out":
        given = [first] + [second] * L
    elif shape == "equal product":
        given = [second if l % 2 else first for l in range(L + 1)]
    return Widths(given)


def conditions(x: Widths, products: bool = True) -> tuple[bool, bool]:
    """n_{l+1} constant; n_l n_{l+1} constant."""
    pairs = list(zip(x.n, x.n[1:], strict=False))
    return len({b for _, b in pairs}) == 1, len({a * b if products else a for a, b in pairs}) == 1


def left(x: Widths, **more: Any) -> Enclosure:
    """Proportionality of Ω_tot and Ω_bal, and the two conditions."""
    return exact(x.proportional("tot"), x.proportional("bal"), *conditions(x, **more))


def right(x: Widths, **more: Any) -> Enclosure:
    """The sides exchanged."""
    return exact(*conditions(x, **more), x.proportional("tot"), x.proportional("bal"))


CLAIM = Claim(
    source="suetake2023penalty, reconstructed",
    says="fully connected: Ω_tot ∝ Ω_syn  ⇔  n_{l+1} constant;  Ω_bal ∝ Ω_syn  ⇔  n_l n_{l+1} constant",
    space=SPACE,
    build=widths,
    assumes={},
    actual=left,
    bound=right,
    falsified={
        "equal hidden widths make Ω_bal proportional": {
            "actual": lambda x: left(x, products=False),
            "bound": lambda x: right(x, products=False),
        },
        "counting spikes always does": {"actual": lambda x: exact(1), "bound": lambda x: exact(x.proportional("tot"))},
    },
    witness={"equal hidden widths make Ω_bal proportional": {"L": 2, "n": [4, 4, 1, 1, 1], "shape": "any"}},
    covers={
        "Ω_tot proportional": lambda x: x.proportional("tot"),
        "Ω_bal proportional, Ω_tot not": lambda x: x.proportional("bal") and not x.proportional("tot"),
        "one spiking layer": lambda x: len(x.n) == 2,
        "neither": lambda x: not x.proportional("bal") and not x.proportional("tot"),
    },
    tightness="difference",
    cost=0.006,
)
