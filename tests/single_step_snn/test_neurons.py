from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from bounds.single_step_snn import (
    crossing_derivatives,
    crossing_fraction,
    geometric_sum,
    hard_reset_period,
    lif_simulate,
    single_step_threshold,
    soft_reset_count,
)

F = Fraction


def train(z, T, lam=1, **more):
    return lif_simulate([F(z)] * T, F(lam), F(1), **more)[0].tolist()


def test_golden_values_of_hard_and_soft_reset():
    assert hard_reset_period(F(2, 5), F(9, 10), F(1)) == 3
    assert sum(train("2/5", 20, "9/10")) == 6
    drives = ["-0.3", "0.1", "0.125", "0.3", "0.375", "0.7", "0.874", "0.875", "2"]
    counts = [0, 0, 1, 1, 2, 3, 3, 4, 4]
    assert [soft_reset_count(F(z), 1, 4, F(1, 2)) for z in drives] == counts
    assert [sum(train(z, 4, reset="soft", v0=F(1, 2))) for z in drives] == counts


def test_the_counterexamples_number_by_number():
    assert train("3/5", 2) == [0, 1]
    assert train(1, 2, strict=True) == [0, 1]
    assert train("2/5", 4, "1/2") == [0] * 4
    assert sum(train("7/10", 10)) == 5
    assert sum(train("7/10", 9)) == 4
    assert sum(train("1/10", 500, "9/10")) == 0
    assert sum(train("-1/5", 3, reset="soft", v0=F(3, 2))) == 1
    assert sum(train("3/10", 10, "9/10", reset="soft", v0=F(1, 2))) == 2
    first = train("3/5", 2)
    assert lif_simulate([F(6, 5) - s for s in first], F(1), F(1))[0].tolist() == [1, 0]


def test_the_period_is_the_first_time_at_which_the_sum_reaches_the_threshold():
    for z, lam in product([F(k, 20) for k in range(1, 25)], [F(0), F(1, 3), F(1, 2), F(9, 10), F(1)]):
        first = next((n for n in range(1, 65) if z * geometric_sum(n, lam) >= 1), None)
        assert hard_reset_period(z, lam, F(1)) == first


@pytest.mark.parametrize("excess", [F(1, 10**3), F(1, 10**9), F(1, 10**15)])
def test_the_period_is_exact_however_close_the_limit_is(excess):
    z, lam = (1 + excess) / 10, F(9, 10)
    n = hard_reset_period(z, lam, F(1))
    assert z * geometric_sum(n, lam) >= 1 > z * geometric_sum(n - 1, lam)


def test_floats_count_as_the_rationals_that_they_are():
    assert hard_reset_period(0.1, 1.0, 1.0) == 10  # ten times the float 0.1 is above 1
    assert hard_reset_period(0.3, 1.0, 0.9) == 4  # three times the float 0.3 is below the float 0.9
    assert sum(lif_simulate(np.full(11, 0.1), 1.0, 1.0)[0]) == 1  # summed with rounding, it takes eleven


def test_potentials_and_shapes():
    spikes, u = lif_simulate(np.array([[0.5, 2.0], [0.75, -1.0]]), 0.5, 1.0)
    assert spikes.tolist() == [[0, 1], [1, 0]]
    assert u.tolist() == [[0.5, 2.0], [1.0, -1.0]]
    assert spikes.dtype == np.int64


def test_thresholds_and_crossings():
    assert single_step_threshold(4, F(1, 2), F(1)) == F(8, 15)
    assert crossing_fraction(F(0), F(4), F(1)) == F(1, 4)
    assert (
        crossing_fraction(F(0), F(3), F(1)) != (crossing_fraction(F(0), F(2), F(1)) + crossing_fraction(F(0), F(4), F(1))) / 2
    )
    assert crossing_derivatives(F(0), F(2), F(1)) == (-F(1, 2), -F(1, 4))


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: lif_simulate([1.0], 0.5, 1.0, reset="none"), 'reset must be "hard" or "soft"'),
        (lambda: lif_simulate([], 0.5, 1.0), r"drive must have shape \(T,\) or \(T, n\) with T >= 1"),
        (lambda: lif_simulate([1.0], 1.5, 1.0), r"the leak lam must lie in \[0, 1\], got 1.5"),
        (lambda: lif_simulate([1.0], 0.5, 0.0), "the threshold th must be positive"),
        (lambda: lif_simulate([np.nan], 0.5, 1.0), "drive holds a number that is not finite"),
        (lambda: soft_reset_count(1, 1, 0, 0), "T counts steps and must be at least 1, got 0"),
        (lambda: soft_reset_count(1, 1, 1, 1), r"c must lie in \[0, 1\), got 1"),
        (lambda: single_step_threshold(0, 0.5, 1.0), "T counts steps and must be at least 1, got 0"),
        (lambda: crossing_fraction(1.0, 2.0, 1.0), "a crossing needs v < theta <= u"),
    ],
)
def test_bad_input_is_one_sentence(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_integers_are_as_exact_as_fractions():
    assert single_step_threshold(3, 1, 1) == F(1, 3)
    assert single_step_threshold(2, F(1, 2), 1) == F(2, 3)
    assert type(single_step_threshold(3, 1.0, 1)) is float
    assert hard_reset_period(np.int64(3), 1, 10) == 4
    assert soft_reset_count(np.int64(2**62), 1, 3, 0) == 3  # thrice it is beyond an int64
    assert soft_reset_count(np.float32(0.25), 1, 8, 0) == 2


@pytest.mark.parametrize("leak", [1 - F(1, 10**20), 1 - F(1, 10**400), F(1, 10**20), F(9, 10)])
def test_the_period_is_exact_where_the_leak_is_no_float(leak):
    for n in (1, 2, 7, 50):
        z = 1 / geometric_sum(n, leak)
        assert hard_reset_period(z, leak, F(1)) == n
        assert hard_reset_period(z - F(1, 10**1200), leak, F(1)) == n + 1


def test_a_leak_that_no_float_can_tell_from_none_takes_no_walk():
    leak = 1 - F(1, 10**400)
    assert hard_reset_period(F(1, 1000), leak, F(1)) == 1001  # a thousand drives lose a trace of their sum
    assert hard_reset_period(F(1, 1000), F(1), F(1)) == 1000


def test_the_period_is_found_however_far_away_it_is():
    excess = F(1, 10**400)  # below the smallest float
    n = hard_reset_period((1 + excess) / 10, F(9, 10), F(1))
    assert F(9, 10) ** n <= excess / (1 + excess) < F(9, 10) ** (n - 1)


def test_counts_and_states_by_integers_alone():
    """z = p, θ = q, without a leak, v0 = c q/4: all integers, no line of the library."""
    for p, q, T, start in product(range(-3, 9), (1, 4, 7), (1, 2, 5), range(4)):
        v, count = start * q, 0
        for _ in range(T):
            v += 4 * p
            if v >= 4 * q:
                v, count = v - 4 * q, count + 1
        assert soft_reset_count(F(p), F(q), T, F(start, 4)) == count
        v, hard = 0, 0
        for _ in range(T):
            v += p
            if v >= q:
                v, hard = 0, hard + 1
        period = hard_reset_period(F(p), F(1), F(q))
        assert hard == (0 if period is None else T // period)


@pytest.mark.parametrize("bad", [np.inf, -np.inf, np.nan])
def test_drives_that_are_not_finite_are_refused_in_one_sentence(bad):
    for call in (lambda: hard_reset_period(bad, 0.5, 1.0), lambda: soft_reset_count(bad, 1.0, 3, 0)):
        with pytest.raises(ValueError, match="a finite number or a decimal string is needed"):
            call()
