r"""Six ways to train a spiking network, each as its authors compute it, in Fractions or in floats.

| Method | Error goes back | Outer factor of W^l |
|---|---|---|
| OTTT (online training through time) | within each step | trace â^l[t] of the LIF network |
| SAF-E | within each step | â^l[t] of spike accumulation |
| SAF-F | once, at t = T | â^l[T] |
| SR (spike representation) | once, through a clipped-linear network | rate a^l |
| BPTT | through time and layers | spike s^l[t] |

The A modes of OTTT and SAF-E sum over t before one update, the O mode of OTTT and SAF-E proper update after every step
(`online_run`). Past traces, feedback included, are constants; errors flow back through skips. The flags are the
conventions in which published code differs: input_trace False takes x[t] and not its trace as outer factor of layer 0;
bias "inst" takes 1 and not Λ_t as factor of a bias; readout makes layer N linear. Per-step losses are divided by T.
A batch is x (T, batch, n_0) with y (batch, n_N); its gradient is the sum over the samples.
`surrogate` maps u - th to the slope that stands for the derivative of a spike; `loss_grad` maps (o, y) to dl/do.
"""

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from typing import Any, Literal, NamedTuple

import numpy as np

from bounds.common.spikes import (
    Form,
    Network,
    SafStep,
    Weights,
    in_arithmetic_of,
    lif_steps,
    network,
    one_arithmetic,
    one_of,
    product,
    saf_steps,
)

Slope = Callable[[Any], Any]
LossGrad = Callable[[Any, Any], Any]
Rule = Literal["ottt", "saf_recurrence", "saf_closed"]


class Gradients(NamedTuple):
    """Gradients of one step, or of all; `errors[j]` is the vector multiplied into the weights that enter layer j."""

    connections: dict[tuple[int, int], Any]
    b: list[Any]
    errors: list[Any]  # layers 0..N, None for layer 0

    @property
    def W(self) -> list[Any]:
        """Of the chain, W[0..N-1]."""
        return [self.connections[l, l + 1] for l in range(len(self.b))]

    @property
    def F(self) -> Any:
        """Of the feedback matrix; None without feedback."""
        return self.connections.get((len(self.b), 1))


class PerStep(NamedTuple):
    """Gradients of every step t = 1..T (index t - 1), and their sum."""

    steps: list[Gradients]
    total: Gradients


def surrogate(name: Literal["tri", "rect", "sigmoid"], th: Any) -> Slope:
    """x = u - th to a slope ≥ 0: max(0, th - |x|)/th², 1{|x| < th/2}/th, or 4q(1 - q) with q = 1/(1 + exp(-4x)).

    The first two keep Fractions, and floats of one width; the sigmoid takes floats only.

    >>> surrogate("tri", Fraction(1))(np.array([Fraction(1, 4)])).tolist()
    [Fraction(3, 4)]
    """
    if not th > 0:
        raise ValueError(f"the threshold th must be positive, got {th}")
    rational = th if isinstance(th, float | np.floating) else Fraction(th)

    def like(x: Any) -> Any:  # a Fraction beside an array of floats would turn it into one of Python objects
        kind = np.asarray(x).dtype
        return kind.type(rational) if kind.kind == "f" else rational

    if name == "tri":
        return lambda x: np.maximum(like(x) - np.abs(x), 0 * like(x)) / like(x) ** 2
    if name == "rect":
        return lambda x: (np.abs(x) < like(x) / 2) * (1 / like(x)) + 0 * x
    if name == "sigmoid":
        return _sigmoid
    raise ValueError(f"surrogate must be 'tri', 'rect' or 'sigmoid', got {name!r}")


def _sigmoid(x: Any) -> Any:
    if x.dtype == object:
        raise ValueError("the sigmoid surrogate is not rational; use 'tri' or 'rect' with Fractions")
    q = 1 / (1 + np.exp(-4 * x))
    return 4 * q * (1 - q)


def squared_error(o: Any, y: Any) -> Any:
    """dl/do of l = |o - y|²/2."""
    return o - y


def cross_entropy(o: Any, y: Any) -> Any:
    """dl/do of softmax cross entropy, floats only; y one-hot, (n_N,) or (batch, n_N)."""
    p = np.exp(o - o.max(axis=-1, keepdims=True))
    return p / p.sum(axis=-1, keepdims=True) - y


# ---- one pass back through the layers -------------------------------------------------------------------------------


def back(w: Any, e: Any) -> Any:
    """W^T e."""
    return w.back(e) if hasattr(w, "apply") else e @ w


def outer(w: Any, e: Any, a: Any) -> Any:
    """e a^T, summed over a batch, in the shape of the weights."""
    if hasattr(w, "apply"):
        return w.outer(e, a)
    return np.outer(e, a) if e.ndim == 1 else e.T @ a


def _sum(e: Any) -> Any:
    return e if e.ndim == 1 else e.sum(axis=0)


def backward(
    weights: Weights,
    error: Any,
    slopes: Sequence[Any],
    factors: Sequence[Any],
    fed: Sequence[Any] | None,
    bias_factors: Sequence[Any],
) -> Gradients:
    """Gradients of one step. error: dl/ds^N; slopes[j]: of layer j (None: linear); factors[i]: what a connection from
    layer i to a later layer multiplies; fed: the same for feedback, None before anything was fed back."""
    n = len(weights.bias)
    errors: list[Any] = [None] * (n + 1)
    found: dict[tuple[int, int], Any] = {}
    for j in range(n, 0, -1):
        e = error if j == n else 0
        for (i, k), w in weights.connections.items():
            if i == j < k:
                e = e + back(w, errors[k])
        errors[j] = e if slopes[j] is None else e * slopes[j]
        for (i, k), w in weights.connections.items():
            if k == j:
                a = factors[i] if i < j else 0 * factors[i] if fed is None else fed[i]
                found[i, k] = outer(w, errors[j], a)
    return Gradients(found, [_sum(errors[j]) * bias_factors[j] for j in range(1, n + 1)], errors)


def _total(steps: Sequence[Gradients]) -> Gradients:
    def add(parts: Iterator[Any]) -> Any:
        total = next(parts)
        for part in parts:
            total = total + part
        return total

    first = steps[0]
    return Gradients(
        {key: add(step.connections[key] for step in steps) for key in first.connections},
        [add(step.b[j] for step in steps) for j in range(len(first.b))],
        [None if e is None else add(step.errors[j] for step in steps) for j, e in enumerate(first.errors)],
    )


class Moment(NamedTuple):
    """What one step leaves for its gradient; lists over layers 0..N."""

    arguments: list[Any]  # u - th = Uhat - thr of the spiking layers
    s: list[Any]
    traces: list[Any]
    s_before: list[Any] | None
    traces_before: list[Any] | None  # None in the first step
    charge: Any  # Λ_t


Reader = Callable[[int], Weights]


def lif_moments(net: Network, weights: Reader, readout: bool = False) -> Iterator[Moment]:
    """LIF, with traces kept beside the membrane."""
    charge, s, traces = 0 * net.unit, None, None  # type: Any, list[Any] | None, list[Any] | None
    for step in lif_steps(weights, net.x, net.lam, net.th, v0=net.v0, unit=net.unit, readout=readout):
        charge = net.lam * charge + net.unit
        new = step.s if traces is None else [net.lam * a + s_j for a, s_j in zip(traces, step.s, strict=True)]
        arguments = [None, *(u - net.th for u in step.u[1:])]
        yield Moment(arguments, step.s, new, s, traces, charge)
        s, traces = step.s, new


def saf_moments(net: Network, weights: Reader, readout: bool = False, form: Form = "closed") -> Iterator[Moment]:
    """SAF: no membrane; the output spikes are recovered as ahat[t] - lam ahat[t-1]."""
    charge, s, traces = 0 * net.unit, None, None  # type: Any, list[Any] | None, list[Any] | None
    for step in saf_steps(weights, net.x, net.lam, net.th, v0=net.v0, unit=net.unit, readout=readout, form=form):
        charge = net.lam * charge + net.unit
        out = step.ahat[-1] if traces is None else step.ahat[-1] - net.lam * traces[-1]
        arguments = [None, *(None if thr is None else U - thr for U, thr in zip(step.Uhat[1:], step.thr[1:], strict=True))]
        yield Moment(arguments, [*step.s[:-1], out], step.ahat, s, traces, charge)
        s, traces = step.s, step.ahat


class Rules(NamedTuple):
    """How a step's gradient is formed."""

    slope: Slope
    loss_grad: LossGrad
    input_trace: bool = True
    bias: Literal["acc", "inst"] = "acc"
    readout: bool = False
    outer: Literal["trace", "spike"] = "trace"


def step_gradient(net: Network, weights: Weights, m: Moment, y: Any, rules: Rules) -> Gradients:
    """The gradient of l(s^N[t], y)/T within one step."""
    n = len(weights.bias)
    factors, fed = (m.traces, m.traces_before) if rules.outer == "trace" else (m.s, m.s_before)
    factors = factors if rules.input_trace else [m.s[0], *factors[1:]]
    slopes: list[Any] = [None, *(rules.slope(argument) for argument in m.arguments[1:n])]
    slopes.append(None if rules.readout else rules.slope(m.arguments[n]))
    charges = [m.charge if rules.bias == "acc" else net.unit] * n + [
        net.unit if rules.readout or rules.bias == "inst" else m.charge
    ]
    return backward(weights, rules.loss_grad(m.s[-1], y) / (net.unit * len(net.x)), slopes, factors, fed, charges)


def _per_step(net: Network, y: Any, moments: Iterator[Moment], rules: Rules) -> PerStep:
    _check_rules(net, rules)
    target = _target(net, y)
    steps = [step_gradient(net, net.weights(t), m, target, rules) for t, m in enumerate(moments, start=1)]
    return PerStep(steps, _total(steps))


def _target(net: Network, y: Any) -> Any:
    """y in the network's arithmetic; ValueError unless it has one number for each output, and samples only if x has."""
    target = in_arithmetic_of(net, "y", y)
    if target.shape[-1:] != net.widths[-1:] or target.ndim > net.x[0].ndim:
        raise ValueError(f"y must have shape ({net.widths[-1]},), or (batch, {net.widths[-1]}) as x has it, got {target.shape}")
    return target


def _check_rules(net: Network, rules: Rules) -> None:
    if rules.bias not in ("acc", "inst"):
        raise ValueError(f"bias must be 'acc' (factor Λ_t) or 'inst' (factor 1), got {rules.bias!r}")
    if rules.outer not in ("trace", "spike"):
        raise ValueError(f"outer must be 'trace' or 'spike', got {rules.outer!r}")
    _check_readout(net, rules.readout)


def _check_readout(net: Network, readout: bool) -> None:
    if readout and len(net.widths) < 3:
        raise ValueError("a linear readout needs at least one spiking layer below it, so at least two weight matrices")
    n = len(net.widths) - 1
    if readout and any(n in key and key != (n - 1, n) for key in net.weights(1).connections):
        raise ValueError(f"with a linear readout, layer {n} has one connection only, from layer {n - 1}")


def ottt_gradients(
    W: Any, b: Any, x: Any, y: Any, lam: Any, th: Any, surrogate: Slope, loss_grad: LossGrad, F: Any = None, v0: Any = 0,
    *, input_trace: bool = True, bias: Literal["acc", "inst"] = "acc", readout: bool = False,
    outer: Literal["trace", "spike"] = "trace",
) -> PerStep:  # fmt: skip
    """OTTT step by step at constant weights; `total` is OTTT_A. Network as in `bounds.common.spikes.network`.

    outer="spike" takes s[t] for the trace as outer factor, which is a different and wrong gradient.
    """
    net = network(W, b, x, lam, th, F=F, v0=v0)
    rules = Rules(surrogate, loss_grad, input_trace, bias, readout, outer)
    return _per_step(net, y, lif_moments(net, net.weights, readout), rules)


def saf_e_gradients(
    W: Any, b: Any, x: Any, y: Any, lam: Any, th: Any, surrogate: Slope, loss_grad: LossGrad, F: Any = None, v0: Any = 0,
    *, input_trace: bool = True, bias: Literal["acc", "inst"] = "acc", readout: bool = False, form: Form = "closed",
    outer: Literal["trace", "spike"] = "trace",
) -> PerStep:  # fmt: skip
    """SAF-E step by step at constant weights; `total` is SAF-A. The forward pass keeps no membrane potential."""
    one_of("form", form, ("closed", "recurrence"))
    net = network(W, b, x, lam, th, F=F, v0=v0)
    rules = Rules(surrogate, loss_grad, input_trace, bias, readout, outer)
    return _per_step(net, y, saf_moments(net, net.weights, readout, form), rules)


class OnlineRun(NamedTuple):
    """An online run: weights and biases after each step (index t - 1), and the spikes of each layer in each step."""

    W: list[list[Any]]
    b: list[list[Any]]
    F: list[Any]
    spikes: list[list[Any]]


def online_run(
    rule: Rule, W: Any, b: Any, x: Any, y: Any, lam: Any, th: Any, surrogate: Slope, loss_grad: LossGrad, lr: Any,
    outer: Literal["trace", "spike"] = "trace", F: Any = None, v0: Any = 0,
    *, input_trace: bool = True, bias: Literal["acc", "inst"] = "acc", readout: bool = False,
) -> OnlineRun:  # fmt: skip
    """Gradient steps of size lr on W, b (and F) after every t, each step forward and backward with the weights it finds.

    rule "ottt": LIF; "saf_recurrence": SAF whose Uhat is carried on; "saf_closed": SAF whose Uhat is made afresh from the
    current weights and the whole trace.
    """
    net = network(W, b, x, lam, th, F=F, v0=v0)
    rules = Rules(surrogate, loss_grad, input_trace, bias, readout, outer)
    _check_rules(net, rules)
    values, _ = one_arithmetic(lr=lr)
    rate = in_arithmetic_of(net, "lr", values["lr"])[()]
    target, now, n = _target(net, y), net.weights(1), len(net.widths) - 1

    def read(t: int) -> Weights:
        return now

    if rule == "ottt":
        moments = lif_moments(net, read, readout)
    elif rule in ("saf_recurrence", "saf_closed"):
        moments = saf_moments(net, read, readout, "closed" if rule == "saf_closed" else "recurrence")
    else:
        raise ValueError(f"rule must be 'ottt', 'saf_recurrence' or 'saf_closed', got {rule!r}")
    out = OnlineRun([], [], [], [])
    for m in moments:
        g = step_gradient(net, now, m, target, rules)
        updated = {key: w - rate * g.connections[key] for key, w in now.connections.items()}
        now = Weights(updated, [b_j - rate * g_j for b_j, g_j in zip(now.bias, g.b, strict=True)])
        out.W.append([now.connections[l, l + 1] for l in range(n)])
        out.b.append(list(now.bias))
        out.F.append(now.connections.get((n, 1)))
        out.spikes.append(m.s[1:])
    return out


# ---- gradients at the end of the run --------------------------------------------------------------------------------


class RateGradients(NamedTuple):
    """Gradients of SAF-F or SR per layer, the rates a^0..a^N, and the vectors multiplied into GW^l."""

    W: list[Any]
    b: list[Any]
    rates: list[Any]
    errors: list[Any]  # layers 1..N
    z: list[Any]  # layers 1..N: (W a + b)/th; a linear readout's z is its output
    F: Any = None  # of a feedback matrix


def saf_f_gradients(
    W: Any, b: Any, x: Any, y: Any, lam: Any, th: Any, loss_grad: LossGrad,
    derivative: Literal["plain", "matched"] = "plain", surrogate: Slope | None = None, kappa: Any = None,
    F: Any = None, v0: Any = 0, *, readout: bool = False,
) -> RateGradients:  # fmt: skip
    """SAF-F: T steps forward without a tape, then one pass back from l(a^N[T], y); traces fed back are constants.

    derivative "plain": the surrogate of Uhat[T] - thr[T]; "matched": kappa 1{0 < Uhat[T] < th Λ_T}, kappa = 1/th if None.
    """
    net = network(W, b, x, lam, th, F=F, v0=v0)
    _check_readout(net, readout)
    target, n = _target(net, y), len(net.widths) - 1
    if derivative not in ("plain", "matched") or (derivative == "plain" and surrogate is None):
        raise ValueError(f"derivative must be 'plain' (with a surrogate) or 'matched', got {derivative!r}")
    weights, charge, fed = net.weights(1), 0 * net.unit, None
    last: SafStep | None = None
    for step in saf_steps(net.weights, net.x, net.lam, net.th, v0=net.v0, unit=net.unit, readout=readout):
        charge, fed, last = net.lam * charge + net.unit, None if last is None else last.ahat, step
    assert last is not None  # network() has refused an input without steps
    rates = [a / charge for a in last.ahat]
    slopes: list[Any] = [None]
    for U, thr in zip(last.Uhat[1:], last.thr[1:], strict=True):
        if thr is None:
            slopes.append(None)
        elif derivative == "plain" and surrogate is not None:
            slopes.append(surrogate(U - thr))
        else:
            k = net.unit / net.th if kappa is None else in_arithmetic_of(net, "kappa", kappa)[()]
            slopes.append(((U > 0) & (net.th * charge > U)) * k)
    z = [U / (net.th * charge) for U in last.Uhat[1:]]
    if not readout:
        g = backward(weights, loss_grad(rates[-1], target) / charge, slopes, last.ahat, fed, [charge] * (n + 1))
        return RateGradients(g.W, g.b, rates, g.errors[1:], z, g.F)
    z[-1] = rates[-1] = _affine(weights, n, rates)  # the rates, not the last spikes, enter the loss
    top, w_top = loss_grad(rates[-1], target), weights.connections[n - 1, n]
    below = Weights({key: w for key, w in weights.connections.items() if key != (n - 1, n)}, weights.bias[:-1])
    g = backward(below, back(w_top, top) / charge, slopes[:-1], last.ahat, fed, [charge] * n)
    return RateGradients([*g.W, outer(w_top, top, rates[-2])], [*g.b, _sum(top)], rates, [*g.errors[1:], top], z)


def _affine(weights: Weights, j: int, a: Sequence[Any]) -> Any:
    return product(weights.connections[j - 1, j], a[j - 1]) + weights.bias[j - 1]


def clipped_linear_forward(W: Any, b: Any, x0: Any, th: Any, *, readout: bool = False) -> tuple[list[Any], list[Any]]:
    """Rates a~^0..a~^N and pre-activations z^1..z^N of the network a~^{l+1} = clip((W^l a~^l + b^l)/th, 0, 1), a~^0 = x0.

    x0: (n_0,) or (batch, n_0). readout: layer N is W a~ + b, without clip and th.
    """
    net = network(W, b, np.asarray(x0)[None] if np.ndim(x0) == 2 else [x0], th * 0, th)
    weights, n, a, z = net.weights(1), len(net.widths) - 1, [net.x[0]], []
    for j in range(1, n + 1):
        linear = _affine(weights, j, a)
        is_readout = readout and j == n
        z.append(linear if is_readout else linear / net.th)
        a.append(linear if is_readout else np.minimum(np.maximum(z[-1], 0 * net.unit), net.unit))
    return a, z


def sr_gradients(
    W: Any, b: Any, x0: Any, y: Any, th: Any, loss_grad: LossGrad, rates: Sequence[Any] | None = None, *, readout: bool = False
) -> RateGradients:
    """Spike representation: the gradient of l(a^N, y) through a clipped-linear network, slope 1{0 < z < 1}.

    rates: the actual a^0..a^N[T] of a spiking network, taken for a in z, in the outer factors and in the loss.
    """
    net = network(W, b, np.asarray(x0)[None] if np.ndim(x0) == 2 else [x0], th * 0, th)
    _check_readout(net, readout)
    target, weights, n = _target(net, y), net.weights(1), len(net.widths) - 1
    if rates is None:
        a, z = clipped_linear_forward(W, b, x0, th, readout=readout)
    else:
        a = [in_arithmetic_of(net, f"rates[{l}]", rate) for l, rate in enumerate(rates)]
        if [rate.shape[-1:] for rate in a] != [(width,) for width in net.widths]:
            raise ValueError(f"rates must list one vector for each layer of widths {net.widths}, input and output included")
        z = [_affine(weights, j, a) / (net.unit if readout and j == n else net.th) for j in range(1, n + 1)]
    slopes: list[Any] = [None, *(((z_j > 0) & (z_j < 1)) * (net.unit / net.th) for z_j in z)]
    if readout:
        slopes[-1] = None
    g = backward(weights, loss_grad(a[-1], target), slopes, a, None, [net.unit] * (n + 1))
    return RateGradients(g.W, g.b, list(a), g.errors[1:], z)


def bptt_gradients(
    W: Any, b: Any, x: Any, y: Any, lam: Any, th: Any, surrogate: Slope, loss_grad: LossGrad,
    detach_reset: bool = True, F: Any = None, v0: Any = 0, *, readout: bool = False,
) -> Gradients:  # fmt: skip
    """Backpropagation through time of sum_t l(s^N[t], y)/T with a surrogate slope; the reset detached, or followed."""
    net = network(W, b, x, lam, th, F=F, v0=v0)
    _check_rules(net, Rules(surrogate, loss_grad, readout=readout))
    target, weights, n, T = _target(net, y), net.weights(1), len(net.widths) - 1, len(net.x)
    steps = list(lif_steps(net.weights, net.x, net.lam, net.th, v0=net.v0, unit=net.unit, readout=readout))
    later: list[Any] | None = None  # du of the step after
    found: list[Gradients] = []
    for t in range(T - 1, -1, -1):
        du: list[Any] = [None] * (n + 1)
        for j in range(n, 0, -1):
            ds = loss_grad(steps[t].s[n], target) / (net.unit * T) if j == n else 0 * steps[t].s[j]
            for (i, k), w in weights.connections.items():
                if i == j and j < k:
                    ds = ds + back(w, du[k])
                elif i == j and later is not None:
                    ds = ds + back(w, later[k])
            if readout and j == n:
                du[j] = ds
                continue
            if later is not None and not detach_reset:
                ds = ds - net.lam * net.th * later[j]
            du[j] = ds * surrogate(steps[t].u[j] - net.th)
            if later is not None:
                du[j] = du[j] + net.lam * later[j]
        pairs = {}
        for (i, k), w in weights.connections.items():
            sent = steps[t].s[i] if i < k else steps[t - 1].s[i] if t else 0 * steps[t].s[i]
            pairs[i, k] = outer(w, du[k], sent)
        found.append(Gradients(pairs, [_sum(e) for e in du[1:]], du))
        later = du
    return _total(found)


def gradient_inner_product(GA: Sequence[Any], GF: Sequence[Any]) -> tuple[list[Any], list[float]]:
    """<GA^l, GF^l> (Frobenius) and its cosine, a float, per layer; the cosine is NaN where a gradient vanishes."""
    GA, GF = [np.asarray(a) for a in GA], [np.asarray(f) for f in GF]
    if [a.shape for a in GA] != [f.shape for f in GF]:
        raise ValueError(f"GA and GF must have equal shapes, got {[a.shape for a in GA]} and {[f.shape for f in GF]}")
    inner = [(a * f).sum() for a, f in zip(GA, GF, strict=True)]
    norms = [float((a * a).sum()) * float((f * f).sum()) for a, f in zip(GA, GF, strict=True)]
    return inner, [float(i) / n**0.5 if n > 0 else float("nan") for i, n in zip(inner, norms, strict=True)]
