r"""Train a recurrent network: IRNN start, Adam with clipping and a cosine schedule, checkpoints that resume bit for bit.

The IRNN of Le, Jaitly and Hinton (arXiv:1504.00941) is a ReLU network that starts from Wʰ = 1, b = 0: at first it adds up
its inputs, so that gradients neither vanish nor explode over the 64 to 784 steps of a picture read pixel by pixel.
A run is determined by its start, its data, its recipe and its seed: the order of epoch e is drawn from
`default_rng([seed, e])`, so that a run that was interrupted goes on with the very same numbers.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np

from bounds.common.rnn import Loss
from bounds.common.training import Adam, clip_gradients, cosine, minibatches, softmax_cross_entropy


class Model(Protocol):
    """What can be trained: `bounds.common.rnn.Recurrent`, or one in other coordinates (see `competitors`)."""

    params: dict[str, np.ndarray]

    def outputs(self, x: np.ndarray) -> np.ndarray: ...

    def gradient(self, x: np.ndarray, targets: np.ndarray, loss: Loss) -> tuple[float, dict[str, np.ndarray]]: ...


@dataclass(frozen=True)
class Recipe:
    """How to train: the rate falls along half a cosine from `rate` in the first epoch to `last` of it after the last one."""

    epochs: int
    rate: float = 1e-3
    last: float = 0.02  # share of the rate
    batch: int = 64
    limit: float = 1.0  # on the joint norm of the gradient


def irnn(m: int, d_x: int, d_y: int, seed: int, dtype: type[np.floating] = np.float32) -> dict[str, np.ndarray]:
    """Where an IRNN starts: Wʰ = 1, b = 0, Wⁱ ~ N(0, 0.1²), Wᵒ ~ N(0, 1/m), bᵒ = 0, drawn in this order."""
    rng = np.random.default_rng(seed)
    p = {"Wh": np.eye(m), "Wi": 0.1 * rng.normal(size=(m, d_x)), "b": np.zeros(m)}
    p |= {"Wo": rng.normal(size=(d_y, m)) / np.sqrt(m), "bo": np.zeros(d_y)}
    return {name: value.astype(dtype) for name, value in p.items()}


def train(
    net: Model,
    x: np.ndarray,
    targets: np.ndarray,
    recipe: Recipe,
    seed: int,
    *,
    loss: Loss = softmax_cross_entropy,
    checkpoint: Path | None = None,
    every: int = 20,
    after_step: Callable[[float], None] | None = None,
    progress: Callable[[int, float], None] | None = None,
) -> list[float]:
    """Train in place; returns the mean loss of each epoch (nats for the default loss).

    A loss that is not finite ends the run: it is then the last one returned. checkpoint: a file that is written after
    every `every` epochs and after the last, and from which a run goes on if it exists; ValueError if it belongs to another
    run (recipe, seed, shapes or data). after_step(rate) is called after each step, for penalties that are not smooth;
    progress(epoch, loss) after each epoch (`progress_bar` makes one).
    """
    optimiser, losses = Adam(), list[float]()
    run = {"recipe": asdict(recipe), "seed": seed, "n": len(x), "shapes": _shapes(net.params), "data": _digest(x, targets)}
    if checkpoint is not None and checkpoint.exists():
        losses = _resume(checkpoint, run, net.params, optimiser)
    for epoch in range(len(losses), recipe.epochs):
        if losses and not np.isfinite(losses[-1]):
            break
        rate, total = cosine(epoch, recipe.epochs, recipe.rate, recipe.last * recipe.rate), 0.0
        with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # a diverged run ends below
            for batch in minibatches(len(x), recipe.batch, np.random.default_rng([seed, epoch])):
                value, gradient = net.gradient(x[batch], targets[batch], loss)
                total += value * len(batch)
                if not np.isfinite(total):
                    break
                clip_gradients(gradient, recipe.limit)
                optimiser.step(net.params, gradient, rate)
                if after_step is not None:
                    after_step(rate)
        losses.append(total / len(x))
        if progress is not None:
            progress(epoch, losses[-1])
        if checkpoint is not None and ((epoch + 1) % every == 0 or epoch + 1 == recipe.epochs):
            _save(checkpoint, run, net.params, optimiser, losses)
    return losses


@contextmanager
def progress_bar(label: str, epochs: int) -> Iterator[Callable[[int, float], None]]:
    """For `train(progress=...)`: a bar on standard error with the loss of the last epoch; nothing where that is no terminal."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    screen = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("left"), TimeRemainingColumn())
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        shown = bar.add_task(label, total=epochs)
        yield lambda epoch, loss: bar.update(shown, completed=epoch + 1, description=f"{label}, loss {loss:.4g}")


def predict(net: Model, x: np.ndarray, chunk: int = 64) -> np.ndarray:
    """Outputs on x, `chunk` sequences at a time: the arrays of a long pass over all of them would be large."""
    with np.errstate(over="ignore", invalid="ignore"):
        return np.concatenate([net.outputs(x[i : i + chunk]) for i in range(0, len(x), chunk)])


def accuracy(outputs: np.ndarray, labels: np.ndarray) -> float:
    """Share of rows whose largest entry is at the label; a row that is not finite counts as wrong."""
    right = (outputs.argmax(-1) == labels) & np.isfinite(outputs).all(-1)
    return float(right.mean())


def cross_entropy(outputs: np.ndarray, labels: np.ndarray) -> float:
    """Mean cross-entropy in nats of labels (...) under logits (..., classes), in float64; inf if one is not finite."""
    if not np.isfinite(outputs).all():
        return np.inf
    return softmax_cross_entropy(outputs.reshape(-1, outputs.shape[-1]).astype(float), labels.reshape(-1))[0]


def _shapes(params: dict[str, np.ndarray]) -> dict[str, Any]:
    return {name: [*value.shape, str(value.dtype)] for name, value in sorted(params.items())}


def _digest(*arrays: np.ndarray) -> str:
    """The data of a run, in few letters."""
    return hashlib.sha256(b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)).hexdigest()[:16]


def _save(file: Path, run: dict[str, Any], params: dict[str, np.ndarray], optimiser: Adam, losses: list[float]) -> None:
    """Written beside the file and then moved over it, so that an interruption leaves the old one whole."""
    file.parent.mkdir(parents=True, exist_ok=True)
    part = file.with_name(file.name + ".part")
    with part.open("wb") as stream:
        arrays = {f"net {name}": value for name, value in params.items()} | {f"adam {n}": v for n, v in optimiser.state.items()}
        np.savez(stream, run=np.array(json.dumps(run)), losses=np.array(losses), **arrays)  # type: ignore[arg-type]
    os.replace(part, file)


def _resume(file: Path, run: dict[str, Any], params: dict[str, np.ndarray], optimiser: Adam) -> list[float]:
    with np.load(file, allow_pickle=False) as stored:
        kept = json.loads(str(stored["run"]))
        if {"data": run["data"]} | kept != run:  # older ones do not name their data
            raise ValueError(f"{file} is a checkpoint of another run ({stored['run']}); delete it or name another file")
        for name, value in params.items():
            value[...] = stored[f"net {name}"]
        optimiser.state.update({name[5:]: stored[name] for name in stored.files if name.startswith("adam ")})
        return [float(value) for value in stored["losses"]]
