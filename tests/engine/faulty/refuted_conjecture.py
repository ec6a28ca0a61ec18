"""A refuted conjecture: news, and no problem."""

from bounds.claim import rounded
from faulty import with_fault

CLAIM = with_fault(status="conjecture", bound=lambda x: rounded(0.9))
