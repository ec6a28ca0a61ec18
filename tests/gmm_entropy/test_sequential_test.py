"""The sequential test: coin tosses by hand and over all paths, and the misreadings against what the specification reports."""

from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from bounds.gmm_entropy.sequential_test import Looks, by_hand, more_draws, rate, rejections, tossed, z_test
from bounds.measure.sampling import log_e_process

REPORTED = Looks("test above", 0.1, 3.0, 1000, 0.05, 7, 400)  # Beta(0.3, 2.7)


def test_inspecting_a_fixed_n_test_rejects_a_quarter_of_the_time_and_the_wealth_two_or_three_percent() -> None:
    assert z_test(REPORTED).mean() == pytest.approx(0.25, abs=0.07)
    assert rejections(REPORTED).mean() == pytest.approx(0.025, abs=0.025)
    assert rate(REPORTED, z_test).lo > REPORTED.delta


def test_samples_have_the_mean_that_is_tested() -> None:
    x = replace(REPORTED, procedure="test below", mean=0.7, concentration=0.5)
    assert x.samples.mean() == pytest.approx(0.7, abs=0.005)
    assert 0 <= x.samples.min() <= x.samples.max() <= 1


@pytest.mark.parametrize("procedure", ["test above", "test below"])
@pytest.mark.parametrize("concentration", [0.1, 2.0])
def test_the_vectorised_wealth_decides_like_the_package_s(procedure: str, concentration: float) -> None:
    x = Looks(procedure, 0.3, concentration, 60, 0.3, 3, 200)
    assert np.array_equal(by_hand(x), rejections(x))


def test_the_lower_bound_misses_no_more_often_than_promised() -> None:
    x = Looks("lower bound", 0.2, 0.5, 40, 0.2, 5, 600)
    assert 0 < rejections(x).mean() < 0.2
    assert rate(x).hi < 0.25


@pytest.mark.parametrize("above", [True, False])
def test_the_sum_over_paths_is_that_of_the_package_s_wealth_along_each_path(above: bool) -> None:
    mean, n, threshold = Fraction(1, 4), 7, 2
    total = Fraction(0)
    for path in product((0, 1), repeat=n):
        wealth = log_e_process(np.array(path, float), float(mean), "greater" if above else "less")
        if wealth.max() >= np.log(threshold):
            total += mean ** sum(path) * (1 - mean) ** (n - sum(path))
    assert total == tossed(mean, threshold, n, above)


def test_two_tosses_by_hand() -> None:
    assert tossed(Fraction(1, 2), 2, 1, above=True) == 0  # the first guess is 1/2, the edge 0, and nothing is staked
    # mean 1/10: heads give 1 + 0.9 · 0.4/0.41 = 1.88 and then 1 + 0.9 · 0.65/0.5475 = 2.07 times that; tails first, 1.73
    assert tossed(Fraction(1, 10), 2, 1, above=True) == 0
    assert tossed(Fraction(1, 10), 2, 2, above=True) == Fraction(1, 100)


def test_the_cap_of_the_other_side_breaks_the_promise_by_hand() -> None:
    assert tossed(Fraction(1, 5), 10, 10, above=False) <= Fraction(1, 10)
    assert tossed(Fraction(1, 5), 10, 10, above=False, plain_cap=True) > Fraction(1, 10)


def test_more_draws_are_fresh_and_come_once() -> None:
    x = Looks("test above", 0.5, 1.0, 30, 0.3, 1)
    y = more_draws(x)
    assert y is not None
    assert y.draws == 800
    assert more_draws(y) is None
    assert not np.array_equal(x.samples, y.samples[:200])
