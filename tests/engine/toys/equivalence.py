"""P ⇔ Q as two entries: n is even ⇔ n² is even."""

from bounds.claim import Claim, Int, exact


def even(n: int) -> bool:
    """Divisible by two."""
    return n % 2 == 0


CLAIM = Claim(
    source="new",
    says="n even ⇔ n² even",
    space={"n": Int(1, 100)},
    build=lambda n: n,
    assumes={},
    actual=lambda n: exact(even(n), even(n * n)),
    bound=lambda n: exact(even(n * n), even(n)),
    falsified={
        "4 | n ⇔ n² even": {
            "actual": lambda n: exact(n % 4 == 0, even(n * n)),
            "bound": lambda n: exact(even(n * n), n % 4 == 0),
        }
    },
    covers={"both": even, "neither": lambda n: not even(n)},
    cost=0.001,
)
