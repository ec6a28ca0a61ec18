"""What the explorer knows apart from its screen: widgets for a space, one point looked at, pictures, and requests that wait.

`notebooks/explore.py` shows what is here; nothing here needs marimo. What takes longer than a moment is a *request* (the
tightest instance, a refuting one, a sweep), which `answer` answers; `Job` asks it in a process of its own, so that it can
be stopped at any time, even inside a claim's solver.
"""

import html
import itertools
import json
import math
import os
import pickle
import re
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from importlib import resources
from typing import IO, Any, Literal, NamedTuple

import numpy as np

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Int, Real
from proofs_check import __version__
from proofs_check.discover import claims, find, module_of
from proofs_check.points import Point, Space, dimension, draws, from_json, from_unit, multiples, to_json
from proofs_check.verdict import Judgement, Verdict, compare, judge, tightness

LIVE = 0.1  # seconds: a claim whose judgement takes longer waits for a button
PATIENCE = 2.0  # seconds of a search for the tightest instance
STOPS = 201  # places a slider can stop at, at most
LARGEST_TABLE = 160  # entries; longer arrays are edited as JSON
COLOURS: dict[Verdict, str] = {  # Okabe and Ito's, told apart by colour-blind readers; a sign goes with each
    "holds": "#009E73",
    "survives": "#56B4E9",
    "undecided": "#E69F00",
    "out of scope": "#8C8C8C",
    "refuted": "#D55E00",
}
SIGNS: dict[Verdict, str] = {"holds": "✓", "survives": "∼", "undecided": "?", "out of scope": "–", "refuted": "✗"}


OFFERED = "offered.txt"  # in the wheel of a static page: the claims that run there


class BadPoint(ValueError):
    """A text is no point of the claim; the message says why."""


# ---- a claim and a first point --------------------------------------------------------------------------------------


def statement(key: str) -> str:
    """The module's docstring as Markdown with TeX: title, statement, why, units."""
    import inspect

    title, _, rest = (inspect.getdoc(module_of(key)) or key).partition("\n")
    # to Markdown a formula is one paragraph of one line, or its minus signs begin lists
    apart = re.sub(r"\s*\$\$(.+?)\$\$\s*", lambda found: f"\n\n$${' '.join(found[1].split())}$$\n\n", rest, flags=re.DOTALL)
    return f"## {title}\n\n{apart.strip()}"


def offered() -> list[str]:
    """Keys of the claims that can be explored here, paper by paper: all of them, or in a static page those that run there."""
    listed = resources.files("proofs_check").joinpath(OFFERED)
    return listed.read_text(encoding="utf-8").split() if listed.is_file() else list(claims())


def heading(key: str, claim: Claim[Any]) -> str:
    """The statement on one line, and where it is from."""
    status = "" if claim.status == "theorem" else f"<span class='pc-status'>{claim.status}</span>"
    return (
        f"<div class='pc-heading'><p class='says'>{html.escape(claim.says)}</p>"
        f"<p class='from'>{html.escape(claim.source)} · <code>{html.escape(key)}</code>{status}</p></div>"
    )


def opening(claim: Claim[Any], key: str, seconds: float = 0.3) -> Point:
    """A point worth looking at first: a draw that is decided and whose two sides have a distance, else the middle.

    A claim that is slow to judge gets the middle, unjudged.
    """
    middle = from_unit(claim.space, np.full(dimension(claim.space), 0.5))
    if claim.cost > LIVE:
        return middle
    until, decided = time.perf_counter() + seconds, None
    for point in draws(claim.space, 0, key, range(6, 46, 2)):  # even draws after the corners are uniform ones
        seen = look(claim, point).judgement
        if seen.verdict in ("holds", "survives"):
            if tightness(claim, seen) > -np.inf:
                return point
            decided = decided or point
        if time.perf_counter() > until:
            break
    return decided or middle


def drawn(claim: Claim[Any], key: str, index: int) -> Point:
    """Draw `index` of the claim: corners first, then ties and uniform draws in turn."""
    return next(draws(claim.space, 0, key, [index]))


class Look(NamedTuple):
    """One point of one claim: the judgement, the margin of each hypothesis, the seconds it took, or why it could not be."""

    judgement: Judgement
    margins: dict[str, float]
    seconds: float
    problem: str = ""
    missing: str = ""  # the package for want of which it could not be


def look(claim: Claim[Any], point: Mapping[str, Any]) -> Look:
    """Judge one point; an exception of the claim becomes a sentence."""
    started, margins, missing = time.perf_counter(), dict[str, float](), ""
    try:
        with np.errstate(all="ignore"):
            judgement = judge(claim, point)
            if claim.assumes:
                x = claim.build(**point)
                margins = {name: float(margin(x)) for name, margin in claim.assumes.items()}
        return Look(judgement, margins, time.perf_counter() - started)
    except ModuleNotFoundError as problem:
        missing = problem.name or "another package"
        what = f"it needs the package {missing}, which is not here"
    except Exception as problem:  # a claim may raise anything, also on a point that someone typed
        what = f"{type(problem).__name__}: {problem}"
    return Look(Judgement("out of scope", margin=math.nan), margins, time.perf_counter() - started, what, missing)


def exported(key: str, variant: str, point: Mapping[str, Any]) -> str:
    """The point as a file that `proofs-check replay` reads."""
    from proofs_check.counterexample import FORMAT

    content = {"format": FORMAT, "version": __version__, "claim": key, "variant": variant}
    own = {k: v for k, v in point.items() if k in find(key).variant(variant).space}
    return json.dumps(content | {"point": json.loads(to_json(own))}, ensure_ascii=False, indent=2) + "\n"


def typed(text: str, space: Space) -> Point:
    """The point that a text holds: JSON as `to_json` writes it, or a whole exported file.

    Raises BadPoint with one sentence.
    """
    try:
        value = from_json(text)
    except (ValueError, TypeError, ArithmeticError) as problem:
        raise BadPoint(f"this is no JSON of a point: {problem}") from problem
    if isinstance(value, dict) and "format" in value and isinstance(value.get("point"), dict):
        value = value["point"]
    if not isinstance(value, dict):
        raise BadPoint('a point is a JSON object: {"name": value, …}')
    if unknown := [name for name in value if name not in space]:
        raise BadPoint(f"there is no coordinate {unknown[0]!r}; there are {', '.join(space)}")
    return {name: _array(v) if isinstance(space[name], Array) else v for name, v in value.items()}


def _array(value: Any, axis: Array | None = None) -> Any:
    """Lists as an array; as they are if their lengths differ, which a claim may allow. Whole numbers on an axis of Fractions
    stay Python's own, for exact arithmetic takes no others."""
    try:
        array = np.asarray(value)
    except ValueError:
        return value
    return array.astype(object) if axis is not None and axis.step not in (None, 1) and array.dtype.kind == "i" else array


# ---- widgets --------------------------------------------------------------------------------------------------------


class Control(NamedTuple):
    """One coordinate as a widget. What the widget shows are floats and words; `values` keeps what they stand for."""

    name: str
    kind: Literal["slider", "number", "choice", "table", "held"]
    value: Any  # the coordinate itself
    says: str  # name and range, for people
    values: Sequence[Any] = ()  # slider, choice: what each stop stands for
    shown: Sequence[Any] = ()  # slider, choice: what is shown for each; table: rows of floats
    lo: float = 0.0
    hi: float = 0.0
    step: Any = 1.0  # table: how far a drag goes, entry by entry
    rows: Sequence[str] = ()
    columns: Sequence[str] = ()


def controls(space: Space, point: Mapping[str, Any]) -> list[Control]:
    """A widget for each coordinate that the point has; ranges stretch to hold a value outside its box."""
    return [control(name, axis, point[name]) for name, axis in space.items() if name in point]


def control(name: str, axis: Axis, value: Any) -> Control:
    """The widget of one coordinate, standing at `value`."""
    if isinstance(axis, Choice):
        values = [*axis.options] if any(_same(value, option) for option in axis.options) else [*axis.options, value]
        values = [v for i, v in enumerate(values) if not any(_same(v, other) for other in values[:i])]
        return Control(name, "choice", value, name, values, [word(v) for v in values])
    if isinstance(axis, Array):
        array = _array(value, axis)
        return _table(name, axis, array) if isinstance(array, np.ndarray) else Control(name, "held", value, name)
    says = f"{name} · {number(axis.lo)} … {number(axis.hi)}"
    if isinstance(axis, Int) and axis.hi - axis.lo > 400:
        return Control(name, "number", value, says, lo=min(axis.lo, value), hi=max(axis.hi, value))
    stops = {v if isinstance(v, int) else float(f"{float(v):.4g}"): v for v in _stops(axis, value)}
    stops[value if isinstance(value, int) else float(f"{float(value):.4g}")] = value  # of equal labels, the point's own
    return Control(name, "slider", value, says, list(stops.values()), list(stops))


def _same(a: Any, b: Any) -> bool:
    return type(a) is type(b) and bool(np.all(a == b))


def word(value: Any) -> str:
    return value if isinstance(value, str) and value else repr(value) if isinstance(value, str | bool) else number(value)


def _stops(axis: Int | Real, value: Any, most: int = STOPS) -> list[Any]:
    """Values of the axis in order, `value` among them."""
    if isinstance(axis, Int):
        grid: list[Any] = [*range(axis.lo, axis.hi + 1)]
    elif axis.step is not None:
        first, last = multiples(axis)
        grid = [k if axis.step == 1 else k * Fraction(axis.step) for k in range(first, last + 1)]
    else:
        spaced = np.geomspace if axis.log else np.linspace
        grid = [float(v) for v in spaced(axis.lo, axis.hi, most)]
        grid[0], grid[-1] = float(axis.lo), float(axis.hi)
    every = math.ceil(len(grid) / (2 * most))
    kept = dict.fromkeys([*grid[::every], grid[-1]])  # equal numbers are one stop, and the point's own spelling of it stays
    kept.pop(value, None)
    return sorted([*kept, value])


def _table(name: str, axis: Array, array: np.ndarray) -> Control:
    says = f"{name} · {' × '.join(map(str, array.shape))} · {number(axis.lo)} … {number(axis.hi)}"
    if not 0 < array.size <= LARGEST_TABLE or array.ndim == 0:
        return Control(name, "held", array, says)
    shown = array.astype(float).reshape(-1, array.shape[-1])
    step = float(axis.step) if axis.step is not None else (axis.hi - axis.lo) / 100
    steps = np.maximum(np.abs(shown) / 20, 1e-12).tolist() if axis.log else step
    rows = [",".join(map(str, index)) for index in np.ndindex(array.shape[:-1])] if array.ndim > 1 else [""]
    lo, hi = min(float(axis.lo), shown.min()), max(float(axis.hi), shown.max())
    columns = [str(i) for i in range(array.shape[-1])]
    return Control(name, "table", array, says, shown=shown.tolist(), lo=lo, hi=hi, step=steps, rows=rows, columns=columns)


def chosen(space: Space, control: Control, raw: Any) -> Any:
    """What a widget that now shows `raw` stands for; whatever it has shown from the start keeps its exact value."""
    if control.kind == "held":
        return control.value
    if control.kind == "number":
        return control.value if raw is None else int(raw)
    if control.kind in ("slider", "choice"):
        return control.values[list(control.shown).index(raw)]
    axis, new = space[control.name], np.asarray(raw, dtype=float)
    assert isinstance(axis, Array)
    if np.array_equal(new, control.shown):
        return control.value
    entries = [
        old if was == now else _snapped(axis, now)
        for old, was, now in zip(
            control.value.ravel().tolist(), np.ravel(control.shown).tolist(), new.ravel().tolist(), strict=True
        )
    ]
    out = np.empty(len(entries), dtype=control.value.dtype if axis.step is not None else float)
    out[:] = entries
    return out.reshape(control.value.shape)


def _snapped(axis: Array, value: float) -> Any:
    """The nearest value of the axis."""
    if axis.step is None:
        return value
    k = round(Fraction(value) / Fraction(axis.step))
    return k if axis.step == 1 else k * Fraction(axis.step)


def resized(space: Space, point: Mapping[str, Any], spare: Mapping[str, np.ndarray]) -> Point:
    """The point with arrays as long as its Int coordinates say: cut, or filled up from `spare`, then from the axis's middle."""
    out = dict(point)
    for name, axis in space.items():
        if isinstance(axis, Array) and name in out and all(side in out for side in axis.shape if isinstance(side, str)):
            array = _array(out[name], axis)
            if not isinstance(array, np.ndarray):
                continue
            sides = [
                out[side] if isinstance(side, str) else now
                for side, now in zip(axis.shape, array.shape or axis.shape, strict=False)
            ]
            if array.ndim == len(sides) and array.shape != tuple(sides):
                out[name] = _fitted(axis, array, tuple(sides), spare.get(name))
    return out


def _fitted(axis: Array, array: np.ndarray, shape: tuple[int, ...], spare: np.ndarray | None = None) -> np.ndarray:
    middle = math.sqrt(axis.lo * axis.hi) if axis.log else (axis.lo + axis.hi) / 2
    out = np.full(shape, _snapped(axis, float(middle)), dtype=array.dtype)
    for source in (spare, array):
        if source is not None and source.ndim == len(shape):
            common = tuple(slice(min(a, b)) for a, b in zip(source.shape, shape, strict=True))
            out[common] = source[common]
    return out


def remember(space: Space, spare: dict[str, np.ndarray], point: Mapping[str, Any]) -> None:
    """Keep the entries of the point's arrays, so that a side made shorter and longer again brings them back."""
    for name, axis in space.items():
        array = _array(point[name], axis) if isinstance(axis, Array) and name in point else None
        if isinstance(axis, Array) and isinstance(array, np.ndarray):
            old = spare.get(name)
            if old is None or old.ndim != array.ndim:
                spare[name] = array
            else:
                shape = tuple(max(a, b) for a, b in zip(old.shape, array.shape, strict=True))
                spare[name] = _fitted(axis, array, shape, old)


# ---- numbers and words ----------------------------------------------------------------------------------------------


def number(value: Any, digits: int = 6) -> str:
    """A number for people: short fractions and integers as they are, others to so many digits, however large or small.

    >>> number(Fraction(9, 10)), number(10**400), number(0.25), number(math.inf)
    ('9/10', '1e+400', '0.25', '∞')
    """
    value = value.item() if isinstance(value, np.generic) else value
    if isinstance(value, bool) or not isinstance(value, int | float | Fraction):
        return str(value)
    if isinstance(value, Fraction) and value.denominator > 1 and len(str(value)) <= 9:
        return str(value)
    if isinstance(value, float) and not math.isfinite(value):
        return {math.inf: "∞", -math.inf: "−∞"}.get(value, "NaN")
    if isinstance(value, int) and abs(value) < 10**12:
        return str(value)
    try:
        near = float(value)
        if near == 0 == value or (near != 0 and math.isfinite(near)):
            return f"{near:.{digits}g}"
    except OverflowError:
        pass
    exact = Fraction(value)
    power = math.floor(_log10(abs(exact)))
    return f"{float(exact / Fraction(10) ** power):.{digits}g}e{power:+d}"


def _log10(value: Any) -> float:
    """Of a positive number of any size."""
    exact = Fraction(value)
    return math.log10(exact.numerator) - math.log10(exact.denominator)


def interval(lo: Any, hi: Any) -> str:
    """An enclosure in words.

    >>> interval(0.5, 0.5), interval(0.25, math.inf), interval(1.0, 1.5)
    ('0.5', 'at least 0.25', '1 … 1.5')
    """
    if lo == hi:
        return number(lo, 10)
    if hi == math.inf:
        return "anything" if lo == -math.inf else f"at least {number(lo)}"
    if lo == -math.inf:
        return f"at most {number(hi)}"
    middle, half = (Fraction(lo) + Fraction(hi)) / 2, (Fraction(hi) - Fraction(lo)) / 2
    if middle and half < abs(middle) / 10**4:
        return f"{number(float(middle) if _is_float(middle) else middle, 10)} ± {number(float(half), 2)}"
    return f"{number(lo)} … {number(hi)}"


def _is_float(value: Fraction) -> bool:
    return abs(_log10(abs(value))) < 300


class Entry(NamedTuple):
    """One entry of the two sides, as Python numbers, with its own verdict and score (log ratio, or difference)."""

    where: tuple[int, ...]
    a_lo: Any
    a_hi: Any
    b_lo: Any
    b_hi: Any
    verdict: Verdict
    score: float


def entries(claim: Claim[Any], judgement: Judgement) -> list[Entry]:
    """Every entry that was compared, the tightest first."""
    if judgement.actual is None or judgement.bound is None:
        return []
    a, b = judgement.actual, judgement.bound
    ends = np.broadcast_arrays(*(np.asarray(end, dtype=object) for end in (a.lo, a.hi, b.lo, b.hi)))
    out = []
    for index in np.ndindex(ends[0].shape):
        one, two = Enclosure(ends[0][index], ends[1][index], a.trust), Enclosure(ends[2][index], ends[3][index], b.trust)
        score = tightness(claim, Judgement("holds", one, two))
        out.append(Entry(index, *one[:2], *two[:2], compare(one, two), score))
    return sorted(out, key=lambda entry: (entry.verdict != "refuted", -entry.score))


def reading(claim: Claim[Any], judgement: Judgement) -> str:
    """How close the two sides are at the tightest entry, in words."""
    found = entries(claim, judgement)
    if not found:
        return ""
    first = found[0]
    if first.verdict == "refuted":
        return "the actual value is above the bound"
    if first.score == 0 or (first.score == -math.inf and first.a_lo == first.b_hi):
        return "the two sides meet"
    if first.score == -math.inf:
        return "between the two sides there is no distance to speak of"
    if claim.tightness == "ratio":
        return f"the actual value is {100 * math.exp(first.score):.4g} % of the bound"
    return f"the actual value is {number(-first.score, 4)} below the bound"


# ---- the number line ------------------------------------------------------------------------------------------------


def _finite(value: Any) -> bool:
    """Also of integers and Fractions that no float can hold."""
    return not isinstance(value, float) or math.isfinite(value)


class Scale:
    """Places on a line from 0 to 1 for numbers of any kind: linear, logarithmic, or logarithmic both ways around 0.

    Works in rationals, so that integers beyond floats and differences below their rounding have places too.
    """

    def __init__(
        self, values: Sequence[Any], from_zero: bool, kind: Literal["linear", "log", "both ways"] | None = None
    ) -> None:
        exact = sorted({Fraction(v) for v in values if _finite(v)} or {Fraction(0)})
        sizes = sorted(abs(v) for v in exact if v)
        self.kind: Literal["linear", "log", "both ways"] = "linear"
        self.small = sizes[0] if sizes else Fraction(1)
        if kind is not None:
            self.kind = kind
        elif sizes and exact[0] > 0 and exact[-1] > 30 * exact[0]:
            self.kind = "log"
        elif sizes and sizes[-1] > 300 * sizes[0] and sizes[0] > Fraction(1, 10**13):
            self.kind = "both ways"
        lo, hi = exact[0], exact[-1]
        if self.kind == "linear" and from_zero and lo > 0 and (hi - lo) * 50 > hi:
            lo = Fraction(0)
        if lo == hi:
            lo, hi = lo - abs(lo) / 2 - (not lo), hi + abs(hi) / 2 + (not hi)
        self.ends = lo, hi
        self._from, self._to = (self._bend(end) for end in self.ends)

    def _bend(self, value: Fraction) -> Any:
        if self.kind == "log":
            return _log10(value)
        if self.kind == "both ways":
            return math.copysign(_log10(1 + abs(value) / self.small), value)
        return value

    def at(self, value: Any) -> float:
        """Infinities are at the ends; finite values keep a margin."""
        if not _finite(value):
            return 0.0 if value < 0 else 1.0
        return 0.06 + 0.88 * float((self._bend(Fraction(value)) - self._from) / (self._to - self._from))

    def ticks(self) -> list[tuple[float, str]]:
        """Places and labels: round numbers or powers of ten; none where the ends agree to nine digits."""
        lo, hi = self.ends
        if self.kind == "linear":
            if (hi - lo) * 10**9 < max(abs(lo), abs(hi)) or max(abs(lo), abs(hi)) > Fraction(10) ** 300:
                return []
            power = Fraction(10) ** math.floor(_log10(hi - lo))
            step = next(power * k for k in (Fraction(1, 5), Fraction(1, 2), 1, 2) if (hi - lo) / (power * k) <= 6)
            values = [k * step for k in range(math.ceil(lo / step), math.floor(hi / step) + 1)]
            return [(self.at(v), f"{float(v):.10g}") for v in values]
        if self.kind == "log":
            powers = range(math.ceil(self._from), math.floor(self._to) + 1)
            every = max(1, math.ceil(len(powers) / 6))
            return [(self.at(Fraction(10) ** p), _power(p)) for p in powers if p % every == 0]
        shown = [(self.at(v), number(float(v), 3)) for v in (lo, hi)]
        return [*shown, (self.at(0), "0")] if lo < 0 < hi else shown


def _power(p: int) -> str:
    return {0: "1", 1: "10"}.get(p, "10" + str(p).translate(str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")))


ROWS = 5  # entries of an array on one picture; the tightest ones


def number_line(claim: Claim[Any], judgement: Judgement) -> str:
    """The two enclosures on one line as HTML: a bar and a mark for each side, an entry to a row, the tightest first."""
    found = entries(claim, judgement)
    if not found:
        return ""
    shown = found[:ROWS]
    values = [v for entry in shown for v in entry[1:5]]
    scale = Scale(values, claim.tightness == "ratio")
    rows = []
    for entry in shown:
        name = f"[{', '.join(map(str, entry.where))}]" if len(found) > 1 else ""
        a, b = interval(entry.a_lo, entry.a_hi), interval(entry.b_lo, entry.b_hi)
        marks = _mark(scale, entry.a_lo, entry.a_hi, "a") + _mark(scale, entry.b_lo, entry.b_hi, "b")
        said = f"{'entry ' + name + ': ' if name else ''}actual {a}, bound {b}, {entry.verdict}"
        lead = f"<span class='name' style='color:{COLOURS[entry.verdict]}'>{name} {SIGNS[entry.verdict]}</span>" if name else ""
        words = "".join(
            f"<span class='side {side}'><i></i>{what} {html.escape(value)}</span>"
            for side, what, value in (("a", "actual", a), ("b", "bound", b))
        )
        rows.append(
            f"<div class='row' role='img' aria-label='{html.escape(said)}'>"
            f"<div class='words'>{lead}{words}</div><div class='track'>{marks}</div></div>"
        )
    ticks = "".join(f"<span style='left:{100 * at:.2f}%'>{html.escape(label)}</span>" for at, label in scale.ticks())
    notes = [f"{len(found) - len(shown)} more entries, less tight"] if len(found) > len(shown) else []
    notes += {"log": ["logarithmic"], "both ways": ["logarithmic both ways around 0"]}.get(scale.kind, [])
    note = f"<p class='note'>{'; '.join(notes)}</p>" if notes else ""
    axis = f"<div class='axis' aria-hidden='true'>{ticks}</div>"
    return f"<div class='pc-line'>{''.join(rows)}{axis}{note}</div>"


def entries_table(claim: Claim[Any], judgement: Judgement) -> str:
    """Every entry in words, the tightest first; nothing where the number line has shown them all."""
    found = entries(claim, judgement)
    if len(found) <= ROWS:
        return ""
    rows = "".join(
        f"<tr><th scope='row'>[{', '.join(map(str, entry.where))}]</th><td>{html.escape(interval(entry.a_lo, entry.a_hi))}</td>"
        f"<td>{html.escape(interval(entry.b_lo, entry.b_hi))}</td><td>{SIGNS[entry.verdict]} {entry.verdict}</td></tr>"
        for entry in found
    )
    head = "".join(f"<th scope='col'>{name}</th>" for name in ("entry", "actual", "bound", "verdict"))
    return f"<div class='pc-all'><table class='pc-table'><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"


def _mark(scale: Scale, lo: Any, hi: Any, side: str) -> str:
    left, right = 100 * scale.at(lo), 100 * scale.at(hi)
    bar = f"<span class='bar {side}' style='left:{left:.3f}%;width:{max(0.0, right - left):.3f}%'></span>"
    ends = [(place, end) for place, end in ((left, lo), (right, hi)) if _finite(end)]
    dots = "".join(f"<span class='dot {side}' style='left:{place:.3f}%'></span>" for place, _ in ends)
    arrows = "".join(
        f"<span class='far {side}' style='left:{place:.3f}%'>{'→' if end > 0 else '←'}</span>"
        for place, end in ((left, lo), (right, hi))
        if not _finite(end)
    )
    return bar + dots + arrows


def badge(verdict: Verdict, trust: str | None = None) -> str:
    """A verdict in colour, sign and word; with who vouches for it."""
    who = f"<span class='trust'>{trust}</span>" if trust else ""
    return f"<span class='pc-badge' style='--c:{COLOURS[verdict]}'><b>{SIGNS[verdict]}</b> {verdict}</span>{who}"


def margins_table(margins: Mapping[str, float]) -> str:
    """Hypotheses and how far inside each the point is."""
    if not margins:
        return "<p class='pc-none'>No hypothesis: every instance that can be built.</p>"
    rows = "".join(
        f"<tr><th scope='row'>{html.escape(name)}</th><td>{number(value)}</td>"
        f"<td>{badge('holds' if value >= 0 else 'out of scope') if not math.isnan(value) else 'NaN'}</td></tr>"
        for name, value in margins.items()
    )
    head = "<tr><th scope='col'>hypothesis</th><th scope='col'>margin</th><th scope='col'></th></tr>"
    words = "met where the margin is 0 or more"
    return f"<table class='pc-table'><caption>{words}</caption><thead>{head}</thead><tbody>{rows}</tbody></table>".replace(
        "</b> holds", "</b> met"
    ).replace("</b> out of scope", "</b> not met")


def panel(claim: Claim[Any], seen: Look | None, said: str) -> str:
    """The verdict on one point: badge, words, number line, hypotheses."""
    note = f"<p class='pc-said' role='status'>{html.escape(said)}</p>" if said else ""
    if seen is None:
        return f"{note}<p class='pc-none'>Judging a point of this claim takes a while: press the button.</p>"
    if seen.problem:
        return f"{note}<p class='pc-none' role='alert'>This point cannot be judged: {html.escape(seen.problem)}.</p>"
    found = seen.judgement
    words = reading(claim, found) or "a hypothesis is not met, so the claim says nothing here"
    risk = f" · risk {found.risk:.0e}" if found.risk else ""
    head = f"<p class='pc-verdict' aria-live='polite'>{badge(found.verdict, found.trust)} <span>{words}{risk}</span></p>"
    time_ = f"<p class='pc-time'>judged in {1000 * seen.seconds:.3g} ms</p>"
    return f"{note}{head}{number_line(claim, found)}{time_}"


def variant_line(variant: Claim[Any], seen: Look | None) -> str:
    """What came of one variant at the point, in a line."""
    if seen is None:
        return "<p class='pc-none'>not judged at this point yet</p>"
    if seen.problem:
        return f"<p class='pc-none'>cannot be judged here: {html.escape(seen.problem)}</p>"
    found = entries(variant, seen.judgement)
    sides = ""
    if found:
        a, b = interval(found[0].a_lo, found[0].a_hi), interval(found[0].b_lo, found[0].b_hi)
        relation = "&gt;" if found[0].verdict == "refuted" else "against"
        sides = f"<span>actual {html.escape(a)} {relation} bound {html.escape(b)}</span>"
    return f"<p class='pc-verdict small'>{badge(seen.judgement.verdict, seen.judgement.trust)} {sides}</p>"


WORDS = {
    "looks": "judging",
    "tightest": "searching for the tightest instance",
    "refuting": "searching for a refuting instance",
    "swept": "judging the sweep",
}


def progress(job: "Job") -> str:
    """How far a request is, as HTML."""
    what = WORDS[job.request]
    value = f"max='1' value='{job.share:.3f}'" if job.share else ""  # no value: a bar that only says that it is alive
    bar = f"<progress {value} aria-label='{what}'></progress>"
    return f"<div class='pc-progress'>{bar} <span>{what}, {job.seconds:.0f} s</span></div>"


def trouble(job: "Job") -> str:
    """Why a request has no answer, as HTML; empty if it has one."""
    return html.escape(f"{WORDS[job.request]}: {job.problem}") if job.problem else ""


# ---- sweeps ---------------------------------------------------------------------------------------------------------


def parameters(space: Space, point: Mapping[str, Any]) -> dict[str, tuple[str, tuple[int, ...] | None]]:
    """What can be swept, by label: coordinates, and single entries of arrays."""
    out: dict[str, tuple[str, tuple[int, ...] | None]] = {}
    for name, axis in space.items():
        if name in point and not isinstance(axis, Array):
            out[name] = (name, None)
        elif name in point:
            array = _array(point[name])
            shape = array.shape if isinstance(array, np.ndarray) else (0,)
            out |= {f"{name}[{', '.join(map(str, index))}]": (name, index) for index in np.ndindex(shape)}
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
    return int(np.clip(math.sqrt(PATIENCE / claim.cost), 7, 31))


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


def sweep(
    claim: Claim[Any], point: Point, labels: Sequence[str], stops: int, tick: Callable[[float], None] = lambda _: None
) -> Sweep:
    """Judge the claim along one parameter or over a grid of two, all other coordinates held."""
    known = parameters(claim.space, point)
    axes = []
    for label in labels:
        name, index = known[label]
        axis = claim.space[name]
        now = point[name] if index is None else np.asarray(point[name])[index]
        now = now.item() if isinstance(now, np.generic) else now
        axes.append((name, index, axis, *_grid(axis, now, stops)))
    cells: list[tuple[int, ...]] = [()]
    for axis_ in axes:
        cells = [(*cell, i) for cell in cells for i in range(len(axis_[3]))]
    points = []
    for done, cell in enumerate(cells):
        moved: Point = dict(point)
        for (name, index, _, values, _), i in zip(axes, cell, strict=True):
            if index is None:
                moved[name] = values[i]
            else:
                array = np.array(moved[name])
                array[index] = values[i]
                moved[name] = array
        seen = look(claim, resized(claim.space, moved, {}))
        at = tuple(places[i] for (_, _, _, _, places), i in zip(axes, cell, strict=True))
        points.append(Swept(at, seen.judgement.verdict, tightness(claim, seen.judgement)))
        tick((done + 1) / len(cells))
    words = tuple(tuple(map(word, values)) if isinstance(axis, Choice) else None for _, _, axis, values, _ in axes)
    here = []
    for label, (_, _, _, values, places) in zip(labels, axes, strict=True):
        name, index = known[label]
        now = point[name] if index is None else np.asarray(point[name])[index]
        here.append(next((p for v, p in zip(values, places, strict=True) if v == now), math.nan))
    log = tuple(bool(getattr(axis, "log", False)) for _, _, axis, _, _ in axes)
    return Sweep(tuple(labels), log, words, tuple(here), tuple(points))


def _grid(axis: Axis, now: Any, stops: int) -> tuple[list[Any], list[float]]:
    """Values along an axis, `now` among them, and their places on the picture."""
    if isinstance(axis, Choice):
        values = list(control("", axis, now).values)
        return values, [float(i) for i in range(len(values))]
    one = Real(axis.lo, axis.hi, axis.log, axis.step) if isinstance(axis, Array) else axis
    if isinstance(one, Int) and one.hi - one.lo > 4 * STOPS:
        values = sorted({int(v) for v in np.linspace(one.lo, one.hi, stops)} | {now})
    else:
        values = _stops(one, now, stops)
    every = max(1, math.ceil(len(values) / stops))
    kept = sorted({*range(0, len(values), every), len(values) - 1, values.index(now)})
    return [values[i] for i in kept], [float(values[i]) for i in kept]


def picture(claim: Claim[Any], found: Sweep) -> str:
    """A sweep as HTML: actual/bound (or actual − bound) with verdicts over one parameter, a map of tightness over two."""
    body = (_line if len(found.labels) == 1 else _map)(claim, found)
    return f"<figure class='pc-plot'>{body}</figure>"


def _size(claim: Claim[Any], point: Swept) -> float:
    """What is plotted of a point: actual/bound or actual − bound, NaN where nothing can be said."""
    if point.score == -math.inf:
        return math.nan
    return math.exp(min(point.score, 700.0)) if claim.tightness == "ratio" else point.score


def _axis(found: Sweep, i: int) -> tuple["Scale", str]:
    """The scale of one parameter, and its ticks and name as HTML."""
    side = ("left", "bottom")[i]
    scale = Scale([p.at[i] for p in found.points], False, "log" if found.log[i] else "linear")
    words = found.words[i]
    ticks = scale.ticks() if words is None else [(scale.at(place), word) for place, word in enumerate(words)]
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
    if math.isfinite(found.here[0]):
        here = across.at(found.here[0])
        shapes += f"<line class='here' y1='0' y2='1' x1='{here:.4f}' x2='{here:.4f}'/>"
    what = "actual / bound" if claim.tightness == "ratio" else "actual − bound"
    ticks = "".join(f"<span style='bottom:{100 * at:.2f}%'>{label}</span>" for at, label in scale.ticks())
    y = f"<div class='y' aria-hidden='true'>{ticks}<b>{what}</b></div>"
    key = " ".join(badge(verdict) for verdict in _counts(found))
    return _frame(found, shapes, marks, x, y, f"{key} <span>dashed: refuted above</span>")


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
    if all(map(math.isfinite, found.here)):
        marks += (
            f"<i class='ring' style='left:{100 * across.at(found.here[0]):.2f}%;bottom:{100 * up.at(found.here[1]):.2f}%'></i>"
        )
    what = "actual / bound" if claim.tightness == "ratio" else "actual − bound"
    bar = f"linear-gradient(to right, {', '.join(_cividis(k / 4) for k in range(5))})"
    key = (
        f"<span class='scale'>{number(low, 3)} <i style='background:{bar}'></i> {number(high, 3)}</span> {what}"
        if known
        else ""
    )
    key += " ".join(badge(verdict) for verdict in _counts(found) if verdict in ("refuted", "undecided"))
    return _frame(found, shapes, marks, x, y, f"{key} <span>blank: out of scope; ring: this point</span>")


def _edges(scale: "Scale", values: Sequence[float]) -> dict[float, tuple[float, float]]:
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


# ---- requests that take a while -------------------------------------------------------------------------------------


class Answer(NamedTuple):
    """What a request for an instance found, and by which means; no point if there is none."""

    point: Point | None
    says: str


def budget(claim: Claim[Any], seconds: float = PATIENCE) -> int:
    """Judgements that fit into so many seconds, by the claim's declared cost."""
    return int(np.clip(seconds / claim.cost, 24, 4000))


def looks(key: str, names: Sequence[str], point: Point, tick: Callable[[float], None] = lambda _: None) -> dict[str, Look]:
    """One look at the point for the claim ("") and each variant."""
    out = {}
    for done, name in enumerate(names):
        variant = find(key).variant(name)
        out[name] = look(variant, {k: v for k, v in point.items() if k in variant.space})  # a variant may have more coordinates
        tick((done + 1) / len(names))
    return out


def tightest(key: str, tick: Callable[[float], None] = lambda _: None) -> Answer:
    """The tightest instance that a short search finds."""
    claim = find(key)
    found, calls = _search(claim, key, "", tick, stop=False)
    if found.judgement.actual is None:
        return Answer(None, f"none of {calls} instances met the hypotheses")
    close = reading(claim, found.judgement)
    return Answer(found.point, f"Tightest of {calls} instances ({found.method}): {close}.")


def refuting(key: str, variant: str, tick: Callable[[float], None] = lambda _: None) -> Answer:
    """An instance that refutes a variant: searched for first; if none is found, the known witness."""
    claim = find(key)
    found, calls = _search(claim.variant(variant), key, variant, tick, stop=True)
    name = f"“{variant}”" if variant else "the claim"
    if found.judgement.verdict == "refuted":
        return Answer(found.point, f"The search refuted {name} after {calls} instances.")
    witness = claim.witness.get(variant)
    if witness is not None and look(claim.variant(variant), witness).judgement.verdict == "refuted":
        space = claim.variant(variant).space
        point = {k: _array(v) if isinstance(space.get(k), Array) else v for k, v in witness.items()}
        return Answer(point, f"{calls} instances did not refute {name}; its known witness does.")
    return Answer(None, f"{calls} instances did not refute {name}, and no witness is known.")


def _search(claim: Claim[Any], key: str, variant: str, tick: Callable[[float], None], stop: bool) -> Any:
    from proofs_check.worst_case import search

    calls, spent = budget(claim), 0

    def one(n: int) -> None:
        nonlocal spent
        spent += n
        tick(min(1.0, spent / calls))

    with np.errstate(all="ignore"):
        found = search(claim, calls, 0, f"{key}:{variant}", stop_at_refutation=stop, tick=one)
    return found, found.calls


def swept(
    key: str, variant: str, point: Point, labels: Sequence[str], stops: int, tick: Callable[[float], None] = lambda _: None
) -> Sweep:
    """`sweep` by the claim's key."""
    return sweep(find(key).variant(variant), point, labels, stops, tick)


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
            [sys.executable, "-m", "proofs_check.exploring"],
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


if __name__ == "__main__":
    from proofs_check.exploring import _worker as work  # the module by its name, so that what is pickled has it

    answers = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a claim that prints does not disturb the answers
    work(sys.stdin.buffer, answers)
