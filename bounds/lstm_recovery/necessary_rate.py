r"""No certificate of this kind can promise a faster rate than the net has at its slowest equilibrium.

If $x^*=F(x^*,u)$ for an admissible constant $u$, every certified rate $r$ (norms, box, elementwise, gate coupling, matrix
inequality) obeys $r\ge\rho(J(x^*,u))$; so do p-cycles, with $\rho(J_p\cdots J_1)^{1/p}$.

Why: a certificate bounds $d_t\le\mathrm{const}\cdot r^t$ for all pairs, also for pairs very near $x^*$, where the distance
behaves like $J^t$. (For a seminorm $|\cdot|_P$ an eigenvector of $J$ with hidden part 0 has cell part 0 too, so it is seen.)
What it does not say: $r\ge\rho(|J|)$ fails, because the 2-norm sees signs.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from bounds.claim import Array, Claim, Enclosure, Int, Real
from bounds.common.lstm import LSTMNet, jacobian, run, sigmoid_slope
from bounds.lstm_recovery.elementwise import jacobian_of, lipschitz_of
from bounds.lstm_recovery.gate_coupling import map_rate, psi
from bounds.lstm_recovery.instances import inside, named, net_of, weights
from bounds.lstm_recovery.interval_box import Box, Ranges, gate_ranges, invariant_box, preactivations
from bounds.lstm_recovery.ladder import H4, box_matrix_of, perron
from bounds.lstm_recovery.norm_comparison import comparison_matrix_2x2


@dataclass(frozen=True, eq=False)
class Cycle:
    """A net, its box, and inputs that repeat for ever."""

    net: LSTMNet
    box: Box
    u: np.ndarray  # (p, m)

    @cached_property
    def states(self) -> tuple[np.ndarray, np.ndarray, float]:
        """c, h (p + 1, n) of the cycle that iteration from 0 approaches, and by how much it fails to close."""
        p, zero = len(self.u), np.zeros(self.net.n)
        tape = run(self.net, zero, zero, np.tile(self.u, (400 // p + 1, 1)))
        c, h = tape.c[-p - 1 :], tape.h[-p - 1 :]
        return c, h, float(max(np.abs(c[-1] - c[0]).max(), np.abs(h[-1] - h[0]).max()))

    @cached_property
    def product(self) -> np.ndarray:
        """J_p ... J_1."""
        cs, hs, _ = self.states
        J = np.eye(2 * self.net.n)
        for step in jacobian(self.net, cs[:-1], hs[:-1], self.u):
            J = step @ J
        return J

    @cached_property
    def ranges(self) -> Ranges:
        """Gate ranges on the box."""
        return gate_ranges(self.net, self.box)


def cycle(W: Any, U: Any, b: Any, period: int, rounds: int, half: float, u: Any, **sides: int) -> Cycle:
    """Inputs in [-half, half]; u (2, m) are fractions of that, of which the first `period` are repeated."""
    net = net_of(W, U, b)
    box = invariant_box(net, -half, half, rounds)
    return Cycle(net, box, inside(box["ulo"], box["uhi"], u)[:period])


def slowest(x: Cycle) -> Enclosure:
    """ρ(J_p...J_1)^(1/p). An eigenvalue moves by its condition number times the error of the matrix, which is 1e-11 of
    its size over 1 − ρ: the cycle closes up to 1e-12, and what fails to close decays at the rate ρ from here on."""
    values, vectors = np.linalg.eig(x.product)
    k, size = int(np.argmax(np.abs(values))), float(np.abs(x.product).sum())
    try:
        condition = float(np.linalg.norm(np.linalg.inv(vectors)[k]) * np.linalg.norm(vectors[:, k]))
    except np.linalg.LinAlgError:
        condition = np.inf
    value = float(abs(values[k]))
    slack = 1e-11 * (size + 1e-300) * condition / max(1 - value, 1e-6)
    lo, hi = max(value - slack, 0.0), value + slack
    return Enclosure(lo ** (1 / len(x.u)), hi ** (1 / len(x.u)))


def _stacked(*rates: Enclosure) -> Enclosure:
    return Enclosure(np.array([r.lo for r in rates]), np.array([r.hi for r in rates]))


def rates(x: Cycle) -> Enclosure:
    """Certified rates: the box's 2x2 and the paper's for q = inf, 2, 1, A_lip, A_jac, and Ψ, each the least its vectors
    give. The cycle lies in every X_k."""
    umax = float(np.abs(x.box["uhi"]).max())
    norms = [perron(box_matrix_of(x.net, x.ranges, q))[0] for q in (np.inf, 2.0, 1.0)]
    norms += [perron(comparison_matrix_2x2(x.net, 3, q, umax).A)[0] for q in (np.inf, 2.0, 1.0)]
    matrices = [perron(A)[0] for A in (lipschitz_of(np.abs(x.net.U), x.ranges), jacobian_of(x.net.U, x.ranges))]
    r = map_rate(psi(x.net, x.ranges), 2 * x.net.n, iters=20)[0]
    return _stacked(*norms, *matrices, Enclosure(r * (1 - 1e-12), r * (1 + 1e-12)))


def _halved_slopes(x: Cycle) -> Enclosure:
    halved = {**x.ranges, **{name: (x.ranges[name][0] / 2, x.ranges[name][1] / 2) for name in ("df", "di", "do")}}
    return perron(box_matrix_of(x.net, halved))[0]


def _middle_slope(x: Cycle) -> Enclosure:
    lo, hi = preactivations(x.net, x.box)
    middle = sigmoid_slope((lo[1] + hi[1]) / 2)
    return perron(lipschitz_of(np.abs(x.net.U), {**x.ranges, "di": (middle, middle)}))[0]


def _radius_for_norm(x: Cycle) -> Enclosure:
    """A_box with ρ(U_g) in place of ‖U_g‖_∞: of one unit with the same effect, diag(ρ(U_g)). 1e-6: eigenvalues of a
    nilpotent matrix in floats are off by the square root of an ulp."""
    radii = [np.diag(np.full(x.net.n, np.abs(np.linalg.eigvals(U)).max())) for U in x.net.U]
    rate = perron(box_matrix_of(LSTMNet(x.net.W, np.array(radii), x.net.b), x.ranges))[0]
    return Enclosure(np.asarray(rate.lo) - 1e-6, np.asarray(rate.hi) + 1e-6)


def _no_absolute_values(x: Cycle) -> Enclosure:
    value = float(np.abs(np.linalg.eigvals(lipschitz_of(x.net.U, x.ranges))).max())
    return Enclosure(value - 1e-6, value + 1e-6)


STEEP = named(U_i=30, b_f=-12, b_i=-1.5, b_o=10, b_c=np.arctanh(0.1))
FLIP = np.array([[0.9, -0.9], [0.9, -0.9]])
NILPOTENT = named(n=2, U_c=FLIP, b_f=-12, b_i=12, b_o=12, b_c=np.array([0.9 * np.tanh(np.tanh(5)), 5.0]))
HADAMARD = named(n=4, U_c=0.45 * H4, b_f=-12, b_i=12, b_o=12)
STILL = {"period": 1, "rounds": 60, "half": 0.0, "u": [[0.5]]}

CLAIM = Claim(
    source="new",
    says="r ≥ ρ(J_p ⋯ J_1)^{1/p} for every certified rate r and every p-cycle",
    space={
        **weights(),
        "period": Int(1, 2),
        "rounds": Int(1, 5),
        "half": Real(0, 1),
        "u": Array((2, "m"), 0, 1),
    },
    build=cycle,
    assumes={"the cycle closes": lambda x: 1e-12 - x.states[2]},
    actual=slowest,
    bound=rates,
    falsified={
        "a sigmoid's slope is 1/8": {"bound": _halved_slopes},
        "the slope in the middle of the range": {"bound": _middle_slope},
        "no absolute values: U for |U|": {"bound": _no_absolute_values},
        "the spectral radius ρ(U) for the norm ‖U‖": {"bound": _radius_for_norm},
        "r ≥ ρ(|J|)": {"actual": lambda x: perron(np.abs(x.product))[0]},
    },
    covers={"a 2-cycle": lambda x: len(x.u) == 2},
    witness={
        "a sigmoid's slope is 1/8": {**STEEP, **STILL},
        "the slope in the middle of the range": {**STEEP, **STILL},
        "no absolute values: U for |U|": {**NILPOTENT, **STILL},
        "the spectral radius ρ(U) for the norm ‖U‖": {**NILPOTENT, **STILL},
        "r ≥ ρ(|J|)": {**HADAMARD, **STILL},
    },
    cost=0.005,
)
