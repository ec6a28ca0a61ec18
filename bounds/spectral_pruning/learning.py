r"""A world in which the true risk is a finite sum, and the learner of the teacher experiment in it.

A teacher network of three ReLU units labels 48 sequences of 3 steps (inputs uniform in [−1, 1]², noise 0.1 U(−1, 1) on its
output). The world is the uniform law on these 48, so the risk of any predictor is a mean of 48 numbers, and n training
sequences are a multinomial count vector: training costs the same for n = 20 000 as for 20. The learner is a random reservoir
of 6 ReLU units with a ridge read-out (intercept penalised too), which is pruned to k units by `greedy_selection` with
M = WʰᵀWʰ + WᵒᵀWᵒ, ridge 1e-6, and its radii are read off and rounded up to multiples of 1/4. Loss: min(1, |y − f|), mean over
steps.
"""

import math
from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from bounds.common.rnn import rnn_forward
from bounds.spectral_pruning.accumulation import compress_rnn
from bounds.spectral_pruning.generalization import BLOCKS, GRID, description_nats, generalization_slack, grid_radius, quantize
from bounds.spectral_pruning.information import ridge_reconstruction
from bounds.spectral_pruning.selection import greedy_selection

ATOMS, T, UNITS = 48, 3, 6
R_X = math.sqrt(2)
GRID_NATS = 5 * math.log(GRID)
MOST = 200  # trials at which an undecided look gives up


def random_teacher(rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Three ReLU units that read two inputs and write one output, for `rnn_forward`."""
    return {
        "Wh": 0.6 * np.linalg.qr(rng.standard_normal((3, 3)))[0],
        "Wi": rng.normal(0, 0.7, (3, 2)),
        "b": rng.normal(0, 0.2, 3),
        "Wo": rng.normal(0, 0.6, (1, 3)),
        "bo": np.zeros(1),
    }


def random_reservoir(rng: np.random.Generator, m: int) -> dict[str, np.ndarray]:
    """A student of m units whose read-out is still zero."""
    return {
        "Wh": 0.5 * rng.standard_normal((m, m)) / math.sqrt(m),
        "Wi": rng.normal(0, 0.5, (m, 2)),
        "b": rng.normal(0, 0.2, m),
        "Wo": np.zeros((1, m)),
        "bo": np.zeros(1),
    }


@dataclass(frozen=True)
class Experiment:
    """A world, how many training sequences a trial draws, the size k, δ, and how many trials."""

    seed: int
    n: int
    k: int
    delta: float
    trials: int
    bits: int = 8

    @cached_property
    def world(self) -> tuple[dict[str, np.ndarray], np.ndarray, np.ndarray]:
        """The reservoir without read-out, x (48, T, 2) and y (48, T)."""
        rng = np.random.default_rng(self.seed)
        labeller = random_teacher(rng)
        x = rng.uniform(-1, 1, (ATOMS, T, 2))
        y = rnn_forward(labeller, x)[1][:, :, 0] + 0.1 * rng.uniform(-1, 1, (ATOMS, T))
        return random_reservoir(rng, UNITS), x, y

    @cached_property
    def outcomes(self) -> list["Outcome"]:
        """One for each trial."""
        rng = np.random.default_rng([self.seed, self.trials])
        counts = rng.multinomial(self.n, np.full(ATOMS, 1 / ATOMS), size=self.trials)
        student, x, y = self.world
        h = rnn_forward(student, x)[0]
        return [learn(self, student, x, y, h, row / self.n) for row in counts]


@dataclass(frozen=True)
class Outcome:
    """One trained and pruned network: risks and training risks, and what the bounds need to know of it."""

    risk: float
    train: float
    train_full: float  # of the network before pruning
    pruning_error: float  # ‖f̂ − f#‖_{n,T} on the training sequences
    radii: tuple[float, ...]  # h, i, b, o, c, on the grid
    risk_quantized: float
    train_quantized: float


def loss(f: np.ndarray, y: np.ndarray) -> np.ndarray:
    """min(1, |y − f|), mean over steps: one number a sequence."""
    return np.asarray(np.minimum(1.0, np.abs(y - f)).mean(axis=1))


def learn(e: Experiment, student: dict[str, np.ndarray], x: np.ndarray, y: np.ndarray, h: np.ndarray, w: np.ndarray) -> Outcome:
    """Ridge read-out, greedy pruning and quantisation on training sequences with weights w (48,)."""
    Z = np.concatenate([h, np.ones((*h.shape[:2], 1))], axis=2)
    gram = np.einsum("s,sti,stj->ij", w, Z, Z) / T
    readout = np.linalg.solve(gram + 1e-4 * np.eye(UNITS + 1), np.einsum("s,sti,st->i", w, Z, y) / T)
    full = student | {"Wo": readout[None, :UNITS], "bo": readout[UNITS:]}
    Sig, M = gram[:UNITS, :UNITS], full["Wh"].T @ full["Wh"] + full["Wo"].T @ full["Wo"]
    J = greedy_selection(Sig, e.k, 1e-6, M)[0]
    small = compress_rnn(full, J, ridge_reconstruction(Sig, J, 1e-6))
    f_full, f_small, f_quantized = (output(params, x) for params in (full, small, quantize(small, e.bits)))
    risks = [loss(f, y) for f in (f_small, f_full, f_quantized)]
    norms = (np.linalg.norm(np.atleast_2d(small[name]), 2) for name in ("Wh", "Wi", "b", "Wo", "bo"))
    return Outcome(
        risk=float(risks[0].mean()),
        train=float(risks[0] @ w),
        train_full=float(risks[1] @ w),
        pruning_error=math.sqrt(float(np.square(f_full - f_small).mean(axis=1) @ w)),
        radii=tuple(grid_radius(float(v)) for v in norms),
        risk_quantized=float(risks[2].mean()),
        train_quantized=float(risks[2] @ w),
    )


def output(params: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """f (48, T)."""
    return np.asarray(rnn_forward(params, x)[1][:, :, 0])


@lru_cache(maxsize=4096)
def slack(k: int, radii: tuple[float, ...], n: int, delta: float) -> float:
    """`generalization_slack` with the grid paid for and the best ε, for this world's inputs."""
    by_block = dict(zip(BLOCKS, radii, strict=True))
    return generalization_slack(k, 2, 1, by_block, R_X, T, n, delta, extra_nats=GRID_NATS)


def nats(k: int, bits: int) -> float:
    """Nats of a quantised network of k units in this world."""
    return description_nats(k * k + 2 * k + k + k + 1, bits)


def experiment(seed: int, n: int, k: int, delta: float, trials: int = 50, **more: int) -> Experiment:
    """From plain values; 50 trials to begin with."""
    return Experiment(seed, n, k, delta, trials, **more)
