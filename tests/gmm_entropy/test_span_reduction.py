"""One covariance: limits by hand, golden values, and dimensions beyond the reach of a grid by sampling."""

import numpy as np
import pytest

from bounds.gmm_entropy.importance import log_gap_sampled
from bounds.gmm_entropy.span_reduction import TRIANGLE, OneCovariance, budget, difference, one_covariance, reduced
from tests.gmm_entropy.oracles import LINE, LINE_GAP


def test_the_golden_triangle_by_both_methods() -> None:
    x = one_covariance(**TRIANGLE)
    assert reduced(x) == pytest.approx(0.234658441602305, abs=1e-14)
    assert x.unreduced[0] == pytest.approx(0.234658441602305, abs=1e-8)


def test_the_golden_line_lifted_into_space() -> None:
    direction = np.array([2.0, -1.0, 2.0]) / 3
    factor = np.array([[1.0, 0, 0], [0.5, 2.0, 0], [-0.3, 0.4, 0.7]])
    x = OneCovariance(LINE.w, LINE.mu @ direction[None] @ factor.T, factor @ factor.T)
    assert reduced(x) == pytest.approx(float(LINE_GAP), abs=1e-13)
    assert abs(x.unreduced[0] - float(LINE_GAP)) <= budget(x).lo
    assert x.unreduced[0] == pytest.approx(float(LINE_GAP), abs=1e-7)


def test_coincident_components_leave_the_label_entropy() -> None:
    x = OneCovariance(np.array([0.2, 0.8]), np.ones((2, 3)), np.diag([1.0, 2.0, 0.5]))
    expected = -(0.2 * np.log(0.2) + 0.8 * np.log(0.8))
    assert reduced(x) == pytest.approx(expected, abs=1e-15)
    assert x.unreduced[0] == pytest.approx(expected, abs=1e-7)


def test_the_misreadings_are_harmless_where_they_say_the_same() -> None:
    x = OneCovariance(LINE.w, LINE.mu @ np.array([[1.0, 0.0]]), np.eye(2))
    for misread in ({"whiten": False}, {"rank": 1}, {"from_origin": True}):
        assert difference(x, **misread).hi <= budget(x).lo


@pytest.mark.parametrize("seed", range(3))
def test_a_sample_in_twelve_dimensions_agrees_with_the_plane(seed: int) -> None:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(12, 12)) / 3 + np.eye(12)
    whitened = 2 * rng.normal(size=(4, 2)) @ rng.normal(size=(2, 12)) / np.sqrt(12)
    x = OneCovariance(np.array([0.1, 0.2, 0.3, 0.4]), whitened @ root.T, root @ root.T)
    ends = log_gap_sampled(x.w, x.mu, np.repeat(x.cov[None], 4, axis=0), 20_000, rng, delta=1e-9)
    assert ends.lo <= np.log(reduced(x)) <= ends.hi
    assert ends.hi - ends.lo < 0.2
