"""The numbers behind the recovery figures: envelopes hold for trajectories, tables agree with the nets; then the artists."""

import math
from typing import Any

import numpy as np
import pytest

from bounds.common.lstm import run
from bounds.lstm_recovery.interval_box import gate_ranges, widths
from bounds.lstm_recovery.methods import certificates, proved_box
from bounds.lstm_recovery.plants import PLANTS
from bounds.lstm_recovery.training import PENALTIES, mean_squared_error
from bounds.lstm_recovery.transient import phi, recovery_time
from experiments.lstm_recovery_ladder import SIMPLE, net_of
from experiments.lstm_recovery_ladder import summary as ladder_summary
from experiments.lstm_recovery_training import SHOWN, interval, name_of, shown, summary
from experiments.results import load
from figures import (
    lstm_recovery_envelopes,
    lstm_recovery_ladder,
    lstm_recovery_learning,
    lstm_recovery_refinement,
    lstm_recovery_tolerance,
    lstm_recovery_tradeoff,
)

Data = dict[str, np.ndarray]

# ---- figure A: envelopes -----------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def envelopes() -> Data:
    return lstm_recovery_envelopes.data()


def test_every_envelope_lies_above_the_anomaly_and_the_attack(envelopes: Data) -> None:
    for name in lstm_recovery_envelopes.NETS:
        seen = np.fmax(envelopes[f"{name}_spike"], envelopes[f"{name}_attack"])
        assert (envelopes[name] >= seen - 1e-12).all(), name
        assert (np.diff(envelopes[name][:5], axis=1) <= 1e-15).all()  # so the first entry below e is the last exit


def test_the_sharper_the_certificate_the_lower_its_envelope(envelopes: Data) -> None:
    names = lstm_recovery_envelopes.NAMES
    for name in lstm_recovery_envelopes.NETS:
        curve = dict(zip(names, envelopes[name], strict=True))
        assert (curve["transient"] <= np.minimum(curve["jacobian"], curve["coupled"]) * (1 + 1e-12)).all()
        assert (np.maximum(curve["jacobian"], curve["coupled"]) <= curve["lipschitz"] * (1 + 1e-12)).all()


def test_envelopes_cross_the_tolerance_at_the_certified_times(envelopes: Data) -> None:
    golden = {
        "G0": (46, 13, 12, 12, 11),
        "G1": (None, 52, 36, 29, 29),
    }  # the reference's times at e = 0.01; 47 weighted, 46 here
    for name, times in golden.items():
        for curve, T in zip(envelopes[name], times, strict=False):
            below = np.flatnonzero(curve <= 0.01)
            if T is None or len(curve) <= T:
                assert not below.size
            else:
                assert below[0] == T


def test_the_attack_ends_where_it_last_exceeds_the_tolerance(envelopes: Data) -> None:
    for name in lstm_recovery_envelopes.NETS:
        gap = envelopes[f"{name}_attack"]
        end = int(np.flatnonzero(np.isfinite(gap))[-1])
        assert gap[end] > lstm_recovery_envelopes.E
        assert end >= 5


def test_the_envelope_panels(envelopes: Data) -> None:
    figure = lstm_recovery_envelopes.draw(envelopes)
    for axis, name in zip(figure.axes, lstm_recovery_envelopes.NETS, strict=True):
        finite = int(np.isfinite(envelopes[name]).all(axis=1).sum())
        assert len(axis.lines) == finite + 3  # attack, anomaly, tolerance
        assert axis.get_yscale() == "log"
    np.testing.assert_array_equal(figure.axes[0].lines[0].get_ydata(), envelopes["G0"][0])


# ---- figures B, C, E ---------------------------------------------------------------------------------------------------


def test_times_against_the_tolerance(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lstm_recovery_tolerance, "TOLERANCES", np.array([1e-1, 1e-2, 1e-3]))
    d = lstm_recovery_tolerance.data()
    np.testing.assert_array_equal(d["G0"][1:], [[5, 13, 22], [4, 12, 19], [4, 12, 19], [4, 11, 18]])
    assert d["G0"][0, 1] == 46  # by powers; with the weight of the closed form, never less, 25, 47, 69
    assert (d["G0"][0] <= [25, 47, 69]).all()
    for name in lstm_recovery_tolerance.NETS:
        assert (d[f"{name}_attack"] <= d[name]).all()
        assert (np.diff(d[name], axis=1) > 0).all()
    figure = lstm_recovery_tolerance.draw(d)
    assert [len(axis.lines) for axis in figure.axes] == [6, 6]
    assert all(axis.xaxis_inverted() for axis in figure.axes)


def test_a_refinement_lowers_the_norm_rate_and_the_box_lowers_it_further() -> None:
    d = lstm_recovery_refinement.data()
    assert (np.diff(d["rate"], axis=1) <= 1e-14).all()
    golden = [1.0081138840377157, 1.1224345980513396, 1.5968, 1.5221]
    np.testing.assert_allclose(d["rate"][:4, 0], golden, rtol=4e-5)
    ladder = np.column_stack([d["rate"][:, -1], d["sharper"][:, :3]])
    assert (np.diff(ladder, axis=1) <= 1e-12).all()
    assert (d["sharper"][:, 3] <= d["sharper"][:, 1] * (1 + 1e-12)).all()  # Psi below A_lip, not always below A_jac
    assert d["sharper"][0, 3] > d["sharper"][0, 2]
    left, right = lstm_recovery_refinement.draw(d).axes
    assert len(left.lines) == len(right.lines) == len(d["rate"]) + 1


def test_the_learning_curves_end_at_the_target_and_the_penalties_cost_something() -> None:
    d = lstm_recovery_learning.data()
    assert d["loss"].shape == d["rate"].shape == (4, 600)
    assert np.isnan(d["rate"][0]).all()
    assert (np.abs(d["rate"][1:, -1] - lstm_recovery_learning.TARGET) < 0.01).all()
    assert (d["loss"][:, -1] < d["loss"][:, 0] / 50).all()
    assert (d["loss"][1:, -1] > d["loss"][0, -1]).all()
    left, right = lstm_recovery_learning.draw(d).axes
    assert len(left.lines) == 4
    assert len(right.lines) == 4  # three rates and the target


# ---- the kept nets and the experiments' tables -------------------------------------------------------------------------


@pytest.mark.parametrize("name", SHOWN)
def test_a_kept_net_is_the_one_of_the_table(name: str) -> None:
    plant, setting = SHOWN[name]
    rows = load("lstm_recovery_training")
    (row,) = (
        r
        for r in rows
        if r["units"] == 4 and r["seed"] == 0 and all(r[k] == v for k, v in setting.items()) and r["plant"] == plant
    )
    model, loss, rate = shown(name)
    for part, count, first in (("train", 16, 100), ("validation", 8, 200), ("test", 8, 300)):
        assert mean_squared_error(model, *PLANTS[plant](count, 120, first)) == pytest.approx(row[f"mse_{part}"], rel=1e-9)
    assert len(loss) == len(rate) == 600
    if setting["penalty"] != "none":
        assert PENALTIES[setting["penalty"]](model.net)[0] < 1
    box = proved_box(model.net)
    w = widths(box)
    assert recovery_time(phi(model.net, gate_ranges(model.net, box), w), w, 0.01, model.net.n) == row["T_transient"]


def test_the_training_table_is_consistent() -> None:
    rows = load("lstm_recovery_training")
    for r in rows:
        assert r["attack"] <= r["best"]
        assert r["best"] - 2 <= min(r[f"T_{m}"] for m in ("norm", "jacobian", "coupled", "transient")) <= r["best"]
        assert r["T_transient"] <= min(r["T_jacobian"], r["T_coupled"])
        assert r["proved"] == (r["best"] < math.inf)
        if r["penalty"] == "none" and not r["cascade"]:
            assert r["best"] == math.inf  # the control: nothing certifies an unpenalised net
    assert {r["seed"] for r in rows} == set(range(5))


def test_the_summary_marks_what_validation_chooses_and_judges_on_the_test() -> None:
    def row(penalty: str, target: float, seed: int, validation: float, test: float, best: float) -> dict[str, Any]:
        return {
            "plant": "p", "units": 1, "penalty": penalty, "cascade": False, "strength": 1.0, "target": target, "seed": seed,
            "mse_validation": validation, "mse_test": test, "best": best, "T_norm": best, "attack": 5,
            "ratio": best / 5, "proved": best < math.inf,
        }  # fmt: skip

    rows = [row("none", 0, s, 1.0, 1.0 + s, math.inf) for s in (0, 1)]
    rows += [row("a", 0.9, s, 3.0, 1.1 * (1 + s), 20) for s in (0, 1)]  # best on the test, not on validation
    rows += [row("a", 0.95, s, 2.0, 2.0 * (1 + s), 30) for s in (0, 1)]
    rows += [row("a", 0.99, s, 1.0, 1.0 + s, math.inf if s else 90) for s in (0, 1)]  # one net is not certified
    table = {r["λ, target"]: r for r in summary(rows) if r["penalty"] == "a"}
    assert {key for key, r in table.items() if r["best"]} == {"1, 0.95"}
    assert table["1, 0.95"]["test ratio"] == pytest.approx(2.0)
    assert table["1, 0.9"]["test ratio"] == pytest.approx(1.1)
    assert table["1, 0.99"]["proved"] == "1/2"
    assert table["1, 0.95"]["T/att."] == 6


def test_the_interval_over_seeds_is_students() -> None:
    centre, low, high = interval([1.0, 2.0, 4.0])
    assert centre == pytest.approx(2.0)
    half = 4.302652729911275 * math.log(2) / math.sqrt(3)  # t at 0.975 with 2 degrees of freedom
    assert (low, high) == pytest.approx((2 * math.exp(-half), 2 * math.exp(half)))


def test_the_ladder_lies_above_the_attack_and_agrees_with_the_library() -> None:
    d = lstm_recovery_ladder.data()
    assert set(d["net"]) == set(SIMPLE) | set(SHOWN)
    assert (d["attack"][:, None] <= d["steps"]).all()
    assert (d["proved"] == np.isfinite(d["steps"])).all()
    column = {method: k for k, method in enumerate(d["method"])}
    assert (d["steps"][:, column["transient"]] <= d["steps"][:, column["coupled"]]).all()
    row = list(d["net"]).index("r1")
    found = certificates(net_of("r1"), methods=["lipschitz", "jacobian", "coupled", "transient"])
    for certificate in found:
        assert certificate.steps == d["steps"][row, column[certificate.method]]
    figure = lstm_recovery_ladder.draw(d)
    labels = {line.get_label() for line in figure.axes[0].lines}
    assert {"attack (lower bound)", "matrix inequality", "Φ in a tube"} <= labels
    table = ladder_summary(load("lstm_recovery_ladder"))
    assert [r["net"] for r in table] == [name.replace("_", " ") for name in d["net"]]
    assert {r["net"] for r in table if r["best"] == "none"} == {"tanks none", "narendra none"}
    assert all(r["ratio"] is None or r["ratio"] >= 1 for r in table)


def test_the_trade_off_shows_certified_settings_only_and_its_means() -> None:
    d = lstm_recovery_tradeoff.data()
    assert {"tanks 4 norm", "tanks 4 coupled", "tanks 4 coupled cascade", "narendra 4 coupled"} <= set(d)
    rows = load("lstm_recovery_training")
    one = next(r for r in rows if r["plant"] == "tanks" and name_of(r) == "norm" and r["target"] == 0.95 and r["seed"] == 3)
    base = next(r for r in rows if r["plant"] == "tanks" and name_of(r) == "none" and r["units"] == 4 and r["seed"] == 3)
    expected = (one["best"], one["mse_test"] / base["mse_test"], one["attack"])
    assert any(np.allclose(point, expected) for point in d["tanks 4 norm"].reshape(-1, 3))
    figure = lstm_recovery_tradeoff.draw(d)
    assert len(figure.axes) == 2
    for axis in figure.axes:
        assert axis.get_xscale() == axis.get_yscale() == "log"
        assert axis.containers  # error bars


def test_what_the_anomaly_panel_simulates_is_common_input_after_five_steps() -> None:
    net = SIMPLE["G0"]
    gap = lstm_recovery_envelopes.forgetting(net, 10, seed=3)
    u = np.random.default_rng(3).uniform(-1, 1, (55, 1, 1)).repeat(2, axis=1)
    u[40:45, 1] = 1.0
    h = run(net, np.zeros((2, 2)), np.zeros((2, 2)), u).h
    np.testing.assert_array_equal(gap, np.abs(h[45:, 0] - h[45:, 1]).max(axis=1))
    assert gap[0] > 0.01
