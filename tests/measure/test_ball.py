import math
from fractions import Fraction

import flint
import numpy as np
import pytest
from flint import arb

from bounds.measure.ball import ball, enclosure, fraction, integral, log_enclosure, positive_on_boxes

NOT_NUMBERS = ["nan", math.nan, math.inf, "one", None, "1/0", 1j]


def fractions_of(value) -> tuple[Fraction, Fraction]:
    return tuple(Fraction(float(end)) for end in value[:2])


# exact numbers


@pytest.mark.parametrize("value", ["0.1", "1/10", Fraction(1, 10)])
@pytest.mark.parametrize("bits", [20, 53, 300])
def test_a_ball_of_one_tenth_contains_one_tenth_and_not_the_float_next_to_it(value, bits):
    x = ball(value, bits)
    assert x.contains(ball("0.1", 400))
    assert not ball("0.1", 300).contains(ball(0.1, 300))
    assert x.rad() < arb(2) ** (-bits - 2)


def test_floats_and_integers_are_the_numbers_they_are():
    assert fraction(0.1) == Fraction(3602879701896397, 2**55)
    for value in (0.1, 5e-324, 1.7e308, 3, -(2**60), np.float64(0.1)):
        assert ball(value).is_exact()
        assert ball(value) == arb(flint.fmpq(*Fraction(value).as_integer_ratio()))


@pytest.mark.parametrize("value", NOT_NUMBERS)
def test_what_is_no_finite_number_is_refused(value):
    with pytest.raises(ValueError, match="finite number"):
        ball(value)


def test_the_callers_precision_is_left_alone():
    before = flint.ctx.prec
    ball("0.1", 777)
    integral(lambda z, _: z.exp(), 0, 1, bits=500)
    positive_on_boxes(lambda x: x + 2, [[(0, 1)]], bits=99)
    assert flint.ctx.prec == before


# from balls to floats


@pytest.mark.parametrize("exponent", [-1100, -1075, -1074, -1060, -1022, -3, 0, 900, 1023, 1024, 5000, 10**15, -(10**15)])
@pytest.mark.parametrize("sign", [1, -1])
def test_an_enclosure_holds_the_whole_ball_whatever_its_size(exponent, sign):
    with flint.ctx.workprec(200):
        x = arb(sign) / 3 * arb((1, exponent))
        lo, hi = enclosure(x)[:2]
        assert lo < hi
        for end, above in ((lo, False), (hi, True)):
            if math.isinf(end):
                assert above == (end > 0)
                assert exponent >= 1024
            else:
                assert (arb(end) >= x) if above else (arb(end) <= x)
        if -1022 <= exponent < 1024:
            assert math.nextafter(lo, math.inf) == hi  # and it is as tight as floats can be


def test_an_enclosure_of_an_exact_float_is_that_float():
    for value in (0.0, 0.1, -5e-324, 1.7e308):
        assert enclosure(ball(value)) == (value, value, "proved", 0.0)


def test_random_wide_balls_are_contained():
    rng = np.random.default_rng(0)
    for _ in range(200):
        mid, rad = (Fraction(float(v)) for v in rng.standard_normal(2) * 10.0 ** rng.integers(-20, 20, 2))
        x = arb(ball(mid), ball(abs(rad)))
        lo, hi = fractions_of(enclosure(x))
        assert lo <= mid - abs(rad)
        assert mid + abs(rad) <= hi
        assert hi - lo <= 2 * abs(rad) * (1 + Fraction(1, 10**8)) + abs(mid) * Fraction(1, 2**50)


def test_a_ball_that_knows_nothing_says_nothing_and_an_infinite_value_is_a_value():
    assert enclosure(arb("nan"))[:2] == (-math.inf, math.inf)
    assert enclosure(arb("0 +/- inf"))[:2] == (-math.inf, math.inf)
    assert enclosure(arb.pos_inf())[:2] == (math.inf, math.inf)
    assert enclosure(arb.neg_inf())[:2] == (-math.inf, -math.inf)


def test_several_balls_become_an_array_and_a_complex_ball_must_meet_the_real_axis():
    lo, hi, trust, _ = enclosure(ball("0.1"), ball(2))
    assert trust == "proved"
    assert lo.shape == (2,)
    assert lo[0] < hi[0]
    assert lo[1] == hi[1] == 2
    assert enclosure(flint.acb(2, arb(0, 1e-9)))[:2] == (2.0, 2.0)
    with pytest.raises(ValueError, match="real axis"):
        enclosure(flint.acb(2, 1))


def test_logarithms_of_values_far_below_the_floats():
    tiny = ball("3.393126701977646641940e-545", 200)
    lo, hi = log_enclosure(tiny)[:2]
    assert lo <= -1253.68712385448 <= hi + 1e-10
    assert math.nextafter(lo, math.inf) >= hi
    assert enclosure(tiny)[:2] == (0.0, 5e-324)
    with flint.ctx.workprec(64):
        assert log_enclosure(arb((1, -(10**12)))).lo == pytest.approx(-math.log(2) * 1e12)


def test_logarithms_at_zero():
    assert log_enclosure(ball(0))[:2] == (-math.inf, -math.inf)
    lo, hi = log_enclosure(arb(0, 1))[:2]
    assert lo == -math.inf
    assert 0 <= hi < 1e-8
    assert log_enclosure(arb("nan"))[:2] == (-math.inf, math.inf)
    with pytest.raises(ValueError, match=">= 0"):
        log_enclosure(ball(-1))
    lo, hi, _, _ = log_enclosure(ball(1), ball(2))
    assert lo[0] == hi[0] == 0
    assert lo[1] < hi[1]


# integrals


def test_an_integral_contains_its_closed_form():
    with flint.ctx.workprec(256):
        for value, truth in (
            (integral(lambda z, _: 1 / (1 + z * z), 0, 1, bits=256), arb.pi() / 4),
            (integral(lambda z, a: z.log(analytic=a), 1, 2, bits=256), 2 * arb(2).log() - 1),
            (integral(lambda z, _: (-z * z / 2).exp(), -30, 30, bits=256), (2 * arb.pi()).sqrt() - arb("1e-195")),
        ):
            assert value.real.overlaps(truth)
            assert value.real.rad() < arb(2) ** -200


def test_a_complex_path_and_rational_ends_are_taken():
    value = integral(lambda z, _: 1 / z, flint.acb(1), flint.acb(0, 1))
    assert abs(float(value.imag) - math.pi / 2) < 1e-15
    third = integral(lambda z, _: z, 0, Fraction(1, 3))
    assert third.real.overlaps(ball(Fraction(1, 18)))


def test_an_integral_over_a_pole_knows_nothing():
    value = integral(lambda z, _: 1 / z, -1, 1, eval_limit=200)
    assert not value.is_finite()
    assert enclosure(value)[:2] == (-math.inf, math.inf)


def test_ignoring_the_flag_at_a_branch_cut_gives_a_wrong_ball_and_passing_it_on_the_right_one():
    right = integral(lambda z, a: z.sqrt(analytic=a), 1, 4)
    wrong = integral(lambda z, a: z.sqrt(), 1, 4)
    assert right.real.overlaps(ball(Fraction(14, 3)))
    assert not wrong.real.overlaps(ball(Fraction(14, 3)))


# positivity


def gap_of_psi(u):
    """2 log 2 - ψ(u), which vanishes at u = 0."""
    return 2 * arb(2).log() - (-u / 2).exp() * u.exp().log1p() - (u / 2).exp() * (-u).exp().log1p()


def test_psi_stays_below_its_value_at_zero_where_it_stays_away_from_zero_and_the_smaller_constant_is_refuted():
    assert positive_on_boxes(gap_of_psi, [[(Fraction(1, 4), 64)]]).verdict == "proved"
    refuted = positive_on_boxes(lambda u: gap_of_psi(u) - ball("0.01"), [[(0, 64)]])
    assert refuted.verdict == "refuted"
    assert "is not positive" in refuted.how


def test_a_zero_on_the_edge_is_undecided_and_never_guessed():
    assert positive_on_boxes(gap_of_psi, [[(-1, 64)]], max_boxes=2000).verdict == "undecided"
    found = positive_on_boxes(lambda x: (3 * x - 1) ** 2, [[(0, 1)]], max_boxes=500)
    assert found.verdict == "undecided"
    assert "500 boxes" in found.how


def test_an_exact_zero_at_a_midpoint_refutes_strict_positivity():
    assert positive_on_boxes(lambda x: x * x, [[(-1, 1)]]).verdict == "refuted"


def test_the_refuting_point_is_in_the_box_and_negative():
    def f(x, y):
        return x * x + y * y - x * y - ball("0.01")

    found = positive_on_boxes(f, [[(1, 2), (-1, 1)], [(-1, 2), (-1, 1)]])
    assert found.verdict == "refuted"
    inside = found.how[found.how.index("(") + 1 : found.how.index(")")]
    x, y = (Fraction(part) for part in inside.split(","))
    assert -1 <= x <= 2
    assert -1 <= y <= 1
    assert x * x + y * y - x * y < Fraction(1, 100)


def test_a_small_dent_is_found_although_an_edge_never_closes():
    # zero of even order at 1/3 keeps halving for ever; the dent at 3 is 2^-10 wide
    def f(x):
        edge = (3 * x - 1) ** 2
        return edge * ((x - 3) ** 2 - arb((1, -22)))

    assert positive_on_boxes(f, [[(0, 4)]]).verdict == "refuted"


def test_a_function_that_ends_with_its_dyadic_box_is_settled():
    assert positive_on_boxes(lambda x: x.sqrt() + 1, [[(0, 1)]]).verdict == "proved"
    assert positive_on_boxes(lambda x: 1 / x - ball(0.5), [[(Fraction(1, 4), 1)]]).verdict == "proved"


def test_rational_ends_are_covered_and_single_points_decided():
    third = Fraction(1, 3)
    assert positive_on_boxes(lambda x: x - ball("0.3333"), [[(third, 1)]]).verdict == "proved"
    assert positive_on_boxes(lambda x: x - ball("0.3334"), [[(third, 1)]]).verdict == "refuted"
    assert positive_on_boxes(lambda x: x - ball("0.3333"), [[(third, third)]]).verdict == "proved"
    assert positive_on_boxes(lambda x: x - ball("0.3334"), [[(third, third)]]).verdict == "refuted"
    assert positive_on_boxes(lambda x: 3 * x - 1, [[(third, third)]]).verdict == "undecided"
    assert positive_on_boxes(lambda x, y: x + y - ball("0.3332"), [[(third, third), (0, 1)]]).verdict == "proved"
    assert positive_on_boxes(lambda x, y: x - y, [[(third, third), (0, 1)]]).verdict == "refuted"


def test_a_negative_value_just_outside_the_box_refutes_nothing():
    end = Fraction(1, 3)
    found = positive_on_boxes(lambda x: 1 - 3 * x + arb((1, -100)), [[(0, end)]], bits=64, max_boxes=300)
    assert found.verdict != "refuted"


def test_a_function_that_is_undefined_somewhere_is_never_proved():
    assert positive_on_boxes(lambda x: x.log() + 100, [[(-1, 1)]], max_boxes=500).verdict == "undecided"
    assert positive_on_boxes(lambda x: arb("nan"), [[(0, 1)]], max_boxes=10).verdict == "undecided"


def test_no_box_is_no_proof_and_bad_boxes_are_refused():
    assert positive_on_boxes(lambda x: x, []).verdict == "undecided"
    with pytest.raises(ValueError, match="lo > hi"):
        positive_on_boxes(lambda x: x, [[(1, 0)]])
    with pytest.raises(ValueError, match="finite number"):
        positive_on_boxes(lambda x: x, [[(0, math.inf)]])


def test_verdicts_agree_with_the_known_minimum_of_random_quadratics():
    rng = np.random.default_rng(1)
    for _ in range(40):
        a, b, c = (Fraction(int(v), 8) for v in rng.integers(-8, 9, 3))
        x0 = -b / (2 * a) if a > 0 else Fraction(1)
        least = min(a * x * x + b * x + c for x in (Fraction(-1), Fraction(1), min(max(x0, Fraction(-1)), Fraction(1))))
        found = positive_on_boxes(lambda x, a=a, b=b, c=c: (ball(a) * x + ball(b)) * x + ball(c), [[(-1, 1)]], max_boxes=4000)
        assert found.verdict == ("proved" if least > 0 else "refuted") or (least == 0 and found.verdict == "undecided")
