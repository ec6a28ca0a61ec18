"""The paper's main bound at hand-made points, and its looseness at the separations of the specification."""

import numpy as np
import pytest

from bounds.gmm_entropy.instances import on_first_axis
from bounds.gmm_entropy.main_bound import log_bound, with_s
from bounds.gmm_entropy.main_bound_best_s import Factor, log_factor, log_infimum
from tests.gmm_entropy.oracles import LINE


def two(delta: float, m: int, s: float):  # type: ignore[no-untyped-def]
    return with_s(**on_first_axis(delta, m=m), s=s)


def test_coincident_components_pay_two_for_each_ordered_pair() -> None:
    # two ordered pairs of √(1/2 · 1/2): 2 (1−s)^(−m/4)
    assert log_bound(two(0.0, 3, 0.19)).lo[0] == pytest.approx(np.log(2) - 0.75 * np.log(0.81), abs=2e-9)


def test_the_line_example() -> None:
    x = with_s(
        K=3,
        m=1,
        logits=np.log(LINE.w),
        mean=LINE.mu / 5,
        spread=5.0,
        sd=np.ones((3, 1)),
        shear=np.zeros((3, 1, 1)),
        shape="free",
        s=0.5,
    )
    ends = log_bound(x)
    assert np.exp(ends.lo[0]) <= 3.25159648549 <= np.exp(ends.hi[0])


@pytest.mark.parametrize(
    ("delta", "m", "decades"), [(8, 1, 3.00), (16, 1, 8.63), (32, 10, 33.8), (16, 100, 15.0), (64, 100, 149.0)]
)
def test_decades_above_the_gap_at_the_best_s(delta: float, m: int, decades: float) -> None:
    alpha2 = delta**2 / 4
    s = max(1 - m / alpha2, 1e-12)
    x = two(delta, m, s)
    assert (log_bound(x).lo[0] - float(x.case.log_gap.lo)) / np.log(10) == pytest.approx(decades, rel=5e-3)


def test_no_s_beats_the_closed_form_on_a_fine_grid() -> None:
    s = np.linspace(0.0005, 0.9995, 2001)
    for m, alpha in [(1, 3.0), (7, 2.0), (100, 30.0), (1000, 20.0)]:
        factors = np.array([float(log_factor(Factor(m, alpha, v)).lo) for v in s])
        best = float(log_infimum(Factor(m, alpha, 0.5)).hi)
        assert best <= factors.min() + 1e-9
        assert factors.min() - best < 0.3  # and the grid comes near it
