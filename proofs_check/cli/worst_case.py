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
    import signal
    import sys

    from rich.console import Console
    from rich.progress import Progress

    from proofs_check import counterexample
    from proofs_check.discover import BrokenModule, UnknownClaim, find
    from proofs_check.points import to_json
    from proofs_check.worst_case import Enough, PointRaised, search

    with one_sentence(UnknownClaim, BrokenModule):
        value = find(claim)
    if variant and variant not in {**value.falsified, **value.also_true}:
        names = ", ".join(repr(name) for name in {**value.falsified, **value.also_true})
        raise Problem(f"{claim} has no variant {variant!r}; it has {names or 'none'}")
    interrupted: list[bool] = []
    screen = Console(stderr=True)
    with Progress(console=screen, transient=True, disable=not screen.is_terminal) as bar:
        shown = bar.add_task("searching", total=calls)

        def tick(n: int) -> None:
            bar.advance(shown, n)
            if interrupted:
                raise Enough

        before = signal.signal(signal.SIGINT, lambda *_: interrupted.append(True))
        try:
            found = search(value.variant(variant), calls, seed, f"{claim}:{variant}", tick=tick)
        except PointRaised as problem:
            raise Problem(f"{claim} raised {problem} at {to_json(problem.point)}") from problem
        finally:
            signal.signal(signal.SIGINT, before)
    files = []
    if out is not None and found.judgement.verdict == "refuted":
        with one_sentence(OSError):
            files = [str(counterexample.write(out, claim, variant, found.point))]
    ratio = math.exp(found.score) if value.tightness == "ratio" and -math.inf < found.score < 700 else None
    about = {
        "claim": claim,
        "variant": variant,
        "verdict": found.judgement.verdict,
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
    else:
        size = f"actual / bound = {ratio:.6g}" if ratio else f"actual − bound = {found.score:.6g}"
        if value.tightness == "ratio" and not ratio:
            size = f"log(actual / bound) = {found.score:.6g}"
        name = f"{claim} ({variant})" if variant else claim
        print(f"{name}: {found.judgement.verdict} after {found.calls} calls ({found.method}); {size}")
        print(f"  at {to_json(found.point)}")
        for file in files:
            print(f"  counterexample: {file}")
    if interrupted:
        sys.exit(130)
