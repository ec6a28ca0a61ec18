r"""SP-10 (a): one step passes on the hidden error at most q-fold, and adds what the kept units see of the residual.

h_0 = g_0 = 0, s elementwise and ρ-Lipschitz, any A. With d_t = h_{J,t} − g_t, r_t = h_t − A h_{J,t}, r_0 = d_0 = 0, q =
ρ‖Wʰ_J A‖,
$$ \|d_t\|\le\rho\|W^h_Jr_{t-1}\|+q\|d_{t-1}\|,\qquad y_t-y^\#_t=W^or_t+W^oAd_t. $$
Why: the pre-activations of unit J differ by Wʰ_J(h_{t−1} − A g_{t−1}) = Wʰ_J(r_{t−1} + A d_{t−1}). States are exact for ReLU;
see `networks` for the rounding. Update: both networks step together; r_t and d_t are seen after step t. Units: h, and y.
"""

import numpy as np

from bounds.claim import Claim, Enclosure
from bounds.spectral_pruning.accumulation import operator_norm
from bounds.spectral_pruning.networks import NET, Pruned, chain, pruned


def passed_on(p: Pruned, rho: float | None = None) -> np.ndarray:
    """ρ‖Wʰ_J r_{t−1}‖ + q‖d_{t−1}‖ for t = 2..T: (n, T − 1). At t = 1 both sides are 0."""
    slope = p.rho if rho is None else rho
    seen = np.linalg.norm(p.r[:, :-1] @ p.W.T, axis=2)
    return np.asarray(slope * (seen + operator_norm(p.W @ p.A) * np.linalg.norm(p.d[:, :-1], axis=2)))


def hidden_error(p: Pruned) -> np.ndarray:
    """‖d_t‖ for t = 2..T: (n, T − 1)."""
    return np.asarray(np.linalg.norm(p.d[:, 1:], axis=2))


def output_gap(p: Pruned) -> np.ndarray:
    """How far y_t − y#_t is from Wᵒ r_t + Wᵒ A d_t for t = 2..T: (n, T − 1)."""
    Wo = p.params["Wo"]
    return np.asarray(np.abs(p.difference - p.r @ Wo.T - p.d @ (Wo @ p.A).T).max(axis=2)[:, 1:])


def right(p: Pruned, rho: float | None = None) -> Enclosure:
    """The recursion, and the rounding budget of the identity: 0 for exact states (1e-13 of the largest output if not)."""
    scale = 1 + float(np.abs(p.states[1]).max()) + float(np.abs(p.pruned_states[1]).max())
    return p.enclosed(passed_on(p, rho), np.full((len(p.x), p.T - 1), 1e-13 * scale + p.slack))


CLAIM = Claim(
    source="furuya2022pruning, reconstructed (SP-10 a)",
    says="‖d_t‖ ≤ ρ‖Wʰ_J r_{t−1}‖ + q‖d_{t−1}‖ and y_t − y#_t = Wᵒ r_t + Wᵒ A d_t",
    space=NET,
    build=pruned,
    assumes={"starts at 0": lambda p: -float(np.abs(p.h0).max())},
    actual=lambda p: p.enclosed(hidden_error(p), output_gap(p)),
    bound=right,
    falsified={
        "slope omitted": {"bound": lambda p: right(p, 1.0)},
        "the residual has no say": {
            "actual": lambda p: p.enclosed(hidden_error(p)),
            "bound": lambda p: p.enclosed(p.rho * operator_norm(p.W @ p.A) * np.linalg.norm(p.d[:, :-1], axis=2)),
        },
    },
    witness={"slope omitted": chain(0, 1, 2, rho=2), "the residual has no say": chain(0, 1, 2)},
    covers={
        "ReLU": lambda p: p.activation == "relu",
        "tanh": lambda p: p.activation == "tanh",
        "everything is kept": lambda p: len(p.J) == len(p.A),
    },
    tight_at=(chain(1, 1, 4),),
    cost=0.002,
)
