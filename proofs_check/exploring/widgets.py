"""Controls for the coordinates of a space: what each shows (floats and words), and the exact values these stand for."""

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any, Literal, NamedTuple

import numpy as np

from bounds.claim import Array, Axis, Choice, Int, Real
from proofs_check.exploring.numbers import number
from proofs_check.points import Point, Space, multiples

STOPS = 201  # places a slider can stop at, at most
LARGEST_TABLE = 160  # entries; longer arrays are edited as JSON
LARGEST_ARRAY = 100_000  # entries; no array is made longer than that


def as_array(value: Any, axis: Array) -> Any:
    """Lists as an array of the axis's numbers; as they are if their lengths differ, which a claim may allow.

    Whole numbers on an axis of Fractions stay Python's own, for exact arithmetic takes no others.
    """
    try:
        array = np.asarray(value)
    except ValueError:
        return value
    if array.dtype.kind != "i" or axis.step == 1:
        return array
    return array.astype(float if axis.step is None else object)


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
        values = options(axis, value)
        return Control(name, "choice", value, name, values, [word(v) for v in values])
    if isinstance(axis, Array):
        array = as_array(value, axis)
        return _table(name, axis, array) if isinstance(array, np.ndarray) else Control(name, "held", value, name)
    says = f"{name} · {number(axis.lo)} … {number(axis.hi)}"
    if isinstance(axis, Int) and axis.hi - axis.lo > 400:
        return Control(name, "number", value, says, lo=min(axis.lo, value), hi=max(axis.hi, value))
    stops = {v if isinstance(v, int) else float(f"{float(v):.4g}"): v for v in stops_of(axis, value)}
    stops[value if isinstance(value, int) else float(f"{float(value):.4g}")] = value  # of equal labels, the point's own
    return Control(name, "slider", value, says, list(stops.values()), list(stops))


def options(axis: Choice, value: Any) -> list[Any]:
    """What can be chosen, each once, `value` among them."""
    out = list[Any]()
    for option in (*axis.options, value):
        if not any(type(option) is type(other) and np.all(option == other) for other in out):
            out.append(option)
    return out


def word(value: Any) -> str:
    """An option for people; words that could be taken for something else keep their quotes."""
    return value if isinstance(value, str) and value else repr(value) if isinstance(value, str | bool) else number(value)


def stops_of(axis: Int | Real, value: Any, most: int = STOPS) -> list[Any]:
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
    """The point with arrays as long as its Int coordinates say: cut, or filled up from `spare`, then from the axis's middle.

    A side below 0, or so long that nobody could look at the array, was typed: the claim itself will say what it thinks of it.
    """
    out = dict(point)
    for name, axis in space.items():
        if isinstance(axis, Array) and name in out and all(side in out for side in axis.shape if isinstance(side, str)):
            array = as_array(out[name], axis)
            if not isinstance(array, np.ndarray):
                continue
            sides = [
                out[side] if isinstance(side, str) else now
                for side, now in zip(axis.shape, array.shape or axis.shape, strict=False)
            ]
            sane = min(sides, default=0) >= 0 and math.prod(sides) <= LARGEST_ARRAY
            if sane and array.ndim == len(sides) and array.shape != tuple(sides):
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
        array = as_array(point[name], axis) if isinstance(axis, Array) and name in point else None
        if isinstance(axis, Array) and isinstance(array, np.ndarray):
            old = spare.get(name)
            if old is None or old.ndim != array.ndim:
                spare[name] = array
            else:
                shape = tuple(max(a, b) for a, b in zip(old.shape, array.shape, strict=True))
                spare[name] = _fitted(axis, array, shape, old)
