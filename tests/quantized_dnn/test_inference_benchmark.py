import numpy as np
import pytest

from benchmarks.quantized_inference import STATES, folded, images, jobs_of, nets, quantised
from bounds.quantized_dnn.chain import exact_run, fold, input_integers


@pytest.mark.parametrize("name", ["64-128-64-10", "conv 8-16 stride 2, 8 x 8"])
def test_all_that_race_compute_one_network(name):
    net = nets()[name]
    found = {job: run() for job, run in jobs_of(net, 60).items()}
    exact = exact_run(fold(net, STATES), input_integers(images(net, 60), STATES)).run.classes
    for job in ("int64", "integers in float32"):
        np.testing.assert_array_equal(found[job], exact)
    for job in ("float32 folded", "float32 as trained"):
        assert np.mean(found[job] == exact) > 0.9  # scores of untrained nets tie, and floats break ties as they like


def test_floats_break_ties_between_classes():
    """β = 0 and one γ: scores are multiples of one number, and often equal."""
    net = nets()["64-128-64-10"]
    layers = fold(net, STATES)
    scores = exact_run(layers, input_integers(images(net, 60), STATES)).run.scores
    top = np.sort(scores, axis=1)[:, -2:]
    assert (top[:, 0] == top[:, 1]).any()
    assert folded(layers, images(net, 3))().shape == (3,)


def test_the_quantiser_in_place_has_the_levels():
    y = np.array([-1.0, 0.2, 0.3, 0.6, 2.0], dtype=np.float32)
    assert quantised(y, 2).tolist() == [0, 0, 0.5, 0.5, 1]
