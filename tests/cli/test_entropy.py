"""`proofs-check entropy` as a user meets it: tables, JSON, bad input in one sentence with exit code 2."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from proofs_check.cli.entropy import _nats, _power
from tests.gmm_entropy.oracles import LINE, LINE_GAP


def entropy(*words: str) -> subprocess.CompletedProcess[str]:
    program = "import sys; from proofs_check.cli import main; sys.argv[0] = 'proofs-check'; main()"
    return subprocess.run([sys.executable, "-c", program, "entropy", *words], capture_output=True, text=True, timeout=100)


@pytest.fixture
def line(tmp_path: Path) -> Path:
    file = tmp_path / "line.npz"
    np.savez(file, weights=LINE.w, means=LINE.mu, covariances=LINE.cov, covariance_type="full")
    return file


def test_the_table_encloses_gap_and_entropy(line: Path) -> None:
    done = entropy(str(line), "--samples", "2000")
    assert done.returncode == 0, done.stderr
    assert "3 components in 1 dimension;" in done.stdout
    rows = [row.split() for row in done.stdout.splitlines() if row.startswith("gap H̃ − H")]
    for row in rows:
        lo, hi = float(row[4]), float(row[5])
        assert lo <= float(LINE_GAP) <= hi
    assert len(rows) == 2


def test_json_is_one_document_and_the_same_for_the_same_seed(line: Path) -> None:
    first, second = (entropy(str(line), "--samples", "500", "--seed", "3", "--json").stdout for _ in range(2))
    assert first == second
    found = json.loads(first)
    assert found["gap"]["lo"] <= float(LINE_GAP) <= found["gap"]["hi"]
    assert found["entropy"]["lo"] <= 2.101001889097805 <= found["entropy"]["hi"]
    assert found["unit"] == "nats"
    assert len(found["alpha"]) == 3


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["absent.npz"], "absent.npz is not there"),
        (["mixture.pkl"], "should end in .npz, .json or .safetensors"),
        (["{line}", "--samples", "1"], "--samples takes 0, or at least 2"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(words: list[str], sentence: str, line: Path) -> None:
    done = entropy(*(word.format(line=line) for word in words))
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_one_component_has_no_gap_for_certain_but_its_entropy_is_rounded(tmp_path: Path) -> None:
    np.savez(tmp_path / "one.npz", weights=[1.0], means=[[0.0]], covariances=[[[1.0]]])
    rows = entropy(str(tmp_path / "one.npz"), "--samples", "0").stdout.splitlines()
    [gap], [whole] = ([row for row in rows if row.startswith(name)] for name in ("gap H̃", "entropy H"))
    assert " proved " in gap
    assert " rounded " in whole


def test_means_too_far_apart_for_floats_are_one_sentence(tmp_path: Path) -> None:
    np.savez(tmp_path / "far.npz", weights=[0.5, 0.5], means=[[0.0], [1e200]], covariances=np.ones((2, 1, 1)))
    done = entropy(str(tmp_path / "far.npz"))
    assert done.returncode == 2
    assert "Traceback" not in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1


def test_printed_ends_are_rounded_outwards() -> None:
    for value in np.random.default_rng(0).uniform(1e-8, 3.0, 200):
        assert float(_power(np.log(value), up=False)) <= value * (1 + 1e-15)
        assert float(_power(np.log(value), up=True)) >= value * (1 - 1e-15)
        assert float(_nats(value, up=False)) <= value <= float(_nats(value, up=True))
    assert _power(-np.inf) == "0"
    assert _power(-1253.68712385448, up=False).endswith("e-545")
    assert _power(-4999990000014485.0) == "exp(-4999990000014485.0)"
