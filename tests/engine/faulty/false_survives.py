"""Status false, and nothing refutes it."""

from faulty import with_fault

CLAIM = with_fault(status="false")
