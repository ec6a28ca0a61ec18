"""One training step of an IRNN on pixel sequences, float32: ours against torch.nn.RNN, gradient alone and the whole step.

Forward, softmax cross-entropy at the last step, backpropagation through all steps; the whole step adds clipping at norm 1
and Adam. Torch is as its documentation writes it, batch first; both start from the same weights.
"""

from collections.abc import Callable
from typing import Any

import numpy as np

from benchmarks.timing import Table, alternate, goal, ratio, threads
from bounds.common.rnn import Recurrent
from bounds.common.training import Adam, clip_gradients, softmax_cross_entropy
from bounds.spectral_pruning.training import irnn

ROUNDS = 15
UNITS, STEPS, BATCH, CLASSES = 128, 64, 64, 10
ACTIVATIONS = ("relu", "tanh")


def batch(seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """x (batch, T, 1), uniform as pixels are, and labels (batch,)."""
    rng = np.random.default_rng(seed)
    return rng.random((BATCH, STEPS, 1)).astype(np.float32), rng.integers(0, CLASSES, BATCH)


def ours(activation: str) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """Gradient alone, and a whole step, of two networks with the same weights."""
    x, labels = batch()
    still, moving = (Recurrent(irnn(UNITS, 1, CLASSES, seed=0), activation) for _ in range(2))
    optimiser = Adam()

    def gradient() -> Any:
        return still.gradient(x, labels, softmax_cross_entropy)[1]

    def step() -> Any:
        found = moving.gradient(x, labels, softmax_cross_entropy)[1]
        clip_gradients(found, 1.0)
        optimiser.step(moving.params, found, 1e-3)
        return moving.params

    return gradient, step


def of_torch(activation: str) -> tuple[Callable[[], Any], Callable[[], Any]]:
    """The same in torch."""
    import torch

    x, labels = (torch.from_numpy(value) for value in batch())

    def network() -> tuple[Any, Any, list[Any]]:
        start = irnn(UNITS, 1, CLASSES, seed=0)
        rnn: Any = torch.nn.RNN(1, UNITS, nonlinearity=activation, batch_first=True)
        head = torch.nn.Linear(UNITS, CLASSES)
        parts = {"Wi": rnn.weight_ih_l0, "Wh": rnn.weight_hh_l0, "b": rnn.bias_ih_l0, "Wo": head.weight, "bo": head.bias}
        with torch.no_grad():
            for name, part in parts.items():
                part.copy_(torch.from_numpy(start[name]))
            rnn.bias_hh_l0.zero_()
        return rnn, head, [*parts.values(), rnn.bias_hh_l0]

    def backward(rnn: Any, head: Any, parts: list[Any]) -> None:
        for part in parts:
            part.grad = None
        loss = torch.nn.functional.cross_entropy(head(rnn(x)[0][:, -1]), labels)
        loss.backward()  # type: ignore[no-untyped-call]

    still: tuple[Any, Any, list[Any]] = network()
    moving: tuple[Any, Any, list[Any]] = network()
    optimiser = torch.optim.Adam(moving[2], lr=1e-3)

    def gradient() -> Any:
        backward(*still)
        return {name: part.grad.numpy() for name, part in zip(("Wi", "Wh", "b", "Wo", "bo"), still[2], strict=False)}

    def step() -> Any:
        backward(*moving)
        torch.nn.utils.clip_grad_norm_(moving[2], 1.0)
        optimiser.step()
        return {name: part.detach().numpy() for name, part in zip(("Wi", "Wh", "b", "Wo", "bo"), moving[2], strict=False)}

    return gradient, step


def measure() -> list[Table]:
    note = (
        f"{UNITS} units, {STEPS} steps of one input, batch {BATCH}, one thread, by the clock: medians over {ROUNDS} "
        "rounds, ratios are medians of ratios within a round. Goal: torch / ours at least 1 for the whole step. Floor: the "
        "6 T n m² flops of Wʰ and its two products back, at the rate of a float32 product of two 512 × 512 matrices."
    )
    return [Table("One training step of an IRNN", note, [race(activation) for activation in ACTIVATIONS])]


def race(activation: str) -> dict[str, Any]:
    """Both must find the same gradient first."""
    square = np.random.default_rng(0).normal(size=(512, 512)).astype(np.float32)
    product = np.empty_like(square)

    def sgemm() -> None:
        np.matmul(square, square, out=product)

    with threads(1):
        (our_gradient, our_step), (their_gradient, their_step) = ours(activation), of_torch(activation)
        mine, theirs = our_gradient(), their_gradient()
        for name in mine:
            np.testing.assert_allclose(mine[name], theirs[name], atol=1e-5 * float(np.abs(theirs[name]).max()), err_msg=name)
        jobs: dict[str, Callable[[], Any]] = {
            "gradient, ours": our_gradient,
            "gradient, torch": their_gradient,
            "step, ours": our_step,
            "step, torch": their_step,
            "sgemm": sgemm,
        }
        times = alternate(jobs, ROUNDS)
    row: dict[str, Any] = {"activation": activation}
    row |= {f"{name}, ms": times[name].clock_ms for name in list(jobs)[:4]}
    row["gradient, torch / ours"] = ratio(times["gradient, torch"], times["gradient, ours"])
    row["step, torch / ours"] = ratio(times["step, torch"], times["step, ours"])
    floor = 6 * (STEPS - 1) * BATCH * UNITS**2 / (2 * 512**3 / times["sgemm"].clock_ms)
    row |= {"floor, ms": floor, "gradient, ours / floor": times["gradient, ours"].clock_ms / floor}
    return row | {"goal": goal(row["step, torch / ours"] >= 1)}
