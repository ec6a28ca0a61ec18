"""What the verbs share: bad input as one sentence, output as JSON, the options of a network of layers, a progress bar."""

import json
import math
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, Any

import typer

from proofs_check import __version__

if TYPE_CHECKING:
    import numpy as np

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines instead of tables for people.")]
Seed = Annotated[int, typer.Option(min=0, help="Seed of every random draw.")]

_NUMBERS = "one number for all convolutions, or one for each: 1,2,1"
Layers = Annotated[str, typer.Option(help="Names in order: conv1,conv2,fc1. Natural order unless given.")]
Size = Annotated[str, typer.Option(help="Height and width of the input maps, 28x28, if --input does not say.")]
Stride = Annotated[str, typer.Option(help=f"Of convolutions: {_NUMBERS}.")]
Padding = Annotated[str, typer.Option(help=f"Of convolutions: {_NUMBERS}.")]
Pool = Annotated[str, typer.Option(help=f"Average pooling behind convolutions: {_NUMBERS}.")]


class Problem(Exception):
    """Bad input: one clear sentence, exit code 2."""


@contextmanager
def one_sentence(*kinds: type[Exception]) -> Iterator[None]:
    """Turn the named exceptions into a Problem with the same message; what the system refuses, without its number."""
    try:
        yield
    except kinds as problem:
        if isinstance(problem, OSError) and problem.strerror and problem.filename is not None:
            raise Problem(f"{problem.filename}: {problem.strerror}") from problem
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


def counted(n: int, word: str) -> str:
    """So many of something: "1 claim", "153 claims"."""
    return f"{n:,} {word}{'s' * (n != 1)}"


def console() -> Any:
    """A rich console for tables: as wide as the terminal, or 100 columns in a file or a pipe."""
    from rich.console import Console

    return Console(highlight=False, width=None if sys.stdout.isatty() or "COLUMNS" in os.environ else 100)


@contextmanager
def progress(doing: str, total: int) -> Iterator[Callable[[int], None]]:
    """A bar on a terminal's standard error, and nothing elsewhere; tell it how much is done."""
    from rich.console import Console
    from rich.progress import Progress

    screen = Console(stderr=True)
    with Progress(console=screen, transient=True, disable=not screen.is_terminal) as bar:
        shown = bar.add_task(doing, total=total)
        yield lambda done: bar.update(shown, completed=done)


# ---- networks of layers ---------------------------------------------------------------------------------------------


def network_options(layers: str, size: str, stride: str, padding: str, pool: str, given: "np.ndarray | None") -> dict[str, Any]:
    """--layers, --size and the options of convolutions as `read_network` takes them; `given`: the input, whose last axes tell
    the size of its maps unless --size does."""
    maps = _size(size) if size or given is None or given.ndim < 3 else (given.shape[-2], given.shape[-1])
    names = [name.strip() for name in layers.split(",") if name.strip()]
    numbers = {name: _numbers(name, text) for name, text in (("stride", stride), ("padding", padding), ("pool", pool))}
    return {"layers": names, "size": maps, **numbers}


def _size(text: str) -> tuple[int, int] | None:
    """--size as numbers."""
    parts = text.lower().split("x")
    if not text:
        return None
    if len(parts) not in (1, 2) or not all(part.strip().isdecimal() and int(part) > 0 for part in parts):
        raise Problem(f"--size should be HEIGHTxWIDTH, such as 28x28, got {text!r}")
    return int(parts[0]), int(parts[-1])


def _numbers(name: str, text: str) -> list[int]:
    """An option of convolutions as numbers."""
    parts = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() for part in parts):
        raise Problem(f"--{name} should be {_NUMBERS}, got {text!r}")
    return [int(part) for part in parts]
