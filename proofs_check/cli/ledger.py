"""`proofs-check ledger`."""

from pathlib import Path
from typing import Annotated, Any

import typer

from proofs_check.cli.common import Json, Problem, console, counted, one_sentence, print_json
from proofs_check.ledger import TABLES

MOST = 1000  # rows of an answer that people are shown


def ledger(
    file: Annotated[Path, typer.Argument(help="Written by `run`, `card` or `campaign` with --ledger.")],
    sql: Annotated[str | None, typer.Option(metavar="QUERY", help=f"Answer a query that only reads. Tables: {TABLES}.")] = None,
    parquet: Annotated[Path | None, typer.Option(metavar="OUT", help="Write all rows to this parquet file.")] = None,
    json: Json = False,
) -> None:
    """What a ledger holds: a summary, the answer to a query in sqlite's SQL, or all of it as parquet."""
    from proofs_check.ledger import LedgerProblem, ask, summary

    if sql is not None and parquet:
        raise Problem("--sql shows the answer to a query and --parquet writes all rows; give one of them")
    with one_sentence(LedgerProblem, ValueError):
        if sql is not None:
            names, rows = ask(file, sql, None if json else MOST + 1)
            rows = [tuple(cell.hex() if isinstance(cell, bytes) else cell for cell in row) for row in rows]
            if json:
                print_json([dict(zip(names, row, strict=True)) for row in rows])
            else:
                _print(names, rows[:MOST])
                if len(rows) > MOST:
                    print(f"These are the first {MOST:,} rows; --json shows all.")
        elif parquet:
            count = _export(file, parquet)
            if json:
                print_json({"file": str(parquet), "rows": count})
            else:
                print(f"{count:,} rows in {parquet}")
        else:
            found = summary(file)
            if json:
                print_json(found)
            else:
                _print_summary(found)


def _export(file: Path, out: Path) -> int:
    from proofs_check.ledger import to_parquet

    try:
        import duckdb
    except ModuleNotFoundError as problem:
        raise Problem(f"--parquet needs the package {problem.name}: pip install 'proofs-check[campaign]'") from problem
    try:
        return to_parquet(file, out)
    except (OSError, duckdb.Error) as problem:
        raise Problem(f"cannot write {out}: {' '.join(str(problem).split())}") from problem


def _print_summary(found: dict[str, Any]) -> None:
    names = ["claim", "rows", "verdicts", "versions of its code", "core-seconds"]
    rows = []
    for line in found["claims"]:
        verdicts = ", ".join(f"{count:,} {verdict}" for verdict, count in line["verdicts"].items())
        rows.append((line["claim"], f"{line['rows']:,}", verdicts, line["versions of its code"], f"{line['seconds']:,.1f}"))
    _print(names, rows)
    screen = console()
    for versions in found["environments"]:
        text = ", ".join(f"{name} {number}" for name, number in versions.items())
        screen.print(f"computed with {text}", style="dim", soft_wrap=True, markup=False)
    print(f"{counted(found['rows'], 'row')} of {counted(len(found['claims']), 'claim')}, {found['bytes'] / 1e6:,.1f} MB.")


def _print(names: list[str], rows: list[tuple[Any, ...]]) -> None:
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD)
    for name in names:
        table.add_column(Text(name), overflow="fold")
    for row in rows:
        table.add_row(*(Text("—" if cell is None else str(cell)) for cell in row))
    console().print(table)
