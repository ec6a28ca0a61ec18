"""Trained base networks that several experiments and figures start from.

Those that figures need are kept here as safetensors files (float32, m = 128, ReLU; the names of torch.nn.RNN, and `fc`). The
others are trained when they are first asked for, and kept with their checkpoints in `~/.cache/proofs-check/nets` (or below
`XDG_CACHE_HOME`), where an interrupted training goes on. Training is determined by the seed, up to rounding in the
matrix products of the machine.
"""

import os
from contextlib import nullcontext
from dataclasses import dataclass
from functools import cache
from multiprocessing import parent_process
from pathlib import Path

import numpy as np

from bounds.common.rnn import Recurrent
from bounds.spectral_pruning.tasks import TASKS, Task
from bounds.spectral_pruning.training import Recipe, accuracy, cross_entropy, irnn, predict, progress_bar, train

FOLDER = Path(__file__).parent
TORCH = {"Wh": "weight_hh_l0", "Wi": "weight_ih_l0", "b": "bias_ih_l0", "Wo": "fc.weight", "bo": "fc.bias"}


@dataclass(frozen=True)
class Base:
    """A task, the width of its base network, and how that and its descendants are trained."""

    task: str
    m: int
    epochs: int
    rates: tuple[float, ...]  # of which the validation part chooses one
    tune_epochs: int  # of fine-tuning, at `tune_rates`
    tune_rates: tuple[float, ...] = (5e-4, 2e-3)


BASES = {
    "pixel_digits": Base("pixel_digits", 128, 300, (2e-3, 4e-3), 20),
    "language": Base("language", 128, 20, (1e-3, 2e-3), 2),
    "pixel_mnist": Base("pixel_mnist", 128, 30, (1e-3,), 2),
    "row_digits": Base("row_digits", 24, 15, (4e-3,), 2, (1e-3,)),  # for quick forms
}


@cache
def task(name: str) -> Task:
    """The data, made once in a process."""
    return TASKS[name]()


@dataclass(frozen=True)
class Score:
    """On one part of the data."""

    accuracy: float
    nats: float  # mean cross-entropy

    def better(self, other: "Score | None", by_nats: bool) -> bool:
        """How choices are made: by nats for the language, otherwise by accuracy, and by nats between equals."""
        if other is None:
            return True
        return self.nats < other.nats if by_nats else (self.accuracy, -self.nats) > (other.accuracy, -other.nats)


def score(outputs: np.ndarray, targets: np.ndarray) -> Score:
    return Score(accuracy(outputs, targets), cross_entropy(outputs, targets))


def train_base(
    name: str, seed: int, rate: float, m: int | None = None, keep: bool = True
) -> tuple[dict[str, np.ndarray], float]:
    """A network of m units (the base's width by default) after all its epochs, and its last training loss; kept if wanted."""
    base, data = BASES[name], task(name)
    width = base.m if m is None else m
    net = Recurrent(irnn(width, data.train.x.shape[2], data.classes, seed), every_step=data.every_step)
    folder = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "proofs-check" / "nets"
    file = folder / f"{name}_{width}_{seed}_{rate:g}_{base.epochs}.npz" if keep else None
    worker = parent_process() is not None  # of `proofs-check experiment`, which has a bar already
    with nullcontext(None) if worker else progress_bar(f"training {name} {seed}", base.epochs) as progress:
        return net.params, train(net, *data.train, Recipe(base.epochs, rate), seed, checkpoint=file, progress=progress)[-1]


def outputs(name: str, params: dict[str, np.ndarray], x: np.ndarray) -> np.ndarray:
    """In float32, as in training."""
    single = {key: value.astype(np.float32) for key, value in params.items()}
    return predict(Recurrent(single, every_step=task(name).every_step), x)


def best_base(name: str, seed: int) -> tuple[dict[str, np.ndarray], float]:
    """The base network whose rate did best on the validation part, and that rate."""
    part, best = task(name).validation, None
    for rate in BASES[name].rates:
        params, _ = train_base(name, seed, rate, keep=name != "row_digits")
        value = score(outputs(name, params, part.x), part.targets)
        if best is None or value.better(best[0], task(name).every_step):
            best = value, params, rate
    assert best is not None
    return best[1], best[2]


@cache
def trained(name: str, seed: int) -> dict[str, np.ndarray]:
    """The base network of a task and seed, float32: the one that is kept here, or else trained now."""
    from safetensors.numpy import load_file

    file = FOLDER / f"{name}_{seed}.safetensors"
    if not file.is_file():
        return best_base(name, seed)[0]
    held = load_file(file)
    return {ours: held[theirs] for ours, theirs in TORCH.items()}


def keep(name: str, seed: int) -> Path:
    """Put the base network of a task and seed into this folder, for figures: what `spectral_pruning_training` has found."""
    from safetensors.numpy import save_file

    params, rate = best_base(name, seed)
    file = FOLDER / f"{name}_{seed}.safetensors"
    held = {theirs: np.ascontiguousarray(params[ours]) for ours, theirs in TORCH.items()}
    held["bias_hh_l0"] = np.zeros_like(held["bias_ih_l0"])  # torch has two biases where one would do
    save_file(held, file, {"task": name, "rate": f"{rate:g}", "activation": "relu"})
    return file
