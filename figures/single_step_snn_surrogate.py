"""The S3NN surrogate and its primitive beside the logistic ones: lighter just above the threshold, heavier from x* on (A4).

α = 4, β = 1, the margin x = u/θ − 1. The primitive grows without bound, so g' is the density of no random threshold.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = ("single_step_snn.surrogate_shape", "single_step_snn.surrogate_mass", "single_step_snn.surrogate_tail")


def data() -> dict[str, np.ndarray]:
    """x; s3nn and logistic slopes and primitives; crossing, x* and both slopes there; bound, where g passes 1."""
    from bounds.single_step_snn import s3nn_primitive, s3nn_surrogate, surrogate_crossing
    from bounds.single_step_snn.surrogates import primitive, slope

    x = np.linspace(-1.5, 3, 1801)
    star = surrogate_crossing()
    return {
        "x": x,
        "s3nn": s3nn_surrogate(x),
        "logistic": slope("logistic")(x),
        "s3nn primitive": s3nn_primitive(x),
        "logistic primitive": primitive("logistic")(x),
        "crossing": np.array([star, s3nn_surrogate(star)]),
        "passes one": np.array([np.exp(0.5) - 1]),
    }


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """Slopes on the left, primitives on the right."""
    import matplotlib.pyplot as plt

    from figures.style import BLACK, BLUE, ORANGE, PAGE

    figure, (slopes, primitives) = plt.subplots(1, 2, figsize=(PAGE, 2.6), sharex=True)
    for axis, suffix in ((slopes, ""), (primitives, " primitive")):
        axis.plot(d["x"], d[f"s3nn{suffix}"], color=BLUE, label="S3NN, α = 4, β = 1")
        axis.plot(d["x"], d[f"logistic{suffix}"], color=ORANGE, linestyle="--", label="logistic")
        axis.axvline(0, color=BLACK, linewidth=0.5)
        axis.set_xlabel("margin x = u/θ − 1")
    star, height = d["crossing"]
    slopes.plot([star], [height], "o", color=BLACK, markersize=4)
    slopes.annotate(f"x* = {star:.4f}", (star, height), (0.55, 0.9), arrowprops={"arrowstyle": "-", "linewidth": 0.6})
    slopes.set(ylabel="surrogate ds/du · θ", ylim=(0, 1.05))
    slopes.legend(loc="upper right", bbox_to_anchor=(1, 0.8))
    primitives.axhline(1, color=BLACK, linewidth=0.5, linestyle=":")
    where = float(d["passes one"][0])
    primitives.plot([where], [1], "o", color=BLACK, markersize=4)
    primitives.annotate("g = 1 at x = √e − 1", (where, 1), (1.1, 0.6), arrowprops={"arrowstyle": "-", "linewidth": 0.6})
    primitives.set_ylabel("primitive g")
    return figure
