r"""When a constant drive never makes a neuron fire: the limit θ(1 − λ) itself is too weak, unless there is no memory.

v0 = 0, constant drive z > 0: no spike, ever, exactly when 0 < λ < 1 and z ≤ θ(1 − λ), or λ = 0 and z < θ. Why: without a
spike u[n] = z S_n, which increases to z/(1 − λ) and reaches it only for λ = 0. Exact: silence for ever is z S_n < θ for all
n; on this space (z and θ(1 − λ) differ by 1/40 of θ(1 − λ) or more, or not at all) a spike that comes, comes by step 64.
"""

from functools import partial
from typing import Any

from bounds.claim import Axis, Choice, Claim, Real
from bounds.single_step_snn.neurons import CONSTANT, TWENTIETH, Neuron, at, equivalent, neuron

SPACE: dict[str, Axis] = {
    **{name: axis for name, axis in CONSTANT.items() if name != "T"},
    "share": Real(0.05, 1.5, step=TWENTIETH),
    "tie": Choice(("", "θ", "θ(1 − λ)")),
}
ENOUGH = 64


def silent(n: Neuron) -> tuple[bool]:
    """No spike in 64 steps."""
    return (not n.spikes().any(),)


def too_weak(n: Neuron) -> tuple[bool]:
    """0 < λ < 1 and z ≤ θ(1 − λ), or λ = 0 and z < θ."""
    return (bool(n.z < n.theta if n.lam == 0 else n.lam < 1 and n.z <= n.theta * (1 - n.lam)),)


def point(z: Any, lam: Any) -> dict[str, Any]:
    """θ = 1."""
    return {name: value for name, value in at(z, ENOUGH, lam).items() if name != "T"}


CLAIM = Claim(
    source="suetake2022s3nn, reconstructed",
    says="constant drive z > 0 never fires  ⇔  (0 < λ < 1 and z ≤ θ(1 − λ)) or (λ = 0 and z < θ)",
    space=SPACE,
    build=partial(neuron, T=ENOUGH),
    assumes={"driven": lambda n: float(n.z) if n.z > 0 else -1.0},
    **equivalent(silent, too_weak),
    falsified={
        "at z = θ(1 − λ) it fires at last": equivalent(
            silent, lambda n: (n.z < n.theta if n.lam == 0 else n.lam < 1 and n.z < n.theta * (1 - n.lam),)
        ),
        "z ≤ θ(1 − λ) for every λ < 1": equivalent(silent, lambda n: (n.lam < 1 and n.z <= n.theta * (1 - n.lam),)),
        "never silent for ever": equivalent(silent, lambda n: (False,)),
    },
    witness={
        "at z = θ(1 − λ) it fires at last": point("1/10", "9/10"),
        "z ≤ θ(1 − λ) for every λ < 1": point(1, 0),
    },
    covers={
        "at the limit, with memory": lambda n: 0 < n.lam < 1 and n.z == n.theta * (1 - n.lam),
        "at the threshold, without": lambda n: n.lam == 0 and n.z == n.theta,
        "fires late": lambda n: n.lam < 1 and bool(n.spikes().any()) and n.z < n.theta,
    },
    tightness="difference",
    cost=0.002,
)
