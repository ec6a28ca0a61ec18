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
