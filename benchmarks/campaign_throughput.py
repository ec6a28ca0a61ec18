"""Judgements per second of a campaign, on loky and on dask, beside the bare loop that draws and judges the same points."""

import os
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from contextlib import AbstractContextManager
from importlib.metadata import version
from pathlib import Path
from typing import Any

from benchmarks.timing import Table, goal

# claims whose judgements take about 0.1, 3 and 5 ms, and how many points of each are judged in a round: seconds, of which the
# end, when one worker has nothing left to do, is a twentieth
CLAIMS = {
    "lstm_recovery.perron_derivative": 10_000,
    "gmm_entropy.jensen_pairwise": 1_700,
    "spike_accumulation.gradient_alignment": 1_000,
}
ROUNDS = 3
EFFICIENCY = 0.85  # of two local workers, for judgements of 5 ms: asked of the last claim


def measure() -> list[Table]:
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    from proofs_check.engines import dask, local

    engines: dict[str, Callable[[int], AbstractContextManager[Any]]] = {"loky": local, "dask": lambda jobs: dask("", jobs)}
    rows = []
    with threadpool_limits(1), warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)  # as in a worker: log 0 = -inf is a value
        for claim, points in CLAIMS.items():
            for name, opened in engines.items():
                alone = 0.0
                for jobs in (1, 2):
                    with opened(jobs) as engine:
                        timed = rounds(claim, points, engine)
                    found = row(claim, name, jobs, points, timed)
                    alone = alone or found["judgements/s"]
                    found["times one worker"] = found["judgements/s"] / alone
                    if (name, jobs, points) == ("loky", 2, min(CLAIMS.values())):
                        found["goal"] = f"efficiency ≥ {EFFICIENCY}: {goal(found['efficiency'] >= EFFICIENCY)}"
                    else:
                        found["goal"] = ""
                    rows.append(found)
    note = (
        f"loky {version('loky')}, distributed {version('distributed')}. A bare loop in one process and a campaign with warm "
        f"workers and a ledger on disk take turns over the same {ROUNDS} sets of points; medians over the rounds. Overhead: "
        "what a worker's second of judging gains by the bare loop, per judgement, the driver's share of the cores included. "
        "Efficiency: rate over workers times the bare rate of the same round. Driver, dask's scheduler and the workers share "
        f"the {os.cpu_count()} cores, so two workers of a machine with two cores have no core to themselves."
    )
    return [Table("Campaigns", note, rows)]


def rounds(claim: str, points: int, engine: Any) -> list[tuple[float, float]]:
    """Seconds of the bare loop and of the campaign, round by round, after a campaign that warms the workers up."""
    campaign(claim, points // 4, engine, 0)
    return [(bare(claim, points, seed), campaign(claim, points, engine, seed)) for seed in range(1, ROUNDS + 1)]


def bare(claim: str, points: int, seed: int) -> float:
    from proofs_check.discover import find
    from proofs_check.points import draws
    from proofs_check.verdict import judge

    theorem, began = find(claim), time.perf_counter()
    for point in draws(theorem.space, seed, f"{claim}:", range(points)):
        judge(theorem, point)
    return time.perf_counter() - began


def campaign(claim: str, points: int, engine: Any, seed: int) -> float:
    """With a new ledger, so that every point is judged."""
    from proofs_check import bulk
    from proofs_check.ledger import Ledger

    with tempfile.TemporaryDirectory() as folder:
        ledger, began = Ledger(Path(folder) / "ledger"), time.perf_counter()
        [report] = bulk.campaign([claim], engine, ledger, points, seed)
        seconds = time.perf_counter() - began
        ledger.close()
    if report.draws != points:
        raise RuntimeError(f"{report.draws} of {points} points were judged")
    return seconds


def row(claim: str, engine: str, jobs: int, points: int, timed: list[tuple[float, float]]) -> dict[str, Any]:
    loop = statistics.median(first for first, _ in timed)
    whole = statistics.median(second for _, second in timed)
    return {
        "claim": claim,
        "bare, ms each": 1e3 * loop / points,
        "engine": engine,
        "workers": jobs,
        "points": points,
        "judgements/s": points / whole,
        "overhead, ms each": 1e3 * statistics.median(jobs * b - a for a, b in timed) / points,
        "efficiency": statistics.median(a / (jobs * b) for a, b in timed),
    }
