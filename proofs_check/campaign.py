"""Many points on many cores: what is asked of each claim, the workers that answer, and the report that sums it up.

The one seam to parallel execution is `concurrent.futures.Executor`. Workers receive plain data (key, variant, points) and
find the claim themselves; they return rows, which the driver writes to the ledger before it reports them.
"""

import math
import os
import signal
import time
import warnings
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Executor, Future, ProcessPoolExecutor, wait
from dataclasses import dataclass, field
from functools import partial
from multiprocessing import get_context
from typing import Any, NamedTuple

from bounds.claim import Claim
from proofs_check.discover import find, source_hash
from proofs_check.ledger import Ledger, Row
from proofs_check.points import draws, from_json, to_json
from proofs_check.verdict import SUITE_RISK, Judgement, judge, meets, tightness

BATCH_SECONDS = 0.5  # a batch of points is about this long: progress moves, and Ctrl-C waits no longer


@dataclass(frozen=True)
class Budget:
    """How much is asked. Seconds become calls by the claim's declared cost, so equal budgets give equal rows anywhere."""

    seconds: float = 2.0  # core-seconds a claim, half for draws and half for the search; a variant gets a quarter
    points: int | None = None  # this many draws, and as many calls of each search, whatever they cost
    seed: int = 0

    def draws(self, claim: Claim[Any]) -> int:
        """Bulk draws of a claim."""
        return self.points or max(16, math.ceil(self.seconds / 2 / claim.cost))

    def search(self, claim: Claim[Any], share: float = 0.5) -> int:
        """Calls of a worst-case search that gets this share of the seconds."""
        return self.points or max(16, math.ceil(self.seconds * share / claim.cost))


class Task(NamedTuple):
    """What a worker receives: plain data only."""

    kind: str  # "points", "search" or "proof"
    claim: str
    variant: str
    names: tuple[str, ...]  # one row each, except that a search makes one row
    points: tuple[str, ...] = ()  # JSON
    seed: int = 0
    calls: int = 0


def expects_refutation(claim: Claim[Any], variant: str) -> bool:
    """Falsified variants, and a claim whose status is "false", must be refuted."""
    return variant in claim.falsified or (variant == "" and claim.status == "false")


# ---- in the worker --------------------------------------------------------------------------------------------------


def start_worker() -> None:
    """Leave Ctrl-C to the driver, and floating-point warnings to the claims, which answer in enclosures."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    warnings.simplefilter("ignore", RuntimeWarning)


def work(task: Task) -> list[Row]:
    """Do one task. An exception is an answer too: a row that says "raised" and where."""
    if task.kind == "search":
        return [_search(task)]
    if task.kind == "proof":
        return [row for name in task.names for row in _prove(task, int(name.split(":")[1]))]
    return [_judge(task, name, point) for name, point in zip(task.names, task.points, strict=True)]


def _row(task: Task, name: str, verdict: str, point: str, seconds: float, **more: Any) -> Row:
    values: dict[str, Any] = {"actual": "null", "bound": "null", "trust": "", "risk": 0.0, "tightness": None, "covered": "[]"}
    values |= {"calls": 1, "note": ""} | more
    source = source_hash(task.claim)
    return Row(
        claim=task.claim,
        variant=task.variant,
        task=name,
        verdict=verdict,
        point=point,
        source=source,
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


def _judge(task: Task, name: str, point: str) -> Row:
    began = time.perf_counter()
    try:
        claim = find(task.claim).variant(task.variant)
        judgement = judge(claim, from_json(point))
        touching = {"note": "" if meets(judgement) else "apart"} if name.startswith("tight") else {}
        more = _judged(judgement, tightness(claim, judgement)) | touching
        return _row(task, name, judgement.verdict, point, time.perf_counter() - began, **more)
    except Exception as problem:  # any claim may raise anything, and a run must go on
        note = f"{type(problem).__name__}: {problem}"
        return _row(task, name, "raised", point, time.perf_counter() - began, note=note)


def _search(task: Task) -> Row:
    from proofs_check.worst_case import PointRaised, search

    began = time.perf_counter()
    claim = find(task.claim)
    stop = expects_refutation(claim, task.variant)
    claim = claim.variant(task.variant)
    try:
        found = search(claim, task.calls, task.seed, f"{task.claim}:{task.variant}", stop_at_refutation=stop)
    except PointRaised as problem:
        seconds = time.perf_counter() - began
        return _row(task, task.names[0], "raised", to_json(problem.point), seconds, note=str(problem))
    verdict, point, more = found.judgement.verdict, found.point, _judged(found.judgement, found.score)
    if found.refuting is not None and verdict != "refuted":
        verdict, point = "refuted", found.refuting
    more |= {"calls": found.calls, "risk": found.risk, "note": found.method}
    return _row(task, task.names[0], verdict, to_json(point), time.perf_counter() - began, **more)


def _prove(task: Task, index: int) -> Iterator[Row]:
    step = find(task.claim).proof[index]
    for name, check in ((f"step:{index}", step.check), (f"twin:{index}", step.false_twin)):
        began = time.perf_counter()
        try:
            evidence: tuple[str, str] = check()
        except Exception as problem:
            evidence = "raised", f"{type(problem).__name__}: {problem}"
        verdict, how = evidence
        yield _row(task, name, verdict, "null", time.perf_counter() - began, note=f"{step.says} — {how}")


# ---- in the driver --------------------------------------------------------------------------------------------------


def process_pool(jobs: int) -> Executor:
    """Worker processes with one BLAS thread each: cores are shared out by claims, and results don't depend on them."""
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        os.environ[name] = "1"
    return ProcessPoolExecutor(jobs, mp_context=get_context("spawn"), initializer=start_worker)


def plan(key: str, budget: Budget, known: Callable[[str], dict[str, Row]]) -> list[Task]:
    """What is still to be asked of one claim."""
    claim, tasks = find(key), []
    for variant in ["", *claim.also_true]:
        done = known(variant)
        asked = claim.variant(variant)
        points: dict[str, Any] = {f"tight:{i}": point for i, point in enumerate(claim.tight_at)} if variant == "" else {}
        if not expects_refutation(claim, variant):
            n = budget.draws(asked) if variant == "" else max(16, budget.draws(asked) // 4)
            points |= {
                f"draw:{budget.seed}:{i}": point
                for i, point in enumerate(draws(asked.space, budget.seed, f"{key}:{variant}", range(n)))
            }
        todo = [name for name in points if name not in done]
        size = max(1, round(BATCH_SECONDS / claim.cost))
        for i in range(0, len(todo), size):
            names = tuple(todo[i : i + size])
            tasks.append(Task("points", key, variant, names, tuple(to_json(points[name]) for name in names)))
    for variant in ["", *claim.falsified, *claim.also_true]:
        calls = budget.search(claim.variant(variant), 0.5 if variant == "" else 0.25)
        name = f"search:{budget.seed}:{calls}"
        if name not in known(variant):
            tasks.append(Task("search", key, variant, (name,), seed=budget.seed, calls=calls))
    done = known("")
    todo = [f"step:{i}" for i in range(len(claim.proof)) if f"twin:{i}" not in done]
    return tasks + [Task("proof", key, "", (name,)) for name in todo]


def follow_up(row: Row) -> list[Task]:
    """A variant that the search did not refute is shown its known witness."""
    claim = find(row.claim)
    witness = claim.witness.get(row.variant)
    if not row.task.startswith("search") or row.verdict == "refuted" or witness is None:
        return []
    return [Task("points", row.claim, row.variant, ("witness",), (to_json(witness),))]


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

    tasks = [task for key in keys for task in plan(key, budget, partial(known, key))]
    for key in keys:  # searches of an earlier run whose witness was not reached
        for variant in ["", *find(key).falsified]:
            done = known(key, variant)
            tasks += [t for row in done.values() if "witness" not in done for t in follow_up(row)]
    total, done_tasks = len(tasks), 0
    pending: set[Future[list[Row]]] = {executor.submit(work, task) for task in tasks}
    try:
        while pending:
            finished, pending = wait(pending, return_when=FIRST_COMPLETED)
            for future in finished:
                rows = future.result()
                ledger.add(rows)
                done_tasks += 1
                more = [task for row in rows for task in follow_up(row)]
                total += len(more)
                pending |= {executor.submit(work, task) for task in more}
                progress(rows[0].claim, done_tasks, total)
    except BaseException:
        for future in pending:
            future.cancel()
        raise
    return [report(key, ledger, budget) for key in keys]


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
        asked = claim.variant(variant)
        searches = f"search:{budget.seed}:{budget.search(asked, 0.5 if variant == '' else 0.25)}"
        n = budget.draws(asked) if variant == "" else max(16, budget.draws(asked) // 4)
        wanted = {searches, "witness", *(f"draw:{budget.seed}:{i}" for i in range(n))}
        known = ledger.rows(key, variant, source_hash(key))
        return [row for name, row in known.items() if name in wanted or name.startswith(("tight:", "step:", "twin:"))]

    mine = rows("")
    _count(out, claim, [row for row in mine if not row.task.startswith(("step", "twin"))])
    _steps(out, claim, {row.task: row for row in mine})
    every = list(mine)
    for variant in claim.falsified:
        found = rows(variant)
        every += found
        out.problems += [f"variant {variant!r} raised {row.note} at {row.point}" for row in found if row.verdict == "raised"]
        refuting = [row for row in found if row.verdict == "refuted"]
        out.variants_refuted += bool(refuting)
        out.variants_by_search += any(row.task.startswith("search") for row in refuting)
        if not refuting:
            out.survivors.append(variant)
            out.problems.append(f"falsified variant {variant!r} was not refuted")
    for variant in claim.also_true:
        found = rows(variant)
        every += found
        for row in found:
            if row.verdict in ("refuted", "raised"):
                out.problems.append(f"true variant {variant!r} was {row.verdict} at {row.point} {row.note}".rstrip())
                out.counterexamples.append({"variant": variant, "point": from_json(row.point)})
    out.seconds = sum(row.seconds for row in every)
    out.risk = sum(row.risk for row in every)
    if out.risk > SUITE_RISK:
        out.problems.append(f"the looks at this claim spent a risk of {out.risk:.1e}; a suite may spend {SUITE_RISK:.0e}")
    return out


def _count(out: Report, claim: Claim[Any], rows: list[Row]) -> None:
    counts = Counter(row.verdict for row in rows)
    out.holds, out.survives, out.undecided = counts["holds"], counts["survives"], counts["undecided"]
    out.refuted, out.out_of_scope = counts["refuted"], counts["out of scope"]
    out.draws = sum(row.task.startswith("draw") for row in rows)
    out.search_calls = sum(row.calls for row in rows if row.task.startswith("search"))
    trusts = [row.trust for row in rows if row.trust]
    out.trust = max(trusts, key=("proved", "rounded", "sampled").index, default="")
    scored = [row for row in rows if row.tightness is not None]
    if scored:
        worst = max(scored, key=lambda row: row.tightness or 0.0)
        out.tightest, out.tightest_at = worst.tightness, from_json(worst.point)
    for row in rows:
        if row.verdict == "raised":
            out.problems.append(f"raised {row.note} at {row.point}")
        if row.verdict == "refuted" and claim.status != "false":
            (out.news if claim.status == "conjecture" else out.problems).append(f"refuted at {row.point}")
            out.counterexamples.append({"variant": "", "point": from_json(row.point)})
        if row.note == "apart":
            out.problems.append(f"both sides should meet at {row.point}, and do not")
    if claim.status == "false":
        if not counts["refuted"]:
            out.problems.append("this claim is false and nothing refuted it")
        return
    if not counts["holds"] + counts["survives"]:
        out.problems.append("no point holds or survives: the check is vacuous")
    out.covers = {name: sum(name in from_json(row.covered) for row in rows) for name in claim.covers}
    out.problems += [f"no point covers the case {name!r}" for name, n in out.covers.items() if not n]


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
