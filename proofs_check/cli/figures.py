"""`proofs-check figures`."""

import importlib
import pkgutil
from pathlib import Path
from typing import Annotated, Any

import typer

from proofs_check.cli.common import Json, Problem, one_sentence, print_json

FORMATS = ("pdf", "svg", "png")


def names_of_figures() -> list[str]:
    """Every module of the package `figures` that draws: found, not listed. (Imported by name: it lies above this package.)"""
    package = importlib.import_module("figures")
    return sorted(info.name for info in pkgutil.iter_modules(package.__path__) if info.name != "style")


def figures(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Figures to draw; all by default.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("out"),
    format: Annotated[str, typer.Option(help=f"Comma-separated: {', '.join(FORMATS)}.")] = ",".join(FORMATS),
    json: Json = False,
) -> None:
    """Draw the figures: the numbers first (as JSON beside each picture), then the artists."""
    from difflib import get_close_matches

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

    known = names_of_figures()
    for name in names or []:
        if name not in known:
            close = get_close_matches(name, known, n=1, cutoff=0.3)
            raise Problem(f"no figure is called {name!r}{f'; did you mean {close[0]!r}?' if close else ''}")
    kinds = [kind.strip().lower() for kind in format.split(",") if kind.strip()]
    if not kinds or set(kinds) - set(FORMATS):
        raise Problem(f"--format is {format!r}; it takes a comma-separated list of {', '.join(FORMATS)}")
    wanted = names or known
    with one_sentence(OSError):
        out.mkdir(parents=True, exist_ok=True)
    rows, missing = [], []
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        shown = bar.add_task("figures", total=len(wanted))
        for name in wanted:
            bar.update(shown, description=name)
            try:
                rows.append(_draw(name, out, kinds))
            except ModuleNotFoundError as problem:  # the others are drawn all the same
                missing.append(f"{name} needs the package {problem.name}")
            bar.advance(shown)
    if json:
        print_json(rows)
    else:
        for row in rows:
            print(f"{row['figure']}: {', '.join(row['files'])}")
    if missing:
        raise Problem(f"{'; '.join(missing)}: pip install 'proofs-check[data]'")


def _draw(name: str, out: Path, kinds: list[str]) -> dict[str, Any]:
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    from proofs_check.points import to_json

    module, style = importlib.import_module(f"figures.{name}"), importlib.import_module("figures.style")
    numbers = module.data()
    files = [out / f"{name}.{kind}" for kind in ["json", *kinds]]
    with one_sentence(OSError):
        files[0].write_text(to_json(numbers) + "\n", encoding="utf-8")
        with style.look():
            figure = module.draw(numbers)
            for file in files[1:]:
                style.save(figure, file, name)
            plt.close(figure)
    return {"figure": name, "files": [str(file) for file in files]}
