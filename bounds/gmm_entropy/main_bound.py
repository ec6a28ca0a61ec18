r"""The paper's main bound: the gap decays with the separations, at the price of a factor that grows with the dimension.

For every $s\in(0,1)$, with $\alpha_{kl}$ the separation,
$$ G\;\le\;\frac{2}{(1-s)^{m/4}}\sum_{k\ne l}\sqrt{w_kw_l}\;e^{-s\alpha_{kl}^2/4}, $$
a sum over ordered pairs: each unordered pair counts twice. (The formula is attributed to the paper from memory and proved
here, so it is true whatever the paper's wording.)
Why: (i) $\log(1+\sum x_j)\le\sum\log(1+x_j)$; (ii) $\log(1+x)\le\sqrt x$, so $G\le 2S$; (iii) no point lies in both open
ellipsoids of level α, and Cauchy–Schwarz outside each gives $BC\le2\sqrt{P(\chi^2_m\ge\alpha^2)}$; (iv) Chernoff:
$P(\chi^2_m\ge a^2)\le(1-s)^{-m/2}e^{-sa^2/2}$. Step (ii) is checked below, the others are for the reader.

Both sides are logarithms of nats. Left: `Case.log_gap`. Right: α between its two certificates, in a sum of exponentials,
within 1e-9 in the logarithm.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy.special import logsumexp

from bounds.claim import Claim, Enclosure, Evidence, Real, Step
from bounds.gmm_entropy.instances import MIXTURES, Case, case, logs, on_first_axis


@dataclass(frozen=True)
class WithS:
    """A mixture and the free parameter of the bound."""

    case: Case
    s: float


def with_s(s: float, **point: Any) -> WithS:
    """Valid for every s in (0, 1)."""
    return WithS(case(**point), s)


def log_bound(
    x: WithS,
    *,
    constant: float = 2.0,
    rate: float = 0.25,
    weight_power: float = 0.5,
    growth: float = -0.25,
    pairs: float = 2.0,
    s: float | None = None,
    by_variance: bool = False,
) -> Enclosure:
    """The right-hand side as a logarithm; the arguments are where a misreading would differ."""
    w, m = x.case.w, x.case.mu.shape[1]
    s = x.s if s is None else s
    k, l = np.triu_indices(len(w), 1)
    alpha = _by_variance(x.case) if by_variance else x.case.alpha
    terms = weight_power * (np.log(w[k]) + np.log(w[l])) - rate * s * alpha[k, l] ** 2
    dimension = growth * m * np.log1p(-s) if growth else 0.0
    total = logsumexp(terms) if len(terms) else -np.inf
    return logs(np.log(constant * pairs) + dimension + total)


def _by_variance(x: Case) -> np.ndarray:
    """The ratio as the abstract words it: distance over the sum of the largest variances."""
    largest = np.linalg.eigvalsh(x.cov)[:, -1]
    distance = np.linalg.norm(x.mu[:, None] - x.mu, axis=2)
    return np.asarray(distance / (largest[:, None] + largest))


def _root_dominates(factor: int) -> Evidence:
    r"""$\sqrt x-\log(1+x)$ at $x=u^2$: zero at 0 with derivative $((1-u)^2)/(1+u^2)\ge0$; the twin claims half of the root."""
    import sympy as sp

    from bounds.measure.symbolic import identity

    u = sp.symbols("u", positive=True)
    return identity(lambda: sp.diff(u / factor - sp.log(1 + u**2), u) - (1 - u) ** 2 / (1 + u**2))


CLAIM = Claim(
    source="furuya2022entropy, main error bound (recalled)",
    says="G ≤ 2 (1−s)^(−m/4) Σ_{k≠l} √(w_k w_l) exp(−s α_kl²/4) for every s in (0, 1)",
    space={**MIXTURES, "s": Real(0.01, 0.99)},
    build=with_s,
    assumes={},
    actual=lambda x: x.case.log_gap,
    bound=log_bound,
    tightness="difference",
    falsified={
        "exponent −s α²": {"bound": lambda x: log_bound(x, rate=1.0)},
        "constant 0.6": {"bound": lambda x: log_bound(x, constant=0.6)},
        "w_k w_l without the root": {"bound": lambda x: log_bound(x, weight_power=1.0)},
        "(1−s)^(+m/4)": {"bound": lambda x: log_bound(x, growth=0.25)},
        "variances instead of standard deviations": {"bound": lambda x: log_bound(x, by_variance=True)},
    },
    also_true={
        "s = 1 without the dimension factor": {"bound": lambda x: log_bound(x, s=1.0, growth=0.0)},
        "each unordered pair once": {"bound": lambda x: log_bound(x, pairs=1.0)},
        "each unordered pair once, constant 2 ln 2": {"bound": lambda x: log_bound(x, pairs=1.0, constant=2 * np.log(2))},
    },
    witness={
        "exponent −s α²": {**on_first_axis(8.0), "s": 0.9},
        "constant 0.6": {**on_first_axis(0.0), "s": 0.01},
        "w_k w_l without the root": {**on_first_axis(0.0, log_odds=float(np.log(9999))), "s": 0.01},
        "(1−s)^(+m/4)": {**on_first_axis(0.0, m=8), "s": 0.9},
        "variances instead of standard deviations": {**on_first_axis(0.2, sd=(0.1, 0.1)), "s": 0.9},
    },
    covers={
        "one component": lambda x: len(x.case.w) == 1,
        "three or more components": lambda x: len(x.case.w) > 2,
        "below its trivial value": lambda x: len(x.case.w) > 1 and log_bound(x).hi[0] < np.log(np.log(len(x.case.w))),
    },
    proof=(
        Step(
            says="d/du [u − log(1 + u²)] = (1 − u)²/(1 + u²) ≥ 0, so log(1 + x) ≤ √x",
            check=lambda: _root_dominates(1),
            false_twin=lambda: _root_dominates(2),
        ),
    ),
    cost=0.004,
)
