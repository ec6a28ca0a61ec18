"""Known only from below: the largest |W x|₁ over the cube, attacked at a few corners, against Σ |W|."""

import numpy as np

from bounds.claim import Array, Claim, Enclosure, exact


def attacked(W: np.ndarray) -> Enclosure:
    """The best of four corners: nothing is known from above."""
    corners = [np.ones(3), *np.sign(W + 0.5)]
    return Enclosure(max(int(np.abs(W @ c).sum()) for c in corners), np.inf, "proved")


CLAIM = Claim(
    source="new",
    says="max |W x|₁ over the cube ≤ Σ |W_ij|",
    space={"W": Array((3, 3), -4, 4, step=1)},
    build=lambda W: np.asarray(W),
    assumes={},
    actual=attacked,
    bound=lambda W: exact(int(np.abs(W).sum())),
    falsified={"the largest row": {"bound": lambda W: exact(int(np.abs(W).sum(axis=1).max()))}},
    tight_at=({"W": [[1, 1, 1], [2, 2, 2], [3, 3, 3]]},),
    cost=0.001,
)
