r"""Exact linear algebra over the rationals, and evidence from finitely many exact cases.

Matrices are lists of rows of Fractions (made by `to_fractions` from lists, arrays of ints, floats or Fractions); every
function here takes anything that `to_fractions` takes. A float counts as the dyadic rational it is.

Symmetric elimination is fraction-free (Bareiss): after scaling to integers, the entries of step k are minors of order
k + 1, so every division is exact and no greatest common divisor is taken. With pivots m_0, m_1, ... (m_{-1} = 1) the
factors of A = L D L^T are D_k = m_k / m_{k-1} and L_ik = m_ik / m_k. Linear systems are solved by FLINT's exact
rational matrices.
"""

from collections.abc import Callable, Iterable, Sequence
from fractions import Fraction
from math import lcm
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from bounds.claim import Evidence
from bounds.measure.ball import fraction

if TYPE_CHECKING:
    from flint import fmpq_mat, fmpz

Vector = list[Fraction]
Matrix = list[list[Fraction]]
T = TypeVar("T")


def to_fractions(values: Any) -> Any:
    """Nested lists of Fractions, of the shape of the array, list or number that came in. ValueError for inf and NaN.

    >>> to_fractions([[1, 0.5], ["0.1", Fraction(1, 3)]])
    [[Fraction(1, 1), Fraction(1, 2)], [Fraction(1, 10), Fraction(1, 3)]]
    """
    if isinstance(values, np.ndarray):
        values = values.tolist()
    return [to_fractions(v) for v in values] if isinstance(values, list | tuple) else fraction(values)


def _matrix(values: Any, name: str) -> Matrix:
    rows = to_fractions(values)
    if not (isinstance(rows, list) and rows and all(isinstance(r, list) and len(r) == len(rows[0]) for r in rows)):
        raise ValueError(f"{name} must be a matrix: a list of at least one row, all of equal length")
    if any(not isinstance(entry, Fraction) for row in rows for entry in row):
        raise ValueError(f"{name} must be a matrix of numbers, but it is nested deeper")
    return rows


def _symmetric(values: Any, name: str = "A") -> Matrix:
    rows = _matrix(values, name)
    for i, row in enumerate(rows):
        if len(row) != len(rows):
            raise ValueError(f"{name} must be square, got {len(rows)} rows of {len(row)}")
        for j in range(i):
            if row[j] != rows[j][i]:
                raise ValueError(f"{name} must be symmetric, but its entries ({i}, {j}) and ({j}, {i}) differ")
    return rows


def _eliminate(A: Matrix) -> "tuple[int, list[tuple[fmpz, list[fmpz]]], bool]":
    """Fraction-free elimination without exchanges: (scale, [(pivot, column below it)], whether it went through).

    A zero pivot is skipped if its column is zero too, for then nothing is left to eliminate; otherwise the
    factorisation does not exist, and A is indefinite.
    """
    import flint  # its integers: GMP beats Python's from about a thousand bits on

    scale = lcm(*(entry.denominator for row in A for entry in row))
    work = [[flint.fmpz(int(entry * scale)) for entry in row[: i + 1]] for i, row in enumerate(A)]  # lower triangle
    steps = []
    previous = flint.fmpz(1)
    for k in range(len(work)):
        pivot, column = work[k][k], [work[i][k] for i in range(k + 1, len(work))]
        steps.append((pivot, column))
        if pivot == 0:
            if any(column):
                return scale, steps, False
            continue
        for i in range(k + 1, len(work)):
            row, factor = work[i], work[i][k]
            for j in range(k + 1, i + 1):
                row[j] = (pivot * row[j] - factor * work[j][k]) // previous
        previous = pivot
    return scale, steps, True


def ldlt(A: Any) -> tuple[Matrix, Vector]:
    """(L, D) with A = L diag(D) L^T exactly, L unit lower triangular; D may have zeros and signs.

    ValueError if A is not symmetric, or needs an exchange (a zero pivot over a column that is not zero; A is then
    indefinite).

    >>> ldlt([[4, 2], [2, 3]])
    ([[Fraction(1, 1), Fraction(0, 1)], [Fraction(1, 2), Fraction(1, 1)]], [Fraction(4, 1), Fraction(2, 1)])
    """
    rows = _symmetric(A)
    scale, steps, through = _eliminate(rows)
    if not through:
        raise ValueError(f"A has no LDL^T without exchanges: pivot {len(steps) - 1} is 0 and its column is not")
    n, previous = len(rows), 1
    L = [[Fraction(int(i == j)) for j in range(n)] for i in range(n)]
    D = []
    for k, (pivot, column) in enumerate(steps):
        D.append(Fraction(int(pivot), previous * scale))
        if pivot:
            for i, entry in enumerate(column, start=k + 1):
                L[i][k] = Fraction(int(entry), int(pivot))
            previous = int(pivot)
    return L, D


def is_positive_definite(A: Any) -> bool:
    """Whether the symmetric matrix A is positive definite: all leading minors positive. ValueError if not symmetric.

    >>> is_positive_definite([[2, 1], [1, 1]]), is_positive_definite([[1, 1], [1, 1]])
    (True, False)
    """
    return all(pivot > 0 for pivot, _ in _eliminate(_symmetric(A))[1])


def is_positive_semidefinite(A: Any) -> bool:
    """Whether x^T A x ≥ 0 for all x: no negative pivot, and below a zero pivot nothing. ValueError if not symmetric.

    >>> is_positive_semidefinite([[0, 0], [0, 1]]), is_positive_semidefinite([[0, 1], [1, 1]])
    (True, False)
    """
    _, steps, through = _eliminate(_symmetric(A))
    return through and all(pivot >= 0 for pivot, _ in steps)


def loewner_leq(A: Any, B: Any) -> bool:
    """Whether B - A is positive semidefinite. ValueError if A or B is not symmetric, or their sizes differ.

    >>> loewner_leq([[1, 0], [0, 1]], [[2, 1], [1, 2]])
    True
    """
    left, right = _symmetric(A), _symmetric(B, "B")
    if len(left) != len(right):
        raise ValueError(f"A and B must have one size, got {len(left)} and {len(right)}")
    return is_positive_semidefinite([[b - a for a, b in zip(*rows, strict=True)] for rows in zip(left, right, strict=True)])


def to_flint(rows: Sequence[Sequence[Fraction]]) -> "fmpq_mat":
    """FLINT's exact matrix, for whoever needs many operations on it."""
    import flint

    entries = [flint.fmpq(x.numerator, x.denominator) for row in rows for x in row]
    return flint.fmpq_mat(len(rows), len(rows[0]), entries)


def from_flint(matrix: "fmpq_mat") -> Matrix:
    """Back to rows of Fractions."""
    return [[Fraction(int(x.p), int(x.q)) for x in row] for row in matrix.tolist()]


def solve(A: Any, b: Any) -> Any:
    """The exact x with A x = b, for a square invertible A; b a vector or a matrix, x of its shape.

    ValueError if A is singular or the shapes do not fit.

    >>> solve([[2, 1], [1, 3]], [1, 0])
    [Fraction(3, 5), Fraction(-1, 5)]
    """
    left, right = _matrix(A, "A"), to_fractions(b)
    flat = isinstance(right, list) and not any(isinstance(entry, list) for entry in right)
    columns = _matrix([[entry] for entry in right] if flat else right, "b")
    if len(left) != len(left[0]) or len(columns) != len(left):
        raise ValueError(f"A must be square and b as long, got {len(left)} rows of A and {len(columns)} of b")
    try:
        x = from_flint(to_flint(left).solve(to_flint(columns)))
    except ZeroDivisionError:
        raise ValueError("A is singular, so A x = b has no unique solution") from None
    return [row[0] for row in x] if flat else x


def inverse(A: Any) -> Matrix:
    """The exact inverse. ValueError if A is singular or not square.

    >>> inverse([[0.5]])
    [[Fraction(2, 1)]]
    """
    rows = _matrix(A, "A")
    return solve(rows, [[int(i == j) for j in range(len(rows))] for i in range(len(rows))])  # type: ignore[no-any-return]


def _decided(answer: Any, what: str) -> bool:
    if not isinstance(answer, bool | np.bool_):
        raise ValueError(f"{what} must answer True or False, got {answer!r}")  # bool(nan) is True
    return bool(answer)


def every_case(cases: Iterable[T], predicate: Callable[[T], bool]) -> Evidence:
    """The predicate on each of finitely many cases, exhaustively. "refuted" names the first case that fails.

    No case at all is "undecided". Whether the cases are all there are is the caller's word, best given where they are
    listed. ValueError if the predicate answers anything but a truth value.

    >>> every_case(range(5), lambda n: n * n >= n)
    Evidence(verdict='proved', how='true in each of 5 cases')
    >>> every_case(range(5), lambda n: n * n > n).how
    'false for 0'
    """
    count = 0
    for case in cases:
        if not _decided(predicate(case), f"the predicate on {case!r}"):
            return Evidence("refuted", f"false for {case!r}")
        count += 1
    return Evidence("proved", f"true in each of {count} cases") if count else Evidence("undecided", "there was no case")


def certificate(check: Callable[[], bool | None], how: str) -> Evidence:
    """One exact check, in words: True is "proved", False "refuted", None (say, balls that overlap) "undecided".

    "refuted" says that the check fails, so the check should be the statement and not just one way to it.

    >>> certificate(lambda: is_positive_definite([[2, 1], [1, 2]]), "exact LDL^T").verdict
    'proved'
    """
    answer = check()
    if answer is None:
        return Evidence("undecided", how)
    return Evidence("proved" if _decided(answer, "the check") else "refuted", how)
