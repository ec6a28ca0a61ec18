"""Matrix inequalities for LSTMs: our Newton steps against cvxpy's bisection, end to end, and what a proof costs to re-check."""

import math
import time
import warnings
from typing import Any

import numpy as np

from benchmarks.timing import Table, goal
from bounds.common.lstm import LSTMNet, random_net
from bounds.lstm_recovery.interval_box import Box, gate_ranges, widths
from bounds.lstm_recovery.methods import certificates, proved_box
from bounds.lstm_recovery.multipliers import lmi_time, sectors

SLACK = 1e-6  # times the identity, on every inequality: room for a general solver's tolerance
E = 0.01
SOLVES = 14  # of the plain bisection


def net(n: int) -> LSTMNet:
    """Recurrent weights a little smaller than those of the random nets of the theory, so that a rate below 1 exists."""
    return random_net(0, n, 1, 0.2 if n < 16 else 0.15, 0.5, 0.3, 0.5)


def plain(net: LSTMNet, box: Box, rho: float) -> tuple[Any, Any, Any, float] | None:
    """P, λ, p, κ from cvxpy with Clarabel for a fixed rate, written as the statement is; None if there is no solution."""
    import cvxpy as cp

    n, w = net.n, widths(box)
    lo, hi = sectors(net, box)
    eye = np.eye(8 * n)
    c, h, *ws = (eye[k * n : (k + 1) * n] for k in range(8))
    new = np.vstack([ws[0] + ws[1] + ws[2] + ws[3], ws[4] + ws[5]])
    z = [c, net.U[0] @ h, net.U[3] @ h, net.U[1] @ h, net.U[2] @ h, new[:n]]
    P, lam, p = cp.Variable((2 * n, 2 * n), symmetric=True), cp.Variable((6, n), nonneg=True), cp.Variable(2 * n)
    L = new.T @ P @ new - rho**2 * (eye[: 2 * n].T @ P @ eye[: 2 * n])
    for k in range(6):
        M = (ws[k] - lo[k][:, None] * z[k]).T @ cp.diag(lam[k]) @ (hi[k][:, None] * z[k] - ws[k])
        L = L + (M + M.T) / 2
    E = np.eye(2 * n)
    limits = [L << -SLACK * eye, cp.diag(p) - P >> SLACK * E]
    limits += [P - np.outer(E[j], E[j]) >> SLACK * E for j in range(n, 2 * n)]
    problem = cp.Problem(cp.Minimize(w**2 @ p), limits)
    with warnings.catch_warnings(action="ignore", category=UserWarning):  # that an answer may be inaccurate: it is not counted
        try:
            problem.solve(solver=cp.CLARABEL)
        except cp.SolverError:
            return None
    if problem.status != cp.OPTIMAL:
        return None
    return P.value, lam.value, p.value, math.sqrt(max(float(w**2 @ p.value), 0.0))


def bisection(net: LSTMNet, box: Box, e: float, solves: int = SOLVES) -> tuple[float, list[float]]:
    """The time in steps from half the solves spent on the smallest rate and half on the rates above it, and seconds each."""
    seconds: list[float] = []
    best, lo, hi = math.inf, float(gate_ranges(net, box)["f"][0].max()), 1.0

    def attempt(rho: float) -> bool:
        nonlocal best
        start = time.process_time()
        found = plain(net, box, rho)
        seconds.append(time.process_time() - start)
        if found is not None:
            best = min(best, lmi_time(found[3], rho, e))
        return found is not None

    for _ in range(solves // 2):
        middle = (lo + hi) / 2
        lo, hi = (lo, middle) if attempt(middle) else (middle, hi)
    for share in np.linspace(0, 1, solves - solves // 2 + 1)[1:]:
        if hi < 1:
            attempt(float(hi + share * min(0.08, (1 - hi) * 0.9)))
    return best, seconds


def measure() -> list[Table]:
    rows: list[dict[str, Any]] = []
    for n in (2, 4, 8, 16):
        one = net(n)
        start = time.process_time()
        (found,) = certificates(one, E, methods=["lmi"], lmi_solves=14 if n < 16 else 4)
        ours = time.process_time() - start
        row = {"units": n, "ours, steps": found.steps, "rate": found.rate, "trust": found.trust, "ours, s": ours}
        if n <= 4:
            T, each = bisection(one, proved_box(one), E)
            row |= {"plain, steps": T, "plain, s": sum(each), "solves": len(each), "plain, s a solve": sum(each) / len(each)}
        elif n == 8:
            assert found.rate is not None
            start = time.process_time()
            plain(one, proved_box(one), found.rate + 0.1 * (1 - found.rate))
            each = [time.process_time() - start]
            row |= {"plain, steps": math.nan, "plain, s": SOLVES * each[0], "solves": 1, "plain, s a solve": each[0]}
        else:
            row |= {"plain, steps": math.nan, "plain, s": math.nan, "solves": 0, "plain, s a solve": math.nan}
        faster = row["plain, s"] / ours
        rows.append(row | {"plain / ours": faster, "goal": "" if n != 8 else goal(faster >= 3)})
    note = (
        f"One certificate end to end, seconds of the processor, one thread. Plain: cvxpy with Clarabel, {SOLVES} solves (half "
        "for the smallest rate, half for the time); with 8 units one solve is timed and multiplied, with 16 none is tried. "
        "Ours, with its proof, is one search instead of solves; with 16 units it halves the interval of rates 4 times only. "
        "Goal: 3 times as fast with 8 units."
    )
    return [Table("LSTM recovery: the matrix inequality", note, rows), _cells()]


def _cells() -> Table:
    """What cells of inputs add, on the random nets of the theory."""
    rows = []
    for seed in range(4):
        one = random_net(seed, 4, 1, 0.3, 0.5, 0.3, 0.5)
        row: dict[str, Any] = {"net": f"r{seed}"}
        for method in ("transient", "lmi", "cells", "cells_lmi"):
            start = time.process_time()
            (found,) = certificates(one, E, methods=[method])
            row |= {f"{method}, steps": found.steps, f"{method}, s": time.process_time() - start}
        rows.append(row)
    note = "Certified steps to |h - h~| <= 0.01 and seconds of the processor with the proof, 16 cells of the one input."
    return Table("LSTM recovery: inputs cut into cells", note, rows)
