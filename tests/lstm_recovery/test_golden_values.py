"""The tables of the three formula nets, to their digits."""

import numpy as np
import pytest

from bounds import lstm_recovery as R
from bounds.lstm_recovery.gate_coupling import psi
from bounds.lstm_recovery.interval_box import gate_ranges, widths
from bounds.lstm_recovery.ladder import perron
from bounds.lstm_recovery.transient import phi
from tests.lstm_recovery import golden
from tests.lstm_recovery.oracles import G0, G1, NETS


@pytest.mark.parametrize(("name", "k"), golden.NORMS)
def test_norm_bounds(name, k):
    net, want = NETS[name], golden.NORMS[name, k]
    s, M = R.norm_invariant_set(net, k), R.comparison_matrix_2x2(net, k)
    got = {**s, "al": M.al, "be": M.be, "rho": R.spectral_radius_2x2(s["sf"], s["so"], M.al, M.be)}
    for key in ("sf", "si", "so", "ph", "cb", "H_next", "al", "be", "rho"):
        assert got[key] == pytest.approx(want[key], rel=1e-14), key
    assert R.norm_recovery_time(net, 0.01, k) == want["T"]
    assert R.delta_iss(s["sf"], s["so"], M.al, M.be) == (want["rho"] < 1)


def test_other_norms_and_tolerances_of_g0():
    for q, rho in golden.OTHER_NORMS_G0.items():
        assert perron(R.comparison_matrix_2x2(G0, 300, q).A)[0].hi == pytest.approx(rho, abs=1e-12)
    assert [R.norm_recovery_time(G0, e, 300) for e in (0.1, 0.01, 0.001)] == [25, 47, 69]
    M, s = R.comparison_matrix_2x2(G0, 300), R.norm_invariant_set(G0, 300)
    assert R.recovery_time_power(M.A, [2 * s["cb"], 2 * s["H_next"]], 0.01, [1]) == 46


def test_refinement_of_g1():
    H, cb = golden.REFINEMENT_G1
    assert [R.norm_invariant_set(G1, k)["H"] for k in range(3)] == pytest.approx(H, rel=1e-14)
    assert [R.norm_invariant_set(G1, k)["cb"] for k in range(3)] == pytest.approx(cb, rel=1e-14)


@pytest.mark.parametrize("name", golden.BOXES)
def test_limit_boxes(name):
    box = R.invariant_box(NETS[name], iters=300)
    for side, want in golden.BOXES[name].items():
        np.testing.assert_allclose(box[side], want, atol=2e-15 if name == "G0" else 3e-15, rtol=2e-15)


@pytest.mark.parametrize("name", golden.RATES)
def test_rates_and_times(name):
    net, (rates, times) = NETS[name], golden.RATES[name]
    box = R.invariant_box(net, iters=300)
    r, w = gate_ranges(net, box), widths(box)
    A, J = R.lipschitz_matrix(net, box), R.jacobian_matrix(net, box)
    got = [perron(M)[0].hi for M in (R.box_matrix(net, box), A, J)]
    got += [R.map_rate(psi(net, r, cells), 2 * net.n, 3000)[0] for cells in (64, None)]
    assert got[:4] == pytest.approx(rates[:4], abs=1e-11)
    assert got[4] == pytest.approx(rates[4], abs=2e-12)
    maps = (lambda d: A @ d, lambda d: J @ d, psi(net, r), phi(net, r, w))
    assert [R.recovery_time(step, w, 0.01, net.n) for step in maps] == times
    if name == "G2":
        assert R.recovery_time(phi(net, r, w), w, 0.01, 3) == 180


def test_other_tolerances_of_g0():
    box = R.invariant_box(G0)
    r, w = gate_ranges(G0, box), widths(box)
    A, J = R.lipschitz_matrix(G0, box), R.jacobian_matrix(G0, box)
    maps = (lambda d: A @ d, lambda d: J @ d, psi(G0, r), phi(G0, r, w))
    times = [[R.recovery_time(step, w, e, 2) for e in (0.1, 0.01, 0.001)] for step in maps]
    assert times == [[5, 13, 22], [4, 12, 19], [4, 12, 19], [4, 11, 18]]


def test_jacobian_matrix_and_coupled_map_of_g1():
    box = R.invariant_box(G1, iters=300)
    np.testing.assert_allclose(R.jacobian_matrix(G1, box), golden.JACOBIAN_G1, atol=1e-14)
    np.testing.assert_allclose(R.gate_coupled_map(G1, box, np.array([1, 0.5, 0.2, 0.1])), golden.PSI_G1, atol=1e-14)
    np.testing.assert_allclose(
        R.gate_coupled_map(G1, box, np.array([1, 0.5, 0.2, 0.1]), cells=1024), golden.PSI_G1_CELLS, atol=1e-14
    )


def test_joint_maxima():
    assert R.coupled_max(1, 8, 0.1, 0.9, 0, 0.9) == pytest.approx(1.89625347, abs=5e-9)
    assert R.coupled_max(1, 2, 0.2, 0.6, 0.1, 0.4) == pytest.approx(0.696, abs=1e-15)
    assert R.coupled_max(0, 2, 0.6, 0.9, 0.1, 0.4) == pytest.approx(0.192, abs=1e-15)


def test_penalty_gradient_of_g1():
    rho, _, dU, db = R.rho_gradient(G1)
    assert rho == pytest.approx(golden.NORMS["G1", 0]["rho"], rel=1e-14)
    np.testing.assert_allclose(dU[0, 1], golden.GRADIENT_U_F, rtol=1e-13)
    np.testing.assert_allclose(db, golden.GRADIENT_B, atol=1e-14)


def test_reach_tube_of_its_net():
    net = R.formula_net(2, 1, 0.1, 0.3, 0.3, -1)
    assert [R.reach_tube_recovery(net, L, 0.01)[0] for L in (1, 3, 10, 100, 1000)] == [7, 8, 9, 12, 14]
    times = []
    for L in (1, 3, 10, 100, 1000):
        box, d0 = R.anomaly_set(net, L)
        times.append(R.recovery_time(phi(net, gate_ranges(net, box), d0), d0, 0.01, 2))
    assert times == [11, 18, np.inf, np.inf, np.inf]
    assert R.gate_ranges(net, R.anomaly_set(net, 1)[0])["f"][1].max() == pytest.approx(0.416559, abs=5e-7)
