"""The tightest instance of a claim, and so the search for a counterexample, under a budget of calls.

A third of the budget draws points (corners and ties included, and more of them for as long as all look the same). The
rest climbs from the best: mostly along one line at a time, a single entry or a whole array shifted or spread, because
theorems break at ends, at coincidences and along symmetries, and because a hundred calls in twenty dimensions allow no more.
Where climbing leads nowhere, as from the many instances in which both sides are 0, it draws again. A budget of hundreds of
calls is shared with differential evolution (CMA-ES in many dimensions) and Powell's method.
"""

from bisect import insort
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from fractions import Fraction
from importlib.util import find_spec
from typing import Any

import numpy as np

from bounds.claim import Array, Axis, Choice, Claim, Int, Real
from proofs_check.points import Point, Space, dimension, from_unit, slices, stream, unit_draw
from proofs_check.verdict import Judgement, judge, tightness

SILENT = 1e3  # cost of an instance of which nothing can be said; those of which something can be said cost less
OUTSIDE = 3e3  # cost of an instance outside its hypotheses, plus the logarithm of how far outside it is
LARGE = 300  # calls from which the general-purpose optimizers get a share

Scored = list[tuple[float, np.ndarray]]  # costs (low is tight) and their unit vectors


class Enough(Exception):
    """Ends a search with what it has found: the budget is used up, or `tick` asks for it."""


class PointRaised(Exception):
    """The claim raised at a point of the search; says what, and keeps the point."""

    def __init__(self, point: Point, problem: Exception) -> None:
        super().__init__(f"{type(problem).__name__}: {problem}")
        self.point = point


@dataclass
class Found:
    """The worst point of a search (a refuting one if there was any), and what it cost."""

    point: Point = field(default_factory=dict)
    judgement: Judgement = field(default_factory=lambda: Judgement("out of scope"))
    score: float = -np.inf
    calls: int = 0
    risk: float = 0.0
    method: str = "draws"


class _Objective:
    """Cost of a unit vector, remembering the worst point and counting calls."""

    def __init__(self, claim: Claim[Any], calls: int, stop: bool, tick: Callable[[int], None], seed: int, key: str) -> None:
        self.claim, self.budget, self.stop, self.tick = claim, calls, stop, tick
        self.seed, self.key, self.drawn = seed, key, 0
        self.found = Found()
        self.best: tuple[bool, float, np.ndarray] = (True, np.inf, np.full(dimension(claim.space), 0.5))

    @property
    def left(self) -> int:
        """Calls that may still be spent."""
        return self.budget - self.found.calls

    def __call__(self, unit: np.ndarray) -> float:
        found = self.found
        if self.left <= 0 or (self.stop and found.judgement.verdict == "refuted"):
            raise Enough
        unit = np.clip(unit, 0.0, 1.0)
        point = from_unit(self.claim.space, unit)
        judgement, score = self.look(point)
        cost = _cost(judgement, score)
        if found.calls == 1 or (judgement.verdict != "refuted", cost) < self.best[:2]:
            self.best = (judgement.verdict != "refuted", cost, unit)
            found.point, found.judgement, found.score = point, judgement, score
        self.tick(1)
        return cost

    def draw(self) -> tuple[float, np.ndarray]:
        """Judge the next draw."""
        unit = unit_draw(self.claim.space, self.seed, self.key, self.drawn)
        self.drawn += 1
        return self(unit), unit

    def look(self, point: Point) -> tuple[Judgement, float]:
        """Judge one point, whatever is left of the budget."""
        try:
            judgement = judge(self.claim, point)
            score = tightness(self.claim, judgement)
        except Exception as problem:
            raise PointRaised(point, problem) from problem
        self.found.calls += 1
        self.found.risk += judgement.risk
        return judgement, score


def _cost(judgement: Judgement, score: float) -> float:
    """Monotone in the score; the logarithms keep both tiny and huge differences visible beside the two constants."""
    if judgement.actual is None:
        distance = -judgement.margin if judgement.margin < 0 else np.inf  # a margin may be NaN
        return OUTSIDE + float(np.log(np.clip(distance, 1e-300, 1e300)))
    return SILENT if score == -np.inf else -float(np.arcsinh(np.clip(score, -1e300, 1e300)))


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
    because a maximum over noisy looks flatters itself; `score` is that of the fresh look, which the budget does not count.

    Raises PointRaised if the claim raises.
    """
    objective = _Objective(claim, calls, stop_at_refutation, tick, seed, key)
    found, rng = objective.found, stream(seed, key, 2**31)
    try:
        pool = _draw(objective, max(6, calls // 3))
        found.method = "draws, climb"
        if calls >= max(LARGE, 20 * dimension(claim.space)):
            pool = _climb(objective, pool, rng, objective.left // 3)
            _evolve(objective, pool, objective.left // 2, rng)
            _powell(objective, objective.left // 2)
            pool[0] = objective.best[1:]
        _climb(objective, pool, rng, objective.left)
    except Enough:
        pass  # the budget is spent, or a counterexample is all that was wanted
    if "seed" in claim.space and found.judgement.actual is not None:
        fresh = {**found.point, "seed": from_unit({"seed": claim.space["seed"]}, rng.random(1))["seed"]}
        judgement, found.score = objective.look(fresh)
        if judgement.verdict == "refuted" or found.judgement.verdict != "refuted":  # a refutation stands at its stated risk
            found.point, found.judgement = fresh, judgement
    return found


def _draw(objective: _Objective, n: int) -> Scored:
    """The best first. On a plateau there is nothing to climb, so draws go on until one point differs."""
    scored = Scored()
    while len(scored) < n or scored[0][0] == scored[-1][0]:
        if dimension(objective.claim.space) == 0 and scored:
            raise Enough  # one point is all there is
        insort(scored, objective.draw(), key=_first)
    return scored


def _first(pair: tuple[float, np.ndarray]) -> float:
    return pair[0]


def _climb(objective: _Objective, pool: Scored, rng: np.random.Generator, calls: int) -> Scored:
    """Improve the best of a pool: three times in four along a line, else by a jump that one of the pool takes. Where
    several are equally good or nothing has improved for long, every other call is a new draw instead."""
    pool, until = pool[:6], objective.found.calls + calls
    parts = list(slices(objective.claim.space).values())
    arrays = [part for part in parts if part.stop - part.start > 1]
    lines = [(slice(i, i + 1), False) for i in range(parts[-1].stop)]
    lines += [(part, spread) for part in arrays for spread in (False, True)]
    reach, order = np.ones(len(lines)), list[int]()
    last, improved_at = pool[0][0], objective.found.calls
    while objective.found.calls < until:
        if pool[0][0] < last:
            last, improved_at = pool[0][0], objective.found.calls
        stale = min(1.0, (objective.found.calls - improved_at) / (2 * len(lines)))
        if rng.random() < 0.5 * (1.0 if pool[0][0] == pool[2][0] else stale):
            pool[-1] = min(pool[-1], objective.draw(), key=_first)
        elif rng.random() < 0.75:
            order = order or list(rng.permutation(len(lines)))
            k = order.pop()
            pool[0], reach[k] = _line(objective, pool[0], *lines[k], reach[k], rng)
        else:
            i = 0 if rng.random() < 0.6 else int(rng.integers(len(pool)))
            unit = _jump(pool, i, parts, rng)
            cost = objective(unit)
            if cost < pool[i][0]:
                pool[i] = (cost, unit)
        pool.sort(key=_first)
    return pool


def _line(
    objective: _Objective, start: tuple[float, np.ndarray], part: slice, spread: bool, reach: float, rng: np.random.Generator
) -> tuple[tuple[float, np.ndarray], float]:
    """Try both ways along a line, as far as the cube and `reach` allow, then where a parabola has its minimum.

    The line moves a part of the vector as a whole, or (`spread`) away from its mean and up to it. Returns the better
    point and the reach for the next time.
    """
    cost, unit = start
    direction = np.zeros(len(unit))
    direction[part] = 1.0
    up, down = 1.0 - unit[part].min(), unit[part].max()
    if spread:
        away = unit[part] - unit[part].mean()
        up, down = 1.0, float(np.abs(away).max())
        direction[part] = away / max(down, 1e-300)
    tried = []
    steps = [min(up, reach), -min(down, reach)]
    for step in steps if rng.random() < 0.5 else steps[::-1]:
        if abs(step) < 1e-9:
            continue
        moved = np.clip(unit + step * direction, 0.0, 1.0)
        tried.append((step, objective(moved)))
        if tried[-1][1] < cost:
            return (tried[-1][1], moved), min(1.0, max(reach, 2 * abs(step)))
    shorter = 0.3 * reach if reach > 1e-6 else 1.0
    if len(tried) < 2 or max(tried[0][1], tried[1][1]) >= SILENT:
        return start, shorter
    (s, f), (t, g) = ((step, value - cost) for step, value in tried)
    vertex = 0.5 * (f * t * t - g * s * s) / (f * t - g * s) if f * t != g * s else 0.0
    if not min(s, t) < vertex < max(s, t) or abs(vertex) < 1e-9:
        return start, shorter
    moved = np.clip(unit + vertex * direction, 0.0, 1.0)
    value = objective(moved)
    return ((value, moved) if value < cost else start), float(np.clip(2 * abs(vertex), 0.1 * shorter, shorter))


def _jump(pool: Scored, i: int, parts: list[slice], rng: np.random.Generator) -> np.ndarray:
    """A coordinate anew or to an end, a difference of two of the pool, or a step of any size in a few entries."""
    unit = pool[i][1].copy()
    d, kind = len(unit), rng.random()
    if kind < 0.25:
        part = parts[rng.integers(len(parts))]
        unit[part] = rng.random(part.stop - part.start) if rng.random() < 0.3 else rng.choice([0.0, 0.5, 1.0])
    elif kind < 0.7 and len(pool) > 2:
        a, b = rng.choice(len(pool), 2, replace=False)
        chosen = rng.random(d) < rng.choice([0.3, 0.9])
        chosen[rng.integers(d)] = True
        unit += chosen * rng.uniform(0.4, 1.2) * (pool[a][1] - pool[b][1])
    else:
        chosen = rng.permutation(d)[: rng.geometric(0.5)]
        unit[chosen] += 10 ** rng.uniform(-4, -0.3) * rng.standard_normal(len(chosen))
    return np.clip(unit, 0.0, 1.0)


def _evolve(objective: _Objective, pool: Scored, calls: int, rng: np.random.Generator) -> None:
    """Differential evolution in the unit cube (CMA-ES where `cma` is installed and there are 20 dimensions or more)."""
    d = dimension(objective.claim.space)
    if d >= 20 and find_spec("cma") is not None:
        import cma

        objective.found.method = "draws, climb, CMA-ES"
        options = {"bounds": [0.0, 1.0], "maxfevals": calls, "seed": int(rng.integers(1, 2**31)), "verbose": -9}
        strategy = cma.CMAEvolutionStrategy(np.clip(objective.best[2], 0.02, 0.98), 0.2, options)
        while not strategy.stop():
            units = strategy.ask()
            strategy.tell(units, [objective(unit) for unit in units])
        return
    from scipy.optimize import differential_evolution

    objective.found.method = "draws, climb, differential evolution"
    size = int(np.clip(calls // 8, 6, max(12, min(3 * d, 60))))
    good = [unit for _, unit in pool]
    differential_evolution(
        objective,
        [(0.0, 1.0)] * d,
        init=np.vstack([good, rng.random((max(0, size - len(good)), d))]),
        strategy="best1bin",
        mutation=(0.4, 0.9),
        recombination=0.8,
        maxiter=max(1, calls // size - 1),
        tol=0.0,
        polish=False,
        rng=rng,
    )


def _powell(objective: _Objective, calls: int) -> None:
    """Powell's line searches from the best point, where the budget allows a sweep of them."""
    d = dimension(objective.claim.space)
    if calls > 20 * d:
        from scipy.optimize import minimize

        options = {"maxfev": calls, "xtol": 1e-6, "ftol": 1e-12}
        minimize(objective, objective.best[2], method="Powell", bounds=[(0.0, 1.0)] * d, options=options)


# ---- shrinking ------------------------------------------------------------------------------------------------------


def shrink(claim: Claim[Any], point: Point, calls: int = 400) -> Point:
    """A simpler point that still refutes, no coordinate of which has left its space: fewer and smaller entries, fewer digits.

    Greedy. Hypothesis cannot start from a given point, and the worst points of a search are too rare for it to find again.
    """
    spent = 0

    def refutes(candidate: Point) -> bool:
        nonlocal spent
        spent += 1
        try:
            return judge(claim, candidate).verdict == "refuted"
        except Exception:  # a simpler point may fail to build in any way: then it is no counterexample
            return False

    improved = True
    while improved and spent < calls:
        improved = False
        for name, axis in claim.space.items():
            if name == "seed" or name not in point:
                continue
            for simpler in _simpler(point[name], axis):
                candidate = _replaced(claim.space, point, name, simpler)
                if spent < calls and refutes(candidate):
                    point, improved = candidate, True
                    break
    return point


def _replaced(space: Space, point: Point, name: str, value: Any) -> Point:
    """The point with one coordinate changed; arrays that name it as a side are cut to it."""
    point = {**point, name: value}
    for other, axis in space.items():
        if isinstance(axis, Array) and name in axis.shape and other in point:
            point[other] = np.asarray(point[other])[tuple(slice(value if side == name else None) for side in axis.shape)]
    return point


def _simpler(value: Any, axis: Axis) -> Iterator[Any]:
    if isinstance(axis, Choice):
        options = list(axis.options)
        yield from options[: options.index(value)] if value in options else []
    elif isinstance(axis, Array):
        array = np.asarray(value)
        entries = [_simpler_numbers(entry, axis) for entry in array.ravel().tolist()]
        for k in range(max(map(len, entries), default=0)):  # all entries at once, then one by one
            new = [
                simpler[min(k, len(simpler) - 1)] if simpler else old for simpler, old in zip(entries, array.flat, strict=True)
            ]
            yield np.array(new, dtype=array.dtype).reshape(array.shape)
        for i, simpler in zip(np.ndindex(array.shape), entries, strict=True):
            for number in simpler:
                changed = array.copy()
                changed[i] = number
                yield changed
    else:
        yield from _simpler_numbers(value, axis)


def _simpler_numbers(value: Any, axis: Int | Real | Array) -> list[Any]:
    """Numbers of the axis that take less to write than this one, the simplest first."""
    candidates: list[Any]
    if isinstance(value, float):
        candidates = [0.0, 1.0, -1.0, *(float(f"{value:.{digits}g}") for digits in (1, 2, 3))]
    elif isinstance(value, Fraction):
        candidates = [*map(Fraction, (0, 1, -1, int(value))), *(value.limit_denominator(n) for n in (2, 4, 8, 16))]
    else:
        candidates = [0, 1, -1, int(axis.lo), value // 2, value - 1, value + 1]
    step = None if isinstance(axis, Int) else axis.step
    fits = [
        c for c in candidates if axis.lo <= c <= axis.hi and (step is None or (Fraction(c) / Fraction(step)).denominator == 1)
    ]
    return sorted((c for c in dict.fromkeys(fits) if _length(c) < _length(value)), key=_length)


def _length(value: Any) -> tuple[int, Any]:
    return len(str(value).removesuffix(".0")), abs(value)
