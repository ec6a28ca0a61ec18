from itertools import combinations

import mpmath as mp
import numpy as np
import pytest

from bounds.gmm_entropy.bonferroni import CLAIM, entropy, expansion, left, masses, right, tuples
from bounds.gmm_entropy.line import gap_on_line
from proofs_check.points import draws

POINTS = list(draws(CLAIM.space, 2, "fifty digits", range(40)))


def h(*parts):
    return mp.fsum(a * mp.log(mp.fsum(parts) / a) for a in parts)


def term(*parts):
    """By inclusion and exclusion over h, not by the integral."""
    n = len(parts)
    return mp.fsum((-1) ** (n - size) * h(*J) for size in range(2, n + 1) for J in combinations(parts, size))


@pytest.mark.parametrize("point", POINTS)
def test_both_sides_contain_their_fifty_digit_values(point):
    x = masses(**point)
    with mp.workdps(50):
        a = [mp.exp(mp.mpf(float(value))) for value in x.log_a]
        orders = [mp.fsum(term(*J) for J in combinations(a, size)) for size in (2, 3, 4)]
        for order, enclosure in ((2, expansion(x, 0.0)), (3, expansion(x)), (4, expansion(x, 1.0, 1.0))):
            value = mp.fsum(orders[: order - 1])
            assert mp.mpf(enclosure.lo) <= value <= mp.mpf(enclosure.hi)
        assert mp.mpf(entropy(x).lo) <= h(*a) <= mp.mpf(entropy(x).hi)
        assert orders[1] <= mp.mpf(10) ** -45  # triple terms are negative


def test_three_equal_masses_by_hand():
    x = masses(3, np.zeros(3))
    assert entropy(x).lo == pytest.approx(3 * np.log(3), rel=1e-12)
    assert tuples(x, 3) == pytest.approx(3 * np.log(3) - 6 * np.log(2), rel=1e-13)
    assert tuples(x, 2) == pytest.approx(6 * np.log(2), rel=1e-13)


def test_the_sides_meet_for_three_and_part_for_four():
    assert left(masses(3, [0.0, -1.0, -5.0])).lo == pytest.approx(right(masses(3, [0.0, -1.0, -5.0])).lo[0], rel=1e-12)
    four = masses(4, np.zeros(4))
    assert left(four).hi[0] < right(four).lo[0] - 0.1


def test_on_the_line_the_triple_terms_integrate_to_the_known_correction():
    w, mu, one = np.array([0.2, 0.5, 0.3]), np.array([0.0, 2.0, 5.0]), np.ones(3)
    grid = np.linspace(-10, 16, 521)
    log_a = np.log(w)[:, None] - (grid - mu[:, None]) ** 2 / 2 - np.log(2 * np.pi) / 2
    peaks = log_a.max(axis=0)
    values = [np.exp(peak) * tuples(masses(3, column), 3) for peak, column in zip(peaks, log_a.T, strict=True)]
    total = sum(values) * (grid[1] - grid[0])
    assert total == pytest.approx(-0.00817938462847, abs=1e-13)
    assert gap_on_line(w, mu, one) == pytest.approx(0.3557690427999134 + total, abs=1e-12)
