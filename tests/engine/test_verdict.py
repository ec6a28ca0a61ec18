"""Compare, judge and tightness: what a verdict may be made of."""

import math
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bounds.claim import Claim, Enclosure, Real, exact, rounded
from proofs_check.verdict import Judgement, compare, judge, meets, tightness

INF, NAN = math.inf, math.nan
SOMETIMES = [NAN, -INF, -1.0, 0.0, 1.0, INF]


def point(value: Any) -> Enclosure:
    return Enclosure(value, value)


def claim(**fields: Any) -> Claim[Any]:
    values: dict[str, Any] = {
        "source": "new",
        "says": "actual ≤ bound",
        "space": {"x": Real(-10, 10)},
        "build": lambda x: x,
        "assumes": {},
        "actual": lambda x: exact(x),
        "bound": lambda x: exact(1.0),
        "falsified": {},
    }
    return Claim(**(values | fields))


# ---- compare --------------------------------------------------------------------------------------------------------


def test_the_safe_ends_decide() -> None:
    bound = Enclosure(1.0, 2.0)
    assert compare(Enclosure(0.0, 1.0), bound) == "holds"
    assert compare(Enclosure(0.0, math.nextafter(1.0, 2.0)), bound) == "undecided"
    assert compare(Enclosure(2.0, 3.0), bound) == "undecided"
    assert compare(Enclosure(math.nextafter(2.0, 3.0), 3.0), bound) == "refuted"


@given(st.sampled_from(SOMETIMES), st.sampled_from(SOMETIMES), st.integers(0, 3))
def test_a_nan_end_never_makes_anything_hold_or_refuted(x: float, y: float, where: int) -> None:
    ends = [x, x, y, y]
    ends[where] = NAN
    a, b = Enclosure(*ends[:2]), Enclosure(*ends[2:])
    assert compare(a, b) not in (("holds", "survives") if where in (1, 2) else ("refuted",))
    assert compare(Enclosure(NAN, NAN), b) in ("undecided", "out of scope")
    assert compare(a, Enclosure(NAN, NAN)) == "undecided"


def test_one_nan_entry_keeps_the_others_from_holding_but_not_from_refuting() -> None:
    assert compare(point(np.array([0.0, NAN])), point(np.array([1.0, 1.0]))) == "undecided"
    assert compare(point(np.array([2.0, NAN])), point(np.array([1.0, 1.0]))) == "refuted"


def test_a_bound_that_says_nothing_is_out_of_scope() -> None:
    assert compare(point(1.0), point(INF)) == "out of scope"
    assert compare(point(np.ones(2)), point(np.array([INF, INF]))) == "out of scope"
    assert compare(point(np.ones(2)), point(np.array([INF, 1.0]))) == "holds"
    assert compare(point(1.0), Enclosure(1.0, INF)) == "holds"
    assert compare(point(1.0), Enclosure(0.0, INF)) == "undecided"


def test_the_logarithm_of_zero_is_a_value() -> None:
    assert compare(point(-INF), point(-INF)) == "holds"
    assert compare(point(-INF), point(-1e300)) == "holds"
    assert compare(point(-1e300), point(-INF)) == "refuted"


def test_what_is_known_from_below_survives_entry_by_entry() -> None:
    assert compare(Enclosure(0.5, INF), point(1.0)) == "survives"
    assert compare(Enclosure(1.5, INF), point(1.0)) == "refuted"
    assert compare(Enclosure(1.0, INF), Enclosure(0.5, 1.5)) == "undecided"
    mixed = Enclosure(np.array([0.5, 0.5]), np.array([INF, 0.5]))
    assert compare(mixed, point(np.ones(2))) == "survives"
    assert compare(mixed, point(np.array([1.0, 0.4]))) == "refuted"
    assert compare(Enclosure(-INF, INF), point(0.0)) == "undecided", "not even from below is anything known"


@pytest.mark.parametrize("empty", [np.array([]), np.zeros((0, 3)), [], np.array([], dtype=object)])
def test_nothing_compared_is_out_of_scope(empty: Any) -> None:
    assert compare(point(empty), point(empty)) == "out of scope"
    assert compare(point(empty), point(0.0)) == "out of scope"


def test_shapes_broadcast_or_are_an_error() -> None:
    assert compare(point(np.array([1.0, 2.0])), point(2.0)) == "holds"
    assert compare(point(np.ones((2, 3))), point(np.array([1.0, 1.0, 0.5]))) == "refuted"
    assert compare(Enclosure(0.0, np.array([1.0, 2.0])), point(np.array([1.0, 2.0]))) == "holds"
    with pytest.raises(ValueError, match="shape"):
        compare(point(np.ones(2)), point(np.ones(3)))


def test_fractions_and_floats_are_compared_exactly() -> None:
    assert compare(exact(Fraction(1, 10)), point(0.1)) == "holds", "the float 0.1 lies a little above 1/10"
    assert compare(point(0.1), exact(Fraction(1, 10))) == "refuted"
    assert compare(exact(Fraction(1, 3), 1), point(np.array([1 / 3, 1.0]))) == "refuted", "the float 1/3 lies below"
    assert compare(exact(Fraction(10**400)), point(INF)) == "out of scope"
    assert compare(exact(Fraction(10**400)), point(1e308)) == "refuted"
    assert compare(exact(Fraction(-1, 10**400)), point(0.0)) == "holds"
    assert compare(exact(Fraction(1, 10**400)), point(0.0)) == "refuted"


def test_integers_are_not_rounded_to_be_compared() -> None:
    big = 2**53
    assert compare(exact(big + 1), point(float(big))) == "refuted"
    assert compare(exact(np.array([big + 1])), point(np.array([float(big)]))) == "refuted"
    assert compare(point(float(big)), exact(np.int64(big - 1))) == "refuted"
    assert compare(exact(10**400), exact(10**400)) == "holds"
    assert compare(exact(10**400 + 1), exact(10**400)) == "refuted"
    assert compare(exact(np.uint64(2**63)), exact(np.int64(-1))) == "refuted"


@given(st.fractions(), st.fractions())
def test_exact_values_are_never_undecided(x: Fraction, y: Fraction) -> None:
    assert compare(exact(x), exact(y)) == ("holds" if x <= y else "refuted")
    assert compare(exact(x, y), exact(y, x)) == ("holds" if x == y else "refuted")


def test_truth_values_are_implications() -> None:
    table = {(p, q): compare(exact(p), exact(q)) for p in (False, True) for q in (False, True)}
    assert table == {(0, 0): "holds", (0, 1): "holds", (1, 0): "refuted", (1, 1): "holds"}
    assert compare(exact(np.bool_(True)), exact(np.bool_(False))) == "refuted"
    assert compare(exact(True, Fraction(1, 2)), exact(True, 0.5)) == "holds"


def test_an_enclosure_that_contradicts_itself_is_an_error() -> None:
    with pytest.raises(ValueError, match="lower end exceeds its upper end"):
        compare(Enclosure(1.0, 0.0), point(5.0))
    with pytest.raises(ValueError, match="lower end exceeds its upper end"):
        compare(point(0.0), Enclosure(np.array([1.0, 2.0]), np.array([1.0, 1.0])))


# ---- judge ----------------------------------------------------------------------------------------------------------


def test_the_smallest_margin_decides_and_zero_is_inside() -> None:
    two = claim(assumes={"x ≥ 0": lambda x: x, "x ≤ 5": lambda x: 5 - x})
    assert judge(two, {"x": 0.0}).margin == 0.0
    assert judge(two, {"x": 0.0}).verdict == "holds"
    assert judge(two, {"x": 7.0}) == Judgement("out of scope", margin=-2.0)
    assert judge(claim(), {"x": 0.0}).margin == INF


@pytest.mark.parametrize("margins", [(NAN, 1.0), (1.0, NAN), (NAN,), (NAN, -1.0), (-1.0, NAN)])
def test_a_nan_margin_is_outside_wherever_it_stands(margins: tuple[float, ...]) -> None:
    outside = claim(assumes={str(i): lambda x, m=m: m for i, m in enumerate(margins)})
    assert judge(outside, {"x": 0.0}).verdict == "out of scope"


def test_an_undecided_instance_is_refined_until_it_is_decided_and_the_risks_add_up() -> None:
    looks = []

    def actual(width: float) -> Enclosure:
        looks.append(width)
        return Enclosure(0.5 - width, 0.5 + width, "sampled", 1e-12)

    refining = claim(
        actual=actual, bound=lambda width: Enclosure(0.6, 0.6, "sampled", 1e-13), refine=lambda w: w / 2 if w > 0.01 else None
    )
    judgement = judge(refining, {"x": 1.0})
    assert judgement.verdict == "holds"
    assert looks == [1.0, 0.5, 0.25, 0.125, 0.0625]
    assert judgement.risk == pytest.approx(5 * 1.1e-12)
    assert judgement.trust == "sampled"


@pytest.mark.parametrize("risk", [NAN, -1e-12])
def test_a_risk_that_is_no_probability_is_an_error(risk: float) -> None:
    with pytest.raises(ValueError, match="a risk is a probability"):
        judge(claim(actual=lambda x: Enclosure(0.0, 0.0, "sampled", risk)), {"x": 0.0})


def test_refine_gives_up_and_says_undecided() -> None:
    hopeless = claim(actual=lambda x: Enclosure(-INF, 2.0), refine=lambda x: x + 1 if x < 3 else None)
    assert judge(hopeless, {"x": 0.0})[:2] == ("undecided", Enclosure(-INF, 2.0))


@pytest.mark.parametrize("x", [0.0, 2.0])
def test_what_is_decided_is_not_refined(x: float) -> None:
    def refine(x: float) -> None:
        raise AssertionError("nobody asked")

    assert judge(claim(refine=refine), {"x": x}).verdict == ("holds" if x <= 1 else "refuted")


def test_cases_are_counted_only_inside_the_hypotheses() -> None:
    cases = claim(assumes={"x ≥ 0": lambda x: x}, covers={"small": lambda x: x < 1, "large": lambda x: x > 5})
    assert judge(cases, {"x": 0.5}).covered == ("small",)
    assert judge(cases, {"x": -1.0}).covered == ()


def test_trust_is_that_of_the_weaker_side() -> None:
    assert judge(claim(), {"x": 0.0}).trust == "proved"
    assert judge(claim(bound=lambda x: rounded(1.0)), {"x": 0.0}).trust == "rounded"
    assert judge(claim(assumes={"never": lambda x: -1.0}), {"x": 0.0}).trust is None


def test_both_sides_meet_where_they_cannot_be_told_apart() -> None:
    assert meets(Judgement("holds", exact(1), exact(1)))
    assert meets(Judgement("undecided", Enclosure(0.9, 1.1), exact(1)))
    assert not meets(Judgement("holds", exact(1), exact(2)))
    assert not meets(Judgement("refuted", exact(3), exact(2)))
    assert not meets(Judgement("out of scope"))
    assert not meets(Judgement("undecided", point(NAN), point(NAN)))
    assert meets(Judgement("holds", exact(0, 5), exact(1, 5))), "one entry is enough"
    assert not meets(Judgement("survives", Enclosure(0.5, INF), exact(1))), "an attack that does not reach the bound"
    assert meets(Judgement("survives", Enclosure(1, INF), exact(1)))
    assert not meets(Judgement("out of scope", exact(1), point(INF)))


# ---- tightness ------------------------------------------------------------------------------------------------------


def score(actual: Enclosure, bound: Enclosure, kind: Any = "ratio") -> float:
    return tightness(claim(tightness=kind), Judgement("undecided", actual, bound))


def test_tightness_is_the_log_ratio_or_the_difference_at_the_safe_ends() -> None:
    assert score(Enclosure(1.0, 2.0), Enclosure(3.0, 4.0)) == pytest.approx(math.log(1 / 4))
    assert score(Enclosure(1.0, 2.0), Enclosure(3.0, 4.0), "difference") == -3.0
    assert score(point(np.array([1.0, 3.0])), point(np.array([2.0, 4.0]))) == pytest.approx(math.log(3 / 4))
    assert score(point(1e-300), point(1e-320)) > 0
    assert score(point(-1e300), point(-1.0), "difference") == -1e300


@pytest.mark.parametrize("pair", [(0.0, 0.0), (-1e-17, 1e-17), (NAN, 1.0), (1.0, NAN), (1.0, INF), (INF, INF)])
def test_nothing_is_said_of_zero_over_zero_noise_and_nan(pair: tuple[float, float]) -> None:
    assert score(point(pair[0]), point(pair[1])) == -INF


def test_a_positive_value_against_zero_or_less_is_refuted_without_limit() -> None:
    assert score(point(1.0), point(0.0)) == INF
    assert score(point(1.0), point(-1.0)) == INF


def test_infinite_logarithms_say_nothing_unless_they_refute() -> None:
    assert score(point(-INF), point(-INF), "difference") == -INF
    assert score(point(-5.0), point(-INF), "difference") == INF


def test_exact_values_of_any_size_have_a_tightness() -> None:
    assert score(exact(10**400), exact(2 * 10**400)) == pytest.approx(-math.log(2))
    assert score(exact(Fraction(1, 10**400)), exact(Fraction(1, 10**401))) == pytest.approx(math.log(10))
    assert score(exact(Fraction(1, 3)), exact(Fraction(1, 3) + Fraction(1, 10**30)), "difference") == -1e-30
    assert score(exact(10**400), exact(0), "difference") == INF
    assert score(exact(0), exact(10**400), "difference") == -INF
    assert score(exact(10**400), point(INF)) == -INF
    assert score(exact(0), exact(0)) == -INF
    assert score(exact(Fraction(1, 2)), point(0.25)) == pytest.approx(math.log(2))


def test_a_truth_value_has_no_size_beside_one_that_has() -> None:
    assert score(exact(Fraction(1, 2), 1), exact(1, True)) == pytest.approx(math.log(1 / 2))
    assert score(exact(Fraction(1), 1), exact(1, False)) == INF
    assert score(exact(True), exact(True)) == -INF
    assert score(exact(False), exact(False), "difference") == -INF


def test_an_empty_or_missing_comparison_has_no_tightness() -> None:
    assert score(point(np.array([])), point(np.array([]))) == -INF
    assert tightness(claim(), Judgement("out of scope")) == -INF


@given(st.floats(allow_nan=True), st.floats(allow_nan=True), st.sampled_from(["ratio", "difference"]))
def test_tightness_is_never_nan_and_has_the_sign_of_the_verdict(a: float, b: float, kind: str) -> None:
    value = score(point(a), point(b), kind)
    assert not math.isnan(value)
    if value > 0:
        assert compare(point(a), point(b)) == "refuted"
