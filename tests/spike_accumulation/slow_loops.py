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


# ---- gradients in forward mode: the derivative with respect to one parameter, carried along with the simulation --------


def _per_neuron(connections, j, ds, n):
    """Σ W ds over the connections into layer j from layers of the same step."""
    out = [ZERO] * n[j]
    for i, target, w in connections:
        if target == j and i < j:
            for k in range(n[j]):
                out[k] += sum((w[k][m] * ds[i][m] for m in range(n[i])), ZERO)
    return out


def along(parameter, W, b, x, y, lam, th, slope, loss_grad, F=None, v0=ZERO, method="ottt", readout=False, flags=()):
    """d(loss)/d(parameter). parameter: ("W", (i, j), k, m) or ("b", j, k); method "ottt" takes errors within each step and
    past spikes as constants, "bptt" and "bptt full" follow time, the latter through the reset; a list over t for "ottt"."""
    u, s, _ = lif_readout(W, b, x, lam, th, F, v0, readout)
    connections, N, T = chain_of(W, F), len(b), len(x)
    n = [len(x[0])] + [len(bias) for bias in b]
    carried = [[ZERO] * width for width in n]  # dv of the step before, or what stands for it
    before = [[ZERO] * width for width in n]  # ds of the step before
    steps = []
    for t in range(T):
        ds = [[ZERO] * width for width in n]
        dv = [[ZERO] * width for width in n]
        for j in range(1, N + 1):
            du = _per_neuron(connections, j, ds, n)
            linear = readout and j == N
            if parameter[0] == "W" and parameter[1][1] == j:
                i, k, m = parameter[1][0], parameter[2], parameter[3]
                seen = t if i < j else t - 1
                if method == "ottt" and not (i == 0 and "spike input" in flags):
                    du[k] += trace(s[i], lam, seen)[m]
                else:
                    du[k] += s[i][seen][m] if seen >= 0 else ZERO
            if parameter[0] == "b" and parameter[1] == j:
                inst = method != "ottt" or linear or "bias 1" in flags
                du[parameter[2]] += Fraction(1) if inst else total_charge(lam, t + 1)
            if method != "ottt" and not linear:
                for k in range(n[j]):
                    du[k] += lam * carried[j][k]
                for i, target, w in connections:
                    if target == j and i >= j:
                        for k in range(n[j]):
                            du[k] += sum((w[k][m] * before[i][m] for m in range(n[i])), ZERO)
            for k in range(n[j]):
                ds[j][k] = du[k] if linear else slope(u[j][t][k] - th) * du[k]
                dv[j][k] = du[k] - (th * ds[j][k] if method == "bptt full" else ZERO)
        dl = [loss_grad(s[N][t][k], y[k]) / T for k in range(n[N])]
        steps.append(sum((g * d for g, d in zip(dl, ds[N], strict=True)), ZERO))
        carried, before = dv, ds
    return steps if method == "ottt" else sum(steps, ZERO)


def lif_readout(W, b, x, lam, th, F, v0, readout):
    """`lif`, whose last layer is linear if readout: u = s = W s + b there."""
    if not readout:
        return lif(W, b, x, lam, th, F, v0)
    u, s, v = lif(W[:-1], b[:-1], x, lam, th, F, v0)
    out = [
        [bias + sum(w * z for w, z in zip(row, z_t, strict=True)) for row, bias in zip(W[-1], b[-1], strict=True)]
        for z_t in s[-1]
    ]
    return [*u, out], [*s, out], [*v, None]


def at_the_end(parameter, W, b, slopes, sent, y, loss_grad, per_loss, bias_factor):
    """d(loss)/d(parameter) through one pass of layers: da = slope · (W da + sent at the parameter); slopes[j][k]."""
    n = [len(sent[0])] + [len(bias) for bias in b]
    da = [[ZERO] * width for width in n]
    for j in range(1, len(b) + 1):
        dz = _per_neuron(chain_of(W), j, da, n)
        if parameter[0] == "W" and parameter[1][1] == j:
            dz[parameter[2]] += sent[j - 1][parameter[3]]
        if parameter[0] == "b" and parameter[1] == j:
            dz[parameter[2]] += bias_factor
        da[j] = [slopes[j][k] * dz[k] for k in range(n[j])]
    return sum((loss_grad(a, t) * per_loss * d for a, t, d in zip(y[0], y[1], da[-1], strict=True)), ZERO)
