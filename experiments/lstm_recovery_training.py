"""What does a certified recovery time cost in accuracy?

Two plants (`bounds.lstm_recovery.plants`), LSTMs with 4 units trained for 600 epochs as in `bounds.lstm_recovery.training`:
without a penalty; with a penalty on the 2x2 norm rate, on ρ(A_jac) or on the rate of Ψ, at several targets; and as a cascade
(lower triangular recurrent matrices), without a penalty and with that on Ψ. For the tanks also 8 units and 1,200 epochs,
where the unpenalised net is better too. Seed s draws the initial weights (s), 16 training sequences of 120 steps (100 + s), 8
for validation (200 + s) and 8 for the test (300 + s). No epoch is chosen: the last weights count. Among the settings of a
penalty the summary marks the one with the smallest mean VALIDATION error whose nets are all certified; ratios are of TEST
errors, to the unpenalised full net of the same seed, and nothing is chosen with them.

T_* are bounds in steps for e = 0.01 on every hidden unit (inf: none), `best` is the smallest of them and `proved` whether its
proof object checks out in exact arithmetic; T_norm_0 is the paper's kind of bound, before refinement and in the maximum norm,
T_norm the best of four norm bounds. `attack` is the longest recovery that a gradient search of at most 100 steps found: a
lower bound. The matrix inequality is left to `lstm_recovery_ladder`.

A unit is one net. The full form takes about 8 minutes on an idle core, the quick one (2 units, 30 epochs) half a minute.
`python -m experiments.lstm_recovery_training` writes the few trained nets that figures show.
"""

import math
from collections import defaultdict
from typing import Any

import numpy as np

from bounds.common.lstm import from_pytorch, to_pytorch
from bounds.lstm_recovery.attack import attack_recovery
from bounds.lstm_recovery.elementwise import jacobian_of
from bounds.lstm_recovery.gate_coupling import map_rate, psi
from bounds.lstm_recovery.interval_box import gate_ranges, widths
from bounds.lstm_recovery.ladder import perron
from bounds.lstm_recovery.methods import certificates, proved_box
from bounds.lstm_recovery.plants import PLANTS
from bounds.lstm_recovery.training import Model, Trained, mean_squared_error, train
from bounds.lstm_recovery.transient import phi, recovery_time
from experiments.results import FOLDER

SEEDS = range(5)
TANKS, NARENDRA = PLANTS
E = 0.01
LONGEST_ATTACK = 100

NOTHING = {"penalty": "none", "cascade": False, "strength": 0.0, "target": 0.0}


def _held(penalty: str, *targets: float, strength: float = 0.05, cascade: bool = False) -> list[dict[str, Any]]:
    return [{"penalty": penalty, "cascade": cascade, "strength": strength, "target": target} for target in targets]


GRID = {
    TANKS: [
        NOTHING,
        *_held("coupled", 0.95, 0.98, 0.9, cascade=True),
        *_held("coupled", 0.95, strength=0.02, cascade=True),
        *_held("coupled", 0.95, 0.98, 0.9),
        *_held("norm", 0.95, 0.98, 0.9),
        *_held("jacobian", 0.95),
        NOTHING | {"cascade": True},
    ],
    NARENDRA: [NOTHING, *_held("coupled", 0.95, 0.9), *_held("norm", 0.95, 0.9), *_held("jacobian", 0.9)],
}
WIDE = [NOTHING, *_held("coupled", 0.95, cascade=True)]
SHOWN: dict[str, tuple[str, dict[str, Any]]] = {  # nets of seed 0 that figures show: plant and setting
    "tanks_none": (TANKS, NOTHING),
    "tanks_norm": (TANKS, _held("norm", 0.95)[0]),
    "tanks_coupled": (TANKS, _held("coupled", 0.95)[0]),
    "tanks_cascade": (TANKS, _held("coupled", 0.95, cascade=True)[0]),
    "narendra_none": (NARENDRA, NOTHING),
    "narendra_coupled": (NARENDRA, _held("coupled", 0.95)[0]),
}


def plan(quick: bool) -> list[dict[str, Any]]:
    if quick:
        small = {"units": 2, "epochs": 30}
        return [{"plant": p, **small, **g, "seed": s} for p in PLANTS for g in WIDE for s in range(2)]
    usual = {"units": 4, "epochs": 600}
    units = [{"plant": plant, **usual, **g, "seed": s} for plant, grid in GRID.items() for g in grid for s in SEEDS]
    return units + [{"plant": TANKS, "units": 8, "epochs": 1200, **g, "seed": s} for g in WIDE for s in SEEDS]


def trained(plant: str, units: int, epochs: int, seed: int, penalty: str, **setting: Any) -> Trained:
    """The net of one unit."""
    data = PLANTS[plant](16, 120, 100 + seed)
    return train(*data, units=units, epochs=epochs, seed=seed, penalty=None if penalty == "none" else penalty, **setting)


def work(plant: str, units: int, epochs: int, **setting: Any) -> list[dict[str, Any]]:
    seed = setting["seed"]
    found = trained(plant, units, epochs, **setting)
    model, net = found.model, found.model.net
    errors = {
        f"mse_{name}": mean_squared_error(model, *PLANTS[plant](count, 120, first + seed))
        for name, count, first in (("train", 16, 100), ("validation", 8, 200), ("test", 8, 300))
    }
    by_norms = certificates(net, E, methods=["norm"])
    box = proved_box(net)
    r, w = gate_ranges(net, box), widths(box)
    A_jac, coupled = jacobian_of(net.U, r), psi(net, r)
    T = {"T_norm_0": by_norms[0].steps, "T_norm": min(c.steps for c in by_norms)}
    T["T_jacobian"] = recovery_time(lambda d: A_jac @ d, w, E, net.n)
    T["T_coupled"] = recovery_time(coupled, w, E, net.n)
    T["T_transient"] = recovery_time(phi(net, r, w), w, E, net.n)
    name = min(("norm", "jacobian", "coupled", "transient"), key=lambda name: T[f"T_{name}"])
    best = min(certificates(net, E, methods=[name]), key=lambda c: c.steps)
    attack = attack_recovery(net, box, E, seed=0, iters=20, batch=8, most=LONGEST_ATTACK).steps
    return [
        {
            "plant": plant,
            "units": units,
            "epochs": epochs,
            **setting,
            **errors,
            "rate_norm_0": by_norms[0].rate,
            "rate_jacobian": float(perron(A_jac)[0].hi),
            "rate_coupled": map_rate(coupled, 2 * net.n)[0],
            **T,
            "best": best.steps,
            "method": best.method if best.steps < math.inf else "none",
            "proved": best.trust == "proved",
            "attack": attack,
            "ratio": best.steps / attack if attack else None,
            "output_gain": float(np.abs(model.v).sum()),
        }
    ]


def interval(values: list[float]) -> tuple[float, float, float]:
    """Geometric mean and its 95 % interval by Student's t over seeds (of logarithms); no width from one value."""
    from scipy.special import stdtrit

    logs = np.log(values)
    half = float(stdtrit(len(logs) - 1, 0.975) * logs.std(ddof=1) / math.sqrt(len(logs))) if len(logs) > 1 else math.inf
    centre = float(logs.mean())
    return math.exp(centre), math.exp(centre - half), math.exp(centre + half)


def name_of(row: dict[str, Any]) -> str:
    """How a setting is called in tables and figures."""
    return str(row["penalty"]) + (" cascade" if row["cascade"] else "")


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """For each plant and setting: the mean validation error, the test error against the unpenalised net (geometric mean and
    95 % interval over seeds), how many nets are certified and proved, medians of T and of the attack."""
    base = {(r["plant"], r["units"], r["seed"]): r for r in rows if name_of(r) == "none"}
    groups: dict[tuple[Any, ...], list[dict[str, Any]]] = defaultdict(list)
    for r in rows:
        groups[r["plant"], r["units"], name_of(r), r["strength"], r["target"]].append(r)
    chosen: dict[tuple[Any, ...], tuple[float, tuple[Any, ...]]] = {}
    for key, group in groups.items():
        if len(group) > 1 and all(r["best"] < math.inf for r in group):
            error = float(np.mean([r["mse_validation"] for r in group]))
            chosen[key[:3]] = min(chosen.get(key[:3], (math.inf, key)), (error, key))
    table = []
    for key, group in groups.items():
        cost, low, high = interval([r["mse_test"] / base[r["plant"], r["units"], r["seed"]]["mse_test"] for r in group])
        finite = [r for r in group if r["best"] < math.inf]
        table.append(
            {
                "plant": key[0],
                "n": key[1],
                "penalty": key[2],
                "λ, target": f"{key[3]:g}, {key[4]:g}" if key[3] else "",
                "MSE": float(np.mean([r["mse_validation"] for r in group])),
                "test ratio": cost,
                "95 %": f"{low:.2f}–{high:.2f}" if len(group) > 1 else "",
                "proved": f"{sum(r['proved'] for r in group)}/{len(group)}",
                "T": float(np.median([r["best"] for r in group])),
                "attack": float(np.median([r["attack"] for r in group])),
                "T/att.": float(np.median([r["ratio"] for r in finite])) if finite else None,
                "best": "*" if chosen.get(key[:3], (0.0, ()))[1] == key else "",
            }
        )
    return table


def shown(name: str) -> tuple[Model, np.ndarray, np.ndarray]:
    """A kept net, and its loss and rate at every epoch of training."""
    with np.load(FOLDER / f"lstm_recovery_{name}.npz", allow_pickle=False) as kept:
        state = {key: kept[key] for key in kept.files}
    return Model(from_pytorch(state)[0], state["v"], float(state["d"])), state["loss"], state["rate"]


def keep() -> None:
    """Train the nets of SHOWN and write them, in PyTorch's layout, with the readout and the learning curves."""
    for name, (plant, setting) in SHOWN.items():
        found = trained(plant, 4, 600, **setting, seed=0)
        arrays = to_pytorch(found.model.net) | {"v": found.model.v, "d": np.array(found.model.d)}
        np.savez_compressed(FOLDER / f"lstm_recovery_{name}.npz", **arrays, loss=found.loss, rate=found.rate)  # type: ignore[arg-type]


if __name__ == "__main__":
    keep()
