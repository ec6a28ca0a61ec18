"""One list of certificates; proofs that a solver-free reader accepts, and tampered ones that it rejects; attacks below."""

import copy
import json
import math
import subprocess
import sys
from fractions import Fraction

import flint
import mpmath as mp
import numpy as np
import pytest

from bounds import lstm_recovery as R
from bounds.lstm_recovery import elementwise, gate_coupling, interval_box, multipliers, transient
from bounds.lstm_recovery import verification as V
from bounds.lstm_recovery.interval_box import gate_ranges, widths
from bounds.lstm_recovery.methods import tolerance
from tests.lstm_recovery.oracles import E1, G0, G1, G2, NETS, last_exit, path

H4 = np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]])
LATCH = R.LSTMNet(np.zeros((4, 1, 1)), np.array([5.0, 0, 0, 0]).reshape(4, 1, 1), [[-1.5], [10], [10], [math.atanh(0.1)]])


@pytest.fixture(scope="module")
def of_g1():
    return {(c.method, c.detail.split(",")[0]): c for c in R.certificates(G1, 0.01)}


def by_method(certificates, method):
    return next(c for (name, _), c in certificates.items() if name == method)


def test_every_finite_certificate_is_proved_and_above_the_attack(of_g1):
    attack = R.attack_recovery(G1, R.proved_box(G1), 0.01, seed=0)
    assert attack.steps >= 11
    finite = [c for c in of_g1.values() if c.steps < math.inf]
    one_range = {"box", "lipschitz", "jacobian", "coupled", "transient", "tube", "lmi"}
    assert {c.method for c in finite} == one_range | {"cells", "cells_lmi"}
    for c in finite:
        assert c.trust == "proved"
        assert c.steps >= attack.steps
        assert V.verify_proof(json.loads(json.dumps(c.proof)), G1).holds
    steps = {c.method: c.steps for c in finite if c.method != "box"}
    assert (steps["lipschitz"], steps["jacobian"], steps["coupled"], steps["transient"]) == (52, 36, 29, 29)
    assert steps["lmi"] <= 38
    assert by_method(of_g1, "norm").steps == math.inf


def test_best_says_who_won():
    winner = R.best(G0, 0.01, lmi_solves=4)
    assert (winner.method, winner.steps, winner.trust) == ("cells", 10, "proved")
    assert winner.statement.startswith("lstm_recovery.")
    net = R.LSTMNet(
        np.zeros((4, 4, 1)), np.stack([0 * H4, 0 * H4, 0 * H4, 0.45 * H4]), np.repeat([[-12.0], [12], [12], [0]], 4, 1)
    )
    assert R.best(net, 0.01, methods=["box", "lipschitz", "jacobian"]).detail == "q = 2"


def test_a_net_that_does_not_forget_gets_no_certificate():
    found = R.certificates(LATCH, 0.01, lmi_solves=4)
    assert all(c.steps == math.inf for c in found)
    assert R.best(LATCH, 0.85, lmi_solves=4).steps == math.inf


def test_the_equality_case_is_met():
    """E1: certificate and truth are both 59 steps."""
    assert R.best(E1, 0.01, methods=["norm", "transient"]).steps == 59
    assert R.attack_recovery(E1, R.proved_box(E1), 0.01).steps == 59


def test_layers_have_the_stacked_certificate_and_its_proof():
    assert R.stacked_recovery_time([E1, E1], 0.01) == 107
    winner = R.best([E1, E1], 0.01)
    assert (winner.method, winner.steps, winner.trust) == ("norm", 107, "proved")
    A, d0 = R.stacked_matrix([E1, E1])
    assert R.recovery_time_power(A, d0, 0.01, [3]) == 109
    assert not sealed_and_checked({**winner.proof, "steps": 106}).holds


def test_unbounded_anomaly_has_proofs_too():
    net = R.formula_net(2, 1, 0.1, 0.3, 0.3, -1)
    for L, T in ((1, 7), (10, 9), (100, 12)):
        tube = next(c for c in R.certificates(net, 0.01, anomaly_steps=L) if c.method == "tube")
        assert (tube.steps, tube.trust) == (T, "proved")
        assert not sealed_and_checked({**tube.proof, "steps": T - 1}).holds
        assert R.attack_reach(net, 0.01, L, 1000.0, batch=4, iters=10).steps <= T


def sealed_and_checked(proof, net=None):
    """The answer to a file that was sealed after it was changed."""
    return V.verify_proof(V.sealed(proof), net)


def shifted(proof, name, where, by):
    """The proof with one number moved."""
    out = copy.deepcopy(dict(proof))
    rows = out["certificate"][name]
    for k in where[:-1]:
        rows = rows[k]
    rows[where[-1]] = (float.fromhex(rows[where[-1]]) + by).hex()
    return out


def test_tampered_proofs_are_rejected(of_g1):
    lmi = by_method(of_g1, "lmi").proof
    assert V.verify_proof(lmi).holds
    lower = {**lmi, "certificate": {**lmi["certificate"], "rho": str(Fraction(lmi["certificate"]["rho"]) - Fraction(1, 20))}}
    assert V.verify_proof(lower).reason == "the matrix inequality fails"
    assert V.verify_proof(shifted(lmi, "P", (0, 1), 1e-3)).reason == "P is not symmetric"
    assert not sealed_and_checked(shifted(lmi, "P", (0, 0), -0.5)).holds
    assert not sealed_and_checked(shifted(lmi, "p", (2,), -0.5)).holds
    assert V.verify_proof(shifted(lmi, "lam", (0, 0), -1e6)).reason == "a multiplier is negative"
    assert "does not contain" in V.verify_proof(shifted(lmi, "sector", (1, 0, 0), -1e-3)).reason
    assert V.verify_proof(lmi, G0).reason == "the proof is about other weights"
    for certificate in of_g1.values():
        if certificate.proof is not None:
            assert "not within" in V.verify_proof({**certificate.proof, "steps": certificate.steps - 1}).reason
    other = copy.deepcopy(dict(lmi))
    other["layers"][0]["U"][0][0][0] = (0.25).hex()
    assert "hash" in V.verify_proof(other).reason
    assert "invariant" in V.verify_proof({**lmi, "hidden": {"lo": [(0.0).hex()] * 2, "hi": [(0.1).hex()] * 2}}).reason


@pytest.mark.parametrize(
    "broken", [{}, {"format": "x"}, {"format": V.FORMAT, "layers": 3}, {"format": V.FORMAT, "layers": []}, {"format": V.FORMAT}]
)
def test_a_file_that_is_no_proof_is_a_reason_not_a_crash(broken):
    answer = V.verify_proof(broken)
    assert not answer.holds
    assert answer.reason


def test_wrong_numbers_in_a_proof_are_reasons(of_g1):
    proof = by_method(of_g1, "lipschitz").proof
    for change in (
        {"steps": -1},
        {"steps": 52.0},
        {"epsilon": "0"},
        {"epsilon": "-1/100"},
        {"method": "prayer"},
        {"anomaly_steps": -3},
        {"anomaly_steps": "many"},
        {"hidden": None},
        {"inputs": {"lo": ["nan"], "hi": ["nan"]}},
        {"inputs": {"lo": ["0x1p0"], "hi": ["-0x1p0"]}},
    ):
        assert not sealed_and_checked({**proof, **change}).holds, change
    norm = next(c for c in R.certificates(G0, 0.01, methods=["norm"]) if c.proof is not None).proof
    for change in (
        {"inputs": {"lo": ["0x1p-4"], "hi": ["-0x1p-4"]}},
        {"inputs": {"lo": [], "hi": []}},
        {"certificate": {**norm["certificate"], "q": "3"}},
        {"certificate": {**norm["certificate"], "k": -1}},
        {"anomaly_steps": 1},
    ):
        assert not sealed_and_checked({**norm, **change}).holds, change


def test_the_verifier_needs_no_solver():
    code = "import sys, bounds.lstm_recovery.verification; print(sorted({m.split('.')[0] for m in sys.modules}))"
    modules = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert not {"'scipy'", "'cvxpy'", "'clarabel'", "'sympy'"} & set(modules.strip("[]\n").split(", "))


def test_a_written_proof_is_read_back(tmp_path, of_g1):
    R.write_proof(by_method(of_g1, "transient").proof, tmp_path / "proof.json")
    proof = json.loads((tmp_path / "proof.json").read_text(encoding="utf-8"))
    answer = V.verify_proof(proof, G1)
    assert answer.holds
    assert "t >= 29" in answer.statement


# ---- the verifier's own formulas, against the floats of the claim modules and against definitions --------------------


def ball_box(net):
    holds, exact = V.verify_box(net, R.proved_box(net))
    assert holds
    return exact


@pytest.mark.parametrize("name", NETS)
def test_ball_maps_lie_just_above_those_in_floats(name):
    net, exact = NETS[name], ball_box(NETS[name])
    box = R.proved_box(net)
    r, w = gate_ranges(net, box), widths(box)
    rng = np.random.default_rng(6)
    pairs = {
        "lipschitz": lambda d: elementwise.lipschitz_matrix(net, box) @ d,
        "jacobian": lambda d: elementwise.jacobian_matrix(net, box) @ d,
        "coupled": gate_coupling.psi(net, r),
        "transient": transient.phi(net, r, w),
    }
    with flint.ctx.workprec(V.BITS):
        for method, step in pairs.items():
            balls = V.map_of(net, method, exact, exact.widths)
            for _ in range(6):
                d = rng.exponential(0.3, 2 * net.n) * (rng.random(2 * net.n) < 0.8)
                got = np.array([float(x) for x in balls([V.point(float(x)) for x in d])])
                np.testing.assert_allclose(got, step(d), rtol=1e-10, atol=1e-300)
        for k, (low, high) in enumerate(V.sectors(exact.ranges)):
            want = multipliers.sectors(net, box)
            np.testing.assert_allclose([float(x) for x in low], want[0, k] + multipliers.WIDER, rtol=1e-9, atol=1e-12)
            np.testing.assert_allclose([float(x) for x in high], want[1, k] - multipliers.WIDER, rtol=1e-9, atol=1e-12)


def test_exact_rate_of_g1_and_times():
    exact, box = ball_box(G1), R.proved_box(G1)
    with flint.ctx.workprec(V.BITS):
        A = V.lipschitz_matrix(G1, exact.ranges)
    w = R.map_rate(lambda d: elementwise.lipschitz_matrix(G1, box) @ d, 4)[1]
    holds, rate = V.verify_rate(A, w)
    assert holds
    assert float(rate) == pytest.approx(0.91534230811, abs=1e-11)
    assert V.verify_time(G1, box, "1/100", 52)[0]
    assert not V.verify_time(G1, box, "1/100", 51)[0]
    with pytest.raises(ValueError, match="positive weight"):
        V.verify_rate([[1]], [0])


def test_a_box_inflated_evenly_may_fail_and_an_earlier_one_is_found():
    box = R.invariant_box(G2)
    even = {**box, "hl": box["hl"] * (1 + 1e-12), "hu": box["hu"] * (1 + 1e-12)}
    assert not V.verify_box(G2, even)[0]
    found = R.proved_box(G2)
    assert V.verify_box(G2, found)[0]
    np.testing.assert_allclose(found["hu"], box["hu"], rtol=1e-9)
    assert not V.verify_box(G2, {**found, "hu": found["hu"] * 0.99})[0]


def test_matrix_of_the_inequality_is_the_quadratic_form_of_the_statement():
    """ξ'Lξ from the definitions, at random ξ."""
    rng = np.random.default_rng(7)
    n = 2
    P, lam, lo, hi = rng.normal(size=(4, 4)), rng.random((6, n)), rng.normal(size=(6, n)), rng.normal(size=(6, n))
    P = P + P.T
    rho = 0.8
    with flint.ctx.workprec(V.BITS):
        balls = V.lmi_matrix(
            G1,
            *([V._points(row) for row in M] for M in (P, lam)),
            V.point(rho) ** 2,
            *([V._points(r) for r in M] for M in (lo, hi)),
        )
        L = -np.array([[float(x) for x in row] for row in balls])
    for _ in range(5):
        c, h, *w = xi = rng.normal(size=(8, n))
        plus = np.concatenate([w[0] + w[1] + w[2] + w[3], w[4] + w[5]])
        x = np.concatenate([c, h])
        z = [c, G1.U[0] @ h, G1.U[3] @ h, G1.U[1] @ h, G1.U[2] @ h, plus[:n]]
        form = plus @ P @ plus - rho**2 * x @ P @ x
        form += sum(((w[k] - lo[k] * z[k]) * lam[k] * (hi[k] * z[k] - w[k])).sum() for k in range(6))
        assert np.ravel(xi) @ L @ np.ravel(xi) == pytest.approx(form, rel=1e-10)


def test_positive_definite_pivots():
    with flint.ctx.workprec(V.BITS):
        rng = np.random.default_rng(8)
        B = rng.normal(size=(6, 6))
        as_balls = lambda A: [[V.point(float(x)) for x in row] for row in A]  # noqa: E731
        assert V.positive_definite(as_balls(B @ B.T + 1e-6 * np.eye(6)))
        assert not V.positive_definite(
            as_balls(B @ B.T - 1e-3 * np.eye(6) * np.linalg.eigvalsh(B @ B.T)[0] - np.outer(B[0], B[0]) * 2)
        )
        assert not V.positive_definite(as_balls(np.zeros((2, 2))))
        wide = V.point(1.0) + flint.arb(0, 2)
        assert not V.positive_definite([[wide]])


def test_norms_of_the_verifier_are_upper_bounds():
    with flint.ctx.workprec(V.BITS):
        M = np.random.default_rng(9).normal(size=(3, 2))
        for q in (1.0, 2.0, math.inf):
            assert float(V._norm(M, q)) == pytest.approx(np.linalg.norm(M, q), rel=1e-8)
            assert float(V._norm(M, q)) >= np.linalg.norm(M, q) * (1 - 1e-14)
        A, start = V.norm_bounds([G0], 300, math.inf, V.point(1.0))
    assert [float(x) for x in start] == pytest.approx([2 * 0.93266180249097153, 2 * 0.49166999178114265], rel=1e-12)
    np.testing.assert_allclose([[float(x) for x in row] for row in A], R.comparison_matrix_2x2(G0, 300).A, rtol=1e-12)


# ---- attacks ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("name", "least"), [("G0", 8), ("G2", 15)])
def test_attacks_are_real_by_thirty_digits_and_reach_the_known_times(name, least):
    net, box = NETS[name], R.proved_box(NETS[name])
    attack = R.attack_recovery(net, box, 0.01, seed=0)
    assert attack.steps >= least
    for side, lo, hi in ((attack.c, "cl", "cu"), (attack.h, "hl", "hu")):
        assert ((side >= box[lo]) & (side <= box[hi])).all()
    assert (attack.u[:, 0] == attack.u[:, 1]).all()
    assert np.abs(attack.u).max() <= 1
    with mp.workdps(30):
        a, b = (path(net, attack.c[k], attack.h[k], attack.u[:, k]) for k in (0, 1))
        exits = last_exit([[abs(x - y) for x, y in zip(s[1], t[1], strict=True)] for s, t in zip(a, b, strict=True)], 0.01)
    assert exits == attack.steps


def test_a_net_that_forgets_in_one_step_takes_one_step_and_not_none():
    net = R.formula_net(2, 1, 0.3, 0.0, 0.3, -40)  # no recurrence, and a forget gate that is shut
    box = R.proved_box(net)
    attack = R.attack_recovery(net, box, 0.01, batch=4, iters=4)
    assert (attack.steps, R.best(net, 0.01, methods=["lipschitz"]).steps) == (1, 1)
    assert attack.distance == abs(attack.h[0] - attack.h[1])[attack.unit] == (box["hu"] - box["hl"]).max()
    assert attack.u.shape == (0, 2, 1)
    upper = R.formula_net(1, 2, 0.0, 0.0, 0.0, -40)  # of several layers the last one counts, and this one is always at 0
    assert R.attack_recovery([net, upper], [box, R.proved_box(upper)], 0.01, batch=4, iters=4).steps == 0

    reached = R.attack_reach(net, 0.01, 2, 5.0, batch=4, iters=4, prefix=3)
    assert (reached.steps, reached.u.shape) == (1, (5, 2, 1))
    ends = [path(net, np.zeros(2), np.zeros(2), reached.u[:, k])[-1][1][reached.unit] for k in (0, 1)]
    assert float(abs(ends[0] - ends[1])) == pytest.approx(reached.distance, rel=1e-12)


def test_an_attack_on_half_a_box_and_a_negative_entry_are_refused_in_a_sentence():
    with pytest.raises(ValueError, match=r"^a box holds cl, cu, hl, hu and its inputs' ulo, uhi, got only cl$"):
        R.attack_recovery(G0, {"cl": np.zeros(2)}, 0.01)
    with pytest.raises(ValueError, match=r"^sf, so, al and be must not be negative, got sf=-1, so=2, al=3, be=4$"):
        R.spectral_radius_2x2(-1, 2, 3, 4)


def test_attacks_repeat_by_seed_and_say_nothing_where_there_is_nothing():
    box = R.invariant_box(G0)
    one, two = (R.attack_recovery(G0, box, 0.05, seed=3, batch=4, iters=8) for _ in range(2))
    assert (one.steps, one.distance) == (two.steps, two.distance)
    assert np.array_equal(one.u, two.u)
    assert R.attack_recovery(G0, box, 3.0, batch=4, iters=4).steps == 0
    assert R.attack_reach(G0, 3.0, 2, 5.0, batch=4, iters=4).steps == 0
    assert R.attack_reach(G0, 0.01, 0, 5.0, batch=4, iters=4, prefix=0).steps == 0  # no anomaly, no difference
    with pytest.raises(ValueError, match="tolerance e must be positive"):
        R.attack_recovery(G0, box, 0.0)


def test_reached_states_differ_only_by_the_anomaly():
    attack = R.attack_reach(G1, 0.01, 5, 50.0, batch=4, iters=10)
    assert np.array_equal(attack.c, np.zeros((2, 2)))
    differ = np.flatnonzero((attack.u[:, 0] != attack.u[:, 1]).any(axis=1))
    assert set(differ) <= set(range(30, 35))
    assert np.abs(attack.u[30:35, 0]).max() == 50.0
    assert np.abs(np.delete(attack.u, np.s_[30:35], axis=0)).max() <= 1


# ---- the public names -------------------------------------------------------------------------------------------------


def test_every_public_name_imports_and_no_submodule_hides_one():
    for name in R.__all__:
        assert callable(getattr(R, name)), name
    import pkgutil

    assert not set(R.__all__) & {m.name for m in pkgutil.iter_modules(R.__path__)}
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        _ = R.nonsense


def test_importing_the_paper_is_cheap():
    code = "import sys, bounds.lstm_recovery; print('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout == "False\n"


@pytest.mark.parametrize("e", [0, -1, "x", math.nan, math.inf, "1/0"])
def test_tolerances_that_are_none(e):
    with pytest.raises(ValueError, match="tolerance e must be"):
        tolerance(e)


def test_tolerances_are_the_decimal_numbers_that_are_written():
    assert tolerance(0.01) == tolerance("0.01") == tolerance("1/100") == Fraction(1, 100)


def test_bad_input_is_one_clear_sentence():
    with pytest.raises(ValueError, match="q must be 1, 2 or inf, got 3"):
        R.comparison_matrix_2x2(G0, q=3)
    with pytest.raises(ValueError, match="k and umax must not be negative"):
        R.norm_invariant_set(G0, -1)
    with pytest.raises(ValueError, match="ulo <= uhi in all 1 inputs"):
        R.invariant_box(G0, 1.0, -1.0)
    with pytest.raises(ValueError, match="iters must be at least 1"):
        R.invariant_box(G0, iters=0)
    with pytest.raises(ValueError, match="4 distances, none negative"):
        R.gate_coupled_map(G0, R.invariant_box(G0), np.ones(3))
    with pytest.raises(ValueError, match="its inputs' ulo, uhi, got only cl, cu, hl, hu"):
        R.gate_ranges(G0, {side: np.zeros(2) for side in ("cl", "cu", "hl", "hu")})
    with pytest.raises(ValueError, match="clip must hold 4 distances"):
        R.transient_map(G0, R.invariant_box(G0), np.ones(4), -np.ones(4))
    with pytest.raises(ValueError, match="rate rho must lie strictly between 0 and 1"):
        R.lmi_certificate(G0, R.invariant_box(G0), 1.0)
    with pytest.raises(ValueError, match="method 'guess' is not among norm, box"):
        R.certificates(G0, methods=["guess"])
    with pytest.raises(ValueError, match="anomalous inputs must be finite and not negative"):
        R.anomaly_set(G0, -1)
    with pytest.raises(ValueError, match="A w <= r w"):
        R.recovery_time_weighted([[0.9]], [1.0], 0.5, [1.0], 0.1, [0])
    with pytest.raises(ValueError, match="nonnegative square matrix"):
        R.recovery_time_power([[-1.0]], [1.0], 0.1, [0])


def test_interval_box_of_one_unit_by_hand():
    box = interval_box.invariant_box(R.LSTMNet(np.zeros((4, 1, 1)), np.zeros((4, 1, 1)), [[2.0], [0], [0], [3.0]]))
    assert box["cu"][0] == pytest.approx(4.173785, abs=5e-7)
    assert (box["cl"][0], box["hl"][0]) == (0.0, 0.0)


def one_unit(**b):
    """One unit, one input that only the candidate sees, and these biases."""
    W, bias = np.zeros((4, 1, 1)), np.zeros((4, 1))
    W[3] = 0.5
    for gate, value in b.items():
        bias["fioc".index(gate)] = value
    return R.LSTMNet(W, np.full((4, 1, 1), 0.1), bias)


def test_gates_that_saturate_in_floats_end_in_an_answer_or_one_sentence():
    never = R.certificates(one_unit(f=40, c=1), 0.001, methods=["norm", "box", "lipschitz", "jacobian", "lmi"], lmi_solves=4)
    assert {c.steps for c in never} == {math.inf}
    assert [c.steps for c in R.certificates(one_unit(f=800), 0.01, methods=["norm"])] == [math.inf] * 4
    with pytest.raises(ValueError, match="cell state of unit 0 has no bound in floats"):
        R.certificates(one_unit(f=800), 0.01)
    assert all(c.trust == "proved" for c in R.certificates(one_unit(f=-800), 0.01, lmi_solves=2) if c.method != "norm")


def test_a_net_without_inputs_and_one_without_weights_are_certified():
    silent = R.LSTMNet(np.zeros((4, 2, 0)), np.full((4, 2, 2), 0.1), np.zeros((4, 2)))
    nothing = R.LSTMNet(np.zeros((4, 2, 3)), np.zeros((4, 2, 2)), np.zeros((4, 2)))
    for net, umax in ((silent, 1.0), (nothing, 1.0), (nothing, 0.0), (G0, 0.0)):
        found = R.certificates(net, 0.01, -umax, umax, lmi_solves=4)
        assert all(c.trust == "proved" and V.verify_proof(c.proof, net).holds for c in found)
    assert {c.steps for c in R.certificates(nothing, 0.01, lmi_solves=2)} == {0}


def test_the_one_inequality_is_asked_of_gates_only():
    with pytest.raises(ValueError, match="gates sf, so lie in"):
        R.delta_iss(2.0, 1.0, 1.0, 3.0)  # 1 < (1 - 2)(1 - 3), but the spectral radius exceeds 2
    assert not R.delta_iss(1.0, 1.0, 0.0, 0.5)
