"""The ledger: append-only, resumable, and untouched where it cannot be used."""

import math
import os
import sqlite3
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from proofs_check.campaign import Budget, report, run
from proofs_check.discover import source_hash
from proofs_check.ledger import Ledger, LedgerProblem, Row
from tests.engine.packages import Serial


def row(task: str, claim: str = "a.claim", **fields: object) -> Row:
    values: dict[str, object] = {
        "claim": claim,
        "variant": "",
        "task": task,
        "verdict": "holds",
        "point": '{"x": 1}',
        "actual": "[0, 0]",
        "bound": "[1, 1]",
        "trust": "proved",
        "risk": 0.0,
        "tightness": -1.5,
        "covered": "[]",
        "calls": 1,
        "note": "",
        "source": "abc",
        "seconds": 0.1,
    }
    return Row(**(values | fields))  # type: ignore[arg-type]


def contents(file: Path) -> list[tuple[object, ...]]:
    with sqlite3.connect(file) as db:
        rows = db.execute("SELECT claim, variant, task, verdict, point, actual, bound, tightness FROM result ORDER BY 1, 2, 3")
        found = rows.fetchall()
    db.close()
    return found


def test_rows_come_back_as_they_were_from_another_process(tmp_path: Path) -> None:
    book = Ledger(tmp_path / "book")
    rows = [row("draw:0:1"), row("draw:0:2", tightness=None, risk=1e-12, note="ünïcode"), row("draw:0:1", claim="other")]
    book.add(rows)
    book.close()
    again = Ledger(tmp_path / "book")
    assert list(again.rows("a.claim", "", "abc").values()) == rows[:2]
    assert list(again.rows("other", "", "abc").values()) == rows[2:]
    assert again.rows("a.claim", "", "other source") == {}
    again.close()


def test_a_row_that_is_there_already_stays(tmp_path: Path) -> None:
    book = Ledger()
    book.add([row("witness", seconds=1.0)])
    book.add([row("witness", seconds=2.0), row("witness", seconds=3.0, source="new")])
    assert book.rows("a.claim", "", "abc")["witness"].seconds == 1.0
    assert book.rows("a.claim", "", "new")["witness"].seconds == 3.0
    book.close()


def test_a_transaction_is_whole_or_absent(tmp_path: Path) -> None:
    book = Ledger(tmp_path / "book")
    for broken in (row("draw:0:3")._replace(seconds=object()), row("draw:0:3", risk=math.nan)):  # type: ignore[arg-type]
        with pytest.raises(LedgerProblem, match="rows written before are kept"):
            book.add([row("draw:0:1"), broken])
        assert book.rows("a.claim", "", "abc") == {}, "a NaN is NULL to sqlite, and must not vanish in silence"
    book.close()


def test_two_open_ledgers_may_write_to_one_file(tmp_path: Path) -> None:
    first, second = Ledger(tmp_path / "book"), Ledger(tmp_path / "book")
    first.add([row("draw:0:1")])
    second.add([row("draw:0:1"), row("draw:0:2")])
    assert set(first.rows("a.claim", "", "abc")) == {"draw:0:1", "draw:0:2"}
    first.close()
    second.close()


# ---- files that are no ledger -----------------------------------------------------------------------------------------


def foreign(path: Path) -> Path:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE cookies (name TEXT)")
        db.execute("INSERT INTO cookies VALUES ('precious')")
    db.close()
    return path


def older(path: Path) -> Path:
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE result (claim TEXT, verdict TEXT)")
    db.close()
    return path


def text(path: Path) -> Path:
    path.write_text("these are my notes, and no database, however long they grow\n" * 100, encoding="utf-8")
    return path


def damaged(path: Path) -> Path:
    book = Ledger(path)
    book.add([row(f"draw:0:{i}", point="x" * 500) for i in range(200)])
    book.close()
    content = bytearray(path.read_bytes())
    content[4096:] = b"\xff" * (len(content) - 4096)
    path.write_bytes(content)
    return path


def folder(path: Path) -> Path:
    path.mkdir()
    return path


def missing(path: Path) -> Path:
    return path / "no" / "such" / "folder"


@pytest.mark.parametrize("make", [foreign, older, text, damaged, folder, missing])
def test_a_file_that_is_no_ledger_is_refused_in_one_sentence_and_left_as_it_was(make: object, tmp_path: Path) -> None:
    path = make(tmp_path / "book")  # type: ignore[operator]
    before = path.read_bytes() if path.is_file() else None
    with pytest.raises(LedgerProblem) as caught:
        Ledger(path).rows("a.claim", "", "abc")
    assert str(path) in str(caught.value)
    assert "\n" not in str(caught.value)
    assert before is None or path.read_bytes() == before


def test_a_ledger_that_may_not_be_written_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "book"
    Ledger(path).close()
    path.chmod(0o444)
    tmp_path.chmod(0o555)
    script = f"from pathlib import Path\nfrom proofs_check.ledger import Ledger\nLedger(Path({str(path)!r}))"
    try:
        if os.geteuid() == 0:  # root may write anything: ask as nobody, who may read the path
            for parent in path.parents[:-2]:
                parent.chmod(0o555 if parent == tmp_path else 0o755)
            os.chmod(path, 0o444)
            script = f"import os\nfrom proofs_check import ledger\nos.setuid(65534)\n{script}"
        done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    finally:
        tmp_path.chmod(0o755)
    assert done.returncode == 1
    assert f"LedgerProblem: cannot use {path} as a ledger: attempt to write a readonly database" in done.stderr


# ---- resuming -----------------------------------------------------------------------------------------------------------

KEYS = ["toys.positive", "toys.false_by_witness", "toys.conjecture"]


@pytest.mark.usefixtures("toys")
def test_resuming_repeats_nothing_and_a_larger_budget_asks_only_for_more(tmp_path: Path) -> None:
    class Counting(Serial):
        tasks = 0
        rows = 0

        def submit(self, fn, /, *args, **kwargs):  # type: ignore[no-untyped-def]
            future = super().submit(fn, *args, **kwargs)
            self.tasks += 1
            self.rows += len(future.result())
            return future

    book = Ledger(tmp_path / "book")
    first, second, third, other = (Counting() for _ in range(4))
    reports = run(KEYS, first, book, Budget(points=40))
    assert run(KEYS, second, book, Budget(points=40)) == reports
    assert second.tasks == 0
    more = run(KEYS, third, book, Budget(points=60))
    assert third.rows == 3 * 20 - 20 + 6, "twenty more draws of two claims (one is false), and six searches of other lengths"
    assert [r.draws for r in more] == [60, 0, 60]
    run(KEYS, other, book, Budget(points=60, seed=1))
    assert other.rows > 120
    assert [report(key, book, Budget(points=40)) for key in KEYS] == reports, "the first report is still there"
    book.close()


@pytest.mark.usefixtures("toys")
def test_a_run_that_ended_between_a_search_and_its_witness_shows_the_witness_once(tmp_path: Path) -> None:
    [key] = ["toys.false_by_witness"]
    book, whole = Ledger(tmp_path / "book"), Ledger()
    run([key], Serial(), whole, Budget(points=50))
    rows = whole.rows(key, "", source_hash(key))
    assert set(rows) == {"search:0:50", "witness"}
    book.add([rows["search:0:50"]])
    [resumed] = run([key], Serial(), book, Budget(points=50))
    assert resumed.passed
    assert len(contents(tmp_path / "book")) == 2
    book.close()


def test_a_dropped_ledger_is_closed_by_whichever_thread_collects_it():
    ledger = Ledger()
    failed = []
    thread = threading.Thread(target=lambda: failed.extend(_closing(ledger)))
    thread.start()
    thread.join()
    assert failed == []


def _closing(ledger):
    try:
        ledger.close()
    except sqlite3.Error as problem:
        yield problem
