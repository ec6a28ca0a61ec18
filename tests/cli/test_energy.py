import json

import numpy as np
import pytest
from typer.testing import CliRunner

from bounds.spike_accumulation.own_network import as_samples, read_network
from bounds.synaptic_penalty.events import event_driven_layer
from bounds.synaptic_penalty.own_network import fanout, measure_energy, synapses
from proofs_check.cli import app


def energy(*arguments):
    return CliRunner().invoke(app, ["energy", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path):
    rng = np.random.default_rng(0)
    dense = {"fc1.weight": rng.normal(0, 0.3, (30, 64)), "fc2.weight": rng.normal(0, 0.3, (10, 30)), "fc1.bias": np.zeros(30)}
    conv = {"c1.weight": rng.normal(0, 0.5, (4, 1, 3, 3)), "c2.weight": rng.normal(0, 0.5, (6, 4, 3, 3))}
    np.savez(tmp_path / "dense.npz", **dense)
    np.savez(tmp_path / "conv.npz", **conv)
    np.save(tmp_path / "grey.npy", rng.integers(0, 17, (20, 64)) / 16)
    np.save(tmp_path / "spikes.npy", rng.integers(0, 2, (5, 20, 64)).astype(float))
    np.save(tmp_path / "maps.npy", rng.integers(0, 2, (3, 1, 8, 8)).astype(float))
    return tmp_path


def test_every_accumulation_of_a_convolutional_net_is_walked(folder):
    net = read_network(folder / "conv.npz", size=(8, 8), stride=[1, 2], padding=[1, 0], pool=[2, 1])
    x = np.load(folder / "maps.npy")
    report = measure_energy(net, as_samples(net, x, None, steps=1, static=True, binary=True, seed=0), 0.0, 1.0)
    walked = [0, 0]
    for sample in x.astype(int):
        potentials, operations = event_driven_layer(sample, net.W[0].entries, padding=1)
        walked[0] += operations
        fired = (potentials >= 1).astype(int)
        for site in zip(*np.nonzero(fired), strict=True):
            cell = np.zeros((4, 4, 4), int)
            cell[site[0], site[1] // 2, site[2] // 2] = 1
            walked[1] += event_driven_layer(cell, net.W[1].entries, stride=2)[1]
    assert [layer.accumulations for layer in report.layers] == [count / 3 for count in walked]
    assert walked[1] > 0


def test_energies_add_up(folder):
    document = json.loads(energy(folder / "dense.npz", "--input", folder / "grey.npy", "--json").stdout)
    first, second = document["layers"]
    assert first["multiplications"] == first["synapses"] == 30 * 64
    assert first["rate"] == "nan"
    assert second["pJ"] == pytest.approx(0.9 * second["accumulations"])
    assert document["pJ"] == pytest.approx(4.6 * 30 * 64 + second["pJ"])
    assert document["ann_pJ"] == pytest.approx(4.6 * (30 * 64 + 300))
    low, high = document["pJ_interval"]
    assert low < document["pJ"] < high
    assert document["break_even"] == pytest.approx(46 / 9 / 6)  # the held input costs both the same


def test_rates_and_intervals_are_those_of_their_formulas(folder):
    """A held real input, 6 steps, 20 inputs: only the 300 synapses of the second layer see spikes."""
    arguments, widths = (folder / "dense.npz", "--input", folder / "grey.npy", "--json"), []
    for confidence in (0.5, 0.95, 0.999):
        d = json.loads(energy(*arguments, "--confidence", confidence).stdout)
        second, (low, high) = d["layers"][1], d["interval"]
        assert d["rate"] == pytest.approx(second["rate"]) == pytest.approx(second["accumulations"] / (6 * 300))
        assert d["hoeffding"] == pytest.approx(6 * 300 * np.sqrt(np.log(2 / (1 - confidence)) / (2 * 20)))
        assert d["pJ_interval"] == pytest.approx([0.9 * low + 4.6 * 1920, 0.9 * high + 4.6 * 1920])
        widths.append(high - low)
    assert 0 < widths[0] < widths[1] < widths[2]


def test_spikes_as_input_cost_accumulations(folder):
    arguments = ("--input", folder / "spikes.npy", "--over-time", "--json")
    document = json.loads(energy(folder / "dense.npz", *arguments).stdout)
    spikes = np.load(folder / "spikes.npy").sum() / 20
    assert document["layers"][0]["accumulations"] == pytest.approx(30 * spikes)
    assert document["layers"][0]["multiplications"] == 0
    cheap = json.loads(energy(folder / "dense.npz", *arguments, "--e-ac", "0.09").stdout)
    assert cheap["pJ"] == pytest.approx(document["pJ"] / 10)


def test_the_table_says_what_to_make_of_it(folder):
    done = energy(folder / "conv.npz", "--input", folder / "maps.npy", "--steps", 1, "--pool", "2,1")
    assert done.exit_code == 0
    for words in ("3 inputs, 1 step;", "accumulations", "% of the network without spikes", "Hoeffding"):
        assert words in done.stdout


def test_fanouts_and_synapses_of_a_pooled_convolution(folder):
    net = read_network(folder / "conv.npz", size=(8, 8), padding=[1, 1], pool=[2, 1])
    psi = fanout(net.W[1])
    assert psi.size == 4 * 8 * 8
    assert psi.sum() == 4 * synapses(net.W[1])  # four sites feed each pooled one


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("absent.npz", "--input", "grey.npy"), "absent.npz is not there"),
        (("dense.npz", "--input", "absent.npy"), "absent.npy is not there"),
        (("dense.npz", "--input", "maps.npy"), "the input has shape"),
        (("dense.npz", "--input", "grey.npy", "--leak", "2"), "--leak should lie in [0, 1], got 2"),
        (("dense.npz", "--input", "grey.npy", "--threshold", "0"), "--threshold should be positive, got 0"),
        (("dense.npz", "--input", "grey.npy", "--e-mac", "nan"), "--e-mac should be positive, got nan"),
        (("dense.npz", "--input", "grey.npy", "--confidence", "1"), "--confidence should lie in (0, 1), got 1"),
        (("conv.npz", "--input", "maps.npy", "--stride", "x"), "--stride should be one number"),
        (("grouped.npz", "--input", "maps.npy"), "the order of the layers (grouped convolutions cannot be read)"),
        (("huge.npz", "--input", "grey.npy"), "the potentials of fc1 are beyond the range of float64"),
    ],
)
def test_bad_input_is_one_sentence(folder, monkeypatch, arguments, words):
    from proofs_check.cli.common import Problem

    monkeypatch.chdir(folder)
    np.savez("grouped.npz", **(dict(np.load("conv.npz")) | {"c2.weight": np.ones((4, 2, 3, 3))}))
    np.savez("huge.npz", **{"fc1.weight": np.full((3, 64), 1e308)})
    done = energy(*arguments)
    assert isinstance(done.exception, Problem)
    assert words in str(done.exception)
