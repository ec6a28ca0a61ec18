r"""A learner that memorises: what any bound must survive that says nothing of the size of the class.

Labels are fair coins and have nothing to do with the input, which has a continuous law, so every predictor f has risk
E min(1, |y − f|) ≥ 1/2 (for each value v of f, (min(1, |v|) + min(1, |1 − v|))/2 ≥ 1/2). A one-step ReLU network with a unit
for each of n distinct inputs fits them all.
"""

from dataclasses import dataclass

import numpy as np

from bounds.common.rnn import rnn_forward


@dataclass(frozen=True)
class Memory:
    """How many inputs are memorised, δ, how many trials, and their seed."""

    n: int
    delta: float
    trials: int
    seed: int

    @property
    def gaps(self) -> np.ndarray:
        """1/2 minus the training loss, for each trial: a lower bound on risk minus training risk."""
        rng = np.random.default_rng(self.seed)
        data = [(np.sort(rng.random(self.n)), rng.integers(0, 2, self.n)) for _ in range(self.trials)]
        return np.array([0.5 - interpolate(x, y) for x, y in data])


def interpolate(x: np.ndarray, y: np.ndarray) -> float:
    """The mean of min(1, |y − f|) of the piecewise linear interpolant, written as a ReLU network and run."""
    knots = np.concatenate([[2 * x[0] - x[1] if len(x) > 1 else x[0] - 1], x[:-1]])
    slopes = np.diff(np.concatenate([[0], y])) / np.diff(np.concatenate([knots[:1], x]))
    n = len(x)
    params = {"Wh": np.zeros((n, n)), "Wi": np.ones((n, 1)), "b": -knots, "bo": np.zeros(1)}
    params["Wo"] = np.diff(np.concatenate([[0], slopes]))[None]
    f = rnn_forward(params, x[:, None, None])[1].ravel()
    return float(np.minimum(1.0, np.abs(y - f)).mean())


def memory(n: int, delta: float, seed: int, trials: int = 50) -> Memory:
    """From plain values."""
    return Memory(n, delta, trials, seed)
