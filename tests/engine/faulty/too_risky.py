"""Every look may be wrong once in ten thousand."""

from bounds.claim import Enclosure
from faulty import with_fault

CLAIM = with_fault(actual=lambda x: Enclosure(x, x, "sampled", 1e-4))
