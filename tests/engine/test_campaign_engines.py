"""Campaigns: poisoned points cost only themselves; loky, dask and one thread give equal rows; nothing is lost or repeated."""

import os
import random
import signal
import sqlite3
import subprocess
import sys
import time
import tracemalloc
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import BrokenExecutor, Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from proofs_check import bulk, engines, supervised
from proofs_check.bulk import Pace, campaign, plan
from proofs_check.campaign import Budget, Report, Task, run
from proofs_check.discover import find, source_hash
from proofs_check.engines import Engine, EngineProblem
from proofs_check.ledger import Ledger, Row, versions
from proofs_check.points import draws, from_json
from proofs_check.supervised import Answer, JudgeProblem, Limits, judge_all
from tests.engine.packages import HERE, Serial

pytest.importorskip("loky", reason="needs loky, of the extra `campaign`")
pytestmark = pytest.mark.usefixtures("findable")
KEYS = ["toys.positive", "toys.probability", "toys.nets", "toys.conjecture", "faulty.raises"]
POINTS = 60


@pytest.fixture
def findable(toys: None, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process and its workers find the toys; the judging process of this thread ends with the test."""
    monkeypatch.setenv("PYTHONPATH", environment["PYTHONPATH"])
    yield
    supervised.close()


def serial() -> Engine:
    return Engine(Serial, 1, (BrokenExecutor,))


@contextmanager
def one_thread() -> Iterator[Engine]:
    with ThreadPoolExecutor(1) as pool:
        yield Engine(lambda: pool, 3, (BrokenExecutor,))
        pool.submit(supervised.close).result()


def kept(ledger: Ledger, key: str) -> dict[str, Row]:
    """Rows but for what may differ."""
    return {task: row._replace(seconds=0.0) for task, row in ledger.rows(key, "", source_hash(key)).items()}


def drawn(key: str, names: list[str], seed: int = 0) -> Task:
    return Task("points", key, "", source_hash(key), tuple(names), seed=seed)


# ---- poisoned points --------------------------------------------------------------------------------------------------

NOTES = {
    7: "killed after 0.4 s",
    17: "killed after 0.4 s",
    27: "more than 0.5 GiB of memory",
    37: "more than 0.5 GiB of memory",
    47: "the process ended with exit code 3",
    57: "the process died: signal 11 (Segmentation fault)",
    67: "the process died: signal 6 (Aborted)",
    77: "the process ended with exit code 0",
}


def names_by_x(n: int = 600) -> dict[int, list[str]]:
    """The draws that have each value of the one coordinate."""
    found: dict[int, list[str]] = {}
    for i, point in enumerate(draws(find("poisoned.points").space, 0, "poisoned.points:", range(n))):
        found.setdefault(point["x"], []).append(f"draw:0:{i}")
    return found


@pytest.mark.parametrize("x", NOTES)
def test_a_poisoned_point_costs_only_itself(x: int) -> None:
    by_x = names_by_x()
    fine = [names[0] for value, names in by_x.items() if value % 10 != 7][:12]
    names = [*fine[:6], by_x[x][0], *fine[6:]]
    answer = judge_all(drawn("poisoned.points", names), Limits(0.4 if x < 20 else 60.0, 0.5))
    assert [row.task for row in answer.rows] == names, "every row once, in order"
    assert [(row.task, row.note) for row in answer.rows if row.verdict != "holds"] == [(by_x[x][0], NOTES[x])]
    assert answer.versions == versions()


def test_every_way_to_lose_a_process_is_tried() -> None:
    from poisoned.points import WAYS  # type: ignore[import-not-found]

    assert WAYS.keys() == NOTES.keys()


def test_a_judging_process_that_somebody_kills_poisons_nothing() -> None:
    task = drawn("toys.nets", [f"draw:0:{i}" for i in range(400)])
    expected = judge_all(task, Limits())
    rng = random.Random(0)
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(judge_all, task, Limits())
        for _ in range(2):
            time.sleep(0.5 + rng.random() / 4)
            for pid in children(os.getpid()):
                if pid != supervised._mine.judging._process.pid:
                    os.kill(pid, signal.SIGKILL)
        answer = future.result()
        pool.submit(supervised.close).result()
    assert without_seconds(answer) == without_seconds(expected)


def without_seconds(answer: Answer) -> list[Row]:
    return [row._replace(seconds=0.0) for row in answer.rows]


def children(pid: int) -> list[int]:
    """Judging processes of a process, by what the system tells."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            if parent == pid and b"proofs_check.supervised" in (folder / "cmdline").read_bytes():
                found.append(int(folder.name))
        except (OSError, IndexError):
            continue  # it has ended
    return found


def test_an_answer_says_that_the_code_is_another() -> None:
    task = drawn("toys.nets", ["draw:0:0"])._replace(source="0" * 16)
    with pytest.raises(JudgeProblem, match=r"has another version of the code of toys\.nets, or it was edited meanwhile"):
        judge_all(task, Limits())
    with pytest.raises(JudgeProblem, match=r"toys\.no_such cannot be judged on .*: no claim is called 'toys\.no_such'"):
        judge_all(task._replace(claim="toys.no_such"), Limits())
    [row] = judge_all(drawn("toys.nets", ["draw:0:0"]), Limits()).rows
    assert row.verdict == "holds", "the next task has a process that works"


def test_too_little_memory_for_a_process_is_said() -> None:
    with pytest.raises(JudgeProblem, match=r"no process starts within 0\.01 GiB of memory; more may help"):
        judge_all(drawn("toys.nets", ["draw:0:0"]), Limits(60, 0.01))


def test_blas_has_one_thread_where_points_are_judged(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("threadpoolctl")
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "2")
    [row] = judge_all(drawn("poisoned.blas_threads", ["draw:0:0"]), Limits()).rows
    assert (row.verdict, row.note) == ("holds", "")


# ---- reports ----------------------------------------------------------------------------------------------------------


def test_poisoned_points_are_a_problem_of_the_campaign_and_of_a_run_that_reads_its_ledger() -> None:
    book, key, by_x = Ledger(), "poisoned.points", names_by_x(24)
    assert 47 in by_x or 57 in by_x or 77 in by_x, "the seed draws one"
    [report] = campaign([key], serial(), book, 24, limits=Limits(0.4, 0.5))
    bad = [name for x, names in by_x.items() if x in NOTES for name in names]
    assert (report.draws, report.holds, report.poisoned) == (24, 24 - len(bad), len(bad))
    [problem] = report.problems
    assert problem.startswith(f"the claim could not be judged in {len(bad)} of 24 points, first at {{")
    rows = kept(book, key)
    assert {name for name, row in rows.items() if row.verdict == "poisoned"} == set(bad)
    assert all(from_json(rows[name].point)["x"] in NOTES for name in bad), "the row says which point it was"
    assert report.problems == [p.replace("tasks", "points") for p in as_run_says(key, book).problems if "could not" in p]


def as_run_says(key: str, book: Ledger) -> Report:
    from proofs_check.campaign import report

    return report(key, book, Budget(points=24))


def test_a_campaign_and_a_run_say_the_same_of_the_same_draws() -> None:
    book, other = Ledger(), Ledger()
    keys = [*KEYS, "faulty.refuted", "faulty.refuted_conjecture", "faulty.vacuous", "faulty.uncovered"]
    mine = campaign(keys, serial(), book, POINTS)
    run(keys, Serial(), other, Budget(points=POINTS))
    for report in mine:
        theirs = {task: row for task, row in kept(other, report.claim).items() if task.startswith("draw")}
        assert kept(book, report.claim) == theirs
        assert report.draws == POINTS
        counts = Counter(row.verdict for row in theirs.values())
        assert [report.holds, report.undecided, report.refuted, report.raised] == [
            counts[verdict] for verdict in ("holds", "undecided", "refuted", "raised")
        ]
        scores = [row.tightness for row in theirs.values() if row.tightness is not None]
        assert report.tightest == max(scores, default=None)
    passed = {report.claim for report in mine if report.passed}
    assert passed == set(KEYS) - {"faulty.raises"} | {"faulty.refuted_conjecture"}
    said = {report.claim: [*report.problems, *report.news] for report in mine}
    assert said["faulty.refuted_conjecture"][0].startswith("the claim was refuted in ")
    assert said["faulty.uncovered"] == ["no draw covers the case 'x is 1/π'"]
    assert said["faulty.vacuous"] == ["no point holds or survives: the check is vacuous"]
    worst = next(report for report in mine if report.claim == "faulty.refuted").counterexamples[0]["point"]
    assert (worst["n"], worst["t"]) == (6, 10.0), "the corner where all are largest"


# ---- engines ----------------------------------------------------------------------------------------------------------


def rows_of(engine: Engine) -> tuple[dict[str, dict[str, Row]], list[tuple[Any, ...]]]:
    book = Ledger()
    reports = campaign(KEYS, engine, book, POINTS, seed=5)
    found = {key: kept(book, key) for key in KEYS}
    book.close()
    return found, [(r.claim, r.holds, r.undecided, r.raised, r.tightest, r.risk, r.problems) for r in reports]


def test_rows_and_reports_are_equal_on_one_thread_and_on_two_processes() -> None:
    with one_thread() as engine:
        here = rows_of(engine)
    assert sum(map(len, here[0].values())) == POINTS * len(KEYS)
    with engines.local(2) as engine:
        assert rows_of(engine) == here


@pytest.mark.slow
def test_dask_gives_the_same_rows() -> None:
    pytest.importorskip("distributed")
    with one_thread() as engine:
        here = rows_of(engine)
    with engines.dask("", 2) as engine:
        assert rows_of(engine) == here


# ---- plans and resuming -------------------------------------------------------------------------------------------------


class Recording(Serial):
    """Remembers what it was asked."""

    def __init__(self) -> None:
        self.names: list[str] = []

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.names += args[0].names
        return super().submit(fn, *args, **kwargs)


def test_resuming_asks_exactly_for_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "BLOCK", 7)
    book, key = Ledger(tmp_path / "book"), "toys.nets"
    whole = Ledger()
    campaign([key], serial(), whole, 50)
    rows = whole.rows(key, "", source_hash(key))
    gaps = {f"draw:0:{i}" for i in (0, 6, 7, 13, 14, 15, 16, 17, 18, 19, 20, 49)}
    book.add(row for name, row in rows.items() if name not in gaps)
    told: list[tuple[int, int, int]] = []
    recording = Recording()
    campaign([key], Engine(lambda: recording, 1, ()), book, 50, progress=lambda _, *numbers: told.append(numbers))
    assert set(recording.names) == gaps
    assert len(recording.names) == len(gaps), "once"
    assert (told[0], told[-1]) == ((38, 50, 0), (50, 50, 12))
    assert kept(book, key) == kept(whole, key)
    again = Recording()
    campaign([key], Engine(lambda: again, 1, ()), book, 50)
    assert again.names == []
    campaign([key], Engine(lambda: again, 1, ()), book, 53)
    assert again.names == ["draw:0:50", "draw:0:51", "draw:0:52"]
    book.close()


def test_a_million_points_are_planned_without_holding_them() -> None:
    book, key = Ledger(), "toys.positive"
    source_hash(key)
    pace = {key: Pace(1e-4)}
    tracemalloc.start()
    try:
        tasks = plan([key], book, 1_000_000, 0, pace)
        planned = sum(len(next(tasks).names) for _ in range(40))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert planned == 40 * bulk.LARGEST_TASK
    assert peak < 10e6


def test_tasks_are_as_long_as_measured() -> None:
    pace = Pace(0.005)
    assert pace.points_a_task() == 50
    row = Row("a", "", "t", "holds", "", "", "", "", 0.0, None, "[]", 1, "", "", 1.0)
    pace.add([row] * 9)
    assert pace.points_a_task() == 1
    assert Pace(1e-7).points_a_task() == bulk.LARGEST_TASK


class Dying(Serial):
    """Loses every other task, as a pool whose worker was killed does; or all of them."""

    def __init__(self, always: bool = False) -> None:
        self.submitted, self.always = 0, always

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        self.submitted += 1
        if self.always or self.submitted % 2:
            future: Future[Any] = Future()
            future.set_exception(BrokenExecutor("a worker died"))
            return future
        return super().submit(fn, *args, **kwargs)


def test_tasks_of_workers_that_died_are_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk, "TASK_SECONDS", 0.005)
    book, pool, opened = Ledger(), Dying(), []
    campaign(["toys.nets"], Engine(lambda: opened.append(1) or pool, 4, (BrokenExecutor,)), book, 40)  # type: ignore[func-returns-value]
    assert set(kept(book, "toys.nets")) == {f"draw:0:{i}" for i in range(40)}
    assert len(opened) > 3, "the executor is opened anew"
    with pytest.raises(EngineProblem, match="21 times in a row a worker was lost before it answered: a worker died"):
        campaign(["toys.nets"], Engine(lambda: Dying(always=True), 4, (BrokenExecutor,)), book, 60)
    assert len(kept(book, "toys.nets")) == 40, "what was there is kept"


def test_a_worker_that_cannot_do_its_work_is_a_sentence() -> None:
    class Lacking(Executor):
        def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
            future: Future[Any] = Future()
            future.set_exception(ModuleNotFoundError("No module named 'proofs_check'"))
            return future

    with pytest.raises(EngineProblem, match="a worker cannot do its work: ModuleNotFoundError: No module named 'proofs_check'"):
        campaign(["toys.nets"], Engine(Lacking, 1, ()), Ledger(), 10)


# ---- killed from outside ------------------------------------------------------------------------------------------------

DRIVER = """
import sys
from pathlib import Path
from proofs_check import bulk, engines
from proofs_check.ledger import Ledger
kind, address, ledger, points = sys.argv[1:]
def told(claim, done, total, new):
    print(done, flush=True)
if __name__ == "__main__":
    with engines.dask(address, 2) if kind == "dask" else engines.local(2) as engine:
        bulk.campaign(["toys.nets"], engine, Ledger(Path(ledger)), int(points), progress=told)
"""


def driver(folder: Path, environment: dict[str, str], *words: str) -> subprocess.Popen[str]:
    (folder / "driver.py").write_text(DRIVER, encoding="utf-8")
    command = [sys.executable, "driver.py", *words]
    with (folder / "stderr").open("a", encoding="utf-8") as errors:
        return subprocess.Popen(command, cwd=folder, env=environment, text=True, stdout=subprocess.PIPE, stderr=errors)


def workers(pid: int) -> list[int]:
    """The pool's processes below a process: loky's, or dask's."""
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
            words = (folder / "cmdline").read_bytes()
            if parent == pid and (b"popen_loky" in words or b"spawn_main" in words):
                found.append(int(folder.name))
        except (OSError, IndexError):
            continue
    return found


def kill_one(rng: random.Random, above: int, whom: str) -> None:
    """A worker, or the judging process of one; whoever is there as soon as somebody is."""
    for _ in range(1000):
        pool = workers(above)
        mortal = pool if whom == "worker" else [pid for worker in pool for pid in children(worker)]
        if mortal:
            os.kill(rng.choice(mortal), signal.SIGKILL)
            return
        time.sleep(0.01)
    pytest.fail(f"no {whom} process within ten seconds")


def count(ledger: Path) -> tuple[int, int]:
    """Rows, and different tasks; the database says whether it is whole."""
    with sqlite3.connect(ledger) as db:
        assert db.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        [found] = db.execute("SELECT COUNT(*), COUNT(DISTINCT claim || ' ' || task) FROM result").fetchall()
    db.close()
    return int(found[0]), int(found[1])


@pytest.fixture
def copied(tmp_path: Path, environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """A copy of the code: rows count for one source, and somebody may be editing it."""
    import shutil

    for package in ("bounds", "proofs_check"):
        shutil.copytree(HERE.parent.parent / package, tmp_path / package)
    path = os.pathsep.join([str(tmp_path), environment["PYTHONPATH"]])
    monkeypatch.setenv("PYTHONPATH", path)
    monkeypatch.syspath_prepend(str(tmp_path))  # dask's workers get it from here
    return environment | {"PYTHONPATH": path}


MOMENTS = [("dask", "driver")] * 5 + [("dask", "worker")] * 5 + [("dask", "judging")] * 2
MOMENTS += [("local", "driver")] * 3 + [("local", "worker")] * 3 + [("local", "judging")] * 2


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_killed_at_twenty_moments_nothing_reported_is_lost_and_nothing_is_there_twice(
    copied: dict[str, str], tmp_path: Path
) -> None:
    distributed = pytest.importorskip("distributed")
    rng, book, killed = random.Random(7), tmp_path / "book", Counter[str]()
    moments = rng.sample(MOMENTS, len(MOMENTS))
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, dashboard_address="127.0.0.1:0", silence_logs=50
    ) as cluster:
        reported = 0
        while moments:
            engine = moments[0][0]
            process = driver(tmp_path, copied, engine, cluster.scheduler_address, str(book), "1000000")
            assert process.stdout is not None
            before = reported
            while moments and moments[0][0] == engine and process.poll() is None:
                _, whom = moments.pop(0)
                reported = int(process.stdout.readline())
                while reported == before:  # at least one report of this process's own work
                    reported = int(process.stdout.readline())
                before = reported
                time.sleep(rng.random() / 2)
                if whom == "driver":
                    process.kill()
                else:
                    kill_one(rng, os.getpid() if engine == "dask" else process.pid, whom)
                killed[whom] += 1
                if whom == "driver":
                    break
            process.kill()
            reported = max([before, *(int(line) for line in process.stdout.read().split("\n")[:-1])])
            process.wait()
            process.stdout.close()
            rows, tasks = count(book)
            assert rows == tasks, "none twice"
            assert rows >= reported, "none lost"
    assert killed == {"driver": 8, "worker": 8, "judging": 4}
    rows, _ = count(book)
    whole = driver(tmp_path, copied, "local", "", str(book), str(rows))
    whole.communicate()
    assert whole.returncode == 0
    names = [f"draw:0:{i}" for i in range(rows)]
    found = newest(book)
    assert set(names) <= found.keys(), "none is missing where others were on their way"
    [source] = {row.source for row in found.values()}
    some = rng.sample(names, 300)
    for row in judge_all(drawn("toys.nets", some)._replace(source=source), Limits()).rows:
        assert found[row.task] == row._replace(seconds=0.0)


def newest(book: Path) -> dict[str, Row]:
    with sqlite3.connect(book) as db:
        rows = map(Row._make, db.execute(f"SELECT {', '.join(Row._fields)} FROM result").fetchall())
    db.close()
    return {row.task: row._replace(seconds=0.0) for row in rows}
