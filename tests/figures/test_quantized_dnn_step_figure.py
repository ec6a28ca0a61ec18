"""The curves of the quantiser's error against the golden minima, sampling and their limits, then the artists."""

import numpy as np

from bounds.quantized_dnn.quantizers import quantize_weight
from figures import quantized_dnn_step
from figures.style import look

GOLDEN = {  # of the specification, to forty digits there
    2: (1.595769121605731, 0.3633802276324187),
    3: (1.224006361924962, 0.1901740392479015),
    5: (0.8429862508047684, 0.0821776605968598),
    8: (0.586019441443487, 0.03743965939152353),
    16: (0.3352006121999727, 0.0115428844313509),
}


def test_every_curve_falls_to_the_golden_minimum_and_rises_from_it() -> None:
    d = quantized_dnn_step.data()
    assert d["M"].tolist() == list(GOLDEN)
    np.testing.assert_allclose(d["best"], list(GOLDEN.values()), rtol=1e-14)
    for errors, (step, error) in zip(d["mse"], d["best"], strict=True):
        slopes = np.diff(errors)
        assert (slopes[d["D"][1:] < step] < 0).all()
        assert (slopes[d["D"][:-1] > step] > 0).all()
        assert errors.min() > error
    assert (d["mse"][:, d["D"] < 0.3] < 1).all()
    assert (np.diff(d["best"], axis=0) < 0).all()
    with look():
        figure = quantized_dnn_step.draw(d)
    curves, points = figure.axes[0].lines[::2], figure.axes[0].lines[1::2]
    for curve, point, errors, best in zip(curves, points, d["mse"], d["best"], strict=True):
        np.testing.assert_array_equal(curve.get_ydata(), errors)
        assert [point.get_xdata()[0], point.get_ydata()[0]] == best.tolist()
    assert [text.get_text() for text in figure.axes[0].get_legend().get_texts()][1] == "M = 3, Δ* = 1.2240"


def test_the_error_is_that_of_the_quantiser_on_evenly_spread_quantiles() -> None:
    """Rows of Gaussian quantiles are standardised weights nearly; the library's quantiser has the drawn error on them."""
    from scipy.special import ndtri

    z = ndtri((np.arange(20000) + 0.5) / 20000)
    d = quantized_dnn_step.data()
    for M, errors in zip(d["M"], d["mse"], strict=True):
        for i in (10, 45, 80):
            found = np.mean((quantize_weight(z[None], float(d["D"][i]), int(M))[1] - z / z.std()) ** 2)
            assert abs(found - errors[i]) < 2e-3 * errors[i] + 1e-5
