"""Where a campaign computes: an engine opens a `concurrent.futures.Executor`, and opens it anew when it broke.

Local processes are loky's, clusters are dask's; both come with the extra `campaign`.
"""

import importlib
import logging
import os
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, CancelledError, Executor
from contextlib import ExitStack, contextmanager
from typing import Any, NamedTuple

from proofs_check.campaign import ctrl_c_later, start_worker

PATIENCE = 10.0  # seconds for a scheduler to answer, and to have a worker
TASKS_A_WORKER = 3  # handed over at a time: one is done, the others wait, so that no worker does


class EngineProblem(Exception):
    """There is nowhere to compute; the message says why."""


class Engine(NamedTuple):
    """What a campaign knows of where it runs."""

    open: Callable[[], Executor]  # the executor, or a new one if it broke; EngineProblem if there is none
    in_flight: int  # tasks handed over at a time
    lost: tuple[type[BaseException], ...]  # what a future raises if its worker died: the task is asked again


def _package(name: str) -> Any:
    try:
        return importlib.import_module(name)
    except ModuleNotFoundError as problem:
        raise EngineProblem(f"this needs the package {problem.name}: pip install 'proofs-check[campaign]'") from problem


@contextmanager
def local(jobs: int) -> Iterator[Engine]:
    """Processes of this machine. loky starts others when some die; left by an exception, they end at once."""
    loky = _package("loky")

    def opened() -> Executor:
        with ctrl_c_later():  # a worker inherits this
            executor: Executor = loky.get_reusable_executor(max_workers=jobs, initializer=start_worker, initargs=(os.getpid(),))
            executor.submit(int)
        return executor

    try:
        yield Engine(opened, TASKS_A_WORKER * jobs, (BrokenExecutor, CancelledError))
    except BaseException:
        loky.get_reusable_executor(reuse=True).shutdown(wait=True, kill_workers=True)
        raise
    loky.get_reusable_executor(reuse=True).shutdown(wait=True)


@contextmanager
def dask(address: str, jobs: int) -> Iterator[Engine]:
    """The workers of a scheduler; without an address, of one with `jobs` workers that is started on this machine."""
    distributed = _package("distributed")
    for name in ("distributed", "distributed.client", "tornado.application"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # what matters is said in one sentence, by us
    with ExitStack() as stack:
        if not address:
            with ctrl_c_later():
                # None would be the default port, on every interface, with a warning where another cluster has it
                quiet = {"dashboard_address": "127.0.0.1:0", "scheduler_kwargs": {"dashboard": False}}
                options = {"threads_per_worker": 1, "silence_logs": logging.CRITICAL, **quiet}
                cluster = stack.enter_context(distributed.LocalCluster(n_workers=jobs, **options))
            address = cluster.scheduler_address
        clients: list[Any] = []

        def opened() -> Executor:
            if not clients or clients[-1].status != "running":
                clients.append(stack.enter_context(_client(distributed, address)))
            executor: Executor = clients[-1].get_executor(pure=False)
            return executor

        opened()
        workers = sum(clients[-1].nthreads().values())
        lost = (BrokenExecutor, CancelledError, distributed.KilledWorker, OSError)  # OSError: dask's of a closed connection
        yield Engine(opened, TASKS_A_WORKER * workers, lost)


def _client(distributed: Any, address: str) -> Any:
    """Connected, to a scheduler that has workers."""
    try:
        client = distributed.Client(address, timeout=PATIENCE)
    except (OSError, ValueError) as problem:
        raise EngineProblem(f"no dask scheduler answers at {address!r}: {problem}") from problem
    try:
        client.wait_for_workers(1, timeout=PATIENCE)
    except TimeoutError as problem:
        client.close()
        raise EngineProblem(f"the dask scheduler at {address!r} has no workers") from problem
    return client
