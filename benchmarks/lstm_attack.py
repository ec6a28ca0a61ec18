"""Gradients through time of an attack on an LSTM: ours against torch.nn.LSTM with autograd, float64, the same threads."""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.timing import Table, alternate, goal, ratio, threads
from bounds.common.lstm import LSTMNet, bptt, random_net, run, to_pytorch

ROUNDS = 21
UNITS, INPUTS, BATCH, STEPS = 16, 1, 32, 100


class Problem:
    """A net, starts and inputs, and the derivative of the last hidden state that an attack asks for."""

    def __init__(self, n: int = UNITS, m: int = INPUTS, batch: int = BATCH, steps: int = STEPS) -> None:
        rng = np.random.default_rng(0)
        self.net: LSTMNet = random_net(0, n, m, 0.3, 0.5, 0.3, 0.5)
        self.c, self.h = rng.uniform(-1, 1, (2, batch, n))
        self.u = rng.uniform(-1, 1, (steps, batch, m))
        self.dh = np.zeros((steps, batch, n))
        self.dh[-1, np.arange(batch), rng.integers(0, n, batch)] = 1.0

    def ours(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Derivatives with respect to c, h and u."""
        g = bptt(self.net, run(self.net, self.c, self.h, self.u), self.dh)
        return g.c, g.h, g.u

    def peer(self) -> Callable[[], tuple[Any, ...]]:
        """The same by torch; its weights need no gradient, so none is computed."""
        import torch

        model = torch.nn.LSTM(self.net.m, self.net.n, dtype=torch.float64).requires_grad_(False)
        model.load_state_dict({name: torch.tensor(value) for name, value in to_pytorch(self.net).items()})
        dh = torch.tensor(self.dh[-1])

        def gradients() -> tuple[Any, ...]:
            c, h, u = (torch.tensor(x, requires_grad=True) for x in (self.c[None], self.h[None], self.u))
            out, _ = model(u, (h, c))
            return torch.autograd.grad((out[-1] * dh).sum(), (c, h, u))

        return gradients

    def products(self) -> None:
        """Nothing but the matrix products of both passes, one by one as recurrence demands: what no layout can save."""
        U, h, a = self.net.U.reshape(-1, self.net.n), self.h, np.empty((len(self.h), 4 * self.net.n))
        V = np.ascontiguousarray(U.T)
        back = np.empty_like(h)
        for _ in self.u:
            np.matmul(h, V, out=a)
        for _ in self.u:
            np.matmul(a, U, out=back)


def measure() -> list[Table]:
    rows = []
    for count in (1, 2):
        problem = Problem()
        jobs: dict[str, Callable[[], object]] = {"ours": problem.ours, "torch": problem.peer(), "products": problem.products}
        with threads(count):
            times = alternate(jobs, ROUNDS)
        faster = ratio(times["torch"], times["ours"])
        rows.append(
            {
                "threads": count,
                "ours, gradients a second": 1e3 * BATCH / times["ours"].clock_ms,
                "torch, gradients a second": 1e3 * BATCH / times["torch"].clock_ms,
                "torch / ours": faster,
                "ours / matrix products alone": times["ours"].processor_ms / times["products"].processor_ms,
                "goal": goal(faster >= 1),
            }
        )
    note = (
        f"{UNITS} units, {INPUTS} input, batch {BATCH}, {STEPS} steps, float64: derivatives with respect to both starts and "
        "all inputs (ours computes those of the weights as well). One gradient is one trajectory's. Goal: no fewer than torch."
    )
    return [Table("Attack gradients through an LSTM", note, rows)]
