r"""Any L inputs whatever move the cell state by at most L: a set that holds what an unbounded anomaly leaves behind.

Let the nominal copy and the state before the anomaly lie in the limit box of `interval_box`. With $C_0=\mathrm{mag}(c)$ of the
box after ONE round and $C_L=C_0+L$, the set $X_L=\{|c|\le C_L,\ |h|\le1\}$ is invariant for later inputs of the usual range,
contains both copies after $L$ arbitrary inputs, and $d_t\le d_0=(\mathrm{mag}(c)+C_L,\mathrm{mag}(h)+1)$ for ALL $t$, with
magnitudes of the limit box. So the maps of `elementwise`, `gate_coupling` and `transient`, on $X_L$ and clipped at $d_0$,
certify a recovery time.

Why: $|c^+|\le|c|+1$ and $|h|<1$ whatever the input; and $\bar fC_L+\max(0,P)\le C_L$ because $C_L\ge C_0$. Without the clip the
iterates from $d_0$ need not decrease, and then their first entry says nothing.
"""

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np

from bounds.claim import Array, Claim, Enclosure, Evidence, Int, Real, Step, rounded
from bounds.common.lstm import LSTMNet, Tape, formula_net, run
from bounds.lstm_recovery.elementwise import mag
from bounds.lstm_recovery.instances import inside, named, net_of, of_net, weights
from bounds.lstm_recovery.interval_box import Box, gate_ranges, invariant_box
from bounds.lstm_recovery.transient import phi
from bounds.measure.symbolic import identity


def anomaly_set(net: LSTMNet, L: float, ulo: Any = -1.0, uhi: Any = 1.0, iters: int = 200) -> tuple[Box, np.ndarray]:
    """X_L as a box, and d0 (2n,), for at most L anomalous inputs; [ulo, uhi] holds the usual ones.

    >>> net = LSTMNet(np.ones((4, 1, 1)), np.zeros((4, 1, 1)), np.zeros((4, 1)))
    >>> anomaly_set(net, 20)[0]["cu"].round(3)
    array([22.07])
    """
    if not 0 <= L < np.inf:
        raise ValueError(f"the number of anomalous inputs must be finite and not negative, got {L}")
    first, limit = invariant_box(net, ulo, uhi, 1), invariant_box(net, ulo, uhi, iters)
    C_L = mag((first["cl"], first["cu"])) + L
    box = {**limit, "cl": -C_L, "cu": C_L, "hl": -np.ones(net.n), "hu": np.ones(net.n)}
    return box, np.concatenate([mag((limit["cl"], limit["cu"])) + C_L, mag((limit["hl"], limit["hu"])) + 1.0])


@dataclass(frozen=True, eq=False)
class Anomaly:
    """Copy 0 sees `L` anomalous inputs, copy 1 usual ones; then both see the same."""

    net: LSTMNet
    L: int
    rounds: int
    c: np.ndarray  # (2, n), in the box
    h: np.ndarray
    u: np.ndarray  # (L + T, 2, m)
    range: tuple[np.ndarray, np.ndarray]  # of the usual inputs

    @cached_property
    def tape(self) -> Tape:
        """Both trajectories."""
        return run(self.net, self.c, self.h, self.u)


def anomaly(
    W: Any, U: Any, b: Any, L: int, rounds: int, size: float, sign: Any, c: Any, h: Any, u: Any, **sides: int
) -> Anomaly:
    """Starts c, h (2, n) are fractions of the box; the anomaly is size * sign, constant; u (T, m) in [-1, 1] comes before
    and after it for the usual copy."""
    net = net_of(W, U, b)
    box = invariant_box(net, -1.0, 1.0, rounds)
    usual = np.resize(np.asarray(u, float), (L, net.m))
    strange = np.tile(size * np.asarray(sign, float), (L, 1))
    inputs = np.concatenate([np.stack([strange, usual], axis=1), np.repeat(np.asarray(u, float)[:, None], 2, axis=1)])
    ends = box["ulo"], box["uhi"]
    return Anomaly(net, L, rounds, inside(box["cl"], box["cu"], c), inside(box["hl"], box["hu"], h), inputs, ends)


def reached(x: Anomaly) -> Enclosure:
    """Largest |c|, |h| of both copies and largest distances, unit by unit, from the end of the anomaly on.

    Rounding: every step adds a few ulps of |c| ≤ C_L and keeps the old ones at most: 1e-12 of the size in 100 steps."""
    c, h = x.tape.c[x.L :], x.tape.h[x.L :]
    apart = [np.abs(v[:, 0] - v[:, 1]).max(axis=0) for v in (c, h)]
    return rounded(np.abs(c).max(axis=(0, 1)), np.abs(h).max(axis=(0, 1)), *apart, rel=1e-12, abs=1e-12)


def allowed(x: Anomaly, share: float = 1.0) -> Enclosure:
    """C_L, 1 and d0."""
    box, d0 = anomaly_set(x.net, share * x.L, *x.range, iters=x.rounds)
    return rounded(box["cu"], box["hu"], *np.split(d0, 2))


def _as_if_bounded(x: Anomaly) -> Enclosure:
    """The limit box's own magnitudes."""
    box = invariant_box(x.net, *x.range, x.rounds)
    c, h = mag((box["cl"], box["cu"])), mag((box["hl"], box["hu"]))
    return rounded(c, np.ones(x.net.n), 2 * c, h + 1)


def _unclipped_image(x: Anomaly) -> tuple[Enclosure, Enclosure]:
    """Φ(d₀) on X_L without a clip, against d₀: were it never above, first entry and last exit would agree without one."""
    box, d0 = anomaly_set(x.net, x.L, *x.range, iters=x.rounds)
    return rounded(phi(x.net, gate_ranges(x.net, box), np.full(2 * x.net.n, np.inf))(d0)), rounded(d0)


def _never_above_the_side(stays: bool) -> Evidence:
    """C_L − (f C_L + (1 − f) C_0) = (1 − f) L: what (1 − f) C_0 ≥ max(0, P) leaves to spare."""
    import sympy

    f, C0, L = sympy.symbols("f C0 L", positive=True)
    return identity(lambda: C0 + L - (f * (C0 + L) + (1 - f) * C0) - (1 - f if stays else 1) * L)


FAST = formula_net(2, 1, 0.1, 0.3, 0.3, -1)

CLAIM = Claim(
    source="new",
    says="after L arbitrary inputs |c| ≤ C_L, |h| ≤ 1 and d_t ≤ d₀ for all t",
    space={
        **weights(),
        "L": Int(0, 30),
        "rounds": Int(1, 5),
        "size": Real(0.1, 1000, log=True),
        "sign": Array(("m",), -1, 1),
        "c": Array((2, "n"), 0, 1),
        "h": Array((2, "n"), 0, 1),
        "u": Array((8, "m"), -1, 1),
    },
    build=anomaly,
    assumes={},
    actual=reached,
    bound=allowed,
    falsified={
        "|c| stays below the limit box's mag c": {"bound": _as_if_bounded},
        "half of every anomalous input is forgotten": {"bound": partial(allowed, share=0.5)},
        "Φ(d₀) ≤ d₀ without a clip": {
            "actual": lambda x: _unclipped_image(x)[0],
            "bound": lambda x: _unclipped_image(x)[1],
        },
    },
    covers={"beyond the usual inputs": lambda x: bool(np.abs(x.u).max() > 1), "no anomaly": lambda x: x.L == 0},
    witness={
        "|c| stays below the limit box's mag c": {
            **named(W_c=1, W_i=1, W_f=1),
            "L": 20,
            "rounds": 60,
            "size": 50.0,
            "sign": [1.0],
            "c": [[0.5], [0.5]],  # the box is symmetric: both start at 0
            "h": [[0.5], [0.5]],
            "u": np.zeros((8, 1)),
        },
        "Φ(d₀) ≤ d₀ without a clip": {
            **of_net(FAST),
            "L": 3,
            "rounds": 60,
            "size": 50.0,
            "sign": [1.0],
            "c": np.full((2, 2), 0.5),
            "h": np.full((2, 2), 0.5),
            "u": np.zeros((8, 1)),
        },
    },
    proof=(
        Step(
            says="C_L − (f̄ C_L + (1 − f̄) C_0) = (1 − f̄) L ≥ 0",
            check=lambda: _never_above_the_side(True),
            false_twin=lambda: _never_above_the_side(False),
        ),
    ),
    cost=0.001,
)
