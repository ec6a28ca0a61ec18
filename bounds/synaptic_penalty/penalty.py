r"""The penalties Ω: synaptic operations, spikes, or spikes per neuron, and their gradients.

Ω_syn(p) = (1/p) Σ_{l,t,i} ψ_{l,i} s_{l,i}(t)^p; Ω_tot has ψ = 1, Ω_bal the weight 1/n_l. Mean over the batch, sums over layers
and steps. With p = 1 and spikes 0 and 1, Ω_syn is the number of accumulations; E_AC times it is the energy.
"""

from collections.abc import Sequence
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from bounds.measure.ball import fraction

Kind = Literal["syn", "tot", "bal"]


def penalty_weights(fanout: Sequence[ArrayLike], kind: str) -> list[np.ndarray]:
    """What a spike of each neuron costs, (n_l,) for each layer: ψ (syn), 1 (tot) or 1/n_l (bal)."""
    psi = [np.asarray(f) for f in fanout]
    if kind == "syn":
        return psi
    if kind == "tot":
        return [np.ones_like(f) for f in psi]
    if kind == "bal":
        exact = any(f.dtype == object for f in psi)
        return [np.full(f.shape, Fraction(1, f.size) if exact else 1 / f.size) for f in psi]
    raise ValueError(f'kind must be "syn", "tot" or "bal", got {kind!r}')


def _checked(spikes: Sequence[ArrayLike], fanout: Sequence[ArrayLike], p: Any) -> list[np.ndarray]:
    if len(spikes) != len(fanout) or not spikes:
        raise ValueError(f"spikes and fanout must list one entry per layer, got {len(spikes)} and {len(fanout)}")
    if not p > 0:
        raise ValueError(f"p must be positive, got {p}")
    layers = [np.asarray(s) for s in spikes]
    for l, (s, f) in enumerate(zip(layers, fanout, strict=True)):
        n = np.asarray(f).shape
        if s.ndim != 3 or s.shape[2:] != n or len(s) == 0:
            raise ValueError(
                f"spikes[{l}] must have shape (B, T, n) with B >= 1 and fanout[{l}] of shape (n,), got {s.shape} and {n}"
            )
        if len(s) != len(layers[0]):
            raise ValueError(f"every layer must have the same batch, got {len(layers[0])} samples and, in layer {l}, {len(s)}")
    return layers


def synaptic_penalty(spikes: Sequence[ArrayLike], fanout: Sequence[ArrayLike], p: Any = 1, kind: Kind = "syn") -> Any:
    """Ω, the batch's mean: spikes a list of (B, T, n_l), fanout of (n_l,). Fractions stay exact for integer p.

    >>> float(synaptic_penalty([np.ones((2, 3, 4))], [np.full(4, 10)]))
    120.0
    """
    layers = _checked(spikes, fanout, p)
    total = sum((np.asarray(w) * s**p).sum() for w, s in zip(penalty_weights(fanout, kind), layers, strict=True))
    return total / (p * len(layers[0])) if not isinstance(total, int | Fraction) else Fraction(total) / (p * len(layers[0]))


def penalty_gradient(
    spikes: Sequence[ArrayLike], fanout: Sequence[ArrayLike], p: Any = 1, kind: Kind = "syn"
) -> list[np.ndarray]:
    """dΩ/ds = ψ s^{p−1}/B, shapes of the spikes, with 0⁰ = 1: for p = 1 silent neurons have a gradient, for p > 1 none.

    For p < 1 it is infinite at s = 0, unless ψ = 0. ValueError as in `synaptic_penalty`.
    """
    layers = _checked(spikes, fanout, p)
    B = len(layers[0])
    out = []
    for w, s in zip(penalty_weights(fanout, kind), layers, strict=True):
        if p >= 1:
            slope = np.asarray(w) * (np.ones_like(s) if p == 1 else s ** (p - 1))
        else:
            free = np.asarray(w == 0)
            with np.errstate(divide="ignore"):
                slope = np.asarray(w) * np.where(free, 1, s) ** np.float64(p - 1)
        out.append(slope / (Fraction(B) if s.dtype == object else B))
    return out


def opposite_order_pair(w: Sequence[Any], psi: Sequence[Any]) -> tuple[list[Fraction], list[Fraction]]:
    """Rates r, r' in [0, 1]ⁿ with Σ w r < Σ w r' and Σ ψ r > Σ ψ r'. Exact; floats count as the rationals they are.

    ValueError unless w and ψ are positive, finite, of one length, and not proportional. Why it works: if w_i/w_j < ψ_i/ψ_j,
    take ρ between the two and c = min(1, 1/ρ): r = c e_i, r' = cρ e_j.

    >>> opposite_order_pair([1, 1], [10, 1])
    ([Fraction(2, 11), Fraction(0, 1)], [Fraction(0, 1), Fraction(1, 1)])
    """
    a, b = ([fraction(v) for v in values] for values in (w, psi))
    if len(a) != len(b) or not a or min(a) <= 0 or min(b) <= 0:
        raise ValueError("w and psi must be positive, of one length")
    share = [x / y for x, y in zip(a, b, strict=True)]
    i, j = share.index(min(share)), share.index(max(share))
    if share[i] == share[j]:
        raise ValueError("w and psi are proportional: they order all rates alike")
    low, high = a[i] / a[j], b[i] / b[j]
    rho = (low + high) / 2
    c = min(Fraction(1), 1 / rho)
    first, second = [Fraction(0)] * len(a), [Fraction(0)] * len(a)
    first[i], second[j] = c, c * rho
    return first, second
