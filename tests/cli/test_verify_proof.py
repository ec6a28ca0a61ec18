"""`proofs-check verify-proof`: it accepts what `recovery` wrote, needs no solver for that, and rejects every change."""

import copy
import json
import subprocess
import sys
from collections.abc import Callable
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bounds.common.lstm import formula_net, to_pytorch
from bounds.lstm_recovery import certificates, write_proof
from proofs_check.cli import main

G1 = formula_net(2, 1, 0.5, 0.3, 0.3, 0)


@pytest.fixture(scope="module")
def proofs() -> dict[str, dict[str, Any]]:
    """The proof of every method for one net; of an anomaly of two steps for the tube."""
    found = certificates(G1, methods=["box", "lipschitz", "coupled", "transient", "lmi"], lmi_solves=6)
    found += certificates(G1, methods=["tube"], anomaly_steps=2)
    return {c.method: json.loads(json.dumps(c.proof)) for c in found if c.proof is not None}


@pytest.fixture
def verify(monkeypatch, capfd, tmp_path):
    """Write the object or text to a file and run the command on it: exit code, standard output, standard error."""
    np.savez(tmp_path / "g1.npz", **to_pytorch(G1))
    np.savez(tmp_path / "other.npz", **to_pytorch(formula_net(2, 1, 0.5, 0.3, 0.3, 0.001)))

    def run(proof: Any, *words: str) -> tuple[int, str, str]:
        file = tmp_path / "proof.json"
        file.write_text(proof if isinstance(proof, str) else json.dumps(proof), encoding="utf-8")
        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(sys, "argv", ["proofs-check", "verify-proof", str(file), *words])
        try:
            main()
        except SystemExit as left:
            code = int(left.code or 0)
        out, err = capfd.readouterr()
        return code, out, err

    return run


def test_every_method_writes_what_verifies(proofs, verify):
    assert set(proofs) == {"box", "lipschitz", "coupled", "transient", "tube", "lmi"}
    for method, proof in proofs.items():
        code, out, err = verify(proof, "--weights", "g1.npz")
        assert (code, err) == (0, ""), method
        assert f"for all t >= {proof['steps']}" in out
        assert "the weights of g1.npz" in out
    code, out, _ = verify(proofs["lipschitz"], "--json")
    assert code == 0
    assert json.loads(out)["holds"] is True


def test_the_file_on_disk_is_what_was_proved(proofs, tmp_path):
    write_proof(proofs["lmi"], tmp_path / "proof.json")
    assert json.loads((tmp_path / "proof.json").read_text()) == proofs["lmi"]


def change(proof: dict[str, Any], *path: Any, to: Any) -> dict[str, Any]:
    """The proof with one entry replaced; `to` may be a function of the old one."""
    out = copy.deepcopy(proof)
    place = out
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = to(place[path[-1]]) if callable(to) else to
    return out


def moved(by: float) -> Callable[[str], str]:
    return lambda text: (float.fromhex(text) + by).hex()


def test_changed_proofs_are_rejected(proofs, verify):
    lmi, plain = proofs["lmi"], proofs["lipschitz"]
    lower = change(lmi, "certificate", "rho", to=lambda rho: str(Fraction(rho) - Fraction(1, 20)))
    both = change(lower, "rate", to=lambda rate: (float.fromhex(rate) - 0.05).hex())
    wrong = {
        "rho lowered": lower,
        "rho and rate lowered": both,
        "rate lowered": change(plain, "rate", to=moved(-0.05)),
        "a rate that the method does not prove": change(proofs["transient"], "rate", to=(0.5).hex()),
        "an entry of P": change(lmi, "certificate", "P", 0, 1, to=moved(1e-3)),
        "an entry on the diagonal of P": change(lmi, "certificate", "P", 3, 3, to=moved(-0.5)),
        "a multiplier": change(lmi, "certificate", "lam", 0, 0, to=moved(-1e3)),
        "NaN in P": change(lmi, "certificate", "P", 0, 0, to="nan"),
        "NaN in the weights": change(plain, "layers", 0, "U", 0, 0, 0, to="nan"),
        "NaN as a tolerance": change(plain, "epsilon", to="nan"),
        "infinite inputs": change(plain, "inputs", "hi", to=["inf"]),
        "wider inputs": change(plain, "inputs", "hi", to=[(1.25).hex()]),
        "smaller tolerance": change(plain, "epsilon", to="1/1000"),
        "another weight": change(plain, "layers", 0, "U", 0, 0, 0, to=moved(0.01)),
        "another hash": change(plain, "weights_sha256", to="0" * 64),
        "smaller box": change(plain, "hidden", to={"lo": [(0.0).hex()] * 2, "hi": [(0.1).hex()] * 2}),
        "longer anomaly": change(proofs["tube"], "anomaly_steps", to=50),
        "another method": change(plain, "method", to="transient"),
        "no such method": change(plain, "method", to="magic"),
        "another format": change(plain, "format", to="2"),
    }
    wrong |= {f"T of {method} lowered by one": change(p, "steps", to=p["steps"] - 1) for method, p in proofs.items()}
    wrong |= {f"{name} gone": {k: v for k, v in lmi.items() if k != name} for name in lmi}
    for value in (None, 3, 2.5, "x", [], {}, True, [["x"]]):
        wrong |= {f"{name} = {value!r}": change(lmi, name, to=value) for name in ("layers", "inputs", "hidden", "certificate")}
        if value is not True:  # one step, which is refused as too few
            wrong[f"steps = {value!r}"] = change(lmi, "steps", to=value if value != 3 else "3")
    for name, proof in wrong.items():
        code, out, err = verify(proof)
        assert (code, err) == (1, ""), name
        assert out.startswith("proof.json is REJECTED: "), name
        assert "not as it was written" not in out, name  # what is wrong is said, not only that something was changed


def test_a_proof_about_other_weights_is_rejected(proofs, verify):
    code, out, _ = verify(proofs["lipschitz"], "--weights", "other.npz")
    assert code == 1
    assert out == "proof.json is REJECTED: the proof is about other weights\n"


def test_files_that_are_no_proof_are_one_sentence(proofs, verify):
    whole = json.dumps(proofs["lipschitz"])
    for text, sentence in (
        (whole[: len(whole) // 2], "is not whole JSON"),
        ("", "is not whole JSON"),
        (whole.replace(f'"steps": {proofs["lipschitz"]["steps"]}', '"steps": NaN'), "NaN is no number of a proof"),
        ("[1, 2]", "holds a list, not a proof object"),
        ("[" * 100_000, "is not whole JSON"),
    ):
        code, out, err = verify(text)
        assert (code, out) == (2, "")
        assert sentence in err
        assert len(err.strip().splitlines()) == 1
    assert "absent.npz is not there" in verify(proofs["lipschitz"], "--weights", "absent.npz")[2]


def test_no_solver_is_imported(proofs, tmp_path: Path):
    """Nothing that searches for certificates: neither cvxpy nor scipy, clarabel, sympy; and not the search itself."""
    write_proof(proofs["lmi"], tmp_path / "proof.json")
    np.savez(tmp_path / "g1.npz", **to_pytorch(G1))
    words = ["proofs-check", "verify-proof", str(tmp_path / "proof.json"), "--weights", str(tmp_path / "g1.npz")]
    program = (
        f"import sys; from proofs_check.cli import main; sys.argv = {words}\n"
        "try: main()\n"
        "except SystemExit as left: print('left with', left.code)\n"
        "print(*sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=100)
    said, *_, names = done.stdout.strip().splitlines()
    assert " holds: " in said, done.stdout + done.stderr
    loaded = names.split()
    tops = {name.split(".")[0] for name in loaded}
    assert "flint" in tops
    assert not tops & {"cvxpy", "scipy", "clarabel", "sympy", "matplotlib"}
    assert "bounds.lstm_recovery.verification" in loaded
    assert not {"bounds.lstm_recovery.methods", "bounds.lstm_recovery.multipliers"} & set(loaded)
