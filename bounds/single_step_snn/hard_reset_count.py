r"""A hard reset forgets the surplus: the count is ⌊T/n*⌋, not ⌊Tz/θ⌋.

Hard reset, v0 = 0, constant drive z, n* = min{n ≥ 1: z S_n ≥ θ}: Σ_{t≤T} s[t] = ⌊T/n*⌋, and 0 if there is no n*. Without
leak n* = ⌈θ/z⌉. Why: every spike starts the same trajectory from 0, so the train has the period n*. Exact; the count is
simulated, n* comes from `hard_reset_period`.
"""

from math import floor
from typing import Any

from bounds.claim import Axis, Claim, Enclosure, Int, exact
from bounds.single_step_snn.neurons import CONSTANT, Neuron, at, hard_reset_period, neuron

SPACE: dict[str, Axis] = {**CONSTANT, "T": Int(1, 40)}


def counted(n: Neuron) -> Enclosure:
    """The number of spikes and its negative: both inequalities."""
    count = int(n.spikes().sum())
    return exact(count, -count)


def formula(n: Neuron, count: Any = lambda n, period: n.T // period) -> Enclosure:
    """⌊T/n*⌋ and its negative."""
    period = hard_reset_period(n.z, n.lam, n.theta)
    value = 0 if period is None else count(n, period)
    return exact(value, -value)


def instead(count: Any) -> dict[str, Any]:
    """The claim with another formula for a neuron that fires."""
    return {"bound": lambda n: formula(n, count)}


CLAIM = Claim(
    source="suetake2022s3nn, reconstructed",
    says="hard reset, constant drive: Σ_{t≤T} s[t] = ⌊T/n*⌋, n* = min{n: z S_n ≥ θ}; 0 without such n",
    space=SPACE,
    build=neuron,
    assumes={},
    actual=counted,
    bound=formula,
    falsified={
        "⌊Tz/θ⌋, cut at T": instead(lambda n, period: min(n.T, floor(n.T * n.z / n.theta))),
        "⌈T/n*⌉": instead(lambda n, period: -(-n.T // period)),
        "⌈θ/z⌉ as the period, leak or not": instead(lambda n, period: n.T // max(1, -(-n.theta // n.z))),
    },
    witness={"⌊Tz/θ⌋, cut at T": at("7/10", 10), "⌈T/n*⌉": at("7/10", 9)},
    covers={
        "no spike": lambda n: not n.spikes().any(),
        "some, not all": lambda n: 0 < n.spikes().sum() < n.T,
        "a long period": lambda n: (hard_reset_period(n.z, n.lam, n.theta) or 0) > 3,
        "leak": lambda n: 0 < n.lam < 1 and bool(n.spikes().any()),
    },
    tightness="difference",
    cost=0.001,
)
