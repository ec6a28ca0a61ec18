"""Two-sided, as two entries: max x ≤ log Σ exp x ≤ max x + log n."""

import numpy as np
from scipy.special import logsumexp

from bounds.claim import Array, Claim, Int, rounded

CLAIM = Claim(
    source="new",
    says="max x ≤ log Σ exp x ≤ max x + log n",
    space={"n": Int(1, 6), "x": Array(("n",), -30, 30)},
    build=lambda n, x: np.asarray(x, float),
    assumes={},
    actual=lambda x: rounded(x.max(), logsumexp(x), abs=1e-13),
    bound=lambda x: rounded(logsumexp(x), x.max() + np.log(len(x)), abs=1e-13),
    falsified={
        "half of the logarithm": {"bound": lambda x: rounded(logsumexp(x), x.max() + np.log(len(x)) / 2, abs=1e-13)},
        "the lower side by a tenth more": {"actual": lambda x: rounded(x.max() + 0.1, logsumexp(x), abs=1e-13)},
    },
    tight_at=({"n": 1, "x": [3.0]},),
    tightness="difference",
    cost=0.001,
)
