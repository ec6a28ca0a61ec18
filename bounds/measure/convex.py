r"""Convex programs whose optimal value is certified: a solver proposes, exact rational arithmetic disposes.

A program is: minimise d + q·x subject to s = b - A x ∈ K, where K is a product of zero, nonnegative, second-order and
semidefinite cones. Weak duality: if z ∈ K* and A^T z + q = 0, then q·x = -z·A x = z·s - b·z ≥ -b·z for every feasible x.
So any such z proves a lower end and any feasible x an upper end; where they came from does not matter. The z are the
feasible points of another program (`Program.dual`), so one repair serves both ends: a solver's point, feasible only up
to its tolerance, is projected onto the equations over the rationals, and then moved towards an interior point (found by
a second solve) by as little of the way as makes every inequality true.

Membership in a cone is decided exactly. What fails leaves that end infinite, so the verdict becomes "undecided".
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from bounds.claim import Enclosure
from bounds.measure.ball import Exact, fraction
from bounds.measure.rational import Matrix, Vector, from_flint, is_positive_semidefinite, to_flint, to_fractions
from bounds.measure.rounding import U, down, up

if TYPE_CHECKING:
    import cvxpy
    from flint import fmpq_mat

Cone = Literal["zero", "nonnegative", "second-order", "semidefinite"]


def _rows(cone: Cone, size: int) -> int:
    return size * (size + 1) // 2 if cone == "semidefinite" else size


def _triangle(k: int) -> tuple[np.ndarray, np.ndarray]:
    """Rows and columns of the upper triangle of a matrix of order k, column by column."""
    columns, rows = np.tril_indices(k)
    return rows, columns


@dataclass(frozen=True)
class Program:
    """minimise offset + q·x subject to b - A x ∈ cones, in exact numbers (whatever `to_fractions` takes).

    q: (n,), A: (m, n), b: (m,); cones: (name, size) in the order of the rows. A second-order cone of size k is
    s_0 ≥ |(s_1, ..., s_{k-1})|. A semidefinite cone of order k has k (k + 1) / 2 rows, the entries of the upper
    triangle column by column: s_00, s_01, s_11, s_02, ... (not scaled). ValueError if the shapes do not fit.
    """

    q: Vector
    A: Matrix
    b: Vector
    cones: Sequence[tuple[Cone, int]]
    offset: Fraction = Fraction(0)

    def __post_init__(self) -> None:
        for name in ("q", "A", "b", "offset"):
            object.__setattr__(self, name, to_fractions(getattr(self, name)))
        unknown = {cone for cone, _ in self.cones} - {"zero", "nonnegative", "second-order", "semidefinite"}
        if unknown:
            raise ValueError(f"no certificate is known for the cones {sorted(unknown)}")
        m, n = sum(_rows(*cone) for cone in self.cones), len(self.q)
        if not (m and n and len(self.b) == m == len(self.A) and all(len(row) == n for row in self.A)):
            raise ValueError(f"for {n} entries of q and {m} rows of cones, A must be {m} x {n}, b have {m}, and none be 0")

    @cached_property
    def matrix(self) -> fmpq_mat:
        """A for FLINT."""
        return to_flint(self.A)

    def blocks(self) -> Iterator[tuple[Cone, int, slice]]:
        """Each cone with its size and its rows."""
        start = 0
        for cone, size in self.cones:
            yield cone, size, slice(start, start := start + _rows(cone, size))

    def slack(self, x: Vector) -> Vector:
        """b - A x."""
        return [b - s for b, s in zip(self.b, _times(self.matrix, x), strict=True)]

    def dual(self) -> Program:
        """minimise b·z - offset subject to A^T z + q = 0 and z ∈ K*; its optimal value is at least minus that of self.

        On a semidefinite cone z·s over the triangle counts an off-diagonal entry once, the inner product of matrices
        twice, so it is the matrix with halved off-diagonal entries that must be positive semidefinite.
        """
        A: Matrix = [list(column) for column in zip(*self.A, strict=True)]
        cones: list[tuple[Cone, int]] = [("zero", len(self.q))]
        for cone, size, rows in self.blocks():
            if cone == "zero":
                continue  # its multipliers are free
            i, j = _triangle(size) if cone == "semidefinite" else (np.zeros(size), np.zeros(size))
            for k, diagonal in zip(range(len(self.b))[rows], i == j, strict=True):
                A.append([Fraction(0)] * len(self.b))
                A[-1][k] = Fraction(-1, 1 if diagonal else 2)
            cones.append((cone, size))
        b = [-q for q in self.q] + [Fraction(0)] * (len(A) - len(self.q))
        return Program(self.b, A, b, cones, -self.offset)


class Certified(NamedTuple):
    """The optimal value of a program, with the exact points that prove its ends; None where nothing was proved."""

    value: Enclosure
    x: Vector | None
    z: Vector | None
    solver_says: str


def _column(values: Sequence[Fraction]) -> fmpq_mat:
    return to_flint([[x] for x in values])


def _times(matrix: fmpq_mat, x: Vector) -> Vector:
    return [row[0] for row in from_flint(matrix * _column(x))]


def _dot(a: Sequence[Fraction], b: Sequence[Fraction]) -> Fraction:
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0))


# the exact checks: nothing below them is trusted


def _semidefinite(S: Matrix) -> bool:
    """By LDL^T in balls of 256 bits where that decides, else exactly (numerators may have thousands of digits)."""
    import flint

    with flint.ctx.workprec(256):
        work = [[flint.arb(flint.fmpq(x.numerator, x.denominator)) for x in row] for row in S]
        for k in range(len(work)):
            pivot = work[k][k]
            if pivot < 0:
                return False
            if not pivot > 0:
                return is_positive_semidefinite(S)
            for i in range(k + 1, len(work)):
                ratio = work[i][k] / pivot
                for j in range(k + 1, i + 1):
                    work[i][j] -= ratio * work[j][k]
    return True


def _in_cones(program: Program, s: Vector) -> bool:
    for cone, size, rows in program.blocks():
        part = s[rows]
        if cone == "zero" and any(part):
            return False
        if cone == "nonnegative" and any(entry < 0 for entry in part):
            return False
        if cone == "second-order" and not (part[0] >= 0 and part[0] ** 2 >= _dot(part[1:], part[1:])):
            return False
        if cone == "semidefinite":
            full = [[part[0]] * size for _ in range(size)]
            for i, j, entry in zip(*_triangle(size), part, strict=True):
                full[i][j] = full[j][i] = entry
            if not _semidefinite(full):
                return False
    return True


def primal_bound(program: Program, x: Any) -> Fraction | None:
    """The upper bound offset + q·x that a feasible x proves, or None if x is not feasible. All in exact arithmetic."""
    point = to_fractions(x)
    if len(point) != len(program.q) or not _in_cones(program, program.slack(point)):
        return None
    return program.offset + _dot(program.q, point)


def dual_bound(program: Program, z: Any, radius: Exact | None = None) -> Fraction | None:
    """The lower bound offset - b·z that a vector z proves, or None if it proves none. All in exact arithmetic.

    z must lie in the dual cone and satisfy A^T z + q = 0. If it leaves a residual r and some minimiser (or minimising
    sequence) is known to have |x_i| ≤ radius for all i, then offset - b·z - radius Σ|r_i| is proved.
    """
    if radius is not None and fraction(radius) < 0:
        raise ValueError(f"the radius bounds absolute values, so it must not be negative, got {radius}")
    multipliers, dual, n = to_fractions(z), program.dual(), len(program.q)
    if len(multipliers) != len(program.b):
        return None
    slack = dual.slack(multipliers)
    left_over = sum(map(abs, slack[:n]), Fraction(0))
    if not _in_cones(dual, [Fraction(0)] * n + slack[n:]) or (left_over and radius is None):
        return None
    return program.offset - _dot(program.b, multipliers) - (left_over * fraction(radius) if radius is not None else 0)


# the repairs: any vector may come out, the checks above decide what it is worth


def _gram_solve(gram: fmpq_mat, right: Vector) -> Vector:
    """Some y with gram y = right, if there is one; where gram = E E^T is singular, on its pivot columns."""
    try:
        return [row[0] for row in from_flint(gram.solve(_column(right)))]
    except ZeroDivisionError:
        reduced, rank = gram.rref()
    rows = reduced.tolist()
    keep = [next(j for j, entry in enumerate(rows[i]) if entry != 0) for i in range(rank)]
    y = [Fraction(0)] * len(right)
    if keep:
        full = from_flint(gram)
        small = to_flint([[full[i][j] for j in keep] for i in keep])
        for i, row in zip(keep, from_flint(small.solve(_column([right[i] for i in keep]))), strict=True):
            y[i] = row[0]
    return y


def _project(program: Program, x: Any) -> Vector:
    """x, projected exactly onto the equations of the zero cones (if they are consistent)."""
    point: Vector = to_fractions(x)
    zero = [i for cone, _, rows in program.blocks() if cone == "zero" for i in range(len(program.b))[rows]]
    if not zero:
        return point
    slack, E = program.slack(point), to_flint([program.A[i] for i in zero])
    y = _gram_solve(E * E.transpose(), [slack[i] for i in zero])
    return [a + d for a, d in zip(point, _times(E.transpose(), y), strict=True)]


# the solver


def _root_two(program: Program) -> np.ndarray:
    """The solver's scale of each row: √2 on off-diagonal entries of matrices, so that its inner products are ours."""
    scale = np.ones(len(program.b))
    for cone, size, rows in program.blocks():
        if cone == "semidefinite":
            i, j = _triangle(size)
            scale[rows] = np.where(i == j, 1.0, math.sqrt(2))
    return scale


def _solve(program: Program) -> tuple[np.ndarray, np.ndarray, str]:
    """Clarabel's x, z and verdict. Tolerances beyond reach on purpose: it stops where floats end."""
    import clarabel
    from scipy import sparse

    kinds = {
        "zero": clarabel.ZeroConeT,
        "nonnegative": clarabel.NonnegativeConeT,
        "second-order": clarabel.SecondOrderConeT,
        "semidefinite": clarabel.PSDTriangleConeT,
    }
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.chordal_decomposition_enable = False  # its multipliers are incomplete matrices
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-12
    scale, n = _root_two(program), len(program.q)
    A = sparse.csc_matrix(scale[:, None] * np.array(program.A, dtype=float))
    solver = clarabel.DefaultSolver(
        sparse.csc_matrix((n, n)),
        np.array(program.q, dtype=float),
        A,
        scale * np.array(program.b, dtype=float),
        [kinds[cone](size) for cone, size in program.cones],
        settings,
    )
    found = solver.solve()
    return np.array(found.x), scale * np.array(found.z), str(found.status)


def _interior_point(program: Program) -> Vector | None:
    """A point with much room in every inequality: maximise t ≤ 1 with b - A x - t e ∈ K, e the middle of each cone."""
    middle: list[Fraction] = []
    for cone, size, _ in program.blocks():
        if cone == "semidefinite":
            i, j = _triangle(size)
            middle += [Fraction(int(same)) for same in i == j]
        else:
            middle += [Fraction(int(cone == "nonnegative" or (cone == "second-order" and k == 0))) for k in range(size)]
    A = [[*row, e] for row, e in zip(program.A, middle, strict=True)]
    last = [Fraction(0)] * len(program.q) + [Fraction(1)]
    x, _, _ = _solve(Program([-a for a in last], [*A, last], [*program.b, Fraction(1)], [*program.cones, ("nonnegative", 1)]))
    return _project(program, x[:-1]) if np.isfinite(x).all() and x[-1] > 0 else None


def repaired(program: Program, x: np.ndarray) -> Vector | None:
    """A feasible point near x, or None: x on the equations; else the better of x moved inwards and x rounded.

    Rounding to multiples of 2^-24 serves programs without an interior, whose only feasible points may be short numbers.
    """
    point = _project(program, x)
    if primal_bound(program, point) is not None:
        return point
    short = _project(program, np.round(x * 2.0**24) / 2.0**24)
    candidates = [short]
    inner = _interior_point(program)
    if inner is not None:
        for exponent in range(-44, 1, 4):  # of the way to the interior point, from 6e-14 on
            share = Fraction(2) ** exponent
            moved = [(1 - share) * a + share * b for a, b in zip(point, inner, strict=True)]
            if primal_bound(program, moved) is not None:
                candidates.append(moved)
                break
    worth = [(value, candidate) for candidate in candidates if (value := primal_bound(program, candidate)) is not None]
    return min(worth, key=lambda pair: pair[0])[1] if worth else None


def _unscaled(rows: np.ndarray) -> np.ndarray:
    """Entries that were multiplied by √2 in floats: the number of 45 bits that this came from, if there is one."""
    plain = rows / math.sqrt(2)
    mantissa, exponent = np.frexp(plain)
    short = np.ldexp(np.round(np.ldexp(mantissa, 45)), exponent - 45)
    return np.where(np.abs(short - plain) <= 8 * U * np.abs(plain), short, plain)


def program_of(problem: cvxpy.Problem) -> Program:
    """The conic program that cvxpy makes of a problem, each float taken as the number it is.

    What cvxpy rounds on the way is outside the certificate: it is nothing where the data are short dyadic numbers. Rows
    of semidefinite cones come scaled by √2 and are scaled back, right to 4 ulps and exact for data of up to 45 bits. A
    quadratic objective becomes a second-order cone; its matrix is factorised in floats, so write sum_squares(F x).

    ValueError for a problem that maximises, is not convex by cvxpy's rules, has integers, or needs other cones.
    """
    import cvxpy as cp

    if not isinstance(problem.objective, cp.Minimize):
        raise ValueError("the problem must minimise: minimise -f in place of maximising f")
    if not problem.is_dcp():
        raise ValueError("the problem is not convex by the rules of cvxpy (problem.is_dcp() is False)")
    if not problem.variables():
        raise ValueError("the problem needs at least one variable")
    if problem.is_mixed_integer():
        raise ValueError("the problem has integer variables, for which weak duality leaves a gap")
    data, _, inverse = problem.get_problem_data(cp.CLARABEL, solver_opts={"use_quad_obj": False})
    dims = data["dims"]
    if dims.exp or dims.p3d or getattr(dims, "pnd", None):
        raise ValueError("the problem needs an exponential or power cone, for which no certificate is known")
    cones: list[tuple[Cone, int]] = [("zero", dims.zero), ("nonnegative", dims.nonneg)]
    cones += [("second-order", k) for k in dims.soc] + [("semidefinite", k) for k in dims.psd]
    A, b = data["A"].toarray(), np.asarray(data["b"], dtype=float).copy()
    start = dims.zero + dims.nonneg + sum(dims.soc)
    for k in dims.psd:
        i, j = _triangle(k)
        off = start + np.nonzero(i != j)[0]
        A[off], b[off] = _unscaled(A[off]), _unscaled(b[off])
        start += len(i)
    return Program(
        to_fractions(data["c"]),
        to_fractions(A),
        to_fractions(b),
        [(cone, int(k)) for cone, k in cones if k],
        fraction(float(inverse[-1]["offset"])),
    )


def certified_minimum(problem: cvxpy.Problem | Program, *, radius: Exact | None = None) -> Certified:
    """An interval that provably contains the optimal value, from a solver's answer repaired and checked exactly.

    Trust is "proved" with respect to the conic program; for a cvxpy problem see `program_of`. Its lower end is -inf if
    no multiplier could be repaired, its upper end inf if no feasible point was found, so an infeasible or unbounded
    problem, or one without interior, is undecided. With a `radius` that bounds every variable of some minimiser (of the
    conic program, auxiliary ones included), a lower end is proved even if A^T z + q = 0 cannot be repaired.

    Exact linear algebra limits the size: some hundred rows or matrices of order 10 take a fraction of a second.

    >>> box = Program([1], [[-1]], ["-1/3"], [("nonnegative", 1)])  # minimise x subject to x ≥ 1/3
    >>> certified = certified_minimum(box)
    >>> bool(certified.value.lo <= Fraction(1, 3) <= certified.value.hi), certified.value.trust
    (True, 'proved')
    """
    program = problem if isinstance(problem, Program) else program_of(problem)
    x, z, says = _solve(program)
    best_x = best_z = lo = hi = None
    if "Infeasible" not in says and np.isfinite(x).all() and np.isfinite(z).all():
        if (best_x := repaired(program, x)) is not None:
            hi = primal_bound(program, best_x)
        if (best_z := repaired(program.dual(), z)) is None and radius is not None:
            best_z = to_fractions(z)
        if best_z is not None:
            lo = dual_bound(program, best_z, radius)
    value = Enclosure(-math.inf if lo is None else down(lo), math.inf if hi is None else up(hi), "proved")
    return Certified(value, None if hi is None else best_x, None if lo is None else best_z, says)
