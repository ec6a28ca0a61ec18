"""What the worst-case search finds without being told the instances: how sharp the bounds are, and where signs turn.

The two ends of `uneven_input` are in test_rates. Claims are cut down to the one comparison that is looked at, because their
other lines (equalities, counts) are tight everywhere.
"""

from dataclasses import replace
from fractions import Fraction
from functools import partial

import numpy as np
import pytest

from bounds.claim import Choice, Int, exact
from bounds.spike_accumulation.constant_input import CLAIM as CONSTANT
from bounds.spike_accumulation.constant_input import error
from bounds.spike_accumulation.dead_zone import CLAIM as DEAD_ZONE
from bounds.spike_accumulation.float_agreement import CLAIM as AGREEMENT
from bounds.spike_accumulation.float_disagreement import CLAIM as DISAGREEMENT
from bounds.spike_accumulation.gradients import gradient_inner_product
from bounds.spike_accumulation.network_rates import CLAIM as RATES
from bounds.spike_accumulation.network_rates import measured, network_rate_bounds
from bounds.spike_accumulation.online_runs import CLAIM as ONLINE
from bounds.spike_accumulation.top_layer_alignment import BATCH, BELOW, METHODS, SQUARED, all_learn
from bounds.spike_accumulation.top_layer_alignment import CLAIM as TOP
from proofs_check.worst_case import search, shrink


def tightest(claim, calls, key, seeds=(0,)):
    """The largest ratio over the seeds."""
    return max(float(np.exp(search(claim, calls, seed, key).score)) for seed in seeds)


def test_the_error_of_a_constant_input_comes_as_near_to_its_bound_as_the_grid_allows() -> None:
    """The supremum 1 of (φ − a) Λ is not attained; inputs are multiples of 1/200."""
    claim = replace(CONSTANT, actual=lambda n: exact(error(n)), bound=lambda n: exact(1 / n.Lambda))
    assert 0.99 <= tightest(claim, 600, "constant") < 1


def test_the_floor_of_the_dead_zone_is_attained_at_its_edge() -> None:
    claim = replace(
        DEAD_ZONE, actual=lambda n: exact(n.I[0] / n.th), bound=lambda n: exact(1 - n.lam), covers={}, tightness="ratio"
    )
    assert tightest(claim, 300, "dead zone") == 1


def of_the_last_layer(field: str):
    """The bounds of two layers, the last one only."""
    return replace(
        RATES,
        space={**RATES.space, "depth": Int(2, 2)},
        actual=lambda n: exact(getattr(measured(n), field)[-1]),
        bound=lambda n: exact(getattr(network_rate_bounds(n.W, n.lam, n.th, n.T), field)[-1]),
    )


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize(("field", "least"), [("eps", 0.99), ("E", 0.99), ("D", 0.95)])
def test_network_bounds_are_nearly_attained_in_the_last_of_two_layers(field: str, least: float) -> None:
    """0.9998, 0.9998 and 0.969. Where ν D/th of the layer before is 1 at least, no more than 0.83, 0.66 and 0.52 was found."""
    assert least <= tightest(of_the_last_layer(field), 3000, f"R4 {field} 2", seeds=(0, 1)) < 1


VARIANTS = (
    "any target",
    "input of either sign",
    "in the layer below, plain",
    "in the layer below, by one method at least",
    "for batches, plain",
    "for batches, by one method at least",
    "squared error of a readout",
)


@pytest.mark.parametrize("variant", VARIANTS)
def test_opposed_gradients_are_found_wherever_a_hypothesis_of_the_top_layer_is_missing(variant: str) -> None:
    found = search(TOP.variant(variant), 1500, 0, f"G6 {variant}", stop_at_refutation=True)
    assert found.judgement.verdict == "refuted"
    assert found.score > 0


def minus_cosine(c, layer: int, method: str):
    """−cos(G_A, G), samples summed first; −1 where a gradient vanishes."""
    ottt, other = sum(p.total.W[layer] for p in c.ottt), sum(o.W[layer] for o in c.others[method])
    cosine = gradient_inner_product([ottt], [other])[1][0]
    return exact(-1.0 if np.isnan(cosine) else -cosine)


def of_minus_cosines(space, layer: int, method: str):
    return replace(
        TOP,
        space=space,
        assumes={**TOP.assumes, "both learn": partial(all_learn, methods=(method,), layer=layer)},
        actual=partial(minus_cosine, layer=layer, method=method),
        bound=lambda c: exact(0),
        covers={},
    )


@pytest.mark.slow
@pytest.mark.timeout(900)
@pytest.mark.parametrize("method", METHODS[:3])
def test_below_the_top_and_in_batches_gradients_may_point_in_exactly_opposite_ways_and_at_the_top_never(method: str) -> None:
    """The cosine is −1 there, for SAF-F plain and matched and for SR ideal; at the top, sample by sample, it is 0 at least."""
    for key, space, layer in (("below", BELOW, 0), ("batch", BATCH, -1)):
        opposed = search(of_minus_cosines(space, layer, method), 1200, 0, f"cos {key} {method}")
        assert opposed.score == pytest.approx(1, abs=1e-12)
    assert search(of_minus_cosines(SQUARED, -1, method), 1200, 0, f"cos top {method}").score <= 0


def test_closed_form_online_runs_part_from_ottt_in_the_second_step_of_a_single_neuron_and_never_in_the_first() -> None:
    claim = ONLINE.variant("closed form")
    at = {T: replace(claim, space={**claim.space, "T": Int(T, T)}) for T in (1, 2)}
    assert search(at[1], 300, 0, "online 1").judgement.verdict == "holds"
    found = search(at[2], 300, 0, "online 2", stop_at_refutation=True)
    assert found.judgement.verdict == "refuted"
    smallest = shrink(at[2], found.point)
    assert (smallest["depth"], smallest["T"]) == (1, 2)
    assert np.count_nonzero(smallest["W"]) + np.count_nonzero(smallest["x"]) <= 2


def test_float_simulations_part_in_the_fifth_step_and_not_before() -> None:
    """w = 0.6 without leak, which is earlier than the tenths 0.1, 0.3 and 0.7 of the known disagreements."""
    short = {T: replace(DISAGREEMENT, space={**DISAGREEMENT.space, "T": Int(1, T)}) for T in (4, 5)}
    assert search(short[4], 300, 0, "floats 4").judgement.verdict == "holds"
    found = search(short[5], 300, 0, "floats 5", stop_at_refutation=True)
    assert found.judgement.verdict == "refuted"
    assert (found.point["w"], found.point["lam"], found.point["T"]) == (Fraction(3, 5), 1.0, 5)


@pytest.mark.parametrize(("precision", "step"), [("single", 25), ("double", 54)])
def test_float_simulations_are_wrong_together_at_the_edge_of_the_dead_zone_first(precision: str, step: int) -> None:
    def up_to(T: int):
        return replace(AGREEMENT, space={**AGREEMENT.space, "T": Int(1, T), "precision": Choice((precision,))})

    assert search(up_to(step - 1), 600, 0, f"agree {precision} {step - 1}").judgement.verdict == "holds"
    found = search(up_to(step), 600, 0, f"agree {precision} {step}", stop_at_refutation=True)
    assert found.judgement.verdict == "refuted"
    assert (found.point["w"], found.point["lam"], found.point["T"]) == (Fraction(1, 2), 0.5, step)
