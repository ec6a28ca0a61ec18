import numpy as np
import pytest
from scipy.stats import multivariate_normal

from bounds.gmm_entropy import importance
from bounds.gmm_entropy.importance import gap_importance_sample, log_gap_sampled, relative_variance_bound
from bounds.gmm_entropy.mixture import entropy_approximation, entropy_monte_carlo, mixture
from bounds.gmm_entropy.pair_gap import log_pair_gap
from bounds.gmm_entropy.sandwich import log_gap_sandwich

LINE = ((0.2, 0.5, 0.3), [[0.0], [2.0], [5.0]], np.ones((3, 1, 1)))
LINE_GAP = 0.3475896581714412966557
HARD = ([0.001, 0.999], [[0.0], [2020.0]], [[[1.0]], [[1e4]]])  # 2 ln2 S / G = 1.5e40
HARD_LOG_GAP = -199.60637766338357  # log of the proved ball 2.05140603155e-87


def pair_at(delta):
    return [0.5, 0.5], [[0.0], [float(delta)]], np.ones((2, 1, 1))


def test_the_mean_is_the_gap():
    for t in (None, 0.3, "saddle", np.full((3, 3), 0.6)):
        log_s, psi, _ = gap_importance_sample(*LINE, 200_000, np.random.default_rng(0), t)
        z = (np.exp(log_s) * psi.mean() - LINE_GAP) / (np.exp(log_s) * psi.std() / np.sqrt(len(psi)))
        assert abs(z) < 5, t


@pytest.mark.parametrize("t", [None, 0.3, "saddle"])
def test_the_density_of_the_draws_is_the_sum_of_the_pair_terms(t):
    """Mean, factor and probability of every pair at once: the mixture that is drawn from, against B/S, at any point."""
    rng = np.random.default_rng(11)
    for m in (1, 3):
        factor = rng.normal(size=(3, m, m + 2))
        q = mixture(rng.dirichlet(np.ones(3)), 2 * rng.normal(size=(3, m)), factor @ factor.transpose(0, 2, 1) / m)
        tilt = importance._tilts(t, q)
        log_terms = importance._log_terms(q, tilt)
        mean, root = importance._proposals(q, tilt)
        x = 3 * rng.normal(size=(20, m))
        drawn = np.logaddexp.reduce(
            [p + multivariate_normal(c, r @ r.T).logpdf(x) for p, c, r in zip(log_terms, mean, root, strict=True)]
        )
        log_a = np.array([np.log(w) + multivariate_normal(c, s).logpdf(x) for w, c, s in zip(q.w, q.mu, q.cov, strict=True)])
        k, l = q.pairs
        assert drawn == pytest.approx(np.logaddexp.reduce((1 - tilt)[:, None] * log_a[k] + tilt[:, None] * log_a[l]), abs=1e-9)


def test_psi_is_bounded_and_positive_even_for_gaps_of_1e_3000():
    for delta in (0.0, 1.0, 75.0, 240.0):
        log_s, psi, bound = gap_importance_sample(*pair_at(delta), 20_000, np.random.default_rng(1))
        assert bound == pytest.approx(2 * np.log(2), rel=1e-15)
        assert psi.min() > 0
        assert psi.max() <= bound * (1 + 1e-12)
        assert log_s + np.log(psi.mean()) == pytest.approx(log_pair_gap(0.5, 0.5, [1.0], [delta]), abs=0.2)
    assert log_s < -3000 * 2.3


@pytest.mark.parametrize(("delta", "R"), [(1, 0.0043), (4, 0.20), (20, 2.7), (75, 12.6)])
def test_relative_variance_for_equal_covariances(delta, R):
    _, psi, _ = gap_importance_sample(*pair_at(delta), 400_000, np.random.default_rng(2))
    assert psi.var() / psi.mean() ** 2 == pytest.approx(R, rel=0.05)
    assert relative_variance_bound(*pair_at(delta)) > R


def test_wrong_tilt_is_noticed_before_sampling():
    assert relative_variance_bound(*HARD) == pytest.approx(1.5e40, rel=0.05)
    log_s, psi, bound = gap_importance_sample(*HARD, 200_000, np.random.default_rng(0), None)
    looks_fine = np.sqrt(psi.var() / psi.mean() ** 2 / len(psi))
    assert log_s + np.log(psi.mean()) < HARD_LOG_GAP - 1  # wrong by a factor of six ...
    assert looks_fine < 0.1  # ... with an innocent standard error
    assert psi.max() < 1e-30 * bound


def test_saddle_tilt_repairs_it():
    for distance, R in ((2020.0, 0.37), (1000.0, 0.09)):
        case = (HARD[0], [[0.0], [distance]], HARD[2])
        log_s, psi, bound = gap_importance_sample(*case, 100_000, np.random.default_rng(0), "saddle")
        assert psi.var() / psi.mean() ** 2 == pytest.approx(R, abs=0.02)
        assert psi.max() <= bound * (1 + 1e-12)
        assert relative_variance_bound(*case, "saddle") < 2
        ends = log_gap_sandwich(*case)
        assert log_s + np.log(psi.mean()) == pytest.approx((ends.lo + ends.hi) / 2, abs=6 * np.sqrt(R / 1e5))


def test_five_components_with_spreads_up_to_a_hundred_and_a_gap_of_1e_1800():
    sd = np.geomspace(1, 100, 5)
    mu = np.zeros((5, 3))
    mu[:, 0] = 120 * np.arange(5) * sd
    case = (np.full(5, 0.2), mu, (sd**2)[:, None, None] * np.eye(3))
    ends = log_gap_sandwich(*case)
    assert ends.hi < -1800 * 2.3
    found = log_gap_sampled(*case, 40_000, np.random.default_rng(0))
    assert found.lo <= ends.hi
    assert ends.lo <= found.hi
    assert found.hi - found.lo < 1


def test_interval_contains_the_gap_and_says_what_it_risks():
    ends = log_gap_sampled(*LINE, 20_000, np.random.default_rng(0), delta=1e-9)
    assert ends.lo < np.log(LINE_GAP) < ends.hi
    assert ends.hi - ends.lo < 0.05
    assert (ends.trust, ends.risk) == ("sampled", 1e-9)
    hard = log_gap_sampled(*HARD, 20_000, np.random.default_rng(0))
    assert hard.lo < HARD_LOG_GAP < hard.hi
    assert hard.hi - hard.lo < 0.1


def test_a_bad_tilt_widens_the_interval_and_does_not_falsify_it():
    ends = log_gap_sampled(*HARD, 20_000, np.random.default_rng(0), t=0.5)
    assert ends.lo <= HARD_LOG_GAP <= ends.hi
    assert ends.lo == -np.inf


def test_thirty_dimensions_with_full_covariances():
    rng = np.random.default_rng(3)
    factor = rng.normal(size=(4, 30, 30))
    case = (rng.dirichlet(np.ones(4)), 3 * rng.normal(size=(4, 30)), factor @ factor.transpose(0, 2, 1) / 30 + 0.1 * np.eye(30))
    ends, found = log_gap_sandwich(*case), log_gap_sampled(*case, 20_000, rng)
    assert found.lo <= ends.hi
    assert ends.lo <= found.hi
    assert found.hi - found.lo < 0.5


def test_the_draws_are_not_sorted_by_pair():
    _, psi, _ = gap_importance_sample(*LINE, 10_000, np.random.default_rng(0))
    centred = psi - psi.mean()
    correlation = (centred[1:] @ centred[:-1]) / (centred @ centred)
    assert abs(correlation) < 5 / np.sqrt(len(psi))


def test_equal_seeds_give_equal_draws():
    first, second = (gap_importance_sample(*LINE, 100, np.random.default_rng(7)).psi for _ in range(2))
    np.testing.assert_array_equal(first, second)


def test_one_component_has_no_gap_to_sample():
    one = ([1.0], [[0.0]], [[[1.0]]])
    assert log_gap_sampled(*one, 10, np.random.default_rng(0))[:2] == (-np.inf, -np.inf)
    with pytest.raises(ValueError, match="Two components"):
        gap_importance_sample(*one, 10, np.random.default_rng(0))


@pytest.mark.parametrize("t", [0.0, 1.0, "best", [0.5], np.nan])
def test_wrong_tilts_are_refused(t):
    with pytest.raises(ValueError, match="t must"):
        gap_importance_sample(*LINE, 10, np.random.default_rng(0), t)


# ---- naive Monte Carlo of the entropy, for comparison


def test_naive_monte_carlo_contains_the_entropy_of_the_line_example():
    for seed in range(5):
        ends = entropy_monte_carlo(*LINE, 20_000, np.random.default_rng(seed))
        assert ends.lo < 2.101001889097805 < ends.hi
        assert ends.hi - ends.lo < 0.1


def test_naive_monte_carlo_of_one_gaussian_in_many_dimensions():
    for m in (1, 10, 50):
        one = ([1.0], np.zeros((1, m)), 4 * np.eye(m)[None])
        ends = entropy_monte_carlo(*one, 5_000, np.random.default_rng(m))
        assert ends.lo < entropy_approximation(*one) < ends.hi


def test_naive_interval_misses_no_more_often_than_it_says():
    missed = 0
    for seed in range(300):
        ends = entropy_monte_carlo(*LINE, 200, np.random.default_rng(seed), delta=0.1)
        missed += not ends.lo <= 2.101001889097805 <= ends.hi
    assert missed <= 45  # Binomial(300, 0.1) exceeds it with probability 0.3 %; in fact it is far below


def test_naive_monte_carlo_refuses_a_single_sample():
    with pytest.raises(ValueError, match="At least two samples"):
        entropy_monte_carlo(*LINE, 1, np.random.default_rng(0))
