"""Units drawn at random, and means over them (SP-6, SP-7, SP-8)."""

from fractions import Fraction
from itertools import combinations, product
from math import comb, factorial

import mpmath
import numpy as np
import pytest

from bounds import spectral_pruning as sp
from bounds.measure.sampling import binomial_interval
from bounds.spectral_pruning import leverage_draws, leverage_trials, log_free_existence, matched_lambda, mean_loss_is_convex
from bounds.spectral_pruning.covariances import fractions, spectral
from bounds.spectral_pruning.determinantal_means import differences
from bounds.spectral_pruning.fixed_size_means import determinant, mean_residual, sized
from bounds.spectral_pruning.information import spectrum
from bounds.spectral_pruning.on_the_loewner_event import after
from bounds.spectral_pruning.random_subsets import chernoff_rate
from tests.spectral_pruning.oracles import TRIDIAGONAL, best_loss, least_squares_residual, loss, random_covariance


def test_golden_values_of_the_mean_losses() -> None:
    mu = spectrum(TRIDIAGONAL)
    assert [sp.dpp_mean_loss(mu, k) for k in range(4)] == pytest.approx([8, 21 / 4, 20 / 7, 1], rel=1e-12)
    assert sp.dpp_mean_loss(mu, 4) == 0.0
    lam = sp.lambda_for_dof(mu, 2)
    assert 2 * lam == pytest.approx(3.090017795290129, rel=1e-12)
    N = sp.degrees_of_freedom(mu, 0.5)
    assert sp.dpp_mean_loss_interpolated(mu, N) == pytest.approx(1.212400502723083, rel=1e-12)
    assert pytest.approx(1.442815249266862, rel=1e-13) == N / 2


def test_elementary_symmetric_polynomials_are_coefficients() -> None:
    mu = np.array([3.0, 0.5, 2.0, 0.0, 1.0])
    assert sp.elementary_symmetric(mu) == pytest.approx(np.abs(np.poly(-mu)), rel=1e-13)
    assert sp.elementary_symmetric([Fraction(1, 3), Fraction(2)]).tolist() == [1, Fraction(7, 3), Fraction(2, 3)]


def test_mean_losses_far_below_the_range_of_floats() -> None:
    mu = [10.0**-i for i in range(130)]
    with mpmath.workdps(60):
        e = [mpmath.mpf(1)] + [mpmath.mpf(0)] * 130
        for v in mu:
            for k in range(130, 0, -1):
                e[k] += mpmath.mpf(v) * e[k - 1]
        for k in (1, 42, 100, 129):
            assert sp.dpp_mean_loss(mu, k) == pytest.approx(float((k + 1) * e[k + 1] / e[k]), rel=1e-9)


def test_mean_losses_of_the_claim_are_those_of_a_polynomial() -> None:
    mu = mean_loss_is_convex.scaled([3, 0, 7, 1], [2, 0, -3, 0])
    with mpmath.workdps(50):
        coefficients = [mpmath.mpf(1)]
        for v in mu:
            shifted = [mpmath.mpf(0), *(c * v.numerator / v.denominator for c in coefficients)]
            coefficients = [a + b for a, b in zip([*coefficients, 0], shifted, strict=True)]
        for k, phi in enumerate(mean_loss_is_convex.mean_losses(mu)[:3]):
            assert float(phi) == pytest.approx(float((k + 1) * coefficients[k + 1] / coefficients[k]), rel=1e-14)
    assert mean_loss_is_convex.mean_losses(mu)[3:] == [0, 0, 0]


def test_determinantal_means_by_numpy_determinants() -> None:
    x = spectral(mu=[4, 1, 2, Fraction(1, 2)], v=[1, 2, -1, 1], w=[0, 1, 1, 1], lam=Fraction(3, 4))
    Sig, lam = x.Sig.astype(float), 0.75
    total, size, residual = 0.0, 0.0, np.zeros((4, 4))
    for flags in product([0, 1], repeat=4):
        J = [j for j in range(4) if flags[j]]
        p = np.linalg.det(Sig[np.ix_(J, J)] / lam) if J else 1.0
        total, size, residual = total + p, size + p * len(J), residual + p * least_squares_residual(Sig, J, [0] * 4)
    assert total == pytest.approx(np.linalg.det(np.eye(4) + Sig / lam), rel=1e-12)
    mean = sp.dpp_expectations(x.Sig, x.lam)
    assert float(mean["mean_size"]) == pytest.approx(size / total, rel=1e-12)
    assert mean["mean_residual"].astype(float) == pytest.approx(residual / total, abs=1e-12)
    assert sp.dpp_expectations(Sig, lam)["mean_residual"] == pytest.approx(residual / total, abs=1e-12)
    assert [float(v) for v in mean["mean_loss_by_size"]] == pytest.approx(
        [sp.dpp_mean_loss(spectrum(Sig), k) for k in range(5)], abs=1e-12
    )
    assert differences(x).hi.tolist() == [0, 0, 0]  # type: ignore[union-attr]


def test_fixed_size_means_by_numpy_determinants() -> None:
    s = sized(k=2, mu=[4, 1, 2, Fraction(1, 2)], v=[1, 2, -1, 1], w=[0, 1, 1, 1])
    Sig = s.x.Sig.astype(float)
    sets = [list(J) for J in combinations(range(4), 2)]
    weights = [np.linalg.det(Sig[np.ix_(J, J)]) for J in sets]
    mean = sum(w * least_squares_residual(Sig, J, [0] * 4) for w, J in zip(weights, sets, strict=True)) / sum(weights)
    assert mean_residual(s).astype(float) == pytest.approx(mean, abs=1e-12)
    assert sp.kdpp_expected_residual(Sig, 2) == pytest.approx(mean, abs=1e-12)
    assert float(determinant(s.x.Sig)) == pytest.approx(np.linalg.det(Sig), rel=1e-12)
    assert determinant(fractions([[1, 1], [1, 1]])) == 0


def test_log_free_existence_by_least_squares() -> None:
    x = spectral(mu=[4, 1, 2, Fraction(1, 2)], v=[1, 2, -1, 1], w=[0, 1, 1, 1], lam=1)
    Sig = x.Sig.astype(float)
    for k in range(5):
        assert float(log_free_existence.least_loss(x, k)) == pytest.approx(best_loss(Sig, k), abs=1e-12)
    assert log_free_existence.some_set_is_below(x, 100)


def test_matched_lambda_by_root_finding() -> None:
    mu = matched_lambda.scaled([3, 5, 7, 1], [1, 0, -1, 0])
    for k, N in zip(matched_lambda.sizes(mu), np.asarray(matched_lambda.right(mu).lo)[:3], strict=True):
        lam_k = sp.lambda_for_dof(mu.astype(float), k)
        assert (sp.dpp_mean_loss(mu.astype(float), k) <= k * lam_k) == (k <= N)
        assert sp.degrees_of_freedom(mu.astype(float), lam_k) == pytest.approx(k, rel=1e-12)


def test_chernoff_rates() -> None:
    assert chernoff_rate(0.75) == pytest.approx(0.4034264097200274, rel=1e-15)
    assert chernoff_rate(0.5) == pytest.approx(0.1534264097200274, rel=1e-15)


def test_every_unit_must_be_drawn_when_nothing_can_be_missing() -> None:
    d = leverage_draws.planned(mu=[10] * 6, lam=1, t=0.75, delta=0.5, extra=0)
    six = type(d)(d.x, d.t, d.delta, 6)
    failure = leverage_draws.failure_probability(six)
    assert failure.lo == pytest.approx(1 - factorial(6) / 6**6, abs=1e-11)
    assert len(six.counts) == comb(11, 5)
    assert set(six.counts.sum(axis=1)) == {6}


def test_failure_probability_is_the_rate_of_the_public_sampler() -> None:
    d = leverage_draws.planned(mu=[8, 8, 1], v=[1, 2, 0], w=[0, 1, 1], lam=Fraction(1, 2), t=0.9, delta=0.8, extra=0)
    Sig, rng, trials = d.x.Sig.astype(float), np.random.default_rng(5), 3000
    failures = 0
    for _ in range(trials):
        J, counts, tau = sp.leverage_sampling(Sig, 0.5, d.M, rng)
        assert counts.sum() == d.M
        failures += not sp.loewner_event(Sig, J, tau, 0.5, d.t)
    lo, hi = binomial_interval(failures, trials, 1e-9)
    exact = leverage_draws.failure_probability(d)
    assert exact.lo > 0.01
    assert lo <= exact.hi
    assert exact.lo <= hi


def test_sampled_trials_agree_with_the_sum_over_all_counts() -> None:
    x = leverage_trials.drawn(m=2, log_mu=[1.0, 1.0], lam=0.05, t=0.95, delta=0.9, seed=1, trials=4000)
    mean = leverage_trials.failure_rate(x)
    exact = leverage_draws.failure_probability(
        leverage_draws.planned(mu=[10, 10], lam=Fraction(1, 20), t=0.95, delta=0.9, extra=0)
    )
    assert x.M == leverage_draws.planned(mu=[10, 10], lam=Fraction(1, 20), t=0.95, delta=0.9, extra=0).M
    assert exact.hi > 0
    assert mean.lo <= exact.hi
    assert exact.lo <= mean.hi


def test_the_set_based_ridge_fails_always_and_the_counted_never() -> None:
    x = leverage_trials.two_level(6.0, 1000, 0.001, 1.0, 0.75, 0.05, 0)
    x = type(x)(x.mu, None, 1.0, 0.75, 0.05, 50, 300, 0)
    assert leverage_trials.degrees(x) == pytest.approx(2.0, abs=1e-5)
    assert leverage_trials.failure_rate(x).lo == 0.0
    assert leverage_trials.failure_rate(x, leverage_trials.by_set).hi == 1.0


def test_ridges_without_multiplicities_leave_too_much() -> None:
    S = sp.residual_covariance(np.eye(2), [0, 1], 0.01 * 42 * 0.5)
    assert S[0, 0] == pytest.approx(0.17355, abs=1e-5)
    assert not sp.loewner_event(np.eye(2), [0, 1], 0.21, 0.01, 0.75)
    assert sp.leverage_sample_size(np.eye(2), 0.01, 4e-4, 0.75) <= 42


def test_after_the_event_by_floats() -> None:
    a = after(
        counts=[2, 0, 3], t=Fraction(3, 4), W=[[1, 0, 2, 0], [0, 1, 1, 0]], mu=[4, 1, 2], v=[1, 2, -1], w=[0, 1, 1], lam=1
    )
    Sig = a.x.Sig.astype(float)
    gamma = Sig @ np.linalg.inv(Sig + np.eye(3))
    tau = [5 * gamma[j, j] / np.trace(gamma) / c if c else 0.0 for j, c in enumerate([2, 0, 3])]
    assert a.x.tau.astype(float) == pytest.approx(tau, rel=1e-13)
    assert a.S.astype(float) == pytest.approx(least_squares_residual(Sig, [0, 2], tau), abs=1e-12)
    A = Sig[:, [0, 2]] @ np.linalg.inv(Sig[np.ix_([0, 2], [0, 2])] + np.diag([tau[0], tau[2]]))
    assert a.ridge_part.astype(float) == pytest.approx(A @ np.diag([tau[0], tau[2]]) @ A.T, abs=1e-13)


@pytest.mark.parametrize("fixed", [False, True])
def test_determinantal_samplers_have_the_law_they_claim(fixed: bool) -> None:
    Sig, rng, trials = random_covariance(np.random.default_rng(9), 4, 0.5), np.random.default_rng(11), 3000
    sizes = [2] if fixed else range(5)
    sets = [J for k in sizes for J in combinations(range(4), k)]
    weight = {J: np.linalg.det(Sig[np.ix_(J, J)] / 0.3) if J else 1.0 for J in sets}
    seen = dict.fromkeys(sets, 0)
    for _ in range(trials):
        seen[tuple(sp.kdpp_sample(Sig, 2, rng) if fixed else sp.dpp_sample(Sig, 0.3, rng))] += 1
    for J, count in seen.items():
        lo, hi = binomial_interval(count, trials, 1e-6)
        assert lo <= weight[J] / sum(weight.values()) <= hi


def test_samplers_of_nothing_and_of_everything() -> None:
    rng = np.random.default_rng(0)
    assert sp.dpp_sample(np.zeros((3, 3)), 1.0, rng) == []
    assert sp.kdpp_sample(np.eye(3), 0, rng) == []
    assert sp.kdpp_sample(np.eye(3), 3, rng) == [0, 1, 2]
    J, counts, tau = sp.leverage_sampling(np.diag([1.0, 0.0]), 1.0, 5, rng)
    assert (J, counts.tolist(), tau.tolist()) == ([0], [5, 0], [1.0, 0.0])


def test_a_mean_over_sets_contains_the_look_ahead_choice() -> None:
    Sig = random_covariance(np.random.default_rng(13), 6)
    for k in range(7):
        J, _ = sp.lookahead_selection(Sig, k)
        assert loss(Sig, J) <= sp.dpp_mean_loss(spectrum(Sig), k) * (1 + 1e-9) + 1e-12


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sp.leverage_sample_size(np.zeros((2, 2)), 1.0, 0.1, 0.5), "nothing to sample"),
        (lambda: sp.leverage_sample_size(np.eye(2), 1.0, 1.5, 0.5), "delta"),
        (lambda: sp.leverage_sample_size(np.eye(2), 1.0, 0.5, 1.0), "t must"),
        (lambda: sp.leverage_sampling(np.eye(2), 1.0, 0, np.random.default_rng()), "n_draws"),
        (lambda: sp.kdpp_sample(np.diag([1.0, 0.0]), 2, np.random.default_rng()), "rank"),
        (lambda: sp.kdpp_expected_residual(np.diag([1.0, 0.0]), 2), "rank"),
        (lambda: sp.dpp_expectations(np.eye(13), 1.0), "at most 12"),
        (lambda: sp.dpp_mean_loss([1.0], -1), "integer"),
        (lambda: sp.dpp_mean_loss_interpolated([1.0], 1.5), r"\[0, 1\]"),
    ],
)
def test_bad_input_gets_one_clear_sentence(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()  # type: ignore[operator]
