r"""A recovery time from two numbers: how long two copies can differ by more than e.

Recovery is a LAST EXIT: $T_R(e)$ is the least $T$ such that from any two states of $X_k$, with equal inputs from then on,
$\|h_t-\tilde h_t\|\le e$ for ALL $t\ge T$; $t=0$ is the state that the last anomalous input left. With $A$ of
`norm_comparison` in the q-norm, $\rho=\rho(A)<1$, $x=(\rho-s_o\alpha-\beta,s_os_f)$ and
$d_0=(2\bar c_k,2H_{k+1})\cdot n^{1/q}$ (a q-norm of n equal entries),
$$ T_R(e)\le T=\left\lceil\frac{\log(\max(d_0/x)\,x_2/e)}{\log(1/\rho)}\right\rceil . $$
Why: `powers`. The net E1 (W_c = 5, b = (2, 10, 10, 0)) meets it: 59 steps for e = 0.01.
"""

import math
from functools import partial
from typing import Any

import numpy as np

from bounds.claim import Array, Choice, Claim, Enclosure, Int, Real
from bounds.common.lstm import LSTMNet
from bounds.lstm_recovery.closed_form import spectral_radius_2x2
from bounds.lstm_recovery.instances import named, shared, weights
from bounds.lstm_recovery.norm_comparison import NormPair, comparison_matrix_2x2, norm_pair
from bounds.lstm_recovery.norm_sets import norm_invariant_set
from bounds.lstm_recovery.powers import recovery_time_power, recovery_time_weighted


def norm_recovery_time(net: LSTMNet, e: float, k: int = 0, q: float = np.inf, umax: float = 1.0) -> float:
    """T in steps for |h - h~|_q ≤ e (so in the maximum norm too), from any two states of X_k; inf if ρ(A) ≥ 1."""
    if not e > 0:
        raise ValueError(f"the tolerance e must be positive, got {e}")
    return norm_time(net, e, k, q, umax)


def norm_time(
    net: LSTMNet, e: float, k: int, q: float, umax: float, spread: bool = True, prefactor: bool = True, down: bool = False
) -> float:
    """The same, with the three mistakes of the variants."""
    s, M = norm_invariant_set(net, k, umax), comparison_matrix_2x2(net, k, q, umax)
    rho = spectral_radius_2x2(s["sf"], s["so"], M.al, M.be) * (1 + 1e-14)
    if not rho < 1:
        return math.inf
    if not prefactor:
        return math.ceil(math.log(1 / e) / -math.log(rho))
    start = 2 * np.array([s["cb"], s["H_next"]]) * (net.n ** (1 / q) if spread else 1.0)
    w = np.array([rho - M.A[1, 1], M.A[1, 0]])
    if not (w > 0).all():
        return recovery_time_power(M.A, start, e, [1])
    r = float((M.A @ w / w).max())
    T = recovery_time_weighted(M.A, w, r, start, e, [1])
    return max(0, T - 1) if down and math.inf > T else T


def recovering(
    e: float, U: Any, coupling: float, apart: int, c: Any, h: Any, u: Any, last: Any, **point: Any
) -> tuple[NormPair, float]:
    """Starts in [-1, 1] times X_k, at opposite corners if `apart`; U is multiplied by `coupling`; the inputs are u for a
    few steps, then `last` for eighty."""
    u = np.vstack([np.asarray(u, float), np.tile(np.asarray(last, float), (80, 1))])
    c, h = (np.outer([1.0, -1.0], np.ones(np.shape(x)[1])) if apart else np.asarray(x, float) for x in (c, h))
    return norm_pair(c=c, h=h, u=shared(u), U=coupling * np.asarray(U, float), **point), e


Instance = tuple[NormPair, float]


def seen(x: Instance) -> Enclosure:
    """The last exit that this pair shows, a lower bound of T_R: the last t with ‖Δh_t‖ certainly above e, plus one."""
    above = np.flatnonzero(x[0].norms[0][:, 1] > x[1])
    return Enclosure(float(above[-1] + 1) if above.size else 0.0, np.inf)


def certified(x: Instance, **mistakes: bool) -> Enclosure:
    """T. Logarithms are right to 1e-14, so T is that of some tolerance within 1e-9 of e."""
    pair, e = x
    lo, hi = (float(norm_time(pair.net, e * s, pair.k, pair.q, pair.umax, **mistakes)) for s in (1 + 1e-9, 1 - 1e-9))
    return Enclosure(lo, hi)


def _first_entry(x: Instance) -> Enclosure:
    inside = np.flatnonzero(x[0].norms[1][:, 1] <= x[1])
    T = float(inside[0]) if inside.size else np.inf
    return Enclosure(T, T)


SPACE = {
    **weights(size=0.6),
    "b": Array((4, "n"), -2, 2),
    "k": Int(0, 3),
    "q": Choice((1.0, 2.0, np.inf)),
    "umax": Real(0, 1),
    "e": Real(0.01, 0.5, log=True),
    "coupling": Real(0, 1),
    "apart": Int(0, 1),
    "c": Array((2, "n"), -1, 1),
    "h": Array((2, "n"), -1, 1),
    "u": Array((3, "m"), -1, 1),
    "last": Array(("m",), -1, 1),
}
E1 = named(W_c=5, b_f=2, b_i=10, b_o=10)
STILL = {"k": 0, "q": np.inf, "umax": 1.0, "e": 0.01, "coupling": 1.0, "u": [[0.0]], "last": [0.0]}
APART = {"apart": 1, "c": [[0.0], [0.0]], "h": [[0.0], [0.0]]}
CB = norm_invariant_set(LSTMNet(E1["W"], E1["U"], E1["b"]), 0)["cb"]
FOUR = named(n=4, W_c=5, b_f=2, b_i=10, b_o=10)

CLAIM = Claim(
    source="yoshihara2025resilience, reconstructed: recovery time of one layer",
    says="‖h_t − h̃_t‖_q ≤ e for all t ≥ T, from any two states of X_k",
    space=SPACE,
    build=recovering,
    assumes={},
    actual=seen,
    bound=certified,
    falsified={
        "no prefactor": {"bound": partial(certified, prefactor=False)},
        "rounded down": {"bound": partial(certified, down=True)},
        "the start is not multiplied by n^(1/q)": {"bound": partial(certified, spread=False)},
        "recovery is the first entry": {"bound": _first_entry},
    },
    covers={"2-norm": lambda x: x[0].q == 2},
    witness={
        "no prefactor": {**E1, **STILL, **APART},
        "rounded down": {**E1, **STILL, **APART},
        "the start is not multiplied by n^(1/q)": {
            **FOUR,
            **STILL,
            "q": 2.0,
            "apart": 1,
            "c": np.zeros((2, 4)),
            "h": np.zeros((2, 4)),
        },
        "recovery is the first entry": {**E1, **STILL, "apart": 0, "c": [[2.0 / CB], [0.0]], "h": [[0.0], [0.0]]},
    },
    tight_at=({**E1, **STILL, **APART},),
    cost=0.003,
)
