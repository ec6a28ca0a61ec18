"""An enclosure whose lower end is above its upper end."""

from bounds.claim import Enclosure
from faulty import with_fault

CLAIM = with_fault(actual=lambda x: Enclosure(1.0, 0.0))
