"""The numbers behind the single-step figures against the theorems, then the artists."""

import numpy as np
import pytest

from figures import single_step_snn_staircase, single_step_snn_surrogate
from figures.style import look


def test_the_surrogate_is_lighter_up_to_the_crossing_and_heavier_from_it() -> None:
    d = single_step_snn_surrogate.data()
    x, star = d["x"], d["crossing"][0]
    assert star == pytest.approx(0.23270529841294138, abs=1e-15)
    assert d["crossing"][1] == pytest.approx(1 / (1 + star), rel=1e-14)
    just_above, beyond = (x > 0) & (x < star), x > star
    assert np.all(d["s3nn"][just_above] < d["logistic"][just_above])
    assert np.all(d["s3nn"][beyond] > d["logistic"][beyond])
    np.testing.assert_allclose(d["s3nn"][x < 0], d["logistic"][x < 0], rtol=1e-12)
    for name in ("s3nn", "logistic"):  # slopes and primitives belong together
        numerical = np.gradient(d[f"{name} primitive"], x)
        np.testing.assert_allclose(numerical[1:-1], d[name][1:-1], atol=2e-3)
    assert np.interp(d["passes one"][0], x, d["s3nn primitive"]) == pytest.approx(1, abs=1e-5)
    assert d["logistic primitive"].max() < 1 < d["s3nn primitive"].max()
    with look():
        figure = single_step_snn_surrogate.draw(d)
    slopes, primitives = figure.axes
    np.testing.assert_array_equal(slopes.lines[0].get_ydata(), d["s3nn"])
    np.testing.assert_array_equal(primitives.lines[1].get_ydata(), d["logistic primitive"])
    assert slopes.texts[0].get_text() == "x* = 0.2327"


def test_the_staircases_are_the_quantiser_of_the_theorem() -> None:
    d = single_step_snn_staircase.data()
    assert d["rate"].shape == (2, 4, len(d["z"]))
    clipped = np.clip(d["z"], 0, 1)
    for rates, start in zip(d["rate"], (0.0, 0.5), strict=True):
        for rate, T in zip(rates, single_step_snn_staircase.STEPS, strict=True):
            assert len(set(rate)) == T + 1
            error = clipped - rate
            if start:
                assert np.abs(error).max() == 1 / (2 * T)  # attained at a tie, which is a grid point
            else:
                assert error.min() == 0
                assert 0.8 / T < error.max() < 1 / T
    with look():
        figure = single_step_snn_staircase.draw(d)
    for axis, rates in zip(figure.axes, d["rate"], strict=True):
        assert len(axis.lines) == 5
        for line, rate in zip(axis.lines[1:], rates, strict=True):
            np.testing.assert_array_equal(line.get_ydata(), rate)
    assert figure.axes[0].get_legend().get_texts()[1].get_text() == "T = 1 (S3NN)"
