r"""The separation is a maximum over hyperplanes and a minimum over points, so every guess is a certificate.

For every $0\le t\le1$, every $v\ne0$ and every x, with $Q_k(x)=|x-\mu_k|^2_{\Sigma_k}$ and $\Delta=\mu_l-\mu_k$,
$$ g(t)=t(1-t)\,\Delta^\top[t\Sigma_k+(1-t)\Sigma_l]^{-1}\Delta\;\le\;\alpha_{kl}^2,\qquad
   \frac{|v^\top\Delta|}{\sqrt{v^\top\Sigma_kv}+\sqrt{v^\top\Sigma_lv}}\;\le\;\alpha_{kl}\;\le\;\sqrt{\max(Q_k(x),Q_l(x))}, $$
and some t, v, x attain all three. So the open ellipsoids of level α are disjoint (the last inequality) and those of any
larger level are not. Exchanging the components in g changes nothing but the sign of t - 1/2.

Why: $\min_x\max(Q_k,Q_l)=\max_t\min_x[(1-t)Q_k+tQ_l]$ by the minimax theorem, for the reader; the inner minimum is g(t), by
completing the square, which is checked below for numbers (Σ_k and Σ_l are diagonal together). Cauchy–Schwarz,
$|v^\top(x-\mu_k)|\le\sqrt{v^\top\Sigma_kv}\,|x-\mu_k|_{\Sigma_k}$, twice, gives the form with v.

No units: α counts standard deviations. α stands between its certificates, from the pair spectrum; t, v and x are evaluated
with the covariances themselves, within 8 m κ 2^-53 relative, κ the larger condition number, and a dozen roundings (x as
drawn is a float, so x - μ is right to 2^-53), and $v^\top\Delta$, where terms may cancel, within m 2^-53 |v| |Δ|. That α is
attained means here: its certificates differ by at most 1e-12 + 8 m κ 2^-53 relative.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from jaxtyping import Float

from bounds.claim import Array, Choice, Claim, Enclosure, Evidence, Int, Real, Step, rounded
from bounds.gmm_entropy.instances import MIXTURES, Case, case, entries, on_first_axis
from bounds.gmm_entropy.separation_alpha import Separation, separation


@dataclass(frozen=True)
class Guess:
    """Two components and a guess of each optimiser."""

    case: Case
    t: float
    v: Float[np.ndarray, " m"]
    x: Float[np.ndarray, " m"]

    @cached_property
    def best(self) -> Separation:
        """α and its optimisers."""
        return separation(self.case.mu[0], self.case.cov[0], self.case.mu[1], self.case.cov[1])

    @cached_property
    def error(self) -> float:
        """Relative rounding error of a quadratic form."""
        condition = max(np.linalg.cond(cov) for cov in self.case.cov)
        return float(8 * len(self.v) * condition * 2.0**-53 + 1e-14)


def guess(t: float, v: Float[np.ndarray, " m"], x: Float[np.ndarray, " m"], near: bool, **point: Any) -> Guess:
    """x in units of |Δ| from the point a share t from μ_l to μ_k; `near`: v and x around their optimum for this t."""
    both = case(**point)
    shift = both.mu[1] - both.mu[0]
    v, x = np.asarray(v, float), np.asarray(x, float)
    tilt, size = t * both.cov[0] + (1 - t) * both.cov[1], float(np.linalg.norm(shift))
    if near:
        best = np.linalg.solve(tilt, shift)
        v, x = best + 0.1 * np.linalg.norm(best) * v, t * both.cov[0] @ best + 0.1 * size * x
    else:
        x = (1 - t) * shift + size * x
    return Guess(both, t, v if np.any(v) else np.ones_like(v), both.mu[0] + x)


def dual_values(x: Guess, *, numerator_power: int = 1, root_of_sum: bool = False, swap: bool = False) -> list[float]:
    """√g(t), and the form with v."""
    (k, l), shift = x.case.cov, x.case.mu[1] - x.case.mu[0]
    if swap:
        k, l = l, k
    tilt = x.t * k + (1 - x.t) * l
    root_g = np.sqrt(x.t * (1 - x.t) ** numerator_power * (shift @ np.linalg.solve(tilt, shift)))
    widths = np.array([x.v @ k @ x.v, x.v @ l @ x.v])
    return [float(root_g), float(abs(x.v @ shift) / (np.sqrt(widths.sum()) if root_of_sum else np.sqrt(widths).sum()))]


def primal_value(x: Guess, join: Any = np.max) -> Enclosure:
    """√max(Q_k(x), Q_l(x)), or the two norms joined in another way."""
    steps = [(x.x - mu, cov) for mu, cov in zip(x.case.mu, x.case.cov, strict=True)]
    return rounded(float(join([np.sqrt(y @ np.linalg.solve(cov, y)) for y, cov in steps])), rel=x.error)


def _dual(x: Guess, **changes: Any) -> Enclosure:
    smallest = np.linalg.eigvalsh(x.case.cov)[:, 0]
    cancelled = len(x.v) * 2.0**-53 * np.linalg.norm(x.case.mu[1] - x.case.mu[0]) / np.sqrt(smallest).sum()
    return rounded(np.array(dual_values(x, **changes)), rel=x.error, abs=float(cancelled))


def left(x: Guess, **changes: Any) -> Enclosure:
    """√g(t), the form with v, α, and the upper certificate of α."""
    return entries(_dual(x, **changes), Enclosure(*x.best.certified), Enclosure(x.best.certified[1], x.best.certified[1]))


def right(x: Guess, join: Any = np.max) -> Enclosure:
    """α twice, the form with x, and the lower certificate raised by what the two may differ."""
    top = x.best.certified[0] * (1 + 1e-12 + x.error)
    return entries(Enclosure(*x.best.certified), Enclosure(*x.best.certified), primal_value(x, join), Enclosure(top, top))


def _square(wrong: bool) -> Evidence:
    r"""$(1-t)x^2/a+t(x-d)^2/b=t(1-t)d^2/(ta+(1-t)b)+\text{a square}$, zero at $x=tad/(ta+(1-t)b)$."""
    import sympy as sp

    from bounds.measure.symbolic import identity

    t, a, b = sp.symbols("t a b", positive=True)
    x, d = sp.symbols("x d", real=True)
    mixed = t * b + (1 - t) * a if wrong else t * a + (1 - t) * b
    square = (t * a + (1 - t) * b) / (a * b) * (x - t * a * d / mixed) ** 2
    return identity(lambda: (1 - t) * x**2 / a + t * (x - d) ** 2 / b - t * (1 - t) * d**2 / mixed - square, {"t": (0, 1)})


def _on_first_axis(distance: float, sd: tuple[float, float], t: float) -> dict[str, object]:
    return {**on_first_axis(distance, sd=sd), "t": t, "v": np.ones(1), "x": np.zeros(1), "near": False}


SPACE = {
    **MIXTURES,
    "K": Int(2, 2),
    "t": Real(0, 1),
    "v": Array(("m",), -1, 1),
    "x": Array(("m",), -1, 1),
    "near": Choice((False, True)),
}

CLAIM = Claim(
    source="new",
    says="√g(t), |vᵀΔ|/(√vᵀΣ_k v + √vᵀΣ_l v) ≤ α ≤ √max(Q_k(x), Q_l(x)) for all t, v, x, and α is attained",
    space=SPACE,
    build=guess,
    assumes={},
    actual=left,
    bound=right,
    falsified={
        "t instead of t(1−t) in g": {"actual": lambda x: left(x, numerator_power=0)},
        "root of the sum instead of the sum of roots": {"actual": lambda x: left(x, root_of_sum=True)},
        "the smaller of the two norms": {"bound": lambda x: right(x, np.min)},
        "half the sum of the two norms": {"bound": lambda x: right(x, np.mean)},
    },
    also_true={
        "components exchanged in g": {"actual": lambda x: left(x, swap=True)},
        "half the sum of the two norms, for one covariance": {
            "bound": lambda x: right(x, np.mean),
            "build": lambda shape, **point: guess(shape="one covariance", **point),
        },
    },
    covers={
        "one dimension": lambda x: len(x.v) == 1,
        "means coincide": lambda x: bool(np.all(x.case.mu[0] == x.case.mu[1])),
        "an end of t": lambda x: x.t in (0, 1),
        "guesses within one per cent": lambda x: min(dual_values(x)) > 0.99 * x.best.alpha > 0,
    },
    tight_at=(
        _on_first_axis(4.0, (3.0, 1.0), 0.25),
        _on_first_axis(4.0, (1.0, 3.0), 0.75),
        _on_first_axis(9.0, (2.0, 2.0), 0.5),
    ),
    proof=(
        Step(
            says="min over x of (1−t) x²/a + t (x−d)²/b is t(1−t) d²/(t a + (1−t) b)",
            check=lambda: _square(False),
            false_twin=lambda: _square(True),
        ),
    ),
    cost=0.001,
)
