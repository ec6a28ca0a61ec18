import numpy as np
import pytest
from scipy.special import ndtr

from bounds.gmm_entropy.data_processing import (
    SPACE,
    STRADDLE,
    discriminant,
    gap_of_matched_groups,
    gap_of_projection,
    processed,
)
from bounds.gmm_entropy.line import gap_on_line, gap_on_plane
from bounds.gmm_entropy.pair_gap import log_pair_gap
from proofs_check.points import draws

POINTS = list(draws(SPACE, 8, "containment", range(60)))


def contains(enclosure, value):
    return enclosure.lo <= value <= enclosure.hi


def test_gap_on_the_plane_contains_the_contour_value_for_two_components():
    for point in [p for p in POINTS if p["K"] == 2]:
        x = processed(**point)
        assert contains(x.gap, np.exp(log_pair_gap(*x.case.w, *x.case.spectrum(0, 1))))


def test_gap_on_the_plane_contains_that_of_the_whitened_mixture():
    for point in [p for p in POINTS if p["K"] > 2]:
        x = processed(**(point | {"shape": "one covariance"}))
        whitened = np.linalg.solve(np.linalg.cholesky(x.case.cov[0]), x.case.mu.T).T
        assert contains(x.gap, gap_on_plane(x.case.w, whitened))


def test_steep_log_ratios_in_an_unlucky_phase_are_not_trusted():
    """Crossings 3/2 from the nodes of both steps: halving sees no error where there is one."""
    for spread in (1.5, 3.0, 6.0):
        x = processed(**(STRADDLE | {"spread": spread}))
        assert contains(x.gap, gap_on_line(x.case.w, x.case.mu[:, 0], np.ones(3)))


def test_gap_of_the_projection_contains_the_value_by_label_entropy():
    for point in POINTS:
        x = processed(**point)
        var = np.einsum("i,kij,j->k", x.direction, x.case.cov, x.direction)
        assert contains(gap_of_projection(x), gap_on_line(x.case.w, x.case.mu @ x.direction, var))


def test_gap_of_groups_is_that_of_the_entropies_without_the_gaps_inside_the_groups():
    """Chain rule: G = gap of the groups + Σ_J w_J gap within group J, each by another method."""
    for point in [p for p in POINTS if p["K"] > 2 and len(np.unique(p["group"])) == 2][:12]:
        x = processed(**point)
        within = 0.0
        for J in (0, 1):
            chosen = x.group == J
            if chosen.sum() > 1:
                part = processed(**point)
                part = type(part)(
                    type(part.case)(x.case.w[chosen], x.case.mu[chosen], x.case.cov[chosen]), x.direction, x.group[chosen]
                )
                if chosen.sum() == 2:
                    within += np.exp(log_pair_gap(*part.case.w, *part.case.spectrum(0, 1)))
                else:
                    within += part_gap(part)
        width = x.gap.hi - x.gap.lo + x.gap_of_groups.hi - x.gap_of_groups.lo
        assert x.gap_of_groups.lo + within == pytest.approx(x.gap.lo, abs=width + 1e-10)


def part_gap(x):
    total = x.case.w.sum()
    renormalised = type(x)(type(x.case)(x.case.w / total, x.case.mu, x.case.cov), x.direction, x.group)
    return total * renormalised.gap.lo


def test_one_group_has_no_gap_and_singletons_keep_it():
    x = processed(**(STRADDLE | {"group": np.zeros(3, int)}))
    assert contains(x.gap_of_groups, 0.0)
    x = processed(**(STRADDLE | {"group": np.arange(3)}))
    assert x.gap_of_groups.lo == pytest.approx(x.gap.lo, abs=1e-8)


def test_the_discriminant_direction_keeps_the_gap_of_two_components_of_one_covariance():
    for point in [p for p in POINTS if p["K"] == 2][:8]:
        x = processed(**(point | {"shape": "one covariance"}))
        if np.any(discriminant(x)):
            line = gap_of_projection(x, discriminant(x))
            assert line.lo <= x.gap.hi
            assert x.gap.lo <= line.hi


def test_moment_matching_two_far_components_around_a_third_widens_the_gap():
    x = processed(**(STRADDLE | {"spread": 6.0}))
    assert x.gap.hi < 0.006  # hardly any overlap: 2 · 2/3 of the pair gap at distance 6
    assert gap_of_matched_groups(x).lo > 0.3
    assert x.gap.lo > 2 * np.log(2) * 2 / 3 * ndtr(-3)  # Bayes error, from below
