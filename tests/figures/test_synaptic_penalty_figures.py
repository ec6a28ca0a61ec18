"""The numbers behind the synaptic-penalty figures against counts by hand and the kept results, then the artists."""

import numpy as np

from experiments.results import load
from figures import synaptic_penalty_fanout, synaptic_penalty_pareto
from figures.style import look


def test_the_fanout_maps_are_counted_by_walking_over_outputs_and_taps() -> None:
    d = synaptic_penalty_fanout.data()
    for stride, found in zip(synaptic_penalty_fanout.STRIDES, d["fanout"], strict=True):
        counted = np.zeros((8, 8), dtype=int)
        outputs = (8 + 2 - 3) // stride + 1
        for y, x, row, column in np.ndindex(outputs, outputs, 3, 3):
            h, w = y * stride + row - 1, x * stride + column - 1
            if 0 <= h < 8 and 0 <= w < 8:
                counted[h, w] += 1
        np.testing.assert_array_equal(found, counted)
    assert d["fanout"].sum(axis=(1, 2)).tolist() == [484, 121]  # 3872 synapses for 8 channels, as in the specification
    assert d["constant"].tolist() == [9, 2.25]
    with look():
        figure = synaptic_penalty_fanout.draw(d)
    assert [text.get_text() for text in figure.axes[1].texts] == [str(count) for count in d["fanout"][1].ravel()]
    assert "576" in figure.axes[0].get_title()


def test_every_penalty_saves_energy_and_every_curve_begins_without_one() -> None:
    d = synaptic_penalty_pareto.data()
    assert {name: values.shape for name, values in d.items()} == {
        "syn": (3, 6, 10, 2),
        "bal": (3, 6, 10, 2),
        "tot": (3, 5, 10, 2),
        "syn, p = 2": (3, 5, 10, 2),
    }
    free = d["syn"][:, 0]
    kept = [row["accuracy"] for row in load("synaptic_penalty_tradeoff") if row["kind"] == "none" and row["seed"] == 3]
    np.testing.assert_array_equal(free[:, 3, 0], kept)
    for values in d.values():
        np.testing.assert_array_equal(values[:, 0], free)
        energy = values[..., 1].mean(axis=2)
        assert np.all(np.diff(energy, axis=1) < 0)
    with look():
        figure = synaptic_penalty_pareto.draw(d)
    assert [axis.get_title() for axis in figure.axes] == list(synaptic_penalty_pareto.ARCHITECTURES)
    drawn = figure.axes[1].containers[2].lines[0]
    np.testing.assert_allclose(drawn.get_xdata(), d["tot"][1, ..., 1].mean(axis=1))
    np.testing.assert_allclose(drawn.get_ydata(), 100 * d["tot"][1, ..., 0].mean(axis=1))
