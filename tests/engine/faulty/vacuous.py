"""No point satisfies the hypothesis."""

from faulty import with_fault

CLAIM = with_fault(assumes={"x is beyond its space": lambda x: x - 2})
