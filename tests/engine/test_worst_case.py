"""The search itself: planted optima must be found within a budget of calls, for at least 9 seeds in 10."""

import math
from collections.abc import Callable
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Int, Real, exact
from proofs_check import worst_case
from proofs_check.discover import find
from proofs_check.points import to_json
from proofs_check.verdict import judge
from proofs_check.worst_case import Enough, Found, PointRaised, search, shrink

Point = dict[str, Any]


def planted(space: dict[str, Axis], score: Callable[[Point], float], **fields: Any) -> Claim[Point]:
    """A claim that is false where the score is positive."""
    values: dict[str, Any] = {"assumes": {}, "falsified": {}, "tightness": "difference"}
    values |= {"actual": lambda p: exact(float(score(p))), "bound": lambda p: exact(0.0)}
    return Claim(source="new", says="score ≤ 0", space=space, build=lambda **point: point, **(values | fields))


def share_refuted(claim: Claim[Point], calls: int, seeds: int = 10) -> float:
    found = [search(claim, calls, seed, "planted", stop_at_refutation=True) for seed in range(seeds)]
    assert all(f.calls <= calls for f in found)
    return sum(f.judgement.verdict == "refuted" for f in found) / seeds


CUBE = {d: {"x": Array((d,), 0, 1)} for d in (2, 5, 10, 20, 50)}
CENTRES = {d: np.random.default_rng(d).uniform(0.1, 0.9, d) for d in CUBE}
CORNERS = {d: np.random.default_rng(d).integers(0, 2, d) for d in CUBE}


@pytest.mark.parametrize(("d", "calls"), [(2, 60), (5, 80), (10, 120), (20, 200), (50, 400)])
def test_a_ball_whose_radius_is_a_tenth_of_the_cube(d: int, calls: int) -> None:
    ball = planted(CUBE[d], lambda p: 0.1 - math.sqrt(np.mean((p["x"] - CENTRES[d]) ** 2)))
    assert share_refuted(ball, calls) >= 0.9


@pytest.mark.parametrize(("d", "calls"), [(2, 50), (5, 60), (10, 70), (20, 100), (50, 250)])
def test_a_corner_of_the_cube(d: int, calls: int) -> None:
    corner = planted(CUBE[d], lambda p: 0.1 - np.mean(np.abs(p["x"] - CORNERS[d])))
    assert share_refuted(corner, calls) >= 0.9


def test_a_corner_of_ten_separate_coordinates() -> None:
    space: dict[str, Axis] = {f"x{i}": Real(0, 1) for i in range(10)}
    corner = planted(space, lambda p: 0.1 - np.mean([abs(p[f"x{i}"] - CORNERS[10][i]) for i in range(10)]))
    assert share_refuted(corner, 70) >= 0.9


LOGS: dict[str, Axis] = {"a": Real(1e-6, 1e6, log=True), "b": Real(1e-6, 1e6, log=True)}


def test_a_needle_at_opposite_extremes_of_two_logarithmic_coordinates_on_a_plateau() -> None:
    space = {**LOGS, "x": Array((3,), -1, 1)}
    needle = planted(space, lambda p: 1.0 if p["a"] > 1e5 and p["b"] < 1e-5 else -1.0)
    assert share_refuted(needle, 150) >= 0.9


def test_a_needle_that_a_slope_leads_away_from() -> None:
    def score(p: Point) -> float:
        inside = p["a"] > 1e5 and p["b"] < 1e-5
        return 1.0 if inside else -abs(math.log(p["a"]) - 3) - abs(math.log(p["b"]) + 3) - 1

    assert share_refuted(planted(LOGS, score), 250) >= 0.9


def test_integers_choices_and_reals_at_once() -> None:
    space: dict[str, Axis] = {
        "K": Int(2, 6),
        "mode": Choice(("a", "b", "c")),
        "x": Array(("K",), -3, 3),
        "scale": Real(0.01, 100, log=True),
    }

    def score(p: Point) -> float:
        wrong = abs(p["K"] - 5) + 2 * (p["mode"] != "b") + np.mean((p["x"] - 1) ** 2) + abs(math.log(p["scale"]) - 2) / 5
        return 0.7 - float(wrong)

    assert share_refuted(planted(space, score), 250) >= 0.9


def test_eight_integers() -> None:
    space: dict[str, Axis] = {f"n{i}": Int(0, 9) for i in range(8)}
    assert share_refuted(planted(space, lambda p: 4 - sum(abs(p[f"n{i}"] - (3 * i + 2) % 10) for i in range(8))), 160) >= 0.9


def test_exact_steps() -> None:
    space: dict[str, Axis] = {"W": Array((3, 3), -2, 2, step=Fraction(1, 4))}
    sign = np.where(np.eye(3, dtype=bool), 1, -1)
    assert share_refuted(planted(space, lambda p: float((p["W"] * sign).sum()) - 14), 120) >= 0.9


def test_an_optimum_at_the_edge_of_a_thin_region_where_the_hypotheses_hold() -> None:
    centre = np.array([0.5, 0.2, 0.8, 0.3, 0.6])
    ball = {"near the centre": lambda p: 0.25 - float(np.linalg.norm(p["x"] - centre))}  # 0.5 % of the cube
    edge = planted(CUBE[5], lambda p: p["x"][0] - 0.6, assumes=ball)
    assert share_refuted(edge, 400) >= 0.9


def test_entries_that_nearly_coincide_far_from_the_middle() -> None:
    space: dict[str, Axis] = {"x": Array((12,), -4, 4)}
    coincident = planted(space, lambda p: 0.5 - np.ptp(p["x"]) - abs(np.mean(p["x"]) - 2.3) / 3)
    assert share_refuted(coincident, 120) >= 0.9


def test_two_arrays_a_fixed_distance_apart() -> None:
    space: dict[str, Axis] = {"x": Array((8,), -4, 4), "y": Array((8,), -4, 4)}
    assert share_refuted(planted(space, lambda p: 1 - np.max(np.abs(p["x"] - p["y"] - 3))), 120) >= 0.9


@pytest.mark.parametrize("d", [2, 10])
def test_a_large_budget_finds_the_optimum_to_many_digits(d: int) -> None:
    smooth = planted(CUBE[d], lambda p: -float(((p["x"] - CENTRES[d]) ** 2 * np.arange(1, d + 1)).sum()) - 1)
    found = search(smooth, 3000, 0, "smooth")
    assert found.calls == 3000
    assert found.score > -1 - 1e-9
    assert found.point["x"] == pytest.approx(CENTRES[d], abs=1e-3)


@pytest.mark.parametrize("installed", [True, False])
def test_twenty_dimensions_with_and_without_cma(installed: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    if installed:
        pytest.importorskip("cma")
    monkeypatch.setattr(worst_case, "find_spec", lambda name: installed or None)
    valley = np.random.default_rng(0).normal(size=(20, 20)) / 5

    def score(p: Point) -> float:
        return -float(np.square(valley @ (p["x"] - CENTRES[20])).sum()) - 1

    found = search(planted(CUBE[20], score), 3000, 0, "valley")
    assert found.score > -1.005
    assert found.method == f"draws, climb, {'CMA-ES' if installed else 'differential evolution'}"


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["ball", "corner"])
def test_fifty_dimensions_nine_times_in_ten_of_a_hundred_seeds(kind: str) -> None:
    ball = planted(CUBE[50], lambda p: 0.1 - math.sqrt(np.mean((p["x"] - CENTRES[50]) ** 2)))
    corner = planted(CUBE[50], lambda p: 0.1 - np.mean(np.abs(p["x"] - CORNERS[50])))
    assert share_refuted(ball if kind == "ball" else corner, 400, seeds=100) >= 0.9


# ---- what it promises beside finding --------------------------------------------------------------------------------


def same(a: Found, b: Found) -> bool:
    return to_json(a.point) == to_json(b.point) and (a.score, a.calls, a.method, a.risk) == (b.score, b.calls, b.method, b.risk)


@pytest.mark.parametrize("calls", [1, 7, 60, 400])
def test_equal_arguments_give_equal_results(calls: int) -> None:
    claim = find_toy_like()
    first, second = (search(claim, calls, 3, "key") for _ in range(2))
    assert same(first, second)
    assert first.calls == calls
    if calls >= 60:  # the first few draws are corners
        assert not same(first, search(claim, calls, 4, "key"))
        assert not same(first, search(claim, calls, 3, "other"))


def find_toy_like() -> Claim[Point]:
    space: dict[str, Axis] = {"n": Int(1, 4), "x": Array(("n",), -1, 1), "s": Real(0.1, 10, log=True)}
    return planted(space, lambda p: -float(np.abs(p["x"] - 0.3).sum()) - p["s"] - 1)


def test_it_stops_at_the_first_refutation_only_if_asked() -> None:
    easy = planted({"x": Real(0, 1)}, lambda p: p["x"] - 0.9)
    stopped = search(easy, 500, 0, "key", stop_at_refutation=True)
    assert stopped.judgement.verdict == "refuted"
    assert stopped.calls < 20
    whole = search(easy, 500, 0, "key")
    assert whole.calls == 500
    assert whole.score == pytest.approx(0.1)


def test_a_refuting_point_beats_a_tighter_one_that_does_not_refute() -> None:
    """The score sees sizes, the verdict also truth values: an equality may refute at a score of 0 or less."""
    odd = Claim(
        source="new",
        says="x < 1 at every point but one in ten",
        space={"x": Int(0, 9)},
        build=lambda x: x,
        assumes={},
        actual=lambda x: exact(1, x),
        bound=lambda x: exact(x != 3, 10),
        falsified={},
        tightness="difference",
    )
    found = search(odd, 200, 0, "key")
    assert found.point == {"x": 3}
    assert found.judgement.verdict == "refuted"


def test_a_space_without_coordinates_costs_one_call() -> None:
    found = search(planted({}, lambda p: -1.0), 100, 0, "key")
    assert (found.calls, found.point, found.score) == (1, {}, -1.0)


def test_when_nothing_is_in_scope_it_says_so() -> None:
    found = search(planted({"x": Real(0, 1)}, lambda p: 1.0, assumes={"never": lambda p: math.nan}), 50, 0, "key")
    assert found.judgement.verdict == "out of scope"
    assert found.score == -math.inf
    assert found.calls == 50


def test_infinite_scores_are_survived_by_every_optimizer() -> None:
    step = planted(CUBE[2], lambda p: math.inf if p["x"][0] > 0.3 else -math.inf)
    assert search(step, 1000, 0, "key").score == math.inf


def noisy(p: Point) -> float:
    return float(np.random.default_rng(p["seed"]).normal()) - (p["x"] - 0.5) ** 2 - 10


def test_a_sampled_maximum_is_looked_at_again_with_fresh_randomness() -> None:
    claim = planted({"x": Real(0, 1), "seed": Int(0, 2**31 - 1)}, noisy)
    found = search(claim, 300, 0, "key")
    assert found.calls == 301, "one more look than the budget"
    assert judge(claim, found.point).actual == exact(noisy(found.point))
    assert found.score == noisy(found.point)
    scores = [search(claim, 300, seed, "key").score for seed in range(20)]
    assert np.mean(scores) == pytest.approx(-10, abs=0.6), "no better than one fresh look, not the best of 300"


def test_a_sampled_refutation_stands_though_the_fresh_look_does_not_repeat_it() -> None:
    lucky = planted(
        {"x": Real(0, 1), "seed": Int(0, 2**31 - 1)},
        lambda p: 0.0,
        actual=lambda p: Enclosure(noisy(p) + 8, np.inf, "sampled", 1e-12),
    )
    found = search(lucky, 400, 0, "key", stop_at_refutation=True)
    assert found.judgement.verdict == "refuted"
    assert judge(lucky, found.point).verdict == "refuted"
    assert found.score < 0
    assert found.risk == pytest.approx(found.calls * 1e-12)


def test_an_exception_keeps_its_point_and_its_cause() -> None:
    def score(p: Point) -> float:
        if p["x"] > 0.7:
            raise KeyError("broken")
        return -1.0

    with pytest.raises(PointRaised, match="KeyError: 'broken'") as caught:
        search(planted({"x": Real(0, 1)}, score), 100, 0, "key")
    assert caught.value.point["x"] > 0.7
    assert isinstance(caught.value.__cause__, KeyError)


def test_whoever_counts_the_calls_may_end_the_search_and_keeps_what_was_found() -> None:
    ticks = []

    def tick(n: int) -> None:
        ticks.append(n)
        if len(ticks) == 40:
            raise Enough

    found = search(find_toy_like(), 1000, 0, "key", tick=tick)
    assert found.calls == 40
    assert set(found.point) == {"n", "x", "s"}
    assert found.score > -math.inf


# ---- shrinking ------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("toys")
def test_a_counterexample_shrinks_to_few_small_numbers_inside_its_space() -> None:
    claim: Claim[Any] = find("faulty.refuted")
    worst = search(claim, 200, 0, "key").point
    small = shrink(claim, worst)
    assert judge(claim, small).verdict == "refuted"
    assert small["n"] <= worst["n"]
    assert small["x"].shape == (small["n"],)
    assert np.all((small["x"] >= 1) & (small["x"] <= 3))
    assert len(to_json(small)) < len(to_json(worst))
    assert all(value == round(value, 1) for value in [*small["x"].tolist(), small["t"]])


def test_shrinking_leaves_no_coordinate_outside_and_keeps_types() -> None:
    space: dict[str, Axis] = {
        "q": Real(Fraction(1, 4), 3, step=Fraction(1, 16)),
        "c": Choice(("first", "second", "third")),
        "k": Int(3, 90),
        "Q": Array((2, "k"), -1, 1, step=Fraction(1, 8)),
        "seed": Int(0, 9),
    }
    start = {"q": Fraction(45, 16), "c": "third", "k": 61, "Q": np.full((2, 61), Fraction(-7, 8)), "seed": 7}
    claim = planted(space, lambda p: float(p["q"]) - 0.3 if p["c"] != "first" and p["Q"][0, 0] < 0 else -1.0)
    small = shrink(claim, start)
    assert to_json(small) == to_json(
        {
            "q": Fraction(1),
            "c": "second",
            "k": 3,
            "Q": np.array([[Fraction(-1), *[Fraction(0)] * 2], [Fraction(0)] * 3]),
            "seed": 7,
        }
    )


def test_shrinking_a_witness_of_plain_lists_that_lies_outside_of_the_box() -> None:
    claim = planted({"n": Int(1, 3), "x": Array(("n",), 0, 1)}, lambda p: float(np.sum(p["x"])) - 2.5)
    small = shrink(claim, {"n": 4, "x": [0.75, 0.123456, 3.0, 0.7]})
    assert judge(claim, small).verdict == "refuted"
    assert small["n"] <= 3
    assert len(small["x"]) == small["n"]


def test_shrinking_ends_and_spends_no_more_than_its_calls() -> None:
    looks = []

    def score(p: Point) -> float:
        looks.append(p)
        return 1.0

    many = planted({"x": Array((60,), -1, 1)}, score)
    shrink(many, {"x": np.random.default_rng(0).uniform(-1, 1, 60)}, calls=50)
    assert len(looks) <= 50
    looks.clear()
    assert shrink(planted({"k": Int(0, 5)}, score), {"k": 0}) == {"k": 0}
    assert len(looks) == 0, "nothing is simpler than 0"


def test_a_simpler_point_that_raises_is_no_counterexample() -> None:
    def score(p: Point) -> float:
        return 1.0 / p["k"]

    assert shrink(planted({"k": Int(-5, 5)}, score), {"k": 4}) == {"k": 1}
