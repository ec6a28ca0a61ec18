"""Campaigns: very many draws of a claim, on whatever executes them, without holding them all in memory.

A campaign asks the same questions as a run, `draw:<seed>:<i>`, so that its ledger serves the same readers. It asks nothing
else: searches, variants and proof steps are the run's business, which takes minutes.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from typing import Any

from proofs_check.campaign import FAILED, Report, Task, add_counts, conclude, failed
from proofs_check.discover import find, source_hash
from proofs_check.engines import Engine, EngineProblem
from proofs_check.ledger import Ledger, Row
from proofs_check.points import draws, from_json, to_json
from proofs_check.supervised import Answer, JudgeProblem, Limits, judge_all

TASK_SECONDS = 0.25  # a task is about this long: long beside what it costs to hand over, short beside a kill
LARGEST_TASK = 2000  # points
BLOCK = 10_000  # draws that are looked up in the ledger at a time
IN_A_ROW = 20  # losses without a row between them, before it is not chance


class Pace:
    """Seconds of a judgement of one claim: as declared, then as measured."""

    def __init__(self, cost: float) -> None:
        self.seconds, self.points = cost, 1

    def add(self, rows: Sequence[Row]) -> None:
        self.seconds += sum(row.seconds for row in rows)
        self.points += len(rows)

    def points_a_task(self) -> int:
        return min(LARGEST_TASK, max(1, round(TASK_SECONDS * self.points / self.seconds)))


def plan(keys: Sequence[str], ledger: Ledger, points: int, seed: int, pace: dict[str, Pace]) -> Iterator[Task]:
    """Tasks with all draws that the ledger does not hold, in order, made as they are asked for."""
    for key in keys:
        source = source_hash(key)
        for start in range(0, points, BLOCK):
            names = [f"draw:{seed}:{i}" for i in range(start, min(start + BLOCK, points))]
            known = ledger.known(key, "", source, names)
            left = [name for name in names if name not in known]
            while left:
                size = pace[key].points_a_task()
                yield Task("points", key, "", source, tuple(left[:size]), seed=seed)
                left = left[size:]


def campaign(
    keys: Sequence[str],
    engine: Engine,
    ledger: Ledger,
    points: int,
    seed: int = 0,
    limits: Limits | None = None,
    progress: Callable[[str, int, int, int], None] = lambda key, done, total, new: None,
) -> list[Report]:
    """Judge the first `points` draws of each claim; rows are in the ledger before `progress` (key, rows, rows in the end, rows
    of this call) hears of them. Raises EngineProblem and JudgeProblem where nothing can be computed any more."""
    limits = limits or Limits()
    pace = {key: Pace(find(key).cost) for key in keys}
    tasks, again = plan(keys, ledger, points, seed, pace), deque[Task]()
    before = sum(_drawn(ledger, key, seed, points, "COUNT(*)")[0][0] for key in keys)
    pending, new, losses, loss = dict[Future[Answer], Task](), 0, 0, ""
    executor = engine.open()
    progress(keys[0], before, points * len(keys), 0)
    while True:
        while len(pending) < engine.in_flight and (task := again.popleft() if again else next(tasks, None)):
            try:
                pending[executor.submit(judge_all, task, limits)] = task
            except engine.lost as problem:
                again.append(task)
                loss = str(problem)
                break
        if not pending and not again:
            break
        finished = wait(pending, return_when=FIRST_COMPLETED).done if pending else set()
        rows = dict[str, list[Row]]()  # by the versions that they were computed with
        for future in finished:
            task = pending.pop(future)
            try:
                answer = _answer(future, engine)
            except engine.lost as problem:
                again.append(task)
                loss = str(problem) or type(problem).__name__
                continue
            pace[task.claim].add(answer.rows)
            rows.setdefault(answer.versions, []).extend(map(_with_point, answer.rows))
            key = task.claim
        for found, some in rows.items():
            ledger.add(some, found)
            new += len(some)
        if rows:
            losses = 0
            progress(key, before + new, points * len(keys), new)
        if again:
            losses += 1
            if losses > IN_A_ROW:
                raise EngineProblem(f"{losses} times in a row a worker was lost before it answered: {loss}")
            executor = engine.open()
    return [survey(key, ledger, points, seed) for key in keys]


def _answer(future: Future[Answer], engine: Engine) -> Answer:
    try:
        return future.result()
    except Exception as problem:
        if isinstance(problem, (JudgeProblem, *engine.lost)):
            raise
        # as where a worker cannot import what it is sent
        raise EngineProblem(f"a worker cannot do its work: {type(problem).__name__}: {problem}") from problem


def _with_point(row: Row) -> Row:
    """A process that died could not say which point it was; a draw is known by its name."""
    if row.verdict != "poisoned":
        return row
    _, seed, index = row.task.split(":")
    [point] = draws(find(row.claim).space, int(seed), f"{row.claim}:", [int(index)])
    return row._replace(point=to_json(point))


# ---- what came of it ------------------------------------------------------------------------------------------------


def _drawn(ledger: Ledger, key: str, seed: int, points: int, what: str, then: str = "") -> list[tuple[Any, ...]]:
    """Ask sqlite about the rows of the first draws."""
    first = f"draw:{seed}:"
    query = f"""SELECT {what} FROM result WHERE claim = ? AND variant = '' AND source = ?
        AND task >= ? AND task < ? AND CAST(substr(task, ?) AS INTEGER) < ? {then}"""
    return ledger.query(query, [key, source_hash(key), first, f"draw:{seed};", len(first) + 1, points])


def survey(key: str, ledger: Ledger, points: int, seed: int) -> Report:
    """What the first draws say of a claim; sqlite counts them, so that none is held here."""
    claim = find(key)
    out = Report(key, claim.says, claim.status, tightness_kind=claim.tightness)
    sums = _drawn(ledger, key, seed, points, "verdict, COUNT(*), SUM(risk), SUM(seconds)", "GROUP BY verdict")
    counts = {verdict: count for verdict, count, _, _ in sums}
    add_counts(out, counts)
    out.draws = sum(counts.values())
    out.risk, out.seconds = sum(line[2] for line in sums), sum(line[3] for line in sums)
    tightest = _drawn(ledger, key, seed, points, "tightness, point", "AND tightness IS NOT NULL ORDER BY 1 DESC LIMIT 1")
    for score, point in tightest:
        out.tightest, out.tightest_at = score, from_json(point)
    trusts = [trust for (trust,) in _drawn(ledger, key, seed, points, "DISTINCT trust", "AND trust != ''")]
    out.trust = max(trusts, key=("proved", "rounded", "sampled").index, default="")
    for verdict in [verdict for verdict in FAILED if verdict in counts]:
        first = f"AND verdict = '{verdict}' ORDER BY length(task), task LIMIT 1"
        [(point, note)] = _drawn(ledger, key, seed, points, "point, note", first)
        times = f"{counts[verdict]:,} of {out.draws:,} points"
        out.problems.append(failed("the claim", verdict, times, point, note))
    refuted = []
    if out.refuted:
        worst = "AND verdict = 'refuted' ORDER BY tightness IS NULL DESC, tightness DESC LIMIT 1"
        [(point,)] = _drawn(ledger, key, seed, points, "point", worst)
        out.counterexamples.append({"variant": "", "point": from_json(point)})
        refuted = [f"the claim was refuted in {out.refuted:,} of {out.draws:,} points, worst at {point}"]
    cases = _drawn(ledger, key, seed, points, "covered, COUNT(*)", "GROUP BY covered")
    covers = {name: sum(count for covered, count in cases if name in from_json(covered)) for name in claim.covers}
    conclude(out, refuted, covers)
    return out
