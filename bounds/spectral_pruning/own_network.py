r"""A user's own recurrent network: read it from PyTorch's names, prune it on data, and write it under the same names.

    net = read_network("net.safetensors", activation="relu")
    found = prune_network(net, read_sequences("x.npy", net), keep=42)
    write_network("pruned.safetensors", found)

The pruned network keeps the units J and rebuilds the others as A_J h_J inside its weights, so that `torch.nn.RNN` of |J| units
reads it as it is:

| Entry | Pruned |
|---|---|
| `weight_ih_l0`, `bias_ih_l0`, `bias_hh_l0` | their rows J |
| `weight_hh_l0` | W_hh[J, :] A_J, (\|J\|, \|J\|): its state is h_J, which A_J turns into all of h |
| `HEAD.weight`, `HEAD.bias` | W_o A_J, and b_o as it was |

A file without a head is one whose output is the state itself; its pruned network gets the head `reconstruction.weight` = A_J.
"""

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from bounds.common.files import read_arrays
from bounds.common.rnn import ACTIVATIONS, checked_params, rnn_forward
from bounds.spectral_pruning.information import rms_norm
from bounds.spectral_pruning.pruning import Pruning, prune

HIDDEN = "weight_hh_l0"
NO_HEAD = "reconstruction"


@dataclass(frozen=True)
class Network:
    """A network as `rnn_forward` takes it, and where its parts stand in the file."""

    params: dict[str, np.ndarray]
    activation: str
    arrays: Mapping[str, np.ndarray]  # all of the file
    prefix: str  # of weight_hh_l0 and the like
    head: str | None  # HEAD of HEAD.weight; None: the output is the state

    @property
    def units(self) -> int:
        return len(self.params["b"])


def read_network(path: str | Path, head: str | None = None, activation: str = "tanh") -> Network:
    """A one-layer `torch.nn.RNN` and its read-out from .safetensors or .npz, in float64. Nothing in the file is executed.

    head: the name of the read-out, "fc" for fc.weight (outputs, m) and fc.bias; found where only one entry fits. ValueError
    in one sentence for whatever is wrong with the file, and FileNotFoundError if it is not there.
    """
    if activation not in ACTIVATIONS:
        raise ValueError(f'activation must be "relu" or "tanh", got {activation!r}')
    arrays, name = read_arrays(path), Path(path).name
    hidden = sorted(entry for entry in arrays if entry.endswith(HIDDEN))
    if len(hidden) != 1:
        held = f"{len(hidden)} of them, {', '.join(hidden)}" if hidden else f"only {', '.join(sorted(arrays)) or 'nothing'}"
        raise ValueError(f"{name} should hold one entry that ends in {HIDDEN}, as torch.nn.RNN names it, and holds {held}")
    prefix = hidden[0].removesuffix(HIDDEN)
    ours = {entry.removeprefix(prefix): np.asarray(value) for entry, value in arrays.items() if entry.startswith(prefix)}
    for part, what in (("_l1", "more than one layer"), ("_reverse", "two directions"), ("weight_hr", "a projection")):
        if more := [entry for entry in sorted(ours) if entry.startswith(("weight_", "bias_")) and part in entry]:
            raise ValueError(f"{name} has {what} ({prefix}{more[0]}); only a network of one layer and direction is pruned")
    Wh = ours[HIDDEN]
    if Wh.ndim == 2 and Wh.shape[0] in (3 * Wh.shape[1], 4 * Wh.shape[1]) and Wh.size:
        kind = "a GRU" if Wh.shape[0] == 3 * Wh.shape[1] else "an LSTM"
        raise ValueError(f"{hidden[0]} of {name} has shape {Wh.shape} as {kind} has; only ReLU and tanh networks are pruned")
    if Wh.ndim != 2 or Wh.shape[0] != Wh.shape[1] or not Wh.size:
        raise ValueError(f"{hidden[0]} of {name} must have shape (m, m), got {Wh.shape}")
    m = len(Wh)
    if "weight_ih_l0" not in ours:
        raise ValueError(f"{name} has no {prefix}weight_ih_l0 beside {hidden[0]}")
    biases = [ours.get(entry, np.zeros(m)) for entry in ("bias_ih_l0", "bias_hh_l0")]
    wanted = {"weight_ih_l0": (ours["weight_ih_l0"], ("m", "d_x")), "bias_ih_l0": (biases[0], ("m",))}
    for entry, (value, axes) in (wanted | {"bias_hh_l0": (biases[1], ("m",))}).items():
        if value.ndim != len(axes) or value.shape[0] != m or not value.size:
            shape = f"({', '.join(axes)}{',' if len(axes) == 1 else ''})"
            raise ValueError(f"{prefix}{entry} of {name} must have shape {shape} with m = {m}, got {value.shape}")
    found = _head(arrays, name, prefix, m, ours["weight_ih_l0"].shape[1], head)
    Wo, bo = (np.eye(m), np.zeros(m)) if found is None else _readout(arrays, name, found, m)
    blocks = {"Wh": Wh, "Wi": ours["weight_ih_l0"], "b": np.add(*_floats(biases, name)), "Wo": Wo, "bo": bo}
    for entry, value in blocks.items():
        if value.dtype.kind not in "fiu":
            raise ValueError(f"{name} holds {value.dtype} numbers where real numbers are wanted")
        if not np.isfinite(value.astype(float)).all():
            where = {"Wh": hidden[0], "Wi": f"{prefix}weight_ih_l0", "b": f"{prefix}bias_ih_l0 or {prefix}bias_hh_l0"}
            raise ValueError(f"{where.get(entry, f'{found}.weight or {found}.bias')} of {name} holds NaN or infinity")
    return Network(checked_params(blocks), activation, arrays, prefix, found)


def _floats(values: list[np.ndarray], name: str) -> list[np.ndarray]:
    if any(value.dtype.kind not in "fiu" for value in values):
        raise ValueError(f"{name} holds biases that are no real numbers")
    return [value.astype(float) for value in values]


def _head(arrays: Mapping[str, np.ndarray], name: str, prefix: str, m: int, d_x: int, head: str | None) -> str | None:
    """HEAD of the read-out HEAD.weight; None if the file has no linear layers, or only such as make the inputs."""
    if head is not None:
        head = head.removesuffix(".weight")
        if f"{head}.weight" not in arrays:
            raise ValueError(f"{name} has no entry {head}.weight; it holds {', '.join(sorted(arrays))}")
        return head
    own = {prefix + entry for entry in ("weight_ih_l0", HIDDEN)}
    fits = sorted(
        entry.removesuffix(".weight")
        for entry, value in arrays.items()
        if entry not in own and entry.endswith(".weight") and value.ndim == 2 and value.shape[1] == m
    )
    if len(fits) > 1:
        raise ValueError(f"{name} has several entries that may read the state, {', '.join(fits)}: name one as the head")
    layers = {entry: value.shape for entry, value in sorted(arrays.items()) if value.ndim == 2 and entry.endswith(".weight")}
    layers = {entry: shape for entry, shape in layers.items() if f"{entry.removesuffix('weight')}bias" in arrays}
    if not fits and layers and all(shape[0] != d_x for shape in layers.values()):
        entry, shape = next(iter(layers.items()))
        raise ValueError(f"{entry} of {name} has shape {shape} and cannot read the {m} units, and no other entry does")
    return fits[0] if fits else None


def _readout(arrays: Mapping[str, np.ndarray], name: str, head: str, m: int) -> tuple[np.ndarray, np.ndarray]:
    weight = np.asarray(arrays[f"{head}.weight"])
    if weight.ndim != 2 or weight.shape[1] != m or not weight.size:
        raise ValueError(f"{head}.weight of {name} must have shape (outputs, {m}), got {weight.shape}")
    bias = np.asarray(arrays.get(f"{head}.bias", np.zeros(len(weight))))
    if bias.shape != (len(weight),):
        raise ValueError(f"{head}.bias of {name} must have shape ({len(weight)},), got {bias.shape}")
    return weight, bias


def read_sequences(path: str | Path, net: Network) -> np.ndarray:
    """Input sequences (n, T, d_x) of a .npy file, as float64; (n, T) is read as (n, T, 1) where d_x = 1. ValueError in one
    sentence if they do not fit the network."""
    x, file, d_x = read_arrays(path, (".npy",))["x"], Path(path), net.params["Wi"].shape[1]
    if x.dtype.kind not in "fiub":
        raise ValueError(f"{file.name} must hold real numbers, got {x.dtype}")
    if x.ndim == 2 and d_x == 1:
        x = x[:, :, None]
    if x.ndim != 3 or 0 in x.shape[:2]:
        raise ValueError(f"{file.name} must hold sequences (n, T, {d_x}) with n, T >= 1, got an array of shape {x.shape}")
    if x.shape[2] != d_x:
        raise ValueError(f"{file.name} holds inputs of width {x.shape[2]}, and the network reads width {d_x}")
    if not np.isfinite(x).all():
        bad = [int(i) for i in np.argwhere(~np.isfinite(x))[0]]
        raise ValueError(f"{file.name} holds NaN or infinity, first at sequence {bad[0]}, step {bad[1]}, input {bad[2]}")
    return np.asarray(x, dtype=float)


@dataclass(frozen=True)
class Pruned:
    """A network, what pruning it found, and the scale of its output on the same data."""

    net: Network
    pruning: Pruning
    output: float  # root mean square of y, without the bias of the head
    seconds: float

    @property
    def relative_error(self) -> float | None:
        """Measured error over the root mean square of what the units add to the output; None if they add nothing."""
        return self.pruning.error / self.output if self.output > 0 else None


def prune_network(net: Network, x: ArrayLike, **arguments: Any) -> Pruned:
    """`prune` on a network that was read from a file; x (n, T, d_x), other arguments as there."""
    began = time.perf_counter()
    found = prune(net.params, x, activation=net.activation, **arguments)
    output = rms_norm(rnn_forward(net.params, x, activation=net.activation)[1] - net.params["bo"])
    return Pruned(net, found, output, time.perf_counter() - began)


def pruned_arrays(found: Pruned) -> dict[str, np.ndarray]:
    """The entries of the pruned network under the names, and in the precision, of the file; others as they were."""
    net, p, J = found.net, found.pruning.params, found.pruning.J
    out = {name: np.array(value) for name, value in net.arrays.items()}
    precision = np.result_type(net.arrays[net.prefix + HIDDEN].dtype, np.float16)
    out[net.prefix + HIDDEN] = p["Wh"].astype(precision)
    for entry in ("weight_ih_l0", "bias_ih_l0", "bias_hh_l0"):
        if net.prefix + entry in out:
            out[net.prefix + entry] = np.ascontiguousarray(out[net.prefix + entry][J])
    out[f"{net.head or NO_HEAD}.weight"] = np.ascontiguousarray(p["Wo"].astype(precision))
    return out


def write_network(path: str | Path, found: Pruned) -> None:
    """The pruned network as .safetensors, with the kept units in its metadata. OSError, or ValueError for another suffix."""
    from safetensors import SafetensorError
    from safetensors.numpy import save_file

    if Path(path).suffix != ".safetensors":
        raise ValueError(f"the pruned network is written as .safetensors, got {Path(path).name}")
    about = {"kept_units": json.dumps(found.pruning.J), "activation": found.net.activation, "format": "pt"}
    try:
        save_file(pruned_arrays(found), path, metadata=about)
    except SafetensorError as problem:
        raise OSError(f"{path} cannot be written: {problem}") from problem
