import importlib
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest

from bounds.common.convolution import Convolution
from bounds.common.training import digits
from bounds.quantized_dnn.chain import (
    FoldedLayer,
    check_chain,
    exact_run,
    float_run,
    fold,
    in_floats,
    input_integers,
    integer_net,
    integer_run,
    score_unit,
    spiking_run,
    sums,
)
from bounds.quantized_dnn.normalisation import lbn_infer
from bounds.quantized_dnn.training import Recipe, apply, as_rows, convolutional, fully_connected, infer, per_neuron, save, train
from bounds.synaptic_penalty.events import event_driven_layer
from experiments.results import load

F = Fraction


def chain(seed, M=3, S=5, maps=False):
    """A random fold whose A take both signs and 0, and whose B lie where thresholds are met."""
    rng = np.random.default_rng(seed)
    if maps:
        shapes = [
            Convolution(rng.integers(-2, 3, (3, 1, 3, 3)), 4, 4, padding=1),
            Convolution(rng.integers(-1, 2, (4, 3, 2, 2)), 4, 4, pool=2),
            rng.integers(-2, 3, (3, 4)),
        ]
    else:
        shapes = [rng.integers(-1, 2, (7, 6)), rng.integers(-2, 3, (5, 7)), rng.integers(-2, 3, (3, 5))]
    layers, top = [], S - 1
    for l, q in enumerate(shapes):
        channels, last = len(as_rows(q)), l == len(shapes) - 1
        A = [F(int(rng.integers(-4, 5)), 24) for _ in range(channels)]
        B = [F(int(rng.integers(0, 4 * (M - 1) + 1)), 4 * (M - 1)) for _ in range(channels)]
        A[:3] = [F(0), F(-1, 8), F(1, 8)]
        layers.append(FoldedLayer(str(l), q, tuple(A), tuple(B), top, None if last else M))
        top = M - 1
    return layers


def inputs(layers, images=12, seed=0, signed=False):
    top = layers[0].top
    return np.random.default_rng(seed).integers(-top if signed else 0, top + 1, (images, layers[0].q.shape[1]))


@pytest.mark.parametrize("maps", [False, True])
@pytest.mark.parametrize("M", [2, 3, 4, 5])
def test_integers_and_spikes_are_the_exact_network_ties_included(M, maps):
    signs, ties = set(), 0
    for seed in range(6):
        layers = chain(seed, M, maps=maps)
        k = inputs(layers, signed=seed % 2 == 1)
        exact = exact_run(layers, k)
        whole = integer_net(layers)
        fires = spiking_run(layers, k)
        for run in (integer_run(whole, k), fires.run, integer_run(in_floats(whole), k)):
            for ours, theirs in zip(exact.run.states, run.states, strict=True):
                np.testing.assert_array_equal(ours, theirs)
            assert (exact.run.scores * score_unit(layers[-1]) == run.scores).all()
            np.testing.assert_array_equal(exact.run.classes, run.classes)
        signs |= {int(s) for layer in whole[:-1] for s in layer.sign}
        ties += exact.ties
    assert signs == {-1, 0, 1}
    assert ties > 10


def test_the_reference_is_the_network_of_fractions():
    """W' = A top q and b' = B, dense, in Fractions, inputs k/top, quantiser ⌊y(M − 1) + 1/2⌋: nothing of the chain."""
    for maps in (False, True):
        layers = chain(1, 4, maps=maps)
        k = inputs(layers)
        run, found = exact_run(layers, k), []
        for image in k:
            a = [F(int(v), layers[0].top) for v in image]
            for layer in layers:
                dense = layer.q
                if isinstance(dense, Convolution):
                    dense = dense.with_entries(dense.entries.astype(object) * F(1)).matrix() * layer.cell
                A, B = layer.neurons(layer.A), layer.neurons(layer.B)
                y = [
                    A[i] * layer.top * sum(F(w) * v for w, v in zip(row, a, strict=True)) + B[i] for i, row in enumerate(dense)
                ]
                if layer.M is None:
                    found.append(y)
                else:
                    top = layer.M - 1
                    a = [F(min(max((v * top + F(1, 2)).__floor__(), 0), top), top) for v in y]
        assert (run.run.scores == np.array(found, dtype=object)).all()


def test_a_float_misses_the_tie_of_the_specification():
    layer = FoldedLayer("0", np.array([[-1, 1, 1]]), (F(1, 6),), (F(0),), 3, 4)
    readout = FoldedLayer("1", np.array([[1]]), (F(1),), (F(0),), 3, None)
    k = np.array([[3, 1, 3]])
    exact = exact_run([layer, readout], k)
    assert exact.run.states[0].tolist() == [[1]]
    assert exact.ties == 1
    assert integer_run(integer_net([layer, readout]), k).states[0].tolist() == [[1]]
    report = check_chain([layer, readout], k)
    assert (report.integer_wrong, report.spiking_wrong) == (0, 0)
    # in this order of operations: y = (1/2)(q a), as a library does it
    a = np.array([1.0, 1 / 3, 1.0])
    assert np.floor(0.5 * (np.array([-1.0, 1, 1]) @ a) * 3 + 0.5) == 0


def test_a_wrong_threshold_is_noticed(monkeypatch):
    from bounds.quantized_dnn import chain as module

    layers = chain(2)
    right = integer_net(layers)
    wrong = [replace(right[0], tau=right[0].tau + 1), *right[1:]]
    monkeypatch.setattr(module, "integer_net", lambda layers: wrong)
    assert check_chain(layers, inputs(layers)).integer_wrong > 0


def test_every_accumulation_of_the_spiking_network_is_walked():
    layers = chain(3, 4, S=2, maps=True)
    k = inputs(layers, images=3)
    fires = spiking_run(layers, k)
    for image in range(len(k)):
        state = k[image]
        for l, layer in enumerate(layers):
            n, operations = np.zeros(layer.q.shape[0], dtype=int), 0
            for j in range(int(state.max())):  # one step: everyone who has a spike left
                s = (state > j).astype(int)
                if isinstance(layer.q, Convolution):
                    p, q = layer.q.pool, layer.q
                    maps = s.reshape(-1, q.height, q.width)
                    for site in zip(*np.nonzero(maps), strict=True):
                        one = np.zeros((len(maps), q.height // p, q.width // p), dtype=int)
                        one[site[0], site[1] // p, site[2] // p] = 1
                        potentials, count = event_driven_layer(one, q.entries, padding=q.padding, stride=q.stride)
                        n, operations = n + potentials.ravel(), operations + count
                else:
                    potentials, count = event_driven_layer(s, layer.q)
                    n, operations = n + potentials, operations + count
            assert operations == fires.accumulations[image, l]
            np.testing.assert_array_equal(n, sums(layer.q, state[None])[0])
            if layer.M is not None:
                state = fires.run.states[l][image]


def test_sums_wider_than_64_bits_are_python_integers():
    layers = chain(4, S=2**62)
    k = np.array([[2**62 - 1] * 6, [0, 2**62 - 1] * 3], dtype=object)
    assert layers[0].bits > 63
    scaled = replace(layers[0], A=tuple(a / 2**62 for a in layers[0].A))
    layers = [scaled, *layers[1:]]
    whole = integer_net(layers)
    assert whole[0].tau.dtype == object
    exact, run = exact_run(layers, k).run, integer_run(whole, k)
    for ours, theirs, fired in zip(exact.states, run.states, spiking_run(layers, k).run.states, strict=True):
        np.testing.assert_array_equal(ours, theirs)
        np.testing.assert_array_equal(ours, fired)
    with pytest.raises(ValueError, match="which floats do not hold"):
        in_floats(whole)


def test_thresholds_out_of_reach_stay_in_the_range_of_the_sums():
    tiny = F(1, 10**30)
    layer = FoldedLayer("0", np.array([[1, -1], [1, 1], [1, 1]]), (tiny, -tiny, tiny), (F(0), F(2), F(0)), 4, 3)
    layers = [layer, FoldedLayer("1", np.array([[1, 0, 0], [0, 1, 1]]), (F(1), F(1)), (F(0), F(0)), 2, None)]
    whole = integer_net(layers)
    assert np.abs(whole[0].tau).max() <= layer.limit + 1
    k = np.vstack([inputs(layers), [4, 4]])  # the largest sum, which is below all thresholds of the third neuron
    np.testing.assert_array_equal(integer_run(whole, k).states[0], exact_run(layers, k).run.states[0])


@pytest.mark.parametrize("kind", ["dense", "stride", "pool"])
def test_the_fold_of_a_trained_network_is_what_it_computes(kind):
    images, labels = digits()
    rng = np.random.default_rng(0)
    net = fully_connected(rng, (64, 16, 12, 10), 2, 3) if kind == "dense" else convolutional(rng, 8, (3, 4), 10, 3, 4, kind)
    train(net, images[:300], labels[:300], Recipe(epochs=1), rng)
    net.gamma[0][:2] = [0.0, -0.5]
    layers = fold(net, 17)
    k = input_integers(images[300:340], 17)
    assert {F(0)} == {layers[0].A[0]}
    assert layers[0].A[1] < 0
    report = check_chain(layers, k, batch=16)
    assert (report.images, report.integer_wrong, report.spiking_wrong) == (40, 0, 0)
    assert report.multiplications > 0
    a = images[300:340]
    for l, layer in enumerate(layers):
        z = apply(net.quantized(l)[0], a) / np.sqrt(as_rows(net.w[l]).shape[1])
        scale, shift = per_neuron(net.w[l], np.broadcast_to(net.gamma[l], len(net.beta[l]))), per_neuron(net.w[l], net.beta[l])
        y = scale * z + shift if layer.M is None else lbn_infer(z, scale, shift, net.eps, *net.running[l])
        n = sums(layer.q, k).astype(object)
        ours = (n * np.array(layer.neurons(layer.A)) + np.array(layer.neurons(layer.B))).astype(float)
        np.testing.assert_allclose(ours, y, rtol=1e-9, atol=1e-9)
        if layer.M is not None:
            k = exact_run(layers, input_integers(images[300:340], 17)).run.states[l]
            a = k / (layer.M - 1)
    states, logits = infer(net, images[300:340])
    assert len(states) == len(layers) - 1
    np.testing.assert_array_equal(logits.argmax(axis=1), report.classes)


@pytest.mark.parametrize("norm", ["LBN-pooled", "BN"])
def test_other_normalisations_fold_too(norm):
    images, labels = digits()
    rng = np.random.default_rng(0)
    net = convolutional(rng, 8, (3, 4), 10, 3, 3, norm=norm)
    train(net, images[:300], labels[:300], Recipe(epochs=1), rng)
    report = check_chain(fold(net, 17), input_integers(images[300:350], 17))
    assert (report.integer_wrong, report.spiking_wrong) == (0, 0)
    assert report.classes == infer(net, images[300:350])[1].argmax(axis=1).tolist()


def test_layer_normalisation_does_not_fold(tmp_path):
    images, labels = digits()
    net = fully_connected(np.random.default_rng(0), (64, 9, 10), 3, 3, norm="LN")
    train(net, images[:100], labels[:100], Recipe(epochs=1), np.random.default_rng(0))
    for use in (lambda: fold(net, 17), lambda: save(net, tmp_path / "n.npz", 17)):
        with pytest.raises(ValueError, match="cannot be folded"):
            use()


def test_a_coarse_fold_meets_thresholds():
    images, labels = digits()
    rng = np.random.default_rng(0)
    net = fully_connected(rng, (64, 16, 10), 3, 4)
    train(net, images[:300], labels[:300], Recipe(epochs=1), rng)
    k = input_integers(images[300:400], 17)
    fine, coarse = check_chain(fold(net, 17), k), check_chain(fold(net, 17, grid=6), k)
    assert coarse.ties > 0
    assert coarse.float64_wrong > 0  # thresholds are sixths, which floats do not hold
    for report in (fine, coarse):
        assert (report.integer_wrong, report.spiking_wrong) == (0, 0)


def test_inputs_become_integers_half_up():
    x = np.array([0.0, 0.5 / 16, 0.49 / 16, 1.0, 2.0, -1.0])
    assert input_integers(x, 17).tolist() == [0, 1, 0, 16, 16, -16]
    assert input_integers(x, 2, 2.0).tolist() == [0, 0, 0, 1, 1, 0]


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda net: fold(net, 17), "no running statistics"),
        (lambda net: fold(replace(net, M_a=None), 17), "not quantised"),
        (lambda net: input_integers(np.ones(2), 1), "at least 2 states"),
        (lambda net: FoldedLayer("a", np.ones((2, 2), int), (F(1),), (F(1),), 1, 2), "one number for each of 2 channels"),
        (lambda net: exact_run(chain(0)[:1], inputs(chain(0))), "must be a readout"),
        (lambda net: integer_run(integer_net(chain(0))[:1], inputs(chain(0))), "must be a readout"),
        (lambda net: float_run(chain(0)[:1], inputs(chain(0)), np.float32), "must be a readout"),
    ],
)
def test_what_does_not_fit_is_one_sentence(make, words):
    with pytest.raises(ValueError, match=words):
        make(fully_connected(np.random.default_rng(0), (4, 3, 2), 3, 3))


@pytest.mark.parametrize("name", ["quantized_dnn_chain", "quantized_dnn_mnist"])
def test_the_kept_chains_are_exact_on_every_image_of_every_net(name):
    module, rows = importlib.import_module(f"experiments.{name}"), load(name)
    trained = {(row["net"], row["M_w"], row["M_a"]) for row in rows}
    assert trained == {(kind, *states) for kind, several in module.NETS.items() for states in several}
    assert {M_w for _, M_w, _ in trained} == {2, 3, 5}
    assert {M_a for _, _, M_a in trained} >= {2, 3, 5}
    assert sum(row["integer_wrong"] + row["spiking_wrong"] for row in rows) == 0
    assert all(row["A_negative"] and row["A_zero"] for row in rows if row["fold"] == "signs")
    assert any(row["ties"] for row in rows)
    assert any(row["float32_wrong"] + row["float64_wrong"] for row in rows)  # floats do miss states, so the check can fail
