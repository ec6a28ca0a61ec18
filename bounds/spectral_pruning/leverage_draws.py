r"""SP-6: N(λ) log(r/δ)/c(t) units drawn by leverage keep everything but λ/(1 − t) Γ, with probability 1 − δ.

Σ ≠ 0 of rank r, q_j = l_j(λ)/N(λ), v_1..v_M i.i.d. from q with counts c_j, J = {c_j > 0}, τ_j = λMq_j/c_j. For t, δ in (0, 1)
and c(t) = t + (1 − t) log(1 − t),
$$ M\ge N(\lambda)\log(r/\delta)/c(t)\implies P\bigl(S_J\preceq\tfrac{\lambda}{1-t}\Gamma\bigr)\ge1-\delta. $$
Why: (1) S_J = λHᵀ(K̂ + λ)⁻¹H with K̂ = (1/M) Σ h_v h_vᵀ/q_v. (2) Z = (K + λ)^{-1/2} h_v h_vᵀ (K + λ)^{-1/2}/q_v has norm N and
mean G = K(K + λ)⁻¹. (3) P(λ_min(I − G + mean Z) ≤ 1 − t) ≤ r exp(−Mc(t)/N) by Tropp's argument for the mgf with the
deterministic part I − G. (4) On the complement K̂ + λ ≽ (1 − t)(K + λ). Steps (2), (3) are left to the reader but for the two
lines below. The multiplicities matter: without them the statement is false.

The failure probability is not sampled but summed over all count vectors (m ≤ 3, M ≤ 45; multinomial weights right to
1e-13 each, 1e-12 together). Whether one fails is decided by the least eigenvalue on the range of Σ, where S_J comes from
`relaxed_residual` (SP-1 c); within 1e-9 of 0, relatively, both answers count.
"""

import math
from dataclasses import dataclass, replace
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from scipy.special import gammaln

from bounds.claim import Array, Axis, Claim, Enclosure, Evidence, Int, Real, Step, exact
from bounds.measure.symbolic import identity as vanishes
from bounds.spectral_pruning.covariances import SPECTRAL, Spectral, spectral
from bounds.spectral_pruning.random_subsets import leverage_sample_size


@dataclass(frozen=True)
class Draws:
    """A covariance, λ, and the plan of an experiment: t, δ, the number M of draws and the rule that sets the ridges."""

    x: Spectral
    t: float
    delta: float
    M: int
    counted: bool = True  # τ_j = λ M q_j/c_j; False: τ_j = λ M q_j

    @cached_property
    def counts(self) -> np.ndarray:
        """All count vectors with sum M: (number, m)."""
        m = self.x.m
        places = list(combinations(range(self.M + m - 1), m - 1))
        bars = np.array(places, dtype=int).reshape(len(places), m - 1)
        ends = np.hstack([np.full((len(bars), 1), -1), bars, np.full((len(bars), 1), self.M + m - 1)])
        return np.diff(ends, axis=1) - 1

    @cached_property
    def q(self) -> np.ndarray:
        """q_j."""
        return np.asarray(np.diagonal(self.x.Gam) / self.x.N, dtype=float)


def planned(t: float, delta: float, extra: int, mu: Any, **x: Any) -> Draws:
    """The least M that the theorem asks for, and some more. μ = 0 becomes 1, for Σ ≠ 0."""
    one = spectral(mu=mu if np.any(np.asarray(mu) != 0) else [1] * len(mu), **x)
    return Draws(one, t, delta, leverage_sample_size(one.Sig.astype(float), float(one.lam), delta, t) + extra)


def fails(d: Draws) -> tuple[np.ndarray, np.ndarray]:
    """For each count vector: whether S_J ≼ (λ/(1 − t))Γ fails for certain, and whether it may."""
    lam, live = float(d.x.lam), np.flatnonzero(d.x.mu > 0)
    Sig, Gam, Q = (np.asarray(a, dtype=float) for a in (d.x.Sig, d.x.Gam, d.x.Q[:, live]))
    share = d.counts if d.counted else np.minimum(d.counts, 1)
    precision = np.divide(share, lam * d.M * d.q, out=np.zeros(share.shape), where=d.q > 0)
    S = np.linalg.solve(np.eye(d.x.m) + Sig * precision[:, None, :], np.broadcast_to(Sig, (len(share), *Sig.shape)))
    room = Q.T @ (lam / (1 - d.t) * Gam - S) @ Q
    least = np.linalg.eigvalsh((room + room.transpose(0, 2, 1)) / 2)[:, 0]
    unsure = 1e-9 * float(max(d.x.mu))
    return least < -unsure, least < unsure


def failure_probability(d: Draws) -> Enclosure:
    """P(not S_J ≼ (λ/(1 − t))Γ), summed over all count vectors that have a probability."""
    with np.errstate(divide="ignore", invalid="ignore"):
        log_q = np.where(d.counts > 0, d.counts * np.log(d.q), 0.0)
    weight = np.exp(math.lgamma(d.M + 1) + (log_q - gammaln(d.counts + 1.0)).sum(axis=1))
    certain, possible = fails(d)
    return Enclosure(float(weight @ certain) - 1e-12, min(1.0, float(weight @ possible) + 1e-12))


def schur_from_draws(counts: bool) -> Evidence:
    """Step (1) for 2 units in the plane, symbols throughout; the false twin forgets the counts in τ."""
    import sympy as sp

    H = sp.Matrix(2, 2, sp.symbols("h:4", positive=True))
    c, q = sp.symbols("c:2", positive=True), sp.symbols("q:2", positive=True)
    lam, M = sp.symbols("lam M", positive=True)
    Sig = H.T * H
    K_hat = sum((H[:, j] * H[:, j].T * (c[j] / (M * q[j])) for j in range(2)), sp.zeros(2))
    D = sp.diag(*(lam * M * q[j] / (c[j] if counts else 1) for j in range(2)))
    S = Sig - Sig * (Sig + D).inv() * Sig
    return vanishes(lambda: S - lam * H.T * (K_hat + lam * sp.eye(2)).inv() * H)


def best_exponent(sign: int) -> Evidence:
    """(1 − t)a − (1 − e^{−a}) = −c(t) at a = −log(1 − t), the exponent over M/N; the false twin has c(t) with a minus."""
    import sympy as sp

    t = sp.Symbol("t", positive=True)
    a = -sp.log(1 - t)
    return vanishes(lambda: (1 - t) * a - (1 - sp.exp(-a)) + t + sign * (1 - t) * sp.log(1 - t), ranges={"t": (0, 1)})


SPACE: dict[str, Axis] = {key: SPECTRAL[key] for key in ("mu", "v", "w", "lam")} | {
    "m": Int(1, 3),
    "mu": Array(("m",), 0, 8, step=Fraction(1, 2)),
    "t": Real(0.4, 0.98),
    "delta": Real(0.05, 0.9),
    "extra": Int(0, 3),
}

CLAIM = Claim(
    source="furuya2022pruning, reconstructed (SP-6)",
    says="M ≥ N(λ) log(r/δ)/c(t) draws by leverage give S_J ≼ (λ/(1−t)) Γ with probability ≥ 1 − δ",
    space=SPACE,
    build=planned,
    assumes={"few enough draws to sum over": lambda d: 45 - d.M},
    actual=failure_probability,
    bound=lambda d: exact(d.delta),
    falsified={
        "no logarithm, M = ⌈N⌉": {"actual": lambda d: failure_probability(replace(d, M=math.ceil(d.x.N)))},
        "ridges without multiplicities": {"actual": lambda d: failure_probability(replace(d, counted=False))},
    },
    witness={
        "no logarithm, M = ⌈N⌉": {"mu": [10] * 6, "lam": 1, "t": 0.75, "delta": 0.5, "extra": 0},
        "ridges without multiplicities": {
            "mu": [1, 1],
            "lam": Fraction(1, 100),
            "t": 0.75,
            "delta": 0.0004,
            "extra": 0,
        },
    },
    covers={
        "a failure is possible": lambda d: bool(failure_probability(d).lo > 0),
        "mixed directions": lambda d: d.x.m > 1 and any(d.x.Sig[0, 1:]),
        "singular": lambda d: d.x.rank < d.x.m,
    },
    proof=(
        Step(
            says="S_J = λHᵀ(K̂ + λ)⁻¹H, 2 units, all entries and counts symbols",
            check=lambda: schur_from_draws(True),
            false_twin=lambda: schur_from_draws(False),
        ),
        Step(
            says="the exponent at θ = −(M/N) log(1 − t) is −(M/N) c(t)",
            check=lambda: best_exponent(1),
            false_twin=lambda: best_exponent(-1),
        ),
    ),
    cost=0.004,
)
