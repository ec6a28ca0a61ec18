"""What every tour shows in the same way: a judged point, why a claim is true, a table, a command with what it printed."""

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from html import escape
from pathlib import Path
from textwrap import wrap
from typing import Any

import marimo as mo
import numpy as np

from bounds.claim import Claim
from proofs_check.card import provenance
from proofs_check.discover import find, module_of
from proofs_check.exploring.looking import statement
from proofs_check.verdict import Judgement, judge

KINDS: dict[str, Any] = {
    "holds": "success",
    "survives": "info",
    "undecided": "neutral",
    "out of scope": "warn",
    "refuted": "danger",
}


def judged(key: str, point: Mapping[str, Any], variant: str = "") -> tuple[Judgement, mo.Html]:
    """The claim of that key (or one of its variants) at one point: the judgement, and a coloured line that says it."""
    claim = find(key).variant(variant)
    judgement = judge(claim, point)
    sides = "" if judgement.actual is None else f": {_sides(claim, judgement)} ({judgement.trust})"
    name = f"“{variant}” " if variant else ""
    line = mo.callout(mo.md(f"{name}**{judgement.verdict}**{sides} · `{key}`"), kind=KINDS[judgement.verdict])
    return judgement, line


def why(key: str) -> mo.Html:
    """Where a claim comes from; folded, its module's docstring: the statement, the reason, who vouches for the numbers."""
    folded = mo.accordion({f"Why it is true: {module_of(key).__name__.replace('.', '/')}.py": mo.md(statement(key))})
    cited = find(key).source
    meaning = provenance(cited).partition(": ")[2]
    source = mo.md(f"*Source: {cited}{f' ({meaning})' if meaning else ''}.*")
    return mo.vstack([source, folded])  # a block: inside a paragraph, Markdown would read the text a second time


def table(rows: Sequence[Mapping[str, Any]]) -> mo.Html:
    """Rows with the same keys as a small table; floats to four digits."""
    names = list(rows[0])
    lines = [names, [":---"] + ["---:"] * (len(names) - 1), *([_word(row[name]) for name in names] for row in rows)]
    return mo.md("\n".join("| " + " | ".join(line) + " |" for line in lines))


def shell(folder: Path, *words: str, lines: int = 40) -> mo.Html:
    """Run `proofs-check WORDS` in a folder and show the command with the first lines of what it prints.

    Raises RuntimeError, with what it says, if the command fails.
    """
    program = [sys.executable, "-c", "from proofs_check.cli import main; main()", *words]
    environment = os.environ | {"COLUMNS": "90", "NO_COLOR": "1", "OPENBLAS_NUM_THREADS": "1"}
    done = subprocess.run(program, cwd=folder, env=environment, capture_output=True, text=True)
    if done.returncode:
        raise RuntimeError(f"proofs-check {' '.join(words)} ends with {done.returncode}: {done.stderr.strip()}")
    printed = [line.rstrip() for line in done.stdout.rstrip().splitlines()]
    shown = printed if len(printed) <= lines else [*printed[:lines], f"… {len(printed) - lines} more lines"]
    command = wrap(
        "$ proofs-check " + " ".join(words), 88, subsequent_indent="    ", break_long_words=False, break_on_hyphens=False
    )
    text = escape("\n".join([" \\\n".join(command), *shown])).replace("\n", "&#10;")  # one line fits into any Markdown
    look = "white-space: pre-wrap; font-size: 0.8rem; line-height: 1.4; padding: 0.8rem; background: var(--slate-2, #8881)"
    return mo.Html(f'<pre style="{look}">{text}</pre>')


def _sides(claim: Claim[Any], judgement: Judgement) -> str:
    """Left and right side at the entry where they are nearest to failing, relative to their size."""
    assert judgement.actual is not None
    assert judgement.bound is not None
    ends = (judgement.actual.lo, judgement.actual.hi, judgement.bound.lo, judgement.bound.hi)
    columns = [column.ravel() for column in np.broadcast_arrays(*(np.asarray(end, dtype=object) for end in ends))]
    numbers = np.array([[float(value) for value in column] for column in columns])
    with np.errstate(invalid="ignore"):
        scale = 1.0 if claim.tightness == "difference" else np.abs(numbers[0]) + np.abs(numbers[3]) + 1e-300
        excess = (numbers[0] - numbers[3]) / scale
    at = int(np.argmax(np.where(np.isnan(excess), -np.inf, excess)))
    a_lo, a_hi, b_lo, b_hi = (column[at] for column in columns)
    sign = "≈" if judgement.verdict == "undecided" else ">" if a_lo > b_hi else "≤"
    return f"left {_interval(a_lo, a_hi)} {sign} right {_interval(b_lo, b_hi)}"


def _interval(lo: Any, hi: Any) -> str:
    low, high = _word(lo, 6), _word(hi, 6)
    return low if low == high else f"at least {low}" if hi == np.inf else f"[{low}, {high}]"


def _word(value: Any, digits: int = 4) -> str:
    if value is None or isinstance(value, bool | np.bool_ | str):
        return "—" if value is None else str(value)
    return (str(value) if isinstance(value, int) else f"{float(value):.{digits}g}").replace("inf", "∞").replace("-", "−")
