r"""Conjecture: the entropy of the label is at least the share log K/((K - 1) ln 2) of its pairs, as for equal masses.

For every K ≥ 2 and every probability vector ρ, with $h(\rho)=-\sum_k\rho_k\log\rho_k$ and
$\phi(a,b)=a\log(1+b/a)+b\log(1+a/b)$,
$$ \frac{\log K}{(K-1)\ln2}\sum_{k<l}\phi(\rho_k,\rho_l)\;\overset?\le\;h(\rho), $$
with equality at ρ = 1/K (checked below). It is trivial for K = 2, has survived searches up to K = 50, and has no proof: no
verdict of this package may rest on it. What is proved is the smaller constant 2/K (`tree_share`). If true, integrating it
would bound the gap from below by that share of the pair gaps, log K/(K-1)/ln 2 · U.

Both sides are logarithms of nats. Their relative rounding error is that of a dozen exponentials of arguments below 60,
under 1e-13; 1e-12 is allowed for. h from the ratios to the second largest mass, φ from the kernel ψ.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import log_softmax, logsumexp

from bounds.claim import Array, Claim, Enclosure, Evidence, Int, Real, Step, rounded
from bounds.gmm_entropy.chernoff import log_psi_t
from bounds.gmm_entropy.line import log_label_entropy


@dataclass(frozen=True)
class Responsibilities:
    """log ρ."""

    log_rho: Float[np.ndarray, " K"]


def responsibilities(K: int, shape: Float[np.ndarray, " K"], spread: float) -> Responsibilities:
    """ρ proportional to exp(spread · shape)."""
    return Responsibilities(np.asarray(log_softmax(spread * np.asarray(shape, float))))


def constant(K: int) -> float:
    """log K/((K − 1) ln 2)."""
    return float(np.log(K) / ((K - 1) * np.log(2)))


def log_share(x: Responsibilities, factor: float) -> Enclosure:
    """log(factor · Σ φ), φ(a, b) = √(ab) ψ(log(b/a))."""
    k, l = np.triu_indices(len(x.log_rho), 1)
    log_phi = (x.log_rho[k] + x.log_rho[l]) / 2 + log_psi_t(np.abs(x.log_rho[k] - x.log_rho[l]), 0.5)
    return rounded(float(np.log(factor) + logsumexp(log_phi)), rel=1e-15, abs=1e-12)


def log_entropy(x: Responsibilities) -> Enclosure:
    """log h(ρ)."""
    return rounded(float(log_label_entropy(x.log_rho[:, None])[0]), rel=1e-15, abs=1e-12)


def _equality(base: int) -> Evidence:
    """At ρ = 1/K: K (K − 1)/2 pairs of φ(1/K, 1/K), and h = log K."""
    import sympy as sp

    from bounds.measure.symbolic import identity

    K = sp.symbols("K", positive=True)
    pairs = K * (K - 1) / 2 * 2 * sp.log(1 + 1) / K
    return identity(lambda: sp.log(K) / ((K - 1) * sp.log(base)) * pairs - sp.log(K))


CLAIM = Claim(
    source="new",
    status="conjecture",
    says="log K/((K − 1) ln 2) Σ_{k<l} φ(ρ_k, ρ_l) ≤ h(ρ) for every probability vector ρ",
    space={"K": Int(2, 20), "shape": Array(("K",), -1, 1), "spread": Real(1e-3, 30, log=True)},
    build=responsibilities,
    assumes={},
    actual=lambda x: log_share(x, constant(len(x.log_rho))),
    bound=log_entropy,
    tightness="difference",
    falsified={
        "all of the pairs": {"actual": lambda x: log_share(x, 1.0)},
        "one per cent more": {"actual": lambda x: log_share(x, 1.01 * constant(len(x.log_rho)))},
        "the constant of K − 1": {
            "actual": lambda x: log_share(x, constant(len(x.log_rho) - 1)),
            "space": {"K": Int(3, 20), "shape": Array(("K",), -1, 1), "spread": Real(1e-3, 30, log=True)},
        },
        "ordered pairs": {"actual": lambda x: log_share(x, 2 * constant(len(x.log_rho)))},
        "above instead of below": {"actual": log_entropy, "bound": lambda x: log_share(x, constant(len(x.log_rho)))},
    },
    also_true={"the proved constant 2/K": {"actual": lambda x: log_share(x, 2 / len(x.log_rho))}},
    covers={
        "two labels, exact": lambda x: len(x.log_rho) == 2,
        "twenty labels": lambda x: len(x.log_rho) == 20,
        "almost equal": lambda x: len(x.log_rho) > 2 and bool(0 < np.ptp(x.log_rho) < 0.1),
        "one label dominates": lambda x: bool(x.log_rho.max() > -1e-3),
    },
    tight_at=tuple({"K": K, "shape": np.zeros(K), "spread": 1.0} for K in (2, 3, 20)),
    proof=(Step(says="equality at ρ = 1/K", check=lambda: _equality(2), false_twin=lambda: _equality(3)),),
    cost=0.001,
)
