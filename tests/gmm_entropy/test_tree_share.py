from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest

from bounds.gmm_entropy import tree_share
from bounds.gmm_entropy.pair_sandwich import spanning_trees
from bounds.gmm_entropy.sandwich import log_max_tree, log_pair_sum
from bounds.gmm_entropy.tree_share import CLAIM, coincident, on_line, share, tree_and_gap
from proofs_check.verdict import judge


@pytest.mark.parametrize("K", [2, 3, 4, 6])
def test_coincident_components_of_equal_weight_are_known_by_hand(K):
    x = on_line(**coincident(K))
    pairs_sum = np.log((K - 1) * np.log(2))  # K (K − 1)/2 pairs of (2/K) ln 2
    assert share(x).lo[0] == pytest.approx(np.log(2 / K) + pairs_sum, abs=1e-9)
    tree, gap = np.log(2 * (K - 1) / K * np.log(2)), np.log(np.log(K))
    assert tree_and_gap(x).lo == pytest.approx([tree, gap, gap], abs=1e-9)
    assert share(x).lo[2] == pytest.approx(tree, abs=1e-9)


def test_a_gap_between_the_share_and_the_tree_would_be_refuted(monkeypatch):
    """Both inequalities are compared, not only their ends."""
    point = coincident(4) | {"mean": np.array([[0.0], [0.5], [1.0], [1.0]]), "shape": "free", "spread": 4.0}
    x = on_line(**point)
    pairs = log_pair_sum(x.log_pair_gaps)
    low, tree = np.log(2 / 4) + pairs, log_max_tree(x.log_pair_gaps)
    monkeypatch.setattr(tree_share, "log_gap_on_line", lambda *_: (low + tree) / 2)
    assert low < tree - 0.01
    assert judge(CLAIM, point).verdict == "refuted"


def test_point_eight_is_too_much_at_three_even_for_the_gap():
    x = on_line(**coincident(3))
    assert np.exp(share(x, 0.8).lo[1]) == pytest.approx(1.1090354888959124, rel=1e-9)
    assert np.exp(tree_and_gap(x).hi[1]) == pytest.approx(1.0986122886681098, rel=1e-9)


@pytest.mark.parametrize("K", range(2, 7))
def test_any_nonnegative_weights_of_the_edges_in_exact_arithmetic(K):
    """No mixture and no float: the first inequality is one about graphs."""
    rng, trees = np.random.default_rng(K), spanning_trees(K)
    for _ in range(10):
        weight = {e: Fraction(int(rng.integers(0, 5)) ** 3, 7) for e in combinations(range(K), 2)}
        best = max(sum(weight[min(e), max(e)] for e in tree) for tree in trees)
        star = max(sum(value for e, value in weight.items() if k in e) for k in range(K))
        assert Fraction(2, K) * sum(weight.values()) <= star <= best
    equal = max(len(tree) for tree in trees)
    assert Fraction(2, K) * len(weight) == equal
