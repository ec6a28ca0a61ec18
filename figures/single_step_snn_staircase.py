"""A soft-reset neuron of T steps is a quantiser with T + 1 states; one step is the coarsest of them (A3).

θ = 1, no leak, constant drive z, potential starting at c: the spikes of T steps, over T, are clip(⌊Tz + c⌋, 0, T)/T. The neuron
is simulated in exact arithmetic, step by step. With c = 1/2 it is at most 1/2T from z, with c = 0 up to 1/T below.
"""

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = ("single_step_snn.soft_reset_quantizer", "single_step_snn.rate_code_error")
STEPS = (1, 2, 4, 8)
GRID = 160  # multiples of every jump: with z = k/160, no jump lies between two points
STARTS = (Fraction(0), Fraction(1, 2))


def data() -> dict[str, np.ndarray]:
    """z (n,); rate (c, T, n), the share of steps with a spike."""
    from bounds.single_step_snn import lif_simulate

    drives = [Fraction(k, GRID) for k in range(-GRID // 5, 6 * GRID // 5 + 1)]
    rate = [
        [
            [float(Fraction(int(sum(lif_simulate([z] * T, Fraction(1), Fraction(1), "soft", c)[0])), T)) for z in drives]
            for T in STEPS
        ]
        for c in STARTS
    ]
    return {"z": np.array([float(z) for z in drives]), "rate": np.array(rate)}


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """One panel for each start of the potential, one staircase for each T."""
    import matplotlib.pyplot as plt

    from figures.style import BLACK, BLUE, GREEN, ORANGE, PAGE, RED

    figure, axes = plt.subplots(1, 2, figsize=(PAGE, 2.7), sharey=True)
    titles = ("v[0] = 0: below z by less than 1/T", "v[0] = θ/2: within 1/2T of z")
    for axis, rates, title in zip(axes, d["rate"], titles, strict=True):
        axis.plot(d["z"], np.clip(d["z"], 0, 1), color=BLACK, linewidth=0.8, label="clip(z/θ, 0, 1)")
        for rate, T, colour in zip(rates, STEPS, (RED, ORANGE, GREEN, BLUE), strict=True):
            label = "T = 1 (S3NN)" if T == 1 else f"T = {T}"
            axis.step(d["z"], rate, where="post", color=colour, linewidth=1.1, label=label)
        axis.set(xlabel="drive z/θ", title=title)
    axes[0].set_ylabel("spikes / T")
    axes[0].legend(loc="upper left")
    return figure
