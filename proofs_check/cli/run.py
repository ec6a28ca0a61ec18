"""`proofs-check run`: the main job."""

from pathlib import Path
from typing import Annotated, Any

import typer

from proofs_check.cli.common import Json, Problem, Seed, console, counted, one_sentence, print_json


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
    import math
    import sys
    import time

    from proofs_check import campaign
    from proofs_check.cli.driver import cores, session
    from proofs_check.discover import BrokenModule, UnknownClaim, select

    if not math.isfinite(seconds):
        raise Problem(f"--seconds is {seconds}; it takes a finite number")
    began = time.perf_counter()
    with one_sentence(UnknownClaim, BrokenModule):
        keys = select(globs or [])
    budget = campaign.Budget(seconds, points, seed)
    with session(ledger) as (book, shown), campaign.process_pool(jobs or cores()) as executor:
        reports = campaign.run(keys, executor, book, budget, shown)
    passed = all(item.passed for item in reports)
    files = [write_counterexample(counterexamples, item.claim, found) for item in reports for found in item.counterexamples]
    if json:
        print_json(_document(reports, budget, passed, files))
    else:
        _print(reports, time.perf_counter() - began, files)
    if not passed:
        sys.exit(1)


def _document(reports: list[Any], budget: Any, passed: bool, files: list[str]) -> dict[str, Any]:
    import json as js
    from dataclasses import asdict

    from proofs_check.ledger import versions
    from proofs_check.points import to_json

    return {
        "passed": passed,
        "budget": asdict(budget),
        "versions": js.loads(versions()),
        "claims": js.loads(to_json([asdict(item) | {"passed": item.passed} for item in reports])),
        "counterexamples": files,
    }


def write_counterexample(folder: Path, claim: str, found: dict[str, Any]) -> str:
    """The name of the file, or why there is none."""
    from proofs_check.counterexample import write

    try:
        return str(write(folder, claim, found["variant"], found["point"]))
    except OSError as problem:  # the report matters more
        return f"not written: {problem}"


def tightest(item: Any) -> str:
    """The tightest instance as people read it: a ratio actual/bound, or a difference actual − bound."""
    import math

    if item.tightest is None:
        return "—"
    if item.tightness_kind == "difference":
        return f"{item.tightest:+.2g}"
    return f"{math.exp(item.tightest):.4f}" if abs(item.tightest) < 6 else f"1e{item.tightest / math.log(10):+.0f}"


def _print(reports: list[Any], seconds: float, files: list[str]) -> None:
    from rich.table import Table
    from rich.text import Text

    out = console()
    table = Table(header_style="bold", pad_edge=False, box=None, collapse_padding=True)
    table.add_column("", no_wrap=True)
    table.add_column("claim", overflow="fold", min_width=20)
    for name in ("points", "holds", "undec.", "refuted", "tightest", "variants", "steps"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("trust", no_wrap=True)
    paper = ""
    for item in reports:
        before, _, name = item.claim.rpartition(".")
        if before != paper:
            paper = before
            table.add_row("", Text(paper, "bold"))
        mark = Text("ok", "green") if item.passed else Text("FAILS", "bold red")
        if item.status != "theorem":
            name += f" ({item.status})"
        table.add_row(
            mark,
            Text(f"  {name}" if paper else name),
            str(item.draws + item.search_calls),
            str(item.holds) if not item.survives else f"{item.survives} surv.",
            str(item.undecided),
            str(item.refuted),
            tightest(item),
            f"{item.variants_refuted}/{item.variants}",
            f"{item.steps_proved}/{item.steps}" if item.steps else "—",
            item.trust,
        )
    out.print(table)
    for kind, style, said in (("news", "yellow", "news"), ("problem", "red", "problems")):
        for item in reports:
            for text in getattr(item, said):
                out.print(Text.assemble((kind, style), f" {item.claim}: {text}"), soft_wrap=True)
    variants, refuted = sum(r.variants for r in reports), sum(r.variants_refuted for r in reports)
    searched, failed = sum(r.variants_by_search for r in reports), sum(not r.passed for r in reports)
    share = f", {searched} of them by search alone ({searched / variants:.0%})" if variants else ""
    out.print(
        f"\n{counted(len(reports), 'claim')}, {failed} with problems. "
        f"{refuted} of {variants} falsified variants refuted{share}. "
        f"{sum(r.steps_proved for r in reports)} of {sum(r.steps for r in reports)} proof steps checked. "
        f"Risk spent {sum(r.risk for r in reports):.1e}. {seconds:.0f} s.",
        soft_wrap=True,
    )
    for file in files:
        out.print(Text(f"counterexample: {file}"), soft_wrap=True)
