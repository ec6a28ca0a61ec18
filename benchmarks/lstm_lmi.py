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
from bounds.lstm_recovery.verification import verify_proof

SLACK = 1e-6  # times the identity, on every inequality: room for a general solver's tolerance
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
