"""How many states do weights and activations need to be as accurate as full precision?

Written down before the first full run, with the rule of decision: PREREGISTERED.md, E3. scikit-learn's digits, 64-128-64-10,
LBN, 25 epochs of Adam on batches of 32 (cosine from 0.002), float32; M_w in {2, 3, 5, 15, full} states of weights, the step
being the best for Gaussian weights, and M_a in {2, 3, 5, full} of activations. Ten seeds with splits, weights and batches of
their own, which all nets of a seed share. Full precision is the same net without rounding: standardised weights, activations
clipped to [0, 1]; its cells are empty in the table of results.

A unit is one seed and M_w. The full form takes about 6 minutes on a free core (the kept table was made on a busy one,
in sixteen), the quick one some seconds.
"""

from typing import Any

import numpy as np

from bounds.quantized_dnn.training import Norm, QuantizedNet, Recipe, fully_connected, infer, train
from bounds.single_step_snn.training import Split
from experiments.single_step_snn_surrogates import interval, own_split, verdict

WIDTHS = (64, 128, 64, 10)
WEIGHTS = (2, 3, 5, 15, None)  # None: full precision
ACTIVATIONS = (2, 3, 5, None)
MINIMAL = (2, 3, 5)  # M of the nets with M_w = M_a = M whose degradation is judged
TOLERATED = 0.01  # accuracy that "at most 1 point" allows
CONFIDENCE = 1 - 0.05 / 8


def plan(quick: bool) -> list[dict[str, Any]]:
    seeds, epochs = ((100, 101), 2) if quick else (range(10), 25)
    return [{"M_w": M_w, "seed": seed, "epochs": epochs} for seed in seeds for M_w in WEIGHTS]


def trained(d: Split, seed: int, M_w: int | None, M_a: int | None, norm: Norm, recipe: Recipe) -> QuantizedNet:
    """Equal seeds begin with equal weights and see equal batches, whatever else differs."""
    rng = np.random.default_rng(seed)
    net = fully_connected(rng, WIDTHS, M_w, M_a, np.float32, norm)
    train(net, d.x, d.y, recipe, rng)
    return net


def scores(net: QuantizedNet, d: Split) -> dict[str, float]:
    """Shares of the validation and of the test part that are classified correctly."""
    parts = {"validation": (d.validation_x, d.validation_y), "accuracy": (d.test_x, d.test_y)}
    return {name: float(np.mean(infer(net, x)[1].argmax(axis=1) == y)) for name, (x, y) in parts.items()}


def work(M_w: int | None, seed: int, epochs: int) -> list[dict[str, Any]]:
    d, recipe = own_split(seed), Recipe(epochs=epochs)
    return [
        {"M_w": M_w, "M_a": M_a, "seed": seed} | scores(trained(d, seed, M_w, M_a, "LBN", recipe), d) for M_a in ACTIVATIONS
    ]


def table(rows: list[dict[str, Any]]) -> np.ndarray:
    """Test accuracies (M_w, M_a, seeds)."""
    cell = {(row["M_w"], row["M_a"], row["seed"]): row["accuracy"] for row in rows}
    seeds = sorted({row["seed"] for row in rows})
    return np.array([[[cell[M_w, M_a, seed] for seed in seeds] for M_a in ACTIVATIONS] for M_w in WEIGHTS])


def differences(rows: list[dict[str, Any]]) -> dict[str, tuple[list[float], float]]:
    """Of each registered comparison: paired differences over seeds, and what their mean must lie above."""
    accuracy = table(rows)
    cell = {(M_w, M_a): accuracy[i, j] for i, M_w in enumerate(WEIGHTS) for j, M_a in enumerate(ACTIVATIONS)}
    weights = dict(zip(WEIGHTS, accuracy.mean(axis=1), strict=True))  # each a mean over M_a
    activations = dict(zip(ACTIVATIONS, accuracy.mean(axis=0), strict=True))  # each a mean over M_w
    found = {f"({M}, {M}) at most 1 point below full": (cell[M, M] - cell[None, None], -TOLERATED) for M in MINIMAL}
    found["M_w = 3 above M_w = 2"] = weights[3] - weights[2], 0.0
    found["M_w: from 2 to 3 gains more than from 3 to 5"] = (weights[3] - weights[2]) - (weights[5] - weights[3]), 0.0
    found["M_w = 5 at most 1 point below full"] = weights[5] - weights[None], -TOLERATED
    found["M_a = 2 at most 1 point below full"] = activations[2] - activations[None], -TOLERATED
    gain = {M_w: cell[M_w, None] - cell[M_w, 2] for M_w in (2, None)}
    found["M_a: full gains more over 2 at M_w = 2 than at full"] = gain[2] - gain[None], 0.0
    return {claim: (values.tolist(), than) for claim, (values, than) in found.items()}


def claims(judged: dict[str, tuple[list[float], float]], level: float) -> list[dict[str, Any]]:
    """Lines of a summary: differences in points of accuracy with their intervals, and verdicts."""
    lines = []
    for claim, (values, than) in judged.items():
        mean, half = interval(values, level)
        points = f"{100 * mean:.2f} ± {100 * half:.2f}"
        lines.append({"claim": claim, "points": points, "verdict": verdict(values, level, than)})
    return lines


def percent(values: np.ndarray) -> str:
    """Mean of accuracies and its 95 % interval."""
    mean, half = interval(values.tolist())
    return f"{100 * mean:.2f} ± {100 * half:.2f}"


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The verdicts, then accuracies in per cent, means over seeds with 95 % intervals."""
    lines = claims(differences(rows), CONFIDENCE)
    for M_w, of_weights in zip(WEIGHTS, table(rows), strict=True):
        line: dict[str, Any] = {"claim": f"accuracy, M_w = {M_w or 'full'}"}
        lines.append(line | {f"M_a = {M_a or 'full'}": percent(v) for M_a, v in zip(ACTIVATIONS, of_weights, strict=True)})
    return lines
