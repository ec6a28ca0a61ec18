"""Reconstruction, orderings and gains (SP-1 to SP-3)."""

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest

from bounds import spectral_pruning as sp
from bounds.spectral_pruning.bayesian_design import augmented_residual, posterior
from bounds.spectral_pruning.covariances import fractions, kept, rotation, spectral
from bounds.spectral_pruning.effective_dimension import two
from bounds.spectral_pruning.nested_loss import losses, nested
from bounds.spectral_pruning.rank_one_gain import candidate
from bounds.spectral_pruning.residual_below_schur import residual_second_moment, seen
from bounds.spectral_pruning.ridge_is_best import attempt, objective
from tests.spectral_pruning.oracles import RNN3, RNN3_X, TRIDIAGONAL, least_squares_residual, random_covariance

H = [[1, -2, 0, 3], [2, 1, 1, -1], [0, 3, -2, 1], [1, 1, 1, 1], [-3, 0, 2, 2]]


def test_golden_values_of_the_tridiagonal_covariance() -> None:
    exact = fractions(TRIDIAGONAL)
    half = Fraction(1, 2)
    assert sp.leverage_scores(exact, half).tolist() == [Fraction(n, 341) for n in (256, 236, 236, 256)]
    assert sum(sp.leverage_scores(exact, half)) == Fraction(984, 341)
    assert sp.degrees_of_freedom(np.linalg.eigvalsh(TRIDIAGONAL), 0.5) == pytest.approx(2.885630498533724, rel=1e-13)
    assert sp.information_loss(exact, [0, 2], Fraction(1, 10)) == Fraction(58, 21)
    assert sp.information_loss(TRIDIAGONAL, [0, 2], 0.1) == pytest.approx(2.761904761904762, rel=1e-14)
    assert sp.information_loss(exact, [0, 2], 0) == Fraction(5, 2)
    assert sp.lambda_for_dof(np.linalg.eigvalsh(TRIDIAGONAL), 2) == pytest.approx(1.545008897645064, rel=1e-13)


def test_golden_values_of_the_three_unit_network() -> None:
    h, _, _ = sp.rnn_forward(RNN3, RNN3_X)
    Sig = sp.time_mean_covariance(h)
    assert np.trace(Sig) == pytest.approx(1.209986546015625, rel=1e-15)
    assert Sig[0, 1] == pytest.approx(0.143094725625, rel=1e-14)
    A = sp.ridge_reconstruction(Sig, [0, 2], 0.01)
    assert A[1] == pytest.approx([-0.8390757490471262, 1.687162536000095], rel=1e-13)
    assert sp.information_loss(Sig, [0, 2], 0.01) == pytest.approx(0.1299790315618135, rel=1e-13)


@pytest.mark.parametrize("J", [[], [1], [2, 0], [0, 1, 2, 3]])
@pytest.mark.parametrize("tau", [0.0, 0.3])
def test_residual_and_reconstruction_are_those_of_least_squares(J: list[int], tau: float) -> None:
    Sig = random_covariance(np.random.default_rng(1), 4)
    assert sp.residual_covariance(Sig, J, tau) == pytest.approx(least_squares_residual(Sig, J, [tau] * 4), abs=1e-12)


def test_singular_covariances_take_the_pseudo_inverse_in_both_arithmetics() -> None:
    h = fractions([[1, 1, 0, 2], [2, 2, 0, 4], [1, 1, 0, 5]])  # a copy, a dead unit
    Sig = h.T @ h
    for J in combinations(range(4), 3):
        A = sp.ridge_reconstruction(Sig, J, 0)
        kept_part = Sig[np.ix_(J, J)].astype(float)
        assert A.astype(float) == pytest.approx(Sig[:, J].astype(float) @ np.linalg.pinv(kept_part), abs=1e-9)
        assert sp.ridge_reconstruction(Sig.astype(float), J, 0.0) == pytest.approx(A.astype(float), abs=1e-9)


def test_the_objective_is_least_at_the_least_squares_solution() -> None:
    x = attempt(A=np.zeros((4, 4), dtype=int), h=H, keep=[1, 0, 1, 0], tau=[1, 1, Fraction(1, 2), 1])
    rows = np.array(H, dtype=float) / np.sqrt(len(H))
    features = np.vstack([rows[:, [0, 2]], np.diag(np.sqrt([1.0, 0.5]))])
    A, squares, _, _ = np.linalg.lstsq(features, np.vstack([rows, np.zeros((2, 4))]), rcond=None)
    assert x.units.A.astype(float) == pytest.approx(A.T, abs=1e-12)
    assert float(objective(type(x)(x.units, x.units.A))) == pytest.approx(squares.sum(), rel=1e-12)
    assert float(objective(x)) == pytest.approx((rows**2).sum(), rel=1e-14)  # A = 0


def test_residual_moment_is_that_of_the_states() -> None:
    s = seen(W=[[1, 0, 2, 1], [0, 1, -1, 1]], h=H, keep=[1, 0, 1, 0], tau=[1, 1, 2, 1])
    r = np.array([[float(v) for v in row] for row in (s.units.h - s.units.h[:, [0, 2]] @ s.units.A.T)])
    seen_loss = np.mean(np.sum((r @ s.W.astype(float).T) ** 2, axis=1))
    assert float(s.through(residual_second_moment(s.units))) == pytest.approx(seen_loss, rel=1e-13)


def test_the_schur_matrix_is_not_the_residual_moment() -> None:
    x = kept(h=[[1]], keep=[1], tau=[1])
    assert (x.S[0, 0], residual_second_moment(x)[0, 0]) == (Fraction(1, 2), Fraction(1, 4))


def test_three_routes_to_the_posterior_covariance_meet_in_floats_too() -> None:
    x = spectral(mu=[4, 1, Fraction(1, 2)], v=[1, 2, -1], w=[0, 1, 1], keep=[1, 0, 1], tau=[1, 1, Fraction(1, 4)])
    oracle = least_squares_residual(x.Sig, x.J, x.tau)
    for route in (posterior(x), augmented_residual(x)):
        assert route.astype(float) == pytest.approx(oracle, abs=1e-13)


def test_a_ridge_tied_to_the_size_of_the_set_breaks_the_order() -> None:
    Sig, q = np.diag([1e6, 1e-9]), np.array([1.0, 1e-9])
    assert sp.information_loss(Sig, [0], 1 * q) == pytest.approx(1.0, abs=1e-5)
    assert sp.information_loss(Sig, [0, 1], 2 * q) == pytest.approx(2.0, abs=1e-5)


def test_loewner_answers_agree_with_eigenvalues() -> None:
    n = nested(more=[0, 1, 1], rise=[1, 0, 2], mu=[4, 1, 2], v=[1, 1, 0], w=[0, 1, -1], keep=[1, 0, 0], tau=[1, 2, 0])
    least, middle, most = (S.astype(float) for S in losses(n))
    for smaller, larger in ((least, middle), (middle, most)):
        assert np.linalg.eigvalsh(larger - smaller)[0] > -1e-12
    assert np.linalg.eigvalsh(middle - least)[-1] > 0.1  # and not because they are equal


def test_degrees_of_freedom_are_the_trace_of_the_smoother() -> None:
    s = two(factor=2, mu=[4, 0, Fraction(1, 4)], v=[1, 2, 2], w=[1, -1, 0], keep=[], tau=[0, 0, 0], lam=Fraction(1, 2))
    Sig = s.x.Sig.astype(float)
    assert float(s.x.N) == pytest.approx(np.trace(Sig @ np.linalg.inv(Sig + 0.5 * np.eye(3))), rel=1e-13)
    assert sp.ridge_smoother(Sig, 0.5) == pytest.approx(s.x.Gam.astype(float), abs=1e-13)
    assert Fraction(8, 9) + Fraction(1, 3) == s.x.N


def test_gain_is_what_least_squares_gains() -> None:
    c = candidate(W=[[1, 0, 2, 1], [0, 1, -1, 1]], j=3, h=H, keep=[1, 0, 1, 0], tau=[1, 0, 2, Fraction(1, 2)])
    x, M = c.units, c.M.astype(float)
    before, after = (least_squares_residual(x.Sig, J, x.tau) for J in ([0, 2], [0, 2, 3]))
    assert float(c.gain) == pytest.approx(np.trace(M @ (before - after)), rel=1e-11)
    assert sp.selection_gain(x.Sig, [0, 2], 3, x.tau, c.M) == c.gain


def test_nothing_is_gained_from_a_copy_of_a_kept_unit() -> None:
    assert sp.selection_gain([[2.0, 2.0], [2.0, 2.0]], [0], 1, 0.0) == 0.0


def test_order_of_units_permutes_the_reconstruction_and_nothing_else() -> None:
    Sig = random_covariance(np.random.default_rng(2), 5)
    A, B = sp.ridge_reconstruction(Sig, [3, 0, 4], 0.1), sp.ridge_reconstruction(Sig, [0, 3, 4], 0.1)
    assert A[:, [1, 0, 2]] == pytest.approx(B, abs=1e-14)
    order = [4, 2, 0, 1, 3]
    moved = sp.information_loss(Sig[np.ix_(order, order)], [order.index(j) for j in (3, 0)], 0.1)
    assert moved == pytest.approx(sp.information_loss(Sig, [3, 0], 0.1), rel=1e-12)


def test_rotations_are_orthogonal() -> None:
    Q = rotation([1, 2, -2, 0], [0, 1, 1, 1])
    assert (fractions(np.eye(4, dtype=int)) == Q @ Q.T).all()


def test_norm_and_weight() -> None:
    F = np.random.default_rng(3).standard_normal((2, 5, 3))
    assert sp.rms_norm(F) == pytest.approx(np.sqrt(np.mean(np.sum(F**2, axis=2))), rel=1e-14)
    assert sp.rms_norm(F * 1e200) == pytest.approx(sp.rms_norm(F) * 1e200, rel=1e-14)
    M = sp.information_weight(RNN3, 0.25)
    Wo, Wh = np.array(RNN3["Wo"]), np.array(RNN3["Wh"])
    assert pytest.approx(0.25 * np.eye(3) + 0.75 * (Wo.T @ Wo + Wh.T @ Wh)) == M


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: sp.ridge_reconstruction(np.zeros((2, 3)), [0], 1.0), "square"),
        (lambda: sp.ridge_reconstruction([[1.0, 2.0], [0.0, 1.0]], [0], 1.0), "symmetric"),
        (lambda: sp.ridge_reconstruction([[np.nan]], [0], 1.0), "finite"),
        (lambda: sp.residual_covariance(np.eye(2), [0, 0], 1.0), "distinct units among 0..1"),
        (lambda: sp.residual_covariance(np.eye(2), [2], 1.0), "distinct units among 0..1"),
        (lambda: sp.residual_covariance(np.eye(2), [0], -1.0), "tau must be >= 0"),
        (lambda: sp.residual_covariance(np.eye(2), [0], np.nan), "tau must be >= 0"),
        (lambda: sp.residual_covariance(np.eye(2), [0], [1.0, 2.0, 3.0]), "vector of 2"),
        (lambda: sp.information_loss(np.eye(2), [0], 1.0, np.eye(3)), "shape"),
        (lambda: sp.degrees_of_freedom([1.0, -1.0], 1.0), "eigenvalues >= 0"),
        (lambda: sp.degrees_of_freedom([1.0], 0.0), "lam must be positive"),
        (lambda: sp.lambda_for_dof([1.0, 0.0], 1), "rank 1"),
        (lambda: sp.information_weight(RNN3, 2.0), r"theta must lie in \[0, 1\]"),
        (lambda: sp.time_mean_covariance(np.zeros((3, 2))), "shape"),
        (lambda: sp.rnn_forward({**RNN3, "b": [1.0]}, RNN3_X), "'Wh'|'b'"),
        (lambda: sp.rnn_forward(RNN3, RNN3_X[:, :, [0, 0]]), r"\(n, T, 1\)"),
        (lambda: sp.rnn_forward(RNN3, RNN3_X * np.nan), "finite"),
        (lambda: sp.rnn_forward({"Wh": [[1.0]]}, RNN3_X), "lacks"),
        (lambda: sp.rnn_forward(RNN3, RNN3_X, activation="gelu"), "relu"),
    ],
)
def test_bad_input_gets_one_clear_sentence(call: object, message: str) -> None:
    with pytest.raises(ValueError, match=message) as problem:
        call()  # type: ignore[operator]
    assert "\n" not in str(problem.value)
