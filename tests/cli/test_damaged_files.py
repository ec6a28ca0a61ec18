"""Every command that reads a file, given a damaged one: exit code 2 and one sentence that names the file."""

import sys
from pathlib import Path

import numpy as np
import pytest

from proofs_check.cli import main

W = np.random.default_rng(0).normal(size=(64, 64))
STATES = ("--weights-states", "3", "--activation-states", "4")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """damaged.npz, which unpacks to nothing, and whole files to go with it."""
    monkeypatch.chdir(tmp_path)
    np.savez_compressed("damaged.npz", x=W)
    content = bytearray(Path("damaged.npz").read_bytes())
    content[120:400] = bytes(byte ^ 0xFF for byte in content[120:400])
    Path("damaged.npz").write_bytes(content)
    np.savez("net.npz", **{"fc.weight": W[:3, :2]})  # type: ignore[arg-type]
    np.savez("rnn.npz", weight_ih_l0=W[:4, :2], weight_hh_l0=W[:4, :4])
    np.save("half.npy", W)
    Path("half.npy").write_bytes(Path("half.npy").read_bytes()[:5000])
    Path("proof.json").write_text("{}", encoding="utf-8")
    return tmp_path


def said(words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """The one sentence, with exit code 2 and nothing on standard output."""
    monkeypatch.setattr(sys, "argv", ["proofs-check", *words])
    with pytest.raises(SystemExit) as left:
        main()
    out, err = capsys.readouterr()
    assert (left.value.code, out) == (2, "")
    [line] = err.strip().splitlines()
    assert ". " not in line
    return line


@pytest.mark.parametrize(
    "words",
    [
        ("entropy", "damaged.npz"),
        ("recovery", "damaged.npz"),
        ("verify-proof", "proof.json", "--weights", "damaged.npz"),
        ("spikes", "damaged.npz"),
        ("spikes", "net.npz", "--input", "damaged.npz"),
        ("energy", "damaged.npz", "--input", "net.npz"),
        ("energy", "net.npz", "--input", "damaged.npz"),
        ("quantize", "damaged.npz", *STATES),
        ("quantize", "net.npz", *STATES, "--input", "damaged.npz"),
        ("prune", "damaged.npz", "--data", "half.npy", "--keep", "1"),
    ],
    ids=" ".join,
)
@pytest.mark.usefixtures("here")
def test_a_damaged_compressed_npz_is_one_sentence(
    words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    says = said(words, monkeypatch, capsys)
    assert says.startswith("proofs-check: damaged.npz is no .npz of plain arrays, or not a whole one: ")
    assert "while decompressing data" in says


@pytest.mark.usefixtures("here")
def test_half_a_file_of_sequences_is_one_sentence(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    says = said(("prune", "rnn.npz", "--data", "half.npy", "--keep", "1"), monkeypatch, capsys)
    assert says.startswith("proofs-check: half.npy is no .npy of plain arrays, or not a whole one: ")


@pytest.mark.parametrize("verb", ["replay", "verify-proof", "entropy"])
@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xfe\x00",
        b"[1]",
        b"[" * 100_000,
        b'{"point":' * 100_000,
        b'{"steps": ' + b"1" * 5000 + b"}",
    ],
    ids=["nothing", "no UTF-8", "no object", "deep list", "deep object", "long integer"],
)
def test_json_that_is_not_what_a_command_reads_is_one_sentence(
    verb: str, content: bytes, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "given.json").write_bytes(content)
    assert said((verb, "given.json"), monkeypatch, capsys).startswith("proofs-check: given.json")


@pytest.mark.parametrize(
    "content",
    [
        b'{"weights": [1], "means": [[1' + b"0" * 400 + b']], "covariances": [[[1]]]}',
        b'{"weights": ' + b"[" * 900 + b"]" * 900 + b', "means": [[1]], "covariances": [[[1]]]}',
    ],
    ids=["large integer", "deep list"],
)
def test_numbers_of_a_mixture_that_no_float_holds_are_one_sentence(
    content: bytes, here: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (here / "given.json").write_bytes(content)
    assert "should be an array of real numbers" in said(("entropy", "given.json"), monkeypatch, capsys)
