"""The teacher's figure: its numbers, then what is drawn."""

import numpy as np
import pytest

from experiments.results import load
from figures import spectral_pruning_teacher


def test_every_guarantee_lies_above_the_true_risk() -> None:
    d = spectral_pruning_teacher.data()
    for name in spectral_pruning_teacher.GUARANTEES:
        assert (d[name] >= d["true"] - 4 * d["true_se"]).all(), name
    assert len(d["seed"]) >= 3


def test_one_part_falls_and_one_rises_and_a_size_between_is_best() -> None:
    d = spectral_pruning_teacher.data()
    assert (d["pruning"][-1] < 0.01 * d["pruning"][0]).all()
    assert (np.diff(d["slack"], axis=0) > 0).all()
    assert d["k"][np.argmin(d["SP-13b"][:, 0])] == 6  # as the specification measured
    assert d["true"].argmin(axis=0).tolist() == [len(d["k"]) - 1] * len(d["seed"])  # the truth prefers all units


def test_seed_0_is_the_world_of_the_specification() -> None:
    printed = {2: (0.314, 0.314, 0.059), 4: (0.267, 0.266, 0.094), 6: (0.178, 0.177, 0.130), 8: (0.167, 0.166, 0.164)}
    rows = {row["k"]: row for row in load("spectral_pruning_teacher") if row["seed"] == 0}
    for k, (train, true, term) in printed.items():
        found = [rows[k][name] for name in ("train", "true", "without_payment")]
        assert found == pytest.approx([train, true, term], abs=6e-4)
        assert 0.0006 <= rows[k]["slack"] - rows[k]["without_payment"] <= 0.008  # what paying for radii and k costs


def test_rings_mark_the_least_of_each_guarantee() -> None:
    from figures.style import look

    d = spectral_pruning_teacher.data()
    with look():
        figure = spectral_pruning_teacher.draw(d)
    left, right = figure.axes
    rings = [line for line in left.lines if line.get_marker() == "o"]
    assert len(rings) == len(spectral_pruning_teacher.GUARANTEES)
    least = sorted(float(d[name][:, 0].min()) for name in spectral_pruning_teacher.GUARANTEES)
    assert sorted(float(np.asarray(ring.get_ydata())[0]) for ring in rings) == pytest.approx(least)
    assert len(right.collections) == 3
