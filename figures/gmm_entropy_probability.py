"""How likely a large gap is for random means: the exact probability against the paper's bound and the dimension-free one.

Two components, equal weights, one covariance, Σ^(-1/2)Δ = 2c Z with Z standard normal. Ours, in the spirit of the paper.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = ("gmm_entropy.random_means", "gmm_entropy.random_means_any_scale")
DIMENSIONS = np.unique(np.round(np.geomspace(1, 200, 40)).astype(int))
SCALES = (0.5, 1.5)
EPS = 0.01  # nats


def separation_at(eps: float) -> float:
    """δ with gap eps: the gap of a pair with equal weights strictly decreases from ln 2 to 0 as δ grows."""
    from scipy.optimize import brentq

    from bounds.gmm_entropy import log_pair_gap

    return float(brentq(lambda delta: log_pair_gap(0.5, 0.5, np.ones(1), np.array([delta])) - np.log(eps), 1e-3, 60.0))


def data() -> dict[str, np.ndarray]:
    """Natural logarithms of the probability and of its bounds, (scales, dimensions); a bound above 0 says nothing."""
    from scipy.special import chdtr

    from bounds.gmm_entropy import gap_tail_bound, gap_tail_bound_dimension_free

    delta = separation_at(EPS)
    with np.errstate(divide="ignore"):
        exact = np.log([[chdtr(m, (delta / (2 * c)) ** 2) for m in DIMENSIONS] for c in SCALES])

    def bound(function: object, **more: object) -> np.ndarray:
        return np.array([[function(2, int(m), c, EPS, **more) for m in DIMENSIONS] for c in SCALES])  # type: ignore[operator]

    return {
        "m": DIMENSIONS,
        "c": np.array(SCALES),
        "log_probability": exact,
        "paper": bound(gap_tail_bound),
        "dimension_free": bound(gap_tail_bound_dimension_free),
        "dimension_free_equal": bound(gap_tail_bound_dimension_free, equal_covariance=True),
    }


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """One panel for each c; the grey part is where a bound says nothing."""
    import matplotlib.pyplot as plt

    from figures.style import BLACK, BLUE, ORANGE, PAGE, SKY

    figure, panels = plt.subplots(1, len(d["c"]), figsize=(PAGE, 2.6))
    ten = np.log(10)
    for i, (axes, c) in enumerate(zip(panels, d["c"], strict=True)):
        axes.axhspan(0, 8, color="0.92", linewidth=0)
        axes.plot(d["m"], d["log_probability"][i] / ten, color=BLACK, linewidth=2, label="exact")
        axes.plot(d["m"], d["paper"][i] / ten, color=ORANGE, label="paper's bound, best s")
        axes.plot(d["m"], d["dimension_free"][i] / ten, color=BLUE, label="dimension-free")
        axes.plot(d["m"], d["dimension_free_equal"][i] / ten, color=SKY, label="dimension-free, equal covariances")
        axes.set(xlabel="dimension m", title=f"c = {c:g}", ylim=(max(-60, d["log_probability"][i].min() / ten), 8))
    panels[0].set_ylabel(f"log₁₀ P(gap ≥ {EPS:g})")
    panels[0].legend()
    return figure
