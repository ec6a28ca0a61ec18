"""Our recurrent networks against torch.nn.RNN with autograd: outputs, gradients and a few Adam steps with clipping."""

import numpy as np
import pytest

from bounds.common.rnn import Recurrent, rnn_forward
from bounds.common.training import Adam, clip_gradients, softmax_cross_entropy

torch = pytest.importorskip("torch")
NAMES = {"weight_hh_l0": "Wh", "weight_ih_l0": "Wi", "bias_ih_l0": "b"}


def both(activation, dtype, m=12, d_x=3, d_y=4):
    """The same network twice: parameters for ours, and torch's two modules, whose second bias is held at zero."""
    rng = np.random.default_rng(7)
    p = {
        "Wh": np.eye(m) + 0.1 * rng.normal(size=(m, m)) / np.sqrt(m),
        "Wi": 0.3 * rng.normal(size=(m, d_x)),
        "b": 0.1 * rng.normal(size=m),
        "Wo": rng.normal(size=(d_y, m)) / np.sqrt(m),
        "bo": rng.normal(size=d_y),
    }
    p = {name: value.astype(dtype) for name, value in p.items()}
    kind = torch.float32 if dtype is np.float32 else torch.float64
    cell, read = (
        torch.nn.RNN(d_x, m, nonlinearity=activation, batch_first=True, dtype=kind),
        torch.nn.Linear(m, d_y, dtype=kind),
    )
    with torch.no_grad():
        for theirs, ours in NAMES.items():
            getattr(cell, theirs).copy_(torch.tensor(p[ours]))
        cell.bias_hh_l0.zero_()
        cell.bias_hh_l0.requires_grad_(False)
        read.weight.copy_(torch.tensor(p["Wo"]))
        read.bias.copy_(torch.tensor(p["bo"]))
    return p, cell, read


def learned(cell, read):
    """Torch's parameters that learn, under our names."""
    return {ours: getattr(cell, theirs) for theirs, ours in NAMES.items()} | {"Wo": read.weight, "bo": read.bias}


@pytest.mark.parametrize("every_step", [False, True], ids=["last step", "every step"])
@pytest.mark.parametrize(("dtype", "budget"), [(np.float64, 1e-13), (np.float32, 1e-5)], ids=["float64", "float32"])
@pytest.mark.parametrize("activation", ["relu", "tanh"])
def test_outputs_and_gradients_are_those_of_torch(activation, dtype, budget, every_step):
    rng = np.random.default_rng(1)
    p, cell, read = both(activation, dtype)
    x, targets = rng.random((5, 9, 3)).astype(dtype), rng.integers(0, 4, (5, 9) if every_step else 5)
    net = Recurrent(p, activation, every_step)
    states = cell(torch.tensor(x))[0]
    y = read(states if every_step else states[:, -1])
    loss = torch.nn.functional.cross_entropy(y.reshape(-1, 4), torch.tensor(targets).reshape(-1))
    loss.backward()
    value, gradient = net.gradient(x, targets, softmax_cross_entropy)
    assert net.outputs(x) == pytest.approx(y.detach().numpy(), abs=budget)
    assert value == pytest.approx(loss.item(), abs=budget)
    for name, theirs in learned(cell, read).items():
        assert gradient[name] == pytest.approx(theirs.grad.numpy(), abs=budget), name
    if dtype is np.float64:
        assert rnn_forward(p, x, activation=activation)[0] == pytest.approx(states.detach().numpy(), abs=budget)


def test_twenty_steps_of_training_end_where_torch_ends():
    rng = np.random.default_rng(2)
    p, cell, read = both("relu", np.float64)
    x, labels = rng.random((16, 12, 3)), rng.integers(0, 4, 16)
    net, ours, theirs = Recurrent(p), Adam(), torch.optim.Adam(list(learned(cell, read).values()), lr=0.01, eps=1e-8)
    for _ in range(20):
        _, gradient = net.gradient(x, labels, softmax_cross_entropy)
        clip_gradients(gradient, 0.5)
        ours.step(net.params, gradient, 0.01)
        theirs.zero_grad()
        torch.nn.functional.cross_entropy(read(cell(torch.tensor(x))[0][:, -1]), torch.tensor(labels)).backward()
        norm = torch.nn.utils.clip_grad_norm_(list(learned(cell, read).values()), 0.5)
        assert norm > 0.5  # clipping is at work
        theirs.step()
    for name, value in learned(cell, read).items():  # torch clips to limit/(norm + 1e-6), which Adam turns into 1e-9 or so
        assert net.params[name] == pytest.approx(value.detach().numpy(), abs=1e-6), name
