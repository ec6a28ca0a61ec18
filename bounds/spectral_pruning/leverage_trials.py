r"""SP-6 again, by repeated trials: larger spectra than can be summed over, and why a ridge may not count the *set*.

M ≥ N(λ) log(r/δ)/c(t) draws by leverage, counts c_j, τ_j = λMq_j/c_j: P(not S_J ≼ (λ/(1 − t)) Γ) ≤ δ. `leverage_draws` sums the
probability exactly for three units; here it is a rate, with Clopper and Pearson's interval at risk 1e-12 and more trials
while undecided. S_J comes from `relaxed_residual` (SP-1 c). What is not certain counts as failing, which can only make the
rate larger: the order is decided by the least eigenvalue up to 1e-9 μ_1, and for uncorrelated units entry by entry up to
1e-9 of the entry.

The variant "λ |J| q_j" is the set-based reading of the lemma. On one strong unit beside a thousand weak ones |J| is about
M/2, so the strong unit gets a ridge M/2 times too large.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from bounds.claim import Array, Axis, Claim, Enclosure, Int, Real, exact
from bounds.measure.sampling import sampled_rate
from bounds.spectral_pruning.information import degrees_of_freedom
from bounds.spectral_pruning.random_subsets import draws_needed

MOST = 1600  # trials at which an undecided look gives up


@dataclass(frozen=True)
class Trials:
    """Σ = U diag(μ) Uᵀ (U = None: diagonal), the plan, and how many trials with which seed."""

    mu: np.ndarray
    U: np.ndarray | None
    lam: float
    t: float
    delta: float
    M: int
    trials: int
    seed: int

    @property
    def q(self) -> np.ndarray:
        """q_j = l_j/N."""
        gamma = self.mu / (self.mu + self.lam)
        leverage = gamma if self.U is None else self.U**2 @ gamma
        return np.asarray(leverage / leverage.sum())


def drawn(m: int, log_mu: Any, lam: float, t: float, delta: float, seed: int, trials: int = 100) -> Trials:
    """Eigenvalues 10^log_mu, eigenvectors from the seed."""
    mu = 10.0 ** np.asarray(log_mu, dtype=float)
    rng = np.random.default_rng(seed)
    U = np.linalg.qr(rng.standard_normal((m, m)))[0]
    M = draws_needed(mu, lam, delta, t)
    return Trials(mu, U, lam, t, delta, M, trials, seed)


def two_level(log_strong: float, weak: int, leverage: float, lam: float, t: float, delta: float, seed: int) -> Trials:
    """One strong unit, and `weak` units of the given leverage each, all uncorrelated."""
    mu = np.array([10.0**log_strong, *[lam * leverage / (1 - leverage)] * weak])
    M = draws_needed(mu, lam, delta, t)
    return Trials(mu, None, lam, t, delta, M, 100, seed)


def by_counts(x: Trials, counts: np.ndarray) -> np.ndarray:
    """1/τ_j = c_j/(λ M q_j), and 0 off J."""
    return np.asarray(counts / (x.lam * x.M * x.q))


def by_set(x: Trials, counts: np.ndarray) -> np.ndarray:
    """1/τ_j = 1/(λ |J| q_j), and 0 off J."""
    kept = counts > 0
    return np.asarray(kept / (x.lam * kept.sum(axis=1, keepdims=True) * x.q))


def failure_rate(x: Trials, precision: Callable[[Trials, np.ndarray], np.ndarray] = by_counts) -> Enclosure:
    """The rate of trials in which S_J ≼ (λ/(1 − t)) Γ is not certain."""
    rng = np.random.default_rng([x.seed, x.trials])
    p = precision(x, rng.multinomial(x.M, x.q, size=x.trials))
    largest = x.lam / (1 - x.t) * x.mu / (x.mu + x.lam)
    if x.U is None:
        certain = (x.mu / (1 + x.mu * p) < (1 - 1e-9) * largest).all(axis=1)
    else:
        Sig = (x.U * x.mu) @ x.U.T
        S = np.linalg.solve(np.eye(len(Sig)) + Sig * p[:, None, :], np.broadcast_to(Sig, (x.trials, *Sig.shape)))
        least = np.linalg.eigvalsh((x.U * largest) @ x.U.T - (S + S.transpose(0, 2, 1)) / 2)[:, 0]
        certain = least > 1e-9 * x.mu.max()
    return sampled_rate(x.trials - int(np.count_nonzero(certain)), x.trials)


def degrees(x: Trials) -> float:
    """N(λ)."""
    return float(degrees_of_freedom(x.mu, x.lam))


SPACE: dict[str, Axis] = {
    "m": Int(2, 6),
    "log_mu": Array(("m",), -2, 1),
    "lam": Real(0.01, 1, log=True),
    "t": Real(0.5, 0.9),
    "delta": Real(0.1, 0.9),
    "seed": Int(0, 2**31 - 1),
}

CLAIM = Claim(
    source="furuya2022pruning, reconstructed (SP-6)",
    says="the rate at which S_J ≼ (λ/(1−t)) Γ fails after M ≥ N(λ) log(r/δ)/c(t) draws is at most δ",
    space=SPACE,
    build=drawn,
    assumes={},
    actual=failure_rate,
    bound=lambda x: exact(x.delta),
    refine=lambda x: replace(x, trials=4 * x.trials) if x.trials < MOST else None,
    falsified={
        "ridges λ |J| q_j": {
            "space": {
                "log_strong": Real(1, 7),
                "weak": Int(50, 1000),
                "leverage": Real(0.0005, 0.02, log=True),
                "lam": Real(0.5, 2, log=True),
                "t": Real(0.5, 0.9),
                "delta": Real(0.02, 0.2),
                "seed": SPACE["seed"],
            },
            "build": two_level,
            "actual": lambda x: failure_rate(x, by_set),
            "cost": 0.02,
        },
        "no logarithm": {"actual": lambda x: failure_rate(replace(x, M=int(np.ceil(degrees(x)))))},
    },
    witness={
        "ridges λ |J| q_j": {
            "log_strong": 6.0,
            "weak": 1000,
            "leverage": 0.001,
            "lam": 1.0,
            "t": 0.75,
            "delta": 0.05,
            "seed": 0,
        }
    },
    also_true={
        "one strong unit among many weak ones": {
            "space": {
                "log_strong": Real(1, 7),
                "weak": Int(50, 1000),
                "leverage": Real(0.0005, 0.02, log=True),
                "lam": Real(0.5, 2, log=True),
                "t": Real(0.5, 0.9),
                "delta": Real(0.1, 0.5),
                "seed": SPACE["seed"],
            },
            "build": two_level,
            "cost": 0.02,
        },
    },
    covers={"more draws than units": lambda x: len(x.mu) < x.M, "a spread spectrum": lambda x: np.ptp(np.log10(x.mu)) > 2},
    cost=0.01,
)
