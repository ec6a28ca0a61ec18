"""Slow programs from the definitions, in fifty digits or in loops, that share no formula with what they judge."""

import mpmath as mp
import numpy as np

from bounds.common.lstm import LSTMNet, formula_net

G0 = formula_net(2, 1, 0.2, 0.3, 0.3, 0)
G1 = formula_net(2, 1, 0.5, 0.3, 0.3, 0)
G2 = formula_net(3, 2, 0.2, 0.25, 0.3, 0.5)
NETS = {"G0": G0, "G1": G1, "G2": G2}
E1 = LSTMNet(np.array([0, 0, 0, 5.0]).reshape(4, 1, 1), np.zeros((4, 1, 1)), np.array([[2.0], [10.0], [10.0], [0.0]]))


def step(net, c, h, u):
    """One step with loops over units, in the working precision of mpmath."""

    def gate(g, j):
        a = mp.mpf(float(net.b[g, j]))
        a += mp.fsum(mp.mpf(float(net.W[g, j, l])) * u[l] for l in range(net.m))
        a += mp.fsum(mp.mpf(float(net.U[g, j, k])) * h[k] for k in range(net.n))
        return mp.tanh(a) if g == 3 else 1 / (1 + mp.exp(-a))

    new = [gate(0, j) * c[j] + gate(1, j) * gate(3, j) for j in range(net.n)]
    return new, [gate(2, j) * mp.tanh(new[j]) for j in range(net.n)]


def path(net, c, h, u):
    """States at t = 0..T as lists of mpf; floats are the numbers they are."""
    c, h = [mp.mpf(float(x)) for x in c], [mp.mpf(float(x)) for x in h]
    states = [(c, h)]
    for row in np.asarray(u, float):
        states.append(step(net, *states[-1], [mp.mpf(float(x)) for x in row]))
    return states


def distances(x, last=None):
    """|Δc|, |Δh| of a pair at t = 0..T: lists of 2n numbers."""
    with mp.workdps(40):
        a, b = (path(x.net, x.c[k], x.h[k], x.u[:last, k]) for k in (0, 1))
        return [
            [abs(p - q) for v, w in zip(s, t, strict=True) for p, q in zip(v, w, strict=True)]
            for s, t in zip(a, b, strict=True)
        ]


def contained(lo, hi, value):
    """Every number within its ends."""
    lo, hi = np.ravel(lo), np.ravel(hi)
    flat = [v for row in value for v in (row if isinstance(row, list) else [row])]
    assert len(flat) == lo.size
    return all(mp.mpf(float(a)) <= v <= mp.mpf(float(b)) for a, b, v in zip(lo, hi, flat, strict=True))


def last_exit(distances_of_h, e):
    """The last t at which a distance exceeds e, plus one."""
    above = [t for t, row in enumerate(distances_of_h) if max(row) > e]
    return above[-1] + 1 if above else 0
