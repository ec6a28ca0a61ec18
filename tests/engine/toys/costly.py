"""Both sides need one costly value: a `cached_property` of the frozen instance, computed once."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from bounds.claim import Array, Claim, rounded

COMPUTED: list[int] = []  # how often, for the test


@dataclass(frozen=True)
class Matrix:
    """A 3 by 3 matrix."""

    entries: np.ndarray

    @cached_property
    def singular_values(self) -> np.ndarray:
        """The costly value."""
        COMPUTED.append(1)
        return np.linalg.svd(self.entries, compute_uv=False)


CLAIM = Claim(
    source="new",
    says="largest singular value ≤ root of the sum of squares of all",
    space={"entries": Array((3, 3), -1, 1)},
    build=lambda entries: Matrix(np.asarray(entries, float)),
    assumes={},
    actual=lambda m: rounded(float(m.singular_values[0]), abs=1e-14),
    bound=lambda m: rounded(float(np.sqrt((m.singular_values**2).sum())), abs=1e-14),
    falsified={"root of the mean": {"bound": lambda m: rounded(float(np.sqrt((m.singular_values**2).mean())), abs=1e-14)}},
    cost=0.001,
)
