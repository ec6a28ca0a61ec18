"""How far is each guarantee from the true risk of a pruned network, and does a guarantee choose a size?

A teacher of 3 ReLU units labels sequences of 6 steps, inputs uniform in [-1, 1]², noise 0.1 U(-1, 1). The student is a random
reservoir of 40 ReLU units (never trained, and independent of the data) with a ridge read-out, pruned to k units by greedy
selection with M = WʰᵀWʰ + WᵒᵀWᵒ and ridge 1e-6. Loss: min(1, |y - f|), mean over steps. 20,000 training sequences; 4,000
for validation, which choose k; 4,000 held out; 200,000 for what is called the true risk (its standard error is kept).
δ = 0.05 for each guarantee. Everything that looks at the data is paid for:

- SP-13b: training risk + 2ε + √((LN + 5 log 64 + log 40 + log 1/δ)/2n): the radii are those of the pruned network, rounded
  up to multiples of 1/4 up to 16, and k is one of 40;
- SP-13c: training risk of the full network + ‖f̂ − f#‖ (measured; B1, B3, B4 of SP-10 and SP-11 beside it) + the same;
- SP-14: risk on the held-out sequences + √(log(1/δ)/2n), for one k that they did not choose;
- SP-15: the network in `bits` bits (4, 5, 6 or 8), with P bits log 2 + 5 log 64 + log 40 + log 4 nats, in the kl form.

Seed 0 is the world of the specification. The full form takes about 3 minutes of one processor; the quick one seconds. A unit is
one seed.
"""

import math
from typing import Any

import numpy as np

from bounds.common.rnn import rnn_forward
from bounds.spectral_pruning.accumulation import compress_rnn, error_bounds, operator_norm
from bounds.spectral_pruning.generalization import (
    BLOCKS,
    GRID,
    description_nats,
    generalization_terms,
    grid_radius,
    hoeffding_upper,
    occam_upper,
    parameter_counts,
    quantize,
)
from bounds.spectral_pruning.information import information_loss, ridge_reconstruction
from bounds.spectral_pruning.learning import loss, random_reservoir, random_teacher
from bounds.spectral_pruning.selection import greedy_selection

T, M, RIDGE, DELTA, R_X = 6, 40, 1e-6, 0.05, math.sqrt(2)
SIZES = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 16, 20, 24, 32, 40)
BITS = (4, 5, 6, 8)
SEEDS = (0, 1, 2)
CHUNK = 20_000  # sequences at a time


def plan(quick: bool) -> list[dict[str, Any]]:
    if quick:
        return [{"seed": 0, "n": 1000, "n_held_out": 500, "n_true": 4000, "sizes": [2, 6]}]
    return [{"seed": seed, "n": 20_000, "n_held_out": 4000, "n_true": 200_000, "sizes": list(SIZES)} for seed in SEEDS]


def work(seed: int, n: int, n_held_out: int, n_true: int, sizes: list[int]) -> list[dict[str, Any]]:
    """One row for each size."""
    teacher, student = networks(seed)
    x, y = sequences(teacher, n, 1000 * seed + 1)
    validation, held_out = (sequences(teacher, n_held_out, 1000 * seed + start) for start in (4, 5))
    full, Sig = trained(student, x, y)
    weight = full["Wh"].T @ full["Wh"] + full["Wo"].T @ full["Wo"]
    total = float((weight * Sig).sum())
    order = greedy_selection(Sig, M, RIDGE, weight)[0]
    smalls = {k: compress_rnn(full, order[:k], ridge_reconstruction(Sig, order[:k], RIDGE)) for k in sizes}
    coded = {(k, bits): quantize(small, bits) for k, small in smalls.items() for bits in BITS}
    rng = np.random.default_rng(1000 * seed + 2)
    true = [
        losses([full, *smalls.values(), *coded.values()], *drawn(teacher, part, rng))
        for part in [CHUNK] * (n_true // CHUNK) + [n_true % CHUNK] * bool(n_true % CHUNK)
    ]
    risks = np.concatenate(true, axis=1)
    risk_of = dict(zip(["full", *smalls, *coded], risks.mean(axis=1).tolist(), strict=True))
    spread = risks.std(axis=1)[1 : len(sizes) + 1] / math.sqrt(n_true)
    train_full = float(losses([full], x, y).mean())
    f_full = rnn_forward(full, x)[1]
    rows = []
    for k, se in zip(sizes, spread.tolist(), strict=True):
        J, A = order[:k], ridge_reconstruction(Sig, order[:k], RIDGE)
        small = smalls[k]
        radii = {
            block: grid_radius(operator_norm(np.atleast_2d(small[name])))
            for block, name in zip(BLOCKS, ("Wh", "Wi", "b", "Wo", "bo"), strict=True)
        }
        extra = 5 * math.log(GRID) + math.log(M)
        terms = generalization_terms(k, 2, 1, radii, R_X, T, n, DELTA, extra_nats=extra)
        slack = terms["transfer"] + terms["deviation"]
        train = float(losses([small], x, y).mean())
        gap = rnn_forward(small, x)[1] - f_full
        pruning = math.sqrt(float(np.square(gap).sum(axis=2).mean()))
        bounds = error_bounds(full, J, A, x)
        fresh = float(losses([small], *held_out).mean())
        row: dict[str, Any] = {
            "seed": seed,
            "k": k,
            "loss_share": float(information_loss(Sig, J, RIDGE, weight)) / total,
            "train": train,
            "validation": float(losses([small], *validation).mean()),
            "held_out": fresh,
            "true": risk_of[k],
            "true_se": se,
            "gap": risk_of[k] - train,
            "train_full": train_full,
            "true_full": risk_of["full"],
            "pruning": pruning,
            "B1": bounds["B1"],
            "B3": bounds["B3"],
            "B4": bounds["B4"],
            "eps": terms["eps"],
            "transfer": terms["transfer"],
            "deviation": terms["deviation"],
            "net_nats": terms["net_nats"],
            "paid_nats": terms["extra_nats"],
            "level_nats": terms["level_nats"],
            "without_payment": generalization_slack(k, radii, n),
            "slack": slack,
            "SP-13b": train + slack,
            "SP-13c": train_full + pruning + slack,
            "SP-13c by B3": train_full + bounds["B3"] + slack,
            "SP-14": hoeffding_upper(fresh, n_held_out, DELTA),
        }
        for bits in BITS:
            nats = description_nats(sum(parameter_counts(k, 2, 1).values()), bits) + math.log(M) + math.log(len(BITS))
            emp = float(losses([coded[k, bits]], x, y).mean())
            row |= {
                f"train, {bits} bits": emp,
                f"true, {bits} bits": risk_of[k, bits],
                f"nats, {bits} bits": nats,
                f"SP-15, {bits} bits": float(occam_upper(emp, n, nats, DELTA)),
            }
        rows.append(row)
    return rows


def generalization_slack(k: int, radii: dict[str, float], n: int) -> float:
    """The slack if the radii and k had been known beforehand, to see what paying for them costs."""
    terms = generalization_terms(k, 2, 1, radii, R_X, T, n, DELTA)
    return terms["transfer"] + terms["deviation"]


GUARANTEES = ("SP-13b", "SP-13c", "SP-14", "SP-15, 4 bits", "SP-15, 5 bits", "SP-15, 6 bits", "SP-15, 8 bits")


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Means over seeds at each k; which guarantees choose that k for some seed, and how many were below the true risk."""
    seeds = sorted({row["seed"] for row in rows})
    shown = ("SP-13b", "SP-13c", "SP-14", "SP-15, 5 bits")
    least = {name: _chosen(rows, seeds, name) for name in ("true", *shown)}
    table = []
    for k in sorted({row["k"] for row in rows}):
        here = [row for row in rows if row["k"] == k]
        line: dict[str, Any] = {"k": k}
        for name in ("train", "true", *shown):
            line[name.removesuffix(", 5 bits")] = round(float(np.mean([row[name] for row in here])), 4)
        line["broken"] = sum(_broken(row, name) for row in here for name in GUARANTEES)
        line["best for"] = " ".join(name.removeprefix("SP-").split(",")[0] for name, sizes in least.items() if k in sizes)
        table.append(line)
    return table


def _chosen(rows: list[dict[str, Any]], seeds: list[int], name: str) -> set[int]:
    """The k of the least value, seed by seed."""
    return {min((row for row in rows if row["seed"] == seed), key=lambda row: row[name])["k"] for seed in seeds}


def _broken(row: dict[str, Any], name: str) -> bool:
    """Whether the true risk is above the guarantee by more than four of its standard errors."""
    word = name.removeprefix("SP-15, ")
    true = row["true"] if word == name else row[f"true, {word}"]
    return bool(not true - 4 * row["true_se"] <= row[name])


# ---- the world ------------------------------------------------------------------------------------------------------


def networks(seed: int) -> tuple[dict[str, np.ndarray], dict[str, np.ndarray]]:
    """Teacher, and student without a read-out."""
    return random_teacher(np.random.default_rng(100 + seed)), random_reservoir(np.random.default_rng(1000 * seed + 3), M)


def drawn(teacher: dict[str, np.ndarray], n: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """x (n, T, 2) and y (n, T)."""
    x = rng.uniform(-1, 1, (n, T, 2))
    return x, rnn_forward(teacher, x)[1][:, :, 0] + 0.1 * rng.uniform(-1, 1, (T, n)).T


def sequences(teacher: dict[str, np.ndarray], n: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    return drawn(teacher, n, np.random.default_rng(seed))


def trained(student: dict[str, np.ndarray], x: np.ndarray, y: np.ndarray) -> tuple[dict[str, np.ndarray], np.ndarray]:
    """The student with its ridge read-out (intercept penalised too), and the covariance Σ of its states."""
    h = rnn_forward(student, x)[0].reshape(-1, M)
    Z = np.concatenate([h, np.ones((len(h), 1))], axis=1)
    gram = Z.T @ Z / len(Z)
    readout = np.linalg.solve(gram + 1e-4 * np.eye(M + 1), Z.T @ y.reshape(-1) / len(Z))
    return student | {"Wo": readout[None, :M], "bo": readout[M:]}, gram[:M, :M]


def losses(nets: list[dict[str, np.ndarray]], x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Loss of each network on each sequence (networks, n)."""
    return np.stack([loss(rnn_forward(params, x)[1][:, :, 0], y) for params in nets])
