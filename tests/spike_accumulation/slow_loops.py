"""The definitions once more, as slow loops over plain lists of Fractions: the oracle for everything that is exact.

Written from the definitions and not from the package: traces and potentials are the explicit sums over the past (nothing
is carried along), and gradients are derivatives in forward mode, one weight at a time (nothing is propagated back).
"""

from fractions import Fraction

ZERO = Fraction(0)


def chain_of(W, F=None):
    """Connections (i, j, matrix) of a chain with feedback from the last layer to the first."""
    extra = F if isinstance(F, dict) else {} if F is None else {(len(W), 1): F}
    return [(l, l + 1, w) for l, w in enumerate(W)] + [(i, j, w) for (i, j), w in extra.items()]


def lif(W, b, x, lam, th, F=None, v0=ZERO, delay=0, strict=False):
    """u[l][t][i], s, v of every neuron, t = 0..T-1; the potential is the sum over everything that ever arrived."""
    n = [len(x[0])] + [len(bias) for bias in b]
    T, N = len(x), len(b)
    s = [[[ZERO] * n[l] for _ in range(T)] for l in range(N + 1)]
    u = [[[ZERO] * n[l] for _ in range(T)] for l in range(N + 1)]
    v = [[[ZERO] * n[l] for _ in range(T)] for l in range(N + 1)]
    s[0] = [list(row) for row in x]
    current = [[[ZERO] * n[l] for _ in range(T)] for l in range(N + 1)]
    for t in range(T):
        for j in range(1, N + 1):
            for k in range(n[j]):
                arriving = b[j - 1][k]
                for i, target, w in chain_of(W, F):
                    if target == j:
                        seen = t if i < j and (delay == 0 or i == 0) else t - 1
                        if seen >= 0:
                            for m in range(n[i]):
                                arriving += w[k][m] * s[i][seen][m]
                current[j][t][k] = arriving
                total = lam ** (t + 1) * v0
                for r in range(t + 1):
                    total += lam ** (t - r) * current[j][r][k]
                for r in range(t):
                    total -= lam ** (t - r) * th * s[j][r][k]
                u[j][t][k] = total
                fired = total > th if strict else total >= th
                s[j][t][k] = Fraction(int(fired))
                v[j][t][k] = total - th * s[j][t][k]
    return u, s, v


def trace(spikes, lam, t):
    """Σ_{r ≤ t} lam^{t-r} s[r] for each neuron; t counts from 0, and -1 gives zeros."""
    return [sum((lam ** (t - r) * spikes[r][k] for r in range(t + 1)), ZERO) for k in range(len(spikes[0]))]


def total_charge(lam, t):
    """Λ_t as the sum it is."""
    return sum((lam**k for k in range(t)), ZERO)


def saf(W, b, x, lam, th, F=None, v0=ZERO, delay=0):
    """Uhat[l][t][i] and ahat[l][t][i] by the closed form, every trace summed afresh."""
    n = [len(x[0])] + [len(bias) for bias in b]
    T, N = len(x), len(b)
    s = [[list(row) for row in x]] + [[[ZERO] * n[l] for _ in range(T)] for l in range(1, N + 1)]
    U = [[[ZERO] * n[l] for _ in range(T)] for l in range(N + 1)]
    for t in range(T):
        for j in range(1, N + 1):
            own = trace(s[j], lam, t - 1)
            for k in range(n[j]):
                total = b[j - 1][k] * total_charge(lam, t + 1) + v0 * lam ** (t + 1)
                for i, target, w in chain_of(W, F):
                    if target == j:
                        sent = trace(s[i], lam, t if i < j and (delay == 0 or i == 0) else t - 1)
                        total += sum((w[k][m] * sent[m] for m in range(n[i])), ZERO)
                U[j][t][k] = total
                s[j][t][k] = Fraction(int(total >= th * (lam * own[k] + 1)))
    return U, [[trace(layer, lam, t) for t in range(T)] for layer in s]


def plain(arrays):
    """Arrays as nested lists, None as None."""
    return [None if a is None else a.tolist() for a in arrays]
