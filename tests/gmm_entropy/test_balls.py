import math
from fractions import Fraction

import flint
import mpmath as mp
import numpy as np
import pytest

from bounds.gmm_entropy.balls import line_gap_ball, pair_gap_ball, pair_gap_enclosure
from bounds.gmm_entropy.line import log_gap_on_line
from bounds.gmm_entropy.pair_gap import log_pair_gap_enclosure
from bounds.measure.ball import ball, enclosure, log_enclosure

EQUAL = [  # δ, gap of two halves with one covariance
    ("0.5", "0.6628358800391063288379"),
    (1, "0.5817256983752091296999"),
    (2, "0.3563163602131136974124"),
    (4, "0.06042698682307832775822"),
    (8, "9.353507702538057245791e-5"),
    (20, "2.365713967298674742634e-23"),
    (40, "8.624417142257401656938e-89"),
    (75, "1.445549595619592881873e-307"),
    (100, "3.393126701977646641940e-545"),
]
PAIRS = [  # a, b, lam, d, gap: two variances on the line, then in ten dimensions
    ("0.9", "0.1", [1], [3], "0.08931787889643065543992"),
    ("0.3", "0.7", [4], [3], "0.3253872523076372650632"),
    ("0.5", "0.5", [9], [0], "0.5066531614789493714560"),
    ("0.5", "0.5", [4] * 10, [6] + [0] * 9, "0.01906122425533995741558"),
]


def is_the_number(x, digits):
    """The ball is narrower than the last digit shown, and within one unit of it."""
    with flint.ctx.workprec(256):
        mantissa, _, exponent = digits.partition("e")
        unit = Fraction(10) ** (int(exponent or 0) - len(mantissa.partition(".")[2]))
        near = flint.arb(ball(digits, 256).mid(), ball(unit, 256).mid())
        return near.contains(x)


@pytest.mark.parametrize(("delta", "gap"), EQUAL)
def test_pair_and_line_balls_have_the_certified_digits(delta, gap):
    assert is_the_number(pair_gap_ball("1/2", "1/2", [1], [delta]), gap)
    assert is_the_number(line_gap_ball(["1/2", "1/2"], [0, delta]), gap)


@pytest.mark.parametrize(("a", "b", "lam", "d", "gap"), PAIRS)
def test_pairs_of_any_spectrum_have_the_certified_digits(a, b, lam, d, gap):
    assert is_the_number(pair_gap_ball(a, b, lam, d), gap)
    swapped = [Fraction(1, v) for v in lam], [-Fraction(t) / math.isqrt(v) for t, v in zip(d, lam, strict=True)]
    assert is_the_number(pair_gap_ball(b, a, *swapped, c="1/4"), gap)


def test_a_hundred_dimensions_of_equal_means_have_the_known_logarithm():
    found = log_enclosure(pair_gap_ball("1/2", "1/2", [4] * 100, [0] * 100))
    assert found.hi - found.lo < 1e-14
    assert abs(found.lo + 13.0416044511173) < 1e-13


def test_the_line_of_three_has_the_certified_digits():
    gap = "0.3475896581714412966557"
    assert is_the_number(line_gap_ball(["0.2", "0.5", "0.3"], [0, 2, 5]), gap)
    assert is_the_number(line_gap_ball(["0.2", "0.5", "0.3"], ["1e6", "1000006", 1000015], var=[9, 9, 9]), gap)
    unequal = line_gap_ball(["0.3", "0.3", "0.4"], [0, "1.5", 4], var=[1, "1/4", 4])
    assert is_the_number(unequal, "0.472967597093384")


def test_every_contour_and_every_cut_gives_the_same_gap():
    balls = [pair_gap_ball("0.2", "0.8", ["0.5", 3], [1, 2], c=c, W=W) for c in ("1/8", "1/2", "0.9") for W in (2, 5, 26)]
    assert all(x.overlaps(y) for x in balls for y in balls)
    widths = [float(x.rad()) for x in balls[:3]]
    assert widths[0] > 1e-5 > 1e-8 > widths[1] > 1e-30 > widths[2]


def test_a_short_cut_still_contains_the_gap():
    truth = pair_gap_ball("1/2", "1/2", [4], [1])
    for W in ("0.25", "0.5", 1, 2):
        rough = pair_gap_ball("1/2", "1/2", [4], [1], W=W)
        assert rough.contains(truth)


def test_an_asymmetric_pair_is_a_wide_ball_on_the_middle_line_and_a_narrow_one_at_more_bits_or_at_the_saddle():
    pair = "0.001", "0.999", [10**4], [2020]
    wide, exact, enclosed = (
        pair_gap_ball(*pair),
        pair_gap_ball(*pair, bits=600, W=60),
        pair_gap_enclosure(1e-3, 0.999, [1e4], [2020.0]),
    )
    assert wide.contains(exact)
    assert wide.contains(0)
    assert enclosure(exact).lo == pytest.approx(2.05141e-87, rel=1e-5)
    assert enclosed.hi - enclosed.lo < 1e-12
    assert abs(enclosed.lo - log_enclosure(exact).lo) < 1e-12


def test_the_enclosure_of_random_pairs_is_proved_narrow_and_inside_the_rounded_one():
    rng = np.random.default_rng(8)
    for i in range(24):
        m, odds = int(rng.integers(1, 4)), rng.uniform(-8, 8)
        lam = 10 ** rng.uniform(-4, 4, m) if i % 3 else np.ones(m)
        d = rng.uniform(0, 40) * (1 + np.sqrt(lam)) * rng.uniform(-1, 1, m)
        a, b = 1 / (1 + math.exp(odds)), 1 / (1 + math.exp(-odds))
        proved, rounded = pair_gap_enclosure(a, b, lam, d), log_pair_gap_enclosure(a, b, lam, d)
        assert proved.trust == "proved"
        assert rounded.lo <= proved.lo <= proved.hi <= rounded.hi
        assert proved.hi - proved.lo <= 1e-15 * max(1.0, abs(proved.lo))


def test_the_pair_on_the_line_is_the_line_of_two():
    for a, b, lam, d in ((0.25, 0.75, 4.0, 1.5), (0.5, 0.5, 2.0**-10, 0.25), (1e-6, 1 - 1e-6, 1.0, 7.0)):
        pair, line = pair_gap_enclosure(a, b, [lam], [d]), log_enclosure(line_gap_ball([a, b], [0, d], var=[1, lam]))
        assert max(pair.lo, line.lo) <= min(pair.hi, line.hi)
        assert abs(log_gap_on_line([a, b], [0, d], [1, lam]) - pair.lo) < 1e-12 + 1e-14 * abs(pair.lo)


def test_a_fifty_digit_quadrature_of_the_plain_integrand_lies_in_the_ball():
    with mp.workdps(60):
        w, mu, sd = [mp.mpf(2) / 10, mp.mpf(8) / 10], [mp.mpf(0), mp.mpf(3)], [mp.mpf(1), mp.mpf(2)]

        def h(x):
            a = [p * mp.npdf(x, m, s) for p, m, s in zip(w, mu, sd, strict=True)]
            return mp.fsum(p * mp.log(mp.fsum(a) / p) for p in a)

        value = mp.quad(h, mp.linspace(-36, 38, 38))
        text = mp.nstr(value, 48)
    for x in (pair_gap_ball("0.2", "0.8", [4], [3], bits=200, W=40), line_gap_ball(["0.2", "0.8"], [0, 3], 200, [1, 4])):
        with flint.ctx.workprec(400):
            assert abs(x - ball(text, 400)) < ball("1e-46", 400)


def test_weights_that_do_not_sum_to_one_scale_the_gap():
    once, thrice = line_gap_ball(["0.2", "0.8"], [0, 1]), line_gap_ball(["0.6", "2.4"], [0, 1])
    assert (3 * once).overlaps(thrice)
    assert (3 * pair_gap_ball("0.2", "0.8", [1], [1])).overlaps(pair_gap_ball("0.6", "2.4", [1], [1]))
    assert line_gap_ball([1], [0]) == 0


def test_out_of_work_the_ball_is_not_finite_and_says_nothing():
    short = pair_gap_ball("1/2", "1/2", [4], [1], eval_limit=20)
    assert not short.is_finite()
    assert log_enclosure(short)[:2] == (-math.inf, math.inf)


def test_where_the_integral_gives_up_nothing_is_guessed(monkeypatch):
    nothing = flint.arb("nan")
    monkeypatch.setattr("bounds.gmm_entropy.balls.pair_gap_ball", lambda *_, **__: nothing)
    assert pair_gap_enclosure(0.5, 0.5, [1.0], [1.0])[:3] == (-math.inf, math.inf, "proved")


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: pair_gap_ball(0, 1, [1], [1]), "must be positive"),
        (lambda: pair_gap_ball(1, 1, [1, 0], [1, 1]), "lam must be positive"),
        (lambda: pair_gap_ball(1, 1, [1], [1, 1]), "of the length of d"),
        (lambda: pair_gap_ball(1, 1, [1], [1], c=1), "0 < c < 1"),
        (lambda: pair_gap_ball(1, 1, [1], [math.nan]), "finite number"),
        (lambda: line_gap_ball([1, 1], [0]), "one length"),
        (lambda: line_gap_ball([1, 1], [0, 1], var=[1, 0]), "must be positive"),
    ],
)
def test_bad_input_gets_one_sentence(call, says):
    with pytest.raises(ValueError, match=says):
        call()
