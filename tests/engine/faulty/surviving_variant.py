"""A falsified variant that is true."""

from bounds.claim import rounded
from faulty import with_fault

CLAIM = with_fault(falsified={"x ≤ x + 2": {"bound": lambda x: rounded(x + 2)}})
