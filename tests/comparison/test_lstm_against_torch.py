"""Ours against torch.nn.LSTM in float64: trajectories, every gradient, several layers, and files that torch wrote."""

import numpy as np
import pytest

from bounds.common import lstm

torch = pytest.importorskip("torch")

SIZES = [(1, 1, 1, 1, 1), (3, 5, 4, 7, 1), (16, 4, 8, 30, 1), (5, 2, 3, 9, 3)]  # units, inputs, batch, steps, layers


def pair(n, m, layers, seed=0):
    """A torch LSTM with weights of our scale, and ours read from its entries."""
    torch.manual_seed(seed)
    peer = torch.nn.LSTM(m, n, num_layers=layers, dtype=torch.float64)
    with torch.no_grad():
        for weight in peer.parameters():
            weight.normal_(0, 0.6)
    return peer, lstm.from_pytorch({name: value.detach().numpy() for name, value in peer.state_dict().items()})


def start(n, m, batch, steps, layers, seed=1):
    rng = np.random.default_rng(seed)
    return rng.normal(size=(layers, batch, n)), np.tanh(rng.normal(size=(layers, batch, n))), rng.normal(size=(steps, batch, m))


@pytest.mark.parametrize(("n", "m", "batch", "steps", "layers"), SIZES)
def test_trajectories_are_those_of_torch(n, m, batch, steps, layers):
    peer, ours = pair(n, m, layers)
    c, h, u = start(n, m, batch, steps, layers)
    out, (h_end, c_end) = peer(torch.tensor(u), (torch.tensor(h), torch.tensor(c)))
    tapes = lstm.run_layers(ours, c, h, u)
    np.testing.assert_allclose(tapes[-1].h[1:], out.detach().numpy(), rtol=0, atol=1e-12)
    np.testing.assert_allclose([t.h[-1] for t in tapes], h_end.detach().numpy(), rtol=0, atol=1e-12)
    np.testing.assert_allclose([t.c[-1] for t in tapes], c_end.detach().numpy(), rtol=0, atol=1e-12)
    one = lstm.lstm_step(ours[0], c[0], h[0], u[0])
    np.testing.assert_allclose(one[0], tapes[0].c[1], rtol=0, atol=1e-13)


@pytest.mark.parametrize(("n", "m", "batch", "steps", "layers"), SIZES)
def test_all_gradients_are_those_of_torch(n, m, batch, steps, layers):
    peer, ours = pair(n, m, layers)
    c, h, u = start(n, m, batch, steps, layers)
    weight = np.random.default_rng(2).normal(size=(steps, batch, n))
    C, H, X = (torch.tensor(x, requires_grad=True) for x in (c, h, u))
    out, _ = peer(X, (H, C))
    (out * torch.tensor(weight)).sum().backward()
    gradients = lstm.bptt_layers(ours, lstm.run_layers(ours, c, h, u), weight)

    def close(mine, theirs):
        np.testing.assert_allclose(mine, theirs, rtol=1e-11, atol=1e-12 * max(1.0, np.abs(theirs).max()))

    close(gradients[0].u, X.grad.numpy())
    close([g.c for g in gradients], C.grad.numpy())
    close([g.h for g in gradients], H.grad.numpy())
    theirs = {name: value.grad.numpy() for name, value in peer.named_parameters()}
    for l, g in enumerate(gradients):
        rows = [lstm.GATES.index(gate) for gate in lstm.PYTORCH.replace("g", "c")]
        close(g.W[rows].reshape(4 * n, -1), theirs[f"weight_ih_l{l}"])
        close(g.U[rows].reshape(4 * n, -1), theirs[f"weight_hh_l{l}"])
        close(g.b[rows].ravel(), theirs[f"bias_ih_l{l}"])
        close(g.b[rows].ravel(), theirs[f"bias_hh_l{l}"])


def test_the_jacobian_of_a_step_is_that_of_torch():
    peer, (ours,) = pair(4, 2, 1)
    (c,), (h,), (u,) = start(4, 2, 1, 1, 1)

    def step(c, h):
        _, (h_end, c_end) = peer(torch.tensor(u)[None], (h[None], c[None]))
        return torch.cat([c_end[0, 0], h_end[0, 0]])

    rows = torch.autograd.functional.jacobian(step, (torch.tensor(c), torch.tensor(h)))
    theirs = np.concatenate([part.numpy()[:, 0] for part in rows], axis=1)
    np.testing.assert_allclose(lstm.jacobian(ours, c[0], h[0], u[0]), theirs, rtol=0, atol=1e-13)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_file_that_torch_wrote_is_read_with_a_prefix_and_other_entries(tmp_path, dtype):
    from safetensors.torch import save_file

    model = torch.nn.ModuleDict({"lstm": torch.nn.LSTM(2, 3, num_layers=2), "readout": torch.nn.Linear(3, 1)}).to(
        getattr(torch, dtype)
    )
    file = tmp_path / "model.safetensors"
    save_file(model.state_dict(), file)
    layers = lstm.load(file)
    assert [(layer.n, layer.m) for layer in layers] == [(3, 2), (3, 3)]
    u = np.random.default_rng(3).normal(size=(6, 1, 2))
    with torch.no_grad():
        wide = model["lstm"].double()
        out, _ = wide(torch.tensor(u))
    tape = lstm.run_layers(layers, np.zeros((2, 1, 3)), np.zeros((2, 1, 3)), u)[-1]
    np.testing.assert_allclose(tape.h[1:], out.numpy(), rtol=0, atol=1e-14)


def test_weights_go_back_into_torch():
    peer, ours = pair(3, 2, 2)
    again = torch.nn.LSTM(2, 3, num_layers=2, dtype=torch.float64)
    again.load_state_dict({name: torch.tensor(value) for name, value in lstm.to_pytorch(ours).items()})
    u = torch.randn(5, 2, 2, dtype=torch.float64)
    torch.testing.assert_close(again(u)[0], peer(u)[0], rtol=0, atol=1e-14)
