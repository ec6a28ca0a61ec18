"""Thousands of random networks at once, exactly: SAF against LIF, forward and in every gradient, in scaled integers.

`integer_network` proves that 64 bits hold every number of the forward pass, or takes Python integers; the products of a pass
back are bounded here in the same way, from the largest numbers that occur. So nothing can wrap, and equal means equal. What
is compared is what `forward_equivalence` and `per_step_gradients` claim: u, s and v of every neuron and step; then, with a
triangular slope and squared error, the gradients of every step, of all weights, biases and feedback. `as_net` makes one of
the networks for the same check in Fractions.
"""

from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any, NamedTuple

import numpy as np

from bounds.common.spikes import Form, IntegerNetwork, before, integer_network, saf_to_lif, traces
from bounds.spike_accumulation.gradients import squared_error, surrogate
from bounds.spike_accumulation.networks import Net

PER_ONE = 8  # weights, biases, inputs and targets are multiples of 1/8, so ties occur


class Drawn(NamedTuple):
    """Chains of equal widths with feedback from the last layer to the first; integers counting 1/PER_ONE."""

    W: list[np.ndarray]  # (nets, n_{l+1}, n_l)
    b: list[np.ndarray]  # (nets, n_{l+1})
    x: np.ndarray  # (T, nets, n_0)
    F: np.ndarray  # (nets, n_1, n_N)
    y: np.ndarray  # (nets, n_N)
    lam: Fraction
    th: Fraction
    v0: Fraction

    def integers(self) -> IntegerNetwork:
        """All of them, ready to run."""
        scale: dict[str, Any] = {"weights_per_one": PER_ONE, "inputs_per_one": PER_ONE}
        return integer_network(self.W, self.b, self.x, self.lam, self.th, F=self.F, v0=self.v0, **scale)


def draw_nets(rng: np.random.Generator, nets: int, widths: tuple[int, ...], T: int, lam: Fraction, th: Fraction) -> Drawn:
    """Weights in [-1, 3/2], biases in [-1/2, 1], inputs in [-1/2, 3/2], feedback in [-1, 1]; v0 is 0 or th/2, by a coin."""
    pairs = list(pairwise(widths))
    return Drawn(
        [rng.integers(-8, 13, (nets, k, n)) for n, k in pairs],
        [rng.integers(-4, 9, (nets, k)) for _, k in pairs],
        rng.integers(-4, 13, (T, nets, widths[0])),
        rng.integers(-8, 9, (nets, widths[1], widths[-1])),
        rng.integers(-4, 13, (nets, widths[-1])),
        lam,
        th,
        th * int(rng.integers(2)) / 2,
    )


def as_net(d: Drawn, i: int) -> Net:
    """Network i in Fractions, as the claims take it."""
    part = Fraction(1, PER_ONE)
    return Net(
        W=[w[i] * part for w in d.W],
        b=[v[i] * part for v in d.b],
        x=d.x[:, i] * part,
        lam=d.lam,
        th=d.th,
        F={(len(d.W), 1): d.F[i] * part},
        v0=d.v0,
        y=d.y[i] * part,
        slope=surrogate("tri", d.th),
        loss=squared_error,
    )


class Verified(NamedTuple):
    """One truth value for each network."""

    forward: np.ndarray  # u, s and v are equal, at every step in every layer
    gradients: np.ndarray | None  # so are the gradients of all steps; None: not asked for
    fires: np.ndarray  # some neuron of the last layer
    ties: np.ndarray  # some potential equals the threshold
    learns: np.ndarray | None  # the gradient of the first layer's weights is not 0 at some step


def verify(net: IntegerNetwork, form: Form = "closed", targets: np.ndarray | None = None) -> Verified:
    """LIF against SAF on a batch of networks; `targets` (nets, n_N), counting 1/PER_ONE: also the gradients."""
    u, s, v = net.lif()
    Uhat, ahat, thr, spikes = net.saf(form)
    made = saf_to_lif(Uhat, ahat, net.a, net.th)
    pairs = [*zip(u[1:], made[0][1:], strict=True), *zip(s, made[1], strict=True), *zip(v[1:], made[2][1:], strict=True)]
    forward = _equal([*pairs, *zip(s, spikes, strict=True)], len(s[0][0]))
    unit = np.array([net.c**t for t in range(1, len(net.x) + 1)], dtype=u[1].dtype)[:, None, None]
    ties = np.any([np.any(layer == net.th * unit, axis=(0, 2)) for layer in u[1:]], axis=0)
    fires = np.any(s[-1] != 0, axis=(0, 2))
    if targets is None:
        return Verified(forward, None, fires, ties, None)
    lif = [layer - net.th * unit for layer in u[1:]], s[-1], [traces(layer, net.a) for layer in s]
    saf = [U - h for U, h in zip(Uhat[1:], thr[1:], strict=True)], made[1][-1], ahat
    gradients, learns = np.ones(len(fires), dtype=bool), np.zeros(len(fires), dtype=bool)
    for ours, theirs in zip(_gradients(net, *saf, targets), _gradients(net, *lif, targets), strict=True):
        gradients &= _equal(zip(ours, theirs, strict=True), len(fires), axes=slice(1, None))
        learns |= np.any(theirs[-2] != 0, axis=(1, 2))
    return Verified(forward, gradients, fires, ties, learns)


def _equal(pairs: Any, nets: int, axes: slice | None = None) -> np.ndarray:
    """Whether all entries of all pairs agree, for each net: the second axis, or with `axes` the first."""
    out = np.ones(nets, dtype=bool)
    for p, q in pairs:
        same = p == q
        out &= same.all(axis=(0, 2) if axes is None else tuple(range(1, same.ndim)))
    return out


def _gradients(
    net: IntegerNetwork, arguments: list[Any], out: Any, sent: list[Any], targets: np.ndarray
) -> Iterator[list[np.ndarray]]:
    """For each step, the gradients of the weights, of the biases and of the feedback, each times a constant of that step.

    arguments[j - 1]: u - th of layer j; out: spikes of the last layer; sent: traces of layers 0..N; each (T, nets, n_l).
    """
    W = [net.weights.connections[l, l + 1] for l in range(len(arguments))]
    steps = len(net.x)
    dtype: Any = np.int64 if _bits(net, W, arguments, out, sent, targets) <= 64 else object
    W, y = [w.astype(dtype) for w in W], targets.astype(dtype)
    arguments, sent = [a.astype(dtype) for a in arguments], [a.astype(dtype) for a in sent]
    fed, spikes, charge = before(sent[-1]), out.astype(dtype), 0
    for t in range(steps):
        unit = net.c ** (t + 1)
        charge = net.a * charge + unit
        e = PER_ONE * spikes[t] - y * unit
        found = []
        for l in range(len(W) - 1, -1, -1):
            e = e * np.maximum(net.th * unit - np.abs(arguments[l][t]), 0)
            found += [e * charge, e[..., :, None] * sent[l][t][..., None, :]]
            if l == 0:
                found.append(e[..., :, None] * (net.c * fed[t])[..., None, :])
            e = (e[..., None, :] @ W[l])[..., 0, :]
        yield found


def _bits(net: IntegerNetwork, W: list[Any], arguments: list[Any], out: Any, sent: list[Any], targets: np.ndarray) -> int:
    """What the largest intermediate value of `_gradients` needs, sign included: the same lines on largest absolute values."""

    def most(values: Any) -> int:
        return max(abs(int(values.max())), abs(int(values.min())))

    unit = net.c ** len(net.x)
    charge = sum(net.a ** (len(net.x) - t) * net.c**t for t in range(1, len(net.x) + 1))
    e = PER_ONE * most(out) + most(targets) * unit
    seen = [e, charge]
    for l in range(len(W) - 1, -1, -1):
        slope = net.th * unit + most(arguments[l])
        e *= slope
        seen += [slope, e, e * charge, e * most(sent[l]), e * net.c * most(sent[-1]), net.c * most(sent[-1])]
        e *= max(1, most(W[l]) * W[l].shape[-2])
        seen.append(e)
    return int(max(seen)).bit_length() + 1
