r"""Spikes of a float simulation that are certified: fires, silent, or undecided.

The given floats are the exact data. Every number carries a running bound E of its distance from the exact value; with
μ = 2^-53 (float32: 2^-24), η the smallest subnormal and γ = (n + 2)μ/(1 − (n + 2)μ) for n summands,
$$ E(a+b)=E_a+E_b+\mu|a+b|,\quad E(ca)=|c|E_a+\mu|ca|+\eta,\quad E(Wa)=|W|E_a+\gamma|W||a|+(n+1)\eta, $$
so for LIF E ← λE + μ|q| + γ|W||x| + μ|z| + μ|u| with q = λv, z = q + Wx, u = z + b; for SAF also â, Λ and thr carry errors.
A decision is certified if |u − thr| > 1.0001 (E_u + E_thr). Statement: a certified spike is the exact spike, in LIF and SAF,
and |u − u*| ≤ 1.0001 E always. An undecided spike is one of 0, 1: E = 1, passed on in time and depth like any other error.
(So a leak may heal it. Nothing else does: for the rest, redo in rationals.)

The factor 1.0001 pays for the rounding of E itself, a relative (n + 8) T μ. Overflow makes E infinite or NaN: undecided.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import cache, cached_property, partial
from typing import Any, NamedTuple, Union

import numpy as np

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Int, exact
from bounds.common.spikes import lif_forward, lif_steps, network, saf_steps
from bounds.spike_accumulation.networks import rationals

SAFETY = 1.0001
Operand = Union["Certified", float, np.floating[Any], np.ndarray]


@cache
def _limits(dtype: Any) -> tuple[float, float]:
    return float(np.finfo(dtype).eps) / 2, float(np.finfo(dtype).smallest_subnormal)


class Certified:
    """Floats with a running error bound, for the update equations of `bounds.common.spikes`."""

    __array_ufunc__ = None  # let our reflected operators see numpy arrays whole

    def __init__(self, value: Any, error: Any = 0.0) -> None:
        self.value = np.asarray(value)
        self.error = error  # of the shape of value, or one number for all

    @property
    def mu(self) -> float:
        """Unit roundoff of the values."""
        return _limits(self.value.dtype)[0]

    @property
    def eta(self) -> float:
        """What an underflow can cost."""
        return _limits(self.value.dtype)[1]

    def _is_one(self) -> bool:
        return self.value.ndim == 0 and bool(self.value == 1) and not np.any(self.error)

    def _like(self, other: Operand) -> "Certified":
        return other if isinstance(other, Certified) else Certified(np.asarray(other, dtype=self.value.dtype))

    def __add__(self, other: Operand) -> "Certified":
        b = self._like(other)
        total = self.value + b.value
        return Certified(total, self.error + b.error + self.mu * np.abs(total, dtype=float))

    __radd__ = __add__

    def __sub__(self, other: Operand) -> "Certified":
        b = self._like(other)
        return self + Certified(-b.value, b.error)

    def __mul__(self, other: Operand) -> "Certified":
        b = self._like(other)
        if self._is_one() or b._is_one():  # exact
            return self if b._is_one() else b
        total = self.value * b.value
        carried = np.abs(b.value) * self.error + np.abs(self.value) * b.error + self.error * b.error
        return Certified(total, carried + self.mu * np.abs(total, dtype=float) + self.eta)

    __rmul__ = __mul__

    def __matmul__(self, w: np.ndarray) -> "Certified":
        n, size = w.shape[0], np.abs(w, dtype=float)
        gamma = (n + 2) * self.mu / (1 - (n + 2) * self.mu)
        spread = np.abs(self.value, dtype=float) @ size
        carried = np.broadcast_to(self.error, self.value.shape) @ size
        return Certified(self.value @ w, carried + gamma * spread + (n + 1) * self.eta)

    def fire(self, threshold: "Certified", unit: "Certified", strict: bool) -> "Certified":
        """1 or 0; error 0 where that is certain, else 1."""
        above = self.value > threshold.value if strict else self.value >= threshold.value
        room = np.abs(self.value - threshold.value, dtype=float)
        certain = room > SAFETY * (self.error + threshold.error)
        return Certified(above.astype(self.value.dtype), np.where(certain, 0.0, 1.0))


class CertifiedSpikes(NamedTuple):
    """Per layer l = 0..N (None for the input): spikes, whether each is certified, what was compared with 0, and its error."""

    s: list[Any]  # (T, n_l)
    certified: list[Any]
    argument: list[Any]  # u − th, or Uhat − thr, in floats
    error: list[Any]  # bound of its distance from the exact argument, SAFETY included


def _collect(steps: Iterator[Any], arguments: Any) -> CertifiedSpikes:
    rows: list[list[tuple[Any, ...]]] = []
    for step in steps:
        row = []
        for j, s in enumerate(step.s[1:], start=1):
            left, right = arguments(step, j)
            argument = left.value - right.value  # one more rounding of a number that is compared with 0: mu of itself
            error = SAFETY * (left.error + right.error + left.mu * np.abs(argument, dtype=float))
            row.append((s.value, s.error == 0, argument, error))
        rows.append(row)
    layers = [[np.stack(column) for column in zip(*(row[j] for row in rows), strict=True)] for j in range(len(rows[0]))]
    return CertifiedSpikes(*([None, *(layer[k] for layer in layers)] for k in range(4)))


def _floats(W: Any, b: Any, x: Any, lam: Any, th: Any, F: Any) -> dict[str, Any]:
    net = network(W, b, x, lam, th, F=F)
    if net.is_exact:
        raise ValueError("the certified simulators take floats; Fractions need no certificate")
    one, inputs = Certified(net.unit), [Certified(row) for row in net.x]
    return {"weights": net.weights, "x": inputs, "lam": net.lam, "th": net.th, "unit": one, "v0": net.unit * 0}


def certified_lif(W: Any, b: Any, x: Any, lam: Any, th: Any, F: Any = None) -> CertifiedSpikes:
    """LIF in floats (all float32, or else float64) from rest, each spike with its certificate.

    >>> spikes = certified_lif([[[0.1]]], [[0.0]], [[1.0]] * 10, 1.0, 1.0)
    >>> int(spikes.certified[1].sum())  # ten times 0.1: the tenth step is too close to call
    9
    """
    given = _floats(W, b, x, lam, th, F)
    with np.errstate(all="ignore"):
        return _collect(lif_steps(**given), lambda step, j: (step.u[j], Certified(given["th"])))


def certified_saf(W: Any, b: Any, x: Any, lam: Any, th: Any, F: Any = None) -> CertifiedSpikes:
    """SAF, closed form, in floats (all float32, or else float64) from rest, each spike with its certificate."""
    with np.errstate(all="ignore"):
        return _collect(saf_steps(**_floats(W, b, x, lam, th, F)), lambda step, j: (step.Uhat[j], step.thr[j]))


# ---- the claim ------------------------------------------------------------------------------------------------------

TENTH = Fraction(1, 10)
SPACE: dict[str, Axis] = {
    "depth": Int(1, 2),
    "width": Array((3,), 1, 2, step=1),
    "T": Int(1, 12),
    "lam": Choice((0.0, 0.25, 0.5, 0.9, 1.0)),
    "th": Choice((0.5, 0.7, 1.0)),
    "W": Array((2, 2, 2), -0.5, 1.5, step=TENTH),
    "b": Array((2, 2), -0.2, 0.4, step=TENTH),
    "x": Array(("T", 2), -0.2, 1.2, step=TENTH),
    "static": Int(0, 1),
    "precision": Choice(("double", "single")),
}


@dataclass(frozen=True)
class FloatNet:
    """A network of floats, which are the exact data."""

    arguments: dict[str, Any]

    @cached_property
    def certified(self) -> tuple[CertifiedSpikes, CertifiedSpikes]:
        """LIF, SAF."""
        return certified_lif(**self.arguments), certified_saf(**self.arguments)

    @cached_property
    def exact(self) -> tuple[list[Any], list[Any]]:
        """Spikes, and u − th = Uhat − thr of LIF and of SAF, from the same floats as rationals; layers 1..N."""
        as_fractions: dict[str, Any] = {
            "W": [rationals(w) for w in self.arguments["W"]],
            "b": [rationals(b) for b in self.arguments["b"]],
            "x": rationals(self.arguments["x"]),
            "lam": Fraction(float(self.arguments["lam"])),
            "th": Fraction(float(self.arguments["th"])),
        }
        u, s, _ = lif_forward(**as_fractions)
        return s[1:], [u_l - as_fractions["th"] for u_l in u[1:]]


def float_net(
    depth: int, width: Any, T: int, lam: Any, th: Any, W: Any, b: Any, x: Any, static: int = 0, precision: str = "double"
) -> FloatNet:
    """From a point of SPACE: every number rounded to the nearest float."""
    kind = np.float32 if precision == "single" else np.float64
    n = [int(side) for side in width[: depth + 1]]

    def floats(values: Any, *sides: int) -> Any:
        return np.array(values, dtype=object)[tuple(slice(side) for side in sides)].astype(kind)

    weights, biases = [floats(W[l], n[l + 1], n[l]) for l in range(depth)], [floats(b[l], n[l + 1]) for l in range(depth)]
    inputs = floats([x[0]] * T if static else x, T, n[0])
    return FloatNet({"W": weights, "b": biases, "x": inputs, "lam": kind(lam), "th": kind(th)})


def wrong_and_off(n: FloatNet, all_decisions: bool = False) -> Enclosure:
    """The number of certified spikes that are not the exact ones (LIF, SAF), then |argument − exact| at every place."""
    spikes, arguments = n.exact
    wrong, off = [], []
    for found in n.certified:
        taken = [np.ones_like(c) if all_decisions else c for c in found.certified[1:]]
        wrong.append(sum(int(np.count_nonzero((s != e) & c)) for s, e, c in zip(found.s[1:], spikes, taken, strict=True)))
        for argument, true in zip(found.argument[1:], arguments, strict=True):
            off += list(np.abs(rationals(argument.astype(float)) - true).ravel())
    return exact(*wrong, *off)


def allowed(n: FloatNet) -> Enclosure:
    """0, 0, then the error bounds."""
    errors = [list(rationals(error).ravel()) for found in n.certified for error in found.error[1:]]
    return exact(0, 0, *(e for layer in errors for e in layer))


def one_rounding(n: FloatNet) -> Enclosure:
    """0, 0, then the last rounding alone: |argument| times the unit roundoff."""
    mu = Fraction(float(np.finfo(n.arguments["x"].dtype).eps)) / 2
    sizes = [list(np.abs(rationals(a.astype(float))).ravel()) for found in n.certified for a in found.argument[1:]]
    return exact(0, 0, *(mu * a for layer in sizes for a in layer))


NEAR = {"depth": 1, "width": [1, 1], "T": 12, "lam": 1.0, "th": 1.0, "W": [[[TENTH]]], "b": [[0]], "x": [[1]], "static": 1}
CLAIM = Claim(
    source="new",
    says="float LIF and SAF: a certified spike is the exact one, and every potential is within its running error bound",
    space=SPACE,
    build=float_net,
    assumes={},
    actual=wrong_and_off,
    bound=allowed,
    falsified={
        "every spike of a float simulation is right": {"actual": partial(wrong_and_off, all_decisions=True)},
        "one rounding is all": {"bound": one_rounding},
    },
    witness={"every spike of a float simulation is right": NEAR, "one rounding is all": NEAR},
    covers={
        "an undecided spike": lambda n: any(not c.all() for found in n.certified for c in found.certified[1:]),
        "every spike certified, and some of them 1": lambda n: (
            all(c.all() for c in n.certified[0].certified[1:]) and n.certified[0].s[1].any()
        ),
        "float32": lambda n: n.arguments["x"].dtype == np.float32,
    },
    cost=0.006,
)
