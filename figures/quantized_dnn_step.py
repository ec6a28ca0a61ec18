"""The mean squared error of M uniform levels for Gaussian weights over the step between them, and the best step Δ* (C6).

Too small a step cuts the tails off, where error tends to that of D = 0, which is 1; too large a one makes all weights equal to
the levels next to 0. One local minimum was found for each M; that it is the only one is a conjecture.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = ("quantized_dnn.gaussian_error", "quantized_dnn.gaussian_step_conjecture")
STATES = (2, 3, 5, 8, 16)
STEPS = np.geomspace(0.1, 3.5, 90)


def data() -> dict[str, np.ndarray]:
    """D (n,) in standard deviations of the weights; M (curves,); mse (curves, n); best (curves, 2), Δ* and the error there."""
    from bounds.quantized_dnn import gaussian_optimal_step, gaussian_quantizer_mse

    mse = [[gaussian_quantizer_mse(float(D), M) for D in STEPS] for M in STATES]
    return {
        "D": STEPS,
        "M": np.array(STATES),
        "mse": np.array(mse),
        "best": np.array([gaussian_optimal_step(M) for M in STATES]),
    }


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """One curve for each number of states, its minimum marked."""
    import matplotlib.pyplot as plt
    from matplotlib.ticker import FormatStrFormatter, NullFormatter

    from figures.style import CYCLE, PAGE

    figure, axis = plt.subplots(figsize=(0.7 * PAGE, 3.4))
    for M, errors, (step, error), colour in zip(d["M"], d["mse"], d["best"], CYCLE, strict=False):
        axis.loglog(d["D"], errors, color=colour, label=f"M = {M}, Δ* = {step:.4f}")
        axis.plot(step, error, marker="o", markersize=4, color=colour)
    axis.set(xlabel="step D, standard deviations of the weights", ylabel="mean squared error")
    axis.set(
        ylim=(d["best"][:, 1].min() / 1.6, 3.0), title="Too small a step cuts the tails off, too large a one merges the rest"
    )
    axis.set_xticks([0.1, 0.2, 0.5, 1, 2, 3])
    axis.xaxis.set_major_formatter(FormatStrFormatter("%g"))
    axis.xaxis.set_minor_formatter(NullFormatter())
    axis.legend(loc="lower right")
    return figure
