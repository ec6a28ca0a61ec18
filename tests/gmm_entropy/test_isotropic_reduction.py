"""The radial integral: golden values, the density of the radius, and the package's own radial integral."""

import numpy as np
import pytest
from scipy.stats import chi, ncx2

from bounds.gmm_entropy.equal_covariance import log_gap_isotropic_pair
from bounds.gmm_entropy.isotropic_reduction import Isotropic, budget, difference, isotropic, log_density, log_radial


@pytest.mark.parametrize(
    ("x", "gap"),
    [
        (Isotropic(0.3, 0.7, 1, 2.0, 3.0), 0.3253872523076372650632),
        (Isotropic(0.5, 0.5, 1, 3.0, 0.0), 0.5066531614789493714560),
        (Isotropic(0.5, 0.5, 10, 2.0, 6.0), 0.01906122425533995741558),
        (Isotropic(0.5, 0.5, 100, 2.0, 0.0), np.exp(-13.0416044511173)),
    ],
)
def test_the_golden_values(x: Isotropic, gap: float) -> None:
    assert np.exp(log_radial(x)) == pytest.approx(gap, rel=2e-12)


def test_far_smaller_than_any_float() -> None:
    x = Isotropic(0.5, 0.5, 3, 1.5, 150.0)
    assert log_radial(x) < -1000
    assert difference(x).hi <= budget(x).lo


def test_nearly_equal_spreads_approach_the_case_of_one_covariance() -> None:
    x = Isotropic(0.5, 0.5, 4, 1.02, 2.0)
    assert np.exp(log_radial(x)) == pytest.approx(0.3563163602, abs=6e-3)
    assert difference(x).hi <= budget(x).lo


@pytest.mark.parametrize(("m", "noncentrality"), [(1, 0.5), (2, 4.0), (7, 1e-6), (30, 200.0)])
def test_the_density_of_the_radius_is_that_of_the_noncentral_chi_square(m: int, noncentrality: float) -> None:
    r = np.sqrt(m + noncentrality) + np.linspace(-0.8, 3, 9)
    expected = ncx2.logpdf(r * r, m, noncentrality) + np.log(2 * r)
    assert log_density(r, m, noncentrality) == pytest.approx(expected, abs=1e-8)


def test_without_noncentrality_the_radius_is_chi() -> None:
    r = np.linspace(0.1, 9, 20)
    assert log_density(r, 5, 0.0) == pytest.approx(chi.logpdf(r, 5), abs=1e-13)


def test_exchanging_the_components_changes_nothing() -> None:
    x = Isotropic(0.2, 0.8, 3, 2.5, 4.0)
    assert log_radial(Isotropic(0.8, 0.2, 3, 1 / 2.5, 4.0 / 2.5)) == pytest.approx(log_radial(x), abs=1e-12)


@pytest.mark.parametrize("seed", range(8))
def test_it_is_far_within_its_budget_and_agrees_with_the_package(seed: int) -> None:
    rng = np.random.default_rng(seed)
    x = isotropic(rng.uniform(-6, 6), int(rng.integers(1, 40)), rng.uniform(0.2, 1.5), bool(seed % 2), rng.uniform(0, 8))
    assert difference(x).hi <= budget(x).lo / 20
    assert log_radial(x) == pytest.approx(log_gap_isotropic_pair(x.a, x.b, 1.0, x.sd, x.distance, x.m), abs=1e-8)
