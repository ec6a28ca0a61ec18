"""Seconds of several jobs in turn, and the tables that the benchmarks return."""

import statistics
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, NamedTuple


class Table(NamedTuple):
    """What one benchmark found: rows of raw numbers, with their units in the names of the columns."""

    title: str
    note: str
    rows: list[dict[str, Any]]


class Times(NamedTuple):
    """Seconds of one job, round by round: by the clock, and of the processor in all threads.

    Other work on the machine lengthens the clock's by waiting for a core; the processor's, less, by sharing caches and cores.
    """

    clock: list[float]
    processor: list[float]

    @property
    def clock_ms(self) -> float:
        return 1e3 * statistics.median(self.clock)

    @property
    def processor_ms(self) -> float:
        return 1e3 * statistics.median(self.processor)


def alternate(jobs: Mapping[str, Callable[[], object]], rounds: int) -> dict[str, Times]:
    """Each job timed in each round: A B C A B C …, so that what else the machine does meets all of them alike.

    One round before is not counted. The pause lets idle BLAS and OpenMP threads of the job before stop spinning.
    """
    times = {name: Times([], []) for name in jobs}
    for turn in range(rounds + 1):
        for name, job in jobs.items():
            time.sleep(0.05)
            clock, processor = time.perf_counter(), time.process_time()
            job()
            if turn:
                times[name].clock.append(time.perf_counter() - clock)
                times[name].processor.append(time.process_time() - processor)
    return times


def ratio(slow: Times, fast: Times) -> float:
    """By the clock: the median over rounds of the ratio within a round."""
    return statistics.median(a / b for a, b in zip(slow.clock, fast.clock, strict=True))


@contextmanager
def threads(count: int) -> Iterator[None]:
    """BLAS, OpenMP and torch with so many threads."""
    import torch
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        with threadpool_limits(count):
            yield
    finally:
        torch.set_num_threads(before)


def goal(*held: bool) -> str:
    return "met" if all(held) else "missed"
