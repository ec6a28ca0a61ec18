"""Both sides are said to meet where they do not."""

from faulty import with_fault

CLAIM = with_fault(tight_at=({"x": 0.0},))
