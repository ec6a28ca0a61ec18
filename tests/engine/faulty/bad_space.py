"""A space that cannot be drawn from."""

from bounds.claim import Real
from faulty import with_fault

CLAIM = with_fault(space={"x": Real(0, 1, log=True)})
