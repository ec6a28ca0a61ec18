import numpy as np
import pytest

from bounds.gmm_entropy.pair_gap import log_pair_gap
from bounds.gmm_entropy.paper_bound import log_paper_bound
from bounds.gmm_entropy.sandwich import log_gap_sandwich
from bounds.gmm_entropy.separation_alpha import separations

LINE = ((0.2, 0.5, 0.3), [[0.0], [2.0], [5.0]], np.ones((3, 1, 1)))


def pair_at(delta, m=1, w=(0.5, 0.5)):
    mu = np.zeros((2, m))
    mu[1, 0] = delta
    return w, mu, np.repeat(np.eye(m)[None], 2, axis=0)


def test_line_example_at_one_half():
    value, s = log_paper_bound(*LINE, 0.5)
    assert np.exp(value) == pytest.approx(3.25159648553068585, rel=1e-14)  # thirty digits by mpmath
    assert s == 0.5


@pytest.mark.parametrize(
    ("m", "decades"),
    [(1, (3.00, 8.63, 29.9, 113.75)), (10, (4.19, 11.2, 33.8, 119.0)), (100, (4.33, 15.0, 50.3, 149.0))],
)
@pytest.mark.parametrize("choice", ["common", "pairwise"])
def test_headline_looseness(m, decades, choice):
    for delta, expected in zip((8, 16, 32, 64), decades, strict=True):
        loose = log_paper_bound(*pair_at(delta, m), choice)[0] - log_pair_gap(0.5, 0.5, [1.0], [float(delta)])
        assert loose / np.log(10) == pytest.approx(expected, abs=0.05 if expected > 10 else 0.005)


def test_best_s_of_one_pair_has_a_closed_form():
    value, s = log_paper_bound(*pair_at(10.0, m=3), "pairwise")
    assert s[0, 1] == s[1, 0] == pytest.approx(1 - 3 / 25)
    common, best = log_paper_bound(*pair_at(10.0, m=3), "common")
    assert best == pytest.approx(1 - 3 / 25, abs=1e-9)
    assert common == pytest.approx(value, abs=1e-14)
    assert value == pytest.approx(np.log(2 * (25 / 3) ** (3 / 4) * np.exp(-(25 - 3) / 4)), rel=1e-13)


def test_an_infimum_that_is_not_attained_is_the_limit_of_small_s():
    for choice in ("common", "pairwise"):
        value, s = log_paper_bound(*pair_at(2.0, m=5), choice)
        assert np.all(np.asarray(s) == 0)
        assert value == pytest.approx(log_paper_bound(*pair_at(2.0, m=5), 1e-12)[0], abs=1e-10)


@pytest.mark.parametrize("seed", range(5))
def test_no_other_s_is_better(seed):
    rng = np.random.default_rng(seed)
    K, m = int(rng.integers(2, 5)), int(rng.integers(1, 4))
    factor = rng.normal(size=(K, m, m))
    case = (rng.dirichlet(np.ones(K)), 9 * rng.normal(size=(K, m)), factor @ factor.transpose(0, 2, 1) + 0.5 * np.eye(m))
    common, pairwise = log_paper_bound(*case, "common")[0], log_paper_bound(*case, "pairwise")[0]
    for s in np.linspace(0.001, 0.999, 199):
        assert common <= log_paper_bound(*case, s)[0] + 1e-12
    for _ in range(20):
        assert pairwise <= log_paper_bound(*case, rng.uniform(0.01, 0.99, (K, K)))[0] + 1e-12
    assert log_gap_sandwich(*case).lo < pairwise <= common


def test_a_thousand_dimensions_and_s_next_to_one_do_not_overflow():
    assert np.isfinite(log_paper_bound(*pair_at(3.0, m=1000), 0.999)[0])
    s = np.nextafter(1, 0)
    value = log_paper_bound(*pair_at(400.0), s)[0]  # 1 - s is 2^-53 exactly
    assert value == pytest.approx(np.log(2) + 53 * np.log(2) / 4 - s * 200.0**2 / 4, rel=1e-14)
    far, best = log_paper_bound(*pair_at(1e8), "common")
    assert 1 - best == pytest.approx(1 / (5e7) ** 2, rel=0.2)  # a float this close to 1 has few digits of 1 - s left
    assert far == pytest.approx(-(5e7**2) / 4, rel=1e-12)


def test_own_s_for_every_ordered_pair():
    s = np.array([[0.5, 0.2], [0.7, 0.5]])
    alpha = 3.0
    value, used = log_paper_bound(*pair_at(6.0), s)
    by_hand = sum(2 * (1 - t) ** -0.25 * 0.5 * np.exp(-t * alpha**2 / 4) for t in (0.2, 0.7))
    assert np.exp(value) == pytest.approx(by_hand, rel=1e-14)
    assert used[1, 0] == 0.7


def test_one_component_has_no_pairs():
    for s in (0.5, "common", "pairwise", [[0.5]]):
        assert log_paper_bound([1.0], [[0.0]], [[[1.0]]], s)[0] == -np.inf


@pytest.mark.parametrize("s", [0.0, 1.0, -0.5, np.nan, [[0.5, 1.0], [0.5, 0.5]]])
def test_s_outside_of_the_open_interval_is_refused(s):
    with pytest.raises(ValueError, match="strictly between 0 and 1"):
        log_paper_bound(*pair_at(1.0), s)


def test_other_choices_are_refused():
    with pytest.raises(ValueError, match='"common", "pairwise"'):
        log_paper_bound(*pair_at(1.0), "best")
    with pytest.raises(ValueError, match=r"shape \(2, 2\)"):
        log_paper_bound(*pair_at(1.0), [0.5, 0.5])


def test_separations_of_the_line_are_half_the_distances():
    from bounds.gmm_entropy.mixture import mixture

    np.testing.assert_allclose(separations(*mixture(*LINE).spectra)[0], [1, 2.5, 1.5], rtol=1e-15)
