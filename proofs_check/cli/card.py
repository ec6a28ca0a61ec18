"""`proofs-check card`."""

from pathlib import Path
from typing import Annotated

import typer

from proofs_check.cli.common import Json, Problem, Seed, one_sentence, print_json


def card(
    globs: Annotated[list[str] | None, typer.Argument(metavar="[GLOB]...", help="Claims; or --all.")] = None,
    every: Annotated[bool, typer.Option("--all", help="Every claim.")] = False,
    out: Annotated[Path, typer.Option(help="Folder for CLAIM.html, CLAIM.json and index.html.")] = Path("cards"),
    ledger: Annotated[Path | None, typer.Option(help="Take the rows from this file, and keep new ones in it.")] = None,
    seconds: Annotated[float, typer.Option(min=0.01, help="Core-seconds per claim, as for `run`.")] = 2.0,
    points: Annotated[int | None, typer.Option(min=1, help="Draws and calls of each search, as for `run`.")] = None,
    jobs: Annotated[int, typer.Option(min=0, help="Worker processes; 0: one per core.")] = 0,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Falsification cards: one page per claim with what was tried, how close it got, and which misreadings were refuted.

    Rows that are missing are asked for first. Exit code 0 if all is as it should be, 1 if not.
    """
    import json as js
    import math
    import sys

    from proofs_check import campaign
    from proofs_check.card import card as made
    from proofs_check.card import index, page
    from proofs_check.cli.common import finite
    from proofs_check.cli.driver import cores, session
    from proofs_check.discover import BrokenModule, UnknownClaim, select

    if not globs and not every:
        raise Problem("name the claims, or give --all")
    if not math.isfinite(seconds):
        raise Problem(f"--seconds is {seconds}; it takes a finite number")
    with one_sentence(UnknownClaim, BrokenModule):
        keys = select(globs or [])
    budget = campaign.Budget(seconds, points, seed)
    try:  # before the work, not after it
        out.mkdir(parents=True, exist_ok=True)
    except OSError as problem:
        raise Problem(f"--out {out} cannot be made a folder: {problem.strerror}") from problem
    with session(ledger) as (book, shown):
        with campaign.process_pool(jobs or cores()) as executor:
            campaign.run(keys, executor, book, budget, shown)
        cards = [made(key, book, budget) for key in keys]
    with one_sentence(OSError):
        for one in cards:
            (out / f"{one['claim']}.html").write_text(page(one), encoding="utf-8")
            text = js.dumps(finite(one), ensure_ascii=False, indent=1, allow_nan=False)
            (out / f"{one['claim']}.json").write_text(text + "\n", encoding="utf-8")
        (out / "index.html").write_text(index(cards), encoding="utf-8")
    if json:
        print_json(cards)
    else:
        print(f"{len(cards)} {'card' if len(cards) == 1 else 'cards'} in {out}; open {out / 'index.html'}")
    if not all(one["passed"] for one in cards):
        sys.exit(1)
