"""x ≤ x + 1, fatal at some x: each way to lose a process, in one case of a hundred."""

import ctypes
import os
import signal
import sys
from collections.abc import Callable
from typing import Any

from bounds.claim import Claim, Enclosure, Int, rounded


def hang() -> None:
    """In Python."""
    while True:
        pass


def hang_in_c() -> None:
    """With every signal blocked that can be, and without giving other threads of the process a turn."""
    signal.pthread_sigmask(signal.SIG_BLOCK, signal.valid_signals())
    ctypes.PyDLL(None).sleep(3600)


def eat_memory() -> None:
    """A little at a time."""
    hoard = []
    while True:
        hoard.append(bytearray(1 << 24))


def eat_memory_at_once() -> None:
    """More than there is."""
    bytearray(1 << 42)


def crash() -> None:
    """A segmentation fault."""
    ctypes.string_at(0)


WAYS: dict[int, Callable[[], Any]] = {
    7: hang,
    17: hang_in_c,
    27: eat_memory,
    37: eat_memory_at_once,
    47: lambda: os._exit(3),
    57: crash,
    67: os.abort,
    77: sys.exit,
}


def actual(x: int) -> Enclosure:
    """x, if it can be told."""
    WAYS.get(x, lambda: None)()
    return rounded(float(x))


CLAIM = Claim(
    source="new",
    says="x ≤ x + 1",
    space={"x": Int(1, 99)},
    build=lambda x: x,
    assumes={},
    actual=actual,
    bound=lambda x: rounded(x + 1.0),
    falsified={"x ≤ x − 1": {"bound": lambda x: rounded(x - 1.0)}},
    cost=0.0005,
)
