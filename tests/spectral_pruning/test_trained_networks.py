"""The base networks that are kept, and how choices among trained ones are made."""

from dataclasses import replace

import numpy as np
import pytest

from experiments import nets
from experiments import spectral_pruning_comparison as comparison
from experiments.nets import BASES, Score, outputs, score, task, trained
from experiments.results import load
from experiments.spectral_pruning_training import chosen


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_kept_network_scores_what_the_table_says(seed):
    params = trained("pixel_digits", seed)
    assert params["Wh"].shape == (128, 128)
    assert all(value.dtype == np.float32 for value in params.values())
    best = chosen(load("spectral_pruning_training"), "pixel_digits")[seed]
    for part, name in ((task("pixel_digits").validation, "validation"), (task("pixel_digits").test, "test")):
        found = score(outputs("pixel_digits", params, part.x), part.targets)
        assert found.accuracy == pytest.approx(best[f"{name}_accuracy"], abs=0.01)  # other machines round otherwise
        assert found.nats == pytest.approx(best[f"{name}_nats"], abs=0.01)


def test_the_better_score_is_the_more_accurate_one_and_between_equals_the_surer_one():
    assert Score(0.9, 2.0).better(Score(0.8, 0.1), by_nats=False)
    assert Score(0.9, 1.0).better(Score(0.9, 2.0), by_nats=False)
    assert not Score(0.9, 2.0).better(Score(0.9, 2.0), by_nats=False)
    assert Score(0.1, 1.0).better(Score(0.9, 2.0), by_nats=True)
    assert not Score(0.9, np.inf).better(Score(0.1, 5.0), by_nats=True)
    assert Score(0.0, np.inf).better(None, by_nats=True)


def test_training_goes_on_from_the_cache_and_the_validation_part_chooses_the_rate(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setitem(BASES, "row_digits", nets.Base("row_digits", 16, 3, (1e-9, 4e-3), 1))
    first, loss = nets.train_base("row_digits", 5, 4e-3)
    assert [file.name for file in (tmp_path / "proofs-check" / "nets").iterdir()] == ["row_digits_16_5_0.004_3.npz"]
    again, same = nets.train_base("row_digits", 5, 4e-3)
    assert same == loss
    assert all(np.array_equal(first[name], again[name]) for name in first)
    best, rate = nets.best_base("row_digits", 5)
    assert rate == 4e-3
    assert np.array_equal(best["Wh"], first["Wh"])


def test_a_network_is_kept_and_read_back(tmp_path, monkeypatch):
    monkeypatch.setattr(nets, "FOLDER", tmp_path)
    file = nets.keep("row_digits", 7)
    assert file.stat().st_size < 200_000
    back = nets.trained("row_digits", 7)
    assert np.array_equal(back["Wh"], nets.best_base("row_digits", 7)[0]["Wh"])
    nets.trained.cache_clear()


def test_the_same_unit_gives_the_same_row_and_the_test_part_has_no_say(monkeypatch):
    unit = {"name": "row_digits", "seed": 0, "method": "spectral, rec", "k": 6}
    first = comparison.work(**unit)
    assert comparison.work(**unit) == first
    data = task("row_digits")
    shuffled = replace(data, test=data.test._replace(targets=data.test.targets[::-1]))
    monkeypatch.setattr(comparison, "task", lambda name: shuffled)
    again = comparison.work(**unit)
    assert again[0]["test_accuracy"] != first[0]["test_accuracy"]
    others = {key for key in first[0] if "test" not in key}
    assert {key: again[0][key] for key in others} == {key: first[0][key] for key in others}
