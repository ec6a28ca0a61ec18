r"""What LBN does at inference, in the terms of training: the same up to an affine map of each sample.

s = √(v + eps) of the running statistics m, r: ẑ_inf = (s_n/s) ẑ_train + (μ_n − m)/s. Equal if and only if s_n = s and μ_n = m
(unless ẑ is constant). So training is invariant to z → cz + d (eps = 0, c > 0) and inference with fixed m, r is not. Floats of
size at most 20: each side is a handful of operations, hence 1e-12.
"""

from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Int, Real, exact, rounded
from bounds.quantized_dnn.normalisation import lbn_infer, lbn_train, running_variance

SPACE: dict[str, Axis] = {
    "D": Int(2, 6),
    "z": Array((6,), -3, 3),
    "m": Real(-1, 1),
    "v": Real(0.1, 4, log=True),
    "eps": Choice((0.0, 1e-5, 1e-2)),
    "c": Real(0.2, 5, log=True),
    "d": Real(-2, 2),
}


class Sample(NamedTuple):
    """One sample (1, D) and running statistics; a factor and a shift."""

    z: np.ndarray
    m: float
    r: float
    eps: float
    c: float
    d: float


def sample(D: int, z: Any, m: float, v: float, eps: float, c: float, d: float) -> Sample:
    """From a point of SPACE."""
    return Sample(np.array(z, float)[None, :D], m, v + m * m, eps, c, d)


def seen(x: Sample, z: np.ndarray) -> np.ndarray:
    """ẑ at inference."""
    return lbn_infer(z, 1.0, 0.0, x.eps, x.m, x.r)


def trained(x: Sample, z: np.ndarray, eps: float | None = None) -> tuple[np.ndarray, float]:
    """ẑ in training, and s_n."""
    _, standard, s = lbn_train(z, 1.0, 0.0, x.eps if eps is None else eps)
    return standard, float(s[0])


def off(x: Sample, shifted: bool = True) -> Enclosure:
    """|ẑ_inf − (s_n/s) ẑ_train − (μ_n − m)/s|; the change of ẑ_train under z → cz + d with eps = 0."""
    standard, s_n = trained(x, x.z)
    s = np.sqrt(running_variance(x.m, x.r) + x.eps)
    shift = (x.z.mean() - x.m) / s if shifted else 0.0
    identity = np.abs(seen(x, x.z) - s_n / s * standard - shift).max()
    moved = np.abs(trained(x, x.c * x.z + x.d, 0.0)[0] - trained(x, x.z, 0.0)[0]).max()
    return rounded(float(identity), float(moved))


CLAIM = Claim(
    source="sawada2024maqd, reconstructed",
    says="ẑ_inf = (s_n/s) ẑ_train + (μ_n − m)/s; training is invariant to z → cz + d (eps = 0, c > 0)",
    space=SPACE,
    build=sample,
    assumes={"features differ": lambda x: float(np.ptp(x.z)) - 0.1},
    actual=off,
    bound=lambda x: exact(1e-12, 1e-12),
    falsified={
        "inference is invariant too": {
            "actual": lambda x: rounded(float(np.abs(seen(x, x.c * x.z + x.d) - seen(x, x.z)).max())),
            "bound": lambda x: exact(1e-12),
        },
        "inference is training": {
            "actual": lambda x: rounded(float(np.abs(seen(x, x.z) - trained(x, x.z)[0]).max())),
            "bound": lambda x: exact(1e-12),
        },
        "the means cancel": {"actual": lambda x: off(x, shifted=False)},
    },
    covers={"no eps": lambda x: x.eps == 0, "two features": lambda x: x.z.size == 2},
    tightness="difference",
    cost=0.001,
)
