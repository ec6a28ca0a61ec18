"""The plants against programs written from their definitions, and the specification's golden values."""

import math

import numpy as np
import pytest

from bounds.lstm_recovery.plants import PLANTS, narendra_parthasarathy, two_tanks


def test_golden_values_of_the_tanks() -> None:
    u, y = two_tanks(16, 120, seed=100)
    assert u.shape == (120, 16, 1)
    assert y.shape == (120, 16)
    np.testing.assert_allclose(u[[0, 10], 0, 0], [0.6699632610040178, 0.19310805393577457], rtol=0, atol=0)
    np.testing.assert_allclose(y[[0, 11], 0], [-0.10043976107660499, 0.9254484729504684], rtol=1e-13)


def test_the_tanks_follow_their_definition_one_sequence_after_the_other() -> None:
    u, y = two_tanks(3, 35, seed=4)
    rng = np.random.default_rng(4)
    for k in range(3):
        x1 = x2 = 0.3
        for t in range(35):
            if t % 10 == 0:
                level = rng.uniform(-1, 1)
            assert u[t, k, 0] == level
            x1 = min(max(x1 + 0.5 * (0.6 * (level + 1) / 2 - 0.5 * math.sqrt(x1)), 0.0), 1.5)
            x2 = min(max(x2 + 0.5 * (0.5 * math.sqrt(x1) - 0.5 * math.sqrt(x2)), 0.0), 1.5)
            assert y[t, k] == pytest.approx((x2 - 0.36) / 0.36, rel=1e-12, abs=1e-14)


def test_example_four_follows_its_definition_from_rest() -> None:
    u, y = narendra_parthasarathy(2, 40, seed=9)

    def f(x1: float, x2: float, x3: float, x4: float, x5: float) -> float:  # the form in which the source gives it
        return (x1 * x2 * x3 * x5 * (x3 - 1) + x4) / (1 + x3**2 + x2**2)

    for k in range(2):
        past, before = [0.0, 0.0, 0.0], 0.0
        for t in range(40):
            now = float(u[t, k, 0])
            past = [f(past[0], past[1], past[2], now, before), *past[:2]]
            before = now
            assert y[t, k] == pytest.approx(past[0], rel=1e-12, abs=1e-15)


def test_the_inputs_of_example_four_change_at_every_step_and_its_output_needs_the_past() -> None:
    u, y = narendra_parthasarathy(50, 100, seed=1)
    assert (np.diff(u[:, :, 0], axis=0) != 0).all()
    assert np.abs(y).max() < 1.5
    order = np.argsort(u[3:, :, 0].ravel())
    explained = 1 - np.diff(y[3:].ravel()[order]).var() / (2 * y[3:].var())  # by the present input alone
    assert explained < 0.97


@pytest.mark.parametrize("name", PLANTS)
def test_equal_seeds_give_equal_signals_and_others_do_not(name: str) -> None:
    plant = PLANTS[name]
    np.testing.assert_array_equal(plant(2, 30, 5)[1], plant(2, 30, 5)[1])
    assert (plant(2, 30, 5)[1] != plant(2, 30, 6)[1]).any()
    assert (np.abs(plant(4, 60, 5)[0]) <= 1).all()
    with pytest.raises(ValueError, match="sequences and steps must be at least 1, got 0 and 5"):
        plant(0, 5, 1)
