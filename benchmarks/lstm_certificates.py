"""Recovery certificates of large LSTMs that need no solver, and what it costs to re-check a proof."""

import time
from typing import Any

from benchmarks.timing import Table, goal
from bounds.common.lstm import LSTMNet, random_net
from bounds.lstm_recovery.methods import METHODS, SOLVED, certificates
from bounds.lstm_recovery.verification import verify_proof

E = 0.01
ROUNDS = 3


def seconds(job: Any) -> tuple[float, Any]:
    """Of the processor, the shortest of a few rounds, and what the job returned."""
    found, answer = [], None
    for _ in range(ROUNDS):
        start = time.process_time()
        answer = job()
        found.append(time.process_time() - start)
    return min(found), answer


def all_without_solver() -> Table:
    """(a) Every certificate but the matrix inequalities, 64 units and 8 inputs."""
    nets = {
        "forgets fast": random_net(0, 64, 8, 0.02, 0.02, 0.1, -0.5),
        "forgets slowly": random_net(0, 64, 8, 0.05, 0.03, 0.1, 0.0),
        "not certified": random_net(0, 64, 8, 0.05, 0.1, 0.3, 0.5),
    }
    methods = [name for name in METHODS if name not in SOLVED]
    rows = []
    for name, net in nets.items():
        spent, found = seconds(lambda net=net: certificates(net, E, methods=methods, prove=False))
        best = min(found, key=lambda c: c.steps)
        finite = sum(c.steps < float("inf") for c in found)
        row = {"net": name, "certificates": len(found), "finite": finite, "best, steps": best.steps, "by": best.method}
        rows.append(row | {"seconds": spent, "goal": goal(spent < 2)})
    note = "Goal: under 2 s in all, of the processor, without the proofs in ball arithmetic (whose cost is the next table)."
    return Table("LSTM recovery: all certificates that need no solver, 64 units, 8 inputs", note, rows)


def verification() -> Table:
    """(d) verify_proof of each kind of proof, 16 units."""
    net: LSTMNet = random_net(0, 16, 1, 0.1, 0.5, 0.3, 0.5)
    rows = []
    for method in ("coupled", "transient", "tube", "cells", "lmi"):
        (found,) = certificates(net, E, methods=[method], lmi_solves=1)
        if found.proof is None:
            rows.append({"method": method, "steps": found.steps, "verification, s": float("nan"), "goal": "nothing to check"})
            continue
        spent, answer = seconds(lambda found=found: verify_proof(found.proof, net))
        rows.append({"method": method, "steps": found.steps, "verification, s": spent, "goal": goal(answer.holds, spent < 10)})
    note = "Ball arithmetic at 200 bits and exact rationals, no solver. Goal: under 10 s of the processor."
    return Table("LSTM recovery: re-checking a proof, 16 units", note, rows)


def measure() -> list[Table]:
    return [all_without_solver(), verification()]
