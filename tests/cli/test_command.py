"""The command itself, in processes of its own: exit codes, JSON, bad input, Ctrl-C and kill -9."""

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
import warnings
from pathlib import Path
from typing import Any

import pytest

from proofs_check.cli import main

HERE = Path(__file__).parent.parent
COMMAND = [sys.executable, "-c", "from proofs_check.cli import main; main()"]


@pytest.fixture
def command(environment: dict[str, str], tmp_path: Path) -> Any:
    """Runs `proofs-check` in an empty folder."""

    def run(*words: str, width: int = 100) -> subprocess.CompletedProcess[str]:
        environment["COLUMNS"] = str(width)
        return subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)

    return run


def document(done: subprocess.CompletedProcess[str]) -> Any:
    """Standard output as strict JSON: NaN and Infinity are none."""
    return json.loads(done.stdout, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))


def one_sentence(done: subprocess.CompletedProcess[str]) -> str:
    assert done.returncode == 2, done
    assert done.stdout == ""
    [line] = done.stderr.splitlines()
    return line


# ---- run ------------------------------------------------------------------------------------------------------------


def test_a_sound_run_exits_with_0_and_sums_up(command: Any) -> None:
    done = command("run", "toys.positive", "toys.conjecture", "--points", "40", "--jobs", "1")
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 claims, 0 with problems. 2 of 2 falsified variants refuted, 2 of them by search alone (100%)." in done.stdout
    assert "1 of 1 proof steps checked." in done.stdout


@pytest.mark.parametrize("width", [100, 160])
def test_tables_fit_the_terminal_and_lose_no_word(command: Any, width: int) -> None:
    done = command("run", "toys.a*", "toys.conjecture", "--points", "20", "--jobs", "1", width=width)
    lines = done.stdout.splitlines()
    assert "…" not in done.stdout
    assert all(len(line.rstrip()) <= width for line in lines[:6])
    assert lines[0].split() == ["claim", "points", "holds", "undec.", "refuted", "tightest", "variants", "steps", "trust"]
    assert lines[2].split()[:3] == ["ok", "all_integers", "40"]
    assert lines[3].split()[-1] == "proved"
    listed = command("list", "toys", width=width).stdout
    assert "…" not in listed
    assert max(map(len, listed.splitlines())) <= width
    assert "toys.trajectory_floats" in listed


@pytest.mark.parametrize("fault", ["raises", "accepted_twin"])  # the others: tests/engine/test_campaign.py
def test_each_fault_exits_with_1(command: Any, fault: str) -> None:
    done = command("run", f"faulty.{fault}", "--points", "20", "--jobs", "1")
    assert done.returncode == 1
    assert "FAILS" in done.stdout
    assert f"problem faulty.{fault}: " in done.stdout
    assert "Traceback" not in done.stdout + done.stderr


def test_json_of_a_run_with_every_fault_is_json(command: Any, tmp_path: Path) -> None:
    done = command("run", "faulty", "--points", "20", "--jobs", "2", "--json")
    assert done.returncode == 1
    found = document(done)
    assert found["passed"] is False
    assert found["budget"] == {"seconds": 2.0, "points": 20, "seed": 0}
    by_key = {claim["claim"]: claim for claim in found["claims"]}
    assert len(by_key) == 17
    assert [key for key, claim in by_key.items() if claim["passed"]] == ["faulty.refuted_conjecture", "faulty.sound"]
    assert all(claim["passed"] == (claim["problems"] == []) for claim in by_key.values())
    files = sorted(file.name for file in (tmp_path / "counterexamples").iterdir())
    assert files == ["faulty.refuted.json", "faulty.refuted_conjecture.json", "faulty.true_variant_refuted--x-1-2.json"]
    assert [Path(name).name for name in found["counterexamples"]] == files


def test_a_report_is_printed_though_its_counterexamples_cannot_be_written(command: Any, tmp_path: Path) -> None:
    (tmp_path / "counterexamples").write_text("a file, not a folder", encoding="utf-8")
    done = command("run", "faulty.refuted", "--points", "60", "--jobs", "1")
    assert done.returncode == 1
    assert "the claim was refuted in" in done.stdout
    assert "counterexample: not written: " in done.stdout


@pytest.mark.parametrize(
    ("words", "says"),
    [
        (["run", "toys.positve"], "no claim matches 'toys.positve'; did you mean 'toys.positive'?"),
        (["run", "--seconds", "inf", "toys"], "--seconds is inf; it takes a finite number"),
        (["list", "ties"], "no claim matches 'ties'; did you mean 'toys.ties'?"),
        (["show", "toys.tie"], "no claim is called 'toys.tie'; did you mean 'toys.ties'?"),
        (["show", "os.path"], "no claim is called 'os.path'"),
        (["worst-case", "toys.ties", "--variant", "x"], "toys.ties has no variant 'x'; it has 'a tie does not fire'"),
        (["worst-case", "faulty.raises"], "faulty.raises raised ZeroDivisionError: no good at {"),
        (["replay", "no such file"], "no such file is not there"),
        (["replay", "."], ". is a folder, not a file"),
        (["run", "toys.ties", "--ledger", "."], "cannot use . as a ledger: unable to open database file"),
    ],
)
@pytest.mark.usefixtures("toys")
def test_bad_input_is_one_sentence_and_exit_code_2(
    words: list[str], says: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert said_here(words, monkeypatch, capsys).startswith(f"proofs-check: {says}")


def said_here(words: list[str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> str:
    """The same without a process, for speed."""
    monkeypatch.setattr(sys, "argv", ["proofs-check", *words])
    with warnings.catch_warnings(), pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return one_sentence(subprocess.CompletedProcess(words, ended.value.code, out, err))


@pytest.mark.parametrize("content", [b"", b"\xff\xfe\x00", b"[1]", b'{"format": 1}', b"{'a': 1}"])
def test_replaying_a_file_that_is_no_counterexample(
    content: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "bad.json"
    file.write_bytes(content)
    assert said_here(["replay", str(file)], monkeypatch, capsys).startswith(f"proofs-check: {file} is not ")


def test_a_foreign_file_is_no_ledger_and_stays_as_it_is(command: Any, tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "cookies") as db:
        db.execute("CREATE TABLE cookies (name TEXT)")
    db.close()
    before = (tmp_path / "cookies").read_bytes()
    said = one_sentence(command("run", "toys.ties", "--ledger", "cookies"))
    assert said == "proofs-check: cookies is a sqlite file but no ledger of this version: its tables are ['cookies']"
    assert (tmp_path / "cookies").read_bytes() == before
    (tmp_path / "text").write_text("no database " * 500, encoding="utf-8")
    said = one_sentence(command("run", "toys.ties", "--ledger", "text"))
    assert said == "proofs-check: cannot use text as a ledger: file is not a database"


def test_a_worker_that_dies_ends_the_run_in_one_sentence(
    command: Any, environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "toys").mkdir()
    (tmp_path / "toys" / "__init__.py").write_text("", encoding="utf-8")
    claim = "import os\nfrom faulty import with_fault\nCLAIM = with_fault(actual=lambda x: os._exit(9))\n"
    (tmp_path / "toys" / "dies.py").write_text(claim, encoding="utf-8")
    monkeypatch.setitem(environment, "PYTHONPATH", os.pathsep.join([str(tmp_path), environment["PYTHONPATH"]]))
    said = one_sentence(command("run", "toys.dies", "--points", "20", "--jobs", "1", "--ledger", "book"))
    assert said.startswith("proofs-check: a worker process died (killed, or out of memory?); what was done is in book")


# ---- the other verbs --------------------------------------------------------------------------------------------------


def test_a_counterexample_is_replayed_wherever_it_is_carried(command: Any, tmp_path: Path) -> None:
    assert command("run", "faulty.refuted", "--points", "60", "--jobs", "1").returncode == 1
    file = tmp_path / "counterexamples" / "faulty.refuted.json"
    moved = file.rename(tmp_path / "elsewhere.json")
    done = command("replay", "elsewhere.json")
    assert done.returncode == 0
    assert done.stdout.startswith("faulty.refuted: refuted, proved\n  actual in [")
    found = document(command("replay", "elsewhere.json", "--json"))
    assert (found["verdict"], found["bound"]) == ("refuted", [26.0, 26.0])
    content = json.loads(moved.read_text(encoding="utf-8"))
    assert content["worst"]["t"] == 10.0
    moved.write_text(json.dumps(content | {"point": content["point"] | {"t": 0.0, "x": [1] * content["point"]["n"]}}))
    done = command("replay", "elsewhere.json")
    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("faulty.refuted: holds")


def test_the_worst_case_of_a_claim_and_of_a_variant(command: Any, tmp_path: Path) -> None:
    done = command("worst-case", "toys.strict", "--calls", "100", "--json")
    found = document(done)
    assert (done.returncode, found["verdict"], found["calls"]) == (0, "holds", 100)
    assert found["ratio"] == pytest.approx(7 / 8)
    done = command("worst-case", "toys.strict", "--variant", "with ⌈x⌉ − 1", "--calls", "100", "--out", "found")
    assert ": refuted after 100 calls (draws, climb); " in done.stdout
    assert (tmp_path / "found" / "toys.strict--with-x-1.json").is_file()
    nothing = document(command("worst-case", "faulty.vacuous", "--calls", "20", "--json"))
    assert (nothing["verdict"], nothing["tightness"], nothing["ratio"]) == ("out of scope", "-inf", None)


def test_show_says_all_that_a_claim_says(command: Any) -> None:
    text = command("show", "toys.nets").stdout
    for part in ("|net(x)|_∞ ≤ Π", "cuts the net out", "depth: integer from 1 to 3", "largest weights", "narrows"):
        assert part in text
    assert "W: array (3, 3, 3) of numbers from -1 to 1, multiples of 1/4" in text
    found = document(command("show", "toys.false_found", "--json"))
    assert (found["status"], found["witness"]) == ("false", {"": {"n": 40}})


def test_list_and_version(command: Any) -> None:
    found = document(command("list", "toys", "faulty.s*", "--json"))
    assert len(found) == 24
    assert found[-1].keys() == {"claim", "says", "source", "status", "falsified", "proof_steps"}
    assert command("--version").stdout.startswith("proofs-check ")


# ---- ended from outside -----------------------------------------------------------------------------------------------

LONG = ["run", "toys.positive", "toys.probability", "toys.nets", "toys.false_by_witness", "toys.conjecture", "--points", "400"]


def started(environment: dict[str, str], folder: Path, *words: str) -> subprocess.Popen[str]:
    """In a process group of its own, as a shell starts a job."""
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([*COMMAND, *words], cwd=folder, env=environment, text=True, start_new_session=True, **pipes)


def rows(book: Path) -> list[tuple[Any, ...]]:
    """All rows but for the seconds; the database says whether it is whole."""
    with sqlite3.connect(book) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        columns = "claim, variant, task, verdict, point, actual, bound, trust, risk, tightness, covered, calls, note, source"
        found = db.execute(f"SELECT {columns} FROM result ORDER BY claim, variant, task, source").fetchall()
    db.close()
    keys = [(*row[:3], row[-1]) for row in found]
    assert len(set(keys)) == len(keys), "none twice"
    return found


def wait_for_rows(book: Path, n: int, run: subprocess.Popen[str]) -> None:
    """Until the run has written so many, or is done."""
    for _ in range(3000):
        if run.poll() is not None:
            return
        if book.exists():
            try:
                with sqlite3.connect(book) as db:
                    [(count,)] = db.execute("SELECT COUNT(*) FROM result")
                db.close()
                if count >= n:
                    return
            except sqlite3.Error:
                pass  # the tables are not there yet
        time.sleep(0.01)
    pytest.fail(f"no {n} rows within half a minute")


def without_seconds(done: subprocess.CompletedProcess[str]) -> Any:
    found = document(done)
    return [{key: value for key, value in claim.items() if key != "seconds"} for claim in found["claims"]]


@pytest.mark.slow
def test_killed_at_any_moment_it_loses_nothing_and_resumes_to_the_same_report(
    command: Any, environment: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for package in ("bounds", "proofs_check"):  # a copy: rows count for one source, and somebody may be editing it
        shutil.copytree(HERE.parent / package, tmp_path / package)
    monkeypatch.setitem(environment, "PYTHONPATH", os.pathsep.join([str(tmp_path), environment["PYTHONPATH"]]))
    whole = command(*LONG, "--jobs", "2", "--ledger", "whole", "--json")
    assert whole.returncode == 0
    rng, before, killed = random.Random(0), set[Any](), 0
    for moment in range(6):
        run = started(environment, tmp_path, *LONG, "--jobs", "2", "--ledger", "book")
        if moment:  # once while it starts, then after some rows
            wait_for_rows(tmp_path / "book", len(before) + rng.randrange(1, 200), run)
        time.sleep(rng.random() * 0.2)
        os.killpg(run.pid, signal.SIGKILL)
        run.communicate()
        killed += run.returncode == -signal.SIGKILL
        if moment:
            after = set(rows(tmp_path / "book"))
            assert before <= after, "what was written stays as it was"
            before = after
    assert killed >= 3
    resumed = command(*LONG, "--jobs", "2", "--ledger", "book", "--json")
    assert resumed.returncode == 0
    assert without_seconds(resumed) == without_seconds(whole)
    assert rows(tmp_path / "book") == rows(tmp_path / "whole")


def test_ctrl_c_exits_with_130_at_once_and_the_ledger_goes_on(
    command: Any, environment: dict[str, str], tmp_path: Path
) -> None:
    endless = ["run", "toys.positive", "toys.nets", "--points", "200000", "--jobs", "2", "--ledger", "book"]
    run = started(environment, tmp_path, *endless)
    wait_for_rows(tmp_path / "book", 600, run)
    os.killpg(run.pid, signal.SIGINT)
    out, err = run.communicate(timeout=10)
    assert (run.returncode, out) == (130, "")
    assert (
        err.strip().splitlines()[-1] == "proofs-check: interrupted; what was done is in book: the same command resumes from it"
    )
    assert "Traceback" not in err
    kept = rows(tmp_path / "book")
    assert len(kept) >= 600
    run = started(environment, tmp_path, *endless)
    wait_for_rows(tmp_path / "book", len(kept) + 100, run)
    os.killpg(run.pid, signal.SIGINT)
    run.communicate(timeout=10)
    assert set(kept) < set(rows(tmp_path / "book"))


@pytest.mark.parametrize("delay", [0.2, 0.5, 0.8])
def test_ctrl_c_while_it_starts_prints_no_traceback(environment: dict[str, str], tmp_path: Path, delay: float) -> None:
    run = started(environment, tmp_path, *LONG, "--jobs", "2")
    time.sleep(delay)
    os.killpg(run.pid, signal.SIGINT)
    _, err = run.communicate(timeout=20)
    assert run.returncode in (130, -signal.SIGINT), "before our first line runs, Python itself is interrupted"
    assert run.returncode != 130 or "Traceback" not in err


def test_ctrl_c_keeps_the_worst_point_of_a_search(environment: dict[str, str], tmp_path: Path) -> None:
    run = started(environment, tmp_path, "worst-case", "toys.strict", "--calls", "10000000", "--json")
    time.sleep(2.5)
    os.killpg(run.pid, signal.SIGINT)
    out, err = run.communicate(timeout=10)
    assert run.returncode == 130
    assert "Traceback" not in err
    found = json.loads(out)
    assert found["verdict"] == "holds"
    assert 0 < found["calls"] < 10000000


def test_a_reader_that_has_seen_enough_is_no_error(environment: dict[str, str]) -> None:
    words = " ".join(f"'{word}'" for word in [*COMMAND, "list", "toys", "--json"])
    done = subprocess.run(f"{words} | head -c 10", shell=True, capture_output=True, text=True, check=False, env=environment)
    assert len(done.stdout) == 10
    assert "Traceback" not in done.stderr
