"""The actual side raises at half of the points."""

from typing import Any

from bounds.claim import Enclosure, rounded
from faulty import with_fault


def actual(x: Any) -> Enclosure:
    """Raises."""
    if x > 0.5:
        raise ZeroDivisionError("no good")
    return rounded(x)


CLAIM = with_fault(actual=actual)
