"""The public bounds are the ones that the claims judge: a claim writes its formula out once more, so that it can be misread."""

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from bounds.claim import Claim
from bounds.gmm_entropy import (
    bhattacharyya,
    chernoff_sum,
    equal_covariance_bounds,
    gap_tail_bound,
    gap_tail_bound_dimension_free,
    log_bhattacharyya_bound,
    log_chernoff_bound,
    log_paper_bound,
    log_renyi_bound,
    main_bound,
    random_means,
    random_means_any_scale,
    renyi,
    shared_covariance,
)
from bounds.gmm_entropy.instances import logs
from proofs_check.points import draws


def matrices(x: Any) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return x.w, x.mu, x.cov


CASES: dict[str, tuple[Claim[Any], Callable[[Any], list[float]], Callable[[Any], Any]]] = {
    "main bound": (
        main_bound.CLAIM,
        lambda x: [log_paper_bound(*matrices(x.case), x.s)[0]],
        main_bound.CLAIM.bound,
    ),
    "Bhattacharyya": (
        bhattacharyya.CLAIM,
        lambda x: [log_bhattacharyya_bound(*matrices(x))],
        lambda x: logs(bhattacharyya.log_sum(x)),
    ),
    "Rényi": (renyi.CLAIM, lambda x: [log_renyi_bound(*matrices(x))], renyi.CLAIM.bound),
    "Chernoff": (chernoff_sum.CLAIM, lambda x: [log_chernoff_bound(*matrices(x.case), x.t)], chernoff_sum.CLAIM.bound),
    "probability": (
        random_means.CLAIM,
        lambda x: [gap_tail_bound(x.K, x.m, x.c, x.eps, x.s)],
        random_means.CLAIM.bound,
    ),
    "probability, any scale": (
        random_means_any_scale.CLAIM,
        lambda x: [gap_tail_bound_dimension_free(x.K, x.m, x.c, x.eps, equal_covariance=equal) for equal in (False, True)],
        random_means_any_scale.CLAIM.bound,
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_the_public_function_lies_in_the_judged_enclosure(name: str) -> None:
    claim, public, judged = CASES[name]
    for point in draws(claim.space, 5, name, range(80)):
        x = claim.build(**point)
        ends = judged(x)
        lo, hi = np.atleast_1d(ends.lo), np.atleast_1d(ends.hi)
        value = np.array(public(x))
        assert np.all((lo <= value) & (value <= hi)), (point, value, ends)


def test_the_closed_forms_of_equal_covariances() -> None:
    for point in draws(shared_covariance.CLAIM.space, 5, "shared", range(200)):
        x = shared_covariance.CLAIM.build(**point)
        lower, upper = equal_covariance_bounds(x.a, x.b, x.delta)
        left, right = shared_covariance.CLAIM.actual(x), shared_covariance.CLAIM.bound(x)
        assert max(left.lo[:2]) <= lower <= max(left.hi[:2])
        assert right.lo[2] <= upper <= right.hi[2]
