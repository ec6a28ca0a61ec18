import json
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pytest
from typer.testing import CliRunner

from bounds.common.training import digits
from bounds.quantized_dnn.chain import exact_run, fold, input_integers, integer_run
from bounds.quantized_dnn.own_network import best_range, layer_names, load_integers, narrow, packed_bytes, quantize_network
from bounds.quantized_dnn.training import Recipe, apply, convolutional, fully_connected, save, train
from bounds.spike_accumulation.own_network import UnreadableNetwork, read_network
from proofs_check.cli import app
from proofs_check.cli.common import Problem

STATES = ("--weights-states", 3, "--activation-states", 4)


def quantize(*arguments):
    return CliRunner().invoke(app, ["quantize", *map(str, arguments)])


def document(*arguments):
    done = quantize(*arguments, "--json")
    assert done.exit_code == 0, done.exception
    return json.loads(done.stdout)


@pytest.fixture(scope="module")
def nets():
    images, labels = digits()
    found = {}
    for kind in ("dense", "stride", "pool"):
        rng = np.random.default_rng(0)
        net = fully_connected(rng, (64, 16, 12, 10), 3, 4) if kind == "dense" else convolutional(rng, 8, (3, 4), 10, 3, 4, kind)
        train(net, images[:400], labels[:400], Recipe(epochs=2), rng)
        found[kind] = net
    return found


@pytest.fixture
def folder(tmp_path, nets):
    images, labels = digits()
    for kind, net in nets.items():
        save(net, tmp_path / f"{kind}.npz", 17)
    rng = np.random.default_rng(1)
    plain = {"fc1.weight": rng.normal(0, 0.3, (20, 64)), "fc2.weight": rng.normal(0, 0.3, (10, 20)), "fc1.bias": np.ones(20)}
    norm = {"bn1.weight": rng.normal(1, 0.5, 20), "bn1.bias": rng.normal(0, 1, 20), "bn1.running_mean": rng.normal(0, 1, 20)}
    norm |= {"bn1.running_var": rng.uniform(0.5, 2, 20), "bn1.num_batches_tracked": np.array(7)}
    np.savez(tmp_path / "plain.npz", **plain)
    np.savez(tmp_path / "norm.npz", **plain, **norm)
    np.savez(tmp_path / "signed.npz", x=rng.normal(0, 1, (30, 64)))
    np.savez(tmp_path / "digits.npz", x=images[400:500], y=labels[400:500])
    np.savez(tmp_path / "maps.npz", x=images[400:500].reshape(-1, 1, 8, 8), y=labels[400:500])
    return tmp_path


@pytest.mark.parametrize(
    ("kind", "inputs", "options"),
    [
        ("dense", "digits.npz", ()),
        ("stride", "maps.npz", ("--padding", 1, "--stride", "1,2")),
        ("pool", "maps.npz", ("--padding", 1, "--pool", 2)),
    ],
)
def test_a_trained_network_comes_out_as_its_own_fold(folder, nets, kind, inputs, options):
    out = folder / "integers.npz"
    d = document(folder / f"{kind}.npz", *STATES, "--input", folder / inputs, *options, "--out", out)
    layers = fold(nets[kind], 17)
    k = input_integers(np.load(folder / "digits.npz")["x"], 17)
    reference = exact_run(layers, k).run
    assert d["classes"] == reference.classes.tolist()
    assert (d["integer_wrong"], d["spiking_wrong"], d["images"], d["input_states"]) == (0, 0, 100, 17)
    assert d["bits"] == [layer.bits for layer in layers]
    assert d["bytes"] == packed_bytes(layers, 3)[0] < d["bytes_float32"] / 4
    assert d["folded"][:2] == ["LBN, running m and r"] * 2
    assert d["accuracy"] == np.mean(reference.classes == np.load(folder / "digits.npz")["y"])
    net, states, largest = load_integers(out)
    assert (states, largest) == (17, 1.0)
    run = integer_run(net, k)
    for ours, theirs in zip(reference.states, run.states, strict=True):
        np.testing.assert_array_equal(ours, theirs)
    np.testing.assert_array_equal(reference.classes, run.classes)


def test_safetensors_hold_the_same_network(folder):
    for suffix in ("npz", "safetensors"):
        d = document(folder / "dense.npz", *STATES, "--input", folder / "digits.npz", "--out", folder / f"i.{suffix}")
        assert d["out"].endswith(suffix)
    k = input_integers(np.load(folder / "digits.npz")["x"], 17)
    runs = [integer_run(load_integers(folder / f"i.{suffix}")[0], k) for suffix in ("npz", "safetensors")]
    np.testing.assert_array_equal(runs[0].scores, runs[1].scores)
    held = np.load(folder / "i.npz")
    assert all(held[name].dtype.kind in "iu" for name in held.files if name != "input.range")
    assert held["0.0.q"].dtype == np.int8


def test_an_ordinary_network_with_many_states_keeps_its_classes(folder):
    for name in ("plain.npz", "norm.npz"):
        many = ("--weights-states", 255, "--activation-states", 256)
        fine = document(folder / name, *many, "--input", folder / "digits.npz")
        coarse = document(folder / name, "--weights-states", 2, "--activation-states", 2, "--input", folder / "digits.npz")
        assert fine["same_class_as_file"] > 0.95
        assert coarse["same_class_as_file"] < fine["same_class_as_file"]
        for d in (fine, coarse):
            assert (d["integer_wrong"], d["spiking_wrong"]) == (0, 0)
    assert "BatchNorm bn1" in fine["folded"][0]
    assert fine["ignored"] == []


def read(file, x, M_w, M_a):
    names, norms = layer_names(file)
    return quantize_network(file, x, M_w, M_a, net=read_network(file, layers=names), norms=norms)


@pytest.mark.parametrize("M_w", [2, 3, 6])
def test_the_fold_of_an_ordinary_layer_is_its_normalisation_with_the_least_squares_scale_of_each_row(folder, M_w):
    held, x = dict(np.load(folder / "norm.npz")), np.load(folder / "digits.npz")["x"]
    own = read(folder / "norm.npz", x, M_w, 4)
    layer = own.layers[0]
    gain = held["bn1.weight"] / np.sqrt(held["bn1.running_var"] + 1e-5)
    offset = gain * (held["fc1.bias"] - held["bn1.running_mean"]) + held["bn1.bias"]
    np.testing.assert_allclose([float(B) for B in layer.B], offset / own.ranges[0], rtol=1e-12)
    slope = np.array([float(A) for A in layer.A]) * layer.top * own.ranges[0] / own.input_range
    left = gain[:, None] * held["fc1.weight"] - slope[:, None] * layer.q  # what no other scale could explain
    np.testing.assert_allclose((left * layer.q).sum(axis=1), 0, atol=1e-9)


def test_the_file_s_eps_is_under_the_root(folder):
    held, x = dict(np.load(folder / "dense.npz")), np.load(folder / "digits.npz")["x"]
    np.savez(folder / "eps.npz", **(held | {"eps": np.array(0.5)}))
    layer = read(folder / "eps.npz", x, 3, 4).layers[0]
    gain = held["0.gamma"] / np.sqrt(held["0.r"] - held["0.m"] ** 2 + 0.5)
    np.testing.assert_allclose([float(B) for B in layer.B], held["0.beta"] - gain * held["0.m"], rtol=1e-12)


def test_signed_inputs_are_signed_integers(folder):
    d = document(folder / "plain.npz", *STATES, "--input", folder / "signed.npz")
    assert d["input_range"] == np.abs(np.load(folder / "signed.npz")["x"]).max()
    assert (d["integer_wrong"], d["spiking_wrong"], d["accuracy"]) == (0, 0, None)
    assert d["multiplications"] == 64 * 20


def test_statistics_that_the_file_lacks_are_measured(folder, nets):
    held = dict(np.load(folder / "dense.npz"))
    np.savez(folder / "bare.npz", **{name: array for name, array in held.items() if name not in ("0.m", "0.r")})
    d = document(folder / "bare.npz", *STATES, "--input", folder / "digits.npz")
    assert d["folded"][:2] == ["LBN, m and r measured", "LBN, running m and r"]
    net = nets["dense"]
    x = np.load(folder / "digits.npz")["x"]
    z = apply(net.quantized(0)[0], x) / 8
    measured = replace(net, running=[(z.mean(), (z * z).mean()), net.running[1]])
    assert d["classes"] == exact_run(fold(measured, 17), input_integers(x, 17)).run.classes.tolist()


def test_without_inputs_random_ones_are_compared(folder):
    d = document(folder / "dense.npz", *STATES)
    assert (d["input"], d["images"], d["accuracy"], d["integer_wrong"]) == ("random", 256, None, 0)


def test_the_table_says_what_was_folded_and_what_floats_miss(folder, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")  # a narrow terminal breaks its cells into lines
    done = quantize(folder / "norm.npz", *STATES, "--input", folder / "digits.npz")
    for words in (
        "BatchNorm bn1; range",
        "bits of the sums",
        "equal exact arithmetic on all 100 inputs",
        "float32 on",
        "bytes",
    ):
        assert words in done.stdout


@pytest.mark.parametrize(
    ("layers", "norms", "expected"),
    [
        (("0", "3"), ("1", "4"), {"0": "1", "3": "4"}),
        (("conv1", "fc2"), ("bn1",), {"conv1": "bn1"}),
        (("a.fc", "b.fc"), ("a.fc_bn",), {"a.fc": "a.fc_bn"}),
        (("conv1", "fc1"), ("bn1",), "fits conv1 and fc1"),
        (("conv1",), ("norm",), "fits no layer"),
    ],
)
def test_each_normalisation_follows_one_layer(tmp_path, layers, norms, expected):
    held = {f"{name}.weight": np.ones((2, 2)) for name in layers}
    for norm in norms:
        held |= {f"{norm}.{part}": np.ones(2) for part in ("weight", "running_mean", "running_var")}
    np.savez(tmp_path / "n.npz", **held)
    if isinstance(expected, str):
        with pytest.raises(UnreadableNetwork, match=expected):
            layer_names(tmp_path / "n.npz")
    else:
        assert layer_names(tmp_path / "n.npz") == (list(layers), expected)


def test_the_range_that_is_chosen_is_the_best_of_the_candidates():
    y = np.random.default_rng(0).normal(0, 1, 2000)
    best = best_range(y, 4)

    def error(c):
        return np.mean((c * np.clip(np.floor(y / c * 3 + 0.5), 0, 3) / 3 - np.maximum(y, 0)) ** 2)

    assert error(best) <= min(error(y.max() * i / 60) for i in range(1, 61)) + 1e-15
    assert best_range(-np.ones(3), 4) == 1.0


def test_integers_are_stored_narrow():
    assert [narrow(np.array([v])).dtype.itemsize for v in (127, 128, 2**15, 2**31)] == [1, 2, 4, 8]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("absent.npz", *STATES), "absent.npz is not there"),
        (
            ("dense.npz", "--weights-states", 1, "--activation-states", 4),
            "--weights-states should lie between 2 and 256, got 1",
        ),
        (("dense.npz", "--weights-states", 3, "--activation-states", 999), "--activation-states should lie between 2 and 256"),
        (("dense.npz", *STATES, "--input-states", 1), "--input-states should lie between 2 and 65536, got 1"),
        (("dense.npz", *STATES, "--input-range", "nan"), "--input-range should be positive, got nan"),
        (("dense.npz", *STATES, "--out", "x.txt"), "--out should end in .npz or .safetensors, got x.txt"),
        (("dense.npz", *STATES, "--out", "absent/x.npz"), "--out absent/x.npz cannot be written: there is no folder absent"),
        (("dense.npz", *STATES, "--out", "taken.npz"), "taken.npz: Is a directory"),
        (("plain.npz", *STATES), "fc1 has no running statistics of a quantised network: give --input to measure on"),
        (("bare.npz", *STATES), "0 has no running statistics 0.m and 0.r"),
        (("plain.npz", *STATES, "--input", "maps.npz"), "the input has shape"),
        (("stride.npz", *STATES), "nothing says how large its maps are"),
        (("negative.npz", *STATES, "--input", "digits.npz"), "bn1.running_var should not be negative"),
        (("short.npz", *STATES), "0.gamma should hold 16 finite numbers, got shape (3,)"),
        (("flat.npz", *STATES), "row 0 of 0.weight has equal weights"),
        (("nan.npz", *STATES), "0.gamma should hold finite numbers, got nan"),
        (("half.npz", *STATES), "0 has only one of 0.gamma and 0.beta"),
        (("square.npz", *STATES), "0.r is a mean of squares and should not be negative, got -4"),
        (("eps.npz", *STATES), "eps in eps.npz should not be negative, got -9"),
        (("two.npz", *STATES), "input.states should hold 1 finite number, got shape (2,)"),
        (("broken.npz", *STATES), "input.states in broken.npz should be an integer between 2 and 65536, got 2.5"),
        (("steep.npz", *STATES), "0 folds to numbers beyond the range of float32"),
        (("huge.npz", *STATES, "--input", "digits.npz"), "the squares of the weights are beyond the range of float64"),
        (("steeper.npz", *STATES, "--input", "digits.npz"), "its weights and normalisation together are beyond the range"),
    ],
)
def test_bad_input_is_one_sentence(folder, monkeypatch, arguments, words):
    monkeypatch.chdir(folder)
    held, norm = dict(np.load("dense.npz")), dict(np.load("norm.npz"))
    np.savez("bare.npz", **{name: array for name, array in held.items() if name not in ("0.m", "0.r")})
    np.savez("negative.npz", **(norm | {"bn1.running_var": -np.ones(20)}))
    np.savez("short.npz", **(held | {"0.gamma": np.ones(3)}))
    np.savez("flat.npz", **(held | {"0.weight": np.ones((16, 64))}))
    np.savez("nan.npz", **(held | {"0.gamma": np.full(16, np.nan)}))
    np.savez("half.npz", **{name: array for name, array in held.items() if name != "0.gamma"})
    np.savez("square.npz", **(held | {"0.r": np.array(-4.0)}))
    np.savez("eps.npz", **(held | {"eps": np.array(-9.0)}))
    np.savez("two.npz", **(held | {"input.states": np.array([17, 17])}))
    np.savez("broken.npz", **(held | {"input.states": np.array(2.5)}))
    np.savez("steep.npz", **(held | {"0.gamma": np.full(16, 1e300)}))
    np.savez("huge.npz", **(norm | {"fc1.weight": norm["fc1.weight"] * 1e200}))
    steeper = {"bn1.weight": np.full(20, 1e300), "bn1.running_var": np.full(20, 1e-5), "fc2.weight": norm["fc2.weight"] * 1e10}
    np.savez("steeper.npz", **(norm | steeper))
    (folder / "taken.npz").mkdir()
    done = quantize(*arguments)
    assert isinstance(done.exception, Problem), done.exception
    assert words in str(done.exception)


def test_other_files_are_no_integer_networks(folder):
    with pytest.raises(UnreadableNetwork, match="holds no integer network"):
        load_integers(folder / "plain.npz")


def test_the_scores_in_the_file_are_those_of_fractions(folder, nets):
    document(folder / "dense.npz", *STATES, "--input", folder / "digits.npz", "--out", folder / "i.npz")
    net, _, _ = load_integers(folder / "i.npz")
    readout = fold(nets["dense"], 17)[-1]
    ratio = Fraction(int(net[-1].scale[0])) / readout.A[0]
    assert [Fraction(int(v)) for v in net[-1].offset] == [b * ratio for b in readout.B]
