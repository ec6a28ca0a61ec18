r"""SP-11 (c): carry the error linearly through the units that are known to be active, and pay only for those that flip.

Setting of `time_accumulation`, ReLU. a_t original pre-activations on J, M = Wʰ_J A, Λ_0 = 0, z_0 = 0 and for t = 1..T
$$ \ell_t=W^h_Jr_{t-1}+M\Lambda_{t-1},\quad \Lambda_t=1[a_t>0]\,\ell_t,\quad e_j=(\pm\ell_j-|a_j|)_+\ (+\text{ if }a_j>0),\quad
   z_t=q_Dz_{t-1}+\|De\|. $$
Then ‖D(d_t − Λ_t)‖ ≤ z_t and y_t − y#_t is within κ_D z_t of Wᵒr_t + WᵒAΛ_t; B_4 is the root mean square of the norm of that
plus κ_D z_t, and the error itself where nothing flips. Why: ψ(x) = relu(a) − relu(a − x) = 1[a > 0]x − (±x − |a|)₊ is
elementwise 1-Lipschitz and d_t = ψ(ℓ_t + M(d_{t−1} − Λ_{t−1})). States, Λ and e are exact (see `networks`; a slope 2 doubles
Wʰ), so 0 ≤ 0 is decided; norms are right to 1e-11. Units: y.
"""

from typing import Any

import numpy as np

from bounds.claim import Array, Choice, Claim, Enclosure, Evidence, Step, rounded
from bounds.measure.rational import every_case
from bounds.spectral_pruning.accumulation import operator_norm, transport
from bounds.spectral_pruning.information import rms_norm
from bounds.spectral_pruning.networks import NET
from bounds.spectral_pruning.scaled_accumulation import Measured, measured


def flip_part(x: Measured) -> np.ndarray:
    """z_t: (n, T)."""
    p, D = x.p, x.D
    flips = transport(p.rho * p.r @ p.W.T, p.states[2][:, :, p.J], p.rho * p.W @ p.A)[1]
    q = operator_norm(D[:, None] * (p.rho * p.W @ p.A) / D)
    z = np.zeros(flips.shape[:2])
    for t in range(1, p.T):
        z[:, t] = q * z[:, t - 1] + np.linalg.norm(D * flips[:, t], axis=1)
    return z


def linear_part(x: Measured) -> tuple[np.ndarray, np.ndarray]:
    """Λ_t (n, T, |J|) and the transported output difference Wᵒr_t + WᵒAΛ_t (n, T, d_y)."""
    p = x.p
    linear = transport(p.rho * p.r @ p.W.T, p.states[2][:, :, p.J], p.rho * p.W @ p.A)[0]
    return linear, p.r @ p.params["Wo"].T + linear @ (p.params["Wo"] @ p.A).T


def left(x: Measured) -> Enclosure:
    """‖D(d_t − Λ_t)‖; the output difference that is not transported; the error (its distance from B4 where nothing flips)."""
    linear, output = linear_part(x)
    hidden = np.linalg.norm((x.p.d - linear) * x.D, axis=2)
    rest = np.linalg.norm(x.p.difference - output, axis=2)
    error, B4, flips = x.p.error, x.found["B4"], x.found["n_flips"]
    return rounded(hidden, rest, np.full(hidden.shape, error if flips else abs(B4 - error)), rel=1e-11)


def right(x: Measured) -> Enclosure:
    """z_t; κ_D z_t; B4 (its rounding budget where nothing flips)."""
    z, B4 = flip_part(x), x.found["B4"]
    kap = operator_norm(x.p.params["Wo"] @ x.p.A / x.D)
    return rounded(z, kap * z, np.full(z.shape, B4 if x.found["n_flips"] else 1e-10 * B4), rel=1e-11)


def without_flips(x: Measured) -> Enclosure:
    """B4 with e = 0."""
    return rounded(rms_norm(linear_part(x)[1]), rel=1e-11)


def relu_difference(sign: int) -> Evidence:
    """relu(a) − relu(a − x) = 1[a > 0]x − (sgn x − |a|)₊ at one point of each sign pattern of a, x and a − x, where both sides
    are linear, and at the ties; the twin has + in place of −."""
    grid = [(a, x) for a in range(-3, 4) for x in range(-6, 7)]

    def holds(case: tuple[int, int]) -> bool:
        a, x = case
        flip = max((x if a > 0 else -x) - abs(a), 0)
        return max(a, 0) - max(a - x, 0) == (x if a > 0 else 0) - sign * flip

    return every_case(grid, holds)


FLIP: dict[str, Any] = {
    "Wh": [[0, -3], [0, 0]],
    "b": [2, 1],
    "Wo": [[1, 0]],
    "x": [[0, 0]],
    "keep": [1, 0],
    "A": [[1], [0]],
    "log_D": [0],
}

CLAIM = Claim(
    source="new, SP-11 (c)",
    says="‖D(d_t − Λ_t)‖ ≤ z_t and ‖y_t − y#_t − (Wᵒr_t + WᵒAΛ_t)‖ ≤ κ_D z_t, hence ‖y − y#‖ ≤ B4 (ReLU)",
    space=NET | {"log_D": Array((4,), -1, 1), "activation": Choice(("relu",))},
    build=measured,
    assumes={},
    actual=left,
    bound=right,
    tightness="difference",
    falsified={
        "pure linearisation": {"actual": lambda x: rounded(x.p.error, rel=1e-11), "bound": without_flips},
    },
    witness={"pure linearisation": FLIP},
    covers={
        "something flips": lambda x: x.found["n_flips"] > 0,
        "nothing flips and there is an error": lambda x: x.found["n_flips"] == 0 and x.p.error > 0,
    },
    tight_at=(FLIP,),
    proof=(
        Step(
            says="relu(a) − relu(a − x) = 1[a>0]x − (±x − |a|)₊ on every sign pattern and tie",
            check=lambda: relu_difference(1),
            false_twin=lambda: relu_difference(-1),
        ),
    ),
    cost=0.002,
)
