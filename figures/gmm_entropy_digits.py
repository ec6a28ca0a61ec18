"""The gap of mixtures fitted to real data: handwritten digits after a projection to m dimensions, ten components.

The certified interval (pair sandwich), the sampled one, and the bounds. Ours, in the spirit of the paper. Needs scikit-learn
(`pip install 'proofs-check[data]'`); the fit, and so the third digit of every number, depends on its version.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = ("gmm_entropy.pair_sandwich", "gmm_entropy.bhattacharyya", "gmm_entropy.main_bound", "gmm_entropy.label_entropy")
SEEDS = (0,)
DIMENSIONS = (2, 5, 10, 20, 40)
SAMPLES = 50_000


def data() -> dict[str, np.ndarray]:
    """Logarithms of nats per dimension: tree, sum (certified), sampled ends, paper's bound, 2 ln 2 S; H̃ in nats."""
    from sklearn.datasets import load_digits
    from sklearn.decomposition import PCA
    from sklearn.mixture import GaussianMixture

    from bounds.gmm_entropy.own_mixture import certify, from_sklearn

    digits = load_digits().data
    rows = []
    for m in DIMENSIONS:
        scores = PCA(m, random_state=SEEDS[0]).fit_transform(digits)
        fitted = GaussianMixture(10, covariance_type="full", reg_covar=1e-3, random_state=SEEDS[0]).fit(scores)
        found = certify(from_sklearn(fitted), samples=SAMPLES, seed=SEEDS[0])
        bounds = {bound.name: bound.log_value for bound in found.bounds}
        sampled = found.log_gap_sampled
        assert sampled is not None
        rows.append(
            [
                float(found.approximation.lo),
                float(found.log_gap.lo),
                float(found.log_gap.hi),
                float(sampled.lo),
                float(sampled.hi),
                bounds["paper's main bound, best common s"],
                bounds["2 ln 2 × Bhattacharyya sum"],
            ]
        )
    names = ("approximation", "tree", "sum", "sampled_lo", "sampled_hi", "paper", "bhattacharyya")
    return {"m": np.array(DIMENSIONS)} | dict(zip(names, np.array(rows).T, strict=True))


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """Intervals as bars, bounds as markers, the label entropy that no gap exceeds as a line."""
    import matplotlib.pyplot as plt

    from figures.style import BLACK, BLUE, COLUMN, GREEN, ORANGE

    figure, axes = plt.subplots(figsize=(COLUMN, 2.8))
    at = np.arange(len(d["m"]))
    axes.axhline(np.log(10), color="0.6", linewidth=1, label="log K: no gap is larger")
    axes.plot(at, np.exp(d["paper"]), "v", color=ORANGE, markersize=5, label="paper's bound, best s")
    axes.plot(at, np.exp(d["bhattacharyya"]), "_", color=BLUE, markersize=9, label="2 ln 2 × Bhattacharyya sum")
    axes.vlines(
        at, np.exp(d["tree"]), np.exp(d["sum"]), color=GREEN, linewidth=5, alpha=0.6, label="certified (tree ≤ gap ≤ sum)"
    )
    axes.vlines(at, np.exp(d["sampled_lo"]), np.exp(d["sampled_hi"]), color=BLACK, linewidth=2, label="sampled interval")
    axes.set(yscale="log", xlabel="dimension m after the projection", ylabel="gap (nats)")
    axes.set_xticks(at, labels=[str(m) for m in d["m"]])
    axes.legend(loc="lower left")
    return figure
