r"""The energy of a user's own spiking network, layer by layer, beside the same network without spikes.

Accumulations are Σ ψ s: each spike of a layer times its outgoing synapses (`event_count`), taps in the padding excluded. Real
inputs cost multiply-accumulates, once if they are held and at every step if they change; spikes as inputs cost accumulations.
The ordinary network costs one multiply-accumulate a synapse. A model of arithmetic only. Energies in pJ.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from bounds.common.convolution import Convolution
from bounds.common.spikes import Reset, lif_steps, network
from bounds.measure.sampling import confidence_interval
from bounds.spike_accumulation.own_network import Samples, SpikingNetwork
from bounds.synaptic_penalty.energy import E_AC, E_MAC, hoeffding_halfwidth
from bounds.synaptic_penalty.fanout import average_pool_fanout, conv_fanout_2d

BATCH = 64  # samples simulated at a time


@dataclass(frozen=True)
class LayerEnergy:
    """What the synapses of one layer cost, mean over the samples."""

    name: str
    synapses: int
    rate: float  # of what comes in: spikes per neuron and step, weighted by synapses; NaN for real inputs
    accumulations: float
    multiplications: float  # of real inputs
    pJ: float
    ann_pJ: float


@dataclass(frozen=True)
class EnergyReport:
    """One network on some samples; intervals miss the expectation over such samples with probability at most `delta`."""

    layers: list[LayerEnergy]
    steps: int
    samples: int
    accumulations: float  # mean over the samples
    interval: tuple[float, float]  # of the mean accumulations, by betting
    hoeffding: float  # the half-width that Hoeffding's inequality gives
    pJ: float
    pJ_interval: tuple[float, float]
    ann_pJ: float
    rate: float  # r̄: per step, weighted by synapses, over the synapses that spikes use
    break_even: float  # the r̄ at which both cost the same, E_MAC/(T E_AC) without pooling; infinite if no spike has a synapse
    delta: float

    @property
    def ratio(self) -> float:
        """E_SNN/E_ANN."""
        return self.pJ / self.ann_pJ


def fanout(op: Any) -> np.ndarray:
    """ψ (n_in,) of a matrix (n_out, n_in) or a `Convolution`, pooling included.

    >>> fanout(np.ones((3, 2))).tolist()
    [3, 3]
    """
    if not isinstance(op, Convolution):
        return np.full(op.shape[1], op.shape[0])
    C_out, C_in, k, _ = op.entries.shape
    rows, columns = op.height // op.pool, op.width // op.pool
    psi = conv_fanout_2d((C_in, rows, columns), C_out, k, op.stride, op.padding)
    return average_pool_fanout(psi, op.pool, (op.height, op.width)).ravel()


def synapses(op: Any) -> int:
    """Of a layer: every product that the ordinary network forms, on the pooled map."""
    if not isinstance(op, Convolution):
        return int(np.prod(op.shape))
    C_out, C_in, k, _ = op.entries.shape
    return int(conv_fanout_2d((C_in, op.height // op.pool, op.width // op.pool), C_out, k, op.stride, op.padding).sum())


def measure_energy(
    net: SpikingNetwork,
    drawn: Samples,
    leak: float,
    threshold: float,
    reset: Reset = "soft",
    e_ac: float = float(E_AC),
    e_mac: float = float(E_MAC),
    delta: float = 0.05,
    tick: Callable[[int], None] = lambda done: None,
) -> EnergyReport:
    """Simulate the samples in float64 and count. ValueError for constants that are not positive, delta outside (0, 1), or
    potentials beyond the range of float64.

    `tick` is told how many samples are done. A tie of floats may fall either way: `proofs-check spikes` certifies them.
    """
    for name, value in (("e_ac", e_ac), ("e_mac", e_mac)):
        if not 0 < value < np.inf:
            raise ValueError(f"{name} must be positive and finite, got {value}")
    if not 0 < delta < 1:
        raise ValueError(f"delta must lie in (0, 1), got {delta}")
    T, count, _ = drawn.x.shape
    psi = [fanout(op) for op in net.W]
    spiking_input = bool(np.isin(drawn.x, (0, 1)).all())
    used = np.zeros((count, len(net.W)))
    for start in range(0, count, BATCH):
        part = slice(start, min(start + BATCH, count))
        used[part] = _counts(net, drawn.x[:, part], psi, leak, threshold, reset)
        tick(part.stop)
    if not spiking_input:
        used[:, 0] = 0
    held = 1 if drawn.static else T
    layers, sizes = [], [synapses(op) for op in net.W]
    for l, (name, size) in enumerate(zip(net.names, sizes, strict=True)):
        real = l == 0 and not spiking_input
        mean, products = float(used[:, l].mean()), float(held * size if real else 0)
        rate = float("nan") if real else mean / (T * float(psi[l].sum()) or 1.0)
        layers.append(LayerEnergy(name, size, rate, mean, products, e_ac * mean + e_mac * products, e_mac * size))
    largest = T * float(sum(p.sum() for p in psi[0 if spiking_input else 1 :]))
    total = used.sum(axis=1)
    interval = tuple(largest * end for end in confidence_interval(total / largest, delta)) if largest else (0.0, 0.0)
    fixed = sum(layer.multiplications for layer in layers) * e_mac
    ann = sum(layer.ann_pJ for layer in layers)
    return EnergyReport(
        layers,
        T,
        count,
        float(total.mean()),
        (float(interval[0]), float(interval[1])),
        hoeffding_halfwidth(T, largest / T, count, delta) if largest else 0.0,
        e_ac * float(total.mean()) + fixed,
        (e_ac * float(interval[0]) + fixed, e_ac * float(interval[1]) + fixed),
        ann,
        float(total.mean()) / largest if largest else 0.0,
        (ann - fixed) / (e_ac * largest) if largest else float("inf"),
        delta,
    )


def _counts(
    net: SpikingNetwork, x: np.ndarray, psi: Sequence[np.ndarray], leak: float, threshold: float, reset: Reset
) -> np.ndarray:
    """Accumulations of each sample in each layer, (batch, layers)."""
    checked = network(net.W, net.b, x.astype(float), float(leak), float(threshold))
    found = np.zeros((x.shape[1], len(net.W)))
    with np.errstate(over="ignore", invalid="ignore"):  # refused by name
        for step in lif_steps(checked.weights, checked.x, checked.lam, checked.th, reset=reset, readout=net.readout):
            for l, name in enumerate(net.names):
                if not np.isfinite(step.u[l + 1]).all():
                    raise ValueError(f"the potentials of {name} are beyond the range of float64")
                found[:, l] += step.s[l] @ psi[l]
    return found
