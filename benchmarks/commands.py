"""The command as whole processes, beside an interpreter that only imports what everything here needs."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.timing import Table, goal

ROUNDS = 7


class Process(NamedTuple):
    wall: float
    cpu: float  # user and system, of workers too
    code: int


def timed(*command: str) -> Process:
    """In an empty folder of its own, as `run` may write there."""
    with tempfile.TemporaryDirectory() as folder:
        before, began = os.times(), time.perf_counter()
        code = subprocess.run(command, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False).returncode
        wall, after = time.perf_counter() - began, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    return Process(wall, cpu, code)


def measure() -> list[Table]:
    command = str(Path(sys.executable).with_name("proofs-check"))
    listing = (command, "list")
    imports = (sys.executable, "-c", "import numpy, scipy.special")
    rounds = [(timed(*listing), timed(*imports)) for _ in range(ROUNDS + 1)][1:]
    lists, bare = zip(*rounds, strict=True)
    rows = [
        row("proofs-check list", list(lists), 1.5),
        row('python -c "import numpy, scipy.special"', list(bare), None),
        row("proofs-check run gmm_entropy", [timed(command, "run", "gmm_entropy", "--jobs", "2")], 120),
    ]
    note = (
        "Goals: `run` at its default budget on 2 cores under 120 s, `list` under 1.5 s, both by the clock and with exit "
        "code 0. CPU: seconds of all processes together."
    )
    return [Table("The command", note, rows)]


def row(name: str, runs: list[Process], limit: float | None) -> dict[str, Any]:
    wall, code = statistics.median(run.wall for run in runs), max(run.code for run in runs)
    return {
        "command": name,
        "runs": len(runs),
        "wall, s": wall,
        "fastest, s": min(run.wall for run in runs),
        "CPU, s": statistics.median(run.cpu for run in runs),
        "exit code": code,
        "goal": "" if limit is None else f"< {limit} s: {goal(wall < limit, code == 0)}",
    }
