"""spikingjelly's neurons and its OTTT layers against ours: which conventions they really have.

The rows of docs/spiking-conventions.md, checked. Potentials of the forward tests have few bits, so equal means equal.
"""

import warnings

import numpy as np
import pytest

from bounds.common.spikes import lif_forward
from bounds.spike_accumulation.gradients import bptt_gradients, ottt_gradients, surrogate

torch = pytest.importorskip("torch")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    pytest.importorskip("spikingjelly")
    neuron = pytest.importorskip("spikingjelly.activation_based.neuron")
    layer = pytest.importorskip("spikingjelly.activation_based.layer")


def run(node, inputs):
    """Spikes, and potentials after the reset, (T, n)."""
    spikes, potentials = [], []
    for current in torch.tensor(inputs, dtype=torch.float64):
        spikes.append(node(current).detach().numpy())
        potentials.append(node.v.detach().numpy().copy())
    return np.array(spikes), np.array(potentials)


def ours(lam, inputs, th=1.0, **conventions):
    n = inputs.shape[1]
    u, s, v = lif_forward([np.eye(n)], [np.zeros(n)], inputs, lam, th, **conventions)
    return u[1], s[1], v[1]


def currents(seed=0, T=10, n=400):
    return np.random.default_rng(seed).integers(-4, 12, (T, n)) / 8


@pytest.mark.parametrize("tau", [2.0, 4.0])
def test_lif_with_soft_reset_and_without_decay_of_the_input_is_ours_and_a_tie_fires(tau):
    inputs = currents()
    spikes, potentials = run(neuron.LIFNode(tau=tau, decay_input=False, v_reset=None), inputs)
    u, s, v = ours(1 - 1 / tau, inputs)
    assert np.array_equal(spikes, s)
    assert np.array_equal(potentials, v)
    ties = u == 1
    assert ties.sum() > 20
    assert spikes[ties].all()


@pytest.mark.parametrize("tau", [2.0, 4.0])
def test_by_default_the_input_decays_too_and_the_reset_is_to_zero(tau):
    inputs = 4 * currents(1)
    spikes, potentials = run(neuron.LIFNode(tau=tau), inputs)
    _, s, v = ours(1 - 1 / tau, inputs / tau, reset="hard")
    assert np.array_equal(spikes, s)
    assert np.array_equal(potentials, v)
    assert 0.1 < s.mean() < 0.9
    assert not np.array_equal(spikes, ours(1 - 1 / tau, inputs / tau)[1])


def test_a_reset_to_another_potential_is_also_where_the_decay_leads():
    """V + (v_reset - V)/tau, so at rest it is at v_reset: shift potentials and threshold by it to have ours."""
    inputs = currents(2)
    node = neuron.LIFNode(tau=2.0, decay_input=False, v_reset=-0.5)
    spikes, potentials = run(node, inputs)
    _, s, v = ours(0.5, inputs, th=1.5, reset="hard")
    assert np.array_equal(spikes, s)
    assert np.array_equal(potentials, v - 0.5)


def test_integrate_and_fire_is_ours_without_leak():
    inputs = currents(3)
    spikes, potentials = run(neuron.IFNode(v_reset=None), inputs)
    _, s, v = ours(1.0, inputs)
    assert np.array_equal(spikes, s)
    assert np.array_equal(potentials, v)


def linear(w, b):
    module = torch.nn.Linear(w.shape[1], w.shape[0], dtype=torch.float64)
    with torch.no_grad():
        module.weight.copy_(torch.tensor(w))
        module.bias.copy_(torch.tensor(b))
    return module


def two_layers(seed):
    rng = np.random.default_rng(seed)
    W = [rng.normal(0.25, 0.6, (7, 5)), rng.normal(0.25, 0.6, (6, 7)), rng.normal(0, 0.6, (3, 6))]
    b = [rng.normal(0, 0.1, len(w)) for w in W]
    return W, b, rng.random((6, 2, 5)), np.eye(3)[[0, 2]]


def test_the_default_follows_the_reset_back_in_time_and_detach_reset_does_not():
    """The default surrogate is 4q(1 - q), q = sigmoid(4x)."""
    W, b, x, y = two_layers(1)
    W, b, y = W[:2], b[:2], np.eye(6)[[1, 3]]
    gradients = {}
    for detach in (False, True):
        modules = [linear(w, v) for w, v in zip(W, b, strict=True)]
        nodes = [neuron.LIFNode(tau=2.0, decay_input=False, v_reset=None, detach_reset=detach) for _ in W]
        loss = 0.0
        for x_t in torch.tensor(x):
            s = x_t
            for module, node in zip(modules, nodes, strict=True):
                s = node(module(s))
            loss = loss + 0.5 * ((s - torch.tensor(y)) ** 2).sum() / len(x)
        loss.backward()
        gradients[detach] = [m.weight.grad.numpy() for m in modules]
        right = bptt_gradients(W, b, x, y, 0.5, 1.0, surrogate("sigmoid", 1.0), lambda o, t: o - t, detach_reset=detach)
        for mine, theirs in zip(right.W, gradients[detach], strict=True):
            assert np.abs(mine).max() > 1e-3
            np.testing.assert_allclose(mine, theirs, atol=1e-12)
    assert neuron.LIFNode().detach_reset is False
    assert np.abs(gradients[False][0] - gradients[True][0]).max() > 1e-4


@pytest.mark.parametrize("tau", [2.0, 4.0])
def test_its_ottt_layers_have_our_ottt_gradient_with_the_flags_of_the_public_code(tau):
    W, b, x, y = two_layers(2)
    modules = [linear(w, v) for w, v in zip(W, b, strict=True)]
    nodes = [neuron.OTTTLIFNode(tau=tau) for _ in W[:-1]]
    net = layer.OTTTSequential(modules[0], nodes[0], modules[1], nodes[1], modules[2])
    net.train()
    for x_t in torch.tensor(x):
        o = net(x_t)
        (0.5 * ((o - torch.tensor(y)) ** 2).sum() / len(x)).backward()
    flags = {"input_trace": False, "bias": "inst", "readout": True}
    given = (W, b, x, y, 1 - 1 / tau, 1.0, surrogate("sigmoid", 1.0), lambda o, t: o - t)
    found = ottt_gradients(*given, **flags).total
    for mine, theirs in zip(
        [*found.W, *found.b], [m.weight.grad for m in modules] + [m.bias.grad for m in modules], strict=True
    ):
        assert np.abs(mine).max() > 1e-3
        np.testing.assert_allclose(mine, theirs.numpy(), atol=1e-12)
    with_traces = ottt_gradients(*given, **(flags | {"input_trace": True})).total
    assert np.abs(with_traces.W[0] - found.W[0]).max() > 1e-3


def test_tau_must_exceed_1():
    with pytest.raises(AssertionError):
        neuron.LIFNode(tau=1.0)


def test_the_peer_of_the_benchmark_has_our_ottt_gradient_above_the_first_layer():
    from benchmarks.spike_training_step import Size, of_spikingjelly, ours, problem

    p = problem(Size((20, 16, 12, 5), 6, 8, 1.0))
    mine, theirs = ours(p)["OTTT"]().W, of_spikingjelly(p)()
    for a, b in list(zip(mine, theirs, strict=True))[1:]:
        assert np.abs(b).max() > 1e-2
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
