r"""The first steps are faster than any rate: a saturating map, iterated from the widths of the box.

With $q_g=|U_g|d_h$ and the ranges of an invariant box, let
$\delta_g=\min(s'_{max}q_g,\tanh(q_g/4),\text{width of the range})$ for the sigmoids and
$\delta_c=\min(g'_{max}q_c,2\tanh(q_c/2),g_u-g_l)$ (`saturation`), and $\Phi(d)=(c_1,h_1)$,
$$ c_1=\min\bigl(\bar fd_c+\mathrm{mag}(c)\delta_f+\bar i\delta_c+\mathrm{mag}(g)\delta_i,
   \,(A_{jac}d)_c,\,\Psi_c(d),\,w_c\bigr), $$
$$ h_1=\min\bigl(\bar o\min(c_1,2\tanh(c_1/2),t_u-t_l)+\mathrm{mag}(t)\delta_o,\,(A_{jac}d)_h,\,\Psi_h(d),\,w_h\bigr). $$
Then $d_{t+1}\le\Phi(d_t)$; with $w$ the widths of the box, $d_t\le\Phi^t(w)$ for all $t$, and these do not increase. So
their FIRST entry below $e$ is also the last exit: $T_\phi(e)=\min\{t:\max\Phi^t(w)_h\le e\}$ bounds the recovery time. The same
holds for $d\mapsto\min(\Psi(d),w)$ and $\min(Ad,w)$, and $T_\phi\le\min(T_\psi,T_{jac})$, $T_\psi\le T_{lip}$.

Why: each entry of the minimum bounds $d_{t+1}$; a minimum of monotone maps is monotone; $\Phi(w)\le w$ by the clip, so
$\Phi^{t+1}(w)\le\Phi^t(w)$ by induction. Another start needs its own clip, $\min(\Phi(d),d_0)$, and $d_0$ must then bound $d_t$
for ALL t.
"""

import numpy as np

from bounds.claim import Claim, Enclosure, Int, rounded
from bounds.common.lstm import LSTMNet
from bounds.lstm_recovery.elementwise import BoxPair, box_pair, box_space, jacobian_of, mag
from bounds.lstm_recovery.gate_coupling import Map, psi
from bounds.lstm_recovery.instances import named
from bounds.lstm_recovery.interval_box import Box, Ranges, gate_ranges, widths


def phi(net: LSTMNet, r: Ranges, clip: np.ndarray, share: float = 1 / 4, after: Ranges | None = None) -> Map:
    """Φ for gate ranges r; `share` is the 1/4 of the sigmoid's saturation, `after` the ranges of the new c and t."""
    n, U = net.n, np.abs(net.U)
    new = r if after is None else after
    local = r if after is None else {**r, "t": after["t"], "dt": after["dt"]}
    coupled, J = psi(net, local), jacobian_of(net.U, local)
    steep = np.stack([r["d" + gate][1] for gate in "fio"])
    width = np.stack([r[gate][1] - r[gate][0] for gate in "fio"])
    mag_c, mag_g, mag_t = mag(r["c"]), mag(r["g"]), mag(new["t"])
    f, i, o, g_width, t_width = r["f"][1], r["i"][1], r["o"][1], r["g"][1] - r["g"][0], new["t"][1] - new["t"][0]

    def apply(d: np.ndarray) -> np.ndarray:
        q = U @ d[n:]
        df, di, do = np.minimum(np.minimum(steep * q[:3], np.tanh(q[:3] * share)), width)
        dg = np.minimum(np.minimum(r["dg"][1] * q[3], 2 * np.tanh(q[3] / 2)), g_width)
        other = np.minimum(np.minimum(J @ d, coupled(d)), clip)
        c = np.minimum(f * d[:n] + mag_c * df + i * dg + mag_g * di, other[:n])
        h = np.minimum(o * np.minimum(np.minimum(c, 2 * np.tanh(c / 2)), t_width) + mag_t * do, other[n:])
        return np.concatenate([c, h])

    return apply


def transient_map(net: LSTMNet, box: Box, d: np.ndarray, clip: np.ndarray) -> np.ndarray:
    """Φ(d) on a box and its inputs, clipped at `clip`, all (2n,)."""
    d, clip = np.asarray(d, float), np.asarray(clip, float)
    for name, value in (("d", d), ("clip", clip)):
        if value.shape != (2 * net.n,) or not (value >= 0).all():
            raise ValueError(f"{name} must hold {2 * net.n} distances, none negative, got shape {value.shape}")
    return phi(net, gate_ranges(net, box), clip)(d)


def recovery_time(fun: Map, d0: np.ndarray, e: float, n: int, most: int = 20_000) -> float:
    """The first t with max of the h part ≤ e of d ← min(fun(d), d0) from d0, which is also the last exit; inf if none.

    d0 (2n,) must bound d_t for ALL t (an invariant set's widths do), fun must be monotone. inf also when the iteration
    stalls above e (no entry loses more than 1e-13 of itself) or `most` steps do not suffice.
    """
    if not e > 0:
        raise ValueError(f"the tolerance e must be positive, got {e}")
    d = d0 = np.asarray(d0, float)
    for t in range(most + 1):
        if d[n:].max() <= e:
            return t
        new = np.minimum(fun(d), d0)
        if not (new < d * (1 - 1e-13)).any():
            return np.inf
        d = new
    return np.inf


def after(x: BoxPair) -> Enclosure:
    """d_1..d_T, and d_1 once more."""
    d, e = np.vstack([x.distance[1:], x.distance[1]]), np.vstack([x.error[1:], x.error[1]])
    return Enclosure(d - e, d + e)


def predicted(x: BoxPair, step: Map) -> Enclosure:
    """step^t(w) for t = 1..T, then step(d_0). Nonnegative terms and monotone maps: 1e-12 a step, in all below 1e-10."""
    rows, d = [], widths(x.box)
    for _ in range(len(x.u)):
        d = step(d)
        rows.append(d)
    return rounded(np.array([*rows, step(x.distance[0])]), rel=1e-10)


def saturating(x: BoxPair, share: float = 1 / 4) -> Enclosure:
    """The right-hand side with Φ."""
    return predicted(x, phi(x.net, x.ranges, widths(x.box), share))


def _old_cell_state(x: BoxPair) -> Enclosure:
    """As if the output gate let the old cell state through instead of the new one."""
    full, n, o = phi(x.net, x.ranges, widths(x.box)), x.net.n, x.ranges["o"][1]

    def step(d: np.ndarray) -> np.ndarray:
        new = full(d)
        return np.concatenate([new[:n], np.minimum(new[n:], o * d[:n])])

    return predicted(x, step)


# over the range of h the input gate goes from s(-4) to s(4)
FAR = named(U_i=82, b_f=-12, b_i=-4, b_o=10, b_c=np.arctanh(0.1))

CLAIM = Claim(
    source="new",
    says="d_{t+1} ≤ Φ(d_t), and d_t ≤ Φᵗ(w) from any two states of the box",
    space={**box_space(steps=5), "only": Int(-1, 3)},
    build=box_pair,
    assumes={},
    actual=after,
    bound=saturating,
    falsified={
        "the sigmoid saturates at an eighth": {"bound": lambda x: saturating(x, share=1 / 8)},
        "the output sees the old cell state": {"bound": _old_cell_state},
    },
    witness={
        "the sigmoid saturates at an eighth": {
            **FAR,
            "rounds": 30,
            "centre": [0.0],
            "half": 0.0,
            "c": [[0.5], [0.5]],
            "h": [[1.0], [0.0]],
            "u": np.zeros((5, 1)),
        }
    },
    covers={"from a corner of the box": lambda x: bool(np.isin(x.c[0], [x.box["cl"], x.box["cu"]]).all())},
    cost=0.003,
)
