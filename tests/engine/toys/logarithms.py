"""Values that underflow: log P(Z > z) ≤ −z²/2 − log 2 for z ≥ 0, also where the probability is 1e-200000."""

import math

from scipy.special import log_ndtr

from bounds.claim import Claim, Real, rounded

CLAIM = Claim(
    source="new",
    says="log P(Z > z) ≤ −z²/2 − log 2",
    space={"z": Real(0.01, 1000, log=True)},
    build=lambda z: z,
    assumes={},
    actual=lambda z: rounded(float(log_ndtr(-z))),
    bound=lambda z: rounded(-z * z / 2 - math.log(2)),
    falsified={"a faster exponent": {"bound": lambda z: rounded(-0.6 * z * z - math.log(2))}},
    covers={"underflows": lambda z: math.exp(-z * z / 2) == 0.0},
    tightness="difference",
    cost=0.001,
)


def in_plain_numbers(z: float) -> tuple[float, float]:
    """Both sides of the falsified variant as numbers: 0 ≤ 0 where the logarithms refute it."""
    return math.exp(float(log_ndtr(-z))), 0.5 * math.exp(-0.6 * z * z)
