"""The two sums over pairs: their golden values, limits by hand, and integrals of the definition in fifty digits."""

import mpmath as mp
import numpy as np
import pytest

from bounds.gmm_entropy.instances import on_first_axis
from bounds.gmm_entropy.jensen_pairwise import (
    WithT,
    best_overlaps,
    left,
    log_average,
    minus_divergences,
    overlaps,
    right,
    swapped,
    with_t,
)
from bounds.gmm_entropy.pairwise_distance import log_kolchinsky_tracey
from tests.gmm_entropy.oracles import LINE, case_on_line


def sums_50_digits(x: WithT) -> tuple[mp.mpf, mp.mpf]:
    """log of both sums on the line, KL and overlaps from their definitions: a trapezoidal rule, exact to e^(-2π²·16)."""
    with mp.workdps(50):
        w = [mp.mpf(float(v)) for v in x.case.w]
        mean = [mp.mpf(float(v)) for v in x.case.mu[:, 0]]
        sd = [mp.sqrt(mp.mpf(float(v))) for v in x.case.cov[:, 0, 0]]
        t, step = mp.mpf(x.t), min(sd) / 4
        lo, hi = min(mean) - 16 * max(sd), max(mean) + 16 * max(sd)
        grid = [lo + i * step for i in range(int((hi - lo) / step) + 1)]
        root = mp.sqrt(2 * mp.pi)
        log_n = [[-(((z - c) / s) ** 2) / 2 - mp.log(s * root) for z in grid] for c, s in zip(mean, sd, strict=True)]
        lower, upper = mp.mpf(0), mp.mpf(0)
        for k, own in enumerate(log_n):
            below, above = mp.mpf(0), mp.mpf(0)
            for j, other in enumerate(log_n):
                if j != k:
                    kl = step * mp.fsum(mp.exp(u) * (u - v) for u, v in zip(own, other, strict=True))
                    chernoff = step * mp.fsum(mp.exp(t * u + (1 - t) * v) for u, v in zip(own, other, strict=True))
                    below, above = below + w[j] / w[k] * mp.exp(-kl), above + w[j] / w[k] * chernoff
            lower, upper = lower + w[k] * mp.log1p(below), upper + w[k] * mp.log1p(above)
        return mp.log(lower), mp.log(upper)


def test_the_golden_line() -> None:
    x = WithT(LINE, 0.5)
    assert np.exp(log_average(LINE, minus_divergences)) == pytest.approx(0.0933024507435, abs=1e-13)
    assert np.exp(log_average(LINE, overlaps(0.5))) == pytest.approx(0.506545144338, abs=1e-12)
    assert left(x).hi[0] < np.log(0.3475896581714413) < right(x).lo[1]


def test_coincident_components_make_both_sums_the_label_entropy() -> None:
    x = case_on_line([0.2, 0.5, 0.3], [1.0, 1.0, 1.0], [2.0, 2.0, 2.0])
    entropy = np.log(-(x.w @ np.log(x.w)))
    for share in (minus_divergences, overlaps(0.3)):
        assert log_average(x, share) == pytest.approx(entropy, abs=1e-14)


@pytest.mark.parametrize("t", [0.0, 1.0])
def test_at_the_ends_of_t_the_upper_sum_is_the_label_entropy(t: float) -> None:
    assert log_average(LINE, overlaps(t)) == pytest.approx(np.log(-(LINE.w @ np.log(LINE.w))), abs=1e-14)


def test_one_component_has_no_gap() -> None:
    x = with_t(t=0.5, K=1, m=1, logits=[0.0], mean=[[3.0]], spread=1.0, sd=[[2.0]], shear=[[[0.0]]], shape="free")
    assert left(x).hi.max() == right(x).hi.max() == -np.inf


def test_far_apart_and_equal_covariances_the_sums_are_single_exponentials() -> None:
    x = with_t(**on_first_axis(60.0), t=0.5)
    assert log_average(x.case, minus_divergences) == pytest.approx(-(60**2) / 2, abs=1e-9)
    assert log_average(x.case, overlaps(0.5)) == pytest.approx(-(60**2) / 8, abs=1e-9)


def test_swapped_arguments_exceed_the_gap_where_the_specification_says() -> None:
    x = case_on_line([0.99, 0.01], [0.0, 3.0], [1.0, 100.0])
    assert np.exp(log_average(x, swapped)) == pytest.approx(9.675e-3, rel=1e-3)
    assert np.exp(x.log_gap.hi) == pytest.approx(2.487e-3, rel=1e-3)


def test_the_best_t_of_each_pair_falls_below_the_gap_for_very_different_covariances() -> None:
    x = case_on_line([0.001, 0.999], [0.0, 2020.0], [1.0, 100.0])
    assert log_average(x, best_overlaps) < -200 < -199.6063776 < log_average(x, overlaps(0.5))


@pytest.mark.parametrize(
    ("w", "mean", "sd", "t"),
    [
        ([0.3, 0.7], [0.0, 3.0], [1.0, 2.0], 0.25),
        ([0.999, 0.001], [0.0, 9.0], [0.5, 1.5], 0.9),
        ([0.5, 0.5], [0.0, 40.0], [1.0, 1.0], 0.5),
        ([0.2, 0.5, 0.3], [0.0, 1.5, 4.0], [1.0, 0.5, 2.0], 0.4),
    ],
)
def test_the_enclosures_contain_the_values_of_fifty_digits(
    w: list[float], mean: list[float], sd: list[float], t: float
) -> None:
    x = WithT(case_on_line(w, mean, sd), t)
    lower, upper = sums_50_digits(x)
    below, above = left(x), right(x)
    assert below.lo[0] <= lower <= below.hi[0]
    assert above.lo[1] <= upper <= above.hi[1]


@pytest.mark.parametrize("seed", range(5))
def test_the_package_s_own_bounds_are_these_sums(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = with_t(
        t=rng.uniform(),
        K=4,
        m=3,
        logits=rng.normal(size=4),
        mean=rng.uniform(-1, 1, (4, 3)),
        spread=3.0,
        sd=np.exp(rng.normal(size=(4, 3))),
        shear=rng.uniform(-1, 1, (4, 3, 3)),
        shape="free",
    )
    lower, upper = log_kolchinsky_tracey(x.case.w, x.case.mu, x.case.cov, x.t)
    assert left(x).lo[0] <= lower <= left(x).hi[0]
    assert right(x).lo[1] <= upper <= right(x).hi[1]
