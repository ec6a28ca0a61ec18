"""The pruner: one result object, and the public names."""

import numpy as np
import pytest

import bounds.spectral_pruning as sp
from bounds.spectral_pruning.pruning import METHODS, tail_losses
from tests.spectral_pruning.oracles import RNN3, RNN3_X, best_loss, random_covariance

RNG = np.random.default_rng(21)
WH = RNG.standard_normal((10, 10))
NET = {
    "Wh": 0.7 * WH / np.linalg.norm(WH, 2),
    "Wi": RNG.standard_normal((10, 2)),
    "b": 0.1 * RNG.standard_normal(10),
    "Wo": RNG.standard_normal((2, 10)),
    "bo": np.zeros(2),
}
X = RNG.standard_normal((6, 12, 2))


@pytest.mark.parametrize("method", METHODS)
def test_every_method_gives_one_consistent_result(method: str) -> None:
    found = sp.prune(NET, X, keep=4, method=method, seed=3)
    assert len(set(found.J)) == 4
    h = sp.rnn_forward(NET, X)[0]
    Sig = sp.time_mean_covariance(h)
    assert sp.ridge_reconstruction(Sig, found.J, found.tau) == pytest.approx(found.A)
    assert found.variance == pytest.approx(np.trace(Sig))
    assert found.objective == pytest.approx(found.input_loss)  # theta = 1
    assert found.lower_bound <= best_loss(Sig, 4, found.tau) * (1 + 1e-9)
    assert best_loss(Sig, 4, found.tau) <= found.objective * (1 + 1e-9)
    assert 0 <= found.optimality_gap < 1
    y, y_small = sp.rnn_forward(NET, X)[1], sp.rnn_forward(found.params, X)[1]
    assert found.error == pytest.approx(sp.rms_norm(y - y_small))
    assert found.error <= found.bounds["B3"] * (1 + 1e-9)
    assert found.error <= found.bounds["B4"] * (1 + 1e-9)


def test_whoever_waits_hears_what_is_being_done() -> None:
    told: dict[str, list[str]] = {method: [] for method in METHODS}
    for method in METHODS:
        sp.prune(NET, X, keep=4, method=method, watch=told[method].append)
    assert all(stages[0] == f"4 units by {method}" for method, stages in told.items())
    assert all(stages[-1] == "error and its bounds" for stages in told.values())
    assert [f"{done} of 4 units by lookahead" for done in range(1, 5)] == told["lookahead"][1:5]
    assert any("nodes" in stage for stage in told["exact"])


def test_exact_is_best_and_its_gap_is_closed_when_it_may_look_long_enough() -> None:
    losses = {method: sp.prune(NET, X, keep=4, method=method, seed=3).objective for method in METHODS}
    assert min(losses.values()) == pytest.approx(losses["exact"], rel=1e-9)
    assert sp.prune(NET, X, keep=4, method="exact").optimality_gap < 1e-4


def test_a_loss_that_may_be_lost_takes_the_fewest_units_of_its_method() -> None:
    found = sp.prune(NET, X, loss=0.01)
    assert found.objective <= 0.01 * found.total
    fewer = sp.prune(NET, X, keep=len(found.J) - 1)
    assert fewer.objective > 0.01 * found.total
    assert len(sp.prune(NET, X, loss=1.0).J) == 0
    everything = sp.prune(NET, X, loss=0.0, tau=0.0)
    assert everything.input_loss < 1e-12 * everything.variance


def test_output_weight_lowers_the_output_loss() -> None:
    by_states, by_output = (sp.prune(NET, X, keep=4, theta=theta, method="exact") for theta in (1.0, 0.0))
    assert by_output.output_loss <= by_states.output_loss * (1 + 1e-9)
    assert by_states.input_loss <= by_output.input_loss * (1 + 1e-9)
    assert by_output.objective == pytest.approx(by_output.output_loss)


def test_dropping_without_reconstruction_keeps_the_rows() -> None:
    found = sp.prune(NET, X, keep=4, reconstruct=False)
    assert found.params["Wh"] == pytest.approx(np.asarray(NET["Wh"])[np.ix_(found.J, found.J)])
    assert found.error > sp.prune(NET, X, keep=4).error


def test_keeping_everything_changes_nothing() -> None:
    found = sp.prune(NET, X, keep=10)
    assert found.error < 1e-5
    assert found.bounds["n_flips"] == 0 or found.bounds["B4"] < 1e-3
    assert found.optimality_gap < 1e-9  # there is one set of ten units
    assert sp.prune(NET, X, keep=0).params["Wh"].shape == (0, 0)


def test_tanh_networks_are_pruned_without_b4() -> None:
    found = sp.prune(NET, X, keep=5, activation="tanh")
    assert found.bounds["B4"] is None
    assert found.error <= found.bounds["B3"] * (1 + 1e-9)


def test_dead_and_copied_units_are_no_obstacle() -> None:
    wide = {name: np.array(value) for name, value in NET.items()}
    wide["Wh"][3], wide["Wi"][3], wide["b"][3] = wide["Wh"][2], wide["Wi"][2], wide["b"][2]  # unit 3 copies unit 2
    wide["Wh"][5], wide["Wi"][5], wide["b"][5] = 0.0, 0.0, -1.0  # unit 5 is dead
    for method in (name for name in METHODS if name != "leverage"):  # that draws copies twice
        found = sp.prune(wide, X, keep=8, method=method, tau=0.0)
        assert found.input_loss < 1e-9 * found.variance, method
        assert found.error < 1e-4, method


def test_the_tail_bounds_every_weighted_loss_from_below() -> None:
    Sig, W = random_covariance(RNG, 6), RNG.standard_normal((3, 6))
    tails = tail_losses(Sig, W.T @ W)
    assert tails[0] == pytest.approx(np.trace(W @ Sig @ W.T))
    assert all(tails[k] <= best_loss(Sig, k, 0.0, W.T @ W) * (1 + 1e-9) + 1e-13 for k in range(7))
    values = np.linalg.eigvalsh(W @ Sig @ W.T)
    assert tails == pytest.approx([*np.cumsum(values)[::-1], 0, 0, 0, 0], abs=1e-13)


def test_dof_are_listed_by_relative_lambda() -> None:
    found = sp.prune(RNN3, RNN3_X, keep=2)
    Sig = sp.time_mean_covariance(sp.rnn_forward(RNN3, RNN3_X)[0])
    assert found.dof[1e-3] == pytest.approx(sp.degrees_of_freedom(np.linalg.eigvalsh(Sig), 1e-3 * np.trace(Sig)))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "either keep"),
        ({"keep": 2, "loss": 0.1}, "either keep"),
        ({"keep": 11}, r"0\.\.10"),
        ({"keep": 2.5}, "integer"),
        ({"loss": -0.1}, "between 0 and 1"),
        ({"loss": np.nan}, "between 0 and 1"),
        ({"keep": 2, "method": "magic"}, "greedy, lookahead"),
        ({"keep": 2, "theta": 2.0}, "theta"),
        ({"keep": 2, "tau": -1.0}, "tau"),
        ({"keep": 2, "tau": np.nan}, "tau"),
        ({"keep": 2, "activation": "gelu"}, "relu"),
    ],
)
def test_bad_arguments_get_one_clear_sentence(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message) as problem:
        sp.prune(NET, X, **arguments)  # type: ignore[arg-type]
    assert "\n" not in str(problem.value)


def test_bad_networks_and_data_get_one_clear_sentence() -> None:
    with pytest.raises(ValueError, match=r"\(n, T, 2\)"):
        sp.prune(NET, X[:, :, :1], keep=2)
    with pytest.raises(ValueError, match="'Wo'"):
        sp.prune({**NET, "Wo": np.zeros((2, 9))}, X, keep=2)
    with pytest.raises(ValueError, match="overflows"):
        sp.prune({**NET, "Wh": 1e200 * np.eye(10), "b": np.ones(10)}, X, keep=2)
    with pytest.raises(ValueError, match="needs rng"):
        sp.select_units(np.eye(3), 2, "dpp")


def test_every_public_name_is_there_and_documented() -> None:
    names = [
        "rnn_forward",
        "time_mean_covariance",
        "rms_norm",
        "ridge_reconstruction",
        "residual_covariance",
        "information_loss",
        "information_weight",
        "degrees_of_freedom",
        "leverage_scores",
        "ridge_smoother",
        "lambda_for_dof",
        "selection_gain",
        "weak_submodularity_ratio",
        "greedy_guarantee",
        "spectral_lower_bound",
        "relaxation_certificate",
        "best_relaxation_certificate",
        "leverage_sample_size",
        "leverage_sampling",
        "loewner_event",
        "dpp_expectations",
        "dpp_sample",
        "kdpp_expected_residual",
        "elementary_symmetric",
        "dpp_mean_loss",
        "dpp_mean_loss_interpolated",
        "greedy_selection",
        "lookahead_selection",
        "exact_selection",
        "compress_rnn",
        "geometric_sum",
        "compression_error",
        "error_bounds",
        "optimal_diagonal_scaling",
        "end_to_end_bound",
        "parameter_lipschitz_constants",
        "covering_log_number",
        "generalization_slack",
        "hoeffding_upper",
        "clopper_pearson_upper",
        "bernoulli_kl",
        "kl_inverse_upper",
        "description_nats",
        "quantize",
        "occam_upper",
    ]
    assert set(names) <= set(dir(sp))
    for name in sp.__all__:
        assert getattr(sp, name).__doc__, name
        assert callable(getattr(sp, name)), name  # no submodule hides behind a function's name
    with pytest.raises(AttributeError, match="no attribute 'spectral'"):
        _ = sp.spectral
