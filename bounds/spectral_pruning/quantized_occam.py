r"""SP-15: a network that takes few nats to describe cannot have fitted by chance.

f#_Q has P parameters of `bits` bits and five block scales on a grid of 64, all fixed in advance, so it takes
nats = P bits log 2 + 5 log 64 to describe. With probability at least 1 − δ, for all such networks at once,
$$ R(f_Q)\le kl^{-1}\bigl(\hat R(f_Q),(\text{nats}+\log\tfrac1\delta)/n\bigr),\qquad
   R(f_Q)\le\hat R(f_Q)+B\sqrt{(\text{nats}+\log\tfrac1\delta)/(2n)}. $$
Why: `one_predictor` (which holds for i.i.d. losses in [0, 1] too, Hoeffding 1963) and a union bound with weights e^{−nats}.
Judged with the learner of `learning`, quantised by `quantize`: the rate of trials in which either bound fails. Units: those of
the loss; nats.
"""

from dataclasses import replace
from typing import Any

from bounds.claim import Claim, Enclosure, Int, Real, exact
from bounds.measure.sampling import sampled_rate
from bounds.spectral_pruning.generalization import occam_upper
from bounds.spectral_pruning.learning import MOST, Experiment, experiment, nats
from bounds.spectral_pruning.memory import memory
from bounds.spectral_pruning.one_scale_net import SPACE


def bounds_on(e: Experiment, train: float) -> tuple[float, float]:
    """Both bounds from a training risk."""
    cost = nats(e.k, e.bits)
    return occam_upper(train, e.n, cost, e.delta), occam_upper(train, e.n, cost, e.delta, form="hoeffding")


def failure_rate(e: Experiment) -> Enclosure:
    """How often the risk of the quantised network exceeds either bound."""
    failures = sum(o.risk_quantized > min(bounds_on(e, o.train_quantized)) for o in e.outcomes)
    return sampled_rate(failures, e.trials)


def memorised(x: Any) -> Enclosure:
    """How often the risk 1/2 of a network that memorised n sequences exceeds the bound with no nats at all."""
    uppers = [min(occam_upper(0.5 - gap, x.n, 0.0, x.delta, form) for form in ("kl", "hoeffding")) for gap in x.gaps]
    return sampled_rate(sum(upper < 0.5 for upper in uppers), x.trials)


CLAIM = Claim(
    source="furuya2022pruning, reconstructed (SP-15)",
    says="with probability ≥ 1 − δ: R(f_Q) ≤ kl⁻¹(R̂(f_Q), (P bits log 2 + 5 log 64 + log(1/δ))/n) for all f_Q",
    space=SPACE | {"bits": Int(2, 8)},
    build=experiment,
    assumes={},
    actual=failure_rate,
    bound=lambda e: exact(e.delta),
    refine=lambda e: replace(e, trials=4 * e.trials) if e.trials < MOST else None,
    falsified={
        "the description is free": {
            "space": {"n": Int(4, 24), "delta": Real(0.02, 0.5), "seed": SPACE["seed"]},
            "build": memory,
            "actual": memorised,
            "covers": {},
            "cost": 0.02,
        },
    },
    witness={"the description is free": {"n": 8, "delta": 0.05, "seed": 0}},
    covers={
        "a bound that says something": lambda e: max(bounds_on(e, o.train_quantized)[0] for o in e.outcomes) < 0.6,
        "coarse": lambda e: e.bits < 4,
    },
    cost=0.09,
)
