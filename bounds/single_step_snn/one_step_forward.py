r"""One step sees what many see: with T = 1, with no memory, or where the drive alone decides.

(i) T = 1, v0 = 0: s[1] = H(z − θ), whatever the leak and the reset. (ii) λ = 0, constant drive: s[t] = H(z − θ) at every
step, both resets. (iii) Hard reset, constant drive: s[t] = H(z − θ) for all t ≤ T if and only if z ≥ θ or z S_T < θ.
Why (iii): z ≥ θ fires at once and starts afresh. Below, u[n] = z S_n until the first spike, nondecreasing for z > 0, so a
spike comes by T exactly if z S_T ≥ θ; equality fires. Exact.
"""

from fractions import Fraction
from functools import partial
from typing import Any

from bounds.claim import Claim, Enclosure, exact
from bounds.single_step_snn.neurons import CONSTANT, Neuron, at, neuron


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


def left(n: Neuron, condition: Any = decided, strict: bool = False) -> Enclosure:
    """(i) and (ii); then each side of the equivalence."""
    return exact(disagreement(n), agrees(n, strict), condition(n))


def right(n: Neuron, condition: Any = decided, strict: bool = False) -> Enclosure:
    """Nothing to disagree on; then the sides exchanged."""
    return exact(0, condition(n), agrees(n, strict))


def instead(condition: Any, strict: bool = False) -> dict[str, Any]:
    """The claim with another condition, or another rule for ties."""
    return {
        "actual": partial(left, condition=condition, strict=strict),
        "bound": partial(right, condition=condition, strict=strict),
    }


CLAIM = Claim(
    source="suetake2022s3nn, reconstructed",
    says="s[t] = H(z − θ): for T = 1; for λ = 0; and, hard reset, for all t ≤ T iff z ≥ θ or z S_T < θ",
    space=CONSTANT,
    build=neuron,
    assumes={},
    actual=left,
    bound=right,
    falsified={
        "always": instead(lambda n: True),
        "only where it fires at once": instead(lambda n: n.z >= n.theta),
        "a tie stays silent": instead(decided, strict=True),
        "z S_T ≤ θ stays silent": instead(lambda n: n.z >= n.theta or n.z * n.S <= n.theta),
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
