"""The mean gap over random means: golden values, limits by hand, and an average in thirty digits."""

import mpmath as mp
import numpy as np
import pytest

from bounds.gmm_entropy.random_means_gap import RandomPair, averaged, budget, difference

GOLDEN = [  # c, m, E G for halves with means N(0, c² I), so that g = √2 c
    (0.5, 1, 0.639550729521),
    (0.5, 10, 0.323562666931),
    (0.5, 100, 8.92795330389e-4),
    (1.0, 2, 0.416500745793),
    (1.0, 10, 0.0628790944969),
    (1.0, 50, 1.09703742356e-5),
    (2.0, 1, 0.364358511288),
    (2.0, 20, 5.19004974067e-6),
]


@pytest.mark.parametrize(("c", "m", "value"), GOLDEN)
def test_the_average_has_the_golden_values(c: float, m: int, value: float) -> None:
    x = RandomPair(0.5, 0.5, m, np.sqrt(2) * c)
    assert abs(averaged(x)[0] - value) <= budget(x).lo + 1e-12 * value
    assert budget(x).lo < (3e-4 if m == 2 else 1e-8) * value  # the density of the length has a corner at 0 for m = 2
    assert difference(x).hi <= budget(x).lo


def test_separations_of_scale_two_in_twenty_dimensions() -> None:
    assert averaged(RandomPair(0.5, 0.5, 20, 2.0))[0] == pytest.approx(3.32460634744286e-4, rel=1e-12)


def test_means_that_hardly_differ_leave_the_label_entropy() -> None:
    x = RandomPair(0.2, 0.8, 3, 1e-7)
    assert averaged(x)[0] == pytest.approx(-(0.2 * np.log(0.2) + 0.8 * np.log(0.8)), abs=1e-11)


def test_exchanging_the_weights_changes_nothing() -> None:
    assert averaged(RandomPair(0.1, 0.9, 4, 1.5))[0] == pytest.approx(averaged(RandomPair(0.9, 0.1, 4, 1.5))[0], rel=1e-13)


@pytest.mark.parametrize(("a", "g"), [(0.5, 0.7), (0.02, 1.2)])
def test_one_dimension_in_thirty_digits(a: float, g: float) -> None:
    # m = 1: E G = ∫∫ φ(A_k, A_l) over the point and the difference of the means, both on a lattice
    with mp.workdps(30):
        w, scale, step = mp.mpf(a), mp.mpf(g), mp.mpf("0.2")
        total = mp.mpf(0)
        axis = [i * step for i in range(-45, 46)]
        density = [mp.npdf(z) for z in axis]
        for z, pz in zip(axis, density, strict=True):
            delta = scale * z
            for y, py in zip(axis, density, strict=True):
                u = mp.log((1 - w) / w) + delta * y - delta**2 / 2  # log A_l/A_k at a point of component k
                v = mp.log((1 - w) / w) + delta * y + delta**2 / 2  # and of component l
                total += pz * py * (w * mp.log1p(mp.exp(u)) + (1 - w) * mp.log1p(mp.exp(-v)))
        value = total * step**2
    x = RandomPair(a, 1 - a, 1, g)
    assert abs(averaged(x)[0] - value) <= budget(x).lo
