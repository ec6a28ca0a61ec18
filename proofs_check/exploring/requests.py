"""Requests that take longer than a moment (the tightest instance, a refuting one, a sweep), and the process that answers one.

`Job` asks in a process of its own (`python -m proofs_check.exploring.requests`), so that it can be stopped at any time,
even inside a claim's solver.
"""

import html
import os
import pickle
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any, NamedTuple

import numpy as np

from bounds.claim import Array, Choice, Claim
from proofs_check.discover import find
from proofs_check.exploring.looking import Look, leaves, look
from proofs_check.exploring.numberline import reading
from proofs_check.exploring.numbers import number
from proofs_check.exploring.sweeps import Sweep, sweep
from proofs_check.exploring.widgets import as_array, word
from proofs_check.points import Point, Space
from proofs_check.verdict import Judgement

PATIENCE = 2.0  # seconds of a search for the tightest instance


class Answer(NamedTuple):
    """What a request for an instance found, and by which means; no point if there is none."""

    point: Point | None
    says: str


def budget(claim: Claim[Any], seconds: float = PATIENCE) -> int:
    """Judgements that fit into so many seconds, by the claim's declared cost."""
    return int(np.clip(seconds / claim.cost, 24, 4000))


def looks(key: str, names: Sequence[str], point: Point, tick: Callable[[float], None] = lambda _: None) -> dict[str, Look]:
    """One look at the point for the claim ("") and each variant, or why a variant says nothing there."""
    claim, out = find(key), dict[str, Look]()
    for done, name in enumerate(names, 1):
        variant = claim.variant(name)
        witness = claim.witness.get(name)
        if witness is not None and _is(point, witness):
            out[name] = look(variant, witness)
        elif name and (why := _outside(variant.space, claim.space, point)):
            out[name] = Look(Judgement("out of scope"), {}, 0.0, why)
        else:
            out[name] = look(variant, {k: v for k, v in point.items() if k in variant.space})
        if not name and out[""].problem and (lacks := [axis for axis in claim.space if axis not in point]):
            out[""] = out[""]._replace(problem=f"it is an instance of a misreading and has no {', '.join(lacks)}")
        tick(done / len(names))
    return out


def _is(point: Point, other: Mapping[str, Any]) -> bool:
    def same(a: Any, b: Any) -> bool:
        return bool(np.array_equal(np.asarray(a, dtype=object), np.asarray(b, dtype=object)))

    return all(name in point and same(point[name], value) for name, value in other.items())


def _outside(space: Space, usual: Space, point: Point) -> str:
    """How the point leaves the box that a variant has for itself. Outside it, a true variant may well be false, and any
    variant may need hours (2ⁿ cases) or divide by 0, so only its witness is judged there."""
    if own := [name for name in space if name not in point]:
        return f"it has coordinates of its own: {', '.join(own)}"
    for name, axis in space.items():
        if axis == usual.get(name):
            continue
        if isinstance(axis, Choice):
            if not any(np.array_equal(point[name], option) for option in axis.options):
                return f"it speaks only of {name} = {' or '.join(map(word, axis.options))}"
        elif not np.all([axis.lo <= entry <= axis.hi for entry in leaves(point[name])]):
            box = number(axis.lo) if axis.lo == axis.hi else f"{number(axis.lo)} … {number(axis.hi)}"
            return f"it speaks only of {name} = {box}"
    return ""


def tightest(key: str, tick: Callable[[float], None] = lambda _: None) -> Answer:
    """The tightest instance that a short search finds."""
    claim = find(key)
    found = _search(claim, key, "", tick, stop=False)
    if found.judgement.actual is None:
        return Answer(None, f"none of {found.calls} instances met the hypotheses")
    close = reading(claim, found.judgement)
    return Answer(found.point, f"Tightest of {found.calls} instances ({found.method}): {close}.")


def refuting(key: str, variant: str, tick: Callable[[float], None] = lambda _: None) -> Answer:
    """An instance that refutes a variant: searched for first; if none is found, the known witness."""
    claim = find(key)
    found = _search(claim.variant(variant), key, variant, tick, stop=True)
    name = f"“{variant}”" if variant else "the claim"
    if found.judgement.verdict == "refuted":
        return Answer(found.point, f"The search refuted {name} after {found.calls} instance{'s' * (found.calls > 1)}.")
    witness = claim.witness.get(variant)
    if witness is not None and look(claim.variant(variant), witness).judgement.verdict == "refuted":
        space = claim.variant(variant).space
        point = {k: as_array(v, axis) if isinstance(axis := space.get(k), Array) else v for k, v in witness.items()}
        return Answer(point, f"{found.calls} instances did not refute {name}; its known witness does.")
    return Answer(None, f"{found.calls} instances did not refute {name}, and no witness is known.")


def _search(claim: Claim[Any], key: str, variant: str, tick: Callable[[float], None], stop: bool) -> Any:
    from proofs_check.worst_case import search

    calls, spent = budget(claim), 0

    def one(n: int) -> None:
        nonlocal spent
        spent += n
        tick(min(1.0, spent / calls))

    with np.errstate(all="ignore"):
        return search(claim, calls, 0, f"{key}:{variant}", stop_at_refutation=stop, tick=one)


def swept(key: str, point: Point, labels: Sequence[str], stops: int, tick: Callable[[float], None] = lambda _: None) -> Sweep:
    """`sweep` by the claim's key."""
    return sweep(find(key), point, labels, stops, tick)


REQUESTS: dict[str, Callable[..., Any]] = {"looks": looks, "tightest": tightest, "refuting": refuting, "swept": swept}


class Job:
    """One request in a process of its own. In the browser, where there are no processes, it is answered at once.

    `share` is how much is done, `result` what came of it, `problem` a sentence if it failed.
    """

    def __init__(self, request: str, *arguments: Any) -> None:
        self.request, self.share, self.problem, self.started = request, 0.0, "", time.perf_counter()
        self.result: Any = None
        self.running = True
        if sys.platform == "emscripten":
            self._here(arguments)
            return
        environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        self.process = subprocess.Popen(
            [sys.executable, "-m", "proofs_check.exploring.requests"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
        )
        threading.Thread(target=self._read, args=(pickle.dumps((request, arguments)),), daemon=True).start()

    def _here(self, arguments: Sequence[Any]) -> None:
        try:
            self.result = REQUESTS[self.request](*arguments)
        except Exception as problem:  # a claim may raise anything
            self.problem = f"{type(problem).__name__}: {problem}"
        self.running = False

    def _read(self, request: bytes) -> None:
        """Send the request, then take messages until the answer or the end."""
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        try:
            with stdin, stdout:
                stdin.write(request)
                stdin.close()
                while self.running:
                    what, value = pickle.load(stdout)
                    setattr(self, what, value)
                    self.running = what == "share"
        except (EOFError, OSError, pickle.UnpicklingError):
            self.problem = self.problem or "the calculation ended without an answer"
        self.running = False
        self.process.wait()

    @property
    def seconds(self) -> float:
        """Since it was asked."""
        return time.perf_counter() - self.started

    def cancel(self) -> None:
        """Stop it wherever it is."""
        if self.running:
            self.problem = "stopped"
            self.process.kill()


def _worker(source: IO[bytes], sink: IO[bytes]) -> None:
    """Answer the one request that comes in; progress at most thirty times a second."""
    request, arguments = pickle.load(source)
    last = 0.0

    def send(what: str, value: Any) -> None:
        pickle.dump((what, value), sink)
        sink.flush()

    def tick(share: float) -> None:
        nonlocal last
        if time.perf_counter() - last > 1 / 30:
            last = time.perf_counter()
            send("share", share)

    try:
        send("result", REQUESTS[request](*arguments, tick))
    except BrokenPipeError:
        return  # nobody waits any more
    except Exception as problem:  # a claim may raise anything
        send("problem", f"{type(problem).__name__}: {problem}")


WORDS = {
    "looks": "judging",
    "tightest": "searching for the tightest instance",
    "refuting": "searching for a refuting instance",
    "swept": "judging the sweep",
}


def progress(job: Job) -> str:
    """How far a request is, as HTML."""
    what = WORDS[job.request]
    value = f"max='1' value='{job.share:.3f}'" if job.share else ""  # no value: a bar that only says that it is alive
    bar = f"<progress {value} aria-label='{what}'></progress>"
    return f"<div class='pc-progress'>{bar} <span>{what}, {job.seconds:.0f} s</span></div>"


def trouble(job: Job) -> str:
    """Why a request has no answer, as HTML; empty if it has one."""
    return html.escape(f"{WORDS[job.request]}: {job.problem}") if job.problem else ""


if __name__ == "__main__":
    from proofs_check.exploring.requests import _worker as work  # the module by its name, so that what is pickled has it

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a claim that prints does not disturb the answers
    work(sys.stdin.buffer, answers)
