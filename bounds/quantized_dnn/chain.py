r"""From a trained quantised network to integers and to spikes, without an error: fold, thresholds, steps.

1. `fold`: integer weights q and, for each channel, rationals A, B with y = A n + B after the integer sum n = Σ q k. The real
   ones contain roots; what is stored is a rational, and from there on everything is exact.
2. `exact_run`, the reference: sums of Python integers where affordable, y as a Fraction, rounded half up and clipped. It
   knows neither thresholds nor steps.
3. `integer_net` and `integer_run`: one comparison sign·n ≥ τ for each threshold (`integer_inference` the claim, C11);
   a sum is held by 64 bits if `accumulator_bits` says so, and by Python integers if not: nothing wraps. `in_floats` is the
   same with float products where these are proved exact; spikes (4) are added up in that way too.
4. `spiking_run`: soft-reset neurons, θ = 1, v0 = 1/2, T = M − 1 steps, drive y, in integers (units of 1/2L, L a
   common denominator). A layer fires when its sums are complete, T steps after the layer below began; every spike adds a
   column of q, so the next sum is n again. Its cost is one accumulation for each synapse of each spike.
5. `float_run`: the same fold in float32 or float64, which may miss a tie.

Inputs are integers k of magnitude at most S − 1. Average pooling is a sum and a smaller A. The readout's A and B lie on a grid
of 2^−e, as fine as 62 bits allow, so its scores A n + B are integers too; the first largest one wins.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import pairwise
from math import floor, lcm, log2
from typing import Any, NamedTuple

import numpy as np

from bounds.common.convolution import Convolution
from bounds.quantized_dnn.integers import accumulator_bits, integer_thresholds
from bounds.quantized_dnn.quantizers import quantize_activation, quantize_weight, round_half_up
from bounds.quantized_dnn.training import QuantizedNet, apply, as_rows, entries, per_neuron, statistics, with_rows
from bounds.synaptic_penalty.energy import E_AC, E_MAC
from bounds.synaptic_penalty.own_network import fanout, synapses

Array = np.ndarray
WIDE = 62  # bits of a magnitude that int64 holds, with room for a sign and a sum of two
PRODUCTS = 2 * 10**7  # that the reference forms with Python integers; beyond, int64 where it is proved wide enough


@dataclass(frozen=True, eq=False)
class FoldedLayer:
    """n = Σ q k over a fan-in, pooled cells summed; y = A n + B; A, B have one rational per channel."""

    name: str
    q: Any  # int64: a matrix (n_out, n_in) or a `Convolution`
    A: tuple[Fraction, ...]
    B: tuple[Fraction, ...]
    top: int  # largest |k| that comes in
    M: int | None  # states of what comes out; None: scores

    def __post_init__(self) -> None:
        if not len(self.A) == len(self.B) == len(entries(self.q)):
            raise ValueError(f"{self.name}: A and B need one number for each of {len(entries(self.q))} channels")

    @property
    def cell(self) -> int:
        """Inputs that pooling adds up."""
        return cell_of(self.q)

    @property
    def _products(self) -> tuple[int, int]:
        """How many a sum has, and the largest |q|."""
        return int(as_rows(self.q).shape[1]) * self.cell, max(1, int(np.abs(entries(self.q)).max()))

    @property
    def bits(self) -> int:
        """Signed bits that hold every partial sum of n, whatever the inputs: `accumulator_bits`."""
        return accumulator_bits(*self._products, self.top + 1)

    @property
    def limit(self) -> int:
        """|n| is at most this."""
        N, largest = self._products
        return N * largest * self.top

    def neurons(self, per_channel: Sequence[Any]) -> list[Any]:
        """One entry per channel as one per neuron."""
        copies = self.q.shape[0] // len(per_channel)
        return [value for value in per_channel for _ in range(copies)]


def cell_of(q: Any) -> int:
    """Inputs that the pooling before a layer adds up."""
    return int(q.pool) ** 2 if isinstance(q, Convolution) else 1


class Run(NamedTuple):
    """States of each layer but the readout, (images, neurons), and scores (images, classes) in some unit > 0."""

    states: list[Array]
    scores: Array

    @property
    def classes(self) -> Array:
        """The first largest score."""
        return np.asarray(self.scores.argmax(axis=1))


# ---- the fold -------------------------------------------------------------------------------------------------------


def fold(net: QuantizedNet, input_states: int, grid: int | None = None) -> list[FoldedLayer]:
    """A trained network for inputs k/(input_states − 1).

    A and B are the rationals that float64 computes of γ, β, m and r. With `grid` they are rounded to multiples of
    1/(2(M_a − 1) 2^grid): fewer bits to store, and a grid that meets the thresholds, so that ties occur.
    ValueError for a network that is not quantised, or not trained, or normalised by LN.
    """
    if net.M_w is None or net.M_a is None:
        raise ValueError("weights or activations of this network are not quantised: M_w or M_a is None")
    layers, top = [], input_states - 1
    for l, w in enumerate(net.w):
        last = l == len(net.w) - 1
        m, s = (0.0, 1.0) if last else statistics(net, l)
        gamma = np.broadcast_to(net.gamma[l].astype(float), len(net.beta[l])) / s
        rows = as_rows(w)
        gain, offset = gamma / np.sqrt(rows.shape[1]), net.beta[l].astype(float) - gamma * m
        layers.append(folded_layer(str(l), w, net.M_w, net.D_w, gain, offset, top, None if last else net.M_a, grid))
        top = net.M_a - 1
    return layers


def folded_layer(
    name: str, w: Any, M_w: int, D_w: float, gain: Array, offset: Array, top: int, M: int | None, grid: int | None = None
) -> FoldedLayer:
    """y = gain · (w_q a) + offset with w_q = Q(ŵ; D_w) of the latent weights w and a = k/top, as a `FoldedLayer`."""
    return scaled_layer(name, with_rows(w, odd_integers(as_rows(w), D_w, M_w)), unit(D_w, M_w) * gain, offset, top, M, grid)


def unit(D_w: float, M_w: int) -> float:
    """What the integer 1 stands for: D_w, or half of it between the levels of an even number of states."""
    return D_w if M_w % 2 else D_w / 2


def odd_integers(rows: Array, D_w: float, M_w: int) -> Array:
    """q of the standardised rows: w_q = D_w q, or (D_w/2) q with odd q for even M_w."""
    q = quantize_weight(rows, D_w, M_w)[0].astype(np.int64)
    return q if M_w % 2 else 2 * q + 1


def scaled_layer(
    name: str, q: Any, gain: Array, offset: Array, top: int, M: int | None, grid: int | None = None
) -> FoldedLayer:
    """y = gain · Σ q a + offset, a = k/top (their mean over pooled cells).

    ValueError for gains or offsets that are not finite.
    """
    if not (np.isfinite(gain).all() and np.isfinite(offset).all()):
        raise ValueError(f"{name}: its weights and normalisation together are beyond the range of float64")
    A = tuple(Fraction(float(g)) / (top * cell_of(q)) for g in gain)
    B = tuple(Fraction(float(o)) for o in offset)
    layer = FoldedLayer(name, q, A, B, top, M)
    if M is not None and grid is None:
        return layer
    if M is None:
        largest = float(max(abs(v) for v in A) * layer.limit + max(abs(v) for v in B))
        per_unit = 2 ** (WIDE - 2 - max(0, floor(log2(largest)) + 1 if largest else 0))
        per_unit = max(1, per_unit) if layer.bits <= WIDE else 2**WIDE
    else:
        assert grid is not None
        per_unit = 2 * (M - 1) * 2**grid
    on_grid = [tuple(Fraction(round_half_up(v * per_unit), per_unit) for v in values) for values in (A, B)]
    return replace(layer, A=on_grid[0], B=on_grid[1])


def input_integers(x: Array, input_states: int, largest: float = 1.0) -> Array:
    """k = ⌊x (S − 1)/largest + 1/2⌋, clipped to magnitude S − 1: the integers (n, n_in) that stand for the inputs x."""
    if input_states < 2 or not 0 < largest < np.inf:
        raise ValueError(f"inputs need at least 2 states and a positive range, got {input_states} and {largest}")
    top = input_states - 1
    return np.asarray(np.clip(round_half_up(np.asarray(x, float) / largest * top), -top, top))


# ---- the reference --------------------------------------------------------------------------------------------------


def sums(q: Any, k: Array) -> Array:
    """n (batch, n_out) in the arithmetic of k, which must be that of q; pooled cells are added."""
    if not isinstance(q, Convolution) or q.pool == 1:
        return apply(q, k)
    p, rows, columns = q.pool, q.height // q.pool, q.width // q.pool
    maps = k.reshape(len(k), -1, q.height, q.width)[:, :, : rows * p, : columns * p]
    pooled = maps.reshape(*maps.shape[:2], rows, p, columns, p).sum(axis=(3, 5))
    return apply(replace(q, height=rows, width=columns, pool=1), pooled.reshape(len(k), -1))


def in_arithmetic(q: Any, kind: Any) -> Any:
    """The same layer with entries of another dtype."""
    return with_rows(q, as_rows(q).astype(kind))


def _exact_sums(layer: FoldedLayer, k: Array) -> Array:
    """n, by Python integers if that is affordable; numpy refuses to make int64 of those that it does not hold."""
    small = len(k) * synapses(layer.q) * layer.cell <= PRODUCTS or layer.bits > WIDE
    kind = object if small else np.int64
    return sums(in_arithmetic(layer.q, kind), k.astype(kind)).astype(_arithmetic(layer.bits))


class _Distinct(NamedTuple):
    """Neurons of one channel with the same sum do the same: what happens is worked out once for each such pair."""

    channel: Array  # (pairs,)
    n: Array  # (pairs,), Python integers
    where: Array  # (batch, n_out): the pair of each neuron

    def of(self, per_channel: Sequence[Any]) -> Array:
        """One entry per channel as one per pair."""
        return np.asarray(np.array(per_channel, dtype=object)[self.channel])


def _distinct(layer: FoldedLayer, n: Array) -> _Distinct:
    blocks = n.reshape(len(n), len(layer.A), -1)
    where, values, channels, count = np.empty(blocks.shape, dtype=np.int64), [], [], 0
    for c in range(len(layer.A)):
        found, inverse = np.unique(blocks[:, c], return_inverse=True)
        where[:, c] = inverse.reshape(blocks[:, c].shape) + count
        values.append(found.astype(object))
        channels.append(np.full(len(found), c))
        count += len(found)
    return _Distinct(np.concatenate(channels), np.concatenate(values), where.reshape(n.shape))


class Reference(NamedTuple):
    """The exact run; `ties`: decisions (image, neuron, threshold) with y exactly at the threshold."""

    run: Run
    ties: int
    decisions: int


def exact_run(layers: Sequence[FoldedLayer], k: Array) -> Reference:
    """The rational fold: y = A n + B as Fractions, states rounded half up. k (images, n_in) integers."""
    states: list[Array] = []
    ties = decisions = 0
    for layer in layers:
        n = _exact_sums(layer, k)
        pairs = _distinct(layer, n)
        y = pairs.of(layer.A) * pairs.n + pairs.of(layer.B)
        if layer.M is None:
            return Reference(Run(states, y[pairs.where]), ties, decisions)
        k = quantize_activation(y, layer.M)[0].astype(np.int64)[pairs.where]
        ties += int(_at_threshold(y, layer.M - 1)[pairs.where].sum())
        decisions += n.size * (layer.M - 1)
        states.append(k)
    raise ValueError("the last layer must be a readout, with M = None")


def _at_threshold(y: Array, top: int) -> Array:
    """1 where y = (2j − 1)/(2 top) for a j of 1..top."""
    doubled = [2 * top * v for v in y]
    return np.array([int(v.denominator == 1 and v.numerator % 2 and 0 < v < 2 * top) for v in doubled])


# ---- integers only --------------------------------------------------------------------------------------------------


@dataclass(frozen=True, eq=False)
class IntegerLayer:
    """state = #{j: sign · n ≥ τ_j}; of the readout, score = scale · n + offset. One row per channel."""

    name: str
    q: Any
    sign: Array  # (channels,) of A: −1, 0, 1
    tau: Array  # (channels, M − 1); (channels, 0) for the readout
    scale: Array  # (channels,) of the readout, else (0,)
    offset: Array
    bits: int  # of the sums


def integer_net(layers: Sequence[FoldedLayer]) -> list[IntegerLayer]:
    """Thresholds in the place of A and B. Those that no sum reaches are moved to one beyond the range of the sums."""
    return [_integer_readout(layer) if layer.M is None else _integer_layer(layer, layer.M) for layer in layers]


def _arithmetic(bits: int) -> Any:
    return np.int64 if bits <= WIDE else object


def _fast(bits: int) -> Any:
    """The fastest arithmetic in which sums of so many signed bits are exact, whatever their order."""
    return np.float32 if bits <= 25 else np.float64 if bits <= 54 else object


def _integer_layer(layer: FoldedLayer, M: int) -> IntegerLayer:
    signs, tau, kind = [], [], _arithmetic(layer.bits)
    for A, B in zip(layer.A, layer.B, strict=True):
        sign, values = integer_thresholds(A, B, M)
        turned = [int(not v) for v in values] if sign == 0 else [sign * v for v in values]
        signs.append(sign)
        tau.append([min(max(v, -layer.limit), layer.limit + 1) for v in turned])
    none = np.zeros(0, dtype=np.int64)
    q = in_arithmetic(layer.q, kind)
    return IntegerLayer(layer.name, q, np.array(signs), np.array(tau, dtype=kind), none, none, layer.bits)


def _integer_readout(layer: FoldedLayer) -> IntegerLayer:
    per_unit = score_unit(layer)
    scale, offset = ([int(v * per_unit) for v in values] for values in (layer.A, layer.B))
    largest = max(map(abs, scale)) * layer.limit + max(map(abs, offset))
    kind = _arithmetic(max(layer.bits, largest.bit_length() + 1))
    C = len(scale)
    empty = np.zeros((C, 0), dtype=np.int64)
    none = np.zeros(C, dtype=np.int64)
    q = in_arithmetic(layer.q, _arithmetic(layer.bits))
    return IntegerLayer(layer.name, q, none, empty, np.array(scale, dtype=kind), np.array(offset, dtype=kind), layer.bits)


def score_unit(readout: FoldedLayer) -> int:
    """Scores of integers are y times this."""
    return lcm(*(v.denominator for v in (*readout.A, *readout.B)))


def in_floats(net: Sequence[IntegerLayer]) -> list[IntegerLayer]:
    """The same network with its integers in floats, for the speed of their products: as exact, because every partial sum is an
    integer below 2^24 (float32) or 2^53 (float64). ValueError where it is not."""
    found = []
    for layer in net:
        kind = _fast(layer.bits)
        if kind is object:
            raise ValueError(f"layer {layer.name} has sums of {layer.bits} bits, which floats do not hold")
        found.append(replace(layer, q=in_arithmetic(layer.q, kind), tau=layer.tau.astype(kind), sign=layer.sign.astype(kind)))
    return found


def integer_run(net: Sequence[IntegerLayer], k: Array) -> Run:
    """Products, sums and comparisons of integers, in the arithmetic of q: int64 or Python's, or that of `in_floats`."""
    states: list[Array] = []
    for layer in net:
        n = sums(layer.q, k.astype(entries(layer.q).dtype))
        if layer.scale.size:
            n = n.astype(layer.scale.dtype)
            return Run(states, per_neuron(layer.q, layer.scale) * n + per_neuron(layer.q, layer.offset))
        dense = n.shape[1] == len(layer.sign)
        blocks = n if dense else n.reshape(len(n), len(layer.sign), -1)
        sign, tau = (layer.sign, layer.tau.T) if dense else (layer.sign[:, None], layer.tau.T[:, :, None])
        if not (layer.sign == 1).all():
            blocks = blocks * sign
        count = np.zeros(blocks.shape, dtype=np.int8 if len(tau) <= 127 else np.int64)
        for threshold in tau:
            count += blocks >= threshold
        k = count.reshape(n.shape)
        states.append(k)
    raise ValueError("the last layer must be a readout")


# ---- spikes ---------------------------------------------------------------------------------------------------------


class Spiking(NamedTuple):
    """States are spike counts; accumulations (images, layers) of each layer's own sums, 0 where real inputs are multiplied."""

    run: Run
    accumulations: Array
    spikes: Array  # (images, layers that spike)


def spiking_run(layers: Sequence[FoldedLayer], k: Array) -> Spiking:
    """Step by step: u ← v + drive; spike if u ≥ θ; v ← u − θ; the spikes of the step are added to the sums of the next layer.

    Inputs of two states are spikes; others are multiplied once.
    """
    counts: list[Array] = []
    operations = np.zeros((len(k), len(layers)), dtype=np.int64)
    fired = np.zeros((len(k), len(layers) - 1), dtype=np.int64)
    first = layers[0]
    kind = _arithmetic(first.bits)
    n = sums(in_arithmetic(first.q, kind), k.astype(kind))
    if spikes_come_in(first, k):
        operations[:, 0] = k @ fanout(first.q)
    for l, (layer, above) in enumerate(pairwise(layers)):
        assert layer.M is not None
        pairs = _distinct(layer, n)
        drive, v, theta = _scaled(layer, pairs)
        psi, kind = fanout(above.q), _fast(above.bits)
        weights = in_arithmetic(above.q, kind)
        n = np.zeros((len(n), above.q.shape[0]), dtype=_arithmetic(above.bits))
        count = np.zeros(pairs.where.shape, dtype=np.int64)
        for _ in range(layer.M - 1):
            u = v + drive
            fires = (u >= theta).astype(np.int64)
            v = u - fires * theta
            s = fires[pairs.where]
            count += s
            n = n + sums(weights, s.astype(kind)).astype(n.dtype)
            operations[:, l + 1] += s @ psi
        fired[:, l] = count.sum(axis=1)
        counts.append(count)
    readout = layers[-1]
    A, B = (np.array(readout.neurons(v), dtype=object) * score_unit(readout) for v in (readout.A, readout.B))
    scores = n.astype(object) * A + B
    return Spiking(Run(counts, scores), operations, fired)


def spikes_come_in(first: FoldedLayer, k: Array) -> bool:
    """Inputs of two states, 0 and 1."""
    return first.top == 1 and bool((k >= 0).all())


def _scaled(layer: FoldedLayer, pairs: _Distinct) -> tuple[Array, Array, Array]:
    """Drive, v0 and θ of each pair in units of 1/(2L), as Python integers: 2L(A n + B), L and 2L."""
    L = [lcm(A.denominator, B.denominator) for A, B in zip(layer.A, layer.B, strict=True)]
    a, b = ([int(2 * v * unit) for v, unit in zip(values, L, strict=True)] for values in (layer.A, layer.B))
    rest = pairs.of(L)
    return pairs.of(a) * pairs.n + pairs.of(b), rest, 2 * rest


# ---- floats ---------------------------------------------------------------------------------------------------------


def float_run(layers: Sequence[FoldedLayer], k: Array, kind: type[np.floating[Any]]) -> Run:
    """y = W'a + B in floats of this kind, a = k/top, W' = A top q: what a library does with the folded network.

    ValueError if floats of this kind do not hold A or B.
    """
    states: list[Array] = []
    for layer in layers:
        a = k.astype(kind) / kind(layer.top)
        with np.errstate(over="ignore"):  # what this kind does not hold is infinite there, and refused by name
            gain = np.array([float(A * layer.top * layer.cell) for A in layer.A]).astype(kind)
            offset = np.array(layer.neurons([float(B) for B in layer.B])).astype(kind)
        if not (np.isfinite(gain).all() and np.isfinite(offset).all()):
            raise ValueError(f"{layer.name} folds to numbers beyond the range of {np.dtype(kind)}")
        w = with_rows(layer.q, gain[:, None] * as_rows(layer.q).astype(kind))
        y = apply(w, a) + offset
        if layer.M is None:
            return Run(states, y)
        k = np.asarray(quantize_activation(y, layer.M)[0])
        states.append(k)
    raise ValueError("the last layer must be a readout, with M = None")


# ---- all of it ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class ChainReport:
    """What one network does on some images; "wrong": images with any state, any score or the class unlike the reference's."""

    images: int
    decisions: int
    ties: int
    integer_wrong: int
    spiking_wrong: int
    float32_wrong: int  # images with another state or class: scores of floats are rounded anyway
    float64_wrong: int
    float32_classes: int  # of these, images with another class
    float64_classes: int
    bits: list[int]  # of the sums, per layer
    steps: int  # of the spiking network, over its layers
    spikes: float  # mean over the images
    accumulations: list[float]  # mean over the images, per layer
    multiplications: int  # of the inputs that are no spikes, each image
    pJ: float
    ann_pJ: float
    classes: list[int]  # of the reference


def different_images(reference: Run, other: Run) -> Array:
    """Images with another state or another class, as truth values."""
    found = reference.classes != other.classes
    for ours, theirs in zip(reference.states, other.states, strict=True):
        found = found | (ours != theirs).any(axis=1)
    return np.asarray(found)


def check_chain(
    layers: Sequence[FoldedLayer], k: Array, batch: int = 64, tick: Callable[[int], None] = lambda done: None
) -> ChainReport:
    """Reference, integers, spikes and floats on the inputs k (images, n_in); `tick` hears how many are done."""
    whole, per_unit = integer_net(layers), score_unit(layers[-1])
    floats: tuple[type[np.floating[Any]], ...] = (np.float32, np.float64)
    wrong = dict.fromkeys(("integer", "spiking", "float32", "float64", "float32 class", "float64 class"), 0)
    ties = decisions = spikes = 0
    used, classes = np.zeros(len(layers), dtype=np.int64), []
    for start in range(0, len(k), batch):
        part = k[start : start + batch]
        exact = exact_run(layers, part)
        fires = spiking_run(layers, part)
        expected = exact.run.scores * per_unit
        for name, run in (("integer", integer_run(whole, part)), ("spiking", fires.run)):
            wrong[name] += int((different_images(exact.run, run) | (expected != run.scores).any(axis=1)).sum())
        for kind in floats:
            run, name = float_run(layers, part, kind), kind.__name__
            wrong[name] += int(different_images(exact.run, run).sum())
            wrong[f"{name} class"] += int((exact.run.classes != run.classes).sum())
        ties, decisions = ties + exact.ties, decisions + exact.decisions
        spikes, used = spikes + int(fires.spikes.sum()), used + fires.accumulations.sum(axis=0)
        classes += exact.run.classes.tolist()
        tick(start + len(part))
    multiplied = 0 if spikes_come_in(layers[0], k) else synapses(layers[0].q)
    mean = used / len(k)
    return ChainReport(
        images=len(k),
        decisions=decisions,
        ties=ties,
        integer_wrong=wrong["integer"],
        spiking_wrong=wrong["spiking"],
        float32_wrong=wrong["float32"],
        float64_wrong=wrong["float64"],
        float32_classes=wrong["float32 class"],
        float64_classes=wrong["float64 class"],
        bits=[layer.bits for layer in layers],
        steps=sum((layer.M or 1) - 1 for layer in layers),
        spikes=spikes / len(k),
        accumulations=mean.tolist(),
        multiplications=multiplied,
        pJ=float(E_AC) * float(mean.sum()) + float(E_MAC) * multiplied,
        ann_pJ=float(E_MAC) * sum(synapses(layer.q) for layer in layers),
        classes=classes,
    )
