"""`proofs-check figures`."""

from pathlib import Path
from typing import Annotated

import typer

from proofs_check.cli.common import Json, Problem


def figures(
    names: Annotated[list[str] | None, typer.Argument(metavar="[NAME]...", help="Figures to draw; all by default.")] = None,
    out: Annotated[Path, typer.Option(help="Folder for the files.")] = Path("out"),
    format: Annotated[str, typer.Option(help="Comma-separated: pdf, svg, png.")] = "pdf,svg,png",
    json: Json = False,
) -> None:
    """Draw the figures: numbers first (data as .npz beside each picture), then artists."""
    raise Problem("no figures yet")
