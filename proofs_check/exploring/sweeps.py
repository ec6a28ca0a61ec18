"""Sweeps: a claim judged along one parameter or over a grid of two, and the picture of it as HTML."""

import html
import itertools
import math
from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Array, Axis, Choice, Claim, Int, Real
from proofs_check.exploring.looking import look
from proofs_check.exploring.numberline import COLOURS, badge
from proofs_check.exploring.numbers import Scale, number
from proofs_check.exploring.widgets import STOPS, as_array, options, resized, stops_of, word
from proofs_check.points import Point, Space
from proofs_check.verdict import Verdict, tightness


def parameters(space: Space, point: Mapping[str, Any]) -> dict[str, tuple[str, tuple[int, ...] | None]]:
    """What can be swept, by label: coordinates, and single entries of arrays."""
    out: dict[str, tuple[str, tuple[int, ...] | None]] = {}
    for name, axis in space.items():
        if name in point and isinstance(axis, Array):
            array = as_array(point[name], axis)
            shape = array.shape if isinstance(array, np.ndarray) else (0,)
            out |= {f"{name}[{', '.join(map(str, index))}]": (name, index) for index in np.ndindex(shape)}
        elif name in point:
            out[name] = (name, None)
    return out


def first_parameter(space: Space, point: Mapping[str, Any]) -> str | None:
    """What is swept unless somebody chooses: a real number if there is one, else a size, else anything."""
    known = parameters(space, point)
    for kind in (Real, Int, Array, Choice):
        for label, (name, _) in known.items():
            if isinstance(space[name], kind) and name != "seed":
                return label
    return next(iter(known), None)


def stops(claim: Claim[Any], dimensions: int) -> int:
    """Places along each parameter: a line takes a tenth of a second, a map two seconds."""
    if dimensions < 2:
        return int(np.clip(0.1 / claim.cost, 11, 61))
    return int(np.clip(math.sqrt(2.0 / claim.cost), 7, 31))


class Swept(NamedTuple):
    """One point of a sweep: where it is on each axis, and what was found."""

    at: tuple[float, ...]
    verdict: Verdict
    score: float


class Sweep(NamedTuple):
    """A sweep over one or two parameters; `words` names the places of a parameter that is no number."""

    labels: tuple[str, ...]
    log: tuple[bool, ...]
    words: tuple[tuple[str, ...] | None, ...]
    here: tuple[float, ...]  # where the point itself is
    points: tuple[Swept, ...]


class _Along(NamedTuple):
    """One parameter of a sweep: the values it takes, and their places on the picture."""

    name: str
    entry: tuple[int, ...] | None  # None: the coordinate itself
    axis: Axis
    now: Any
    values: list[Any]
    places: list[float]

    def moved(self, point: Point, i: int) -> Point:
        """The point with this parameter at its value `i`."""
        if self.entry is None:
            return point | {self.name: self.values[i]}
        assert isinstance(self.axis, Array)
        array = as_array(point[self.name], self.axis).copy()
        array[self.entry] = self.values[i]
        return point | {self.name: array}


def sweep(
    claim: Claim[Any], point: Point, labels: Sequence[str], stops: int, tick: Callable[[float], None] = lambda _: None
) -> Sweep:
    """Judge the claim along one parameter or over a grid of two, all other coordinates held."""
    axes = [_along(claim.space, point, *parameters(claim.space, point)[label], stops) for label in labels]
    cells = list(itertools.product(*(range(len(one.values)) for one in axes)))
    points = []
    for done, cell in enumerate(cells, 1):
        moved = dict(point)
        for one, i in zip(axes, cell, strict=True):
            moved = one.moved(moved, i)
        seen = look(claim, resized(claim.space, moved, {})).judgement
        at = tuple(one.places[i] for one, i in zip(axes, cell, strict=True))
        points.append(Swept(at, seen.verdict, tightness(claim, seen)))
        tick(done / len(cells))
    words = tuple(tuple(map(word, one.values)) if isinstance(one.axis, Choice) else None for one in axes)
    here = tuple(one.places[one.values.index(one.now)] for one in axes)
    log = tuple(bool(getattr(one.axis, "log", False)) for one in axes)
    return Sweep(tuple(labels), log, words, here, tuple(points))


def _along(space: Space, point: Point, name: str, entry: tuple[int, ...] | None, stops: int) -> _Along:
    axis, now = space[name], point[name] if entry is None else np.asarray(point[name])[entry]
    now = now.item() if isinstance(now, np.generic) else now
    if isinstance(axis, Choice):
        values = options(axis, now)
        return _Along(name, entry, axis, now, values, [float(i) for i in range(len(values))])
    one = Real(axis.lo, axis.hi, axis.log, axis.step) if isinstance(axis, Array) else axis
    if isinstance(one, Int) and one.hi - one.lo > 4 * STOPS:
        values = sorted({int(v) for v in np.linspace(one.lo, one.hi, stops)} | {now})
    else:
        values = stops_of(one, now, stops)
    every = max(1, math.ceil(len(values) / stops))
    values = [values[i] for i in sorted({*range(0, len(values), every), len(values) - 1, values.index(now)})]
    return _Along(name, entry, axis, now, values, [float(v) for v in values])


def picture(claim: Claim[Any], found: Sweep) -> str:
    """A sweep as HTML: actual/bound (or actual − bound) with verdicts over one parameter, a map of tightness over two."""
    body = (_line if len(found.labels) == 1 else _map)(claim, found)
    return f"<figure class='pc-plot'>{body}</figure>"


def _size(claim: Claim[Any], point: Swept) -> float:
    """What is plotted of a point: actual/bound or actual − bound, NaN where nothing can be said."""
    if point.score == -math.inf:
        return math.nan
    return math.exp(min(point.score, 700.0)) if claim.tightness == "ratio" else point.score


def _axis(found: Sweep, i: int) -> tuple[Scale, str]:
    """The scale of one parameter, and its ticks and name as HTML."""
    side = ("left", "bottom")[i]
    scale = Scale([p.at[i] for p in found.points], False, "log" if found.log[i] else "linear")
    words = found.words[i]
    ticks = scale.ticks() if words is None else [(scale.at(place), word) for place, word in enumerate(words)]
    if words is None and all(p.at[i].is_integer() for p in found.points):  # a size is never 1.5
        ticks = [(at, label) for at, label in ticks if "." not in label]
    marks = "".join(f"<span style='{side}:{100 * at:.2f}%'>{html.escape(label)}</span>" for at, label in ticks)
    return scale, f"<div class='{'xy'[i]}' aria-hidden='true'>{marks}<b>{html.escape(found.labels[i])}</b></div>"


def _frame(found: Sweep, shapes: str, marks: str, x: str, y: str, key: str) -> str:
    """The plot area: shapes stretch with it, marks and words keep their size."""
    drawn = f"<svg viewBox='0 0 1 1' preserveAspectRatio='none' aria-hidden='true'>{shapes}</svg>"
    area = f"<div class='area' role='img' aria-label='{html.escape(summary(found))}'>{drawn}{marks}</div>"
    return f"<figcaption>{key}</figcaption>{y}{area}{x}"


def _counts(found: Sweep) -> dict[Verdict, int]:
    counts = {verdict: sum(p.verdict == verdict for p in found.points) for verdict in COLOURS}
    return {verdict: n for verdict, n in counts.items() if n}


def _line(claim: Claim[Any], found: Sweep) -> str:
    limit = 1.0 if claim.tightness == "ratio" else 0.0
    points = [(p, _size(claim, p)) for p in sorted(found.points)]
    scale = Scale([limit, *(size for _, size in points)], claim.tightness == "ratio")
    across, x = _axis(found, 0)
    shapes, run, marks = "", list[str](), ""
    for point, size in points:
        place = across.at(point.at[0])
        if math.isfinite(size):
            run.append(f"{place:.4f},{1 - scale.at(size):.4f}")
        else:  # nothing can be said here: the line is broken and the verdict stands at the foot
            shapes, run = shapes + f"<polyline points='{' '.join(run)}'/>", []
        height = scale.at(size) if math.isfinite(size) else 0.02
        where = f"left:{100 * place:.2f}%;bottom:{100 * height:.2f}%;--c:{COLOURS[point.verdict]}"
        marks += f"<i class='{'cross' if point.verdict == 'refuted' else 'dot'}' style='{where}'></i>"
    shapes += f"<polyline points='{' '.join(run)}'/>"
    shapes += f"<line class='limit' x1='0' x2='1' y1='{1 - scale.at(limit):.4f}' y2='{1 - scale.at(limit):.4f}'/>"
    here = across.at(found.here[0])
    shapes += f"<line class='here' y1='0' y2='1' x1='{here:.4f}' x2='{here:.4f}'/>"
    what = "actual / bound" if claim.tightness == "ratio" else "actual − bound"
    ticks = "".join(f"<span style='bottom:{100 * at:.2f}%'>{label}</span>" for at, label in scale.ticks())
    y = f"<div class='y' aria-hidden='true'>{ticks}<b>{what}</b></div>"
    key = " ".join(badge(verdict) for verdict in _counts(found))
    foot = "" if all(math.isfinite(size) for _, size in points) else "; at the foot: nothing to measure"
    return _frame(found, shapes, marks, x, y, f"{key} <span>dashed: refuted above{foot}</span>")


CIVIDIS = ((0, 34, 78), (65, 77, 107), (124, 123, 120), (188, 174, 108), (254, 232, 56))  # even lightness steps


def _map(claim: Claim[Any], found: Sweep) -> str:
    (across, x), (up, y) = _axis(found, 0), _axis(found, 1)
    sizes = [_size(claim, p) for p in found.points]
    known = [size for size in sizes if math.isfinite(size)]
    low, high = min(known, default=0.0), max(known, default=0.0)
    edges = [_edges(scale, sorted({p.at[i] for p in found.points})) for i, scale in enumerate((across, up))]
    shapes, marks = "", ""
    for point, size in zip(found.points, sizes, strict=True):
        (left, right), (bottom, top) = edges[0][point.at[0]], edges[1][point.at[1]]
        if point.verdict in ("refuted", "undecided"):
            where = f"left:{50 * (left + right):.2f}%;bottom:{50 * (bottom + top):.2f}%;--c:{COLOURS[point.verdict]}"
            marks += f"<i class='{'cross' if point.verdict == 'refuted' else 'dot'}' style='{where}'></i>"
        if point.verdict == "out of scope":
            continue
        paint = _cividis((size - low) / (high - low or 1.0)) if math.isfinite(size) else f"{COLOURS[point.verdict]}55"
        box = f"x='{left:.4f}' y='{1 - top:.4f}' width='{right - left + 0.001:.4f}' height='{top - bottom + 0.001:.4f}'"
        shapes += f"<rect {box} fill='{paint}'/>"
    ring = f"left:{100 * across.at(found.here[0]):.2f}%;bottom:{100 * up.at(found.here[1]):.2f}%"
    marks += f"<i class='ring' style='{ring}'></i>"
    what = "actual / bound" if claim.tightness == "ratio" else "actual − bound"
    bar = f"linear-gradient(to right, {', '.join(_cividis(k / 4) for k in range(5))})"
    key = (
        f"<span class='scale'>{number(low, 3)} <i style='background:{bar}'></i> {number(high, 3)}</span> {what}"
        if known
        else ""
    )
    key += " ".join(badge(verdict) for verdict in _counts(found) if verdict in ("refuted", "undecided"))
    return _frame(found, shapes, marks, x, y, f"{key} <span>blank: out of scope; ring: this point</span>")


def _edges(scale: Scale, values: Sequence[float]) -> dict[float, tuple[float, float]]:
    """From where to where the cell of each value goes: half-way to its neighbours."""
    at = [scale.at(v) for v in values]
    between = [(a + b) / 2 for a, b in itertools.pairwise(at)]
    return dict(zip(values, zip([0.0, *between], [*between, 1.0], strict=True), strict=True))


def _cividis(share: float) -> str:
    k = min(int(4 * share), 3)
    mixed = (a + (4 * share - k) * (b - a) for a, b in zip(CIVIDIS[k], CIVIDIS[k + 1], strict=True))
    return f"rgb({','.join(f'{v:.0f}' for v in mixed)})"


def summary(found: Sweep) -> str:
    """The sweep in one sentence, for who cannot see it."""
    said = ", ".join(f"{n} {verdict}" for verdict, n in _counts(found).items())
    return f"Sweep over {' and '.join(found.labels)}, {len(found.points)} points: {said}."
