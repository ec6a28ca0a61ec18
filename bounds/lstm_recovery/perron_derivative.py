r"""How a spectral radius moves with its matrix: left times right Perron vector.

For a nonnegative 2x2 matrix whose eigenvalue $\rho$ is simple, with right and left eigenvectors $x,y$,
$$ d\rho=\frac{y^T\,dA\,x}{y^Tx} . $$
Why: differentiate $Ax=\rho x$ and multiply by $y^T$ from the left. Taking $x$ for $y$ too is right only for symmetric matrices.
The oracle is the complex step: $\mathrm{Im}\,\rho(A+i\,10^{-30}E)/10^{-30}$ has no cancellation.
"""

from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Array, Claim, Enclosure, Evidence, Step
from bounds.measure.symbolic import identity


class Direction(NamedTuple):
    """A matrix and a direction."""

    A: np.ndarray
    E: np.ndarray

    @property
    def gap(self) -> float:
        """Distance of the two eigenvalues."""
        (a, b), (c, d) = self.A
        return float(np.sqrt((a - d) ** 2 + 4 * b * c))


def direction(A: Any, E: Any) -> Direction:
    """Both 2x2."""
    return Direction(np.asarray(A, float), np.asarray(E, float))


def radius_gradient(A: np.ndarray, y_is_x: bool = False) -> np.ndarray:
    """dρ/dA = y x^T / (y^T x), (2, 2)."""
    (a, b), (c, d) = A
    rho = (a + d + np.sqrt((a - d) ** 2 + 4 * b * c)) / 2
    x = np.array([rho - d, c]) if rho - d >= rho - a else np.array([b, rho - a])
    y = np.array([rho - d, b]) if rho - d >= rho - a else np.array([c, rho - a])
    left = x if y_is_x else y
    return np.asarray(np.outer(left, x) / (left @ x))


def radius_by_complex_step(x: Direction) -> float:
    """Im ρ(A + i·1e-30·E)/1e-30."""
    (a, b), (c, d) = x.A + 1e-30j * x.E
    return float(((a + d + np.sqrt((a - d) ** 2 + 4 * b * c)) / 2).imag / 1e-30)


def mismatch(x: Direction, y_is_x: bool = False) -> Enclosure:
    """|gradient · E − complex step|, both in floats."""
    value = abs(float((radius_gradient(x.A, y_is_x) * x.E).sum()) - radius_by_complex_step(x))
    return Enclosure(value, value)


def budget(x: Direction) -> Enclosure:
    """Rounding: the discriminant loses 8 ulps of its terms, the gradient divides by the gap, once or twice."""
    size = float(np.abs(x.A).sum())
    value = 2.0**-48 * float(np.abs(x.E).sum()) * (1 + size / x.gap) ** 2
    return Enclosure(value, value)


def _product_rule(transposed: bool) -> Evidence:
    """The closed form's derivatives against y x^T/(y^T x), entry by entry."""
    import sympy

    a, b, c, d = sympy.symbols("a b c d", positive=True)
    root = sympy.sqrt((a - d) ** 2 + 4 * b * c)
    rho = (a + d + root) / 2
    x, y = sympy.Matrix([rho - d, c]), sympy.Matrix([rho - d, b] if transposed else [rho - d, c])
    G = y * x.T / (y.T * x)[0]
    return identity(lambda: sympy.Matrix([[sympy.diff(rho, a) - G[0, 0], sympy.diff(rho, b) - G[0, 1]]]))


CLAIM = Claim(
    source="new",
    says="dρ = yᵀ dA x / yᵀx",
    space={"A": Array((2, 2), 0, 4), "E": Array((2, 2), -1, 1)},
    build=direction,
    assumes={"the eigenvalues are apart": lambda x: x.gap - 0.01},
    actual=mismatch,
    bound=budget,
    falsified={"x in place of y": {"actual": lambda x: mismatch(x, y_is_x=True)}},
    covers={"a zero entry": lambda x: bool((x.A == 0).any())},
    witness={"x in place of y": {"A": [[0, 4], [1, 0]], "E": [[0, 1], [0, 0]]}},
    proof=(
        Step(
            says="∂ρ/∂a and ∂ρ/∂b of the closed form are the first row of y xᵀ/(yᵀx)",
            check=lambda: _product_rule(True),
            false_twin=lambda: _product_rule(False),
        ),
    ),
    cost=0.0001,
)
