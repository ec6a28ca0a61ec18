"""Rows of experiments as CSV files: comment lines with where they come from, a header, then numbers and words."""

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).parent


def load(name: str, folder: Path = FOLDER) -> list[dict[str, Any]]:
    """The rows of a full run: integers, floats, true or false, words; an empty cell is None.

    ValueError if there is no such file. The comment lines are `header`'s.
    """
    lines = _lines(name, folder)
    table = csv.reader(line for line in lines if not line.startswith("#"))
    names = next(table)
    return [{key: _value(cell) for key, cell in zip(names, row, strict=True)} for row in table]


def header(name: str, folder: Path = FOLDER) -> dict[str, str]:
    """Where the rows come from: command, versions, seconds."""
    pairs = (line[1:].partition(":") for line in _lines(name, folder) if line.startswith("#"))
    return {key.strip(): value.strip() for key, _, value in pairs}


def save(file: Path, rows: Sequence[Mapping[str, Any]], about: Mapping[str, str]) -> None:
    """Write the rows; the columns are the keys in the order in which they first appear."""
    text = io.StringIO()
    for key, value in about.items():
        text.write(f"# {key}: {value}\n")
    table = csv.DictWriter(text, list(dict.fromkeys(key for row in rows for key in row)), lineterminator="\n")
    table.writeheader()
    table.writerows({key: _cell(value) for key, value in row.items()} for row in rows)
    file.write_text(text.getvalue(), encoding="utf-8")


def _lines(name: str, folder: Path) -> list[str]:
    file = folder / f"{name}.csv"
    if not file.is_file():
        raise ValueError(f"there is no result {file.name} in {folder}; proofs-check experiment {name} makes it")
    return file.read_text(encoding="utf-8").splitlines()


def _cell(value: Any) -> Any:
    return "" if value is None else str(value).lower() if isinstance(value, bool) else value


def _value(cell: str) -> Any:
    if cell in ("", "true", "false"):
        return {"": None, "true": True, "false": False}[cell]
    for kind in (int, float):
        try:
            return kind(cell)
        except ValueError:
            continue
    return cell
