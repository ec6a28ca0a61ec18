r"""One leaky integrate-and-fire (LIF) neuron over T steps, and what a single step knows of it.

u[t] = λ v[t−1] + z[t], s[t] = H(u[t] − θ) (a tie fires), then v[t] = u[t](1 − s[t]) (hard reset) or u[t] − θ s[t] (soft);
v[0] = v0. S_n = 1 + λ + ... + λ^{n−1}. The single-step neuron is s = H(z − θ), without state. Drive, potential and
threshold share one unit. Fractions (or integers) in, exact numbers out; floats in, floats out.
"""

from collections.abc import Callable
from fractions import Fraction
from math import ceil, floor, log, log1p
from typing import Any, Literal, NamedTuple

import numpy as np

from bounds.claim import Axis, Choice, Int, Real, exact
from bounds.common.spikes import check_leak_and_threshold, lambda_sum, one_arithmetic
from bounds.measure.ball import fraction

Reset = Literal["hard", "soft"]


def geometric_sum(n: int, leak: Any) -> Any:
    """S_n = Σ_{k<n} leak^k for n ≥ 0 and leak in [0, 1]; exact for Fractions. ValueError otherwise.

    >>> geometric_sum(4, Fraction(1, 2))
    Fraction(15, 8)
    """
    return lambda_sum(leak, n)


def lif_simulate(
    drive: Any, leak: Any, threshold: Any, reset: Reset = "hard", v0: Any = 0, strict: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Spikes (integers) and potentials before the reset of neurons under a drive (T,) or (T, n), both of its shape.

    strict: a tie stays silent. ValueError names what is out of range; Fractions beside floats are refused.

    >>> lif_simulate([Fraction(3, 5)] * 4, 1, 1)[0].tolist()
    [0, 1, 0, 1]
    """
    if reset not in ("hard", "soft"):
        raise ValueError(f'reset must be "hard" or "soft", got {reset!r}')
    arrays, _ = one_arithmetic(drive=drive, leak=leak, threshold=threshold, v0=v0)
    z, lam, th = arrays["drive"], arrays["leak"][()], arrays["threshold"][()]
    check_leak_and_threshold(lam, th)
    if z.ndim not in (1, 2) or len(z) == 0:
        raise ValueError(f"drive must have shape (T,) or (T, n) with T >= 1, got {z.shape}")
    v = np.broadcast_to(arrays["v0"], z.shape[1:])
    spikes, potentials = np.zeros(z.shape, dtype=np.int64), np.empty_like(z)
    for t, current in enumerate(z):
        u = lam * v + current
        spikes[t] = u > th if strict else u >= th
        potentials[t] = u
        v = u * (1 - spikes[t]) if reset == "hard" else u - th * spikes[t]
    return spikes, potentials


def single_step_threshold(T: int, leak: Any, theta: Any) -> Any:
    """θ/S_T: a single step with this threshold fires exactly when T steps with θ fire at least once. T ≥ 1.

    >>> single_step_threshold(4, Fraction(1, 2), Fraction(1))
    Fraction(8, 15)
    """
    check_leak_and_threshold(leak, theta)
    if T < 1:
        raise ValueError(f"T counts steps and must be at least 1, got {T}")
    whole = isinstance(theta, int | np.integer) and isinstance(leak, int | np.integer | Fraction)
    return (Fraction(int(theta)) if whole else theta) / lambda_sum(leak, T)


def hard_reset_period(z: Any, leak: Any, theta: Any) -> int | None:
    """n* = min{n ≥ 1: z S_n ≥ θ}, the steps between spikes under hard reset and constant drive z; None: it never fires.

    Floats count as the rationals that they are. Why so: λ = 1: ⌈θ/z⌉; λ = 0: S_n = 1; between, z S_n ≥ θ is
    λⁿ ≤ 1 − θ(1 − λ)/z, a logarithm's guess that is then corrected exactly.

    >>> hard_reset_period(Fraction(2, 5), Fraction(9, 10), 1), hard_reset_period(Fraction(1, 10), Fraction(9, 10), 1)
    (3, None)
    """
    check_leak_and_threshold(leak, theta)
    z, lam, th = fraction(z), fraction(leak), fraction(theta)
    if z >= th:
        return 1
    if z <= th * (1 - lam):
        return None
    if lam == 1:
        period: int = ceil(th / z)
        return period
    room = 1 - th * (1 - lam) / z  # in (0, 1)
    rate = _log(lam)
    n = max(1, ceil(_log(room) / rate)) if rate else ceil(th / z)  # no leak that a float could tell
    while lam**n > room:
        n += 1
    while n > 1 and lam ** (n - 1) <= room:
        n -= 1
    return n


def _log(x: Fraction) -> float:
    """ln x for 0 < x < 1, near both ends too, where x is no float."""
    return log1p(-float(1 - x)) if 2 * x > 1 else log(x.numerator) - log(x.denominator)


def soft_reset_count(z: Any, theta: Any, T: int, c: Any) -> int:
    """Spikes in T steps of a neuron without leak, soft reset, constant drive z, v0 = cθ with c in [0, 1): exact.

    clip(⌊Tz/θ + c⌋, 0, T), by the claim `soft_reset_quantizer`. Floats count as the rationals that they are.

    >>> [soft_reset_count(Fraction(z), 1, 4, Fraction(1, 2)) for z in ("-0.3", "0.125", "0.874", "2")]
    [0, 1, 3, 4]
    """
    check_leak_and_threshold(1, theta)
    if T < 1:
        raise ValueError(f"T counts steps and must be at least 1, got {T}")
    if not 0 <= c < 1:
        raise ValueError(f"c must lie in [0, 1), got {c}")
    return min(max(floor(T * fraction(z) / fraction(theta) + fraction(c)), 0), T)


# ---- instances ------------------------------------------------------------------------------------------------------


class Neuron(NamedTuple):
    """A neuron under constant drive, all numbers Fractions."""

    z: Fraction
    T: int
    lam: Fraction
    theta: Fraction
    v0: Fraction = Fraction(0)

    @property
    def S(self) -> Any:
        """S_T."""
        return geometric_sum(self.T, self.lam)

    def spikes(self, reset: Reset = "hard", strict: bool = False) -> np.ndarray:
        """The train (T,)."""
        return lif_simulate([self.z] * self.T, self.lam, self.theta, reset, self.v0, strict)[0]


TWENTIETH = Fraction(1, 20)
LEAKS = Choice((Fraction(0), Fraction(1, 3), Fraction(1, 2), Fraction(9, 10), Fraction(1)))
CONSTANT: dict[str, Axis] = {
    "T": Int(1, 8),
    "lam": LEAKS,
    "theta": Choice((Fraction(1, 2), Fraction(1), Fraction(3))),
    "share": Real(-0.5, 1.5, step=TWENTIETH),  # z in units of θ
    "tie": Choice(("", "θ", "θ/S_T", "θ(1 − λ)")),  # the drive where something is decided by equality
}


def neuron(share: Any, T: int, lam: Any, theta: Any, tie: str = "", start: Any = 0) -> Neuron:
    """From a point; start is v0 in units of θ."""
    lam, theta = Fraction(lam), Fraction(theta)
    drives = {"θ": theta, "θ/S_T": theta / geometric_sum(T, lam), "θ(1 − λ)": theta * (1 - lam)}
    return Neuron(drives.get(tie, Fraction(share) * theta), T, lam, theta, Fraction(start) * theta)


def at(z: Any, T: int, lam: Any = 1, **more: Any) -> dict[str, Any]:
    """The point of a drive as one writes it down, with θ = 1."""
    return {"T": T, "lam": Fraction(lam), "theta": Fraction(1), "share": Fraction(z), "tie": ""} | more


def equivalent(left: Callable[[Neuron], tuple[Any, ...]], right: Callable[[Neuron], tuple[Any, ...]]) -> dict[str, Any]:
    """Both sides of the claim left(n) = right(n), entry by entry, which for truth values is left ⇔ right. Exact."""
    return {"actual": lambda n: exact(*left(n), *right(n)), "bound": lambda n: exact(*right(n), *left(n))}
