"""A sign: xᵀ B Bᵀ x ≥ 0, in integers."""

import numpy as np

from bounds.claim import Array, Claim, Int, exact


def form(x: tuple[np.ndarray, np.ndarray], middle: str = "B Bᵀ") -> int:
    """xᵀ M x."""
    B, v = x
    return int(v @ (B @ B.T if middle == "B Bᵀ" else B) @ v)


CLAIM = Claim(
    source="new",
    says="xᵀ B Bᵀ x ≥ 0",
    space={"n": Int(1, 4), "B": Array(("n", "n"), -3, 3, step=1), "x": Array(("n",), -3, 3, step=1)},
    build=lambda n, B, x: (np.asarray(B), np.asarray(x)),
    assumes={},
    actual=lambda x: exact(-form(x)),
    bound=lambda x: exact(0),
    falsified={"B itself": {"actual": lambda x: exact(-form(x, "B"))}},
    covers={"zero": lambda x: form(x) == 0, "one dimension": lambda x: len(x[1]) == 1},
    tightness="difference",
    cost=0.001,
)
