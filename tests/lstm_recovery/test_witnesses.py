"""Every falsified variant at its witness, and the exact instances of the specification against their numbers.

The search finds most counterexamples before a witness is looked at; here each witness stands on its own, and it refutes the
variant by the defect that the variant names: the numbers on both sides are those worked out for it.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from bounds.lstm_recovery import (
    closed_form,
    input_to_state,
    ladder,
    necessary_rate,
    norm_recovery,
    norm_sets,
    unbounded_anomaly,
)
from bounds.lstm_recovery.elementwise import jacobian_matrix, lipschitz_of
from bounds.lstm_recovery.instances import net_of
from bounds.lstm_recovery.interval_box import gate_ranges, invariant_box
from bounds.lstm_recovery.layers import stacked_matrix, stacked_recovery_time
from bounds.lstm_recovery.norm_recovery import norm_recovery_time
from bounds.lstm_recovery.powers import recovery_time_power
from proofs_check.discover import claims
from proofs_check.verdict import judge
from tests.lstm_recovery.oracles import E1

WITNESSES = [
    (key, variant, point)
    for key, claim in claims().items()
    if key.startswith("lstm_recovery.")
    for variant, point in claim.witness.items()
]


@pytest.mark.parametrize(("key", "variant", "point"), WITNESSES, ids=[f"{key}: {variant}" for key, variant, _ in WITNESSES])
def test_the_witness_refutes_the_variant_and_not_the_claim(key: str, variant: str, point: Mapping[str, Any]) -> None:
    claim = claims()[key]
    assert judge(claim.variant(variant), point).verdict == "refuted"
    assert judge(claim, point).verdict != "refuted"


# claim, variant, entry of both sides, what is there, what the variant says
NUMBERS = [
    ("norm_sets", "every state is in X_k after one step", 0, 88.57723517, 4.173785),
    ("norm_comparison", "a sigmoid's slope is 1/8", 0, 0.00748597, 0.00375),
    ("necessary_rate", "a sigmoid's slope is 1/8", 0, 0.748104926602, 0.374987),
    ("necessary_rate", "the slope in the middle of the range", 0, 0.748105, 0.653053),
    ("necessary_rate", "no absolute values: U for |U|", 0, 0.899723, 0.899351),
    ("necessary_rate", "the spectral radius ρ(U) for the norm ‖U‖", 0, 0.899723, 6e-6),
    ("necessary_rate", "r ≥ ρ(|J|)", 1, 1.799984, 0.899995),
    ("norm_recovery", "no prefactor", 0, 59, 37),
    ("norm_recovery", "rounded down", 0, 59, 58),
    ("norm_recovery", "the start is not multiplied by n^(1/q)", 0, 64, 59),
    ("layers", "as fast as the slowest layer", 0, 107, 59),
    ("ladder", "elementwise always beats the 2-norm", 0, 1.79998, 0.899995),
    ("ladder", "|b| in the gates costs nothing", 0, 1.89998, 0.899995),
    ("joint_maximum", "the gate's slope where the gate is largest", 0, 0.25, 0.09),
    ("joint_maximum", "two cells grow with the range", 3, 2.02875, 2.025),
    ("saturation", "an eighth for the sigmoid", 0, 0.964028, 0.761594),
    ("interval_box", "no clipping at 0", 1, -0.497527, -4.173785),
    ("unbounded_anomaly", "|c| stays below the limit box's mag c", 0, 20.0, 2.0702),
    ("powers", "the first entry is the last exit", 0, 12, 0),
    ("perron_derivative", "x in place of y", 0, 2 / 5 - 1 / 4, 0.0),
]


@pytest.mark.parametrize(("name", "variant", "entry", "there", "said"), NUMBERS, ids=[f"{n[0]}: {n[1]}" for n in NUMBERS])
def test_both_sides_at_the_witness_are_the_numbers_worked_out_for_it(name, variant, entry, there, said) -> None:
    claim = claims()[f"lstm_recovery.{name}"].variant(variant)
    x = claim.build(**claim.witness[variant])
    ends = np.broadcast_arrays(np.asarray(claim.actual(x).lo), np.asarray(claim.bound(x).hi))
    left, right = (float(np.ravel(end)[entry]) for end in ends)
    assert left > right
    assert left == pytest.approx(there, rel=1e-4, abs=1e-9)
    assert right == pytest.approx(said, rel=1e-4, abs=2e-6)


def test_cell_state_of_a_biased_unit_tends_to_the_edge_of_its_set() -> None:
    point = {**norm_sets.BIASED, "u": np.zeros((300, 1))}
    x = norm_sets.orbit(**point)
    assert norm_sets.largest_state(x).lo[0] == pytest.approx(x.cb, rel=1e-10)
    assert x.cb == pytest.approx(4.173785, abs=5e-7)


def test_two_equilibria_that_the_condition_for_one_trajectory_overlooks() -> None:
    assert norm_recovery_time(net_of(*(input_to_state.LATCH[k] for k in "WUb")), 0.01) == np.inf
    point = {**input_to_state.CLAIM.witness["the condition for one trajectory suffices"]}
    x = input_to_state.build(**point)
    assert x.tape.h[-1, :, 0] == pytest.approx([0.99760121, 0.14503514], abs=1e-8)
    assert x.distance[-1, 1] == pytest.approx(0.8525660730, abs=1e-9)
    assert input_to_state.margin(x, input_to_state.plain) > 0 > input_to_state.margin(x)


def test_entering_is_not_staying_on_one_unit() -> None:
    pair, e = norm_recovery.recovering(**norm_recovery.CLAIM.witness["recovery is the first entry"])
    assert pair.distance[0, 1] == 0 <= e
    assert pair.distance[1, 1] == pytest.approx(0.942638, abs=5e-7)


def test_powers_of_two_layers_with_and_without_the_clip() -> None:
    A, d0 = stacked_matrix([E1, E1])
    assert recovery_time_power(A, d0, 0.01, [3]) == 109
    assert stacked_recovery_time([E1, E1], 0.01) == 107


def test_trace_and_determinant_of_the_first_formula_net() -> None:
    x = closed_form.entries(**closed_form.CLAIM.witness["trace < 2 and det < 1"])
    a, b, c, d = map(float, x.rows)
    assert (a + d, a * d - b * c) == pytest.approx((1.073684, 0.066102), abs=5e-7)
    assert closed_form.spectral_radius_2x2(*map(float, (x.sf, x.so, x.al, x.be))) == pytest.approx(1.008114, abs=5e-7)


def test_opposite_changes_that_cancel_without_absolute_values() -> None:
    """Δh = (x, −x) moves the first cell by 1.8 x, and U (x, −x) would be 0 if the distance were (x, x)."""
    net = net_of(*(necessary_rate.NILPOTENT[k] for k in "WUb"))
    r = gate_ranges(net, invariant_box(net, 0.0, 0.0, 60))
    d = np.array([0, 0, 1.0, 1.0])
    assert (lipschitz_of(net.U, r) @ d)[0] == pytest.approx(0, abs=1e-12)
    assert (lipschitz_of(np.abs(net.U), r) @ d)[0] == pytest.approx(1.8, abs=1e-3)


def test_norm_sets_punish_negative_biases_and_signs_do_not() -> None:
    net = net_of(*(ladder.HADAMARD[k] for k in "WUb"))
    box = invariant_box(net)
    assert ladder.perron(ladder.box_matrix(net, box, q=2))[0].hi == pytest.approx(0.899995, abs=5e-7)
    assert ladder.perron(jacobian_matrix(net, box))[0].hi == pytest.approx(1.79998, abs=5e-6)


def test_the_unclipped_image_of_the_start_exceeds_it_on_the_net_of_the_log_law() -> None:
    claim = unbounded_anomaly.CLAIM
    assert judge(claim.variant("Φ(d₀) ≤ d₀ without a clip"), claim.witness["Φ(d₀) ≤ d₀ without a clip"]).verdict == "refuted"
    smaller = {**claim.witness["Φ(d₀) ≤ d₀ without a clip"], "L": 0}
    assert judge(claim.variant("Φ(d₀) ≤ d₀ without a clip"), smaller).verdict != "refuted"
