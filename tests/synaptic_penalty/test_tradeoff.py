"""The registered statistic and rule on planted curves, and the recorded plan."""

import numpy as np
import pytest

from experiments import single_step_snn_surrogates as e1
from experiments import synaptic_penalty_tradeoff as e2


def planted(gain: float, noise: float = 0.0, reach: float = 0.1) -> list[dict]:
    """Ten seeds; accuracy is 1 + log(energy share)/50, and higher by `gain` under syn, p = 1; nothing is below `reach`."""
    rng, rows = np.random.default_rng(0), []
    for seed in range(10):
        full = 1000.0 + seed
        base = {"widths": "w", "seed": seed, "start": "delayed", "validation": 0.9, "p": 1}
        rows.append(
            base | {"kind": "none", "lam": 0.0, "accuracy": 1.0, "accumulations": full, "validation_accumulations": full}
        )
        for kind, p in (("syn", 1), ("tot", 1), ("syn", 2)):
            for share in (0.1, 0.3, 0.6):
                used = max(share, reach) * full if kind == "tot" else share * full
                accuracy = 1 + np.log(used / full) / 50 + (gain if (kind, p) == ("syn", 1) else 0) + noise * rng.normal()
                point = {"kind": kind, "p": p, "lam": 1 / share, "accuracy": accuracy, "accumulations": used}
                rows.append(base | point | {"validation": 0.9 - (share < 0.2), "validation_accumulations": used})
    return rows


def test_a_curve_is_read_linearly_in_the_logarithm_and_only_where_it_is():
    rows = [row for row in planted(0.0, reach=0.3) if row["seed"] == 4]
    np.testing.assert_allclose(e2.at_levels(e2.curve(rows, "syn", 1)), 1 + np.log(e2.LEVELS) / 50, rtol=1e-12)
    tot = e2.at_levels(e2.curve(rows, "tot", 1))
    assert np.isfinite(tot).tolist() == [True, True, False]


@pytest.mark.parametrize(("gain", "answer"), [(0.02, "supported"), (-0.02, "contradicted"), (0.0, "not separated")])
def test_planted_differences_are_judged(gain, answer):
    rows = planted(gain, noise=0.004)
    assert e2.judged(rows, "w", ("tot", 1)) == answer
    np.testing.assert_allclose(e2.matched(planted(gain), "w", ("tot", 1)), gain, atol=1e-12)


def test_a_penalty_that_never_gets_that_cheap_is_not_compared():
    assert e2.judged(planted(0.02, reach=0.6), "w", ("tot", 1)) == "not reached"
    assert e2.means(np.array([[np.nan, 1.0, 3.0], [np.nan] * 3])) == [2.0]


def test_the_secondary_energy_is_of_the_network_that_the_validation_part_allows():
    np.testing.assert_allclose(e2.saved(planted(0.0, reach=0.6), "w", ("tot", 1)), np.log(0.6 / 0.3), rtol=1e-12)


def test_architectures_are_summed_up_as_registered():
    assert e2.overall(["supported", "not separated", "not reached"]) == "supported"
    assert e2.overall(["contradicted", "not separated"]) == "contradicted"
    assert e2.overall(["contradicted", "supported"]) == "depends on the architecture"
    assert e2.overall(["not separated"] * 3) == "not separated"


def test_the_width_of_a_surrogate_is_chosen_by_validation_and_ties_go_to_one():
    rows = [
        {"arm": f"s3nn, width {w:g}", "seed": seed, "validation": v, "accuracy": a}
        for seed, scores in enumerate([((0.9, 1), (0.9, 2), (0.8, 3)), ((0.8, 4), (0.9, 5), (0.95, 6))])
        for w, (v, a) in zip(e1.STRETCHED, scores, strict=True)
    ]
    assert [row["accuracy"] for row in e1.chosen(rows)["s3nn"].values()] == [1, 6]


def test_student_s_interval_and_the_three_answers():
    # of 1, 2, 3: standard error 1/√3; with two degrees of freedom t(p) = (2p - 1) √(2 / 4p(1 - p))
    mean, half = e1.interval([1.0, 2.0, 3.0])
    assert (mean, half) == (2.0, pytest.approx(0.95 * np.sqrt(2 / (4 * 0.975 * 0.025)) / np.sqrt(3), rel=1e-12))
    assert [e1.verdict([1.0, 2.0, 3.0], than=than) for than in (-1, 2, 5)] == ["supported", "not separated", "contradicted"]


def test_the_plan_is_the_registered_one():
    assert len(e1.plan(False)) == 10 * (4 * 3 + 2)
    full = e2.plan(False)
    assert sum(unit["group"] == "kinds" for unit in full) == 30
    assert {unit["seed"] for unit in full} == set(range(10))
    assert sum(map(len, e2.GRIDS.values())) == 18
    assert not {unit["seed"] for unit in e1.plan(True) + e2.plan(True)} & set(range(10))


def test_the_kept_run_gives_these_verdicts():
    from experiments.results import load

    rows = load("synaptic_penalty_tradeoff")
    found = {claim: [e2.judged(rows, w, other) for w in e2.ARCHITECTURES] for claim, other in e2.COMPARISONS.items()}
    assert found == {
        "syn over tot": ["not separated", "not separated", "supported"],
        "syn over bal": ["contradicted", "not separated", "supported"],
        "p = 1 over p = 2": ["not separated", "not separated", "supported"],
    }
    silent = {line["claim"]: line["verdict"].rpartition("; ")[2] for line in e2.collapse(rows)}
    assert silent["first epoch, p = 1, λ = 2"] == "5 of 5 silent"  # B9: p = 1 goes on pushing what is silent already
    assert all(words == "0 of 5 silent" for claim, words in silent.items() if "p = 2" in claim or "ramp" in claim)
