"""What the verbs share: bad input as one sentence, output as JSON, the version."""

import json
import math
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated, Any

import typer

from proofs_check import __version__

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines instead of tables for people.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of every random draw.")]


class Problem(Exception):
    """Bad input: one clear sentence, exit code 2."""


@contextmanager
def one_sentence(*kinds: type[Exception]) -> Iterator[None]:
    """Turn the named exceptions into a Problem with the same message."""
    try:
        yield
    except kinds as problem:
        raise Problem(str(problem)) from problem


def _show_version(wanted: bool) -> None:
    if wanted:
        print(f"proofs-check {__version__}")
        raise typer.Exit


def version_option(
    version: Annotated[
        bool, typer.Option("--version", callback=_show_version, is_eager=True, help="Print the version and leave.")
    ] = False,
) -> None:
    """Options of the command itself."""


def finite(value: Any) -> Any:
    """The same value with infinities and NaN as strings: JSON has no words for them."""
    if isinstance(value, float) and not math.isfinite(value):
        return repr(value)
    if isinstance(value, dict):
        return {key: finite(entry) for key, entry in value.items()}
    if isinstance(value, list | tuple):
        return [finite(entry) for entry in value]
    return value


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    print(json.dumps(finite(value), ensure_ascii=False, indent=2, allow_nan=False))


def console() -> Any:
    """A rich console for tables: as wide as the terminal, or 100 columns in a file or a pipe."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 100)
