r"""The best step for Gaussian weights: the mean squared error of M uniform levels as a function of the step.

N ~ N(0, 1), levels l_i = (i − (M−1)/2)D, thresholds t_i = (i − (M−2)/2)D:
MSE(D, M) = 1 − 2D Σ_i φ(t_i) + Σ_i l_i²(Φ(t_i) − Φ(t_{i−1})). Computed in balls of 200 bits; floats are their midpoints,
correct to the last digit or two.
"""

from functools import cache
from typing import TYPE_CHECKING

from bounds.measure.ball import ball

if TYPE_CHECKING:
    from flint import arb

BITS = 200


def moments(D: "arb", M: int) -> tuple["arb", "arb"]:
    """(E[N Q(N)], E[Q(N)²]) at the working precision."""
    import flint

    arb = flint.arb
    thresholds = [D * (2 * i - (M - 2)) / 2 for i in range(M - 1)]
    phi = [(-t * t / 2).exp() / (2 * arb.pi()).sqrt() for t in thresholds]
    Phi = [arb(0), *((1 + (t / arb(2).sqrt()).erf()) / 2 for t in thresholds), arb(1)]
    levels = [D * (2 * i - (M - 1)) / 2 for i in range(M)]
    cross = D * sum(phi, arb(0))
    square = sum((l * l * (Phi[i + 1] - Phi[i]) for i, l in enumerate(levels)), arb(0))
    return cross, square


def ball_mse(D: "arb", M: int) -> "arb":
    """MSE(D, M) at the working precision."""
    cross, square = moments(D, M)
    mse: arb = 1 - 2 * cross + square
    return mse


def ball_slope(D: "arb", M: int) -> "arb":
    """dMSE/dD = 2(E[Q²] − E[NQ])/D: thresholds lie half-way between levels, so moving them changes nothing."""
    cross, square = moments(D, M)
    slope: arb = 2 * (square - cross) / D
    return slope


def _checked(M: int) -> None:
    if int(M) != M or M < 2:
        raise ValueError(f"M counts levels and must be an integer of at least 2, got {M}")


def gaussian_quantizer_mse(D: float, M: int) -> float:
    """E(Q(N) − N)². ValueError unless D > 0 and M ≥ 2.

    >>> gaussian_quantizer_mse(1.0, 3)
    0.2088137703947759
    """
    import flint

    _checked(M)
    if not D > 0:
        raise ValueError(f"the step D must be positive, got {D}")
    with flint.ctx.workprec(BITS):
        return float(ball_mse(ball(D), int(M)).mid())


@cache
def step_ball(M: int) -> "arb":
    """D*, by bisection of the slope between 1/(2M) and 14; that it is the only root there is a conjecture."""
    import flint

    with flint.ctx.workprec(BITS):
        lo, hi = flint.arb(1) / (2 * M), flint.arb(14)
        for _ in range(120):
            middle = ((lo + hi) / 2).mid()
            if ball_slope(middle, M) < 0:
                lo = middle
            else:
                hi = middle
        return lo.union(hi)


def gaussian_optimal_step(M: int) -> tuple[float, float]:
    """(D*, MSE*): the minimiser, as far as is known the only one, and the error there.

    >>> gaussian_optimal_step(2)
    (1.5957691216057308, 0.3633802276324187)
    """
    import flint

    _checked(M)
    step = step_ball(int(M))
    with flint.ctx.workprec(BITS):
        return float(step.mid()), float(ball_mse(step.mid(), int(M)).mid())
