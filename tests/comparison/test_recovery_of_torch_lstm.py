"""An LSTM trained by torch and saved as safetensors goes through `recovery` and `verify-proof`, and torch itself, started from
the attack's two states, is as far apart as the attack says and recovers within the certified time."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
from safetensors.torch import save_file  # noqa: E402 (needs torch)

from bounds.common.lstm import load, run  # noqa: E402


class Follower(torch.nn.Module):  # type: ignore[misc, name-defined]
    """y = V h + d, as somebody would write it."""

    def __init__(self, units: int, layers: int = 1) -> None:
        super().__init__()
        self.lstm = torch.nn.LSTM(1, units, layers)
        self.fc = torch.nn.Linear(units, 1)

    def forward(self, u: Any) -> Any:
        return self.fc(self.lstm(u)[0])


def first_order_lag(steps: int, sequences: int) -> tuple[Any, Any]:
    """Inputs in [-1, 1], held for five steps, and y ← 0.7 y + 0.2 u."""
    rng = np.random.default_rng(0)
    u = np.repeat(rng.uniform(-1, 1, (steps // 5, sequences, 1)), 5, axis=0)
    y = np.zeros_like(u)
    for t in range(1, steps):
        y[t] = 0.7 * y[t - 1] + 0.2 * u[t]
    return torch.tensor(u, dtype=torch.float32), torch.tensor(y, dtype=torch.float32)


def trained() -> Follower:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model, (u, y) = Follower(3), first_order_lag(40, 8)
    optimiser = torch.optim.Adam(model.parameters(), lr=0.02, weight_decay=3e-3)
    losses = []
    for _ in range(150):
        optimiser.zero_grad()
        loss = torch.nn.functional.mse_loss(model(u), y)
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 3  # it has learned something
    return model


def command(*words: Any) -> subprocess.CompletedProcess[str]:
    program = "import sys; from proofs_check.cli import main; sys.argv[0] = 'proofs-check'; main()"
    return subprocess.run([sys.executable, "-c", program, *map(str, words)], capture_output=True, text=True, timeout=300)


def test_trained_by_torch_certified_by_us_and_verified(tmp_path: Path) -> None:
    model = trained()
    save_file(model.state_dict(), tmp_path / "net.safetensors")
    words = ("recovery", tmp_path / "net.safetensors", "--output", "fc.weight", "--epsilon", "0.05")
    done = command(*words, "--proof", tmp_path / "proof.json", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["layers"] == [{"units": 3, "inputs": 1}]
    assert found["trust"] == "proved"
    assert 0 < found["attack"]["steps"] <= found["steps"]
    checked = command("verify-proof", tmp_path / "proof.json", "--weights", tmp_path / "net.safetensors")
    assert checked.returncode == 0, checked.stdout
    assert f"for all t >= {found['steps']}" in checked.stdout
    with torch.no_grad():
        model.lstm.bias_hh_l0[0] += 0.125
    save_file(model.state_dict(), tmp_path / "later.safetensors")
    again = command("verify-proof", tmp_path / "proof.json", "--weights", tmp_path / "later.safetensors")
    assert (again.returncode, "other weights" in again.stdout) == (1, True)
    _torch_recovers_in_time(found, tmp_path / "net.safetensors", float(model.fc.weight.detach().abs().sum()))


def _torch_recovers_in_time(found: dict[str, Any], file: Path, gain: float) -> None:
    """torch in float64, from the attack's two states and on with random inputs: as far apart as the attack says, and
    within the output's tolerance from the certified time on."""
    from safetensors.torch import load_file

    model = Follower(3).double()
    model.load_state_dict({name: value.double() for name, value in load_file(file).items()})
    attack, T = found["attack"], found["steps"]
    later = np.random.default_rng(1).uniform(-1, 1, (T + 30, 1))
    u = np.concatenate([np.array(attack["u"])[:, 0], later])
    inputs = torch.tensor(np.repeat(u[:, None], 2, axis=1))
    h, c = (torch.tensor(np.array(attack[name]))[None] for name in ("h", "c"))
    with torch.no_grad():
        states, _ = model.lstm(inputs, (h, c))
        outputs = model.fc(states).numpy()[:, :, 0]
    apart = np.abs(np.diff(states.numpy(), axis=1))[:, 0]
    assert apart[attack["steps"] - 2, attack["unit"]] == pytest.approx(attack["distance"], abs=1e-9)
    assert apart[T - 1 :].max() * gain <= 0.05
    assert np.abs(outputs[:, 0] - outputs[:, 1])[T - 1 :].max() <= 0.05


def test_our_states_are_those_of_torch_for_a_stack(tmp_path: Path) -> None:
    torch.manual_seed(0)
    model = Follower(3, layers=2)
    save_file(model.state_dict(), tmp_path / "stack.safetensors")
    layers = load(tmp_path / "stack.safetensors")
    u = np.random.default_rng(2).uniform(-1, 1, (25, 2, 1))
    with torch.no_grad():
        theirs = model.double().lstm(torch.tensor(u))[0].numpy()
    signal = u
    for layer in layers:
        signal = run(layer, np.zeros((2, layer.n)), np.zeros((2, layer.n)), signal).h[1:]
    np.testing.assert_allclose(signal, theirs, atol=1e-14)
    done = command("recovery", tmp_path / "stack.safetensors", "--umax", "0.5", "--attack-seconds", "2", "--json")
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert [layer["units"] for layer in found["layers"]] == [3, 3]
    assert found["attack"]["steps"] > 0
