r"""How large the separation of two components can be: bounds without an optimisation, and when they are attained.

With $\Delta=\mu_l-\mu_k$, $|y|_\Sigma=\sqrt{y^\top\Sigma^{-1}y}$ and $\lambda_{\max}$ the largest eigenvalue,
$$ \frac{|\Delta|}{\sqrt{\lambda_{\max}(\Sigma_k)}+\sqrt{\lambda_{\max}(\Sigma_l)}}\le\alpha_{kl},\qquad
   \frac{|\Delta|_{\Sigma_k}}{1+\|\Sigma_k^{-1/2}\Sigma_l^{1/2}\|_{op}}\le\alpha_{kl}
   \le\min\big(|\Delta|_{\Sigma_k},|\Delta|_{\Sigma_l},\sqrt{\Delta^\top(\Sigma_k+\Sigma_l)^{-1}\Delta}\big). $$
Isotropic covariances $s^2I$ attain both lower bounds, $\alpha=|\Delta|/(s_k+s_l)$; equal covariances attain the second,
$\alpha=|\Delta|_\Sigma/2$. The upper bounds are attained at Δ = 0 only. The roots matter: with variances in the place of
standard deviations, or without the root of the squared operator norm, the lower bounds are false.

Why. Lower: if x lies in both ellipsoids of level α then $|\Delta|\le|x-\mu_k|+|x-\mu_l|$ in either norm (for the reader).
Upper: $\alpha^2=\max_tg(t)$, $g(t)=t(1-t)\Delta^\top(t\Sigma_k+(1-t)\Sigma_l)^{-1}\Delta$, and the matrix is
$(\Sigma_k/(1-t)+\Sigma_l/t)^{-1}$, at most $(\Sigma_k+\Sigma_l)^{-1}$, $\Sigma_k^{-1}$ and $\Sigma_l^{-1}$. Both steps are
checked below for numbers, which is enough: Σ_k and Σ_l are diagonal together.

No units: α counts standard deviations. α stands on both sides between its certificates, in the coordinates of the pair
spectrum; the bounds are computed from the covariances themselves, by solving and by eigenvalues. Their relative rounding
error is below 8 m κ 2^-53 with κ the larger condition number, plus a dozen roundings.
"""

import numpy as np

from bounds.claim import Claim, Enclosure, Evidence, Int, Step, rounded
from bounds.gmm_entropy.instances import MIXTURES, Case, case, entries, on_first_axis
from bounds.gmm_entropy.separation_alpha import separation


def _norm(x: Case, cov: np.ndarray) -> float:
    """|Δ|_Σ."""
    shift = x.mu[1] - x.mu[0]
    return float(np.sqrt(shift @ np.linalg.solve(cov, shift)))


def _closed(x: Case, *values: float) -> Enclosure:
    condition = max(np.linalg.cond(cov) for cov in x.cov)
    return rounded(np.array(values), rel=8 * x.mu.shape[1] * condition * 2.0**-53 + 1e-14)


def _alpha(x: Case) -> Enclosure:
    return Enclosure(*separation(x.mu[0], x.cov[0], x.mu[1], x.cov[1]).certified)


def lower_bounds(x: Case, *, root: float = 0.5, eigenvalue: int = -1) -> Enclosure:
    """By the eigenvalues, and by the operator norm seen from k and from l; the arguments are where a misreading differs."""
    k, l = x.cov
    sizes = [np.linalg.eigvalsh(cov)[eigenvalue] ** root for cov in (k, l)]
    ratios = [np.linalg.eigvals(np.linalg.solve(*pair)).real.max() ** root for pair in ((k, l), (l, k))]
    by_size = float(np.linalg.norm(x.mu[1] - x.mu[0]) / sum(sizes))
    return _closed(x, by_size, *(_norm(x, cov) / (1 + ratio) for cov, ratio in zip((k, l), ratios, strict=True)))


def upper_bounds(x: Case, *, share: float = 1.0, half_sum: bool = False) -> Enclosure:
    """The norms of Δ for Σ_k, Σ_l (times `share`) and Σ_k + Σ_l (halved if so asked)."""
    both = _norm(x, x.cov[0] + x.cov[1]) * (np.sqrt(0.5) if half_sum else 1.0)
    return _closed(x, share * _norm(x, x.cov[0]), share * _norm(x, x.cov[1]), both)


def left(x: Case, *, root: float = 0.5, eigenvalue: int = -1) -> Enclosure:
    """The three lower bounds, and α three times."""
    return entries(lower_bounds(x, root=root, eigenvalue=eigenvalue), *[_alpha(x)] * 3)


def right(x: Case, *, share: float = 1.0, half_sum: bool = False) -> Enclosure:
    """α three times, and the three upper bounds."""
    return entries(*[_alpha(x)] * 3, upper_bounds(x, share=share, half_sum=half_sum))


def _parallel_sum(power: int) -> Evidence:
    import sympy as sp

    from bounds.measure.symbolic import identity

    t, x, y = sp.symbols("t x y", positive=True)
    return identity(lambda: t * (1 - t) ** power / (t * x + (1 - t) * y) - 1 / (x / (1 - t) + y / t), {"t": (0, 1)})


def _excess(sign: int) -> Evidence:
    import sympy as sp

    from bounds.measure.symbolic import identity

    t, x, y = sp.symbols("t x y", positive=True)
    excess = x * t / (1 - t) + sign * y * (1 - t) / t
    return identity(lambda: x / (1 - t) + y / t - (x + y) - excess, {"t": (0, 1)})


def _isotropic(swapped: bool) -> Evidence:
    r"""$g$ is concave, so its stationary point is the maximum: $g'(t^*)=0$ and $g(t^*)=|\Delta|^2/(s_k+s_l)^2$."""
    import sympy as sp

    from bounds.measure.symbolic import identity

    t, s_k, s_l = sp.symbols("t s_k s_l", positive=True)
    g = t * (1 - t) / (t * s_k**2 + (1 - t) * s_l**2)
    best = (s_k if swapped else s_l) / (s_k + s_l)
    return identity(lambda: sp.Matrix([sp.diff(g, t).subs(t, best), g.subs(t, best) - 1 / (s_k + s_l) ** 2]))


SPACE = {**MIXTURES, "K": Int(2, 2)}

CLAIM = Claim(
    source="furuya2022entropy, bounds of the separation (recalled); upper bounds new",
    says="|Δ|/(√λmax(Σ_k) + √λmax(Σ_l)), |Δ|_Σ_k/(1 + ‖Σ_k^-½ Σ_l^½‖) ≤ α ≤ |Δ|_Σ_k, |Δ|_Σ_l, |Δ|_(Σ_k+Σ_l)",
    space=SPACE,
    build=case,
    assumes={},
    actual=left,
    bound=right,
    falsified={
        "half of the Σ_k-norm of Δ above": {"bound": lambda x: right(x, share=0.5)},
        "variances instead of standard deviations": {"actual": lambda x: left(x, root=1.0)},
        "smallest eigenvalues": {"actual": lambda x: left(x, eigenvalue=0)},
        "√½ |Δ|_(Σ_k+Σ_l), as for equal covariances, above": {"bound": lambda x: right(x, half_sum=True)},
        "the other way round": {"actual": right, "bound": left},
    },
    also_true={
        "√½ |Δ|_(Σ_k+Σ_l) above, for one covariance": {
            "bound": lambda x: right(x, half_sum=True),
            "build": lambda shape, **point: case(shape="one covariance", **point),
        },
    },
    witness={
        "half of the Σ_k-norm of Δ above": on_first_axis(4.0, sd=(3.0, 1.0)),
        "variances instead of standard deviations": on_first_axis(0.2, sd=(0.1, 0.1)),
    },
    covers={
        "one dimension": lambda x: x.mu.shape[1] == 1,
        "means coincide": lambda x: bool(np.all(x.mu[0] == x.mu[1])),
        "equal covariances": lambda x: x.mu.shape[1] > 1 and bool(np.all(x.cov[0] == x.cov[1])),
        "far apart": lambda x: separation(*x.spectrum(0, 1)).alpha > 10,
    },
    tight_at=(
        on_first_axis(4.0, sd=(3.0, 1.0)),
        on_first_axis(55.0, m=3, sd=(0.5, 5.0)),
        on_first_axis(0.0, m=2, sd=(1.0, 2.0)),
    ),
    proof=(
        Step(
            says="t(1−t)/(t x + (1−t) y) = 1/(x/(1−t) + y/t)",
            check=lambda: _parallel_sum(1),
            false_twin=lambda: _parallel_sum(2),
        ),
        Step(
            says="x/(1−t) + y/t = x + y + x t/(1−t) + y (1−t)/t",
            check=lambda: _excess(1),
            false_twin=lambda: _excess(-1),
        ),
        Step(
            says="isotropic: g'(t*) = 0 and g(t*) = |Δ|²/(s_k+s_l)² at t* = s_l/(s_k+s_l)",
            check=lambda: _isotropic(False),
            false_twin=lambda: _isotropic(True),
        ),
    ),
    cost=0.001,
)
