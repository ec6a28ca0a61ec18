"""Every falsified variant at its witness, and the witnesses of the specification against the numbers worked out for them.

The search finds most counterexamples before a witness is looked at; here each witness stands on its own.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from bounds.gmm_entropy import (
    bhattacharyya,
    chernoff_sum,
    contour_formula,
    label_entropy,
    main_bound,
    random_means,
    random_means_any_scale,
    renyi,
    separation_decay,
    shared_covariance,
)
from bounds.gmm_entropy.instances import case, on_first_axis, pair
from bounds.gmm_entropy.random_means import log_chi_square
from proofs_check.discover import claims
from proofs_check.verdict import judge

WITNESSES = [
    (key, variant, point)
    for key, claim in claims().items()
    if key.startswith("gmm_entropy.")
    for variant, point in claim.witness.items()
    if variant in claim.falsified
]


@pytest.mark.parametrize(("key", "variant", "point"), WITNESSES, ids=[f"{key}: {variant}" for key, variant, _ in WITNESSES])
def test_the_witness_refutes_the_variant_and_not_the_claim(key: str, variant: str, point: Mapping[str, Any]) -> None:
    claim = claims()[key]
    assert judge(claim.variant(variant), point).verdict == "refuted"
    if all(margin(claim.build(**point)) >= 0 for margin in claim.assumes.values()):
        assert judge(claim, point).verdict in ("holds", "undecided", "out of scope")


NUMBERS: list[tuple[Any, str, int, float, float]] = [  # module, variant, entry, actual and bound as printed in the table
    (main_bound, "exponent −s α²", 0, 9.3535e-5, 1.98e-6),
    (main_bound, "constant 0.6", 0, 0.6931, 0.6015),
    (main_bound, "w_k w_l without the root", 0, 1.02103e-3, 4.01e-4),
    (main_bound, "(1−s)^(+m/4)", 0, 0.6931, 0.02),
    (main_bound, "variances instead of standard deviations", 0, 0.3563, 6.0e-10),
    (bhattacharyya, "constant 1.38", 0, 0.693147, 0.69),
    (bhattacharyya, "BC squared", 0, 0.060427, 0.012695),
    (bhattacharyya, "largest pair instead of the sum", 0, 2.3026, 0.1386),
    (bhattacharyya, "BC ≤ exp(−α²/2) for any covariances", 1, np.log(2) * 2.4918e-4, np.log(2) * 3.7267e-6),
    (separation_decay, "2 ln 2 √(ab) exp(−α²/2), any covariances", 0, 2.05141e-87, 6.06376e-89),
    (shared_covariance, "upper with √(2π)/δ", 2, 2.36571e-23, 1.2087e-23),
    (shared_covariance, "lower with 8 in place of 8 + π²", 0, 2.3933e-23, 2.36571e-23),
    (random_means, "exponent −m", 0, 6.250e-18, 5.0e-22),
]


@pytest.mark.parametrize(("module", "variant", "entry", "actual", "bound"), NUMBERS, ids=[n[1] for n in NUMBERS])
def test_the_witness_gives_the_numbers_of_the_table(module: Any, variant: str, entry: int, actual: float, bound: float) -> None:
    judgement = judge(module.CLAIM.variant(variant), module.CLAIM.witness[variant])
    assert judgement.actual is not None
    assert judgement.bound is not None
    for side, printed in ((judgement.actual, actual), (judgement.bound, bound)):
        digits = 0.006 if printed in (0.02, 5.0e-22, 6.0e-10, 4.01e-4, 1.98e-6) else 1e-3
        assert float(np.exp(np.atleast_1d(side.lo)[entry])) == pytest.approx(printed, rel=digits)


def test_the_halved_label_entropy_and_the_kernel_at_their_witnesses() -> None:
    x = label_entropy.on_line(**label_entropy.CLAIM.witness["half of the label entropy"])
    assert label_entropy.approximation(x) - label_entropy.entropy(x).lo == pytest.approx(np.log(2), abs=1e-9)
    pair = contour_formula.close_pair(**contour_formula.CLAIM.witness["kernel π/(s sin πs)"])
    assert contour_formula.contour(pair, kernel="one") == pytest.approx(0.035684, abs=1e-6)


def test_the_converse_of_the_upper_bound_is_refuted_by_the_entropy_itself() -> None:
    """Turned round as a whole, the chain would fail at H(w) ≤ log K whatever H is."""
    variant = label_entropy.CLAIM.variant("the approximation is a lower bound")
    x = label_entropy.on_line(2, [0.0, 0.0], [-1.0, 1.0], 1.0, [1.0, 1.0], False)
    assert variant.actual(x).lo > variant.bound(x).hi
    one = label_entropy.on_line(1, [0.0], [0.0], 1.0, [1.0], False)
    assert (
        judge(variant, {"K": 1, "logits": [0.0], "mean": [0.0], "spread": 1.0, "sd": [1.0], "coincide": False}).verdict
        != "refuted"
    )
    assert variant.actual(one).lo <= variant.bound(one).hi


def test_the_factor_two_is_needed_with_equal_weights_only() -> None:
    light = case(**on_first_axis(0.0, log_odds=float(np.log(999))))
    assert light.log_gap.hi < renyi.log_bound(light, factor=1.0).lo[0]


def test_equal_means_are_no_equality_of_the_decay() -> None:
    """Different spreads about one mean: α = 0 and t* = 1/2, but the Chernoff coefficient is the Bhattacharyya one, below 1."""
    x = pair(1, 0.0, [9.0], 0.0, [0.0], False)
    assert separation_decay.left(x).hi[1] < separation_decay.right(x).lo[1] - 0.2


def test_exchanging_both_the_weights_and_the_coefficient_is_another_valid_exponent_but_one_alone_is_not() -> None:
    x = chernoff_sum.tilted(np.full((2, 2), 0.9), 0.0, **on_first_axis(4.0, sd=(1.0, 3.0), log_odds=6.0))
    y = chernoff_sum.tilted(np.full((2, 2), 0.1), 0.0, **on_first_axis(4.0, sd=(1.0, 3.0), log_odds=6.0))
    assert x.case.log_gap.hi <= chernoff_sum.log_bound(x).lo[0]
    assert y.case.log_gap.hi <= chernoff_sum.log_bound(y).lo[0]


@pytest.mark.parametrize(("a", "x"), [(100.0, 4e-4), (100.0, 0.055), (0.5, 1e-9), (1.5, 3.0), (100.0, 0.2), (100.0, 0.3)])
def test_the_tail_of_chi_square_is_enclosed_where_its_value_underflows(a: float, x: float) -> None:
    """A probability that underflowed counted as 0, and any bound above it held."""
    import mpmath as mp

    with mp.workdps(40):
        truth = mp.log(mp.gammainc(a, 0, mp.mpf(x), regularized=True))
    lo, hi = log_chi_square(a, x)
    assert lo <= truth <= hi
    assert hi - lo < 1e-3


def test_a_bound_below_every_float_does_not_hold_because_the_probability_underflows() -> None:
    point = {"K": 2, "m": 200, "c": 12.0, "eps": 0.6, "s": 0.5, "seed": 0}
    p = random_means_any_scale.CLAIM.build(**point).log_probability
    assert np.isfinite(p.lo)
    assert p.hi < -1000
