"""The tightest instance of a claim, and so the search for a counterexample, under a budget of calls.

Three phases share the budget: bulk draws (corners and ties included), differential evolution from the best of them, and
a local polish of the best point: Powell's line searches while the dimension allows, then sparse mutations, which also
move integers and choices. The search needs no seed of its own beside the draws', so equal arguments give equal results.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

import numpy as np

from bounds.claim import Claim
from proofs_check.points import Point, dimension, from_unit, slices, stream, unit_draw
from proofs_check.verdict import Judgement, judge, tightness

OUTSIDE = 1e9  # an instance outside its hypotheses costs this plus how far outside it is
SILENT = 1e6  # an instance of which nothing can be said


class _Spent(Exception):
    """The budget is used up, or a counterexample is all that was wanted."""


class PointRaised(Exception):
    """The claim raised at a point of the search; says what, and keeps the point."""

    def __init__(self, point: Point, problem: Exception) -> None:
        super().__init__(f"{type(problem).__name__}: {problem}")
        self.point = point


@dataclass
class Found:
    """The worst point of a search, the first that refuted, and what it cost."""

    point: Point = field(default_factory=dict)
    judgement: Judgement = field(default_factory=lambda: Judgement("out of scope"))
    score: float = -np.inf
    refuting: Point | None = None
    calls: int = 0
    risk: float = 0.0
    method: str = ""


class _Objective:
    """Cost of a unit vector (low is tight), remembering the worst point and counting calls."""

    def __init__(self, claim: Claim[Any], calls: int, stop: bool, tick: Callable[[int], None]) -> None:
        self.claim, self.budget, self.stop, self.tick = claim, calls, stop, tick
        self.found = Found()
        self.best_unit = np.full(dimension(claim.space), 0.5)
        self.best_cost = np.inf

    def __call__(self, unit: np.ndarray) -> float:
        found = self.found
        if found.calls >= self.budget or (self.stop and found.refuting is not None):
            raise _Spent
        unit = np.clip(unit, 0.0, 1.0)
        point = from_unit(self.claim.space, unit)
        try:
            judgement = judge(self.claim, point)
        except Exception as problem:
            raise PointRaised(point, problem) from problem
        score = tightness(self.claim, judgement)
        found.calls += 1
        found.risk += judgement.risk
        self.tick(1)
        cost = self._cost(judgement, score)
        refuted = judgement.verdict == "refuted"
        if cost < self.best_cost or (refuted and found.judgement.verdict != "refuted"):
            self.best_cost, self.best_unit = cost, unit.copy()
            found.point, found.judgement, found.score = point, judgement, score
        if refuted and found.refuting is None:
            found.refuting = point
        return cost

    @staticmethod
    def _cost(judgement: Judgement, score: float) -> float:
        if judgement.actual is None:
            distance = -judgement.margin if np.isfinite(judgement.margin) else 1e9
            return OUTSIDE + min(distance, 1e9)
        if np.isfinite(score):
            return float(-score)
        return -SILENT if score > 0 else SILENT


def search(
    claim: Claim[Any],
    calls: int,
    seed: int,
    key: str,
    *,
    stop_at_refutation: bool = False,
    tick: Callable[[int], None] = lambda _: None,
) -> Found:
    """The worst point found within `calls` judgements; `key` and `seed` name the random numbers.

    A sampled claim (one with a `seed` coordinate) is judged once more on fresh randomness at the point that was found,
    because a maximum over noisy looks flatters itself; `score` is that of the fresh look.
    """
    objective = _Objective(claim, calls, stop_at_refutation, tick)
    try:
        units = _draw(objective, max(6, calls // 3), seed, key)
        _evolve(objective, units, max(0, (calls - objective.found.calls) // 2), stream(seed, key, 2**31))
        _polish(objective, stream(seed, key, 2**31 + 1))
    except _Spent:
        objective.found.method = objective.found.method or "draws"
    found = objective.found
    if "seed" in claim.space and found.judgement.actual is not None:
        fresh = {**found.point, "seed": int(stream(seed, key, 2**31 + 2).integers(2**31))}
        judgement = judge(claim, fresh)
        found.risk += judgement.risk
        found.score = tightness(claim, judgement)
        if judgement.verdict != "refuted" and found.judgement.verdict == "refuted":
            return found  # the refutation stands at its stated risk; only its size is taken from the fresh look
        found.point, found.judgement = fresh, judgement
    return found


def _draw(objective: _Objective, n: int, seed: int, key: str) -> list[tuple[float, np.ndarray]]:
    units = (unit_draw(objective.claim.space, seed, key, i) for i in range(n))
    return [(objective(unit), unit) for unit in units]


def _evolve(objective: _Objective, scored: list[tuple[float, np.ndarray]], calls: int, rng: np.random.Generator) -> None:
    """Differential evolution in the unit cube (CMA-ES where `cma` is installed and there are 20 dimensions or more)."""
    d = dimension(objective.claim.space)
    size = int(np.clip(calls // 8, 6, max(12, min(3 * d, 60))))
    if calls < 4 * size:
        return
    scored = sorted(scored, key=lambda pair: pair[0])
    if d >= 20 and find_spec("cma") is not None:
        objective.found.method = "CMA-ES, polish"
        _cma(objective, scored[0][1], calls, rng)
        return
    from scipy.optimize import differential_evolution

    objective.found.method = "differential evolution, polish"
    population = np.array([unit for _, unit in scored[:size]])
    if len(population) < size:
        population = np.vstack([population, rng.random((size - len(population), d))])
    differential_evolution(
        objective,
        [(0.0, 1.0)] * d,
        init=population,
        strategy="best1bin",
        mutation=(0.4, 0.9),
        recombination=0.8,
        maxiter=max(1, calls // size - 1),
        tol=0.0,
        polish=False,
        rng=rng,
    )


def _cma(objective: _Objective, start: np.ndarray, calls: int, rng: np.random.Generator) -> None:
    import cma

    options = {"bounds": [0.0, 1.0], "maxfevals": calls, "seed": int(rng.integers(1, 2**31)), "verbose": -9}
    strategy = cma.CMAEvolutionStrategy(np.clip(start, 0.02, 0.98), 0.2, options)
    while not strategy.stop():
        units = strategy.ask()
        strategy.tell(units, [objective(unit) for unit in units])


def _polish(objective: _Objective, rng: np.random.Generator) -> None:
    """Powell's method on half of what is left when a sweep fits, then sparse mutations until the budget is spent."""
    objective.found.method = objective.found.method or "draws, polish"
    d = dimension(objective.claim.space)
    left = objective.budget - objective.found.calls
    if left // 2 > 20 * d:
        from scipy.optimize import minimize

        options = {"maxfev": left // 2, "xtol": 1e-6, "ftol": 1e-12}
        minimize(objective, objective.best_unit, method="Powell", bounds=[(0.0, 1.0)] * d, options=options)
    parts = list(slices(objective.claim.space).values())
    scale = 0.25
    while True:
        unit, best = objective.best_unit.copy(), objective.best_cost
        kind = rng.random()
        part = parts[rng.integers(len(parts))]
        if kind < 0.15:  # one whole coordinate anew, or to an end
            unit[part] = rng.random(part.stop - part.start) if rng.random() < 0.5 else rng.choice([0.0, 0.5, 1.0])
        else:  # a few entries, by a step of the current size
            chosen = rng.random(d) < max(1.0, 0.2 * d * rng.random()) / d
            chosen[rng.integers(d)] = True
            unit = np.where(chosen, unit + scale * rng.standard_normal(d), unit)
        improved = objective(unit) < best
        scale = float(np.clip(scale * (1.5 if improved else 0.93), 1e-7, 0.5))
        if scale < 1e-6:
            scale = 0.25


# ---- shrinking ------------------------------------------------------------------------------------------------------


def shrink(claim: Claim[Any], point: Point, calls: int = 400) -> Point:
    """A simpler point that still refutes: smaller integers, fewer digits, zeros and ones, tried greedily.

    Hypothesis cannot start from a given point, and the worst points of a search are too rare for it to find again.
    """
    spent = 0

    def refutes(candidate: Point) -> bool:
        nonlocal spent
        spent += 1
        try:
            return judge(claim, candidate).verdict == "refuted"
        except (ValueError, ArithmeticError, IndexError):
            return False  # the simpler point does not build

    improved = True
    while improved and spent < calls:
        improved = False
        for name, value in list(point.items()):
            if name == "seed":
                continue
            for simpler in _simpler(value):
                candidate = {**point, name: simpler}
                if spent < calls and refutes(candidate):
                    point, improved = candidate, True
                    break
    return point


def _simpler(value: Any) -> list[Any]:
    if isinstance(value, bool) or not isinstance(value, int | float | np.ndarray):
        return []
    if isinstance(value, int):
        return sorted({0, 1, value // 2, value - 1 if value > 0 else value + 1} - {value}, key=abs)
    if isinstance(value, float):
        rounded = [float(f"{value:.{digits}g}") for digits in (1, 2, 3)]
        return [v for v in dict.fromkeys([0.0, 1.0, -1.0, *rounded]) if _length(v) < _length(value)]
    if value.dtype == object or value.size == 0:
        return []
    out = []
    whole = [np.zeros_like(value), np.round(value), np.round(value, 1), np.round(value, 2)]
    out += [v for v in whole if not np.array_equal(v, value)]
    for i in np.ndindex(value.shape):
        for simple in _simpler(value[i].item()):
            changed = value.copy()
            changed[i] = simple
            out.append(changed)
    return out


def _length(value: float) -> int:
    return len(repr(value + 0.0).removesuffix(".0"))
