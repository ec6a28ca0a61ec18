"""`proofs-check list`."""

from typing import Annotated

import typer

from proofs_check.cli.common import Json, console, one_sentence, print_json


def list_claims(
    globs: Annotated[list[str] | None, typer.Argument(metavar="[GLOB]...", help="Claims to list; all by default.")] = None,
    json: Json = False,
) -> None:
    """List the claims: key, status, numbers of falsified variants and proof steps, the statement on one line."""
    from proofs_check.discover import BrokenModule, UnknownClaim, find, select

    with one_sentence(UnknownClaim, BrokenModule):
        keys = select(globs or [])
    rows = [(key, find(key)) for key in keys]
    if json:
        print_json(
            [
                {
                    "claim": key,
                    "says": claim.says,
                    "source": claim.source,
                    "status": claim.status,
                    "falsified": list(claim.falsified),
                    "proof_steps": len(claim.proof),
                }
                for key, claim in rows
            ]
        )
        return
    from rich.table import Table
    from rich.text import Text

    table = Table(header_style="bold", pad_edge=False, box=None, collapse_padding=True)
    table.add_column("claim", style="cyan", no_wrap=True)
    table.add_column("status", no_wrap=True)
    table.add_column("variants", justify="right", no_wrap=True)
    table.add_column("steps", justify="right", no_wrap=True)
    table.add_column("says")
    for key, claim in rows:
        table.add_row(key, claim.status, str(len(claim.falsified)), str(len(claim.proof)), Text(claim.says))
    console().print(table)
