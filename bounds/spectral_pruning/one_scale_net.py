r"""SP-13 (b): training risk plus a slack bounds the risk, of all networks of a class at once.

n i.i.d. training sequences, R̂ their mean risk, loss in [0, B] and ρ_ψ-Lipschitz. For any ε > 0 fixed before the data, with
probability at least 1 − δ, for all f in C(k, R):
$$ R(f)\le\hat R(f)+2\rho_\psi\varepsilon+B\sqrt{\frac{LN(\varepsilon)+\log(1/\delta)}{2n}},\qquad
   LN(\varepsilon)=\sum_{blk}P_{blk}\log\Bigl(1+\frac{2R_{blk}\Lambda_{blk}P}{\varepsilon P_{blk}}\Bigr). $$
Why: a ball in dimension P_blk has an ε_blk-net of at most (1 + 2R/ε_blk)^{P_blk} points, ε_blk = εP_blk/(PΛ_blk); Hoeffding's
inequality on the net, a union bound, and `parameter_lipschitz` twice. Radii read off the trained network are paid for: five
radii on a grid of 64 cost 5 log 64 nats.

Judged with the learner of `learning`, whose true risk is a finite sum: the rate of trials in which the pruned network breaks
the bound, by Clopper and Pearson's interval. Units: those of the loss.
"""

from dataclasses import replace
from typing import Any

from bounds.claim import Axis, Claim, Enclosure, Int, Real, exact
from bounds.measure.sampling import sampled_rate
from bounds.spectral_pruning.generalization import covering_log_number, hoeffding_upper, parameter_lipschitz_constants
from bounds.spectral_pruning.learning import MOST, Experiment, experiment, slack
from bounds.spectral_pruning.memory import memory


def failure_rate(e: Experiment) -> Enclosure:
    """How often R > R̂ + slack."""
    failures = sum(o.risk > o.train + slack(e.k, o.radii, e.n, e.delta) for o in e.outcomes)
    return sampled_rate(failures, e.trials)


def coin(n: int, delta: float, log_eps: float) -> tuple[int, float, float]:
    """Constant predictors c of a fair coin, loss min(1, |y − c|): k = d_x = d_y = T = 1, all radii 0 but R_c = 1."""
    return n, delta, 10.0**log_eps


def coin_failure(x: tuple[int, float, float]) -> Enclosure:
    """P(c = 0 or c = 1 breaks R̂ + 2ε + (LN + log(1/δ))/(2n)), the slack without its root, from the binomial law.

    Their gaps are ±(p̂ − 1/2), so one breaks it if |p̂ − 1/2| exceeds the slack. The law is right to 1e-12.
    """
    import math

    from scipy.special import bdtr

    n, delta, eps = x
    radii = {"h": 0.0, "i": 0.0, "b": 0.0, "o": 0.0, "c": 1.0}
    net = covering_log_number(1, 1, 1, radii, parameter_lipschitz_constants(radii, 1.0, 1), eps)
    slack_without_root = 2 * eps + (net - math.log(delta)) / (2 * n)
    most = math.ceil(n * (0.5 - slack_without_root)) - 1  # the largest number of heads that is too small
    probability = 2 * float(bdtr(most, n, 0.5)) if most >= 0 else 0.0
    return Enclosure(probability - 1e-9, min(1.0, probability + 1e-9))


def memorised(x: Any) -> Enclosure:
    """How often a network that memorises breaks R̂ + √(log(1/δ)/(2n))."""
    return sampled_rate(int((x.gaps > hoeffding_upper(0.0, x.n, x.delta)).sum()), x.trials)


SPACE: dict[str, Axis] = {
    "seed": Int(0, 2**31 - 1),
    "n": Int(200, 20_000),
    "k": Int(1, 4),
    "delta": Real(0.45, 0.9),
}

CLAIM = Claim(
    source="furuya2022pruning, reconstructed (SP-13 b)",
    says="with probability ≥ 1 − δ: R(f) ≤ R̂(f) + 2ρ_ψ ε + B √((LN(ε) + log(1/δ))/(2n)) for all f in C(k, R)",
    space=SPACE,
    build=experiment,
    assumes={},
    actual=failure_rate,
    bound=lambda e: exact(e.delta),
    refine=lambda e: replace(e, trials=4 * e.trials) if e.trials < MOST else None,
    falsified={
        "a slack of order 1/n": {
            "space": {"n": Int(1000, 1_000_000), "delta": Real(0.02, 0.5), "log_eps": Real(-8, -4)},
            "build": coin,
            "actual": coin_failure,
            "bound": lambda x: exact(x[1]),
            "refine": lambda x: None,  # a sum, not a sample: there are no more trials to ask for
            "covers": {},
            "cost": 0.0005,
        },
        "the size of the class left out": {
            "space": {"n": Int(4, 24), "delta": Real(0.02, 0.5), "seed": SPACE["seed"]},
            "build": memory,
            "actual": memorised,
            "covers": {},
            "cost": 0.005,
        },
    },
    witness={
        "a slack of order 1/n": {"n": 100_000, "delta": 0.05, "log_eps": -6.0},
        "the size of the class left out": {"n": 8, "delta": 0.05, "seed": 0},
    },
    covers={
        "a bound that says something": lambda e: all(o.train + slack(e.k, o.radii, e.n, e.delta) < 0.6 for o in e.outcomes),
        "few data": lambda e: e.n < 1000,
    },
    cost=0.09,
)
