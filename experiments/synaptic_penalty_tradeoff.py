"""Does penalising synaptic operations give more accuracy for the same energy than penalising spikes, and p = 1 more than p = 2?

Written down before the first full run, with the statistic and the rule of decision: PREREGISTERED.md, E2. scikit-learn's
digits, S3NN, three architectures, 25 epochs, the penalty from epoch 8; ten seeds with splits, weights and batches of their own,
which all arms share: up to epoch 8 they are one run. Energy is accumulations per test image. Also when the penalty starts: from
the first epoch, rising linearly over 16 epochs, or delayed, on one architecture with five seeds.

A unit is one architecture, seed and group of arms. The full form takes about six minutes on a free core (the kept table was
made on a busy one, in fourteen), the quick one some seconds.
"""

import copy
from typing import Any

import numpy as np

from bounds.common.training import Adam
from bounds.single_step_snn.batches import Net, Neurons
from bounds.single_step_snn.training import Recipe, Split, fully_connected, score, train
from bounds.synaptic_penalty.penalty import Kind
from experiments.single_step_snn_surrogates import interval, own_split, verdict

ARCHITECTURES = ("64-300-60-300-10", "64-40-400-10", "64-60-60-600-10")
DELAY = 8
GRIDS: dict[tuple[Kind, int], tuple[float, ...]] = {
    ("syn", 1): (0.25, 0.5, 1, 2, 4),
    ("bal", 1): (0.25, 0.5, 1, 2, 4),
    ("tot", 1): (0.25, 1, 4, 16),
    ("syn", 2): (0.25, 1, 4, 16),
}
STARTS = {"first epoch": (0, 0), "ramp": (0, 16)}
STRONG = (0.5, 2.0, 8.0)
LEVELS = (1 / 2, 1 / 3, 1 / 4)  # of the accumulations of the same seed without a penalty
COMPARISONS = {"syn over tot": ("tot", 1), "syn over bal": ("bal", 1), "p = 1 over p = 2": ("syn", 2)}
CONFIDENCE = 1 - 0.05 / 9
FEWEST = 8  # seeds in which both arms reach a level
TOLERATED = 0.01  # of validation accuracy, for the secondary comparison


def plan(quick: bool) -> list[dict[str, Any]]:
    if quick:
        return [{"widths": ARCHITECTURES[2], "seed": seed, "group": "kinds", "epochs": 6} for seed in (100, 101)]
    units = [{"widths": w, "seed": seed, "group": "kinds", "epochs": 25} for seed in range(10) for w in ARCHITECTURES]
    return units + [{"widths": ARCHITECTURES[0], "seed": seed, "group": "starts", "epochs": 25} for seed in range(5)]


def work(widths: str, seed: int, group: str, epochs: int) -> list[dict[str, Any]]:
    d, rng = own_split(seed), np.random.default_rng(seed)
    net, optimiser = fully_connected(rng, [int(n) for n in widths.split("-")]), Adam()
    delay = min(DELAY, epochs // 3)
    recipes: list[tuple[str, Recipe]] = []
    if group == "kinds":
        train(net, Neurons(), d.x, d.y, Recipe(epochs=epochs), rng, optimiser, range(delay))
        recipes.append(("delayed", Recipe(epochs=epochs, start=delay)))
        for (kind, p), grid in GRIDS.items():
            recipes += [("delayed", Recipe(epochs=epochs, kind=kind, p=p, lam=lam, start=delay)) for lam in grid]
    else:
        delay = 0
        for start, (first, ramp) in STARTS.items():
            for p in (1, 2) if start == "first epoch" else (1,):
                recipes += [(start, Recipe(epochs=epochs, p=p, lam=lam, start=first, ramp=ramp)) for lam in STRONG]
    rows = []
    for start, recipe in recipes:
        branch, its_optimiser, its_rng = copy.deepcopy((net, optimiser, rng))
        train(branch, Neurons(), d.x, d.y, recipe, its_rng, its_optimiser, range(delay, epochs))
        rows.append({"widths": widths, "seed": seed, "start": start} | _row(recipe, branch, d))
    return rows


def _row(recipe: Recipe, net: Net, d: Split) -> dict[str, Any]:
    decided = score(net, Neurons(), d.validation_x, d.validation_y)
    found = score(net, Neurons(), d.test_x, d.test_y)
    row: dict[str, Any] = {"kind": recipe.kind if recipe.lam else "none", "p": int(recipe.p), "lam": recipe.lam}
    row |= {"validation": decided.accuracy, "validation_accumulations": decided.accumulations}
    row |= {"accuracy": found.accuracy, "accumulations": found.accumulations, "pJ": found.pJ}
    return row | {f"rate_{l}": rate for l, rate in enumerate(found.rates, start=1)}


def curve(rows: list[dict[str, Any]], kind: str, p: int) -> list[dict[str, Any]]:
    """The rows of one kind and p, and the one without a penalty."""
    return [row for row in rows if row["kind"] == "none" or (row["kind"], row["p"]) == (kind, p)]


def at_levels(rows: list[dict[str, Any]]) -> list[float]:
    """Test accuracy of one curve at each level, linear in the logarithm of the energy; NaN where no network is as cheap."""
    full = next(row["accumulations"] for row in rows if row["kind"] == "none")
    points = sorted((max(row["accumulations"], 1.0), row["accuracy"]) for row in rows)
    energies, accuracies = np.log([e for e, _ in points]), [a for _, a in points]
    wanted = np.log([level * full for level in LEVELS])
    return [float(v) for v in np.interp(wanted, energies, accuracies, left=np.nan, right=np.nan)]


def by_seed(rows: list[dict[str, Any]], widths: str) -> dict[int, list[dict[str, Any]]]:
    """The rows with a delayed penalty of one architecture."""
    found: dict[int, list[dict[str, Any]]] = {}
    for row in rows:
        if row["widths"] == widths and row["start"] == "delayed":
            found.setdefault(row["seed"], []).append(row)
    return found


def matched(rows: list[dict[str, Any]], widths: str, other: tuple[str, int]) -> np.ndarray:
    """Accuracy of syn, p = 1 less that of the other at matched energy: (seeds, levels), NaN where one does not reach it."""
    return np.array(
        [
            np.subtract(at_levels(curve(of_seed, "syn", 1)), at_levels(curve(of_seed, *other)))
            for of_seed in by_seed(rows, widths).values()
        ]
    )


def means(differences: np.ndarray) -> list[float]:
    """Of each seed over the levels that both reach; seeds without one are left out."""
    return [float(np.nanmean(row)) for row in differences if np.isfinite(row).any()]


def saved(rows: list[dict[str, Any]], widths: str, other: tuple[str, int]) -> list[float]:
    """Secondary: logarithm of the energy of the other over that of syn, each with the λ that the validation part chooses:
    the cheapest network that is at most TOLERATED below the one without a penalty."""

    def chosen(points: list[dict[str, Any]]) -> float:
        free = next(row["validation"] for row in points if row["kind"] == "none")
        allowed = [row for row in points if row["validation"] >= free - TOLERATED - 1e-9]
        best = min(allowed, key=lambda row: row["validation_accumulations"])
        return float(np.log(max(best["accumulations"], 1.0)))

    return [chosen(curve(of_seed, *other)) - chosen(curve(of_seed, "syn", 1)) for of_seed in by_seed(rows, widths).values()]


def judged(rows: list[dict[str, Any]], widths: str, other: tuple[str, int]) -> str:
    """The registered rule."""
    values = means(matched(rows, widths, other))
    return verdict(values, CONFIDENCE) if len(values) >= FEWEST else "not reached"


def overall(verdicts: list[str]) -> str:
    """Of one comparison over the architectures."""
    if {"supported", "contradicted"} <= set(verdicts):
        return "depends on the architecture"
    return next((word for word in ("supported", "contradicted") if word in verdicts), "not separated")


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The verdicts, with the differences in points of accuracy; then when the penalty starts, means over seeds."""
    lines: list[dict[str, Any]] = []
    architectures = [w for w in ARCHITECTURES if any(row["widths"] == w for row in rows)]
    for claim, other in COMPARISONS.items():
        verdicts = []
        for widths in architectures:
            found = matched(rows, widths, other)
            values, secondary = means(found), saved(rows, widths, other)
            mean, half = interval(values, CONFIDENCE) if values else (float("nan"), float("nan"))
            less, about = interval(secondary)
            line: dict[str, Any] = {"claim": claim, "widths": widths, "points": f"{100 * mean:.2f} ± {100 * half:.2f}"}
            for level, column in zip(LEVELS, found.T, strict=True):
                seen = column[np.isfinite(column)]
                line[f"at {level:.2f}"] = f"{100 * seen.mean():.2f} ({len(seen)})" if len(seen) else ""
            line["log energy saved"] = f"{less:.3f} ± {about:.3f}"
            verdicts.append(judged(rows, widths, other))
            lines.append(line | {"verdict": verdicts[-1]})
        lines.append({"claim": claim, "widths": "all", "verdict": overall(verdicts)})
    return lines + collapse(rows)


def collapse(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """From the first epoch and with a ramp: mean accuracy and energy by λ, and how many seeds have a silent layer."""
    lines = []
    for key in dict.fromkeys((row["start"], row["p"], row["lam"]) for row in rows if row["start"] != "delayed"):
        here = [row for row in rows if (row["start"], row["p"], row["lam"]) == key]
        silent = sum(min(row["rate_1"], row["rate_2"], row["rate_3"]) == 0 for row in here)
        line: dict[str, Any] = {"claim": f"{key[0]}, p = {key[1]}, λ = {key[2]:g}", "widths": here[0]["widths"]}
        line["points"] = f"{100 * np.mean([row['accuracy'] for row in here]):.2f} %"
        line["verdict"] = f"{np.mean([row['accumulations'] for row in here]):.0f} synops; {silent} of {len(here)} silent"
        lines.append(line)
    return lines
