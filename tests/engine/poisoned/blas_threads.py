"""Not poisoned: how many threads BLAS would use where it is judged, which should be one."""

from typing import Any

import numpy as np

from bounds.claim import Claim, Enclosure, Int, exact


def threads(x: int) -> Enclosure:
    """Of the libraries that numpy has loaded."""
    from threadpoolctl import threadpool_info

    pools: list[dict[str, Any]] = threadpool_info()
    return exact(max(pool["num_threads"] for pool in pools))


CLAIM = Claim(
    source="new",
    says="BLAS has one thread",
    space={"x": Int(0, 1)},
    build=lambda x: int(np.linalg.norm([x])),
    assumes={},
    actual=threads,
    bound=lambda x: exact(1),
    falsified={"no thread": {"bound": lambda x: exact(0)}},
    cost=0.001,
)
