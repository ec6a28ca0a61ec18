r"""Projecting a mixture can only widen its gap, grouping its labels can only narrow it.

The gap is the uncertainty of the label given the point, $G=H(Z|X)$. For a matrix B of full row rank the mixture of
$N(B\mu_k,B\Sigma_kB^\top)$ has a gap of at least G. For a partition of the labels, with $A_J=\sum_{k\in J}A_k$, $A_k=w_kN_k$,
$$ \int\sum_JA_J\log\frac{\sum_IA_I}{A_J}\,dx\;\le\;G\;\le\;G(B). $$
The groups are no longer Gaussian; replacing each by the Gaussian of its mean and covariance makes the left side false. One
shared covariance and K = 2: projecting along $\Sigma^{-1}\Delta$ loses nothing; otherwise no direction is known to.

Why: $H(Z|X)\le H(Z|BX)$ and $H(f(Z)|X)\le H(Z|X)$. Grouping two labels lowers h at each point by φ of their masses; and h is
concave and homogeneous, so that it cannot fall when masses are integrated along the fibres of B. Both are checked below,
the second by its Hessian for two labels, the Hessian for K being the same Cauchy–Schwarz inequality (for the reader).

In nats; from the plane to a line. The three numbers share no formula: G as the integral of h over the plane; the grouped
one as $\int q\log q-\sum_J\int A_J\log A_J$; that on the line as H̃ − H, with the entropy of `label_entropy` and its error.
On the plane the trapezoidal rule reaches 7.5 of the largest standard deviation beyond the means, where less than 1e-12 of h is
left, and 1e-11 is added for it and for rounding. Its error is judged by the nine rules of three times the step: their range,
relative to the integral of the modulus, is r, and a third of the step is better than r², because the harmonics that cause
the error fall geometrically, like r³. (Halving would not do: for crossings at the right distance from the nodes two rules of
one phase agree with each other and not with the integral.)
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float, Int64
from scipy.special import xlogy

from bounds.claim import Array, Choice, Claim, Enclosure, Evidence, Int, Real, Step, rounded
from bounds.gmm_entropy.instances import MIXTURES, Case, case, entries
from bounds.gmm_entropy.label_entropy import OnLine, approximation, entropy
from bounds.gmm_entropy.line import log_label_entropy
from bounds.gmm_entropy.mixture import log_components


@dataclass(frozen=True)
class Processed:
    """A mixture on the plane, a direction to project on and a group for each label."""

    case: Case
    direction: Float[np.ndarray, " 2"]
    group: Int64[np.ndarray, " K"]

    @cached_property
    def grid(self) -> tuple[np.ndarray, float]:
        """log A on a grid, (K, n, n') with n and n' multiples of three, and the area of its cells."""
        eigenvalues, mu = np.linalg.eigvalsh(self.case.cov), self.case.mu
        least, reach = np.sqrt(eigenvalues.min()), 7.5 * np.sqrt(eigenvalues.max())
        step = least / (3 + np.linalg.norm(np.ptp(mu, axis=0)) / least / 4)  # log-ratios are steeper for distant means
        low, high = mu.min(axis=0) - reach, mu.max(axis=0) + reach
        axes = [a + step * np.arange(3 * np.ceil((b - a) / step / 3)) for a, b in zip(low, high, strict=True)]
        x = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
        log_a = log_components(self.case.w, self.case.mu, self.case.cov, x.reshape(-1, 2))
        return log_a.T.reshape(-1, *x.shape[:2]), float(step * step)

    @cached_property
    def gap(self) -> Enclosure:
        """G, by the integral of h over the plane."""
        log_a, area = self.grid
        return _integral(np.exp(log_label_entropy(log_a)), area)

    @cached_property
    def gap_of_groups(self) -> Enclosure:
        """∫ h of the grouped masses, as ∫ q log q − Σ ∫ A_J log A_J."""
        log_a, area = self.grid
        a = np.exp(np.maximum(log_a, -700.0))
        grouped = np.stack([a[self.group == J].sum(axis=0) for J in np.unique(self.group)])
        q = a.sum(axis=0)
        return _integral(xlogy(q, q) - xlogy(grouped, grouped).sum(axis=0), area)


def _integral(values: np.ndarray, area: float) -> Enclosure:
    n, width = values.shape
    rules = 9 * area * values.reshape(n // 3, 3, width // 3, 3).sum(axis=(0, 2))
    modulus = float(np.abs(values).sum() * area) + 1e-300
    return rounded(float(rules.mean()), abs=float(np.ptp(rules)) ** 2 / modulus + 1e-11)


def processed(angle: float, group: Int64[np.ndarray, " K"], **point: Any) -> Processed:
    """A case in two dimensions with half the shear; angle in radians."""
    point["shear"] = np.asarray(point["shear"], float) / 2
    return Processed(case(**point), np.array([np.cos(angle), np.sin(angle)]), np.asarray(group, int))


def gap_of_projection(x: Processed, direction: np.ndarray | None = None) -> Enclosure:
    """The gap H̃ − H of the mixture on the line that a direction, of any length, makes."""
    direction = x.direction if direction is None else direction / max(float(np.linalg.norm(direction)), 1e-300)
    if not np.any(direction):
        direction = x.direction
    sd = np.sqrt(np.einsum("i,kij,j->k", direction, x.case.cov, direction))
    line = OnLine(x.case.w, x.case.mu @ direction, sd)
    whole, top = entropy(line), approximation(line)
    return Enclosure(top - whole.hi - 1e-12, top - whole.lo + 1e-12)


def between_means(x: Processed) -> np.ndarray:
    """Δ between the first and the last component."""
    return np.asarray(x.case.mu[-1] - x.case.mu[0])


def discriminant(x: Processed) -> np.ndarray:
    """Σ⁻¹Δ."""
    return np.asarray(np.linalg.solve(x.case.cov[0], between_means(x)))


def gap_of_matched_groups(x: Processed) -> Enclosure:
    """G of the mixture with each group replaced by the Gaussian of its mean and covariance."""
    w, mu, cov = x.case.w, x.case.mu, x.case.cov
    moments = []
    for J in np.unique(x.group):
        chosen = x.group == J
        total = w[chosen].sum()
        mean = w[chosen] @ mu[chosen] / total
        away = mu[chosen] - mean
        moments.append((total, mean, np.einsum("k,kij->ij", w[chosen] / total, cov[chosen] + away[:, :, None] * away[:, None])))
    return replace(x, case=Case(*(np.array(part) for part in zip(*moments, strict=True)))).gap


def left(x: Processed, groups: Callable[[Processed], Enclosure] = lambda x: x.gap_of_groups) -> Enclosure:
    """G; the gap of the groups."""
    return entries(x.gap, groups(x))


def right(x: Processed) -> Enclosure:
    """The gap of the projection; G."""
    return entries(gap_of_projection(x), x.gap)


def _grouping(sign: int) -> Evidence:
    import sympy as sp

    from bounds.measure.symbolic import identity

    a, b, c = sp.symbols("a b c", positive=True)

    def h(*parts: sp.Expr) -> sp.Expr:
        return sum(part * sp.log(sum(parts) / part) for part in parts)

    return identity(lambda: h(a, b, c) - h(a + b, c) - sign * h(a, b))


def _concave(sign: int) -> Evidence:
    r"""$-(a+b)\,v^\top\nabla^2\phi\,v=(bx-ay)^2/(ab)$ for v = (x, y)."""
    import sympy as sp

    from bounds.measure.symbolic import identity

    a, b = sp.symbols("a b", positive=True)
    x, y = sp.symbols("x y", real=True)
    hessian = sp.hessian(a * sp.log(1 + b / a) + b * sp.log(1 + a / b), (a, b))
    v = sp.Matrix([x, y])
    return identity(lambda: -(a + b) * (v.T * hessian * v)[0] - (b * x - sign * a * y) ** 2 / (a * b))


SPACE = {
    **MIXTURES,
    "m": Int(2, 2),
    "logits": Array(("K",), -3, 3),
    "spread": Real(0.1, 3, log=True),
    "sd": Array(("K", "m"), 1, 1.6, log=True),
    "shape": Choice(("free", "one covariance")),  # equal means and "one covariance" coincide
    "angle": Real(0, float(np.pi)),
    "group": Array(("K",), 0, 1, step=1),
}
STRADDLE = {  # the outer two of three on a line are one group
    "K": 3,
    "m": 2,
    "logits": np.zeros(3),
    "mean": np.array([[-1.0, 0.0], [0.0, 0.0], [1.0, 0.0]]),
    "spread": 3.0,
    "sd": np.ones((3, 2)),
    "shear": np.zeros((3, 2, 2)),
    "shape": "free",
    "angle": 0.0,
    "group": np.array([0, 1, 0]),
}

CLAIM = Claim(
    source="new",
    says="∫ h of grouped labels ≤ G ≤ G of the projected mixture",
    space=SPACE,
    build=processed,
    assumes={},
    actual=left,
    bound=right,
    falsified={
        "projecting narrows the gap": {"actual": gap_of_projection, "bound": lambda x: x.gap},
        "grouping widens the gap": {"actual": lambda x: x.gap, "bound": lambda x: x.gap_of_groups},
        "groups replaced by Gaussians": {
            "actual": lambda x: left(x, gap_of_matched_groups),
            "space": {**SPACE, "K": Int(3, 4), "spread": Real(1, 3, log=True)},
        },
        "projecting along the means loses nothing": {
            "actual": lambda x: gap_of_projection(x, between_means(x)),
            "bound": lambda x: x.gap,
        },
    },
    also_true={
        "two components, one covariance: projecting along Σ⁻¹Δ loses nothing": {
            "actual": lambda x: gap_of_projection(x, discriminant(x)),
            "bound": lambda x: x.gap,
            "space": {**SPACE, "K": Int(2, 2)},
            "build": lambda shape, **point: processed(shape="one covariance", **point),
        },
    },
    witness={"groups replaced by Gaussians": STRADDLE},
    covers={
        "one component": lambda x: len(x.case.w) == 1,
        "three or more components in two groups": lambda x: len(x.case.w) > 2 and len(np.unique(x.group)) == 2,
        "all in one group": lambda x: len(x.case.w) > 1 and len(np.unique(x.group)) == 1,
        "different covariances": lambda x: len(x.case.w) > 1 and bool(np.any(x.case.cov[0] != x.case.cov[1])),
        "coincident": lambda x: len(x.case.w) > 1 and bool(np.ptp(x.case.mu) == 0 and np.all(x.case.cov[0] == x.case.cov)),
    },
    tight_at=(
        {
            "K": 2,
            "m": 2,
            "logits": np.zeros(2),
            "mean": np.array([[0.0, 0.0], [1.0, 0.0]]),
            "spread": 3.0,
            "sd": np.ones((2, 2)),
            "shear": np.zeros((2, 2, 2)),
            "shape": "free",
            "angle": 0.0,
            "group": np.array([0, 1]),
        },
    ),
    proof=(
        Step(
            says="h(a, b, c) = h(a + b, c) + φ(a, b)",
            check=lambda: _grouping(1),
            false_twin=lambda: _grouping(-1),
        ),
        Step(
            says="φ is concave: −(a + b) vᵀ∇²φ v = (b x − a y)²/(a b)",
            check=lambda: _concave(1),
            false_twin=lambda: _concave(-1),
        ),
    ),
    cost=0.006,
)
