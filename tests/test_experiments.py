"""What is asked of every experiment, found and not listed."""

import importlib
import json
import math

import pytest

from experiments.results import FOLDER, header, load, save
from proofs_check.cli.experiment import names_of_experiments, rows_of

EXPERIMENTS = names_of_experiments()


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_plan_is_plain_data_and_the_quick_form_is_smaller(name):
    module = importlib.import_module(f"experiments.{name}")
    quick, full = module.plan(True), module.plan(False)
    assert json.loads(json.dumps([quick, full])) == [quick, full]
    assert len({json.dumps(unit) for unit in full}) == len(full)
    assert len(quick) <= len(full)


@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_full_result_is_kept_and_whole(name):
    module, about, rows = importlib.import_module(f"experiments.{name}"), header(name), load(name)
    assert about["command"] == f"proofs-check experiment {name}"
    assert int(about["units"]) == len(module.plan(False))
    assert rows
    assert module.summary(rows)
    assert (FOLDER / f"{name}.csv").stat().st_size < 500_000


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("name", EXPERIMENTS)
def test_the_quick_form_gives_rows_with_the_columns_of_the_full_one(name):
    module = importlib.import_module(f"experiments.{name}")
    rows = [row for unit in module.plan(True) for row in rows_of(name, unit)]
    assert all(isinstance(value, int | float | str | bool | None) for row in rows for value in row.values())
    assert not any(isinstance(value, float) and math.isnan(value) for row in rows for value in row.values())
    assert {key for row in rows for key in row} == {key for row in load(name) for key in row}
    assert module.summary(rows)


def test_rows_come_back_as_they_were_saved(tmp_path):
    rows = [
        {"seed": 1, "loss": 0.1 + 0.2, "kind": "a, b", "ok": True},
        {"seed": 2, "loss": math.inf, "kind": None, "more": 1e-300},
    ]
    save(tmp_path / "x.csv", rows, {"command": "c: d"})
    assert header("x", tmp_path) == {"command": "c: d"}
    back = load("x", tmp_path)
    assert back == [rows[0] | {"more": None}, rows[1] | {"ok": None}]


def test_a_missing_result_is_named_with_the_command_that_makes_it(tmp_path):
    with pytest.raises(ValueError, match="proofs-check experiment absent makes it"):
        load("absent", tmp_path)
