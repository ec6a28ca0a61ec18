"""Judge one point: compare two enclosures, always from the safe ends."""

import math
from collections.abc import Mapping
from fractions import Fraction
from typing import Any, Literal, NamedTuple

import numpy as np

from bounds.claim import Claim, Enclosure, Trust, X

Verdict = Literal["holds", "survives", "undecided", "out of scope", "refuted"]
LOOK_RISK = 1e-12  # what one look at a sampled claim may spend
SUITE_RISK = 1e-6  # what a whole run may spend: a million looks


class Judgement(NamedTuple):
    """The verdict on one point and what it rests on; enclosures are None where no hypothesis let them be computed."""

    verdict: Verdict
    actual: Enclosure | None = None
    bound: Enclosure | None = None
    risk: float = 0.0
    margin: float = 0.0  # the smallest margin of the hypotheses; negative outside
    covered: tuple[str, ...] = ()

    @property
    def trust(self) -> Trust | None:
        """The weakest link of the two sides."""
        if self.actual is None or self.bound is None:
            return None
        return max(self.actual.trust, self.bound.trust, key=("proved", "rounded", "sampled").index)


def _ends(a: Enclosure, b: Enclosure) -> tuple[np.ndarray, ...]:
    """The four ends, broadcast; as Python numbers unless all are floats, because numpy rounds an integer to compare it."""
    ends = [np.asarray(end) for end in (a.lo, a.hi, b.lo, b.hi)]
    if any(end.dtype.kind != "f" for end in ends):
        ends = [end.astype(object) for end in ends]
    return tuple(ends if len({end.shape for end in ends}) == 1 else np.broadcast_arrays(*ends))


def compare(a: Enclosure, b: Enclosure) -> Verdict:
    """a ≤ b, entry by entry and from the safe ends. A NaN neither holds nor refutes.

    >>> compare(Enclosure(0.0, 1.0), Enclosure(1.0, 2.0)), compare(Enclosure(0.0, 1.5), Enclosure(1.0, 2.0))
    ('holds', 'undecided')

    Raises ValueError for an enclosure whose lower end is above its upper end: it contradicts itself.
    """
    a_lo, a_hi, b_lo, b_hi = _ends(a, b)
    if np.any(a_lo > a_hi) or np.any(b_lo > b_hi):
        raise ValueError(f"an enclosure's lower end exceeds its upper end: actual {a.lo} to {a.hi}, bound {b.lo} to {b.hi}")
    if np.any(a_lo > b_hi):
        return "refuted"
    if a_lo.size == 0 or np.all(b_lo == np.inf):
        return "out of scope"  # nothing compared, or a bound that says nothing
    holds, one_sided = a_hi <= b_lo, (a_hi == np.inf) & (a_lo > -np.inf) & (a_lo <= b_lo)  # [-inf, inf] says nothing
    if np.all(holds):
        return "holds"
    return "survives" if np.all(holds | one_sided) else "undecided"


def judge(claim: Claim[X], point: Mapping[str, Any]) -> Judgement:
    """Build, check the hypotheses, compare; an undecided instance is refined until it is decided or gives up."""
    x, risk = claim.build(**point), 0.0
    margin = float(np.min([float(margin(x)) for margin in claim.assumes.values()], initial=np.inf))  # NaN if any is
    if not margin >= 0:
        return Judgement("out of scope", margin=margin)
    covered = tuple(name for name, case in claim.covers.items() if case(x))
    while True:
        a, b = claim.actual(x), claim.bound(x)
        verdict, risk = compare(a, b), risk + a.risk + b.risk
        if not risk >= 0:
            raise ValueError(f"the risks of the two enclosures are {a.risk} and {b.risk}; a risk is a probability")
        finer = claim.refine(x) if verdict == "undecided" else None
        if finer is None:
            return Judgement(verdict, a, b, risk, margin, covered)
        x = finer


def meets(judgement: Judgement) -> bool:
    """Both sides of a `tight_at` point touch: at some entry the enclosures cannot be told apart, or an attack attains."""
    if judgement.actual is None or judgement.bound is None or judgement.verdict == "refuted":
        return False
    a_lo, a_hi, b_lo, _ = _ends(judgement.actual, judgement.bound)
    return bool(np.any((b_lo < np.inf) & (np.where(a_hi == np.inf, a_lo, a_hi) >= b_lo)))


def tightness(claim: Claim[Any], judgement: Judgement) -> float:
    """How close to failing: log(actual.lo / bound.hi), or actual.lo − bound.hi, at the entry where it is largest.

    Above 0 means refuted. −inf where nothing can be said: out of scope, an actual value not certified above zero (0/0 is
    not tightness 1), or a truth value, which is no size. The safe ends keep a pair below its own noise from looking tight.
    """
    if judgement.actual is None or judgement.bound is None:
        return -np.inf
    a, _, _, b = _ends(judgement.actual, judgement.bound)
    with np.errstate(all="ignore"):
        if a.dtype == object:
            score = np.array([_score(claim, *pair) for pair in zip(a.ravel(), b.ravel(), strict=True)], dtype=float)
        elif claim.tightness == "ratio":
            score = np.where(a > 0, np.log(np.maximum(a, 0)) - np.log(np.maximum(b, 0)), -np.inf)
        else:
            score = a - b
    return float(np.max(np.where(np.isnan(score), -np.inf, score), initial=-np.inf))


def _score(claim: Claim[Any], a: Any, b: Any) -> float:
    """One pair of exact values, however large or small."""
    if isinstance(b, bool | np.bool_):
        return np.inf if a > b else -np.inf
    if claim.tightness == "ratio":
        return _log(a) - _log(b) if a > 0 else -np.inf
    difference = a - b
    try:
        return float(difference)
    except OverflowError:
        return np.inf if difference > 0 else -np.inf


def _log(value: Any) -> float:
    if not value > 0:
        return -np.inf
    if isinstance(value, Fraction):
        return math.log(value.numerator) - math.log(value.denominator)
    return math.log(value)  # a Python integer of any size, or a float
