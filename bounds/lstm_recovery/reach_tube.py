r"""After a long anomaly the set shrinks too: a tube of boxes, and a recovery time that grows at most like log L.

Let $R_0=X_L$ of `unbounded_anomaly` (or any invariant convex box) and $R_{s+1}=R_s\cap F(R_s)$ in interval arithmetic, with
$c\in[\min(\underline fc_l,\bar fc_l)+Q,\max(\underline fc_u,\bar fc_u)+P]$, $Q,P$ the extremes of $ig$, not clipped at 0, and
$h\in[o]\tanh[c]$ with the new $c$. Let $d_{s+1}=\Phi_s(d_s)$ with gates and $c$ from $R_s$, the new $c$ from $R_{s+1}$, clipped
at the widths of $R_{s+1}$. The first $s$ with $(d_s)_h\le e$ AND $d_{s+1}\le d_s$ bounds the recovery time.

Why: $F(R_s)\subseteq R_{s+1}\subseteq R_s$ by induction, and $\Phi_{s+1}\le\Phi_s$ pointwise because every constant is monotone
in the ranges (with the exact maximum of `joint_maximum`, or one fixed grid), so
$d_{s+2}=\Phi_{s+1}(d_{s+1})\le\Phi_s(d_s)=d_{s+1}$ and on.
The log law: with $F=\max_j\bar f_j$ over $h\in[-1,1]$, $|c|$ on $R_s$ is at most $C_0+F^sL$, so $R_s\subseteq X_1$ once
$s\ge s_0=\lceil\log L/\log(1/F)\rceil$; hence $T\le s_0+T'$ with the tube time $T'$ from $X_1$ and its widths, whatever $L$.
"""

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bounds.claim import Array, Choice, Claim, Enclosure, Evidence, Real, Step, rounded
from bounds.common.lstm import LSTMNet, formula_net, sigmoid
from bounds.lstm_recovery.instances import of_net, weights
from bounds.lstm_recovery.interval_box import Box, Ranges, gate_ranges, preactivations, widths
from bounds.lstm_recovery.transient import phi
from bounds.lstm_recovery.unbounded_anomaly import Anomaly, anomaly, anomaly_set
from bounds.measure.symbolic import identity


def _image(box: Box, r: Ranges) -> Box:
    """R ∩ F(R)."""
    f, i, o, g = r["f"], r["i"], r["o"], r["g"]
    Q, P = np.where(g[0] < 0, i[1], i[0]) * g[0], np.where(g[1] > 0, i[1], i[0]) * g[1]
    cl = np.maximum(np.where(box["cl"] < 0, f[1], f[0]) * box["cl"] + Q, box["cl"])
    cu = np.minimum(np.where(box["cu"] > 0, f[1], f[0]) * box["cu"] + P, box["cu"])
    tl, tu = np.tanh(cl), np.tanh(cu)
    hl = np.maximum(np.where(tl < 0, o[1], o[0]) * tl, box["hl"])
    hu = np.minimum(np.where(tu > 0, o[1], o[0]) * tu, box["hu"])
    return {**box, "cl": cl, "cu": cu, "hl": hl, "hu": hu}


def tube_recovery(net: LSTMNet, box: Box, d0: np.ndarray, e: float, most: int = 3000) -> tuple[float, list[np.ndarray]]:
    """T and d_0..d_T of the tube from an invariant box and a start d0 (2n,); (inf, ...) if it stalls above e."""
    if not e > 0:
        raise ValueError(f"the tolerance e must be positive, got {e}")
    d, n, r = np.asarray(d0, float), net.n, gate_ranges(net, box)
    path = [d]
    for s in range(most):
        new_box = _image(box, r)
        new_r = gate_ranges(net, new_box)
        new = phi(net, r, widths(new_box), after=new_r)(d)
        if d[n:].max() <= e and (new <= d).all():
            return s, path
        moved = any((new_box[k] != box[k]).any() for k in ("cl", "cu", "hl", "hu"))
        if not moved and (new >= d * (1 - 1e-13)).all():
            return math.inf, path
        box, r, d = new_box, new_r, new
        path.append(d)
    return math.inf, path


def reach_tube_recovery(
    net: LSTMNet, L: int, e: float, ulo: Any = -1.0, uhi: Any = 1.0, most: int = 3000
) -> tuple[float, list[np.ndarray]]:
    """Steps to recover from L arbitrary inputs, and the distances d_0, d_1, ... (2n,) that certify it.

    >>> reach_tube_recovery(formula_net(2, 1, 0.1, 0.3, 0.3, -1), L=100, e=0.01)[0]
    12
    """
    return tube_recovery(net, *anomaly_set(net, L, ulo, uhi), e, most)


def log_law(net: LSTMNet, L: int, e: float, ulo: Any = -1.0, uhi: Any = 1.0, most: int = 3000) -> float:
    """s_0 + T' in steps, for L ≥ 1; inf if the tube from X_1 certifies nothing."""
    if L < 1:
        raise ValueError(f"the log law is for at least one anomalous input, got {L}")
    box, _ = anomaly_set(net, 1, ulo, uhi)
    leak = float(sigmoid(-preactivations(net, box)[1][0]).min())
    T, _ = tube_recovery(net, box, widths(box), e, most)
    return math.ceil(math.log(L) / -math.log1p(-leak)) + T


@dataclass(frozen=True, eq=False)
class Recovering:
    """An anomaly, a tolerance, and what is certified. The tubes are given 200 steps."""

    x: Anomaly
    e: float

    @cached_property
    def end(self) -> Enclosure:
        """The last exit after the anomaly, from below. Rounding shrinks with the distances; 1e-9 is a thousand times it,
        and covers the tolerance up to which the certified times are right."""
        h = self.x.tape.h[self.x.L :]
        above = np.flatnonzero(np.abs(h[:, 0] - h[:, 1]).max(axis=1) > self.e * (1 + 1e-9) + 1e-9)
        return Enclosure(float(above[-1] + 1) if above.size else 0.0, np.inf)

    def tube(self, L: int) -> float:
        """The tube's T."""
        return float(reach_tube_recovery(self.x.net, L, self.e, *self.x.range, most=200)[0])

    @cached_property
    def own_tube(self) -> float:
        """The tube's T for this anomaly."""
        return self.tube(self.x.L)


def recovering(e: float, **point: Any) -> Recovering:
    """An anomaly and a tolerance; both copies start in the limit box, up to rounding."""
    return Recovering(anomaly(rounds=200, **point), e)


def seen(x: Recovering) -> Enclosure:
    """The last exit that this pair shows, then the tube's T."""
    return Enclosure(np.array([x.end.lo, x.own_tube]), np.array([np.inf, x.own_tube]))


def certified(x: Recovering) -> Enclosure:
    """The tube's T, then the log law's, at a tolerance a little smaller than that of the tube."""
    law = log_law(x.x.net, x.x.L, x.e * (1 - 1e-9), *x.x.range, most=200)
    return rounded(x.own_tube, law, rel=0)


def _one_step_of_the_law(power: int) -> Evidence:
    """f (C_0 + F^s L) + (1 − f) C_0 at f = F is C_0 + F^(s+1) L."""
    import sympy

    C0, F, L, s = sympy.symbols("C0 F L s", positive=True)
    return identity(lambda: F * (C0 + F**s * L) + (1 - F) * C0 - C0 - F ** (s + power) * L, {"F": ("1/10", "9/10")})


FAST = formula_net(2, 1, 0.1, 0.3, 0.3, -1)
LONG = {
    **of_net(FAST),
    "L": 100,
    "size": 1000.0,
    "sign": [-1.0],
    "c": np.full((2, 2), 0.5),
    "h": np.full((2, 2), 0.5),
    "u": np.random.default_rng(0).uniform(-1, 1, (20, 1)),
    "e": 0.01,
}

CLAIM = Claim(
    source="new",
    says="after L arbitrary inputs the tube's first settled entry T bounds the recovery time, and T ≤ s₀(L) + T′",
    space={
        **weights(size=0.4),
        "b": Array((4, "n"), -1, 0.3),
        "L": Choice((1, 2, 3, 10, 30, 100)),
        "size": Real(0.1, 1000, log=True),
        "sign": Array(("m",), -1, 1),
        "c": Array((2, "n"), 0, 1),
        "h": Array((2, "n"), 0, 1),
        "u": Array((20, "m"), -1, 1),
        "e": Real(0.01, 0.5, log=True),
    },
    build=recovering,
    assumes={},
    actual=seen,
    bound=certified,
    falsified={
        "as long as after one anomalous input": {
            "actual": lambda x: x.end,
            "bound": lambda x: rounded(x.tube(1), rel=0),
        },
    },
    proof=(
        Step(
            says="F (C_0 + F^s L) + (1 − F) C_0 = C_0 + F^(s+1) L",
            check=lambda: _one_step_of_the_law(1),
            false_twin=lambda: _one_step_of_the_law(2),
        ),
    ),
    covers={"a long anomaly": lambda x: x.x.L >= 30},
    witness={"as long as after one anomalous input": LONG},
    cost=0.02,
)
