"""Which way of making a recurrent network smaller costs the least accuracy, before and after fine-tuning?

Pixel digits: IRNNs of 128 units over 64 one-pixel steps (`spectral_pruning_training`), cut to k units or to k² recurrent
weights by the methods of `bounds.spectral_pruning.competitors`, three seeds. Each method has up to six settings; the
validation part chooses one, then one of two rates for 20 epochs of fine-tuning, which is the same for all. "columns" has as
many epochs of training under its penalty before that; "dense" is a network of k units trained from the start, for as
long and at as many rates as the base network. The test part is looked at once for each row. A unit is one row.

The full form takes about 8 minutes on a free core (the kept table was made on a busy one, in half an hour); the quick one some
seconds (rows of 8 pixels, 24 units).
"""

from collections.abc import Sequence
from functools import cache
from typing import Any

import numpy as np

from bounds.common.rnn import rnn_forward
from bounds.spectral_pruning import competitors
from bounds.spectral_pruning.competitors import Base, Candidate
from bounds.spectral_pruning.training import Model, Recipe, predict, train
from experiments.nets import BASES, Score, score, task, train_base, trained

SEEDS = (0, 1, 2)
KEPT = (20, 24, 32, 42, 64)
PENALTIES = (0.1, 0.3, 1.0, 3.0)
METHODS = (
    "spectral, rec",
    "spectral",
    "magnitude, rec",
    "magnitude",
    "random, rec",
    "random",
    "leverage, rec",
    "columns, rec",
    "columns",
    "weights",
    "low rank",
    "dense",
)


def plan(quick: bool) -> list[dict[str, Any]]:
    return units("row_digits", (0,), (8,), METHODS) if quick else units("pixel_digits", SEEDS, KEPT, METHODS)


def units(name: str, seeds: Sequence[int], kept: Sequence[int], methods: Sequence[str]) -> list[dict[str, Any]]:
    return [{"name": name, "seed": s, "method": method, "k": k} for s in seeds for method in methods for k in kept]


def work(name: str, seed: int, method: str, k: int) -> list[dict[str, Any]]:
    if method == "dense":
        dense = {f"rate={rate:g}": train_base(name, seed, rate, m=k, keep=False)[0] for rate in BASES[name].rates}
        found = [Candidate(setting, base_of(name, seed).network(params), k * k) for setting, params in dense.items()]
    else:
        found = candidates(name, seed, method, k)
    best, before = _best(name, [(candidate.setting, candidate.model) for candidate in found])
    chosen = next(candidate for candidate in found if candidate.setting == best)
    row = {"task": name, "seed": seed, "method": method, "k": k, "setting": best}
    row |= {"recurrent_weights": chosen.recurrent_weights} | _scores("", name, chosen.model, before)
    if method == "dense":  # its training is over: nothing came before
        return [row | dict.fromkeys(_keys("")) | {"tuned_rate": None} | dict(zip(_keys("tuned_"), _values(row), strict=True))]
    tuned = {f"{rate:g}": _fine_tuned(name, chosen.model, rate, seed) for rate in BASES[name].tune_rates}
    rate, after = _best(name, list(tuned.items()))
    return [row | {"tuned_rate": float(rate)} | _scores("tuned_", name, tuned[rate], after)]


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Mean test accuracy over seeds by method and k, before -> after fine-tuning (dense: after training)."""
    return table(rows, "test_accuracy", "{:.3f}")


def table(rows: list[dict[str, Any]], key: str, form: str) -> list[dict[str, Any]]:
    """The mean over seeds of one column and its twin after fine-tuning, one line for each method, one column for each k."""
    lines = []
    for method in dict.fromkeys(row["method"] for row in rows):
        line = {"method": method}
        for k in dict.fromkeys(row["k"] for row in rows):
            here = [row for row in rows if row["method"] == method and row["k"] == k]
            cells = [[row[name] for row in here if row[name] is not None] for name in (key, f"tuned_{key}")]
            line[f"k = {k}"] = " -> ".join(form.format(float(np.mean(cell))) for cell in cells if cell)
        lines.append(line)
    return lines


@cache
def base_of(name: str, seed: int) -> Base:
    """The base network and the covariance of its states."""
    return _measured(name, trained(name, seed))


def _measured(name: str, params: dict[str, np.ndarray]) -> Base:
    x, total = task(name).train.x[:3500], 0.0
    for start in range(0, len(x), 100):  # the states of all sequences at once would fill the memory
        h = rnn_forward(params, x[start : start + 100])[0].reshape(-1, len(params["b"]))
        total = total + h.T @ h
    return Base(params, np.asarray(total) / (len(x) * x.shape[1]), task(name).every_step)


@cache
def _sparse(name: str, seed: int) -> dict[float, Base]:
    """The base network after as many epochs as fine-tuning has, under each of the penalties on its columns."""
    found = {}
    for penalty in PENALTIES:
        net = base_of(name, seed).network(trained(name, seed))
        recipe = Recipe(BASES[name].tune_epochs, BASES[name].tune_rates[-1])
        train(net, *task(name).train, recipe, seed, after_step=competitors.shrink_columns(net.params, penalty))
        found[penalty] = _measured(name, net.params)
    return found


def candidates(name: str, seed: int, method: str, k: int) -> list[Candidate]:
    """All settings of one method."""
    kind, rec = method.removesuffix(", rec"), method.endswith(", rec")
    base = base_of(name, seed)
    if kind in ("spectral", "magnitude"):
        return {"spectral": competitors.spectral, "magnitude": competitors.magnitude}[kind](base, k, rec)
    if kind in ("random", "leverage"):
        return {"random": competitors.random, "leverage": competitors.leverage}[kind](base, k, seed, rec)
    if kind == "columns":
        return competitors.columns(_sparse(name, seed), k, rec)
    return {"weights": competitors.weights, "low rank": competitors.low_rank}[kind](base, k)


def _best(name: str, models: list[tuple[str, Model]]) -> tuple[str, Score]:
    """The setting that does best on the validation part, and how well; the first one if none gives finite outputs."""
    part, best = task(name).validation, None
    for setting, model in models:
        value = score(predict(model, part.x), part.targets)
        if best is None or value.better(best[1], task(name).every_step):
            best = setting, value
    assert best is not None
    return best


def _fine_tuned(name: str, model: Model, rate: float, seed: int) -> Model:
    import copy

    again = copy.deepcopy(model)
    train(again, *task(name).train, Recipe(BASES[name].tune_epochs, rate), seed)
    return again


def _keys(prefix: str) -> list[str]:
    return [f"{prefix}{part}_{what}" for part in ("validation", "test") for what in ("accuracy", "nats")]


def _values(row: dict[str, Any]) -> list[Any]:
    return [row[key] for key in _keys("")]


def _scores(prefix: str, name: str, model: Model, validation: Score) -> dict[str, Any]:
    part = task(name).test
    test = score(predict(model, part.x), part.targets)
    numbers = (validation.accuracy, validation.nats, test.accuracy, test.nats)
    return dict(zip(_keys(prefix), numbers, strict=True))
