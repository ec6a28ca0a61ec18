"""`proofs-check report`."""

from pathlib import Path
from typing import Annotated

import typer

from proofs_check.cli.common import Json, one_sentence, print_json


def report(
    first: Annotated[Path, typer.Argument(help="A ledger, written by `run --ledger` or `card --ledger`.")],
    second: Annotated[Path, typer.Argument(help="Another: of another version, or of another machine.")],
    json: Json = False,
) -> None:
    """Compare two ledgers: which answers to the same questions changed. Exit code 0 if no verdict did, else 1."""
    import sys

    from rich import box
    from rich.table import Table

    from proofs_check.cli.common import console
    from proofs_check.comparison import compare
    from proofs_check.ledger import LedgerProblem

    with one_sentence(LedgerProblem):
        found = compare(first, second)
    if json:
        print_json(found._asdict())
        sys.exit(bool(found.changed))
    screen = console()
    for name, environments in zip((first, second), found.environments, strict=True):
        for versions in environments:
            screen.print(f"{name}: " + ", ".join(f"{package} {number}" for package, number in versions.items()), style="dim")
    table = Table(box=box.SIMPLE_HEAD)
    table.add_column("claim", no_wrap=True)  # whole: a name is there to be copied
    for column in ("in both", "only first", "only second", "changed", "score, first", "second"):
        table.add_column(column, justify="right")
    for line in found.claims:
        table.add_row(
            *("—" if cell is None else f"{cell:.4g}" if isinstance(cell, float) else str(cell) for cell in line.values())
        )
    screen.print(table)
    for change in found.changed:
        variant = f" [{change['variant']}]" if change["variant"] else ""
        code = "the same code" if change["same code"] else "other code"
        screen.print(
            f"{change['claim']}{variant} {change['task']}: {change['first']} → {change['second']} ({code})", markup=False
        )
    asked = sum(line["both"] for line in found.claims)
    screen.print(f"{asked} questions in both; {len(found.changed)} verdicts changed, {found.moved} scores moved.")
    screen.print("score: the highest log(actual/bound), or actual − bound, of the claim itself", style="dim")
    sys.exit(bool(found.changed))
