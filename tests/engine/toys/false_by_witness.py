"""A claim whose status is "false", which only its witness refutes: the counterexample lies outside of the box."""

from bounds.claim import Claim, Int, exact
from toys.false_found import composite

CLAIM = Claim(
    source="new",
    says="n² + n + 41 is prime",
    space={"n": Int(0, 39)},
    build=lambda n: n,
    assumes={},
    actual=lambda n: exact(composite(n)),
    bound=lambda n: exact(False),
    falsified={},
    status="false",
    witness={"": {"n": 40}},
    cost=0.001,
)
