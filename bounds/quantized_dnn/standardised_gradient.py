r"""The gradient through weight standardisation: no part along the mean, and along the weights only what eps leaves.

n ≥ 2, s = √(var + eps) > 0, J = (I − 11ᵀ/n − ŵŵᵀ/n)/s the Jacobian of ŵ; G = Jᵀg for any upstream g: ⟨G, 1⟩ = 0, and
⟨G, w⟩ = eps/(var + eps) ⟨g, ŵ⟩, which is 0 for eps = 0; J has rank n − 2 if eps = 0 and n − 1 if eps > 0 (var > 0). So under
gradient flow mean and norm of w stay (eps = 0), through a quantiser's straight-through window too. Exact: with v = w − mean,
sG and s⟨g, ŵ⟩ = ⟨g, v⟩ are rational.
"""

from fractions import Fraction
from functools import partial
from typing import Any, NamedTuple

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Evidence, Int, Step, exact
from bounds.measure.rational import to_flint
from bounds.measure.symbolic import identity
from bounds.quantized_dnn.standardised_invariance import variance

SPACE: dict[str, Axis] = {
    "n": Int(2, 5),
    "w": Array((5,), -4, 4, step=Fraction(1, 8)),
    "g": Array((5,), -4, 4, step=Fraction(1, 8)),
    "eps": Choice((Fraction(0), Fraction(1, 1000), Fraction(1, 2))),
}


class Upstream(NamedTuple):
    """A row of weights with its upstream gradient; exact."""

    w: list[Fraction]
    g: list[Fraction]
    eps: Fraction

    @property
    def v(self) -> list[Fraction]:
        """w − mean."""
        return [a - sum(self.w) / Fraction(len(self.w)) for a in self.w]

    @property
    def s2(self) -> Fraction:
        """var + eps."""
        return variance(self.w) + self.eps


def upstream(n: int, w: Any, g: Any, eps: Any) -> Upstream:
    """From a point of SPACE."""
    return Upstream([Fraction(a) for a in list(w)[:n]], [Fraction(a) for a in list(g)[:n]], Fraction(eps))


def jacobian(x: Upstream, rank_one: bool = True) -> list[list[Fraction]]:
    """sJ = I − 11ᵀ/n − vvᵀ/(n s²)."""
    n, v = len(x.w), x.v
    return [
        [Fraction(int(i == j)) - Fraction(1, n) - (v[i] * v[j] / (n * x.s2) if rank_one else 0) for j in range(n)]
        for i in range(n)
    ]


def gradient(x: Upstream, rank_one: bool = True) -> list[Fraction]:
    """sG."""
    J = jacobian(x, rank_one)
    return [sum((J[i][j] * x.g[i] for i in range(len(x.w))), Fraction(0)) for j in range(len(x.w))]


def dot(a: list[Fraction], b: list[Fraction]) -> Fraction:
    """⟨a, b⟩."""
    return sum((x * y for x, y in zip(a, b, strict=True)), Fraction(0))


def sides(
    x: Upstream, along_w: Any = lambda x: x.eps / x.s2 * dot(x.g, x.v), rank_one: bool = True, lost: Any = None
) -> Enclosure:
    """|⟨sG, 1⟩|; |⟨sG, w⟩ − eps/s² ⟨g, v⟩|; |rank − (n − 2 or n − 1)|."""
    G = gradient(x, rank_one)
    rank = int(to_flint(jacobian(x, rank_one)).rank())
    missing = (2 if x.eps == 0 else 1) if lost is None else lost(x)
    return exact(abs(sum(G, Fraction(0))), abs(dot(G, x.w) - along_w(x)), abs(rank - (len(x.w) - missing)))


def jacobian_is_right(rank_one: bool = True) -> Evidence:
    """∂ŵ_1/∂w_1 and ∂ŵ_1/∂w_2 for n = 3, by sympy, t times the one plus the other; all other entries by renaming."""
    import sympy

    a, b, c, t = sympy.symbols("a b c t")
    eps = sympy.symbols("eps", positive=True)
    mean = (a + b + c) / 3
    s = sympy.sqrt(((a - mean) ** 2 + (b - mean) ** 2 + (c - mean) ** 2) / 3 + eps)
    first, second = (a - mean) / s, (b - mean) / s
    third = sympy.Rational(1, 3)
    same = (1 - third - (first**2 / 3 if rank_one else 0)) / s
    other = (-third - (first * second / 3 if rank_one else 0)) / s
    return identity(lambda: t * (sympy.diff(first, a) - same) + sympy.diff(first, b) - other)


CLAIM = Claim(
    source="sawada2024maqd, reconstructed",
    says="G = Jᵀg: ⟨G, 1⟩ = 0, ⟨G, w⟩ = eps/(var + eps) ⟨g, ŵ⟩, rank J = n − 2 (eps = 0) or n − 1 (eps > 0)",
    space=SPACE,
    build=upstream,
    assumes={"weights differ": lambda x: float(variance(x.w)) if variance(x.w) > 0 else -1.0},
    actual=sides,
    bound=lambda x: exact(0, 0, 0),
    falsified={
        "⟨G, w⟩ = 0 for every eps": {"actual": partial(sides, along_w=lambda x: 0)},
        "without the rank-one term": {"actual": partial(sides, rank_one=False)},
        "rank n − 2 for every eps": {"actual": partial(sides, lost=lambda x: 2)},
    },
    witness={"⟨G, w⟩ = 0 for every eps": {"n": 3, "w": [1, 2, 4, 0, 0], "g": [1, 0, 0, 0, 0], "eps": Fraction(1, 1000)}},
    covers={"no eps": lambda x: x.eps == 0, "eps": lambda x: x.eps > 0, "two weights": lambda x: len(x.w) == 2},
    proof=(
        Step(
            says="∂ŵ_i/∂w_j = ([i = j] − 1/n − ŵ_i ŵ_j/n)/s, n = 3",
            check=jacobian_is_right,
            false_twin=partial(jacobian_is_right, False),
        ),
    ),
    tightness="difference",
    cost=0.001,
)
