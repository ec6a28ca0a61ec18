"""`proofs-check prune` as a user meets it: the table, JSON, the file that it writes, bad input in one sentence."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

import bounds.spectral_pruning as sp
from bounds.spectral_pruning.own_network import pruned_arrays

RNG = np.random.default_rng(5)
WH = RNG.standard_normal((9, 9))
ARRAYS = {
    "rnn.weight_ih_l0": RNG.standard_normal((9, 2)),
    "rnn.weight_hh_l0": 0.8 * WH / np.linalg.norm(WH, 2),
    "rnn.bias_ih_l0": 0.1 * RNG.standard_normal(9),
    "rnn.bias_hh_l0": 0.1 * RNG.standard_normal(9),
    "fc.weight": RNG.standard_normal((3, 9)),
    "fc.bias": RNG.standard_normal(3),
    "embedding.weight": RNG.standard_normal((4, 2)),
}
X = RNG.standard_normal((7, 10, 2))


def prune(*words: str) -> subprocess.CompletedProcess[str]:
    program = "import sys; from proofs_check.cli import main; sys.argv[0] = 'proofs-check'; main()"
    return subprocess.run([sys.executable, "-c", program, "prune", *words], capture_output=True, text=True, timeout=100)


@pytest.fixture
def here(tmp_path: Path) -> Path:
    save_file(ARRAYS, tmp_path / "net.safetensors")
    np.save(tmp_path / "x.npy", X)
    return tmp_path


def test_the_table_says_what_is_kept_lost_and_promised(here: Path) -> None:
    words = (str(here / "net.safetensors"), "--data", str(here / "x.npy"), "--activation", "relu", "--keep", "5")
    done = prune(*words, "--out", str(here / "small.safetensors"))
    assert done.returncode == 0, done.stderr
    assert "9 relu units, read by fc.weight; 7 sequences of 10 steps" in done.stdout
    lines = done.stdout.splitlines()
    values = {line.split()[0]: float(line.split()[1]) for line in lines if line[:2] in ("B0", "B1", "B2", "B3", "B4", "me")}
    assert values["measured"] <= values["B3"] <= values["B2"] <= values["B1"] <= values["B0"]
    assert values["measured"] <= values["B4"] * 1.001
    assert "torch.nn.RNN(2, 5, nonlinearity='relu')" in lines[-2]
    assert lines[-1].startswith("rnn.weight_hh_l0 is W_hh[J, :] A and fc.weight is W_o A")
    small = load_file(here / "small.safetensors")
    assert {name: array.shape for name, array in small.items()} == {
        "rnn.weight_ih_l0": (5, 2),
        "rnn.weight_hh_l0": (5, 5),
        "rnn.bias_ih_l0": (5,),
        "rnn.bias_hh_l0": (5,),
        "fc.weight": (3, 5),
        "fc.bias": (3,),
        "embedding.weight": (4, 2),
    }


def test_json_is_one_document_and_the_same_for_the_same_seed(here: Path) -> None:
    words = (str(here / "net.safetensors"), "--data", str(here / "x.npy"), "--keep", "4", "--method", "dpp", "--json")
    first, second = (prune(*words, "--seed", "3").stdout for _ in range(2))
    assert first == second
    found = json.loads(first)
    assert len(found["kept"]) == 4
    assert found["bounds"]["B4"] is None  # tanh
    assert found["error"] <= found["bounds"]["B3"]
    assert found["objective"]["lower_bound"] <= found["objective"]["value"] <= found["objective"]["total"]
    assert [entry["N"] for entry in found["dof"]] == sorted(entry["N"] for entry in found["dof"])
    assert found["parameters"] == {"before": 81 + 18 + 9 + 27 + 3, "after": 16 + 8 + 4 + 12 + 3}


def test_a_loss_keeps_few_units_and_exact_has_no_gap(here: Path) -> None:
    words = (str(here / "net.safetensors"), "--data", str(here / "x.npy"), "--loss", "0.02", "--method", "exact")
    done = prune(*words, "--json")
    found = json.loads(done.stdout)
    assert found["input_loss"] <= 0.02 * found["variance"]
    assert found["objective"]["gap"] < 1e-6
    net = sp.read_network(here / "net.safetensors")
    fewer = sp.prune_network(net, X, keep=len(found["kept"]) - 1, method="exact").pruning
    assert fewer.input_loss > 0.02 * fewer.variance


def test_what_is_written_is_the_network_that_was_measured(here: Path) -> None:
    net = sp.read_network(here / "net.safetensors", "fc.weight", "relu")
    found = sp.prune_network(net, X, keep=5)
    sp.write_network(here / "small.safetensors", found)
    again = sp.read_network(here / "small.safetensors", activation="relu")
    y, small = (sp.rnn_forward(params, X)[1] for params in (net.params, again.params))
    assert sp.rms_norm(y - small) == pytest.approx(found.pruning.error, rel=1e-9)
    assert found.output == pytest.approx(sp.rms_norm(y - ARRAYS["fc.bias"]))


def test_without_a_head_the_state_is_the_output(here: Path) -> None:
    bare = {name.removeprefix("rnn."): array.astype("f4") for name, array in ARRAYS.items() if name.startswith("rnn.weight")}
    np.savez(here / "bare.npz", **bare)  # type: ignore[arg-type]
    found = sp.prune_network(sp.read_network(here / "bare.npz"), X, keep=6)
    out = pruned_arrays(found)
    assert out["reconstruction.weight"] == pytest.approx(found.pruning.A, rel=1e-6)
    assert {array.dtype for array in out.values()} == {np.dtype("f4")}
    assert sorted(out) == ["reconstruction.weight", "weight_hh_l0", "weight_ih_l0"]


def test_sequences_of_one_input_need_no_last_axis(here: Path) -> None:
    np.savez(here / "one.npz", weight_ih_l0=np.ones((2, 1)), weight_hh_l0=0.1 * np.eye(2))
    np.save(here / "two_axes.npy", np.ones((3, 4)))
    assert sp.read_sequences(here / "two_axes.npy", sp.read_network(here / "one.npz")).shape == (3, 4, 1)


def test_a_linear_layer_that_makes_the_inputs_is_no_wrong_head(tmp_path: Path) -> None:
    layers = {
        "first.weight": np.ones((5, 7)),
        "first.bias": np.ones(5),
        "next.weight": np.ones((1, 5)),
        "next.bias": np.ones(1),
    }
    np.savez(tmp_path / "net.npz", weight_hh_l0=np.eye(2), weight_ih_l0=np.ones((2, 1)), **layers)  # type: ignore[arg-type]
    assert sp.read_network(tmp_path / "net.npz").head is None


def test_a_network_that_says_nothing_has_no_vacuous_bounds(here: Path) -> None:
    save_file({name: np.zeros_like(array) for name, array in ARRAYS.items()}, here / "silent.safetensors")
    done = prune(str(here / "silent.safetensors"), "--data", str(here / "x.npy"), "--keep", "2")
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("vacuous") == 1  # the legend


BAD_DATA = {
    "wide": X[:, :, :1],
    "flat": X[0],
    "nan": np.where(np.arange(2) == 1, np.nan, X),
    "words": np.array(["a", "b"]),
}
BAD_NETS: dict[str, dict[str, np.ndarray]] = {
    "lstm": {"weight_hh_l0": np.ones((8, 2)), "weight_ih_l0": np.ones((8, 1))},
    "deep": {"weight_hh_l0": np.eye(2), "weight_ih_l0": np.ones((2, 1)), "weight_ih_l1": np.ones((2, 2))},
    "both": {"weight_hh_l0": np.eye(2), "weight_ih_l0": np.ones((2, 1)), "weight_ih_l0_reverse": np.ones((2, 1))},
    "shape": {"weight_hh_l0": np.eye(2), "weight_ih_l0": np.ones((3, 1))},
    "hole": {"weight_hh_l0": np.full((2, 2), np.nan), "weight_ih_l0": np.ones((2, 1))},
    "other": {"fc.weight": np.eye(2)},
    "wrong head": {
        "weight_hh_l0": np.eye(2),
        "weight_ih_l0": np.ones((2, 1)),
        "fc.weight": np.ones((5, 7)),
        "fc.bias": np.ones(5),
    },
    "bias": {"weight_hh_l0": np.eye(2), "weight_ih_l0": np.ones((2, 1)), "bias_hh_l0": np.array([1.0, np.inf])},
    "heads": {"weight_hh_l0": np.eye(2), "weight_ih_l0": np.ones((2, 1)), "a.weight": np.eye(2), "b.weight": np.eye(2)},
}


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["net.safetensors"], "either --keep"),
        (["net.safetensors", "--keep", "2", "--loss", "0.1"], "either --keep"),
        (["net.safetensors", "--keep", "10"], "0..9"),
        (["net.safetensors", "--loss", "1.5"], "between 0 and 1"),
        (["net.safetensors", "--keep", "2", "--method", "look-ahead"], "did you mean lookahead"),
        (["net.safetensors", "--keep", "2", "--activation", "gelu"], "no activation 'gelu'"),
        (["net.safetensors", "--keep", "2", "--head", "out"], "no entry out.weight"),
        (["net.safetensors", "--keep", "2", "--out", "small.pt"], "written as .safetensors"),
        (["net.safetensors", "--keep", "2", "--tau", "-1"], "tau must be >= 0"),
        (["net.safetensors", "--keep", "2", "--out", "{here}/no/small.safetensors"], "there is no folder"),
        (["net.safetensors", "--loss", "1", "--out", "{here}/small.safetensors"], "no unit is kept"),
        (["net.pt", "--keep", "2"], "net.pt should end in .npz or .safetensors"),
        (["absent.npz", "--keep", "2"], "is not there"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(words: list[str], sentence: str, here: Path) -> None:
    name, *options = (word.format(here=here) for word in words)
    done = prune(str(here / name), "--data", str(here / "x.npy"), *options)
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("lstm", "as an LSTM has"),
        ("deep", "more than one layer"),
        ("both", "two directions"),
        ("shape", r"\(m, d_x\) with m = 2"),
        ("hole", "NaN"),
        ("other", "ends in weight_hh_l0"),
        ("heads", "a, b: name one"),
        ("wrong head", r"fc.weight of net.npz has shape \(5, 7\) and cannot read the 2 units"),
        ("bias", "bias_ih_l0 or bias_hh_l0 of net.npz holds NaN or infinity"),
    ],
)
def test_files_that_hold_no_such_network_get_one_sentence(name: str, sentence: str, tmp_path: Path) -> None:
    np.savez(tmp_path / "net.npz", **BAD_NETS[name])  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=sentence) as problem:
        sp.read_network(tmp_path / "net.npz")
    assert "\n" not in str(problem.value)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("wide", "width 1, and the network reads width 2"),
        ("flat", r"\(n, T, 2\)"),
        ("nan", "sequence 0, step 0, input 1"),
        ("words", "real numbers"),
    ],
)
def test_data_that_do_not_fit_get_one_sentence(name: str, sentence: str, here: Path) -> None:
    np.save(here / "bad.npy", BAD_DATA[name])
    with pytest.raises(ValueError, match=sentence) as problem:
        sp.read_sequences(here / "bad.npy", sp.read_network(here / "net.safetensors"))
    assert "\n" not in str(problem.value)


def test_files_that_cannot_be_read_get_one_sentence(here: Path) -> None:
    (here / "broken.npy").write_bytes(b"\x93NUMPY and no more")
    (here / "letter.npy").write_text("dear reader")
    np.save(here / "objects.npy", np.array([{}], dtype=object))
    (here / "folder.npy").mkdir()
    net = sp.read_network(here / "net.safetensors")
    for name in ("broken.npy", "objects.npy", "letter.npy"):
        with pytest.raises(ValueError, match=r"is no \.npy of plain arrays, or not a whole one: "):
            sp.read_sequences(here / name, net)
    with pytest.raises(ValueError, match="a folder"):
        sp.read_sequences(here / "folder.npy", net)
