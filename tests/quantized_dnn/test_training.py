import numpy as np
import pytest

from bounds.common.training import digits, numerical_gradient, softmax_cross_entropy
from bounds.quantized_dnn.gaussian_step import gaussian_optimal_step
from bounds.quantized_dnn.normalisation import lbn_update
from bounds.quantized_dnn.training import (
    Recipe,
    as_rows,
    backward,
    convolutional,
    forward,
    fully_connected,
    infer,
    statistics,
    train,
)


def nets(M_w=3, M_a=3, norm="LBN"):
    rng = np.random.default_rng(3)
    return {
        "dense": fully_connected(rng, (64, 12, 9, 10), M_w, M_a, norm=norm),
        "stride": convolutional(rng, 8, (3, 4), 10, M_w, M_a, norm=norm),
        "pool": convolutional(rng, 8, (3, 4), 10, M_w, M_a, "pool", norm=norm),
    }


@pytest.mark.parametrize("kind", ["dense", "stride", "pool"])
@pytest.mark.parametrize(
    "form", [(2, 2, "LBN"), (3, 5, "LBN"), (None, None, "LBN"), (3, 3, "LBN-pooled"), (3, 3, "BN"), (3, 3, "LN")]
)
def test_gradients_of_the_dithered_network_are_exact(kind, form):
    net, rng = nets(*form)[kind], np.random.default_rng(4)
    for name, parameter in net.parameters.items():
        parameter += 0.1 * rng.standard_normal(parameter.shape) * (not name.startswith("w"))
    x, y = rng.random((5, 64)), rng.integers(0, 10, 5)

    def loss():
        return softmax_cross_entropy(forward(net, x, dithered=True)[0], y)[0]

    logits, tape = forward(net, x, dithered=True)
    found = backward(net, tape, softmax_cross_entropy(logits, y)[1])
    assert set(found) == set(net.parameters)
    for name, gradient in found.items():
        assert gradient.shape == net.parameters[name].shape
        for _ in range(4):
            index = tuple(int(rng.integers(0, n)) for n in gradient.shape)
            numerical = numerical_gradient(loss, net.parameters, name, index)
            assert gradient[index] == pytest.approx(numerical, rel=1e-5, abs=1e-8), (name, index)


def test_the_window_matters():
    """Without it the same finite differences are missed by far: some weights and activations do lie outside."""
    net, rng = nets()["dense"], np.random.default_rng(4)
    x, y = rng.random((5, 64)), rng.integers(0, 10, 5)
    logits, tape = forward(net, x, dithered=True)
    d = softmax_cross_entropy(logits, y)[1]
    whole = backward(net, tape._replace(window=[np.ones_like(w) for w in tape.window]), d)
    assert not all(window.all() for window in tape.window)
    assert np.abs(whole["w0"] - backward(net, tape, d)["w0"]).max() > 1e-3


def test_only_the_states_that_were_asked_for_occur():
    for M_w, M_a in ((2, 2), (3, 5), (5, 3)):
        net = nets(M_w, M_a)["stride"]
        x = np.random.default_rng(0).random((4, 64))
        _, tape = forward(net, x)
        assert net.D_w == gaussian_optimal_step(M_w)[0]
        for w in tape.w:
            assert len(np.unique(as_rows(w).round(12))) == M_w
        for a in tape.a[1:]:
            np.testing.assert_array_equal(np.unique(a), np.arange(M_a) / (M_a - 1))


def test_a_sample_does_not_see_the_others():
    net, x = nets()["pool"], np.random.default_rng(0).random((6, 64))
    whole = forward(net, x)[0]
    np.testing.assert_allclose(forward(net, x[2:3])[0][0], whole[2], rtol=1e-12, atol=1e-12)


def test_only_per_sample_statistics_make_samples_independent():
    x = np.random.default_rng(0).random((6, 64))
    for norm, alone in (("LBN", True), ("LN", True), ("LBN-pooled", False), ("BN", False)):
        net = nets(3, None, norm)["stride"]
        assert np.allclose(forward(net, x)[0][2], forward(net, x[2:3])[0][0], atol=1e-9) == alone, norm


@pytest.mark.parametrize("kind", ["dense", "stride"])
@pytest.mark.parametrize("norm", ["LBN", "LBN-pooled", "BN", "LN"])
def test_running_statistics_are_those_of_the_one_batch_there_was(kind, norm):
    images, labels = digits()
    net = nets(3, 3, norm)[kind]
    before = forward(net, images[:200])[1].z[0]
    train(net, images[:200], labels[:200], Recipe(epochs=1, batch=200, rate=1e-12), np.random.default_rng(0))
    if norm == "LN":
        with pytest.raises(ValueError, match="cannot be folded"):
            statistics(net, 0)
    else:
        m, s = statistics(net, 0)
        channels = before.reshape(200, len(net.beta[0]), -1) if norm == "BN" else before.reshape(200, 1, -1)
        np.testing.assert_allclose(m, np.squeeze(channels.mean(axis=(0, 2))), atol=1e-9)
        np.testing.assert_allclose(s**2, np.squeeze(channels.var(axis=(0, 2))) + net.eps, atol=1e-9)
    states, _ = infer(net, images[:200])
    if norm in ("BN", "LBN-pooled", "LN"):  # whose statistics of the batch are those of inference
        assert np.mean(states[0] != forward(net, images[:200])[1].a[1]) < 1e-3


def test_equal_seeds_give_equal_networks_and_training_learns():
    images, labels = digits()
    losses, logits = [], []
    for _ in range(2):
        rng, heard = np.random.default_rng(0), []
        net = fully_connected(rng, (64, 32, 10), 3, 3)
        train(net, images[:600], labels[:600], Recipe(epochs=4), rng, lambda epoch, loss, heard=heard: heard.append(loss))
        losses.append(heard)
        logits.append(infer(net, images[600:900])[1])
    assert losses[0] == losses[1]
    np.testing.assert_array_equal(*logits)
    assert losses[0][-1] < losses[0][0] / 2
    assert np.mean(logits[0].argmax(axis=1) == labels[600:900]) > 0.7


def test_the_rate_is_a_cosine_over_epochs_and_running_means_weigh_batches_as_the_recipe_says(monkeypatch):
    from bounds.quantized_dnn import training

    rates, rhos = [], []

    class Heard(training.Adam):
        def step(self, parameters, gradients, rate):
            rates.append(rate)
            super().step(parameters, gradients, rate)

    def update(z, m, r, rho):
        rhos.append((m is None, rho))
        return lbn_update(z, m, r, rho)

    monkeypatch.setattr(training, "Adam", Heard)
    monkeypatch.setattr(training, "lbn_update", update)
    rng = np.random.default_rng(0)
    net = fully_connected(rng, (6, 5, 3), 3, 3)
    train(net, rng.random((9, 6)), rng.integers(0, 3, 9), Recipe(epochs=3, batch=8, rate=0.01), rng)
    of_epochs = [0.01 * (1 + np.cos(np.pi * epoch / 3)) / 2 for epoch in range(3)]
    assert rates == pytest.approx(np.repeat(of_epochs, 2))  # nine images: eight and one
    assert rhos == [(True, 0.0125)] + [(False, 0.0125)] * 5


def test_gradient_steps_keep_the_means_of_rows():
    images, labels = digits()
    rng = np.random.default_rng(0)
    net = convolutional(rng, 8, (3,), 10, 3, 3)
    x, y = images[:8], labels[:8]
    logits, tape = forward(net, x)
    found = backward(net, tape, softmax_cross_entropy(logits, y)[1])
    for name in ("w0", "w1"):
        rows, w = found[name].reshape(len(found[name]), -1), as_rows(net.w[int(name[1])])
        np.testing.assert_allclose(rows.sum(axis=1), 0, atol=1e-12)
        np.testing.assert_allclose((rows * w).sum(axis=1), 0, atol=1e-12)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda rng: fully_connected(rng, (4, 3), 1, 3), "M_w counts states"),
        (lambda rng: fully_connected(rng, (4, 3), 3, 0), "M_a counts states"),
        (lambda rng: convolutional(rng, 8, (3,), 10, 3, 3, "max"), "halved_by must be"),
        (lambda rng: fully_connected(rng, (4, 3), 3, 3, norm="GN"), "norm must be one of LBN, LBN-pooled, BN, LN"),
        (lambda rng: Recipe(epochs=0), "must be positive"),
        (lambda rng: infer(fully_connected(rng, (4, 3, 2), 3, 3), np.ones((1, 4))), "train it first"),
        (lambda rng: train(nets()["dense"], np.ones((2, 3)), np.zeros(2, int), Recipe(), rng), "images must be"),
        (lambda rng: train(nets()["dense"], np.ones((2, 64)), np.array([0, 10]), Recipe(), rng), "labels must be"),
    ],
)
def test_what_does_not_fit_is_one_sentence(make, words):
    with pytest.raises(ValueError, match=words):
        make(np.random.default_rng(0))


def test_divergence_is_an_error():
    images, labels = digits()
    net = fully_connected(np.random.default_rng(0), (64, 8, 10), 3, 3)
    net.beta[-1][0] = np.inf
    with np.errstate(all="ignore"), pytest.raises(FloatingPointError, match="diverged in epoch 1"):
        train(net, images[:32], labels[:32], Recipe(epochs=1), np.random.default_rng(0))
