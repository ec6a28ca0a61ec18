r"""SP-10 (b), (c): over T steps the residual is amplified at most G_{T−1}(q)-fold.

h_0 = g_0 = 0, s elementwise and ρ-Lipschitz, any A, q = ρ‖Wʰ_J A‖, κ = ‖Wᵒ A‖, G_k(q) = 1 + q + ... + q^{k−1}:
$$ \|y-y^\#\|_{n,T}\le\underbrace{\|W^or\|_{n,T}+\kappa\rho\,G_{T-1}(q)\,\|W^h_Jr\|_{n,T}}_{B_1}\le
   \underbrace{\|W^o\|\|r\|_{n,T}\bigl(1+\|A\|\rho\|W^h\|G_{T-1}(\rho\|W^h\|\|A\|)\bigr)}_{B_0}. $$
Why: unroll `step_recursion` (T − 1 terms, because r_0 = 0) and use Minkowski's inequality in L²(n, T) for the shifts; norms of
products. For T = 784 and q = 1.7 the factor exceeds 1e180: true, and silent. States are exact for ReLU; see `networks` for
the rounding. Units: y.
"""

from typing import Any

import numpy as np

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Int
from bounds.spectral_pruning.accumulation import error_bounds, geometric_sum, operator_norm
from bounds.spectral_pruning.information import rms_norm
from bounds.spectral_pruning.networks import NET, Pruned, chain, pruned


def bounds_of(p: Pruned) -> dict[str, Any]:
    """The public function on this instance, with D = 1 only."""
    return error_bounds(p.params, p.J, p.A, p.x, np.ones(len(p.J)), p.rho, p.activation)


def left(p: Pruned) -> Enclosure:
    """The error, and B1."""
    return p.enclosed(p.error, bounds_of(p)["B1"])


def right(p: Pruned) -> Enclosure:
    """B1, and B0."""
    found = bounds_of(p)
    return p.enclosed(found["B1"], found["B0"])


def B1_with(p: Pruned, steps: int, q: float | None = None, rho: float | None = None, kap: float | None = None) -> Enclosure:
    """B1 with G_{steps}(q) and another q, slope or κ."""
    slope = p.rho if rho is None else rho
    factor = geometric_sum(slope * operator_norm(p.W @ p.A) if q is None else q, max(steps, 0))
    seen = rms_norm(p.r @ p.params["Wo"].T)
    read = operator_norm(p.params["Wo"] @ p.A) if kap is None else kap
    return p.enclosed(seen + read * slope * factor * rms_norm(p.r @ p.W.T))


def spectral_radius(p: Pruned) -> float:
    """ρ times the largest |eigenvalue| of Wʰ_J A."""
    return float(p.rho * np.abs(np.linalg.eigvals(p.W @ p.A)).max(initial=0.0))


NILPOTENT = {
    "Wh": [[2, -2, 1], [2, -2, 0], [0, 0, 0]],
    "b": [0, -1e6, 1],
    "Wo": [[1, 0, 0]],
    "x": [[0] * 6],
    "keep": [1, 1, 0],
    "A": [[1, 0], [0, 1], [0, 0]],
}

CONSTANT: dict[str, Axis] = NET | {  # no input, kept units rebuild themselves
    "x": Choice(([[0.0] * 4],)),
    "T": Int(4, 4),
    "Wi": Array(("m",), 0, 0, step=1),
    "fix": Int(1, 1),
    "rho": Int(1, 1),
    "activation": Choice(("relu",)),
}

CLAIM = Claim(
    source="furuya2022pruning, reconstructed (SP-10 b, c)",
    says="‖y − y#‖ ≤ B1 = ‖Wᵒr‖ + κρG_{T−1}(q)‖Wʰ_J r‖ ≤ B0, the product of norms",
    space=NET,
    build=pruned,
    assumes={"starts at 0": lambda p: -float(np.abs(p.h0).max())},
    actual=left,
    bound=right,
    falsified={
        "G_{T−2}": {"actual": lambda p: p.enclosed(p.error), "bound": lambda p: B1_with(p, p.T - 2)},
        "any starting state": {
            "assumes": {},
            "space": NET | {"h0": Array((4,), -1, 1, step=1)},
            "actual": lambda p: p.enclosed(p.error),
            "bound": lambda p: B1_with(p, p.T - 1),
        },
        "spectral radius in place of the norm": {
            "actual": lambda p: p.enclosed(p.error),
            "bound": lambda p: B1_with(p, p.T - 1, spectral_radius(p)),
            "space": CONSTANT | {"m": Int(3, 3), "keep": Choice(([1, 1, 0],))},
            "covers": {},
            "cost": 0.0005,
        },
        "‖Wᵒ‖ in place of κ": {
            "actual": lambda p: p.enclosed(p.error),
            "bound": lambda p: B1_with(p, p.T - 1, kap=operator_norm(p.params["Wo"])),
        },
        "slope omitted": {
            "actual": lambda p: p.enclosed(p.error),
            "bound": lambda p: B1_with(p, p.T - 1, rho=1.0),
            "space": CONSTANT | {"m": Int(2, 2), "keep": Choice(([1, 0],)), "rho": Int(2, 2)},
            "covers": {},
            "cost": 0.0005,
        },
    },
    witness={
        "G_{T−2}": chain(1, 1, 2),
        "any starting state": chain(1, 1, 1, h0=[1, 1]),
        "spectral radius in place of the norm": NILPOTENT,
        "‖Wᵒ‖ in place of κ": {  # unit 1 is 4 times unit 0, and rebuilt as that
            "Wh": [[0, 0, 1], [0, 0, 4], [0, 0, 0]],
            "b": [0, 0, 1],
            "Wo": [[0, 1, 0]],
            "x": [[0, 0]],
            "keep": [1, 0, 0],
            "A": [[1], [4], [0]],
        },
        "slope omitted": chain(0, 1, 2, rho=2),
    },
    covers={
        "the state amplifies": lambda p: operator_norm(p.W @ p.A) > 1,
        "it contracts": lambda p: 0 < operator_norm(p.W @ p.A) < 0.75,
        "tanh": lambda p: p.activation == "tanh",
    },
    cost=0.002,
)
