"""How close the error of a neuron's rate comes to its sharp bound, for any input (ours).

Each point is one neuron with drawn λ, T and input I[1..T] in eighths, th = 1, in exact arithmetic: its error a[T] − φ(x̄)
against the bound of its sign, P₊/Λ_T above and (1 + P₋)/Λ_T below. The rings are the extremal inputs (k, 0, ..., 0, −k), on the
line, and (1 − ε, 0, ..., 0, T − 1 + ε), which comes as close as one likes.
"""

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = ("spike_accumulation.uneven_input",)
SEEDS = (20261121,)
NEURONS = 3000
LEAKS = (Fraction(0), Fraction(1, 2), Fraction(9, 10), Fraction(1))
KNOWN = ("upper", "lower")


def data() -> dict[str, np.ndarray]:
    """error and bound (of the sign of the error) of the drawn neurons, and their leak; the same of the extremal ones."""
    rng = np.random.default_rng(SEEDS)
    drawn = []
    for _ in range(NEURONS):
        lam, T = LEAKS[rng.integers(len(LEAKS))], int(rng.integers(2, 13))
        scale = int(2 ** rng.integers(0, 4))
        I = [Fraction(int(v), 8) for v in rng.integers(-4 * scale, 8 + 4 * scale, T)]
        drawn.append((*_point(I, lam), float(lam)))
    drawn = [point for point in drawn if point[1] != 0]
    extremal = [_point([Fraction(k), *[Fraction(0)] * 4, Fraction(-k)], Fraction(1)) for k in (1, 2, 3)]
    little = Fraction(1, 1000)
    lower = [_point([1 - little, *[Fraction(0)] * (T - 2), T - 1 + little], Fraction(1)) for T in (2, 4, 6)]
    error, bound, leak = np.array(drawn).T
    return {"error": error, "bound": bound, "leak": leak, "upper": np.array(extremal), "lower": np.array(lower)}


def _point(I: list[Fraction], lam: Fraction) -> tuple[float, float]:
    """Error, and the bound of its sign."""
    from bounds.spike_accumulation import rate_discrepancy

    found = rate_discrepancy(I, lam, Fraction(1))
    return float(found.error), float(found.upper if found.error > 0 else found.lower if found.error < 0 else 0)


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """|error| against its bound: above the rate of the mean input on the left, below it on the right."""
    import matplotlib.pyplot as plt

    from figures.style import BLACK, BLUE, GREEN, ORANGE, PAGE, RED, SKY

    figure, axes = plt.subplots(1, 2, figsize=(PAGE, 2.9), sharey=True)
    titles = ("rate too high: bound P₊/Λ$_T$, attained", "rate too low: bound (1 + P₋)/Λ$_T$, approached")
    for axis, sign, title, known in zip(axes, (1, -1), titles, KNOWN, strict=True):
        for lam, colour in zip(LEAKS, (ORANGE, GREEN, SKY, BLUE), strict=True):
            here = (d["leak"] == float(lam)) & (sign * d["error"] > 0)
            label = f"λ = {float(lam):g}" if sign > 0 else None
            axis.plot(sign * d["bound"][here], sign * d["error"][here], ".", color=colour, markersize=2.5, label=label)
        axis.plot([1e-3, 3], [1e-3, 3], color=BLACK, linewidth=0.8, label="error = bound" if sign < 0 else None)
        ring = sign * d[known]
        axis.plot(
            ring[:, 1], ring[:, 0], "o", color=RED, fillstyle="none", markersize=6, label="extremal input" if sign < 0 else None
        )
        axis.set(xscale="log", yscale="log", xlim=(1e-2, 1e1), ylim=(1e-3, 2), xlabel="bound", title=title)
    axes[0].set_ylabel("|a[T] − φ(x̄)|")
    axes[0].legend(loc="upper left", markerscale=2)
    axes[1].legend(loc="upper left")
    return figure
