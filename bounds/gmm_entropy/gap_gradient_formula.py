r"""The derivatives of the gap, exactly: overlaps times differences of scores; and Euler's identity for the weights.

With weights as free variables ($G=\int h(A)\,dx$), scores $s_j(x)=-P_j(x-\mu_j)$ and $\Sigma_k=\Gamma_k\Gamma_k^\top$,
$$ \nabla_{\mu_k}G=\sum_{j\ne k}\int\frac{A_kA_j}q(s_j-s_k)\,dx,\qquad
   \nabla_{\Gamma_k}G=\sum_{j\ne k}\int\frac{A_kA_j}q(s_j-s_k)\big(\Gamma_k^{-1}(x-\mu_k)\big)^\top dx,\qquad
   \sum_kw_k\frac{\partial G}{\partial w_k}=G . $$
Why: ∂h/∂A_j = log(q/A_j) (checked in `gap_gradient`), so $\nabla_\theta G=\int\nabla_\theta A_k\log(q/A_k)\,dx$; here
$\nabla_{\mu_k}A_k=-\nabla_xA_k$; integrate by parts with $\nabla_x\log(q/A_k)=\sum_j(A_j/q)(s_j-s_k)$ (checked below).
Euler: h is homogeneous of degree one.

On the line. Left: differences, as computed, between these formulas and $\int\partial A_k\log(q/A_k)$ (as in `gap_gradient`),
and between the sum of $w_k\,\partial G/\partial w_k$ and G, which for two components comes from the contour formula; in units
of $G/\sigma_k$ and of G. Right: what they may be off.
"""

import numpy as np
from scipy.special import logsumexp

from bounds.claim import Array, Choice, Claim, Enclosure, Evidence, Int, Real, Step
from bounds.gmm_entropy.gap_gradient import Moved, moved
from bounds.gmm_entropy.instances import Case
from bounds.gmm_entropy.line import integrals_on_line


def by_flow(x: Moved, sign: float = 1.0, pairwise: bool = False) -> np.ndarray:
    """dG/dmu and dG/dsigma, (2, K). `sign` of s_k; `pairwise`: A_k + A_j in place of q."""
    K = len(x.w)

    def rows(z: np.ndarray, log_a: np.ndarray) -> np.ndarray:
        score = -z / x.sd.reshape((K,) + (1,) * (z.ndim - 1))
        log_q = logsumexp(log_a, axis=0)
        flow = []
        for k in range(K):
            below = np.logaddexp(log_a, log_a[k]) if pairwise else log_q
            share = np.exp(log_a[k] + log_a - below)
            share[k] = 0
            flow.append((share * (score - sign * score[k])).sum(axis=0))
        return np.concatenate([np.stack(flow), np.stack(flow) * z])

    return integrals_on_line(rows, x.w, x.mean, x.sd**2).reshape(2, K)


def log_gap(x: Moved) -> Enclosure:
    """log G: for two components by the contour formula, for three by panels."""
    return Case(x.w, x.mean[:, None], (x.sd**2)[:, None, None]).log_gap


def differences(x: Moved, sign: float = 1.0, pairwise: bool = False, drift: float = 0.0) -> Enclosure:
    """Of means, deviations, weights, as computed; `drift` adds to each ∂G/∂w, as if weights were not free."""
    if len(x.w) == 1:
        return Enclosure(np.zeros(3), np.zeros(3))
    value = x.derivatives[0]
    moves = np.abs(by_flow(x, sign, pairwise) - value[:2]) * x.sd
    euler = float(x.w @ (value[2] + drift))
    between = log_gap(x)
    gap = float(np.exp((between.lo + between.hi) / 2))
    worst = np.array([moves[0].max() / euler, moves[1].max() / euler, abs(euler / gap - 1)])
    return Enclosure(worst, worst)


def budgets(x: Moved) -> Enclosure:
    """For the moves, twice the budget of `Moved.derivatives`, one for each integral; for the weights 2e-11 for the
    integrals and half the width of the enclosure of log G, from whose middle the difference is taken."""
    if len(x.w) == 1:
        return Enclosure(np.zeros(3), np.zeros(3))
    value, off = x.derivatives
    scale = float(x.w @ value[2])
    slack = 2 * (off[:2] * x.sd).max(axis=1) / scale
    between = log_gap(x)
    slack = np.append(slack, (between.hi - between.lo) / 2 + 2e-11)
    return Enclosure(slack, slack)


def _score_of_the_ratio(sign: int) -> Evidence:
    """d/dx log(q/A_k) = Σ_j (A_j/q)(s_j − s_k) for three components on the line, k the first."""
    import sympy as sp

    from bounds.measure.symbolic import identity

    x = sp.symbols("x", real=True)
    a, b, c = (sp.Function(name, positive=True)(x) for name in "abc")
    scores = [sp.diff(sp.log(f), x) for f in (a, b, c)]
    q = a + b + c
    total = sum(f / q * (s - sign * scores[0]) for f, s in zip((a, b, c), scores, strict=True))
    slope = sp.diff(sp.log(q) - sp.log(a), x) - total
    names = sp.symbols("u v w", positive=True)  # the values of a, b, c; their slopes are free
    slopes = sp.symbols("p q r", real=True)
    return identity(
        lambda: (
            slope.doit()
            .subs(dict(zip([sp.diff(f, x) for f in (a, b, c)], slopes, strict=True)))
            .subs(dict(zip((a, b, c), names, strict=True)))
        )
    )


CLAIM = Claim(
    source="furuya2022entropy, derivatives of the error (reconstructed)",
    says="∇_μk G = Σ_j ∫ (A_k A_j/q)(s_j − s_k), ∇_Γk G likewise with (Γ_k⁻¹(x − μ_k))ᵀ, and Σ w_k ∂G/∂w_k = G",
    space={
        "K": Int(1, 3),
        "logits": Array(("K",), -5, 5),
        "mean": Array(("K",), -1, 1),
        "spread": Real(0.01, 5, log=True),
        "sd": Array(("K",), 0.3, 3, log=True),
        "alike": Choice((False, True)),
    },
    build=moved,
    assumes={},
    actual=differences,
    bound=budgets,
    falsified={
        "scores added": {"actual": lambda x: differences(x, sign=-1.0)},
        "A_k + A_j in place of q": {"actual": lambda x: differences(x, pairwise=True)},
        "log(q/A_k) − 1 for the weights": {"actual": lambda x: differences(x, drift=-1.0)},
    },
    covers={
        "one component": lambda x: len(x.w) == 1,
        "three components": lambda x: len(x.w) == 3,
        "different deviations": lambda x: bool(np.ptp(x.sd) > 1),
    },
    proof=(
        Step(
            says="d/dx log(q/A_k) = Σ_j (A_j/q)(s_j − s_k), K = 3",
            check=lambda: _score_of_the_ratio(1),
            false_twin=lambda: _score_of_the_ratio(-1),
        ),
    ),
    cost=0.006,
)
