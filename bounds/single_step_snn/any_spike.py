r""" "Has it fired at all?" is a single step with the threshold θ/S_T.

Constant drive z, v0 = 0, either reset: some s[t] = 1 with t ≤ T if and only if z ≥ θ/S_T. Why: until the first spike,
u[n] = z S_n, and the reset plays no part; z S_n is largest at n = T if z > 0. Exact.
"""

from typing import Any

from bounds.claim import Claim
from bounds.single_step_snn.neurons import CONSTANT, Neuron, at, equivalent, neuron, single_step_threshold


def fires(n: Neuron) -> tuple[bool, bool]:
    """Whether it fires within T steps, under hard and under soft reset."""
    return bool(n.spikes("hard").any()), bool(n.spikes("soft").any())


def theta_T(n: Neuron) -> Any:
    """θ/S_T."""
    return single_step_threshold(n.T, n.lam, n.theta)


def single(threshold: Any) -> Any:
    """Whether a single step with another threshold fires; twice, beside the two resets."""
    return lambda n: (bool(n.z >= threshold(n)),) * 2


CLAIM = Claim(
    source="suetake2022s3nn, reconstructed",
    says="at least one spike in T steps of constant drive z  ⇔  z ≥ θ/S_T",
    space=CONSTANT,
    build=neuron,
    assumes={},
    **equivalent(fires, single(theta_T)),
    falsified={
        "θ/T although the neuron leaks": equivalent(fires, single(lambda n: n.theta / n.T)),
        "θ": equivalent(fires, single(lambda n: n.theta)),
        "θ/S_{T−1}, as if the last step came too late": equivalent(
            fires, single(lambda n: n.theta if n.T == 1 else theta_T(n._replace(T=n.T - 1)))
        ),
    },
    witness={"θ/T although the neuron leaks": at("2/5", 4, "1/2")},
    covers={
        "z = θ/S_T": lambda n: n.z == theta_T(n) and n.T > 1,
        "fires": lambda n: fires(n)[0],
        "silent though driven": lambda n: n.z > 0 and not fires(n)[0],
    },
    tightness="difference",
    cost=0.001,
)
