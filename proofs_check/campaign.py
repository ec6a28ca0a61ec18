"""Many points on many cores: what is asked of each claim, the workers that answer, and the report that sums it up.

The one seam to parallel execution is `concurrent.futures.Executor`. Workers receive plain data (key, variant, points) and
find the claim themselves; they return rows, which the driver writes to the ledger before it reports them.
"""

import ctypes
import math
import os
import signal
import sys
import time
import traceback
import warnings
from collections import Counter, deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import active_children, get_context, resource_tracker
from pathlib import Path
from typing import Any, NamedTuple

from bounds.claim import Claim
from proofs_check.discover import find, source_hash
from proofs_check.ledger import Ledger, Row
from proofs_check.points import draws, from_json, to_json
from proofs_check.verdict import SUITE_RISK, Judgement, judge, meets, tightness

BATCH_SECONDS = 0.5  # a batch of points is about this long: progress moves, and a kill loses no more
PR_SET_PDEATHSIG = 1  # linux/prctl.h
IN_FLIGHT = 256  # tasks handed to the executor at a time
FAILED = {"raised": "raised", "poisoned": "could not be judged"}  # verdicts that are none, and what to say of them


@dataclass(frozen=True)
class Budget:
    """How much is asked. Seconds become calls by the claim's declared cost, so equal budgets give equal rows anywhere."""

    seconds: float = 2.0  # core-seconds a claim, half for draws and half for the search; a variant gets a quarter
    points: int | None = None  # this many draws, and as many calls of each search, whatever they cost
    seed: int = 0

    def draws(self, claim: Claim[Any], variant: str) -> int:
        """Bulk draws of a claim, or of a variant that is true as well."""
        n = self.points or max(16, math.ceil(self.seconds / 2 / claim.variant(variant).cost))
        return n if variant == "" else min(n, max(16, n // 4))

    def search(self, claim: Claim[Any], variant: str) -> int:
        """Calls of a worst-case search."""
        share = 0.5 if variant == "" else 0.25
        return self.points or max(16, math.ceil(self.seconds * share / claim.variant(variant).cost))

    def search_name(self, claim: Claim[Any], variant: str) -> str:
        """The name under which the ledger keeps that search."""
        return f"search:{self.seed}:{self.search(claim, variant)}"


class Task(NamedTuple):
    """What a worker receives: plain data only."""

    kind: str  # "points", "search" or "proof"
    claim: str
    variant: str
    source: str  # hash of the code when the run began: rows of one run stay together, whatever is edited meanwhile
    names: tuple[str, ...]  # one row each; "step:<i>" makes one for the step and one for its twin
    points: tuple[str, ...] = ()  # JSON; a draw's name and seed are its point already
    seed: int = 0
    calls: int = 0


def expects_refutation(claim: Claim[Any], variant: str) -> bool:
    """Falsified variants, and a claim whose status is "false", must be refuted."""
    return variant in claim.falsified or (variant == "" and claim.status == "false")


# ---- in the worker --------------------------------------------------------------------------------------------------


def start_worker(parent: int) -> None:
    """Leave Ctrl-C to the driver, and floating-point warnings to the claims, which answer in enclosures.

    On Linux a worker ends when the process that started it does, however that ended and whatever the worker is at.
    """
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:  # it ended before this
            os._exit(1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore", RuntimeWarning)


def work(task: Task) -> list[Row]:
    """Do one task. An exception is an answer too: a row that says "raised", what and where."""
    if task.kind == "search":
        return [_search(task)]
    if task.kind == "proof":
        return [row for name in task.names for row in _prove(task, int(name.split(":")[1]))]
    points = task.points or ["null"] * len(task.names)
    return [judge_one(task, name, point) for name, point in zip(task.names, points, strict=True)]


def _row(task: Task, name: str, verdict: str, point: str, seconds: float, **more: Any) -> Row:
    values: dict[str, Any] = {"actual": "null", "bound": "null", "trust": "", "risk": 0.0, "tightness": None, "covered": "[]"}
    values |= {"calls": 1, "note": ""} | more
    return Row(
        claim=task.claim,
        variant=task.variant,
        task=name,
        verdict=verdict,
        point=point,
        source=task.source,
        seconds=seconds,
        **values,
    )


def _judged(judgement: Judgement, score: float) -> dict[str, Any]:
    def ends(side: Any) -> str:
        return "null" if side is None else to_json([side.lo, side.hi])

    return {
        "actual": ends(judgement.actual),
        "bound": ends(judgement.bound),
        "trust": judgement.trust or "",
        "risk": judgement.risk,
        "tightness": score if math.isfinite(score) else None,
        "covered": to_json(list(judgement.covered)),
    }


def _what(problem: BaseException) -> str:
    frame = traceback.extract_tb(problem.__traceback__)[-1]
    return f"{type(problem).__name__}: {problem} ({Path(frame.filename).name}, line {frame.lineno})"


def judge_one(task: Task, name: str, point: str) -> Row:
    """Judge one point, which is drawn here if its name says so: its JSON, read again, would be the same to the last bit."""
    began = time.perf_counter()
    try:
        claim = find(task.claim).variant(task.variant)
        if name.startswith("draw"):
            [values] = draws(claim.space, task.seed, f"{task.claim}:{task.variant}", [int(name.split(":")[2])])
            point = to_json(values)
        else:
            values = from_json(point)
        judgement = judge(claim, values)
        more = _judged(judgement, tightness(claim, judgement))
        more["note"] = "apart" if name.startswith("tight") and not meets(judgement) else ""
        return _row(task, name, judgement.verdict, point, time.perf_counter() - began, **more)
    except MemoryError as problem:
        return poisoned(task, name, _what(problem), point)
    except Exception as problem:  # any claim may raise anything, and a run must go on
        return _row(task, name, "raised", point, time.perf_counter() - began, note=_what(problem))


def poisoned(task: Task, name: str, note: str, point: str = "null") -> Row:
    """Of a point that took its process, its memory or its time with it."""
    return _row(task, name, "poisoned", point, 0.0, note=note)


def _search(task: Task) -> Row:
    from proofs_check.worst_case import PointRaised, search

    began, [name] = time.perf_counter(), task.names
    claim = find(task.claim)
    stop = expects_refutation(claim, task.variant)
    claim = claim.variant(task.variant)
    try:
        found = search(claim, task.calls, task.seed, f"{task.claim}:{task.variant}", stop_at_refutation=stop)
        more = _judged(found.judgement, found.score) | {"calls": found.calls, "risk": found.risk, "note": found.method}
        return _row(task, name, found.judgement.verdict, to_json(found.point), time.perf_counter() - began, **more)
    except PointRaised as problem:
        cause = problem.__cause__ or problem
        return _row(task, name, "raised", to_json(problem.point), time.perf_counter() - began, note=_what(cause))
    except Exception as problem:
        return _row(task, name, "raised", "null", time.perf_counter() - began, note=_what(problem))


def _prove(task: Task, index: int) -> Iterator[Row]:
    step = find(task.claim).proof[index]
    for name, check in ((f"step:{index}", step.check), (f"twin:{index}", step.false_twin)):
        began = time.perf_counter()
        try:
            verdict, how = check()
        except Exception as problem:
            verdict, how = "raised", _what(problem)  # type: ignore[assignment]
        yield _row(task, name, verdict, "null", time.perf_counter() - began, note=how)


# ---- in the driver --------------------------------------------------------------------------------------------------


@contextmanager
def process_pool(jobs: int) -> Iterator[Executor]:
    """Worker processes with one BLAS thread each: cores are shared out by claims, and results don't depend on them.

    If the block is left by an exception, as by Ctrl-C, the workers end at once: nobody waits for what they would answer.
    """
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    others = set(active_children())
    executor = ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=start_worker, initargs=(os.getpid(),))
    try:
        with ctrl_c_later():  # a worker inherits this, and cannot be interrupted before `start_worker`
            for _ in range(jobs):
                executor.submit(os.getpid)
        yield executor
    except BaseException:
        for worker in set(active_children()) - others:
            worker.terminate()
        raise
    finally:
        executor.shutdown()


@contextmanager
def ctrl_c_later() -> Iterator[None]:
    """Ctrl-C waits until the end of the block; processes and threads that are started in it never hear of it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    resource_tracker.ensure_running()  # when it starts, it lets Ctrl-C through
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def plan(key: str, budget: Budget, known: Callable[[str], dict[str, Row]]) -> Iterator[Task]:
    """What is still to be asked of one claim."""
    claim, source = find(key), source_hash(key)
    for variant in ["", *claim.also_true]:
        done = known(variant)
        if variant == "":
            names = [f"tight:{i}" for i in range(len(claim.tight_at)) if f"tight:{i}" not in done]
            if names:
                yield Task("points", key, "", source, tuple(names), tuple(to_json(claim.tight_at[int(n[6:])]) for n in names))
        wanted = range(0) if expects_refutation(claim, variant) else range(budget.draws(claim, variant))
        indices = [i for i in wanted if f"draw:{budget.seed}:{i}" not in done]
        size = max(1, round(BATCH_SECONDS / claim.cost))
        for start in range(0, len(indices), size):
            batch = indices[start : start + size]
            names = [f"draw:{budget.seed}:{i}" for i in batch]
            yield Task("points", key, variant, source, tuple(names), seed=budget.seed)
    for variant in ["", *claim.falsified, *claim.also_true]:
        done, name = known(variant), budget.search_name(claim, variant)
        if name not in done:
            yield Task("search", key, variant, source, (name,), seed=budget.seed, calls=budget.search(claim, variant))
        elif "witness" not in done:  # of an earlier run that ended between the two
            yield from follow_up(done[name])
    done = known("")
    for i in range(len(claim.proof)):
        if f"twin:{i}" not in done:
            yield Task("proof", key, "", source, (f"step:{i}",))


def follow_up(row: Row) -> list[Task]:
    """A variant that the search did not refute is shown its known witness."""
    claim = find(row.claim)
    witness = claim.witness.get(row.variant)
    if not row.task.startswith("search") or row.verdict == "refuted" or witness is None:
        return []
    return [Task("points", row.claim, row.variant, row.source, ("witness",), (to_json(witness),))]


def run(
    keys: Sequence[str],
    executor: Executor,
    ledger: Ledger,
    budget: Budget,
    progress: Callable[[str, int, int], None] = lambda key, done, total: None,
) -> list["Report"]:
    """Ask everything of every claim; rows are in the ledger before `progress` (key, tasks done, tasks in all) hears of them."""

    def known(key: str, variant: str) -> dict[str, Row]:
        return ledger.rows(key, variant, source_hash(key))

    tasks = deque(task for key in keys for task in plan(key, budget, partial(known, key)))
    total, pending = len(tasks), set[Future[list[Row]]]()
    while tasks or pending:
        while tasks and len(pending) < IN_FLIGHT:
            pending.add(executor.submit(work, tasks.popleft()))
        finished, pending = wait(pending, return_when=FIRST_COMPLETED)
        for future in finished:
            rows = future.result()
            ledger.add(rows)
            more = [t for row in rows for t in follow_up(row) if "witness" not in known(row.claim, row.variant)]
            tasks.extend(more)
            total += len(more)
            progress(rows[0].claim, total - len(tasks) - len(pending), total)
    reports = [report(key, ledger, budget) for key in keys]
    spent = math.fsum(item.risk for item in reports)
    if spent > SUITE_RISK:  # of the whole run, so it is nobody's in particular: said where most was spent
        worst = max(reports, key=lambda item: item.risk)
        worst.problems.append(f"the looks of this run spent a risk of {spent:.1e}; a run may spend {SUITE_RISK:.0e}")
    return reports


@dataclass
class Report:
    """All that a run says of one claim. `problems` is empty if and only if the claim passes."""

    claim: str
    says: str
    status: str
    draws: int = 0
    search_calls: int = 0
    holds: int = 0
    survives: int = 0
    undecided: int = 0
    refuted: int = 0
    out_of_scope: int = 0
    raised: int = 0
    poisoned: int = 0
    tightness_kind: str = "ratio"
    tightest: float | None = None  # log of the ratio, or the difference
    tightest_at: Any = None
    trust: str = ""
    risk: float = 0.0
    variants: int = 0
    variants_refuted: int = 0
    variants_by_search: int = 0
    survivors: list[str] = field(default_factory=list)  # variants that nothing refuted
    steps: int = 0
    steps_proved: int = 0
    covers: dict[str, int] = field(default_factory=dict)
    seconds: float = 0.0
    news: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    counterexamples: list[dict[str, Any]] = field(default_factory=list)  # unexpected ones: variant and point

    @property
    def passed(self) -> bool:
        """Nothing went wrong."""
        return not self.problems


def report(key: str, ledger: Ledger, budget: Budget) -> Report:
    """Sum up the rows that this budget asks for."""
    claim = find(key)
    out = Report(key, claim.says, claim.status, tightness_kind=claim.tightness, variants=len(claim.falsified))

    def rows(variant: str) -> list[Row]:
        n = 0 if variant in claim.falsified else budget.draws(claim, variant)
        wanted = {budget.search_name(claim, variant), "witness", *(f"draw:{budget.seed}:{i}" for i in range(n))}
        known = ledger.rows(key, variant, source_hash(key))
        return [row for name, row in known.items() if name in wanted or name.startswith(("tight:", "step:", "twin:"))]

    mine = rows("")
    _count(out, claim, [row for row in mine if not row.task.startswith(("step", "twin"))])
    _steps(out, claim, {row.task: row for row in mine})
    every = list(mine)
    for variant in claim.falsified:
        found = rows(variant)
        every += found
        _raised(out, f"falsified variant {variant!r}", found)
        refuting = [row for row in found if row.verdict == "refuted"]
        out.variants_refuted += bool(refuting)
        out.variants_by_search += any(row.task.startswith("search") for row in refuting)
        if not refuting:
            out.survivors.append(variant)
            out.problems.append(f"falsified variant {variant!r} was not refuted")
    for variant in claim.also_true:
        found = rows(variant)
        every += found
        _raised(out, f"true variant {variant!r}", found)
        out.problems += _refuted(out, f"true variant {variant!r}", variant, found)
    out.seconds = sum(row.seconds for row in every)
    out.risk = math.fsum(row.risk for row in every)
    return out


def _raised(out: Report, what: str, rows: list[Row]) -> None:
    for verdict in FAILED:
        some = [row for row in rows if row.verdict == verdict]
        if some:
            out.problems.append(failed(what, verdict, f"{len(some)} of {len(rows)} tasks", some[0].point, some[0].note))


def failed(what: str, verdict: str, times: str, point: str, note: str) -> str:
    """What to say of points that gave no verdict."""
    return f"{what} {FAILED[verdict]} in {times}{'' if point == 'null' else f', first at {point}'}: {note}"


def _refuted(out: Report, what: str, variant: str, rows: list[Row]) -> list[str]:
    """What to say of refutations, and the worst of them as a counterexample."""
    refuted = [row for row in rows if row.verdict == "refuted"]
    if not refuted:
        return []
    worst = max(refuted, key=lambda row: math.inf if row.tightness is None else row.tightness)
    out.counterexamples.append({"variant": variant, "point": from_json(worst.point)})
    return [f"{what} was refuted in {len(refuted)} of {len(rows)} tasks, worst at {worst.point}"]


def _count(out: Report, claim: Claim[Any], rows: list[Row]) -> None:
    add_counts(out, Counter(row.verdict for row in rows))
    drawn = [row for row in rows if row.task.startswith("draw")]
    out.draws = len(drawn)
    out.search_calls = sum(row.calls for row in rows if row.task.startswith("search"))
    trusts = [row.trust for row in rows if row.trust]
    out.trust = max(trusts, key=("proved", "rounded", "sampled").index, default="")
    scored = [row for row in rows if row.tightness is not None]
    if scored:
        worst = max(scored, key=lambda row: row.tightness or 0.0)
        out.tightest, out.tightest_at = worst.tightness, from_json(worst.point)
    _raised(out, "the claim", rows)
    apart = [row.point for row in rows if row.note == "apart"]
    out.problems += [f"both sides should meet at {point}, and do not" for point in apart]
    if claim.status == "false":
        if not out.refuted:
            out.problems.append("this claim is false and nothing refuted it")
        return
    covers = {name: sum(name in from_json(row.covered) for row in drawn) for name in claim.covers}
    conclude(out, _refuted(out, "the claim", "", rows), covers)


def add_counts(out: Report, counts: Mapping[str, int]) -> None:
    """How many points had which verdict."""
    for name in ("holds", "survives", "undecided", "refuted", "raised", "poisoned"):
        setattr(out, name, counts.get(name, 0))
    out.out_of_scope = counts.get("out of scope", 0)


def conclude(out: Report, refuted: list[str], covers: dict[str, int]) -> None:
    """What the points of a claim that may be true amount to."""
    (out.news if out.status == "conjecture" else out.problems).extend(refuted)
    if not out.holds + out.survives:
        out.problems.append("no point holds or survives: the check is vacuous")
    out.covers = covers
    out.problems += [f"no draw covers the case {name!r}" for name, n in covers.items() if not n]


def _steps(out: Report, claim: Claim[Any], rows: dict[str, Row]) -> None:
    out.steps = len(claim.proof)
    for i, step in enumerate(claim.proof):
        check, twin = rows.get(f"step:{i}"), rows.get(f"twin:{i}")
        if check is None or check.verdict != "proved":
            out.problems.append(f"proof step {step.says!r} is {check.verdict + ': ' + check.note if check else 'unchecked'}")
        elif twin is None or twin.verdict != "refuted":
            out.problems.append(
                f"the false twin of {step.says!r} is {twin.verdict + ': ' + twin.note if twin else 'unchecked'}"
            )
        else:
            out.steps_proved += 1
