r"""Rates of a network against its clipped-linear counterpart: finite T, explicit constants.

Static input x, v0 = 0, no feedback, ν_l = ‖W^l‖_∞ (largest absolute row sum). D^0 = E^0 = 0 and, for l = 0..N−1,
$$ D^{l+1}=1+2\nu_lD^l/th,\;\varepsilon^{l+1}=\frac{1+\nu_lD^l/th}{\Lambda_T},\;E^{l+1}=\nu_lE^l/th+\varepsilon^{l+1}. $$
Then in the maximum norm, for every layer, ‖a[T] − φ((W a_prev[T] + b)/th)‖ < ε, max_t ‖â[t] − a[T] Λ_t‖ < D and
‖a[T] − ã‖ < E, where ã^{l+1} = φ((W^l ã^l + b^l)/th), ã^0 = x. So O(1/T) for λ = 1 at fixed depth and weights, and only
O(1 − λ) for λ < 1. Why: `uneven_input` with P = W(â[t] − a[T] Λ_t), as φ is 1-Lipschitz. All exact.
"""

from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Array, Axis, Claim, Enclosure, Int
from bounds.common.spikes import check_leak_and_threshold, lambda_sum, one_arithmetic
from bounds.spike_accumulation.gradients import clipped_linear_forward
from bounds.spike_accumulation.networks import CHAIN, EIGHTH, Net, fires, half, net, ordered, point
from bounds.spike_accumulation.neurons import clip

SPACE: dict[str, Axis] = {**CHAIN, "static": Int(1, 1), "T": Int(1, 8)}


class RateBounds(NamedTuple):
    """Constants of the statement, dimensionless; index l = 0..N, where eps[0] is 0."""

    eps: list[Any]  # error of one layer at the actual rates of the layer before
    D: list[Any]  # unevenness of its traces
    E: list[Any]  # error of all layers so far


def network_rate_bounds(W: Any, lam: Any, th: Any, T: int) -> RateBounds:
    """The three sequences for weights W[l] (n_{l+1}, n_l) after T steps; Fractions in, Fractions out.

    >>> golden = network_rate_bounds([[[half, half], [-half / 2, 5 * half / 2]], [[1, half]]], half, 1, 4)
    >>> [str(e) for e in golden.E], [str(d) for d in golden.D]
    (['0', '8/15', '32/15'], ['0', '1', '4'])
    """
    arrays, one = one_arithmetic(**{f"W[{l}]": w for l, w in enumerate(W)}, lam=lam, th=th)
    lam, th = arrays["lam"][()], arrays["th"][()]
    check_leak_and_threshold(lam, th)
    if T < 1:
        raise ValueError(f"T must be at least 1, got {T}")
    charge = lambda_sum(lam, T)
    out = RateBounds([0 * one], [0 * one], [0 * one])
    for l in range(len(W)):
        if arrays[f"W[{l}]"].ndim != 2:
            raise ValueError(f"W[{l}] must be a matrix (n_{l + 1}, n_{l}), got shape {arrays[f'W[{l}]'].shape}")
        nu = np.abs(arrays[f"W[{l}]"]).sum(axis=1).max() / th
        out.eps.append((1 + nu * out.D[l]) / charge)
        out.E.append(nu * out.E[l] + out.eps[l + 1])
        out.D.append(1 + 2 * nu * out.D[l])
    return out


class Errors(NamedTuple):
    """What the three sequences bound, measured; layers 1..N."""

    eps: list[Any]
    D: list[Any]
    E: list[Any]


def measured(n: Net) -> Errors:
    """From the simulated network."""
    ideal, _ = clipped_linear_forward(n.W, n.b, n.x[0], n.th)
    charges = np.array([lambda_sum(n.lam, t) for t in range(1, n.T + 1)], dtype=object)[:, None]
    out = Errors([], [], [])
    for l in range(n.N):
        z = (n.W[l] @ n.rates[l] + n.b[l]) / n.th
        out.eps.append(max(abs(a - clip(z_i)) for a, z_i in zip(n.rates[l + 1], z, strict=True)))
        out.D.append(abs(n.ahat[l + 1] - n.rates[l + 1] * charges).max())
        out.E.append(abs(n.rates[l + 1] - ideal[l + 1]).max())
    return out


def sides(n: Net, column_sums: bool = False, in_units_of_th: bool = True) -> tuple[Enclosure, Enclosure]:
    """Layer by layer: eps, D, E measured below their bounds, strictly; with another norm, or ν in the place of ν/th."""
    matrices = [w.T for w in n.W] if column_sums else n.W
    bounds, found = network_rate_bounds(matrices, n.lam, n.th if in_units_of_th else 1, n.T), measured(n)
    return ordered(
        strict=[pair for have, limit in zip(found, bounds, strict=True) for pair in zip(have, limit[1:], strict=True)]
    )


def same_in_every_layer(n: Net) -> tuple[Enclosure, Enclosure]:
    """The error of one layer at most 1/Λ_T, also behind another."""
    return ordered([(eps, 1 / n.Lambda) for eps in measured(n).eps[1:]])


def shrinking_with_T(n: Net) -> tuple[Enclosure, Enclosure]:
    """E with T in the place of Λ_T."""
    scale = n.Lambda / n.T
    return ordered(
        [
            (have, limit * scale)
            for have, limit in zip(measured(n).E, network_rate_bounds(n.W, n.lam, n.th, n.T).E[1:], strict=True)
        ]
    )


UNEVEN = point([[[EIGHTH], [2 * EIGHTH]], [[3, 5 * half]]], [[0, 0], [0]], [1], 1, T=8)
HALVED = point([[[EIGHTH / 2], [EIGHTH]], [[3 * half, 5 * half / 2]]], [[0, 0], [0]], [1], 1, th=half, T=8)  # the same spikes
CLAIM = Claim(
    source="new",
    says="static input: errors of rates, layer by layer and in all, and unevenness of traces stay below ε, E and D",
    space=SPACE,
    build=net,
    assumes={},
    actual=lambda n: sides(n)[0],
    bound=lambda n: sides(n)[1],
    falsified={
        "1/Λ in every layer": {
            "space": {**SPACE, "depth": Int(2, 2), "W": Array((2, 3, 3), -0.5, 3, step=EIGHTH)},
            "actual": lambda n: same_in_every_layer(n)[0],
            "bound": lambda n: same_in_every_layer(n)[1],
        },
        "1/T in spite of leak": {"actual": lambda n: shrinking_with_T(n)[0], "bound": lambda n: shrinking_with_T(n)[1]},
        "column sums in the place of row sums": {
            "actual": lambda n: sides(n, column_sums=True)[0],
            "bound": lambda n: sides(n, column_sums=True)[1],
        },
        "weights not in units of th": {
            "actual": lambda n: sides(n, in_units_of_th=False)[0],
            "bound": lambda n: sides(n, in_units_of_th=False)[1],
        },
        "an input that changes": {"space": {**SPACE, "static": Int(0, 0)}},
    },
    witness={
        "1/Λ in every layer": UNEVEN,
        "1/T in spite of leak": point([[[3 * EIGHTH]]], [[0]], [1], half, T=8),
        "column sums in the place of row sums": UNEVEN,
        "weights not in units of th": HALVED,
        "an input that changes": point([[[1]]], [[0]], [[0], [2]], 1),
    },
    covers={
        "the last layer fires": fires,
        "three layers": lambda n: n.N == 3,
        "no leak": lambda n: n.lam == 1,
        "an error above a quarter of its bound behind the first layer": lambda n: (
            n.N > 1 and measured(n).E[-1] > half / 2 * network_rate_bounds(n.W, n.lam, n.th, n.T).E[-1]
        ),
    },
    cost=0.003,
)
