r"""SP-12: from leverage draws to the output error, with every constant.

A = A_J with the ridges τ_j = λMq_j/c_j of `leverage_draws`, Σ from the same (n, T) states. On the event S_J ≼ (λ/(1 − t)) Γ,
$$ \|y-y^\#\|_{n,T}\le\sqrt{\tfrac{\lambda}{1-t}}\Bigl[\sqrt{\operatorname{Tr}W^o\Gamma W^{o\top}}+\kappa\rho G_{T-1}(q)
   \sqrt{\operatorname{Tr}W^h_J\Gamma W^{h\top}_J}\Bigr]\le\sqrt{\tfrac{\lambda N(\lambda)}{1-t}}
   \bigl[\|W^o\|+\kappa\rho G_{T-1}(q)\|W^h\|\bigr]. $$
Why: B_1 of `time_accumulation` with ‖Wr‖² ≤ (λ/(1 − t)) Tr WΓWᵀ of `on_the_loewner_event`. κ = ‖WᵒA‖ and q = ρ‖Wʰ_J A‖
are measured. The states are exact multiples of 2^-20 (ReLU, weights in quarters, at most 3 steps), so
Σ, the event and A are computed in Fractions; A is then rounded to floats (relatively 1e-16), and what follows is right to
1e-9 of the largest state. Units: y.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import Any

import numpy as np

from bounds.claim import Array, Claim, Enclosure, Evidence, Int, Real, Step, rounded
from bounds.common.rnn import rnn_forward
from bounds.measure.symbolic import identity as vanishes
from bounds.spectral_pruning.accumulation import compress_rnn, compression_error, end_to_end_bound, geometric_sum, operator_norm
from bounds.spectral_pruning.covariances import fractions
from bounds.spectral_pruning.information import (
    leverage_scores,
    ridge_reconstruction,
    ridge_smoother,
    time_mean_covariance,
)
from bounds.spectral_pruning.random_subsets import loewner_event


@dataclass(frozen=True)
class Pipeline:
    """A ReLU network, sequences, and what was drawn."""

    params: dict[str, np.ndarray]
    x: np.ndarray  # (n, T, d_x)
    counts: np.ndarray  # (m,) how often each unit was drawn
    lam: Fraction
    t: Fraction

    @cached_property
    def Sig(self) -> np.ndarray:
        """Σ in Fractions, from the exact states."""
        return time_mean_covariance(fractions(rnn_forward(self.params, self.x)[0]))

    @cached_property
    def tau(self) -> np.ndarray:
        """λ M q_j/c_j on the drawn units that have leverage; 0 elsewhere."""
        leverage = leverage_scores(self.Sig, self.lam)
        c = [int(n) if v > 0 else 0 for n, v in zip(self.counts, leverage, strict=True)]
        share = self.lam * sum(c) / (sum(leverage) or 1)
        return np.array([share * v / n if n else Fraction(0) for v, n in zip(leverage, c, strict=True)], dtype=object)

    @cached_property
    def J(self) -> list[int]:
        """The drawn units."""
        return [j for j, tau in enumerate(self.tau) if tau > 0]

    @cached_property
    def A(self) -> np.ndarray:
        """A_J, rounded."""
        return ridge_reconstruction(self.Sig, self.J, self.tau).astype(float)

    @property
    def event(self) -> bool:
        """S_J ≼ (λ/(1 − t)) Γ, exactly."""
        return loewner_event(self.Sig, self.J, self.tau, self.lam, self.t)

    def enclosed(self, *values: float) -> Enclosure:
        """1e-9 of the value and of the largest state or output."""
        states = rnn_forward(self.params, self.x)[:2] + rnn_forward(compress_rnn(self.params, self.J, self.A), self.x)[:2]
        return rounded(*values, rel=1e-9, abs=1e-9 * max(float(np.abs(s).max(initial=0.0)) for s in states))


def pipeline(Wh: Any, Wi: Any, b: Any, Wo: Any, x: Any, counts: Any, lam: Any, t: Any, m: int = 0, T: int = 0) -> Pipeline:
    """Two inputs; x (n, T, 2)."""
    names = zip(("Wh", "Wi", "b", "Wo"), (Wh, Wi, b, Wo), strict=True)
    params = {name: np.asarray(value, dtype=float) for name, value in names} | {"bo": np.zeros(len(Wo))}
    return Pipeline(params, np.asarray(x, dtype=float), np.asarray(counts), Fraction(lam), Fraction(t))


def bounds_of(p: Pipeline) -> tuple[float, float]:
    """(sharp, coarse) of the public function."""
    T = p.x.shape[1]
    return end_to_end_bound(p.params, p.Sig.astype(float), p.J, p.A, float(p.lam), float(p.t), T)


def sharp_with(p: Pipeline, root: bool = True, power: int = 1, past: bool = True) -> float:
    """The sharp bound with λ/(1 − t) outside the root, with a power of Γ, or without what earlier steps leave."""
    Gam = np.linalg.matrix_power(ridge_smoother(p.Sig.astype(float), float(p.lam)), power)
    W, Wo = p.params["Wh"][p.J], p.params["Wo"]
    amplified = operator_norm(Wo @ p.A) * geometric_sum(operator_norm(W @ p.A), p.x.shape[1] - 1)
    through = [np.sqrt(max(0.0, float(np.trace(M @ Gam @ M.T)))) for M in (Wo, W)]
    scale = float(p.lam / (1 - p.t))
    return float((np.sqrt(scale) if root else scale) * (through[0] + past * amplified * through[1]))


def error(p: Pipeline) -> float:
    """‖y − y#‖_{n,T}."""
    return compression_error(p.params, p.J, p.A, p.x)


def equality(power: int) -> Evidence:
    """The instance of `tight_at`, λ a symbol and 1 − t such that the event holds with equality: error² = 1/2 = (λ/(1 − t))
    Γ_11.
    """
    import sympy as sp

    lam = sp.Symbol("lam", positive=True)
    Gam = sp.Rational(1, 2) / (sp.Rational(1, 2) + lam)
    one_minus_t = lam / (sp.Rational(1, 2) + lam)
    return vanishes(lambda: lam / one_minus_t * Gam**power - sp.Rational(1, 2))


UNITS: dict[str, Any] = {
    "Wh": [[0, 0], [0, 0]],
    "Wi": [[1, 0], [0, 1]],
    "b": [0, 0],
    "Wo": [[0, 1]],
    "x": [[[1, 0]], [[0, 1]]],
    "counts": [1, 0],
    "lam": Fraction(1, 6),
    "t": Fraction(3, 4),
}

CLAIM = Claim(
    source="furuya2022pruning, reconstructed (SP-12)",
    says="on S_J ≼ (λ/(1−t)) Γ: ‖y − y#‖ ≤ √(λ/(1−t)) [√Tr WᵒΓWᵒᵀ + κρG_{T−1}(q) √Tr WʰΓWʰᵀ] ≤ coarse form",
    space={
        "m": Int(1, 3),
        "T": Int(1, 3),
        "Wh": Array(("m", "m"), -1, 1, step=Fraction(1, 4)),
        "Wi": Array(("m", 2), -1, 1, step=Fraction(1, 4)),
        "b": Array(("m",), -1, 1, step=Fraction(1, 4)),
        "Wo": Array((1, "m"), -1, 1, step=Fraction(1, 4)),
        "x": Array((2, "T", 2), -1, 1, step=Fraction(1, 4)),
        "counts": Array(("m",), 0, 3, step=1),
        "lam": Real(0.03125, 1, step=Fraction(1, 32)),
        "t": Real(0.25, 0.9375, step=Fraction(1, 16)),
    },
    build=pipeline,
    assumes={"the event": lambda p: 0.0 if p.event else -1.0},
    actual=lambda p: p.enclosed(error(p), bounds_of(p)[0]),
    bound=lambda p: p.enclosed(*bounds_of(p)),
    falsified={
        "λ/(1−t) outside the root": {
            "actual": lambda p: p.enclosed(error(p)),
            "bound": lambda p: p.enclosed(sharp_with(p, root=False)),
            "cost": 0.001,
        },
        "Γ² in place of Γ": {
            "actual": lambda p: p.enclosed(error(p)),
            "bound": lambda p: p.enclosed(sharp_with(p, power=2)),
        },
        "earlier steps leave nothing": {
            "actual": lambda p: p.enclosed(error(p)),
            "bound": lambda p: p.enclosed(sharp_with(p, past=False)),
        },
    },
    witness={
        "λ/(1−t) outside the root": UNITS,
        "Γ² in place of Γ": UNITS,
        "earlier steps leave nothing": {  # the missing unit drives the kept one
            "Wh": [[0, 4], [0, 0]],
            "Wi": [[0, 0], [1, 0]],
            "b": [0, 0],
            "Wo": [[1, 0]],
            "x": [[[1, 0], [0, 0]]],
            "counts": [1, 0],
            "lam": Fraction(1, 24),
            "t": Fraction(15, 16),
        },
    },
    covers={
        "pruned, with memory": lambda p: 0 < len(p.J) < len(p.counts) and p.x.shape[1] > 1 and bool(p.params["Wh"].any()),
        "everything is kept": lambda p: 0 < len(p.J) == len(p.counts),
        "some error": lambda p: error(p) > 0.01,
    },
    tight_at=(UNITS,),
    proof=(
        Step(
            says="both sides are 1/√2 on two orthogonal states, whatever λ",
            check=lambda: equality(1),
            false_twin=lambda: equality(2),
        ),
    ),
    cost=0.004,
)
