"""The gap and every bound on it against the separation: two components, equal weights, identity covariances.

Ours, in the spirit of the paper. δ is the distance of the means in units of the common standard deviation (α = δ/2).
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = (
    "gmm_entropy.shared_covariance",
    "gmm_entropy.bhattacharyya",
    "gmm_entropy.jensen_pairwise",
    "gmm_entropy.main_bound",
    "gmm_entropy.main_bound_best_s",
)
DIMENSIONS = (1, 10, 100)
DELTA = np.linspace(0.25, 64, 256)
LN10 = float(np.log(10))


def data() -> dict[str, np.ndarray]:
    """Base-ten logarithms (nats): gap and dimension-free bounds (δ,), the paper's bound at its best s (dimensions, δ)."""
    from bounds.gmm_entropy import equal_covariance_bounds, kolchinsky_tracey, log_bhattacharyya_bound, log_pair_gap
    from bounds.gmm_entropy.main_bound_best_s import Factor, log_infimum

    w, one = np.array([0.5, 0.5]), np.ones((2, 1, 1))
    lower, upper = np.array([equal_covariance_bounds(0.5, 0.5, delta) for delta in DELTA]).T
    on_line = [np.array([[0.0], [delta]]) for delta in DELTA]

    with np.errstate(divide="ignore"):
        kt = np.array([np.log(kolchinsky_tracey(w, mu, one, 0.5)[1]) for mu in on_line])
    return {
        "delta": DELTA,
        "m": np.array(DIMENSIONS),
        "gap": np.array([log_pair_gap(0.5, 0.5, np.ones(1), np.array([delta])) for delta in DELTA]) / LN10,
        "sandwich_lower": lower / LN10,
        "sandwich_upper": upper / LN10,
        "bhattacharyya": np.array([log_bhattacharyya_bound(w, mu, one) for mu in on_line]) / LN10,
        "kolchinsky_tracey": kt / LN10,
        # two ordered pairs of weight √(1/2 · 1/2): the factor of one pair is the bound
        "paper": np.array([[float(log_infimum(Factor(m, delta / 2, 0.5)).hi) for delta in DELTA] for m in DIMENSIONS]) / LN10,
    }


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """Left: logarithms of all. Right: how far each bound lies above the gap."""
    import matplotlib.pyplot as plt

    from figures.style import BLACK, BLUE, GREEN, ORANGE, PAGE, SKY

    figure, (left, right) = plt.subplots(1, 2, figsize=(PAGE, 2.8))
    curves = [
        ("2 ln 2 × Bhattacharyya sum", d["bhattacharyya"], BLUE),
        ("Kolchinsky–Tracey, t = ½", d["kolchinsky_tracey"], SKY),
    ]
    left.plot(d["delta"], d["gap"], color=BLACK, linewidth=2, label="gap")
    left.fill_between(
        d["delta"], d["sandwich_lower"], d["sandwich_upper"], color=GREEN, alpha=0.4, label="two-sided closed form"
    )
    for name, curve, colour in curves:
        left.plot(d["delta"], curve, color=colour, label=name)
        right.plot(d["delta"], curve - d["gap"], color=colour, label=name)
    for m, curve, style in zip(d["m"], d["paper"], ("-", "--", ":"), strict=True):
        left.plot(d["delta"], curve, color=ORANGE, linestyle=style, label=f"paper's main bound, m = {m}")
        right.plot(d["delta"], curve - d["gap"], color=ORANGE, linestyle=style)
    right.plot(d["delta"], d["sandwich_upper"] - d["gap"], color=GREEN, label="closed form, upper")
    left.set(xlabel="separation δ", ylabel="log₁₀ (nats)", title="The gap and its bounds")
    right.set(xlabel="separation δ", ylabel="log₁₀ (bound / gap)", yscale="symlog", title="How loose each bound is")
    left.legend()
    right.legend()
    return figure
