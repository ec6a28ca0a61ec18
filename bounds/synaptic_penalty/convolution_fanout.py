r"""The fan-out of a convolution, axis by axis: fewer synapses at the border, and a sharp upper bound.

n sites, kernel k, stride s, padding π on each side, dilation d, m outputs; c(i) = #{(o, q): o s + d q − π = i}. For d = 1,
c(i) = max(0, min(m − 1, ⌊(i + π)/s⌋) − max(0, ⌈(i + π − k + 1)/s⌉) + 1); for any d, c(i) = #{q: s | i + π − dq,
0 ≤ (i + π − dq)/s < m}; Σ c = mk − #{taps in the padding}; c(i) ≤ ⌈k gcd(s, d)/s⌉. Why the last: the admissible q are one
residue class modulo s/gcd(s, d). All exact; c is counted over all pairs (o, q).
"""

from functools import partial
from math import gcd
from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Axis, Claim, Enclosure, Evidence, Int, Step, exact
from bounds.measure.rational import every_case
from bounds.synaptic_penalty.fanout import conv_fanout_1d, conv_output_size

SPACE: dict[str, Axis] = {"n": Int(1, 14), "k": Int(1, 6), "s": Int(1, 4), "pad": Int(0, 4), "d": Int(1, 3)}


class Axis1D(NamedTuple):
    """One axis of a convolution."""

    n: int
    k: int
    s: int
    pad: int
    d: int

    @property
    def fits(self) -> float:
        """How many sites are left for a first output: n + 2π − d(k − 1) − 1."""
        return float(self.n + 2 * self.pad - self.d * (self.k - 1) - 1)

    @property
    def m(self) -> int:
        """The number of outputs."""
        return conv_output_size(self.n, self.k, self.s, self.pad, self.d)

    @property
    def walked(self) -> tuple[np.ndarray, int]:
        """c, and the taps that fall into the padding, pair by pair."""
        c, outside = np.zeros(self.n, dtype=int), 0
        for o in range(self.m):
            for q in range(self.k):
                i = o * self.s + self.d * q - self.pad
                if 0 <= i < self.n:
                    c[i] += 1
                else:
                    outside += 1
        return c, outside


def closed_form(a: Axis1D) -> np.ndarray:
    """The formula for d = 1."""
    i = np.arange(a.n) + a.pad
    c: np.ndarray = np.maximum(0, np.minimum(a.m - 1, i // a.s) - np.maximum(0, -((a.k - 1 - i) // a.s)) + 1)
    return c


def sharp(a: Axis1D) -> int:
    """⌈k gcd(s, d)/s⌉."""
    return -(-a.k * gcd(a.s, a.d) // a.s)


def left(a: Axis1D) -> Enclosure:
    """Sites where a formula is off; Σc, both ways; the largest c."""
    c, _ = a.walked
    wrong = int((conv_fanout_1d(*a) != c).sum()) + (int((closed_form(a) != c).sum()) if a.d == 1 else 0)
    return exact(wrong, c.sum(), -c.sum(), c.max())


def right(a: Axis1D, padded: bool = True, largest: Any = sharp) -> Enclosure:
    """0; mk less the taps in the padding, both ways; the sharp bound."""
    total = a.m * a.k - (a.walked[1] if padded else 0)
    return exact(0, total, -total, largest(a))


def one_class(shared: bool = True) -> Evidence:
    """The q with s | r − dq are one class modulo s/gcd(s, d), or none: only r, d, q modulo s matter, so all cases for s ≤ 12.
    False modulo s."""
    cases = [(s, d, r) for s in range(1, 13) for d in range(1, s + 1) for r in range(s)]

    def one(case: tuple[int, int, int]) -> bool:
        s, d, r = case
        return len({q % (s // gcd(s, d) if shared else s) for q in range(s) if (r - d * q) % s == 0}) <= 1

    return every_case(cases, one)


def point(n: int, k: int, s: int, pad: int, d: int = 1) -> dict[str, int]:
    """As one writes it down."""
    return {"n": n, "k": k, "s": s, "pad": pad, "d": d}


CLAIM = Claim(
    source="suetake2023penalty, reconstructed",
    says="c(i) by its two formulas; Σ c = mk − #{taps in the padding}; c(i) ≤ ⌈k gcd(s, d)/s⌉",
    space=SPACE,
    build=Axis1D,
    assumes={"the kernel fits": lambda a: a.fits},
    actual=left,
    bound=right,
    falsified={
        "k/s at the border too": {
            "actual": lambda a: exact((a.walked[0] * a.s - a.k).max(), (a.k - a.walked[0] * a.s).max()),
            "bound": lambda a: exact(0, 0),
        },
        "Σ c = mk with padding": {"bound": partial(right, padded=False)},
        "at most ⌊k/s⌋": {"bound": partial(right, largest=lambda a: a.k // a.s)},
        "at most ⌈k/s⌉ whatever the dilation": {"bound": partial(right, largest=lambda a: -(-a.k // a.s))},
        "every site has a synapse": {"actual": lambda a: exact(1), "bound": lambda a: exact(a.walked[0].min())},
    },
    witness={
        "k/s at the border too": point(8, 3, 1, 1),
        "Σ c = mk with padding": point(8, 3, 1, 1),
        "at most ⌊k/s⌋": point(8, 3, 2, 1),
        "every site has a synapse": point(4, 1, 2, 0),
    },
    covers={
        "stride and dilation with a common factor": lambda a: gcd(a.s, a.d) > 1,
        "padding beyond the kernel": lambda a: a.pad >= a.k,
        "dilated": lambda a: a.d > 1 and a.k > 1,
        "sites without a synapse": lambda a: a.walked[0].min() == 0,
    },
    proof=(
        Step(
            says="s | i + π − dq holds for one class of q modulo s/gcd(s, d), or none; all cases for s ≤ 12",
            check=one_class,
            false_twin=partial(one_class, False),
        ),
    ),
    tightness="difference",
    tight_at=(point(8, 3, 2, 1),),
    cost=0.0005,
)
