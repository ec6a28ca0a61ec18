"""Gradients against central differences, rates against the certificates' own, and training runs that keep their word."""

import math
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from bounds.common.lstm import LSTMNet, formula_net, random_net
from bounds.common.training import numerical_gradient
from bounds.lstm_recovery.attack import attack_recovery
from bounds.lstm_recovery.elementwise import jacobian_matrix
from bounds.lstm_recovery.gate_coupling import map_rate, psi
from bounds.lstm_recovery.interval_box import gate_ranges, invariant_box
from bounds.lstm_recovery.joint_maximum import coupled_max
from bounds.lstm_recovery.ladder import perron
from bounds.lstm_recovery.methods import certificates, proved_box
from bounds.lstm_recovery.plants import two_tanks
from bounds.lstm_recovery.rate_gradient import _coupled, coupled_rate_gradient, jacobian_rate_gradient
from bounds.lstm_recovery.training import PENALTIES, Model, initial, loss_gradient, mean_squared_error, train

G1 = formula_net(2, 1, 0.5, 0.3, 0.3, 0)
NETS = {
    "G1": G1,
    "G2": formula_net(3, 2, 0.2, 0.25, 0.3, 0.5),
    "r1": random_net(1, 4, 1, 0.3, 0.5, 0.3, 0.5),
    "weak": random_net(3, 4, 2, 0.1, 0.2, 0.3, -1.0),
    "strong": random_net(5, 5, 2, 1.0, 1.0, 0.8, 0.0),
    "biased": random_net(6, 3, 1, 0.4, 0.1, 2.0, 0.0),  # candidates of one sign: the smallest |g| matters
}
Sharp = Callable[..., tuple[float, np.ndarray, np.ndarray, np.ndarray]]


# ---- gradients ---------------------------------------------------------------------------------------------------------


def test_golden_loss() -> None:
    model = Model(G1, np.array([0.3, -0.4]), 0.1)
    assert mean_squared_error(model, *two_tanks(2, 30, seed=1)) == pytest.approx(0.306944189142669, abs=1e-14)


def test_the_loss_gradient_is_that_of_central_differences() -> None:
    u, y = two_tanks(3, 15, seed=2)
    start = initial(3, 1, seed=1)
    p = {"W": start.net.W, "U": start.net.U, "b": start.net.b, "v": start.v, "d": np.array([0.1])}

    def model() -> Model:
        return Model(LSTMNet(p["W"], p["U"], p["b"]), p["v"], float(p["d"][0]))

    loss, gradient = loss_gradient(model(), u, y, washout=4)
    assert loss == pytest.approx(mean_squared_error(model(), u, y, washout=4), rel=1e-14)
    for name, value in p.items():
        for index in np.ndindex(*value.shape):
            numerical = numerical_gradient(lambda: mean_squared_error(model(), u, y, 4), p, name, index)
            assert gradient[name][index] == pytest.approx(numerical, abs=1e-9), (name, index)


@pytest.mark.parametrize("rounds", [1, 7])
@pytest.mark.parametrize("sharp", [jacobian_rate_gradient, coupled_rate_gradient])
@pytest.mark.parametrize("name", NETS)
def test_the_gradient_of_a_sharp_rate_is_that_of_central_differences(name: str, sharp: Sharp, rounds: int) -> None:
    net, rng = NETS[name], np.random.default_rng(0)
    rate = partial(sharp, ulo=-0.8, uhi=1.0, rounds=rounds)
    found = rate(net)
    for _ in range(4):
        E = [rng.standard_normal(a.shape) for a in (net.W, net.U, net.b)]
        above, below = (rate(LSTMNet(net.W + h * E[0], net.U + h * E[1], net.b + h * E[2]))[0] for h in (1e-6, -1e-6))
        inner = sum(float((g * e).sum()) for g, e in zip(found[1:], E, strict=True))
        assert inner == pytest.approx((above - below) / 2e-6, rel=3e-7, abs=3e-8)


def test_a_gradient_that_ignores_the_box_would_be_noticed() -> None:
    """The part through the box is no small correction: with one round it is absent, and the rates' slopes differ."""
    E = np.random.default_rng(1).standard_normal(G1.U.shape)
    slopes = [float((jacobian_rate_gradient(G1, rounds=k)[2] * E).sum()) for k in (1, 7)]
    assert abs(slopes[0] - slopes[1]) > 0.01 * abs(slopes[1])


@pytest.mark.parametrize("name", NETS)
def test_the_rates_are_those_of_the_certificates_on_the_same_box(name: str) -> None:
    net = NETS[name]
    for rounds in (1, 10):
        box = invariant_box(net, iters=rounds)
        enclosed = perron(jacobian_matrix(net, box))[0]
        assert jacobian_rate_gradient(net, rounds=rounds)[0] == pytest.approx(float(enclosed.hi), rel=1e-10)
        bound = map_rate(psi(net, gate_ranges(net, box)), 2 * net.n, iters=300)[0]  # from above, as all its iterates are
        assert bound * (1 - 1e-6) <= coupled_rate_gradient(net, rounds=rounds)[0] <= bound * (1 + 1e-12)


def test_more_rounds_never_raise_a_rate() -> None:
    for net in NETS.values():
        for sharp in (jacobian_rate_gradient, coupled_rate_gradient):
            rates = [sharp(net, rounds=k)[0] for k in (1, 2, 5, 20)]
            assert all(b <= a * (1 + 1e-12) for a, b in pairwise(rates))


def test_the_maximiser_attains_the_coupled_maximum() -> None:
    rng = np.random.default_rng(7)
    y1, y2 = rng.exponential(size=4000), rng.exponential(scale=4, size=4000) ** 2
    y1[:50], y2[50:100] = 0.0, 0.0
    s, r = np.sort(rng.random((2, 4000)), axis=0), np.sort(rng.random((2, 4000)), axis=0)
    best = _coupled(y1, y2, (s[0], s[1]), (r[0], r[1]))
    np.testing.assert_allclose(best.value, coupled_max(y1, y2, s[0], s[1], r[0], r[1]), rtol=1e-13)
    assert ((best.s >= s[0]) & (best.s <= s[1]) & (best.r >= r[0]) & (best.r <= r[1])).all()


# ---- training ----------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def data() -> tuple[np.ndarray, np.ndarray]:
    return two_tanks(16, 120, seed=100)


@pytest.fixture(scope="module")
def validation() -> tuple[np.ndarray, np.ndarray]:
    return two_tanks(8, 120, seed=200)


def test_two_hundred_and_fifty_epochs_give_the_specifications_errors(data: Any, validation: Any) -> None:
    free = train(*data, epochs=250).model
    assert mean_squared_error(free, *validation) == pytest.approx(0.0037, rel=0.3)
    assert PENALTIES["norm"](free.net)[0] == pytest.approx(9.44, rel=0.15)
    found = train(*data, epochs=250, penalty="norm", strength=0.05, target=0.95).model
    assert mean_squared_error(found, *validation) == pytest.approx(0.0053, rel=0.3)
    assert PENALTIES["norm"](found.net)[0] == pytest.approx(0.9787, abs=0.01)
    T = {c.method: c.steps for c in certificates(found.net, methods=["norm", "transient"])[::4]}
    assert T["norm"] == pytest.approx(268, rel=0.15)
    assert T["transient"] == pytest.approx(101, rel=0.15)


@pytest.mark.parametrize("penalty", ["jacobian", "coupled"])
def test_a_sharp_penalty_makes_a_certificate_that_is_proved_and_above_the_attack(penalty: str) -> None:
    found = train(*two_tanks(8, 60, seed=1), units=3, epochs=150, penalty=penalty, strength=0.1, target=0.85)
    assert found.rate[0] > 1
    assert found.rate[-1] < 0.95
    (certificate,) = certificates(found.model.net, methods=[penalty])
    assert certificate.trust == "proved"
    assert certificate.rate == pytest.approx(PENALTIES[penalty](found.model.net)[0], abs=2e-3)
    attack = attack_recovery(found.model.net, proved_box(found.model.net), 0.01, iters=10, batch=4)
    assert 0 < attack.steps <= certificate.steps < math.inf


def test_a_cascade_stays_one_and_is_certified() -> None:
    found = train(*two_tanks(8, 60, seed=1), units=3, epochs=120, penalty="coupled", target=0.9, cascade=True)
    net = found.model.net
    assert (np.triu(net.U, 1) == 0).all()
    assert (net.U[:, *np.tril_indices(3)] != 0).all()
    assert found.rate[-1] < 0.95
    assert min(c.steps for c in certificates(net, methods=["coupled", "transient"])) < math.inf


def test_the_sharp_rates_do_not_see_what_is_in_no_cycle() -> None:
    """Two units, the first acting on the second only: the norm's rate grows with the coupling, A_jac's does not."""
    U = np.zeros((4, 2, 2))
    U[3, 1, 0] = 1.0
    W, b = np.full((4, 2, 1), 0.1), np.zeros((4, 2))
    rates = np.array([[f(LSTMNet(W, s * U, b))[0] for f in PENALTIES.values()] for s in (1.0, 2.0)])
    assert rates[1, 0] > rates[0, 0] + 0.1
    np.testing.assert_allclose(rates[1, 1:], rates[0, 1:], rtol=1e-6)


def test_a_target_above_the_rate_changes_nothing() -> None:
    u, y = two_tanks(4, 40, seed=3)
    free, idle = train(u, y, units=2, epochs=20), train(u, y, units=2, epochs=20, penalty="coupled", target=1e6)
    np.testing.assert_array_equal(free.model.net.U, idle.model.net.U)
    assert np.isnan(free.rate).all()
    assert not np.isnan(idle.rate).any()


def test_equal_arguments_give_equal_nets_and_progress_is_reported() -> None:
    u, y = two_tanks(4, 40, seed=3)
    seen: list[tuple[int, float, float]] = []
    first = train(u, y, units=2, epochs=12, penalty="jacobian", seed=4, progress=lambda *x: seen.append(x))
    again = train(u, y, units=2, epochs=12, penalty="jacobian", seed=4)
    other = train(u, y, units=2, epochs=12, penalty="jacobian", seed=5)
    np.testing.assert_array_equal(first.model.net.U, again.model.net.U)
    assert (first.model.net.U != other.model.net.U).all()
    assert [x[0] for x in seen] == list(range(12))
    np.testing.assert_array_equal([x[1:] for x in seen], np.transpose([first.loss, first.rate]))
    assert first.loss[-1] < first.loss[0]


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"penalty": "lmi"}, "penalty must be None or one of norm, jacobian, coupled, got 'lmi'"),
        ({"epochs": 0}, "units and epochs must be at least 1"),
        ({"washout": 40}, "washout must be at least 0 and less than the 40 steps, got 40"),
    ],
)
def test_what_cannot_be_trained_is_said_in_a_sentence(wrong: dict[str, Any], sentence: str) -> None:
    u, y = two_tanks(2, 40, seed=0)
    with pytest.raises(ValueError, match=sentence):
        train(u, y, **wrong)
    with pytest.raises(ValueError, match="u must have shape"):
        train(u, y.T)
