"""Refining the norm bounds: the rate of the 2x2 matrix falls with every step, but not always below one.

ρ(A_k) in the maximum norm against k, and at the right end the rates of the sharper matrices on the invariant box. That ρ(A_k)
decreases is the paper's Lemma B.1 (as far as it could be recovered); the picture is ours.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = ("lstm_recovery.refinement", "lstm_recovery.ladder")
STEPS = 20
NETS = {"G0": "G0", "G1": "G1", "G2": "G2", "r1": "r1", "tanks_norm": "tanks, norm penalty"}
SHARPER = ("$A_{box}$", "$A_{lip}$", "$A_{jac}$", "Ψ")


def data() -> dict[str, np.ndarray]:
    """rate (nets, k = 0..20) of the norm matrix, and sharper (nets, 4): A_box, A_lip, A_jac, Ψ on the limit box."""
    from bounds.lstm_recovery.elementwise import jacobian_matrix, lipschitz_matrix
    from bounds.lstm_recovery.gate_coupling import map_rate, psi
    from bounds.lstm_recovery.interval_box import gate_ranges, invariant_box
    from bounds.lstm_recovery.ladder import box_matrix, perron
    from bounds.lstm_recovery.norm_comparison import comparison_matrix_2x2
    from experiments.lstm_recovery_ladder import net_of

    rates, sharper = [], []
    for name in NETS:
        net = net_of(name)
        rates.append([float(perron(comparison_matrix_2x2(net, k).A)[0].hi) for k in range(STEPS + 1)])
        box = invariant_box(net)
        matrices = (box_matrix(net, box), lipschitz_matrix(net, box), jacobian_matrix(net, box))
        coupled = map_rate(psi(net, gate_ranges(net, box)), 2 * net.n)[0]
        sharper.append([*(float(perron(A)[0].hi) for A in matrices), coupled])
    return {"rate": np.array(rates), "sharper": np.array(sharper)}


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """Left: the norm rate against k. Right: from the norm to the sharper matrices."""
    import matplotlib.pyplot as plt

    from figures.style import BLUE, GREEN, ORANGE, PAGE, PURPLE, RED

    colours = (BLUE, GREEN, ORANGE, PURPLE, RED)
    figure, (left, right) = plt.subplots(1, 2, figsize=(PAGE, 2.6), sharey=True)
    for row, sharper, colour, title in zip(d["rate"], d["sharper"], colours, NETS.values(), strict=True):
        left.plot(row, color=colour, marker=".", markersize=3)
        right.plot(np.concatenate([row[-1:], sharper]), color=colour, marker="o", markersize=3, label=title)
    for axis in (left, right):
        axis.axhline(1, color="0.4", linewidth=0.7, linestyle=":")
    left.set(xlabel="refinements k of the norm bounds", ylabel="rate per step", title="spectral radius of $A_k$, maximum norm")
    left.set_xticks(range(0, STEPS + 1, 5))
    left.text(STEPS, 1.2, "below the dotted line: certified", ha="right", fontsize="small")
    right.set_xticks(range(5), labels=["$A_k$", *SHARPER])
    right.set(title="sharper matrices and Ψ on the invariant box")
    right.legend()
    return figure
