"""The synapses of a convolution in closed form against the walk over every synapse, on 64 channels of 32 × 32.

The walk is `event_driven_layer` with every neuron firing once: it knows no formula, and its count is the meaning of the closed
form. It is timed on one channel of spikes at a time, all output channels; all 64 take 64 times as long and are not waited for.
"""

import time
from typing import Any, NamedTuple

import numpy as np

from benchmarks.timing import Table, goal
from bounds.synaptic_penalty import conv_fanout_2d, event_driven_layer

ROUNDS = 3
CHANNELS, SIDE = 64, 32


class Layer(NamedTuple):
    """A 3 × 3 convolution with padding 1."""

    stride: int


LAYERS = (Layer(1), Layer(2))


def measure() -> list[Table]:
    note = (
        "Seconds of the processor, medians over rounds in which both take turns; the walk's, over one input channel, times 64. "
        "The counts are equal, or the run would end. Goal: the closed form at least 1000 times as fast."
    )
    return [Table("Synapses of 64 channels, 32 × 32, to 64 channels", note, [race(layer) for layer in LAYERS])]


def race(layer: Layer) -> dict[str, Any]:
    closed, walked = [], []
    weights = np.ones((CHANNELS, 1, 3, 3), dtype=np.int64)
    for _ in range(ROUNDS):
        began = time.process_time()
        for _ in range(100):
            psi = conv_fanout_2d((CHANNELS, SIDE, SIDE), CHANNELS, 3, layer.stride, 1)
            total = int(psi.sum())
        closed.append((time.process_time() - began) / 100)
        began = time.process_time()
        count = event_driven_layer(np.ones((1, SIDE, SIDE), dtype=np.int64), weights, stride=layer.stride, padding=1)[1]
        walked.append((time.process_time() - began) * CHANNELS)
        if count * CHANNELS != total:
            raise ArithmeticError("the walk and the closed form count differently")
    one, other = float(np.median(closed)), float(np.median(walked))
    row = {
        "stride": layer.stride,
        "synapses": total,
        "closed form, ms": 1e3 * one,
        "walk, s": other,
        "walk / closed form": other / one,
    }
    return row | {"goal": goal(other / one >= 1000)}
