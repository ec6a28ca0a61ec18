"""Is one step with the S3NN surrogate as accurate as full precision, as other surrogates, and as four steps?

Written down before the first full run, with the statistic and the rule of decision: PREREGISTERED.md, E1. scikit-learn's
digits, 64-128-64-10, 30 epochs, ten seeds; each seed has its own split (1047 for training, 300 for validation, 450 for test)
and its own weights and batches, which all arms share. Each surrogate at three widths, of which the seed's validation part
chooses one.

A unit is one seed and one arm. The full form takes about three minutes on a busy core, the quick one some seconds.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from bounds.common.training import digits
from bounds.single_step_snn.batches import Neurons
from bounds.single_step_snn.training import Recipe, Split, fully_connected, score, split, train

WIDTHS = (64, 128, 64, 10)
SURROGATES = ("s3nn", "logistic", "rectangular", "triangular")
STRETCHED = (1.0, 0.5, 2.0)  # the order settles ties of the validation part
ARMS = {f"{name}, width {w:g}": Neurons(surrogate=name, width=w) for name in SURROGATES for w in STRETCHED}
ARMS |= {"LIF, T = 4": Neurons(T=4, leak=0.5), "ReLU": Neurons(kind="relu")}
TO_FULL_PRECISION, TO_FOUR_STEPS = 0.02, 0.01  # how much accuracy "comparable" may cost


def plan(quick: bool) -> list[dict[str, Any]]:
    seeds, epochs = ((100, 101), 4) if quick else (range(10), 30)
    return [{"arm": arm, "seed": seed, "epochs": epochs} for seed in seeds for arm in ARMS]


def own_split(seed: int) -> Split:
    """1047 for training, 300 for validation, 450 for test; drawn with a generator of their own."""
    return split(digits(np.float32), 300, 450, 1000 + seed)


def work(arm: str, seed: int, epochs: int) -> list[dict[str, Any]]:
    d, neurons, rng = own_split(seed), ARMS[arm], np.random.default_rng(seed)
    net = fully_connected(rng, WIDTHS)
    train(net, neurons, d.x, d.y, Recipe(epochs=epochs), rng)
    decided, found = score(net, neurons, d.validation_x, d.validation_y), score(net, neurons, d.test_x, d.test_y)
    row: dict[str, Any] = {"arm": arm, "seed": seed, "validation": decided.accuracy, "accuracy": found.accuracy}
    row |= {"accumulations": None if np.isnan(found.accumulations) else found.accumulations, "pJ": found.pJ}
    return [row | {f"rate_{l}": rate for l, rate in enumerate(found.rates, start=1)}]


def interval(values: Sequence[float], level: float = 0.95) -> tuple[float, float]:
    """Mean and half the width of its interval by Student's t; one value has no interval."""
    from scipy.stats import t

    n = len(values)
    if n < 2:
        return float(np.mean(values)), float("nan")
    return float(np.mean(values)), float(t.ppf((1 + level) / 2, n - 1) * np.std(values, ddof=1) / np.sqrt(n))


def verdict(differences: Sequence[float], level: float = 0.95, than: float = 0.0) -> str:
    """Whether the mean of paired differences lies above `than`: supported, contradicted, or not separated."""
    mean, half = interval(differences, level)
    return "supported" if mean - half > than else "contradicted" if mean + half < than else "not separated"


def chosen(rows: list[dict[str, Any]]) -> dict[str, dict[int, dict[str, Any]]]:
    """For each surrogate and the two others, seed by seed: the row whose width the validation part prefers."""
    found: dict[str, dict[int, dict[str, Any]]] = {}
    for row in rows:
        best = found.setdefault(row["arm"].partition(", width")[0], {})
        if row["seed"] not in best or row["validation"] > best[row["seed"]]["validation"]:
            best[row["seed"]] = row
    return found


def differences(rows: list[dict[str, Any]]) -> dict[str, tuple[list[float], float, float]]:
    """Of each registered comparison: paired differences over seeds, level of confidence, and what they must lie above."""
    arms = chosen(rows)

    def paired(one: str, other: str, key: str = "accuracy") -> list[float]:
        a, b = arms[one], arms[other]
        f = np.log if key != "accuracy" else float
        return [float(f(a[seed][key]) - f(b[seed][key])) for seed in a]

    found = {
        f"at most {100 * TO_FULL_PRECISION:g} points below ReLU": (paired("s3nn", "ReLU"), 0.95, -TO_FULL_PRECISION),
        "less energy than ReLU": (paired("ReLU", "s3nn", "pJ"), 0.95, 0.0),
    }
    for other in SURROGATES[1:]:
        found[f"more accurate than {other}"] = (paired("s3nn", other), 1 - 0.05 / 3, 0.0)
    found[f"at most {100 * TO_FOUR_STEPS:g} point below LIF, T = 4"] = (paired("s3nn", "LIF, T = 4"), 0.95, -TO_FOUR_STEPS)
    found["fewer accumulations than LIF, T = 4"] = (paired("LIF, T = 4", "s3nn", "accumulations"), 0.95, 0.0)
    return found


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Means over seeds of each arm, 95 % intervals; then the verdicts on S3NN (energies: logarithms of ratios)."""
    lines = []
    for arm, of_seed in chosen(rows).items():
        accuracy = interval([row["accuracy"] for row in of_seed.values()])
        used = [row["accumulations"] for row in of_seed.values()]
        line: dict[str, Any] = {"arm or claim": arm, "accuracy %": f"{100 * accuracy[0]:.2f} ± {100 * accuracy[1]:.2f}"}
        line["accumulations"] = None if None in used else float(np.mean(used))
        lines.append(line | {"pJ": float(np.mean([row["pJ"] for row in of_seed.values()]))})
    for claim, (values, level, than) in differences(rows).items():
        mean, half = interval(values, level)
        lines.append(
            {
                "arm or claim": f"S3NN: {claim}",
                "difference": f"{mean:.4f} ± {half:.4f}",
                "verdict": verdict(values, level, than),
            }
        )
    return lines
