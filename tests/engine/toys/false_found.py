"""A claim whose status is "false", and which the search refutes: n² + n + 41 is prime for all n ≤ 60."""

from bounds.claim import Claim, Int, exact


def composite(n: int) -> bool:
    """n² + n + 41 has a divisor."""
    value = n * n + n + 41
    return any(value % d == 0 for d in range(2, int(value**0.5) + 1))


CLAIM = Claim(
    source="new",
    says="n² + n + 41 is prime",
    space={"n": Int(0, 60)},
    build=lambda n: n,
    assumes={},
    actual=lambda n: exact(composite(n)),
    bound=lambda n: exact(False),
    falsified={},
    status="false",
    witness={"": {"n": 40}},
    cost=0.001,
)
