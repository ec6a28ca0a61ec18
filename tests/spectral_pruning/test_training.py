"""Recurrent networks in training: exact gradients, deterministic runs, checkpoints that resume bit for bit."""

import json

import numpy as np
import pytest

from bounds.common.rnn import Recurrent, rnn_forward
from bounds.common.training import numerical_gradient, softmax_cross_entropy, squared_error
from bounds.spectral_pruning.tasks import row_digits
from bounds.spectral_pruning.training import Recipe, accuracy, cross_entropy, irnn, predict, progress_bar, train


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


# ---- training -------------------------------------------------------------------------------------------------------

SHORT = Recipe(epochs=6, rate=2e-3)


def fresh(seed=0):
    return Recurrent(irnn(16, 8, 10, seed))


@pytest.fixture(scope="module")
def rows():
    return row_digits()


def test_an_irnn_starts_as_a_sum_of_its_inputs():
    p = irnn(40, 3, 5, seed=1, dtype=np.float64)
    assert np.array_equal(p["Wh"], np.eye(40))
    assert not p["b"].any()
    assert not p["bo"].any()
    assert 0.07 < p["Wi"].std() < 0.13
    assert 0.7 < p["Wo"].std() * np.sqrt(40) < 1.3
    x = np.ones((1, 4, 3))
    h = rnn_forward(p, x)[0][0]
    assert h[3] == pytest.approx(4 * np.maximum(p["Wi"].sum(1), 0))
    assert all(value.dtype == np.float32 for value in irnn(4, 1, 2, 0).values())


def test_rows_of_digits_are_learned(rows):
    net = Recurrent(irnn(64, 8, 10, seed=0))
    losses = train(net, *rows.train, Recipe(epochs=30, rate=4e-3), seed=0)
    assert losses[-1] < 0.2 * losses[0]
    assert accuracy(predict(net, rows.test.x), rows.test.targets) > 0.88  # about 0.94


def test_equal_seeds_give_equal_networks_and_others_do_not(rows):
    nets = [fresh() for _ in range(3)]
    losses = [train(net, *rows.train, SHORT, seed) for net, seed in zip(nets, (3, 3, 4), strict=True)]
    assert losses[0] == losses[1]
    assert losses[0] != losses[2]
    assert all(np.array_equal(nets[0].params[name], nets[1].params[name]) for name in nets[0].params)


def test_an_interrupted_run_goes_on_bit_for_bit(rows, tmp_path):
    whole, file = fresh(), tmp_path / "folder" / "run.npz"
    losses = train(whole, *rows.train, SHORT, 0)

    class Interruption(Exception):
        pass

    def stop(epoch, loss):
        if epoch == 4:
            raise Interruption

    with pytest.raises(Interruption):
        train(fresh(), *rows.train, SHORT, 0, checkpoint=file, every=2, progress=stop)
    seen = []
    again = fresh(seed=9)  # its start does not matter: the checkpoint holds everything
    assert train(again, *rows.train, SHORT, 0, checkpoint=file, every=2, progress=lambda e, _: seen.append(e)) == losses
    assert seen == [4, 5]
    assert all(np.array_equal(whole.params[name], again.params[name]) for name in whole.params)
    done = fresh(seed=8)
    assert train(done, *rows.train, SHORT, 0, checkpoint=file) == losses  # nothing is left to do
    assert all(np.array_equal(whole.params[name], done.params[name]) for name in whole.params)
    assert [path.name for path in file.parent.iterdir()] == ["run.npz"]


def test_a_bar_shows_epochs_and_loss_on_a_terminal_and_nothing_elsewhere(rows, capsys, monkeypatch):
    def learn():
        with progress_bar("rows", SHORT.epochs) as progress:
            return train(fresh(), *rows.train, SHORT, 0, progress=progress)

    learn()
    assert capsys.readouterr() == ("", "")
    monkeypatch.setenv("FORCE_COLOR", "1")  # rich takes it for a terminal
    last = learn()[-1]
    out, err = capsys.readouterr()
    assert out == ""
    assert f"rows, loss {last:.4g}" in err
    assert f"{SHORT.epochs}/{SHORT.epochs}" in err


def test_a_checkpoint_of_another_run_is_refused(rows, tmp_path):
    file = tmp_path / "run.npz"
    train(fresh(), *rows.train, Recipe(epochs=1), 0, checkpoint=file)
    for net, recipe, seed in ((fresh(), Recipe(2), 0), (fresh(), Recipe(1), 1), (Recurrent(irnn(8, 8, 10, 0)), Recipe(1), 0)):
        with pytest.raises(ValueError, match="checkpoint of another run"):
            train(net, *rows.train, recipe, seed, checkpoint=file)
    with pytest.raises(ValueError, match="checkpoint of another run"):
        train(fresh(), 1 - rows.train.x, rows.train.targets, Recipe(epochs=1), 0, checkpoint=file)
    with np.load(file) as stored:
        arrays = dict(stored)
    older = {key: value for key, value in json.loads(str(arrays["run"])).items() if key != "data"}
    np.savez(file, **arrays | {"run": np.array(json.dumps(older))})
    assert train(fresh(), *rows.train, Recipe(epochs=1), 0, checkpoint=file) == arrays["losses"].tolist()


def test_a_diverged_run_ends_and_says_so(rows):
    net = Recurrent({name: value * (1e20 if name == "Wh" else 1) for name, value in irnn(16, 8, 10, 0).items()})
    losses = train(net, *rows.train, Recipe(epochs=5), 0)
    assert len(losses) == 1
    assert not np.isfinite(losses[0])
    y = predict(net, rows.test.x)
    assert accuracy(y, rows.test.targets) == 0
    assert cross_entropy(y, rows.test.targets) == np.inf


def test_scores_are_those_of_plain_loops(rows):
    y = predict(fresh(), rows.test.x, chunk=7)
    assert np.array_equal(y.argmax(1), fresh().outputs(rows.test.x).argmax(1))
    right = [int(np.argmax(row)) == label for row, label in zip(y, rows.test.targets, strict=True)]
    nats = [
        np.log(np.exp(row - row.max()).sum()) + row.max() - row[label] for row, label in zip(y, rows.test.targets, strict=True)
    ]
    assert accuracy(y, rows.test.targets) == np.mean(right)
    assert cross_entropy(y, rows.test.targets) == pytest.approx(np.mean(nats), rel=1e-5)
    assert accuracy(np.array([[np.nan, 0.0], [1.0, 0.0]]), np.array([0, 0])) == 0.5
