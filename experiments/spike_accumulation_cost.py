"""What do a gradient step of SAF, OTTT and BPTT cost in time and memory, and does counting predict it?

784-512-512-10, all layers spiking, batch of 64, float32, binary input that changes in every step (so nothing can be taken
once for all steps), T = 2 to 32. OTTT, SAF-E and SAF-F go step by step and keep nothing that they need not keep; the O methods
and SAF-E update all weights after every step, the others once. "two products": OTTT as written for automatic
differentiation, which takes W s for the value and W â for the gradient.

Time: the methods take turns; the least of several turns, in CPU seconds of one thread. Its prediction is multiply-adds as
`op_counts` has them, over what one product of (64, 512) with (512, 512) reaches in the same process. Memory, in runs of
their own: by tracemalloc, what lives when the last pass back begins (gradients already made not counted), and the peak.
Its prediction is the live vectors of `op_counts` for the spiking neurons, and one trace of the input where there is one.

A unit is one T. The full form takes about one minute on one core; the quick one (smaller layers, T up to 6) some seconds.
"""

import time
import tracemalloc
from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import numpy as np

from bounds.spike_accumulation import batches
from bounds.spike_accumulation.batches import Array, Gradient, Net
from bounds.spike_accumulation.operation_counts import Counts, op_counts

BATCH = 64
WIDTHS = (784, 512, 512, 10)
METHODS = ("OTTT_O, two products", "OTTT_O", "SAF-E", "OTTT_A, two products", "OTTT_A", "SAF-F", "BPTT")
COUNTED_AS = {"OTTT_O": "OTTT by hand", "OTTT_A": "OTTT by hand", "SAF-E": "SAF-E", "SAF-F": "SAF-F", "BPTT": "BPTT"}
LossGrad = Callable[[Array, Array], Array]


def plan(quick: bool) -> list[dict[str, Any]]:
    if quick:
        return [{"T": T, "widths": [100, 64, 64, 10], "turns": 3} for T in (2, 4, 6)]
    return [{"T": T, "widths": list(WIDTHS), "turns": 7} for T in (2, 4, 6, 8, 12, 16, 24, 32)]


def counted(method: str, widths: list[int], T: int) -> Counts:
    """What the model says."""
    return op_counts(widths, T)["OTTT" if method.endswith("two products") else COUNTED_AS[method]]


def gradients(method: str, net: Net, x: Array, y: Array, loss_grad: LossGrad) -> Iterator[Gradient]:
    """As they lead to updates."""
    slope = batches.in_place_slope("sigmoid", net.th)
    wrapped, name = method.endswith("two products"), method.partition(",")[0]
    if name == "OTTT_O":
        yield from batches.ottt_blocks(net, x, y, slope, loss_grad, wrapped=wrapped)
    elif name == "SAF-E":
        yield from batches.saf_e_blocks(net, x, y, slope, loss_grad)
    elif name == "OTTT_A":
        yield batches.ottt(net, x, y, slope, loss_grad, block=1, wrapped=wrapped)
    elif name == "SAF-F":
        yield batches.saf_f(net, x, y, loss_grad, slope, block=1)
    else:
        yield batches.bptt(net, x, y, slope, loss_grad)


def _squared(o: Array, y: Array) -> Array:
    error: Array = o - y
    return error


def update(method: str, net: Net, x: Array, y: Array, loss_grad: LossGrad) -> None:
    """All updates of one batch, by plain gradient descent with a rate too small to matter."""
    for g in gradients(method, net, x, y, loss_grad):
        for value, step in zip((*net.W, *net.b), (*g.W, *g.b), strict=True):
            step *= 1e-6
            value -= step
        del g, step


def work(T: int, widths: list[int], turns: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(0)
    W = [(rng.standard_normal((n, m)) * np.sqrt(2 / m)).astype(np.float32) for m, n in pairwise(widths)]
    net = Net(W, [np.zeros(len(w), np.float32) for w in W], 0.5, 1.0)
    x = (rng.random((T, BATCH, widths[0])) < 0.3).astype(np.float32)
    y = np.eye(widths[-1], dtype=np.float32)[rng.integers(0, widths[-1], BATCH)]
    speed = _multiply_adds_per_second(rng)
    seconds: dict[str, list[float]] = {method: [] for method in METHODS}
    for turn in range(turns + 1):
        for method in METHODS:
            began = time.process_time()
            update(method, net, x, y, _squared)
            if turn:  # the first one warms up
                seconds[method].append(time.process_time() - began)
    rows = []
    for method in METHODS:
        counts, (live, peak) = counted(method, widths, T), _memory(method, net, x, y)
        vector = 4 * BATCH * sum(widths[1:])
        row = {"T": T, "method": method, "seconds": min(seconds[method]), "median_seconds": float(np.median(seconds[method]))}
        row |= {"multiply_adds": counts.total * BATCH, "predicted_seconds": counts.total * BATCH / speed}
        row |= {"live_bytes": live, "predicted_live_bytes": counts.live * vector + (0 if method == "BPTT" else x[0].nbytes)}
        rows.append(row | {"live_vectors": counts.live, "vector_bytes": vector, "peak_bytes": peak})
    return rows


def _multiply_adds_per_second(rng: np.random.Generator) -> float:
    a, b = (rng.standard_normal(shape).astype(np.float32) for shape in ((BATCH, 512), (512, 512)))
    out, best = np.empty((BATCH, 512), np.float32), np.inf
    for _ in range(20):
        began = time.process_time()
        for _ in range(20):
            np.matmul(a, b.T, out=out)
        best = min(best, (time.process_time() - began) / 20)
    return BATCH * 512 * 512 / best


def _memory(method: str, net: Net, x: Array, y: Array) -> tuple[int, int]:
    """Bytes alive when the last pass back begins, without gradients of earlier steps; and at the peak."""
    alive: list[int] = []

    def loss_grad(o: Array, y: Array) -> Array:
        alive.append(tracemalloc.get_traced_memory()[0])
        return _squared(o, y)

    gradient = sum(v.nbytes for v in (*net.W, *net.b))
    tracemalloc.start()
    update(method, net, x, y, loss_grad)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    earlier = gradient if method.startswith("OTTT_A") and len(alive) > 1 else 0  # the sum so far
    return alive[-1] - earlier, peak


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """At each T: measured and predicted, and both over OTTT with two products, of the same kind of update."""
    lines = []
    for row in rows:
        peer = (
            "OTTT_O, two products" if row["method"] in ("OTTT_O", "SAF-E", "OTTT_O, two products") else "OTTT_A, two products"
        )
        (base,) = (other for other in rows if other["T"] == row["T"] and other["method"] == peer)
        line = {
            "T": row["T"],
            "method": row["method"],
            "ms": 1e3 * row["seconds"],
            "predicted ms": 1e3 * row["predicted_seconds"],
        }
        line |= {"of OTTT": row["seconds"] / base["seconds"], "predicted": row["multiply_adds"] / base["multiply_adds"]}
        line |= {"live vectors": row["live_bytes"] / row["vector_bytes"]}
        line |= {"predicted vectors": row["predicted_live_bytes"] / row["vector_bytes"], "peak MB": row["peak_bytes"] / 1e6}
        lines.append(line)
    return lines
