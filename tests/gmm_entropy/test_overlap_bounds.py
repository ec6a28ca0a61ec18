import numpy as np
import pytest

from bounds.gmm_entropy.overlap_bounds import (
    log_bhattacharyya_bound,
    log_chernoff_bound,
    log_overlap,
    log_renyi_bound,
    log_separation_bound,
)
from bounds.gmm_entropy.sandwich import log_gap_sandwich

LINE = ((0.2, 0.5, 0.3), [[0.0], [2.0], [5.0]], np.ones((3, 1, 1)))


def test_line_example():
    assert np.exp(log_overlap(*LINE)) == pytest.approx(0.3283015023040368, abs=1e-15)
    assert np.exp(log_bhattacharyya_bound(*LINE)) == pytest.approx(0.455122521391, abs=1e-12)
    assert np.exp(log_renyi_bound(*LINE)) == pytest.approx(0.504769122900, abs=1e-12)


def test_equal_weights_coincident_components_are_exact():
    for K in (2, 3, 10):
        same = (np.full(K, 1 / K), np.zeros((K, 2)), np.repeat(np.eye(2)[None], K, axis=0))
        assert np.exp(log_renyi_bound(*same)) == pytest.approx(np.log(K), rel=1e-14)
    pair = ([0.5, 0.5], np.zeros((2, 1)), np.ones((2, 1, 1)))
    assert np.exp(log_bhattacharyya_bound(*pair)) == pytest.approx(np.log(2), rel=1e-14)


def pair_at(delta, a=0.5, sd=1.0):
    return [a, 1 - a], [[0.0], [float(delta)]], [[[1.0]], [[sd * sd]]]


@pytest.mark.parametrize(("delta", "decades"), [(8, 0.395), (16, 0.660), (32, 0.951), (64, 1.249)])
def test_headline_looseness_of_the_bhattacharyya_bound(delta, decades):
    from bounds.gmm_entropy.pair_gap import log_pair_gap

    loose = log_bhattacharyya_bound(*pair_at(delta)) - log_pair_gap(0.5, 0.5, [1.0], [float(delta)])
    assert loose / np.log(10) == pytest.approx(decades, abs=5e-4)


def test_chain_of_bounds_on_random_mixtures():
    rng = np.random.default_rng(0)
    for seed in range(10):
        K, m = int(rng.integers(2, 5)), int(rng.integers(1, 4))
        factor = rng.normal(size=(K, m, m))
        case = (rng.dirichlet(np.ones(K)), 4 * rng.normal(size=(K, m)), factor @ factor.transpose(0, 2, 1) + 0.1 * np.eye(m))
        pair_sum = log_gap_sandwich(*case).hi
        tilt = rng.uniform(0.01, 0.99, (K, K))
        assert pair_sum <= log_bhattacharyya_bound(*case) + 1e-9, seed
        assert log_bhattacharyya_bound(*case) <= log_separation_bound(*case) + 1e-9
        assert pair_sum <= log_chernoff_bound(*case) + 1e-9
        assert pair_sum <= log_chernoff_bound(*case, tilt) + 1e-9
        assert log_gap_sandwich(*case).lo <= log_renyi_bound(*case)


def test_chernoff_at_one_half_is_bhattacharyya():
    assert log_chernoff_bound(*pair_at(3, 0.2, 4.0), 0.5) == pytest.approx(
        log_bhattacharyya_bound(*pair_at(3, 0.2, 4.0)), abs=1e-14
    )


def test_nothing_underflows_far_apart():
    assert log_bhattacharyya_bound(*pair_at(1000)) == pytest.approx(-125_000 + np.log(np.log(2)), rel=1e-14)
    assert log_renyi_bound(*pair_at(1000)) == pytest.approx(-125_000, rel=1e-14)


def test_exp_minus_half_alpha_squared_needs_c_t_when_covariances_differ():
    case = pair_at(2020, 0.001, 100.0)
    too_small = np.log(2 * np.log(2)) + 0.5 * np.log(0.001 * 0.999) - 20**2 / 2
    assert too_small == pytest.approx(np.log(6.06376e-89), abs=1e-5)
    assert too_small < log_gap_sandwich(*case).lo < np.log(2.0515e-87) < log_chernoff_bound(*case)


def test_one_component_has_no_overlap():
    one = ([1.0], [[0.0]], [[[1.0]]])
    bounds = (log_bhattacharyya_bound, log_chernoff_bound, log_renyi_bound, log_separation_bound)
    assert [f(*one) for f in bounds] == [-np.inf] * 4


def test_wrong_tilts_are_refused():
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        log_chernoff_bound(*LINE, 1.0)
    with pytest.raises(ValueError, match=r"shape \(3, 3\)"):
        log_chernoff_bound(*LINE, [0.5, 0.5])
