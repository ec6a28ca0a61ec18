r"""The separation α of two components: how far their ellipsoids can grow before they touch.

$$ \alpha=\max\{\alpha\ge0:\ |x-\mu_k|_{\Sigma_k}<\alpha \text{ and } |x-\mu_l|_{\Sigma_l}<\alpha \text{ are disjoint}\},
   \qquad |y|_\Sigma=\sqrt{y^\top\Sigma^{-1}y}. $$
Then $\alpha^2=\max_{0\le t\le1}g(t)$ for the concave $g(t)=t(1-t)\,\Delta^\top[t\Sigma_k+(1-t)\Sigma_l]^{-1}\Delta$, and
$$ \alpha=\max_{v\ne0}\frac{|v^\top\Delta|}{\sqrt{v^\top\Sigma_kv}+\sqrt{v^\top\Sigma_lv}}
        =\min_x\max\big(|x-\mu_k|_{\Sigma_k},|x-\mu_l|_{\Sigma_l}\big). $$
Why: the ellipsoids are disjoint iff the larger of the two squared norms is at least α² everywhere; by the minimax
theorem its minimum over x is max_t min_x of their mixture, and the inner minimum is g(t). A separating hyperplane and
the support functions give the form with v.
So any v is a certificate from below and any x one from above; both are taken at the maximiser t*.
"""

from typing import Any, NamedTuple, overload

import numpy as np
from jaxtyping import Float

from bounds.gmm_entropy.chernoff import spectrum
from bounds.gmm_entropy.mixture import mixture


class _Value(NamedTuple):
    alpha: float
    t: float
    certified: tuple[float, float]


class Separation(_Value):
    """(alpha, t, certified), with v and x as attributes beside the tuple.

    t is the maximiser t*, 1/2 if the means coincide; certified the lower end from v and the upper end from x, widened by the
    rounding of their evaluation; v the normal of the hyperplane between the two ellipsoids, x the point where they touch.
    """

    v: Float[np.ndarray, " m"]
    x: Float[np.ndarray, " m"]

    def at(self, v: np.ndarray, x: np.ndarray) -> "Separation":
        """The same value, certified at v and x."""
        self.v, self.x = v, x
        return self


@overload
def separation(lam: Any, d: Any, /) -> Separation: ...
@overload
def separation(mu_k: Any, cov_k: Any, mu_l: Any, cov_l: Any, /) -> Separation: ...
def separation(*pair: Any) -> Separation:
    """α of a pair, from its spectrum (lam, d) or from (mu_k, cov_k, mu_l, cov_l); v and x in the same coordinates.

    t* is the root of g'(t) = Q_l(x(t)) - Q_k(x(t)), not the place where a minimiser of -g stopped (that is right to 1e-8
    only). In τ = t/(1-t) all terms of g' change sign between the least and the largest √lam, so the bracket is known.
    The ends `certified` hold whatever the error of t*: they are the two displayed forms at v and x, widened by
    (3m + 30) 2^-53 relative for their own rounding. For four matrices the widening has in addition m times the larger
    condition number, for the coordinates of the spectrum. ValueError for inputs out of range.

    >>> result = separation([9.0], [4.0])
    >>> round(result.alpha, 12), round(result.t, 12)
    (1.0, 0.75)
    """
    if len(pair) == 2:
        lam, d = spectrum(*pair)
        if lam.ndim != 1:
            raise ValueError(f"lam and d must be vectors of one length, but their shape is {lam.shape}")
        return _separation(lam, d, 0.0)
    if len(pair) != 4:
        raise ValueError(f"separation takes (lam, d) or (mu_k, cov_k, mu_l, cov_l), not {len(pair)} arguments")
    mu_k, cov_k, mu_l, cov_l = (np.asarray(value, dtype=float) for value in pair)
    q = mixture([0.5, 0.5], [np.atleast_1d(mu_k), np.atleast_1d(mu_l)], [np.atleast_2d(cov_k), np.atleast_2d(cov_l)])
    lam, d = q.spectra
    result = _separation(lam[0], d[0], q.mu.shape[1] * q.condition)
    t, shift = result.t, q.mu[1] - q.mu[0]
    v = np.linalg.solve(t * q.cov[0] + (1 - t) * q.cov[1], shift)
    return result.at(v, q.mu[0] + t * q.cov[0] @ v)


def separations(lam: Float[np.ndarray, "pairs m"], d: Float[np.ndarray, "pairs m"]) -> tuple[np.ndarray, np.ndarray]:
    """(α, t*), each (pairs,), for the spectra of all pairs of a mixture."""
    results = [_separation(*pair, 0.0) for pair in zip(lam, d, strict=True)]
    return np.array([r.alpha for r in results]), np.array([r.t for r in results])


def _separation(lam: np.ndarray, d: np.ndarray, extra: float) -> Separation:
    d2 = d * d
    if not np.any(d2):
        return Separation(0.0, 0.5, (0.0, 0.0)).at(np.zeros_like(d), np.zeros_like(d))
    tau = _root(lam[d2 > 0], d2[d2 > 0])
    v, x = d / (tau + lam), tau * d / (tau + lam)
    lower = abs(v @ d) / (np.sqrt(v @ v) + np.sqrt(v @ (lam * v)))
    upper = max(np.sqrt(x @ x), np.sqrt(np.sum(lam * (d / (tau + lam)) ** 2)))  # x - d = -lam d / (tau + lam)
    slack = (3 * len(d) + 30 + extra) * 2.0**-53
    alpha = float(np.sqrt(tau / (1 + tau) * np.sum(d2 / (tau + lam))))
    return Separation(alpha, tau / (1 + tau), (float(lower) * (1 - slack), float(upper) * (1 + slack))).at(v, x)


def _root(lam: np.ndarray, d2: np.ndarray) -> float:
    """The τ > 0 with Σ d²(lam - τ²)/(τ + lam)² = 0: Newton in log τ, guarded by bisection."""
    lo, hi = float(np.sqrt(lam.min())), float(np.sqrt(lam.max()))
    tau = np.sqrt(lo * hi)
    for _ in range(100):
        if hi <= lo * (1 + 2.0**-51):
            break
        weight = d2 / (tau + lam) ** 2
        value = float(weight @ (lam - tau * tau))
        slope = -2 * tau * float(weight @ (tau + (lam - tau * tau) / (tau + lam)))  # of value, in log τ
        lo, hi = (tau, hi) if value > 0 else (lo, tau)
        step = -value / slope if slope < 0 else np.inf
        if abs(step) < 1e-15:
            break
        tau = tau * np.exp(step) if np.log(lo / tau) < step < np.log(hi / tau) else np.sqrt(lo * hi)
    return float(tau)
