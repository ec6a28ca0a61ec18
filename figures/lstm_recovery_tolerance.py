"""Recovery time against the tolerance: certificates from above, an attack from below.

Each bound grows by 1/log(1/rate) steps per unit of log(1/e): the rate is its slope, the transient its offset. Ours, in the
spirit of the paper; the trained net is from `experiments.lstm_recovery_training`.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = ("lstm_recovery.norm_recovery", "lstm_recovery.elementwise", "lstm_recovery.gate_coupling", "lstm_recovery.transient")
SEEDS = (0,)
TOLERANCES = np.geomspace(1e-1, 1e-4, 13)
NETS = {"G0": "G0", "tanks_norm": "tanks, norm penalty"}
NAMES = ("norm", "lipschitz", "jacobian", "coupled", "transient")
HORIZON = 400


def data() -> dict[str, np.ndarray]:
    """e (k,); for each net "<net>" steps (certificates, k), inf where none, and "<net>_attack" (k,)."""
    from bounds.lstm_recovery.attack import attack_recovery
    from bounds.lstm_recovery.methods import proved_box
    from experiments.lstm_recovery_ladder import net_of
    from figures.lstm_recovery_envelopes import envelopes

    out = {"e": TOLERANCES}
    for name in NETS:
        net = net_of(name)
        curves = envelopes(net, HORIZON, lmi_solves=0)
        inside = np.array([[curves[key] <= e for e in TOLERANCES] for key in NAMES])  # envelopes do not increase
        out[name] = np.where(inside.any(axis=2), inside.argmax(axis=2), np.inf)
        box = proved_box(net)
        out[f"{name}_attack"] = np.array([attack_recovery(net, box, e, *SEEDS, iters=12, batch=4).steps for e in TOLERANCES])
    return out


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """One panel for each net."""
    import matplotlib.pyplot as plt

    from figures.style import BLACK, BLUE, GREEN, PAGE, PURPLE, RED, SKY

    figure, axes = plt.subplots(1, len(NETS), figsize=(PAGE, 2.7))
    labels = ("2×2 norm matrix", "$A_{lip}$", "$A_{jac}$", "Ψ", "Φ")
    for axis, (name, title) in zip(axes, NETS.items(), strict=True):
        for row, colour, label in zip(d[name], (PURPLE, SKY, BLUE, GREEN, RED), labels, strict=True):
            axis.plot(d["e"], row, color=colour, linestyle="--" if label == "Φ" else "-", label=label)
        axis.plot(d["e"], d[f"{name}_attack"], "o", color=BLACK, markersize=2.5, label="attack (lower bound)")
        axis.set(xscale="log", xlabel="tolerance e on every hidden unit", title=title, ylim=(0, None))
        axis.invert_xaxis()
    axes[0].set_ylabel("recovery time (steps)")
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside right center")
    return figure
