r"""SP-14: errors on n fresh sequences bound the risk of one network, whatever it is.

For a network that does not depend on the n hold-out sequences, with probability at least 1 − δ,
$$ R\le\hat R+B\sqrt{\log(1/\delta)/(2n)}\quad(\text{loss in }[0,B]),\qquad
   R\le\mathrm{Beta}^{-1}(1-\delta;\,e+1,\,n-e)\quad(e\text{ errors, 0-1 loss}). $$
Why: Hoeffding (1963); Clopper and Pearson (1934). It must be fresh data: a network that memorised the n has e = 0.

Not sampled: with error probability p, e is binomial and both bounds rise with e, so the failure probability is P(e ≤ e*), e*
the last e whose bound lies below p. An e whose bound is within 1e-9 of p may fall on either side; the binomial law is right to
1e-9. Loss 0 or B, for which Hoeffding's bound is that of 0-1 loss times B.
"""

from dataclasses import dataclass
from typing import Any

from bounds.claim import Claim, Enclosure, Int, Real, exact
from bounds.measure.sampling import sampled_rate
from bounds.spectral_pruning.generalization import clopper_pearson_upper, hoeffding_upper
from bounds.spectral_pruning.memory import memory


@dataclass(frozen=True)
class HoldOut:
    """n fresh sequences, each an error with probability p."""

    n: int
    p: float
    delta: float


def failure(x: HoldOut, upper: Any) -> Enclosure:
    """P(upper(e) < p) for a bound that rises with e."""
    from scipy.special import bdtr

    ends = []
    for sign in (-1, 1):
        below = [e for e in range(x.n + 1) if upper(e) < min(1.0, x.p + sign * 1e-9)]
        ends.append(float(bdtr(below[-1], x.n, x.p)) if below else 0.0)
    return Enclosure(ends[0] * (1 - 1e-9), min(1.0, ends[1] * (1 + 1e-9)))


def both(x: HoldOut) -> Enclosure:
    """Failure probabilities of Hoeffding's and of Clopper and Pearson's bound, the larger of the two."""
    first = failure(x, lambda e: hoeffding_upper(e / x.n, x.n, x.delta))
    second = failure(x, lambda e: clopper_pearson_upper(e, x.n, x.delta))
    return Enclosure(max(first.lo, second.lo), max(first.hi, second.hi))


def one_less(e: int, n: int, delta: float) -> float:
    """Beta^{-1}(1 − δ; e, n − e + 1), 0 for e = 0: the parameters of the lower bound."""
    from scipy.special import betainccinv

    return 0.0 if e == 0 else float(betainccinv(e, n - e + 1, delta))


def reused(x: Any) -> Enclosure:
    """How often the risk 1/2 of a network that memorised its n sequences exceeds the bound from those, e = 0."""
    failures = (x.gaps > clopper_pearson_upper(0, x.n, x.delta)).sum()
    return sampled_rate(int(failures), x.trials)


CLAIM = Claim(
    source="clopper1934confidence, and Hoeffding's inequality",
    says="with probability ≥ 1 − δ over n fresh sequences: R ≤ R̂ + √(log(1/δ)/(2n)) and R ≤ Beta⁻¹(1 − δ; e + 1, n − e)",
    space={"n": Int(1, 60), "p": Real(0, 1), "delta": Real(0.01, 0.9)},
    build=HoldOut,
    assumes={},
    actual=both,
    bound=lambda x: exact(x.delta),
    falsified={
        "Beta(e, n − e + 1)": {"actual": lambda x: failure(x, lambda e: one_less(e, x.n, x.delta))},
        "the data that selected the network": {
            "space": {"n": Int(4, 16), "delta": Real(0.02, 0.5), "seed": Int(0, 2**31 - 1)},
            "build": memory,
            "actual": reused,
            "covers": {},
            "cost": 0.005,
        },
    },
    witness={
        "Beta(e, n − e + 1)": {"n": 10, "p": 0.1, "delta": 0.05},
        "the data that selected the network": {"n": 8, "delta": 0.05, "seed": 0},
    },
    covers={
        "one sequence": lambda x: x.n == 1,
        "no error is possible": lambda x: x.p == 0,
        "a failure is possible": lambda x: bool(both(x).lo > 0.01),
    },
    cost=0.001,
)
