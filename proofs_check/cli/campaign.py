"""`proofs-check campaign`."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from proofs_check.cli.common import Json, Problem, Seed, console, counted, one_sentence, print_json

MOST = 10**15  # points: more would take a thousand years at 30,000 a second


def campaign(
    globs: Annotated[list[str], typer.Argument(metavar="GLOB", help="Claims, as for `run`; false ones are left out.")],
    points: Annotated[str, typer.Option(metavar="N", help="Random points to judge, for each claim: 1e6.")],
    ledger: Annotated[Path, typer.Option(help="Every result is kept in this file, and it is resumed from it.")],
    executor: Annotated[
        Literal["local", "dask"], typer.Option(help="Processes of this machine, or of a dask cluster.")
    ] = "local",
    scheduler: Annotated[
        str, typer.Option(metavar="ADDRESS", help="Of dask, as tcp://HOST:8786; without, one is started here.")
    ] = "",
    jobs: Annotated[int, typer.Option(min=0, help="Worker processes; 0: one per core.")] = 0,
    seed: Seed = 0,
    time_limit: Annotated[float, typer.Option(help="Seconds that one point may take.")] = 60.0,
    memory_limit: Annotated[float, typer.Option(help="GiB of address space that a judging process may use.")] = 2.0,
    counterexamples: Annotated[Path, typer.Option(help="Folder for counterexamples to theorems.")] = Path("counterexamples"),
    json: Json = False,
) -> None:
    """Judge very many random points of claims, on many cores or machines; stop it and start it again at any time.

    The points are those of `run` with the same seed, so `run`, `card` and `report` read the same ledger. A point that hangs,
    crashes or needs too much memory is kept as "poisoned", and the others go on. Searches, falsified variants and proof steps
    are left to `run`. Exit code 0 if all is as it should be, 1 if a theorem was refuted, a point raised or was poisoned, or a
    check was vacuous; 2 for bad input; 130 after Ctrl-C.
    """
    import os
    import sys
    import time
    from math import isfinite

    from proofs_check import bulk, engines
    from proofs_check.cli.driver import cores, kept, session
    from proofs_check.cli.run import write_counterexample
    from proofs_check.discover import BrokenModule, UnknownClaim, find, select
    from proofs_check.supervised import JudgeProblem, Limits

    wanted = count(points)
    for name, value in (("--time-limit", time_limit), ("--memory-limit", memory_limit)):
        if not (isfinite(value) and value > 0):
            raise Problem(f"{name} is {value}; it takes a positive number")
    if scheduler and executor != "dask":
        raise Problem("--scheduler is for --executor dask")
    if os.name != "posix":
        raise Problem("campaign limits what a point may take as only POSIX systems can; `run --points N` goes anywhere")
    with one_sentence(UnknownClaim, BrokenModule):
        keys = [key for key in select(globs) if find(key).status != "false"]
    if not keys:
        raise Problem(
            "these statements are known to be false: there is nothing to look for; `run` checks that they are refuted"
        )
    began = time.perf_counter()
    with session(ledger) as (book, shown):

        def progress(claim: str, done: int, total: int, new: int) -> None:
            rate = new / (time.perf_counter() - began)
            shown(claim, done, total, f"{rate:,.0f}/s, {_duration((total - done) / rate)} left" if new else "")

        try:
            opened = engines.dask(scheduler, jobs or cores()) if executor == "dask" else engines.local(jobs or cores())
            with opened as engine:
                reports = bulk.campaign(keys, engine, book, wanted, seed, Limits(time_limit, memory_limit), progress)
        except (engines.EngineProblem, JudgeProblem) as problem:
            raise Problem(f"{problem}; {kept(ledger)}") from problem
    files = [write_counterexample(counterexamples, item.claim, found) for item in reports for found in item.counterexamples]
    passed = all(item.passed for item in reports)
    if json:
        print_json(_document(reports, wanted, seed, passed, files))
    else:
        _print(reports, files, time.perf_counter() - began)
    if not passed:
        sys.exit(1)


def count(text: str) -> int:
    """A number of points, as people write it.

    >>> count("1e6"), count("2_500")
    (1000000, 2500)
    """
    from decimal import Decimal, InvalidOperation

    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal(0)
    if not (value.is_finite() and 1 <= value <= MOST and value == int(value)):
        raise Problem(f"--points is {text!r}; it takes a whole number from 1 to 1e15, as 1000000 or 1e6")
    return int(value)


def _duration(seconds: float) -> str:
    minutes = round(seconds / 60)
    return f"{seconds:.0f} s" if seconds < 100 else f"{minutes} min" if minutes < 100 else f"{minutes / 60:.1f} h"


def _document(reports: list[Any], points: int, seed: int, passed: bool, files: list[str]) -> dict[str, Any]:
    import json as js

    from proofs_check.ledger import versions
    from proofs_check.points import to_json

    verdicts = ["draws", "holds", "survives", "undecided", "refuted", "out_of_scope", "raised", "poisoned"]
    closest = ["tightness_kind", "tightest", "tightest_at"]
    shown = ["claim", "status", *verdicts, *closest, "trust", "risk", "covers", "seconds", "news", "problems", "passed"]
    return {
        "passed": passed,
        "points": points,
        "seed": seed,
        "versions": js.loads(versions()),
        "claims": [js.loads(to_json({name: getattr(item, name) for name in shown})) for item in reports],
        "counterexamples": files,
    }


def _print(reports: list[Any], files: list[str], seconds: float) -> None:
    from rich.table import Table
    from rich.text import Text

    from proofs_check.cli.run import tightest

    out = console()
    table = Table(header_style="bold", pad_edge=False, box=None, collapse_padding=True)
    table.add_column("", no_wrap=True)
    table.add_column("claim", overflow="fold", min_width=20)
    rare = [name for name in ("out_of_scope", "raised", "poisoned") if any(getattr(item, name) for item in reports)]
    named = ("points", "holds", "undec.", "refuted", *(name.replace("_", " ") for name in rare), "tightest", "rate")
    for column in named:
        table.add_column(column, justify="right", no_wrap=True)
    for item in reports:
        table.add_row(
            Text("ok", "green") if item.passed else Text("FAILS", "bold red"),
            Text(item.claim if item.status == "theorem" else f"{item.claim} ({item.status})"),
            f"{item.draws:,}",
            f"{item.survives:,} surv." if item.survives else f"{item.holds:,}",
            *(f"{getattr(item, name):,}" for name in ("undecided", "refuted", *rare)),
            tightest(item),
            f"{item.draws / item.seconds:,.0f}" if item.seconds else "—",
        )
    out.print(table)
    for kind, style, said in (("news", "yellow", "news"), ("problem", "red", "problems")):
        for item in reports:
            for text in getattr(item, said):
                out.print(Text.assemble((kind, style), f" {item.claim}: {text}"), soft_wrap=True)
    risk, drawn = sum(item.risk for item in reports), sum(item.draws for item in reports)
    out.print(
        f"\n{counted(drawn, 'point')} of {counted(len(reports), 'claim')}. Risk spent {risk:.1e}. {seconds:.0f} s.",
        soft_wrap=True,
    )
    for file in files:
        out.print(Text(f"counterexample: {file}"), soft_wrap=True)
