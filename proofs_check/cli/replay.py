"""`proofs-check replay`: judge a counterexample again."""

from pathlib import Path
from typing import Annotated

import typer

from proofs_check.cli.common import Json, one_sentence, print_json


def replay(
    file: Annotated[Path, typer.Argument(help="A counterexample written by run or worst-case.")], json: Json = False
) -> None:
    """Judge the point of a counterexample file again. Exit code 0 if it still refutes, 1 if not."""
    import json as js
    import sys

    from bounds.common.files import UnreadableFile
    from proofs_check.counterexample import read
    from proofs_check.counterexample import replay as judge_again
    from proofs_check.discover import BrokenModule, UnknownClaim
    from proofs_check.points import to_json

    with one_sentence(UnreadableFile, UnknownClaim, BrokenModule, OSError):
        content = read(file)
        judgement = judge_again(content)
    sides = {
        name: None if side is None else js.loads(to_json([side.lo, side.hi]))
        for name, side in (("actual", judgement.actual), ("bound", judgement.bound))
    }
    if json:
        row = {"claim": content["claim"], "variant": content["variant"], "verdict": judgement.verdict, "trust": judgement.trust}
        print_json(row | sides | {"risk": judgement.risk, "point": js.loads(to_json(content["point"]))})
    else:
        name = content["claim"] + (f" ({content['variant']})" if content["variant"] else "")
        print(f"{name}: {judgement.verdict}, {judgement.trust or 'no enclosure'}")
        for side, ends in sides.items():
            print(f"  {side:6} in {ends}")
        print(f"  at     {to_json(content['point'])}")
    if judgement.verdict != "refuted":
        sys.exit(1)
