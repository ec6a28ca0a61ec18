"""Inference of a quantised network: integers against floats, images per second and bytes.

The same network, weights and activations of three states, by int64 products, by integers that the float unit multiplies
exactly, and by float32: folded (y = W'a + b', then the quantiser), and as trained (normalised at inference, not folded).
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.timing import Table, alternate, ratio, threads
from bounds.quantized_dnn.chain import (
    FoldedLayer,
    cell_of,
    different_images,
    exact_run,
    fold,
    in_floats,
    input_integers,
    integer_net,
    integer_run,
)
from bounds.quantized_dnn.normalisation import lbn_infer, lbn_update
from bounds.quantized_dnn.own_network import packed_bytes
from bounds.quantized_dnn.training import (
    QuantizedNet,
    apply,
    as_rows,
    convolutional,
    forward,
    fully_connected,
    per_neuron,
    with_rows,
)

ROUNDS = 9
STATES = 17  # of the inputs
BATCH = 512
Job = Callable[[], np.ndarray]


def nets() -> dict[str, QuantizedNet]:
    """Random weights, running statistics of one batch: the arithmetic of inference does not depend on what was learnt."""
    rng = np.random.default_rng(0)
    found = {
        "64-128-64-10": fully_connected(rng, (64, 128, 64, 10), 3, 3, np.float32),
        "784-512-512-10": fully_connected(rng, (784, 512, 512, 10), 3, 3, np.float32),
        "conv 8-16 stride 2, 8 x 8": convolutional(rng, 8, (8, 16), 10, 3, 3, dtype=np.float32),
        "conv 8-16 pool 2, 28 x 28": convolutional(rng, 28, (8, 16), 10, 3, 3, "pool", np.float32),
    }
    for net in found.values():
        _, tape = forward(net, images(net, 64))
        net.running[:] = [lbn_update(z, None, None, 1.0) for z in tape.z[:-1]]
    return found


def images(net: QuantizedNet, count: int) -> np.ndarray:
    """Grey values k/16."""
    rng = np.random.default_rng(1)
    return (rng.integers(0, STATES, (count, net.w[0].shape[1])) / (STATES - 1)).astype(np.float32)


def quantised(y: np.ndarray, top: int) -> np.ndarray:
    """k/top in the arithmetic of y, in place."""
    y *= top
    y += 0.5
    np.floor(y, out=y)
    np.clip(y, 0, top, out=y)
    y /= top
    return y


def folded(layers: list[FoldedLayer], x: np.ndarray) -> Job:
    """float32, the weights multiplied out beforehand."""
    held = []
    for layer in layers:
        gain = np.array([float(A * layer.top * cell_of(layer.q)) for A in layer.A], np.float32)
        b = np.array(layer.neurons([float(B) for B in layer.B]), np.float32)
        held.append((with_rows(layer.q, gain[:, None] * as_rows(layer.q).astype(np.float32)), b, layer.M))

    def job() -> np.ndarray:
        a = x
        for w, b, M in held:
            y = apply(w, a)
            y += b
            a = quantised(y, M - 1) if M else y
        return a.argmax(axis=1)

    return job


def as_trained(net: QuantizedNet, x: np.ndarray) -> Job:
    """float32, weights quantised beforehand, normalised at inference."""
    held = [net.quantized(l)[0] for l in range(len(net.w))]
    gamma, beta = ([per_neuron(w, v) for w, v in zip(net.w, values, strict=True)] for values in (net.gamma, net.beta))
    assert net.M_a is not None
    top = net.M_a - 1

    def job() -> np.ndarray:
        a = x
        for l, w in enumerate(held):
            z = apply(w, a) / np.float32(np.sqrt(as_rows(w).shape[1]))
            if l == len(held) - 1:
                return np.asarray((net.gamma[l] * z + beta[l]).argmax(axis=1))
            a = quantised(lbn_infer(z, gamma[l], beta[l], net.eps, *net.running[l]), top)
        return a

    return job


def jobs_of(net: QuantizedNet, count: int) -> dict[str, Job]:
    x = images(net, count)
    layers = fold(net, STATES)
    k, whole = input_integers(x, STATES), integer_net(layers)
    by_floats = in_floats(whole)
    small = k.astype(np.int8)
    return {
        "int64": lambda: integer_run(whole, small).classes,
        "integers in float32": lambda: integer_run(by_floats, small).classes,
        "float32 folded": folded(layers, x),
        "float32 as trained": as_trained(net, x),
    }


def measure() -> list[Table]:
    rows = []
    for count in (1, 2):
        for name, net in nets().items():
            with threads(count):
                jobs = jobs_of(net, BATCH)
                times = alternate(jobs, ROUNDS)
            row: dict[str, Any] = {"net": name, "batch": BATCH, "threads": count}
            row |= {f"{job}, images/s": 1e3 * BATCH / times[job].clock_ms for job in jobs}
            exact = times["integers in float32"]
            row["folded / integers in float32"] = ratio(times["float32 folded"], exact)
            row["as trained / integers in float32"] = ratio(times["float32 as trained"], exact)
            row["folded / int64"] = ratio(times["float32 folded"], times["int64"])
            rows.append(row)
    sizes = []
    for name, net in nets().items():
        layers = fold(net, STATES)
        packed, floats = packed_bytes(layers, 3)
        k = input_integers(images(net, BATCH), STATES)
        reference, run = exact_run(layers, k).run, integer_run(in_floats(integer_net(layers)), k)
        size: dict[str, Any] = {"net": name, "integers packed, bytes": packed, "float32, bytes": floats}
        size |= {"times smaller": floats / packed, "widest sum, bits": max(layer.bits for layer in layers)}
        sizes.append(size | {"images unlike exact arithmetic": int(different_images(reference, run).sum())})
    speed = (
        "Images per second by the clock, medians over rounds in which all take turns; ratios of times within a round: above 1, "
        "integers are faster. numpy multiplies int64 without BLAS; below 2^24 float32 multiplies integers without an error."
    )
    bytes_ = (
        "Weights of three states in 2 bits and thresholds as wide as the sums, against weights and biases in float32. "
        "Held in memory here as float32 or int64, not packed: numpy has no products of 2 bits."
    )
    return [Table("Integer and float inference", speed, rows), Table("Bytes of a quantised network", bytes_, sizes)]
