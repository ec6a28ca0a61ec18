"""Files that a user hands over: named arrays from .npz, .npy and .safetensors, and JSON. Nothing in a file is executed.

A file may be damaged, cut short, or something else under this name. All of it is one sentence: which file, what is wrong with
it, and what it should be. Only numpy is imported, and safetensors where such a file is read.
"""

import json
import zipfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np


class UnreadableFile(ValueError):
    """The file is not what its name says; the message says in one sentence what is wrong, and what is allowed."""


def read_arrays(path: str | Path, suffixes: Sequence[str] = (".npz", ".safetensors")) -> dict[str, np.ndarray]:
    """The named arrays of an .npz or .safetensors file, or the one of an .npy file, named x.

    suffixes: those of .npz, .npy and .safetensors that are allowed. UnreadableFile for any other file, whatever is wrong with
    it, Python objects and number formats without a numpy type (bfloat16) included; FileNotFoundError if it is not there.
    """
    file = checked_path(path, suffixes)
    reader = {".npz": _npz, ".npy": _npy, ".safetensors": _safetensors}[file.suffix]
    with _sentence(file, f"is no {file.suffix} of plain arrays, or not a whole one"):
        return reader(file)


def read_metadata(path: str | Path) -> dict[str, str]:
    """The words that a .safetensors file holds beside its arrays; errors as `read_arrays`."""
    file = checked_path(path, (".safetensors",))
    with _sentence(file, "is no whole .safetensors"):
        from safetensors import safe_open

        with safe_open(file, framework="numpy") as archive:
            return dict(archive.metadata() or {})


def read_json(path: str | Path, constant: Callable[[str], Any] | None = None) -> Any:
    """What a JSON file holds; `constant` hears of NaN and infinities, as `parse_constant` of `json.loads` does.

    UnreadableFile if the file is not JSON in UTF-8, is nested too deeply or has integers of too many digits for Python;
    FileNotFoundError if it is not there.
    """
    file = checked_path(path)
    with _sentence(file, "is not whole JSON"):
        return json.loads(file.read_text(encoding="utf-8"), parse_constant=constant)


def checked_path(path: str | Path, suffixes: Sequence[str] = ()) -> Path:
    """The path, if a file with one of the suffixes (none: with any name) is there; errors as `read_arrays`."""
    file = Path(path)
    allowed = " or ".join(part for part in (", ".join(suffixes[:-1]), *suffixes[-1:]) if part)
    if file.is_dir():
        raise UnreadableFile(f"{file} is a folder, not a file{' that ends in ' if allowed else ''}{allowed}")
    if suffixes and file.suffix not in suffixes:
        raise UnreadableFile(f"{file} should end in {allowed}")
    if not file.exists():
        raise FileNotFoundError(f"{file} is not there")
    return file


@contextmanager
def _sentence(file: Path, says: str) -> Iterator[None]:
    """Whatever a parser raises becomes one sentence. Damage gets everywhere: besides their own errors, zipfile, zlib, numpy and
    safetensors raise ValueError, OSError, EOFError, TypeError, KeyError, RuntimeError (encrypted), NotImplementedError (unknown
    compression), MemoryError (a header that claims terabytes), RecursionError, TokenError."""
    try:
        yield
    except Exception as problem:
        if isinstance(problem, OSError) and problem.strerror:
            raise UnreadableFile(f"{file} cannot be read: {problem.strerror}") from problem
        raise UnreadableFile(f"{file} {says}: {_reason(problem)}") from problem


def _reason(problem: Exception) -> str:
    """The first sentence: numpy's second one advises to execute what it takes for a pickle."""
    text = " ".join(str(problem).split())
    if "allow_pickle" in text.partition(". ")[0]:
        return "it holds Python objects"
    return text.partition(". ")[0].removesuffix(".") or type(problem).__name__


def _npz(file: Path) -> dict[str, np.ndarray]:
    with zipfile.ZipFile(file) as archive:
        return {name.removesuffix(".npy"): _array(archive, name) for name in archive.namelist()}


def _array(archive: zipfile.ZipFile, name: str) -> np.ndarray:
    with archive.open(name) as stream:
        return np.asarray(np.lib.format.read_array(stream, allow_pickle=False))


def _npy(file: Path) -> dict[str, np.ndarray]:
    with file.open("rb") as stream:
        return {"x": np.asarray(np.lib.format.read_array(stream, allow_pickle=False))}


def _safetensors(file: Path) -> dict[str, np.ndarray]:
    from safetensors import safe_open

    with safe_open(file, framework="numpy") as archive:
        return {name: _tensor(archive, name) for name in archive.keys()}  # noqa: SIM118 (no mapping)


def _tensor(archive: Any, name: str) -> np.ndarray:
    try:
        return np.asarray(archive.get_tensor(name))
    except (TypeError, AttributeError, KeyError):  # numpy has no such type
        kind = archive.get_slice(name).get_dtype()
        raise TypeError(f"{name} holds {kind} numbers, which numpy does not have (save them as float32)") from None
