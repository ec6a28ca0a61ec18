r"""The mean squared error of a uniform quantiser of Gaussian weights, and where it is smallest.

MSE(D, M) = 1 − 2D Σ φ(t_i) + Σ l_i²(Φ(t_i) − Φ(t_{i−1})) = E(Q(N) − N)², by E[N Q(N)] = D Σ φ(t_i); it is at least M^{−2}, and
at D* the slope changes sign. The error is integrated by rigorous quadrature over [−12, 12]; beyond lies less than 1e-28. Balls
of 128 bits around rational D: "proved".
"""

from fractions import Fraction
from functools import partial
from itertools import pairwise
from typing import TYPE_CHECKING, Any, NamedTuple

from bounds.claim import Axis, Choice, Claim, Enclosure, Evidence, Int, Real, exact
from bounds.claim import Step as ProofStep
from bounds.measure.ball import ball, enclosure, integral
from bounds.measure.symbolic import identity
from bounds.quantized_dnn.gaussian_step import ball_mse, step_ball

if TYPE_CHECKING:
    from flint import arb

CLOSE = Fraction(1, 10**20)
SPACE: dict[str, Axis] = {
    "M": Int(2, 16),
    "D": Real(1 / 16, 3, step=Fraction(1, 32)),
    "best": Choice((0, 0, 1)),  # 1: D* to seven digits
}


class Step(NamedTuple):
    """A number of levels and a step."""

    M: int
    D: Fraction


def step(M: int, D: Any, best: int) -> Step:
    """From a point of SPACE."""
    return Step(M, Fraction(round(float(step_ball(M).mid()) * 10**7), 10**7) if best else Fraction(D))


def integrated(x: Step) -> "arb":
    """E(Q(N) − N)² over [−12, 12], piece by piece; (|l| + |x|)²φ beyond adds less than 1e-28 for D ≤ 3, M ≤ 16."""
    import flint

    cuts = [x.D * Fraction(2 * i - (x.M - 2), 2) for i in range(x.M - 1)]
    ends = [Fraction(-12), *(t for t in cuts if -12 < t < 12), Fraction(12)]
    first = sum(t <= -12 for t in cuts)
    root = (2 * flint.arb.pi()).sqrt()
    total = flint.arb(0, 1e-28)
    for i, (left, right) in enumerate(pairwise(ends)):
        level = ball(x.D * Fraction(2 * (i + first) - (x.M - 1), 2))
        total += _piece(level, left, right) / root
    return total


def _piece(level: "arb", left: Fraction, right: Fraction) -> "arb":
    """∫ (u − level)² exp(−u²/2) du."""
    return integral(lambda u, _: (u - level) ** 2 * (-u * u / 2).exp(), left, right, bits=128).real


def sides(x: Step, formula: Any = ball_mse) -> Enclosure:
    """|E − formula|; M^{−2}."""
    import flint

    with flint.ctx.workprec(128):
        return enclosure(abs(integrated(x) - formula(ball(x.D), x.M)), ball(Fraction(1, x.M**2)))


def error(x: Step) -> "arb":
    """MSE(D, M)."""
    import flint

    with flint.ctx.workprec(128):
        return ball_mse(ball(x.D), x.M)


def limits(x: Step) -> Enclosure:
    """1e-20; the error."""
    return enclosure(ball(CLOSE), error(x))


def near_best(x: Step) -> float:
    """−1 unless D is D*."""
    return 1e-6 - abs(float(x.D) - float(step_ball(x.M).mid()))


def stein(power: int = 1) -> Evidence:
    """−φ is an antiderivative of xφ, so E[N; N ≥ t] = φ(t): each threshold adds Dφ(t) to E[N Q(N)]. False for x²φ."""
    import sympy

    x = sympy.Symbol("x", real=True)
    phi = sympy.exp(-(x**2) / 2) / sympy.sqrt(2 * sympy.pi)
    return identity(lambda: sympy.diff(-phi, x) - x**power * phi)


BEST: dict[str, Any] = {"space": {**SPACE, "best": Choice((1,))}, "assumes": {"the best step": near_best}}
CLAIM = Claim(
    source="sawada2024maqd, reconstructed",
    says="E(Q(N) − N)² = 1 − 2D Σ φ(t_i) + Σ l_i²(Φ(t_i) − Φ(t_{i−1})) ≥ M^{−2} (to 20 digits)",
    space=SPACE,
    build=step,
    assumes={},
    actual=sides,
    bound=limits,
    falsified={
        "D²/12 at the best step": {
            **BEST,
            "actual": lambda x: enclosure(error(x)),
            "bound": lambda x: exact(x.D**2 / 12),
        },
        "uniform levels reach √3π/(2M²) at M = 16": {
            **BEST,
            "actual": lambda x: enclosure(error(x)),
            "bound": lambda x: enclosure(panter_dite(x.M)),
        },
        "without the factor 2": {
            "actual": lambda x: sides(x, lambda D, M: (1 + ball_mse(D, M)) / 2),
        },
    },
    witness={"uniform levels reach √3π/(2M²) at M = 16": {"M": 16, "D": 1, "best": 1}},
    covers={"the best step": lambda x: near_best(x) > 0, "odd": lambda x: x.M % 2 == 1, "even": lambda x: x.M % 2 == 0},
    proof=(ProofStep(says="(−φ)' = xφ, so E[N; N ≥ t] = φ(t)", check=stein, false_twin=partial(stein, 2)),),
    tightness="difference",
    cost=0.01,
)


def panter_dite(M: int) -> "arb":
    """√3 π/(2M²), what the best quantiser of many levels tends to."""
    import flint

    with flint.ctx.workprec(128):
        return flint.arb(3).sqrt() * flint.arb.pi() / (2 * M * M)
