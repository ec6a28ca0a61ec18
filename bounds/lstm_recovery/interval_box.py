r"""States stay in a box that interval arithmetic gives, with a side for every unit and the signs of weights and biases.

From $h\in[h_l,h_u]$ and $u\in[u_l,u_u]$ follow ranges of all preactivations, so of $f\le\bar f$, $i$, $o\le\bar o$, $g$. With
$P=\max i g$, $Q=\min i g$, unit by unit,
$$ c_u=\frac{\max(0,P)}{1-\bar f},\quad c_l=\frac{\min(0,Q)}{1-\bar f},\qquad
   h_u\gets\bar o\tanh c_u,\quad h_l\gets\bar o\tanh c_l . $$
Start at $[-1,1]^n$ and stop after any number $K\ge1$ of rounds. The box $\{c_l\le c\le c_u,\ h_l\le h\le h_u\}$ (new $h$) is
invariant, contains 0, shrinks with $K$, and lies in $X_{K-1}$ of `norm_sets`.

Why: if $c\le c_u$ and $c_u\ge0$ then $fc+ig\le\bar fc_u+\max(0,P)=c_u$; the new $h$ is within the $h$ that the gates assumed.
The clipping at 0 is needed: without it the box can miss where the net starts (a variant below).
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from bounds.claim import Array, Claim, Enclosure, Evidence, Int, Real, Step, rounded
from bounds.common.lstm import LSTMNet, Tape, run, sigmoid, sigmoid_slope, tanh_slope
from bounds.lstm_recovery.instances import inside, named, net_of, weights
from bounds.lstm_recovery.norm_sets import norm_invariant_set
from bounds.measure.ball import positive_on_boxes
from bounds.measure.symbolic import identity

Box = dict[str, np.ndarray]  # cl, cu, hl, hu (n,) and the inputs it was made for, ulo, uhi (m,)
Ranges = dict[str, tuple[np.ndarray, np.ndarray]]  # name -> (smallest, largest), each (n,)


def input_range(net: LSTMNet, ulo: Any, uhi: Any) -> tuple[np.ndarray, np.ndarray]:
    """Both ends as (m,); numbers are repeated. ValueError if an end is not finite or lies on the wrong side."""
    lo, hi = (np.array(np.broadcast_to(np.asarray(end, float), net.m)) for end in (ulo, uhi))
    if not (np.isfinite(lo).all() and np.isfinite(hi).all() and (lo <= hi).all()):
        raise ValueError(f"the input range must be finite with ulo <= uhi in all {net.m} inputs, got {lo} and {hi}")
    return lo, hi


def preactivations(net: LSTMNet, box: Box) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest preactivation of every gate, (4, n), for h and u in the box."""
    mid_h, half_h = (box["hu"] + box["hl"]) / 2, (box["hu"] - box["hl"]) / 2
    mid_u, half_u = (box["uhi"] + box["ulo"]) / 2, (box["uhi"] - box["ulo"]) / 2
    mid = net.W @ mid_u + net.U @ mid_h + net.b
    half = np.abs(net.W) @ half_u + np.abs(net.U) @ half_h
    return mid - half, mid + half


def _products(i: tuple[np.ndarray, np.ndarray], g: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Smallest and largest i·g for i > 0."""
    return np.where(g[0] < 0, i[1], i[0]) * g[0], np.where(g[1] > 0, i[1], i[0]) * g[1]


def invariant_box(net: LSTMNet, ulo: Any = -1.0, uhi: Any = 1.0, iters: int = 200, clip: bool = True) -> Box:
    """The box after `iters` rounds (fewer if nothing moves any more), for inputs in [ulo, uhi], numbers or (m,).

    ValueError where a cell state has no bound in floats: a forget gate so wide open that 1 - f underflows.

    >>> net = LSTMNet(np.zeros((4, 1, 1)), np.zeros((4, 1, 1)), np.array([[2.0], [0.0], [0.0], [3.0]]))
    >>> box = invariant_box(net)
    >>> box["cl"].round(3), box["cu"].round(3)
    (array([0.]), array([4.174]))
    """
    if iters < 1:
        raise ValueError(f"iters must be at least 1, got {iters}")
    lo, hi = input_range(net, ulo, uhi)
    box = {"cl": -np.ones(net.n), "cu": np.ones(net.n), "hl": -np.ones(net.n), "hu": np.ones(net.n), "ulo": lo, "uhi": hi}
    for _ in range(iters):
        a_lo, a_hi = preactivations(net, box)
        Q, P = _products((sigmoid(a_lo[1]), sigmoid(a_hi[1])), (np.tanh(a_lo[3]), np.tanh(a_hi[3])))
        if clip:
            Q, P = np.minimum(Q, 0.0), np.maximum(P, 0.0)
        leak, o = sigmoid(-a_hi[0]), sigmoid(a_hi[2])
        with np.errstate(divide="ignore", over="ignore"):
            cl, cu = (np.divide(x, leak, out=np.zeros(net.n), where=x != 0) for x in (Q, P))
        hl, hu = o * np.tanh(cl), o * np.tanh(cu)
        settled = np.array_equal(hl, box["hl"]) and np.array_equal(hu, box["hu"])
        box |= {"cl": cl, "cu": cu, "hl": hl, "hu": hu}
        if settled:
            break
    if not np.isfinite([box["cl"], box["cu"]]).all():
        unit = int(np.argmin(np.isfinite(box["cl"]) & np.isfinite(box["cu"])))
        raise ValueError(f"the cell state of unit {unit} has no bound in floats: its forget gate may be 1 up to rounding")
    return box


def _slopes(slope: Any, lo: np.ndarray, hi: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Range over [lo, hi] of an even slope that falls away from 0: largest where the interval comes nearest to 0."""
    return slope(np.maximum(np.abs(lo), np.abs(hi))), slope(np.maximum(np.maximum(lo, -hi), 0.0))


def gate_ranges(net: LSTMNet, box: Box, ulo: Any = None, uhi: Any = None) -> Ranges:
    """Ranges on a box of f, i, o, g, of c and t = tanh c, and of the slopes df, di, do, dg, dt, each (smallest, largest).

    Inputs are those of the box unless ulo and uhi are given. ValueError if neither says what they are."""
    missing = [k for k, v in (("ulo", ulo), ("uhi", uhi)) if v is None and k not in box]
    if missing or not {"cl", "cu", "hl", "hu"} <= box.keys():
        raise ValueError(f"a box holds cl, cu, hl, hu and its inputs' ulo, uhi, got only {', '.join(box)}")
    if ulo is not None or uhi is not None:
        lo, hi = input_range(net, box["ulo"] if ulo is None else ulo, box["uhi"] if uhi is None else uhi)
        box = {**box, "ulo": lo, "uhi": hi}
    a_lo, a_hi = preactivations(net, box)
    ranges: Ranges = {"c": (box["cl"], box["cu"]), "t": (np.tanh(box["cl"]), np.tanh(box["cu"]))}
    for k, gate in enumerate("fio"):
        ranges[gate] = sigmoid(a_lo[k]), sigmoid(a_hi[k])
        ranges["d" + gate] = _slopes(sigmoid_slope, a_lo[k], a_hi[k])
    ranges["g"] = np.tanh(a_lo[3]), np.tanh(a_hi[3])
    ranges["dg"] = _slopes(tanh_slope, a_lo[3], a_hi[3])
    ranges["dt"] = _slopes(tanh_slope, box["cl"], box["cu"])
    return ranges


def widths(box: Box) -> np.ndarray:
    """w = (cu - cl, hu - hl), (2n,): how far two states of the box can be apart."""
    return np.concatenate([box["cu"] - box["cl"], box["hu"] - box["hl"]])


@dataclass(frozen=True, eq=False)
class Boxed:
    """A net, its box after K rounds, and two starts with the same inputs: a state of the box, and zero."""

    net: LSTMNet
    box: Box
    rounds: int
    start: np.ndarray  # (2, n) fractions of the box's sides
    u: np.ndarray  # (T, m)
    clip: bool = True

    @cached_property
    def tape(self) -> Tape:
        """Both trajectories."""
        c = np.stack([inside(self.box["cl"], self.box["cu"], self.start[0]), np.zeros(self.net.n)])
        h = np.stack([inside(self.box["hl"], self.box["hu"], self.start[1]), np.zeros(self.net.n)])
        return run(self.net, c, h, np.repeat(self.u[:, None], 2, axis=1))


def boxed(
    W: Any, U: Any, b: Any, rounds: int, centre: Any, half: float, start: Any, u: Any, clip: bool = True, **sides: int
) -> Boxed:
    """Inputs range over centre ± half; `start` and `u` are fractions of the sides, 0 at the lower end."""
    net, centre = net_of(W, U, b), np.asarray(centre, float)
    box = invariant_box(net, centre - half, centre + half, rounds, clip)
    return Boxed(net, box, rounds, np.asarray(start, float), inside(box["ulo"], box["uhi"], u), clip)


def extremes(x: Boxed) -> Enclosure:
    """Largest c, −c, h, −h of any unit's trajectory, against its own side, and the norms of the box's corners; then 0,
    which is exact, against all four sides.

    Rounding as in `norm_sets`: 1e-11 of the state's size, and 1e-13 for states near 0.
    """
    c, h = x.tape.c[1:].reshape(-1, x.net.n), x.tape.h[1:].reshape(-1, x.net.n)
    corner = [
        np.full(x.net.n, max(np.abs(x.box[lo]).max(), np.abs(x.box[hi]).max())) for lo, hi in (("cl", "cu"), ("hl", "hu"))
    ]
    states = rounded(c.max(axis=0), -c.min(axis=0), h.max(axis=0), -h.min(axis=0), *corner, rel=1e-11, abs=1e-13)
    zero = np.zeros((4, x.net.n))
    return Enclosure(np.vstack([states.lo, zero]), np.vstack([states.hi, zero]))


def sides_of(x: Boxed) -> Enclosure:
    """The sides of the box, those of X_{K−1}, and the box again as it is, since floats do not change its signs.

    Rounding: preactivations of at most 20 lose a few ulps, which 1 − f̄ magnifies: 1e-14/(1 − f̄), and 1e-12 relatively."""
    umax = float(max(np.abs(x.box["ulo"]).max(), np.abs(x.box["uhi"]).max()))
    s, sides = norm_invariant_set(x.net, x.rounds - 1, umax), _sides(x.box)
    found = rounded(*sides, s["cb"], s["H_next"], abs=_lost(x))
    return Enclosure(np.vstack([found.lo, sides]), np.vstack([found.hi, sides]))


def _lost(x: Boxed) -> float:
    return 1e-14 / float(sigmoid(-preactivations(x.net, x.box)[1][0]).min())


def _sides(box: Box) -> list[np.ndarray]:
    return [box["cu"], -box["cl"], box["hu"], -box["hl"]]


def _one_round_more(x: Boxed) -> Enclosure:
    return rounded(*_sides(invariant_box(x.net, x.box["ulo"], x.box["uhi"], x.rounds + 1, x.clip)), abs=_lost(x))


def _falls(gate: str, sign: int) -> Evidence:
    """−s″ = s(1 − s)(2s − 1), or −tanh″ = 2t(1 − t²), times a sign, is positive to the right of 0."""

    def fall(z: Any) -> Any:
        value = 1 / (1 + (-z).exp()) if gate == "sigmoid" else z.tanh()
        return sign * (value * (1 - value) * (2 * value - 1) if gate == "sigmoid" else 2 * value * (1 - value**2))

    return positive_on_boxes(fall, [[(Fraction(1, 64), 20)]])


def _slack_of_the_side(clipped: bool) -> Evidence:
    import sympy

    top, f, c, P, p = sympy.symbols("top f c P p", real=True)
    cu = P / (1 - top)
    kept = (top - f) * cu if clipped else 0
    return identity(lambda: cu - (f * c + p) - kept - f * (cu - c) - (P - p), {"top": (0, "9/10")})


SPACE = {
    **weights(),
    "rounds": Int(1, 6),
    "centre": Array(("m",), -1, 1),
    "half": Real(0, 1),
    "start": Array((2, "n"), 0, 1),
    "u": Array((12, "m"), 0, 1),
}

CLAIM = Claim(
    source="new",
    says="the K-th box is invariant, contains 0 and lies in X_{K−1}",
    space=SPACE,
    build=boxed,
    assumes={},
    actual=extremes,
    bound=sides_of,
    falsified={"no clipping at 0": {"build": lambda **point: boxed(**point, clip=False)}},
    also_true={"one round more lies inside": {"actual": _one_round_more, "bound": lambda x: rounded(*_sides(x.box))}},
    covers={"one constant input": lambda x: bool(np.all(x.box["ulo"] == x.box["uhi"]))},
    witness={
        "no clipping at 0": {
            **named(b_f=2, b_c=3),
            "rounds": 3,
            "centre": [0.0],
            "half": 1.0,
            "start": [[0.0], [0.0]],
            "u": np.zeros((12, 1)),
        }
    },
    proof=(
        Step(
            says="c_u − (f c + p) = (f̄ − f) c_u + f (c_u − c) + (P − p): three terms ≥ 0 if c_u ≥ 0",
            check=lambda: _slack_of_the_side(True),
            false_twin=lambda: _slack_of_the_side(False),
        ),
        Step(
            says="s′ falls on [1/64, 20], so its range has its ends where the interval is nearest to 0 and farthest",
            check=lambda: _falls("sigmoid", 1),
            false_twin=lambda: _falls("sigmoid", -1),
        ),
        Step(
            says="tanh′ falls on [1/64, 20]",
            check=lambda: _falls("tanh", 1),
            false_twin=lambda: _falls("tanh", -1),
        ),
    ),
    cost=0.0006,
)
