r"""One step sees what many see: with T = 1, with no memory, or where the drive alone decides.

(i) T = 1, v0 = 0: s[1] = H(z − θ), whatever the leak and the reset. (ii) λ = 0, constant drive: s[t] = H(z − θ) at every
step, both resets. (iii) Hard reset, constant drive: s[t] = H(z − θ) for all t ≤ T if and only if z ≥ θ or z S_T < θ.
Why (iii): z ≥ θ fires at once and starts afresh. Below, u[n] = z S_n until the first spike, nondecreasing for z > 0, so a
spike comes by T exactly if z S_T ≥ θ; equality fires. Exact.
"""

from fractions import Fraction
from functools import partial
from typing import Any

from bounds.claim import Claim
from bounds.single_step_snn.neurons import CONSTANT, Neuron, at, equivalent, neuron


def disagreement(n: Neuron) -> int:
    """Steps of (i) and (ii), both resets, at which a spike differs from H(z − θ)."""
    single = int(n.z >= n.theta)
    runs = [n._replace(T=1).spikes(reset) for reset in ("hard", "soft")]
    runs += [n._replace(lam=Fraction(0)).spikes(reset) for reset in ("hard", "soft")]
    return sum(int((train != single).sum()) for train in runs)


def agrees(n: Neuron, strict: bool = False) -> bool:
    """s[t] = H(z − θ) for all t ≤ T, under hard reset."""
    single = n.z > n.theta if strict else n.z >= n.theta
    return bool((n.spikes(strict=strict) == int(single)).all())


def decided(n: Neuron) -> bool:
    """z ≥ θ or z S_T < θ."""
    return bool(n.z >= n.theta or n.z * n.S < n.theta)


def forward(n: Neuron, strict: bool = False) -> tuple[int, bool]:
    """Of (i) and (ii), how often they fail; of (iii), its left side."""
    return disagreement(n), agrees(n, strict)


def only_if(condition: Any) -> Any:
    """They never fail; and the right side of (iii)."""
    return lambda n: (0, condition(n))


CLAIM = Claim(
    source="suetake2022s3nn, reconstructed",
    says="s[t] = H(z − θ): for T = 1; for λ = 0; and, hard reset, for all t ≤ T iff z ≥ θ or z S_T < θ",
    space=CONSTANT,
    build=neuron,
    assumes={},
    **equivalent(forward, only_if(decided)),
    falsified={
        "always": equivalent(forward, only_if(lambda n: True)),
        "only where it fires at once": equivalent(forward, only_if(lambda n: n.z >= n.theta)),
        "a tie stays silent": equivalent(partial(forward, strict=True), only_if(decided)),
        "z S_T ≤ θ stays silent": equivalent(forward, only_if(lambda n: n.z >= n.theta or n.z * n.S <= n.theta)),
    },
    witness={
        "always": at(Fraction(3, 5), 2),
        "a tie stays silent": at(1, 2),
        "z S_T ≤ θ stays silent": at(Fraction(1, 2), 2),
    },
    covers={
        "z = θ": lambda n: n.z == n.theta,
        "z S_T = θ below θ": lambda n: n.z * n.S == n.theta and n.z < n.theta,
        "fires late": lambda n: n.z < n.theta < n.z * n.S,
        "silent": lambda n: 0 < n.z * n.S < n.theta,
        "inhibited": lambda n: n.z < 0,
    },
    tightness="difference",
    cost=0.001,
)
