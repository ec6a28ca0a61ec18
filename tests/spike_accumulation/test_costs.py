"""Counts of products and vectors, and the numbers of the paper that they explain."""

from fractions import Fraction

import numpy as np
import pytest

from bounds.spike_accumulation import op_counts
from bounds.spike_accumulation.operation_counts import CLAIM, METHODS
from bounds.spike_accumulation.state_memory import CLAIM as MEMORY
from proofs_check.points import draws
from tests.spike_accumulation.slow_loops import lif


def ratio(counts, top: str, bottom: str, field: str) -> float:
    return getattr(counts[top], field) / getattr(counts[bottom], field)


def test_the_first_layer_decides_whether_saf_halves_the_products() -> None:
    small = [64, 128, 128, 10]
    assert ratio(op_counts(small, 6), "OTTT", "SAF-E", "forward") == 2
    m = [64 * 128, 128 * 128, 128 * 10]
    unwrapped = ratio(op_counts(small, 6, wrap_first=False), "OTTT", "SAF-E", "forward")
    assert unwrapped == pytest.approx(170 / 101, abs=1e-12)
    assert unwrapped == pytest.approx(2 - m[0] / sum(m), abs=1e-12)


def test_ratios_of_the_totals_when_the_first_layer_is_small() -> None:
    wide = [1, 10**6, 10**6]
    counts = op_counts(wide, 6)
    assert ratio(counts, "SAF-E", "OTTT", "total") == pytest.approx(3 / 4, abs=1e-5)
    assert ratio(counts, "SAF-F", "OTTT", "total") == pytest.approx(8 / 24, abs=1e-5)


def test_state_vectors_per_neuron() -> None:
    counts = op_counts([3, 4], 7)
    assert {name: (c.kept, c.live) for name, c in counts.items()} == {
        "OTTT": (2, 3),
        "OTTT by hand": (2, 3),
        "SAF-E": (1, 2),
        "SAF-F": (1, 2),
        "BPTT": (14, 14),
    }
    assert set(METHODS) == set(counts)


def test_accumulates_are_counted_edge_by_edge() -> None:
    for point in draws(CLAIM.space, 3, "edges", range(20)):
        r = CLAIM.build(**point)
        _, s, _ = lif([w.tolist() for w in r.W], [[0] * len(w) for w in r.W], r.x.tolist(), Fraction(1, 2), 1)
        edges = sum(1 for l, w in enumerate(r.W) for row in s[l] for spike in row if spike for _ in range(len(w)))
        assert r.accumulates == edges


def test_what_the_hand_written_methods_hold_is_enough_for_the_right_gradients() -> None:
    nonzero = 0
    for point in draws(MEMORY.space, 3, "memory", range(40)):
        c = MEMORY.build(**point)
        assert c.wrong_gradients == 0
        nonzero += any(np.any(g.W[0] != 0) for g in c.ottt()[1])
    assert nonzero > 10


def test_widths_that_are_none_are_refused() -> None:
    for widths, T in (([3], 1), ([3, 0], 1), ([3, 4], 0)):
        with pytest.raises(ValueError, match="widths must list"):
            op_counts(widths, T)
