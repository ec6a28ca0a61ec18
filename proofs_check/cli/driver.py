"""What `run`, `card` and `campaign` do around their work: the ledger, a progress bar, and how it ends early."""

import os
import sys
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proofs_check.cli.common import Problem, one_sentence

if TYPE_CHECKING:
    from proofs_check.ledger import Ledger


class Shown:
    """The progress bar on standard error, if that is a terminal."""

    def __init__(self, bar: Any) -> None:
        self._bar, self._task = bar, bar.add_task("checking", claim="", rate="", total=None)

    def __call__(self, claim: str, done: int, total: int, rate: str = "") -> None:
        self._bar.update(self._task, completed=done, total=total, claim=claim, rate=rate)


@contextmanager
def session(path: Path | None) -> Iterator[tuple["Ledger", Shown]]:
    """An open ledger and a progress bar. Ctrl-C leaves with 130, a dead worker or a bad ledger with a Problem; each says what
    is kept."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    from proofs_check.ledger import Ledger, LedgerProblem

    screen = Console(stderr=True)
    columns = (
        TextColumn("checking"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeElapsedColumn(),
        TextColumn("{task.fields[claim]}"),
    )
    with one_sentence(LedgerProblem):
        book = Ledger(path)
    try:
        with (
            Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar,
            one_sentence(LedgerProblem),
        ):
            yield book, Shown(bar)
    except BrokenExecutor as problem:
        raise Problem(f"a worker process died (killed, or out of memory?); {kept(path)}") from problem
    except KeyboardInterrupt:
        print(f"proofs-check: interrupted; {kept(path)}", file=sys.stderr)
        sys.exit(130)
    finally:
        book.close()


def kept(ledger: Path | None) -> str:
    """What of an unfinished command is not lost."""
    return f"what was done is in {ledger}: the same command resumes from it" if ledger else "without --ledger nothing is kept"


def cores() -> int:
    """The cores that this process may use, where the system tells."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
