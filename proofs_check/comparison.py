"""Two ledgers side by side: two versions of the code, or two machines.

Equal seeds give equal tasks, so the same task in both ledgers is the same question. Where a ledger holds several versions of
a claim's code, the newest rows count.
"""

import json
import sqlite3
from collections import Counter
from pathlib import Path
from typing import Any, NamedTuple

from proofs_check.ledger import LedgerProblem, Row

Question = tuple[str, str, str]  # claim, variant, task
GOOD_PLACES = 9  # digits to which two scores must agree to count as the same


class Book(NamedTuple):
    """The newest answer to each question, and the environments that gave answers."""

    answers: dict[Question, Row]
    environments: list[dict[str, str]]


class Comparison(NamedTuple):
    """What differs. `changed`: the same question, another verdict or proof; `moved`: another score."""

    claims: list[dict[str, Any]]
    changed: list[dict[str, Any]]
    moved: int
    environments: tuple[list[dict[str, str]], list[dict[str, str]]]


def read(path: Path) -> Book:
    """A ledger, opened for reading only. LedgerProblem says what is wrong with the file."""
    if not path.is_file():
        raise LedgerProblem(f"{path} is {'a folder' if path.is_dir() else 'not there'}")
    try:
        book = sqlite3.connect(f"file:{path.resolve()}?mode=ro", uri=True)
        try:
            rows = book.execute(f"SELECT {', '.join(Row._fields)} FROM result ORDER BY rowid")
            answers = {(row.claim, row.variant, row.task): row for row in map(Row._make, rows)}
            environments = [
                json.loads(versions) for (versions,) in book.execute("SELECT versions FROM environment ORDER BY id")
            ]
        finally:
            book.close()
    except (sqlite3.Error, ValueError) as problem:
        raise LedgerProblem(f"{path} cannot be read as a ledger: {problem}") from problem
    return Book(answers, environments)


def compare(left: Path, right: Path) -> Comparison:
    """Claim by claim: questions in both, in one only, verdicts that changed, and the tightest scores."""
    a, b = read(left), read(right)
    both = sorted(a.answers.keys() & b.answers.keys())
    changed = [_change(q, a.answers[q], b.answers[q]) for q in both if a.answers[q].verdict != b.answers[q].verdict]
    moved = sum(not _same(a.answers[q].tightness, b.answers[q].tightness) for q in both)
    claims = sorted({q[0] for q in a.answers.keys() | b.answers.keys()})
    counts = [Counter(q[0] for q in questions) for questions in (a.answers, b.answers, both)]
    by_claim = Counter(change["claim"] for change in changed)
    lines = []
    for claim in claims:
        first, second, shared = (count[claim] for count in counts)
        line: dict[str, Any] = {"claim": claim, "both": shared, "only first": first - shared, "only second": second - shared}
        line |= {"changed": by_claim[claim], "tightest first": _tightest(a, claim), "tightest second": _tightest(b, claim)}
        lines.append(line)
    return Comparison(lines, changed, moved, (a.environments, b.environments))


def _change(question: Question, first: Row, second: Row) -> dict[str, Any]:
    names = dict(zip(("claim", "variant", "task"), question, strict=True))
    return names | {"first": first.verdict, "second": second.verdict, "same code": first.source == second.source}


def _same(first: float | None, second: float | None) -> bool:
    if first is None or second is None:
        return first is second
    return abs(first - second) <= 10.0**-GOOD_PLACES * max(1.0, abs(first), abs(second))


def _tightest(book: Book, claim: str) -> float | None:
    mine = (row.tightness for (key, variant, _), row in book.answers.items() if key == claim and variant == "")
    return max((score for score in mine if score is not None), default=None)
