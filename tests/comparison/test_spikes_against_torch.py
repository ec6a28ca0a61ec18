"""Our gradients against torch's autograd, on float64 networks: the public OTTT code rewritten, SAF both ways, BPTT, SAF-F, SR.

The public code of OTTT (github.com/pkuxmq/OTTT-SNN) is rewritten here from its semantics: a membrane that is detached from
its past, a reset by the detached spike, and layers that take W s for their value and W â for their gradient; its last layer
is linear, its first one takes no trace, and biases have the factor 1.
"""

from itertools import pairwise, product

import numpy as np
import pytest

from bounds.spike_accumulation.gradients import (
    bptt_gradients,
    cross_entropy,
    online_run,
    ottt_gradients,
    saf_e_gradients,
    saf_f_gradients,
    squared_error,
    sr_gradients,
    surrogate,
)

torch = pytest.importorskip("torch")
LEAKS = (0.5, 0.9, 0.25)
WIDTHS = ((4, 5, 3), (5, 7, 6, 4), (5, 9, 8, 6, 4))
T, BATCH = 6, 3


class Fire(torch.autograd.Function):
    """1 where u ≥ th; backward 4q(1 - q), q = 1/(1 + exp(-4(u - th)))."""

    @staticmethod
    def forward(ctx, u, th):
        ctx.save_for_backward(u - th)
        return (u >= th).to(u)

    @staticmethod
    def backward(ctx, gradient):
        q = torch.sigmoid(4 * ctx.saved_tensors[0])
        return gradient * 4 * q * (1 - q), None


class Replace(torch.autograd.Function):
    """The second argument's value; the gradient goes to both."""

    @staticmethod
    def forward(ctx, of_the_gradient, value):
        return value.clone()

    @staticmethod
    def backward(ctx, gradient):
        return gradient, gradient


def network(widths, seed):
    """Weights large enough to spike in every layer; input between 0 and 1 that changes; one-hot targets."""
    rng = np.random.default_rng(seed)
    W = [rng.normal(0.25, 1.3 / np.sqrt(n), (k, n)) for n, k in pairwise(widths)]
    b = [rng.normal(0.1, 0.1, k) for k in widths[1:]]
    y = np.eye(widths[-1])[rng.integers(0, widths[-1], BATCH)]
    return W, b, rng.random((T, BATCH, widths[0])), y


def parameters(arrays):
    return [torch.tensor(a, requires_grad=True) for a in arrays]


def loss_of(name, o, y):
    """Summed over samples: cross entropy, or the reference's mean over classes of (o - y)²."""
    if name == "cross entropy":
        return -(torch.log_softmax(o, dim=-1) * y).sum()
    return ((o - y) ** 2).mean(dim=-1).sum()


def mean_squares(o, y):
    """Derivative of the mean over classes of (o - y)²."""
    return 2 * (o - y) / o.shape[-1]


def reference_steps(W, b, x, y, lam, loss):
    """The public code at one step after the other: yields (output, loss of the step / T) with autograd's graph."""
    v, trace = [0.0] * (len(W) - 1), [0.0] * (len(W) - 1)
    for x_t in torch.tensor(x):
        s, a = x_t, None
        for l in range(len(W)):
            if a is None:
                current = s @ W[l].T + b[l]
            else:
                with torch.no_grad():
                    value = s @ W[l].T + b[l]
                current = Replace.apply(Replace.apply(s, a) @ W[l].T + b[l], value)
            if l == len(W) - 1:
                break
            u = lam * v[l] + current
            s = Fire.apply(u, 1.0)
            v[l] = (u - s).detach()
            trace[l] = a = (lam * trace[l] + s).detach()
        yield current, loss_of(loss, current, torch.tensor(y)) / T


CONFIGURATIONS = list(product(LEAKS, WIDTHS, ("cross entropy", "mean squares"), (0, 1)))
REFERENCE = {"input_trace": False, "bias": "inst", "readout": True, "surrogate": surrogate("sigmoid", 1.0)}
DERIVATIVES = {"cross entropy": cross_entropy, "mean squares": mean_squares}


@pytest.mark.parametrize(("lam", "widths", "loss", "seed"), CONFIGURATIONS)
def test_one_update_after_all_steps_has_the_gradient_of_the_public_code(lam, widths, loss, seed):
    W, b, x, y = network(widths, seed)
    weights, biases = parameters(W), parameters(b)
    total = sum(part for _, part in reference_steps(weights, biases, x, y, lam, loss))
    total.backward()
    ours = ottt_gradients(W, b, x, y, lam, 1.0, loss_grad=DERIVATIVES[loss], **REFERENCE).total
    for mine, theirs in zip([*ours.W, *ours.b], [*weights, *biases], strict=True):
        assert np.abs(mine).max() > 1e-6
        np.testing.assert_allclose(mine, theirs.grad.numpy(), atol=1e-12)


@pytest.mark.parametrize(("lam", "widths", "loss", "seed"), CONFIGURATIONS)
def test_an_update_after_every_step_walks_the_path_of_the_public_code(lam, widths, loss, seed):
    """72 configurations with the test above: three leaks, three depths, two losses, two networks, both modes."""
    W, b, x, y = network(widths, seed)
    weights, biases, rate = parameters(W), parameters(b), 0.05
    run = online_run("ottt", W, b, x, y, lam, 1.0, loss_grad=DERIVATIVES[loss], lr=rate, **REFERENCE)
    for t, (output, part) in enumerate(reference_steps(weights, biases, x, y, lam, loss)):
        np.testing.assert_allclose(run.spikes[t][-1], output.detach().numpy(), atol=1e-12)
        found = torch.autograd.grad(part, [*weights, *biases])
        with torch.no_grad():
            for value, gradient in zip([*weights, *biases], found, strict=True):
                value -= rate * gradient
        for mine, theirs in zip([*run.W[t], *run.b[t]], [*weights, *biases], strict=True):
            np.testing.assert_allclose(mine, theirs.detach().numpy(), atol=1e-12)


def saf_steps(W, b, x, y, lam, th, form):
    """SAF for autograd: past traces (and, in the recurrence, the past potential) are constants."""
    past, potential, past_input, charge = [0.0] * len(W), [0.0] * len(W), 0.0, 0.0
    for x_t in torch.tensor(x):
        charge = lam * charge + 1
        a, kept = lam * past_input + x_t, lam * past_input
        past_input = a
        for l in range(len(W)):
            recurrence = lam * potential[l] + (a - kept) @ W[l].T + b[l]
            U = a @ W[l].T + charge * b[l] if form == "closed" else recurrence
            kept = lam * past[l]
            a = kept + Fire.apply(U - th * kept, th)
            past[l], potential[l] = a.detach(), U.detach()
        yield 0.5 * ((a - kept - torch.tensor(y)) ** 2).sum() / T


@pytest.mark.parametrize("lam", LEAKS)
@pytest.mark.parametrize("widths", WIDTHS)
def test_autograd_through_the_closed_form_is_saf_e_and_through_the_recurrence_it_takes_spikes_for_traces(lam, widths):
    W, b, x, y = network(widths, 5)
    given = {"W": W, "b": b, "x": x, "y": y, "lam": lam, "th": 0.75}
    given |= {"surrogate": surrogate("sigmoid", 0.75), "loss_grad": squared_error}
    for form, outer, bias in (("closed", "trace", "acc"), ("recurrence", "spike", "inst")):
        weights, biases = parameters(W), parameters(b)
        sum(saf_steps(weights, biases, x, y, lam, 0.75, form)).backward()
        ours = saf_e_gradients(**given, form=form, outer=outer, bias=bias).total
        for mine, theirs in zip([*ours.W, *ours.b], [*weights, *biases], strict=True):
            assert np.abs(mine).max() > 1e-6
            np.testing.assert_allclose(mine, theirs.grad.numpy(), atol=1e-12)
    right = saf_e_gradients(**given).total
    assert max(np.abs(p - q).max() for p, q in zip(right.W, ours.W, strict=True)) > 0.01


@pytest.mark.parametrize("detach", [True, False])
@pytest.mark.parametrize("lam", [0.0, *LEAKS, 1.0])
def test_backpropagation_through_time_is_autograd_with_the_reset_detached_or_followed(lam, detach):
    W, b, x, y = network((5, 7, 6, 4), 6)
    weights, biases = parameters(W), parameters(b)
    v, total = [0.0] * len(W), 0.0
    for x_t in torch.tensor(x):
        s = x_t
        for l in range(len(W)):
            u = lam * v[l] + s @ weights[l].T + biases[l]
            s = Fire.apply(u, 1.25)
            v[l] = u - 1.25 * (s.detach() if detach else s)
        total = total + 0.5 * ((s - torch.tensor(y)) ** 2).sum() / T
    total.backward()
    ours = bptt_gradients(W, b, x, y, lam, 1.25, surrogate("sigmoid", 1.25), squared_error, detach_reset=detach)
    for mine, theirs in zip([*ours.W, *ours.b], [*weights, *biases], strict=True):
        np.testing.assert_allclose(mine, theirs.grad.numpy(), atol=1e-12)


@pytest.mark.parametrize("th", [0.75, 1.0, 1.5])
def test_spike_representation_is_autograd_through_clipped_layers_and_matched_saf_f_is_it_at_the_actual_rates(th):
    W, b, x, y = network((5, 7, 6, 4), 7)
    W, x = [0.5 * w for w in W], np.repeat(x[:1], 20, axis=0)
    matched = saf_f_gradients(W, b, x, y, 0.9, th, squared_error, "matched")
    for rates in (None, matched.rates):
        weights, biases = parameters(W), parameters(b)
        a = torch.tensor(x[0])
        for l in range(len(W)):
            z = (a @ weights[l].T + biases[l]) / th
            a = z.clamp(0, 1)
            if rates is not None:  # the rate as it is, with the derivative of the clipped-linear layer
                a = a + (torch.tensor(rates[l + 1]) - a).detach()
        (0.5 * ((a - torch.tensor(y)) ** 2).sum()).backward()
        ours = sr_gradients(W, b, x[0], y, th, squared_error, rates)
        for mine, theirs in zip([*ours.W, *ours.b], [*weights, *biases], strict=True):
            assert np.abs(mine).max() > 1e-6
            np.testing.assert_allclose(mine, theirs.grad.numpy(), atol=1e-12)
    for mine, theirs in zip([*matched.W, *matched.b], [*ours.W, *ours.b], strict=True):
        np.testing.assert_allclose(mine, theirs, atol=1e-12)
