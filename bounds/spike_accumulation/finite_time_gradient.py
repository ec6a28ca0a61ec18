r"""How far SAF-F at finite T is from the gradient of the clipped-linear network.

Static input, squared error, v0 = 0, no feedback, κ = 1/th, E^l of `network_rates`. If the indicators 1{0 < z < 1} of the
actual and the ideal pre-activations agree in every layer, then for l = 0..N−1, in the maximum norm,
$$ |G_F^l-G_{SR}^l| \le K_l\bigl(E^N\|a^l[T]\|+\|\tilde a^N-y\|\,E^l\bigr),\qquad |G_{b,F}^l-G_{b,SR}^l|\le K_lE^N, $$
K_{N−1} = 1/th, K_l = K_{l+1} ‖(W^{l+1})^T‖_∞ / th. The indicators do agree if every ideal z^m_i is farther than
ν_{m−1} E^{m−1}/th from 0 and 1. Why: both errors are the same linear map, of norm ≤ K_l, of a^N[T] − y and of ã^N − y; split
the outer product. All exact.
"""

from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Evidence, Int, Step, exact
from bounds.measure.symbolic import identity
from bounds.spike_accumulation.gradients import clipped_linear_forward, saf_f_gradients, squared_error, sr_gradients
from bounds.spike_accumulation.network_rates import network_rate_bounds
from bounds.spike_accumulation.networks import CHAIN, EIGHTH, TARGET, Net, fires, half, net, point

SPACE: dict[str, Axis] = {**CHAIN, **TARGET, "static": Int(1, 1), "loss": Choice(("squared",)), "T": Int(1, 8)}


class GradientGap(NamedTuple):
    """Largest differences of the two gradients per layer l = 0..N−1, and their bounds; these need pattern_match."""

    pattern_match: bool  # the indicators 1{0 < z < 1} agree
    W: list[Any]
    W_bound: list[Any]
    b: list[Any]
    b_bound: list[Any]


def gradient_gap_bound(W: Any, b: Any, x0: Any, y: Any, lam: Any, th: Any, T: int) -> GradientGap:
    """Measured and bounded |SAF-F − SR| for a static input x0 (n_0,), squared error to y (n_N,), after T steps."""
    if T < 1:
        raise ValueError(f"T must be at least 1, got {T}")
    ours = saf_f_gradients(W, b, [x0] * T, y, lam, th, squared_error, "matched")
    ideal = sr_gradients(W, b, x0, y, th, squared_error)
    E = network_rate_bounds(W, lam, th, T).E
    inside = [[(z > 0) & (z < 1) for z in side.z] for side in (ours, ideal)]
    out = GradientGap(all(np.array_equal(p, q) for p, q in zip(*inside, strict=True)), [], [], [], [])
    miss, n = abs(ideal.rates[-1] - np.asarray(y)).max(), len(W)
    K = [0 * E[0] + 1] * n
    K[n - 1] = K[n - 1] / th
    for l in range(n - 2, -1, -1):
        K[l] = K[l + 1] * abs(np.asarray(W[l + 1])).sum(axis=0).max() / th
    for l in range(n):
        out.W.append(abs(ours.W[l] - ideal.W[l]).max())
        out.W_bound.append(K[l] * (E[n] * abs(ours.rates[l]).max() + miss * E[l]))
        out.b.append(abs(ours.b[l] - ideal.b[l]).max())
        out.b_bound.append(K[l] * E[n])
    return out


@dataclass(frozen=True)
class Case:
    """A network, and its two gradients compared once."""

    net: Net

    @cached_property
    def gap(self) -> GradientGap:
        """Of its input and target."""
        n = self.net
        return gradient_gap_bound(n.W, n.b, n.x[0], n.y, n.lam, n.th, n.T)

    @property
    def ideal(self) -> Any:
        """The gradient of the first layer of the clipped-linear network."""
        n = self.net
        return sr_gradients(n.W, n.b, n.x[0], n.y, n.th, squared_error).W[0]


def measured(c: Case) -> Enclosure:
    """All layers, weights and biases."""
    return exact(*c.gap.W, *c.gap.b)


def bound(c: Case, first_term_only: bool = False) -> Enclosure:
    """The same of the bounds; first_term_only: K_l E^N ‖a^l[T]‖ for the weights."""
    g = c.gap
    first = [b * abs(a).max() for b, a in zip(g.b_bound, c.net.rates[:-1], strict=True)]
    return exact(*(first if first_term_only else g.W_bound), *g.b_bound)


def far_from_kinks(n: Net) -> bool:
    """Every ideal pre-activation is so far from 0 and 1 that the indicators must agree."""
    E = network_rate_bounds(n.W, n.lam, n.th, n.T).E
    _, z = clipped_linear_forward(n.W, n.b, n.x[0], n.th)
    room = [min(min(abs(v), abs(v - 1)) for v in z_m) for z_m in z]
    reach = [abs(w).sum(axis=1).max() * E[l] / n.th for l, w in enumerate(n.W)]
    return all(a > b or l == 0 for l, (a, b) in enumerate(zip(room, reach, strict=True)))


def chain_of_ones(b1: Any) -> dict[str, Any]:
    """Two neurons in a row, one step of 1/8 each."""
    return point([[[EIGHTH]], [[EIGHTH]]], [[0], [b1]], [1], 1, T=4, y=[1])


def split(second: bool = True) -> Evidence:
    """e a − e' a' = (e − e') a + e' (a − a'), an entry of the two outer products; false without the second term."""
    from sympy import symbols

    e, a, e2, a2 = symbols("e a e' a'")
    return identity(lambda: e * a - e2 * a2 - ((e - e2) * a + (e2 * (a - a2) if second else 0)))


CLAIM = Claim(
    source="new",
    says="|SAF-F − SR ideal| ≤ K_l (E^N ‖a^l‖ + ‖ã^N − y‖ E^l), biases K_l E^N, where the indicators 0 < z < 1 agree",
    space=SPACE,
    build=lambda **of_net: Case(net(**of_net)),
    assumes={"the indicators agree": lambda c: 0.0 if c.gap.pattern_match else -1.0},
    actual=measured,
    bound=bound,
    falsified={
        "also where the indicators differ": {
            "space": {
                **SPACE,
                "depth": Int(2, 2),
                "W": Array((2, 3, 3), 0, 0.5, step=EIGHTH),
                "b": Array((2, 3), 0, 0.5, step=EIGHTH),
            },
            "assumes": {"the indicators differ": lambda c: -1.0 if c.gap.pattern_match else 0.0},
        },
        "without the second term": {"bound": partial(bound, first_term_only=True)},
    },
    witness={"also where the indicators differ": chain_of_ones(0), "without the second term": chain_of_ones(half)},
    covers={
        "the last layer fires": lambda c: fires(c.net),
        "the first of several layers learns": lambda c: c.net.N > 1 and bool(np.any(c.ideal != 0)),
        "several layers, far from the kinks": lambda c: c.net.N > 1 and far_from_kinks(c.net),
        "above half the bound": lambda c: any(a > half * b > 0 for a, b in zip(c.gap.W, c.gap.W_bound, strict=True)),
    },
    proof=(
        Step(
            says="e a^T − ẽ ã^T = (e − ẽ) a^T + ẽ (a − ã)^T",
            check=split,
            false_twin=partial(split, second=False),
        ),
    ),
    cost=0.004,
)
