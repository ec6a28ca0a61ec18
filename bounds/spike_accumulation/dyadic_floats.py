r"""When float64 simulations are exact, bit for bit: dyadic numbers, few enough bits.

λ in {1/2, 1}, v0 = 0; W, b, F and th multiples of 2^-p, inputs of 2^-q; R at least every λ|v| + |W||s| + |b| (and feedback),
|W||â| + |b|Λ, |â|, Λ, thr and th that occur. If R 2^{p+q+T−1} ≤ 2^53 (λ = 1/2) or R 2^{p+q} ≤ 2^53 (λ = 1), float64 LIF and SAF
make no rounding error at all, in any order of summation. Why: every intermediate of step t is a multiple of 2^{-(p+q+t−1)}
(λ = 1: 2^{-(p+q)}) of size at most R, hence a float. Other leaks need a new bit or a rounding at every step.
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from math import log2
from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Array, Axis, Choice, Claim, Enclosure, Int, exact
from bounds.common.spikes import before, lambda_sum, lif_forward, saf_forward, traces
from bounds.spike_accumulation.networks import EIGHTH, half, rationals

SPACE: dict[str, Axis] = {
    "depth": Int(1, 2),
    "width": Array((3,), 1, 2, step=1),
    "T": Int(1, 8),
    "lam": Choice((half, Fraction(1))),
    "th": Choice((half, Fraction(1), 3 * half)),
    "W": Array((2, 2, 2), -0.75, 1.5, step=EIGHTH),
    "b": Array((2, 2), -0.25, 1, step=EIGHTH),
    "x": Array(("T", 2), -0.25, 1.5, step=EIGHTH),
    "fine": Int(24, 48),  # 2^-fine is added to every weight: bits, without size
    "feedback": Int(0, 1),
    "F": Array((2, 2), -1, 1, step=EIGHTH),
}


class Dyadic(NamedTuple):
    """Whether the condition holds, and what it is made of; p or q is −1 if some number is not dyadic."""

    holds: bool
    p: int
    q: int
    R: Fraction


def _bits(values: Any) -> int:
    """Least p such that all values are multiples of 2^-p; −1 if there is none."""
    denominators = {v.denominator for v in values}
    return max(d.bit_length() - 1 for d in denominators) if all(d & (d - 1) == 0 for d in denominators) else -1


def dyadic_exact(W: Any, b: Any, x: Any, lam: Any, th: Any, F: Any = None) -> Dyadic:
    """The condition for a chain with feedback F; floats or Fractions, taken as the rationals they are.

    >>> [dyadic_exact([[[0.5]]], [[0.0]], [[1.0]] * T, 0.5, 1.0).holds for T in (52, 53)]
    [True, False]
    """
    W, b, x = [rationals(w) for w in W], [rationals(v) for v in b], rationals(x)
    lam, th, F = Fraction(lam), Fraction(th), None if F is None else rationals(F)
    T, N = len(x), len(W)
    _, s, v = lif_forward(W, b, x, lam, th, F=F)
    ahat = [traces(layer, lam) for layer in s]
    charges = np.array([lambda_sum(lam, t) for t in range(1, T + 1)], dtype=object)[:, None]
    sizes = [lambda_sum(lam, T), th]
    for l in range(N):
        for sent, carried, factor in ((s, lam * abs(before(v[l + 1])), 1), (ahat, 0, charges)):
            total = carried + abs(sent[l]) @ abs(W[l]).T + abs(b[l]) * factor
            if F is not None and l == 0:
                total = total + abs(before(sent[N])) @ abs(F).T
            sizes.append(total.max())
        sizes += [abs(ahat[l]).max(), abs(ahat[l + 1]).max(), (th * (lam * before(ahat[l + 1]) + 1)).max()]
    matrices = [*W, *b, *([] if F is None else [F])]
    p, q = _bits([th, *(v for m in matrices for v in m.ravel())]), _bits(x.ravel())
    R = max(sizes)
    if p < 0 or q < 0 or lam not in (half, 1):
        return Dyadic(False, p, q, R)
    return Dyadic(R * 2 ** (p + q + (T - 1 if lam == half else 0)) <= 2**53, p, q, R)


@dataclass(frozen=True)
class DyadicNet:
    """A network in rationals that are doubles."""

    arguments: dict[str, Any]

    @cached_property
    def condition(self) -> Dyadic:
        """Of this network."""
        return dyadic_exact(**self.arguments)

    @property
    def bits_left(self) -> float:
        """53 minus the bits that the condition asks for; −1 if it does not even apply."""
        c, T = self.condition, len(self.arguments["x"])
        if min(c.p, c.q) < 0 or self.arguments["lam"] not in (half, 1):
            return -1.0
        left = 53 - (c.p + c.q + (T - 1 if self.arguments["lam"] == half else 0)) - log2(c.R)
        return max(left, 0.0) if c.holds else min(left, -1e-9)


def dyadic_net(
    depth: int, width: Any, T: int, lam: Any, th: Any, W: Any, b: Any, x: Any, fine: int = 60, feedback: int = 0, F: Any = None
) -> DyadicNet:
    """From a point of SPACE; fine = 60 adds nothing."""
    n = [int(side) for side in width[: depth + 1]]
    extra = Fraction(0) if fine == 60 else Fraction(1, 2**fine)
    return DyadicNet(
        {
            "W": [rationals(W[l], n[l + 1], n[l]) + extra for l in range(depth)],
            "b": [rationals(b[l], n[l + 1]) for l in range(depth)],
            "x": rationals(x, T, n[0]),
            "lam": Fraction(lam),
            "th": Fraction(th),
            "F": rationals(F, n[1], n[depth]) if feedback else None,
        }
    )


def in_doubles(value: Any) -> Any:
    """The same numbers as float64, nested lists and None included."""
    if isinstance(value, list):
        return [in_doubles(v) for v in value]
    return None if value is None else np.asarray(value, dtype=float) if isinstance(value, np.ndarray) else float(value)


def rounding_errors(n: DyadicNet) -> Enclosure:
    """Largest differences of LIF's u and v and of SAF's Uhat, ahat and thr between float64 and rationals; twice, the second
    time with every sum over neurons of the layer before taken in reverse."""
    doubles = {name: in_doubles(value) for name, value in n.arguments.items()}
    backward = dict(
        doubles, x=doubles["x"][:, ::-1], W=[w[::-1, ::-1] for w in doubles["W"]], b=[b[::-1] for b in doubles["b"]]
    )
    backward["F"] = None if doubles["F"] is None else doubles["F"][::-1, ::-1]
    true_lif, true_saf = lif_forward(**n.arguments), saf_forward(**n.arguments)
    worst = []
    for given, order in ((doubles, 1), (backward, -1)):
        for found, true in ((lif_forward(**given), true_lif), (saf_forward(**given), true_saf)):
            pairs = [(a, b) for p, q in zip(found, true, strict=True) for a, b in zip(p, q, strict=True) if a is not None]
            worst.append(max(np.abs(rationals(a[:, ::order]) - b).max() for a, b in pairs))
    return exact(*worst)


EDGE = {"depth": 1, "width": [1, 1], "th": 1, "b": [[0]]}
CLAIM = Claim(
    source="new",
    says="dyadic numbers with R 2^(p+q+T−1) ≤ 2^53 (λ = 1: R 2^(p+q)): float64 LIF and SAF are exact, in any summation order",
    space=SPACE,
    build=dyadic_net,
    assumes={"few enough bits": lambda n: n.bits_left},
    actual=rounding_errors,
    bound=lambda n: exact(0),
    falsified={
        "any number of bits": {
            "space": {**SPACE, "fine": Int(40, 52)},
            "assumes": {},
        },
        "any leak": {"space": {**SPACE, "lam": Choice((Fraction(0.9), Fraction(0.3)))}, "assumes": {}},
    },
    witness={
        "any number of bits": {**EDGE, "T": 60, "lam": half, "W": [[[half]]], "x": [[1]] * 60},
        "any leak": {**EDGE, "T": 2, "lam": Fraction(0.9), "W": [[[3 * EIGHTH]]], "x": [[1]] * 2},
    },
    covers={
        "spikes in the last layer": lambda n: bool(np.any(lif_forward(**n.arguments)[1][-1] != 0)),
        "less than four bits left": lambda n: 0 <= n.bits_left < 4,
        "leak": lambda n: n.condition.holds and n.arguments["lam"] == half,
        "no leak": lambda n: n.condition.holds and n.arguments["lam"] == 1,
        "feedback": lambda n: n.condition.holds and n.arguments["F"] is not None,
    },
    cost=0.006,
)
