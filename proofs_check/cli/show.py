"""`proofs-check show`."""

from typing import Annotated, Any

import typer

from proofs_check.cli.common import Json, one_sentence, print_json


def show(claim: Annotated[str, typer.Argument(help="Key of a claim, as `list` prints it.")], json: Json = False) -> None:
    """Show one claim: statement, source, hypotheses, space, variants, cases, proof steps."""
    import inspect
    import json as js

    from proofs_check.discover import BrokenModule, UnknownClaim, find, module_of
    from proofs_check.points import to_json

    with one_sentence(UnknownClaim, BrokenModule):
        value = find(claim)
    module = module_of(claim)
    space = {name: _describe(axis) for name, axis in value.space.items()}
    about = {
        "claim": claim,
        "says": value.says,
        "source": value.source,
        "status": value.status,
        "statement": inspect.getdoc(module) or "",
        "module": module.__name__,
        "space": space,
        "hypotheses": list(value.assumes),
        "falsified": {name: sorted(fields) for name, fields in value.falsified.items()},
        "also_true": {name: sorted(fields) for name, fields in value.also_true.items()},
        "witness": {name: js.loads(to_json(point)) for name, point in value.witness.items()},
        "covers": list(value.covers),
        "tight_at": [js.loads(to_json(point)) for point in value.tight_at],
        "proof": [step.says for step in value.proof],
        "cost": value.cost,
    }
    if json:
        print_json(about)
        return
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False, soft_wrap=True)
    console.print(Text(claim, "bold cyan"), Text(f"  {value.status}"))
    console.print(Text(value.says, "bold"))
    console.print(Text(f"source: {value.source}\n"))
    console.print(Text(str(about["statement"])))
    for title, entries in (
        ("hypotheses", [str(name) for name in value.assumes] or ["none: every instance that builds"]),
        ("space", [f"{name}: {axis}" for name, axis in space.items()]),
        ("falsified variants (must be refuted)", [f"{n}  (changes {', '.join(f)})" for n, f in value.falsified.items()]),
        ("true although it looks like a mistake", list(value.also_true)),
        ("cases a fair sample contains", list(value.covers)),
        ("both sides meet at", [to_json(point) for point in value.tight_at]),
        ("proof steps a machine checks", [step.says for step in value.proof]),
    ):
        if entries:
            console.print(Text(f"\n{title}", "bold"))
            for entry in entries:
                console.print(Text(f"  {entry}"))


def _describe(axis: Any) -> str:
    """A coordinate in words."""
    from bounds.claim import Array, Choice, Int

    if isinstance(axis, Choice):
        return f"one of {', '.join(map(repr, axis.options))}"
    if isinstance(axis, Int):
        return f"integer from {axis.lo} to {axis.hi}"
    what = f"array ({', '.join(map(str, axis.shape))}) of " if isinstance(axis, Array) else ""
    how = f", multiples of {axis.step}" if axis.step is not None else ", evenly in its logarithm" if axis.log else ""
    return f"{what}{'number' if not what else 'numbers'} from {axis.lo} to {axis.hi}{how}"
