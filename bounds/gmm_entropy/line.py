r"""The gap by quadrature, on the line and for unit covariances on the plane: any number of components, any size of gap.

$$ G=\int h(A(x))\,dx,\qquad h(A)=\sum_kA_k\log\frac{\sum_jA_j}{A_k},\qquad A_k=w_kN_k. $$
h is evaluated as a logarithm, from the largest $A_k$ and the ratios of the others to the second largest, so that every
term is positive: gaps of 1e-300 and below keep their relative accuracy.

Where the mass of h is: h is, up to a logarithm, the second largest $A_k(x)$, whose local maxima are means and points
where two components cross. Between those h is about as smooth as the log-ratios of components allow: it is analytic as
far as their imaginary parts stay within ±π.

On the line no uniform step serves a component of width 1 beside one of width 1e-6, so the line is cut at means and
crossings, geometrically graded around them, and Gauss–Legendre panels are halved until halving changes nothing. On the
plane, where all widths are 1, the trapezoidal rule with half a radian of the fastest log-ratio as step is enough.
"""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from bounds.gmm_entropy.mixture import LOG_2PI, mixture

NODES, WEIGHTS = np.polynomial.legendre.leggauss(15)
NEGLIGIBLE = 60.0  # in the logarithm: what lies so far below the largest value is left out
SMALLEST = 1e-295  # integrals of this size and below are lost among the denormal numbers
REACH = 10.0  # standard deviations; beyond, a normal density has lost e^-50

Rows = Callable[[np.ndarray, np.ndarray], np.ndarray]  # z (K, ...), log A (K, ...) -> integrands (rows, ...)


def gap_on_line(w: Any, mu: Any, var: Any) -> float:
    """G in nats of the mixture on the line with means mu (K,) and variances var (K,); 0.0 below 1e-308. See `log_gap_on_line`.

    Two components that coincide: the label stays unknown.

    >>> bool(abs(gap_on_line([0.5, 0.5], [0, 0], [1, 1]) - np.log(2)) < 1e-14)
    True
    """
    return float(np.exp(log_gap_on_line(w, mu, var)))


def log_gap_on_line(w: Any, mu: Any, var: Any) -> float:
    """log G in nats, however small G is; -inf for one component. w, mu, var (K,). ValueError as `mixture`.

    Error at most 1e-12 + 1e-14 |log G|. Who vouches: a panel is done when halving it changes the sum by less than 1e-13 of
    the total (plus the rounding of exponents of the size of log G, 2e-15 each), and the halves, with 15 nodes each, are
    better than the whole by orders of magnitude. The total of the panels left out is below e^-40 of G.
    Positions are kept relative to the narrower of the neighbouring components, so that widths may differ by any factor.
    """
    q, mean, sd = _on_line(w, mu, var)
    if len(q) == 1:
        return -np.inf
    anchor, start, end, top = _cuts(q, mean, sd, NEGLIGIBLE)
    total = _integrate(lambda _, log_a: np.exp(log_label_entropy(log_a) - top)[None], q, mean, sd, (anchor, start, end), top)
    return float(top + np.log(total[0]))


def integrals_on_line(rows: Rows, w: Any, mu: Any, var: Any) -> np.ndarray:
    """Integrals over the line of several functions of the components, (rows,), each to 1e-12 of the integral of its modulus M
    (and 1e-14 |log M| of it, and 1e-290): the unit is 1, not exp of some logarithm.

    `rows` maps standardised positions z (K, ...) and log A (K, ...) to the functions (rows, ...), which must live where h
    does: near means and crossings, as h itself and its derivatives do.
    """
    q, mean, sd = _on_line(w, mu, var)
    anchor, start, end, _ = _cuts(q, mean, sd, np.inf)
    return _integrate(rows, q, mean, sd, (anchor, start, end), 0.0)


def log_label_entropy(log_a: np.ndarray) -> np.ndarray:
    r"""log h(A), for log A of shape (K, ...): with the largest $A_1$, the second $A_2$ and $r=\sum_{j>1}A_j/A_1$,
    $$ h=A_2\Big[(1+r)\frac{\log(1+r)}r\sum_{j>1}\frac{A_j}{A_2}+\sum_{j>1}\frac{A_j}{A_2}\log\frac{A_1}{A_j}\Big]. $$"""
    if len(log_a) == 1:
        return np.full(log_a.shape[1:], -np.inf)
    log_a = np.sort(log_a, axis=0)
    first, second, rest = log_a[-1], log_a[-2], log_a[:-1]
    share = np.exp(rest - second)
    total = share.sum(axis=0)
    r = np.maximum(total * np.exp(second - first), 1e-300)
    return np.asarray(second + np.log((1 + r) * np.log1p(r) / r * total + (share * (first - rest)).sum(axis=0)))


def _on_line(w: Any, mu: Any, var: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weights, means, standard deviations."""
    mu, var = np.asarray(mu, dtype=float), np.asarray(var, dtype=float)
    if mu.ndim != 1 or var.shape != mu.shape:
        raise ValueError(f"mu and var must be vectors of one length K, but their shapes are {mu.shape} and {var.shape}.")
    q = mixture(w, mu[:, None], var[:, None, None])
    return q.w, q.mu[:, 0], np.sqrt(q.cov[:, 0, 0])


def _log_components(w: np.ndarray, mean: np.ndarray, sd: np.ndarray, anchor: np.ndarray, t: np.ndarray) -> Any:
    """z and log A, each (K, ...), at mean[anchor] + t."""
    column = (-1,) + (1,) * t.ndim
    z = ((mean[anchor] - mean.reshape(column)) + t) / sd.reshape(column)
    return z, (np.log(w) - np.log(sd) - LOG_2PI / 2).reshape(column) - 0.5 * z * z


def _cuts(
    w: np.ndarray, mean: np.ndarray, sd: np.ndarray, negligible: float
) -> tuple[np.ndarray, np.ndarray, np.ndarray, float]:
    """Panels (anchor, start, end), positions relative to mean[anchor]; and the largest log h at a mean or a crossing."""
    K = len(w)
    anchor, t = np.arange(K), np.zeros(K)
    scale, reach = sd.copy(), sd.copy()  # on which h varies near the point, and on which it decays
    for k, l in ((i, j) for i in np.argsort(sd) for j in range(K) if (sd[i], i) < (sd[j], j)):
        for crossing in _crossings(w, mean, sd, k, l):
            slope = abs(crossing / sd[k] ** 2 - (crossing - (mean[l] - mean[k])) / sd[l] ** 2) + 1 / sd[k] + 1 / sd[l]
            anchor, t = np.append(anchor, k), np.append(t, crossing)
            scale, reach = np.append(scale, 1 / slope), np.append(reach, sd[l])
    value = log_label_entropy(_log_components(w, mean, sd, anchor, t)[1])
    top = float(value.max())
    kept = value >= (top - negligible if negligible < np.inf else min(top, -740.0))  # below -740, exp itself gives 0
    anchor, t, scale, reach = anchor[kept], t[kept], scale[kept], reach[kept]
    steps = np.ceil(np.log(REACH * reach / scale) / np.log(3)).astype(int)
    away = [s * np.append(0.0, np.outer((-1, 1), 3.0 ** np.arange(n + 1))) for s, n in zip(scale, steps, strict=True)]
    anchor = np.repeat(anchor, [len(a) for a in away])
    t = np.repeat(t, [len(a) for a in away]) + np.concatenate(away)
    order = np.argsort(mean[anchor] + t, kind="stable")
    anchor, t = anchor[order], t[order]
    near = np.where(sd[anchor[1:]] < sd[anchor[:-1]], anchor[1:], anchor[:-1])
    return near, (mean[anchor[:-1]] - mean[near]) + t[:-1], (mean[anchor[1:]] - mean[near]) + t[1:], top


def _crossings(w: np.ndarray, mean: np.ndarray, sd: np.ndarray, k: int, l: int) -> Iterator[float]:
    """Where A_k = A_l, relative to mean[k], for sd[k] ≤ sd[l]: at most two roots of a quadratic."""
    ratio, shift = sd[k] / sd[l], (mean[l] - mean[k]) / sd[l]
    a, half_b = (ratio - 1) * (ratio + 1), -shift * ratio
    c = shift * shift + 2 * (np.log(w[k] / w[l]) - np.log(ratio))
    discriminant = half_b * half_b - a * c
    if discriminant >= 0:
        q = -(half_b + np.copysign(np.sqrt(discriminant), half_b))
        with np.errstate(over="ignore"):  # a root beyond the range of floats is not looked at
            roots = ([q / a] if a else []) + ([c / q] if q else [])
        yield from (float(sd[k] * root) for root in roots if abs(root) < 1e100)


def _integrate(rows: Rows, w: np.ndarray, mean: np.ndarray, sd: np.ndarray, panels: Any, offset: float) -> np.ndarray:
    """`offset` is the logarithm of the unit in which the functions are given."""
    anchor, start, end = panels

    def quadrature(anchor: np.ndarray, start: np.ndarray, end: np.ndarray) -> np.ndarray:
        half = (end - start) / 2
        t = (start + half)[:, None] + half[:, None] * NODES
        return np.asarray((rows(*_log_components(w, mean, sd, anchor[:, None], t)) @ WEIGHTS) * half)

    value = quadrature(anchor, start, end)
    total, modulus = np.zeros(len(value)), np.zeros(len(value))
    for _ in range(60):
        middle = start + (end - start) / 2
        left, right = quadrature(anchor, start, middle), quadrature(anchor, middle, end)
        both = left + right
        scale = modulus + np.abs(both).sum(axis=1)
        exponent = abs(offset) + np.abs(np.log(np.maximum(scale, SMALLEST)))  # what was rounded before exp
        tolerance = (1e-13 + 2e-15 * exponent) * scale + SMALLEST
        done = np.all(np.abs(both - value) <= tolerance[:, None], axis=0)
        total += both[:, done].sum(axis=1)
        modulus += np.abs(both[:, done]).sum(axis=1)
        if np.all(done):
            return total
        again = ~done
        if again.sum() > 100_000:
            break
        anchor = np.tile(anchor[again], 2)
        start, end = np.append(start[again], middle[again]), np.append(middle[again], end[again])
        value = np.concatenate([left[:, again], right[:, again]], axis=1)
    raise ArithmeticError("The quadrature on the line did not settle.")


def gap_on_plane(w: Any, mu: Any) -> float:
    """G in nats of the mixture with means mu (K, 2) and unit covariances; 0.0 below 1e-308. See `log_gap_on_plane`."""
    return float(np.exp(log_gap_on_plane(w, mu)))


def log_gap_on_plane(w: Any, mu: Any) -> float:
    r"""log G in nats, however small G is; -inf for one component. w (K,), mu (K, 2). ValueError as `mixture`.

    Error at most 1e-12 + 1e-14 |log G|. Who vouches: $h\le2\ln2\sum_{k<l}\sqrt{A_kA_l}$, a mixture of unit Gaussians at the
    midpoints of pairs, and at least the largest pair gap is there, so only squares near such midpoints can count; those on
    which the second largest $A_k$ is negligible are left out, and together they hold less than e^-40 of G. The step is
    1/(2δ), with δ ≥ 1 the largest distance of two means that play a part: h is analytic for imaginary parts up to π/δ (no
    sum of terms within a half-plane vanishes), so the trapezoidal rule is wrong by about $e^{-2\pi\cdot2\pi}$ in units
    of the integral over the shifted plane. Time grows like δ.
    """
    mu = np.asarray(mu, dtype=float)
    if mu.ndim != 2 or mu.shape[1] != 2:
        raise ValueError(f"mu must have shape (K, 2), not {mu.shape}.")
    q = mixture(w, mu, np.repeat(np.eye(2)[None], len(mu), axis=0))
    if len(q.w) == 1:
        return -np.inf
    k, l = q.pairs
    log_w = np.log(q.w) - LOG_2PI
    apart = np.linalg.norm(q.mu[l] - q.mu[k], axis=1)
    overlap = (log_w[k] + log_w[l]) / 2 - apart**2 / 8  # log of √(A_k A_l) at the midpoint

    def log_components(x: np.ndarray, slack: float = 0.0) -> np.ndarray:
        """log A at the points x (n, 2), or its largest value within `slack` in each coordinate; its least one for -slack."""
        away = np.maximum(np.abs(x - q.mu[:, None]) - slack, 0.0)
        return np.asarray(log_w[:, None] - 0.5 * np.einsum("knx,knx->kn", away, away))

    crossing = (q.mu[k] + q.mu[l]) / 2 + ((log_w[k] - log_w[l]) / np.maximum(apart, 1) ** 2)[:, None] * (q.mu[l] - q.mu[k])
    top = float(log_label_entropy(log_components(np.concatenate([q.mu, crossing]))).max())
    radius = np.sqrt(2 * np.maximum(overlap - top + NEGLIGIBLE, 0.0))
    squares = np.unique(
        np.concatenate([_cover((q.mu[i] + q.mu[j]) / 2, r) for i, j, r in zip(k, l, radius, strict=True)]), axis=0
    )
    side = 1.0
    while True:
        bound = np.sort(log_components((squares + 0.5) * side, side / 2), axis=0)
        some = bound[-2] > top - NEGLIGIBLE
        squares = squares[some]
        centre = (squares + 0.5) * side  # on a square where two components cross, neither is ruled out by its centre
        part = np.any(log_components(centre, side / 2) > log_components(centre, -side / 2).max(axis=0) - NEGLIGIBLE, axis=1)
        delta = max(1.0, float(np.max(apart[part[k] & part[l]], initial=0.0)))
        if side <= 8 / delta:
            break
        squares = (2 * squares[:, None] + np.array([[0, 0], [0, 1], [1, 0], [1, 1]])).reshape(-1, 2)
        side /= 2
    n = int(np.ceil(2 * delta * side))
    inner = np.stack(np.meshgrid(*[np.arange(n) * (side / n)] * 2), axis=-1).reshape(-1, 2)
    total, block = 0.0, max(1, 2**16 // len(inner))
    for i in range(0, len(squares), block):
        x = (squares[i : i + block, None] * side + inner).reshape(-1, 2)
        total += float(np.exp(log_label_entropy(log_components(x)) - top).sum())
    return float(top + np.log(total) + 2 * np.log(side / n))


def _cover(centre: np.ndarray, radius: float) -> np.ndarray:
    """Lower corners of the unit squares of the integer lattice that meet the square of this half-width."""
    low, high = np.floor(centre - radius), np.floor(centre + radius)
    return np.stack(np.meshgrid(*(np.arange(a, b + 1) for a, b in zip(low, high, strict=True))), axis=-1).reshape(-1, 2)
