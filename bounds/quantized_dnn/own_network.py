r"""A user's own network as integers: read weights and normalisation, fold them, write what integer inference needs.

A layer NAME is read in one of two ways.

- As trained by `training` (or elsewhere, with these names): NAME.weight before standardisation, NAME.gamma, NAME.beta and the
  running statistics NAME.m, NAME.r of LBN; without these two they are measured on the inputs. Activations lie in [0, 1].
- As an ordinary layer: NAME.weight, NAME.bias, BatchNorm if the file has running_mean and running_var under NAME_bn, NAME.bn,
  bn and the digits at the end of NAME, or the number after NAME; and ReLU. Each row has the scale of least squared error, and
  what the largest state stands for is measured on the inputs, by least squared error too.

The last layer is the readout. Weights have the step of least error for Gaussian ones (`gaussian_error`).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from bounds.common.convolution import Convolution
from bounds.common.files import read_arrays
from bounds.quantized_dnn.chain import (
    FoldedLayer,
    IntegerLayer,
    folded_layer,
    input_integers,
    integer_net,
    odd_integers,
    scaled_layer,
    sums,
    unit,
)
from bounds.quantized_dnn.gaussian_step import gaussian_optimal_step
from bounds.quantized_dnn.normalisation import SMALLEST
from bounds.quantized_dnn.quantizers import quantize_activation, round_half_up
from bounds.quantized_dnn.training import apply, as_rows, entries, per_neuron, with_rows
from bounds.spike_accumulation.own_network import SpikingNetwork, UnreadableNetwork

Array = np.ndarray
MEASURED = 512  # inputs on which statistics and ranges are measured, the first ones
_NORM = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
RANGES = 60  # candidates for a range


class _Norm(NamedTuple):
    """y = gain · (W a) + offset, per channel, and in words."""

    gain: Array
    offset: Array
    says: str


@dataclass(frozen=True)
class OwnNetwork:
    """The file's network, folded; `ranges`: what the largest state of each layer's output stands for."""

    layers: list[FoldedLayer]
    folded: list[str]  # in words, per layer
    ranges: list[float]
    input_states: int
    input_range: float
    ignored: tuple[str, ...]
    original: Callable[[Array], Array] | None  # outputs of the file's network in float64; None if it was trained quantised

    def integers_of(self, x: Array) -> Array:
        """The inputs x (n, n_in) as integers."""
        return input_integers(x, self.input_states, self.input_range)


def layer_names(file: Path) -> tuple[list[str], dict[str, str]]:
    """Names of the weights in natural order, and the BatchNorm of each that has one. UnreadableNetwork if one fits no layer."""
    held = read_arrays(file)
    norms = {key.removesuffix(".running_mean") for key in held if key.endswith(".running_mean")}
    for norm in sorted(norms):
        if f"{norm}.running_var" not in held:
            raise UnreadableNetwork(f"{file} has {norm}.running_mean and no {norm}.running_var")
    names = [key.removesuffix(".weight") for key in held if key.endswith(".weight")]
    names = sorted((n for n in names if n not in norms), key=lambda n: [int(p) if p.isdigit() else p for p in _parts(n)])
    found: dict[str, str] = {}
    for name in names:
        digits = re.search(r"(\d*)$", name)
        number = digits[0] if digits else ""
        rest = name[: len(name) - len(number)]
        likely = [f"{name}_bn", f"{name}.bn", *([f"bn{number}", f"{rest}{int(number) + 1}"] if number else [])]
        mine = [norm for norm in likely if norm in norms]
        if mine:
            found[name] = mine[0]
    for norm in sorted(norms):
        users = [name for name, used in found.items() if used == norm]
        if len(users) != 1:
            what = f"fits {' and '.join(users)}" if users else "fits no layer"
            raise UnreadableNetwork(f"the normalisation {norm} {what}; call it NAME_bn for the layer NAME that it follows")
    return names, found


def _parts(name: str) -> list[str]:
    """Words and numbers in turn, beginning with a word."""
    return re.split(r"(\d+)", name)


@np.errstate(over="ignore", invalid="ignore")  # what float64 does not hold is refused by name
def quantize_network(
    file: Path,
    x: Array | None,
    M_w: int,
    M_a: int,
    *,
    net: SpikingNetwork,
    norms: Mapping[str, str],
    input_states: int | None = None,
    input_range: float | None = None,
    eps: float = 1e-5,
) -> OwnNetwork:
    """Fold the network `net`, as read from the file, for the inputs x (n, n_in), which may be None if nothing is measured.

    Without input_states: the file's input.states, else 256; without input_range: 1 if the file has input.states, else the
    largest |x|. UnreadableNetwork says what does not fit.
    """
    held = {name: array for name, array in read_arrays(file).items() if array.dtype.kind in "biuf"}
    eps = _scalar("eps", held, eps)
    if not eps >= 0:
        raise UnreadableNetwork(f"eps in {file} should not be negative, got {eps:g}")
    states = _scalar("input.states", held, 256)
    if not (states.is_integer() and 2 <= states <= 2**16):
        raise UnreadableNetwork(f"input.states in {file} should be an integer between 2 and {2**16}, got {states:g}")
    S = int(states) if input_states is None else input_states
    if input_range is None:
        input_range = 1.0 if "input.states" in held or x is None else float(np.abs(x).max()) or 1.0
    step, used = float(gaussian_optimal_step(M_w)[0]), {"eps", "input.states"}
    k = None if x is None else input_integers(x[:MEASURED], S, input_range)
    layers: list[FoldedLayer] = []
    folded, ranges, plain = [], [], []
    top, c = S - 1, input_range
    for l, (name, w) in enumerate(zip(net.names, net.W, strict=True)):
        last = l == len(net.W) - 1
        M = None if last else M_a
        trained = [f"{name}.{part}" in held for part in ("gamma", "beta")]
        if any(trained) and not all(trained):
            raise UnreadableNetwork(f"{name} has only one of {name}.gamma and {name}.beta, which belong together")
        if all(trained):
            used |= {f"{name}.{part}" for part in ("gamma", "beta", "m", "r")}
            if (equal := np.ptp(as_rows(w), axis=1) == 0).any():
                row = int(np.argmax(equal))
                raise UnreadableNetwork(f"row {row} of {name}.weight has equal weights: it cannot be standardised")
            z = None if k is None else _trained_sums(w, k, M_w, step, top, c)
            norm = _lbn(name, w, held, eps, z, last)
            scale, out = norm.gain * c / np.sqrt(as_rows(w).shape[1]), 1.0
            layer = folded_layer(name, w, M_w, step, scale, norm.offset, top, M)
        else:
            norm = _batch_norm(name, w, held, norms.get(name), eps)
            q, scale = _rows(w, step, M_w)
            gain, out, says = norm.gain * scale * c, 1.0, norm.says
            if not last:
                if k is None:
                    raise UnreadableNetwork(
                        f"{name} has no running statistics of a quantised network: give --input to measure on"
                    )
                y = per_neuron(w, gain) * _means(q, k, top) + per_neuron(w, norm.offset)
                out = best_range(y, M_a)
                says += f"; range {out:.3g} measured"
            norm = norm._replace(says=says)
            layer = scaled_layer(name, q, gain / out, norm.offset / out, top, M)
            used |= {f"{norms[name]}.{part}" for part in _NORM} if name in norms else set()
            plain.append(name)
        layers.append(layer)
        folded.append(norm.says)
        ranges.append(out)
        if k is not None and not last:
            y = np.array(layer.neurons([float(v) for v in layer.A])) * sums(layer.q, k)
            k = np.asarray(quantize_activation(y + np.array(layer.neurons([float(v) for v in layer.B])), M_a)[0])
        top, c = M_a - 1, out
    ordinary = len(plain) == len(net.W)
    biases = {norm: _batch_norm(norm, w, held, norms.get(norm), eps) for norm, w in zip(net.names, net.W, strict=True)}
    original = (lambda x: _ordinary_outputs(net, biases, x)) if ordinary else None
    return OwnNetwork(layers, folded, ranges, S, input_range, tuple(n for n in net.ignored if n not in used), original)


def _numbers(name: str, held: Mapping[str, Array], size: int, one: bool = False) -> Array:
    found = held[name].astype(float).ravel()
    if found.size not in ((1, size) if one else (size,)):
        raise UnreadableNetwork(f"{name} should hold {size} finite number{'s' * (size > 1)}, got shape {held[name].shape}")
    if not np.isfinite(found).all():
        raise UnreadableNetwork(f"{name} should hold finite numbers, got {found[~np.isfinite(found)][0]}")
    return np.broadcast_to(found, size)


def _scalar(name: str, held: Mapping[str, Array], default: float) -> float:
    return float(_numbers(name, held, 1)[0]) if name in held else float(default)


def _bias(name: str, held: Mapping[str, Array], channels: int) -> Array:
    return _numbers(f"{name}.bias", held, channels) if f"{name}.bias" in held else np.zeros(channels)


def _lbn(name: str, w: Any, held: Mapping[str, Array], eps: float, z: Array | None, last: bool) -> _Norm:
    channels = len(entries(w))
    gamma, beta = (_numbers(f"{name}.{part}", held, channels, one=True) for part in ("gamma", "beta"))
    bias = _bias(name, held, channels)
    if last:
        return _Norm(gamma, gamma * bias + beta, "γ and β of the readout")
    says = "LBN, running m and r"
    if f"{name}.m" in held and f"{name}.r" in held:
        m, r = (_numbers(f"{name}.{part}", held, channels, one=True) for part in "mr")
        if (r < 0).any():
            raise UnreadableNetwork(f"{name}.r is a mean of squares and should not be negative, got {r.min():g}")
    elif z is None:
        raise UnreadableNetwork(f"{name} has no running statistics {name}.m and {name}.r: give --input to measure them on")
    else:
        z = z + per_neuron(w, bias)
        m, r, says = np.array([z.mean()]), np.array([(z * z).mean()]), "LBN, m and r measured"
    gain = gamma / np.sqrt(np.maximum(r - m * m, SMALLEST) + eps)
    return _Norm(gain, gain * (bias - m) + beta, says)


def _batch_norm(name: str, w: Any, held: Mapping[str, Array], norm: str | None, eps: float) -> _Norm:
    channels = len(entries(w))
    bias = _bias(name, held, channels)
    if norm is None:
        return _Norm(np.ones(channels), bias, "bias" if f"{name}.bias" in held else "no bias")
    mean, var = (_numbers(f"{norm}.{part}", held, channels) for part in ("running_mean", "running_var"))
    if (var + eps <= 0).any():
        raise UnreadableNetwork(f"{norm}.running_var should not be negative, got {var.min():g}")
    gamma = _numbers(f"{norm}.weight", held, channels) if f"{norm}.weight" in held else np.ones(channels)
    gain = gamma / np.sqrt(var + eps)
    return _Norm(gain, gain * (bias - mean) + _bias(norm, held, channels), f"BatchNorm {norm}")


def _means(q: Any, k: Array, top: int) -> Array:
    """Σ q k/top over means of pooled cells, in float64: for measuring, not for inference."""
    return apply(with_rows(q, as_rows(q).astype(float)), k / top)


def _trained_sums(w: Any, k: Array, M_w: int, step: float, top: int, c: float) -> Array:
    """z = w_q a/√fan_in."""
    rows = as_rows(w)
    z = _means(with_rows(w, odd_integers(rows, step, M_w)), k, top)
    return np.asarray(z * (unit(step, M_w) * c / np.sqrt(rows.shape[1])))


def _rows(w: Any, step: float, M_w: int) -> tuple[Any, Array]:
    """Integers of the rows over their root mean square, and for each row the scale of least squared error."""
    rows = as_rows(w).astype(float)
    size = np.sqrt((rows * rows).mean(axis=1, keepdims=True))
    if not np.isfinite(size).all():
        raise ValueError("the squares of the weights are beyond the range of float64")
    standard = rows / np.where(size > 0, size, 1)
    if M_w % 2:
        q = np.clip(round_half_up(standard / step), -(M_w // 2), M_w // 2)
    else:
        q = 2 * np.clip(np.floor(standard / step).astype(np.int64), -(M_w // 2), M_w // 2 - 1) + 1
    squares = (q * q).sum(axis=1)
    return with_rows(w, q.astype(np.int64)), (rows * q).sum(axis=1) / np.maximum(squares, 1)


def best_range(y: Array, M_a: int) -> float:
    """The c for which c Q_a(y/c) is closest to max(y, 0) in mean square, among 60 shares of the largest y; 1 if that is ≤ 0.

    ValueError for infinities and NaN.

    >>> best_range(np.array([-1.0, 0.0, 0.5, 1.0]), 3)
    1.0
    """
    largest = float(y.max())
    if not np.isfinite(y).all():
        raise ValueError("the outputs of a layer are beyond the range of float64")
    if largest <= 0:
        return 1.0
    y = y / largest  # so that no square overflows
    rectified = np.maximum(y, 0)
    shares = np.arange(1, RANGES + 1) / RANGES
    errors = [float(np.mean((c * quantize_activation(y / c, M_a)[1] - rectified) ** 2)) for c in shares]
    return largest * float(shares[int(np.argmin(errors))])


def _ordinary_outputs(net: SpikingNetwork, norms: Mapping[str, _Norm], x: Array) -> Array:
    a = np.asarray(x, float)
    for l, (name, w) in enumerate(zip(net.names, net.W, strict=True)):
        y = per_neuron(w, norms[name].gain) * apply(w, a) + per_neuron(w, norms[name].offset)
        a = np.maximum(y, 0) if l < len(net.W) - 1 else y
    return a


# ---- the file of the integer network --------------------------------------------------------------------------------


def save_integers(file: Path, own: OwnNetwork) -> None:
    """Write .npz or .safetensors: for layer l called NAME, l.NAME.q, and .sign and .thresholds, or .scale and .offset of the
    readout; .map = height, width, stride, padding, pool of a convolution; input.states; and input.range, the only real number.

    state = #{j: sign · n ≥ threshold_j} with n = Σ q k (pooled cells added); score = scale · n + offset. UnreadableNetwork for
    another suffix, or sums wider than 64 bits.
    """
    if file.suffix not in (".npz", ".safetensors"):
        raise UnreadableNetwork(f"{file} should end in .npz or .safetensors")
    held: dict[str, Array] = {"input.states": np.array(own.input_states), "input.range": np.array(own.input_range)}
    for l, layer in enumerate(integer_net(own.layers)):
        key = f"{l}.{layer.name}"
        arrays = {"q": entries(layer.q), "bits": np.array(layer.bits)}
        if layer.scale.size:
            arrays |= {"scale": layer.scale, "offset": layer.offset}
        else:
            arrays |= {"sign": layer.sign, "thresholds": layer.tau}
        if isinstance(layer.q, Convolution):
            arrays["map"] = np.array([layer.q.height, layer.q.width, layer.q.stride, layer.q.padding, layer.q.pool])
        if any(array.dtype == object for array in arrays.values()):
            raise UnreadableNetwork(f"{layer.name} has sums or scores of more than 64 bits, which no file of integers holds")
        held |= {f"{key}.{part}": narrow(array) for part, array in arrays.items()}
    if file.suffix == ".npz":
        np.savez(file, **held)  # type: ignore[arg-type]  # numpy's stub takes them for allow_pickle
    else:
        from safetensors.numpy import save_file

        save_file({name: np.array(array, order="C") for name, array in held.items()}, file)


def narrow(array: Array) -> Array:
    """The same integers in the narrowest of int8, int16, int32, int64.

    >>> narrow(np.array([-128, 127])).dtype
    dtype('int8')
    """
    kinds = (np.int8, np.int16, np.int32, np.int64)
    return array.astype(next(k for k in kinds if np.iinfo(k).min <= array.min() and array.max() <= np.iinfo(k).max))


def load_integers(file: Path) -> tuple[list[IntegerLayer], int, float]:
    """What `save_integers` wrote, for `integer_run`: layers, input states and range. UnreadableNetwork for other files."""
    held = read_arrays(file)
    keys = sorted((name.removesuffix(".q") for name in held if name.endswith(".q")), key=lambda k: int(k.split(".")[0]))
    if not keys or "input.states" not in held or "input.range" not in held:
        raise UnreadableNetwork(f"{file} holds no integer network as proofs-check quantize writes it")
    layers, none = [], np.zeros(0, dtype=np.int64)
    for key in keys:
        arrays = {part: held.get(f"{key}.{part}", none).astype(np.int64) for part in _PARTS}
        q: Any = arrays["q"]
        if q.ndim == 4:
            height, width, stride, padding, pool = (int(v) for v in arrays["map"])
            q = Convolution(q, height, width, stride, padding, pool)
        name, bits = key.partition(".")[2], int(arrays["bits"])
        tau = arrays["thresholds"] if arrays["sign"].size else np.zeros((len(arrays["q"]), 0), dtype=np.int64)
        layers.append(IntegerLayer(name, q, arrays["sign"], tau, arrays["scale"], arrays["offset"], bits))
    return layers, int(held["input.states"]), float(held["input.range"])


_PARTS: Sequence[str] = ("q", "sign", "thresholds", "scale", "offset", "map", "bits")


def packed_bytes(layers: Sequence[FoldedLayer], M_w: int) -> tuple[int, int]:
    """Bytes of the integers, packed: weights of ⌈log2 M_w⌉ bits, thresholds as wide as the sums, 8 bytes for scale and offset;
    and bytes of weights and biases in float32."""
    bits = floats = 0
    for layer in layers:
        weights, channels = entries(layer.q).size, len(layer.A)
        bits += weights * (M_w - 1).bit_length()
        bits += channels * ((layer.M - 1) * layer.bits + 2 if layer.M else 128)
        floats += 4 * (weights + channels)
    return -(-bits // 8), floats
