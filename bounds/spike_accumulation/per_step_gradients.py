r"""SAF-E has the gradient of online training through time, in every step.

At constant weights, for any surrogate slope (a function of u − th), any differentiable loss, any graph: for every t and l
the SAF-E gradient of W^l, b^l and F equals that of OTTT. Hence SAF-A = OTTT_A (sums over t). Why: the slopes have equal
arguments, Û − thr = u − th (`forward_equivalence`); the output spikes are recovered linearly, s^N = â^N[t] − λ â^N[t-1];
the factors slope · W of the chain rule are the same, and so is the outer factor â^l[t] = dÛ/dW with past traces constant.

Differentiating the recurrence form instead, with its past detached, gives dÛ/dW = s[t]: another gradient, and a wrong one.
The conventions of published code (`gradients`) are drawn along: trace or spike for the input, bias factor Λ_t or 1,
linear readout. Squared and quartic loss, triangular and rectangular slopes: everything stays rational and exact.
"""

from collections.abc import Sequence
from functools import partial
from typing import Any, NamedTuple

from bounds.claim import Axis, Choice, Claim, Enclosure, Evidence, Int, Step, exact
from bounds.measure.symbolic import identity
from bounds.spike_accumulation.gradients import Gradients, ottt_gradients, saf_e_gradients
from bounds.spike_accumulation.networks import (
    CHAIN,
    FEEDBACK,
    GOLDEN,
    START,
    TARGET,
    Net,
    fires,
    gradient_arrives,
    largest_difference,
    net,
    ties,
)

SPACE: dict[str, Axis] = {
    **CHAIN,
    **START,
    **FEEDBACK,
    **TARGET,
    "readout": Int(0, 1),  # 1: a linear last layer, where there is more than one
    "input_trace": Int(0, 1),
    "bias": Choice(("acc", "inst")),
    "form": Choice(("closed", "recurrence")),
}


class Case(NamedTuple):
    """A network to train, the flags that both methods share, and the form in which SAF runs forward."""

    net: Net
    flags: dict[str, Any]
    form: Any


def case(readout: int = 0, input_trace: int = 1, bias: str = "acc", form: str = "closed", **of_net: Any) -> Case:
    """From a point of SPACE; beside a linear readout no skip leads to the last layer, and nothing comes back from it."""
    n = net(**(of_net | ({"feedback": 0, "graph": "chain"} if readout else {})))
    return Case(n, {"readout": bool(readout) and n.N > 1, "input_trace": bool(input_trace), "bias": bias}, form)


def difference(c: Case, **saf: Any) -> Enclosure:
    """Largest difference over all steps, of weights (feedback included) and of biases."""
    ottt = ottt_gradients(**c.net.training, **c.flags)
    ours = saf_e_gradients(**c.net.training, **{**c.flags, "form": c.form, **saf})

    def apart(left: Sequence[Gradients], right: Sequence[Gradients]) -> tuple[Any, Any]:
        pairs = list(zip(left, right, strict=True))
        of_weights = max(largest_difference(list(p.connections.values()), list(q.connections.values())) for p, q in pairs)
        return of_weights, max(largest_difference(p.b, q.b) for p, q in pairs)

    return exact(*apart(ottt.steps, ours.steps), *apart([ottt.total], [ours.total]))


def other_bias_factor(c: Case) -> Enclosure:
    """The differences when the two methods disagree on Λ_t or 1."""
    return difference(c, bias="inst" if c.flags["bias"] == "acc" else "acc")


def derivative_is_the_trace(trace: bool = True, steps: int = 5) -> Evidence:
    """d u[t] / d(w, b) of the LIF equations, all spikes held, is (trace, Λ_t); false with the spike in the trace's place."""
    from sympy import Matrix, diff, symbols

    lam, th, w, b = symbols("lam th w b")
    sent, own = symbols(f"x:{steps}"), symbols(f"s:{steps}")
    v, a, charge, rows = 0, 0, 0, []
    for x, s in zip(sent, own, strict=True):
        u = lam * v + w * x + b
        v, a, charge = u - th * s, lam * a + x, lam * charge + 1
        rows.append([diff(u, w) - (a if trace else x), diff(u, b) - charge])
    return identity(lambda: Matrix(rows))


CLAIM = Claim(
    source="saiin2024saf, Theorem 1",
    says="at every step, the SAF-E gradients of all weights, biases and feedback equal those of OTTT",
    space=SPACE,
    build=case,
    assumes={},
    actual=difference,
    bound=lambda c: exact(0),
    falsified={
        "outer factor s instead of â": {"actual": partial(difference, outer="spike")},
        "bias factor 1 against Λ": {"actual": other_bias_factor},
    },
    witness={"outer factor s instead of â": GOLDEN, "bias factor 1 against Λ": GOLDEN},
    covers={
        "the last layer fires": lambda c: fires(c.net),
        "a tie": lambda c: ties(c.net),
        "feedback": lambda c: (c.net.N, 1) in c.net.F,
        "skips": lambda c: (0, c.net.N) in c.net.F,
        "readout": lambda c: c.flags["readout"],
        "a gradient reaches the first of three layers": lambda c: c.net.N == 3 and gradient_arrives(c.net),
    },
    proof=(
        Step(
            says="with spikes held, du[t]/dw is the trace and du[t]/db is Λ_t (t ≤ 5, the LIF equations)",
            check=derivative_is_the_trace,
            false_twin=partial(derivative_is_the_trace, trace=False),
        ),
    ),
    cost=0.004,
)
