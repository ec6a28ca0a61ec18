"""The certified interval must contain an optimum that is known exactly, and no other vector may fool the checks."""

import math
from fractions import Fraction
from itertools import combinations

import cvxpy as cp
import flint
import numpy as np
import pytest

from bounds.measure.ball import ball, enclosure
from bounds.measure.convex import Program, certified_minimum, dual_bound, primal_bound, program_of, repaired
from bounds.measure.rational import solve

THIRD = Fraction(1, 3)


def contains(certified, truth, width=1e-6):
    lo, hi, trust, risk = certified.value
    assert lo <= truth <= hi
    assert hi - lo <= width * max(1, abs(float(truth)))
    assert (trust, risk) == ("proved", 0.0)


def contains_ball(certified, truth, width=1e-6):
    lo, hi = certified.value[:2]
    below, above = enclosure(truth)[:2]
    assert lo <= below
    assert above <= hi
    assert hi - lo <= width * max(1, abs(below))


# linear programs


def best_vertex(c, A, b):
    """The exact minimum of c·x over the bounded polyhedron A x ≤ b, by enumeration of its vertices."""
    best = None
    for rows in combinations(range(len(b)), len(c)):
        try:
            x = solve([A[i] for i in rows], [b[i] for i in rows])
        except ValueError:
            continue
        if all(sum(a * v for a, v in zip(row, x, strict=True)) <= limit for row, limit in zip(A, b, strict=True)):
            value = sum(a * v for a, v in zip(c, x, strict=True))
            best = value if best is None else min(best, value)
    return best


@pytest.mark.parametrize("seed", range(12))
def test_a_linear_program_is_enclosed_around_its_best_vertex(seed):
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 4))
    A = [[int(v) for v in row] for row in rng.integers(-4, 5, (4, n))]
    b = [int(v) for v in rng.integers(0, 6, 4)]
    box = [[int(i == j) * sign for j in range(n)] for i in range(n) for sign in (1, -1)]
    A, b, c = A + box, b + [3] * 2 * n, [int(v) for v in rng.integers(-5, 6, n)]
    x = cp.Variable(n)
    truth = best_vertex(c, A, b)
    contains(certified_minimum(cp.Problem(cp.Minimize(np.array(c) @ x), [np.array(A) @ x <= np.array(b)])), truth)
    contains(certified_minimum(Program(c, A, b, [("nonnegative", len(b))])), truth)


def test_data_that_are_no_floats_are_kept_exactly():
    certified = certified_minimum(Program([1, 0], [[-3, 0], [1, 1]], [-1, 10], [("nonnegative", 1), ("zero", 1)]))
    contains(certified, THIRD, 1e-10)
    assert primal_bound(Program([3], [[-3]], [-1], [("nonnegative", 1)]), [THIRD]) == 1


@pytest.mark.parametrize("extra", [[], ["again"]], ids=["", "with a redundant equation"])
def test_equations_are_met_exactly(extra):
    x = cp.Variable(4)
    conditions = [cp.sum(x) == 1, x >= 0] + [3 * cp.sum(x) == 3 for _ in extra]
    certified = certified_minimum(cp.Problem(cp.Minimize(np.array([4, 2, 3, 5]) @ x), conditions))
    contains(certified, 2)
    assert sum(certified.x) == 1


def test_a_program_whose_only_feasible_point_is_short_is_decided_without_an_interior():
    x = cp.Variable(2)
    certified = certified_minimum(cp.Problem(cp.Minimize(x[0] + x[1]), [x[0] >= 2, x[0] <= 2, x[1] >= 0, x[1] <= 5]))
    contains(certified, 2)


# second-order programs: the separation of two Gaussians, 1/α = min |S_k v| + |S_l v| over v·Δ = 1


def separation_program(S, T, delta):
    v = cp.Variable(len(delta))
    return cp.Problem(cp.Minimize(cp.norm(S @ v) + cp.norm(T @ v)), [delta @ v == 1])


@pytest.mark.parametrize("m", [1, 2, 5, 12])
def test_the_separation_of_isotropic_gaussians_has_its_closed_form(m):
    rng = np.random.default_rng(m)
    delta = rng.integers(-4, 5, m).astype(float)
    delta[0] = 3.0
    s, t = 0.75, 2.5
    norm = ball(Fraction(int(delta @ delta))).sqrt()
    contains_ball(certified_minimum(separation_program(s * np.eye(m), t * np.eye(m), delta)), ball(s + t) / norm)


@pytest.mark.parametrize("seed", range(5))
def test_the_separation_of_equal_covariances_is_half_the_mahalanobis_distance(seed):
    rng = np.random.default_rng(seed)
    S, delta = rng.integers(-3, 4, (3, 3)) + 4.0 * np.eye(3), rng.integers(1, 5, 3).astype(float)
    gram = (S.T @ S).astype(int)
    square = sum(int(d) * x for d, x in zip(delta, solve(gram, delta), strict=True))  # Δ^T Σ^-1 Δ
    contains_ball(certified_minimum(separation_program(S, S, delta)), 2 / ball(square).sqrt())


def test_the_separation_of_diagonal_covariances_has_the_published_digits():
    S, T, delta = np.eye(2), np.diag([1.0, 2.0]), np.array([3.0, 3.0])
    lo, hi = certified_minimum(separation_program(S, T, delta)).value[:2]
    assert 1 / hi <= 1.78198916313345
    assert 1 / lo >= 1.78198916313335
    assert hi - lo < 1e-9


def test_the_distance_to_a_line_and_a_least_squares_objective():
    x = cp.Variable(2)
    contains_ball(certified_minimum(cp.Problem(cp.Minimize(cp.norm(x)), [x[0] + x[1] == 1])), ball(0.5).sqrt())
    contains(certified_minimum(cp.Problem(cp.Minimize(cp.sum_squares(x - 1)), [x[0] + x[1] == 1])), Fraction(1, 2))


# semidefinite programs: largest eigenvalues


def largest_eigenvalue(M):
    with flint.ctx.workprec(128):
        return max((v.real for v in flint.arb_mat(M.astype(int).tolist()).eig()), key=lambda v: float(v.mid()))


@pytest.mark.parametrize("k", [1, 2, 3, 5, 8])
def test_the_largest_eigenvalue_is_enclosed_from_both_its_programs(k):
    rng = np.random.default_rng(k)
    M = rng.integers(-5, 6, (k, k)).astype(float)
    M += M.T
    truth = largest_eigenvalue(M)
    t, X = cp.Variable(), cp.Variable((k, k), PSD=True)
    contains_ball(certified_minimum(cp.Problem(cp.Minimize(t), [t * np.eye(k) - M >> 0])), truth)
    contains_ball(certified_minimum(cp.Problem(cp.Minimize(-cp.trace(M @ X)), [cp.trace(X) == 1])), -truth)


def test_matrices_whose_off_diagonal_entries_are_variables_come_back_unscaled():
    X = cp.Variable((2, 2), symmetric=True)
    problem = cp.Problem(cp.Minimize(X[0, 0] + X[1, 1]), [X >> 0, X[0, 1] == 3 * X[0, 0] - 1, X[0, 0] >= 1])
    program = program_of(problem)
    assert {abs(entry) for row in program.A for entry in row} == {0, 1, 3}
    contains(certified_minimum(program), 5)  # X = [[1, 2], [2, 4]]


def test_a_lyapunov_inequality_is_certified_in_matrices_that_are_no_short_numbers():
    rng = np.random.default_rng(3)
    A = rng.standard_normal((3, 3))
    A *= 0.9 / np.abs(np.linalg.eigvals(A)).max()
    P, t = cp.Variable((3, 3), symmetric=True), cp.Variable()
    certified = certified_minimum(cp.Problem(cp.Minimize(t), [P >> np.eye(3), P << t * np.eye(3), A.T @ P @ A << 0.9 * P]))
    assert 1 <= certified.value.lo <= certified.value.hi <= certified.value.lo + 1e-6


# no certificate where there is none


def test_infeasible_and_unbounded_programs_have_no_certificate():
    x = cp.Variable(3)
    infeasible = certified_minimum(cp.Problem(cp.Minimize(cp.sum(x)), [x >= 1, cp.sum(x) <= 1]))
    unbounded = certified_minimum(cp.Problem(cp.Minimize(cp.sum(x)), [x <= 1]))
    assert infeasible.value == unbounded.value == (-math.inf, math.inf, "proved", 0.0)
    assert infeasible.x is infeasible.z is unbounded.x is unbounded.z is None


def test_a_program_infeasible_by_less_than_any_float_is_not_called_feasible():
    gap = Fraction(1, 2**100)
    program = Program([1], [[-1], [1]], [-1, 1 - gap], [("nonnegative", 2)])  # x ≥ 1 and x ≤ 1 - 2^-100
    assert certified_minimum(program).value.hi == math.inf
    touching = Program([1], [[-1], [1]], [-1, 1], [("nonnegative", 2)])
    contains(certified_minimum(touching), 1)


def test_an_infimum_that_is_not_attained_is_never_overstated():
    # minimise x subject to [[x, 1], [1, y]] ⪰ 0: the infimum 0 needs y = ∞
    program = Program([1, 0], [[-1, 0], [0, 0], [0, -1]], [0, 1, 0], [("semidefinite", 2)])
    lo, hi = certified_minimum(program).value[:2]
    assert lo <= 0 < hi


# what the checks accept

BOX = Program([1, 2], [[-1, 0], [0, -1], [1, 1]], [-1, "-1/3", 10], [("nonnegative", 3)])
BALL = Program([0, 1], [[0, 0], [-1, 0], [0, -1]], [1, 0, 0], [("second-order", 3)])  # min y on the unit disc
TRACE = Program([0], [[0], [-1], [0]], [1, 0, 1], [("semidefinite", 2)])  # |x| ≤ 1


def test_exact_points_prove_exact_bounds():
    assert primal_bound(BOX, [1, THIRD]) == dual_bound(BOX, [1, 2, 0]) == Fraction(5, 3)
    assert primal_bound(BALL, [0, -1]) == dual_bound(BALL, [1, 0, 1]) == -1
    assert primal_bound(BALL, ["3/5", "-4/5"]) == Fraction(-4, 5)
    assert primal_bound(TRACE, [1]) == dual_bound(TRACE, [0, 0, 0]) == 0


@pytest.mark.parametrize("change", [Fraction(1, 10**40), -Fraction(1, 10**40)])
def test_a_vector_that_is_wrong_in_the_fortieth_digit_is_rejected(change):
    for i in range(2):
        x = [Fraction(1), THIRD]
        x[i] -= abs(change)
        assert primal_bound(BOX, x) is None
    for i in range(2):
        z = [Fraction(1), Fraction(2), Fraction(0)]
        z[i] += change
        assert dual_bound(BOX, z) is None
    assert dual_bound(BOX, [1, 2, -abs(change)]) is None
    assert primal_bound(BALL, [change, -1]) is None
    assert dual_bound(BALL, [1 + change, 0, 1]) == (None if change < 0 else -1 - change)
    assert dual_bound(BALL, [1, change, 1]) is None
    assert primal_bound(TRACE, [1 + abs(change)]) is None
    assert dual_bound(TRACE, [1, 0, change]) == (None if change < 0 else -1 - change)
    assert dual_bound(TRACE, [1, change, 1]) is None


def test_off_diagonal_multipliers_count_once_and_live_in_the_matrix_by_halves():
    program = Program([1], [[0], [-1], [0]], [1, 0, 1], [("semidefinite", 2)])  # min x with |x| ≤ 1
    assert dual_bound(program, ["1/2", 1, "1/2"]) == -1
    assert dual_bound(program, ["1/2", 1, "49/100"]) is None


def test_vectors_of_the_wrong_length_prove_nothing():
    assert primal_bound(BOX, [1]) is None
    assert dual_bound(BOX, [1, 2]) is None


@pytest.mark.parametrize("seed", range(20))
def test_no_corrupted_solution_ever_proves_a_wrong_bound(seed):
    rng = np.random.default_rng(seed)
    M = rng.integers(-5, 6, (3, 3)).astype(float)
    M += M.T
    truth = float(np.linalg.eigvalsh(M)[-1])
    t = cp.Variable()
    program = program_of(cp.Problem(cp.Minimize(t), [t * np.eye(3) - M >> 0]))
    certified = certified_minimum(program)
    noise = 10.0 ** rng.integers(-9, 1)
    x = repaired(program, np.array(certified.x, float) + noise * rng.standard_normal(1))
    z = repaired(program.dual(), np.array(certified.z, float) + noise * rng.standard_normal(6))
    assert x is None or primal_bound(program, x) >= truth - 1e-12
    assert z is None or dual_bound(program, z) <= truth + 1e-12
    raw = [Fraction(float(v)) for v in rng.standard_normal(6)]
    assert dual_bound(program, raw) is None


def test_a_radius_pays_for_a_residual_and_for_nothing_else():
    z = [Fraction(1), Fraction(2) - Fraction(1, 100), Fraction(0)]
    assert dual_bound(BOX, z) is None
    assert dual_bound(BOX, z, radius=10) == 1 + (2 - Fraction(1, 100)) * THIRD - Fraction(1, 10)
    assert dual_bound(BOX, [1, 2, -1], radius=10) is None
    assert dual_bound(BOX, [1, 2, 0], radius=10) == Fraction(5, 3)
    with pytest.raises(ValueError, match="radius"):
        dual_bound(BOX, z, radius=-1)


def test_a_radius_gives_a_lower_end_where_the_multipliers_have_no_interior():
    # x ≥ 1/3 and y ≥ x, y ≥ -2x: the multipliers of the last two must vanish exactly, and no float hits 1/3
    program = Program(["1/3", 0], [[-1, 0], [1, -1], [-2, -1]], ["-1/3", 0, 0], [("nonnegative", 3)])
    assert certified_minimum(program).value.lo == -math.inf
    contains(certified_minimum(program, radius=10), Fraction(1, 9))
    assert dual_bound(program, [THIRD, 0, 0]) == Fraction(1, 9)


def test_weak_duality_holds_between_every_pair_of_proved_bounds():
    for program in (BOX, BALL, TRACE):
        twice = program.dual().dual()
        assert certified_minimum(program).value.lo <= certified_minimum(program).value.hi
        assert certified_minimum(twice).value.hi == pytest.approx(certified_minimum(program).value.hi, abs=1e-7)


# bad input


def test_problems_that_cannot_be_certified_are_refused_in_one_sentence():
    x, k = cp.Variable(2), cp.Variable(integer=True)
    for problem, what in (
        (cp.Problem(cp.Maximize(x[0]), [x <= 1]), "minimise"),
        (cp.Problem(cp.Minimize(cp.sqrt(x[0])), [x >= 1]), "convex"),
        (cp.Problem(cp.Minimize(k), [k >= 0.5]), "integer"),
        (cp.Problem(cp.Minimize(cp.exp(x[0])), [x >= 1]), "exponential"),
        (cp.Problem(cp.Minimize(0)), "one variable"),
    ):
        with pytest.raises(ValueError, match=what):
            certified_minimum(problem)


def test_programs_of_the_wrong_shape_are_refused():
    with pytest.raises(ValueError, match="A must be 3 x 2"):
        Program([1, 2], [[1, 1]], [1, 2, 3], [("nonnegative", 3)])
    with pytest.raises(ValueError, match="cones"):
        Program([1], [[1]], [1], [("exponential", 1)])
    with pytest.raises(ValueError, match="finite number"):
        Program([math.inf], [[1]], [1], [("nonnegative", 1)])
