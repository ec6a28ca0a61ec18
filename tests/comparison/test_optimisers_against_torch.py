import numpy as np
import pytest

from bounds.common.training import SGD, Adam

torch = pytest.importorskip("torch")


@pytest.mark.parametrize("name", ["Adam", "SGD"])
def test_twenty_steps_agree(name):
    rng = np.random.default_rng(0)
    start = rng.normal(size=(3, 2))
    ours, theirs = {"w": start.copy()}, torch.nn.Parameter(torch.tensor(start))
    optimiser = {"Adam": Adam(), "SGD": SGD(0.9)}[name]
    peer = torch.optim.Adam([theirs], lr=0.05) if name == "Adam" else torch.optim.SGD([theirs], lr=0.05, momentum=0.9)
    for _ in range(20):
        g = rng.normal(size=(3, 2))
        optimiser.step(ours, {"w": g}, 0.05)
        theirs.grad = torch.tensor(g)
        peer.step()
    np.testing.assert_allclose(ours["w"], theirs.detach().numpy(), rtol=1e-12, atol=1e-14)
