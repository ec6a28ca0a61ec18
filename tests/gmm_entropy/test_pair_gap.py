import math

import mpmath as mp
import numpy as np
import pytest

from bounds.gmm_entropy.chernoff import c_t, log_bhattacharyya, log_chernoff, log_psi_t, psi_t
from bounds.gmm_entropy.mixture import pair_spectrum
from bounds.gmm_entropy.pair_gap import (
    Indeterminate,
    log_expected_pair_gap,
    log_pair_gap,
    log_pair_gap_enclosure,
    pair_gaps,
)

# certified to the digits shown; equal covariances, weights 1/2
BY_DELTA = {
    0.5: "0.6628358800391063288379",
    1: "0.5817256983752091296999",
    2: "0.3563163602131136974124",
    4: "0.06042698682307832775822",
    8: "9.353507702538057245791e-5",
    20: "2.365713967298674742634e-23",
    40: "8.624417142257401656938e-89",
    75: "1.445549595619592881873e-307",
    100: "3.393126701977646641940e-545",
}


@pytest.mark.parametrize(("delta", "gap"), BY_DELTA.items())
@pytest.mark.parametrize("m", [1, 5])
def test_equal_covariances_at_every_separation(delta, gap, m):
    d = np.zeros(m)
    d[-1] = delta
    ends = log_pair_gap_enclosure(0.5, 0.5, np.ones(m), d)
    assert ends.lo <= mp.log(mp.mpf(gap)) <= ends.hi
    assert abs(log_pair_gap(0.5, 0.5, np.ones(m), d) - mp.log(mp.mpf(gap))) < max(1e-13, 2e-13 * abs(mp.log(mp.mpf(gap))))


GOLDEN = {
    "unequal weights": (0.9, 0.1, [1.0], [3.0], 0.08931787889643065543992),
    "N(0,1) and N(3,4) on a line": (0.3, 0.7, [4.0], [3.0], 0.3253872523076372650632),
    "N(0,1) and N(0,9)": (0.5, 0.5, [9.0], [0.0], 0.5066531614789493714560),
    "N(0,I) and N(6e1,4I) in ten dimensions": (0.5, 0.5, [4.0] * 10, [6.0] + [0.0] * 9, 0.01906122425533995741558),
    "the counterexample to exp(-alpha^2/2)": (0.001, 0.999, [1e4], [2020.0], 2.05141e-87),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_value(name):
    *pair, gap = GOLDEN[name]
    assert math.exp(log_pair_gap(*pair)) == pytest.approx(gap, rel=5e-6 if gap < 1e-80 else 1e-14)


def test_golden_logarithms_in_a_hundred_and_a_thousand_dimensions():
    assert log_pair_gap(0.5, 0.5, np.full(100, 4.0), np.zeros(100)) == pytest.approx(-13.0416044511173, abs=1e-12)
    lam = 1 + np.arange(1, 1001) / 1000
    assert log_pair_gap(0.5, 0.5, lam, np.full(1000, 0.5)) == pytest.approx(-39.2131560416651, abs=1e-12)


def test_golden_value_from_full_matrices():
    first, second = [[2, 0.5, 0], [0.5, 1, 0.25], [0, 0.25, 0.5]], [[1, -0.25, 0.125], [-0.25, 1.5, 0], [0.125, 0, 3]]
    lam, d = pair_spectrum((0, 0, 0), first, (2, -1, 1.5), second)
    assert math.exp(log_pair_gap(0.4, 0.6, lam, d)) == pytest.approx(0.223245574597125, abs=1e-15)
    assert log_bhattacharyya(lam, d) == pytest.approx(-0.932795217104019, abs=1e-14)
    log_gaps = pair_gaps([0.4, 0.6], [[0, 0, 0], [2, -1, 1.5]], [first, second])
    np.testing.assert_allclose(np.exp(log_gaps), [[0, 0.223245574597125], [0.223245574597125, 0]], atol=1e-15)


# fifty digits, on the line 1/2 (or wherever the integrand is largest), by a program that shares no code with the package
def fifty_digits(a, b, lam, d):
    with mp.workdps(50):
        a, b = mp.mpf(a), mp.mpf(b)
        lam, d = [mp.mpf(float(x)) for x in lam], [mp.mpf(float(x)) for x in d]

        def log_f(s):
            log_c = mp.fsum(
                (1 - s) * mp.log(x) / 2 - mp.log(s + (1 - s) * x) / 2 - s * (1 - s) * y * y / (2 * (s + (1 - s) * x))
                for x, y in zip(lam, d, strict=True)
            )
            return mp.log(mp.pi / (s * (1 - s))) - mp.log(mp.sin(mp.pi * s)) + (1 - s) * mp.log(a) + s * mp.log(b) + log_c

        lo, hi = mp.mpf("1e-6"), 1 - mp.mpf("1e-6")
        for _ in range(80):  # golden section is enough: any c will do
            p, q = lo + (hi - lo) * mp.mpf("0.382"), lo + (hi - lo) * mp.mpf("0.618")
            lo, hi = (lo, q) if log_f(p).real < log_f(q).real else (p, hi)
        c = (lo + hi) / 2
        top, e = log_f(c).real, min(c, 1 - c) / 1000
        width = 1 / mp.sqrt((log_f(c + e).real + log_f(c - e).real - 2 * top) / e**2)
        h = min(min(c, 1 - c) / 10, width / 2)
        total, n = mp.mpf(1) / 2, 1
        while True:
            term = mp.exp(log_f(mp.mpc(c, n * h)) - top)
            total, n = total + term.real, n + 1
            if abs(term) < mp.mpf("1e-22"):
                return top + mp.log(total * h / mp.pi)


EXTREME = {
    "coincident": (0.5, 0.5, [1.0], [0.0]),
    "nearly coincident": (0.3, 0.7, [1.0, 1.0], [1e-3, 0.0]),
    "weight 1e-12": (1e-12, 1 - 1e-12, [1.0], [2.0]),
    "weight 1e-12 the other way": (1 - 1e-12, 1e-12, [2.0], [20.0]),
    "one variance 1e-6": (0.2, 0.8, [1e-6], [0.5]),
    "one variance 1e6": (0.2, 0.8, [1e6], [300.0]),
    "mixed variances": (0.6, 0.4, [1e-6, 1e-2, 1.0, 1e3, 1e6], [0.01, -0.3, 2.0, 5.0, -80.0]),
    "separation 500": (0.5, 0.5, [1.0], [500.0]),
    "separation 500, unequal variances": (0.01, 0.99, [2.5], [500.0]),
    "forty dimensions": (0.5, 0.5, np.linspace(0.3, 4, 40), np.linspace(-1, 2, 40)),
}


@pytest.mark.parametrize("name", EXTREME)
def test_enclosure_contains_the_fifty_digit_value(name):
    pair = EXTREME[name]
    truth, ends = fifty_digits(*pair), log_pair_gap_enclosure(*pair)
    assert ends.lo <= truth <= ends.hi
    assert abs(log_pair_gap(*pair) - truth) < max(1e-13, 2e-13 * abs(truth))


@pytest.mark.parametrize("seed", range(8))
def test_enclosure_contains_the_fifty_digit_value_of_random_pairs(seed):
    rng = np.random.default_rng(seed)
    m = int(rng.integers(1, 6))
    a = 1 / (1 + math.exp(rng.uniform(-8, 8)))
    pair = (a, 1 - a, np.exp(rng.uniform(-6, 6, m)), rng.normal(size=m) * np.exp(rng.uniform(-3, 3)))
    truth = fifty_digits(*pair)
    assert abs(log_pair_gap(*pair) - truth) < max(1e-13, 2e-13 * abs(truth))


@pytest.mark.parametrize("delta", [1e-3, 1.0, 30.0, 80.0])
@pytest.mark.parametrize(("a", "b"), [(1e-300, 0.5), (0.5, 1e-300), (1e-300, 1e-300), (1e-3, 1e-12)])
def test_tiny_weights_agree_with_the_density_form_in_one_dimension(a, b, delta):
    with mp.workdps(40):  # phi(A_k, A_l) integrated over x itself, without Mellin or Chernoff
        log_ratio = mp.log(mp.mpf(a) / mp.mpf(b))
        h = mp.mpf(min(0.125, 0.5 / delta))
        peak = max(-delta / 2, min(delta / 2, float(log_ratio) / delta))
        total = mp.mpf(0)
        for n in range(int((peak - 12) / h), int((peak + 12) / h) + 1):
            x = n * h
            log_a, log_b = mp.log(a) - (x + delta / 2) ** 2 / 2, mp.log(b) - (x - delta / 2) ** 2 / 2
            total += mp.exp(log_a) * mp.log1p(mp.exp(log_b - log_a)) + mp.exp(log_b) * mp.log1p(mp.exp(log_a - log_b))
        truth = mp.log(total * h / mp.sqrt(2 * mp.pi))
    assert abs(log_pair_gap(a, b, [1.0], [delta]) - truth) < max(1e-13, 2e-13 * abs(truth))


def test_coincident_components_lose_the_entropy_of_their_weights_in_every_dimension():
    for m in (1, 10, 2000):
        gap = log_pair_gap(0.3, 0.7, np.ones(m), np.zeros(m))
        assert gap == pytest.approx(math.log(-0.3 * math.log(0.3) - 0.7 * math.log(0.7)), abs=1e-13)


@pytest.mark.parametrize("m", [1, 3, 2000])
def test_exchanging_the_components_changes_nothing(m):
    rng = np.random.default_rng(m)
    lam, d = np.exp(rng.uniform(-3, 3, m)), rng.normal(size=m) * 2 / math.sqrt(m)
    there, back = log_pair_gap(0.01, 0.99, lam, d), log_pair_gap(0.99, 0.01, 1 / lam, -d / np.sqrt(lam))
    assert there == pytest.approx(back, abs=max(2e-13, 4e-13 * abs(there)))


def test_scaling_both_weights_scales_the_gap():
    assert log_pair_gap(0.3e-9, 0.7e-9, [3.0], [2.0]) == pytest.approx(log_pair_gap(0.3, 0.7, [3.0], [2.0]) - math.log(1e9))


def test_what_cannot_be_decided_is_said_to_be_so():
    pair = (0.5, 0.5, [1e-17], [1e10])
    with pytest.raises(Indeterminate, match="no usable contour"):
        log_pair_gap(*pair)
    assert log_pair_gap_enclosure(*pair)[:2] == (-math.inf, math.inf)


DIMENSIONS = (1, 2, 5, 10, 20, 50, 100, 500)
EXPECTED = {  # c -> E G in each of them
    0.5: "0.639550729521 .590862907413 .46882392241 .323562666931 .159344216946 .0215014628212 8.92795330389e-4 "
    "2.64046765754e-14",
    1.0: ".53562405866 .416500745793 .201007785601 .0628790944969 6.75987382339e-3 1.09703742356e-5 "
    "3.22249331758e-10 9.1041656027e-46",
    2.0: ".364358511288 .194346021943 .0311756429378 1.62937117793e-3 5.19004974067e-6 2.43963684899e-13 "
    "2.08495632629e-25 3.5814808086e-121",
}


@pytest.mark.parametrize("c", EXPECTED)
def test_expected_gap_of_random_means(c):
    for m, value in zip(DIMENSIONS, EXPECTED[c].split(), strict=True):
        assert math.exp(log_expected_pair_gap(0.5, 0.5, m, math.sqrt(2) * c)) == pytest.approx(float(value), rel=2e-12)


def test_expected_gap_golden_digits():
    assert math.exp(log_expected_pair_gap(0.5, 0.5, 20, 2.0)) == pytest.approx(3.32460634744286e-4, rel=1e-13)
    assert math.exp(log_expected_pair_gap(0.5, 0.5, 10, math.sqrt(2))) == pytest.approx(0.0628790944968988, rel=1e-13)


def test_expected_gap_is_the_average_over_random_distances():
    from scipy.stats import chi

    for m, g, a in ((1, 3.0, 0.5), (7, 0.8, 0.05)):
        radius = np.linspace(1e-9, 9 + math.sqrt(m), 400)  # the radial density vanishes to all orders at the upper end only
        gap = np.exp([log_pair_gap(a, 1 - a, [1.0], [g * r]) for r in radius])
        from scipy.integrate import simpson

        average = simpson(gap * chi(m).pdf(radius), x=radius)
        assert math.exp(log_expected_pair_gap(a, 1 - a, m, g)) == pytest.approx(average, rel=1e-6)


@pytest.mark.parametrize(
    ("pair", "says"),
    [
        ((0.0, 1.0, [1.0], [1.0]), "weight a must be positive"),
        ((0.5, math.nan, [1.0], [1.0]), "weight b must be positive"),
        ((0.5, 0.5, [1.0, 2.0], [1.0]), "of one length"),
        ((0.5, 0.5, [], []), "m >= 1"),
        ((0.5, 0.5, [[1.0]], [[1.0]]), "vectors of one length"),
        ((0.5, 0.5, [-1.0], [1.0]), "lam must be positive"),
        ((0.5, 0.5, [math.nan], [1.0]), "lam must be positive"),
        ((0.5, 0.5, [1.0], [math.nan]), "d must be finite"),
        ((0.5, 0.5, [1.0], [1e200]), "d must be finite"),
    ],
)
def test_bad_pairs_are_refused(pair, says):
    with pytest.raises(ValueError, match=says):
        log_pair_gap(*pair)


def test_bad_random_means_are_refused():
    for m, g in ((0, 1.0), (3, -1.0), (3, math.nan)):
        with pytest.raises(ValueError, match="m must be at least 1 and g finite"):
            log_expected_pair_gap(0.5, 0.5, m, g)


# ---- the ingredients


def test_chernoff_coefficient_is_the_integral_it_stands_for():
    from scipy.integrate import quad

    for s in (0.1, 0.5, 0.8):
        value, _ = quad(lambda x: math.exp(-(1 - s) * x * x / 2 - s * (x - 1.5) ** 2 / 6) / 3 ** (s / 2), -40, 40)  # noqa: B023
        assert log_chernoff(s, [3.0], [1.5]) == pytest.approx(math.log(value / math.sqrt(2 * math.pi)), abs=1e-10)


def test_chernoff_coefficient_at_the_ends_is_one():
    np.testing.assert_allclose(log_chernoff(np.array([0.0, 1.0]), [3.0, 0.1], [1.5, 2.0]), 0, atol=1e-15)


def test_complex_chernoff_is_continuous_in_many_dimensions():
    s = 0.5 + 1j * np.linspace(0, 20, 20_001)
    value = log_chernoff(s, np.full(100, 4.0), np.zeros(100))  # its phase turns many times: a single principal log would jump
    assert np.abs(np.diff(value)).max() < 0.1
    assert np.abs(value.imag).max() > 4 * np.pi


def test_log_bhattacharyya_is_chernoff_at_one_half():
    rng = np.random.default_rng(0)
    lam, d = np.exp(rng.uniform(-9, 9, 6)), rng.normal(size=6)
    assert log_bhattacharyya(lam, d) == pytest.approx(log_chernoff(0.5, lam, d), rel=1e-13)
    assert log_bhattacharyya([1e300], [0.0]) == pytest.approx(0.5 * math.log(2) - 75 * math.log(10), rel=1e-14)


@pytest.mark.parametrize(
    ("t", "value"), [(0.5, 2 * math.log(2)), (0.25, 1.90202943662), (1 / 3, 1.5810797062), (0.1, 4.0657217)]
)
def test_largest_value_of_the_kernel(t, value):
    assert c_t(t) == pytest.approx(value, rel=1e-8)
    assert c_t(t) == pytest.approx(c_t(1 - t), rel=1e-15)


@pytest.mark.parametrize("t", [1e-6, 1e-3, 0.0151, 0.2, 0.49])
def test_no_point_of_a_fine_grid_lies_above_c_t(t):
    u = np.concatenate([np.linspace(-60, 60, 20_001), np.geomspace(1e-3, 10 / t, 20_001)])
    assert psi_t(u, t).max() <= c_t(t) * (1 + 1e-15)
    assert c_t(t) <= 1 / (t * (1 - t))


def test_kernel_does_not_overflow_and_has_its_mass():
    assert np.all(np.isfinite(log_psi_t([-1e6, -700, 0, 700, 1e6], 0.5)))
    u = np.arange(-400, 400, 0.25)
    assert 0.25 * psi_t(u).sum() == pytest.approx(4 * math.pi, rel=1e-14)
    assert 0.25 * (u * u * psi_t(u)).sum() == pytest.approx(4 * math.pi * (8 + math.pi**2), rel=1e-14)
    assert 0.25 * (psi_t(u) ** 2).sum() == pytest.approx(11.38796388003, rel=1e-11)


def test_tilts_outside_of_the_open_interval_are_refused():
    for t in (0.0, 1.0, math.nan):
        with pytest.raises(ValueError, match="strictly between 0 and 1"):
            c_t(t)
        with pytest.raises(ValueError, match="strictly between 0 and 1"):
            psi_t(0.0, t)
    with pytest.raises(ValueError, match="real part between 0 and 1"):
        log_chernoff(1.5, [1.0], [1.0])
