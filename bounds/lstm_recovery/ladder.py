r"""Rates get better from the norms to the box, from the box to the units, from magnitudes to signs.

$$ \rho(A_{jac})\le\rho(A_{lip})\le\rho(A_{box,\infty})\le\rho(A_{k,\infty}), $$
where $A_{box}$ is the 2x2 matrix of `norm_comparison` with numbers read from the box of `interval_box` after $k+1$ rounds:
$s_f=\max\bar f$, $s_o=\max\bar o$, $\alpha=N_f\max(\mathrm{mag}(c)f')+N_c\max(\bar ig')+N_i\max(\mathrm{mag}(g)i')$,
$\beta=N_o\max(\mathrm{mag}(t)o')$.

Why: with $v$ a Perron vector of $A_{box}$, $w=(v_1,..,v_1,v_2,..,v_2)$ satisfies $A_{lip}w\le\rho(A_{box})w$, as a row sum
of $|U_g|$ is at most $N_g=\|U_g\|_\infty$ (Collatz-Wielandt; if $v$ has a zero, perturb and pass to the limit). The other two:
the entries decrease. ONLY for $q=\infty$: the 2-norm can beat every elementwise matrix (a variant below), so whoever wants
the best certificate takes the minimum.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np

from bounds.claim import Claim, Enclosure, Evidence, Int, Real, Step
from bounds.common.lstm import LSTMNet
from bounds.lstm_recovery.elementwise import jacobian_matrix, lipschitz_matrix, mag
from bounds.lstm_recovery.instances import named, net_of, weights
from bounds.lstm_recovery.interval_box import Box, Ranges, gate_ranges, invariant_box
from bounds.lstm_recovery.norm_comparison import comparison_matrix_2x2
from bounds.measure.symbolic import identity


def box_matrix_of(net: LSTMNet, r: Ranges, q: float = np.inf) -> np.ndarray:
    """A_box from gate ranges."""
    N_f, N_i, N_o, N_c = (float(np.linalg.norm(U, q)) for U in net.U)
    al = N_f * (mag(r["c"]) * r["df"][1]).max() + N_c * (r["i"][1] * r["dg"][1]).max()
    al += N_i * (mag(r["g"]) * r["di"][1]).max()
    be = N_o * (mag(r["t"]) * r["do"][1]).max()
    sf, so = r["f"][1].max(), r["o"][1].max()
    return np.array([[sf, al], [so * sf, so * al + be]])


def box_matrix(net: LSTMNet, box: Box, ulo: Any = None, uhi: Any = None, q: float = np.inf) -> np.ndarray:
    """A_box, (2, 2), with the numbers of a box, in the q-norm (1, 2 or inf); inputs are those of the box unless given."""
    return box_matrix_of(net, gate_ranges(net, box, ulo, uhi), q)


def perron(A: np.ndarray) -> tuple[Enclosure, np.ndarray]:
    """The spectral radius of a nonnegative matrix, enclosed by Collatz-Wielandt, and the positive vector that bounds it.

    For any w ≥ 0, w ≠ 0: min (Aw)_i/w_i over the support of w ≤ ρ; for w > 0: ρ ≤ max (Aw)_i/w_i. So an inaccurate
    eigenvector costs width, never truth; 1e-13 is for the quotients' own rounding. A matrix that overflowed has no bound.
    """
    if not np.isfinite(A).all():
        return Enclosure(0.0, np.inf), np.ones(len(A))
    values, vectors = np.linalg.eig(A)
    w = np.abs(vectors[:, np.argmax(values.real)])
    above = A + 1e-15 * A.max(initial=1e-300)  # an irreducible neighbour, so that w becomes positive
    w = w / w.max() + 1e-12
    for _ in range(3):
        w = above @ w + 1e-3 * w
        w /= w.max()
    support = np.where(w > 1e-9, w, 0.0)
    ratio = (A @ support)[support > 0] / support[support > 0]
    return Enclosure(float(ratio.min()) * (1 - 1e-13), float((A @ w / w).max()) * (1 + 1e-13)), w


@dataclass(frozen=True, eq=False)
class Rung:
    """A net, the k of its norm bounds, and the box after k + 1 rounds."""

    net: LSTMNet
    k: int
    umax: float

    @property
    def box(self) -> Box:
        """Inputs in [-umax, umax]."""
        return invariant_box(self.net, -self.umax, self.umax, self.k + 1)


def rung(W: Any, U: Any, b: Any, k: int, umax: float, **sides: int) -> Rung:
    """A net and a step of the refinement."""
    return Rung(net_of(W, U, b), k, umax)


def _together(*parts: Enclosure) -> Enclosure:
    return Enclosure(np.array([p.lo for p in parts]), np.array([p.hi for p in parts]))


def _norm_rate(x: Rung, q: float = np.inf) -> Enclosure:
    return perron(comparison_matrix_2x2(x.net, x.k, q, x.umax).A)[0]


def _box_rate(x: Rung, q: float = np.inf) -> Enclosure:
    return perron(box_matrix(x.net, x.box, q=q))[0]


def finer(x: Rung) -> Enclosure:
    """The rates of A_jac, A_lip, A_box."""
    return _together(perron(jacobian_matrix(x.net, x.box))[0], perron(lipschitz_matrix(x.net, x.box))[0], _box_rate(x))


def coarser(x: Rung) -> Enclosure:
    """The rates of A_lip, A_box, A_k."""
    return _together(perron(lipschitz_matrix(x.net, x.box))[0], _box_rate(x), _norm_rate(x))


def _moves_with(entry: str) -> Evidence:
    """∂ρ/∂a = (ρ − d)/√… ≥ 0 and ∂ρ/∂b = c/√… ≥ 0 for the larger root of a nonnegative 2x2 matrix; `entry` is in the latter."""
    import sympy

    a, b, c, d = sympy.symbols("a b c d", positive=True)
    root = sympy.sqrt((a - d) ** 2 + 4 * b * c)
    rho = (a + d + root) / 2
    other = {"b": b, "c": c}[entry]
    return identity(lambda: sympy.Matrix([sympy.diff(rho, a) - (rho - d) / root, sympy.diff(rho, b) - other / root]))


H4 = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]])
HADAMARD = {**named(n=4, U_c=0.45 * H4, b_f=-12, b_i=12, b_o=12), "k": 30, "umax": 1.0}

CLAIM = Claim(
    source="new",
    says="ρ(A_jac) ≤ ρ(A_lip) ≤ ρ(A_box,∞) ≤ ρ(A_k,∞)",
    space={**weights(), "k": Int(0, 4), "umax": Real(0, 2)},
    build=rung,
    assumes={},
    actual=finer,
    bound=coarser,
    falsified={
        "elementwise always beats the 2-norm": {
            "actual": lambda x: perron(jacobian_matrix(x.net, x.box))[0],
            "bound": lambda x: _box_rate(x, q=2),
        },
        "|b| in the gates costs nothing": {"actual": lambda x: _norm_rate(x, q=2), "bound": lambda x: _box_rate(x, q=2)},
    },
    covers={"more than one unit": lambda x: x.net.n > 1},
    witness={"elementwise always beats the 2-norm": HADAMARD, "|b| in the gates costs nothing": HADAMARD},
    proof=(
        Step(
            says="the spectral radius of a nonnegative 2x2 matrix grows with its entries: ∂ρ/∂b = c/√((a − d)² + 4bc)",
            check=lambda: _moves_with("c"),
            false_twin=lambda: _moves_with("b"),
        ),
    ),
    cost=0.002,
)
