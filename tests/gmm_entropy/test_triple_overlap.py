import numpy as np
import pytest

from bounds.gmm_entropy.chernoff import log_bhattacharyya
from bounds.gmm_entropy.line import gap_on_line, log_gap_on_line, log_gap_on_plane
from bounds.gmm_entropy.mixture import mixture
from bounds.gmm_entropy.pair_gap import pair_gaps
from bounds.gmm_entropy.sandwich import log_gap_sandwich, log_pair_sum
from bounds.gmm_entropy.triple_overlap import log_gap_of_three, triple_term

LINE = [0.2, 0.5, 0.3], np.array([[0.0], [2.0], [5.0]]), np.ones((3, 1, 1))


def drawn(rng, m, spread=1.0):
    factor = rng.normal(size=(3, m, m + 2))
    return rng.dirichlet(np.ones(3)), spread * rng.normal(size=(3, m)), factor @ factor.transpose(0, 2, 1) / m


def log_overlap(w, mu, cov):
    """log of the geometric mean of √(w_k w_l) BC_kl."""
    q = mixture(w, mu, cov)
    k, l = q.pairs
    return float(np.mean((np.log(q.w[k]) + np.log(q.w[l])) / 2 + log_bhattacharyya(*q.spectra)))


def pair_sum(w, mu, cov):
    return float(np.exp(pair_gaps(w, mu, cov))[np.triu_indices(3, 1)].sum())


def test_the_line_of_three_has_the_known_term():
    assert triple_term(*LINE) == pytest.approx(-0.00817938462847, abs=2e-12)
    assert triple_term(*LINE) == pytest.approx(0.3475896581714412966557 - 0.3557690427999134, abs=1e-14)


def test_three_coincident_components_are_known_by_hand():
    w, m = np.array([0.2, 0.5, 0.3]), 2
    coincident = w, np.zeros((3, m)), np.repeat(np.array([[[2.0, 1.0], [1.0, 3.0]]]), 3, axis=0)
    phi = sum(a * np.log(1 + b / a) + b * np.log(1 + a / b) for a, b in ((0.2, 0.5), (0.2, 0.3), (0.5, 0.3)))
    assert triple_term(*coincident) == pytest.approx(-(w @ np.log(w)) - phi, abs=1e-14)


def test_pair_sum_and_term_make_the_gap_on_lines_of_any_variances():
    rng = np.random.default_rng(1)
    for _ in range(8):
        w, mu, var = rng.dirichlet(np.ones(3)), 2 * rng.normal(size=3), 10 ** rng.uniform(-1, 1, 3)
        term = triple_term(w, mu[:, None], var[:, None, None])
        truth = gap_on_line(w, mu, var) - pair_sum(w, mu[:, None], var[:, None, None])
        assert abs(term - truth) < 1e-12


def test_the_plane_of_three_has_the_known_gap_and_so_have_random_planes():
    rng, eye = np.random.default_rng(2), np.repeat(np.eye(2)[None], 3, axis=0)
    found = log_gap_of_three(np.ones(3) / 3, [[0, 0], [3, 0], [0, 3]], eye)
    assert found.lo < np.log(0.234658441602305) < found.hi
    assert found.hi - found.lo < 1e-8
    for spread in (0.3, 1.0, 4.0):
        w, mu = rng.dirichlet(np.ones(3)), spread * rng.normal(size=(3, 2))
        found, truth = log_gap_of_three(w, mu, eye), log_gap_on_plane(w, mu)
        assert found.lo < truth < found.hi
        assert found.hi - found.lo < 1e-8


@pytest.mark.parametrize("distance", [10.0, 15.0, 30.0, 90.0])
def test_far_components_are_enclosed_too(distance):
    w, mu = [0.5, 0.25, 0.25], np.array([0.0, distance, 2.5 * distance])
    found = log_gap_of_three(w, mu[:, None], np.ones((3, 1, 1)))
    assert found.lo < log_gap_on_line(w, mu, np.ones(3)) < found.hi
    equilateral = distance * np.array([[0.0, 0.0], [1.0, 0.0], [0.5, np.sqrt(0.75)]])
    sides = log_gap_of_three(w, equilateral, np.repeat(np.eye(2)[None], 3, axis=0))
    assert sides.lo < log_gap_on_plane(w, equilateral) < sides.hi


@pytest.mark.parametrize("m", [1, 2, 3, 5])
def test_the_term_is_negative_bounded_by_the_overlaps_and_independent_of_step_and_coordinates(m):
    rng = np.random.default_rng(m)
    w, mu, cov = drawn(rng, m)
    term = triple_term(w, mu, cov)
    scale = np.exp(log_overlap(w, mu, cov))
    assert -0.88 * scale <= term < 0
    assert abs(triple_term(w, mu, cov, step=0.04) - term) < 1e-13 * scale
    assert abs(triple_term(w, mu, cov, step=0.1) - term) < 1e-8 * scale
    A, b = rng.normal(size=(m, m)) + 3 * np.eye(m), rng.normal(size=m)
    assert abs(triple_term(w, mu @ A.T + b, A @ cov @ A.T) - term) < 1e-12 * scale
    order = [2, 0, 1]
    assert abs(triple_term(w[order], mu[order], cov[order]) - term) < 1e-13 * scale


def test_a_coordinate_in_which_all_agree_changes_nothing():
    rng = np.random.default_rng(9)
    w, mu, cov = drawn(rng, 2)
    wide = np.zeros((3, 4, 4))
    wide[:, :2, :2], wide[:, 2:, 2:] = cov, [[2.0, 0.5], [0.5, 1.0]]
    assert abs(triple_term(w, np.pad(mu, ((0, 0), (0, 2))), wide) - triple_term(w, mu, cov)) < 1e-14


def test_the_enclosure_lies_in_the_pair_sandwich_and_is_far_narrower():
    rng = np.random.default_rng(10)
    for m in (2, 6):
        w, mu, cov = drawn(rng, m)
        found, around = log_gap_of_three(w, mu, cov), log_gap_sandwich(w, mu, cov)
        assert around.lo <= found.lo <= found.hi <= around.hi
        assert found.hi - found.lo < 1e-7 < around.hi - around.lo


def test_averages_over_many_draws_agree_in_five_dimensions():
    rng, n = np.random.default_rng(12), 200_000
    w, mu, cov = drawn(rng, 5, spread=0.5)
    label = rng.choice(3, size=n, p=w)
    x = mu[label] + np.einsum("nij,nj->ni", np.linalg.cholesky(cov)[label], rng.standard_normal((n, 5)))
    away = x[:, None] - mu
    log_a = np.log(w) - 0.5 * np.linalg.slogdet(cov)[1] - 0.5 * np.einsum("nki,kij,nkj->nk", away, np.linalg.inv(cov), away)
    rho = np.exp(log_a - np.logaddexp.reduce(log_a, axis=1)[:, None])
    entropy = -np.sum(rho * np.log(np.maximum(rho, 1e-300)), axis=1)
    error = entropy.std() / np.sqrt(n)
    assert abs(entropy.mean() - np.exp(log_gap_of_three(w, mu, cov).lo)) < 6 * error < 0.01


@pytest.mark.parametrize(
    ("call", "says"),
    [
        (lambda: triple_term([0.5, 0.5], [[0.0], [1.0]], np.ones((2, 1, 1))), "three components, not 2"),
        (lambda: log_gap_of_three([1.0], [[0.0]], np.ones((1, 1, 1))), "Three components are needed, not 1"),
        (lambda: triple_term(*LINE, step=0.0), "step must lie"),
        (lambda: triple_term(*LINE, step=np.nan), "step must lie"),
    ],
)
def test_bad_input_gets_one_sentence(call, says):
    with pytest.raises(ValueError, match=says):
        call()


def test_a_coarse_step_is_wrong_by_its_share_of_the_pair_gaps_and_not_of_the_overlap_of_all_three():
    """The poles of Γ carry the pair gaps: with one light component their sum is far above M."""
    w, mu, cov = np.array([1.0, 1.0, np.exp(-10)]), np.array([[-2.0], [2.0], [1.5]]), np.array([[[0.49]], [[4.0]], [[0.49]]])
    w /= w.sum()
    pairs = np.exp(log_pair_sum(pair_gaps(w, mu, cov)))
    error = abs(triple_term(w, mu, cov, 0.08) - triple_term(w, mu, cov, 0.04))
    assert error < 2 * np.exp(-2 * np.pi / (3 * 0.08)) * pairs
    assert error > 0.1 * np.exp(-2 * np.pi / (3 * 0.08)) * pairs
