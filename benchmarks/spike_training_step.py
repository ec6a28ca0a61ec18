"""Forward and gradient of one training step on a batch, float32: SAF-E, OTTT and BPTT by us, against torch libraries.

The input is spikes that change from step to step, the loss the squared error of the output spikes, summed over the steps.
snntorch does backpropagation through time; spikingjelly's OTTT layers do what our OTTT does. Nobody updates weights.
"""

import tracemalloc
from collections.abc import Callable
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from benchmarks.timing import Table, Times, alternate, goal, ratio, threads
from bounds.spike_accumulation.batches import Net, bptt, in_place_slope, ottt, saf_e, saf_f
from bounds.spike_accumulation.operation_counts import op_counts

ROUNDS = 7
LEAK = 0.5


class Size(NamedTuple):
    """A chain, its steps and its batch, and how much faster than snntorch it should be."""

    widths: tuple[int, ...]
    T: int
    batch: int
    target: float


SIZES = (Size((64, 128, 128, 10), 16, 64, 3.0), Size((784, 512, 512, 10), 32, 256, 1.0))


class Problem(NamedTuple):
    """The same numbers for everyone, float32."""

    W: list[np.ndarray]
    x: np.ndarray  # (T, batch, n_0), 0 or 1
    y: np.ndarray  # (batch, n_N), one-hot


def problem(size: Size, seed: int = 0) -> Problem:
    """Weights of variance 2/n_l, input spikes with probability 1/4."""
    rng = np.random.default_rng(seed)
    W = [rng.normal(0, np.sqrt(2 / n), (k, n)).astype(np.float32) for n, k in pairwise(size.widths)]
    x = (rng.random((size.T, size.batch, size.widths[0])) < 0.25).astype(np.float32)
    return Problem(W, x, np.eye(size.widths[-1], dtype=np.float32)[rng.integers(0, size.widths[-1], size.batch)])


def ours(p: Problem, block: int | None = None) -> dict[str, Callable[[], Any]]:
    """Our methods, `block` steps at a time (None: as many as is fast)."""
    net = Net(p.W, [np.zeros(len(w), np.float32) for w in p.W], LEAK, 1.0)
    slope = in_place_slope("sigmoid", 1.0)
    given: tuple[Any, ...] = (net, p.x, p.y, slope, np.subtract)
    return {
        "SAF-E": lambda: saf_e(*given, block=block),
        "OTTT": lambda: ottt(*given, block=block),
        "BPTT": lambda: bptt(*given),
        "SAF-F": lambda: saf_f(net, p.x, p.y, np.subtract, slope, block=block),
    }


def of_snntorch(p: Problem) -> Callable[[], Any]:
    """Linear and Leaky in turn, as its tutorials write it; default surrogate."""
    import torch
    from snntorch import Leaky  # type: ignore[import-untyped]

    layers, neurons = linear_layers(p), [Leaky(beta=LEAK) for _ in p.W]
    x, y = torch.from_numpy(p.x), torch.from_numpy(p.y)

    def step() -> Any:
        loss: Any = 0.0
        potentials = [torch.zeros(p.x.shape[1], len(w)) for w in p.W]
        for x_t in x:
            s = x_t
            for l, (layer, neuron) in enumerate(zip(layers, neurons, strict=True)):
                s, potentials[l] = neuron(layer(s), potentials[l])
            loss = loss + 0.5 * ((s - y) ** 2).sum() / len(x)
        return gradients(loss, layers)

    return step


def of_spikingjelly(p: Problem) -> Callable[[], Any]:
    """OTTTSequential of Linear and OTTTLIFNode, one pass back in each step."""
    import torch
    from spikingjelly.activation_based.functional import reset_net  # type: ignore[import-untyped]
    from spikingjelly.activation_based.layer import OTTTSequential  # type: ignore[import-untyped]
    from spikingjelly.activation_based.neuron import OTTTLIFNode  # type: ignore[import-untyped]

    layers = linear_layers(p)
    net = OTTTSequential(*(part for layer in layers for part in (layer, OTTTLIFNode(tau=1 / (1 - LEAK)))))
    x, y = torch.from_numpy(p.x), torch.from_numpy(p.y)

    def step() -> Any:
        for layer in layers:
            layer.weight.grad = layer.bias.grad = None
        for x_t in x:
            s = net(x_t)[0]
            (0.5 * ((s - y) ** 2).sum() / len(x)).backward()
        reset_net(net)
        return [layer.weight.grad.numpy() for layer in layers]

    return step


def linear_layers(p: Problem) -> list[Any]:
    import torch

    layers = [torch.nn.Linear(w.shape[1], w.shape[0]) for w in p.W]
    with torch.no_grad():
        for layer, w in zip(layers, p.W, strict=True):
            layer.weight.copy_(torch.from_numpy(w))
            layer.bias.zero_()
    return layers


def gradients(loss: Any, layers: list[Any]) -> list[np.ndarray]:
    import torch

    found = torch.autograd.grad(loss, [part for layer in layers for part in (layer.weight, layer.bias)])
    return [gradient.numpy() for gradient in found[::2]]


def measure() -> list[Table]:
    rows, floors = [], []
    for count in (1, 2):
        for size in SIZES:
            row, floor = race(size, count)
            rows.append(row)
            floors += [floor] if count == 1 else []
    note = (
        "Milliseconds by the clock: medians over rounds in which all take turns; ratios are medians of ratios within a round. "
        f"Goal: snntorch over the slower of SAF-E and OTTT at least {SIZES[0].target:g} on the small network, and at least "
        f"{SIZES[1].target:g} on the large one."
    )
    below = (
        "One thread, medians of the processor's time, which other work lengthens less than the clock's. Floor: the "
        "multiply-adds of `op_counts` (OTTT by hand) at the rate of a float32 product of two 512 × 512 matrices. Everything "
        "else is the loop over steps: leak, comparison, reset, slope, traces."
    )
    memory = (
        "Peak of what numpy allocates (tracemalloc), in vectors of the spiking neurons of a batch (batch × Σ n_l floats), "
        "with the gradient itself taken off. Held by the count: what `state_memory` says is live at a pass back. The peak "
        "holds more: products on their way, the error of a layer, the traces of the input. OTTT less SAF-E is 1, as counted."
    )
    rows_of_peaks = [peak for size in SIZES for peak in peaks(size)]
    return [
        Table("One training step", note, rows),
        Table("Distance from the sgemm floor", below, floors),
        Table("Peak memory of one training step", memory, rows_of_peaks),
    ]


def race(size: Size, count: int) -> tuple[dict[str, Any], dict[str, Any]]:
    p = problem(size)
    square = np.random.default_rng(0).normal(size=(512, 512)).astype(np.float32)
    product = np.empty_like(square)

    def sgemm() -> None:
        for _ in range(4):
            np.matmul(square, square, out=product)

    with threads(count):
        jobs: dict[str, Callable[[], Any]] = ours(p) | {"snntorch": of_snntorch(p), "spikingjelly OTTT": of_spikingjelly(p)}
        times: dict[str, Times] = alternate(jobs | {"sgemm": sgemm}, ROUNDS)
    names = list(jobs)
    row: dict[str, Any] = {"widths": "-".join(map(str, size.widths)), "T": size.T, "batch": size.batch, "threads": count}
    ratios = [ratio(times["snntorch"], times[name]) for name in ("SAF-E", "OTTT")]
    row |= {f"{name}, ms": times[name].clock_ms for name in names}
    row |= {"snntorch / SAF-E": ratios[0], "snntorch / OTTT": ratios[1]}
    row["spikingjelly / OTTT"] = ratio(times["spikingjelly OTTT"], times["OTTT"])
    row["goal"] = goal(min(ratios) >= size.target)
    counts = op_counts(size.widths, size.T)["OTTT by hand"]
    flops = 2 * counts.total * size.batch
    rate = 4 * 2 * 512**3 / times["sgemm"].processor_ms
    floor = {key: row[key] for key in ("widths", "T", "batch")}
    floor |= {"sgemm, Gflop/s": rate / 1e6, "floor, ms": flops / rate}
    return row, floor | {f"{name} / floor": times[name].processor_ms * rate / flops for name in ("SAF-E", "OTTT", "snntorch")}


def peaks(size: Size) -> list[dict[str, Any]]:
    """With blocks of as many steps as is fast, and with one step at a time."""
    p = problem(size)
    vector = 4 * size.batch * sum(size.widths[1:])
    gradient = sum(w.nbytes + 4 * len(w) for w in p.W)
    counts = op_counts(size.widths, size.T)
    rows = []
    for block in (None, 1):
        for name, job in ours(p, block).items():
            if block == 1 and name == "BPTT":
                continue  # it holds all steps anyway
            job()
            tracemalloc.start()
            job()
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
            row: dict[str, Any] = {"widths": "-".join(map(str, size.widths)), "T": size.T, "batch": size.batch, "method": name}
            row["steps in a block"] = "all" if name == "BPTT" else "as many as is fast" if block is None else "one"
            row |= {"peak, MB": peak / 1e6, "peak, vectors": (peak - gradient) / vector}
            rows.append(row | {"live by the count": counts["OTTT by hand" if name == "OTTT" else name].live})
    return rows
