import itertools

import numpy as np
import pytest

from bounds.gmm_entropy.pair_gap import log_pair_gap_enclosure, pair_gaps
from bounds.gmm_entropy.sandwich import log_gap_sandwich, log_max_tree, log_pair_sum

LINE = ((0.2, 0.5, 0.3), [[0.0], [2.0], [5.0]], np.ones((3, 1, 1)))


def test_line_example():
    log_gaps = pair_gaps(*LINE)
    assert np.exp(log_pair_sum(log_gaps)) == pytest.approx(0.3557690427999134, abs=1e-15)
    assert np.exp(log_max_tree(log_gaps)) == pytest.approx(0.3473581142060195, abs=1e-15)
    ends = log_gap_sandwich(*LINE)
    assert np.exp(ends.lo) < 0.3473581142060195 < 0.3475896581714412966557 < 0.3557690427999134 < np.exp(ends.hi)
    assert ends.hi - ends.lo < np.log(0.3557690427999134 / 0.3473581142060195) + 1e-9


def test_line_example_with_unequal_variances():
    log_gaps = pair_gaps((0.3, 0.3, 0.4), [[0.0], [1.5], [4.0]], np.reshape([1, 0.25, 4], (3, 1, 1)))
    assert np.exp(log_pair_sum(log_gaps)) == pytest.approx(0.561131442980, abs=1e-12)
    assert np.exp(log_max_tree(log_gaps)) == pytest.approx(0.405501178253, abs=1e-12)


def test_two_components_are_exact():
    ends = log_gap_sandwich([0.3, 0.7], [[0.0], [3.0]], [[[1.0]], [[4.0]]])
    assert ends.hi - ends.lo < 3e-10
    assert ends.lo <= np.log(0.3253872523076372650632) <= ends.hi


def test_one_component_has_no_gap():
    assert log_gap_sandwich([1.0], [[0.0]], [[[1.0]]])[:2] == (-np.inf, -np.inf)
    assert log_pair_sum([[-np.inf]]) == log_max_tree([[-np.inf]]) == -np.inf


def test_the_tree_is_the_best_of_all_spanning_trees():
    rng = np.random.default_rng(0)
    for K in (2, 3, 4, 5):
        for _ in range(20):
            log_gaps = rng.uniform(-900, 0, (K, K))
            log_gaps = np.where(rng.random((K, K)) < 0.3, -np.inf, log_gaps)
            log_gaps = np.maximum(log_gaps, log_gaps.T)
            edges = list(itertools.combinations(range(K), 2))
            best = -np.inf
            for tree in itertools.combinations(edges, K - 1):
                if _connected(tree, K):
                    best = max(best, np.logaddexp.reduce([log_gaps[e] for e in tree]))
            assert log_max_tree(log_gaps) == pytest.approx(best, abs=1e-13)
            assert log_pair_sum(log_gaps) == pytest.approx(np.logaddexp.reduce([log_gaps[e] for e in edges]), abs=1e-13)


def _connected(edges, K):
    reached = {0}
    for _ in range(K):
        reached |= {node for edge in edges if reached & set(edge) for node in edge}
    return len(reached) == K


def test_all_edges_may_be_empty():
    nothing = np.full((4, 4), -np.inf)
    assert log_max_tree(nothing) == log_pair_sum(nothing) == -np.inf


def test_pointwise_sandwich_and_bonferroni_hold_for_random_masses():
    rng = np.random.default_rng(1)
    for _ in range(200):
        K = int(rng.integers(2, 7))
        A = np.exp(rng.uniform(-20, 0, K))
        entropy = np.sum(A * np.log1p((1 - np.eye(K)) @ A / A))
        pair = A[:, None] * np.log1p(A / A[:, None]) + A * np.log1p(A[:, None] / A)
        np.fill_diagonal(pair, 0.0)
        with np.errstate(divide="ignore"):
            log_pair = np.log(pair)
        assert np.exp(log_max_tree(log_pair)) <= entropy * (1 + 1e-12)
        assert entropy <= np.exp(log_pair_sum(log_pair)) * (1 + 1e-12)
        assert 2 / K * np.exp(log_pair_sum(log_pair)) <= np.exp(log_max_tree(log_pair)) * (1 + 1e-12)


def test_an_indeterminate_pair_leaves_the_entropy_of_the_weights():
    # built so that lam is 1e-20: wide and narrow, yet each covariance is well conditioned; the means are 1e10 sds apart
    wide, narrow = [[1.0]], [[1e-20]]
    pair = (0.5, 0.5, [1e-20], [1e10])
    assert log_pair_gap_enclosure(*pair).lo == -np.inf
    ends = log_gap_sandwich([0.5, 0.5], [[0.0], [1e10]], [wide, narrow])
    assert ends.lo == -np.inf
    assert ends.hi == pytest.approx(np.log(np.log(2)), abs=1e-11)


def test_rounding_in_the_spectrum_is_inside_the_budget():
    # the same pair seen through a random linear map: the gap is invariant, the rounding is not
    rng = np.random.default_rng(5)
    truth = log_pair_gap_enclosure(0.5, 0.5, [4.0, 0.25], [3.0, -1.0])
    for stretch in (1.0, 1e2, 1e4):
        turn = np.linalg.qr(rng.normal(size=(2, 2)))[0] @ np.diag([1.0, stretch]) @ np.linalg.qr(rng.normal(size=(2, 2)))[0]
        cov = [turn @ turn.T, turn @ np.diag([4.0, 0.25]) @ turn.T]
        ends = log_gap_sandwich([0.5, 0.5], [[0.0, 0.0], turn @ [3.0, -1.0]], np.array(cov))
        assert ends.lo <= (truth.lo + truth.hi) / 2 <= ends.hi


@pytest.mark.parametrize(
    "wrong", [[[0.0, 1.0], [2.0, 0.0]], [[0.0, np.nan], [np.nan, 0.0]], [0.0], np.zeros((0, 0)), np.zeros((2, 3))]
)
def test_a_matrix_that_is_not_symmetric_is_refused(wrong):
    for function in (log_pair_sum, log_max_tree):
        with pytest.raises(ValueError, match="log_gaps must be"):
            function(wrong)
