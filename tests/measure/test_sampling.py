"""Coverage by simulation. A method that keeps its risk δ is rejected here with probability below 1e-9 a test."""

from collections.abc import Callable
from itertools import pairwise

import numpy as np
import pytest
from flint import arb, ctx
from scipy.special import bdtrc

from bounds.measure.sampling import (
    binomial_interval,
    confidence_interval,
    empirical_bernstein,
    log_e_process,
    log_sampled,
    lower_confidence_bound,
    sampled,
    sampled_rate,
    upper_confidence_bound,
)

DELTA = 0.05
Draw = Callable[[np.random.Generator, int], np.ndarray]
LAWS: dict[str, tuple[float, Draw]] = {
    "Beta(.3, 2.7)": (0.1, lambda rng, n: rng.beta(0.3, 2.7, n)),
    "Beta(2.7, .3)": (0.9, lambda rng, n: 1 - rng.beta(0.3, 2.7, n)),
    "Bernoulli(.003)": (0.003, lambda rng, n: (rng.random(n) < 0.003).astype(float)),
    "Bernoulli(.997)": (0.997, lambda rng, n: (rng.random(n) >= 0.003).astype(float)),
    "Bernoulli(.5)": (0.5, lambda rng, n: (rng.random(n) < 0.5).astype(float)),
    "constant": (0.25, lambda rng, n: np.full(n, 0.25)),
}
law = pytest.mark.parametrize(("mean", "draw"), LAWS.values(), ids=LAWS.keys())


def keeps_its_risk(misses: int, runs: int, risk: float) -> bool:
    """False only if so many misses, or more, have probability < 1e-9 when each run misses with probability ≤ risk."""
    return misses == 0 or bool(bdtrc(misses - 1, runs, risk) >= 1e-9)


def test_the_criterion_rejects_twice_the_risk_and_accepts_the_risk_itself():
    assert keeps_its_risk(50, 1000, 0.05)
    assert not keeps_its_risk(100, 1000, 0.05)


@law
@pytest.mark.parametrize("alternative", ["greater", "less"])
def test_the_e_process_rarely_reaches_the_threshold_at_any_time_when_the_mean_is_the_null(mean, draw, alternative):
    rng, runs = np.random.default_rng(1), 1000
    misses = sum(log_e_process(draw(rng, 1000), mean, alternative).max() >= -np.log(DELTA) for _ in range(runs))
    assert keeps_its_risk(misses, runs, DELTA)


def test_looking_at_a_z_test_after_every_sample_rejects_a_quarter_of_the_time_where_the_e_process_does_not():
    rng, runs, n = np.random.default_rng(2), 2000, 1000
    Y = rng.beta(0.3, 2.7, (runs, n))
    i = np.arange(1, n + 1)
    mean = np.cumsum(Y, axis=1) / i
    variance = (np.cumsum(Y * Y, axis=1) - i * mean**2) / np.maximum(i - 1, 1)
    z = (mean - 0.1)[:, 20:] / np.sqrt(variance / i)[:, 20:]
    peeking = int((z.max(axis=1) > 1.6448536269514722).sum())
    ours = sum(log_e_process(row, 0.1).max() >= -np.log(DELTA) for row in Y)
    assert not keeps_its_risk(peeking, runs, DELTA)
    assert 0.2 < peeking / runs < 0.3
    assert keeps_its_risk(ours, runs, DELTA)
    assert ours / runs < 0.04


def test_the_e_process_is_the_product_of_the_specification_term_by_term():
    rng, mu0 = np.random.default_rng(3), 0.2
    Y = rng.beta(0.3, 2.7, 40)
    wealth = 0.0
    for i in range(1, 41):
        past = Y[: i - 1]
        running = [past[: j + 1].mean() for j in range(i - 1)]
        mh = (0.5 + past.sum()) / i
        vh = (0.25 + sum((y - m) ** 2 for y, m in zip(past, running, strict=True))) / i
        stake = min(max((mh - mu0) / (vh + (mh - mu0) ** 2), 0.0), 0.75 / mu0)
        wealth += np.log(1 + stake * (Y[i - 1] - mu0))
        assert log_e_process(Y, mu0)[i - 1] == pytest.approx(wealth, abs=1e-13)


def test_the_other_side_is_the_same_process_of_the_complement():
    Y = np.random.default_rng(4).integers(0, 257, 300) / 256  # dyadic, so that 1 - Y is exact
    assert log_e_process(Y, 0.75, "less") == pytest.approx(log_e_process(1 - Y, 0.25), abs=1e-11)


def test_the_mirrored_cap_keeps_every_factor_positive_where_the_plain_one_would_not():
    Y = np.concatenate([np.zeros(30), np.ones(5)])
    assert np.isfinite(log_e_process(Y, 0.1, "less")).all()
    stake = 0.75 / 0.1  # the cap of the other side
    assert 1 + stake * (0.1 - 1) < 0


def test_the_e_process_reaches_the_threshold_when_the_null_is_false():
    rng = np.random.default_rng(5)
    Y = rng.beta(0.3, 2.7, 20_000)
    assert log_e_process(Y, 0.09)[-1] > np.log(1e12)
    assert log_e_process(Y, 0.11, "less")[-1] > np.log(1e12)


@law
def test_lower_and_upper_bound_miss_the_mean_no_more_often_than_promised(mean, draw):
    rng, runs = np.random.default_rng(6), 400
    samples = [draw(rng, 300) for _ in range(runs)]
    # a law without noise may sit on its own bound; the rounding budget keeps it on the right side
    assert keeps_its_risk(sum(lower_confidence_bound(Y, DELTA) > mean for Y in samples), runs, DELTA)
    assert keeps_its_risk(sum(upper_confidence_bound(Y, DELTA) < mean for Y in samples), runs, DELTA)
    intervals = [confidence_interval(Y, DELTA) for Y in samples]
    assert keeps_its_risk(sum(not lo <= mean <= hi for lo, hi in intervals), runs, DELTA)


def test_bounds_of_all_prefixes_hold_together_once_the_number_of_samples_is_planned():
    rng, runs = np.random.default_rng(7), 300
    misses = 0
    for _ in range(runs):
        Y = rng.beta(0.3, 2.7, 400)
        misses += any(lower_confidence_bound(Y[:n], DELTA, planned=400) > 0.1 for n in range(20, 401, 20))
    assert keeps_its_risk(misses, runs, DELTA)


def test_a_longer_prefix_never_lowers_the_bound():
    Y = np.random.default_rng(8).beta(0.3, 2.7, 500)
    bounds = [lower_confidence_bound(Y[:n], 0.05, planned=500) for n in range(25, 501, 25)]
    assert all(b >= a - 1e-8 for a, b in pairwise(bounds))


def test_the_wealth_of_the_lower_bound_falls_in_the_mean_so_the_rejected_set_is_an_interval():
    Y = np.random.default_rng(9).beta(0.5, 0.5, 200)
    n, log_threshold = Y.size, np.log(1e3)
    before = np.array([(0.25 + sum((Y[j] - Y[: j + 1].mean()) ** 2 for j in range(i))) / (i + 1) for i in range(n)])
    stake = np.sqrt(2 * log_threshold / (n * before))
    means = np.linspace(1e-6, 1 - 1e-6, 2001)
    best = [np.cumsum(np.log1p(np.minimum(stake, 0.75 / m) * (Y - m))).max() for m in means]
    assert np.all(np.diff(best) <= 1e-12)
    grid_end = means[np.nonzero(np.array(best) >= log_threshold)[0][-1]]
    assert grid_end <= lower_confidence_bound(Y, 1e-3) <= grid_end + 5.1e-4


def test_the_interval_mirrors_when_the_samples_do():
    Y = np.random.default_rng(10).integers(0, 257, 300) / 256
    lo, hi = confidence_interval(Y, 1e-6)
    assert confidence_interval(1 - Y, 1e-6) == pytest.approx((1 - hi, 1 - lo), abs=1e-8)


def test_the_interval_is_as_narrow_as_a_normal_one_up_to_a_factor_of_two():
    Y = np.random.default_rng(11).beta(0.3, 2.7, 100_000)
    lo, hi = confidence_interval(Y, 1e-12)
    assert hi - lo < 2 * 2 * 7.1 * Y.std() / np.sqrt(Y.size)  # 7.1 standard errors leave 1e-12 outside


def test_all_zeros_and_all_ones_leave_the_end_that_they_touch_open():
    assert lower_confidence_bound(np.zeros(100), 0.05) == 0
    assert upper_confidence_bound(np.ones(100), 0.05) == 1
    assert upper_confidence_bound(np.zeros(10_000), 1e-12) < 0.004


@law
def test_the_empirical_bernstein_interval_keeps_its_risk(mean, draw):
    rng, runs = np.random.default_rng(12), 2000
    intervals = [empirical_bernstein(draw(rng, 500), DELTA) for _ in range(runs)]
    assert keeps_its_risk(sum(not lo <= mean <= hi for lo, hi in intervals), runs, DELTA)


def test_the_binomial_interval_keeps_its_risk_exactly_for_every_probability_on_a_grid():
    from scipy.stats import binom

    for n in (1, 7, 40):
        ends = np.array([binomial_interval(k, n, DELTA) for k in range(n + 1)])
        for p in np.linspace(0, 1, 201):
            missed = (p < ends[:, 0]) | (p > ends[:, 1])
            assert binom.pmf(np.arange(n + 1), n, p)[missed].sum() <= DELTA


@pytest.mark.parametrize("risk", [0.1, 1e-3, 1e-12, 1e-100, 1e-300])
@pytest.mark.parametrize("n", [1, 2, 10, 1000, 10**6, 10**9, 10**12])
def test_the_binomial_ends_bracket_the_exact_tails_in_ball_arithmetic(n, risk):
    with ctx.workprec(256):
        for k in sorted({0, 1, min(2, n), n // 1000, n // 3, n // 2, n - 1, n}):
            lo, hi = binomial_interval(k, n, risk)
            tail = arb(risk) / 2

            def at_least_k(p, k=k):
                return p.beta_lower(arb(k), arb(n - k + 1), regularized=True)

            def at_most_k(p, k=k):
                return (1 - p).beta_lower(arb(n - k), arb(k + 1), regularized=True)

            if k:
                assert at_least_k(arb(lo)) <= tail  # safe
                looser = arb(lo) * (1 + arb("3e-7"))
                assert (lo == 0 and risk < 1e-200) or looser > 1 or at_least_k(looser) >= tail  # and no looser than said
            else:
                assert lo == 0
            if k < n:
                assert at_most_k(arb(hi)) <= tail
                assert at_most_k(arb(hi) * (1 - arb("3e-7"))) >= tail
            else:
                assert hi == 1


def test_the_binomial_interval_covers_where_a_plain_normal_one_does_not():
    rng, runs, p, n = np.random.default_rng(13), 4000, 0.003, 500
    k = rng.binomial(n, p, runs)
    rate = k / n
    wald = np.abs(rate - p) > 1.96 * np.sqrt(rate * (1 - rate) / n)
    assert not keeps_its_risk(int(wald.sum()), runs, DELTA)
    ends = np.array([binomial_interval(int(c), n, DELTA) for c in k])
    assert keeps_its_risk(int(((p < ends[:, 0]) | (p > ends[:, 1])).sum()), runs, DELTA)


def test_enclosures_carry_their_risk_and_their_scale():
    Y = np.full(1000, 0.25)
    plain, doubled, logarithm = sampled(Y), sampled(Y, scale=2.0), log_sampled(Y, log_scale=-1000.0)
    assert (plain.trust, plain.risk) == ("sampled", 1e-12)
    assert plain.lo < 0.25 < plain.hi
    assert doubled.lo == pytest.approx(2 * plain.lo)
    assert doubled.hi == pytest.approx(2 * plain.hi)
    assert logarithm.lo == pytest.approx(-1000 + np.log(plain.lo))
    assert logarithm.hi == pytest.approx(-1000 + np.log(plain.hi))
    assert log_sampled(np.zeros(50)).lo == -np.inf
    rate = sampled_rate(5, 10, risk=1e-3)
    assert (rate.trust, rate.risk, (rate.lo, rate.hi)) == ("sampled", 1e-3, binomial_interval(5, 10, 1e-3))


@pytest.mark.parametrize("bad", [[], [0.5, np.nan], [-1e-9], [1 + 1e-9], [np.inf], [[0.5]], 0.5])
def test_samples_outside_the_unit_interval_are_refused(bad):
    for maker in (
        lambda: log_e_process(bad, 0.5),
        lambda: lower_confidence_bound(bad, 0.05),
        lambda: confidence_interval(bad, 0.05),
        lambda: empirical_bernstein(bad, 0.05),
        lambda: sampled(bad),
    ):
        with pytest.raises(ValueError, match=r"Y must be|must lie in \[0, 1\]"):
            maker()


@pytest.mark.parametrize("delta", [0.0, 1.0, -0.1, 2.0, np.nan])
def test_risks_and_means_outside_the_open_unit_interval_are_refused(delta):
    for maker in (
        lambda: log_e_process([0.5], delta),
        lambda: lower_confidence_bound([0.5], delta),
        lambda: upper_confidence_bound([0.5], delta),
        lambda: confidence_interval([0.5], delta),
        lambda: empirical_bernstein([0.5, 0.5], delta),
        lambda: binomial_interval(1, 2, delta),
    ):
        with pytest.raises(ValueError, match="strictly between 0 and 1"):
            maker()


def test_other_bad_input_is_refused_in_one_sentence():
    with pytest.raises(ValueError, match="alternative"):
        log_e_process([0.5], 0.5, "two-sided")
    with pytest.raises(ValueError, match="at least two samples"):
        empirical_bernstein([0.5], 0.05)
    with pytest.raises(ValueError, match="planned"):
        lower_confidence_bound([0.5], 0.05, planned=0)
    with pytest.raises(ValueError, match="scale"):
        sampled([0.5], scale=0.0)
    with pytest.raises(ValueError, match="log_scale"):
        log_sampled([0.5], log_scale=np.nan)
    for successes, trials in ((-1, 5), (6, 5), (0, 0), (0.5, 5), (1, 10**13)):
        with pytest.raises(ValueError, match="successes"):
            binomial_interval(successes, trials, 0.05)
