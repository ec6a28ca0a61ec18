"""One epoch of training a single-step spiking network, float32: ours against the same network in torch, in turn.

S3NN surrogate, softmax cross-entropy, Adam, batches of 32 in the same order. The dense net sees scikit-learn's digits, the
convolutional one 640 random images of 28 × 28: 3 × 3 kernels with padding 1, the second with stride 2, then a dense readout.
Torch is as its documentation writes it: an autograd function for the spike, Linear and Conv2d, one fused Adam or the default.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from benchmarks.timing import Table, alternate, goal, ratio, threads
from bounds.common.convolution import Convolution
from bounds.common.training import Adam, digits
from bounds.single_step_snn.batches import Net, Neurons
from bounds.single_step_snn.training import Recipe, convolutional, fully_connected, train

ROUNDS = 9
BATCH, RATE = 32, 2e-3
WIDTHS = (64, 300, 60, 300, 10)
CHANNELS = (8, 16)


class Task(NamedTuple):
    """A net, what it sees, and how many times torch's speed it should have (None: reported only)."""

    name: str
    net: Callable[[], Net]
    x: np.ndarray
    y: np.ndarray
    target: float | None


def tasks() -> list[Task]:
    x, y = digits(np.float32)
    rng = np.random.default_rng(0)
    images, labels = rng.random((640, 784), dtype=np.float32), rng.integers(0, 10, 640)

    def small() -> Net:
        return convolutional(np.random.default_rng(0), 28, CHANNELS, 10)

    def dense() -> Net:
        return fully_connected(np.random.default_rng(0), WIDTHS)

    return [
        Task("-".join(map(str, WIDTHS)), dense, x[:1347], y[:1347], 1.0),
        Task("28 × 28, 8 and 16 channels, 10", small, images, labels, None),
    ]


def ours(task: Task) -> Callable[[], Any]:
    net, optimiser = task.net(), Adam()

    def epoch() -> None:
        train(net, Neurons(), task.x, task.y, Recipe(epochs=1, batch=BATCH, rate=RATE), np.random.default_rng(0), optimiser)

    return epoch


def spike() -> Any:
    """H(x), with the S3NN surrogate backwards."""
    import torch

    class Spike(torch.autograd.Function):
        @staticmethod
        def forward(ctx: Any, x: Any) -> Any:
            ctx.save_for_backward(x)
            return (x >= 0).to(x.dtype)

        @staticmethod
        def backward(ctx: Any, e: Any) -> Any:
            (x,) = ctx.saved_tensors
            q = torch.sigmoid(4 * x)
            return e * torch.where(x < 0, 4 * q * (1 - q), 1 / (1 + x.clamp(min=0)))

    return Spike.apply


def of_torch(net: Net) -> tuple[Callable[[Any], Any], list[Any]]:
    """The same network in torch: its logits of images (batch, n_0), and its layers."""
    import torch

    layers: list[Any] = []
    dtype = torch.float64 if net.dtype == np.float64 else torch.float32
    for w, b in zip(net.W, net.b, strict=True):
        if isinstance(w, Convolution):
            c_out, c_in, k, _ = w.entries.shape
            layer: Any = torch.nn.Conv2d(c_in, c_out, k, w.stride, w.padding, dtype=dtype)
            weight = w.entries
        else:
            layer, weight = torch.nn.Linear(w.shape[1], w.shape[0], dtype=dtype), w
        with torch.no_grad():
            layer.weight.copy_(torch.from_numpy(weight))
            layer.bias.copy_(torch.from_numpy(b))
        layers.append(layer)
    fire, first = spike(), net.W[0]

    def logits(x: Any) -> Any:
        s = x.reshape(len(x), -1, first.height, first.width) if isinstance(first, Convolution) else x
        for layer in layers[:-1]:
            if s.ndim == 4 and isinstance(layer, torch.nn.Linear):
                s = s.flatten(1)
            s = fire(layer(s) - 1)
        return layers[-1](s.flatten(1))

    return logits, layers


def torch_epoch(task: Task, fused: bool) -> Callable[[], Any]:
    import torch

    logits, layers = of_torch(task.net())
    optimiser = torch.optim.Adam([p for layer in layers for p in layer.parameters()], RATE, fused=fused or None)
    x, y = torch.from_numpy(task.x), torch.from_numpy(task.y)
    loss = torch.nn.CrossEntropyLoss()

    def epoch() -> None:
        order = torch.from_numpy(np.random.default_rng(0).permutation(len(x)))
        for start in range(0, len(x), BATCH):
            chosen = order[start : start + BATCH]
            optimiser.zero_grad()
            loss(logits(x[chosen]), y[chosen]).backward()
            optimiser.step()

    return epoch


def gradients_of_torch(net: Net, x: np.ndarray, y: np.ndarray) -> Sequence[np.ndarray]:
    """Weights and biases, layer by layer."""
    import torch

    logits, layers = of_torch(net)
    loss = torch.nn.functional.cross_entropy(logits(torch.from_numpy(x)), torch.from_numpy(y))
    found = torch.autograd.grad(loss, [p for layer in layers for p in (layer.weight, layer.bias)])
    return [gradient.numpy() for gradient in found]


def measure() -> list[Table]:
    note = (
        "Milliseconds by the clock: medians over rounds in which all take turns; ratios are medians of ratios within a round, "
        "of the faster of torch's two optimisers. Goal: torch / ours at least 1 on the dense net; the other is reported."
    )
    return [Table("One epoch of a single-step spiking network", note, [race(t, n) for n in (1, 2) for t in tasks()])]


def race(task: Task, count: int) -> dict[str, Any]:
    with threads(count):
        times = alternate(
            {"ours": ours(task), "torch": torch_epoch(task, False), "torch, fused Adam": torch_epoch(task, True)}, ROUNDS
        )
    row: dict[str, Any] = {"net": task.name, "images": len(task.x), "threads": count}
    row |= {f"{name}, ms": t.clock_ms for name, t in times.items()}
    row["torch / ours"] = min(ratio(times[name], times["ours"]) for name in ("torch", "torch, fused Adam"))
    return row | {"goal": "" if task.target is None else goal(row["torch / ours"] >= task.target)}
