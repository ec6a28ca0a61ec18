"""Networks of torch: what `proofs-check quantize` takes a state_dict for is what torch computes."""

import numpy as np
import pytest

from bounds.quantized_dnn.chain import check_chain
from bounds.quantized_dnn.own_network import layer_names, quantize_network
from bounds.spike_accumulation.own_network import read_network

torch = pytest.importorskip("torch")


def dense():
    nn = torch.nn
    return nn.Sequential(
        nn.Linear(64, 20), nn.BatchNorm1d(20), nn.ReLU(), nn.Linear(20, 12), nn.BatchNorm1d(12), nn.ReLU(), nn.Linear(12, 10)
    )


def convolutional():
    nn = torch.nn
    return nn.Sequential(
        nn.Conv2d(1, 4, 3, padding=1, bias=False), nn.BatchNorm2d(4), nn.ReLU(), nn.AvgPool2d(2),
        nn.Conv2d(4, 6, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(), nn.Linear(24, 10),
    )  # fmt: skip


@pytest.mark.parametrize("make", [dense, convolutional])
def test_the_original_is_the_module(make, tmp_path):
    torch.manual_seed(0)
    net, shape = make(), (1, 8, 8) if make is convolutional else (64,)
    x = torch.rand(100, *shape)
    net.train()
    with torch.no_grad():
        for module in net:
            if "BatchNorm" in type(module).__name__:
                torch.nn.init.normal_(module.weight)
                torch.nn.init.normal_(module.bias)
        for _ in range(5):
            net(x)  # moves the running statistics
        expected = net.eval()(x).numpy()
    file = tmp_path / "net.npz"
    np.savez(file, **{name: value.numpy() for name, value in net.state_dict().items()})
    names, norms = layer_names(file)
    options = {"size": (8, 8), "stride": [1, 2], "padding": [1, 1], "pool": [2, 1]} if make is convolutional else {}
    ours = read_network(file, layers=names, **options)
    flat = x.numpy().reshape(100, -1).astype(float)
    own = quantize_network(file, flat, 255, 256, net=ours, norms=norms)
    assert all(f"{norm}.running_mean" in net.state_dict() for norm in norms.values())
    np.testing.assert_allclose(own.original(flat), expected, rtol=1e-4, atol=1e-5)
    report = check_chain(own.layers, own.integers_of(flat))
    assert (report.integer_wrong, report.spiking_wrong) == (0, 0)
    assert np.mean(np.array(report.classes) == expected.argmax(axis=1)) > 0.9
