r"""A convex map instead of a matrix: a gate that is wide open has a small slope, and a certificate may say so.

On an invariant box, for distances $d=(d_c,d_h)\ge0$, with $q_g=|U_g|d_h$, $K=\mathrm{mag}(c)q_f$ and the maxima of
`joint_maximum`,
$$ \Psi_c=\max_{s\in[\underline f,\bar f]}\bigl(sd_c+Ks(1-s)\bigr)
   +G\bigl(q_c,q_i;[\underline i,\bar i],[\min|g|,\max|g|]\bigr),\qquad
   \Psi_h=G\bigl(\Psi_c,q_o;[\underline o,\bar o],[0,\mathrm{mag}(t)]\bigr). $$
(a) $d_{t+1}\le\Psi(d_t)\le A_{lip}d_t$. (b) $\Psi$ is monotone, positively homogeneous and convex. (c) If $\Psi(w)\le rw$ for a
$w>0$, then $d_t\le r^t\max(d_0/w)\,w$; the best $r$ comes from power iteration. $\Psi$ and $A_{jac}$ (which keeps signs) are
not comparable.

Why: as for $A_{jac}$, with the Jacobian at one point of the segment at a time, so that all factors of a row belong to the
same gate values; a slope is $s(1-s)$ or $1-r^2$ of the value itself. A maximum of linear maps is convex.
"""

from collections.abc import Callable

import numpy as np

from bounds.claim import Claim, Enclosure, Evidence, Step, rounded
from bounds.common.lstm import LSTMNet
from bounds.lstm_recovery.elementwise import BoxPair, box_pair, box_space, jacobian_of, lipschitz_of, mag
from bounds.lstm_recovery.interval_box import Box, Ranges, gate_ranges
from bounds.lstm_recovery.joint_maximum import joint_max, single_max
from bounds.measure.symbolic import identity

Map = Callable[[np.ndarray], np.ndarray]


def psi(net: LSTMNet, r: Ranges, cells: int | None = None) -> Map:
    """Ψ for gate ranges r; the last axis of its argument is (c part, h part)."""
    absolute, mag_c, mag_t = np.abs(net.U), mag(r["c"]), mag(r["t"])
    smallest_g, largest_g = np.maximum(np.maximum(r["g"][0], -r["g"][1]), 0.0), mag(r["g"])
    zero = np.zeros(net.n)

    def apply(d: np.ndarray) -> np.ndarray:
        q_f, q_i, q_o, q_c = absolute @ d[net.n :]
        c = single_max(d[: net.n], mag_c * q_f, *r["f"]) + joint_max(q_c, q_i, *r["i"], smallest_g, largest_g, cells)
        return np.concatenate([c, joint_max(c, q_o, *r["o"], zero, mag_t, cells)])

    return apply


def gate_coupled_map(net: LSTMNet, box: Box, d: np.ndarray, cells: int | None = None) -> np.ndarray:
    """Ψ(d) on a box and its inputs, (2n,); `cells` replaces the exact maximum G by its cell bound (slightly larger)."""
    d = np.asarray(d, float)
    if d.shape != (2 * net.n,) or not (d >= 0).all():
        raise ValueError(f"d must hold {2 * net.n} distances, none negative, got shape {d.shape}")
    return psi(net, gate_ranges(net, box), cells)(d)


def map_rate(fun: Map, dim: int, iters: int = 500) -> tuple[float, np.ndarray]:
    """The best r with fun(w) ≤ r w that power iteration finds, and its w > 0, for a monotone homogeneous map.

    Any w > 0 gives a valid r, so stopping early costs sharpness only. Stops when no ratio moves by more than 1e-13.

    >>> map_rate(lambda w: np.array([[0.5, 0.25], [0.0, 0.5]]) @ w, dim=2, iters=2000)[0] < 0.51
    True
    """
    w, best, best_w = np.ones(dim), np.inf, np.ones(dim)
    for _ in range(iters):
        image = fun(w)
        ratio = image / w
        if ratio.max() < best:
            best, best_w = float(ratio.max()), w
        if ratio.max() - ratio.min() <= 1e-13 * ratio.max():
            break
        w = image + 1e-13 * image.max() + 1e-300
        w = w / w.max()
    return best, best_w


def compared(x: BoxPair) -> Enclosure:
    """Ψ(d) twice, against itself after d, and below A_lip d; then d_{t+1}."""
    d, e = x.distance[1], x.error[1]
    image = psi(x.net, x.ranges)(x.distance[0])
    slack = 1e-12 * image
    return Enclosure(np.stack([d - e, image - slack]), np.stack([d + e, image + slack]))


def bounded(x: BoxPair) -> Enclosure:
    """Ψ(d) and A_lip d; nonnegative terms, with ranges that lose a few ulps of preactivations below 20."""
    d = x.distance[0]
    return rounded(psi(x.net, x.ranges)(d), lipschitz_of(np.abs(x.net.U), x.ranges) @ d, rel=1e-12)


def _of_a_sum(x: BoxPair) -> tuple[Enclosure, Enclosure]:
    """Ψ(a + b) ≤ Ψ(a) + Ψ(b) and Ψ(a) ≤ Ψ(a + b), for two distances; the left sides, and the right ones."""
    step, a, b = psi(x.net, x.ranges), x.distance[0], np.abs(np.concatenate([x.c[0], x.h[0]]))
    return rounded(step(a + b), step(a)), rounded(step(a) + step(b), step(a + b))


def _cell_gap(x: BoxPair) -> Enclosure:
    d, e = x.distance[1, : x.net.n], x.error[1, : x.net.n]
    return Enclosure(d - e, d + e)


def _slope_at_the_largest_gate(x: BoxPair) -> Enclosure:
    """Every gate at the top of its range, and its slope there."""
    n, r, d = x.net.n, x.ranges, x.distance[0]
    q = np.abs(x.net.U) @ d[n:]
    f, i, R = r["f"][1], r["i"][1], mag(r["g"])
    return rounded(f * d[:n] + mag(r["c"]) * q[0] * f * (1 - f) + i * (1 - R**2) * q[3] + R * i * (1 - i) * q[1])


def _room_below_magnitudes(terms: int) -> Evidence:
    """u(1 − R₀²)y₁ + R q y₂ − F(s, r), for q ≥ s(1 − s), as a sum of terms that are ≥ 0 for s ≤ u and R₀ ≤ r ≤ R."""
    import sympy

    s, u, r, low, high, q, y1, y2 = sympy.symbols("s u r R0 R q y1 y2", real=True)
    rooms = [(u - s) * (1 - low**2) * y1, s * (r**2 - low**2) * y1, (high - r) * q * y2, r * (q - s * (1 - s)) * y2]
    F = s * (1 - r**2) * y1 + r * s * (1 - s) * y2
    return identity(lambda: u * (1 - low**2) * y1 + high * q * y2 - F - sum(rooms[:terms]))


CLAIM = Claim(
    source="new",
    says="d_{t+1} ≤ Ψ(d_t) ≤ A_lip d_t on an invariant box",
    space=box_space(steps=1),
    build=box_pair,
    assumes={},
    actual=compared,
    bound=bounded,
    falsified={
        "the slope where the gate is largest": {
            "actual": _cell_gap,
            "bound": _slope_at_the_largest_gate,
        },
        "it is never above A_jac d either": {
            "actual": lambda x: rounded(psi(x.net, x.ranges)(x.distance[0])),
            "bound": lambda x: rounded(jacobian_of(x.net.U, x.ranges) @ x.distance[0]),
        },
        "A_jac d is never above it": {
            "actual": lambda x: rounded(jacobian_of(x.net.U, x.ranges) @ x.distance[0]),
            "bound": lambda x: rounded(psi(x.net, x.ranges)(x.distance[0])),
        },
    },
    also_true={
        "sublinear and monotone": {"actual": lambda x: _of_a_sum(x)[0], "bound": lambda x: _of_a_sum(x)[1]},
        "with sixteen cells": {
            "bound": lambda x: rounded(
                psi(x.net, x.ranges, 16)(x.distance[0]), lipschitz_of(np.abs(x.net.U), x.ranges) @ x.distance[0]
            )
        },
    },
    covers={"more than one unit": lambda x: x.net.n > 1},
    proof=(
        Step(
            says="u(1 − R₀²)y₁ + R q y₂ − F(s, r) is a sum of four terms ≥ 0: Ψ ≤ A_lip",
            check=lambda: _room_below_magnitudes(4),
            false_twin=lambda: _room_below_magnitudes(3),
        ),
    ),
    cost=0.001,
)
