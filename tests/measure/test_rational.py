import math
from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest
import sympy

from bounds.claim import Evidence
from bounds.measure.rational import (
    certificate,
    every_case,
    inverse,
    is_positive_definite,
    is_positive_semidefinite,
    ldlt,
    loewner_leq,
    solve,
    to_fractions,
)


def matmul(A, B):
    return [[sum(a * b for a, b in zip(row, column, strict=True)) for column in zip(*B, strict=True)] for row in A]


def random_symmetric(rng, n, rank=None, shift=0):
    """Integer matrices over a common denominator; of the given rank and positive semidefinite unless shifted."""
    B = rng.integers(-3, 4, (n, n if rank is None else rank))
    A = to_fractions(B @ B.T + shift * np.eye(n, dtype=int))
    return [[x / 7 for x in row] for row in A]


def minors_say_semidefinite(A):
    """The definition by all principal minors, by sympy: no elimination, no pivots."""
    M = sympy.Matrix(A)
    n = M.rows
    return all(M.extract(list(s), list(s)).det() >= 0 for k in range(1, n + 1) for s in combinations(range(n), k))


def test_the_factors_multiply_back_to_the_matrix_exactly():
    rng = np.random.default_rng(0)
    for n in (1, 2, 3, 6):
        for A in (random_symmetric(rng, n, shift=1), random_symmetric(rng, n, rank=max(1, n - 1))):
            L, D = ldlt(A)
            assert all(L[i][i] == 1 and not any(L[i][i + 1 :]) for i in range(n))
            LD = [[L[i][k] * D[k] for k in range(n)] for i in range(n)]
            assert matmul(LD, [list(c) for c in zip(*L, strict=True)]) == A


def test_indefinite_matrices_factor_unless_a_zero_pivot_stands_over_something():
    assert ldlt([[-1, 2], [2, 0]])[1] == [-1, 4]
    with pytest.raises(ValueError, match="pivot 0 is 0"):
        ldlt([[0, 1], [1, 5]])
    with pytest.raises(ValueError, match="pivot 1 is 0"):
        ldlt([[1, 1, 0], [1, 1, 2], [0, 2, 0]])


def test_floats_are_taken_as_the_dyadic_numbers_they_are():
    A = np.array([[0.1, 0.3], [0.3, 0.9]])
    exactly_singular = Fraction(0.1) * Fraction(0.9) == Fraction(0.3) ** 2
    assert not exactly_singular
    assert is_positive_definite(A) == (Fraction(0.1) * Fraction(0.9) > Fraction(0.3) ** 2)
    L, D = ldlt(A)
    assert D[1] == Fraction(0.9) - Fraction(0.3) ** 2 / Fraction(0.1)
    assert L[1][0] == Fraction(0.3) / Fraction(0.1)


def test_definiteness_agrees_with_all_principal_minors_on_every_small_matrix():
    entries = (-1, 0, 1, 2)
    counts = {True: 0, False: 0}
    for a in entries:
        for b in entries:
            for c in entries:
                for d in (-1, 0, 1):
                    for e in (0, 1):
                        A = [[a, d, e], [d, b, d], [e, d, c]]
                        truth = minors_say_semidefinite(A)
                        counts[truth] += 1
                        assert is_positive_semidefinite(A) == truth
                        assert is_positive_definite(A) == (truth and sympy.Matrix(A).det() > 0)
    assert min(counts.values()) > 30


def test_semidefinite_of_any_rank_is_recognised_and_an_arbitrarily_small_dent_is_not_forgiven():
    rng = np.random.default_rng(1)
    for n in (2, 5, 12):
        for rank in range(n + 1):
            A = random_symmetric(rng, n, rank=rank)
            assert is_positive_semidefinite(A)
            if rank < n:
                assert not is_positive_definite(A)
                dented = [[x - (Fraction(1, 10**60) if i == j else 0) for j, x in enumerate(row)] for i, row in enumerate(A)]
                assert not is_positive_semidefinite(dented)


def test_zero_pivots_in_the_middle_are_handled():
    assert is_positive_semidefinite([[1, 1, 2], [1, 1, 2], [2, 2, 5]])  # the second pivot is 0, the third 1
    assert not is_positive_semidefinite([[1, 1, 2], [1, 1, 3], [2, 3, 50]])  # 0 over something
    assert not is_positive_semidefinite([[0, 0], [0, -1]])
    assert is_positive_semidefinite([[0, 0], [0, 0]])
    assert ldlt([[1, 1, 2], [1, 1, 2], [2, 2, 5]])[1] == [1, 0, 1]


def test_a_float_matrix_that_eigenvalues_in_floats_cannot_judge():
    x = np.array([1.0, 1e-9, 3.0])
    A = [[Fraction(a) * Fraction(b) for b in x] for a in x]
    assert is_positive_semidefinite(A)
    A[0][0] -= Fraction(1, 2**200)
    assert not is_positive_semidefinite(A)


def test_the_loewner_order():
    A = [[1, 0], [0, 1]]
    assert loewner_leq(A, A)
    assert loewner_leq(A, [[2, 1], [1, 2]])  # the difference is singular
    assert not loewner_leq(A, [[2, 1], [1, Fraction(19, 10)]])
    with pytest.raises(ValueError, match="one size"):
        loewner_leq(A, [[1]])


def test_a_solution_solves_and_an_inverse_inverts_exactly():
    rng = np.random.default_rng(2)
    for n in (1, 3, 10):
        A = to_fractions(rng.standard_normal((n, n)))
        b = to_fractions(rng.standard_normal(n))
        assert matmul(A, [[x] for x in solve(A, b)]) == [[x] for x in b]
        B = to_fractions(rng.standard_normal((n, 2)))
        assert matmul(A, solve(A, B)) == B
        assert matmul(A, inverse(A)) == to_fractions(np.eye(n))


def test_singular_or_misshapen_systems_are_refused():
    with pytest.raises(ValueError, match="singular"):
        solve([[1, 2], [2, 4]], [1, 1])
    with pytest.raises(ValueError, match="singular"):
        inverse([[0]])
    with pytest.raises(ValueError, match="square"):
        solve([[1, 2]], [1])
    with pytest.raises(ValueError, match="square"):
        solve([[1]], [1, 2])
    with pytest.raises(ValueError, match="b must be a matrix"):
        solve([[1]], 1)


@pytest.mark.parametrize(
    ("bad", "what"),
    [
        ([[1, 2], [3, 4]], "symmetric"),
        ([[1, 2]], "square"),
        ([1, 2], "matrix"),
        ([], "matrix"),
        ([[1], [2, 3]], "matrix"),
        ([[[1]]], "nested deeper"),
        ([[math.nan]], "finite number"),
        ([[math.inf]], "finite number"),
    ],
)
def test_bad_matrices_are_refused_in_one_sentence(bad, what):
    for maker in (ldlt, is_positive_definite, is_positive_semidefinite, lambda A: loewner_leq(A, A)):
        with pytest.raises(ValueError, match=what):
            maker(bad)


def test_arrays_of_any_kind_become_nested_lists():
    third = Fraction(1, 3)
    assert to_fractions(np.array([[third, 2]], dtype=object)) == [[third, 2]]
    assert to_fractions(np.array([1, 2], dtype=np.int32)) == [1, 2]
    assert to_fractions(np.float32(0.5)) == Fraction(1, 2)
    assert to_fractions(((1, "2/3"),)) == [[1, Fraction(2, 3)]]


# evidence


def test_every_case_names_the_first_that_fails_and_stops_there():
    seen = []
    found = every_case(iter([(1, 2), (2, 1), (3, 0)]), lambda case: bool(seen.append(case)) or case[0] < case[1])
    assert found == Evidence("refuted", "false for (2, 1)")
    assert seen == [(1, 2), (2, 1)]


def test_every_case_proves_only_what_it_saw():
    assert every_case([np.int64(1), np.int64(2)], lambda n: n > 0).verdict == "proved"
    assert every_case([], lambda n: True).verdict == "undecided"


@pytest.mark.parametrize("answer", [math.nan, 1, None, "yes", np.array([True])])
def test_an_answer_that_is_no_truth_value_is_refused(answer):
    with pytest.raises(ValueError, match="True or False"):
        every_case([0], lambda _: answer)
    if answer is not None:
        with pytest.raises(ValueError, match="True or False"):
            certificate(lambda: answer, "how")


def test_a_certificate_has_three_answers():
    assert certificate(lambda: np.bool_(True), "how") == Evidence("proved", "how")
    assert certificate(lambda: False, "how") == Evidence("refuted", "how")
    assert certificate(lambda: None, "how") == Evidence("undecided", "how")
