"""Judge points in a process that can be killed: one that hangs, eats memory or takes its process with it costs only itself.

Whoever does a task, a worker of whatever executor, keeps one judging process and sends it the names of many points at a
time. Before each point that process writes one byte into a pipe that nobody reads until something goes wrong: it costs a
microsecond, and then it tells which point was being judged. POSIX only.
"""

import atexit
import math
import os
import platform
import signal
import subprocess
import sys
import threading
import time
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from typing import NamedTuple

from proofs_check.campaign import Task, judge_one, poisoned, start_worker
from proofs_check.discover import source_hash
from proofs_check.ledger import Row, versions

GROUP_SECONDS = 0.05  # answers are sent this often: quick points share the cost of a message
START_SECONDS = 10.0  # more than the limit, for the first point of a claim: its modules are imported on the way
SLICE_SECONDS = 0.5  # patience is counted in slices, so that a command stopped by Ctrl-Z does not find all its points hanging
STOP_SECONDS = 5.0  # for a process that ends in an orderly way
STARTS = 3  # a judging process may be killed by anybody while it starts
NO_MEMORY = 97  # exit code of a judging process that has reached its limit
BLAS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


class Limits(NamedTuple):
    """What one point may take."""

    seconds: float = 60.0
    gibibytes: float = 2.0  # of address space, what the process itself needs included


class Answer(NamedTuple):
    """The rows of a task in its order, and the versions of the packages that gave them."""

    rows: list[Row]
    versions: str


class JudgeProblem(Exception):
    """No process judges here: it does not start, or it has other code than the one who asks. Pickles: one argument."""


# ---- in the judging process -----------------------------------------------------------------------------------------


def serve(parent: int, asked: int, begun: int, memory: int) -> None:
    """Judge what is asked until nobody asks any more."""
    import resource

    start_worker(parent)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_AS, (memory, resource.getrlimit(resource.RLIMIT_AS)[1]))
    connection = Connection(asked)
    connection.send(versions())
    while True:
        try:
            task: Task = connection.recv()
        except EOFError:
            return
        rows, sent = list[Row](), time.perf_counter()
        for name in task.names:
            os.write(begun, b".")
            if problem := _differs(task):
                connection.send(problem)
                return
            row = judge_one(task, name, "null")
            if row.verdict == "poisoned":  # what ate the memory may be a point before: asked again in a new process
                os._exit(NO_MEMORY)
            rows.append(row)
            if time.perf_counter() - sent > GROUP_SECONDS:
                connection.send(rows)
                rows, sent = [], time.perf_counter()
        connection.send(rows)


def _differs(task: Task) -> str:
    """Why this is not the place to judge it, or "". Rows are kept under the source that they were asked for."""
    try:
        same = source_hash(task.claim) == task.source
    except Exception as problem:  # not installed, or it does not import
        return f"{task.claim} cannot be judged on {platform.node()}: {problem}"
    return "" if same else f"{platform.node()} has another version of the code of {task.claim}, or it was edited meanwhile"


# ---- in the worker --------------------------------------------------------------------------------------------------


class _Judging:
    """One judging process, from the side of who asks."""

    def __init__(self, limits: Limits) -> None:
        self.limits, self.claims, self.fresh = limits, set[str](), True
        self._connection, asked = Pipe()
        self._begun, begun = os.pipe()
        path = os.pathsep.join(folder or os.getcwd() for folder in sys.path)
        code = "import sys; from proofs_check.supervised import serve; serve(*map(int, sys.argv[1:]))"
        words = (os.getpid(), asked.fileno(), begun, int(limits.gibibytes * 2**30))
        self._process = subprocess.Popen(
            # "-P": a folder that happens to be the current one holds no module for it that it would not hold for us
            [sys.executable, "-P", "-c", code, *map(str, words)],
            pass_fds=(asked.fileno(), begun),
            env={**os.environ, "PYTHONPATH": path, **dict.fromkeys(BLAS, "1")},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,  # a claim may print what it likes
            stderr=subprocess.DEVNULL,
        )
        asked.close()
        os.close(begun)
        os.set_blocking(self._begun, False)
        try:
            self.versions: str = self._connection.recv()
        except (EOFError, OSError):
            self.versions = ""  # it did not start

    def ask(self, task: Task) -> tuple[list[Row], int, str]:
        """The rows of the points that it answered, how many it began, and what ended it ("" if nothing did)."""
        rows, patience = list[Row](), self.limits.seconds + GROUP_SECONDS
        if task.claim not in self.claims:
            self.claims.add(task.claim)
            patience += START_SECONDS
        try:
            self._connection.send(task)
            while len(rows) < len(task.names):
                slices = math.ceil(patience / SLICE_SECONDS)
                if not any(self._connection.poll(patience / slices) for _ in range(slices)):
                    self._process.kill()
                    return rows, self._count(), f"killed after {self.limits.seconds:g} s"
                said = self._connection.recv()
                if isinstance(said, str):
                    raise JudgeProblem(said)
                rows += said
                patience = self.limits.seconds + GROUP_SECONDS
        except (EOFError, OSError):
            return rows, self._count(), self._death()
        self._count()
        self.fresh = False
        return rows, len(rows), ""

    def _count(self) -> int:
        """Points begun since this was last asked."""
        try:
            return len(os.read(self._begun, 1 << 20))
        except BlockingIOError:
            return 0

    def _death(self) -> str:
        try:
            code = self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:  # it closed our connection and lives on
            self._process.kill()
            code = self._process.wait()
        if code == NO_MEMORY:
            return f"more than {self.limits.gibibytes:g} GiB of memory"
        if code >= 0:
            return f"the process ended with exit code {code}"
        return f"the process died: signal {-code} ({signal.strsignal(-code)})"

    def close(self) -> None:
        self._process.kill()
        self._process.wait()
        self._connection.close()
        os.close(self._begun)


_mine = threading.local()  # .judging: a worker may do tasks in several threads


def close() -> None:
    """End the judging process of this thread."""
    judging = getattr(_mine, "judging", None)
    if judging is not None:
        _mine.judging = None
        judging.close()


atexit.register(close)


def _judging(limits: Limits) -> _Judging:
    """The warm one, if it has these limits; a new one otherwise."""
    judging: _Judging | None = getattr(_mine, "judging", None)
    if judging is not None and judging.limits == limits:
        return judging
    for _ in range(STARTS):
        close()
        _mine.judging = judging = _Judging(limits)
        if judging.versions:
            return judging
    close()
    raise JudgeProblem(f"no process starts within {limits.gibibytes:g} GiB of memory; more may help")


def judge_all(task: Task, limits: Limits) -> Answer:
    """A row for every point of a task.

    A point that takes longer than its limit is poisoned at once. One whose process died is asked again, as the first of a new
    process: it may have been killed by somebody, or by what the points before it left behind. If it dies again, it is poisoned.
    """
    rows, left = dict[str, Row](), list(task.names)
    while left:
        judging = _judging(limits)
        alone = judging.fresh
        try:
            answered, begun, end = judging.ask(task._replace(names=tuple(left)))
        except JudgeProblem:
            close()
            raise
        rows |= {row.task: row for row in answered}
        if end:
            close()
            suspect = left[max(begun - 1, 0)]
            if begun > len(answered) and (end.startswith("killed") or (alone and begun == 1)):
                rows[suspect] = poisoned(task, suspect, end)
            left = [suspect, *left]
        left = [name for name in dict.fromkeys(left) if name not in rows]
    return Answer([rows[name] for name in task.names], judging.versions)
