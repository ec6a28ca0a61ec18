"""A theorem that is false in a corner, for more than one point."""

import numpy as np

from bounds.claim import Array, Int, Real, exact
from faulty import with_fault

CLAIM = with_fault(
    says="n + Σ x ≤ 12",
    space={"n": Int(1, 6), "x": Array(("n",), 1, 3), "t": Real(0, 10)},
    build=lambda n, x, t: (n, np.asarray(x, float), t),
    actual=lambda x: exact(float(x[0] + x[1].sum() + x[2])),
    bound=lambda x: exact(26.0),
    falsified={"≤ 0": {"bound": lambda x: exact(0)}},
)
