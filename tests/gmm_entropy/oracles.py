"""Values by other methods than the package's: fifty digits on the line, and naive integrals of the definition."""

from collections.abc import Sequence

import mpmath as mp
import numpy as np

from bounds.gmm_entropy.instances import Case

LINE = Case(np.array([0.2, 0.5, 0.3]), np.array([[0.0], [2.0], [5.0]]), np.ones((3, 1, 1)))  # the spec's golden example
LINE_GAP = "0.3475896581714412966657"


def case_on_line(w: Sequence[float], mu: Sequence[float], sd: Sequence[float]) -> Case:
    """A mixture on the line."""
    return Case(np.asarray(w, float), np.asarray(mu, float)[:, None], (np.asarray(sd, float) ** 2)[:, None, None])


def gap_50_digits(x: Case) -> mp.mpf:
    """G = Σ_k w_k E log(q/A_k) by Gauss–Legendre in fifty digits, each component in its own coordinate; one dimension.

    Written with log(1 + Σ A_j/A_k), so that a gap of 1e-300 keeps its digits. The pieces are shorter than any deviation.
    """
    with mp.workdps(50):
        w = [mp.mpf(float(v)) for v in x.w]
        mean = [mp.mpf(float(v)) for v in x.mu[:, 0]]
        var = [mp.mpf(float(v)) for v in x.cov[:, 0, 0]]
        sd = [mp.sqrt(v) for v in var]

        def log_a(k: int, t: mp.mpf) -> mp.mpf:
            return mp.log(w[k]) - mp.log(sd[k]) - (t - mean[k]) ** 2 / (2 * var[k])

        def integrand(t: mp.mpf) -> mp.mpf:
            logs = [log_a(k, t) for k in range(len(w))]
            total = mp.mpf(0)
            for k, own in enumerate(logs):
                others = sum(mp.exp(other - own) for j, other in enumerate(logs) if j != k)
                total += mp.exp(own) * mp.log1p(others)
            return total / mp.sqrt(2 * mp.pi)

        lo, hi = min(m - 16 * s for m, s in zip(mean, sd, strict=True)), max(m + 16 * s for m, s in zip(mean, sd, strict=True))
        pieces = int(mp.ceil((hi - lo) / min(sd)))
        return mp.quad(integrand, mp.linspace(lo, hi, pieces + 1), maxdegree=4)
