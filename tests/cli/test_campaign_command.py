"""`campaign` as a command: tables and JSON, bad input, Ctrl-C, full disks, locked ledgers, schedulers that are not there."""

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from proofs_check import engines, ledger
from proofs_check.cli import app
from proofs_check.cli.campaign import count
from proofs_check.cli.common import Problem
from proofs_check.ledger import Ledger, LedgerProblem

COMMAND = [sys.executable, "-c", "from proofs_check.cli import main; main()"]
pytest.importorskip("loky", reason="needs loky, of the extra `campaign`")


@pytest.fixture
def command(environment, tmp_path):
    """Runs `proofs-check` in an empty folder."""

    def run(*words):
        done = [*COMMAND, *words]
        return subprocess.run(done, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)

    return run


def said(*words):
    """What bad input is answered with."""
    done = CliRunner().invoke(app, ["campaign", *map(str, words)])
    assert isinstance(done.exception, Problem), done.output
    assert "\n" not in str(done.exception)
    return str(done.exception)


def test_a_campaign_is_summed_up_resumed_and_read_by_card_and_report(command, tmp_path):
    done = command("campaign", "toys.nets", "toys.false_found", "faulty.refuted", "--points", "1e2", "--ledger", "book")
    assert (done.returncode, done.stderr) == (1, "")
    lines = done.stdout.splitlines()
    assert lines[0].split() == ["claim", "points", "holds", "undec.", "refuted", "tightest", "rate"]
    assert [line.split()[:3] for line in lines[1:3]] == [["FAILS", "faulty.refuted", "100"], ["ok", "toys.nets", "100"]]
    assert "200 points of 2 claims." in done.stdout
    assert "counterexample: counterexamples/faulty.refuted.json" in done.stdout
    assert (tmp_path / "counterexamples" / "faulty.refuted.json").is_file()
    again = command("campaign", "toys.nets", "--points", "120", "--ledger", "book", "--json")
    found = json.loads(again.stdout)
    assert (again.returncode, found["passed"], found["claims"][0]["draws"]) == (0, True, 120)
    with sqlite3.connect(tmp_path / "book") as db:
        assert db.execute("SELECT claim, COUNT(*) FROM result GROUP BY 1 ORDER BY 1").fetchall() == [
            ("faulty.refuted", 100),
            ("toys.nets", 120),
        ]
    db.close()
    card = command("card", "toys.nets", "--points", "120", "--ledger", "book", "--out", "cards", "--jobs", "1")
    assert card.returncode == 0, card.stderr
    assert json.loads((tmp_path / "cards" / "toys.nets.json").read_text())["judged"]["draws"] == 120
    report = command("report", "book", "book")
    assert (report.returncode, report.stderr) == (0, "")


def test_numbers_of_points_are_written_as_people_do():
    assert [count(text) for text in ("1e6", "1000000", "1_000_000", "2.5e3", "1")] == [10**6] * 3 + [2500, 1]


@pytest.mark.parametrize("text", ["0", "-1", "1.5", "1e-3", "many", "", "nan", "inf", "-inf", "snan", "1e16", "1e999999999"])
def test_what_is_no_number_of_points_is_refused(text):
    with pytest.raises(Problem, match="it takes a whole number from 1 to 1e15, as 1000000 or 1e6"):
        count(text)


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (("toys.net", "--points", "5"), "no claim matches 'toys.net'; did you mean 'toys.nets'?"),
        (("toys.nets", "--points", "5", "--time-limit", "0"), "--time-limit is 0.0; it takes a positive number"),
        (("toys.nets", "--points", "5", "--memory-limit", "nan"), "--memory-limit is nan; it takes a positive number"),
        (("toys.nets", "--points", "5", "--scheduler", "tcp://127.0.0.1:1"), "--scheduler is for --executor dask"),
        (("toys.false_found", "--points", "5"), "these statements are known to be false: there is nothing to look for"),
    ],
)
@pytest.mark.usefixtures("toys")
def test_bad_input_is_one_sentence(words, says, tmp_path):
    assert said(*words, "--ledger", tmp_path / "book").startswith(says)


@pytest.mark.usefixtures("toys")
@pytest.mark.parametrize(("executor", "package"), [("local", "loky"), ("dask", "distributed")])
def test_a_package_that_is_not_installed_is_named(executor, package, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, package, None)
    text = said("toys.nets", "--points", "5", "--ledger", tmp_path / "book", "--executor", executor)
    assert text.startswith(f"this needs the package {package}: pip install 'proofs-check[campaign]'; ")


@pytest.mark.usefixtures("toys")
@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "nonsense"])
def test_a_scheduler_that_is_not_there_is_a_sentence(address, tmp_path, monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(engines, "PATIENCE", 0.5)
    text = said("toys.nets", "--points", "5", "--ledger", tmp_path / "b", "--executor", "dask", "--scheduler", address)
    assert text.startswith(f"no dask scheduler answers at {address!r}: ")


@pytest.mark.usefixtures("toys")
def test_a_locked_ledger_is_a_sentence_and_keeps_what_it_had(tmp_path, monkeypatch):
    monkeypatch.setattr(ledger, "LOCK_SECONDS", 0.2)
    Ledger(tmp_path / "book").close()
    other = sqlite3.connect(tmp_path / "book", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    text = said("toys.nets", "--points", "5", "--ledger", tmp_path / "book")
    assert text == f"cannot use {tmp_path / 'book'} as a ledger: database is locked"
    other.execute("ROLLBACK")
    other.close()


@pytest.mark.usefixtures("toys")
def test_a_full_disk_is_a_sentence_and_keeps_what_was_written(tmp_path, monkeypatch, environment):
    """sqlite is told that no page is left, as the system tells it of a disk."""
    monkeypatch.setenv("PYTHONPATH", environment["PYTHONPATH"])
    opened = Ledger._open

    def small(self):
        opened(self)
        self._db.execute("PRAGMA max_page_count = 300")

    monkeypatch.setattr(Ledger, "_open", small)
    text = said("toys.nets", "--points", "1e4", "--ledger", tmp_path / "book", "--jobs", "1")
    assert text == f"cannot write to the ledger {tmp_path / 'book'}: database or disk is full; rows written before are kept"
    with sqlite3.connect(tmp_path / "book") as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        [(rows,)] = db.execute("SELECT COUNT(*) FROM result").fetchall()
    db.close()
    assert rows > 20


def test_a_disk_that_is_full_when_the_ledger_is_opened_is_a_sentence(tmp_path):
    if not Path("/dev/full").exists():
        pytest.skip("needs /dev/full")
    with pytest.raises(LedgerProblem, match="cannot use /dev/full as a ledger: "):
        Ledger(Path("/dev/full"))


def session(sid):
    """Processes of a session that have not ended."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            state, *fields = (folder / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(fields[2]) == sid and state != "Z":
            found.append(int(folder.name))
    return found


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGKILL, -signal.SIGKILL)])
def test_ended_by_ctrl_c_or_kill_it_leaves_rows_and_no_processes(number, code, environment, tmp_path):
    words = [*COMMAND, "campaign", "toys.nets", "--points", "1e7", "--ledger", "book", "--jobs", "2"]
    with (tmp_path / "errors").open("w") as errors:
        run = subprocess.Popen(words, cwd=tmp_path, env=environment, stdout=errors, stderr=errors, start_new_session=True)
    wait_for_rows(tmp_path / "book", 300, run)
    if number == signal.SIGINT:
        os.killpg(run.pid, number)  # as a terminal does
    else:
        run.kill()
    assert run.wait(20) == code
    began = time.monotonic()
    while session(run.pid) and time.monotonic() - began < 10:
        time.sleep(0.05)
    assert session(run.pid) == []
    text = (tmp_path / "errors").read_text()
    if number == signal.SIGINT:
        assert text == "proofs-check: interrupted; what was done is in book: the same command resumes from it\n"
    with sqlite3.connect(tmp_path / "book") as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        [(rows,)] = db.execute("SELECT COUNT(*) FROM result").fetchall()
    db.close()
    assert rows >= 300


def wait_for_rows(book, n, run):
    for _ in range(4000):
        assert run.poll() is None
        try:
            with sqlite3.connect(f"file:{book}?mode=ro", uri=True) as db:
                [(rows,)] = db.execute("SELECT COUNT(*) FROM result").fetchall()
            db.close()
            if rows >= n:
                return
        except sqlite3.Error:
            pass  # the tables are not there yet
        time.sleep(0.01)
    pytest.fail(f"no {n} rows within forty seconds")
