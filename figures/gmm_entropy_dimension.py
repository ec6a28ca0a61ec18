"""Relative error of the approximate entropy against the dimension, for random means (ours, in the spirit of the paper).

Two components, equal weights, identity covariances, means iid N(0, c² I_m). The exact curve needs no sampling: the mean gap
has a one-dimensional integral, and H̃ does not depend on the means. The peers need sampled means: median and quartiles.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = ("gmm_entropy.random_means_gap", "gmm_entropy.jensen_pairwise")
SEEDS = (20260101,)
DIMENSIONS = (1, 2, 5, 10, 20, 50, 100, 500)
SCALES = (0.25, 0.5, 1.0, 2.0)
DRAWS = 500
PEERS = ("ELK", "Huber 0", "Huber 2", "KT, lower bound on the gap", "KT, upper bound on the gap")


def data() -> dict[str, np.ndarray]:
    """mean_gap and relative_error, (scales, dimensions), in nats and as a ratio; peers at c = 1: quartiles of |error|/H."""
    from bounds.gmm_entropy import log_expected_pair_gap

    log_gap = np.array([[log_expected_pair_gap(0.5, 0.5, m, np.sqrt(2) * c) for m in DIMENSIONS] for c in SCALES])
    top = np.array([m / 2 * np.log(2 * np.pi * np.e) + np.log(2) for m in DIMENSIONS])
    relative = np.exp(log_gap) / (top - np.exp(log_gap))
    return {
        "m": np.array(DIMENSIONS),
        "c": np.array(SCALES),
        "log_mean_gap": log_gap,
        "relative_error": relative,
        "peers": np.stack([_peers(m) for m in DIMENSIONS], axis=-1).swapaxes(0, 1),  # peers, quartiles, dimensions
    }


def peers_on_line(delta: float, m: int) -> np.ndarray:
    """ELK, H_0 and H_2 for two unit Gaussians at distance delta in m dimensions, in nats.

    The other m − 1 coordinates are independent of the label, so they add what each method says of a standard Gaussian:
    log 4π/2 for ELK, log 2π/2 for order 0, log 2πe/2 for order 2."""
    from bounds.gmm_entropy import elk_bound, huber_h0, huber_h2

    line = np.array([0.5, 0.5]), np.array([[0.0], [delta]]), np.ones((2, 1, 1))
    each = np.log([4 * np.pi, 2 * np.pi, 2 * np.pi * np.e]) / 2
    return np.array([elk_bound(*line), huber_h0(*line), huber_h2(*line)]) + (m - 1) * each


def _peers(m: int) -> np.ndarray:
    """Quartiles over drawn means of |error|/H, (quartiles, peers)."""
    from bounds.gmm_entropy import kolchinsky_tracey, log_pair_gap

    rng = np.random.default_rng([*SEEDS, m])
    errors = np.empty((DRAWS, len(PEERS)))
    for i, delta in enumerate(np.sqrt(2 * rng.chisquare(m, size=DRAWS))):
        gap = np.exp(log_pair_gap(0.5, 0.5, [1.0], [delta]))
        H = m / 2 * np.log(2 * np.pi * np.e) + np.log(2) - gap
        bounds = kolchinsky_tracey([0.5, 0.5], [[0.0], [delta]], np.ones((2, 1, 1)), 0.5)
        errors[i] = np.abs([*(peers_on_line(delta, m) - H), *(gap - np.array(bounds))]) / H  # no digits lost for the last two
    return np.quantile(errors, [0.25, 0.5, 0.75], axis=0)


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """Left: the exact curves. Right: peers at c = 1."""
    import matplotlib.pyplot as plt

    from figures.style import BLACK, PAGE

    figure, (left, right) = plt.subplots(1, 2, figsize=(PAGE, 2.6), sharex=True)
    for c, curve in zip(d["c"], d["relative_error"], strict=True):
        left.plot(d["m"], curve, marker="o", markersize=3, label=f"c = {c:g}")
    left.set(xscale="log", yscale="log", ylim=(1e-14, 2), xlabel="dimension m", ylabel="mean gap / (H̃ − mean gap)")
    left.legend(title="means ~ N(0, c² I)")
    left.set_title("The approximation, exactly")
    at = int(np.flatnonzero(d["c"] == 1.0)[0])
    right.plot(d["m"], d["relative_error"][at], color=BLACK, marker="o", markersize=3, label="H̃")
    for i, name in enumerate(PEERS):
        [line] = right.plot(d["m"], np.maximum(d["peers"][i, 1], 1e-30), label=name)
        right.fill_between(d["m"], *np.maximum(d["peers"][i, [0, 2]], 1e-30), color=line.get_color(), alpha=0.2, linewidth=0)
    right.set(xscale="log", yscale="log", ylim=(1e-14, 2), xlabel="dimension m", ylabel="|error| / H")
    right.legend()
    right.set_title(f"Peers at c = 1: median and quartiles of {DRAWS} draws")
    return figure
