"""`proofs-check list`."""

from typing import Annotated

import typer

from proofs_check.cli.common import Json, one_sentence, print_json


def list_claims(
    globs: Annotated[list[str] | None, typer.Argument(metavar="[GLOB]...", help="Claims to list; all by default.")] = None,
    json: Json = False,
) -> None:
    """List the claims: key, status, numbers of falsified variants and proof steps, the statement on one line."""
    from proofs_check.discover import UnknownClaim, find, select

    with one_sentence(UnknownClaim):
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
    from rich.console import Console
    from rich.table import Table

    table = Table(header_style="bold", pad_edge=False, box=None)
    for name, style in (("claim", "cyan"), ("status", ""), ("variants", ""), ("steps", ""), ("says", "")):
        table.add_column(name, style=style, justify="right" if name in ("variants", "steps") else "left", overflow="fold")
    for key, claim in rows:
        table.add_row(key, claim.status, str(len(claim.falsified)), str(len(claim.proof)), claim.says.replace("[", r"\["))
    Console().print(table, highlight=False)
