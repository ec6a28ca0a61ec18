r"""The gap of a pair is one integral over a line in the complex plane, for arbitrary covariances, in any dimension.

For weights a, b > 0, Chernoff coefficient $C_s=\int N_k^{1-s}N_l^s$ and any $0<c<1$,
$$ G_{kl}=\frac1\pi\int_0^\infty\operatorname{Re}F(c+iy)\,dy,\qquad F(s)=\frac{\pi}{s(1-s)\sin\pi s}\,a^{1-s}b^s\,C_s. $$
Why: Mellin's formula for log(1 + x), once with x = A_l/A_k and once with x = A_k/A_l and s → 1 − s; the two kernels add up by
$1/s+1/(1-s)=1/(s(1-s))$ (checked below), and Fubini. Mellin's formula itself is for the reader.

In nats. Left: the difference between that integral, evaluated here by a plain trapezoidal rule on a drawn line Re s = c, and
the definition $\int\phi(A_k,A_l)dx$, by a trapezoidal rule in x, one or two dimensions: no formula is shared. Right: what both
rules may be off. In y the poles at s = 0, 1 are 1/4 away or more, which gives $e^{-2\pi/4h}$ = 1e-27 for h = 1/40, and the tail
beyond y = 14 is below $e^{-14\pi}$ = 1e-19 of the integrand at 0. In x the integrand is singular where A_l/A_k = −1, at a
distance of π over the slope of its logarithm, and halving the step estimates the error: 1e-12 of the gap or less for most
pairs drawn here, up to 1e-7 for means and spreads at the corners of the box, in two dimensions.
"""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy.special import expit

from bounds.claim import Array, Choice, Claim, Enclosure, Evidence, Int, Real, Step
from bounds.gmm_entropy.chernoff import log_chernoff
from bounds.gmm_entropy.instances import Pair


@dataclass(frozen=True)
class PairAndLine(Pair):
    """A pair, and the c of the line Re s = c."""

    c: float = 0.5


def close_pair(
    m: int,
    log_odds: float,
    log_lam: Float[np.ndarray, " m"],
    d: Float[np.ndarray, " m"],
    shape: str = "free",
    c: float = 0.5,
) -> PairAndLine:
    """Spreads within a factor 2 of each other, so that a grid in x resolves both components."""
    lam = np.exp(np.asarray(log_lam, float)) if shape != "coincident" else np.ones(m)
    shift = np.asarray(d, float) if shape == "free" else np.zeros(m)
    return PairAndLine(float(expit(log_odds)), float(expit(-log_odds)), lam, shift, c=c)


def contour(x: PairAndLine, kernel: str = "both", swapped: bool = False) -> float:
    """The integral over Re s = c; `kernel` "one" drops 1 − s from the denominator, `swapped` exchanges the weights."""
    step = 0.025
    y = np.arange(0, 14, step)
    s = x.c + 1j * y
    a, b = (x.b, x.a) if swapped else (x.a, x.b)
    log_f = (1 - s) * np.log(a) + s * np.log(b) + log_chernoff(s, x.lam, x.d)
    rational = s * (1 - s) if kernel == "both" else s
    f = (np.pi / (rational * np.sin(np.pi * s)) * np.exp(log_f)).real
    return float(step / np.pi * (f.sum() - f[0] / 2))


def definition(x: Pair) -> tuple[float, float]:
    """The integral over x, each component in its own standardised coordinates, and the difference when the step is halved."""
    axis = np.linspace(-10, 10, 1601 if len(x.lam) == 1 else 321)
    grid = np.stack(np.meshgrid(*[axis] * len(x.lam), indexing="ij"), axis=-1)
    weight = np.prod(np.exp(-(grid**2) / 2) / np.sqrt(2 * np.pi), axis=-1) * (axis[1] - axis[0]) ** len(x.lam)
    coarse = np.zeros_like(weight)
    every = tuple(slice(None, None, 2) for _ in x.lam)
    coarse[every] = weight[every] * 2 ** len(x.lam)
    log_half, root = np.log(x.lam).sum() / 2, np.sqrt(x.lam)

    def log_ratio(points: np.ndarray) -> np.ndarray:  # log A_l/A_k where component k is N(0, I)
        from_l = (((points - x.d) / root) ** 2).sum(axis=-1)
        return np.asarray(np.log(x.b / x.a) - log_half - from_l / 2 + (points**2).sum(axis=-1) / 2)

    of_k = np.logaddexp(0, log_ratio(grid))
    of_l = np.logaddexp(0, -log_ratio(x.d + root * grid))
    terms = x.a * of_k + x.b * of_l
    fine = float((weight * terms).sum())
    return fine, abs(fine - float((coarse * terms).sum()))


def difference(x: PairAndLine, kernel: str = "both", swapped: bool = False) -> Enclosure:
    """|contour − definition| as computed; what it may be off is all in `budget`."""
    value = abs(contour(x, kernel, swapped) - definition(x)[0])
    return Enclosure(value, value)


def budget(x: Pair) -> Enclosure:
    """What the two rules may be off: the halving difference, and 1e-13 of the largest integrands for rounding."""
    value = definition(x)[1] + 1e-13 * (1 + abs(np.log(x.a)) + abs(np.log(x.b)))
    return Enclosure(value, value)


def _kernels(twist: int) -> Evidence:
    """π/(s sin πs) + π/((1−s) sin π(1−s)) = π/(s(1−s) sin πs)."""
    import sympy as sp

    from bounds.measure.symbolic import identity

    s = sp.symbols("s", positive=True)
    other = sp.pi / ((1 - s) * sp.sin(sp.pi * (twist - s)))
    return identity(
        lambda: sp.expand_trig(sp.pi / (s * sp.sin(sp.pi * s)) + other - sp.pi / (s * (1 - s) * sp.sin(sp.pi * s))),
        {"s": (0, 1)},
    )


CLAIM = Claim(
    source="new",
    says="G_kl = (1/π) ∫_0^∞ Re F(c + iy) dy for every 0 < c < 1, with F(s) = π / (s(1−s) sin πs) · a^(1−s) b^s C_s",
    space={
        "m": Int(1, 2),
        "log_odds": Real(-6, 6),
        "log_lam": Array(("m",), -1.2, 1.2),
        "d": Array(("m",), -4, 4),
        "shape": Choice(("free", "equal means", "coincident")),
        "c": Real(0.25, 0.75),
    },
    build=close_pair,
    assumes={},
    actual=difference,
    bound=budget,
    falsified={
        "kernel π/(s sin πs)": {"actual": lambda x: difference(x, kernel="one")},
        "weights exchanged": {"actual": lambda x: difference(x, swapped=True)},
    },
    witness={
        "kernel π/(s sin πs)": {
            "m": 1,
            "log_odds": float(np.log(9)),
            "log_lam": np.zeros(1),
            "d": np.array([3.0]),
            "shape": "free",
            "c": 0.5,
        }
    },
    covers={
        "coincident components": lambda x: bool(np.all(x.d == 0) and np.all(x.lam == 1)),
        "equal means, different covariances": lambda x: bool(np.all(x.d == 0) and np.any(x.lam != 1)),
        "two dimensions": lambda x: len(x.lam) == 2,
        "a line far from the middle": lambda x: abs(x.c - 0.5) > 0.1,
    },
    proof=(
        Step(
            says="π/(s sin πs) + π/((1−s) sin π(1−s)) = π/(s(1−s) sin πs)",
            check=lambda: _kernels(1),
            false_twin=lambda: _kernels(2),
        ),
    ),
    cost=0.012,
)
