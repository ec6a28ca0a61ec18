"""Do networks trained by SAF reach the accuracy of OTTT, BPTT and spike representation, and fire as often?

scikit-learn's digits, 64-128-128-10 (two spiking layers, linear readout), lam = 1/2, th = 1, sigmoid surrogate, cross-entropy,
static input, 12 epochs of SGD with momentum 0.9 on batches of 64, cosine from rate 0.05 (0.02 for the methods that update
after every step), float64. Ten seeds at T = 6 steps, five at T = 2, 4, 8, 16, 32; every method starts from the same weights
and sees the same batches. Each trained net is read as LIF, as SAF and as a clipped-linear network (ANN) on the 450 test images;
"spikes" is the share of steps in which a neuron fires, mean over neurons, images and steps.

A unit is one method, T and seed. The full form takes about 6 minutes on one idle core, the quick one 10 seconds.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from bounds.common.training import digits
from bounds.spike_accumulation.training import METHODS, ONLINE, Method, Recipe, Split, fully_connected, score, split, train

WIDTHS = (64, 128, 128, 10)
T_OF_TABLE = 6


def plan(quick: bool) -> list[dict[str, Any]]:
    if quick:
        return [{"method": method, "T": 4, "seed": seed, "epochs": 3} for method in METHODS for seed in (0, 1)]
    seeds = {T_OF_TABLE: range(10)} | dict.fromkeys((2, 4, 8, 16, 32), range(5))
    return [{"method": m, "T": T, "seed": seed, "epochs": 12} for T in sorted(seeds) for m in METHODS for seed in seeds[T]]


def work(method: Method, T: int, seed: int, epochs: int) -> list[dict[str, Any]]:
    return [trained(split(*digits()), WIDTHS, Recipe(method=method, T=T, epochs=epochs, rate=rate_of(method)), seed)]


def rate_of(method: Method) -> float:
    """The rate of the first epoch."""
    return 0.02 if method in ONLINE else 0.05


def trained(data: Split, widths: tuple[int, ...], recipe: Recipe, seed: int) -> dict[str, Any]:
    """Train one network and read it three ways."""
    rng = np.random.default_rng(seed)
    net = fully_connected(rng, widths, dtype=data.train_x.dtype.type)
    heard: list[float] = []
    train(net, data.train_x, data.train_y, recipe, rng, lambda epoch, loss: heard.append(loss))
    found = score(net, data.test_x, data.test_y, recipe.T)
    row: dict[str, Any] = {"method": recipe.method, "T": recipe.T, "seed": seed, "loss": heard[-1]}
    row |= {"lif": found.lif, "saf": found.saf, "ann": found.ann, "differing": found.differing, "traces": found.traces}
    row |= {f"rate_{l}": rate for l, rate in enumerate(found.rates, start=1)}
    return row | {f"spikes_{l}": share for l, share in enumerate(found.spikes, start=1)}


def interval(values: Sequence[float]) -> tuple[float, float]:
    """Mean, and half the width of its 95 % confidence interval by Student's t: independent seeds, about normal."""
    from scipy.stats import t

    n = len(values)
    return float(np.mean(values)), float(t.ppf(0.975, n - 1) * np.std(values, ddof=1) / np.sqrt(n)) if n > 1 else float("nan")


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One line per T and method: means over seeds with 95 % intervals; the difference from OTTT_A is taken seed by seed."""
    lines = []
    for T, method in dict.fromkeys((row["T"], row["method"]) for row in rows):
        mine = {row["seed"]: row for row in rows if (row["T"], row["method"]) == (T, method)}
        peer = {row["seed"]: row for row in rows if (row["T"], row["method"]) == (T, "OTTT_A")}
        accuracy, ann = (interval([row[key] for row in mine.values()]) for key in ("lif", "ann"))
        gap = interval([mine[seed]["lif"] - peer[seed]["lif"] for seed in mine])
        line = {"T": T, "method": method, "seeds": len(mine), "accuracy %": shown(accuracy), "minus OTTT_A": shown(gap)}
        line |= {"as ANN %": shown(ann), "LIF ≠ SAF": f"{sum(row['differing'] for row in mine.values())} traces"}
        layers = [key for key in rows[0] if key.startswith("spikes_")]
        lines.append(line | {f"spikes {key[7:]}": float(np.mean([row[key] for row in mine.values()])) for key in layers})
    return lines


def shown(interval: tuple[float, float]) -> str:
    """In per cent; one seed has no interval."""
    mean, half = interval
    return f"{100 * mean:.2f}" if np.isnan(half) else f"{100 * mean:.2f} ± {100 * half:.2f}"
