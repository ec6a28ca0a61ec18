"""`proofs-check energy`."""

import math
from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from proofs_check.cli.common import (
    Json,
    Layers,
    Padding,
    Pool,
    Problem,
    Size,
    Stride,
    console,
    network_options,
    one_sentence,
    print_json,
    progress,
)


def energy(
    weights: Annotated[
        Path, typer.Argument(help=".npz or .safetensors with PyTorch's names and shapes: fc1.weight, fc1.bias, 0.weight, ….")
    ],
    input: Annotated[
        Path,
        typer.Option(
            help=".npy, .npz or .safetensors: x, samples (samples, …) held for all steps. Only 0 and 1: spikes, accumulated; "
            "anything else: real, and the first layer multiplies."
        ),
    ],
    leak: Annotated[float, typer.Option(help="λ in [0, 1]: what remains of a potential after a step.")] = 0.5,
    threshold: Annotated[float, typer.Option(help="Firing threshold > 0, in the unit of the potentials.")] = 1.0,
    steps: Annotated[int, typer.Option(min=1, help="Time steps T; 1 is a single-step network.")] = 6,
    reset: Annotated[Literal["soft", "hard"], typer.Option(help="What a spike does to the potential.")] = "soft",
    over_time: Annotated[bool, typer.Option("--over-time", help="The input is (steps, samples, …) and changes.")] = False,
    layers: Layers = "",
    stride: Stride = "1",
    padding: Padding = "0",
    pool: Pool = "1",
    size: Size = "",
    readout: Annotated[bool, typer.Option("--readout", help="The last layer is linear and does not spike.")] = False,
    e_ac: Annotated[float, typer.Option(help="pJ of an accumulation.")] = 0.9,
    e_mac: Annotated[float, typer.Option(help="pJ of a multiply-accumulate.")] = 4.6,
    confidence: Annotated[float, typer.Option(help="Of the interval over the inputs, in (0, 1).")] = 0.95,
    json: Json = False,
) -> None:
    """Energy of a spiking network by counting every accumulation, beside the same network without spikes.

    Dense layers and 2-D convolutions (stride, zero padding) with average pooling; dilation, groups, max pooling and skips are
    counted by bounds.synaptic_penalty.event_driven_layer. The network without spikes runs once for an input; the
    spiking one runs at every step, so that real inputs with --over-time are multiplied at each.
    """
    from bounds.spike_accumulation.own_network import as_samples, read_input, read_network
    from bounds.synaptic_penalty.own_network import measure_energy

    if not 0 <= leak <= 1:
        raise Problem(f"--leak should lie in [0, 1], got {leak:g}")
    for name, value in (("threshold", threshold), ("e-ac", e_ac), ("e-mac", e_mac)):
        if not 0 < value < math.inf:
            raise Problem(f"--{name} should be positive, got {value:g}")
    if not 0 < confidence < 1:
        raise Problem(f"--confidence should lie in (0, 1), got {confidence:g}")
    with one_sentence(ValueError, OSError, MemoryError):
        given, _ = read_input(input)
        net = read_network(weights, **network_options(layers, size, stride, padding, pool, given), readout=readout)
        drawn = as_samples(net, given, None, steps=None if over_time else steps, static=not over_time, binary=False, seed=0)
        with progress("simulating", drawn.x.shape[1]) as tell:
            report = measure_energy(net, drawn, leak, threshold, reset, e_ac, e_mac, 1 - confidence, tell)
    if json:
        from dataclasses import asdict

        print_json({"file": str(weights), "input": str(input)} | asdict(report) | {"ratio": report.ratio})
    else:
        _print(weights, input, report, confidence)


def _print(weights: Path, input: Path, report: Any, confidence: float) -> None:
    from rich.table import Table

    screen, steps = console(), f"{report.steps} step{'s' if report.steps > 1 else ''}"
    screen.print(f"[bold]{weights.name}[/] on {input.name}: {report.samples} inputs, {steps}; mean per input\n")
    table = Table(header_style="bold", pad_edge=False, box=None)
    for i, name in enumerate(
        ("layer", "synapses", "rate of its input", "accumulations", "products", "pJ", "without spikes, pJ")
    ):
        table.add_column(name, justify="right" if i else "left")
    for layer in report.layers:
        rate = "real" if math.isnan(layer.rate) else f"{layer.rate:.4f}"
        table.add_row(
            layer.name,
            f"{layer.synapses:,}",
            rate,
            f"{layer.accumulations:,.1f}",
            f"{layer.multiplications:,.0f}",
            f"{layer.pJ:,.0f}",
            f"{layer.ann_pJ:,.0f}",
        )
    products = sum(layer.multiplications for layer in report.layers)
    table.add_row(
        "all",
        f"{sum(layer.synapses for layer in report.layers):,}",
        f"{report.rate:.4f}",
        f"{report.accumulations:,.1f}",
        f"{products:,.0f}",
        f"{report.pJ:,.0f}",
        f"{report.ann_pJ:,.0f}",
    )
    screen.print(table)
    low, high = report.pJ_interval
    screen.print(
        f"\nenergy {report.pJ:,.0f} pJ, {100 * report.ratio:.1f} % of the network without spikes; "
        f"{100 * confidence:g} % interval over such inputs {low:,.0f} to {high:,.0f} pJ"
    )
    if math.isinf(report.break_even):
        screen.print("no spike crosses a synapse: there is no break-even rate")
    else:
        always = " (above 1: it always is)" if report.break_even > 1 else ""
        always = " (the real inputs alone cost more)" if report.break_even <= 0 else always
        screen.print(
            f"cheaper than without spikes below a rate of {report.break_even:.3f} a step{always}; it is {report.rate:.4f}"
        )
    low, high = report.interval
    screen.print(f"accumulations: {low:,.1f} to {high:,.1f} by betting; Hoeffding: ± {report.hoeffding:,.1f}", style="dim")
