import mpmath as mp
import numpy as np
import pytest

from bounds.gmm_entropy.pair_sandwich import CLAIM, EXAMPLE, left, line_and_point, right, spanning_trees
from bounds.gmm_entropy.sandwich import log_max_tree
from proofs_check.points import draws

POINTS = [p for p in draws(CLAIM.space, 11, "fifty digits", range(60)) if p["K"] > 1]


def h(*masses):
    return mp.fsum(a * mp.log(mp.fsum(masses) / a) for a in masses)


def contains(enclosure, i, value):
    return mp.mpf(float(enclosure.lo[i])) <= value <= mp.mpf(float(enclosure.hi[i]))


@pytest.mark.parametrize("point", POINTS[:25])
def test_pointwise_entries_contain_their_fifty_digit_values(point):
    """The largest tree among all of them, listed."""
    x = line_and_point(**point)
    K = len(x.log_a)
    with mp.workdps(50):
        a = [mp.exp(mp.mpf(float(value))) for value in x.log_a]
        phi = {(k, l): h(a[k], a[l]) for k in range(K) for l in range(k + 1, K)}
        tree = max(mp.fsum(phi[min(e), max(e)] for e in edges) for edges in spanning_trees(K))
        low, high = left(x), right(x)
        assert contains(low, 2, mp.log(tree))
        assert contains(low, 3, mp.log(h(*a)))
        assert contains(high, 3, mp.log(mp.fsum(phi.values())))
        assert tree <= h(*a) * (1 + mp.mpf(10) ** -45)
        assert h(*a) <= mp.fsum(phi.values()) * (1 + mp.mpf(10) ** -45)


def test_line_example_of_known_value():
    x = line_and_point(**EXAMPLE)
    low, high = left(x), right(x)
    for enclosure, i, value in (
        (low, 0, 0.3473581142060195),
        (low, 1, 0.3475896581714412966557),
        (high, 1, 0.3557690427999134),
    ):
        assert enclosure.lo[i] <= np.log(value) + 1e-14
        assert enclosure.hi[i] >= np.log(value) - 1e-14


def test_unequal_variances_of_known_value():
    # pair gaps .205174431318368631, .155630264726502085, .200326746934826986: mpmath quadrature of φ, 30 digits
    point = EXAMPLE | {"logits": np.log([0.3, 0.3, 0.4]), "mean": [[0.0], [0.3], [0.8]], "sd": [[1.0], [0.5], [2.0]]}
    low, high = left(line_and_point(**point)), right(line_and_point(**point))
    assert np.exp(low.lo[:2]) == pytest.approx([0.405501178253195617, 0.47296759709336], rel=1e-9)
    assert np.exp(high.lo[1]) == pytest.approx(0.561131442980, rel=1e-9)


def test_entropy_of_the_mixture_by_mpmath_lies_in_the_enclosure_of_the_gap():
    with mp.workdps(25):
        parts = [(mp.mpf(w), mp.mpf(c)) for w, c in (("0.2", 0), ("0.5", 2), ("0.3", 5))]

        def integrand(y):
            return h(*(w * mp.npdf(y, c, 1) for w, c in parts))

        value = mp.quad(integrand, [-12, -4, -2, 0, 1, 2, 3, 4, 5, 7, 9, 17])
        assert contains(left(line_and_point(**EXAMPLE)), 1, mp.log(value))


@pytest.mark.parametrize("K", range(2, 7))
def test_there_are_as_many_trees_as_cayley_says(K):
    trees = {frozenset(map(frozenset, tree)) for tree in spanning_trees(K)}
    assert len(trees) == K ** (K - 2)
    assert all(len(tree) == K - 1 for tree in trees)


def test_the_largest_tree_is_the_largest_of_all():
    rng = np.random.default_rng(0)
    for _ in range(40):
        K = int(rng.integers(2, 6))
        log_gaps = 10 * rng.normal(size=(K, K))
        log_gaps = log_gaps + log_gaps.T
        best = max(np.logaddexp.reduce([log_gaps[e] for e in tree]) for tree in spanning_trees(K))
        assert log_max_tree(log_gaps) == pytest.approx(best, rel=1e-13, abs=1e-13)
