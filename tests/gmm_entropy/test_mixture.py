import numpy as np
import pytest
from scipy.special import logsumexp
from scipy.stats import multivariate_normal

from bounds.gmm_entropy.mixture import (
    entropy_approximation,
    log_components,
    log_density,
    mixture,
    pair_spectrum,
    sample,
)


def random_mixture(K, m, seed=0, spread=1.0, ridge=0.1):
    rng = np.random.default_rng(seed)
    factor = rng.normal(size=(K, m, m))
    return (
        rng.dirichlet(np.ones(K)),
        spread * rng.normal(size=(K, m)),
        factor @ factor.transpose(0, 2, 1) / m + ridge * np.eye(m),
    )


@pytest.mark.parametrize(("K", "m", "N"), [(1, 1, 7), (2, 2, 20_000), (3, 5, 333), (4, 17, 100), (8, 40, 50)])
@pytest.mark.parametrize("spread", [1.0, 1e4])
def test_density_agrees_with_scipy(K, m, N, spread):
    w, mu, cov = random_mixture(K, m, spread=spread)
    x = sample(w, mu, cov, N, np.random.default_rng(1))
    reference = np.stack([np.log(w[k]) + multivariate_normal(mu[k], cov[k]).logpdf(x).reshape(N) for k in range(K)], axis=1)
    np.testing.assert_allclose(log_components(w, mu, cov, x), reference, rtol=1e-11, atol=1e-11)
    np.testing.assert_allclose(log_density(w, mu, cov, x), logsumexp(reference, axis=1), rtol=1e-11, atol=1e-11)


def test_density_is_right_to_twelve_digits_where_the_means_are_a_million_sds_apart():
    import mpmath as mp

    mu, sd = [0.0, 1e6], [1.0, 0.25]
    x = [0.3, 1e6 + 0.125, 4e5, -7.0]
    value = log_density([0.25, 0.75], np.array(mu)[:, None], np.array(sd)[:, None, None] ** 2, np.array(x)[:, None])
    with mp.workdps(40):
        for point, ours in zip(x, value, strict=True):
            parts = zip((0.25, 0.75), mu, sd, strict=True)
            q = mp.fsum(w * mp.exp(-(((point - mp.mpf(c)) / s) ** 2) / 2) / (s * mp.sqrt(2 * mp.pi)) for w, c, s in parts)
            assert abs(ours / mp.log(q) - 1) < 1e-12


def test_no_points_give_no_densities():
    w, mu, cov = random_mixture(2, 3)
    assert log_density(w, mu, cov, np.empty((0, 3))).shape == (0,)


def test_entropy_approximation_of_the_line_example():
    value = entropy_approximation((0.2, 0.5, 0.3), [[0], [2], [5]], np.ones((3, 1, 1)))
    assert value == pytest.approx(2.4485915472692463, abs=1e-14)


def test_entropy_approximation_moves_with_the_unit_of_length():
    w, mu, cov = random_mixture(3, 4)
    moved = entropy_approximation(w, 1e3 * mu, 1e6 * cov)
    assert moved == pytest.approx(entropy_approximation(w, mu, cov) + 4 * np.log(1e3), rel=1e-13)


def test_a_thousand_dimensions_do_not_overflow():
    assert np.isfinite(entropy_approximation([1.0], np.zeros((1, 1000)), 1e-3 * np.eye(1000)[None]))


@pytest.mark.parametrize("m", [1, 2, 7])
def test_pair_spectrum_diagonalises_both_covariances(m):
    _, mu, cov = random_mixture(2, m, seed=m)
    lam, d = pair_spectrum(mu[0], cov[0], mu[1], cov[1])
    s, shift = 0.3, mu[1] - mu[0]
    blend = s * cov[0] + (1 - s) * cov[1]
    assert np.sum(d * d / (s + (1 - s) * lam)) == pytest.approx(shift @ np.linalg.solve(blend, shift), rel=1e-11)
    assert np.prod(lam) == pytest.approx(np.linalg.det(cov[1]) / np.linalg.det(cov[0]), rel=1e-11)


def test_pair_spectrum_keeps_small_eigenvalues_of_ill_conditioned_pairs():
    rng = np.random.default_rng(0)
    turn, _ = np.linalg.qr(rng.normal(size=(2, 2)))
    first, second = turn @ np.diag([1.0, 1e8]) @ turn.T, turn @ np.diag([1e8, 1.0]) @ turn.T
    lam, _ = pair_spectrum([0, 0], first, [1, 1], second)
    np.testing.assert_allclose(np.sort(lam), [1e-8, 1e8], rtol=1e-7)


def test_sample_has_the_moments_of_the_mixture():
    w, mu, cov = random_mixture(3, 2)
    x = sample(w, mu, cov, 200_000, np.random.default_rng(0))
    mean = w @ mu
    second = np.einsum("k,kij->ij", w, cov) + np.einsum("k,ki,kj->ij", w, mu - mean, mu - mean)
    np.testing.assert_allclose(x.mean(axis=0), mean, atol=0.02)  # six standard errors are 0.02
    np.testing.assert_allclose(np.cov(x.T), second, atol=0.06)


GOOD = ([0.5, 0.5], [[0.0], [1.0]], [[[1.0]], [[1.0]]])


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({0: [0.5, 0.4]}, "sum to 0.9"),
        ({0: [1.5, -0.5]}, r"w\[1\] = -0.5 is not a positive weight"),
        ({0: [1.0, 0.0]}, r"w\[1\] = 0 is not a positive weight"),
        ({0: [np.nan, 0.5]}, "w holds a NaN"),
        ({0: []}, "K >= 1"),
        ({0: ["a", "b"]}, "real numbers"),
        ({1: [0.0, 1.0]}, r"mu must have shape \(2, m\)"),
        ({1: [[0.0], [np.inf]]}, r"mu holds a NaN or an infinity at index \(1, 0\)"),
        ({1: [[0.0], [1.0, 2.0]]}, "ragged"),
        ({2: [[1.0], [1.0]]}, r"cov must have shape \(2, 1, 1\)"),
        ({2: [[[1.0]], [[-1.0]]]}, r"cov\[1\] is not positive definite"),
        ({2: [[[1.0]], [[0.0]]]}, r"cov\[1\] is not positive definite"),
        ({1: [[0, 0], [1, 1]], 2: [np.eye(2), [[1, 0.5], [0, 1]]]}, r"cov\[1\] is not symmetric"),
        ({1: [[0, 0], [1, 1]], 2: [np.eye(2), [[1, 2], [2, 1]]]}, r"cov\[1\] is not positive definite"),
        ({1: [[0, 0], [1, 1]], 2: [np.eye(2), np.diag([1, 1e-11])]}, r"cov\[1\] has condition number 1e\+11"),
    ],
)
def test_bad_input_is_named_in_one_sentence(change, says):
    arguments = [change.get(i, value) for i, value in enumerate(GOOD)]
    with pytest.raises(ValueError, match=says):
        mixture(*arguments)


def test_points_of_the_wrong_dimension_are_refused():
    with pytest.raises(ValueError, match=r"x must have shape \(N, 1\)"):
        log_density(*GOOD, np.zeros((3, 2)))
