"""Eigenvalues of the hidden states' covariance of trained networks, and the degrees of freedom that follow from them.

Ours (the paper's two figures are not known to us): IRNNs of 128 units on three tasks, three seeds each.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = ("spectral_pruning.effective_dimension",)
TASKS = {"pixel_digits": "pixel digits, 64 steps", "pixel_mnist": "14 × 14 MNIST, 196 steps", "language": "language, 32 steps"}
LAMBDA = np.logspace(0, -8, 81)


def data() -> dict[str, np.ndarray]:
    """For each task: eigenvalues as shares of the trace (seeds, m), and N(λ) (seeds, λ) for λ as shares of the trace."""
    from bounds.spectral_pruning import degrees_of_freedom
    from experiments.results import load

    rows, d = load("spectral_pruning_spectra"), {"lambda": LAMBDA}
    for name in TASKS:
        seeds = sorted({row["seed"] for row in rows if row["task"] == name})
        mu = np.array([[row["share"] for row in rows if row["task"] == name and row["seed"] == seed] for seed in seeds])
        d[f"mu {name}"] = mu
        d[f"N {name}"] = np.array([[degrees_of_freedom(one, lam) for lam in LAMBDA] for one in mu])
    return d


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """Left: for pictures the eigenvalues fall by decades, a language fills all directions. Right: how many units that is."""
    import matplotlib.pyplot as plt

    from figures.style import BLUE, GREEN, ORANGE, PAGE

    figure, (left, right) = plt.subplots(1, 2, figsize=(PAGE, 2.7))
    for (name, label), colour in zip(TASKS.items(), (BLUE, ORANGE, GREEN), strict=True):
        mu = d[f"mu {name}"]
        lines = left.plot(np.arange(1, mu.shape[1] + 1), np.where(mu > 1e-13, mu, np.nan).T, color=colour, linewidth=1)
        lines[0].set_label(label)
        right.plot(d["lambda"], d[f"N {name}"].T, color=colour, linewidth=1)
    left.set(yscale="log", ylim=(1e-12, 1.5), xlim=(0, 128), xlabel="i", ylabel="μᵢ / Tr Σ", title="Eigenvalues of Σ")
    right.set(xscale="log", xlabel="λ / Tr Σ", ylabel="N(λ)", ylim=(0, 128), title="Degrees of freedom, of 128 units")
    right.invert_xaxis()
    left.legend()
    return figure
