"""How well do the recurrent networks learn that the other experiments prune, and at which rate?

IRNNs of 128 units: 64 one-pixel steps of scikit-learn's digits (300 epochs), 32 symbols of a language of known entropy (20
epochs), 196 one-pixel steps of 14 × 14 MNIST (30 epochs); three seeds, two rates for each (one for MNIST). The validation
part chooses the rate, the test part is looked at once. A unit is one run. The trained networks and their checkpoints stay in
the folder that `experiments.nets` names: this experiment is where the others' networks come from.

The full form takes about 6 minutes on a free core (the kept table was made on a busy one, in 17); the quick one a second (rows
of 8 pixels, 24 units, 15 epochs).
"""

from typing import Any

import numpy as np

from experiments.nets import BASES, outputs, score, task, train_base

SEEDS = (0, 1, 2)


def plan(quick: bool) -> list[dict[str, Any]]:
    names = ("row_digits",) if quick else ("pixel_digits", "language", "pixel_mnist")
    return [{"name": n, "seed": seed, "rate": rate} for n in names for seed in SEEDS for rate in BASES[n].rates]


def work(name: str, seed: int, rate: float) -> list[dict[str, Any]]:
    data, base = task(name), BASES[name]
    params, loss = train_base(name, seed, rate, keep=name != "row_digits")
    validation, test = (score(outputs(name, params, part.x), part.targets) for part in (data.validation, data.test))
    return [
        {
            "task": name,
            "seed": seed,
            "rate": rate,
            "units": base.m,
            "epochs": base.epochs,
            "training_nats": loss,
            "validation_accuracy": validation.accuracy,
            "validation_nats": validation.nats,
            "test_accuracy": test.accuracy,
            "test_nats": test.nats,
            "optimum_nats": data.optimum,
        }
    ]


def chosen(rows: list[dict[str, Any]], name: str) -> list[dict[str, Any]]:
    """Of a task, the run of each seed that did best on the validation part: by nats for the language, otherwise by accuracy."""

    def goodness(row: dict[str, Any]) -> tuple[float, float]:
        return (0.0 if name == "language" else row["validation_accuracy"], -row["validation_nats"])

    runs = [row for row in rows if row["task"] == name]
    return [max((row for row in runs if row["seed"] == seed), key=goodness) for seed in sorted({row["seed"] for row in runs})]


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Of the rates that the validation part chose: mean over seeds, the lowest and the highest."""
    table = []
    for name in dict.fromkeys(row["task"] for row in rows):
        best = chosen(rows, name)
        accuracies = [row["test_accuracy"] for row in best]
        ratio = float(np.mean([np.exp(row["test_nats"] - row["optimum_nats"]) for row in best]))
        table.append(
            {
                "task": name,
                "rates chosen": ", ".join(f"{row['rate']:g}" for row in best),
                "test accuracy": float(np.mean(accuracies)),
                "lowest": min(accuracies),
                "highest": max(accuracies),
                "perplexity / optimum": ratio if name == "language" else None,
            }
        )
    return table
