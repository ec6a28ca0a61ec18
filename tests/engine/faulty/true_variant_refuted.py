"""A variant said to be true, which is false."""

from bounds.claim import rounded
from faulty import with_fault

CLAIM = with_fault(also_true={"x ≤ 1/2": {"bound": lambda x: rounded(0.5)}})
