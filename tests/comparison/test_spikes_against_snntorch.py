"""snntorch's `Leaky` against our LIF: which conventions it really has. The rows of docs/spiking-conventions.md, checked.

Potentials are multiples of 2^-k with few bits, so both sides are exact, and equal means equal.
"""

import warnings

import numpy as np
import pytest

from bounds.common.spikes import lif_forward
from bounds.spike_accumulation.gradients import bptt_gradients

torch = pytest.importorskip("torch")
with warnings.catch_warnings():
    warnings.simplefilter("ignore")
    snntorch = pytest.importorskip("snntorch")


def leaky(lam, inputs, th=1.0, **options):
    """Spikes and potentials, (T, n), of one layer whose input currents are given."""
    layer = snntorch.Leaky(beta=lam, threshold=th, **options)
    potential, spikes, potentials = torch.zeros(inputs.shape[1]), [], []
    for current in torch.tensor(inputs, dtype=torch.float32):
        spike, potential = layer(current, potential)
        spikes.append(spike.detach().numpy())
        potentials.append(potential.detach().numpy())
    return np.array(spikes), np.array(potentials)


def ours(lam, inputs, th=1.0, **conventions):
    """u, s, v of the same layer: weights are the unit matrix."""
    n = inputs.shape[1]
    u, s, v = lif_forward([np.eye(n)], [np.zeros(n)], inputs, lam, th, **conventions)
    return u[1], s[1], v[1]


def currents(top=12, seed=0, T=8, n=400):
    """Eighths from -1/2 to (top - 1)/8, so that potentials meet the threshold often."""
    return np.random.default_rng(seed).integers(-4, top, (T, n)) / 8


@pytest.mark.parametrize("lam", [1.0, 0.5, 0.25])
def test_the_default_resets_one_step_late_by_th_not_by_lam_th_and_a_tie_is_silent(lam):
    """U[t+1] = beta U[t] + I[t+1] - th S[t]: what was fired is subtracted after the decay."""
    inputs = currents()
    spikes, potentials = leaky(lam, inputs)
    u, s, _ = ours(lam, inputs, reset_by=1 / lam, strict=True)
    assert np.array_equal(spikes, s)
    assert np.array_equal(potentials, u)
    ties = u == 1
    assert ties.sum() > 20
    assert not spikes[ties].any()
    if lam < 1:  # our soft reset takes lam th away
        assert not np.array_equal(spikes, ours(lam, inputs, strict=True)[1])


def test_the_spike_is_emitted_in_the_step_in_which_the_threshold_is_crossed_and_not_one_later():
    """Its documentation says S[T+1] = 1."""
    assert leaky(0.5, np.array([[1.5], [0.0]]))[0].tolist() == [[1], [0]]


def test_the_surrogates_say_greater_or_equal_and_compute_greater():
    for name in ("atan", "fast_sigmoid", "sigmoid", "straight_through_estimator"):
        fire = getattr(snntorch.surrogate, name)()
        assert fire(torch.tensor([-0.5, 0.0, 0.5])).tolist() == [0, 0, 1], name


@pytest.mark.parametrize("lam", [1.0, 0.5, 0.25])
def test_without_reset_delay_it_is_our_soft_reset_for_inputs_from_0_to_th(lam):
    inputs = np.random.default_rng(1).integers(0, 9, (8, 400)) / 8
    spikes, potentials = leaky(lam, inputs, reset_delay=False)
    _, s, v = ours(lam, inputs, strict=True)
    assert np.array_equal(spikes, s)
    assert np.array_equal(potentials, v)
    assert 0.1 < s.mean() < 0.9


def test_without_reset_delay_a_rest_above_th_is_subtracted_before_the_comparison_and_given_back_after_it():
    """One neuron, no leak, current 3 once: ours fires at t = 1 and 2 (potentials 3, 2, 1), `Leaky` at t = 1 alone."""
    inputs = np.array([[3.0], [0.0], [0.0]])
    spikes, potentials = leaky(1.0, inputs, reset_delay=False)
    assert (spikes[:, 0].tolist(), potentials[:, 0].tolist()) == ([1, 0, 0], [2, 2, 2])
    assert ours(1.0, inputs, strict=True)[1][:, 0].tolist() == [1, 1, 0]
    assert leaky(1.0, inputs)[0][:, 0].tolist() == [1, 1, 0]


@pytest.mark.parametrize("lam", [1.0, 0.5, 0.25])
def test_reset_to_zero_is_our_hard_reset_and_no_reset_is_none(lam):
    inputs = currents(seed=2)
    for theirs, mine in (("zero", "hard"), ("none", "none")):
        spikes, potentials = leaky(lam, inputs, reset_mechanism=theirs)
        u, s, _ = ours(lam, inputs, reset=mine, strict=True)
        assert np.array_equal(spikes, s)
        assert np.array_equal(potentials, u)


def test_beta_is_the_factor_itself_clipped_to_0_and_1_and_the_input_does_not_decay():
    inputs = currents(seed=3)
    for beta, lam in ((0.75, 0.75), (1.5, 1.0), (-0.5, 0.0)):
        _, potentials = leaky(beta, inputs, reset_mechanism="none")
        assert np.array_equal(potentials, ours(lam, inputs, reset="none", strict=True)[0])


def chain(lam, x, W, b, y, th=1.0, surrogate=None):
    """A two-layer net of Leaky in float64: spikes of both layers, and the gradients of Σ_t |s - y|²/2T."""
    weights, biases = ([torch.tensor(a, requires_grad=True) for a in arrays] for arrays in (W, b))
    layers = [snntorch.Leaky(beta=lam, threshold=th, spike_grad=surrogate) for _ in W]
    potentials, loss, fired = [torch.zeros(len(v), dtype=torch.float64) for v in b], 0.0, [[], []]
    for x_t in torch.tensor(x):
        s = x_t
        for l, layer in enumerate(layers):
            s, potentials[l] = layer(s @ weights[l].T + biases[l], potentials[l])
            s = s.double()
            fired[l].append(s.detach().numpy())
        loss = loss + 0.5 * ((s - torch.tensor(y)) ** 2).sum() / len(x)
    loss.backward()
    return [np.array(f) for f in fired], [v.grad.numpy() for v in (*weights, *biases)]


def test_a_layer_sees_the_spikes_of_the_layer_before_in_the_same_step_and_gradients_are_bptt_with_the_reset_detached():
    """Without leak, where both resets are one; the default surrogate is 1/(1 + (pi x)²) of x = u - th."""
    rng = np.random.default_rng(4)
    W, b = [rng.normal(0.2, 0.5, (7, 5)), rng.normal(0.2, 0.5, (3, 7))], [rng.normal(0, 0.1, 7), rng.normal(0, 0.1, 3)]
    x, y = rng.random((8, 5)), np.array([1.0, 0.0, 0.0])
    spikes, found = chain(1.0, x, W, b, y)
    _, s, _ = lif_forward(W, b, x, 1.0, 1.0)
    for mine, theirs in zip(s[1:], spikes, strict=True):
        assert np.array_equal(mine, theirs)
        assert 0 < mine.mean() < 1
    right = bptt_gradients(W, b, x, y, 1.0, 1.0, lambda v: 1 / (1 + (np.pi * v) ** 2), lambda o, t: o - t)
    for mine, theirs in zip([*right.W, *right.b], found, strict=True):
        np.testing.assert_allclose(mine, theirs, rtol=1e-6, atol=1e-9)  # its spikes are float32
    followed = bptt_gradients(
        W, b, x, y, 1.0, 1.0, lambda v: 1 / (1 + (np.pi * v) ** 2), lambda o, t: o - t, detach_reset=False
    )
    assert np.abs(followed.W[0] - found[0]).max() > 1e-3


def test_the_peer_of_the_benchmark_has_our_bptt_gradient_where_both_resets_are_one(monkeypatch):
    from benchmarks import spike_training_step as benchmark
    from bounds.spike_accumulation.batches import Net, bptt

    monkeypatch.setattr(benchmark, "LEAK", 1.0)
    p = benchmark.problem(benchmark.Size((20, 16, 12, 5), 6, 8, 1.0))
    net = Net(p.W, [np.zeros(len(w), np.float32) for w in p.W], 1.0, 1.0)
    mine = bptt(net, p.x, p.y, lambda v: 1 / (1 + (np.float32(np.pi) * v) ** 2), np.subtract).W
    for a, b in zip(mine, benchmark.of_snntorch(p)(), strict=True):
        assert np.abs(b).max() > 1e-2
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
