r"""The backward recursion with the penalty is the exact gradient of the network whose spikes are graded.

With s = g(x) in the place of H(x), also in s^{p−1}, the recursion of `gradients` is the gradient of cross-entropy + λ Ω_syn(p)
for every p > 0: g' is the derivative of g. Hypothesis: no margin within 1/1000 of the threshold, where g' jumps unless
β = α/4. Checked by central differences with h = 1e-6: truncation h² times a third derivative (below 1e4 here) and rounding
1e-16/h stay below 1e-6 of the scale max(1, |gradient|).
"""

from typing import Any

import numpy as np

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Int, Real, rounded
from bounds.claim import exact as equal
from bounds.synaptic_penalty.gradients import Penalised, margins, penalised_gradients, penalised_loss

SPACE: dict[str, Axis] = {
    "depth": Int(1, 3),
    "width": Array((4,), 1, 4, step=1),
    "W": Array((3, 4, 4), -0.5, 1),
    "b": Array((3, 4), -0.5, 1),
    "V": Array((2, 4), -1, 1),
    "x": Array((4,), 0, 1.5),
    "target": Int(0, 1),
    "psi": Array((3, 4), 0, 10, step=1),
    "lam": Real(0.01, 1, log=True),
    "p": Choice((0.5, 1.0, 2.0)),
    "theta": Choice((0.5, 1.0, 2.0)),
    "alpha": Choice((2.0, 4.0)),
    "beta": Choice((0.5, 1.0)),
}


def network(depth: int, width: Any, W: Any, b: Any, V: Any, target: int, x: Any, psi: Any, **more: Any) -> Penalised:
    """From a point of SPACE, graded."""
    n = [int(v) for v in width]
    weights = [np.array(W, float)[l][: n[l + 1], : n[l]] for l in range(depth)]
    biases = [np.array(b, float)[l][: n[l + 1]] for l in range(depth)]
    fan = [np.array(psi, float)[l][: n[l + 1]] for l in range(depth)]
    return Penalised(
        weights,
        biases,
        np.array(V, float)[:, : n[depth]],
        np.array([0.25, -0.5]),
        np.array(x, float)[: n[0]],
        target,
        fan,
        graded=True,
        **more,
    )


def room(n: Penalised) -> float:
    """The smallest |x| less 1/1000, unless g is C¹."""
    return 1.0 if n.beta == n.alpha / 4 else float(min(np.abs(x).min() for x in margins(n)[0])) - 1e-3


def numerical(n: Penalised, h: float = 1e-6) -> np.ndarray:
    """Central differences by every weight and bias."""
    found = []
    for array in (*n.W, *n.b):
        for index in np.ndindex(*array.shape):
            kept = array[index]
            array[index] = kept + h
            above = penalised_loss(n)
            array[index] = kept - h
            found.append((above - penalised_loss(n)) / (2 * h))
            array[index] = kept
    return np.array(found)


def flat(gradients: tuple[list[np.ndarray], list[np.ndarray]]) -> np.ndarray:
    """All entries, weights first."""
    return np.concatenate([a.ravel() for part in gradients for a in part])


def apart(n: Penalised, formula: Any = penalised_gradients) -> Enclosure:
    """The largest difference, in units of max(1, the largest derivative)."""
    reference = numerical(n)
    return rounded(float(np.abs(flat(formula(n)) - reference).max() / max(1.0, np.abs(reference).max())))


def local_only(n: Penalised) -> Any:
    """Without W_{l+1}ᵀ δ_{l+1}: each layer sees its own penalty alone, the top one the task too."""
    dW, db = penalised_gradients(n)
    for l in range(len(n.W) - 1):
        below = Penalised(n.W[: l + 1], n.b[: l + 1], np.zeros((2, len(n.b[l]))), n.c, *n[4:])
        dW[l], db[l] = (part[l] for part in penalised_gradients(below._replace(psi=n.psi[: l + 1])))
    return dW, db


def mask_of_p_one(n: Penalised) -> Any:
    """ψ in the place of ψ s^{p−1}."""
    return penalised_gradients(n._replace(p=1.0))


CLAIM = Claim(
    source="suetake2023penalty, reconstructed",
    says="graded spikes s = g(x): δ_l = (λψ s^{p−1} + W_{l+1}ᵀ δ_{l+1}) g'(x_l)/θ gives the exact gradient, any p > 0",
    space=SPACE,
    build=network,
    assumes={"no margin at the kink": room},
    actual=apart,
    bound=lambda n: equal(1e-6),
    falsified={
        "without what comes from above": {"actual": lambda n: apart(n, local_only)},
        "ψ in the place of ψ s^{p−1}": {"actual": lambda n: apart(n, mask_of_p_one)},
        "without 1/θ": {
            "actual": lambda n: apart(n, lambda n: tuple([n.theta * a for a in part] for part in penalised_gradients(n)))
        },
    },
    covers={
        "several layers": lambda n: len(n.W) > 1,
        "p = 2": lambda n: n.p == 2,
        "p below 1": lambda n: n.p < 1,
        "another threshold": lambda n: n.theta != 1,
        "silent and firing": lambda n: bool((margins(n)[0][0] < 0).any() and (margins(n)[0][0] > 0).any()),
    },
    tightness="difference",
    cost=0.006,
)
