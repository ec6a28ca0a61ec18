"""Vectors, entry by entry: |W x| ≤ |W| |x|."""

import numpy as np

from bounds.claim import Array, Claim, Int, rounded

CLAIM = Claim(
    source="new",
    says="|W x| ≤ |W| |x|, entry by entry",
    space={"m": Int(1, 4), "n": Int(1, 3), "W": Array(("m", "n"), -2, 2), "x": Array(("n",), -2, 2)},
    build=lambda m, n, W, x: (np.asarray(W, float), np.asarray(x, float)),
    assumes={},
    actual=lambda x: rounded(*np.abs(x[0] @ x[1]), abs=1e-14),
    bound=lambda x: rounded(*(np.abs(x[0]) @ np.abs(x[1])), abs=1e-14),
    falsified={"x keeps its sign": {"bound": lambda x: rounded(*(np.abs(x[0]) @ x[1]), abs=1e-14)}},
    covers={"one row": lambda x: len(x[0]) == 1},
    cost=0.001,
)
