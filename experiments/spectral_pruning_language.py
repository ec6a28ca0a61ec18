"""The comparison of `spectral_pruning_comparison` on a language whose entropy is known: perplexity over the exact optimum.

A second-order Markov chain on 20 symbols, P(c | a, b) ∝ exp(F_ac + G_bc), read in texts of 32 symbols; IRNNs of 128 units
predict the next symbol at every step. The optimum is that of a predictor that knows the chain and what it has read. Choices
are made by the cross-entropy on the validation part; fine-tuning has 2 epochs (94 steps each) at one of two rates.

The full form takes about 4 minutes on a free core (the kept table was made on a busy one, in 12); the quick one some seconds:
its task is rows of 8 pixels, which has no known optimum, so that the ratio is to perplexity 1.
"""

from typing import Any

import numpy as np

from experiments import spectral_pruning_comparison as comparison
from experiments.nets import task

SEEDS = (0, 1, 2)
KEPT = (24, 42, 64)
METHODS = tuple(method for method in comparison.METHODS if method not in ("random", "leverage, rec"))


def plan(quick: bool) -> list[dict[str, Any]]:
    if quick:
        return comparison.units("row_digits", (0,), (8,), ("spectral, rec", "magnitude", "dense"))
    return comparison.units("language", SEEDS, KEPT, METHODS)


def work(name: str, seed: int, method: str, k: int) -> list[dict[str, Any]]:
    """The rows of the comparison, with exp(cross-entropy − optimum) on the test part before and after fine-tuning."""
    rows = comparison.work(name, seed, method, k)
    for row in rows:
        for prefix in ("", "tuned_"):
            nats = row[f"{prefix}test_nats"]
            row[f"{prefix}test_ratio"] = None if nats is None else float(np.exp(min(nats - task(name).optimum, 700.0)))
    return rows


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Mean over seeds of perplexity / optimum, before -> after fine-tuning (dense: after training)."""
    return comparison.table(rows, "test_ratio", "{:.3g}")
