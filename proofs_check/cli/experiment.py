"""`proofs-check experiment`."""

import importlib
import json as js
import pkgutil
import time
from collections.abc import Iterator
from concurrent.futures import Executor, as_completed
from pathlib import Path
from types import ModuleType
from typing import Annotated, Any

import typer

from proofs_check.cli.common import Json, Problem, console, finite, one_sentence, print_json


def names_of_experiments() -> list[str]:
    """Every module of the package `experiments`: found, not listed. (Imported by name: it lies above this package.)"""
    package = importlib.import_module("experiments")
    return sorted(info.name for info in pkgutil.iter_modules(package.__path__) if not info.ispkg)


def rows_of(name: str, unit: dict[str, Any]) -> list[dict[str, Any]]:
    """The rows of one unit, as plain values: what a worker process does."""
    rows = importlib.import_module(f"experiments.{name}").work(**unit)
    return [{key: value.item() if hasattr(value, "item") else value for key, value in row.items()} for row in rows]


def experiment(
    name: Annotated[str | None, typer.Argument(metavar="[NAME]", help="The experiment; without it, a list of all.")] = None,
    quick: Annotated[bool, typer.Option("--quick", help="The small form: under two minutes.")] = False,
    kept: Annotated[bool, typer.Option("--kept", help="The table of the full run that is kept; nothing is computed.")] = False,
    out: Annotated[Path, typer.Option(help="Folder for NAME.csv.")] = Path("out"),
    jobs: Annotated[int, typer.Option(min=1, help="Worker processes; experiments that measure time take one.")] = 1,
    json: Json = False,
) -> None:
    """Repeat an experiment: units of work one after another, kept as they are done; the table at the end is their summary.

    After Ctrl-C (exit code 130) or a kill, the same command goes on where it stopped.
    """
    known = names_of_experiments()
    if kept and (quick or name is None):
        raise Problem("--kept prints the table of a full run: it needs the NAME of an experiment, and no --quick")
    if name is None:
        _list(known, json)
        return
    if name not in known:
        from difflib import get_close_matches

        close = get_close_matches(name, known, n=1, cutoff=0.3)
        raise Problem(f"no experiment is called {name!r}{f'; did you mean {close[0]!r}?' if close else ''}")
    try:
        module = importlib.import_module(f"experiments.{name}")
        if kept:
            _kept_table(name, module, json)
            return
        units = module.plan(quick)
        began = time.perf_counter()
        with one_sentence(OSError):
            out.mkdir(parents=True, exist_ok=True)
            part = out / f"{name}{'.quick' if quick else ''}.part"
            done = _resumed(part, module, units)
            seconds = sum(entry["seconds"] for entry in done.values()) + _do(name, units, done, part, jobs)
    except ModuleNotFoundError as problem:
        raise Problem(f"{name} needs the package {problem.name}: pip install 'proofs-check[data]'") from problem
    rows = [row for unit in units for row in done[js.dumps(unit)]["rows"]]
    file = out / f"{name}{'.quick' if quick else ''}.csv"
    with one_sentence(OSError):
        importlib.import_module("experiments.results").save(file, rows, _about(name, quick, len(units), seconds))
        part.unlink(missing_ok=True)
    table = module.summary(rows)
    if json:
        print_json({"experiment": name, "quick": quick, "file": str(file), "seconds": seconds, "summary": table, "rows": rows})
        return
    _print(name, table)
    print(f"{len(rows)} rows of {len(units)} units in {file}; {time.perf_counter() - began:.0f} s now, {seconds:.0f} s in all.")


def _kept_table(name: str, module: ModuleType, json: bool) -> None:
    """The summary of the rows that came with this package, and how they were made."""
    results = importlib.import_module("experiments.results")
    with one_sentence(ValueError):
        rows, about = results.load(name), results.header(name)
    file, table = results.FOLDER / f"{name}.csv", module.summary(rows)
    if json:
        print_json({"experiment": name, "file": str(file), "about": about, "summary": table, "rows": rows})
        return
    _print(name, table)
    print(f"{len(rows)} rows of {about['units']} units in {file}; seconds: {about['seconds']}.")


def _do(name: str, units: list[dict[str, Any]], done: dict[str, Any], part: Path, jobs: int) -> float:
    """Do what is not done; one line of `part` for each unit. Returns the seconds that the units took."""
    import os
    import sys
    from concurrent.futures.process import BrokenProcessPool

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

    from proofs_check.campaign import process_pool

    screen, spent = Console(stderr=True), 0.0
    columns = (
        TextColumn(name),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    left = [unit for unit in units if js.dumps(unit) not in done]
    os.environ["PYTHONWARNINGS"] = "ignore::RuntimeWarning"
    try:
        with (
            Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar,
            part.open("a", encoding="utf-8") as kept,
            process_pool(jobs) as executor,
        ):
            shown = bar.add_task(name, completed=len(done), total=len(units))
            for unit, rows, seconds in _in_any_order(executor, name, left):
                entry = {"unit": unit, "rows": rows, "seconds": seconds}
                kept.write(js.dumps(entry) + "\n")
                kept.flush()
                done[js.dumps(unit)] = entry
                spent += seconds
                bar.advance(shown)
    except BrokenProcessPool as problem:
        raise Problem(f"a worker process died (killed, or out of memory?); {_kept(done, units, part)}") from problem
    except KeyboardInterrupt:
        print(f"proofs-check: interrupted; {_kept(done, units, part)}", file=sys.stderr)
        sys.exit(130)
    return spent


def _in_any_order(executor: Executor, name: str, units: list[dict[str, Any]]) -> Iterator[tuple[dict[str, Any], Any, float]]:
    waiting = {executor.submit(_timed, name, unit): unit for unit in units}
    for future in as_completed(waiting):
        rows, seconds = future.result()
        yield waiting[future], rows, seconds


def _timed(name: str, unit: dict[str, Any]) -> tuple[list[dict[str, Any]], float]:
    began = time.perf_counter()
    rows = rows_of(name, unit)
    return rows, time.perf_counter() - began


def _kept(done: dict[str, Any], units: list[Any], part: Path) -> str:
    return f"{len(done)} of {len(units)} units are kept in {part}: the same command goes on from there"


def _source(module: ModuleType) -> str:
    import hashlib

    return hashlib.sha256(Path(str(module.__file__)).read_bytes()).hexdigest()[:16]


def _resumed(part: Path, module: ModuleType, units: list[dict[str, Any]]) -> dict[str, Any]:
    """What an interrupted run of the same experiment has done; a line that the end of a process cut off does not count."""
    first = js.dumps({"source": _source(module), "units": len(units)})
    if not part.exists():
        part.write_text(first + "\n", encoding="utf-8")
        return {}
    begun, *lines = part.read_text(encoding="utf-8").split("\n")
    if begun != first:
        raise Problem(f"{part} was begun by another version of this experiment: remove it, or choose another folder with --out")
    whole = [line for line in lines[:-1] if line]
    part.write_text("\n".join([first, *whole]) + "\n", encoding="utf-8")
    return {js.dumps(entry["unit"]): entry for entry in map(js.loads, whole)}


def _about(name: str, quick: bool, units: int, seconds: float) -> dict[str, str]:
    from proofs_check import __version__
    from proofs_check.ledger import versions

    return {
        "command": f"proofs-check experiment {name}{' --quick' if quick else ''}",
        "units": str(units),
        "seconds": f"{seconds:.0f}, summed over units",
        "proofs-check": __version__,
        "versions": ", ".join(f"{package} {number}" for package, number in js.loads(versions()).items()),
    }


def _list(known: list[str], json: bool) -> None:
    """Every experiment and its first line."""
    about = [
        {"experiment": name, "asks": (importlib.import_module(f"experiments.{name}").__doc__ or "").strip().partition("\n")[0]}
        for name in known
    ]
    if json:
        print_json(about)
    else:
        _print("experiments", about)


def _print(title: str, rows: list[dict[str, Any]]) -> None:
    """As wide as it needs to be, or as the terminal, where cells are folded: nothing is cut off."""
    import os

    from rich import box
    from rich.measure import Measurement
    from rich.table import Table

    table, screen = Table(title=title, box=box.SIMPLE_HEAD, title_justify="left"), console()
    keys = list(dict.fromkeys(key for row in rows for key in row))
    for key in keys:
        words = any(isinstance(row.get(key), str) for row in rows)
        table.add_column(key, justify="left" if words else "right", overflow="fold")
    for row in rows:
        table.add_row(*(_shown(row.get(key)) for key in keys))
    if not screen.is_terminal and "COLUMNS" not in os.environ:
        screen.width = max(screen.width, Measurement.get(screen, screen.options.update(max_width=1000), table).maximum)
    screen.print(table)


def _shown(value: Any) -> str:
    """Four digits for a float."""
    return "" if value is None else f"{value:.4g}" if isinstance(value, float) else str(finite(value))
