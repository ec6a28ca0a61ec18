r"""The gap moves slowly with means, covariances and weights: its derivatives are bounded by overlaps.

With weights as free variables ($G=\int h(A)\,dx$), $\Sigma_k=\Gamma_k\Gamma_k^\top$, $M=N(m^*,S^*)$ the normalised
$\sqrt{N_kN_j}$, and ν, V mean and covariance under M of the difference $s_j-s_k$ of the scores $s_j=-P_j(x-\mu_j)$,
$$ |\nabla_{\mu_k}G|\le\tfrac12\sum_{j\ne k}\sqrt{w_kw_j}\,BC_{kj}\sqrt{|\nu|^2+\operatorname{tr}V},\qquad
   \|\nabla_{\Gamma_k}G\|_F\le\tfrac12\sum_{j\ne k}\sqrt{w_kw_j}\,BC_{kj}\sqrt{|\nu|^2+\operatorname{tr}V}
   \sqrt{|\Gamma_k^{-1}(m^*-\mu_k)|^2+\operatorname{tr}(\Gamma_k^{-1}S^*\Gamma_k^{-\top})}, $$
$$ 0\le\frac{\partial G}{\partial w_k}\le\kappa\sum_{j\ne k}\sqrt{w_j/w_k}\,BC_{kj},\qquad
   \frac{\partial G}{\partial w_k}\le-\log w_k,\qquad\kappa=\max_x\log(1+x)/\sqrt x. $$
Why: $\partial h/\partial A_j=\log(q/A_j)$ (checked below); after integrating by parts (`gap_gradient_formula`) the integrand is
$A_kA_j/q\,(s_j-s_k)$, $A_kA_j/q\le\tfrac12\sqrt{A_kA_j}$ (checked below), and Cauchy–Schwarz under M. For the weights:
$\log(1+x)\le\kappa\sqrt x$ on each ratio (checked below), and Jensen for $E_{N_k}\log(q/A_k)$. The constant ½ is optimal: two
halves of one covariance that approach each other. So is κ: coincident components with $w_j/w_k=3.92$, where $-\log w_k$ is
the same number.

On the line, where $\Gamma_k$ is the deviation $\sigma_k$; derivatives in nats per unit of x, or nats, all as logarithms. Left:
$\int\partial A_k\log(q/A_k)$ before any integration by parts, by panels on the line; 1e-11 of (a bound of) the integral of
the modulus covers the quadrature (1e-12 of it) and the rounding of the logarithms (1e-14 of their size, 690 at most), and
1e-284 what underflows: integrals are lost below 1e-290, and no weight or deviation by which they are divided is below 1e-5.
That ∂G/∂w_k ≥ 0 is seen at every point, A_k log(q/A_k) ≥ 0, and not compared. Right: closed forms, `instances.logs`.
"""

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from jaxtyping import Float
from scipy.special import logsumexp, softmax

from bounds.claim import Array, Choice, Claim, Enclosure, Evidence, Int, Real, Step
from bounds.gmm_entropy.instances import entries, logs
from bounds.gmm_entropy.line import integrals_on_line

KAPPA = 0.8047423425494119  # at x = 3.92155363456751; rounded up


@dataclass(frozen=True)
class Moved:
    """A mixture on the line and the derivatives of its gap."""

    w: Float[np.ndarray, " K"]
    mean: Float[np.ndarray, " K"]
    sd: Float[np.ndarray, " K"]

    @cached_property
    def derivatives(self) -> tuple[np.ndarray, np.ndarray]:
        """d/dmu, d/dsigma and d/dw of G, (3, K), and what each may be off."""
        K = len(self.w)
        if K == 1:
            return np.zeros((3, 1)), np.zeros((3, 1))

        def rows(z: np.ndarray, log_a: np.ndarray) -> np.ndarray:
            others = np.stack([logsumexp(np.delete(log_a, k, axis=0), axis=0) for k in range(K)])
            label = np.exp(log_a) * np.logaddexp(0, others - log_a)  # A_k log(q/A_k)
            return np.concatenate([label, label * z, label * z * z])

        none, one, two = integrals_on_line(rows, self.w, self.mean, self.sd**2).reshape(3, K)
        value = np.stack([one / self.sd, (two - none) / self.sd, none / self.w])
        modulus = np.stack([np.sqrt(none * two) / self.sd, (two + none) / self.sd, none / self.w])
        return value, 1e-11 * modulus + 1e-284

    @cached_property
    def log_overlaps(self) -> Float[np.ndarray, "K K"]:
        """log BC, from the densities of the difference of two means; -inf on the diagonal, so that it drops out of sums."""
        total = self.sd[:, None] ** 2 + self.sd**2
        out = 0.5 * np.log(2 * self.sd[:, None] * self.sd / total) - (self.mean[:, None] - self.mean) ** 2 / (4 * total)
        np.fill_diagonal(out, -np.inf)
        return np.asarray(out)


def moved(
    K: int,
    logits: Float[np.ndarray, " K"],
    mean: Float[np.ndarray, " K"],
    spread: float,
    sd: Float[np.ndarray, " K"],
    alike: bool,
) -> Moved:
    """Valid for every argument: a softmax makes the weights; `alike` gives all components the first deviation."""
    sd = np.asarray(sd, float)
    return Moved(softmax(np.asarray(logits, float)), spread * np.asarray(mean, float), np.full(K, sd[0]) if alike else sd)


def log_derivatives(x: Moved) -> Enclosure:
    """Logarithms of |dG/dmu|, |dG/dsigma|, dG/dw and dG/dw again, K each; nothing for one component."""
    value, off = x.derivatives
    size = np.abs(value[[0, 1, 2, 2]]).ravel()
    slack = off[[0, 1, 2, 2]].ravel()
    with np.errstate(divide="ignore"):
        return Enclosure(np.log(np.maximum(size - slack, 0.0)), np.log(size + slack))


def log_bounds(
    x: Moved,
    *,
    constant: float = 0.5,
    weight_power: float = 0.5,
    kappa: float = KAPPA,
    ratio_power: float = 0.5,
    spread: float = 1.0,
    linear: bool = False,
) -> Enclosure:
    """The right-hand sides in the same order; the arguments are where a misreading would differ."""
    if len(x.w) == 1:
        return logs(*[-np.inf] * 4)
    precision, log_w = 1 / x.sd**2, np.log(x.w)
    S = 2 / (precision[:, None] + precision)
    shift = x.mean - x.mean[:, None]  # (k, j): mu_j - mu_k
    nu = S * precision[:, None] * precision * shift
    V = spread * (precision[:, None] - precision) ** 2 * S
    away = (S * precision * shift / 2 / x.sd[:, None]) ** 2 + S / x.sd[:, None] ** 2
    with np.errstate(divide="ignore"):
        log_score = np.log(nu**2 + V) / 2
    size = np.log(constant) + weight_power * (log_w[:, None] + log_w) + x.log_overlaps + log_score
    by_overlap = np.log(kappa) + ratio_power * (log_w - log_w[:, None]) + x.log_overlaps
    surprise = np.log(-np.expm1(log_w) if linear else -log_w)
    sums = [logsumexp(terms, axis=1) for terms in (size, size + np.log(away) / 2, by_overlap)]
    return entries(*(logs(*values) for values in (*sums, surprise)))


def _label_entropy_derivative(constant: int) -> Evidence:
    import sympy as sp

    from bounds.measure.symbolic import identity

    a, b, c = sp.symbols("a b c", positive=True)
    q = a + b + c
    h = a * sp.log(q / a) + b * sp.log(q / b) + c * sp.log(q / c)
    return identity(lambda: sp.diff(h, a) - sp.log(q / a) - constant)


def _geometric_mean(factor: int) -> Evidence:
    """a + b − 2√(ab) = (√a − √b)², so ab/(a + b) ≤ √(ab)/2."""
    import sympy as sp

    from bounds.measure.symbolic import identity

    p, r = sp.symbols("p r", positive=True)  # the roots
    return identity(lambda: p**2 + r**2 - factor * p * r - (p - r) ** 2)


def _kappa(top: str) -> Evidence:
    r"""log(1 + u²) < top·u on [1/8, 64], in balls. Below 1/8 it is at most u² ≤ u/8; beyond 64 log(1 + u²)/u falls: its
    derivative has the sign of 2u²/(1+u²) − log(1+u²) < 0."""
    from flint import arb

    from bounds.measure.ball import ball, positive_on_boxes

    return positive_on_boxes(lambda u: ball(top) * u - (arb(1) + u * u).log(), [[("1/8", 64)]])


BEST_RATIO = {  # coincident components: where κ and −log w_k meet the derivative
    "K": 2,
    "logits": [float(np.log(3.92155363456751)), 0.0],
    "mean": [0.0, 0.0],
    "spread": 1.0,
    "sd": [1.0, 1.0],
    "alike": True,
}
CLAIM = Claim(
    source="furuya2022entropy, derivatives of the error (reconstructed)",
    says="|∇_μk G| ≤ ½ Σ √(w_k w_j) BC √(|ν|² + tr V); ‖∇_Γk G‖ likewise; ∂G/∂w_k ≤ κ Σ √(w_j/w_k) BC and ≤ −log w_k",
    space={
        "K": Int(1, 3),
        "logits": Array(("K",), -5, 5),
        "mean": Array(("K",), -1, 1),
        "spread": Real(0.01, 60, log=True),
        "sd": Array(("K",), 0.3, 3, log=True),
        "alike": Choice((False, True)),
    },
    build=moved,
    assumes={},
    actual=log_derivatives,
    bound=log_bounds,
    tightness="difference",
    falsified={
        "constant 1/4": {"bound": lambda x: log_bounds(x, constant=0.25)},
        "w_k w_j without the root": {"bound": lambda x: log_bounds(x, weight_power=1.0)},
        "without the spread V of the scores": {"bound": lambda x: log_bounds(x, spread=0.0)},
        "κ = 0.75": {"bound": lambda x: log_bounds(x, kappa=0.75)},
        "w_j/w_k without the root": {"bound": lambda x: log_bounds(x, ratio_power=1.0)},
        "1 − w_k in place of −log w_k": {"bound": lambda x: log_bounds(x, linear=True)},
    },
    witness={
        "constant 1/4": {"K": 2, "logits": [0.0, 0.0], "mean": [0.0, 1.0], "spread": 0.1, "sd": [1.0, 1.0], "alike": True},
        "without the spread V of the scores": {**BEST_RATIO, "sd": [1.0, 2.0], "alike": False},
        "κ = 0.75": BEST_RATIO,
    },
    covers={
        "one component": lambda x: len(x.w) == 1,
        "three components": lambda x: len(x.w) == 3,
        "close, one covariance": lambda x: len(x.w) > 1 and bool(np.ptp(x.mean) < 0.3 * x.sd.min() and np.ptp(x.sd) == 0),
        "gap below 1e-10": lambda x: len(x.w) > 1 and float(x.derivatives[0][2] @ x.w) < 1e-10,
    },
    tight_at=(BEST_RATIO,),
    proof=(
        Step(
            says="∂/∂a of h(a, b, c) is log(q/a)",
            check=lambda: _label_entropy_derivative(0),
            false_twin=lambda: _label_entropy_derivative(1),
        ),
        Step(says="a + b − 2√(ab) = (√a − √b)²", check=lambda: _geometric_mean(2), false_twin=lambda: _geometric_mean(1)),
        Step(
            says="log(1 + u²) < 0.80475 u for 1/8 ≤ u ≤ 64",
            check=lambda: _kappa("0.80475"),
            false_twin=lambda: _kappa("0.80473"),
        ),
    ),
    cost=0.005,
)
