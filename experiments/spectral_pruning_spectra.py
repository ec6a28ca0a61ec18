"""How fast do the eigenvalues of the hidden states' covariance fall, and how many units does that mean at each λ?

The uncentred time-mean covariance Σ of the states of trained IRNNs of 128 units on their training data (up to 3,500
sequences): eigenvalues as shares of Tr Σ, for each task and seed. N(λ) = Σ μ_i/(μ_i + λ) follows from them. A unit is one
network. Half a minute, once the networks of `spectral_pruning_training` are there.
"""

from typing import Any

import numpy as np

from bounds.spectral_pruning import degrees_of_freedom
from bounds.spectral_pruning.information import spectrum
from experiments.spectral_pruning_comparison import base_of

SEEDS = (0, 1, 2)


def plan(quick: bool) -> list[dict[str, Any]]:
    names = ("row_digits",) if quick else ("pixel_digits", "language", "pixel_mnist")
    return [{"name": name, "seed": seed} for name in names for seed in SEEDS]


def work(name: str, seed: int) -> list[dict[str, Any]]:
    Sig = base_of(name, seed).Sig
    mu = spectrum(Sig) / np.trace(Sig)
    return [{"task": name, "seed": seed, "i": i, "share": float(value)} for i, value in enumerate(mu, 1)]


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """N(λ) at λ/Tr Σ = 1e-1 to 1e-6, one column each, for each network."""
    table = []
    for name, seed in dict.fromkeys((row["task"], row["seed"]) for row in rows):
        mu = [row["share"] for row in rows if (row["task"], row["seed"]) == (name, seed)]
        N = {f"1e-{e}": round(float(degrees_of_freedom(mu, 10.0**-e)), 1) for e in range(1, 7)}
        table.append({"N(λ) at λ/Tr": f"{name} {seed}"} | N)
    return table
