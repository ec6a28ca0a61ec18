r"""Layer-batch normalisation does not see the rest of the batch; batch normalisation sees little else.

LBN, training: output and per-sample gradients of sample n are those of a batch of n alone, and the gradient of γ, β of a
batch is the sum of those of its samples. Batch normalisation: with B = 1, ẑ = 0. Each row is reduced by itself, in C order,
so the numbers agree to the last bit up to the order of the sum over samples: 1e-12 of the largest is a thousand times that.
"""

from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Int, exact, rounded
from bounds.quantized_dnn.normalisation import lbn_backward, lbn_train

SPACE: dict[str, Axis] = {
    "B": Int(1, 4),
    "D": Int(2, 6),
    "z": Array((4, 6), -3, 3),
    "gamma": Array((6,), -2, 2),
    "beta": Array((6,), -1, 1),
    "dy": Array((4, 6), -1, 1),
    "eps": Choice((1e-5, 1e-2)),
}


class Batch(NamedTuple):
    """Arguments of one layer, and an upstream gradient."""

    z: np.ndarray
    gamma: np.ndarray
    beta: np.ndarray
    eps: float
    dy: np.ndarray

    def alone(self, n: int) -> "Batch":
        """The batch of sample n."""
        return self._replace(z=self.z[n : n + 1], dy=self.dy[n : n + 1])


def batch(B: int, D: int, z: Any, gamma: Any, beta: Any, dy: Any, eps: float) -> Batch:
    """From a point of SPACE."""
    cut = [np.array(a, float) for a in (z, gamma, beta, dy)]
    return Batch(cut[0][:B, :D], cut[1][:D], cut[2][:D], eps, cut[3][:B, :D])


def batch_norm(x: Batch) -> np.ndarray:
    """y with mean and variance of each feature over the batch."""
    z = x.z - x.z.mean(axis=0)
    return np.asarray(x.gamma * z / np.sqrt((z * z).mean(axis=0) + x.eps) + x.beta)


def pooled(x: Batch) -> np.ndarray:
    """y with one mean and variance over batch and features."""
    z = x.z - x.z.mean()
    return np.asarray(x.gamma * z / np.sqrt((z * z).mean() + x.eps) + x.beta)


def layer_batch(x: Batch) -> np.ndarray:
    """y of LBN."""
    return lbn_train(*x[:4])[0]


def outputs_off(x: Batch, normalise: Any = layer_batch) -> float:
    """The largest difference between outputs in the batch and alone."""
    together = normalise(x)
    return float(max(np.abs(together[n] - normalise(x.alone(n))[0]).max() for n in range(len(x.z))))


def sides(x: Batch) -> Enclosure:
    """Outputs; dz; sums of dgamma and dbeta; all relative to the largest gradient (at least 1)."""
    dz, dgamma, dbeta = lbn_backward(*x)
    singles = [lbn_backward(*x.alone(n)) for n in range(len(x.z))]
    scale = max(1.0, np.abs(dz).max(), np.abs(dgamma).max())
    rows = max(np.abs(dz[n] - one[0][0]).max() for n, one in enumerate(singles))
    sums = max(np.abs(sum(one[k] for one in singles) - total).max() for k, total in ((1, dgamma), (2, dbeta)))
    return rounded(outputs_off(x) / scale, float(rows / scale), float(sums / scale))


def other(normalise: Any) -> dict[str, Any]:
    """The claim of another normalisation, outputs only."""
    return {"actual": lambda x: rounded(outputs_off(x, normalise)), "bound": lambda x: exact(1e-12)}


CLAIM = Claim(
    source="sawada2024maqd, reconstructed",
    says="LBN: outputs and per-sample gradients do not depend on the other samples; batch gradients are their sums",
    space=SPACE,
    build=batch,
    assumes={"features differ": lambda x: float(np.ptp(x.z, axis=1).min()) - 1e-3},
    actual=sides,
    bound=lambda x: exact(1e-12, 1e-12, 1e-12),
    falsified={"batch normalisation": other(batch_norm), "one mean and variance over batch and features": other(pooled)},
    covers={"one sample": lambda x: len(x.z) == 1, "several": lambda x: len(x.z) > 2},
    tightness="difference",
    cost=0.001,
)
