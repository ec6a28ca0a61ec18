r"""OTTT against backpropagation through time: equal at the top, everywhere without memory, different below.

No feedback. For the weights and biases that enter the last spiking layer, the OTTT_A gradient equals that of BPTT with the
reset detached, exactly. With λ = 0 the two are equal in every layer, the reset detached or not. Why: at the top
du^N[t] = Σ_{t'≥t} λ^{t'-t} g[t'], and swapping the sums turns Σ_t du[t] s[t]^T into Σ_t' g[t'] â[t']^T; below, BPTT carries
errors from later steps that OTTT never sees. With a linear readout the last spiking layer is N − 1; the readout's own
weights differ, trace against spike. All exact.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Axis, Claim, Enclosure, Evidence, Int, Step, exact
from bounds.measure.symbolic import identity
from bounds.spike_accumulation.gradients import Gradients, bptt_gradients, ottt_gradients
from bounds.spike_accumulation.networks import (
    CHAIN,
    GOLDEN,
    START,
    TARGET,
    Net,
    fires,
    gradient_arrives,
    half,
    largest_difference,
    net,
    point,
    quarter,
)

SPACE: dict[str, Axis] = {**CHAIN, **START, **TARGET, "readout": Int(0, 1)}


class Case(NamedTuple):
    """A network to train, and whether its last layer is linear."""

    net: Net
    readout: bool

    @property
    def top(self) -> int:
        """Index l of the weights that enter the last spiking layer."""
        return self.net.N - 1 - self.readout


def case(readout: int = 0, **of_net: Any) -> Case:
    """From a point of SPACE."""
    n = net(**of_net)
    return Case(n, bool(readout) and n.N > 1)


def both(c: Case, detach_reset: bool = True) -> tuple[Gradients, Gradients]:
    """OTTT_A and BPTT."""
    ottt = ottt_gradients(**c.net.training, readout=c.readout).total
    return ottt, bptt_gradients(**c.net.training, readout=c.readout, detach_reset=detach_reset)


def at(c: Case, layers: range, detach_reset: bool = True) -> Any:
    """The largest difference over some layers, of weights and biases."""
    ottt, bptt = both(c, detach_reset)
    return max(largest_difference([ottt.W[l], ottt.b[l]], [bptt.W[l], bptt.b[l]]) for l in layers)


def difference(c: Case) -> Enclosure:
    """At the top with the reset detached; without memory also in all layers below, both ways."""
    spiking = range(c.top + 1)
    below = [at(c, spiking, detach) for detach in (True, False)] if c.net.lam == 0 else [0, 0]
    return exact(at(c, range(c.top, c.top + 1)), *below)


def readout_weights(c: Case) -> Enclosure:
    """The largest difference at the linear readout."""
    ottt, bptt = both(c)
    return exact(np.max(np.abs(ottt.W[-1] - bptt.W[-1])) if c.readout else 0)


def swapped_sums(traces: bool = True, steps: int = 5) -> Evidence:
    """Σ_t du[t] s[t] = Σ_t g[t] ahat[t] for du[t] = g[t] + lam du[t+1]; false with s[t] in the place of ahat[t]."""
    from sympy import symbols

    lam, g, s = symbols("lam"), symbols(f"g:{steps}"), symbols(f"s:{steps}")
    du, left = 0, 0
    for t in reversed(range(steps)):
        du = g[t] + lam * du
        left += du * s[t]
    a, right = 0, 0
    for t in range(steps):
        a = lam * a + s[t]
        right += g[t] * (a if traces else s[t])
    return identity(lambda: left - right)


CLAIM = Claim(
    source="xiao2022ottt, reconstructed",
    says="OTTT_A = BPTT with detached reset at the last spiking layer; with λ = 0 in every layer, detached or not",
    space=SPACE,
    build=case,
    assumes={},
    actual=difference,
    bound=lambda c: exact(0),
    falsified={
        "in every layer": {"actual": lambda c: exact(at(c, range(c.top + 1)))},
        "also with the reset followed": {"actual": lambda c: exact(at(c, range(c.top, c.top + 1), detach_reset=False))},
        "also at a linear readout": {"actual": readout_weights},
    },
    witness={
        "in every layer": point([[[3 * quarter]]] * 2, [[0]] * 2, [1], half, T=2, y=[1]),
        "also with the reset followed": GOLDEN,
        "also at a linear readout": {**GOLDEN, "readout": 1},
    },
    covers={
        "the last layer fires": lambda c: fires(c.net),
        "no memory": lambda c: c.net.lam == 0 and c.net.N > 1,
        "readout": lambda c: c.readout,
        "the gradient reaches the first of several layers": lambda c: c.net.N > 1 and gradient_arrives(c.net),
    },
    proof=(
        Step(
            says="Σ_t du[t] s[t] = Σ_t g[t] â[t] for du[t] = g[t] + λ du[t+1] (five steps)",
            check=swapped_sums,
            false_twin=partial(swapped_sums, traces=False),
        ),
    ),
    cost=0.004,
)
