"""`proofs-check figures`."""

import importlib
import pkgutil
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from proofs_check.cli.common import Json, Problem, console, one_sentence, print_json

NO_FIGURES = ("style", "headlines")  # modules of the package that figures share


def names_of_figures() -> list[str]:
    """Every module of the package `figures` that draws: found, not listed. (Imported by name: it lies above this package.)"""
    package = importlib.import_module("figures")
    return sorted(info.name for info in pkgutil.iter_modules(package.__path__) if info.name not in NO_FIGURES)


def figures(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Figures to draw; all by default.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the files and the page that shows them, index.html.")] = Path("out"),
    format: Annotated[str, typer.Option(help="Of the pictures, comma-separated.")] = "pdf,svg,png",
    style: Annotated[str, typer.Option(help="Size and type of a place: neurips, icml, ieee, jmlr, slides, ...")] = "default",
    jobs: Annotated[int, typer.Option(min=0, help="Worker processes; 0: one per core.")] = 0,
    fresh: Annotated[bool, typer.Option("--fresh", help="Compute all numbers anew.")] = False,
    headlines: Annotated[bool, typer.Option("--headlines", help="Only the papers' headline numbers beside ours.")] = False,
    json: Json = False,
) -> None:
    """Draw the figures, and a page that shows them: OUT/index.html.

    Beside each picture lie its numbers, as JSON and CSV, and its source. Numbers are computed again only if what they rest
    on has changed, or with --fresh. After Ctrl-C (exit code 130) the figures that were done stay.
    """
    from difflib import get_close_matches

    from proofs_check.pictures import FORMATS

    known = names_of_figures()
    for name in names or []:
        if name not in known:
            close = get_close_matches(name, known, n=1, cutoff=0.3)
            raise Problem(f"no figure is called {name!r}{f'; did you mean {close[0]!r}?' if close else ''}")
    kinds = list(dict.fromkeys(kind.strip().lower() for kind in format.split(",") if kind.strip()))
    if not kinds or set(kinds) - set(FORMATS):
        raise Problem(f"--format is {format!r}; it takes a comma-separated list of {', '.join(FORMATS)}")
    with one_sentence(ValueError):
        importlib.import_module("figures.style").style_of(style)
    if headlines:
        _headlines(json)
        return
    rows = _make(list(dict.fromkeys(names or known)), out, kinds, style, jobs, fresh)
    page = _page(out, known)
    if json:
        print_json([row for row in rows if "files" in row])
    else:
        for row in rows:
            if "files" in row:
                kept = " (as it was)" if not row["drawn"] else " (numbers as they were)" if row["cached"] else ""
                print(f"{row['figure']}: {', '.join(Path(file).suffix[1:] for file in row['files'])}{kept}")
        print(f"{sum('files' in row for row in rows)} figures in {out}; open {page}")
    if lacking := [row["lacks"] for row in rows if "lacks" in row]:  # the others were drawn all the same
        raise Problem("; ".join(lacking))


def _make(names: Sequence[str], out: Path, kinds: list[str], style: str, jobs: int, fresh: bool) -> list[dict[str, Any]]:
    """What became of each figure, in the order of their names."""
    import sys
    from concurrent.futures import as_completed
    from concurrent.futures.process import BrokenProcessPool
    from tempfile import TemporaryDirectory

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from proofs_check.campaign import process_pool
    from proofs_check.cli.driver import cores
    from proofs_check.pictures import make, source_hash

    screen, rows = Console(stderr=True), dict[str, dict[str, Any]]()
    columns = (TextColumn("figures"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(), TextColumn("{task.fields[name]}"))
    try:
        try:
            out.mkdir(parents=True, exist_ok=True)
            workshop = TemporaryDirectory(dir=out, prefix=".making-")
        except OSError as problem:
            raise Problem(f"cannot write in {out}: {problem.strerror}") from problem
        with (
            workshop as folder,
            Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar,
            process_pool(min(jobs or cores(), len(names))) as executor,
        ):
            shown = bar.add_task("figures", total=len(names), name="")
            waiting = {
                executor.submit(make, name, source_hash(name), out, Path(folder), kinds, style, fresh): name for name in names
            }
            for future in as_completed(waiting):
                name = waiting[future]
                try:
                    rows[name] = future.result()
                except OSError as problem:
                    raise Problem(f"cannot write {name} in {out}: {problem.strerror or problem}") from problem
                bar.update(shown, advance=1, name=name)
    except BrokenProcessPool as problem:
        raise Problem(f"a worker process died (killed, or out of memory?); {len(rows)} figures are in {out}") from problem
    except KeyboardInterrupt:
        print(f"proofs-check: interrupted; {len(rows)} of {len(names)} figures are in {out}", file=sys.stderr)
        sys.exit(130)
    return [rows[name] for name in names]


def _page(out: Path, known: Sequence[str]) -> Path:
    """The gallery of all figures in a folder."""
    from proofs_check.gallery import page, shown

    file = out / "index.html"
    with one_sentence(OSError, ValueError):
        text = page(shown(out, known), importlib.import_module("figures.headlines").rows())
        part = out / ".index.html"
        try:
            part.write_text(text, encoding="utf-8")
            return part.replace(file)
        finally:
            part.unlink(missing_ok=True)


def _headlines(json: bool) -> None:
    from rich import box
    from rich.table import Table

    from proofs_check.gallery import HEADLINES, text

    with one_sentence(ValueError):  # a result that is not there
        rows = importlib.import_module("figures.headlines").rows()
    if json:
        print_json(rows)
        return
    for paper in dict.fromkeys(row["paper"] for row in rows):
        table = Table(title=paper, box=box.SIMPLE_HEAD, title_justify="left")
        for key, title in HEADLINES.items():
            table.add_column(title, justify="right" if key in ("theirs", "ours", "difference") else "left", overflow="fold")
        for row in rows:
            if row["paper"] == paper:
                table.add_row(*(text(row, key) for key in HEADLINES))
        console().print(table)
