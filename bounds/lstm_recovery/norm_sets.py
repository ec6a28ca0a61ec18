r"""States stay in a box that the weights' norms give.

With $|u|_\infty\le u_{max}$ and $H_0=1$, for $k\ge0$
$$ r_g=\max_j\bigl(u_{max}\textstyle\sum_l|W_{g,jl}|+H_k\sum_l|U_{g,jl}|+|b_{g,j}|\bigr),\quad
   s_f,s_i,s_o=s(r_f),s(r_i),s(r_o),\quad p_h=\tanh r_c,\quad \bar c_k=\frac{s_i p_h}{1-s_f},\quad
   H_{k+1}=s_o\tanh\bar c_k, $$
the set $X_k=\{|c|_\infty\le\bar c_k,\ |h|_\infty\le H_{k+1}\}$ is invariant for every such input, and contains 0.

Why: $|c^+|\le s_f\bar c_k+s_ip_h=\bar c_k$, and $|h^+|\le s_o\tanh\bar c_k=H_{k+1}\le H_k$, which is what the gates assumed.
A state outside $X_k$ stays outside for a while (a variant below): anomalies must be bounded, or see `unbounded_anomaly`.
"""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bounds.claim import Array, Claim, Enclosure, Evidence, Int, Real, Step, rounded
from bounds.common.lstm import LSTMNet, run, sigmoid
from bounds.lstm_recovery.instances import named, net_of, weights
from bounds.measure.symbolic import identity


def norm_invariant_set(net: LSTMNet, k: int, umax: float = 1.0, signed_bias: bool = False) -> dict[str, float]:
    """The constants of $X_k$: sf, si, so, ph, cb, H (that of the gates, H_k) and H_next (the bound on |h|).

    With `signed_bias` the three sigmoids see +b instead of |b|, which is valid too and lets a negative forget bias help.
    1 - sf is computed as s(-r_f); where it underflows, cb is infinite.

    >>> round(norm_invariant_set(LSTMNet(*(np.zeros(s) for s in [(4, 1, 1), (4, 1, 1), (4, 1)])), k=0)["sf"], 3)
    0.5
    """
    if k < 0 or umax < 0:
        raise ValueError(f"k and umax must not be negative, got k={k}, umax={umax}")
    drive = umax * np.abs(net.W).sum(axis=2)
    drive[:3] += net.b[:3] if signed_bias else np.abs(net.b[:3])
    drive[3] += np.abs(net.b[3])
    recurrent = np.abs(net.U).sum(axis=2)
    H_next, H = 1.0, 1.0
    for _ in range(k + 1):
        H = H_next
        r = (drive + H * recurrent).max(axis=1)
        sf, si, so = (float(s) for s in sigmoid(r[:3]))
        ph, leak = float(np.tanh(r[3])), float(sigmoid(-r[0]))
        cb = si * ph / leak if leak > 0 else (np.inf if ph > 0 else 0.0)
        H_next = so * float(np.tanh(cb))
    return {"sf": sf, "si": si, "so": so, "ph": ph, "cb": cb, "H": H, "H_next": H_next}


@dataclass(frozen=True, eq=False)
class Orbit:
    """A net, its set, and a start and inputs as fractions of what is allowed."""

    net: LSTMNet
    cb: float
    H: float
    c: np.ndarray  # (n,)
    h: np.ndarray
    u: np.ndarray  # (T, m)


def orbit(
    W: Any, U: Any, b: Any, k: int, umax: float, c: Any, h: Any, u: Any, signed_bias: bool = False, **sides: int
) -> Orbit:
    """The start is c, h in [-1, 1] times the set."""
    net = net_of(W, U, b)
    x = norm_invariant_set(net, k, umax, signed_bias)
    cb, H = x["cb"], x["H_next"]
    return Orbit(net, cb, H, cb * np.asarray(c, float), H * np.asarray(h, float), umax * np.asarray(u, float))


def largest_state(x: Orbit) -> Enclosure:
    """Largest |c| and |h| at t ≥ 1. Rounding: each of a few hundred steps at most adds a few ulps of cb, and the next ones
    keep no more than sf of them; hence 1e-11 of the set's size."""
    tape = run(x.net, x.c, x.h, x.u)
    return rounded(float(np.abs(tape.c[1:]).max()), float(np.abs(tape.h[1:]).max()), rel=1e-11)


def set_size(x: Orbit) -> Enclosure:
    """cb and H_{k+1}; their formulas lose nothing but a few ulps of r_f, at most 40 here."""
    return rounded(x.cb, x.H, rel=1e-13)


def _no_sum(**point: Any) -> Orbit:
    x = orbit(**point)
    s = norm_invariant_set(x.net, point["k"], point["umax"])
    return replace(x, cb=s["si"] * s["ph"], c=x.c * 0, h=x.h * 0)


def _anywhere(**point: Any) -> Orbit:
    x = orbit(**point)
    return replace(x, c=100 * np.asarray(point["c"], float))


def _carried_over(memory: bool) -> Evidence:
    import sympy

    sf, si, ph = sympy.symbols("sf si ph", positive=True)
    cb = si * ph / (1 - sf) if memory else si * ph
    return identity(lambda: sf * cb + si * ph - cb)


SPACE = {
    **weights(),
    "k": Int(0, 4),
    "umax": Real(0, 2),
    "c": Array(("n",), -1, 1),
    "h": Array(("n",), -1, 1),
    "u": Array((12, "m"), -1, 1),
}
BIASED = {**named(b_f=2, b_c=3), "k": 0, "umax": 1.0, "c": [0.0], "h": [0.0], "u": np.zeros((12, 1))}

CLAIM = Claim(
    source="yoshihara2025resilience, reconstructed: invariant sets",
    says="x₀ ∈ X_k and |u|_∞ ≤ u_max  ⇒  |c_t|_∞ ≤ c̄_k and |h_t|_∞ ≤ H_{k+1} for all t",
    space=SPACE,
    build=orbit,
    assumes={},
    actual=largest_state,
    bound=set_size,
    falsified={
        "the forget gate does not add up: no 1/(1 − s_f)": {"build": _no_sum},
        "every state is in X_k after one step": {"build": _anywhere},
    },
    also_true={
        "the three sigmoids see +b instead of |b|": {"build": lambda **point: orbit(**point, signed_bias=True)},
    },
    covers={"starts at a corner": lambda x: bool(np.all(np.abs(x.c) == x.cb))},
    witness={
        "the forget gate does not add up: no 1/(1 − s_f)": BIASED,
        "every state is in X_k after one step": {**BIASED, "c": [1.0]},
    },
    tight_at=({**BIASED, "c": [1.0]},),
    proof=(
        Step(
            says="c̄ = s_i p_h/(1 − s_f) is where s_f c̄ + s_i p_h = c̄",
            check=lambda: _carried_over(True),
            false_twin=lambda: _carried_over(False),
        ),
    ),
    cost=0.0003,
)
