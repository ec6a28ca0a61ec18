import math

import numpy as np
import pytest

from bounds.single_step_snn import (
    lif_bptt,
    s3nn_backward,
    s3nn_forward,
    s3nn_primitive,
    s3nn_surrogate,
    surrogate_crossing,
)
from bounds.single_step_snn.bptt_collapse import parts

X = np.array([-1.0, -0.25, 0.0, 0.5, 2.0])
NET = {
    "weights": [np.array([[0.8, -0.4], [0.5, 0.9], [-0.3, 0.7]]), np.array([[0.6, 0.5, -0.4], [-0.7, 0.8, 0.9]])],
    "biases": [np.array([0.1, 0.2, 0.9]), np.array([0.3, 0.25])],
    "V": np.array([[1, -0.5], [0.25, 0.75]]),
    "c": np.zeros(2),
    "x": np.array([1.0, 0.5]),
}


def test_golden_values_of_the_surrogate_and_its_primitive():
    slopes = [0.07065082485316447, 0.7864477329659274, 1, 0.6666666666666667, 0.3333333333333333]
    values = [0.01798620996209156, 0.2689414213699951, 0.5, 0.9054651081081644, 1.59861228866811]
    np.testing.assert_allclose(s3nn_surrogate(X), slopes, rtol=4e-16)
    np.testing.assert_allclose(s3nn_primitive(X), values, rtol=4e-16)
    assert surrogate_crossing() == 0.2327052984129413878142046
    assert math.sinh(2 * surrogate_crossing()) ** 2 == pytest.approx(surrogate_crossing(), rel=1e-14)


def test_the_slope_is_that_of_the_primitive_away_from_the_threshold():
    h, x = 1e-6, np.linspace(-3, 3, 200)
    numerical = (s3nn_primitive(x + h, 3, 2) - s3nn_primitive(x - h, 3, 2)) / (2 * h)
    np.testing.assert_allclose(s3nn_surrogate(x, 3, 2), numerical, rtol=1e-7)


def test_far_margins_neither_overflow_nor_warn():
    assert s3nn_surrogate(np.array([-1e4, 1e300])).tolist() == [0.0, 1e-300]
    assert s3nn_primitive(np.array([-1e4]))[0] == 0
    assert s3nn_surrogate(np.float32(-0.5)).dtype == np.float32


def test_golden_gradients_of_the_small_network():
    logits, spikes = s3nn_forward(**NET)
    g = s3nn_backward(**NET, target=0)
    assert [s.tolist() for s in spikes] == [[0, 1, 0], [0, 1]]
    assert logits.tolist() == [-0.5, 0.75]
    expected = {
        "dW1": [
            [-0.673892208393393, -0.336946104196697],
            [0.426850100832536, 0.213425050416268],
            [1.022092611394542, 0.511046305697271],
        ],
        "db1": [-0.673892208393393, 0.426850100832536, 1.022092611394542],
        "db2": [-0.498815932227436, 0.925356977588918],
        "dW2": [[0, -0.498815932227436, 0], [0, 0.925356977588918, 0]],
        "dV": [[0, -0.777299861174691], [0, 0.777299861174691]],
    }
    found = {"dW1": g.dW[0], "db1": g.db[0], "db2": g.db[1], "dW2": g.dW[1], "dV": g.dV}
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, atol=1e-14)


def test_how_far_the_variants_of_the_collapse_are_off():
    single = parts(s3nn_backward(**NET, target=0))

    def off(**steps):
        return np.abs(parts(lif_bptt(**NET, target=0, T=2, **steps)) - single).max()

    assert off(leak=0.0) < 1e-12
    assert off(leak=0.5) == pytest.approx(0.419331995949, abs=1e-12)
    assert off(leak=0.5, detach_reset=True) == pytest.approx(0.352892513919, abs=1e-12)
    assert off(readout="sum") == pytest.approx(1.408265538042, abs=1e-12)


def test_drives_of_one_mean_may_have_two_surrogate_slopes():
    assert s3nn_surrogate(np.array([-1.0, 1.0])).mean() == pytest.approx(0.285325412427, abs=1e-12)
    assert s3nn_surrogate(0.0) == 1


@pytest.mark.parametrize("reset", ["hard", "soft"])
@pytest.mark.parametrize("detach", [False, True])
def test_reverse_mode_agrees_with_forward_mode(reset, detach):
    """Tangents of one weight at a time, carried forward through the spiking network with ds = g' du in the place of 0."""
    rng, T, leak = np.random.default_rng(1), 5, 0.6
    W = [rng.normal(size=(3, 2)), rng.normal(0.3, 1, size=(4, 3))]
    b, V, x = [rng.normal(0.3, 1, size=3), rng.normal(0.3, 1, size=4)], rng.normal(size=(2, 4)), rng.uniform(size=(T, 2))

    def tangent(layer, index):
        v, dv, read, dread = [np.zeros(3), np.zeros(4)], [np.zeros(3), np.zeros(4)], np.zeros(4), np.zeros(4)
        for t in range(T):
            s, ds = x[t], np.zeros(2)
            for l in range(2):
                z, dz = W[l] @ s + b[l], W[l] @ ds
                if l == layer:
                    dz[index[0]] += s[index[1]]
                u, du = leak * v[l] + z, leak * dv[l] + dz
                s, ds = (u >= 1).astype(float), s3nn_surrogate(u - 1) * du
                reset_path = 0 if detach else ds
                if reset == "hard":
                    v[l], dv[l] = u * (1 - s), du * (1 - s) - u * reset_path
                else:
                    v[l], dv[l] = u - s, du - reset_path
            read, dread = read + s / T, dread + ds / T
        p = np.exp(V @ read)
        return (p / p.sum() - np.eye(2)[0]) @ (V @ dread), read

    g = lif_bptt(W, b, V, np.zeros(2), x, 0, T=T, leak=leak, detach_reset=detach, reset=reset)
    assert 0 < tangent(0, (0, 0))[1].sum() < 4
    for layer in range(2):
        found = [tangent(layer, index)[0] for index in np.ndindex(*W[layer].shape)]
        np.testing.assert_allclose(g.dW[layer].ravel(), found, atol=1e-13)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"target": 2}, "target must lie in 0..1, got 2"),
        ({"weights": NET["weights"][:1]}, "weights and biases must list one entry per layer, got 1 and 2"),
        ({"V": np.zeros((2, 3))}, r"V must have shape \(K, 2\), got \(2, 3\)"),
        ({"c": np.zeros(3)}, r"c must have shape \(2,\), got \(3,\)"),
        ({"theta": 0.0}, "the threshold th must be positive"),
        ({"surrogate": "s2nn"}, "surrogate must be one of s3nn, logistic, rectangular, triangular"),
    ],
)
def test_bad_input_is_one_sentence(change, words):
    with pytest.raises(ValueError, match=words):
        s3nn_backward(**({**NET, "target": 0} | change))
    with pytest.raises(ValueError, match="x is given for 3 steps and T is 2"):
        lif_bptt(**(NET | {"x": np.zeros((3, 2))}), target=0, T=2)


def test_an_input_of_the_same_mean_has_another_gradient():
    """One neuron, θ = 1: drives (0, 2) against (1, 1), surrogate slopes 0.2853... against 1."""
    one = {"weights": [[[1.0]]], "biases": [[0.0]], "V": [[1.0], [0.0]], "c": [0.0, 0.0], "target": 0}
    steady = lif_bptt(**one, x=[[1.0], [1.0]], T=2)
    turns = lif_bptt(**one, x=[[0.0], [2.0]], T=2)
    error = [1 / (1 + math.e), 1 / (1 + math.sqrt(math.e))]  # 1 − p(target), after rates 1 and 1/2
    assert steady.db[0][0] == pytest.approx(-error[0], abs=1e-15)
    assert turns.db[0][0] == pytest.approx(-error[1] * 0.285325412427, abs=1e-12)


def test_golden_values_with_leak():
    from fractions import Fraction

    from bounds.measure.ball import ball
    from bounds.single_step_snn.crossing_with_leak import Leaky, equal_drive, surplus

    assert float(equal_drive(ball(1), ball(1)).mid()) == pytest.approx(math.e, rel=1e-15)
    at_two = Leaky(Fraction(1), Fraction(1), Fraction(0))
    assert float(surplus(at_two, lambda k, theta: ball(2)).mid()) == pytest.approx(1 - 1.264241117657115, abs=1e-15)
    small = Leaky(Fraction(1, 10**6), Fraction(1), Fraction(0))
    assert abs(float(surplus(small, lambda k, theta: ball(2)).mid())) < 1e-6  # both tend to z as κ vanishes


def test_the_two_slopes_at_the_threshold():
    left = lambda alpha, beta: s3nn_surrogate(-1e-12, alpha, beta)  # noqa: E731
    assert (left(4, 2), s3nn_surrogate(0.0, 4, 2)) == (pytest.approx(1, abs=1e-9), 2)
    assert (left(4, 1), s3nn_surrogate(0.0, 4, 1)) == (pytest.approx(1, abs=1e-9), 1)


def test_a_surrogate_step_moves_a_firing_neuron_by_what_it_owes_to_its_input():
    w, a, rate, beta = np.array([0.5, 1.5]), np.array([2.0, 1.0]), 0.125, 0.75
    u = w @ a
    step = rate * s3nn_surrogate(u / 0.5 - 1, 4, beta) / 0.5 * a
    assert (w - step) @ a - u == pytest.approx(-rate * beta * (a @ a) / u, rel=1e-14)


@pytest.mark.parametrize("x", [1.0, np.zeros((2, 2, 2)), [np.nan, 1.0], [[1.0, 0.5]]])
def test_an_input_that_does_not_fit_is_refused_in_one_sentence(x):
    with pytest.raises(ValueError, match=r"x must be finite and of shape \(n_0,\), got"):
        s3nn_forward(**(NET | {"x": x}))
    if np.ndim(x) != 2:
        with pytest.raises(ValueError, match=r"x must be finite and of shape \(n_0,\) or \(T, n_0\), got"):
            lif_bptt(**(NET | {"x": x}), target=0)


def test_the_counterexamples_of_the_surrogate_number_by_number():
    assert s3nn_surrogate(0.1) == pytest.approx(0.909090909091, abs=1e-12)
    assert 1 / math.cosh(0.2) ** 2 == pytest.approx(0.961042982966, abs=1e-12)
    assert s3nn_surrogate(-0.5) * 0.5 == pytest.approx(0.209987170807, abs=1e-12)
    assert s3nn_primitive(0.648721270700128 + 1e-12) > 1 > s3nn_primitive(0.648721270700128 - 1e-12)


def test_floats_and_balls_are_the_same_functions():
    from bounds.measure.ball import ball
    from bounds.single_step_snn.surrogates import ball_primitive, ball_slope

    for x in (-30.0, -3.0, -0.125, -1e-9, 0.0, 1e-9, 0.375, 7.0, 1e12):
        for alpha, beta in ((4, 1), (1, 2.5), (10, 0.25)):
            at = ball(x), ball(alpha), ball(beta)
            assert s3nn_surrogate(x, alpha, beta) == pytest.approx(float(ball_slope(*at).mid()), rel=1e-14)
            assert s3nn_primitive(x, alpha, beta) == pytest.approx(float(ball_primitive(*at).mid()), rel=1e-14)
