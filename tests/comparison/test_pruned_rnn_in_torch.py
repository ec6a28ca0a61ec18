"""What `write_network` writes is what `torch.nn.RNN` reads: the same outputs as ours, pruned or not."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

import bounds.spectral_pruning as sp

torch = pytest.importorskip("torch")


def model(m: int, activation: str) -> Any:
    class Net(torch.nn.Module):  # type: ignore[misc,name-defined]
        def __init__(self) -> None:
            super().__init__()
            self.rnn = torch.nn.RNN(3, m, nonlinearity=activation, batch_first=True)
            self.fc = torch.nn.Linear(m, 2)

        def forward(self, x: Any) -> Any:
            return self.fc(self.rnn(x)[0])

    return Net().double()


@pytest.mark.parametrize("activation", ["relu", "tanh"])
@pytest.mark.parametrize("keep", [3, 7])
def test_torch_reads_the_pruned_network_and_computes_the_same(activation: str, keep: int, tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    torch.manual_seed(1)
    full = model(16, activation)
    save_file(full.state_dict(), tmp_path / "net.safetensors")
    x = np.random.default_rng(2).standard_normal((5, 12, 3))
    net = sp.read_network(tmp_path / "net.safetensors", activation=activation)
    found = sp.prune_network(net, x, keep=keep)
    sp.write_network(tmp_path / "small.safetensors", found)
    small = model(keep, activation)
    small.load_state_dict(load_file(tmp_path / "small.safetensors"))
    with torch.no_grad():
        y, y_small = (network(torch.from_numpy(x)).numpy() for network in (full, small))
    assert sp.rnn_forward(net.params, x, activation=activation)[1] == pytest.approx(y, abs=1e-12)
    assert sp.rnn_forward(found.pruning.params, x, activation=activation)[1] == pytest.approx(y_small, abs=1e-12)
    assert sp.rms_norm(y - y_small) == pytest.approx(found.pruning.error, rel=1e-9)
