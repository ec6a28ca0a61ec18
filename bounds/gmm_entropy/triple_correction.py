r"""The gap of three components is the sum of the pair gaps and one negative term, a double contour integral.

In any dimension and with any covariances, with $U=G_{12}+G_{13}+G_{23}$,
$$ G=U+T,\qquad T=\Big(\frac1{2\pi i}\Big)^2\iint\prod_i\Gamma(-s_i)\,w_i^{s_i}\Big[\int\prod_iN_i^{s_i}\,dx\Big]ds_1ds_2,\qquad
   s_3=1-s_1-s_2,\ \operatorname{Re}s_i=\tfrac13,\qquad -\min_{k<l}G_{kl}\le T\le0. $$
T is added: it is negative as it stands, so neither its sign nor its factor $(2\pi)^{-2}$ is free.

Why: at each point $T=-\int_0^\infty\prod_i(1-e^{-\ell A_i})\ell^{-2}d\ell$, negative (`bonferroni` checks it), and Γ(-s) is the
Mellin transform of $e^{-\ell}-1$ for 0 < Re s < 1 (Parseval twice, for the reader). Γ enters through that transform, whose
value at s = 1/2, $-2\sqrt\pi$, is checked below by its integral. The lower bound is the pair sandwich: U + T is at least
each tree, and U less its smallest pair is one.

Everything is divided by U; no units. G by quadrature of h over the line, or over the plane with one covariance after
whitening, within 1e-11 relative; U by the contour formula for pairs, within 1e-10; T by the trapezoidal rule with step
min(.08, .75/d), d the largest distance in smallest standard deviations. The poles of Γ at distance 1/3
make it wrong by 4e-12 U (e^(-2π/(3 step))), the Gaussian part by less than 1e-11 M, with M the geometric mean of the three
$\sqrt{w_kw_l}BC_{kl}$. An identity in floats: the bound is the rounding budget.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import logsumexp

from bounds.claim import Array, Choice, Claim, Enclosure, Evidence, Int, Real, Step, exact, rounded
from bounds.gmm_entropy.instances import MIXTURES, Case, case, entries
from bounds.gmm_entropy.line import log_gap_on_line, log_gap_on_plane
from bounds.gmm_entropy.pair_gap import pair_gaps
from bounds.gmm_entropy.triple_overlap import triple_term


@dataclass(frozen=True)
class Three:
    """Three components on the line, or on the plane with one covariance."""

    case: Case

    @cached_property
    def log_pairs(self) -> np.ndarray:
        """log G_12, log G_13, log G_23, by the contour formula for pairs."""
        log_gaps: np.ndarray = pair_gaps(self.case.w, self.case.mu, self.case.cov)[np.triu_indices(3, 1)]
        return log_gaps

    @cached_property
    def log_U(self) -> float:
        """log of the sum of the pair gaps."""
        return float(logsumexp(self.log_pairs))

    @cached_property
    def gap(self) -> float:
        """G/U, by quadrature."""
        w, mu, cov = self.case.w, self.case.mu, self.case.cov
        if mu.shape[1] == 1:
            return float(np.exp(log_gap_on_line(w, mu[:, 0], cov[:, 0, 0]) - self.log_U))
        return float(np.exp(log_gap_on_plane(w, np.linalg.solve(np.linalg.cholesky(cov[0]), mu.T).T) - self.log_U))

    @cached_property
    def term(self) -> float:
        """T/U, by the double contour integral."""
        narrow = np.sqrt(np.linalg.eigvalsh(self.case.cov).min())
        apart = max(float(np.linalg.norm(a - b)) for a in self.case.mu for b in self.case.mu) / narrow
        step = min(0.08, 0.75 / max(apart, 1e-3))
        return triple_term(self.case.w, self.case.mu, self.case.cov, step) / float(np.exp(self.log_U))

    @cached_property
    def budget(self) -> float:
        """1e-10 for U, 1e-11 for G, 4e-12 + 1e-11 M/U for T, and about as much again."""
        size = np.exp(np.mean(self.case.log_roots + self.case.log_overlaps) - self.log_U)
        return float(2e-10 + 2e-11 * size)


def three(**point: Any) -> Three:
    """On the plane all share one covariance, whatever the shape asked for."""
    if point["m"] == 2 and point["shape"] == "free":
        point["shape"] = "one covariance"
    return Three(case(**point))


def left(x: Three, factor: float = 1.0) -> Enclosure:
    """|G − U − factor · T|, −min G_kl, T, all over U."""
    smallest = float(np.exp(x.log_pairs.min() - x.log_U))
    term = rounded(x.term, rel=0.0, abs=x.budget)
    return entries(exact(abs(x.gap - 1 - factor * x.term)), rounded(-smallest, rel=2e-10), term)


def right(x: Three) -> Enclosure:
    """The rounding budget, T, 0."""
    return entries(exact(x.budget), rounded(x.term, rel=0.0, abs=x.budget), exact(0.0))


def _mellin(shift: int) -> Evidence:
    r"""$\int_0^\infty(e^{-\ell}-1)\ell^{-3/2}d\ell=\Gamma(-\tfrac12)$, by parts: $-2\int e^{-\ell}\ell^{-1/2}d\ell$."""
    import sympy as sp

    from bounds.measure.symbolic import identity

    l = sp.symbols("l", positive=True)
    return identity(lambda: -2 * sp.integrate(sp.exp(-l) / sp.sqrt(l), (l, 0, sp.oo)) - sp.gamma(-sp.Rational(1, 2) + shift))


SPACE = {
    **MIXTURES,
    "K": Int(3, 3),
    "m": Int(1, 2),
    "spread": Real(0.1, 2, log=True),
    "sd": Array(("K", "m"), 0.7, 2, log=True),
    "shape": Choice(("free", "coincident")),
}
LINE = {
    "K": 3,
    "m": 1,
    "logits": np.log([0.2, 0.5, 0.3]),
    "mean": np.array([[0.0], [0.4], [1.0]]),
    "spread": 5.0,
    "sd": np.ones((3, 1)),
    "shear": np.zeros((3, 1, 1)),
    "shape": "free",
}

CLAIM = Claim(
    source="new",
    says="G = G_12 + G_13 + G_23 + T and −min G_kl ≤ T ≤ 0, T a double contour integral, for three components",
    space=SPACE,
    build=three,
    assumes={},
    actual=left,
    bound=right,
    tightness="difference",
    falsified={
        "T subtracted": {"actual": lambda x: left(x, -1.0)},
        "T left out": {"actual": lambda x: left(x, 0.0)},
        "T for each order of s_1 and s_2": {"actual": lambda x: left(x, 2.0)},
        "one factor 1/2π": {"actual": lambda x: left(x, 2 * np.pi)},
        "T positive": {"actual": lambda x: exact(0.0), "bound": lambda x: rounded(x.term, rel=0.0, abs=x.budget)},
    },
    witness={"T left out": LINE, "T subtracted": LINE},
    covers={
        "on the line": lambda x: x.case.mu.shape[1] == 1,
        "on the plane": lambda x: x.case.mu.shape[1] == 2,
        "different variances": lambda x: bool(np.any(x.case.cov[0] != x.case.cov)),
        "coincident": lambda x: bool(np.ptp(x.case.mu) == 0) and bool(np.all(x.case.cov[0] == x.case.cov)),
        "T is a tenth of U": lambda x: x.term < -0.1,
    },
    proof=(
        Step(
            says="∫ (e^(−ℓ) − 1) ℓ^(−3/2) dℓ = Γ(−1/2)",
            check=lambda: _mellin(0),
            false_twin=lambda: _mellin(1),
        ),
    ),
    cost=0.03,
)
