r"""Without memory, backpropagation through T steps is the single-step gradient.

Feed-forward LIF network, constant input, hard or soft reset, reset path included or detached, readout the mean over T
steps, cross-entropy, any finite surrogate: with λ = 0 every parameter's gradient is the single-step one, for every T; with
T = 1, for every λ. Why: by `one_step_forward` all u[t] are equal; λ = 0 cuts du[t+1]/du[t]; each step gives 1/T of the
gradient, and T of them add up. Rounding: the sums are products of at most some hundred floats near 1, so 1e-12 of the
largest gradient is a thousand times what they can lose; spikes are those of exact ties only where both compute alike.
"""

from functools import partial
from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Int, Real, exact, rounded
from bounds.single_step_snn.gradients import Gradients, lif_bptt, s3nn_backward

SPACE: dict[str, Axis] = {
    "T": Int(1, 6),
    "leak": Real(0, 1),
    "one": Choice(("no leak", "one step")),
    "depth": Int(1, 3),
    "width": Array((4,), 1, 4, step=1),
    "W": Array((3, 4, 4), -0.75, 1.5),
    "b": Array((3, 4), -0.5, 1),
    "V": Array((3, 4), -1, 1),
    "c": Array((3,), -1, 1),
    "theta": Choice((0.5, 1.0, 2.0)),
    "x": Array((4,), 0, 1.5),
    "target": Int(0, 2),
    "reset": Choice(("hard", "soft")),
    "detach": Choice((False, True)),
    "surrogate": Choice(("s3nn", "logistic", "rectangular", "triangular")),
}


class Case(NamedTuple):
    """The arguments that both networks share, and those of the T-step network."""

    net: dict[str, Any]
    steps: dict[str, Any]


def case(
    T: int,
    leak: float,
    one: str,
    depth: int,
    width: Any,
    W: Any,
    b: Any,
    V: Any,
    c: Any,
    theta: float,
    x: Any,
    target: int,
    reset: str,
    detach: bool,
    surrogate: str,
) -> Case:
    """From a point of SPACE: λ = 0, or T = 1; `one` "neither" leaves both as they are."""
    n = [int(w) for w in width]
    net = {
        "weights": [np.asarray(W, float)[l][: n[l + 1], : n[l]] for l in range(depth)],
        "biases": [np.asarray(b, float)[l][: n[l + 1]] for l in range(depth)],
        "V": np.asarray(V, float)[:, : n[depth]],
        "c": np.asarray(c, float),
        "theta": theta,
        "x": np.asarray(x, float)[: n[0]],
        "target": target,
        "surrogate": surrogate,
    }
    steps = {"T": 1 if one == "one step" else T, "leak": 0.0 if one == "no leak" else leak}
    return Case(net, steps | {"reset": reset, "detach_reset": detach})


def parts(g: Gradients) -> np.ndarray:
    """All entries in one vector."""
    return np.concatenate([a.ravel() for a in (*g.dW, *g.db, g.dV, g.dc)])


def apart(k: Case, **other: Any) -> Enclosure:
    """The largest difference over all parameters, in units of the largest gradient (at least 1)."""
    single, many = parts(s3nn_backward(**k.net)), parts(lif_bptt(**k.net, **k.steps, **other))
    return rounded(float(np.abs(single - many).max() / max(1.0, np.abs(single).max())), rel=1e-12)


def changing(k: Case) -> Enclosure:
    """An input with the same mean, twice it and nothing by turns; λ = 0, so that the input alone makes the difference."""
    T = 2 * max(1, k.steps["T"] // 2)
    x = np.array([2 * k.net["x"] if t % 2 else 0 * k.net["x"] for t in range(T)])
    many = parts(lif_bptt(**(k.net | {"x": x}), **(k.steps | {"T": T, "leak": 0.0})))
    return rounded(float(np.abs(parts(s3nn_backward(**k.net)) - many).max()), rel=1e-12)


CLAIM = Claim(
    source="suetake2022s3nn, reconstructed",
    says="λ = 0 and any T, or T = 1 and any λ: BPTT of the LIF network = gradient of the single-step network",
    space=SPACE,
    build=case,
    assumes={},
    actual=apart,
    bound=lambda k: exact(1e-12),
    falsified={
        "with leak and several steps": {"build": lambda **p: case(**(p | {"one": "neither"}))},
        "the sum over the steps as readout": {"actual": partial(apart, readout="sum")},
        "an input that changes, with the same mean": {"actual": changing},
    },
    covers={
        "several layers and steps": lambda k: len(k.net["weights"]) > 1 and k.steps["T"] > 2,
        "a gradient arrives at the bottom": lambda k: bool(np.abs(s3nn_backward(**k.net).dW[0]).max() > 1e-3),
        "soft reset": lambda k: k.steps["reset"] == "soft",
        "leak": lambda k: k.steps["leak"] > 0,
        "another threshold": lambda k: k.net["theta"] != 1,
    },
    tightness="difference",
    cost=0.001,
)
