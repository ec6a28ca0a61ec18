"""Claims that a run must not pass, one reason each."""

from dataclasses import replace
from typing import Any

from bounds.claim import Claim, Real, rounded

SOUND: Claim[Any] = Claim(  # each of the faulty ones is this with one thing wrong
    source="new",
    says="x ≤ x + 1",
    space={"x": Real(0, 1)},
    build=lambda x: x,
    assumes={},
    actual=lambda x: rounded(x),
    bound=lambda x: rounded(x + 1),
    falsified={"x ≤ x − 1": {"bound": lambda x: rounded(x - 1)}},
    cost=0.001,
)


def with_fault(**fields: Any) -> Claim[Any]:
    """The sound claim with other fields."""
    return replace(SOUND, **fields)
