"""A proof step that raises, and a twin that answers nothing."""

from typing import Any

from bounds.claim import Evidence, Step
from faulty import with_fault


def check() -> Evidence:
    """Raises."""
    raise RuntimeError("the checker broke")


def nothing() -> Any:
    """No Evidence."""


CLAIM = with_fault(proof=(Step(says="broken", check=check, false_twin=nothing),))
