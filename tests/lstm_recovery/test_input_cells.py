"""Cells of inputs: by hand, against one cell and against attacks; proofs with cells that are accepted, and tampered ones."""

import copy
import math

import flint
import numpy as np
import pytest

from bounds import lstm_recovery as R
from bounds.common.lstm import run
from bounds.lstm_recovery import input_cells as C
from bounds.lstm_recovery import verification as V
from bounds.lstm_recovery.interval_box import widths
from bounds.lstm_recovery.reach_tube import tube_recovery
from tests.lstm_recovery.oracles import G1, G2

R2 = R.random_net(2, 4, 1, 0.3, 0.5, 0.3, 0.5)


@pytest.fixture(scope="module")
def of_r2():
    return {c.method: c for c in R.certificates(R2, 0.01, methods=["cells_lmi"], lmi_solves=6)}


def test_inputs_that_move_the_gates_most_are_cut_first():
    W = np.zeros((4, 1, 3))
    W[0, 0] = [1.0, 4.0, 0.0]
    net = R.LSTMNet(W, np.zeros((4, 1, 1)), np.zeros((4, 1)))
    edges = C.cut(net, R.invariant_box(net), 8)
    assert [len(points) - 1 for points in edges] == [2, 4, 1]
    assert edges[1] == [-1.0, -0.5, 0.0, 0.5, 1.0]
    assert len(C.cells_of(edges)) == 8
    with pytest.raises(ValueError, match="at least 1 cell"):
        C.cut(net, R.invariant_box(net), 0)


def test_one_cell_is_the_reach_tube():
    box = R.proved_box(G1)
    assert C.cell_recovery(G1, box, widths(box), 0.01, cells=1)[0] == tube_recovery(G1, box, widths(box), 0.01)[0]


def test_sets_hold_what_random_inputs_reach_and_shrink():
    box = R.proved_box(G2)
    tube = C.stages(G2, box, C.cut(G2, box, 8))
    rng = np.random.default_rng(0)
    c, h = (box[lo] + rng.random((500, 3)) * (box[hi] - box[lo]) for lo, hi in (("cl", "cu"), ("hl", "hu")))
    tape = run(G2, c, h, np.sign(rng.normal(size=(len(tube), 500, 2))))
    for s, stage in enumerate(tube):
        for x, lo, hi in ((tape.c[s], "cl", "cu"), (tape.h[s], "hl", "hu")):
            assert (x >= stage.box[lo] - 1e-12).all()
            assert (x <= stage.box[hi] + 1e-12).all()
        assert (widths(stage.after) <= widths(stage.box)).all()
    assert widths(tube[-1].box).sum() < 0.8 * widths(box).sum()


@pytest.mark.parametrize(("method", "net", "at_most"), [("cells", G1, 18), ("cells", G2, 62), ("cells_lmi", G2, 46)])
def test_cells_give_smaller_times_that_are_proved(method, net, at_most):
    (found,) = R.certificates(net, 0.01, methods=[method], lmi_solves=6)
    assert (found.trust, found.steps <= at_most, found.statement) == ("proved", True, "lstm_recovery.input_cells")
    assert V.verify_proof(found.proof, net).holds
    attack = R.attack_recovery(net, R.proved_box(net), 0.01, batch=4, iters=10)
    assert attack.steps <= found.steps


def test_a_net_that_took_six_hundred_steps_takes_a_hundred(of_r2):
    found = of_r2["cells_lmi"]
    assert found.trust == "proved"
    assert found.steps <= 100


def test_anomalies_of_any_size_have_matrix_inequalities_too():
    net = R.formula_net(2, 1, 0.1, 0.3, 0.3, -1)
    for method in ("cells", "cells_lmi"):
        (found,) = R.certificates(net, 0.01, methods=[method], anomaly_steps=10, lmi_solves=4)
        assert (found.trust, found.steps < 20) == ("proved", True)


def tampered(proof, **changes):
    other = copy.deepcopy(dict(proof))
    other["certificate"] |= changes
    return V.verify_proof(other)


def test_tampered_proofs_are_rejected(of_r2):
    proof = of_r2["cells_lmi"].proof
    data = proof["certificate"]
    (points,) = data["edges"]
    assert V.verify_proof(proof, R2).holds
    assert not V.verify_proof({**proof, "steps": proof["steps"] - 1}).holds
    for edges in ([points[:-1]], [points[1:]], [[points[0], points[2], points[1], *points[3:]]]):
        assert "rise from the lower end" in tampered(proof, edges=edges).reason
    assert tampered(proof, lam=data["lam"][:-1]).reason == "an array has the wrong shape"
    assert "hold from the last stage on" in tampered(proof, transient_steps=data["stages"] - 2).reason
    negative = copy.deepcopy(data["lam"])
    negative[0][0][0] = (-1.0).hex()
    assert "no multiplier negative" in tampered(proof, lam=negative).reason
    P = copy.deepcopy(data["P"])
    P[0][0] = (float.fromhex(P[0][0]) * 0.2).hex()
    assert not tampered(proof, P=P).holds
    wider = copy.deepcopy(dict(proof))
    wider["certificate"]["edges"] = [[points[0], points[-1]]]
    wider["certificate"]["lam"] = [data["lam"][0]]
    assert not V.verify_proof(wider).holds  # multipliers of one cell say nothing about the whole range
    slower = math.fsum([float.fromhex(proof["rate"]), -0.05])
    assert not V.verify_proof({**proof, "rate": slower.hex(), "certificate": {**data, "rho": f"{slower:.6f}"}}).holds


def test_exact_stages_are_those_of_floats():
    box = R.proved_box(G1)
    edges = C.cut(G1, box, 4)
    tube = C.stages(G1, box, edges)
    with flint.ctx.workprec(V.BITS):
        exact = V.verify_box(G1, box)[1]
        d, new, ranges = V.cell_path(G1, exact, exact.widths, V.cells_of(exact, edges), len(tube), 12)
        _, path = C.settled_time(tube, widths(box), 1e-6)
        np.testing.assert_allclose([float(x) for x in d], path[12], rtol=1e-9)
        np.testing.assert_allclose([float(x) for x in new], path[13], rtol=1e-9)
        for mine, theirs in zip(ranges, tube[-1].ranges, strict=True):
            for name in ("f", "c", "t", "dt", "do"):
                np.testing.assert_allclose(np.array(mine[name], dtype=float), theirs[name], rtol=1e-9, atol=1e-15)
