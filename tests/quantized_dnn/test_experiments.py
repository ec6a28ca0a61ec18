"""The registered comparisons and rule of E3 and E3' on planted accuracies, the recorded plans, and the kept verdicts."""

from dataclasses import replace

import numpy as np
import pytest

from bounds.common.training import digits
from bounds.quantized_dnn.training import Recipe, infer
from bounds.single_step_snn.training import split
from experiments import quantized_dnn_batches as batches
from experiments import quantized_dnn_states as states
from experiments.results import load
from experiments.single_step_snn_surrogates import own_split

WIDE = {2: 0.03, 3: 0.005, 5: 0.002, 15: 0.0, None: 0.0}  # accuracy that M_w costs


def planted_states(of_activations: float = 0.004, noise: float = 0.001) -> list[dict]:
    """Ten seeds; costs of M_w and of M_a = 2 add up, but with M_w = 2 activations cost three times as much."""
    rng = np.random.default_rng(0)
    return [
        {"M_w": M_w, "M_a": M_a, "seed": seed}
        | {"accuracy": 0.99 - cost - (M_a == 2) * of_activations * (3 if M_w == 2 else 1) + noise * rng.normal()}
        for seed in range(10)
        for M_w, cost in WIDE.items()
        for M_a in states.ACTIVATIONS
    ]


def planted_batches(bn_at_2: float, noise: float = 0.001) -> list[dict]:
    """Ten seeds; accuracy 0.98, lower by 0.02 for LBN at 64, by 0.005 for the pooled form; BN's at batch 2 is given."""
    rng = np.random.default_rng(0)
    cost = {("LBN", 64): 0.02, ("LBN-pooled", 2): 0.005, ("BN", 2): 0.98 - bn_at_2}
    return [
        {"precision": precision, "norm": norm, "batch": batch, "seed": seed}
        | {"accuracy": 0.98 - cost.get((norm, batch), 0.0) + noise * rng.normal()}
        for seed in range(10)
        for precision in batches.STATES
        for norm in batches.NORMS
        for batch in batches.RECIPES
    ]


def verdicts(module, rows: list[dict]) -> dict[str, str]:
    return {line["claim"]: line["verdict"] for line in module.summary(rows) if "verdict" in line}


def test_the_differences_of_states_are_those_planted():
    found = {claim: np.mean(values) for claim, (values, _) in states.differences(planted_states(noise=0)).items()}
    planted = {
        "(2, 2) at most 1 point below full": -0.03 - 0.012,
        "(3, 3) at most 1 point below full": -0.005,
        "(5, 5) at most 1 point below full": -0.002,
        "M_w = 3 above M_w = 2": 0.025 + 0.008 / 4,
        "M_w: from 2 to 3 gains more than from 3 to 5": 0.027 - 0.003,
        "M_w = 5 at most 1 point below full": -0.002,
        "M_a = 2 at most 1 point below full": -(0.012 + 4 * 0.004) / 5,
        "M_a: full gains more over 2 at M_w = 2 than at full": 0.008,
    }
    assert found == {claim: pytest.approx(value, abs=1e-12) for claim, value in planted.items()}


def test_planted_states_are_judged():
    found = verdicts(states, planted_states())
    assert [claim for claim, word in found.items() if word != "supported"] == ["(2, 2) at most 1 point below full"]
    assert found["(2, 2) at most 1 point below full"] == "contradicted"
    without = verdicts(states, planted_states(of_activations=0.0))
    assert without["M_a: full gains more over 2 at M_w = 2 than at full"] == "not separated"
    noisy = verdicts(states, planted_states(noise=0.05))
    assert noisy["(3, 3) at most 1 point below full"] == "not separated"


def test_the_differences_of_batches_are_those_planted():
    """Accuracies of which no two differ by the same."""
    cells = [(p, norm, batch) for p in batches.STATES for norm in batches.NORMS for batch in batches.RECIPES]
    of = {cell: 0.5 + 2.0 ** -(i + 2) for i, cell in enumerate(cells)}
    rows = [
        {"precision": p, "norm": norm, "batch": batch, "seed": seed, "accuracy": value}
        for seed in range(2)
        for (p, norm, batch), value in of.items()
    ]
    planted = {}
    for p in batches.STATES:
        lbn = of[p, "LBN", 2]
        planted[f"{p}: LBN above BN at 2"] = lbn - of[p, "BN", 2], 0.0
        planted[f"{p}: LBN at 2 at most 1 point below LBN at 64"] = lbn - of[p, "LBN", 64], -0.01
        planted[f"{p}: LBN at most 1 point below BN at 64"] = of[p, "LBN", 64] - of[p, "BN", 64], -0.01
        planted[f"{p}: LBN at most 1 point below LN at 2"] = lbn - of[p, "LN", 2], -0.01
        planted[f"{p}: LBN above pooled at 2"] = lbn - of[p, "LBN-pooled", 2], 0.0
    assert batches.differences(rows) == {claim: ([value] * 2, than) for claim, (value, than) in planted.items()}


def test_planted_batches_are_judged():
    found, better = verdicts(batches, planted_batches(0.9)), verdicts(batches, planted_batches(0.985))
    for precision in batches.STATES:
        assert found[f"{precision}: LBN above BN at 2"] == "supported"
        assert better[f"{precision}: LBN above BN at 2"] == "contradicted"
        assert found[f"{precision}: LBN at 2 at most 1 point below LBN at 64"] == "supported"  # even better
        assert found[f"{precision}: LBN at most 1 point below BN at 64"] == "contradicted"
        assert found[f"{precision}: LBN at most 1 point below LN at 2"] == "supported"
        assert found[f"{precision}: LBN above pooled at 2"] == "supported"
    assert len(found) == 10


def test_ln_trains_the_networks_of_lbn_bit_for_bit():
    d, recipe = own_split(100), Recipe(epochs=1, batch=200)
    lbn, ln = (states.trained(d, 100, 3, 3, norm, recipe) for norm in ("LBN", "LN"))
    for name, values in lbn.parameters.items():
        np.testing.assert_array_equal(values, ln.parameters[name])
    assert not np.array_equal(infer(lbn, d.test_x)[1], infer(ln, d.test_x)[1])


def test_each_row_reads_its_network_by_its_own_normalisation():
    unit = {"precision": "full", "norm": "LBN", "batch": 64, "seed": 100, "epochs": 1}
    net = states.trained(own_split(100), 100, None, None, "LBN", replace(batches.RECIPES[64], epochs=1))
    scores = {norm: states.scores(replace(net, norm=norm), own_split(100)) for norm in ("LBN", "LN")}
    assert scores["LBN"] != scores["LN"]
    assert batches.work(**unit) == [
        {"precision": "full", "batch": 64, "seed": 100, "norm": norm} | score for norm, score in scores.items()
    ]


def test_the_plans_are_the_registered_ones():
    full = states.plan(False)
    assert len(full) == 10 * 5
    assert {unit["seed"] for unit in full} == set(range(10))
    assert {unit["epochs"] for unit in full} == {25}
    full = batches.plan(False)
    assert len(full) == 10 * 2 * 3 * 3
    assert {(unit["batch"], unit["epochs"]) for unit in full} == {(2, 6), (8, 12), (64, 25)}
    assert [(recipe.rate, recipe.rho) for recipe in batches.RECIPES.values()] == [
        (5e-4, 0.05 * 2 / 32),
        (2e-3, 0.05 * 8 / 32),
        (2e-3, 0.05),
    ]
    assert not {unit["seed"] for unit in states.plan(True) + batches.plan(True)} & set(range(10))


def test_a_unit_trains_on_its_own_split_with_its_own_seed_and_recipe(monkeypatch):
    heard = []
    for module in (states, batches):
        monkeypatch.setattr(module, "trained", lambda *arguments: heard.append(arguments))
        monkeypatch.setattr(module, "scores", lambda net, d: {"accuracy": float(d.test_y.sum())})
    monkeypatch.setattr(batches, "replace", lambda of, **change: of if of is None else replace(of, **change))  # there is no net
    rows = states.work(M_w=3, seed=7, epochs=25) + batches.work("three states", "BN", 2, 7, 6)
    assert [arguments[1:] for arguments in heard] == [
        *((7, 3, M_a, "LBN", Recipe(epochs=25, batch=32, rate=2e-3)) for M_a in (2, 3, 5, None)),
        (7, 3, 3, "BN", Recipe(epochs=6, batch=2, rate=5e-4)),
    ]
    own = split(digits(np.float32), 300, 450, 1007)
    for d, *_ in heard:
        np.testing.assert_array_equal(d.x, own.x)
        assert (len(d.x), len(d.validation_x), len(d.test_x)) == (1047, 300, 450)
    assert {row["accuracy"] for row in rows} == {float(own.test_y.sum())}


def test_nets_of_a_seed_begin_with_equal_weights_and_those_of_another_do_not(monkeypatch):
    monkeypatch.setattr(states, "train", lambda net, x, y, recipe, rng: heard.append(rng.random()))
    heard: list[float] = []
    nets = [
        states.trained(own_split(0), seed, M, M, norm, Recipe())
        for seed, M, norm in ((0, 3, "LBN"), (0, 3, "BN"), (0, None, "LN"), (1, 3, "LBN"))
    ]
    for one, other in zip(nets[0].w, nets[1].w, strict=True):
        np.testing.assert_array_equal(one, other)
    np.testing.assert_array_equal(nets[0].w[0], nets[2].w[0])
    assert not np.array_equal(nets[0].w[0], nets[3].w[0])
    assert heard[0] == heard[1] == heard[2] != heard[3]  # the order of the batches, too


def test_as_many_comparisons_share_the_level_as_are_made():
    assert pytest.approx(1 - 0.05 / len(states.differences(planted_states()))) == states.CONFIDENCE
    assert pytest.approx(1 - 0.05 / len(batches.differences(planted_batches(0.9)))) == batches.CONFIDENCE


def test_the_kept_runs_give_these_verdicts():
    found = verdicts(states, load("quantized_dnn_states"))
    assert {claim for claim, word in found.items() if word == "supported"} == {
        "(5, 5) at most 1 point below full",
        "M_w = 3 above M_w = 2",
        "M_w = 5 at most 1 point below full",
    }
    assert "contradicted" not in found.values()
    found = verdicts(batches, load("quantized_dnn_batches"))
    assert {claim for claim, word in found.items() if word == "not separated"} == {
        "full: LBN above pooled at 2",
        "three states: LBN above pooled at 2",
        "three states: LBN at 2 at most 1 point below LBN at 64",
        "three states: LBN at most 1 point below BN at 64",
    }
    assert "contradicted" not in found.values()
