"""Nothing is ever known."""

from bounds.claim import rounded
from faulty import with_fault

CLAIM = with_fault(actual=lambda x: rounded(float("nan")))
