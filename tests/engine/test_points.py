"""Points: from the unit cube, by draws, as JSON and from Hypothesis."""

import json
import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import find as find_smallest
from hypothesis import given, settings
from hypothesis import strategies as st

from bounds.claim import Array, Choice, Int, Real
from proofs_check.points import dimension, draws, from_json, from_unit, multiples, slices, to_json, unit_draw
from proofs_check.strategies import points

EIGHTH = Fraction(1, 8)
SPACE: dict[str, Any] = {
    "kind": Choice(("a", "b", (1, 2))),
    "early": Array(("n",), -1, 1),  # named before its side
    "n": Int(0, 3),
    "m": Int(2, 4),
    "x": Real(-1, 3),
    "scale": Real(1e-9, 1e9, log=True),
    "q": Real(-1, 1, step=EIGHTH),
    "k": Real(-2, 5, step=1),
    "A": Array(("m", "n", 2), 1e-3, 1, log=True),
    "Q": Array(("n",), 0, Fraction(9, 10), step=Fraction(3, 10)),
    "Z": Array((2, "m"), -3, 3, step=1),
    "seed": Int(0, 2**31 - 1),
}


def inside(space: dict[str, Any], point: dict[str, Any]) -> bool:
    """Every coordinate in its range, of its type and shape."""
    for name, axis in space.items():
        value = point[name]
        if isinstance(axis, Choice):
            assert value in axis.options
        elif isinstance(axis, Int):
            assert type(value) is int
            assert axis.lo <= value <= axis.hi
        else:
            if isinstance(axis, Array):
                shape = tuple(point[side] if isinstance(side, str) else side for side in axis.shape)
                assert value.shape == shape
                dtype = np.dtype(float if axis.step is None else int if axis.step == 1 else object)
                assert value.dtype == dtype
                entries = value.ravel().tolist()
            else:
                entries = [value]
            kind = float if axis.step is None else int if axis.step == 1 else Fraction
            assert all(type(entry) is kind for entry in entries), (name, value)
            assert all(axis.lo <= entry <= axis.hi for entry in entries)
            if axis.step is not None:
                assert all((Fraction(entry) / Fraction(axis.step)).denominator == 1 for entry in entries)
    return list(point) == list(space)


def same(a: Any, b: Any) -> bool:
    """Equal in value, type, dtype and shape; NaN equals NaN and −0.0 is not 0.0."""
    if isinstance(a, np.ndarray):
        equal = isinstance(b, np.ndarray) and a.dtype == b.dtype and a.shape == b.shape
        return equal and all(map(same, a.ravel().tolist(), b.ravel().tolist()))
    if isinstance(a, dict):
        return isinstance(b, dict) and list(a) == list(b) and all(same(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return type(a) is type(b) and len(a) == len(b) and all(map(same, a, b))
    return type(a) is type(b) and repr(a) == repr(b)


# ---- from the unit cube ---------------------------------------------------------------------------------------------


def test_both_ends_of_the_cube_are_both_ends_of_every_axis() -> None:
    low, high = (from_unit(SPACE, np.full(dimension(SPACE), end)) for end in (0.0, 1.0))
    assert inside(SPACE, low)
    assert inside(SPACE, high)
    for point, end in ((low, "lo"), (high, "hi")):
        for name in ("n", "m", "x", "scale", "q", "k", "seed"):
            assert point[name] == getattr(SPACE[name], end), name
        assert np.all(point["Z"] == getattr(SPACE["Z"], end))
    assert (low["kind"], high["kind"]) == ("a", (1, 2))
    assert low["A"].shape == (2, 0, 2)
    assert high["A"].shape == (4, 3, 2)
    assert np.all(high["A"] == 1.0)
    assert low["Q"].shape == (0,)
    assert high["Q"].tolist() == [Fraction(9, 10)] * 3


@given(st.floats(1e-300, 1e300), st.floats(1e-300, 1e300), st.booleans())
def test_the_ends_of_reals_are_hit_exactly(a: float, b: float, log: bool) -> None:
    axis = Real(min(a, b), max(a, b), log=log)
    assert [from_unit({"x": axis}, np.array([end]))["x"] for end in (0.0, 1.0)] == [axis.lo, axis.hi]


@given(st.data())
@settings(max_examples=60)
def test_every_unit_vector_is_a_point_of_the_space(data: st.DataObject) -> None:
    unit = data.draw(st.lists(st.floats(0, 1), min_size=dimension(SPACE), max_size=dimension(SPACE)))
    assert inside(SPACE, from_unit(SPACE, np.array(unit)))


def test_integers_steps_and_choices_get_equal_shares_of_the_unit_interval() -> None:
    space: dict[str, Any] = {
        "i": Int(3, 7),
        "c": Choice("wxyz"),
        "q": Real(0, 1, step=Fraction(1, 4)),
        "k": Real(-1, 1, step=1),
    }
    found = [from_unit(space, np.full(4, (i + 0.5) / 60)) for i in range(60)]
    for name, options in (("i", 5), ("c", 4), ("q", 5), ("k", 3)):
        values = [point[name] for point in found]
        assert {values.count(v) for v in values} == {60 // options}, name


def test_a_logarithmic_axis_is_even_in_its_logarithm() -> None:
    assert from_unit({"s": Real(1e-300, 1e300, log=True)}, np.array([0.5]))["s"] == pytest.approx(1.0)
    assert from_unit({"s": Real(0.1, 1000, log=True)}, np.array([0.25]))["s"] == pytest.approx(1.0)


def test_arrays_keep_their_entries_when_their_sides_change() -> None:
    space = {"n": Int(1, 3), "A": Array(("n", 3), 0, 1)}
    unit = np.random.default_rng(0).random(dimension(space))
    small, large = (from_unit(space, np.r_[n, unit[1:]])["A"] for n in (0.0, 1.0))
    assert np.array_equal(large[:1], small)


def test_steps_are_exact() -> None:
    point = from_unit(SPACE, np.full(dimension(SPACE), 0.999))
    assert isinstance(point["q"], Fraction)
    assert point["q"] == 1
    assert type(point["k"]) is int
    assert multiples(Real(0.1, 0.9, step=Fraction(1, 10))) == (2, 9), "the float 0.1 lies above 1/10"
    assert multiples(Real(Fraction(1, 10), Fraction(9, 10), step=Fraction(1, 10))) == (1, 9)


def test_a_space_that_cannot_be_drawn_from_says_why() -> None:
    with pytest.raises(ValueError, match=r"no multiple of 1/2 lies in \[0.1, 0.4\]"):
        from_unit({"x": Real(0.1, 0.4, step=Fraction(1, 2))}, np.zeros(1))
    with pytest.raises(ValueError, match="too many to draw from"):
        from_unit({"x": Real(0, 1, step=Fraction(1, 2**60))}, np.zeros(1))
    with pytest.raises(TypeError, match="'x', which is no Int coordinate"):
        dimension({"x": Real(0, 1), "A": Array(("x",), 0, 1)})


def test_a_space_without_coordinates_has_one_point() -> None:
    assert list(draws({}, 0, "k", range(2))) == [{}, {}]


# ---- draws ----------------------------------------------------------------------------------------------------------


def test_draws_do_not_depend_on_how_they_are_batched() -> None:
    whole = list(draws(SPACE, 5, "key", range(60)))
    parts = [point for start in (40, 0, 20) for point in draws(SPACE, 5, "key", range(start, start + 20))]
    assert [to_json(p) for p in whole] == [to_json(p) for p in parts[20:] + parts[:20]]
    assert all(inside(SPACE, point) for point in whole)


def test_other_seeds_and_keys_give_other_draws() -> None:
    texts = {to_json(list(draws(SPACE, seed, key, [9]))) for seed in (0, 1) for key in ("a", "b")}
    assert len(texts) == 4


def test_the_first_draws_are_corners_with_a_seed_of_their_own() -> None:
    first = list(draws(SPACE, 0, "key", range(5)))
    assert [p["n"] for p in first] == [0, 0, 3, 0, 3]
    assert (first[3]["x"], first[4]["x"]) == (-1.0, 3.0)
    assert len({p["seed"] for p in first}) == 5


def test_draws_hold_coordinates_at_their_ends_and_middles() -> None:
    where = slices({"x": Real(0, 1), "y": Real(0, 1)})
    units = np.array([unit_draw({"x": Real(0, 1), "y": Real(0, 1)}, 0, "key", i) for i in range(5, 1005)])
    x, y = units[:, where["x"]].ravel(), units[:, where["y"]].ravel()
    for end in (0.0, 1.0):
        assert 60 < (x == end).sum() < 250
        assert (x == end).sum() > 10 < ((x == end) & (y == 1 - end)).sum(), "opposite ends at once"
    assert (x == 0.5).sum() > 20
    assert ((x > 0) & (x < 1) & (x != 0.5)).sum() > 550


# ---- JSON -----------------------------------------------------------------------------------------------------------

NUMBERS = st.one_of(st.floats(), st.integers(), st.fractions(), st.booleans(), st.text(max_size=3), st.none())
SHAPES = st.lists(st.integers(0, 3), min_size=0, max_size=3).map(tuple)


@st.composite
def arrays(draw: st.DrawFn) -> np.ndarray:
    shape = draw(SHAPES)
    dtype, entries = draw(
        st.sampled_from(
            [
                (float, st.floats()),
                (np.int64, st.integers(-(2**63), 2**63 - 1)),
                (bool, st.booleans()),
                (object, st.one_of(st.integers(), st.fractions(), st.floats(allow_nan=False))),
                (np.float32, st.floats(width=32)),
            ]
        )
    )
    size = math.prod(shape)
    out = np.empty(size, dtype=dtype)
    out[:] = draw(st.lists(entries, min_size=size, max_size=size))
    return out.reshape(shape)


VALUES = st.recursive(
    st.one_of(NUMBERS, arrays()), lambda inner: st.lists(inner, max_size=3) | st.tuples(inner, inner), max_leaves=6
)


@given(st.dictionaries(st.text(min_size=1, max_size=2), VALUES, max_size=4))
@settings(max_examples=200)
def test_json_and_back_loses_nothing(value: dict[str, Any]) -> None:
    text = to_json(value)
    json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is not JSON"))
    assert same(from_json(text), value)


def test_json_reads_as_people_would_write_it() -> None:
    assert (
        to_json({"p": Fraction(9, 10), "x": np.array([1.0, 0.5])}) == '{"p": {"fraction": "9/10"}, "x": {"array": [1.0, 0.5]}}'
    )
    assert to_json([0.1, math.inf, np.float64(2.0), np.int64(3), np.bool_(True)]) == '[0.1, {"float": "inf"}, 2.0, 3, true]'
    assert to_json(np.zeros((0, 2))) == '{"array": [], "shape": [0, 2]}'


def test_points_drawn_from_a_space_survive_json() -> None:
    for point in draws(SPACE, 0, "key", range(40)):
        again = from_json(to_json(point))
        assert same(again, point)
        for name in ("early", "A", "Q", "Z"):
            assert point[name].flags.c_contiguous, "as from JSON: sums depend on the order"


@pytest.mark.parametrize("value", [{1, 2}, object(), 1j, b"x"])
def test_what_is_no_data_is_refused(value: Any) -> None:
    with pytest.raises(TypeError, match="a point holds plain values, Fractions and arrays"):
        to_json({"x": value})


@pytest.mark.parametrize("name", ["array", "fraction", "float", "tuple"])
def test_a_coordinate_cannot_be_called_as_a_type_is(name: str) -> None:
    with pytest.raises(ValueError, match="mean types in JSON"):
        to_json({name: 1})


# ---- Hypothesis -----------------------------------------------------------------------------------------------------


@given(points(SPACE))
@settings(max_examples=100)
def test_strategies_draw_points_of_the_space_that_survive_json(point: dict[str, Any]) -> None:
    assert inside(SPACE, point)
    assert same(from_json(to_json(point)), point)


def test_strategies_shrink_to_small_numbers() -> None:
    no_database = settings(database=None, derandomize=True)
    space: dict[str, Any] = {"n": Int(1, 5), "x": Array(("n",), -10, 10), "q": Real(-1, 1, step=EIGHTH), "c": Choice("abc")}
    smallest = find_smallest(points(space), lambda p: len(p["x"]) >= 2 and p["x"].sum() > 3.2, settings=no_database)
    assert (smallest["n"], smallest["c"], smallest["q"]) == (2, "a", 0)
    assert smallest["x"].tolist() == [0.0, 4.0]
    free: dict[str, Any] = {"k": Real(-5, 90, step=1), "s": Real(0.5, 80, log=True)}
    assert find_smallest(points(free), lambda p: p["k"] > 7, settings=no_database) == {"k": 8, "s": 1.0}


def test_a_fraction_of_a_billion_digits_is_refused_at_once() -> None:
    with pytest.raises(ValueError, match=r'a fraction is written as in "9/10", got \'1e999999999\''):
        from_json('{"x": {"fraction": "1e999999999"}}')
