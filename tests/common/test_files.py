"""Files that a user hands over: what is whole comes back as it was, and what is not is one sentence, whatever the damage."""

import io
import json
import pickle
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from bounds.common.files import UnreadableFile, checked_path, read_arrays, read_json, read_metadata

ALL = (".npz", ".npy", ".safetensors")
W = np.random.default_rng(0).normal(size=(64, 64))


def npy(array: np.ndarray) -> bytes:
    stream = io.BytesIO()
    np.save(stream, array, allow_pickle=True)
    return stream.getvalue()


def claimed(*, shape: str = "(1,)", kind: str = "<f8") -> bytes:
    """An .npy of eight bytes whose header claims something else."""
    text = f"{{'descr': '{kind}', 'fortran_order': False, 'shape': {shape}}}\n".encode()
    return b"\x93NUMPY\x01\x00" + struct.pack("<H", len(text)) + text + bytes(8)


def npz(content: bytes, name: str = "w.npy", compression: int = zipfile.ZIP_STORED) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w", compression) as archive:
        archive.writestr(name, content)
    return stream.getvalue()


def flipped(content: bytes, first: int, last: int) -> bytes:
    return content[:first] + bytes(byte ^ 0xFF for byte in content[first:last]) + content[last:]


def marked(content: bytes, *, flag: int = 0, method: int | None = None) -> bytes:
    """A zip whose headers say that it is encrypted (flag 1) or packed by another method."""
    out = bytearray(content)
    for start, at in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        where = out.index(start) + at
        out[where] |= flag
        if method is not None:
            out[where + 2 : where + 4] = struct.pack("<H", method)
    return bytes(out)


def tensors(kind: str, size: int, held: int) -> bytes:
    header = json.dumps({"w": {"dtype": kind, "shape": [2], "data_offsets": [0, size]}}).encode()
    return struct.pack("<Q", len(header)) + header + bytes(held)


DAMAGED: dict[str, tuple[str, bytes, str]] = {
    "nothing": (".npz", b"", "File is not a zip file"),
    "a letter": (".npz", b"dear reader", "File is not a zip file"),
    "an .npy under this name": (".npz", npy(W), "File is not a zip file"),
    "a pickle": (".npz", pickle.dumps({"w": 1}), "File is not a zip file"),
    "cut short": (".npz", npz(npy(W))[:9000], "File is not a zip file"),
    "bytes changed": (".npz", flipped(npz(npy(W)), 300, 310), "Bad CRC-32 for file 'w.npy'"),
    "compressed bytes changed": (
        ".npz",
        flipped(npz(npy(W), compression=zipfile.ZIP_DEFLATED), 120, 400),
        "while decompressing",
    ),
    "packed by bzip2": (".npz", flipped(npz(npy(W), compression=zipfile.ZIP_BZIP2), 120, 400), ""),
    "packed by lzma": (".npz", flipped(npz(npy(W), compression=zipfile.ZIP_LZMA), 120, 400), ""),
    "an unknown packer": (".npz", marked(npz(npy(W)), method=77), "compression method is not supported"),
    "encrypted": (".npz", marked(npz(npy(W)), flag=1), "is encrypted, password required"),
    "another member": (".npz", npz(b"dear reader", "letter.txt"), "magic string is not correct"),
    "objects in it": (".npz", npz(npy(np.array([{}, None]))), "it holds Python objects"),
    "terabytes claimed in it": (".npz", npz(claimed(shape=f"({'9' * 15},)")), "Unable to allocate"),
    "more than a size claimed": (".npz", npz(claimed(shape=f"({2**62}, {2**62})")), ""),
    "no array": (".npy", b"", "expected 8 bytes got 0"),
    "no letter": (".npy", b"dear reader", "magic string is not correct"),
    "pickled": (".npy", pickle.dumps(W), "magic string is not correct"),
    "objects": (".npy", npy(np.array([{}])), "it holds Python objects"),
    "half": (".npy", npy(W)[:9000], ""),
    "terabytes claimed": (".npy", claimed(shape=f"({'9' * 15},)"), "Unable to allocate"),
    "a negative side": (".npy", claimed(shape="(-5,)"), ""),
    "a deep header": (".npy", claimed(shape="(" * 3000), ""),
    "a long header": (".npy", claimed(shape=" " * 20_000 + "(1,)"), "Header info length"),
    "an unknown kind": (".npy", claimed(kind="<q77"), ""),
    "no tensors": (".safetensors", b"", "header too small"),
    "noise": (".safetensors", b"\x80\x81 no such file", "header too large"),
    "a header without an end": (".safetensors", tensors("F32", 8, 8)[:30], ""),
    "half of the tensors": (".safetensors", tensors("F32", 8, 4), ""),
    "bfloat16": (
        ".safetensors",
        tensors("BF16", 4, 4),
        "w holds BF16 numbers, which numpy does not have (save them as float32)",
    ),
    "an unknown type": (".safetensors", tensors("F77", 4, 4), ""),
}


@pytest.mark.parametrize("case", DAMAGED)
def test_whatever_is_wrong_with_a_file_is_one_sentence_that_names_it(case: str, tmp_path: Path) -> None:
    suffix, content, reason = DAMAGED[case]
    file = tmp_path / f"given{suffix}"
    file.write_bytes(content)
    with pytest.raises(UnreadableFile) as caught:
        read_arrays(file, ALL)
    says = str(caught.value)
    assert says.startswith(f"{file} is no {suffix} of plain arrays, or not a whole one: ")
    assert reason in says
    assert "\n" not in says
    assert ". " not in says
    assert "allow_pickle" not in says
    assert len(says) < len(str(file)) + 400


@pytest.mark.parametrize("seed", range(4))
def test_random_damage_is_a_sentence_or_changes_nothing_that_is_checked(seed: int, tmp_path: Path) -> None:
    """A flipped byte in the numbers of an .npy or .safetensors is not seen by anyone; everything else is."""
    rng = np.random.default_rng(seed)
    small = {"w": rng.normal(size=(5, 4)), "b": np.arange(3)}
    np.savez(tmp_path / "a.npz", **small)  # type: ignore[arg-type]
    np.savez_compressed(tmp_path / "b.npz", **small)  # type: ignore[arg-type]
    save_file(small, tmp_path / "c.safetensors")
    np.save(tmp_path / "d.npy", small["w"])
    said = []
    for name in ("a.npz", "b.npz", "c.safetensors", "d.npy"):
        whole, file = (tmp_path / name).read_bytes(), tmp_path / name
        for _ in range(100):
            content = bytearray(whole)
            for at in rng.integers(0, len(content), rng.integers(1, 6)):
                content[at] = rng.integers(0, 256)
            file.write_bytes(bytes(content[: len(content) - rng.integers(0, 2) * rng.integers(0, len(content))]))
            try:
                read_arrays(file, ALL)
            except UnreadableFile as problem:
                said.append(str(problem))
    assert len(said) > 200
    assert not [words for words in said if len(words.splitlines()) != 1 or "allow_pickle" in words]


def test_whole_files_come_back_as_they_were(tmp_path: Path) -> None:
    held: dict[str, np.ndarray] = {"w": W.astype(np.float16), "b": np.arange(3), "on": np.array(True), "none": np.zeros((0, 4))}
    np.savez(tmp_path / "a.npz", **held)  # type: ignore[arg-type]
    np.savez_compressed(tmp_path / "b.npz", **held, word=np.array("full"))  # type: ignore[arg-type]
    save_file(held, tmp_path / "c.safetensors", metadata={"kind": "full"})
    np.save(tmp_path / "d.npy", np.asfortranarray(W))
    for name in ("a.npz", "b.npz", "c.safetensors"):
        found = read_arrays(str(tmp_path / name))
        for key, value in held.items():
            assert found[key].dtype == value.dtype
            np.testing.assert_array_equal(found[key], value)
    assert str(read_arrays(tmp_path / "b.npz")["word"]) == "full"
    assert read_metadata(tmp_path / "c.safetensors") == {"kind": "full"}
    np.testing.assert_array_equal(read_arrays(tmp_path / "d.npy", ALL)["x"], W)


def test_what_is_no_file_or_another_kind_of_file_is_said(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match=r"absent\.npz is not there$"):
        read_arrays(tmp_path / "absent.npz")
    (tmp_path / "folder.npz").mkdir()
    with pytest.raises(UnreadableFile, match=r"folder\.npz is a folder, not a file that ends in \.npz or \.safetensors$"):
        read_arrays(tmp_path / "folder.npz")
    with pytest.raises(UnreadableFile, match=r"net\.pt should end in \.npz or \.safetensors$"):
        read_arrays(tmp_path / "net.pt")
    with pytest.raises(UnreadableFile, match=r"net\.pt should end in \.npz, \.npy or \.safetensors$"):
        read_arrays(tmp_path / "net.pt", ALL)
    with pytest.raises(UnreadableFile, match=r"net\.npz should end in \.npy$"):
        read_arrays(tmp_path / "net.npz", (".npy",))
    with pytest.raises(UnreadableFile, match=r"is a folder, not a file$"):
        checked_path(tmp_path)
    (tmp_path / "torn.safetensors").write_bytes(b"torn")
    with pytest.raises(UnreadableFile, match=r"is no whole \.safetensors: "):
        read_metadata(tmp_path / "torn.safetensors")


@pytest.mark.parametrize("read", [lambda file: read_arrays(file, ALL), read_json])
def test_a_file_that_may_not_be_read_is_said(
    read: Callable[[Path], object], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied")

    file = tmp_path / "secret.npy"
    file.write_bytes(npy(W))
    monkeypatch.setattr(Path, "open", refuse)  # the superuser, whom tests may run as, may read anything
    with pytest.raises(UnreadableFile, match=r"secret\.npy cannot be read: Permission denied$"):
        read(file)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "Expecting value"),
        (b'{"a": 1', "Expecting"),
        (b"\xff\xfe\x00", "can't decode byte 0xff"),
        (b"\xef\xbb\xbf{}", "BOM"),
        (b"[" * 100_000, "recursion"),
        (b'{"a":' * 100_000, "recursion"),
        (b"[" + b"1" * 5000 + b"]", "Exceeds the limit"),
        (b"[1, NaN]", "NaN is no number"),
    ],
)
def test_what_is_no_json_is_one_sentence(content: bytes, reason: str, tmp_path: Path) -> None:
    def refuse(word: str) -> None:
        raise ValueError(f"{word} is no number")

    file = tmp_path / "given.json"
    file.write_bytes(content)
    with pytest.raises(UnreadableFile, match=r"given\.json is not whole JSON: ") as caught:
        read_json(file, refuse)
    assert reason in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1
    (tmp_path / "whole.json").write_text('{"ä": [1, 0.5]}', encoding="utf-8")
    assert read_json(tmp_path / "whole.json") == {"ä": [1, 0.5]}


def test_reading_npz_needs_no_safetensors(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    np.savez(tmp_path / "a.npz", w=W)
    monkeypatch.setitem(sys.modules, "safetensors", None)
    assert set(read_arrays(tmp_path / "a.npz")) == {"w"}
