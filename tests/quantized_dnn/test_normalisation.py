import numpy as np
import pytest

from bounds.common.training import numerical_gradient
from bounds.quantized_dnn import (
    lbn_backward,
    lbn_infer,
    lbn_train,
    lbn_update,
    quantize_weight,
    weight_standardize,
    weight_standardize_backward,
)


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def test_golden_standardised_weights():
    standard, s = weight_standardize(np.array([[1.0, 2.0, 4.0]]))
    np.testing.assert_allclose(standard[0], [-1.069044967649698, -0.2672612419124244, 1.336306209562122], rtol=1e-15)
    assert s[0] == pytest.approx(np.std([1, 2, 4]))
    assert weight_standardize(np.array([[1.0, 2.0, 4.0]]), 1e-3)[0][0, 2] == pytest.approx(1.3358768895487, abs=1e-13)
    assert weight_standardize(np.array([[0.01, 0.02, 0.04]]), 1e-3)[0][0, 2] == pytest.approx(0.490290338, abs=1e-9)


@pytest.mark.parametrize("eps", [0.0, 1e-3])
def test_the_gradient_of_standardisation_is_that_of_central_differences(rng, eps):
    w, g = {"w": rng.normal(size=(3, 5))}, rng.normal(size=(3, 5))
    found = weight_standardize_backward(w["w"], eps, g)
    for index in np.ndindex(3, 5):
        loss = lambda: float((weight_standardize(w["w"], eps)[0] * g).sum())  # noqa: E731
        assert found[index] == pytest.approx(numerical_gradient(loss, w, "w", index), abs=1e-8)


def test_the_gradients_of_lbn_are_those_of_central_differences(rng):
    p = {"z": rng.normal(size=(4, 6)), "gamma": rng.normal(size=6), "beta": rng.normal(size=6)}
    dy = rng.normal(size=(4, 6))

    def loss():
        return float((lbn_train(p["z"], p["gamma"], p["beta"], 1e-3)[0] * dy).sum())

    found = dict(zip(p, lbn_backward(p["z"], p["gamma"], p["beta"], 1e-3, dy), strict=True))
    for name, value in found.items():
        for index in np.ndindex(*value.shape):
            assert value[index] == pytest.approx(numerical_gradient(loss, p, name, index), abs=1e-8)


def test_training_statistics_are_per_sample_and_inference_uses_the_running_ones(rng):
    z = rng.normal(2, 3, size=(50, 8))
    y, standard, s = lbn_train(z, np.ones(8), np.zeros(8), 0.0)
    np.testing.assert_allclose(standard.mean(axis=1), 0, atol=1e-14)
    np.testing.assert_allclose(standard.std(axis=1), 1, rtol=1e-14)
    np.testing.assert_allclose(s, z.std(axis=1))
    m, r = lbn_update(z, None, None, 0.1)
    assert (m, r) == (pytest.approx(z.mean()), pytest.approx((z**2).mean()))
    assert lbn_update(z, 0.0, 0.0, 0.25) == (pytest.approx(m / 4), pytest.approx(r / 4))
    np.testing.assert_allclose(lbn_infer(z, 2.0, 1.0, 0.0, m, r), 2 * (z - z.mean()) / z.std() + 1)
    assert y.dtype == np.float64
    assert lbn_train(z.astype(np.float32), np.ones(8), np.zeros(8))[0].dtype == np.float32


def test_batch_normalisation_of_one_and_of_two_samples(rng):
    from bounds.quantized_dnn.batch_independence import Batch, batch_norm

    z, one = rng.normal(size=(2, 4)), np.ones(4)
    assert batch_norm(Batch(z[:1], one, 3 * one, 1e-5, z[:1])).tolist() == [[3.0] * 4]
    d = z[0] - z[1]
    expected = d / 2 / np.sqrt(d**2 / 4 + 1e-5)
    np.testing.assert_allclose(batch_norm(Batch(z, one, 0 * one, 1e-5, z)), [expected, -expected])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: lbn_train(np.ones((2, 3)), np.ones(3), np.ones(3), 0.0), "sample 0 has equal features"),
        (lambda: lbn_train(np.ones(3), 1, 1), r"z must have shape \(B, D\)"),
        (lambda: lbn_train(np.eye(3), np.ones(2), 1), r"gamma must have shape \(3,\), got \(2,\)"),
        (lambda: lbn_train(np.eye(3), 1, 1, -1.0), "eps must not be negative"),
        (lambda: lbn_update(np.eye(3), 0, 0, 0.0), r"rho must lie in \(0, 1\], got 0.0"),
        (lambda: lbn_backward(np.eye(3), 1, 1, 1e-5, np.ones(3)), "dy must have the shape of z"),
        (lambda: lbn_update(np.ones(3), None, None, 0.1), r"z must have shape \(B, D\)"),
        (lambda: lbn_train(np.array([[1.0, np.nan]]), 1, 1), "sample 0 has features that are not finite"),
        (lambda: weight_standardize(np.array([[1.0, np.nan]])), "w must be finite"),
        (lambda: weight_standardize_backward(np.eye(3), 0.0, np.ones(3)), "g must have the shape of w"),
    ],
)
def test_bad_input_is_one_sentence(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize("n", range(2, 8))
@pytest.mark.parametrize("value", [0.1, 0.3, 1 / 3])
def test_equal_values_whose_mean_is_rounded_are_still_equal(n, value):
    with pytest.raises(ValueError, match="row 1 of w has equal weights"):
        weight_standardize(np.array([np.arange(n), np.full(n, value)]))
    with pytest.raises(ValueError, match="sample 1 has equal features"):
        lbn_train(np.array([np.arange(n), np.full(n, value)]), 1, 0, 0.0)
    assert np.abs(lbn_train(np.full((1, n), value), 1, 0)[1]).max() < 1e-12


def test_quantised_weights_do_not_see_scale_and_mean(rng):
    w = rng.normal(size=(4, 30))
    for M in (2, 3, 4, 5):
        q = quantize_weight(w, 0.7, M)[0]
        assert (quantize_weight(4 * w, 0.7, M)[0] == q).all()  # a power of 2: to the last bit
        assert (quantize_weight(0.3 * w - 2, 0.7, M)[0] == q).all()  # no weight within rounding of a tie
        turned = quantize_weight(-3 * w + 1, 0.7, M)[0]
        assert (turned == (-q if M % 2 else -q - 1)).all()


def test_each_sample_is_normalised_as_if_alone_to_the_last_bit(rng):
    z, dy, gamma = rng.normal(size=(7, 300)), rng.normal(size=(7, 300)), rng.normal(size=300)
    y, dz = lbn_train(z, gamma, 0.0)[0], lbn_backward(z, gamma, 0.0, 1e-5, dy)[0]
    for n in range(7):
        assert (lbn_train(z[n : n + 1], gamma, 0.0)[0][0] == y[n]).all()
        assert (lbn_backward(z[n : n + 1], gamma, 0.0, 1e-5, dy[n : n + 1])[0][0] == dz[n]).all()


def test_inference_is_training_exactly_where_the_statistics_are_the_samples(rng):
    z = rng.normal(1, 2, size=(1, 9))
    m, r = lbn_update(z, None, None, 1.0)
    alone = lbn_train(z, 1, 0, 0.0)[1]
    np.testing.assert_allclose(lbn_infer(z, 1, 0, 0.0, m, r), alone, rtol=1e-12, atol=1e-13)
    assert np.abs(lbn_infer(z, 1, 0, 0.0, m + 0.1, r + 0.2 * m + 0.01) - alone).max() > 0.01  # the same v
    assert np.abs(lbn_infer(z, 1, 0, 0.0, m, r + 0.5) - alone).max() > 0.01


def test_batch_normalisation_of_one_sample_has_no_gradient(rng):
    from bounds.quantized_dnn.batch_independence import Batch, batch_norm

    z, gamma = rng.normal(size=(1, 4)), rng.normal(size=4)
    same = [batch_norm(Batch(z + shift, gamma, 0 * gamma, 1e-5, z)) for shift in (0, 1e-3, rng.normal(size=4))]
    assert all((y == 0).all() for y in same)
