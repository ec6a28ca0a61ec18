"""Recurrent networks in training: exact gradients, deterministic runs, checkpoints that resume bit for bit."""

import numpy as np
import pytest

from bounds.common.rnn import Recurrent, rnn_forward
from bounds.common.training import numerical_gradient, softmax_cross_entropy, squared_error


def small(dtype=np.float64, m=5, d_x=2, d_y=3, seed=0):
    rng = np.random.default_rng(seed)
    p = {
        "Wh": 0.5 * rng.normal(size=(m, m)),
        "Wi": rng.normal(size=(m, d_x)),
        "b": rng.normal(size=m),
        "Wo": rng.normal(size=(d_y, m)),
        "bo": rng.normal(size=d_y),
    }
    return {name: value.astype(dtype) for name, value in p.items()}


@pytest.mark.parametrize("every_step", [False, True], ids=["last step", "every step"])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_the_gradient_is_the_slope_of_the_loss_in_every_entry(activation, every_step):
    rng = np.random.default_rng(1)
    x = rng.normal(size=(4, 6, 2))
    net = Recurrent(small(), activation, every_step)
    for loss, targets in (
        (softmax_cross_entropy, rng.integers(0, 3, (4, 6) if every_step else 4)),
        (squared_error, rng.normal(size=(4, 6, 3) if every_step else (4, 3))),
    ):
        gradient = net.gradient(x, targets, loss)[1]
        for name, value in net.params.items():
            assert gradient[name].shape == value.shape
            for index in np.ndindex(value.shape):
                slope = numerical_gradient(lambda: net.gradient(x, targets, loss)[0], net.params, name, index)  # noqa: B023
                assert gradient[name][index] == pytest.approx(slope, rel=1e-6, abs=1e-7), (name, index)


@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_outputs_are_those_of_the_checked_forward_pass(activation):
    p, x = small(), np.random.default_rng(2).normal(size=(7, 5, 2))
    y = rnn_forward(p, x, activation=activation)[1]
    assert Recurrent(p, activation, every_step=True).outputs(x) == pytest.approx(y, abs=1e-13)
    assert Recurrent(p, activation).outputs(x) == pytest.approx(y[:, -1], abs=1e-13)


def test_batches_of_several_shapes_in_turn_do_not_disturb_each_other():
    net, rng = Recurrent(small()), np.random.default_rng(3)
    batches = [(rng.normal(size=(n, T, 2)), rng.integers(0, 3, n)) for n, T in ((4, 6), (2, 6), (4, 3), (1, 1))]
    alone = [Recurrent(small()).gradient(*batch, softmax_cross_entropy) for batch in batches]
    for (value, gradient), batch in list(zip(alone, batches, strict=True)) * 2:
        again, other = net.gradient(*batch, softmax_cross_entropy)
        assert again == value
        assert all(np.array_equal(gradient[name], other[name]) for name in gradient)


def test_single_precision_stays_single_and_close_to_double():
    x, labels = np.random.default_rng(4).normal(size=(8, 20, 2)), np.arange(8) % 3
    p = {name: value * (0.5 if name == "Wh" else 1) for name, value in small().items()}
    fine = Recurrent(p).gradient(x, labels, softmax_cross_entropy)[1]
    net = Recurrent({name: value.astype(np.float32) for name, value in p.items()})
    coarse = net.gradient(x.astype(np.float32), labels, softmax_cross_entropy)[1]
    for name, value in coarse.items():
        assert value.dtype == np.float32
        assert value == pytest.approx(fine[name], rel=1e-3, abs=1e-4)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"Wh": np.eye(4)}, "must have shape"),
        ({"b": np.zeros(5, np.float32)}, "all float32 or all float64"),
        ({"b": np.full(5, np.nan)}, "finite"),
    ],
)
def test_wrong_parameters_are_named(change, message):
    with pytest.raises(ValueError, match=message):
        Recurrent(small() | change)


def test_wrong_sequences_targets_and_activations_are_named():
    net = Recurrent(small())
    with pytest.raises(ValueError, match=r"x must have shape \(n, T, 2\)"):
        net.outputs(np.zeros((3, 4, 1)))
    with pytest.raises(ValueError, match=r"targets must begin with the shape \(3,\)"):
        net.gradient(np.zeros((3, 4, 2)), np.zeros(2, int), softmax_cross_entropy)
    with pytest.raises(ValueError, match=r"targets must begin with the shape \(3, 4\)"):
        Recurrent(small(), every_step=True).gradient(np.zeros((3, 4, 2)), np.zeros((4, 3), int), softmax_cross_entropy)
    with pytest.raises(ValueError, match="activation"):
        Recurrent(small(), "sigmoid")
