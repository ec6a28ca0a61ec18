"""A proof step that is not proved."""

from bounds.claim import Evidence, Step
from faulty import with_fault

CLAIM = with_fault(
    proof=(
        Step(
            says="1 ≤ 0",
            check=lambda: Evidence("undecided", "the budget is spent"),
            false_twin=lambda: Evidence("refuted", "2 > 0"),
        ),
    )
)
