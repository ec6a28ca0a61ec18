"""The other ways to shrink a network: each does what it says, and trains in its own coordinates."""

import numpy as np
import pytest

from bounds.common.rnn import Recurrent, rnn_forward
from bounds.common.training import numerical_gradient, softmax_cross_entropy
from bounds.spectral_pruning import competitors, time_mean_covariance
from bounds.spectral_pruning.competitors import Base, LowRank, Masked, shrink_columns
from bounds.spectral_pruning.training import Recipe, irnn, predict, train

M, K = 12, 5
RNG = np.random.default_rng(5)
PARAMS = irnn(M, 3, 4, seed=2)
PARAMS["Wh"] = (0.8 * PARAMS["Wh"] + 0.2 * RNG.normal(size=(M, M)) / np.sqrt(M)).astype(np.float32)
X = RNG.random((40, 7, 3)).astype(np.float32)
LABELS = RNG.integers(0, 4, 40)
BASE = Base(PARAMS, time_mean_covariance(rnn_forward(PARAMS, X)[0]))
WAYS = {
    "spectral, rec": lambda k: competitors.spectral(BASE, k),
    "spectral": lambda k: competitors.spectral(BASE, k, rec=False),
    "magnitude, rec": lambda k: competitors.magnitude(BASE, k, rec=True),
    "magnitude": lambda k: competitors.magnitude(BASE, k),
    "random, rec": lambda k: competitors.random(BASE, k, 0, rec=True),
    "random": lambda k: competitors.random(BASE, k, 0),
    "leverage, rec": lambda k: competitors.leverage(BASE, k, 0),
    "columns": lambda k: competitors.columns({0.1: BASE, 0.3: BASE}, k),
    "weights": lambda k: competitors.weights(BASE, k),
    "low rank": lambda k: competitors.low_rank(BASE, k),
}
OF_UNITS = [name for name in WAYS if name not in ("weights", "low rank")]


@pytest.mark.parametrize("name", WAYS)
def test_every_method_keeps_to_its_size_and_to_six_settings(name):
    found = WAYS[name](K)
    assert 1 <= len(found) <= 6
    assert len({candidate.setting for candidate in found}) == len(found)
    for candidate in found:
        assert candidate.recurrent_weights <= K * K
        assert np.isfinite(predict(candidate.model, X)).all()
        assert all(value.dtype == np.float32 for value in candidate.model.params.values())


@pytest.mark.parametrize("name", OF_UNITS)
def test_with_all_units_nothing_changes(name):
    whole = predict(Recurrent(PARAMS), X)
    for candidate in WAYS[name](M):
        slack = 1e-2 if "1e-04" in candidate.setting or "0.0001" in candidate.setting else 1e-4  # a ridge shrinks
        assert predict(candidate.model, X) == pytest.approx(whole, abs=slack), candidate.setting


@pytest.mark.parametrize("name", ["weights", "low rank"])
def test_with_all_weights_nothing_changes(name):
    k = M if name == "weights" else int(np.ceil(np.sqrt(2) * M))  # rank M
    for candidate in WAYS[name](k):
        assert predict(candidate.model, X) == pytest.approx(predict(Recurrent(PARAMS), X), abs=1e-4), candidate.setting


def test_magnitude_drops_the_units_without_weights():
    p = {name: value.copy() for name, value in PARAMS.items()}
    dead = [1, 4, 7]
    p["Wh"][dead], p["Wh"][:, dead], p["Wi"][dead], p["Wo"][:, dead] = 0, 0, 0, 0
    base = Base(p, time_mean_covariance(rnn_forward(p, X)[0]))
    for candidate in competitors.magnitude(base, M - 3):
        assert predict(candidate.model, X) == pytest.approx(predict(Recurrent(p), X), abs=1e-5)


def test_the_largest_weights_stay_and_the_others_are_zero():
    plain = next(candidate for candidate in competitors.weights(BASE, K) if candidate.setting == "plain")
    kept, size = plain.model.params["Wh"], np.abs(PARAMS["Wh"])
    assert np.count_nonzero(kept) == K * K
    assert np.abs(kept[kept != 0]).min() >= size[kept == 0].max()
    by_row = next(candidate for candidate in competitors.weights(BASE, K) if candidate.setting == "by row")
    assert (np.count_nonzero(by_row.model.params["Wh"], axis=1) == K * K // M).all()


def test_the_low_rank_on_the_states_changes_the_next_drive_least():
    found = {candidate.setting: candidate.model for candidate in competitors.low_rank(BASE, 10)}  # rank 4

    def harm(model):
        change = model.params["U"] @ model.params["V"] + model.shift - PARAMS["Wh"]
        return float(np.trace(change @ BASE.Sig @ change.T)), float(np.linalg.norm(change))

    assert harm(found["on the states"])[0] < min(harm(found["plain"])[0], harm(found["1 + low rank"])[0])
    assert harm(found["plain"])[1] < harm(found["on the states"])[1]
    assert np.linalg.matrix_rank(found["plain"].params["U"] @ found["plain"].params["V"]) == 4


def test_gradients_in_other_coordinates_are_slopes():
    p = {name: value.astype(np.float64) for name, value in PARAMS.items()}
    factors = {"U": RNG.normal(size=(M, 2)) / 4, "V": RNG.normal(size=(2, M)) / 4}
    x = X.astype(np.float64)
    low = LowRank({name: value for name, value in p.items() if name != "Wh"} | factors, np.eye(M) / 2)
    masked = Masked(Recurrent({name: value.copy() for name, value in p.items()}), RNG.random((M, M)) < 0.4)
    for net, names in ((low, "UV"), (masked, ("Wh",))):
        gradient = net.gradient(x, LABELS, softmax_cross_entropy)[1]
        assert set(gradient) == set(net.params)
        for name in names:
            for index in [(0, 1), (1, 0), (1, 1)]:
                if net is masked and not masked.mask[index]:
                    assert gradient[name][index] == 0
                    continue
                slope = numerical_gradient(lambda: net.gradient(x, LABELS, softmax_cross_entropy)[0], net.params, name, index)  # noqa: B023
                assert gradient[name][index] == pytest.approx(slope, rel=1e-6, abs=1e-8)


@pytest.mark.parametrize("name", WAYS)
def test_fine_tuning_lowers_the_loss_and_keeps_the_form(name):
    model = WAYS[name](K)[0].model
    losses = train(model, X, LABELS, Recipe(epochs=15, rate=3e-3, batch=20), seed=0)
    assert losses[-1] < losses[0]
    if isinstance(model, Masked):
        assert not model.net.params["Wh"][~model.mask].any()
    if isinstance(model, LowRank):
        assert model.outputs(X) == pytest.approx(
            Recurrent(
                {n: v for n, v in model.params.items() if n not in "UV"}
                | {"Wh": model.shift + model.params["U"] @ model.params["V"]}
            ).outputs(X)
        )


def test_the_penalty_on_columns_is_the_proximal_step_of_a_group_lasso():
    p = {"Wh": np.array([[3.0, 0.0], [0.0, 0.1]]), "Wo": np.array([[4.0, 0.0]])}
    shrink_columns(p, penalty=2.0)(0.5)  # norms 5 and 0.1 become 4 and 0
    assert p["Wh"] == pytest.approx(np.array([[2.4, 0.0], [0.0, 0.0]]))
    assert p["Wo"] == pytest.approx(np.array([[3.2, 0.0]]))


def test_a_strong_penalty_empties_columns_and_a_weak_one_does_not():
    sizes = []
    for penalty in (0.0, 3.0):
        net = BASE.network(PARAMS)
        train(net, X, LABELS, Recipe(epochs=40, rate=1e-2, batch=20), seed=0, after_step=shrink_columns(net.params, penalty))
        sizes.append(np.linalg.norm(np.vstack([net.params["Wh"], net.params["Wo"]]), axis=0))
    assert np.count_nonzero(sizes[0]) == M
    assert np.count_nonzero(sizes[1]) < M


def test_rebuilding_is_least_squares_on_the_states():
    h = rnn_forward(PARAMS, X)[0].reshape(-1, M)
    best = np.linalg.lstsq(h[:, :10], h, rcond=None)[0].T
    rebuilt, dropped = BASE.of_units(range(10), "", 1e-12).model.params, BASE.of_units(range(10), "").model.params
    assert rebuilt["Wo"] == pytest.approx(PARAMS["Wo"] @ best, abs=1e-3)
    assert rebuilt["Wh"] == pytest.approx(PARAMS["Wh"][:10] @ best, abs=1e-3)
    assert np.array_equal(dropped["Wo"], PARAMS["Wo"][:, :10])
    assert np.array_equal(dropped["Wh"], PARAMS["Wh"][:10, :10])
