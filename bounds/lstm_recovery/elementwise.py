r"""One number per unit instead of two in all: nonnegative 2n x 2n matrices that bound how far two copies are apart.

On a convex invariant box (`interval_box`) with ranges of gates, of their slopes $f',\dots$, of $t=\tanh c$, and with
$\mathrm{mag}[l,u]=\max(|l|,|u|)$, let $[M]=[cf']U_f+[ig']U_c+[gi']U_i$ be a sum of interval matrices, signs kept. Then
$$ d_{t+1}\le A_{jac}\,d_t,\qquad A_{jac}=\begin{pmatrix}\mathrm{diag}\,\bar f&\mathrm{mag}[M]\\
   \mathrm{diag}(\overline{ot'}\bar f)&\mathrm{mag}([ot'][M]+[to']U_o)\end{pmatrix}, $$
and $A_{jac}\le A_{lip}$, which takes magnitudes before it adds: its upper right block is
$\mathrm{diag}(\mathrm{mag}(c)f'_{max})|U_f|+\mathrm{diag}(\bar ig'_{max})|U_c|+\mathrm{diag}(\mathrm{mag}(g)i'_{max})|U_i|$,
and its lower rows are $\bar o$ times the upper ones, plus $\mathrm{diag}(\mathrm{mag}(t)o'_{max})|U_o|$ on the right.

Why: $\Delta x^+=\int_0^1J(\tilde x+s\Delta x,u)\,ds\,\Delta x$ along a segment inside the box, and $|J|\le A_{jac}$ on the box.
The absolute values cannot be dropped, and a slope is largest at 0, not in the middle of a range (variants below).
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bounds.claim import Array, Claim, Enclosure, Evidence, Int, Real, Step, rounded
from bounds.common.lstm import LSTMNet, sigmoid_slope
from bounds.lstm_recovery.instances import Pair, inside, named, net_of, shared, weights, with_one_gate
from bounds.lstm_recovery.interval_box import Box, Ranges, gate_ranges, invariant_box, preactivations, widths
from bounds.measure.symbolic import identity


def mag(interval: tuple[np.ndarray, np.ndarray]) -> np.ndarray:
    """Largest absolute value of an interval."""
    return np.asarray(np.maximum(np.abs(interval[0]), np.abs(interval[1])))


def _times(a: tuple[np.ndarray, np.ndarray], b: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Product of intervals, the second nonnegative."""
    return np.minimum(a[0] * b[0], a[0] * b[1]), np.maximum(a[1] * b[0], a[1] * b[1])


def _rows(a: tuple[np.ndarray, np.ndarray], U: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The rows of U scaled by intervals."""
    lo, hi = a[0][:, None] * U, a[1][:, None] * U
    return np.minimum(lo, hi), np.maximum(lo, hi)


def lipschitz_of(U: np.ndarray, r: Ranges) -> np.ndarray:
    """A_lip from gate ranges and |U|."""
    M = (mag(r["c"]) * r["df"][1])[:, None] * U[0] + (r["i"][1] * r["dg"][1])[:, None] * U[3]
    M += (mag(r["g"]) * r["di"][1])[:, None] * U[1]
    top = np.hstack([np.diag(r["f"][1]), M])
    bottom = r["o"][1][:, None] * top
    bottom[:, len(M) :] += (mag(r["t"]) * r["do"][1])[:, None] * U[2]
    return np.vstack([top, bottom])


def jacobian_of(U: np.ndarray, r: Ranges) -> np.ndarray:
    """A_jac from gate ranges and U."""
    parts = [_rows(_times(r["c"], r["df"]), U[0]), _rows(_times(r["i"], r["dg"]), U[3]), _rows(_times(r["g"], r["di"]), U[1])]
    lo, hi = (np.add.reduce(ends) for ends in zip(*parts, strict=True))
    ot = r["o"][0] * r["dt"][0], r["o"][1] * r["dt"][1]
    through = np.minimum(ot[0][:, None] * lo, ot[1][:, None] * lo), np.maximum(ot[0][:, None] * hi, ot[1][:, None] * hi)
    direct = _rows(_times(r["t"], r["do"]), U[2])
    lower = mag((through[0] + direct[0], through[1] + direct[1]))
    return np.block([[np.diag(r["f"][1]), mag((lo, hi))], [np.diag(ot[1] * r["f"][1]), lower]])


def lipschitz_matrix(net: LSTMNet, box: Box, ulo: Any = None, uhi: Any = None) -> np.ndarray:
    """A_lip on a box, (2n, 2n), cell states first; the inputs are those of the box unless given."""
    return lipschitz_of(np.abs(net.U), gate_ranges(net, box, ulo, uhi))


def jacobian_matrix(net: LSTMNet, box: Box, ulo: Any = None, uhi: Any = None) -> np.ndarray:
    """A_jac on a box, (2n, 2n), cell states first; the inputs are those of the box unless given."""
    return jacobian_of(net.U, gate_ranges(net, box, ulo, uhi))


@dataclass(frozen=True, eq=False)
class BoxPair(Pair):
    """Two copies with the same inputs that start in an invariant box."""

    box: Box

    @cached_property
    def ranges(self) -> Ranges:
        """Gate ranges on the box."""
        return gate_ranges(self.net, self.box)


def box_pair(
    W: Any, U: Any, b: Any, rounds: int, centre: Any, half: float, c: Any, h: Any, u: Any, only: int = -1, **sides: int
) -> BoxPair:
    """Inputs range over centre ± half; c, h (2, n) and u (T, m) are fractions of the sides, 0 at the lower end."""
    net, centre = with_one_gate(net_of(W, U, b), only), np.asarray(centre, float)
    box = invariant_box(net, centre - half, centre + half, rounds)
    start = inside(box["cl"], box["cu"], c), inside(box["hl"], box["hu"], h)
    return BoxPair(net, *start, shared(inside(box["ulo"], box["uhi"], u)), box)


def box_space(steps: int, n: int = 2, size: float = 1.5) -> dict[str, Any]:
    """Coordinates of `box_pair`."""
    return {
        **weights(n=n, size=size),
        "rounds": Int(1, 5),
        "centre": Array(("m",), -1, 1),
        "half": Real(0, 1),
        "c": Array((2, "n"), 0, 1),
        "h": Array((2, "n"), 0, 1),
        "u": Array((steps, "m"), 0, 1),
    }


def predicted(x: BoxPair, matrices: list[np.ndarray]) -> Enclosure:
    """A d for each matrix. Sums of nonnegative products: 1e-12 of themselves, as ranges lose a few ulps of 20 at most."""
    return rounded(np.array([A @ x.distance[0] for A in matrices]))


def _slope_in_the_middle(x: BoxPair) -> Enclosure:
    lo, hi = preactivations(x.net, x.box)
    middle = sigmoid_slope((lo[1] + hi[1]) / 2)
    return predicted(x, [lipschitz_of(np.abs(x.net.U), {**x.ranges, "di": (middle, middle)})])


def _new_state(missing: str) -> Evidence:
    """The Jacobian of one unit from sympy's derivative of the step, against the formula; `missing` names a term left out."""
    import sympy

    c, h, *p = sympy.symbols("c h uf bf ui bi uo bo uc bc", real=True)

    def s(z: Any) -> Any:
        return 1 / (1 + sympy.exp(-z))

    f, i, o = (s(p[2 * k] * h + p[2 * k + 1]) for k in range(3))
    g = sympy.tanh(p[6] * h + p[7])
    new = f * c + i * g
    M = c * f * (1 - f) * p[0] + i * (1 - g**2) * p[6] + (g * i * (1 - i) * p[2] if missing != "input gate" else 0)
    total = o * (1 - sympy.tanh(new) ** 2) * M + sympy.tanh(new) * o * (1 - o) * p[4]
    return identity(lambda: sympy.diff(o * sympy.tanh(new), h) - total)


def _falls_away(sign: int) -> Evidence:
    import sympy

    z = sympy.Symbol("z", real=True)
    s = 1 / (1 + sympy.exp(-z))
    return identity(lambda: sympy.diff(s, z, 2) + sign * sympy.diff(s, z) * (2 * s - 1))


FLIP = np.array([[0.9, -0.9], [0.9, -0.9]])  # nilpotent
NILPOTENT = named(n=2, U_c=FLIP, b_f=-12, b_i=12, b_o=12, b_c=np.array([0.9 * np.tanh(np.tanh(5)), 5.0]))
STEEP = named(U_i=30, b_f=-12, b_i=-1.5, b_o=10, b_c=np.arctanh(0.1))
REST = widths(invariant_box(net_of(NILPOTENT["W"], NILPOTENT["U"], NILPOTENT["b"]), 0.0, 0.0, 60))[2:]
OPPOSITE = 0.5 + np.array([[0.01, 0.0], [0.0, 0.01]]) / REST  # Δh = (x, −x)
STILL = {"rounds": 60, "centre": [0.0], "half": 0.0, "u": np.zeros((1, 1))}

CLAIM = Claim(
    source="new",
    says="d_{t+1} ≤ A_jac d_t and d_{t+1} ≤ A_lip d_t on an invariant box",
    space=box_space(steps=1),
    build=box_pair,
    assumes={},
    actual=lambda x: x.distance_within(1),
    bound=lambda x: predicted(x, [jacobian_of(x.net.U, x.ranges), lipschitz_of(np.abs(x.net.U), x.ranges)]),
    falsified={
        "no absolute values: U for |U|": {"bound": lambda x: predicted(x, [lipschitz_of(x.net.U, x.ranges)])},
        "the slope in the middle of the range": {"bound": _slope_in_the_middle},
    },
    covers={"one constant input": lambda x: bool(np.all(x.box["ulo"] == x.box["uhi"]))},
    witness={
        "no absolute values: U for |U|": {**NILPOTENT, **STILL, "c": np.full((2, 2), 0.5), "h": OPPOSITE},
        "the slope in the middle of the range": {**STEEP, **STILL, "c": [[0.5], [0.5]], "h": [[1.0], [0.998]]},
    },
    proof=(
        Step(
            says="∂h⁺/∂h = o t′(c f′U_f + i g′U_c + g i′U_i) + t o′U_o",
            check=lambda: _new_state(""),
            false_twin=lambda: _new_state("input gate"),
        ),
        Step(
            says="s″ = −s′(2s − 1), so s′ falls away from 0 on both sides",
            check=lambda: _falls_away(1),
            false_twin=lambda: _falls_away(-1),
        ),
    ),
    cost=0.001,
)
