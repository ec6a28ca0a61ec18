"""Gradients of single-step networks by torch's automatic differentiation, with the surrogate as its spike's derivative."""

import numpy as np
import pytest

from bounds.single_step_snn.batches import Neurons, gradients
from bounds.single_step_snn.training import convolutional, fully_connected

pytest.importorskip("torch")


@pytest.mark.parametrize("kind", ["dense", "convolutional"])
def test_gradients_are_those_of_torch(kind):
    from benchmarks.single_step_training import gradients_of_torch

    rng = np.random.default_rng(0)
    net = fully_connected(rng, (20, 30, 15, 4), np.float64) if kind == "dense" else convolutional(rng, 7, (3, 5), 4, np.float64)
    for b in net.b:
        b += rng.normal(0.3, 0.3, b.shape)
    x, y = rng.uniform(0, 1, (9, net.W[0].shape[1])), rng.integers(0, 4, 9)
    ours = gradients(net, x, y, Neurons()).by
    for i, theirs in enumerate(gradients_of_torch(net, x, y)):
        mine = ours[f"{'Wb'[i % 2]}{i // 2}"]
        assert np.abs(mine).max() > 1e-4
        np.testing.assert_allclose(mine, theirs, atol=1e-13)
