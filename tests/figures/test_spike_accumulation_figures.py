"""The numbers behind the spike-accumulation figures against the theorems and the reported numbers, then the artists."""

import numpy as np
import pytest

from figures import spike_accumulation_cosines, spike_accumulation_rate_error, spike_accumulation_tightness
from figures.style import look


@pytest.fixture(scope="module")
def rate_error() -> dict[str, np.ndarray]:
    return spike_accumulation_rate_error.data()


def test_the_rate_error_stays_below_its_bound_and_above_the_dead_zone(rate_error) -> None:
    d = rate_error
    assert np.all(d["mean"] < d["worst"])
    assert np.all(d["worst"] <= d["bound"])  # "<", but 1/2 < 1/Λ_64 rounds away
    assert np.all(d["worst"][:, :30] < d["bound"][:, :30])
    assert np.all(d["worst"] >= d["floor"][:, None])  # an input of 1 - lam never fires
    np.testing.assert_allclose(d["bound"][0], 1 / d["T"], rtol=1e-15)  # no leak
    assert d["worst"][0, -1] == pytest.approx(3 / 200)  # 3/200 · 64 < 1 < 4/200 · 64: the first never fires
    np.testing.assert_allclose(d["worst"][1:, -1], [0.1, 0.5], rtol=0.02)
    with look():
        figure = spike_accumulation_rate_error.draw(d)
    assert [axis.get_title() for axis in figure.axes] == ["λ = 1", "λ = 0.9", "λ = 0.5"]
    bound, worst, mean, floor = figure.axes[2].lines
    np.testing.assert_array_equal(bound.get_ydata(), d["bound"][2])
    np.testing.assert_array_equal(worst.get_ydata(), d["worst"][2])
    np.testing.assert_array_equal(mean.get_ydata(), d["mean"][2])
    assert list(floor.get_ydata()) == [0.5, 0.5]
    assert len(figure.axes[0].lines) == 3  # without leak there is no dead zone


def test_no_neuron_leaves_its_bound_and_the_extremal_inputs_reach_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spike_accumulation_tightness, "NEURONS", 600)
    d = spike_accumulation_tightness.data()
    high, low = d["error"] > 0, d["error"] < 0
    assert min(high.sum(), low.sum()) > 50
    assert np.all(d["error"][high] <= d["bound"][high])
    assert np.all(d["error"][low] > d["bound"][low])
    np.testing.assert_array_equal(d["upper"][:, 0], d["upper"][:, 1])  # attained
    ratio = d["lower"][:, 0] / d["lower"][:, 1]
    assert np.all(ratio < 1)
    assert np.all(ratio > 0.998)
    with look():
        figure = spike_accumulation_tightness.draw(d)
    assert sum(len(line.get_xdata()) for line in figure.axes[0].lines[:4]) == high.sum()
    assert sum(len(line.get_xdata()) for line in figure.axes[1].lines[:4]) == low.sum()


def test_gradients_agree_in_sign_at_the_top_and_not_always_below(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("sklearn")
    monkeypatch.setattr(spike_accumulation_cosines, "IMAGES", 20)
    monkeypatch.setattr(spike_accumulation_cosines, "NETS", 300)
    monkeypatch.setattr(spike_accumulation_cosines, "EPOCHS", (0, 2))
    d = spike_accumulation_cosines.data()
    assert d["digits"].shape == (2, 4, 3, 20)
    bptt, final, rates, _ = d["small"]
    np.testing.assert_allclose(bptt[2][np.isfinite(bptt[2])], 1, atol=1e-12)  # spiking output: the top layer
    np.testing.assert_allclose(d["digits"][:, 0, 1], 1, atol=1e-12)  # readout: the layer before
    assert np.nanmin(d["digits"][:, 0, 0]) < 0.999
    for top in (final[2], rates[2], d["digits"][:, 1, 2], d["digits"][:, 2, 2]):
        assert np.nanmin(top) >= -1e-12  # weakly: 0 occurs, and is rounded
        assert np.isfinite(top).sum() > 20
    for lower in (final[:2], rates[:2]):
        assert np.nanmin(lower) < -0.5
    with look():
        figure = spike_accumulation_cosines.draw(d)
    assert [axis.get_title() for axis in figure.axes][2] == "small drawn nets, spiking output"
    assert len(figure.axes[0].patches) == 12  # four pairs in three layers
