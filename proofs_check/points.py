"""Points of a claim's space: from the unit cube, by bulk draws, and as JSON. A point is data, its seed included."""

import json
import math
import zlib
from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction
from functools import cache
from typing import Any

import numpy as np

from bounds.claim import Array, Axis, Choice, Int, Real

Point = dict[str, Any]
Space = Mapping[str, Axis]


def full_shape(axis: Array, space: Space) -> tuple[int, ...]:
    """The shape of an array coordinate when every Int axis that names a side is at its largest."""
    return tuple(_largest(space, side) if isinstance(side, str) else side for side in axis.shape)


def _largest(space: Space, name: str) -> int:
    axis = space[name]
    if not isinstance(axis, Int):
        raise TypeError(f"an array's side is named {name!r}, which is no Int coordinate of the same space")
    return axis.hi


def slices(space: Space) -> dict[str, slice]:
    """Where each coordinate sits in the unit vector."""
    out, start = {}, 0
    for name, axis in space.items():
        size = math.prod(full_shape(axis, space)) if isinstance(axis, Array) else 1
        out[name] = slice(start, start + size)
        start += size
    return out


def dimension(space: Space) -> int:
    """Length of the unit vector that `from_unit` reads."""
    return sum(math.prod(full_shape(axis, space)) if isinstance(axis, Array) else 1 for axis in space.values())


def from_unit(space: Space, unit: np.ndarray) -> Point:
    """The one map from a vector in [0, 1]^d to a point; arrays are made at full size, then cut to the drawn sides."""
    point: Point = {}
    arrays: list[tuple[str, Array, np.ndarray]] = []
    for (name, axis), where in zip(space.items(), slices(space).values(), strict=True):
        u = unit[where]
        if isinstance(axis, Int):
            point[name] = min(axis.lo + int(u[0] * (axis.hi - axis.lo + 1)), axis.hi)
        elif isinstance(axis, Choice):
            point[name] = axis.options[min(int(u[0] * len(axis.options)), len(axis.options) - 1)]
        elif isinstance(axis, Real):
            point[name] = _values(axis, u)[0].item() if axis.step is None else _values(axis, u)[0]
        else:
            point[name] = None  # keeps the order of the space; filled below, when all sides are known
            arrays.append((name, axis, _values(axis, u).reshape(full_shape(axis, space))))
    for name, axis, value in arrays:
        sides = (point[side] if isinstance(side, str) else side for side in axis.shape)
        point[name] = np.array(value[tuple(slice(side) for side in sides)], order="C")  # as JSON has it: sums differ
    return point


@cache
def multiples(axis: Real | Array) -> tuple[int, int]:
    """First and last k for which k·step lies in [lo, hi]."""
    step = Fraction(axis.step or 1)
    first, last = math.ceil(Fraction(axis.lo) / step), math.floor(Fraction(axis.hi) / step)
    if last < first:
        raise ValueError(f"no multiple of {step} lies in [{axis.lo}, {axis.hi}]")
    if last - first >= 2**53:
        raise ValueError(f"[{axis.lo}, {axis.hi}] holds more than 2**53 multiples of {step}: too many to draw from")
    return first, last


def _values(axis: Real | Array, u: np.ndarray) -> np.ndarray:
    if axis.step is not None:
        first, last = multiples(axis)
        k = np.minimum(first + (u * (last - first + 1)).astype(np.int64), last)
        if axis.step == 1:
            return k if isinstance(axis, Array) else np.array([int(i) for i in k], dtype=object)
        out = np.empty(k.shape, dtype=object)
        out[:] = [int(i) * Fraction(axis.step) for i in k]
        return out
    if axis.log:
        lo, hi = math.log(axis.lo), math.log(axis.hi)
        values = np.exp(lo + u * (hi - lo))
    else:
        values = axis.lo + u * (axis.hi - axis.lo)
    inside = np.minimum(np.maximum(values, axis.lo), axis.hi)
    return np.where(u <= 0, axis.lo, np.where(u >= 1, axis.hi, inside)).astype(float)  # ends are exact


def stream(seed: int, key: str, index: int) -> np.random.Generator:
    """The random numbers of draw `index` of a claim or variant: the same whatever the number of jobs."""
    return np.random.default_rng([seed, zlib.crc32(key.encode()), index])


def unit_draw(space: Space, seed: int, key: str, index: int) -> np.ndarray:
    """Draw `index` in the unit cube. The first five are corners; later, every other draw holds whole coordinates at an end
    or in the middle, because ties, coincidences and zeros are where theorems break and uniform draws never meet them."""
    rng = stream(seed, key, index)
    where = slices(space)
    unit = rng.random(dimension(space))
    sizes = [where[name] for name, axis in space.items() if isinstance(axis, Int | Choice)]
    seeds = [where[name] for name in space if name == "seed"]
    fixed = unit[seeds[0]].copy() if seeds else None
    if index in (0, 1):  # the smallest parameters, with the rest in the middle, then at random
        if index == 0:
            unit[:] = 0.5
        for part in sizes:
            unit[part] = 0.0
    elif index in (2, 3, 4):
        unit[:] = {2: 0.5, 3: 0.0, 4: 1.0}[index]
        if index == 2:
            for part in sizes:
                unit[part] = 1.0
    elif index % 2:
        often = rng.choice([0.3, 0.8])
        for part in where.values():
            if rng.random() < often:
                unit[part] = rng.choice([0.0, 0.5, 1.0], p=[0.4, 0.2, 0.4])
            else:
                sticky = rng.random(part.stop - part.start) < 0.15
                unit[part] = np.where(sticky, rng.choice([0.0, 0.5, 1.0], p=[0.4, 0.2, 0.4]), unit[part])
    if seeds:
        unit[seeds[0]] = fixed
    return unit


def draws(space: Space, seed: int, key: str, indices: Iterable[int]) -> Iterator[Point]:
    """Bulk draws; equal (seed, key, index) give equal points."""
    return (from_unit(space, unit_draw(space, seed, key, i)) for i in indices)


# ---- JSON, and back without loss ------------------------------------------------------------------------------------

RESERVED = frozenset({"fraction", "float", "array", "tuple"})
_encoder = json.JSONEncoder(ensure_ascii=False, allow_nan=False)


def _encode(value: Any) -> Any:
    if value is None or isinstance(value, bool | int | str):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else {"float": repr(float(value))}
    if isinstance(value, Fraction):
        return {"fraction": f"{value.numerator}/{value.denominator}"}
    if isinstance(value, np.ndarray):
        entries = value.tolist()
        odd = value.dtype != np.array(entries).dtype  # arrays that a list of their entries does not tell, as of empty ints
        return (
            {"array": _encode(entries)}
            | ({"shape": list(value.shape)} if value.size == 0 else {})
            | ({"dtype": str(value.dtype)} if odd else {})
        )
    if isinstance(value, np.generic):
        return _encode(value.item())
    if isinstance(value, Mapping):
        if RESERVED & value.keys():
            raise ValueError(f"the names {sorted(RESERVED)} mean types in JSON; no coordinate can have one of them")
        return {str(k): _encode(v) for k, v in value.items()}
    if isinstance(value, tuple):
        return {"tuple": [_encode(v) for v in value]}
    if isinstance(value, list):
        return [_encode(v) for v in value]
    raise TypeError(f"a point holds plain values, Fractions and arrays, not {type(value).__name__}")


def _decode(value: Any) -> Any:
    if isinstance(value, list):
        return [_decode(v) for v in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"fraction"}:
        if "e" in str(value["fraction"]).lower():  # 1e999999999 would fill the memory with digits
            raise ValueError(f'a fraction is written as in "9/10", got {value["fraction"]!r}')
        return Fraction(value["fraction"])
    if value.keys() == {"float"}:
        return float(value["float"])
    if value.keys() == {"tuple"}:
        return tuple(_decode(value["tuple"]))
    if "array" in value:
        array = np.array(_decode(value["array"]), dtype=value.get("dtype"))
        return array.reshape(value["shape"]) if "shape" in value else array
    return {k: _decode(v) for k, v in value.items()}


def to_json(value: Any) -> str:
    """A point, or the end of an enclosure, as JSON: floats by repr, {"fraction": "9/10"}, {"array": […]}."""
    return _encoder.encode(_encode(value))


def from_json(text: str) -> Any:
    """The inverse of `to_json`."""
    return _decode(json.loads(text))
