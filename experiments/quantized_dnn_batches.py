"""Does layer-batch normalisation train as well on mini-batches of two images as on large ones, where batch normalisation fails?

Written down before the first full run, with the rule of decision: PREREGISTERED.md, E3'. scikit-learn's digits, 64-128-64-10,
full precision and three states of weights and activations; batches of 2, 8, 64 images for 6, 12, 25 epochs of Adam, cosine from
0.0005 at batch 2 and 0.002 otherwise; ten seeds with splits, weights and batches of their own, which all nets of a seed share.
LBN, LBN with pooled statistics, BN. LN trains the same networks as LBN, bit for bit: it is LBN's network, at inference with
the statistics of each image.

A unit is one seed, size of batch, precision and normalisation. The full form takes about 10 minutes on a free core (the kept
table was made on a busy one, in seventeen), the quick one a quarter of a minute.
"""

from dataclasses import replace
from typing import Any

import numpy as np

from bounds.quantized_dnn.training import Norm, Recipe
from experiments.quantized_dnn_states import claims, percent, scores, trained
from experiments.single_step_snn_surrogates import own_split

RECIPES = {
    2: Recipe(epochs=6, batch=2, rate=5e-4),
    8: Recipe(epochs=12, batch=8),
    64: Recipe(epochs=25, batch=64),
}
STATES = {"full": None, "three states": 3}  # of weights and of activations
TRAINED: tuple[Norm, ...] = ("LBN", "LBN-pooled", "BN")
NORMS: tuple[Norm, ...] = (*TRAINED, "LN")
TOLERATED = 0.01  # accuracy that "at most 1 point" allows
CONFIDENCE = 1 - 0.05 / 10


def plan(quick: bool) -> list[dict[str, Any]]:
    seeds = (100, 101) if quick else range(10)
    return [
        {"precision": precision, "norm": norm, "batch": batch, "seed": seed, "epochs": 1 if quick else recipe.epochs}
        for seed in seeds
        for precision in STATES
        for batch, recipe in RECIPES.items()
        for norm in TRAINED
    ]


def work(precision: str, norm: Norm, batch: int, seed: int, epochs: int) -> list[dict[str, Any]]:
    d, states = own_split(seed), STATES[precision]
    net = trained(d, seed, states, states, norm, replace(RECIPES[batch], epochs=epochs))
    read: tuple[Norm, ...] = ("LBN", "LN") if norm == "LBN" else (norm,)
    row = {"precision": precision, "batch": batch, "seed": seed}
    return [row | {"norm": how} | scores(replace(net, norm=how), d) for how in read]


def table(rows: list[dict[str, Any]]) -> dict[tuple[str, str], np.ndarray]:
    """Test accuracies (batches, seeds) of each precision and normalisation."""
    cell = {(row["precision"], row["norm"], row["batch"], row["seed"]): row["accuracy"] for row in rows}
    seeds = sorted({row["seed"] for row in rows})
    return {
        (precision, norm): np.array([[cell[precision, norm, batch, seed] for seed in seeds] for batch in RECIPES])
        for precision in STATES
        for norm in NORMS
    }


def differences(rows: list[dict[str, Any]]) -> dict[str, tuple[list[float], float]]:
    """Of each registered comparison: paired differences over seeds, and what their mean must lie above."""
    accuracy, found = table(rows), {}
    for precision in STATES:
        lbn, pooled, bn, ln = (
            dict(zip(RECIPES, accuracy[precision, norm], strict=True)) for norm in ("LBN", "LBN-pooled", "BN", "LN")
        )
        found[f"{precision}: LBN above BN at 2"] = lbn[2] - bn[2], 0.0
        found[f"{precision}: LBN at 2 at most 1 point below LBN at 64"] = lbn[2] - lbn[64], -TOLERATED
        found[f"{precision}: LBN at most 1 point below BN at 64"] = lbn[64] - bn[64], -TOLERATED
        found[f"{precision}: LBN at most 1 point below LN at 2"] = lbn[2] - ln[2], -TOLERATED
        found[f"{precision}: LBN above pooled at 2"] = lbn[2] - pooled[2], 0.0
    return {claim: (values.tolist(), than) for claim, (values, than) in found.items()}


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The verdicts, then accuracies in per cent, means over seeds with 95 % intervals."""
    lines = claims(differences(rows), CONFIDENCE)
    for (precision, norm), of_batches in table(rows).items():
        line: dict[str, Any] = {"claim": f"{precision}: accuracy, {norm}"}
        lines.append(line | {f"batch {batch}": percent(v) for batch, v in zip(RECIPES, of_batches, strict=True)})
    return lines
