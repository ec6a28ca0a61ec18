"""Values by other methods than the package's: fifty digits on the line, and naive integrals of the definition."""

from collections.abc import Sequence

import mpmath as mp
import numpy as np
from scipy.special import softmax

from bounds.gmm_entropy.balls import line_gap_ball
from bounds.gmm_entropy.instances import Case
from bounds.measure.ball import log_enclosure

LINE = Case(np.array([0.2, 0.5, 0.3]), np.array([[0.0], [2.0], [5.0]]), np.ones((3, 1, 1)))  # the spec's golden example
LINE_GAP = "0.3475896581714412966657"


def case_on_line(w: Sequence[float], mu: Sequence[float], sd: Sequence[float]) -> Case:
    """A mixture on the line."""
    return Case(np.asarray(w, float), np.asarray(mu, float)[:, None], (np.asarray(sd, float) ** 2)[:, None, None])


def gap_50_digits(x: Case) -> mp.mpf:
    """G = Σ_k w_k E log(q/A_k) by Gauss–Legendre in fifty digits, each component in its own coordinate; one dimension.

    Written with log(1 + Σ A_j/A_k), so that a gap of 1e-300 keeps its digits. The pieces are shorter than any deviation, and
    shorter for far components, which make q vanish near the line. Accuracy in mpmath is absolute: hence the unit.
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
        pieces = int(mp.ceil((hi - lo) / min(sd) * max(1, (max(mean) - min(mean)) / min(sd) / 10)))
        ends = mp.linspace(lo, hi, pieces + 1)
        unit = max(integrand(t) for t in ends)
        return unit * mp.quad(lambda t: integrand(t) / unit, ends, maxdegree=5, method="gauss-legendre")


def log_gap_ball(x: Case) -> tuple[float, float]:
    """Floats around log G on the line, by ball arithmetic of 192 bits and rigorous integration, however small G is."""
    return log_enclosure(line_gap_ball(x.w.tolist(), x.mu[:, 0].tolist(), 192, x.cov[:, 0, 0].tolist()))[:2]


def chernoff_50_digits(x: Case, k: int, l: int, t: float) -> mp.mpf:
    """∫ N_k^(1−t) N_l^t on the line by the trapezoidal rule: for a Gaussian it errs by e^(−2π²/step²), step in deviations."""
    with mp.workdps(50):
        mean = [mp.mpf(float(x.mu[i, 0])) for i in (k, l)]
        var = [mp.mpf(float(x.cov[i, 0, 0])) for i in (k, l)]
        power = [1 - mp.mpf(t), mp.mpf(t)]
        precision = [p / v for p, v in zip(power, var, strict=True)]
        centre = sum(p * m for p, m in zip(precision, mean, strict=True)) / sum(precision)  # only to place the grid
        step = 1 / mp.sqrt(sum(precision)) / 4
        total = mp.mpf(0)
        for i in range(-64, 65):
            z = centre + i * step
            total += mp.exp(
                sum(-p * ((z - m) ** 2 / v + mp.log(2 * mp.pi * v)) / 2 for p, m, v in zip(power, mean, var, strict=True))
            )
        return total * step


def random_line(seed: int, K: int = 3, spread: float = 4.0) -> Case:
    """A mixture of K components on the line, deviations within a factor 4 of each other."""
    rng = np.random.default_rng(seed)
    return case_on_line(softmax(rng.uniform(-4, 4, K)), rng.uniform(-spread, spread, K), np.exp(rng.uniform(-0.7, 0.7, K)))
