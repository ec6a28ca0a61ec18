r"""Far apart, sigmoids saturate: a difference of values grows slower than any slope suggests.

$$ |s(a)-s(b)|\le\tanh\frac{|a-b|}4,\qquad |\tanh a-\tanh b|\le2\tanh\frac{|a-b|}2, $$
with equality at $a=-b$. Why: $\tanh x-\tanh y=2\sinh(x-y)/(\cosh(x+y)+\cosh(x-y))$ and $\cosh(x+y)\ge1$, so for $x\ge y$ it is
at most $2\sinh\delta/(1+\cosh\delta)=2\tanh(\delta/2)$, $\delta=x-y$; the sigmoid is $s(z)=(1+\tanh(z/2))/2$.
"""

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Claim, Enclosure, Evidence, Int, Real, Step, rounded
from bounds.common.lstm import sigmoid
from bounds.measure.ball import ball, positive_on_boxes
from bounds.measure.symbolic import identity


class Two(NamedTuple):
    """Two preactivations."""

    a: float
    b: float


def two(a: float, b: float, opposite: int = 0) -> Two:
    """With `opposite`, b is −a, where both inequalities are equalities."""
    return Two(a, -a if opposite else b)


def differences(x: Two) -> Enclosure:
    """|s(a) − s(b)| and |tanh a − tanh b|: values below 1 with an error of 2 ulps each."""
    return rounded(abs(float(sigmoid(x.a) - sigmoid(x.b))), abs(float(np.tanh(x.a) - np.tanh(x.b))), rel=0, abs=1e-15)


def saturated(x: Two, sigmoid_share: float = 1 / 4) -> Enclosure:
    """The two right-hand sides, within 4 ulps."""
    gap = abs(x.a - x.b)
    return rounded(float(np.tanh(gap * sigmoid_share)), 2 * float(np.tanh(gap / 2)), rel=1e-15, abs=1e-300)


def _quotient(cosh_share: int) -> Evidence:
    import sympy

    x, y = sympy.symbols("x y", real=True)
    quotient = 2 * sympy.sinh(x - y) / (sympy.cosh(x + y) + cosh_share * sympy.cosh(x - y))
    return identity(lambda: sympy.tanh(x) - sympy.tanh(y) - quotient)


def _half_angle(part: int) -> Evidence:
    import sympy

    d = sympy.Symbol("d", real=True)
    return identity(lambda: 2 * sympy.sinh(d) / (1 + sympy.cosh(d)) - 2 * sympy.tanh(d / part))


def _sigmoid_is_tanh(part: Any) -> Evidence:
    import sympy

    z = sympy.Symbol("z", real=True)
    return identity(lambda: 1 / (1 + sympy.exp(-z)) - (1 + sympy.tanh(z / part)) / 2)


def _away_from_equality(gate: str, share: Fraction) -> Evidence:
    """tanh(δ/4) − (s(a) − s(b)), or 2 tanh(δ/2) − (tanh a − tanh b), positive at a + b ∈ [1, 8], δ = a − b ∈ [1, 8];
    where a + b = 0 both sides are equal, and cosh(a + b) ≥ 1 decides."""
    scale = ball(share, 128)

    def room(total: Any, gap: Any) -> Any:
        a, b = (total + gap) / 2, (total - gap) / 2
        if gate == "sigmoid":
            return (gap * scale).tanh() - (1 / (1 + (-a).exp()) - 1 / (1 + (-b).exp()))
        return 2 * (gap * scale).tanh() - (a.tanh() - b.tanh())

    return positive_on_boxes(room, [[(1, 8), (1, 8)]])


CLAIM = Claim(
    source="new",
    says="|s(a) − s(b)| ≤ tanh(|a − b|/4) and |tanh a − tanh b| ≤ 2 tanh(|a − b|/2)",
    space={"a": Real(-12, 12), "b": Real(-12, 12), "opposite": Int(0, 1)},
    build=two,
    assumes={},
    actual=differences,
    bound=saturated,
    falsified={"an eighth for the sigmoid": {"bound": lambda x: saturated(x, sigmoid_share=1 / 8)}},
    covers={"the equality case": lambda x: x.a == -x.b},
    witness={"an eighth for the sigmoid": {"a": 4.0, "b": -4.0}},
    tight_at=({"a": 2.0, "b": -2.0},),
    proof=(
        Step(
            says="tanh x − tanh y = 2 sinh(x − y)/(cosh(x + y) + cosh(x − y))",
            check=lambda: _quotient(1),
            false_twin=lambda: _quotient(2),
        ),
        Step(
            says="2 sinh δ/(1 + cosh δ) = 2 tanh(δ/2)",
            check=lambda: _half_angle(2),
            false_twin=lambda: _half_angle(4),
        ),
        Step(
            says="s(z) = (1 + tanh(z/2))/2",
            check=lambda: _sigmoid_is_tanh(2),
            false_twin=lambda: _sigmoid_is_tanh(4),
        ),
        Step(
            says="|s(a) − s(b)| < tanh(|a − b|/4) for a + b and a − b in [1, 8]",
            check=lambda: _away_from_equality("sigmoid", Fraction(1, 4)),
            false_twin=lambda: _away_from_equality("sigmoid", Fraction(1, 8)),
        ),
        Step(
            says="|tanh a − tanh b| < 2 tanh(|a − b|/2) for a + b and a − b in [1, 8]",
            check=lambda: _away_from_equality("tanh", Fraction(1, 2)),
            false_twin=lambda: _away_from_equality("tanh", Fraction(1, 4)),
        ),
    ),
    cost=0.0001,
)
