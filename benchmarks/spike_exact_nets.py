"""Random networks verified exactly: scaled integers in bulk, against plain Fractions on the same networks.

F1: u, s and v of LIF and of SAF are equal at every step in every layer. G1: so are the gradients of every step. Integers take
64 bits where that is proved to be enough and Python's own otherwise; drawing, the proof and the comparison are counted in.
"""

import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from benchmarks.timing import Table, goal
from bounds.spike_accumulation.exact_batches import Drawn, as_net, draw_nets, verify
from bounds.spike_accumulation.forward_equivalence import Case, potentials_and_spikes
from bounds.spike_accumulation.per_step_gradients import Case as Training
from bounds.spike_accumulation.per_step_gradients import difference

ROUNDS = 5
IN_FRACTIONS = 20  # of the same networks, in each round
FLAGS = {"readout": False, "input_trace": True, "bias": "acc"}


class Size(NamedTuple):
    """Networks of one shape."""

    widths: tuple[int, ...]
    T: int
    lam: Fraction
    nets: int


SIZES = (
    Size((3, 3, 2), 6, Fraction(1, 2), 4000),
    Size((4, 4, 4, 4), 10, Fraction(1, 2), 2000),
    Size((4, 4, 4, 4), 10, Fraction(1), 2000),
    Size((3, 3, 2), 6, Fraction(9, 10), 2000),
    Size((3, 3, 2), 20, Fraction(9, 10), 500),  # beyond 64 bits: Python integers
)


def measure() -> list[Table]:
    note = (
        "Networks per second on one core, medians over rounds in which both take turns; with feedback, weights and inputs in "
        "eighths. Goal: integers at least 50 times Fractions for F1. All networks were "
        "found equal. Bits: what the largest number of the forward pass needs, proved beforehand."
    )
    return [Table("Exactly verified random networks", note, [race(size) for size in SIZES])]


def race(size: Size) -> dict[str, Any]:
    """One row; an unequal network would end the run."""
    rates: dict[str, list[float]] = {name: [] for name in ("F1", "F1, Fractions", "F1 + G1", "F1 + G1, Fractions")}
    for turn in range(ROUNDS + 1):
        rng = np.random.default_rng(turn)
        for gradients in (False, True):
            found = in_turn(size, rng, gradients)
            if turn:
                name = "F1 + G1" if gradients else "F1"
                rates[name].append(found[0])
                rates[f"{name}, Fractions"].append(found[1])
    medians = {f"{name}, nets/s": float(np.median(values)) for name, values in rates.items()}
    ratios = {
        f"{name}: ratio": float(np.median(np.array(rates[name]) / np.array(rates[f"{name}, Fractions"])))
        for name in ("F1", "F1 + G1")
    }
    bits = draw(size, np.random.default_rng(0), 10).integers().bits
    row: dict[str, Any] = {"widths": "-".join(map(str, size.widths)), "T": size.T, "leak": str(size.lam), "bits": bits}
    return row | medians | ratios | {"goal": goal(ratios["F1: ratio"] >= 50)}


def draw(size: Size, rng: np.random.Generator, nets: int) -> Drawn:
    return draw_nets(rng, nets, size.widths, size.T, size.lam, Fraction(1))


def in_turn(size: Size, rng: np.random.Generator, gradients: bool) -> tuple[float, float]:
    """Networks per second of the integers, and of Fractions on the first of the same networks."""
    kept: list[Drawn] = []

    def bulk() -> None:
        kept.append(draw(size, rng, size.nets))
        found = verify(kept[0].integers(), targets=kept[0].y if gradients else None)
        if not (found.forward.all() and (found.gradients is None or found.gradients.all())):
            raise ArithmeticError("an unequal network in integers")

    def one_by_one() -> None:
        for i in range(IN_FRACTIONS):
            net = as_net(kept[0], i)
            apart = list(potentials_and_spikes(Case(net, 0, "closed")).lo)
            if gradients:
                apart += list(difference(Training(net, FLAGS, "closed")).lo)
            if any(apart):
                raise ArithmeticError("an unequal network in Fractions")

    return size.nets / seconds(bulk), IN_FRACTIONS / seconds(one_by_one)


def seconds(job: Callable[[], None]) -> float:
    """Of the processor: other work on the machine counts less."""
    began = time.process_time()
    job()
    return time.process_time() - began
