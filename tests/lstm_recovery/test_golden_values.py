"""The reference tables of the formula nets, number by number, and what they leave out."""

import math

import numpy as np
import pytest

from bounds import lstm_recovery as R
from bounds.lstm_recovery.interval_box import gate_ranges
from bounds.lstm_recovery.transient import phi
from experiments import lstm_recovery_golden as golden
from tests.lstm_recovery.oracles import G0, G1


def test_every_number_of_the_formula_nets_agrees():
    rows = golden.formula_rows()
    assert len(rows) == 152
    assert [row for row in rows if row["verdict"] != "agrees"] == []


@pytest.mark.parametrize(
    ("reference", "ours", "rule", "agrees"),
    [
        ("0.8995", 0.89948, "digits", True),
        ("0.8995", 0.89944, "digits", False),
        ("0.67197154409996792", 0.67197154409996792 + 9e-15, "digits", True),
        ("0.67197154409996792", 0.67197154409996792 + 2e-14, "digits", False),
        ("47", 47, "digits", True),
        ("47", 46, "digits", False),
        ("47", math.inf, "digits", False),
        ("0", 1e-300, "digits", False),
        ("-", math.inf, "digits", True),
        ("-", 47, "digits", False),
        ("-", 47, "at most", True),
        ("656", 657, "at most", False),
        ("31", 30, "at least", False),
        ("662", 728, "at most + 10 %", True),
        ("662", 729, "at most + 10 %", False),
        ("100", 116, "within 15 %", False),
        (".00431", 0.0057, "within 30 %", False),
        (".90", 0.912, "time constant within 15 %", True),
        (".90", 0.92, "time constant within 15 %", False),
        ("10.42", math.nan, "time constant within 15 %", False),
        (".9883", math.nan, "within 0.001", False),
    ],
)
def test_a_number_that_is_off_does_not_agree(reference, ours, rule, agrees):
    assert golden.agrees(reference, ours, rule) is agrees


def test_no_certificate_is_no_iss_and_powers_are_a_step_sharper():
    for net, k in ((G0, 0), (G0, 300), (G1, 0), (G1, 300)):
        s, M = R.norm_invariant_set(net, k), R.comparison_matrix_2x2(net, k)
        rho = R.spectral_radius_2x2(s["sf"], s["so"], M.al, M.be)
        assert R.delta_iss(s["sf"], s["so"], M.al, M.be) == (rho < 1)
    M, s = R.comparison_matrix_2x2(G0, 300), R.norm_invariant_set(G0, 300)
    assert R.recovery_time_power(M.A, [2 * s["cb"], 2 * s["H_next"]], 0.01, [1]) == 46


def test_reach_tube_of_its_net():
    net = R.formula_net(2, 1, 0.1, 0.3, 0.3, -1)
    assert [R.reach_tube_recovery(net, L, 0.01)[0] for L in (1, 3, 10, 100, 1000)] == [7, 8, 9, 12, 14]
    times = []
    for L in (1, 3, 10, 100, 1000):
        box, d0 = R.anomaly_set(net, L)
        times.append(R.recovery_time(phi(net, gate_ranges(net, box), d0), d0, 0.01, 2))
    assert times == [11, 18, np.inf, np.inf, np.inf]
    assert R.gate_ranges(net, R.anomaly_set(net, 1)[0])["f"][1].max() == pytest.approx(0.416559, abs=5e-7)
