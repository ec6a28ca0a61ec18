r"""On the firing side the weights' own direction has a constant slope: ⟨w, ds/dw⟩ = β.

u = ⟨w, a⟩ + b, x = u/θ − 1, ds/dw = g'(x) a/θ. If u ≥ θ: ⟨w, ds/dw⟩ = β(u − b)/u, which is β without bias, for every w, a
and θ: ds/dw is the gradient of β ln u. If u < θ and b = 0: ασ(αx)(1 − σ(αx))(1 + x). So one surrogate step
w −= ηδ ds/dw (δ = dL/ds) changes u by −ηδβ|a|²/u. Firing side exact in Fractions, the sigmoid in balls: "proved".
"""

from fractions import Fraction
from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Int, Real
from bounds.measure.ball import ball, enclosure
from bounds.single_step_snn.surrogates import ball_slope

TINY = Fraction(1, 10**25)


class Weighted(NamedTuple):
    """A neuron with its input; all numbers Fractions."""

    w: np.ndarray
    a: np.ndarray
    b: Fraction
    theta: Fraction
    alpha: Fraction
    beta: Fraction

    @property
    def u(self) -> Fraction:
        """⟨w, a⟩ + b."""
        return Fraction(self.w @ self.a + self.b)


EIGHTH = Fraction(1, 8)
SPACE: dict[str, Axis] = {
    "n": Int(1, 4),
    "w": Array(("n",), -1, 2, step=EIGHTH),
    "a": Array(("n",), -1, 2, step=EIGHTH),
    "b": Real(-1, 1, step=EIGHTH),
    "biased": Choice((0, 1)),
    "theta": Choice((Fraction(1, 2), Fraction(1), Fraction(3))),
    "alpha": Choice((Fraction(1), Fraction(4))),
    "beta": Choice((Fraction(1, 4), Fraction(1), Fraction(5, 2))),
}


def weighted(n: int, w: Any, a: Any, b: Any, biased: int, theta: Any, alpha: Any, beta: Any) -> Weighted:
    """From a point of SPACE; the bias counts where the neuron fires."""
    rational = np.frompyfunc(Fraction, 1, 1)
    w, a = rational(np.asarray(w, dtype=object)[:n]), rational(np.asarray(a, dtype=object)[:n])
    bias = Fraction(b) if biased and w @ a + Fraction(b) >= Fraction(theta) else Fraction(0)
    return Weighted(w, a, bias, Fraction(theta), Fraction(alpha), Fraction(beta))


def along(x: Weighted, formula: Any) -> Enclosure:
    """|⟨w, ds/dw⟩ − formula|."""
    import flint

    with flint.ctx.workprec(128):
        margin = x.u / x.theta - 1
        slope = ball_slope(ball(margin), ball(x.alpha), ball(x.beta)) / ball(x.theta)
        return enclosure(abs(ball(Fraction(x.w @ x.a)) * slope - formula(x, margin)))


def identity(x: Weighted, margin: Fraction) -> Any:
    """β(u − b)/u where it fires, ασ(1 − σ)(1 + x) where it does not."""
    if margin >= 0:
        return ball(x.beta * (x.u - x.b) / x.u)
    s = 1 / (1 + (ball(-x.alpha * margin)).exp())
    return ball(x.alpha) * s * (1 - s) * ball(1 + margin)


CLAIM = Claim(
    source="new",
    says="u ≥ θ: ⟨w, ds/dw⟩ = β(u − b)/u, = β without bias; u < θ, b = 0: ασ(αx)(1 − σ(αx))(1 + x)",
    space=SPACE,
    build=weighted,
    assumes={},
    actual=lambda x: along(x, identity),
    bound=lambda x: enclosure(ball(TINY)),
    falsified={
        "β for silent neurons too": {
            "actual": lambda x: along(x, lambda x, margin: ball(x.beta) if x.b == 0 else identity(x, margin))
        },
        "β whatever the bias": {
            "actual": lambda x: along(x, lambda x, margin: ball(x.beta) if margin >= 0 else identity(x, margin))
        },
        "β/θ": {
            "actual": lambda x: along(
                x, lambda x, margin: ball(x.beta / x.theta) if x.b == 0 and margin >= 0 else identity(x, margin)
            )
        },
    },
    witness={
        "β for silent neurons too": {
            "n": 1,
            "w": [Fraction(1, 2)],
            "a": [1],
            "b": 0,
            "biased": 0,
            "theta": 1,
            "alpha": 4,
            "beta": 1,
        },
        "β whatever the bias": {"n": 1, "w": [1], "a": [1], "b": 1, "biased": 1, "theta": 1, "alpha": 4, "beta": 1},
    },
    covers={
        "fires with a bias": lambda x: x.u >= x.theta and x.b != 0,
        "fires without": lambda x: x.u >= x.theta and x.b == 0,
        "silent": lambda x: x.u < x.theta,
        "at the threshold": lambda x: x.u == x.theta,
    },
    tightness="difference",
    cost=0.001,
)
