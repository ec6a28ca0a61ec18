"""`proofs-check recovery` as a control engineer meets it: files of every layout, the ladder, the attack, misuse, Ctrl-C."""

import json
import math
import re
import sys
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from bounds.common.lstm import LSTMNet, fingerprint, formula_net, lstm_step, random_net, to_keras, to_pytorch
from bounds.lstm_recovery import own_network
from bounds.lstm_recovery.attack import Attack
from bounds.lstm_recovery.methods import METHODS
from bounds.lstm_recovery.own_network import hidden_tolerance, output_gain, read_network
from proofs_check.cli import main

G0, G1 = formula_net(2, 1, 0.2, 0.3, 0.3, 0), formula_net(2, 1, 0.5, 0.3, 0.3, 0)
STACK = [formula_net(2, 1, 0.1, 0.2, 0.3, 0), formula_net(2, 2, 0.1, 0.2, 0.3, 0)]
LATCH = LSTMNet(np.zeros((4, 1, 1)), np.array([5.0, 0, 0, 0]).reshape(4, 1, 1), [[-1.5], [10], [10], [math.atanh(0.1)]])
READOUT = np.array([[0.3, -0.4], [1.0, 2.0]])


@pytest.fixture
def recovery(monkeypatch, capfd):
    """Run the command in this process: exit code, standard output, standard error."""

    def run(*words: Any) -> tuple[int, str, str]:
        monkeypatch.setattr(sys, "argv", ["proofs-check", "recovery", *map(str, words)])
        with pytest.raises(SystemExit) as left:
            main()
        out, err = capfd.readouterr()
        return int(left.value.code or 0), out, err

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A user's folder: one network in every layout, a stack, a net that never forgets, and files that are wrong."""
    state = to_pytorch(G1)
    np.savez(tmp_path / "g1.npz", **state, **{"fc.weight": READOUT})
    save_file({f"model.lstm.{name}": np.ascontiguousarray(v) for name, v in state.items()}, tmp_path / "g1.safetensors")
    np.savez(
        tmp_path / "keras.npz",
        **{f"lstm/lstm_cell/{name}:0": v for name, v in to_keras(G1).items()},
        **{"dense/kernel:0": READOUT.T},
    )
    np.savez(tmp_path / "g0.npz", **to_pytorch(G0), v=READOUT[1])
    np.savez(tmp_path / "stack.npz", **to_pytorch(STACK))
    np.savez(tmp_path / "latch.npz", **to_pytorch(LATCH))
    np.savez(tmp_path / "missing.npz", **{name: v for name, v in state.items() if name != "weight_hh_l0"})
    np.savez(tmp_path / "gates.npz", **{**state, "weight_hh_l0": state["weight_hh_l0"][:6]})
    broken = {**state, "bias_ih_l0": np.where(np.arange(8) == 3, np.nan, state["bias_ih_l0"])}
    np.savez(tmp_path / "nan.npz", **broken)
    np.savez(tmp_path / "projected.npz", **state, weight_hr_l0=np.ones((1, 2)))
    np.savez(tmp_path / "two_ways.npz", **state, **{f"{name}_reverse": v for name, v in state.items()})
    np.savez(tmp_path / "peepholes.npz", **state, peephole_f=np.ones(2))
    np.savez(tmp_path / "short.npz", **{**state, "weight_ih_l0": state["weight_ih_l0"][:7]})
    (tmp_path / "torn.npz").write_bytes((tmp_path / "g1.npz").read_bytes()[:200])
    (tmp_path / "folder").mkdir()
    return tmp_path


def test_the_ladder_the_attack_and_a_plain_sentence(recovery, folder):
    code, out, err = recovery(folder / "g1.npz")
    assert (code, err) == (0, "")
    rows = {line.split("  ")[0].strip(): line.split() for line in out.splitlines() if line.count("  ") > 2}
    assert rows["unit-wise Lipschitz matrix"][-4:] == ["0.9154", "52", "proved", "elementwise"]
    assert rows["gate-coupled map"][-4:] == ["0.8532", "29", "proved", "gate_coupling"]
    assert rows["layer norms, q = inf, k = 0"][-4:] == ["1.1225", "—", "none", "norm_recovery"]
    assert "quadratic Lyapunov (LMI)" in rows
    said = " ".join(out.split("\n\n")[-1].split())
    found = re.fullmatch(
        r"Certified: (\d+) steps after an anomaly of any length with inputs within \[-1, 1\], every hidden unit is within 0.01 "
        r"of where it would have been, and stays so. Attack: 11 steps can be needed; the truth lies between, within a factor "
        r"(.*)\.",
        said,
    )
    assert found is not None, said
    assert int(found[1]) == min(int(row[-3]) for row in rows.values() if row[-2] == "proved") <= 29
    assert found[2] == f"{int(found[1]) / 11:.1f}"


def test_json_is_one_document_and_the_same_for_the_same_seed(recovery, folder):
    words = (folder / "g1.npz", "--method", "coupled", "--method", "transient", "--seed", "3", "--json")
    first, second = (recovery(*words)[1] for _ in range(2))
    assert first == second
    found = json.loads(first)
    assert (found["unit"], found["steps"], found["trust"], found["epsilon"]) == ("steps", 29, "proved", "1/100")
    assert [c["method"] for c in found["certificates"]] == ["coupled", "transient"]
    assert found["weights_sha256"] == fingerprint(G1)
    assert found["ratio"] == pytest.approx(29 / found["attack"]["steps"])
    assert found["cut"] == []
    attack = found["attack"]  # the states and inputs show what is claimed of them
    c, h = np.array(attack["c"]), np.array(attack["h"])
    for u in np.array(attack["u"]):
        c, h = lstm_step(G1, c, h, u)
    assert abs(h[0] - h[1])[attack["unit"]] == pytest.approx(attack["distance"], abs=1e-12)
    assert len(attack["u"]) == attack["steps"] - 1


def test_every_layout_is_the_same_network(recovery, folder):
    found = [
        json.loads(recovery(folder / name, "--method", "transient", "--attack-seconds", "0", "--json")[1])
        for name in ("g1.npz", "g1.safetensors", "keras.npz")
    ]
    assert [f["weights_sha256"] for f in found] == [fingerprint(G1)] * 3
    assert [f["steps"] for f in found] == [29] * 3
    assert [f["attack"] for f in found] == [None] * 3


def test_a_stack_has_the_norms_and_an_attack_of_all_its_layers(recovery, folder):
    found = json.loads(recovery(folder / "stack.npz", "--json")[1])
    assert found["layers"] == [{"units": 2, "inputs": 1}, {"units": 2, "inputs": 2}]
    assert {c["method"] for c in found["certificates"]} == {"norm"}
    assert 0 < found["attack"]["steps"] <= found["steps"]
    assert np.shape(found["attack"]["c"]) == (2, 4)
    assert "of the last layer" in found["sentence"]


def test_no_certificate_is_an_answer_and_writes_no_proof(recovery, folder):
    words = (folder / "latch.npz", "--attack-seconds", "0.2", "--method", "norm", "--method", "coupled")
    code, out, _ = recovery(*words)
    said = " ".join(out.split("\n\n")[-1].split())
    assert code == 0
    assert said.startswith("No certificate within 0.01 after an anomaly of any length")
    assert "The smallest rate per step is 4.7296 (gate-coupled map), above one." in said
    assert "Attack: it takes at least" in said or "still apart" in said
    (folder / "old.json").write_text("kept")
    code, _, err = recovery(*words, "--proof", folder / "old.json")
    assert code == 1
    assert err.startswith("proofs-check: nothing was proved, so")
    assert (folder / "old.json").read_text() == "kept"


def test_anomalies_of_any_size(recovery, folder):
    code, out, _ = recovery(folder / "g1.npz", "--anomaly-steps", "2", "--method", "tube", "--attack-seconds", "0")
    assert code == 0
    said = " ".join(out.split("\n\n")[-1].split())
    assert said.startswith("Certified: 37 steps after up to 2 anomalous inputs of any size (usual inputs within [-1, 1]),")


def test_smaller_inputs_and_larger_tolerances_recover_sooner(recovery, folder):
    def steps(*words: Any) -> int:
        common = ("--method", "transient", "--attack-seconds", "0", "--json")
        return int(json.loads(recovery(folder / "g1.npz", *words, *common)[1])["steps"])

    assert steps("--box", "-1", "1") == steps("--umax", "1") == 29
    assert steps("--box", "-0.5", "0.25") < 29
    assert steps("--umax", "1.1") > 29
    assert steps("--epsilon", "1/10") < 29 < steps("--epsilon", "1e-3")


def test_a_tolerance_of_the_output_is_one_of_the_hidden_units(recovery, folder):
    """V has row sums 0.7 and 3: the output is within 0.03 when each unit is within 0.01."""
    for name, entry in (("g1.npz", "fc.weight"), ("keras.npz", "dense/kernel:0")):
        assert read_network(folder / name, entry)[1] == output_gain(READOUT) == 3
        words = ("--output", entry, "--epsilon", "0.03", "--method", "lipschitz", "--attack-seconds", "0", "--json")
        found = json.loads(recovery(folder / name, *words)[1])
        assert (found["epsilon"], found["steps"]) == ("1/100", 52)
    assert read_network(folder / "g0.npz", "v")[1] == 3
    for e, gain in (("0.05", Fraction(7)), ("1e-9", Fraction(1, 3)), ("2", Fraction(1, 10**6))):
        inner = hidden_tolerance(e, gain)
        assert Fraction(e) * (1 - Fraction(1, 10**5)) < inner * gain <= Fraction(e)


def test_ctrl_c_prints_what_was_found_and_keeps_the_proof(recovery, folder, monkeypatch):
    def interrupted(*_: Any, **__: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(own_network, "attack_recovery", interrupted)
    code, out, err = recovery(folder / "g1.npz", "--proof", folder / "kept.json", "--method", "lipschitz")
    assert code == 130
    assert "Certified: 52 steps" in out
    assert "interrupted; above is what was found" in err
    assert json.loads((folder / "kept.json").read_text())["steps"] == 52
    monkeypatch.setattr(own_network, "each_certificate", interrupted)
    code, out, err = recovery(folder / "g1.npz")
    assert (code, "No certificate was computed." in out) == (130, True)


def test_what_a_time_limit_cut_is_said(folder):
    layers, _ = read_network(folder / "g1.npz")
    found = own_network.recovery(layers, seconds=0, attack_seconds=1e-9)
    assert len(found.certificates) == 1
    assert found.cut[0] == "the certificates were cut at 0 s"
    assert found.cut[1].startswith("not tried: box norms, ")
    assert found.cut[2] == "the attack was cut at 1e-09 s"
    whole = own_network.recovery(layers, methods=["norm", "transient"])
    assert whole.cut == ()


def test_an_attack_above_a_proof_would_be_reported_as_our_mistake(folder, monkeypatch):
    layers, _ = read_network(folder / "g0.npz")
    none = np.zeros((2, 2))
    monkeypatch.setattr(own_network, "attack_recovery", lambda *_, **__: Attack(500, 1.0, 0, none, none, np.zeros((499, 2, 1))))
    with pytest.raises(ArithmeticError, match="shows 500 steps but 11 are proved: a defect"):
        own_network.recovery(layers, methods=["transient"])


def test_every_method_has_a_name_that_people_read():
    assert set(METHODS) == set(own_network.WORDS)


def test_the_answer_is_exact_where_attack_and_bound_meet():
    net = LSTMNet(np.array([0, 0, 0, 5.0]).reshape(4, 1, 1), np.zeros((4, 1, 1)), [[2.0], [10], [10], [0]])
    found = own_network.recovery(net, methods=["transient"])
    assert found.best is not None
    assert (found.best.steps, found.ratio) == (59, 1.0)
    assert found.sentence.endswith("Attack: 59 steps can be needed, so the bound is exact.")


def test_wide_networks_have_proofs_too():
    net = random_net(1, 12, 1, 0.1, 0.2, 0.3, -0.5)
    found = own_network.recovery(net, anomaly_steps=1, methods=["coupled"], attack_seconds=0)
    assert found.best is not None
    assert found.best.trust == "proved"
    assert found.sentence.startswith(f"Certified: {found.best.steps:g} steps after up to 1 anomalous input of any size")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["absent.npz"], "absent.npz is not there"),
        (["folder"], "folder is a folder"),
        (["net.pt"], "net.pt should end in .npz or .safetensors"),
        (["torn.npz"], "torn.npz is no .npz of plain arrays, or not a whole one: "),
        (["missing.npz"], "weight_hh_l0 is missing"),
        (["gates.npz"], "weight_hh_l0 has three gates, as in a GRU; an LSTM has four"),
        (["short.npz"], "weight_ih_l0 must be 2-dimensional with its first axis split into 4 gates, got shape (7, 1)"),
        (["nan.npz"], "every weight must be finite, but bias_ih_l0[3] is nan"),
        (["projected.npz"], "projections are not covered, but the file has weight_hr_l0"),
        (["two_ways.npz"], "bidirectional LSTMs are not covered"),
        (["peepholes.npz"], "peepholes are not covered, but the file has peephole_f"),
        (["g1.npz", "--epsilon", "0"], "the tolerance e must be positive, got 0"),
        (["g1.npz", "--epsilon", "-1"], "the tolerance e must be positive, got -1"),
        (["g1.npz", "--epsilon", "nan"], "the tolerance e must be a positive number, got 'nan'"),
        (["g1.npz", "--epsilon", "1e999999999"], "the tolerance e must lie between 1e-300 and 1e300"),
        (["g1.npz", "--epsilon", "1e-400"], "the tolerance e must lie between 1e-300 and 1e300"),
        (["g1.npz", "--umax", "-1"], "--umax takes a finite number that is not negative, got -1.0"),
        (["g1.npz", "--umax", "nan"], "--umax takes a finite number that is not negative, got nan"),
        (["g1.npz", "--umax", "1", "--box", "0", "1"], "--umax and --box both say which inputs are usual"),
        (["g1.npz", "--box", "1", "-1"], "the input range must be finite with ulo <= uhi"),
        (["g1.npz", "--box", "low", "1"], "--box takes two numbers, or two lists such as -1,0 and 1,5, got 'low'"),
        (["g1.npz", "--box", "-1,0", "1"], "one number, or one for each of the 1 inputs, got [-1.0, 0.0]"),
        (["g1.npz", "--method", "magic"], "the method 'magic' is not among norm, box,"),
        (["g1.npz", "--anomaly-steps", "-1"], "the number of anomalous inputs must not be negative, got -1"),
        (["g1.npz", "--anomaly-steps", "2", "--method", "lmi"], "for anomalies of any size the methods are lipschitz, "),
        (["stack.npz", "--anomaly-steps", "2"], "certified for one layer only, the network has 2"),
        (["stack.npz", "--method", "lmi"], "for 2 layers the methods are norm, got lmi"),
        (
            ["g1.npz", "--output", "head"],
            "g1.npz has no entry 'head' for the output; it holds bias_hh_l0, bias_ih_l0, fc.weight",
        ),
        (["g1.npz", "--output", "bias_ih_l0"], "the output weights bias_ih_l0 must be (outputs, 2), got shape (8,)"),
        (["g1.npz", "--proof", "nowhere/proof.json"], "--proof takes a file in a folder that is there"),
        (["g1.npz", "--proof", "folder"], "--proof takes a file in a folder that is there"),
    ],
)
def test_bad_input_is_one_sentence_and_exit_code_2(words, sentence, recovery, folder, monkeypatch):
    monkeypatch.chdir(folder)
    code, out, err = recovery(*words)
    assert (code, out) == (2, "")
    assert sentence in err
    assert len(err.strip().splitlines()) == 1
