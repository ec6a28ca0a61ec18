"""A case that no draw contains."""

from faulty import with_fault

CLAIM = with_fault(covers={"x is 1/π": lambda x: x == 0.3183098861837907})
