"""The numbers behind the figures of spectral pruning: orders that theorems demand, and what the text says; then the artists."""

from types import ModuleType

import numpy as np
import pytest

from figures import spectral_pruning_accuracy, spectral_pruning_bounds, spectral_pruning_losses, spectral_pruning_spectrum
from figures.style import look
from proofs_check.points import to_json


def test_eigenvalues_are_shares_and_the_degrees_of_freedom_grow_as_lambda_falls() -> None:
    d = spectral_pruning_spectrum.data()
    for name in spectral_pruning_spectrum.TASKS:
        mu, N = d[f"mu {name}"], d[f"N {name}"]
        assert mu.shape == (3, 128)
        assert mu.sum(1) == pytest.approx(np.ones(3))
        assert (np.diff(mu, axis=1) <= 0).all()
        assert (np.diff(N, axis=1) > 0).all()
        assert (N < 128).all()
        assert N[:, 0] == pytest.approx((mu / (mu + 1)).sum(1))
    digits = d["mu pixel_digits"]
    assert (np.count_nonzero(digits > 1e-6, axis=1) < 64).all()  # fast decay: fewer than half of the directions matter


def test_promises_lie_above_what_is_achieved_and_that_above_what_is_possible() -> None:
    d = spectral_pruning_losses.data()
    noise = 1e-12
    assert np.array_equal(d["k"], np.arange(1, 65))
    assert (d["tail"] <= d["greedy"] + noise).all()  # SP-5
    assert (d["mean_by_determinants"] <= d["best_lambda"] + noise).all()  # SP-8
    assert (d["best_lambda"] <= d["leverage_draws"] + noise).all()  # without the logarithm and the factor 4
    assert (np.diff(d["mean_by_determinants"], 2) >= -noise).all()  # SP-8: convex
    assert (np.diff(d["greedy"]) <= noise).all()
    assert (d["leverage_draws"][:42] > 1).any()  # nothing is promised where SP-6 exceeds the trace
    at = d["k_searched"] - 1
    assert (d["lookahead"] <= d["mean_by_determinants"][at] + noise).all()  # SP-9
    assert (d["no_set_below"] <= d["best_found"]).all()
    assert (d["tail"][at] <= d["best_found"] + noise).all()
    assert (d["best_found"] <= np.minimum(d["greedy"][at], d["lookahead"]) + noise).all()


def test_accuracies_are_shares_and_the_spectral_choice_beats_a_random_one() -> None:
    d = spectral_pruning_accuracy.data()
    pruned = list(spectral_pruning_accuracy.PRUNED)
    assert d["before"].shape == (len(pruned), d["k"].size, 3)
    assert d["after"].shape == (len(pruned) + 1, d["k"].size, 3)
    for name in ("before", "after", "base"):
        assert ((d[name] >= 0) & (d[name] <= 1)).all()
    spectral, random = (d["before"][pruned.index(name)] for name in ("spectral, rec", "random, rec"))
    at = int(np.flatnonzero(d["k"] == 42)[0])
    assert (spectral[at] > random[at] + 0.3).all()
    assert (spectral[-1] > d["base"] - 0.05).all()  # half of the units do the work of all
    assert (spectral.mean(1)[1:] >= spectral.mean(1)[:-1] - 0.05).all()


def test_the_error_lies_below_every_bound_and_the_bounds_are_nested() -> None:
    d = spectral_pruning_bounds.data()
    slack = 1 + 1e-9
    for finer, coarser in (("error", "B3"), ("B3", "B2"), ("B2", "B1"), ("B1", "B0"), ("error", "B4")):
        assert (d[finer] <= d[coarser] * slack).all(), (finer, coarser)
    at = int(np.flatnonzero(d["k"] == 42)[0])
    for name in ("B0", "B1", "B2", "B3"):
        assert (d[name][at] > d["output"][at]).all()  # vacuous at 42 units, as the text says


@pytest.mark.parametrize(
    ("module", "panels", "entries"),
    [
        (spectral_pruning_spectrum, 2, 3),
        (spectral_pruning_losses, 1, 7),
        (spectral_pruning_accuracy, 2, 9),
        (spectral_pruning_bounds, 1, 7),
    ],
)
def test_every_curve_is_named_and_every_axis_labelled(module: ModuleType, panels: int, entries: int) -> None:
    import matplotlib.pyplot as plt

    d = module.data()
    assert "NaN" not in str(to_json(d))
    with look():
        figure = module.draw(d)
        figure.canvas.draw()
        assert len(figure.axes) == panels
        assert all(axes.get_xlabel() for axes in figure.axes)
        assert figure.axes[0].get_ylabel()
        legends = [*figure.legends, *(axes.get_legend() for axes in figure.axes if axes.get_legend())]
        assert sum(len(legend.get_texts()) for legend in legends) == entries
        plt.close(figure)
