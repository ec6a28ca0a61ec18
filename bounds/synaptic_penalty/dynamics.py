r"""What the penalty alone does to the margin x = u − 1 of one neuron (θ = 1): dx/dt = −κ g'(x).

κ = λψ|a|² from plain gradient flow on λψs with a fixed input a (|a|² grows by 1 if the bias moves too). g' is the surrogate
of `single_step_snn`.
"""

from math import asinh, inf, sinh


def silencing_time(x0: float, kappa: float, beta: float = 1.0) -> float:
    """((1 + x0)² − 1)/(2κβ): when a firing neuron, x0 ≥ 0, reaches the threshold. ValueError outside its domain.

    >>> round(silencing_time(1.3, 0.7), 12)
    3.064285714286
    """
    if not (0 <= x0 < inf and 0 < kappa < inf and 0 < beta < inf):
        raise ValueError(f"x0 must be >= 0, kappa and beta positive, all finite, got {x0}, {kappa}, {beta}")
    return ((1 + x0) ** 2 - 1) / (2 * kappa * beta)


def silent_flow(t: float, kappa: float, alpha: float = 4.0) -> float:
    """x(t) ≤ 0 from x(0) = 0 with p = 1: the root of 2|x| + (2/α) sinh(α|x|) = καt. It never stops.

    ValueError for t < 0, κ ≤ 0 or α ≤ 0. Error a few ulps of the root, from a bracketing solver at full precision.

    >>> round(silent_flow(40.0, 0.7), 10)
    -1.5193232225
    """
    if not (0 <= t < inf and 0 < kappa < inf and 0 < alpha < inf):
        raise ValueError(f"t must be >= 0, kappa and alpha positive, all finite, got {t}, {kappa}, {alpha}")
    from scipy.optimize import brentq

    charge = kappa * alpha * t
    if charge == 0:
        return 0.0
    upper = min(charge / 2, asinh(alpha * charge / 2) / alpha)  # either term alone reaches the charge there
    root = brentq(lambda y: 2 * y + 2 / alpha * sinh(alpha * y) - charge, 0.0, upper, xtol=1e-300, rtol=1e-15)
    return -float(root)
