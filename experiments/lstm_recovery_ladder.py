"""How far is each certificate from the truth, net by net, and which one wins?

Seven nets with simple formulas or seeds (G0 to G2, r0 to r3: `bounds.common.lstm`), and the trained nets of
`lstm_recovery_training`. For every certificate the smallest bound of its kind in steps, its rate, and whether its proof object
checks out in exact arithmetic; and the longest recovery that a gradient search found, a lower bound. Tolerance e = 0.01 on
every hidden unit, inputs in [-1, 1]; the anomaly leaves any state of the invariant box. `inf`: no certificate.

A unit is one net. The full form takes about two minutes on an idle core (the stored run shared its cores: 8), the quick
one (G0 and G1) seconds.
"""

import math
from typing import Any

from bounds.common.lstm import LSTMNet, formula_net, random_net
from bounds.lstm_recovery.attack import attack_recovery
from bounds.lstm_recovery.methods import certificates, proved_box
from experiments.lstm_recovery_training import SHOWN, shown

E = 0.01
SIMPLE = {
    "G0": formula_net(2, 1, 0.2, 0.3, 0.3, 0),
    "G1": formula_net(2, 1, 0.5, 0.3, 0.3, 0),
    "G2": formula_net(3, 2, 0.2, 0.25, 0.3, 0.5),
    **{f"r{seed}": random_net(seed, 4, 1, 0.3, 0.5, 0.3, 0.5) for seed in range(4)},
}
METHODS = ("norm", "box", "lipschitz", "jacobian", "coupled", "transient", "tube", "cells", "lmi", "cells_lmi")
SHORT = {"lipschitz": "lip", "jacobian": "jac", "coupled": "Ψ", "transient": "Φ", "cells_lmi": "both"}  # headings
LONGEST_ATTACK = 150


def plan(quick: bool) -> list[dict[str, Any]]:
    return [{"net": name} for name in (("G0", "G1") if quick else (*SIMPLE, *SHOWN))]


def net_of(name: str) -> LSTMNet:
    """A net by its name here."""
    return SIMPLE[name] if name in SIMPLE else shown(name)[0].net


def work(net: str) -> list[dict[str, Any]]:
    found = certificates(net_of(net), E, methods=METHODS)
    rows = []
    for method in METHODS:
        best = min((c for c in found if c.method == method), key=lambda c: (c.steps, math.inf if c.rate is None else c.rate))
        rows.append(
            {"net": net, "method": method, "steps": best.steps, "rate": best.rate, "proved": best.trust == "proved"}
            | {"detail": best.detail}
        )
    attack = attack_recovery(net_of(net), proved_box(net_of(net)), E, most=LONGEST_ATTACK).steps
    return [*rows, {"net": net, "method": "attack", "steps": attack, "rate": None, "proved": False, "detail": "lower bound"}]


def summary(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """One line for each net: all certificates in steps, the attack, and the ratio of the best to the attack."""
    table = []
    for net in dict.fromkeys(r["net"] for r in rows):
        mine = {r["method"]: r for r in rows if r["net"] == net}
        best = min((mine[method] for method in METHODS), key=lambda r: (r["steps"], not r["proved"]))
        attack = mine["attack"]["steps"]
        found = best["steps"] < math.inf
        table.append(
            {"net": net.replace("_", " ")}
            | {SHORT.get(method, method): mine[method]["steps"] for method in METHODS}
            | {"attack": attack, "best": f"{best['method']}{'' if best['proved'] else ', not proved'}" if found else "none"}
            | {"ratio": best["steps"] / attack if found and attack else None}
        )
    return table
