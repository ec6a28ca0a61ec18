"""What the separation α is: the largest level at which the ellipsoids of two components do not meet.

Two covariances in the plane, the touching ellipses at level α, the hyperplane that certifies α from below and the touching
point that certifies it from above. Ours.
"""

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from matplotlib.figure import Figure

CLAIMS = ("gmm_entropy.separation_duality",)
MU = np.array([[0.0, 0.0], [3.0, 2.0]])
COV = np.array([[[1.0, 0.6], [0.6, 0.8]], [[0.3, -0.2], [-0.2, 0.9]]])


def data() -> dict[str, np.ndarray]:
    """alpha, t*, both certificates, the ellipses (2, 2, 241) at level α, the touching point and the normal."""
    from bounds.gmm_entropy import separation

    alpha, t, (lower, upper) = separation(MU[0], COV[0], MU[1], COV[1])
    delta, P = MU[1] - MU[0], np.linalg.inv(COV)
    normal = np.linalg.solve(t * COV[0] + (1 - t) * COV[1], delta)
    touching = np.linalg.solve((1 - t) * P[0] + t * P[1], (1 - t) * P[0] @ MU[0] + t * P[1] @ MU[1])
    angle = np.linspace(0, 2 * np.pi, 241)
    circle = np.array([np.cos(angle), np.sin(angle)])
    ellipses = MU[:, :, None] + alpha * np.linalg.cholesky(COV) @ circle
    return {
        "alpha": np.array(alpha),
        "t": np.array(t),
        "certificates": np.array([lower, upper]),
        "ellipses": ellipses,
        "touching": touching,
        "normal": normal,
    }


def draw(d: dict[str, np.ndarray]) -> "Figure":
    """Both ellipses, the hyperplane between them and the point where all three touch."""
    import matplotlib.pyplot as plt

    from figures.style import BLACK, BLUE, COLUMN, ORANGE

    figure, axes = plt.subplots(figsize=(COLUMN, 3.0))
    for ellipse, mean, colour, name in zip(d["ellipses"], MU, (BLUE, ORANGE), ("k", "l"), strict=True):
        axes.fill(*ellipse, color=colour, alpha=0.25, linewidth=0)
        axes.plot(*ellipse, color=colour)
        axes.plot(*mean, "o", color=colour, markersize=4)
        axes.annotate(f"$\\mu_{name}$", mean, xytext=(4, 4), textcoords="offset points")
    across = np.array([-d["normal"][1], d["normal"][0]]) / np.linalg.norm(d["normal"])
    line = d["touching"][:, None] + across[:, None] * np.array([-2.2, 2.2])
    axes.plot(*line, color=BLACK, linestyle="--", linewidth=1, label="certificate from below: $v^\\top x$ = const")
    axes.plot(*d["touching"], "*", color=BLACK, markersize=9, label="certificate from above: $x(t^*)$")
    axes.set_aspect("equal")
    axes.set_title(f"α = {float(d['alpha']):.4f}, t* = {float(d['t']):.4f}")
    figure.legend(loc="outside lower center")
    return figure
