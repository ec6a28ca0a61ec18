import mpmath as mp
import numpy as np
import pytest

from bounds.gmm_entropy.gradient import KAPPA, gap_gradient_bounds, gap_gradient_on_line
from bounds.gmm_entropy.line import gap_on_line, gap_on_plane
from bounds.gmm_entropy.mixture import pair_spectrum
from bounds.gmm_entropy.pair_gap import log_pair_gap

UNEQUAL = np.array([0.3, 0.3, 0.4]), np.array([0.0, 1.5, 4.0]), np.array([1.0, 0.25, 4.0])


def drawn(rng, K):
    return rng.dirichlet(np.ones(K)), 2 * rng.normal(size=K), 10 ** rng.uniform(-1, 1, K)


def slope(f, x, h):
    """Fourth-order central difference at the point x, along each coordinate."""
    steps = h * np.eye(len(x))
    return np.array([(8 * (f(x + e) - f(x - e)) - (f(x + 2 * e) - f(x - 2 * e))) / (12 * h) for e in steps])


def pair_gap(a, mu, cov):
    return np.exp(log_pair_gap(a, 1 - a, *pair_spectrum(mu[0], cov[0], mu[1], cov[1])))


def test_the_known_gradient_on_the_line():
    found = gap_gradient_on_line(*UNEQUAL)
    assert found.mean == pytest.approx([0.180791978, -0.056371161, -0.124420817], abs=1e-9)
    assert found.sd == pytest.approx([0.166648928, 0.365773061, 0.116352276], abs=1e-9)
    assert found.weight == pytest.approx([0.499441876, 0.501880732, 0.431427037], abs=1e-9)


@pytest.mark.parametrize("K", [2, 3, 4])
def test_the_gradient_is_the_slope_of_the_gap(K):
    rng = np.random.default_rng(K)
    w, mu, var = drawn(rng, K)
    found, sd = gap_gradient_on_line(w, mu, var), np.sqrt(var)
    assert found.mean == pytest.approx(slope(lambda x: gap_on_line(w, x, var), mu, 1e-3), abs=1e-9)
    assert found.sd == pytest.approx(slope(lambda x: gap_on_line(w, mu, x * x), sd, 2e-4), abs=1e-9)
    by_weight = slope(lambda x: x.sum() * gap_on_line(x / x.sum(), mu, var), w, 1e-4)  # the gap is homogeneous in w
    assert found.weight == pytest.approx(by_weight, abs=1e-8)


def test_weights_times_their_derivatives_are_the_gap_and_moving_or_scaling_all_changes_nothing():
    rng = np.random.default_rng(7)
    for _ in range(10):
        w, mu, var = drawn(rng, int(rng.integers(2, 5)))
        found = gap_gradient_on_line(w, mu, var)
        assert found.weight @ w == pytest.approx(gap_on_line(w, mu, var), rel=1e-12)
        assert abs(found.mean.sum()) < 1e-12
        assert abs(found.mean @ mu + found.sd @ np.sqrt(var)) < 1e-12


def test_two_components_of_one_variance_have_the_closed_form():
    a, delta = 0.3, 1.7
    L = mp.log(mp.mpf(a) / (1 - mp.mpf(a)))
    mean = mp.quad(lambda y: mp.npdf(y) / (2 * mp.cosh((delta * y - L) / 2)), mp.linspace(-12, 12, 13))
    expected = float(delta * mp.sqrt(a * (1 - a)) * mp.exp(-(delta**2) / 8) * mean)
    found = gap_gradient_on_line([a, 1 - a], [0, delta], [1, 1]).mean
    assert found == pytest.approx([expected, -expected], rel=1e-12)


def test_the_gap_of_close_halves_moves_almost_as_fast_as_the_bound_and_faster_than_half_of_it():
    found = gap_gradient_on_line([0.5, 0.5], [0, 0.1], [1, 1]).mean
    bound = gap_gradient_bounds([0.5, 0.5], [[0], [0.1]], [[[1]], [[1]]]).mean
    assert found[0] == pytest.approx(0.0249377, abs=1e-7)
    assert bound[0] / 2 == pytest.approx(0.0124844, abs=1e-7)
    assert bound[0] / 2 < found[0] < bound[0]
    closer = gap_gradient_on_line([0.5, 0.5], [0, 1e-3], [1, 1]).mean[0]
    assert closer / gap_gradient_bounds([0.5, 0.5], [[0], [1e-3]], [[[1]], [[1]]]).mean[0] > 1 - 1e-6


def test_light_and_far_components_keep_the_relative_accuracy_of_the_derivative_by_weight():
    found = gap_gradient_on_line([1e-12, 1 - 1e-12], [0, 6], [1, 1])
    truth = mp.quad(
        lambda x: mp.npdf(x) * mp.log1p((mp.mpf(10) ** 12 - 1) * mp.exp(6 * x - 18)), [-12, -6, -3, -1.6, 0, 1, 3, 6, 12]
    )
    assert found.weight[0] == pytest.approx(float(truth), rel=1e-11)
    heavy = gap_gradient_on_line([0.5, 0.5], [0, 50], [1, 4]).weight
    assert np.all(heavy > 0)
    assert 0.5 * heavy.sum() == pytest.approx(gap_on_line([0.5, 0.5], [0, 50], [1, 4]), rel=1e-12)


def test_weights_of_1e_80_and_widths_of_any_ratio_neither_stall_nor_break_eulers_identity():
    rng = np.random.default_rng(12)
    for i in range(60):
        K = int(rng.integers(2, 7))
        w = np.exp(rng.uniform(-200 if i % 2 else -8, 0, K))
        w /= w.sum()
        mu, var = rng.normal(size=K) * 10 ** rng.uniform(-3, 4), 10 ** rng.uniform(-8, 8, K)
        gap = gap_on_line(w, mu, var)
        assert abs(gap_gradient_on_line(w, mu, var).weight @ w - gap) <= 1e-11 * gap + 1e-290


def test_on_the_line_every_derivative_lies_below_its_bound():
    rng = np.random.default_rng(8)
    for _ in range(30):
        w, mu, var = drawn(rng, int(rng.integers(2, 5)))
        found, bound = gap_gradient_on_line(w, mu, var), gap_gradient_bounds(w, mu[:, None], var[:, None, None])
        assert np.all(np.abs(found.mean) <= bound.mean * (1 + 1e-12))
        assert np.all(np.abs(found.sd) <= bound.factor * (1 + 1e-12))
        assert np.all((found.weight >= 0) & (found.weight <= bound.weight * (1 + 1e-12)))


def test_on_the_plane_the_slopes_in_the_means_lie_below_their_bound():
    rng = np.random.default_rng(9)
    w, mu, eye = rng.dirichlet(np.ones(3)), 1.5 * rng.normal(size=(3, 2)), np.repeat(np.eye(2)[None], 3, axis=0)
    gradient = slope(lambda x: gap_on_plane(w, x.reshape(3, 2)), mu.ravel(), 1e-3).reshape(3, 2)
    bound = gap_gradient_bounds(w, mu, eye).mean
    norm = np.linalg.norm(gradient, axis=1)
    assert np.all(norm <= bound)
    assert np.all(norm > 0.2 * bound)


def test_in_three_dimensions_the_slopes_of_a_pair_lie_below_their_bounds():
    rng = np.random.default_rng(10)
    for _ in range(4):
        factor, mu, a = rng.normal(size=(2, 3, 3)) + 2 * np.eye(3), rng.normal(size=(2, 3)), rng.uniform(0.1, 0.9)
        cov = factor @ factor.transpose(0, 2, 1)
        bound = gap_gradient_bounds([a, 1 - a], mu, cov)
        by_mean = slope(lambda x, cov=cov, a=a: pair_gap(a, x.reshape(2, 3), cov), mu.ravel(), 1e-2).reshape(2, 3)

        def moved(x, mu=mu, a=a):
            gamma = x.reshape(2, 3, 3)
            return pair_gap(a, mu, gamma @ gamma.transpose(0, 2, 1))

        by_factor = slope(moved, factor.ravel(), 1e-2).reshape(2, 9)
        for gradient, limit in ((by_mean, bound.mean), (by_factor, bound.factor)):
            norm = np.linalg.norm(gradient, axis=1)
            assert np.all(norm <= limit)
            assert np.all(norm > 0.02 * limit)


def test_the_bounds_are_their_definition_by_means_and_covariances_of_the_midpoint():
    rng = np.random.default_rng(11)
    K, m = 3, 4
    factor, mu, w = rng.normal(size=(K, m, m)) + 2 * np.eye(m), rng.normal(size=(K, m)), rng.dirichlet(np.ones(K))
    cov = factor @ factor.transpose(0, 2, 1)
    P, bound = np.linalg.inv(cov), gap_gradient_bounds(w, mu, cov)
    for k in range(K):
        by_mean = by_factor = by_weight = 0.0
        for j in set(range(K)) - {k}:
            S = np.linalg.inv((P[k] + P[j]) / 2)
            middle = S @ (P[k] @ mu[k] + P[j] @ mu[j]) / 2
            nu, D = P[k] @ (middle - mu[k]) - P[j] @ (middle - mu[j]), P[k] - P[j]
            M = (cov[k] + cov[j]) / 2
            away = mu[k] - mu[j]
            bc = (np.linalg.det(cov[k]) * np.linalg.det(cov[j])) ** 0.25 / np.sqrt(np.linalg.det(M))
            bc *= np.exp(-away @ np.linalg.solve(M, away) / 8)
            inverse = np.linalg.inv(factor[k])
            score = np.sqrt(nu @ nu + np.trace(D @ S @ D))
            reach = np.sqrt(np.sum((inverse @ (middle - mu[k])) ** 2) + np.trace(inverse @ S @ inverse.T))
            by_mean += 0.5 * np.sqrt(w[k] * w[j]) * bc * score
            by_factor += 0.5 * np.sqrt(w[k] * w[j]) * bc * score * reach
            by_weight += KAPPA * np.sqrt(w[j] / w[k]) * bc
        assert bound.mean[k] == pytest.approx(by_mean, rel=1e-10)
        assert bound.factor[k] == pytest.approx(by_factor, rel=1e-10)
        assert bound.weight[k] == pytest.approx(min(by_weight, -np.log(w[k])), rel=1e-10)


def test_kappa_is_the_maximum_of_its_function():
    with mp.workdps(30):
        at = mp.findroot(lambda x: 2 * x - (1 + x) * mp.log1p(x), 3.9)
        value = mp.log1p(at) / mp.sqrt(at)
        assert 0 <= mp.mpf(KAPPA) - value < mp.mpf("2e-16")


def test_one_component_has_no_gap_to_move():
    assert gap_gradient_on_line([1.0], [0.0], [2.0]) == (0.0, 0.0, 0.0)
    assert gap_gradient_bounds([1.0], [[0.0, 1.0]], np.eye(2)[None]) == (0.0, 0.0, 0.0)


def test_bad_input_gets_one_sentence():
    with pytest.raises(ValueError, match="vectors of one length"):
        gap_gradient_on_line([0.5, 0.5], [[0], [1]], [1, 1])
    with pytest.raises(ValueError, match="sum to"):
        gap_gradient_bounds([0.5, 0.6], [[0], [1]], [[[1]], [[1]]])
