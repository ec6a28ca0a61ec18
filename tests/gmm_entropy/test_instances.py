"""What the claims draw: gaps of mixtures and pairs inside their enclosures, by balls and in fifty digits, and the builders."""

import mpmath as mp
import numpy as np
import pytest

from bounds.claim import Enclosure
from bounds.gmm_entropy.instances import MIXTURES, PAIRS, Case, Pair, case, entries, finer, logs, on_first_axis, pair
from proofs_check.points import draws
from tests.gmm_entropy.oracles import LINE, LINE_GAP, case_on_line, gap_50_digits, log_gap_ball, random_line

EXTREME = {  # name: weights, means, deviations
    "three far apart, 1e-150": ([0.3, 0.3, 0.4], [0.0, 52.0, 110.0], [1.0, 1.0, 1.0]),
    "three, just above 1e-290": ([0.25, 0.5, 0.25], [0.0, 72.7, 150.0], [1.0, 1.0, 1.0]),
    "three, just below 1e-290": ([0.25, 0.5, 0.25], [0.0, 73.2, 150.0], [1.0, 1.0, 1.0]),
    "three, below every float": ([0.25, 0.5, 0.25], [0.0, 90.0, 200.0], [1.0, 1.0, 1.0]),
    "two, below every float": ([0.5, 0.5], [0.0, 100.0], [1.0, 1.0]),
    "a narrow one inside a broad one": ([0.2, 0.5, 0.3], [0.0, 0.3, 5.0], [1.0, 0.01, 1.0]),
    "light components": ([1e-12, 1 - 2e-12, 1e-12], [0.0, 3.0, 6.0], [1.0, 1.0, 1.0]),
    "very different spreads": ([0.001, 0.999], [0.0, 2020.0], [1.0, 100.0]),
    "four, two of them coincident": ([0.1, 0.2, 0.3, 0.4], [0.0, 0.0, 4.0, 9.0], [1.0, 1.0, 0.5, 2.0]),
}


@pytest.mark.parametrize("name", EXTREME)
def test_extreme_gaps_on_the_line_lie_in_their_enclosure(name: str) -> None:
    x = case_on_line(*EXTREME[name])
    ends, (lo, hi) = x.log_gap, log_gap_ball(x)
    assert hi - lo < 1e-9
    assert ends.lo <= lo
    assert hi <= ends.hi


def test_the_cases_around_the_end_of_the_floats_are_on_the_sides_that_their_names_say() -> None:
    end = -290 * np.log(10)
    assert end < log_gap_ball(case_on_line(*EXTREME["three, just above 1e-290"]))[0] < end + 6
    assert end - 6 < log_gap_ball(case_on_line(*EXTREME["three, just below 1e-290"]))[1] < end
    assert log_gap_ball(case_on_line(*EXTREME["three, below every float"]))[1] < np.log(5e-324)
    above, below = (case_on_line(*EXTREME[f"three, just {side} 1e-290"]).log_gap for side in ("above", "below"))
    assert float(above.hi) - float(above.lo) < 4e-9  # a number with its budget
    assert float(below.hi) - float(below.lo) < 1e-8  # tree and sum of pairs, which agree here: one pair dominates


@pytest.mark.parametrize("K", [2, 3, 4])
@pytest.mark.parametrize("seed", range(4))
def test_random_gaps_on_the_line_lie_in_their_enclosure(K: int, seed: int) -> None:
    x = random_line(10 * K + seed, K, spread=10.0 ** (seed - 1))
    ends, (lo, hi) = x.log_gap, log_gap_ball(x)
    assert ends.lo <= lo
    assert hi <= ends.hi
    assert hi - lo < 1e-12
    assert float(ends.hi) - float(ends.lo) < 4e-9


@pytest.mark.parametrize("seed", range(2))
def test_balls_and_fifty_digits_agree(seed: int) -> None:
    x = random_line(seed, K=2 + seed)
    lo, hi = log_gap_ball(x)
    assert lo - 1e-15 <= mp.log(gap_50_digits(x)) <= hi + 1e-15


def test_the_golden_line_and_one_component() -> None:
    assert LINE.log_gap.lo <= mp.log(mp.mpf(LINE_GAP)) <= LINE.log_gap.hi
    assert case_on_line([1.0], [3.0], [2.0]).log_gap[:2] == (-np.inf, -np.inf)


@pytest.mark.parametrize("m", [2, 3])
def test_three_components_in_more_dimensions_lie_between_tree_and_sum(m: int) -> None:
    w, mu = np.full(3, 1 / 3), np.zeros((3, m))
    mu[1, 0] = mu[2, 1] = 3.0
    ends = Case(w, mu, np.repeat(np.eye(m)[None], 3, axis=0)).log_gap
    assert ends.lo < np.log(0.234658441602305) < ends.hi
    assert float(ends.hi) - float(ends.lo) <= np.log(1.5) + 1e-8


def test_floats_and_balls_agree_on_drawn_pairs() -> None:
    for point in draws(PAIRS, 5, "instances", range(16)):
        x = pair(**point)
        y = finer(x)
        assert y is not None
        assert finer(y) is None
        floats, balls = x.log_gap, y.log_gap
        assert floats.lo <= balls.lo
        assert balls.hi <= floats.hi
        assert balls.trust == "proved"
        assert float(balls.hi) - float(balls.lo) <= 1e-13 * (1 + abs(float(balls.lo)))


@pytest.mark.parametrize(
    "x",
    [
        Pair(0.5, 0.5, np.array([1.0]), np.array([100.0])),
        Pair(0.001, 0.999, np.array([1e4]), np.array([2020.0])),
        Pair(1e-12, 1.0, np.array([1.0, 4.0]), np.array([0.0, 30.0])),
        Pair(0.5, 0.5, np.array([1e-4, 1e4]), np.array([0.0, 0.0])),
        Pair(0.3, 0.7, np.array([1.0, 1.0]), np.array([0.0, 0.0])),
    ],
)
def test_floats_and_balls_agree_on_extreme_pairs(x: Pair) -> None:
    rigorous = Pair(x.a, x.b, x.lam, x.d, rigorous=True)
    assert x.log_gap.lo <= rigorous.log_gap.lo
    assert rigorous.log_gap.hi <= x.log_gap.hi


def test_a_mixture_of_two_has_the_gap_of_its_pair() -> None:
    for point in draws({**MIXTURES}, 6, "instances", range(40)):
        x = case(**point)
        if len(x.w) == 2:
            direct = Pair(float(x.w[0]), float(x.w[1]), *x.spectrum(0, 1)).log_gap
            assert max(direct.lo, x.log_gap.lo) <= min(direct.hi, x.log_gap.hi)
            assert x.log_overlaps.shape == x.log_roots.shape == (1,)


def test_reach_is_the_separation_in_one_dimension() -> None:
    x = pair(m=1, log_odds=0.5, lam=[9.0], reach=7.0, direction=[1.0], alike=False)
    assert x.alpha == pytest.approx(7.0, abs=1e-12)
    assert x.a + x.b == pytest.approx(1.0, abs=1e-15)
    assert np.log(x.a / x.b) == pytest.approx(0.5, abs=1e-14)
    assert np.all(pair(m=2, log_odds=0.0, lam=[9.0, 4.0], reach=1.0, direction=[1.0, 0.0], alike=True).lam == 1)


def test_the_shapes_of_a_mixture() -> None:
    point = dict(on_first_axis(3.0, m=2, sd=(1.0, 2.0)), shear=np.ones((2, 2, 2)))
    free, one, coincident = (case(**{**point, "shape": shape}) for shape in ("free", "one covariance", "coincident"))
    assert free.cov[1] == pytest.approx(np.array([[4.0, 4.0], [4.0, 8.0]]))  # 2 (1 0; 1 1) times its transpose
    assert np.array_equal(one.cov[0], one.cov[1])
    assert np.array_equal(one.mu, free.mu)
    assert np.array_equal(coincident.mu[0], coincident.mu[1])
    assert coincident.alpha.max() == 0
    assert coincident.log_gap.lo <= np.log(np.log(2)) <= coincident.log_gap.hi
    assert one.alpha[0, 1] == one.alpha[1, 0] > 0


def test_logarithms_keep_enclosures_and_widen_numbers() -> None:
    ends = logs(Enclosure(-1.0, 1.0, "sampled", 1e-12), -1000.0, -np.inf)
    assert np.array_equal(ends.lo[[0, 2]], [-1.0, -np.inf])
    assert ends.hi[1] - ends.lo[1] == pytest.approx(4e-9, rel=1e-3)
    assert (ends.trust, ends.risk) == ("sampled", 1e-12)
    both = entries(ends, Enclosure(2.0, 3.0, "proved"))
    assert both.lo.shape == (4,)
    assert (both.lo[3], both.hi[3], both.trust) == (2.0, 3.0, "sampled")
