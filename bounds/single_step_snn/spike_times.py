r"""When within a step a potential crosses the threshold: the fraction φ = (θ − v)/(u − v), and its derivatives.

Within a step the potential moves linearly from v < θ to u ≥ θ; φ in (0, 1]. Under a rigid shift of both ends by e,
φ(v + e, u + e) − φ(v, u) = −e/(u − v), exactly; moving the end alone, dφ/du = −(θ − v)/(u − v)². Exact for Fractions.
"""

from typing import Any


def crossing_fraction(v: Any, u: Any, theta: Any) -> Any:
    """φ. ValueError unless v < θ ≤ u and θ > 0.

    >>> crossing_fraction(0.0, 2.0, 1.0)
    0.5
    """
    if not (v < theta <= u and theta > 0):
        raise ValueError(f"a crossing needs v < theta <= u and theta > 0, got v = {v}, u = {u}, theta = {theta}")
    return (theta - v) / (u - v)


def crossing_derivatives(v: Any, u: Any, theta: Any) -> tuple[Any, Any]:
    """(dφ/d shift of both ends, dφ/du): both negative, in one over the unit of u. ValueError as in `crossing_fraction`.

    >>> crossing_derivatives(0.0, 2.0, 1.0)
    (-0.5, -0.25)
    """
    crossing_fraction(v, u, theta)
    return -1 / (u - v), -(theta - v) / (u - v) ** 2
