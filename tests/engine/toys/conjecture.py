"""A conjecture that is true as far as anyone looked, with a machine-checked step."""

from bounds.claim import Claim, Evidence, Int, Step, exact


def steps_to_one(n: int) -> int:
    """Of the Collatz map."""
    steps = 0
    while n > 1 and steps < 1000:
        n, steps = (n // 2 if n % 2 == 0 else 3 * n + 1), steps + 1
    return steps


def all_even(numbers: list[int]) -> Evidence:
    """Every case."""
    odd = [n for n in numbers if n % 2]
    return Evidence("refuted", f"{odd[0]} is odd") if odd else Evidence("proved", f"{len(numbers)} cases")


CLAIM = Claim(
    source="new",
    says="n reaches 1 within 1000 steps",
    space={"n": Int(1, 5000)},
    build=lambda n: n,
    assumes={},
    actual=lambda n: exact(steps_to_one(n)),
    bound=lambda n: exact(999),
    falsified={"within 100 steps": {"bound": lambda n: exact(100)}},
    status="conjecture",
    proof=(
        Step(
            says="3n + 1 is even for odd n",
            check=lambda: all_even([3 * n + 1 for n in range(1, 99, 2)]),
            false_twin=lambda: all_even([3 * n for n in range(1, 99, 2)]),
        ),
    ),
    cost=0.001,
)
