"""Which units to keep: greedy, look-ahead, lower bounds, branch and bound (SP-4, SP-5, SP-8, SP-9)."""

from fractions import Fraction
from itertools import combinations, pairwise

import numpy as np
import pytest

from bounds import spectral_pruning as sp
from bounds.spectral_pruning import greedy_is_near_best, lookahead_beats_mean, submodularity_fails, weak_submodularity
from bounds.spectral_pruning.convex_certificate import certified, relaxed
from bounds.spectral_pruning.covariances import fractions
from bounds.spectral_pruning.information import spectrum
from bounds.spectral_pruning.tail_bounds import chosen, floors, losses
from tests.spectral_pruning.oracles import TRIDIAGONAL, best_loss, loss, random_covariance

RNG = np.random.default_rng(7)


def naive_greedy(Sig: np.ndarray, k: int, tau: float, M: np.ndarray) -> list[int]:
    J: list[int] = []
    for _ in range(k):
        J.append(min((j for j in range(len(Sig)) if j not in J), key=lambda j: loss(Sig, [*J, j], tau, M)))
    return J


def naive_lookahead(Sig: np.ndarray, k: int) -> list[int]:
    """Algorithm 3 as it is written: an eigendecomposition of every candidate."""
    S, J = Sig.copy(), []
    for step in range(k):
        scores = {}
        for j in range(len(S)):
            if S[j, j] > 1e-13 * np.trace(Sig):
                after = S - np.outer(S[:, j], S[j]) / S[j, j]
                scores[j] = sp.dpp_mean_loss(np.maximum(np.linalg.eigvalsh(after), 0.0), k - step - 1)
        j = min(scores, key=lambda j: scores[j])
        S = S - np.outer(S[:, j], S[j]) / S[j, j]
        J.append(j)
    return J


@pytest.mark.parametrize("tau", [0.0, 0.05])
@pytest.mark.parametrize("weighted", [False, True])
def test_greedy_is_the_naive_greedy(tau: float, weighted: bool) -> None:
    for _ in range(4):
        Sig, W = random_covariance(RNG, 6), RNG.standard_normal((2, 6))
        M = W.T @ W if weighted else np.eye(6)
        J, path = sp.greedy_selection(Sig, 4, tau, M if weighted else None)
        assert naive_greedy(Sig, 4, tau, M) == J
        assert path == pytest.approx([loss(Sig, J[:k], tau, M) for k in range(5)], rel=1e-9)


def test_lookahead_is_algorithm_3_as_it_is_written() -> None:
    for decay in (0.9, 0.5, 0.2):
        Sig = random_covariance(RNG, 7, decay)
        J, path = sp.lookahead_selection(Sig, 4)
        assert loss(Sig, J) == pytest.approx(loss(Sig, naive_lookahead(Sig, 4)), rel=1e-7)
        assert path[-1] == pytest.approx(loss(Sig, J), rel=1e-7)


def test_lookahead_says_how_far_it_is() -> None:
    seen: list[int] = []
    J = sp.lookahead_selection(random_covariance(RNG, 8, 0.7), 5, seen.append)[0]
    assert seen == list(range(1, len(J) + 1))


def test_lookahead_and_greedy_stop_when_everything_is_explained() -> None:
    B = np.array([[1.0, 2.0, 0.0, 1.0], [0.0, 1.0, 1.0, 1.0]])
    for select in (sp.greedy_selection, sp.lookahead_selection, sp.pivoted_cholesky_selection):
        J, path = select(B.T @ B, 4)
        assert len(J) == 2
        assert path[-1] == pytest.approx(0.0, abs=1e-13)


def test_nothing_to_keep() -> None:
    assert sp.greedy_selection(np.zeros((3, 3)), 2)[0] == []
    assert sp.lookahead_selection(np.zeros((3, 3)), 2)[0] == []
    assert sp.greedy_selection(np.eye(3), 0)[0] == []
    assert sp.exact_selection(np.eye(3), 3)[1] == pytest.approx(0.0, abs=1e-15)


def test_pivoted_cholesky_takes_the_largest_residual_variance() -> None:
    Sig = random_covariance(RNG, 6)
    J, _ = sp.pivoted_cholesky_selection(Sig, 3)
    for k in range(3):
        assert J[k] == int(np.argmax(np.diagonal(sp.residual_covariance(Sig, J[:k], 0.0))))


@pytest.mark.parametrize(("tau", "weighted"), [(0.0, False), (0.1, False), (0.0, True), (0.02, True)])
def test_branch_and_bound_finds_the_best_of_all_sets(tau: float, weighted: bool) -> None:
    for k in (1, 3, 4):
        Sig, W = random_covariance(RNG, 8, 0.6), RNG.standard_normal((3, 8))
        M = W.T @ W if weighted else None
        found = sp.branch_and_bound(Sig, k, tau, M)
        assert found.loss == pytest.approx(best_loss(Sig, k, tau, M), rel=1e-9)
        assert loss(Sig, found.J, tau, M) == pytest.approx(found.loss, rel=1e-9)
        assert found.loss * (1 - 1e-6) <= found.lower <= found.loss


def test_branch_and_bound_with_one_ridge_for_each_unit_and_dead_units() -> None:
    h = np.array([[1.0, 2.0, 0.0, 1.0, 0.0], [2.0, 1.0, 0.0, 2.0, 1.0], [0.0, 1.0, 0.0, 0.0, 3.0]])
    Sig, tau = h.T @ h, np.array([0.1, 0.5, 0.1, 0.2, 0.3])
    assert sp.exact_selection(Sig, 2, tau)[1] == pytest.approx(best_loss(Sig, 2, tau), rel=1e-10)
    assert sp.exact_selection(Sig, 3, 0.0)[1] == pytest.approx(0.0, abs=1e-12)


def test_branch_and_bound_with_ridges_far_below_rounding_bounds_every_set() -> None:
    rng = np.random.default_rng(0)
    for _ in range(40):
        H = rng.standard_normal((4, 5)) * 10.0 ** rng.choice([0, -8, -9], 5)  # weak units explain as much as strong ones
        Sig = H.T @ H
        tau = 1e-22 * np.trace(Sig)
        best = min(sp.information_loss(Sig, J, tau) for J in combinations(range(5), 2))
        found = sp.branch_and_bound(Sig, 2, tau)
        assert found.lower <= best + 1e-12 * np.trace(Sig)
        assert found.loss == pytest.approx(best, rel=1e-6)
        j = int(np.argmin(np.diagonal(Sig)))
        gained = sp.information_loss(Sig, [], tau) - sp.information_loss(Sig, [j], tau)
        assert sp.selection_gain(Sig, [], j, tau) == pytest.approx(gained, rel=1e-6)


@pytest.mark.parametrize("kind", ["steep", "flat", "copies", "few samples", "alike"])
@pytest.mark.parametrize("weighted", [False, True])
def test_branch_and_bound_is_enumeration_on_hard_and_degenerate_covariances(kind: str, weighted: bool) -> None:
    rng, m, k = np.random.default_rng(3), 11, 5
    h = rng.standard_normal((40, m)) * {"steep": 0.3 ** np.arange(m)}.get(kind, np.ones(m))
    h = h + 2 * rng.standard_normal((40, 1)) if kind == "alike" else h[:7] if kind == "few samples" else h
    h = np.concatenate([h[:, :6], h[:, :5]], axis=1) if kind == "copies" else h
    W = rng.standard_normal((3, m))
    for tau in (0.0, 0.3):
        Sig, M = h.T @ h, W.T @ W if weighted else None
        found = sp.branch_and_bound(Sig, k, tau, M)
        noise = 1e-10 * np.trace(Sig if M is None else M @ Sig)
        best = min(sp.information_loss(Sig, J, tau, M) for J in combinations(range(m), k))
        assert found.loss == pytest.approx(best, abs=noise)
        assert found.lower <= best + noise
        assert found.lower >= found.loss - noise


def test_a_search_can_be_watched_and_its_bound_only_rises() -> None:
    seen: list[tuple[int, float, float]] = []
    Sig = random_covariance(RNG, 14, 0.9)
    found = sp.branch_and_bound(Sig, 6, watch=lambda *state: seen.append(state))
    assert [nodes for nodes, _, _ in seen] == sorted({nodes for nodes, _, _ in seen})
    assert all(a[1] <= b[1] + 1e-12 * np.trace(Sig) for a, b in pairwise(seen))
    assert seen[-1] == (found.nodes, found.lower, found.loss)


def test_a_stopped_search_still_bounds_every_set_from_below() -> None:
    Sig = random_covariance(RNG, 10, 0.8)
    best = best_loss(Sig, 4)
    lowers = [sp.branch_and_bound(Sig, 4, max_nodes=nodes).lower for nodes in (0, 3, 30)]
    assert lowers == sorted(lowers)
    assert lowers[-1] <= best * (1 + 1e-9)
    assert lowers[0] >= sp.spectral_lower_bound(spectrum(Sig), 4) * (1 - 1e-9)  # its root is the Eckart-Young tail


def test_a_search_that_is_too_large_for_sharp_roots_keeps_the_bound_of_the_spectrum(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bounds.spectral_pruning.best_subset.LARGE", 0)
    Sig, tau = random_covariance(RNG, 14, 0.8), 1e-4
    floor = sp.spectral_lower_bound(spectrum(Sig), 7, tau)
    for nodes in (0, 1, 5):
        assert sp.branch_and_bound(Sig, 7, tau, max_nodes=nodes).lower >= floor * (1 - 1e-9)
    assert sp.branch_and_bound(Sig, 7, tau).loss == pytest.approx(best_loss(Sig, 7, tau), rel=1e-9)


def test_golden_losses_of_greedy_lookahead_and_the_best() -> None:
    exact = sp.exact_selection(TRIDIAGONAL, 2)[1]
    assert [sp.greedy_selection(TRIDIAGONAL, 2)[1][-1], sp.lookahead_selection(TRIDIAGONAL, 2)[1][-1], exact] == pytest.approx(
        [2.5] * 3
    )

    point = greedy_is_near_best.CLAIM.witness["greedy is best"]
    B = np.array(point["h"], dtype=float)
    assert sp.greedy_selection(B.T @ B, 2)[1][-1] == pytest.approx(9.0377358, abs=1e-7)
    assert best_loss(B.T @ B, 2) == pytest.approx(6.5929825, abs=1e-7)

    B = np.array(lookahead_beats_mean.CLAIM.witness["greedy has it too"]["B"], dtype=float)
    J, path = sp.greedy_selection(B.T @ B, 2)
    assert J == [3, 1]
    assert path[-1] == pytest.approx(579.1956522, abs=1e-7)
    assert sp.dpp_mean_loss(spectrum(B.T @ B), 2) == pytest.approx(547.0686360, abs=1e-7)
    J, path = sp.lookahead_selection(B.T @ B, 2)
    assert sorted(J) == [1, 2]
    assert path[-1] == pytest.approx(229.6983051, abs=1e-7)
    assert best_loss(B.T @ B, 2) == pytest.approx(229.6983051, abs=1e-7)

    B = np.array(lookahead_beats_mean.CLAIM.witness["look-ahead is best"]["B"], dtype=float)
    J, path = sp.lookahead_selection(B.T @ B, 2)
    assert J == [4, 2]
    assert path[-1] == pytest.approx(10.8709677, abs=1e-7)
    assert best_loss(B.T @ B, 2) == pytest.approx(9.7559055, abs=1e-7)


def test_look_ahead_claim_takes_its_mean_from_all_sets() -> None:
    x = lookahead_beats_mean.choice([[1, 2, 0, 1], [0, 1, 3, 1], [2, 0, 1, -1], [1, 1, 1, 2]], k=2)
    Sig = x.Sig.astype(float)
    sets = [list(J) for J in combinations(range(4), 2)]
    weights = [np.linalg.det(Sig[np.ix_(J, J)]) for J in sets]
    mean = np.average([loss(Sig, J) for J in sets], weights=weights)
    assert float(x.phi) == pytest.approx(mean, rel=1e-12)


def test_two_units_explain_more_together() -> None:
    x = submodularity_fails.late(**submodularity_fails.CLAIM.witness[""])
    Sig = 2 * x.units.Sig.astype(float)  # BᵀB itself
    f = {J: np.trace(Sig) - loss(Sig, J) for J in ((), (0,), (1,), (0, 1))}
    assert (f[(1,)], f[(0,)], f[(0, 1)]) == pytest.approx((4.5, 2.0, 7.0))


def test_weak_submodularity_ratio_is_the_least_eigenvalue_of_correlations() -> None:
    h = np.array([[1.0, 2.0, 0.0, 1.0], [2.0, 1.0, 0.0, -2.0], [0.0, 1.0, 0.0, 0.5]])
    x = weak_submodularity.joint(
        join=[0, 1, 0, 1], W=np.ones((2, 4)), h=[[2, 4, 0, 2], [4, 2, 0, -4], [0, 2, 0, 1]], keep=[1, 0, 0, 0], tau=[0] * 4
    )
    sd = np.sqrt(np.diagonal(h.T @ h))
    correlations = (h / np.where(sd > 0, sd, 1.0))[:, [0, 1, 3]]
    expected = np.linalg.svd(correlations, compute_uv=False)[-1] ** 2
    assert sp.weak_submodularity_ratio(x.units.Sig) == pytest.approx(expected, abs=1e-13)
    Sig, M = x.units.Sig.astype(float), x.M.astype(float)
    assert float(x.gain) == pytest.approx(loss(Sig, [0], M=M) - loss(Sig, [0, 1, 3], M=M), rel=1e-9)


def test_greedy_guarantee_values() -> None:
    assert sp.greedy_guarantee(1.0, 1) == 1.0
    assert sp.greedy_guarantee(0.3, 5) == pytest.approx(1 - (1 - 0.06) ** 5, rel=1e-14)
    assert sp.greedy_guarantee(1e-20, 3) == pytest.approx(1e-20, rel=1e-12)
    race = greedy_is_near_best.race(h=[[1, 2, 0], [0, 1, 1], [3, 1, -1]], tau=[0, 1, 0], W=[[0] * 3] * 2, k=2)
    Sig = race.Sig.astype(float)
    assert float(race.best) == pytest.approx(np.trace(Sig) - best_loss(Sig, 2, [0.0, 1.0, 0.0]), rel=1e-11)


def test_lower_bounds_on_drawn_sets() -> None:
    c = chosen(
        constant=Fraction(1, 2), mu=[4, 1, 2, 0], v=[1, 2, -1, 1], w=[0, 1, 1, 1], keep=[1, 0, 1, 0], tau=[1, 0, 2, 1], lam=1
    )
    Sig = c.x.Sig.astype(float)
    assert spectrum(Sig) == pytest.approx([4, 2, 1, 0], abs=1e-14)
    expected = [loss(Sig, [0, 2], tau) for tau in (0.0, 0.5, [1.0, 0.0, 2.0, 1.0])]
    assert [float(v) for v in np.asarray(losses(c).lo)] == pytest.approx(expected, rel=1e-10)
    assert [float(v) for v in np.asarray(floors(c).lo)[:2]] == pytest.approx([1.0, 1.0 + 4 * 0.5 / 4.5 + 2 * 0.5 / 2.5])


@pytest.mark.parametrize("tau", [0.1, 0.01])
def test_the_convex_certificate_reaches_the_optimum_of_the_relaxation(tau: float) -> None:
    import cvxpy

    Sig, k = random_covariance(RNG, 6), 2
    value, w = sp.best_relaxation_certificate(Sig, tau, k, steps=800)
    # Tr (Σ⁻¹ + W)⁻¹ as sums of matrix fractions: not the slopes, not Frank-Wolfe
    share = cvxpy.Variable(6)
    information = np.linalg.inv(Sig) + cvxpy.diag(share) / tau
    objective = cvxpy.sum([cvxpy.matrix_frac(e, information) for e in np.eye(6)])
    relaxation = cvxpy.Problem(cvxpy.Minimize(objective), [share >= 0, share <= 1, cvxpy.sum(share) == k])
    relaxation.solve(solver=cvxpy.CLARABEL)
    assert value <= relaxation.value * (1 + 1e-6)
    assert value >= relaxation.value * 0.97
    assert value <= best_loss(Sig, k, tau)
    assert w.sum() == pytest.approx(k, abs=1e-9)


def test_the_certificate_claim_is_exact_and_below_every_set() -> None:
    r = relaxed(
        order=[0.1, 0.9, 0.5, 0.2],
        spread=Fraction(1, 4),
        mu=[4, 1, 2, 3],
        v=[1, 2, -1, 1],
        w=[0, 1, 1, 1],
        keep=[1, 0, 1, 0],
        tau=[1, 2, 1, 3],
    )
    Sig = r.x.Sig.astype(float)
    lowest = min(loss(Sig, J, [1.0, 2.0, 1.0, 3.0]) for J in combinations(range(4), 2))
    value = certified(r).lo
    assert isinstance(value, Fraction)
    assert float(value) <= lowest
    floats = sp.relaxation_certificate(Sig, [1.0, 2.0, 1.0, 3.0], r.w.astype(float))
    assert floats == pytest.approx(float(value), rel=1e-12)


def test_a_relaxation_needs_no_inverse_of_the_covariance() -> None:
    singular = np.diag([1.0, 0.0, 2.0])
    assert sp.relaxation_certificate(singular, 0.5, [1.0, 0.0, 0.0]) <= best_loss(singular, 1, 0.5)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sp.greedy_selection(np.eye(3), 4), r"0\.\.3"),
        (lambda: sp.greedy_selection(np.eye(3), 1.5), "integer"),
        (lambda: sp.greedy_selection(np.eye(3), 1, M=np.eye(2)), "shape"),
        (lambda: sp.lookahead_selection(np.eye(3), -1), r"0\.\.3"),
        (lambda: sp.spectral_lower_bound([1.0], 2), r"0\.\.1"),
        (lambda: sp.relaxation_certificate(np.eye(2), 0.0, [1, 0]), "tau must be > 0"),
        (lambda: sp.relaxation_certificate(np.eye(2), 1.0, [0.5, 0.2]), "integer sum"),
        (lambda: sp.greedy_guarantee(2.0, 1), "gam"),
    ],
)
def test_bad_input_gets_one_clear_sentence(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        call()  # type: ignore[operator]


def test_exact_arithmetic_reaches_the_public_functions() -> None:
    Sig = fractions([[2, 1], [1, 2]])
    assert sp.information_loss(Sig, [0], 0) == Fraction(3, 2)
    assert sp.spectral_lower_bound([Fraction(3), Fraction(1)], 1, Fraction(1)) == Fraction(7, 4)
