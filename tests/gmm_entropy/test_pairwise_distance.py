import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from bounds.gmm_entropy.mixture import entropy_approximation, log_density
from bounds.gmm_entropy.pairwise_distance import elk_bound, huber_h0, huber_h2, kolchinsky_tracey, log_kolchinsky_tracey
from bounds.gmm_entropy.sandwich import log_gap_sandwich

LINE = ((0.2, 0.5, 0.3), [[0.0], [2.0], [5.0]], np.ones((3, 1, 1)))


def random_case(seed, spread=3.0):
    rng = np.random.default_rng(seed)
    K, m = int(rng.integers(2, 5)), int(rng.integers(1, 4))
    factor = rng.normal(size=(K, m, m))
    return rng.dirichlet(np.ones(K)), spread * rng.normal(size=(K, m)), factor @ factor.transpose(0, 2, 1) + 0.2 * np.eye(m)


def test_line_example():
    lower, upper = kolchinsky_tracey(*LINE)
    assert lower == pytest.approx(0.0933024507435, abs=1e-13)
    assert upper == pytest.approx(0.506545144338, abs=1e-12)
    assert huber_h0(*LINE) == pytest.approx(1.85528909652573, abs=1e-14)
    assert huber_h2(*LINE) == pytest.approx(2.19218161060154, abs=1e-14)
    assert elk_bound(*LINE) == pytest.approx(2.02007969096347, abs=1e-14)


def test_coincident_components_are_exact_from_both_sides():
    w = np.array([0.2, 0.5, 0.3])
    same = (w, np.zeros((3, 2)), np.repeat(np.eye(2)[None], 3, axis=0))
    assert kolchinsky_tracey(*same) == pytest.approx((-(w @ np.log(w)),) * 2, rel=1e-14)


def test_ends_of_t_give_the_entropy_of_the_weights():
    w = np.array(LINE[0])
    for t in (0.0, 1.0):
        assert kolchinsky_tracey(*LINE, t)[1] == pytest.approx(-(w @ np.log(w)), rel=1e-14)


def test_swapped_arguments_of_the_divergence_would_be_wrong():
    # 9.675e-3 is the lower "bound" with KL(N_j || N_k), above the gap 2.487e-3
    case = ([0.99, 0.01], [[0.0], [3.0]], [[[1.0]], [[1e4]]])
    lower, upper = kolchinsky_tracey(*case)
    assert lower <= np.exp(log_gap_sandwich(*case).hi)
    assert lower < 2.487e-3 < upper


@pytest.mark.parametrize("seed", range(8))
def test_gap_lies_between_for_every_t(seed):
    case = random_case(seed)
    ends = log_gap_sandwich(*case)
    for t in (0.1, 0.5, 0.9):
        lower, upper = kolchinsky_tracey(*case, t)
        assert lower <= np.exp(ends.hi)
        assert np.exp(ends.lo) <= upper


@pytest.mark.parametrize("seed", range(4))
def test_the_divergences_and_overlaps_are_those_of_the_densities(seed):
    """One ordered pair at a time, from the textbook formulas in the original coordinates."""
    w, mu, cov = random_case(seed)
    K, m = mu.shape
    divergence, overlap = np.zeros((K, K)), np.zeros((K, K))
    for k in range(K):
        for j in range(K):
            shift, inverse = mu[j] - mu[k], np.linalg.inv(cov[j])
            log_ratio = np.linalg.slogdet(cov[j])[1] - np.linalg.slogdet(cov[k])[1]
            divergence[k, j] = 0.5 * (np.trace(inverse @ cov[k]) - m + log_ratio + shift @ inverse @ shift)
            t = 0.3  # of N_k^t N_j^(1-t)
            blend = (1 - t) * cov[k] + t * cov[j]
            log_dets = [np.linalg.slogdet(c)[1] for c in (cov[k], cov[j], blend)]
            quadratic = t * (1 - t) * shift @ np.linalg.solve(blend, shift)
            overlap[k, j] = 0.5 * ((1 - t) * log_dets[0] + t * log_dets[1] - log_dets[2] - quadratic)
    ratio = np.log(w) - np.log(w)[:, None]
    expected = [w @ logsumexp(ratio + value, axis=1) for value in (-divergence, overlap)]
    assert kolchinsky_tracey(w, mu, cov, 0.3) == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("seed", range(4))
def test_second_order_estimate_by_finite_differences(seed):
    w, mu, cov = random_case(seed, spread=1.0)
    m, total = mu.shape[1], 0.0
    for k in range(len(w)):
        root, e = np.linalg.cholesky(cov[k]), 1e-3
        around = np.concatenate([mu[k] + e * root.T, mu[k] - e * root.T])
        values, centre = log_density(w, mu, cov, around), log_density(w, mu, cov, mu[k][None])[0]
        total -= w[k] * (centre + 0.5 * (values.sum() - 2 * m * centre) / e**2)
    assert huber_h2(w, mu, cov) == pytest.approx(total, abs=1e-5)


def test_elk_is_below_the_entropy_and_off_by_its_limit_when_separated():
    for seed in range(5):
        case = random_case(seed)
        assert elk_bound(*case) <= entropy_approximation(*case)
    m, far = 4, ([0.5, 0.5], np.array([np.zeros(4), np.full(4, 100.0)]), np.repeat(np.eye(4)[None], 2, axis=0))
    H = entropy_approximation(*far)
    assert H - elk_bound(*far) == pytest.approx(m / 2 * (1 - np.log(2)), rel=1e-12)
    assert H - huber_h0(*far) == pytest.approx(m / 2, rel=1e-12)
    assert huber_h2(*far) == pytest.approx(H, rel=1e-12)


def test_elk_is_the_overlap_of_densities():
    w, mu, cov = random_case(1)
    by_scipy = [[w[j] * multivariate_normal(mu[j], cov[k] + cov[j]).pdf(mu[k]) for j in range(len(w))] for k in range(len(w))]
    assert elk_bound(w, mu, cov) == pytest.approx(-(w @ np.log(np.sum(by_scipy, axis=1))), rel=1e-12)


def test_one_component():
    one = ([1.0], [[0.0]], [[[4.0]]])
    assert kolchinsky_tracey(*one) == (0.0, 0.0)
    assert huber_h2(*one) == pytest.approx(entropy_approximation(*one))


def test_far_apart_both_bounds_are_tiny_and_not_rounded_to_the_weights():
    far = ([0.5, 0.5], [[0.0], [40.0]], np.ones((2, 1, 1)))
    lower, upper = log_kolchinsky_tracey(*far)
    assert lower == pytest.approx(-800, rel=1e-14)
    assert upper == pytest.approx(-200, rel=1e-14)
    assert lower < np.log(8.624417142257401656938e-89) < upper
    assert kolchinsky_tracey(*far)[1] == pytest.approx(np.exp(-200), rel=1e-12)


def test_t_out_of_range_is_refused():
    for t in (-0.1, 1.1, np.nan):
        with pytest.raises(ValueError, match="t must lie between 0 and 1"):
            kolchinsky_tracey(*LINE, t)
