import mpmath as mp
import numpy as np
import pytest

from bounds.gmm_entropy import importance
from bounds.gmm_entropy.importance import gap_importance_sample
from bounds.gmm_entropy.importance_weights import CLAIM, LN4, SPACE, bias, left, log_psi, right, sampled_weights
from bounds.gmm_entropy.instances import on_first_axis
from bounds.gmm_entropy.line import gap_on_plane
from bounds.gmm_entropy.pair_gap import pair_gaps
from bounds.gmm_entropy.triple_overlap import triple_term
from bounds.measure.sampling import sampled
from proofs_check.points import draws
from proofs_check.verdict import judge


def at(distance, sd=(1.0, 1.0), log_odds=0.0):
    return sampled_weights(log_a=np.zeros(2), seed=3, **on_first_axis(distance, sd=sd, log_odds=log_odds))


@pytest.mark.parametrize("seed", range(10))
def test_log_weight_of_any_masses_to_fifty_digits(seed):
    rng = np.random.default_rng(seed)
    log_a = rng.uniform(-400 if seed % 2 else -5, 0, size=2 + seed % 4)
    with mp.workdps(250):  # the others are 200 digits below the largest, from which they are told by subtracting it
        a = [mp.exp(mp.mpf(float(value))) for value in log_a]
        h = mp.fsum(x * mp.log1p((mp.fsum(a) - x) / x) for x in a)
        B = mp.fsum(mp.sqrt(x * y) for i, x in enumerate(a) for y in a[:i])
        value = mp.log(h / B)
    assert log_psi(log_a[:, None])[0] == pytest.approx(float(value), rel=1e-13, abs=1e-12)
    assert value <= np.log(LN4) + 1e-15


@pytest.mark.parametrize(("distance", "R"), [(1.0, 0.0043), (4.0, 0.20), (20.0, 2.7), (75.0, 12.6)])
def test_relative_variance_of_two_components_of_one_covariance(distance, R):
    x = at(distance)
    assert np.expm1(left(x).lo[4]) == pytest.approx(R, rel=0.02)
    assert right(x).lo[4] > left(x).hi[4]


def test_coincident_components_attain_both_ends_of_the_variance():
    x = at(0.0)
    assert left(x).lo[4] == pytest.approx(0.0, abs=1e-8)
    assert right(x).lo[4] == pytest.approx(0.0, abs=1e-8)
    assert log_psi(np.zeros((2, 1)))[0] == pytest.approx(np.log(LN4), abs=1e-15)


@pytest.mark.parametrize("distance", [0.5, 6.0])
def test_second_moment_by_mpmath_quadrature(distance):
    x = at(distance, sd=(1.0, 2.0), log_odds=1.0)
    with mp.workdps(16):
        w, sd = [mp.mpf(float(v)) for v in x.case.w], (1, 2)

        def moments(power):
            def integrand(y):
                a, b = (w[i] * mp.npdf(y, i * distance, sd[i]) for i in (0, 1))
                h = a * mp.log1p(b / a) + b * mp.log1p(a / b)
                return h**power * mp.sqrt(a * b) ** (1 - power)

            return mp.quad(integrand, [-16, -5, -2, 0, 1, 3, 6, 10, 20])

        value = mp.log(moments(0) * moments(2) / moments(1) ** 2)
    low = left(x)
    assert low.lo[4] <= value <= low.hi[4]


def test_far_unequal_components_are_bounded_and_hopeless():
    """.001 N(0,1) + .999 N(2020,1e4): the bound on R is about 1.5e40, as known."""
    x = at(2020.0, sd=(1.0, 100.0), log_odds=np.log(1 / 999))
    assert right(x).lo[4] == pytest.approx(np.log(1.5e40), abs=0.1)
    assert left(x).lo[1] <= right(x).hi[1]


def test_mean_of_the_weights_for_three_and_four_components_off_the_line():
    rng = np.random.default_rng(5)
    w, mu = np.array([0.2, 0.3, 0.5]), rng.normal(size=(3, 2))
    factor = rng.normal(size=(3, 2, 2))
    cov = factor @ factor.transpose(0, 2, 1) + 0.3 * np.eye(2)
    gap = np.exp(pair_gaps(w, mu, cov)).sum() / 2 + triple_term(w, mu, cov)
    cases = [(w, mu, cov, gap)]
    w, mu = np.array([0.1, 0.2, 0.3, 0.4]), 2 * rng.normal(size=(4, 2))
    cases.append((w, mu, np.repeat(np.eye(2)[None], 4, axis=0), gap_on_plane(w, mu)))
    for w, mu, cov, gap in cases:
        log_s, psi, top = gap_importance_sample(w, mu, cov, 100_000, rng)
        mean = sampled(psi / top, top)
        assert mean.lo <= gap / np.exp(log_s) <= mean.hi
        assert mean.hi - mean.lo < 0.03


def test_a_wrong_normalisation_is_seen():
    x = at(2.0)
    assert bias(x).hi < 0.1
    assert bias(x, log_S=lambda x: x.log_S + np.log(2)).lo > 0.1


def test_an_unbiased_mean_survives_and_a_somewhat_wrong_sampler_is_refuted(monkeypatch):
    """Biases of less than the tenth that is confirmed: it is the last entry that sees them."""
    point = on_first_axis(3.0, m=2) | {"log_a": np.array([0.0, -2.0]), "seed": 3}
    assert judge(CLAIM, point).verdict == "survives"
    mean_and_factor = importance._proposals
    monkeypatch.setattr(importance, "_proposals", lambda q, t: (mean_and_factor(q, t)[0], 1.3 * mean_and_factor(q, t)[1]))
    assert judge(CLAIM, point).verdict == "refuted"
    shift = np.array([0.6, 0.0])
    monkeypatch.setattr(importance, "_proposals", lambda q, t: (mean_and_factor(q, t)[0] + shift, mean_and_factor(q, t)[1]))
    assert judge(CLAIM, point).verdict == "refuted"


def test_the_variance_stands_between_its_bounds_on_drawn_points():
    for point in [p for p in draws(SPACE, 6, "variance", range(40)) if p["m"] == 1]:
        x = sampled_weights(**point)
        low, high = left(x), right(x)
        assert low.lo[3] <= high.hi[3]
        assert low.lo[4] <= high.hi[4]
