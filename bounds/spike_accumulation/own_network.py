r"""A user's own spiking network: read it from a file, and say what of this package's statements its numbers show.

`check_network` asks three things of one network and input. Do LIF and its spike-accumulation form give the same spikes in
float32 and float64 (`forward_equivalence` says so for numbers, not for floats)? Every spike comes with a certificate or
counts as undecided (`certified_floats`); what is undecided is done again in exact arithmetic where that is affordable. How
far are rates from the clipped-linear network, beside the bounds of `network_rates` and `uneven_input`? And how do the
gradients of the methods lie to each other, layer by layer?

Soft reset by th, a tie fires, no delay between layers, v0 = 0. Files are read without pickle.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bounds.common.convolution import Convolution
from bounds.common.files import UnreadableFile, read_arrays
from bounds.common.spikes import Weights, check_leak_and_threshold, lambda_sum, lif_steps, product, saf_forward
from bounds.spike_accumulation.certified_floats import certified_lif, certified_saf
from bounds.spike_accumulation.gradients import (
    bptt_gradients,
    clipped_linear_forward,
    cross_entropy,
    gradient_inner_product,
    ottt_gradients,
    saf_e_gradients,
    saf_f_gradients,
    squared_error,
    sr_gradients,
    surrogate,
)
from bounds.spike_accumulation.network_rates import network_rate_bounds

MATRIX = 3 * 10**7  # entries of the largest matrix that the certified simulators are given
EXACT = 6 * 10**6  # products of Python integers that are affordable: some seconds


class UnreadableNetwork(UnreadableFile):
    """A file is no network or no input for it; the message says in one sentence what is wrong, where, and what is allowed."""


# ---- reading --------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class SpikingNetwork:
    """Layers in the order in which they run; numbers are float64, and equal to those of the file."""

    names: tuple[str, ...]
    W: list[Any]  # matrices (n_{l+1}, n_l), or `Convolution`, whose pool is that of the maps that come in
    b: list[np.ndarray]  # (n_{l+1},)
    input_shape: tuple[int, ...]  # (n_0,) or (C, H, W)
    readout: bool  # the last layer is W s + b, without spikes
    ignored: tuple[str, ...]  # arrays of the file that are no weights of a layer

    @property
    def widths(self) -> list[int]:
        """n_0..n_N."""
        return [w.shape[1] for w in self.W[:1]] + [w.shape[0] for w in self.W]

    @property
    def spiking(self) -> int:
        """Number of spiking layers."""
        return len(self.W) - self.readout


def _floats(name: str, value: np.ndarray) -> np.ndarray:
    if value.dtype.kind not in "biuf":
        raise UnreadableNetwork(f"{name} should hold real numbers, not {value.dtype}")
    if value.dtype.kind == "f" and value.dtype.itemsize > 8:
        raise UnreadableNetwork(f"{name} should hold numbers of 64 bits or fewer, not {value.dtype}")
    array = value.astype(np.float64)
    if not np.all(np.isfinite(array)):
        where = tuple(np.argwhere(~np.isfinite(array))[0].tolist())
        raise UnreadableNetwork(f"{name} holds a NaN or an infinity at index {where}")
    return array


def _natural(name: str) -> list[Any]:
    """fc2 before fc10."""
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in re.split(r"(\d+)", name) if part]


def read_network(
    file: Path,
    *,
    layers: Sequence[str] = (),
    size: tuple[int, int] | None = None,
    stride: Sequence[int] = (1,),
    padding: Sequence[int] = (0,),
    pool: Sequence[int] = (1,),
    readout: bool = False,
) -> SpikingNetwork:
    """A network in PyTorch's names and shapes: NAME.weight (n_out, n_in) or (C_out, C_in, k, k), NAME.bias or none.

    layers: the names in order (else in natural order, fc2 before fc10). size: height and width of the input maps, needed if
    the first layer is a convolution. stride, padding, pool: one for all convolutions or one for each; spikes of a
    convolution are averaged over pool x pool cells, pool a power of two, before the next layer sees them.
    UnreadableNetwork says what does not fit, and `read_arrays` what cannot be read.
    """
    held = read_arrays(file)
    found = sorted((key.removesuffix(".weight") for key in held if key.endswith(".weight")), key=_natural)
    names = list(layers) or found
    if not names:
        raise UnreadableNetwork(
            f"{file} should hold arrays NAME.weight, such as fc1.weight; it holds {', '.join(sorted(held)) or 'nothing'}"
        )
    for name in names:
        if f"{name}.weight" not in held:
            raise UnreadableNetwork(f"{file} has no {name}.weight; its layers are {', '.join(found) or 'none'}")
    if len(set(names)) < len(names):
        raise UnreadableNetwork(f"a layer is named twice in {', '.join(names)}")
    weights = {name: _floats(f"{name}.weight", held[f"{name}.weight"]) for name in names}
    convolutions = [name for name in names if weights[name].ndim == 4]
    per_layer = {
        name: dict(zip(convolutions, _per_convolution(name, values, len(convolutions)), strict=True))
        for name, values in (("stride", stride), ("padding", padding), ("pool", pool))
    }
    W, shape = _chain(weights, size, per_layer)
    biases = [_bias(name, op, len(weights[name]), held) for name, op in zip(names, W, strict=True)]
    if readout and len(names) < 2:
        raise UnreadableNetwork("a linear readout needs a spiking layer below it, so at least two layers")
    used = {f"{name}.{kind}" for name in names for kind in ("weight", "bias")}
    return SpikingNetwork(tuple(names), W, biases, shape, readout, tuple(sorted(set(held) - used)))


def _per_convolution(name: str, values: Sequence[int], count: int) -> Sequence[int]:
    values = list(values)
    if len(values) not in (1, count):
        raise UnreadableNetwork(f"{name} should be one number, or {count}, one for each convolution; got {len(values)}")
    if any(v < (0 if name == "padding" else 1) for v in values):
        raise UnreadableNetwork(f"{name} should be {'0 or more' if name == 'padding' else 'positive'}, got {min(values)}")
    if name == "pool" and any(v & (v - 1) for v in values):
        raise UnreadableNetwork(f"pool should be 1 or a power of two, because other means round; got {values}")
    return values * count if len(values) == 1 else values


def _chain(
    weights: Mapping[str, np.ndarray], size: tuple[int, int] | None, options: Mapping[str, Mapping[str, int]]
) -> tuple[list[Any], tuple[int, ...]]:
    """The layers as matrices and convolutions that fit one another, and the shape of the input."""
    first, w = next(iter(weights.items()))
    if w.ndim == 4 and size is None:
        raise UnreadableNetwork(
            f"{first} is a convolution and nothing says how large its maps are: give --size, or an --input that ends in the "
            f"axes ({w.shape[1]}, height, width)"
        )
    start: tuple[int, ...] = (w.shape[1], *size) if w.ndim == 4 and size is not None else w.shape[1:2]
    shape, before, pool, W = start, "the input", 1, []  # type: tuple[int, ...], str, int, list[Any]
    for name, w in weights.items():
        if w.ndim not in (2, 4) or w.size == 0:
            kind = " (a normalisation must be folded into the weights)" if w.ndim == 1 else ""
            raise UnreadableNetwork(
                f"{name}.weight has shape {w.shape}; it should be (n_out, n_in) or (C_out, C_in, k, k){kind}"
            )
        rows, columns = (side // pool for side in shape[1:]) if len(shape) == 3 else (1, 1)
        inputs = shape[0] * rows * columns if w.ndim == 2 else shape[0]
        if w.shape[1] != inputs or (w.ndim == 4 and len(shape) != 3):
            maps = f"{shape[0]} maps of {rows} x {columns}" if len(shape) == 3 else f"{shape[0]} numbers"
            options_too = "stride, padding, pool or " if len(shape) == 3 and before != "the input" else ""
            grouped = w.ndim == 4 and len(shape) == 3 and shape[0] % w.shape[1] == 0
            raise UnreadableNetwork(
                f"{name}.weight has shape {w.shape}, and {before} gives {maps}: check {options_too}the order of the layers"
                f"{' (grouped convolutions cannot be read)' if grouped else ''}"
            )
        stride, padding = (options[what].get(name, default) for what, default in (("stride", 1), ("padding", 0)))
        if w.ndim == 2 and pool > 1:  # as the convolution that sees all pooled maps at once
            if rows != columns:
                raise UnreadableNetwork(f"the pooled maps before {name} are {rows} x {columns}; they should be square")
            op: Any = Convolution(w.reshape(len(w), shape[0], rows, rows), shape[1], shape[2], pool=pool)
        elif w.ndim == 2:
            op = w
        else:
            try:
                op = Convolution(w, shape[1], shape[2], stride, padding, pool)
            except ValueError as problem:
                raise UnreadableNetwork(f"{name}: {problem}") from problem
        W.append(op)
        shape = (len(w), *op.map_out) if w.ndim == 4 else (len(w),)
        before, pool = name, options["pool"].get(name, 1)
    if pool > 1:
        raise UnreadableNetwork(f"pool averages the spikes of {before} for the next layer, and there is none")
    return W, start


def _bias(name: str, op: Any, channels: int, held: Mapping[str, np.ndarray]) -> np.ndarray:
    """One number for each neuron."""
    if f"{name}.bias" not in held:
        return np.zeros(op.shape[0])
    b = _floats(f"{name}.bias", held[f"{name}.bias"])
    if b.shape != (channels,):
        raise UnreadableNetwork(f"{name}.bias has shape {b.shape}; it should be ({channels},), as {name}.weight has it")
    return op.bias(b) if isinstance(op, Convolution) else b


def read_input(file: Path) -> tuple[np.ndarray, np.ndarray | None]:
    """The array x (or the only one) of an .npz, .npy or .safetensors file, and the labels y if there are any; errors as
    `read_network`."""
    held = read_arrays(file, (".npz", ".npy", ".safetensors"))
    y = held.pop("y", None)
    if "x" not in held and len(held) != 1:
        raise UnreadableNetwork(f"{file} should hold an array x, or one array; it holds {', '.join(sorted(held)) or 'none'}")
    name = "x" if "x" in held else next(iter(held))
    return _floats(f"{file}: {name}", held[name]), y


@dataclass(frozen=True)
class Samples:
    """Input over time, and a class for each sample."""

    x: np.ndarray  # (T, batch, n_0)
    labels: np.ndarray  # (batch,)
    static: bool  # the same at every step


def as_samples(
    net: SpikingNetwork, x: np.ndarray, labels: np.ndarray | None, *, steps: int | None, static: bool, binary: bool, seed: int
) -> Samples:
    """x of the input's shape S is one sample held for all steps (6 unless `steps` says otherwise); (T, *S) one sample over
    time, or with `static` samples that are held; (T, batch, *S) samples over time. binary: nothing but 0 and 1 is allowed.
    Labels are drawn from `seed` if there are none. UnreadableNetwork says what does not fit."""
    shape = net.input_shape
    extra = x.ndim - len(shape)
    if not 0 <= extra <= 2 - static or x.shape[extra:] != shape or 0 in x.shape:
        one = ", ".join(map(str, shape))
        forms = f"({one}) or (samples, {one})" if static else f"({one}), (steps, {one}) or (steps, samples, {one})"
        raise UnreadableNetwork(f"the input has shape {x.shape}; it should be {forms}")
    if binary and not np.all((x == 0) | (x == 1)):
        where = tuple(np.argwhere((x != 0) & (x != 1))[0].tolist())
        raise UnreadableNetwork(f"the input is said to be binary and holds {x[where]:g} at index {where}")
    if extra == 0 or static:
        x = np.broadcast_to(x.reshape(1, -1, *shape), (6 if steps is None else steps, x.size // int(np.prod(shape)), *shape))
    elif steps is not None and steps != len(x):
        raise UnreadableNetwork(f"the input has {len(x)} steps, not {steps}")
    x = x.reshape(len(x), -1, int(np.prod(shape)))
    n, classes = x.shape[1], net.widths[-1]
    if labels is None:
        labels = np.random.default_rng([seed, 1]).integers(0, classes, n)
    labels = np.atleast_1d(labels)
    if labels.shape == (len(x),) != (n,) and not static:
        raise UnreadableNetwork(
            f"there are {len(x)} labels y for one sample of {len(x)} steps; or are these {len(x)} static samples?"
        )
    if labels.dtype.kind not in "iu" or labels.shape != (n,) or labels.min() < 0 or labels.max() >= classes:
        raise UnreadableNetwork(
            f"the labels y should be {n} integers from 0 to {classes - 1}, got {labels.dtype} {labels.shape}"
        )
    return Samples(x, labels, bool(np.all(x == x[0])))


def random_samples(net: SpikingNetwork, steps: int, samples: int, *, binary: bool, seed: int) -> Samples:
    """Static grey values k/256, k from 0 to 256, or (binary) fair coins at every step; and classes. All from `seed`."""
    rng = np.random.default_rng([seed, 0])
    coins = rng.integers(0, 2, (steps, samples, *net.input_shape)) if binary else None
    x = rng.integers(0, 257, (samples, *net.input_shape)) / 256 if coins is None else coins.astype(float)
    return as_samples(net, x, None, steps=steps, static=not binary, binary=binary, seed=seed)


# ---- the same spikes? -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Agreement:
    """LIF against SAF in one precision; counts of decisions (neuron, step, sample).

    The weights, rounded to this precision, are the exact data. "wrong" is against exact arithmetic on the samples redone.
    """

    precision: str
    decisions: int
    spikes: int  # of SAF
    undecided_lif: int
    undecided_saf: int
    first_undecided: int | None  # step
    different: int
    contradictions: int  # decisions certified in both that differ: a defect of the certificate, if there ever is one
    samples_in_doubt: int  # with an undecided or different decision
    samples_redone: int  # of these, in exact arithmetic
    wrong_lif: int
    wrong_saf: int

    @property
    def proved(self) -> bool:
        """Every spike of LIF and of SAF is certified, or was found right by exact arithmetic."""
        known = self.samples_redone == self.samples_in_doubt
        return known and not (self.wrong_lif or self.wrong_saf or self.contradictions)


def agreement(net: SpikingNetwork, x: np.ndarray, lam: float, th: float, precision: str) -> Agreement:
    """Both forms in "float32" or "float64" on x (T, batch, n_0), each spike with its certificate."""
    kind = np.dtype(precision).type
    with np.errstate(over="ignore"):  # what float32 cannot hold is infinite there, and refused by name
        W = [kind(_matrix(name, w)) for name, w in zip(net.names, net.W[: net.spiking], strict=False)]
        b = [kind(v) for v in net.b[: net.spiking]]
        given: dict[str, Any] = {"W": W, "b": b, "x": kind(x), "lam": kind(lam), "th": kind(th)}
    for name, w, v in zip(net.names, W, b, strict=False):
        if not (np.all(np.isfinite(w)) and np.all(np.isfinite(v))):
            raise ValueError(f"{name} holds numbers beyond the range of {precision}")
    if not np.all(np.isfinite(given["x"])):
        raise ValueError(f"the input holds numbers beyond the range of {precision}")
    if given["th"] == 0:
        raise ValueError(f"the threshold {th:g} is 0 in {precision}")
    lif, saf = certified_lif(**given), certified_saf(**given)
    layers = range(1, net.spiking + 1)
    undecided = [[~found.certified[j] for j in layers] for found in (lif, saf)]
    different = [lif.s[j] != saf.s[j] for j in layers]
    doubt = [a | c | d for a, c, d in zip(*undecided, different, strict=True)]
    steps = np.flatnonzero(np.any([u.any(axis=(1, 2)) for form in undecided for u in form], axis=0))
    samples = np.flatnonzero(np.any([d.any(axis=(0, 2)) for d in doubt], axis=0))
    work = len(x) * sum(int(np.count_nonzero(w)) for w in W)
    redone = samples[: EXACT // max(1, work)]
    wrong = [0, 0]
    if redone.size:
        true = _exact_spikes(given, redone)
        for k, found in enumerate((lif, saf)):
            wrong[k] = _true((found.s[j][:, redone] != 0) != true[j - 1] for j in layers)
    return Agreement(
        precision=precision,
        decisions=sum(d.size for d in different),
        spikes=_true(saf.s[j] != 0 for j in layers),
        undecided_lif=_true(undecided[0]),
        undecided_saf=_true(undecided[1]),
        first_undecided=int(steps[0]) + 1 if steps.size else None,
        different=_true(different),
        contradictions=_true(d & ~a & ~c for a, c, d in zip(*undecided, different, strict=True)),
        samples_in_doubt=samples.size,
        samples_redone=redone.size,
        wrong_lif=wrong[0],
        wrong_saf=wrong[1],
    )


def _true(arrays: Iterable[np.ndarray]) -> int:
    return sum(int(np.count_nonzero(array)) for array in arrays)


def _matrix(name: str, w: Any) -> np.ndarray:
    """As a matrix, which is what the certificates are for: some columns at a time."""
    if not isinstance(w, Convolution):
        return np.asarray(w)
    if w.shape[0] * w.shape[1] > MATRIX:
        raise ValueError(
            f"{name} stands for a matrix of {w.shape[0]} x {w.shape[1]}; at most {MATRIX:.0e} entries can be certified"
        )
    units = np.eye(w.shape[1])
    return np.concatenate([w.apply(units[i : i + 64]) for i in range(0, len(units), 64)]).T


class _Rows(NamedTuple):
    """A matrix of Python integers without its zeros; row i holds values[i] at the columns where[i]."""

    where: np.ndarray
    values: np.ndarray

    def apply(self, s: np.ndarray) -> np.ndarray:
        """W s."""
        return np.asarray((self.values * s[..., self.where]).sum(axis=-1))


def _without_zeros(w: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Columns and entries of each row; shorter rows are filled up with zeros."""
    count = max(1, int(np.count_nonzero(w, axis=1).max()))
    where = np.argsort(w == 0, axis=1, kind="stable")[:, :count]
    return where, np.take_along_axis(w, where, axis=1)


def _exact_spikes(given: Mapping[str, Any], samples: np.ndarray) -> list[np.ndarray]:
    """Truth values (T, samples, n_l) of layers 1..N, in Python integers: weights count 2^-p, inputs 2^-q, and potentials of
    step t count 2^-(p+q) c^-t, as in `bounds.common.spikes`."""
    W, b, x = given["W"], given["b"], given["x"][:, samples]
    leak, q = Fraction(float(given["lam"])), _places([x])
    p = max(_places([*W, *b]), _places([given["th"]]) - q)
    rows = []
    for l, w in enumerate(W):
        where, values = _without_zeros(w)
        rows.append(_Rows(where, _counts(values, p) * (2**q if l else 1)))
    weights = Weights({(l, l + 1): w for l, w in enumerate(rows)}, [_counts(v, p) * 2**q for v in b])
    th = int(Fraction(float(given["th"])) * 2 ** (p + q))
    steps = lif_steps(lambda t: weights, list(_counts(x, q)), leak.numerator, th, aging=leak.denominator)
    spikes = [[np.asarray(s != 0, dtype=bool) for s in step.s[1:]] for step in steps]
    return [np.stack(layer) for layer in zip(*spikes, strict=True)]


def _places(arrays: Sequence[Any]) -> int:
    """The smallest p ≥ 0 for which all numbers are integers over 2^p."""
    largest = 0
    for array in arrays:
        mantissa, exponent = np.frexp(np.asarray(array, dtype=np.float64).ravel())
        whole = (mantissa * 2.0**53).astype(np.int64)
        low = np.where(whole == 0, 0, np.log2(np.where(whole == 0, 1, whole & -whole)).astype(int))
        largest = max(largest, int(np.max(np.where(whole == 0, 0, 53 - exponent - low), initial=0)))
    return largest


_scaled = np.frompyfunc(lambda v, p: int(Fraction(v) * 2**p), 2, 1)


def _counts(array: Any, p: int) -> np.ndarray:
    return np.asarray(_scaled(np.asarray(array, dtype=np.float64).astype(object), p), dtype=object)


# ---- rates ----------------------------------------------------------------------------------------------------------


class LayerRates(NamedTuple):
    """One spiking layer at step T; the largest over samples and neurons."""

    name: str
    norm: float  # ν/th of its weights
    mean_rate: float
    layer_error: float  # |a − clip((W a_prev + b)/th)|
    layer_bound: float  # ε
    measured_bound: float  # the same from the measured unevenness of its input: (1 + P−/th)/Λ or (P+/th)/Λ
    error: float  # |a − ã|, ã of the clipped-linear network
    bound: float  # E
    measured_total: float  # E with the measured bounds in the place of ε


def rates(net: SpikingNetwork, x: np.ndarray, lam: float, th: float) -> list[LayerRates]:
    """Rates of SAF in float64 against the clipped-linear network, for a static input x (T, batch, n_0)."""
    n, T = net.spiking, len(x)
    _, ahat, _, _ = saf_forward(net.W[:n], net.b[:n], x, lam, th)
    ideal, _ = clipped_linear_forward(net.W[:n], net.b[:n], x[0], th)
    flat = [w.entries.reshape(len(w.entries), -1) if isinstance(w, Convolution) else w for w in net.W[:n]]  # same row sums
    limits = network_rate_bounds(flat, lam, th, T)
    charges = np.array([lambda_sum(lam, t) for t in range(1, T + 1)])[:, None, None]
    a = [trace[-1] / charges[-1, 0] for trace in ahat]
    out: list[LayerRates] = []
    total = 0.0
    for l in range(n):
        norm = float(np.abs(flat[l]).sum(axis=1).max() / th)
        uneven = product(net.W[l], ahat[l] - a[l] * charges) / th
        measured = max(float(uneven.max(initial=0.0)), 1 + float(-uneven.min(initial=0.0))) / float(charges[-1, 0, 0])
        total = norm * total + measured
        near = np.clip((product(net.W[l], a[l]) + net.b[l]) / th, 0, 1)
        out.append(
            LayerRates(
                net.names[l],
                norm,
                float(a[l + 1].mean()),
                float(np.abs(a[l + 1] - near).max()),
                float(limits.eps[l + 1]),
                measured,
                float(np.abs(a[l + 1] - ideal[l + 1]).max()),
                float(limits.E[l + 1]),
                total,
            )
        )
    return out


# ---- gradients ------------------------------------------------------------------------------------------------------


class Comparison(NamedTuple):
    """Two gradients of the weights, layer by layer, summed over the samples, in float64."""

    left: str
    right: str
    equal: tuple[bool, ...]  # where a theorem says that they are equal in exact arithmetic
    cosine: tuple[float, ...]  # NaN where one of them vanishes
    difference: tuple[float, ...]  # largest |difference| of two entries, in units of the largest entry of the two


def gradients(net: SpikingNetwork, s: Samples, lam: float, th: float, slope: Any = "tri") -> list[Comparison]:
    """OTTT, SAF, BPTT and spike representation on squared error of the output spikes against the one-hot class, or on
    cross entropy of a linear readout. Spike representation at ideal rates needs a static input."""
    y = np.eye(net.widths[-1])[s.labels]
    loss = cross_entropy if net.readout else squared_error
    sg = surrogate(slope, th)
    step: dict[str, Any] = {"W": net.W, "b": net.b, "x": s.x, "y": y, "lam": lam, "th": th, "loss_grad": loss}
    step |= {"readout": net.readout}
    end: dict[str, Any] = {"W": net.W, "b": net.b, "y": y, "th": th, "loss_grad": loss, "readout": net.readout}
    found: dict[str, list[Any]] = {
        "OTTT": ottt_gradients(**step, surrogate=sg).total.W,
        "SAF-A": saf_e_gradients(**step, surrogate=sg).total.W,
        "BPTT": bptt_gradients(**step, surrogate=sg).W,
        "SAF-F plain": saf_f_gradients(**step, derivative="plain", surrogate=sg).W,
    }
    matched = saf_f_gradients(**step, derivative="matched")
    found["SAF-F matched"] = matched.W
    found["SR at the rates"] = sr_gradients(**end, x0=matched.rates[0], rates=matched.rates).W
    if s.static:
        found["SR ideal"] = sr_gradients(**end, x0=s.x[0]).W
    n, top = len(net.W), len(net.W) - 1 - net.readout
    always, never = (True,) * n, (False,) * n
    top_only = tuple(l == top for l in range(n))
    pairs = [("SAF-A", "OTTT", always), ("BPTT", "OTTT", always if lam == 0 else top_only)]
    pairs += [("SAF-F matched", "SR at the rates", always)]
    pairs += [(name, "OTTT", never) for name in ("SAF-F plain", "SAF-F matched", "SR ideal") if name in found]
    if s.static:
        pairs.append(("SAF-F matched", "SR ideal", never))
    return [Comparison(left, right, equal, *_compared(found[left], found[right])) for left, right, equal in pairs]


def _compared(left: list[Any], right: list[Any]) -> tuple[tuple[float, ...], tuple[float, ...]]:
    cosines = gradient_inner_product(left, right)[1]
    sizes = [max(float(np.abs(p).max()), float(np.abs(q).max())) for p, q in zip(left, right, strict=True)]
    apart = [float(np.abs(p - q).max()) for p, q in zip(left, right, strict=True)]
    return tuple(cosines), tuple(d / size if size > 0 else 0.0 for d, size in zip(apart, sizes, strict=True))


# ---- all of it ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Report:
    """What `check_network` found; no rates if the input changes over time."""

    agreement: tuple[Agreement, ...]
    rates: tuple[LayerRates, ...] | None
    gradients: tuple[Comparison, ...]


STAGES = ("float64", "float32", "rates", "gradients")


def check_network(
    net: SpikingNetwork, s: Samples, lam: float, th: float, *, slope: str = "tri", tick: Callable[[str], None] = lambda _: None
) -> Report:
    """LIF against SAF in float64 and float32, rates, gradients; `tick` hears the name of each of STAGES when it is done.

    ValueError for a leak outside [0, 1], a threshold that is not positive, or a network too large to be certified.
    """
    check_leak_and_threshold(lam, th)
    surrogate(slope, th)  # type: ignore[arg-type]  # refuses unknown names before the work
    found = []
    for precision in STAGES[:2]:
        found.append(agreement(net, s.x, lam, th, precision))
        tick(precision)
    layers = tuple(rates(net, s.x, lam, th)) if s.static else None
    tick("rates")
    compared = tuple(gradients(net, s, lam, th, slope))
    tick("gradients")
    return Report(tuple(found), layers, compared)
