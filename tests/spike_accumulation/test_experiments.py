"""What the tables of the experiments say of their rows, and what the cost model predicts."""

import numpy as np
import pytest

from bounds.spike_accumulation.training import METHODS, Recipe, split
from experiments import spike_accumulation_cost as cost
from experiments import spike_accumulation_digits as digits
from experiments import spike_accumulation_identities as identities
from experiments import spike_accumulation_mnist as mnist
from experiments.results import load


def row(method: str, seed: int, lif: float) -> dict:
    return {"method": method, "T": 6, "seed": seed, "lif": lif, "ann": 0.5, "differing": seed, "spikes_1": lif / 2}


def test_the_table_takes_differences_seed_by_seed() -> None:
    rows = [row("OTTT_A", s, v) for s, v in enumerate((0.90, 0.92, 0.97))]
    rows += [row("SAF-F", s, v) for s, v in enumerate((0.89, 0.91, 0.96))]
    first, second = digits.summary(rows)
    assert first["minus OTTT_A"] == "0.00 ± 0.00"
    # mean 0.92, standard deviation 0.0360555, times t(0.975, 2) = 4.30265 over √3
    assert second["accuracy %"] == "92.00 ± 8.96"
    assert second["minus OTTT_A"] == "-1.00 ± 0.00"
    assert second["LIF ≠ SAF"] == "3 traces"
    assert second["spikes 1"] == pytest.approx(0.46)
    assert digits.summary(rows[:1])[0]["accuracy %"] == "90.00"  # one seed has no interval


def test_the_plans_hold_every_method_with_the_same_seeds() -> None:
    for module, seeds in ((digits, 10), (mnist, 5)):
        for quick in (False, True):
            units = module.plan(quick)
            here = [unit for unit in units if unit.get("T", 6) in (6, 4)]
            for method in METHODS:
                mine = {unit["seed"] for unit in here if unit["method"] == method}
                assert mine == {unit["seed"] for unit in here}
        assert len({unit["seed"] for unit in module.plan(False)}) == seeds


def test_a_unit_gives_the_same_row_twice() -> None:
    pytest.importorskip("sklearn")
    rng = np.random.default_rng(0)
    data = split(rng.random((40, 6)), np.repeat([0, 1], 20))
    rows = [digits.trained(data, (6, 5, 2), Recipe(method="SAF-E", epochs=1, T=3), seed=3) for _ in range(2)]
    assert rows[0] == rows[1]
    assert rows[0]["traces"] == 50
    assert set(rows[0]) >= {"method", "T", "seed", "loss", "lif", "saf", "ann", "differing", "rate_1", "spikes_1"}


def test_the_cost_of_every_method_is_measured_beside_its_count() -> None:
    rows = cost.work(T=3, widths=[20, 12, 8], turns=1)
    assert [r["method"] for r in rows] == list(cost.METHODS)
    at = {r["method"]: r for r in rows}
    S, back = 20 * 12 + 12 * 8, 20 * 12 + 2 * 12 * 8
    assert at["SAF-E"]["multiply_adds"] == 64 * 3 * (S + back)
    assert at["OTTT_O, two products"]["multiply_adds"] == 64 * 3 * (2 * S + back)
    assert at["SAF-F"]["multiply_adds"] == 64 * (3 * S + back)
    assert at["BPTT"]["predicted_live_bytes"] == 6 * 20 * 64 * 4
    assert at["SAF-E"]["predicted_live_bytes"] == (2 * 20 + 20) * 64 * 4  # two vectors, and the trace of the input
    assert all(r["seconds"] > 0 and r["live_bytes"] > 0 and r["peak_bytes"] >= r["live_bytes"] for r in rows)
    table = cost.summary(rows)
    assert table[0]["of OTTT"] == 1
    assert table[2]["predicted"] == pytest.approx((S + back) / (2 * S + back))


def test_every_identity_holds_on_every_kept_network_within_five_minutes() -> None:
    table = identities.summary(load("spike_accumulation_identities"))
    assert {line["statement"] for line in table} == set(identities.STATEMENTS)
    assert all(line["fails"] == 0 for line in table)
    within = [line for line in table if line["kind"] == "identity"]
    assert all(line["nets"] >= (120_000 if line["arithmetic"] == "integers" else 5000) for line in within)
    assert all(min(line["seconds"], line["processor seconds"] or line["seconds"]) < 300 for line in within)


def test_processor_seconds_stand_beside_those_of_the_clock() -> None:
    [row] = identities.work("F2", "fractions", nets=10, seed=1)
    assert list(row) == list(load("spike_accumulation_identities")[0])
    assert row["processor_seconds"] > 0
    assert identities.summary([row | {"processor_seconds": None}])[0]["processor seconds"] is None
