"""Two ledgers side by side: two versions of the code, or two machines.

Equal seeds give equal tasks, so the same task in both ledgers is the same question. Where a ledger holds several versions of
a claim's code, the newest rows count.
"""

import json
from collections.abc import Generator, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any, NamedTuple

from proofs_check.ledger import reading

GOOD_PLACES = 9  # digits to which two scores must agree to count as the same


class Answer(NamedTuple):
    """The newest answer to one question."""

    question: tuple[str, str, str]  # claim, variant, task
    verdict: str
    tightness: float | None
    source: str


class Comparison(NamedTuple):
    """What differs. `changed`: the same question, another verdict or proof; `moved`: another score."""

    claims: list[dict[str, Any]]
    changed: list[dict[str, Any]]
    moved: int
    environments: tuple[list[dict[str, str]], list[dict[str, str]]]


def _answers(ledger: Path) -> Generator[Answer]:
    """In the order of the questions. Of a group sqlite gives the columns of the row with the maximum."""
    query = "SELECT claim, variant, task, verdict, tightness, source, MAX(rowid) FROM result GROUP BY 1, 2, 3 ORDER BY 1, 2, 3"
    with reading(ledger) as book:
        for claim, variant, task, verdict, tightness, source, _ in book.execute(query):
            yield Answer((claim, variant, task), verdict, tightness, source)


def _side_by_side(first: Iterator[Answer], second: Iterator[Answer]) -> Iterator[tuple[Answer | None, Answer | None]]:
    """Two ordered streams, matched by question: campaigns have more rows than fit in memory."""
    a, b = next(first, None), next(second, None)
    while a or b:
        if b is None or (a and a.question < b.question):
            yield a, None
            a = next(first, None)
        elif a is None or b.question < a.question:
            yield None, b
            b = next(second, None)
        else:
            yield a, b
            a, b = next(first, None), next(second, None)


def compare(left: Path, right: Path) -> Comparison:
    """Claim by claim: questions in both, in one only, verdicts that changed, and the tightest scores."""
    changed, moved = list[dict[str, Any]](), 0
    lines = dict[str, dict[str, Any]]()
    environments = _environments(left), _environments(right)
    with closing(_answers(left)) as a, closing(_answers(right)) as b:
        for first, second in _side_by_side(a, b):
            claim = (first or second).question[0]  # type: ignore[union-attr]  # one of the two is there
            counts = {"both": 0, "only first": 0, "only second": 0, "changed": 0}
            line = lines.setdefault(claim, {"claim": claim, **counts, "tightest first": None, "tightest second": None})
            line["both" if first and second else "only first" if first else "only second"] += 1
            for side, answer in (("tightest first", first), ("tightest second", second)):
                if answer and not answer.question[1] and answer.tightness is not None:
                    line[side] = answer.tightness if line[side] is None else max(line[side], answer.tightness)
            if first and second:
                moved += not _same(first.tightness, second.tightness)
                if first.verdict != second.verdict:
                    line["changed"] += 1
                    changed.append(_change(first, second))
    return Comparison([*lines.values()], changed, moved, environments)


def _environments(ledger: Path) -> list[dict[str, str]]:
    with reading(ledger) as book:
        return [json.loads(versions) for (versions,) in book.execute("SELECT versions FROM environment ORDER BY id")]


def _change(first: Answer, second: Answer) -> dict[str, Any]:
    names = dict(zip(("claim", "variant", "task"), first.question, strict=True))
    return names | {"first": first.verdict, "second": second.verdict, "same code": first.source == second.source}


def _same(first: float | None, second: float | None) -> bool:
    if first is None or second is None:
        return first is second
    return abs(first - second) <= 10.0**-GOOD_PLACES * max(1.0, abs(first), abs(second))
