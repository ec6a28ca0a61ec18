"""`proofs-check entropy`."""

from pathlib import Path
from typing import Annotated

import typer

from proofs_check.cli.common import Json, Problem


def entropy(file: Annotated[Path, typer.Argument(help="A mixture.")], json: Json = False) -> None:
    """Certify the entropy of a mixture."""
    raise Problem("not yet")
