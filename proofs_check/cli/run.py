"""`proofs-check run`: the main job."""

from pathlib import Path
from typing import Annotated, Any

import typer

from proofs_check.cli.common import Json, Seed, one_sentence, print_json


def run(
    globs: Annotated[list[str] | None, typer.Argument(metavar="[GLOB]...", help="Claims to check; all by default.")] = None,
    points: Annotated[int | None, typer.Option(min=1, help="Draws, and calls of each search, for every claim.")] = None,
    seconds: Annotated[float, typer.Option(min=0.01, help="Core-seconds per claim (by its declared cost).")] = 2.0,
    jobs: Annotated[int, typer.Option(min=0, help="Worker processes; 0: one per core.")] = 0,
    seed: Seed = 0,
    ledger: Annotated[Path | None, typer.Option(help="Keep every result in this file, and resume from it.")] = None,
    counterexamples: Annotated[Path, typer.Option(help="Folder for counterexamples to theorems.")] = Path("counterexamples"),
    json: Json = False,
) -> None:
    """Check every claim: draw points, search for the tightest, refute the falsified variants, check the proof steps.

    Exit code 0 if all is as it should be, 1 if a theorem was refuted, a variant survived, a check was vacuous, a case did
    not occur, a proof step failed or anything raised; 2 for bad input; 130 after Ctrl-C (what was done is in the ledger).
    """
    import os
    import sys
    import time

    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from proofs_check import campaign
    from proofs_check.discover import UnknownClaim, select
    from proofs_check.ledger import Ledger, LedgerProblem

    began = time.perf_counter()
    with one_sentence(UnknownClaim):
        keys = select(globs or [])
    with one_sentence(LedgerProblem):
        book = Ledger(ledger)
    jobs = jobs or len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else jobs or os.cpu_count() or 1
    budget = campaign.Budget(seconds, points, seed)
    columns = (
        TextColumn("checking"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
        TextColumn("{task.fields[claim]}"),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar, one_sentence(LedgerProblem):
        shown = bar.add_task("run", claim="", total=None)
        with campaign.process_pool(jobs) as executor:
            reports = campaign.run(
                keys,
                executor,
                book,
                budget,
                lambda claim, done, total: bar.update(shown, completed=done, total=total, claim=claim),
            )
    book.close()
    files = [_write_counterexample(counterexamples, item.claim, c) for item in reports for c in item.counterexamples]
    passed = all(item.passed for item in reports)
    if json:
        print_json(_document(reports, budget, passed))
    else:
        _print(reports, time.perf_counter() - began, files)
    if not passed:
        sys.exit(1)


def _document(reports: list[Any], budget: Any, passed: bool) -> dict[str, Any]:
    import json as js
    from dataclasses import asdict

    from proofs_check.ledger import versions
    from proofs_check.points import to_json

    rows = [asdict(item) | {"passed": item.passed} for item in reports]
    return {
        "passed": passed,
        "budget": asdict(budget),
        "versions": js.loads(versions()),
        "claims": js.loads(to_json([{k: v for k, v in row.items() if k != "tightest"} for row in rows])),
        "tightest": {row["claim"]: row["tightest"] for row in rows},
    }


def _write_counterexample(folder: Path, claim: str, found: dict[str, Any]) -> Path:
    from proofs_check.counterexample import write

    with one_sentence(OSError):
        return write(folder, claim, found["variant"], found["point"])


def _tightest(item: Any) -> str:
    """The tightest instance as people read it: a ratio actual/bound, or a difference actual − bound."""
    import math

    if item.tightest is None:
        return "—"
    if item.tightness_kind == "difference":
        return f"{item.tightest:+.2g}"
    return f"{math.exp(item.tightest):.4f}" if item.tightest > -6 else f"1e{item.tightest / math.log(10):.0f}"


def _print(reports: list[Any], seconds: float, files: list[Path]) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console()
    table = Table(title=None, header_style="bold", pad_edge=False, box=None)
    table.add_column("claim", overflow="fold")
    for name in ("points", "holds", "undec.", "refuted", "tightest", "variants", "by search", "steps"):
        table.add_column(name, justify="right")
    table.add_column("trust")
    table.add_column("")
    for item in reports:
        mark = "[green]ok[/]" if item.passed else "[bold red]FAILS[/]"
        if item.status != "theorem":
            mark += f" ({item.status})"
        table.add_row(
            item.claim,
            str(item.draws + item.search_calls),
            str(item.holds) + (f"+{item.survives}s" if item.survives else ""),
            str(item.undecided),
            str(item.refuted),
            _tightest(item),
            f"{item.variants_refuted}/{item.variants}",
            str(item.variants_by_search),
            f"{item.steps_proved}/{item.steps}",
            item.trust,
            mark,
        )
    console.print(table)
    for item in reports:
        for text in item.news:
            console.print(f"[yellow]news[/] {item.claim}: {text}", highlight=False, soft_wrap=True)
        for text in item.problems:
            console.print(f"[red]problem[/] {item.claim}: {text}", highlight=False, soft_wrap=True, markup=True)
    variants, refuted = sum(r.variants for r in reports), sum(r.variants_refuted for r in reports)
    searched, failed = sum(r.variants_by_search for r in reports), sum(not r.passed for r in reports)
    share = f", {searched} by search alone ({searched / variants:.0%})" if variants else ""
    console.print(
        f"\n{len(reports)} claims, {failed} with problems; {refuted} of {variants} falsified variants refuted{share}; "
        f"{sum(r.steps_proved for r in reports)} of {sum(r.steps for r in reports)} proof steps checked; "
        f"risk spent {sum(r.risk for r in reports):.1e}; {seconds:.0f} s.",
        highlight=False,
    )
    for file in files:
        console.print(f"counterexample: {file} (proofs-check replay {file})", highlight=False, soft_wrap=True)
