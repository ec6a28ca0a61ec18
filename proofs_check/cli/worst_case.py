"""`proofs-check worst-case`."""

from pathlib import Path
from typing import Annotated

import typer

from proofs_check.cli.common import Json, Problem, Seed, one_sentence, print_json


def worst_case(
    claim: Annotated[str, typer.Argument(help="Key of a claim.")],
    variant: Annotated[str, typer.Option(help="A falsified or also-true variant instead of the claim itself.")] = "",
    calls: Annotated[int, typer.Option(min=1, help="Judgements to spend.")] = 2000,
    seed: Seed = 0,
    out: Annotated[Path | None, typer.Option(help="If the worst point refutes: folder for a replayable file.")] = None,
    json: Json = False,
) -> None:
    """Search for the tightest instance of one claim. Ctrl-C keeps the worst point found so far."""
    import json as js
    import math

    from rich.console import Console
    from rich.progress import Progress

    from proofs_check import counterexample
    from proofs_check.discover import UnknownClaim, find
    from proofs_check.points import to_json
    from proofs_check.worst_case import PointRaised, search

    with one_sentence(UnknownClaim):
        value = find(claim)
    if variant and variant not in {**value.falsified, **value.also_true}:
        names = ", ".join(repr(name) for name in {**value.falsified, **value.also_true})
        raise Problem(f"{claim} has no variant {variant!r}; it has {names or 'none'}")
    with Progress(console=Console(stderr=True), transient=True) as bar:
        shown = bar.add_task("searching", total=calls)
        try:
            found = search(value.variant(variant), calls, seed, f"{claim}:{variant}", tick=lambda n: bar.advance(shown, n))
        except PointRaised as problem:
            raise Problem(f"{claim} raised {problem} at {to_json(problem.point)}") from problem
    refuting = found.refuting if found.judgement.verdict != "refuted" else found.point
    files = [str(counterexample.write(out, claim, variant, refuting))] if out is not None and refuting is not None else []
    verdict = "refuted" if refuting is not None else found.judgement.verdict
    ratio = math.exp(min(found.score, 700.0)) if value.tightness == "ratio" and found.score > -math.inf else None
    about = {
        "claim": claim,
        "variant": variant,
        "verdict": verdict,
        "tightness": found.score,
        "ratio": ratio,
        "point": js.loads(to_json(found.point)),
        "calls": found.calls,
        "method": found.method,
        "risk": found.risk,
        "files": files,
    }
    if json:
        print_json(about)
        return
    size = f"actual / bound = {ratio:.6g}" if ratio is not None else f"actual − bound = {found.score:.6g}"
    print(f"{claim}{f' ({variant})' if variant else ''}: {verdict} after {found.calls} calls ({found.method}); {size}")
    print(f"  at {to_json(found.point)}")
    for file in files:
        print(f"  counterexample: {file}")
