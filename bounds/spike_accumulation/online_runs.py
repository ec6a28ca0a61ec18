r"""Updated after every step, spike accumulation as a recurrence is OTTT_O exactly; the closed form takes another path.

Weights, biases and feedback move by −lr times the step's gradient after every t; each step runs forward and back with the
weights it finds. SAF in its recurrence form, with the trace as outer factor, has the weights and spikes of OTTT_O after
every step, by `changing_weights` and, at equal state, `per_step_gradients`. Two ways to lose it: the closed form, which
applies new weights to old spikes; and the outer factor s[t], which automatic differentiation of the recurrence gives.
So "SAF-E is consistent with OTTT_O" holds in each step at equal state, not along an online run. All exact.
"""

from functools import partial
from typing import Any, NamedTuple

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Int, exact
from bounds.spike_accumulation.gradients import OnlineRun, Rule, online_run
from bounds.spike_accumulation.networks import (
    CHAIN,
    EIGHTH,
    FEEDBACK,
    START,
    TARGET,
    Net,
    fires,
    half,
    largest_difference,
    net,
    point,
)

SPACE: dict[str, Axis] = {
    **CHAIN,
    **START,
    **FEEDBACK,
    **TARGET,
    "depth": Int(1, 2),
    "width": Array((3,), 1, 2, step=1),
    "T": Int(1, 4),
    "W": Array((2, 2, 2), -0.5, 1.5, step=EIGHTH),
    "b": Array((2, 2), -0.25, 1, step=EIGHTH),
    "x": Array(("T", 2), -0.25, 1.5, step=EIGHTH),
    "F": Array((2, 2), -1, 1, step=EIGHTH),
    "S": Array((2, 2), -1, 1, step=EIGHTH),
    "y": Array((2,), -0.5, 1.5, step=EIGHTH),
    "lr": Choice((half, half / 4)),
}


class Case(NamedTuple):
    """A network and the size of its gradient steps."""

    net: Net
    lr: Any


def case(lr: Any, **of_net: Any) -> Case:
    """From a point of SPACE."""
    return Case(net(**of_net), lr)


def run(c: Case, rule: Rule, outer: Any = "trace") -> OnlineRun:
    """The online run of one of the rules."""
    return online_run(rule, **c.net.training, lr=c.lr, outer=outer)


def difference(c: Case, rule: Rule = "saf_recurrence", outer: Any = "trace") -> Enclosure:
    """Largest differences from OTTT_O over all steps: of weights and biases, and of spikes."""
    ottt, saf = run(c, "ottt"), run(c, rule, outer)
    steps = range(c.net.T)
    moved = max(largest_difference([*ottt.W[t], *ottt.b[t]], [*saf.W[t], *saf.b[t]]) for t in steps)
    fed = max((largest_difference([ottt.F[t]], [saf.F[t]]) for t in steps if ottt.F[t] is not None), default=0)
    return exact(moved, fed, max(largest_difference(ottt.spikes[t], saf.spikes[t]) for t in steps))


WITNESS = point([[[half]]], [[0]], [1], half, T=3, y=[1], lr=half)
CLAIM = Claim(
    source="new",
    says="with an update after every step, recurrence-form SAF with traces has the weights and spikes of OTTT_O",
    space=SPACE,
    build=case,
    assumes={},
    actual=difference,
    bound=lambda c: exact(0),
    falsified={
        "closed form": {"actual": partial(difference, rule="saf_closed")},
        "outer factor s instead of â": {"actual": partial(difference, outer="spike")},
    },
    witness={"closed form": WITNESS, "outer factor s instead of â": WITNESS},
    covers={
        "the last layer fires": lambda c: fires(c.net),
        "the first layer learns in a network of two": lambda c: (
            c.net.N == 2 and bool((run(c, "ottt").W[-1][0] != c.net.W[0]).any())
        ),
        "feedback learns": lambda c: (c.net.N, 1) in c.net.F and bool((run(c, "ottt").F[-1] != c.net.F[c.net.N, 1]).any()),
    },
    cost=0.004,
)
