import math
from fractions import Fraction

import numpy as np
import pytest

from bounds.single_step_snn import s3nn_backward, s3nn_forward, s3nn_surrogate
from bounds.synaptic_penalty import ann_energy, energy_ratio, hoeffding_halfwidth, silencing_time, silent_flow, snn_energy
from bounds.synaptic_penalty.dynamics import silent_flow as flow
from bounds.synaptic_penalty.energy import break_even_rate, mean_rate
from bounds.synaptic_penalty.energy_estimate import failure, inputs
from bounds.synaptic_penalty.gradients import Penalised, margins, penalised_gradients, penalised_loss

F = Fraction


def test_golden_energies():
    assert break_even_rate(1) == F(46, 9)
    layers = [400] * 40 + [10] * 400, [F(9, 10)] * 40 + [0] * 400, 6
    assert float(energy_ratio(*layers)) == pytest.approx(0.845217391304348, abs=1e-15)
    assert float(6 * F(sum(layers[1]), 440) * F(9, 46)) == pytest.approx(0.096047, abs=1e-6)
    assert mean_rate(*layers[:2]) == F(18, 25)
    assert snn_energy(10) == 9
    assert ann_energy(8832) == F(203136, 5)  # 40,627 pJ
    assert snn_energy(2.5, E_AC=0.1) == 0.25


def test_golden_times_of_the_penalty():
    assert silencing_time(1.3, 0.7) == pytest.approx(3.064285714286, abs=1e-12)
    assert silent_flow(40.0, 0.7) == pytest.approx(-1.5193232225, abs=1e-10)


def test_both_flows_are_what_euler_steps_tend_to():
    x, steps = 1.3, 200_000
    h = silencing_time(1.3, 0.7) / steps
    for _ in range(steps - 1):
        x -= h * 0.7 / (1 + x)
    assert abs(x) < 1e-4
    x, h = 0.0, 40.0 / 100_000
    for _ in range(100_000):
        s = 1 / (1 + math.exp(-4 * x))
        x -= h * 0.7 * 4 * s * (1 - s)
    assert x == pytest.approx(flow(40.0, 0.7), abs=1e-4)


@pytest.mark.parametrize("t", [1e-12, 1e-3, 1.0, 1e6, 1e200])
def test_the_silent_flow_solves_its_equation_over_all_scales(t):
    y = -flow(t, 0.7)
    assert 2 * y + math.sinh(4 * y) / 2 == pytest.approx(0.7 * 4 * t, rel=1e-12)


def test_golden_coverages():
    half = {"n": 100, "shares": [1, 0, 0], "T": 4, "delta": F(1, 20)}
    x = inputs(**half)
    assert 1 - float(failure(x, lambda x: F(1, 16)).lo) == pytest.approx(0.515882, abs=1e-6)
    assert 1 - float(failure(x, lambda x: F(1, 100)).lo) == pytest.approx(0.235646, abs=1e-6)
    assert hoeffding_halfwidth(4, 1, 100, 0.05) / 4 == pytest.approx(0.135810, abs=1e-6)
    assert hoeffding_halfwidth(4, 1, 100, 0.05) / 10 == pytest.approx(0.054324, abs=1e-6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: energy_ratio([1], [1], 0), "T counts steps and must be at least 1, got 0"),
        (lambda: energy_ratio([1], [1], 1, 2), r"the analog share f must lie in \[0, 1\], got 2"),
        (lambda: energy_ratio([0], [1], 1), "fanout must be nonnegative with a positive sum"),
        (lambda: hoeffding_halfwidth(1, 1, 0, 0.1), "n and T must be at least 1, got 0 and 1"),
        (lambda: hoeffding_halfwidth(1, 1, 1, 1.0), r"delta must lie in \(0, 1\), got 1.0"),
        (lambda: silencing_time(-1.0, 1.0), "x0 must be >= 0"),
        (lambda: silent_flow(-1.0, 1.0), "t must be >= 0"),
    ],
)
def test_bad_input_is_one_sentence(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_energies_of_arrays():
    assert snn_energy(np.array([1.0, 2.0])).tolist() == [0.9, 1.8]


def test_integers_of_numpy_are_exact_too():
    assert snn_energy(np.int64(10)) == 9
    assert ann_energy(np.int32(1)) == F(23, 5)
    assert energy_ratio(np.array([400, 10]), [F(9, 10), F(0)], 6) == F(972, 943)


@pytest.mark.parametrize("bad", [math.nan, math.inf, -1.0])
def test_numbers_that_are_none_are_refused_in_one_sentence(bad):
    for call in (lambda: silencing_time(bad, 1.0), lambda: silencing_time(1.0, bad), lambda: silencing_time(1.0, 1.0, bad)):
        with pytest.raises(ValueError, match="x0 must be >= 0, kappa and beta positive, all finite"):
            call()
    for call in (lambda: silent_flow(bad, 1.0), lambda: silent_flow(1.0, bad), lambda: silent_flow(1.0, 1.0, bad)):
        with pytest.raises(ValueError, match="t must be >= 0, kappa and alpha positive, all finite"):
            call()
    with pytest.raises(ValueError, match="sum_psi must be finite and not negative"):
        hoeffding_halfwidth(1, bad, 1, 0.5)


def test_two_spikes_a_synapse_still_win():
    assert energy_ratio([3, 5], [F(1), F(1)], 2) == F(18, 46)
    assert energy_ratio([3, 5], [F(1), F(1)], 1) == F(9, 46)
    assert energy_ratio([1], [F(1)], 6, f=F(1)) == 1


@pytest.mark.parametrize("theta", [0.5, 1.0, 2.0])
def test_without_penalty_the_gradient_is_that_of_the_single_step_network(theta):
    """Two programs that share the surrogate alone; the margin of a tie is on the firing side in both."""
    rng = np.random.default_rng(3)
    W, b = [rng.normal(0.5, 1, (4, 3)), rng.normal(0.5, 1, (3, 4))], [rng.normal(size=4), rng.normal(size=3)]
    V, c, x = rng.normal(size=(2, 3)), rng.normal(size=2), rng.uniform(size=3)
    W[0][0], b[0][0] = 0.0, theta  # a tie
    net = Penalised(W, b, V, c, x, 1, [np.ones(4), np.ones(3)], theta=theta)
    xs, s = margins(net)
    assert (xs[0][0], s[0][0]) == (0, 1)
    logits, spikes = s3nn_forward(W, b, V, c, x, theta)
    assert all((one == other).all() for one, other in zip(s, spikes, strict=True))
    assert any(layer.any() for layer in s)
    assert not all(layer.all() for layer in s)
    g = s3nn_backward(W, b, V, c, x, 1, theta, s3nn_surrogate)
    dW, db = penalised_gradients(net)
    for one, other in zip([*dW, *db], [*g.dW, *g.db], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-14)
    p = np.exp(logits) / np.exp(logits).sum()
    np.testing.assert_allclose(g.dc, p - [0, 1], rtol=1e-12)
    np.testing.assert_allclose(g.dV, np.outer(p - [0, 1], s[-1]), rtol=1e-12)
    np.testing.assert_allclose(logits, V @ s[-1] + c, rtol=1e-14)
    assert penalised_loss(net) == pytest.approx(-math.log(p[1]), rel=1e-12)
    np.testing.assert_allclose(xs[1], (W[1] @ s[0] + b[1] - theta) / theta, atol=1e-14)
