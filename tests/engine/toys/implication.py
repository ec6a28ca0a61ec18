"""P ⇒ Q is P ≤ Q: 6 divides n ⇒ 3 divides n."""

from bounds.claim import Claim, Int, exact

CLAIM = Claim(
    source="new",
    says="6 | n  ⇒  3 | n",
    space={"n": Int(1, 60)},
    build=lambda n: n,
    assumes={},
    actual=lambda n: exact(n % 6 == 0),
    bound=lambda n: exact(n % 3 == 0),
    falsified={"the converse": {"actual": lambda n: exact(n % 3 == 0), "bound": lambda n: exact(n % 6 == 0)}},
    covers={"P": lambda n: n % 6 == 0, "not P": lambda n: n % 6 != 0},
    cost=0.001,
)
