r"""The training methods of `gradients` on batches of floats, fast: what the experiments train with.

Same equations, same conventions, float32 or float64 throughout. A layer takes a block of steps at once: one matrix product
for all of them, then a loop over t that works in place. With blocks of one step a method holds no more than it must (see
`state_memory`); larger blocks cost memory and save time. A static input (the same x at every step) is given as (batch, n_0)
and multiplied with W^0 once per block: by W s in LIF, and by W â[t] = Λ_t W x in SAF.

Gradients are sums over the batch, and those of `ottt`, `saf_e` and `bptt` sums over t of the gradient of l(s^N[t], y)/T.
`ottt_blocks` and `saf_e_blocks` yield the gradient of one block after the other and read the weights afresh in each: who
updates `net.W` and `net.b` in place between them trains online (OTTT_O, SAF-E). Errors of rounding: the operations are those
of `bounds.common.spikes` up to the order of sums, so dyadic weights give the exact spikes bit for bit (`dyadic_floats`, with
two bits to spare: potentials are kept as u - th); a spike close to a tie may differ from another float simulation's.

`slope` maps an array u - th to surrogate slopes and may work in place; `loss_grad` maps (o, y) to dl/do for o of shape
(..., batch, n_N), and may do so as well.
"""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np

from bounds.common.spikes import Form, check_leak_and_threshold

Array = np.ndarray
Slope = Callable[[Array], Array]
LossGrad = Callable[[Array, Array], Array]
Bias = Literal["acc", "inst"]


@dataclass(frozen=True, eq=False)
class Net:
    """A chain of layers: W[l] (n_{l+1}, n_l) or a `Convolution`, b[l] (n_{l+1},), all float32 or all float64.

    readout: the last layer is linear, o = W s + b. The arrays are kept, not copied: changing them in place changes the net.
    """

    W: Sequence[Any]
    b: Sequence[Array]
    lam: float
    th: float
    readout: bool = False

    def __post_init__(self) -> None:
        check_leak_and_threshold(self.lam, self.th)
        object.__setattr__(self, "lam", float(self.lam))  # a Fraction would turn the arrays into Python objects
        object.__setattr__(self, "th", float(self.th))
        if len(self.W) != len(self.b) or len(self.W) < 1 + self.readout:
            least = "two layers, one spiking and the readout" if self.readout else "one layer"
            raise ValueError(f"W and b must list at least {least}, got {len(self.W)} matrices and {len(self.b)} biases")
        for l, (w, b) in enumerate(zip(self.W, self.b, strict=True)):
            entries = w.entries if hasattr(w, "apply") else w
            if not (isinstance(entries, np.ndarray) and isinstance(b, np.ndarray)):
                raise ValueError(f"W[{l}] and b[{l}] must be numpy arrays (or W[{l}] a Convolution)")
            if entries.dtype != self.dtype or b.dtype != self.dtype or self.dtype not in (np.float32, np.float64):
                raise ValueError(f"W[{l}] and b[{l}] must be float32 or float64 as W[0] is, got {entries.dtype}, {b.dtype}")
            if len(w.shape) != 2 or b.shape != (w.shape[0],) or (l and w.shape[1] != self.W[l - 1].shape[0]):
                raise ValueError(f"W[{l}] {w.shape} and b[{l}] {b.shape} do not fit behind the layer before")
            if not (np.all(np.isfinite(entries)) and np.all(np.isfinite(b))):
                raise ValueError(f"W[{l}] or b[{l}] holds a number that is not finite")

    @property
    def dtype(self) -> "np.dtype[np.floating[Any]]":
        """Of all arrays."""
        first: np.dtype[np.floating[Any]] = self.b[0].dtype
        return first

    @property
    def widths(self) -> tuple[int, ...]:
        """n_0..n_N."""
        return (self.W[0].shape[1], *(len(b) for b in self.b))

    @property
    def spiking(self) -> int:
        """Number of spiking layers, which are 1..spiking."""
        return len(self.b) - self.readout


class Gradient(NamedTuple):
    """Of the weights and the biases, W[l] in the shape of the weights (of a convolution: of its kernel)."""

    W: list[Array]
    b: list[Array]


class _Input(NamedTuple):
    """x (T, batch, n_0), or (batch, n_0) at every step."""

    x: Array
    T: int

    @property
    def static(self) -> bool:
        return self.x.ndim == 2

    @property
    def batch(self) -> int:
        return int(self.x.shape[-2])


def _input(net: Net, x: Array, T: int | None) -> _Input:
    if not isinstance(x, np.ndarray):
        raise ValueError(f"x must be a numpy array, got {type(x).__name__}")
    if x.ndim not in (2, 3) or x.shape[-1] != net.widths[0] or 0 in x.shape:
        raise ValueError(f"x must have shape (T, batch, {net.widths[0]}) or (batch, {net.widths[0]}), got {x.shape}")
    if x.dtype != net.dtype:
        raise ValueError(f"x must be {net.dtype} as the weights are, got {x.dtype}")
    if not (np.isfinite(x.max()) and np.isfinite(x.min())):
        raise ValueError("x holds a number that is not finite")
    steps = len(x) if x.ndim == 3 and T is None else T
    if steps is None or steps < 1 or (x.ndim == 3 and steps != len(x)):
        raise ValueError(f"T must be given for a static x (batch, n_0), and be len(x) for any other; got T = {T}")
    return _Input(np.ascontiguousarray(x), steps)


def in_place_slope(name: Literal["tri", "rect", "sigmoid"], th: float) -> Slope:
    """The surrogates of `gradients.surrogate`, written over their argument; 4q(1 - q) is taken as 1 - tanh(2x)².

    >>> in_place_slope("tri", 1.0)(np.array([-2.0, 0.25]))
    array([0.  , 0.75])
    """
    if not th > 0:
        raise ValueError(f"the threshold th must be positive, got {th}")

    def tri(x: Array) -> Array:
        np.abs(x, out=x)
        np.subtract(th, x, out=x)
        np.maximum(x, 0, out=x)
        x *= 1 / th**2
        return x

    def rect(x: Array) -> Array:
        np.abs(x, out=x)
        np.less(x, th / 2, out=x)
        x *= 1 / th
        return x

    def sigmoid(x: Array) -> Array:
        x *= 2
        np.tanh(x, out=x)
        np.multiply(x, x, out=x)
        np.subtract(1, x, out=x)
        return x

    slopes = {"tri": tri, "rect": rect, "sigmoid": sigmoid}
    if name not in slopes:
        raise ValueError(f"surrogate must be 'tri', 'rect' or 'sigmoid', got {name!r}")
    return slopes[name]


# ---- products, on rows ----------------------------------------------------------------------------------------------


def _rows(values: Array) -> Array:
    return values.reshape(-1, values.shape[-1])


def _product(w: Any, rows: Array, out: Array) -> None:
    if hasattr(w, "apply"):
        out[...] = w.apply(rows)
    else:
        np.matmul(rows, w.T, out=out)


def _back(w: Any, e: Array) -> Array:
    return np.asarray(w.back(e) if hasattr(w, "apply") else e @ w)


def _outer(w: Any, e: Array, a: Array) -> Array:
    return np.asarray(w.outer(e, a) if hasattr(w, "apply") else e.T @ a)


def _affine(net: "Net", l: int, rows: Array) -> Array:
    """W^l rows + b^l."""
    out = np.empty((len(rows), net.widths[l + 1]), net.dtype)
    _product(net.W[l], rows, out)
    out += net.b[l]
    return out


def _sum_over_time(values: Array, factors: Array) -> Array:
    """Σ_t factors[t] values[t]."""
    total: Array = (factors @ values.reshape(len(factors), -1)).reshape(values.shape[1:])
    return total


def _over_batch(net: "Net", error: Any, like: Array) -> Array:
    """What a loss_grad returned, in the net's arithmetic."""
    if np.shape(error) != like.shape:
        raise ValueError(f"loss_grad must return an array of the shape of o, {like.shape}, got {np.shape(error)}")
    return np.asarray(error, net.dtype)


# ---- one layer, a block of steps ------------------------------------------------------------------------------------


def _lif_scan(I: Array, th: float, lam: float, v: Array, s: Array) -> None:
    """Input currents become u - th, in place; v is carried on; spikes go to s."""
    for u, fired in zip(I, s, strict=True):
        v *= lam
        v += u  # this is u; what was the current becomes u - th, and u - th ≥ 0 if and only if u ≥ th, in floats too
        np.subtract(v, th, out=u)
        np.greater_equal(u, 0, out=fired)
        v -= fired if th == 1 else th * fired


def _trace_scan(s: Array, lam: float, past: Array) -> Array:
    """lam ahat[t-1] + s[t] for every t; past is carried on (and returned, if there is one step only)."""
    before, a = past, past[None] if len(s) == 1 else np.empty_like(s)
    for fired, now in zip(s, a, strict=True):
        np.multiply(before, lam, out=now)
        now += fired
        before = now
    past[...] = before
    return a


def _saf_scan(U: Array, offset: Array, th: float, lam: float, past: Array, a: Array, s: Array) -> None:
    """Uhat + offset - th becomes Uhat - thr, in place; traces go to a, spikes to s (which may be a); past is carried on."""
    before, kept = past, np.empty_like(past)
    for argument, off, fired, now in zip(U, offset, s, a, strict=True):
        np.multiply(before, lam, out=kept)
        argument -= off
        argument -= kept if th == 1 else th * kept
        np.greater_equal(argument, 0, out=fired)
        np.add(kept, fired, out=now)
        before = now
    past[...] = before


class _State(NamedTuple):
    """What is carried from block to block: of each spiking layer v (LIF) or Uhat (SAF, recurrence), and the traces."""

    potential: list[Array]
    trace: list[Array]  # of a static input: empty
    charges: Array  # Λ_0..Λ_T


def _at_rest(net: Net, given: _Input, potential: bool = True, trace: bool = True) -> _State:
    shapes = [(given.batch, n) for n in net.widths[: net.spiking + 1]]
    charges = [0.0]
    for _ in range(given.T):
        charges.append(net.lam * charges[-1] + 1)
    first = np.zeros((0, 0) if given.static or not trace else shapes[0], net.dtype)
    return _State(
        [np.zeros(shape, net.dtype) for shape in shapes[1:]] if potential else [],
        [first, *(np.zeros(shape, net.dtype) for shape in shapes[1:])] if trace else [],
        np.array(charges, net.dtype),
    )


class _Block(NamedTuple):
    """Some steps of all layers: for each spiking layer u - th = Uhat - thr, for each layer the outer factors of its weights
    (traces, or spikes), each (steps, batch, n); None for a static input."""

    arguments: list[Array]
    factors: list[Any]
    out: Array  # spikes of the last layer, or what the readout gives
    steps: slice


def _read(net: Net, s: Array) -> Array:
    return _affine(net, net.spiking, _rows(s)).reshape(*s.shape[:-1], -1) if net.readout else s


def _currents(net: Net, l: int, s: Any, given: _Input, count: int) -> Array:
    """W s + b, (steps, batch, n)."""
    if l == 0 and given.static:
        return np.repeat(_affine(net, 0, given.x)[None], count, axis=0)
    return _affine(net, l, _rows(s)).reshape(*s.shape[:-1], -1)


def _lif_block(
    net: Net, given: _Input, state: _State, steps: slice, factor: Literal["trace", "spike"], wrapped: bool = False
) -> _Block:
    count = steps.stop - steps.start
    s: Any = None if given.static else given.x[steps]
    block = _Block([], [s], s, steps)
    if factor == "trace" and s is not None:
        block.factors[0] = _trace_scan(s, net.lam, state.trace[0])
    for l in range(net.spiking):
        u = _currents(net, l, s, given, count)
        if wrapped and block.factors[l] is not None:
            _affine(net, l, _rows(block.factors[l]))
        s = np.empty_like(u)
        _lif_scan(u, net.th, net.lam, state.potential[l], s)
        block.arguments.append(u)
        block.factors.append(_trace_scan(s, net.lam, state.trace[l + 1]) if factor == "trace" else s)
    if wrapped and net.readout:
        _affine(net, net.spiking, _rows(block.factors[-1]))
    return block._replace(out=_read(net, s))


def _saf_block(net: Net, given: _Input, state: _State, steps: slice, form: Form, only_last: bool = False) -> _Block:
    """only_last: of all that has been used, keep the last step alone."""
    count, charges = steps.stop - steps.start, state.charges[steps.start + 1 : steps.stop + 1]
    s: Any = None if given.static else given.x[steps]  # in the closed form, spikes are of no use before the last layer
    block = _Block([], [s], s, steps)
    if s is not None:
        block.factors[0] = _trace_scan(s, net.lam, state.trace[0])
    for l in range(net.spiking):
        offset = np.full((count, 1), net.th, net.dtype)
        if form == "recurrence":
            U = _trace_scan(_currents(net, l, s, given, count), net.lam, state.potential[l]).copy()
        elif l == 0 and given.static:
            U = charges[:, None, None] * _affine(net, 0, given.x)
        else:
            a = block.factors[l]
            U = np.empty((*a.shape[:-1], net.widths[l + 1]), net.dtype)
            _product(net.W[l], _rows(a), _rows(U))
            offset = net.th - charges[:, None] * net.b[l]
        a = state.trace[l + 1][None] if count == 1 else np.empty_like(U)
        s = np.empty_like(U) if form == "recurrence" or l == net.spiking - 1 else a
        _saf_scan(U, offset, net.th, net.lam, state.trace[l + 1], a, s)
        block.arguments.append(U[-1:].copy() if only_last else U)
        block.factors.append(a)
        if only_last:
            block.factors[l] = None
    return block._replace(out=s if only_last else _read(net, s))


def _block_gradient(
    net: Net, given: _Input, state: _State, block: _Block, y: Array, slope: Slope, loss_grad: LossGrad, input_trace: bool,
    bias: Bias,
) -> Gradient:  # fmt: skip
    """What OTTT and SAF-E have for gradients, summed over the steps of the block; writes over the block."""
    charges = state.charges[block.steps.start + 1 : block.steps.stop + 1]
    ones = np.ones_like(charges)
    e = _over_batch(net, loss_grad(block.out, y), block.out) * net.dtype.type(1 / given.T)
    GW, Gb = [], []
    for l in range(len(net.b) - 1, -1, -1):
        if l < net.spiking:
            e *= slope(block.arguments[l])
        of_bias = _sum_over_time(e, charges if bias == "acc" and l < net.spiking else ones)
        Gb.append(of_bias.sum(axis=0))
        if l == 0 and given.static:
            GW.append(_outer(net.W[0], _sum_over_time(e, charges if input_trace else ones), given.x))
        else:
            a = given.x[block.steps] if l == 0 and not input_trace else block.factors[l]
            GW.append(_outer(net.W[l], _rows(e), _rows(a)))
        if l:
            e = _back(net.W[l], _rows(e)).reshape(*e.shape[:-1], -1)
    return Gradient(GW[::-1], Gb[::-1])


# ---- the methods ----------------------------------------------------------------------------------------------------


ROWS = 1024  # of samples and steps in one product: enough for it to be fast, few enough to stay in the cache


def _blocks(given: _Input, block: int | None) -> list[slice]:
    size = max(1, ROWS // given.batch) if block is None else block
    if size < 1:
        raise ValueError(f"block counts steps and must be at least 1, got {block}")
    return [slice(start, min(start + size, given.T)) for start in range(0, given.T, size)]


def _check(name: str, value: str, allowed: tuple[str, ...]) -> None:
    if value not in allowed:
        raise ValueError(f"{name} must be {' or '.join(map(repr, allowed))}, got {value!r}")


def _sum(parts: Iterator[Gradient]) -> Gradient:
    total = next(parts)
    for part in parts:
        for into, new in zip((*total.W, *total.b), (*part.W, *part.b), strict=True):
            into += new
        del part, into, new  # or they would live on while the next ones are made
    return total


def ottt_blocks(
    net: Net, x: Array, y: Array, slope: Slope, loss_grad: LossGrad, *, T: int | None = None, block: int | None = 1,
    input_trace: bool = True, bias: Bias = "acc", wrapped: bool = False,
) -> Iterator[Gradient]:  # fmt: skip
    """OTTT: LIF with traces, and the gradient of each block of steps. wrapped: also take the products W â that automatic
    differentiation takes for the gradient's sake (not of a static input), and throw them away."""
    _check("bias", bias, ("acc", "inst"))
    given = _input(net, x, T)
    state = _at_rest(net, given)
    for steps in _blocks(given, block):
        yield _block_gradient(
            net, given, state, _lif_block(net, given, state, steps, "trace", wrapped), y, slope, loss_grad, input_trace, bias
        )


def saf_e_blocks(
    net: Net, x: Array, y: Array, slope: Slope, loss_grad: LossGrad, *, T: int | None = None, block: int | None = 1,
    form: Form = "closed", input_trace: bool = True, bias: Bias = "acc",
) -> Iterator[Gradient]:  # fmt: skip
    """SAF-E: no membrane potential, and the gradient of each block of steps. form "closed" makes Uhat afresh from the
    weights as they are, "recurrence" carries it on; they are one and the same only while the weights stay."""
    _check("bias", bias, ("acc", "inst"))
    _check("form", form, ("closed", "recurrence"))
    given = _input(net, x, T)
    state = _at_rest(net, given, potential=form == "recurrence")
    for steps in _blocks(given, block):
        yield _block_gradient(
            net, given, state, _saf_block(net, given, state, steps, form), y, slope, loss_grad, input_trace, bias
        )


def ottt(
    net: Net, x: Array, y: Array, slope: Slope, loss_grad: LossGrad, *, T: int | None = None, block: int | None = None,
    input_trace: bool = True, bias: Bias = "acc", wrapped: bool = False,
) -> Gradient:  # fmt: skip
    """OTTT_A: the sum over t, at weights that stay. block None: as many steps at once as are fast."""
    return _sum(ottt_blocks(net, x, y, slope, loss_grad, T=T, block=block, input_trace=input_trace, bias=bias, wrapped=wrapped))


def saf_e(
    net: Net, x: Array, y: Array, slope: Slope, loss_grad: LossGrad, *, T: int | None = None, block: int | None = None,
    form: Form = "closed", input_trace: bool = True, bias: Bias = "acc",
) -> Gradient:  # fmt: skip
    """SAF-A: the sum over t, at weights that stay. block None: as many steps at once as are fast."""
    return _sum(saf_e_blocks(net, x, y, slope, loss_grad, T=T, block=block, form=form, input_trace=input_trace, bias=bias))


def bptt(
    net: Net, x: Array, y: Array, slope: Slope, loss_grad: LossGrad, *, T: int | None = None, detach_reset: bool = True
) -> Gradient:
    """Backpropagation through time of Σ_t l(s^N[t], y)/T, the reset detached or followed; holds u and s of all steps."""
    given = _input(net, x, T)
    state = _at_rest(net, given, trace=False)
    block = _lif_block(net, given, state, slice(0, given.T), "spike")
    e = _over_batch(net, loss_grad(block.out, y), block.out) * net.dtype.type(1 / given.T)
    ones = np.ones(given.T, net.dtype)
    GW, Gb = [], []
    for l in range(len(net.b) - 1, -1, -1):
        if l < net.spiking:
            _back_in_time(e, slope(block.arguments[l]), net.lam, 0.0 if detach_reset else net.th)
        total = _sum_over_time(e, ones)
        Gb.append(total.sum(axis=0))
        static = l == 0 and given.static
        GW.append(_outer(net.W[l], total if static else _rows(e), given.x if static else _rows(block.factors[l])))
        if l:
            e = _back(net.W[l], _rows(e)).reshape(*e.shape[:-1], -1)
    return Gradient(GW[::-1], Gb[::-1])


def _back_in_time(ds: Array, slopes: Array, lam: float, reset: float) -> None:
    """ds[t], what arrives from above, becomes du[t] = (ds[t] - lam reset du[t+1]) slope[t] + lam du[t+1], in place."""
    later = np.zeros_like(ds[0])  # lam du[t+1]
    for t in range(len(ds) - 1, -1, -1):
        if reset:
            ds[t] -= reset * later
        ds[t] *= slopes[t]
        ds[t] += later
        np.multiply(ds[t], lam, out=later)


class Rates(NamedTuple):
    """a^l[T] (batch, n_l) for the layers 0..N, that of a readout being W a + b; for the spiking layers their traces â^l[T],
    which with lam = 1/2 and T below the bits of a float are whole spike trains, written in binary; and numbers of spikes."""

    rates: list[Array]
    traces: list[Array]
    counts: list[Array]


def spiking_rates(
    net: Net, x: Array, *, T: int | None = None, neurons: Literal["lif", "saf"] = "lif", form: Form = "closed",
    block: int | None = 1,
) -> Rates:  # fmt: skip
    """Inference: the rates after T steps, by LIF neurons and their traces or by spike accumulation."""
    _check("neurons", neurons, ("lif", "saf"))
    _check("form", form, ("closed", "recurrence"))
    given = _input(net, x, T)
    state = _at_rest(net, given)
    counts = [np.zeros(a.shape, int) for a in state.trace[1:]]
    for steps in _blocks(given, block):
        before = [a.copy() for a in state.trace[1:]]
        if neurons == "lif":
            fresh = _lif_block(net, given, state, steps, "trace").factors[1:]
        else:
            fresh = _saf_block(net, given, state, steps, form).factors[1:]
        for count, past, a in zip(counts, before, fresh, strict=True):
            for now in a:  # a trace rises above what the leak has left of it exactly when its neuron fires
                count += now > net.lam * past
                past = now
    traces = state.trace[1:]
    rates = [given.x if given.static else state.trace[0] / state.charges[-1], *(a / state.charges[-1] for a in traces)]
    if net.readout:
        rates.append(_affine(net, net.spiking, rates[-1]))
    return Rates(rates, traces, counts)


def saf_f(
    net: Net, x: Array, y: Array, loss_grad: LossGrad, slope: Slope | None = None, *, T: int | None = None,
    derivative: Literal["plain", "matched"] = "plain", kappa: float | None = None, block: int | None = None,
) -> Gradient:  # fmt: skip
    """SAF-F: the gradient of l(a^N[T], y), one pass back after T steps. derivative "plain": `slope` of Uhat[T] - thr[T];
    "matched": kappa 1{0 < Uhat[T] < th Λ_T}, kappa = 1/th if None."""
    if derivative not in ("plain", "matched") or (derivative == "plain" and slope is None):
        raise ValueError(f"derivative must be 'plain' (with a slope) or 'matched', got {derivative!r}")
    given = _input(net, x, T)
    state = _at_rest(net, given, potential=False)
    arguments: list[Array] = []
    for steps in _blocks(given, block):
        arguments = _saf_block(net, given, state, steps, "closed", only_last=True).arguments
    slopes: list[Array] = []
    for (argument,), a in zip(arguments, state.trace[1:], strict=True):
        if derivative == "plain" and slope is not None:
            slopes.append(slope(argument))
        else:
            U = argument + net.th * (a - (argument >= 0) + 1)  # thr = th (lam â[T-1] + 1), and lam â[T-1] = â[T] - s[T]
            inside = (U > 0) & (net.th * state.charges[-1] > U)
            slopes.append(inside * net.dtype.type(1 / net.th if kappa is None else kappa))
    for a in state.trace:  # from here on rates: no second copy
        a /= state.charges[-1]
    rates = [given.x if given.static else state.trace[0], *state.trace[1:]]
    if net.readout:
        rates.append(_affine(net, net.spiking, rates[-1]))
    return _through_rates(net, rates, slopes, y, loss_grad)


def _through_rates(net: Net, rates: Sequence[Array], slopes: Sequence[Array], y: Array, loss_grad: LossGrad) -> Gradient:
    """One pass back from l(a^N, y). In SAF-F the factor 1/Λ_T of the loss and the Λ_T of the traces cancel."""
    e = _over_batch(net, loss_grad(rates[-1].copy(), y), rates[-1])
    GW, Gb = [], []
    for l in range(len(net.b) - 1, -1, -1):
        if l < net.spiking:
            e = e * slopes[l]
        GW.append(_outer(net.W[l], e, rates[l]))
        Gb.append(e.sum(axis=0))
        if l:
            e = _back(net.W[l], e)
    return Gradient(GW[::-1], Gb[::-1])


def clipped_linear(net: Net, x0: Array, rates: Sequence[Array] | None = None) -> tuple[list[Array], list[Array]]:
    """Rates a^0..a^N and pre-activations z^1..z^N of the clipped-linear network; rates: taken for a instead."""
    a: list[Array] = [_input(net, x0, 1).x] if rates is None else list(rates)
    z: list[Array] = []
    for l in range(len(net.b)):
        z.append(_affine(net, l, a[l]))
        if l < net.spiking and net.th != 1:
            z[l] /= net.th
        if rates is None:
            a.append(np.clip(z[l], 0, 1) if l < net.spiking else z[l])
    return a, z


def spike_representation(
    net: Net, x0: Array, y: Array, loss_grad: LossGrad, *, rates: Sequence[Array] | None = None
) -> Gradient:
    """SR: the gradient of l(a^N, y) through the clipped-linear network, or at actual rates a^0..a^N, slope 1{0 < z < 1}/th."""
    a, z = clipped_linear(net, x0, rates)
    slopes = [((z_l > 0) & (z_l < 1)) * net.dtype.type(1 / net.th) for z_l in z[: net.spiking]]
    return _through_rates(net, a, slopes, y, loss_grad)
