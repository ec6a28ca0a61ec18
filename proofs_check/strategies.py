"""Hypothesis strategies from a claim's space, for property-based tests that shrink what they refute."""

from fractions import Fraction
from typing import Any

import numpy as np
from hypothesis import strategies as st

from bounds.claim import Array, Choice, Int, Real
from proofs_check.points import Point, Space, multiples


@st.composite
def points(draw: st.DrawFn, space: Space) -> Point:
    """Points of a space; integers shrink to their least value, reals to the simplest float in their interval."""
    point: Point = {}
    for name, axis in space.items():
        if isinstance(axis, Int):
            point[name] = draw(st.integers(axis.lo, axis.hi))
        elif isinstance(axis, Choice):
            point[name] = draw(st.sampled_from(list(axis.options)))
        elif isinstance(axis, Real):
            point[name] = draw(_value(axis))
        else:
            point[name] = None  # keeps the order; its sides may come later in the space
    for name, axis in space.items():
        if isinstance(axis, Array):
            shape = tuple(point[side] if isinstance(side, str) else side for side in axis.shape)
            size = int(np.prod(shape))
            values = draw(st.lists(_value(axis), min_size=size, max_size=size))
            point[name] = np.array(values, dtype=_dtype(axis)).reshape(shape)
    return point


def _value(axis: Real | Array) -> st.SearchStrategy[Any]:
    if axis.step is None:
        return st.floats(axis.lo, axis.hi, allow_nan=False)
    step, (first, last) = axis.step, multiples(axis)
    if step == 1:
        return st.integers(first, last)
    return st.integers(first, last).map(lambda k: k * Fraction(step))


def _dtype(axis: Array) -> Any:
    return float if axis.step is None else np.int64 if axis.step == 1 else object
