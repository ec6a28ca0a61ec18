"""A network forgets an anomaly: the difference of two copies, and what each certificate promises beforehand.

Both copies see the same random inputs, but one of them sees u = +1 during the last five steps before t = 0. The envelopes hold
for any two states of the invariant box, so an attack that chooses both (and the inputs) is drawn too. Ours, in the spirit of
the paper; G0 and G1 are formula nets, the others were trained on the two tanks (`experiments.lstm_recovery_training`).
"""

from typing import TYPE_CHECKING

import numpy as np

from bounds.common.lstm import LSTMNet
from bounds.lstm_recovery.gate_coupling import Map

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = (
    "lstm_recovery.interval_box",
    "lstm_recovery.norm_comparison",
    "lstm_recovery.elementwise",
    "lstm_recovery.gate_coupling",
    "lstm_recovery.transient",
    "lstm_recovery.multipliers",
)
SEEDS = (1, 0)  # of the inputs, of the attack
E = 0.01
NETS = {"G0": 30, "G1": 60, "tanks_norm": 110, "tanks_coupled": 150}  # steps shown
TITLES = {"G0": "G0", "G1": "G1", "tanks_norm": "tanks, norm penalty", "tanks_coupled": "tanks, penalty on Ψ"}
NAMES = ("norm", "lipschitz", "jacobian", "coupled", "transient", "lmi")
WARM_UP, ANOMALY = 40, 5


def envelopes(net: LSTMNet, steps: int, lmi_solves: int = 5) -> dict[str, np.ndarray]:
    """For each certificate, the bound on |h_t - h~_t|_inf at t = 0..steps; that of the matrix inequality is the smallest over
    a few rates (infinite if none has a solution)."""
    from bounds.lstm_recovery.elementwise import jacobian_matrix, lipschitz_matrix
    from bounds.lstm_recovery.gate_coupling import psi
    from bounds.lstm_recovery.interval_box import gate_ranges, widths
    from bounds.lstm_recovery.layers import stacked_matrix
    from bounds.lstm_recovery.methods import proved_box
    from bounds.lstm_recovery.multipliers import lmi_certificate
    from bounds.lstm_recovery.transient import phi

    box = proved_box(net)
    r, w, n = gate_ranges(net, box), widths(box), net.n
    A, d0 = stacked_matrix([net], 60, np.inf, 1.0)
    A_lip, A_jac = lipschitz_matrix(net, box), jacobian_matrix(net, box)
    maps: dict[str, tuple[Map, np.ndarray, int]] = {
        "norm": (lambda d: A @ d, d0, 1),
        "lipschitz": (lambda d: A_lip @ d, w, n),
        "jacobian": (lambda d: A_jac @ d, w, n),
        "coupled": (psi(net, r), w, n),
        "transient": (phi(net, r, w), w, n),
    }
    found = {}
    for name, (step, start, first) in maps.items():
        d, path = start, [start[first:].max()]
        for _ in range(steps):
            d = np.minimum(step(d), start)
            path.append(d[first:].max())
        found[name] = np.array(path)
    lowest, highest, lmi = float(r["f"][0].max()), 1.0, np.full(steps + 1, np.inf)
    for _ in range(lmi_solves):
        rho = (lowest + highest) / 2
        solution = lmi_certificate(net, box, rho)
        if solution is None:
            lowest = rho
        else:
            highest = rho
            lmi = np.minimum(lmi, solution.kappa * rho ** np.arange(steps + 1))
    return {**found, "lmi": lmi}


def forgetting(net: LSTMNet, steps: int, seed: int = SEEDS[0]) -> np.ndarray:
    """|h_t - h~_t|_inf at t = 0..steps after five inputs of +1 that only one copy saw, in a common random input."""
    from bounds.common.lstm import run

    u = np.random.default_rng(seed).uniform(-1, 1, (WARM_UP + ANOMALY + steps, 1, net.m)).repeat(2, axis=1)
    u[WARM_UP : WARM_UP + ANOMALY, 1] = 1.0
    h = run(net, np.zeros((2, net.n)), np.zeros((2, net.n)), u).h[WARM_UP + ANOMALY :]
    return np.asarray(np.abs(h[:, 0] - h[:, 1]).max(axis=1))


def attacked(net: LSTMNet, steps: int) -> np.ndarray:
    """|h_t - h~_t|_inf of the longest recovery found, t = 0..T - 1, then NaN."""
    from bounds.common.lstm import run
    from bounds.lstm_recovery.attack import attack_recovery
    from bounds.lstm_recovery.methods import proved_box

    found = attack_recovery(net, proved_box(net), E, SEEDS[1], iters=20, batch=8)
    h = run(net, found.c, found.h, found.u).h
    gap = np.full(max(steps + 1, len(h)), np.nan)
    gap[: len(h)] = np.abs(h[:, 0] - h[:, 1]).max(axis=1)
    return gap[: steps + 1]


def data() -> dict[str, np.ndarray]:
    """For each net: "<net>" (envelopes, steps + 1), "<net>_spike" and "<net>_attack" (steps + 1,)."""
    from experiments.lstm_recovery_ladder import net_of

    out = {}
    for name, steps in NETS.items():
        net = net_of(name)
        curves = envelopes(net, steps)
        out[name] = np.array([curves[key] for key in NAMES])
        out[f"{name}_spike"], out[f"{name}_attack"] = forgetting(net, steps), attacked(net, steps)
    return out


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """One panel for each net; a certificate's time is where its envelope passes e."""
    import matplotlib.pyplot as plt

    from figures.style import BLACK, BLUE, GREEN, ORANGE, PAGE, PURPLE, RED, SKY

    colours = (PURPLE, SKY, BLUE, GREEN, RED, ORANGE)
    labels = ("2×2 norm matrix", "$A_{lip}$", "$A_{jac}$", "Ψ", "Φ", "matrix inequality")
    figure, axes = plt.subplots(2, 2, figsize=(PAGE, 4.4))
    for axis, (name, title) in zip(axes.flat, TITLES.items(), strict=True):
        for curve, colour, label in zip(d[name], colours, labels, strict=True):
            if np.isfinite(curve).all():
                dashes = "--" if label == "Φ" else "-"
                axis.plot(curve, color=colour, linestyle=dashes, label=label)
        axis.plot(d[f"{name}_attack"], color=BLACK, linewidth=1, label="attack found")
        axis.plot(d[f"{name}_spike"], color="0.55", linewidth=1, label="five inputs of +1")
        axis.axhline(E, color="0.4", linewidth=0.7, linestyle=":")
        axis.set(yscale="log", ylim=(1e-4, 6), xlim=(0, len(d[name][0]) - 1), title=title)
    axes[0, 0].text(29.5, 1.15 * E, "e = 0.01", ha="right", fontsize="small")
    axes[1, 1].text(148, 0.75, "flat: no certificate", ha="right", fontsize="small")
    for axis in axes[1]:
        axis.set_xlabel("steps after the anomaly")
    for axis in axes[:, 0]:
        axis.set_ylabel("largest difference |h − h̃|")
    handles, names = axes[0, 0].get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=4)
    return figure
