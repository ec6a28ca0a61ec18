"""A proof step whose checker accepts the false twin as well."""

from bounds.claim import Evidence, Step
from faulty import with_fault

CLAIM = with_fault(
    proof=(Step(says="0 ≤ 1", check=lambda: Evidence("proved", "yes"), false_twin=lambda: Evidence("proved", "yes")),)
)
