"""`proofs-check spikes` as a user meets it, and the functions behind it: reading, certificates, rates, gradients."""

import json
import subprocess
import sys
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from bounds.common.spikes import lif_forward
from bounds.spike_accumulation.certified_floats import certified_lif
from bounds.spike_accumulation.own_network import (
    UnreadableNetwork,
    agreement,
    as_samples,
    check_network,
    gradients,
    random_samples,
    rates,
    read_network,
)
from proofs_check import cli


def spikes(*words: str) -> subprocess.CompletedProcess[str]:
    program = "import sys; from proofs_check.cli import main; sys.argv[0] = 'proofs-check'; main()"
    return subprocess.run([sys.executable, "-c", program, "spikes", *words], capture_output=True, text=True, timeout=100)


def chain(file: Path, seed: int = 0, **more: np.ndarray) -> Path:
    """6-8-3 with numbers that no float is kind to."""
    rng = np.random.default_rng(seed)
    held = {
        "fc1.weight": rng.normal(0, 0.6, (8, 6)),
        "fc1.bias": rng.normal(0, 0.1, 8),
        "fc2.weight": rng.normal(0, 0.6, (3, 8)),
    }
    np.savez(file, **(held | more))
    return file


@pytest.fixture
def small(tmp_path: Path) -> Path:
    return chain(tmp_path / "small.npz")


@pytest.fixture
def tenths(tmp_path: Path) -> Path:
    np.savez(tmp_path / "tenths.npz", **{"fc.weight": np.array([[0.1], [0.3], [0.7]])})
    np.save(tmp_path / "one.npy", np.ones(1))
    return tmp_path


@pytest.fixture
def maps(tmp_path: Path) -> Path:
    """Two convolutions with pooling and a fully connected layer, under the names of a PyTorch Sequential."""
    rng = np.random.default_rng(4)
    held = {
        "0.weight": rng.normal(0, 0.5, (3, 2, 3, 3)),
        "0.bias": rng.normal(0, 0.1, 3),
        "3.weight": rng.normal(0, 0.4, (4, 3, 2, 2)),
    }
    save_file(held | {"10.weight": rng.normal(0, 0.4, (5, 16))}, tmp_path / "maps.safetensors")
    return tmp_path / "maps.safetensors"


# ---- the command ----------------------------------------------------------------------------------------------------


def test_the_tables_say_where_floats_are_wrong_and_that_doubt_was_resolved(tenths: Path) -> None:
    """0.1, 0.3 and 0.7 in twelve steps without leak: the doubles of the known disagreements."""
    done = spikes(str(tenths / "tenths.npz"), "--leak", "1", "--steps", "12", "--input", str(tenths / "one.npy"), "--binary")
    assert done.returncode == 0, done.stderr
    [row] = [line.split() for line in done.stdout.splitlines() if line.startswith("float64 ")]
    assert row[1:] == ["36", "12", "9,", "9", "6", "2,", "4"]
    assert "doubt in 1 of 1 samples, from step 10 on; redone in exact arithmetic: not every spike" in " ".join(
        done.stdout.split()
    )


def test_json_is_one_document_and_the_same_for_the_same_seed(small: Path) -> None:
    first, second = (spikes(str(small), "--steps", "4", "--samples", "3", "--seed", "5", "--json").stdout for _ in range(2))
    assert first == second
    found = json.loads(first)
    assert found["widths"] == [6, 8, 3]
    assert [a["precision"] for a in found["agreement"]] == ["float64", "float32"]
    assert all(a["proved"] and a["decisions"] == 4 * 3 * 11 for a in found["agreement"])
    assert [layer["name"] for layer in found["rates"]] == ["fc1", "fc2"]
    [saf] = [pair for pair in found["gradients"] if (pair["left"], pair["right"]) == ("SAF-A", "OTTT")]
    assert saf["equal"] == [True, True]
    assert max(saf["difference"]) < 1e-12


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["absent.npz"], "absent.npz is not there"),
        (["net.pt"], "net.pt should end in .npz or .safetensors"),
        (["{small}", "--leak", "1.5"], "--leak should lie in [0, 1], got 1.5"),
        (["{small}", "--leak", "nan"], "--leak should lie in [0, 1], got nan"),
        (["{small}", "--threshold", "0"], "--threshold should be positive, got 0"),
        (
            ["{small}", "--layers", "fc2,fc1"],
            "fc1.weight has shape (8, 6), and fc2 gives 3 numbers: check the order of the layers",
        ),
        (["{small}", "--layers", "fc3"], "has no fc3.weight; its layers are fc1, fc2"),
        (["{small}", "--input", "{x}", "--binary"], "the input is said to be binary and holds 0.5 at index (1,)"),
        (["{small}", "--input", "{wide}"], "the input has shape (7,); it should be (6), (steps, 6) or (steps, samples, 6)"),
        (["{small}", "--input", "{nan}"], "x holds a NaN or an infinity at index (2, 0)"),
        (["{small}", "--input", "{moving}", "--steps", "4"], "the input has 5 steps, not 4"),
        (["{small}", "--input", "{labelled}"], "the labels y should be 1 integers from 0 to 2, got int64 (1,)"),
        (["{small}", "--input", "{five}"], "there are 5 labels y for one sample of 5 steps; or are these 5 static samples?"),
        (["{huge}"], "fc holds numbers beyond the range of float32"),
        (["{small}", "--threshold", "1e-60"], "the threshold 1e-60 is 0 in float32"),
        (["{broken}"], "is no .npz of plain arrays"),
        (["{small}", "--pool", "two"], "--pool should be one number for all convolutions"),
        (["{maps}"], "0 is a convolution and nothing says how large its maps are: give --size, or an --input that ends in the"),
        (["{maps}", "--input", "{flat}"], "an --input that ends in the axes (2, height, width)"),
        (["{maps}", "--size", "8x", "--pool", "1"], "--size should be HEIGHTxWIDTH"),
        (["{maps}", "--size", "12", "--pool", "3"], "pool should be 1 or a power of two"),
        (["{maps}", "--size", "12", "--pool", "2,2,2"], "pool should be one number, or 2, one for each convolution; got 3"),
        (
            ["{maps}", "--size", "12"],
            "10.weight has shape (5, 16), and 3 gives 4 maps of 9 x 9: check stride, padding, pool or the order",
        ),
        (["{maps}", "--size", "2"], "0: a kernel of 3 does not fit"),
        (["{one}", "--readout"], "a linear readout needs a spiking layer below it"),
        (["{norm}"], "bn.weight has shape (8,); it should be (n_out, n_in) or (C_out, C_in, k, k) (a normalisation"),
        (["{bias}"], "fc1.bias has shape (3,); it should be (8,), as fc1.weight has it"),
        (["{holes}"], "fc1.weight holds a NaN or an infinity at index (0, 1)"),
        (["{nothing}"], "should hold arrays NAME.weight, such as fc1.weight; it holds weights"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(
    words: list[str],
    sentence: str,
    small: Path,
    maps: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    file = {"small": small, "maps": maps} | {
        name: tmp_path / f"{name}.npz"
        for name in ("broken", "norm", "bias", "holes", "nothing", "labelled", "one", "five", "huge")
    }
    file["broken"].write_bytes(b"no archive")
    chain(file["norm"], **{"bn.weight": np.ones(8)})
    chain(file["bias"], **{"fc1.bias": np.ones(3)})
    chain(file["holes"], **{"fc1.weight": np.array([[0.0, np.nan]])})
    np.savez(file["nothing"], weights=np.ones((2, 2)))
    np.savez(file["one"], **{"fc.weight": np.ones((2, 2))})
    np.savez(file["huge"], **{"fc.weight": np.full((2, 2), 1e300)})
    np.savez(file["five"], x=np.ones((5, 6)), y=np.arange(5) % 3)
    np.savez(file["labelled"], x=np.ones(6), y=np.array([3]))
    inputs = {"x": np.array([1, 0.5, 0, 0, 0, 0]), "wide": np.ones(7), "moving": np.ones((5, 6)), "nan": np.full((3, 6), 0.0)}
    inputs["nan"][2, 0] = np.nan
    inputs["flat"] = np.ones((12, 12))
    for name, x in inputs.items():
        file[name] = tmp_path / f"{name}.npy"
        np.save(file[name], x)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["proofs-check", "spikes", *(word.format(**file) for word in words)])
    with pytest.raises(SystemExit) as left:
        cli.main()
    said = capsys.readouterr()
    assert left.value.code == 2
    assert sentence in said.err
    assert len(said.err.strip().splitlines()) == 1
    assert ". " not in said.err
    assert said.out == ""


def test_a_silent_network_is_not_praised_for_its_agreement(tmp_path: Path) -> None:
    np.savez(tmp_path / "silent.npz", **{"fc.weight": -np.ones((2, 2))})
    done = spikes(str(tmp_path / "silent.npz"), "--steps", "2")
    assert done.returncode == 0, done.stderr
    assert " ".join(done.stdout.split()).count("no neuron ever fires") == 2


# ---- reading --------------------------------------------------------------------------------------------------------


def test_layers_run_in_natural_order_and_what_is_no_weight_is_named(tmp_path: Path) -> None:
    sizes = {"fc10": (2, 3), "fc9": (3, 4), "fc1": (4, 5)}
    held = {f"{name}.weight": np.ones(shape, np.float32) for name, shape in sizes.items()}
    np.savez(tmp_path / "net.npz", **held, **{"lif1.beta": np.array(0.9)})
    net = read_network(tmp_path / "net.npz")
    assert net.names == ("fc1", "fc9", "fc10")
    assert net.widths == [5, 4, 3, 2]
    assert net.ignored == ("lif1.beta",)
    assert all(not b.any() for b in net.b)


def test_convolutions_with_padding_and_pooling_compute_what_loops_compute(maps: Path) -> None:
    net = read_network(maps, size=(9, 9), padding=(1, 0), pool=(2, 1), stride=(1, 1), layers=("0", "3"))
    assert net.input_shape == (2, 9, 9)
    assert net.widths == [162, 3 * 81, 4 * 9]
    rng = np.random.default_rng(0)
    x, s = rng.random((2, 9, 9)), rng.integers(0, 2, (3, 9, 9)).astype(float)
    kernels = [op.entries for op in net.W]
    padded, pooled = np.pad(x, ((0, 0), (1, 1), (1, 1))), s[:, :8, :8].reshape(3, 4, 2, 4, 2).mean(axis=(2, 4))
    for maps_in, kernel, got in (
        (padded, kernels[0], net.W[0].apply(x.ravel())),
        (pooled, kernels[1], net.W[1].apply(s.ravel())),
    ):
        k, side = kernel.shape[-1], maps_in.shape[-1] - kernel.shape[-1] + 1
        want = [(kern * maps_in[:, i : i + k, j : j + k]).sum() for kern in kernel for i in range(side) for j in range(side)]
        np.testing.assert_allclose(got, want, atol=1e-13)
    assert np.array_equal(net.b[0], np.repeat(net.b[0][::81], 81))


def test_a_fully_connected_layer_behind_pooled_maps_sees_their_means_in_pytorchs_order(maps: Path) -> None:
    net = read_network(maps, size=(12, 12), padding=(1, 0), pool=(2, 2))  # 12 -> 6 -> 5 -> 2: 4 · 2 · 2 = 16
    dense = net.W[2].entries.reshape(5, 16)
    s = np.random.default_rng(1).integers(0, 2, (4, 5, 5)).astype(float)
    means = s[:, :4, :4].reshape(4, 2, 2, 2, 2).mean(axis=(2, 4)).ravel()
    np.testing.assert_allclose(net.W[2].apply(s.ravel()), dense @ means, atol=1e-14)


def test_an_input_is_one_sample_or_several_held_or_over_time(small: Path) -> None:
    net, rng = read_network(small), np.random.default_rng(0)
    rest = {"labels": None, "binary": False, "seed": 0}
    held = as_samples(net, rng.random(6), steps=None, static=False, **rest)
    assert held.x.shape == (6, 1, 6)
    assert held.static
    several = as_samples(net, rng.random((4, 6)), steps=3, static=True, **rest)
    assert several.x.shape == (3, 4, 6)
    assert several.static
    over_time = as_samples(net, rng.random((7, 6)), steps=None, static=False, **rest)
    assert over_time.x.shape == (7, 1, 6)
    assert not over_time.static
    with pytest.raises(UnreadableNetwork, match=r"it should be \(6\) or \(samples, 6\)"):
        as_samples(net, rng.random((2, 3, 6)), steps=None, static=True, **rest)


# ---- what is said of a network ----------------------------------------------------------------------------------------


def test_exact_arithmetic_decides_as_fractions_do(maps: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of every sample, not only of those in doubt, with weights of 53 bits, padding and pooling."""
    from bounds.spike_accumulation import own_network

    net = read_network(maps, size=(6, 6), padding=(1, 0), pool=(2, 1), layers=("0", "3"))
    x = random_samples(net, 3, 2, binary=False, seed=1).x
    true = {}
    for lam, kind in ((0.9, np.float64), (0.5, np.float32)):
        W, b = [own_network._matrix("w", w).astype(kind) for w in net.W], [v.astype(kind) for v in net.b]
        given = {"W": W, "b": b, "x": x.astype(kind), "lam": kind(lam), "th": kind(0.3)}
        found = own_network._exact_spikes(given, np.array([0, 1]))
        as_fraction = np.frompyfunc(lambda v: Fraction(float(v)), 1, 1)
        exact = {name: [as_fraction(v) for v in given[name]] for name in ("W", "b")}
        s = lif_forward(**exact, x=as_fraction(given["x"]), lam=Fraction(float(kind(lam))), th=Fraction(float(kind(0.3))))[1]
        for ours, theirs in zip(found, s[1:], strict=True):
            assert np.array_equal(ours, theirs != 0)
        true[kind] = found
        certified = certified_lif(**given)
        assert all(np.array_equal(f != 0, t) for f, t in zip(certified.s[1:], found, strict=True))
    assert 0 < np.mean(true[np.float64][1]) < 1


def test_doubt_that_is_too_large_to_be_resolved_is_not_called_proved(tenths: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from bounds.spike_accumulation import own_network

    net = read_network(tenths / "tenths.npz")
    ones = np.ones((12, 1, 1))
    wrong = agreement(net, ones, 1.0, 1.0, "float64")
    assert (wrong.wrong_lif, wrong.wrong_saf, wrong.proved, wrong.first_undecided) == (2, 4, False, 10)
    monkeypatch.setattr(own_network, "EXACT", 0)
    unknown = agreement(net, ones, 1.0, 1.0, "float64")
    assert (unknown.samples_in_doubt, unknown.samples_redone, unknown.wrong_lif, unknown.proved) == (1, 0, 0, False)
    certain = agreement(net, ones[:9], 1.0, 1.0, "float64")
    assert (certain.samples_in_doubt, certain.undecided_lif, certain.proved) == (0, 0, True)


def test_rates_stay_within_their_bounds_and_the_measured_ones_are_tighter(small: Path, maps: Path) -> None:
    for net in (read_network(small), read_network(maps, size=(12, 12), padding=(1, 0), pool=(2, 2))):
        for lam, steps in ((1.0, 32), (0.5, 6)):
            x = random_samples(net, steps, 5, binary=False, seed=2).x
            for layer in rates(net, x, lam, 1.0):
                assert 0 < layer.layer_error <= layer.measured_bound <= layer.layer_bound * (1 + 1e-12)
                assert 0 < layer.error <= layer.measured_total <= layer.bound * (1 + 1e-12)


def test_where_a_theorem_says_equal_gradients_agree_to_rounding_and_elsewhere_they_differ(small: Path, maps: Path) -> None:
    nets = [read_network(small), read_network(maps, size=(12, 12), padding=(1, 0), pool=(2, 2), readout=True)]
    for net in nets:
        for lam, binary in ((0.5, False), (0.0, True), (1.0, True)):
            pairs = gradients(net, random_samples(net, 5, 4, binary=binary, seed=3), lam, 0.75)
            names = {(pair.left, pair.right) for pair in pairs}
            assert (("SR ideal", "OTTT") in names) == (not binary)
            equal = [d for pair in pairs for d, e in zip(pair.difference, pair.equal, strict=True) if e]
            assert max(equal) < 1e-12
            assert all(c > 1 - 1e-12 for pair in pairs for c, e in zip(pair.cosine, pair.equal, strict=True) if e)
            bptt = next(pair for pair in pairs if pair.left == "BPTT")
            assert (max(bptt.difference) > 1e-3) == (lam > 0)


def test_the_report_of_a_readout_has_the_spiking_layers_only_in_its_rates(small: Path) -> None:
    net = read_network(small, readout=True)
    heard: list[str] = []
    found = check_network(net, random_samples(net, 4, 2, binary=False, seed=0), 0.5, 1.0, tick=heard.append)
    assert heard == ["float64", "float32", "rates", "gradients"]
    assert found.rates is not None
    assert [layer.name for layer in found.rates] == ["fc1"]
    assert found.agreement[0].decisions == 4 * 2 * 8
    with pytest.raises(ValueError, match="threshold th must be positive"):
        check_network(net, random_samples(net, 4, 2, binary=False, seed=0), 0.5, -1.0)
