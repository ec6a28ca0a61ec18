"""A refutation as a file: the shrunk point, the worst one beside it, and enough to judge it again anywhere."""

import json
from pathlib import Path
from typing import Any

from bounds.common.files import UnreadableFile, read_json
from proofs_check import __version__
from proofs_check.discover import find
from proofs_check.points import Point, from_json, to_json
from proofs_check.verdict import Judgement, judge

FORMAT = "proofs-check counterexample 1"


class UnreadableCounterexample(UnreadableFile):
    """The file is no counterexample; the message says what is wrong with it."""


def write(folder: Path, claim: str, variant: str, point: Point) -> Path:
    """Shrink and save. The name says what it refutes; an older file of the same claim and variant is replaced."""
    from proofs_check.worst_case import shrink

    small = shrink(find(claim).variant(variant), point)
    content = {"format": FORMAT, "version": __version__, "claim": claim, "variant": variant}
    content |= {"point": json.loads(to_json(small)), "worst": json.loads(to_json(point))}
    folder.mkdir(parents=True, exist_ok=True)
    words = "-".join("".join(c if c.isalnum() else " " for c in variant).split())
    file = folder / f"{claim}{'--' + words if words else ''}.json"
    file.write_text(json.dumps(content, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    return file


def read(file: Path) -> dict[str, Any]:
    """The content of a counterexample file, points decoded. UnreadableFile says what is wrong with it, UnreadableCounterexample
    if that is not the file but what it holds; FileNotFoundError if it is not there."""
    content = read_json(file)
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise UnreadableCounterexample(f"{file} is not a counterexample: its field 'format' should be {FORMAT!r}")
    for name, kind in (("claim", str), ("variant", str), ("point", dict)):
        if not isinstance(content.get(name), kind):
            raise UnreadableCounterexample(f"{file}: its field {name!r} should be {'a string' if kind is str else 'an object'}")
    try:
        return content | {name: from_json(json.dumps(content[name])) for name in ("point", "worst") if name in content}
    except (ValueError, TypeError, ArithmeticError, RecursionError) as problem:
        raise UnreadableCounterexample(f"{file} holds a point that cannot be read: {problem}") from problem


def replay(content: dict[str, Any]) -> Judgement:
    """Judge the point of a counterexample again."""
    claim = find(content["claim"])
    variant = content["variant"]
    if variant and variant not in {**claim.falsified, **claim.also_true}:
        known = ", ".join(repr(name) for name in {**claim.falsified, **claim.also_true})
        raise UnreadableCounterexample(f"{content['claim']} has no variant {variant!r}; it has {known or 'none'}")
    try:
        return judge(claim.variant(variant), content["point"])
    except Exception as problem:  # a point that someone edited may fail anywhere in the claim
        what = f"{type(problem).__name__}: {problem}"
        raise UnreadableCounterexample(f"the point cannot be judged as an instance of {content['claim']}: {what}") from problem
