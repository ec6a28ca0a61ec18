r"""The gap as a rigorous ball: of a pair in any dimension, and of any number of components on the line.

Pair. On a vertical line $s=c+iy$ of `pair_gap`, $|C_s|\le C_c$, $|s(1-s)|\ge y^2$ and $|\sin\pi s|\ge\sinh\pi y$, so that
cutting the integral at W changes the gap by at most
$$ \frac1\pi\int_W^\infty|F|\,dy\;\le\;a^{1-c}b^cC_c\;\frac{2e^{-\pi W}}{\pi W^2(1-e^{-2\pi W})}. $$
Any 0 < c < 1 is right; near the saddle the ball is narrow, on c = 1/2 it is wide where the gap is far below √(ab) BC.

Line. $h\le2\ln2\sum_{k<l}\sqrt{A_kA_l}$, and $\sqrt{A_kA_l}$ is $\sqrt{w_kw_l}\,BC_{kl}$ times a normal density, which bounds
what lies outside of the interval of integration.

Numbers are exact (`bounds.measure.ball.Exact`): an integer, a Fraction, a decimal string, or a float, which means the
dyadic rational that it is. Integrals are balls of Arb, so the values are proved, up to the correctness of Arb.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import numpy as np

from bounds.claim import Enclosure
from bounds.gmm_entropy.chernoff import spectrum
from bounds.gmm_entropy.pair_gap import Indeterminate, saddle
from bounds.measure.ball import Exact, ball, fraction, integral, log_enclosure

if TYPE_CHECKING:
    from flint import acb, arb


def pair_gap_ball(
    a: Exact,
    b: Exact,
    lam: Sequence[Exact],
    d: Sequence[Exact],
    bits: int = 128,
    W: Exact = 26,
    c: Exact = Fraction(1, 2),
    **limits: Any,
) -> arb:
    """A ball around G_kl in nats for weights a, b > 0 and pair spectrum lam > 0, d (m,): the integral on Re s = c up to W.

    The defaults give a relative radius below 1e-34 for comparable components. `limits` are those of
    `bounds.measure.ball.integral`; out of work, the ball is not finite. ValueError for anything out of range.

    >>> pair_gap_ball("1/2", "1/2", [1], [4]).str(15, radius=False)
    '0.0604269868230783'
    """
    import flint

    x, y, line, top = fraction(a), fraction(b), fraction(c), fraction(W)
    lams, shifts = [fraction(v) for v in lam], [fraction(v) for v in d]
    if not (x > 0 and y > 0):
        raise ValueError(f"The weights a and b must be positive, not {a} and {b}.")
    if len(lams) != len(shifts) or not lams or min(lams) <= 0:
        raise ValueError(f"lam must be positive and of the length of d (m >= 1), but they are {list(lam)} and {list(d)}.")
    if not (0 < line < 1 and top > 0):
        raise ValueError(f"0 < c < 1 and W > 0 must hold, but c = {c} and W = {W}.")
    copies = Counter(lams)  # equal factors are taken together
    squares = {v: sum((t * t for u, t in zip(lams, shifts, strict=True) if u == v), Fraction()) for v in copies}
    with flint.ctx.workprec(bits):
        re, i, pi = ball(line, bits), flint.acb(0, 1), flint.arb.pi()
        log_a, log_b = ball(x, bits).log(), ball(y, bits).log()
        slope, log_chernoff, factors = log_b - log_a, flint.arb(0), []
        for v, n in copies.items():
            centre, square, log_v = ball(v + line * (1 - v), bits), ball(squares[v], bits), ball(v, bits).log()
            log_chernoff += (n * ((1 - re) * log_v - centre.log()) - re * (1 - re) * square / centre) / 2
            slope -= (n * log_v + square * ball(v * (1 - line) ** 2 - line**2, bits) / centre**2) / 2
            factors.append((ball(1 - v, bits) / centre, n, square * ball(v, bits) / centre**3))

        def ratio(z: acb, analytic: bool) -> acb:
            """F(c + iz) / F(c). With r = s + (1-s) lam the exponent of a factor is, exactly and with its slope taken out,
            s(1-s)/r = c(1-c)/r_c + iz (lam (1-c)² - c²)/r_c² + z² lam/(r_c² r): slopes cancel in the sum, and not in balls."""
            s = re + i * z
            determinant, exponent = flint.acb(1), i * z * slope
            for turn, n, square in factors:
                r = 1 + i * z * turn  # r / r_c
                determinant *= r.rsqrt(analytic=analytic) ** n
                exponent -= z**2 * square / r / 2
            return determinant * exponent.exp() * at_centre / (s * (1 - s) * s.sin_pi())

        at_centre = re * (1 - re) * re.sin_pi()
        value = integral(ratio, 0, top, bits=bits, **limits).real
        cut = ball(top, bits)
        tail = 2 * (-pi * cut).exp() / (pi * cut**2 * (1 - (-2 * pi * cut).exp()))
        return ((1 - re) * log_a + re * log_b + log_chernoff).exp() * (value / at_centre + tail * flint.arb(0, 1))


def line_gap_ball(w: Sequence[Exact], mu: Sequence[Exact], bits: int = 128, var: Sequence[Exact] | None = None) -> arb:
    """A ball around G = ∫ h(A) dx in nats for weights w, means mu and variances var (None: all 1), each (K,).

    The weights need not sum to 1 (as floats seldom do): h is that of the unnormalised A_k. The exact 0 for K = 1.
    ValueError for anything out of range.

    >>> line_gap_ball(["0.2", "0.5", "0.3"], [0, 2, 5]).str(15, radius=False)
    '0.347589658171441'
    """
    import flint

    weights, means = [fraction(v) for v in w], [fraction(v) for v in mu]
    variances = [Fraction(1)] * len(means) if var is None else [fraction(v) for v in var]
    if not weights or not len(weights) == len(means) == len(variances):
        raise ValueError(f"w, mu and var must have one length K >= 1, not {len(weights)}, {len(means)}, {len(variances)}.")
    if min(weights) <= 0 or min(variances) <= 0:
        raise ValueError(f"Weights and variances must be positive, but they are {list(w)} and {variances}.")
    components = list(zip(weights, means, variances, strict=True))
    pairs = [(x, y) for i, x in enumerate(components) for y in components[:i]]
    if not pairs:
        return flint.arb(0)
    with flint.ctx.workprec(bits):
        reach = (2 * (bits + 20) * flint.arb(2).log()).sqrt()  # P(|N(0,1)| > reach) < 2^-bits-20
        overlaps, normals = [], []
        for (p, m, v), (q, n, u) in pairs:
            half = ball(p * q, bits).sqrt() * (2 * ball(v * u, bits).sqrt() / ball(v + u, bits)).sqrt()
            overlaps.append(half * ball(-((m - n) ** 2) / (4 * (v + u)), bits).exp())
            normals.append((ball((u * m + v * n) / (u + v), bits), ball(2 * u * v / (u + v), bits).sqrt()))
        total = sum(overlaps, flint.arb(0))
        start = ball(min(fraction(float(x - reach * sd)) for x, sd in normals), bits)
        end = ball(max(fraction(float(x + reach * sd)) for x, sd in normals), bits)
        root = flint.arb(2).sqrt()
        tail = flint.arb(0)
        for overlap, (x, sd) in zip(overlaps, normals, strict=True):
            tail += overlap * (((end - x) / (sd * root)).erfc() + ((x - start) / (sd * root)).erfc()) / 2
        log_density = [_log_density(x, total, bits) for x in components]
        log_ratio = [[_log_ratio(y, x, bits) for y in components[:i] + components[i + 1 :]] for i, x in enumerate(components)]

        def share(z: acb, analytic: bool) -> acb:
            """h(A(z)) / Σ √(w_k w_l) BC_kl: of order one, so that the tolerances of the integral are relative.

            With A the largest component at the midpoint and D the log-ratios of the others to it, h = A[(1 + r) log(1 + r) -
            Σ e^D D], r = Σ e^D: a single logarithm, whose cut lies where q vanishes.
            """
            middle = flint.acb(z.mid())
            largest = max(range(len(components)), key=lambda i: float(log_density[i](middle).real.mid()))
            logs = [ratio(z) for ratio in log_ratio[largest]]
            ratios = [x.exp() for x in logs]
            r = sum(ratios, flint.acb(0))
            if not analytic and z.imag.is_zero():
                r = flint.acb(r.real.max(flint.arb(0)))  # positive on the line, even where its ball is wider
            elif not (1 + r.real > 0 or not r.imag.contains(0)):
                return flint.acb("nan")  # the ball meets the cut of log(1 + r)
            value = (1 + r) * r.log1p() - sum((x * y for x, y in zip(ratios, logs, strict=True)), flint.acb(0))
            return log_density[largest](z).exp() * value

        return total * integral(share, flint.acb(start), flint.acb(end), bits=bits).real + 2 * flint.arb(2).log() * flint.arb(
            0
        ).union(tail)


Component = tuple[Fraction, Fraction, Fraction]  # weight, mean, variance


def _log_density(x: Component, unit: arb, bits: int) -> Callable[[acb], acb]:
    """z -> log(A(z) / unit)."""
    import flint

    weight, mean, variance = x
    constant = (ball(weight, bits) / unit).log() - (2 * flint.arb.pi() * ball(variance, bits)).log() / 2
    centre, rate = ball(mean, bits), ball(-1 / (2 * variance), bits)
    return lambda z: constant + rate * (z - centre) ** 2


def _log_ratio(y: Component, x: Component, bits: int) -> Callable[[acb], acb]:
    """z -> log(A_y(z) / A_x(z)), as one square or one product: fewer occurrences of z make narrower balls."""
    (q, n, u), (p, m, v) = y, x
    constant = ball(q / p, bits).log() - ball(u / v, bits).log() / 2
    if u == v:
        slope, middle = ball((n - m) / v, bits), ball((n + m) / 2, bits)
        return lambda z: constant + slope * (z - middle)
    rate, vertex = (1 / v - 1 / u) / 2, (m * u - n * v) / (u - v)
    constant += ball(-((vertex - n) ** 2) / (2 * u) + (vertex - m) ** 2 / (2 * v), bits)
    centre, curvature = ball(vertex, bits), ball(rate, bits)
    return lambda z: constant + curvature * (z - centre) ** 2


def pair_gap_enclosure(a: float, b: float, lam: Any, d: Any) -> Enclosure:
    """log G_kl in nats, trust "proved", for the floats a, b, lam, d (m,) as they are: within a few units in the last place.

    The contour is the float saddle of `pair_gap`, which decides about the width of the ball and not about its truth. Bits
    and cut are raised until the ball has 18 digits; where that fails, or the work exceeds 30 000 evaluations, the answer is
    what the last ball says, at worst (-inf, inf). Some 0.1 s for m ≤ 4. ValueError as `pair_gap_ball`.
    """
    lam, d = spectrum(lam, d)
    try:
        c = min(max(fraction(round(saddle(a, b, lam, d) * 2**30)) / 2**30, Fraction(1, 2**24)), 1 - Fraction(1, 2**24))
    except Indeterminate:
        c = Fraction(1, 2)
    best = Enclosure(-np.inf, np.inf, "proved")
    for bits, W in ((128, 20), (256, 40), (768, 120)):
        found = pair_gap_ball(a, b, lam.tolist(), d.tolist(), bits, W, c, eval_limit=30_000)
        if not found.is_finite():
            break
        best = log_enclosure(found)
        if found.rel_accuracy_bits() > 60:
            break
    return best
