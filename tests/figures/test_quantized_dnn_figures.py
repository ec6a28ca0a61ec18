"""The numbers behind the accuracy figures of quantised networks against the kept results, then the artists."""

import numpy as np
import pytest

from experiments.results import load
from figures import quantized_dnn_batches, quantized_dnn_states
from figures.style import look


def test_the_heat_map_shows_the_means_of_the_kept_run() -> None:
    d = quantized_dnn_states.data()
    assert d["accuracy"].shape == d["half"].shape == (d["M_w"].size, d["M_a"].size) == (5, 4)
    rows = load("quantized_dnn_states")
    for i, j, M_w, M_a in ((0, 0, 2, 2), (1, 3, 3, None), (4, 2, None, 5)):
        kept = [row["accuracy"] for row in rows if (row["M_w"], row["M_a"]) == (M_w, M_a)]
        assert len(kept) == 10
        assert d["accuracy"][i, j] == pytest.approx(np.mean(kept), abs=1e-12)
        # Student's t with nine degrees of freedom, from a table
        assert d["half"][i, j] == pytest.approx(2.262157 * np.std(kept, ddof=1) / np.sqrt(10), rel=1e-6)
    with look():
        figure = quantized_dnn_states.draw(d)
        axes, bar = figure.axes
        written = [text.get_text() for text in axes.texts]
        assert written[::2] == [f"{100 * value:.1f}" for value in d["accuracy"].ravel()]
        assert written[1::2] == [f"± {100 * half:.1f}" for half in d["half"].ravel()]
        assert [label.get_text() for label in axes.get_yticklabels()] == ["2", "3", "5", "15", "full"]
        assert [label.get_text() for label in axes.get_xticklabels()] == ["2", "3", "5", "full"]
        assert bar.get_ylabel() == "test accuracy (%)"


def test_every_normalisation_has_its_curve_with_intervals_in_both_panels() -> None:
    d = quantized_dnn_batches.data()
    assert d["batch"].tolist() == [2, 8, 64]
    kept = [row for row in load("quantized_dnn_batches") if row["precision"] == "three states" and row["batch"] == 8]
    for norm in ("LBN", "LBN-pooled", "BN", "LN"):
        accuracies = [row["accuracy"] for row in kept if row["norm"] == norm]
        assert d[f"three states {norm}"][1, 0] == pytest.approx(np.mean(accuracies), abs=1e-12)
    with look():
        figure = quantized_dnn_batches.draw(d)
    assert [axis.get_title() for axis in figure.axes] == list(quantized_dnn_batches.TITLES.values())
    names = [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    assert sorted(names) == ["BN", "LBN", "LBN-pooled", "LN"]
    for axis, precision in zip(figure.axes, quantized_dnn_batches.TITLES, strict=True):
        for name, bars in zip(names, axis.containers, strict=True):
            values = 100 * d[f"{precision} {name}"]
            np.testing.assert_allclose(bars.lines[0].get_ydata(), values[:, 0])
            lower, upper = bars.lines[1]
            np.testing.assert_allclose((upper.get_ydata() - lower.get_ydata()) / 2, values[:, 1])
