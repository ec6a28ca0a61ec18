"""Test accuracy of networks trained by each method, over seeds, and against the number of steps (ours).

Digits and MNIST as in `experiments/spike_accumulation_digits.py` and `_mnist.py`: LIF neurons at the T of training; SR is
trained as a clipped-linear network. Dots are seeds, bars 95 % intervals of the mean.
"""

from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = ("spike_accumulation.forward_equivalence", "spike_accumulation.per_step_gradients", "spike_accumulation.online_runs")
METHODS = ("BPTT", "OTTT_A", "SAF-A", "OTTT_O", "SAF-E", "SAF-F", "SAF-F matched", "SR")
SHOWN_OVER_T = ("BPTT", "OTTT_A", "SAF-E", "SAF-F", "SR")


def data() -> dict[str, np.ndarray]:
    """Accuracies: digits and mnist (methods, seeds); over_T (methods shown over T, T, seeds); as_ann, digits as ANN."""
    from experiments.results import load

    digits, mnist = load("spike_accumulation_digits"), load("spike_accumulation_mnist")
    steps = sorted({row["T"] for row in digits})
    fewest = min(len(_of(digits, "BPTT", T)) for T in steps)
    over = [[_of(digits, method, T)[:fewest] for T in steps] for method in SHOWN_OVER_T]
    return {
        "digits": np.array([_of(digits, method, 6) for method in METHODS]),
        "mnist": np.array([_of(mnist, method, 6) for method in METHODS]),
        "T": np.array(steps),
        "over_T": np.array(over),
    }


def _of(rows: list[dict[str, Any]], method: str, T: int) -> list[float]:
    return [row["lif"] for row in rows if row["method"] == method and row["T"] == T]


def half_width(values: np.ndarray) -> np.ndarray:
    """Of the 95 % interval of the mean over the last axis, by Student's t."""
    from scipy.stats import t

    n = values.shape[-1]
    return np.asarray(t.ppf(0.975, n - 1) * values.std(axis=-1, ddof=1) / np.sqrt(n))


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """Digits by method, MNIST by method, digits against T."""
    import matplotlib.pyplot as plt

    from figures.style import BLACK, BLUE, GREEN, ORANGE, PAGE, PURPLE, SKY

    figure, axes = plt.subplots(1, 3, figsize=(PAGE, 2.8), width_ratios=(1, 1, 1.1))
    for axis, name, title in zip(axes, ("digits", "mnist"), ("digits, T = 6", "MNIST, 3750 images, T = 6"), strict=False):
        values = 100 * d[name]
        places = np.arange(len(METHODS))[::-1]
        spread = np.linspace(-0.2, 0.2, values.shape[1])
        axis.plot(values.T, (places[:, None] + spread).T, ".", color=SKY, markersize=3)
        axis.errorbar(values.mean(axis=1), places, xerr=half_width(values), fmt="o", color=BLUE, markersize=3, capsize=2)
        axis.set_yticks(places, labels=METHODS if name == "digits" else [])
        axis.set(xlabel="test accuracy (%)", title=title)
    colours = (BLACK, BLUE, GREEN, ORANGE, PURPLE)
    for k, (values, method, colour) in enumerate(zip(100 * d["over_T"], SHOWN_OVER_T, colours, strict=True)):
        beside = d["T"] * 1.04 ** (k - 2)
        axes[2].errorbar(
            beside, values.mean(axis=1), half_width(values), color=colour, marker=".", capsize=1.5, linewidth=1, label=method
        )
    axes[2].set(xscale="log", xlabel="steps T", ylabel="test accuracy (%)", title="digits")
    axes[2].set_xticks(d["T"], labels=[str(T) for T in d["T"]])
    axes[2].minorticks_off()
    axes[2].legend(loc="lower right")
    return figure
