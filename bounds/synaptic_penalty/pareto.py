r"""What "appropriate penalty" can mean: minimisers of loss + λ·energy are Pareto-optimal, and more penalty means less energy.

F a finite nonempty set of (loss, energy), λ > 0: every minimiser of loss + λ·energy is Pareto-optimal (no other pair is ≤ in
both and different); for λ_1 < λ_2, any minimisers have energy_1 ≥ energy_2 and loss_1 ≤ loss_2. Why: a dominating pair would
have a smaller sum; add the two optimality inequalities. The converse fails: not every Pareto-optimal pair is a minimiser.
Exact: all minimisers, all pairs.
"""

from fractions import Fraction
from typing import Any, NamedTuple

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Int, Real, exact

TENTH = Fraction(1, 10)
SPACE: dict[str, Axis] = {
    "size": Int(1, 5),
    "loss": Array((5,), 0, 1, step=TENTH),
    "spikes": Array((5, 2), 0, 6, step=1),  # at fan-out 10 and 1
    "lam": Real(0.1, 2, step=TENTH),
    "more": Real(0.1, 2, step=TENTH),  # λ_2 − λ_1
    "scale": Choice((Fraction(1, 60), Fraction(1, 10))),  # of an operation
    "tie": Choice((0, 0, 1)),  # 1: the second network costs as much as the first
}


class Networks(NamedTuple):
    """Loss, energy and spike count of each network, and two strengths of the penalty."""

    pairs: list[tuple[Fraction, Fraction]]
    counts: list[int]
    lam: Fraction
    more: Fraction


def networks(size: int, loss: Any, spikes: Any, lam: Any, more: Any, scale: Any, tie: int) -> Networks:
    """From a point of SPACE."""
    counts = [(int(row[0]), int(row[1])) for row in list(spikes)[:size]]
    energy = [Fraction(scale) * (10 * a + b) for a, b in counts]
    losses = [Fraction(v) for v in list(loss)[:size]]
    if tie and size > 1:
        losses[1] = losses[0] + Fraction(lam) * (energy[0] - energy[1])
    return Networks(list(zip(losses, energy, strict=True)), [a + b for a, b in counts], Fraction(lam), Fraction(more))


def minimisers(x: Networks, lam: Fraction, cost: Any = None) -> list[int]:
    """All of them; cost: energies unless given."""
    energy = [e for _, e in x.pairs] if cost is None else cost
    values = [loss + lam * e for (loss, _), e in zip(x.pairs, energy, strict=True)]
    return [i for i, v in enumerate(values) if v == min(values)]


def dominated(x: Networks, i: int) -> bool:
    """Another pair is ≤ in both and different."""
    loss, energy = x.pairs[i]
    return any(a <= loss and b <= energy and (a, b) != (loss, energy) for a, b in x.pairs)


def faults(x: Networks) -> Enclosure:
    """Dominated minimisers, and pairs of minimisers in the wrong order."""
    weak, strong = minimisers(x, x.lam), minimisers(x, x.lam + x.more)
    wrong = sum(x.pairs[i][1] < x.pairs[j][1] or x.pairs[i][0] > x.pairs[j][0] for i in weak for j in strong)
    return exact(sum(dominated(x, i) for i in {*weak, *strong}), wrong)


def unreachable(x: Networks) -> Enclosure:
    """Pareto-optimal pairs that minimise for no λ > 0: above a segment between two others, or not left of all."""
    count = 0
    for i, (loss, energy) in enumerate(x.pairs):
        if dominated(x, i):
            continue
        low = max((Fraction(loss - a) / (b - energy) for a, b in x.pairs if b > energy), default=Fraction(0))
        high = min((Fraction(a - loss) / (energy - b) for a, b in x.pairs if b < energy), default=None)
        count += high is not None and max(low, Fraction(0)) > high
    return exact(count)


def listed(*pairs: tuple[Any, int, int], lam: Any = 1) -> dict[str, Any]:
    """(loss, spikes at fan-out 10, spikes at fan-out 1) of each network."""
    pad = 5 - len(pairs)
    loss = [Fraction(p[0]) for p in pairs] + [Fraction(0)] * pad
    spikes = [list(p[1:]) for p in pairs] + [[0, 0]] * pad
    return {"size": len(pairs), "loss": loss, "spikes": spikes, "lam": Fraction(lam), "more": TENTH, "scale": TENTH, "tie": 0}


CLAIM = Claim(
    source="suetake2023penalty, reconstructed",
    says="minimisers of loss + λ·energy are Pareto-optimal; with growing λ their energy does not rise, their loss not fall",
    space=SPACE,
    build=networks,
    assumes={},
    actual=faults,
    bound=lambda x: exact(0, 0),
    falsified={
        "every Pareto-optimal network is reached by some λ": {"actual": unreachable, "bound": lambda x: exact(0)},
        "counting spikes selects Pareto-optimal networks too": {
            "actual": lambda x: exact(sum(dominated(x, i) for i in minimisers(x, x.lam, x.counts))),
            "bound": lambda x: exact(0),
        },
        "energy falls strictly": {
            "actual": lambda x: exact(max(x.pairs[j][1] for j in minimisers(x, x.lam + x.more)), 1),
            "bound": lambda x: exact(
                max(x.pairs[i][1] for i in minimisers(x, x.lam)),
                min(x.pairs[i][1] for i in minimisers(x, x.lam)) > max(x.pairs[j][1] for j in minimisers(x, x.lam + x.more)),
            ),
        },
    },
    witness={
        "every Pareto-optimal network is reached by some λ": listed((0, 1, 0), (Fraction(6, 10), 0, 6), (1, 0, 0)),
        "counting spikes selects Pareto-optimal networks too": listed((0, 2, 0), (0, 0, 5)),
    },
    covers={
        "a dominated network": lambda x: any(dominated(x, i) for i in range(len(x.pairs))),
        "another network with more penalty": lambda x: minimisers(x, x.lam) != minimisers(x, x.lam + x.more),
        "several minimisers": lambda x: len({x.pairs[i] for i in minimisers(x, x.lam)}) > 1,
    },
    tightness="difference",
    cost=0.001,
)
