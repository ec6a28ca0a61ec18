"""Files that claim what is false, or what nobody checks, are refused with a reason; never accepted, never a crash."""

import copy
import json
import math

import flint
import numpy as np
import pytest

from bounds import lstm_recovery as R
from bounds.common.lstm import fingerprint
from bounds.lstm_recovery import verification as V
from tests.lstm_recovery.oracles import G0, G1

ONE, TWO_EQUILIBRIA = (
    (1.0).hex(),
    R.LSTMNet(np.zeros((4, 1, 1)), np.array([5.0, 0, 0, 0]).reshape(4, 1, 1), [[-1.5], [10], [10], [math.atanh(0.1)]]),
)


@pytest.fixture(scope="module")
def proofs():
    """One proof of every method, as read from a file."""
    found = {c.method: c.proof for c in R.certificates(G0, 0.01, lmi_solves=4) if c.proof is not None}
    assert set(found) == set(V.METHODS)
    return json.loads(json.dumps(found, allow_nan=False))


def checked(proof, net=None):
    """The answer to a forger who seals what he wrote: the mathematics must refuse it."""
    return V.verify_proof(V.sealed(proof), net)


def changed(proof, *where, to):
    """A copy with one entry replaced."""
    out = copy.deepcopy(proof)
    part = out
    for key in where[:-1]:
        part = part[key]
    part[where[-1]] = to
    return out


def test_all_are_accepted_as_they_are_and_refused_for_another_net(proofs):
    for proof in proofs.values():
        assert checked(proof, G0).holds
        assert checked(proof, G1).reason == "the proof is about other weights"


def test_a_lower_rate_is_refused_for_every_method(proofs):
    for method, proof in proofs.items():
        if method in ("transient", "tube", "cells"):
            assert proof["rate"] is None
            assert "proves no rate" in checked({**proof, "rate": (0.9).hex()}).reason
            continue
        rate = float.fromhex(proof["rate"])
        for lower in (rate * (1 - 1e-6), rate - 0.05, 0.0, -1.0, math.nan, math.inf):
            forged = {**proof, "rate": lower.hex()}
            assert not checked(forged).holds, (method, lower)
        for other in (None, 0.5, True):
            assert not checked({**proof, "rate": other}).holds


def test_weights_that_prove_nothing_are_refused(proofs):
    for method in ("norm", "box", "lipschitz", "jacobian", "coupled"):
        size = len(proofs[method]["certificate"]["weight"])
        for w in (
            [],
            [(0.0).hex()] * size,
            ["nan"] * size,
            ["inf"] * size,
            [(-1.0).hex()] * size,
            [ONE] * (size + 1),
            ONE,
            None,
        ):
            assert not checked(changed(proofs[method], "certificate", "weight", to=w)).holds, (method, w)


def test_an_invariant_box_around_one_of_two_equilibria_is_no_proof_that_the_net_forgets():
    """From h = 0 the net stays below 0.16, so that box is invariant; but it also has an equilibrium at 0.998."""
    assert R.best(TWO_EQUILIBRIA, 0.5, methods=["transient"]).steps == math.inf
    text = {
        name: [[[x.hex() for x in np.ravel(row)] for row in gate] for gate in getattr(TWO_EQUILIBRIA, name)] for name in "WU"
    }
    text["b"] = [[float(x).hex() for x in gate] for gate in TWO_EQUILIBRIA.b]
    forged = {
        "format": V.FORMAT,
        "method": "transient",
        "weights_sha256": fingerprint(TWO_EQUILIBRIA),
        "layers": [text],
        "inputs": {"lo": [(-1.0).hex()], "hi": [ONE]},
        "hidden": {"lo": [(0.0).hex()], "hi": [(0.16).hex()]},
        "anomaly_steps": None,
        "epsilon": "1/100",
        "rate": None,
        "certificate": {},
        "steps": 60,
    }
    assert "leaves out part of the limit box" in checked(forged).reason
    small = {"hl": [0.0], "hu": [0.16], "ulo": [-1.0], "uhi": [1.0]}
    assert not V.verify_box(TWO_EQUILIBRIA, small)[0]
    assert V.verify_box(TWO_EQUILIBRIA, {**small, "hl": [-1.0], "hu": [1.0]})[0]
    assert not V.verify_time(TWO_EQUILIBRIA, small, "1/100", 10_000, "transient")[0]


def test_boxes_that_leave_the_states_of_a_net_or_do_not_fit_are_refused(proofs):
    proof = proofs["transient"]
    sides = {end: [float.fromhex(x) for x in proof["hidden"][end]] for end in ("lo", "hi")}

    def hidden(lo, hi):
        return {**proof, "hidden": {"lo": [float(x).hex() for x in lo], "hi": [float(x).hex() for x in hi]}, "steps": 500}

    assert checked(hidden(-np.ones(2), np.ones(2))).holds  # larger than needed, and invariant
    for factor in (0.5, 0.9, 1 - 1e-9, 0.0, 4.0):
        assert not checked(hidden(np.multiply(sides["lo"], factor), np.multiply(sides["hi"], factor))).holds, factor
    assert not checked(hidden(np.full(2, -5.0), np.full(2, 5.0))).holds
    assert not checked(hidden(sides["hi"], sides["lo"])).holds
    assert not checked(hidden(sides["lo"] * 2, sides["hi"] * 2)).holds


def test_numbers_of_another_kind_are_refused(proofs):
    for method, proof in proofs.items():
        T = proof["steps"]
        for steps in (T - 1, -1, True, False, None, float(T), str(T), math.nan, [T]):
            assert not checked({**proof, "steps": steps}).holds, (method, steps)
        for e in ("0", "-1/100", "1/1000000", "nan", "inf", 0.01, True, None, "1e-2", "1e999999999", "1/0", "0x1", " 1", [1]):
            assert not checked({**proof, "epsilon": e}).holds, (method, e)
        assert checked({**proof, "epsilon": "0.01"}).holds
        for L in (True, False, -1, 1.0, "1", [1]):
            assert not checked({**proof, "anomaly_steps": L}).holds, (method, L)
    for k in (-1, True, 1.0, "3", None, 10**9):
        assert not checked(changed(proofs["norm"], "certificate", "k", to=k)).holds, k
    for q in ("3", "", 2.0, True, math.nan, None, [1]):
        for method in ("norm", "box"):
            assert not checked(changed(proofs[method], "certificate", "q", to=q)).holds, q
    for t0 in (-1, True, 1.0, "1", None, proofs["lmi"]["steps"] + 1):
        assert not checked(changed(proofs["lmi"], "certificate", "transient_steps", to=t0)).holds, t0
    for rho in ("0", "-1/2", "1", "2", "1/3", "nan", "1/0", 0.9, None):
        assert not checked(changed(proofs["lmi"], "certificate", "rho", to=rho)).holds, rho


def test_entries_that_nobody_would_check_are_refused(proofs):
    for proof in proofs.values():
        assert "must hold the entries" in checked({**proof, "attack": 3}).reason
        assert "must hold the entries" in checked(changed(proof, "certificate", "P2", to=[])).reason
        for key in proof:
            answer = V.verify_proof if key == "sha256" else checked
            assert not answer({k: v for k, v in proof.items() if k != key}).holds
            for junk in ([], 3, "x", [[[["0x1p0"]]]]):
                assert not answer({**proof, key: junk}).holds, (key, junk)
    assert "hidden box" in checked({**proofs["norm"], "hidden": proofs["box"]["hidden"]}).reason


def test_arrays_of_the_matrix_inequality_cannot_be_exchanged_or_scaled(proofs):
    proof = proofs["lmi"]
    data = proof["certificate"]

    def forged(name, f):
        value = f(V._floats(data[name]))
        return checked(changed(proof, "certificate", name, to=np.vectorize(lambda x: float(x).hex())(value).tolist()))

    with np.errstate(invalid="ignore"):
        for name in ("P", "p", "lam", "sector"):
            for f in (
                np.zeros_like,
                lambda x: x * np.nan,
                lambda x: x * np.inf,
                lambda x: x / 4,
                lambda x: -x,
                lambda x: x[:1],
            ):
                assert not forged(name, f).holds, name
    assert not forged("sector", lambda s: s[::-1]).holds
    assert not forged("sector", lambda s: np.stack([s.mean(axis=0)] * 2)).holds
    assert not forged("sector", lambda s: np.roll(s, 1, axis=1)).holds


def test_one_entry_that_was_touched_and_still_proves_the_same_is_noticed(proofs):
    proof = proofs["lmi"]
    P = proof["certificate"]["P"]
    nudged = changed(proof, "certificate", "P", 0, 0, to=(float.fromhex(P[0][0]) * (1 + 1e-9)).hex())
    assert checked(nudged).holds
    assert "not as it was written" in V.verify_proof(nudged).reason
    for i in range(4):
        for j in range(4):
            touched = changed(proof, "certificate", "P", i, j, to=(float.fromhex(P[i][j]) * (1 + 1e-9)).hex())
            assert not V.verify_proof(touched).holds
            assert not V.verify_proof(changed(proof, "certificate", "P", i, j, to=(7.0).hex())).holds
            assert not checked(changed(proof, "certificate", "P", i, j, to=(7.0).hex())).holds
    later = {**proof, "steps": proof["steps"] + 1}
    assert checked(later).holds
    assert not V.verify_proof(later).holds


def test_a_norm_made_small_is_refused_because_it_no_longer_sees_the_hidden_units(proofs):
    """P, λ and p divided by 10^6: still a contraction, and ten steps of κ fewer; only P ⪰ e e' stands against it."""
    proof = copy.deepcopy(proofs["lmi"])
    for name in ("P", "lam", "p"):
        small = V._floats(proof["certificate"][name]) / 2.0**20
        proof["certificate"][name] = np.vectorize(lambda x: float(x).hex())(small).tolist()
    assert "P - e e'" in checked(proof).reason
    assert "P - e e'" in checked({**proof, "steps": 1}).reason


def test_very_late_times_are_decided_without_walking_there(proofs):
    for proof in proofs.values():
        assert checked({**proof, "steps": 10**30}).holds
        assert not checked({**proof, "steps": 10**30, "epsilon": "1/1" + "0" * 60}).holds or proof["method"] in (
            "lmi",
            "cells_lmi",
        )


def test_what_is_not_a_number_never_wins_a_comparison():
    """Arb's exp overflows at 1e300, and a maximum that forgot it would take the entry for small."""
    nan = flint.arb("nan")
    for x in (V._max(nan, flint.arb(0)), V._max(flint.arb(0), nan, flint.arb(1)), V._min(flint.arb(0), nan)):
        assert x.is_nan()
    for gate in range(4):
        for value in (1e300, -1e300):
            b = np.ones((4, 1))
            b[gate] = value
            net = R.LSTMNet(np.zeros((4, 1, 1)), np.zeros((4, 1, 1)), b)
            box = {"hl": [-1.0], "hu": [1.0], "ulo": [-1.0], "uhi": [1.0]}
            assert not V.verify_time(net, box, "1/1000000", 3, "transient")[0] or gate == 2, (gate, value)


def test_wrong_arguments_of_the_single_steps_are_named(proofs):
    box = R.proved_box(G0)
    for T, e in ((-1, 5), (True, 5), (3.0, 5), (3, 0), (3, -1)):
        with pytest.raises(ValueError, match="natural number and the tolerance positive"):
            V.verify_time(G0, box, e, T)
    with pytest.raises(ValueError, match="finite intervals"):
        V.verify_box(G0, {**box, "hl": [math.nan, 0]})
    for side in ("hl", "hu", "ulo", "uhi"):
        with pytest.raises(ValueError, match=f"^a box needs the sides hl, hu, ulo and uhi, {side} is missing$"):
            V.verify_box(G0, {name: value for name, value in box.items() if name != side})
    data = {name: V._floats(proofs["lmi"]["certificate"][name]) for name in ("P", "lam", "p", "sector")}
    for rho in (1, 2, 0, -0.5):  # the inequality is easier at a larger rho, and from 1 on nothing decays
        assert V.verify_lmi(G0, box, rho=rho, **data) == (False, "rho is not between 0 and 1")
    with pytest.raises(ValueError, match="zip"):
        V.verify_rate([[1, 0], [0, 1]], [1])


def test_every_entry_of_a_proof_is_explained_where_it_is_checked(proofs):
    for proof in proofs.values():
        for name in (*proof, *proof["certificate"], *proof["layers"][0], *proof["inputs"], proof["method"]):
            assert f"`{name}`" in V.__doc__, name
    assert f'"{V.FORMAT}"' in V.__doc__
