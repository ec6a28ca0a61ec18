r"""When the 2x2 matrix forgets: a closed form, and one inequality instead of Jury's two.

For $A=\begin{pmatrix}s_f&\alpha\\ s_os_f&s_o\alpha+\beta\end{pmatrix}$ with $\alpha,\beta\ge0$, $0\le s_f<1$, $0\le s_o\le1$,
$$ \rho(A)=\tfrac12\Bigl(s_f+s_o\alpha+\beta+\sqrt{(s_f-s_o\alpha-\beta)^2+4\alpha s_os_f}\Bigr),\qquad
   \rho(A)<1\iff s_o\alpha<(1-s_f)(1-\beta). $$
Why: the characteristic polynomial $p$ has $p(1)=1-\mathrm{tr}+\det=(1-s_f)(1-\beta)-s_o\alpha$. If $\rho<1$ then $p(1)>0$. If
$p(1)>0$ then $\beta<1$, so $\det=s_f\beta<1$, the second Jury inequality, is free, and both roots (real, the larger is $\rho$)
lie on one side of 1; their product is below 1, so it is the left side.
The oracle shares nothing with this: a nonnegative matrix has $\rho<1$ iff $I-A$ has a nonnegative inverse (M-matrices).
"""

from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from bounds.claim import Claim, Enclosure, Evidence, Int, Real, Step, exact
from bounds.measure.symbolic import identity


def spectral_radius_2x2(sf: float, so: float, al: float, be: float) -> float:
    """ρ(A), from sums of nonnegative terms only, so right to a few ulps. ValueError where one of them is negative.

    >>> spectral_radius_2x2(0.5, 0.5, 0.0, 0.25)
    0.5
    """
    if sf < 0 or so < 0 or al < 0 or be < 0:
        raise ValueError(f"sf, so, al and be must not be negative, got sf={sf}, so={so}, al={al}, be={be}")
    corner = so * al + be
    return float((sf + corner + np.hypot(sf - corner, 2.0 * np.sqrt(al * so * sf))) / 2.0)


def delta_iss(sf: Any, so: Any, al: Any, be: Any) -> bool:
    """ρ(A) < 1, that is so·al < (1 - sf)(1 - be): exact for Fractions, as good as 1 - sf for floats.

    ValueError outside 0 ≤ sf ≤ 1, 0 ≤ so ≤ 1, al ≥ 0, be ≥ 0, where the inequality means something else.

    >>> delta_iss(0.5, 1.0, 0.5, 0.0)
    False
    """
    if not (0 <= sf <= 1 and 0 <= so <= 1 and al >= 0 and be >= 0):
        raise ValueError(f"gates sf, so lie in [0, 1] and al, be are not negative, got sf={sf}, so={so}, al={al}, be={be}")
    return bool(so * al < (1 - sf) * (1 - be))


@dataclass(frozen=True)
class Entries:
    """The four numbers that A is made of, as Fractions."""

    sf: Fraction
    so: Fraction
    al: Fraction
    be: Fraction

    @property
    def rows(self) -> tuple[Fraction, Fraction, Fraction, Fraction]:
        """A row by row."""
        return self.sf, self.al, self.so * self.sf, self.so * self.al + self.be


def entries(sf: Any, so: Any, al: Any, be: Any, tie: int = 0) -> Entries:
    """Any four numbers; with `tie`, al is moved to where ρ is exactly 1 if there is such an al."""
    x = Entries(Fraction(sf), Fraction(so), Fraction(al), Fraction(be))
    if tie and x.so > 0 and x.be <= 1:
        return Entries(x.sf, x.so, (1 - x.sf) * (1 - x.be) / x.so, x.be)
    return x


def forgets(x: Entries) -> bool:
    """ρ(A) < 1 for a nonnegative A: I − A is regular and its inverse nonnegative."""
    a, b, c, d = x.rows
    det = (1 - a) * (1 - d) - b * c
    return det != 0 and all(entry / det >= 0 for entry in (1 - d, b, c, 1 - a))


def condition(x: Entries) -> bool:
    """The inequality of the statement."""
    return delta_iss(x.sf, x.so, x.al, x.be)


def jury_without_the_first(x: Entries) -> bool:
    """Trace below 2 and determinant below 1: forgets 1 − tr + det > 0."""
    a, b, c, d = x.rows
    return a + d < 2 and a * d - b * c < 1


def both(x: Entries, left: Any, right: Any) -> tuple[Enclosure, Enclosure]:
    """left ⇔ right as left ≤ right and right ≤ left."""
    return exact(int(left(x)), int(right(x))), exact(int(right(x)), int(left(x)))


def _symbols() -> tuple[Any, ...]:
    import sympy

    return tuple(sympy.symbols("sf so al be", positive=True))


def _root(cross: int) -> Evidence:
    """The closed form is a root of the characteristic polynomial; `cross` is the factor of al·so·sf under the root."""
    import sympy

    sf, so, al, be = _symbols()
    rho = (sf + so * al + be + sympy.sqrt((sf - so * al - be) ** 2 + cross * al * so * sf)) / 2
    A = sympy.Matrix([[sf, al], [so * sf, so * al + be]])
    return identity(lambda: (rho * sympy.eye(2) - A).det())


def _at_one(sign: int) -> Evidence:
    import sympy

    sf, so, al, be = _symbols()
    A = sympy.Matrix([[sf, al], [so * sf, so * al + be]])
    return identity(lambda: (sympy.eye(2) - A).det() - (1 - sf) * (1 - be) + sign * so * al)


CLAIM = Claim(
    source="yoshihara2025resilience, reconstructed: closed form of the spectral radius",
    says="ρ(A) < 1  ⇔  s_o α < (1 − s_f)(1 − β)",
    space={
        "sf": Real(0, 1 - 1 / 32, step=Fraction(1, 32)),
        "so": Real(0, 1, step=Fraction(1, 32)),
        "al": Real(0, 2, step=Fraction(1, 32)),
        "be": Real(0, 2, step=Fraction(1, 32)),
        "tie": Int(0, 1),
    },
    build=entries,
    assumes={},
    actual=lambda x: both(x, forgets, condition)[0],
    bound=lambda x: both(x, forgets, condition)[1],
    falsified={
        "trace < 2 and det < 1": {
            "actual": lambda x: both(x, forgets, jury_without_the_first)[0],
            "bound": lambda x: both(x, forgets, jury_without_the_first)[1],
        },
        "equality is enough": {
            "actual": lambda x: both(x, forgets, lambda y: y.so * y.al <= (1 - y.sf) * (1 - y.be))[0],
            "bound": lambda x: both(x, forgets, lambda y: y.so * y.al <= (1 - y.sf) * (1 - y.be))[1],
        },
    },
    also_true={
        "with det < 1 as well": {
            "actual": lambda x: both(x, forgets, lambda y: condition(y) and y.sf * y.be < 1)[0],
            "bound": lambda x: both(x, forgets, lambda y: condition(y) and y.sf * y.be < 1)[1],
        },
        "with β < 1 as well": {
            "actual": lambda x: both(x, forgets, lambda y: condition(y) and y.be < 1)[0],
            "bound": lambda x: both(x, forgets, lambda y: condition(y) and y.be < 1)[1],
        },
    },
    covers={
        "forgets": forgets,
        "does not": lambda x: not forgets(x),
        "spectral radius exactly 1": lambda x: x.so * x.al == (1 - x.sf) * (1 - x.be),
    },
    witness={
        "trace < 2 and det < 1": {  # the net G0 at k = 0: trace 1.0737, determinant 0.0661, spectral radius 1.0081
            "sf": 0.67197154409996792,
            "so": 0.72024749390164107,
            "al": 0.42116382828888775,
            "be": 0.09836988906189707,
        }
    },
    proof=(
        Step(says="the closed form is an eigenvalue", check=lambda: _root(4), false_twin=lambda: _root(2)),
        Step(says="det(I − A) = (1 − s_f)(1 − β) − s_o α", check=lambda: _at_one(1), false_twin=lambda: _at_one(-1)),
    ),
    cost=0.0002,
)
