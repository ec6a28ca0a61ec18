"""A theorem is a value: the types in which every claim module is written.

A claim module holds the mathematics of one theorem and ends with a frozen `CLAIM`. Tests, command line, figures and
notebooks read that value; none of them knows a theorem by name. How a claim is judged is `proofs_check`'s business.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from typing import Any, Generic, Literal, NamedTuple, TypeVar

import numpy as np

Number = Any  # a float, a Fraction, or an array of either, which is compared entry by entry
Trust = Literal["proved", "rounded", "sampled"]
X = TypeVar("X")


class Enclosure(NamedTuple):
    """The true value lies in [lo, hi], except with probability `risk`."""

    lo: Number
    hi: Number  # inf: known only from below, by an attack or a witness
    trust: Trust = "rounded"
    risk: float = 0.0


def _stack(values: tuple[Any, ...], dtype: type) -> Any:
    """One value stays as it is; several, of any shapes that broadcast, become the entries of one array."""
    if len(values) == 1:
        return values[0]
    return np.stack(np.broadcast_arrays(*(np.asarray(v, dtype=dtype) for v in values))) if values else np.array([])


def exact(*values: Any) -> Enclosure:
    """Integers, Fractions, truth values, or floats that mean the dyadic rational they are: lo = hi, "proved".

    >>> exact(Fraction(1, 3)).lo
    Fraction(1, 3)
    """
    value = _stack(values, object)
    return Enclosure(value, value, "proved")


def rounded(*values: Any, rel: float = 1e-12, abs: float = 0.0) -> Enclosure:
    """Floats with the error that the caller's docstring argues for: value ± (rel·|value| + abs). Infinities stay.

    >>> rounded(2.0, rel=0.25)
    Enclosure(lo=1.5, hi=2.5, trust='rounded', risk=0.0)
    """
    value = np.asarray(_stack(values, float), dtype=float)
    finite = np.where(np.isinf(value), 0.0, value)
    slack = np.where(np.isinf(value), 0.0, rel * np.abs(finite) + abs)
    lo, hi = value - slack, value + slack
    return Enclosure(lo, hi) if value.ndim else Enclosure(float(lo), float(hi))


class Int(NamedTuple):
    """An integer in [lo, hi], ends included."""

    lo: int
    hi: int


class Real(NamedTuple):
    """A real in [lo, hi]; log: spread evenly in its logarithm; step: multiples of it only, as Fractions (ints for step=1)."""

    lo: float
    hi: float
    log: bool = False
    step: int | Fraction | None = None


class Array(NamedTuple):
    """An array of Reals; shape: names of Int axes of the same space, or fixed sizes."""

    shape: tuple[str | int, ...]
    lo: float
    hi: float
    log: bool = False
    step: int | Fraction | None = None


class Choice(NamedTuple):
    """One of finitely many plain values."""

    options: Sequence[Any]


Axis = Int | Real | Array | Choice


class Evidence(NamedTuple):
    """What a machine says of one line of a proof, and by which means. Made by `bounds.measure`."""

    verdict: Literal["proved", "refuted", "undecided"]
    how: str


@dataclass(frozen=True, kw_only=True)
class Step:
    """One line of a proof that a machine can check on its own, and a false twin that the same checker must refute."""

    says: str
    check: Callable[[], Evidence]
    false_twin: Callable[[], Evidence]


@dataclass(frozen=True, kw_only=True)
class Claim(Generic[X]):
    """For every x = build(**point) with all assumes(x) ≥ 0:  actual(x) ≤ bound(x)."""

    source: str  # "bibkey, Theorem 4.2, eq. (14)"; or "bibkey, reconstructed"; or "new"
    says: str  # the statement on one line
    space: Mapping[str, Axis]
    build: Callable[..., X]  # point -> instance, valid by construction; takes lists as well as arrays
    assumes: Mapping[str, Callable[[X], float]]  # signed margins, ≥ 0 inside
    actual: Callable[[X], Enclosure]
    bound: Callable[[X], Enclosure]
    falsified: Mapping[str, Mapping[str, Any]]  # name -> fields that make it false
    # what only some claims need
    status: Literal["theorem", "conjecture", "false"] = "theorem"  # "false": must be refuted, like a variant
    tightness: Literal["ratio", "difference"] = "ratio"  # "difference" for logarithms and signed values; no part of the verdict
    refine: Callable[[X], X | None] = lambda x: None  # an undecided instance with more digits or samples; None: give up
    covers: Mapping[str, Callable[[X], bool]] = field(default_factory=dict)  # cases that a fair sample must contain
    also_true: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # looks like a mistake and is none
    witness: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)  # variant ("" = itself) -> a known refuting point
    tight_at: tuple[Mapping[str, Any], ...] = ()  # points where both sides meet
    proof: tuple[Step, ...] = ()  # the steps a machine has checked; the docstring says which are left to the reader
    cost: float = 0.005  # typical seconds of one judgement; a budget in seconds is divided by it into a number of calls

    def variant(self, name: str) -> "Claim[X]":
        """The claim with the fields of one falsified or also-true variant; "" is the claim itself."""
        return replace(self, **{**self.falsified, **self.also_true}[name]) if name else self
