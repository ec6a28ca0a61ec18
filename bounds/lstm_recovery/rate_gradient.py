r"""Gradients of the sharper rates, so that training can be penalised with them: $\rho(A_{jac})$ and the rate of $\Psi$.

Let $r$ be the rate of a monotone, positively homogeneous map $F_\theta$ on distances: $F_\theta(w)=rw$. With $D$ its
derivative at $w$ (for $A_{jac}$, the matrix itself), $Dw=rw$, and $y$ the left Perron vector of $D$,
$$ dr=\frac{y^T(\partial_\theta F_\theta)(w)\,d\theta}{y^Tw} . $$
Why: differentiate $F_\theta(w)=rw$; the terms in $dw$ cancel as $y^TD=ry^T$ (`perron_derivative` for matrices). In $\Psi$ every
entry is a maximum over gate values, so its derivative is the partial derivative at the maximiser, and an end of a range
counts only where the maximiser sits on it. $w$ and $r$ of $\Psi$ come from a few Perron vectors of $D(w)$ in turn: with each
the matrix of the best policy so far improves, and $\Psi$ is the largest of all of them.

Ranges depend on the weights through the invariant box too. Every number of rounds gives a valid box, so the rate is that of the
box after `rounds` rounds, and the gradient goes back through all of them, exactly. At ties of a minimum or maximum, and at
weights equal to 0, it is one of the one-sided choices.
"""

from typing import Any, NamedTuple

import numpy as np

from bounds.common.lstm import LSTMNet, sigmoid, sigmoid_slope, tanh_slope
from bounds.lstm_recovery.elementwise import jacobian_of
from bounds.lstm_recovery.interval_box import Box, Ranges, gate_ranges, input_range, preactivations

Rate = tuple[float, np.ndarray, np.ndarray, np.ndarray]  # the rate, and dW, dU, db in the shapes of the net
Ends = tuple[np.ndarray, np.ndarray]


# ---- the box and the ranges, backwards --------------------------------------------------------------------------------


class _Round(NamedTuple):
    """One round of `invariant_box`: the hidden range it started from, and what it made of it."""

    before: Ends
    a_lo: np.ndarray  # (4, n)
    a_hi: np.ndarray
    gates: np.ndarray  # (3, n): largest f, i, o
    leak: np.ndarray  # 1 - f, without cancellation
    c: Ends
    t: Ends  # tanh of c


def _rounds(net: LSTMNet, lo: np.ndarray, hi: np.ndarray, rounds: int) -> tuple[list[_Round], Box]:
    """The rounds and the box after them, as `invariant_box` makes it."""
    trail, h = [], (-np.ones(net.n), np.ones(net.n))
    inputs = {"ulo": lo, "uhi": hi}
    for _ in range(rounds):
        a_lo, a_hi = preactivations(net, {"hl": h[0], "hu": h[1], **inputs})
        gates, leak = sigmoid(a_hi[:3]), sigmoid(-a_hi[0])
        c = (
            gates[1] * np.minimum(np.tanh(a_lo[3]), 0.0) / leak,
            gates[1] * np.maximum(np.tanh(a_hi[3]), 0.0) / leak,
        )
        t = np.tanh(c[0]), np.tanh(c[1])
        trail.append(_Round(h, a_lo, a_hi, gates, leak, c, t))
        h = gates[2] * t[0], gates[2] * t[1]
    return trail, {"cl": c[0], "cu": c[1], "hl": h[0], "hu": h[1], **inputs}


class _Adjoint:
    """Sums of derivatives with respect to the weights."""

    def __init__(self, net: LSTMNet, box: Box) -> None:
        self.net, self.box = net, box
        self.W, self.U, self.b = np.zeros_like(net.W), np.zeros_like(net.U), np.zeros_like(net.b)
        self.mid_u, self.half_u = (box["uhi"] + box["ulo"]) / 2, np.sign(net.W) * (box["uhi"] - box["ulo"]) / 2
        self.sign_U, self.flat_U = np.sign(net.U), net.U.reshape(-1, net.n)
        self.absolute_U = np.abs(self.flat_U)

    def preactivations(self, h: Ends, d_lo: np.ndarray, d_hi: np.ndarray) -> Ends:
        """From derivatives of both ends of the preactivations, (4, n), to those of both ends of h."""
        mid, half = d_lo + d_hi, d_hi - d_lo
        self.W += mid[:, :, None] * self.mid_u + half[:, :, None] * self.half_u
        self.U += mid[:, :, None] * ((h[1] + h[0]) / 2) + half[:, :, None] * self.sign_U * ((h[1] - h[0]) / 2)
        self.b += mid
        middle, radius = mid.ravel() @ self.flat_U, half.ravel() @ self.absolute_U
        return (middle - radius) / 2, (middle + radius) / 2

    def rounds(self, trail: list[_Round], dc: Ends, dh: Ends) -> None:
        """From derivatives of the sides of the box after the last round."""
        none = np.zeros(self.net.n)
        for x in reversed(trail):
            f, i, o = x.gates
            dcl, dcu = dc[0] + dh[0] * o * (1 - x.t[0] ** 2), dc[1] + dh[1] * o * (1 - x.t[1] ** 2)
            size = dcl * x.c[0] + dcu * x.c[1]  # both ends of c are i/(1 - f) times something
            lower, upper = np.minimum(np.tanh(x.a_lo[3]), 0.0), np.maximum(np.tanh(x.a_hi[3]), 0.0)
            d_lo = np.stack([none, none, none, np.where(lower < 0, dcl * i / x.leak * (1 - lower**2), 0.0)])
            d_g = np.where(upper > 0, dcu * i / x.leak * (1 - upper**2), 0.0)
            d_o = (dh[0] * x.t[0] + dh[1] * x.t[1]) * o * (1 - o)
            d_hi = np.stack([size * f, size * (1 - i), d_o, d_g])
            dh, dc = self.preactivations(x.before, d_lo, d_hi), (none, none)

    def ranges(self, trail: list[_Round], r: Ranges, d: dict[str, Ends]) -> None:
        """From derivatives with respect to entries of `gate_ranges`."""
        a = preactivations(self.net, self.box)
        da = np.zeros_like(a[0]), np.zeros_like(a[1])
        c, dc = r["c"], (np.zeros(self.net.n), np.zeros(self.net.n))
        for k, gate in enumerate("fiog"):
            slope, bend = (tanh_slope, _tanh_bend) if gate == "g" else (sigmoid_slope, _sigmoid_bend)
            for end in range(2):
                if gate in d:
                    da[end][k] += d[gate][end] * slope(a[end][k])
            if "d" + gate in d:
                _slopes_backward(bend, (a[0][k], a[1][k]), d["d" + gate], (da[0][k], da[1][k]))
        for end in range(2):
            for name, factor in (("c", 1.0), ("t", tanh_slope(c[end]))):
                if name in d:
                    dc[end][:] += d[name][end] * factor
        if "dt" in d:
            _slopes_backward(_tanh_bend, c, d["dt"], dc)
        self.rounds(trail, dc, self.preactivations((self.box["hl"], self.box["hu"]), *da))


def _sigmoid_bend(z: np.ndarray) -> np.ndarray:
    """Second derivative of the sigmoid."""
    return np.asarray(-sigmoid_slope(z) * np.tanh(z / 2))


def _tanh_bend(z: np.ndarray) -> np.ndarray:
    """Second derivative of tanh."""
    return np.asarray(-2 * np.tanh(z) * tanh_slope(z))


def _slopes_backward(bend: Any, a: Ends, d: Ends, into: Ends) -> None:
    """The smallest slope is at the end that lies farther from 0, the largest at the nearer one (constant if 0 is inside)."""
    far = np.where(np.abs(a[1]) >= np.abs(a[0]), 1, 0)
    positive, negative = a[0] > 0, a[1] < 0
    into[0][:] += np.where(far == 0, d[0] * bend(a[0]), 0.0) + np.where(positive, d[1] * bend(a[0]), 0.0)
    into[1][:] += np.where(far == 1, d[0] * bend(a[1]), 0.0) + np.where(negative, d[1] * bend(a[1]), 0.0)


def _mag_backward(interval: Ends, d: np.ndarray) -> Ends:
    """Derivative of max(|l|, |u|)."""
    upper = np.abs(interval[1]) >= np.abs(interval[0])
    return np.where(upper, 0.0, d * np.sign(interval[0])), np.where(upper, d * np.sign(interval[1]), 0.0)


def _perron(D: np.ndarray) -> tuple[float, np.ndarray]:
    """Spectral radius and right vector, largest entry 1, of a nonnegative matrix."""
    values, vectors = np.linalg.eig(D)
    k = int(np.argmax(values.real))
    w = np.abs(vectors[:, k])
    return float(values[k].real), w / w.max()


def _left(D: np.ndarray, w: np.ndarray) -> np.ndarray:
    """The left vector y with y·w = 1."""
    y = _perron(D.T)[1]
    return np.asarray(y / max(float(y @ w), 1e-300))


# ---- the spectral radius of A_jac --------------------------------------------------------------------------------------


def _product_backward(a: Ends, b: Ends, d: Ends) -> tuple[Ends, Ends]:
    """[a][b] with b ≥ 0: from derivatives of both ends of the product to those of a and of b."""
    low, high = a[0] > 0, a[1] > 0  # a positive lower end meets the smaller b, a positive upper end the larger
    da = d[0] * np.where(low, b[0], b[1]), d[1] * np.where(high, b[1], b[0])
    db = d[0] * np.where(low, a[0], 0.0) + d[1] * np.where(high, 0.0, a[1])
    return da, (db, d[0] * np.where(low, 0.0, a[0]) + d[1] * np.where(high, a[1], 0.0))


def _rows_backward(a: Ends, U: np.ndarray, d: Ends) -> tuple[Ends, np.ndarray]:
    """Rows of U scaled by [a]: from derivatives of both ends, (n, n), to those of a and of U."""
    positive = U > 0
    to_lo, to_hi = np.where(positive, d[0], d[1]), np.where(positive, d[1], d[0])
    return ((U * to_lo).sum(axis=1), (U * to_hi).sum(axis=1)), a[0][:, None] * to_lo + a[1][:, None] * to_hi


def _times(a: Ends, b: Ends) -> Ends:
    return np.minimum(a[0] * b[0], a[0] * b[1]), np.maximum(a[1] * b[0], a[1] * b[1])


def _rows(a: Ends, U: np.ndarray) -> Ends:
    lo, hi = a[0][:, None] * U, a[1][:, None] * U
    return np.minimum(lo, hi), np.maximum(lo, hi)


PARTS = (("c", "df", 0), ("i", "dg", 3), ("g", "di", 1))  # the three terms of [M], and the rows of U that they scale


def jacobian_rate_gradient(net: LSTMNet, ulo: Any = -1.0, uhi: Any = 1.0, rounds: int = 10) -> Rate:
    """ρ(A_jac) on the box after `rounds` rounds, and its gradient (dW, dU, db) in the shapes of the net."""
    n, U = net.n, net.U
    trail, box = _rounds(net, *input_range(net, ulo, uhi), rounds)
    r = gate_ranges(net, box)
    A = jacobian_of(U, r)
    rate, w = _perron(A)
    y = _left(A, w)
    back = _Adjoint(net, box)
    zeros = np.zeros(n)
    d: dict[str, list[np.ndarray]] = {name: [zeros, zeros] for name in r}

    def add(name: str, ends: Ends) -> None:
        d[name] = [d[name][0] + ends[0], d[name][1] + ends[1]]

    # forwards once more, keeping the ends of M and of the lower right block
    terms = [(_times(r[a], r[b]), g) for a, b, g in PARTS]
    lo, hi = (np.add.reduce(ends) for ends in zip(*(_rows(a, U[g]) for a, g in terms), strict=True))
    ot, to = (r["o"][0] * r["dt"][0], r["o"][1] * r["dt"][1]), _times(r["t"], r["do"])
    direct = _rows(to, U[2])
    small, large = ot[0][:, None], ot[1][:, None]
    L, H = np.minimum(small * lo, large * lo) + direct[0], np.maximum(small * hi, large * hi) + direct[1]
    # y·A w backwards: the entries of A are weighted with y_j w_k
    top, bottom = np.outer(y[:n], w[n:]), np.outer(y[n:], w[n:])
    d_lo, d_hi = np.where(hi >= -lo, 0.0, -top), np.where(hi >= -lo, top, 0.0)
    d_L, d_H = np.where(H >= -L, 0.0, -bottom), np.where(H >= -L, bottom, 0.0)
    d_to, dU = _rows_backward(to, U[2], (d_L, d_H))
    back.U[2] += dU
    for name, ends in zip(("t", "do"), _product_backward(r["t"], r["do"], d_to), strict=True):
        add(name, ends)
    d_lo = d_lo + d_L * np.where(lo > 0, small, large)
    d_hi = d_hi + d_H * np.where(hi > 0, large, small)
    diagonal = y[n:] * w[:n]
    d_small = (d_L * np.where(lo > 0, lo, 0.0) + d_H * np.where(hi > 0, 0.0, hi)).sum(axis=1)
    d_large = (d_L * np.where(lo > 0, 0.0, lo) + d_H * np.where(hi > 0, hi, 0.0)).sum(axis=1) + diagonal * r["f"][1]
    add("o", (d_small * r["dt"][0], d_large * r["dt"][1]))
    add("dt", (d_small * r["o"][0], d_large * r["o"][1]))
    add("f", (zeros, y[:n] * w[:n] + diagonal * ot[1]))
    for (a, b, g), (term, _) in zip(PARTS, terms, strict=True):
        d_term, dU = _rows_backward(term, U[g], (d_lo, d_hi))
        back.U[g] += dU
        for name, ends in zip((a, b), _product_backward(r[a], r[b], d_term), strict=True):
            add(name, ends)
    back.ranges(trail, r, {name: (ends[0], ends[1]) for name, ends in d.items()})
    return rate, back.W, back.U, back.b


# ---- the rate of Ψ -----------------------------------------------------------------------------------------------------


class _Best(NamedTuple):
    """Where s(1 − r²) y1 + r s(1 − s) y2 is largest, (n,) each, and that value."""

    s: np.ndarray
    r: np.ndarray
    value: np.ndarray


def _ratio(a: np.ndarray, b: np.ndarray, otherwise: np.ndarray) -> np.ndarray:
    with np.errstate(over="ignore", under="ignore"):
        return np.asarray(np.divide(a, b, out=np.array(np.broadcast_to(otherwise, np.shape(a)), float), where=b > 0))


def _coupled(y1: np.ndarray, y2: np.ndarray, s_range: Ends, r_range: Ends) -> _Best:
    """The maximiser of `joint_maximum`'s G: the best s for either end of r, both ends of s, and the interior critical
    points, each with the r that is best for it. All are feasible and the maximiser is among them."""
    (l, u), (R0, R) = s_range, r_range

    def best_s(r: np.ndarray) -> np.ndarray:
        return np.asarray(np.clip(_ratio((1 - r * r) * y1 + r * y2, 2 * r * y2, u), l, u))

    square = np.minimum(_ratio(y1, y2, np.full_like(y1, np.inf)), 1.0) ** 2
    root = np.sqrt(np.maximum(1 - 12 * square, 0.0))
    s = np.stack([l, u, best_s(R0), best_s(R), np.clip((2 - root) / 3, l, u), np.clip((2 + root) / 3, l, u)])
    r = np.clip(_ratio((1 - s) * y2, np.broadcast_to(2 * y1, s.shape), R), R0, R)
    value = s * ((1 - r) * (1 + r) * y1 + r * (1 - s) * y2)
    k = np.argmax(value, axis=0)[None]
    return _Best(*(np.take_along_axis(v, k, axis=0)[0] for v in (s, r, value)))


def _at_ends(at: np.ndarray, interval: Ends, d: np.ndarray) -> Ends:
    """What moving an end of the interval does to a maximum over it, d being the derivative at the maximiser."""
    return np.where(at <= interval[0], np.minimum(d, 0.0), 0.0), np.where(at >= interval[1], np.maximum(d, 0.0), 0.0)


def coupled_rate_gradient(net: LSTMNet, ulo: Any = -1.0, uhi: Any = 1.0, rounds: int = 10) -> Rate:
    """The rate of Ψ on the box after `rounds` rounds, and its gradient (dW, dU, db) in the shapes of the net."""
    n, U = net.n, np.abs(net.U)
    trail, box = _rounds(net, *input_range(net, ulo, uhi), rounds)
    r = gate_ranges(net, box)
    zeros = np.zeros(n)
    mag_c, mag_t, mag_g = (np.maximum(np.abs(r[x][0]), np.abs(r[x][1])) for x in "ctg")
    g_range, t_range = (np.maximum(np.maximum(r["g"][0], -r["g"][1]), 0.0), mag_g), (zeros, mag_t)
    w, rate = np.ones(2 * n), -np.inf
    for _ in range(50):
        dc, (q_f, q_i, q_o, q_c) = w[:n], U @ w[n:]
        K = mag_c * q_f
        s = np.clip(_ratio(dc + K, 2 * K, r["f"][1]), *r["f"])
        new = _coupled(q_c, q_i, r["i"], g_range)
        c = s * dc + s * (1 - s) * K + new.value
        out = _coupled(c, q_o, r["o"], t_range)
        # the linear map that these maximisers make
        M = (mag_c * s * (1 - s))[:, None] * U[0] + (new.s * (1 - new.r**2))[:, None] * U[3]
        M += (new.r * new.s * (1 - new.s))[:, None] * U[1]
        through, direct = out.s * (1 - out.r**2), out.r * out.s * (1 - out.s)
        D = np.block([[np.diag(s), M], [np.diag(through * s), through[:, None] * M + direct[:, None] * U[2]]])
        last, (rate, w) = rate, _perron(D)
        if rate <= last * (1 + 1e-13):
            break
    y = _left(D, w)
    back = _Adjoint(net, box)
    to_c, to_h = y[:n] + y[n:] * through, y[n:]
    d: dict[str, Ends] = {}
    h = w[n:]
    for g, weight in (
        (0, to_c * mag_c * s * (1 - s)),
        (3, to_c * new.s * (1 - new.r**2)),
        (1, to_c * new.r * new.s * (1 - new.s)),
        (2, to_h * direct),
    ):
        back.U[g] += weight[:, None] * np.sign(net.U[g]) * h
    d["f"] = _at_ends(s, r["f"], to_c * (dc + K * (1 - 2 * s)))
    d["i"] = _at_ends(new.s, r["i"], to_c * ((1 - new.r**2) * q_c + new.r * (1 - 2 * new.s) * q_i))
    d["o"] = _at_ends(out.s, r["o"], to_h * ((1 - out.r**2) * c + out.r * (1 - 2 * out.s) * q_o))
    at_g = _at_ends(new.r, g_range, to_c * (new.s * (1 - new.s) * q_i - 2 * new.r * new.s * q_c))
    at_t = _at_ends(out.r, t_range, to_h * (out.s * (1 - out.s) * q_o - 2 * out.r * out.s * c))
    up = _mag_backward(r["g"], at_g[1])
    # the smallest |g| is the lower end if that is positive, minus the upper end if that is negative
    d["g"] = up[0] + np.where(r["g"][0] > 0, at_g[0], 0.0), up[1] - np.where(r["g"][1] < 0, at_g[0], 0.0)
    d["c"], d["t"] = _mag_backward(r["c"], to_c * s * (1 - s) * q_f), _mag_backward(r["t"], at_t[1])
    back.ranges(trail, r, d)
    return rate, back.W, back.U, back.b
