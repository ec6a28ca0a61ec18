"""The gap of two isotropic components in ten dimensions over the ratio of their spreads and the distance of their means.

Contours of the separation α lie on top: for equal weights log G ≤ log(c_t*/2) − α²/2. Equal means (bottom edge) have α = 0,
yet the gap falls with the ratio: α alone does not govern it. Ours.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = ("gmm_entropy.separation_decay", "gmm_entropy.separation_duality")
M = 10
RATIOS = np.geomspace(1, 16, 61)
DISTANCES = np.linspace(0, 24, 61)


def data() -> dict[str, np.ndarray]:
    """log_gap and alpha, (ratios, distances); w = (1/2, 1/2), first component N(0, I)."""
    from bounds.gmm_entropy import log_pair_gap, separation

    shape = (len(RATIOS), len(DISTANCES))
    log_gap, alpha = np.empty(shape), np.empty(shape)
    for i, ratio in enumerate(RATIOS):
        for j, distance in enumerate(DISTANCES):
            lam, d = np.full(M, ratio**2), np.zeros(M)
            d[0] = distance
            log_gap[i, j], alpha[i, j] = log_pair_gap(0.5, 0.5, lam, d), separation(lam, d)[0]
    return {"ratio": RATIOS, "distance": DISTANCES, "log_gap": log_gap, "alpha": alpha}


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """log₁₀ of the gap in colour, α as contour lines."""
    import matplotlib.pyplot as plt

    from figures.style import COLUMN

    figure, axes = plt.subplots(figsize=(COLUMN, 2.8))
    mesh = axes.pcolormesh(
        d["ratio"], d["distance"], d["log_gap"].T / np.log(10), cmap="viridis", shading="gouraud", rasterized=True
    )
    lines = axes.contour(d["ratio"], d["distance"], d["alpha"].T, levels=[1, 2, 4, 6, 8], colors="white", linewidths=0.8)
    axes.clabel(lines, fmt="α = %g", fontsize="x-small")
    axes.set(xscale="log", xlabel="ratio of standard deviations", ylabel="distance of means |Δ|")
    axes.set_xticks([1, 2, 4, 8, 16], labels=["1", "2", "4", "8", "16"])
    axes.minorticks_off()
    figure.colorbar(mesh, ax=axes, label="log₁₀ gap (nats)")
    return figure
