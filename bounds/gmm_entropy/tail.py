r"""The gap is small with high probability when the means are random, the more so the higher the dimension.

If for every k ≠ l (one order of each pair is enough) $\Sigma_k^{-1/2}(\mu_k-\mu_l)/(1+\|\Sigma_k^{-1/2}\Sigma_l^{1/2}\|)$ is
$\mathcal N(0,c^2I_m)$, weights and covariances being fixed, then for every 0 < s < 1 and ε > 0
$$ P(G\ge\varepsilon)\le\frac{2(K-1)}\varepsilon\Big(\sqrt{1-s}\,(1+\tfrac{sc^2}2)\Big)^{-m/2}, $$
which decays with m for some s exactly if c > 1. From the bounds without a dimension factor, for every c > 0,
$$ P(G\ge\varepsilon)\le\frac{\ln2\,(K-1)}\varepsilon\Big(1+\tfrac{c^2}2\Big)^{-m/2}, $$
with 1 + c² in the place of 1 + c²/2 if all covariances are equal. Only the law of each pair matters; pairs may depend on
each other.
Why: Markov's inequality, $E e^{-sc^2|Z|^2/4}=(1+sc^2/2)^{-m/2}$, and $\sum_{k\ne l}\sqrt{w_kw_l}\le K-1$.
"""

import math


def gap_tail_bound(K: int, m: int, c: float, eps: float, s: float | None = None) -> float:
    """log of the first bound on P(G ≥ eps), in natural units; it may exceed 0, where it says nothing; -inf for K = 1.

    s = None takes the best s: 2(c²-1)/(3c²) for c > 1, and the limit s → 0 otherwise, log(2(K-1)/eps), which says nothing
    for any eps below the largest possible gap log K. eps in nats. Closed form: a few units in the last place.

    >>> round(math.exp(gap_tail_bound(2, 20, 10, math.exp(-10))), 10)
    4.7e-09
    """
    _check(K, m, c, eps)
    if s is None:
        s = 2 * (c - 1) * (c + 1) / (3 * c * c) if c > 1 else 0.0
    elif not 0 < s < 1:
        raise ValueError(f"s must lie strictly between 0 and 1, not {s}.")
    base = 0.5 * math.log1p(-s) + math.log1p(s * c * c / 2)
    return (math.log(2 * (K - 1)) - math.log(eps) if K > 1 else -math.inf) - m / 2 * base


def gap_tail_bound_dimension_free(K: int, m: int, c: float, eps: float, equal_covariance: bool = False) -> float:
    """log of the second bound on P(G ≥ eps), in natural units; it may exceed 0; -inf for K = 1.

    >>> round(math.exp(gap_tail_bound_dimension_free(2, 20, 1, 1, equal_covariance=True)), 6)
    0.000677
    """
    _check(K, m, c, eps)
    base = math.log1p(c * c if equal_covariance else c * c / 2)
    return (math.log(math.log(2) * (K - 1)) - math.log(eps) if K > 1 else -math.inf) - m / 2 * base


def _check(K: int, m: int, c: float, eps: float) -> None:
    if K < 1 or m < 1:
        raise ValueError(f"K and m must be at least 1, not {K} and {m}.")
    if not (0 < c < 1e150 and 0 < eps < math.inf):
        raise ValueError(f"c and eps must be positive and finite, not {c} and {eps}.")
