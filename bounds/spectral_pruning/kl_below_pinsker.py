r"""SP-15, the number behind it: inverting kl is never worse than Hoeffding's square root.

$$ kl^{-1}(q,c)\le q+\sqrt{c/2},\qquad kl\bigl(q\,\|\,kl^{-1}(q,c)\bigr)=c\ \text{ unless } q=1. $$
Why: Pinsker's inequality kl(q‖p) ≥ 2(p − q)²: ∂kl/∂p = (p − q)/(p(1 − p)) ≥ 4(p − q). The smaller √(c/4) is false, though
for q = 0 the inverse is only 1 − e^{−c}. kl⁻¹ is the upper end of a bisection to the last bit. kl loses at most 1e-14; where it
is c its slope is at least √(2c), because c ≤ (p − q)²/(p(1 − p)) and p − q ≤ √(c/2). So p is moved by at most 1e-14/√(2c), and
by √(1e-14/2) < 1e-7 for c = 0. Units: probabilities, nats.
"""

from dataclasses import dataclass

from bounds.claim import Claim, Enclosure, Evidence, Real, Step, rounded
from bounds.measure.symbolic import identity as vanishes
from bounds.spectral_pruning.generalization import bernoulli_kl, kl_inverse_upper


@dataclass(frozen=True)
class Level:
    """An empirical rate and a budget of nats."""

    q: float
    c: float


def inverse(x: Level) -> Enclosure:
    """kl⁻¹(q, c)."""
    return rounded(kl_inverse_upper(x.q, x.c), rel=0.0, abs=1e-12 + 1e-14 / max(2 * x.c, 1e-14) ** 0.5)


def root(x: Level, share: float = 2.0) -> Enclosure:
    """q + √(c/share)."""
    return rounded(x.q + (x.c / share) ** 0.5, rel=1e-15)


def slope(power: int) -> Evidence:
    """∂kl/∂p = (p − q)/(p(1 − p)); the twin forgets 1 − p."""
    import sympy as sp

    p, q = sp.symbols("p q", positive=True)
    kl = q * sp.log(q / p) + (1 - q) * sp.log((1 - q) / (1 - p))
    ranges = {"p": (0, 1), "q": (0, 1)}
    return vanishes(lambda: sp.diff(kl, p) - (p - q) / (p * (1 - p) ** power), ranges=ranges)


CLAIM = Claim(
    source="new, SP-15 (Pinsker's inequality)",
    says="kl⁻¹(q, c) ≤ q + √(c/2)",
    space={"q": Real(0, 1), "c": Real(1e-6, 2, log=True)},
    build=Level,
    assumes={},
    actual=inverse,
    bound=root,
    falsified={"√(c/4)": {"bound": lambda x: root(x, 4.0)}},
    witness={"√(c/4)": {"q": 0.1, "c": 0.05}},
    covers={
        "no error": lambda x: x.q == 0,
        "it helps": lambda x: kl_inverse_upper(x.q, x.c) < x.q + 0.7 * (x.c / 2) ** 0.5,
        "the budget is used up": lambda x: abs(bernoulli_kl(x.q, kl_inverse_upper(x.q, x.c)) - x.c) < 1e-9,
    },
    proof=(Step(says="∂kl(q‖p)/∂p = (p − q)/(p(1 − p))", check=lambda: slope(1), false_twin=lambda: slope(0)),),
    cost=0.0003,
)
