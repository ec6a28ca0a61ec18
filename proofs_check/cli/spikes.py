"""`proofs-check spikes`."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from proofs_check.cli.common import (
    Json,
    Layers,
    Padding,
    Pool,
    Problem,
    Seed,
    Size,
    Stride,
    console,
    network_options,
    one_sentence,
    print_json,
    progress,
)

if TYPE_CHECKING:
    from bounds.spike_accumulation.own_network import Report, Samples, SpikingNetwork


def spikes(
    weights: Annotated[
        Path, typer.Argument(help=".npz or .safetensors with PyTorch's names and shapes: fc1.weight, fc1.bias, 0.weight, ….")
    ],
    leak: Annotated[float, typer.Option(help="λ in [0, 1]: what remains of a potential after a step.")] = 0.5,
    threshold: Annotated[float, typer.Option(help="Firing threshold > 0, in the unit of the potentials.")] = 1.0,
    steps: Annotated[int | None, typer.Option(min=1, help="Time steps T; 6 unless the input has its own.")] = None,
    input: Annotated[
        Path | None,
        typer.Option(
            help=".npy, .npz or .safetensors: x (n_0) or (C, H, W), with axes (steps) or (steps, samples) before; y labels."
        ),
    ] = None,
    static: Annotated[
        bool, typer.Option("--static", help="The first axis of the input counts samples, held for all steps.")
    ] = False,
    binary: Annotated[bool, typer.Option("--binary", help="Inputs are spikes: anything but 0 and 1 is an error.")] = False,
    samples: Annotated[int, typer.Option(min=1, help="Random samples if there is no --input.")] = 8,
    layers: Layers = "",
    size: Size = "",
    stride: Stride = "1",
    padding: Padding = "0",
    pool: Pool = "1",
    readout: Annotated[bool, typer.Option("--readout", help="The last layer is linear and does not spike.")] = False,
    surrogate: Annotated[
        Literal["tri", "rect", "sigmoid"], typer.Option(help="Slope in the place of a spike's derivative.")
    ] = "tri",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Check a spiking network: LIF = SAF in floats, rates against a clipped-linear network, and gradients of six methods."""
    from bounds.spike_accumulation.own_network import (
        STAGES,
        as_samples,
        check_network,
        random_samples,
        read_input,
        read_network,
    )

    if not 0 <= leak <= 1:
        raise Problem(f"--leak should lie in [0, 1], got {leak:g}")
    if not 0 < threshold < math.inf:
        raise Problem(f"--threshold should be positive, got {threshold:g}")
    with one_sentence(ValueError, OSError, MemoryError):
        given, labels = (None, None) if input is None else read_input(input)
        net = read_network(weights, **network_options(layers, size, stride, padding, pool, given), readout=readout)
        if given is None:
            drawn = random_samples(net, steps or 6, samples, binary=binary, seed=seed)
        else:
            drawn = as_samples(net, given, labels, steps=steps, static=static, binary=binary, seed=seed)
        with progress("simulating", len(STAGES)) as tell:
            found = check_network(
                net, drawn, leak, threshold, slope=surrogate, tick=lambda stage: tell(STAGES.index(stage) + 1)
            )
    about = {"file": str(weights), "leak": leak, "threshold": threshold, "steps": len(drawn.x), "seed": seed}
    about |= {"input": "random" if input is None else str(input), "surrogate": surrogate}
    if json:
        print_json(about | _document(net, drawn, found))
    else:
        _print(net, drawn, found, about, labels is None)


def _document(net: "SpikingNetwork", drawn: "Samples", found: "Report") -> dict[str, Any]:
    from dataclasses import asdict

    return {
        "layers": list(net.names),
        "widths": net.widths,
        "readout": net.readout,
        "samples": drawn.x.shape[1],
        "static": drawn.static,
        "ignored": list(net.ignored),
        "agreement": [asdict(a) | {"proved": a.proved} for a in found.agreement],
        "rates": None if found.rates is None else [layer._asdict() for layer in found.rates],
        "gradients": [pair._asdict() for pair in found.gradients],
    }


def _table(*columns: str) -> Any:
    from rich.table import Table

    table = Table(header_style="bold", pad_edge=False, box=None)
    for i, name in enumerate(columns):
        table.add_column(name, justify="right" if i else "left", vertical="bottom")
    return table


def _short(value: float) -> str:
    return "0" if value == 0 else f"{value:.3f}" if 0.001 <= value < 1000 else f"{value:.1e}"


def _print(net: "SpikingNetwork", drawn: "Samples", found: "Report", about: dict[str, Any], drew_labels: bool) -> None:
    screen = console()
    random = f"seed {about['seed']}"
    x = "static input" if drawn.static else "input that changes"
    source = f"random, {random}" if about["input"] == "random" else about["input"]
    screen.print(
        f"[bold]{Path(about['file']).name}[/]: {'-'.join(map(str, net.widths))} ({', '.join(net.names)})"
        f"{', linear readout' if net.readout else ''}; leak {about['leak']:g}, threshold {about['threshold']:g}, "
        f"{about['steps']} steps\n{x}, {drawn.x.shape[1]} {'samples' if drawn.x.shape[1] > 1 else 'sample'} ({source})"
    )
    if net.ignored:
        screen.print(f"not used: {', '.join(net.ignored)}", style="dim")
    _print_agreement(screen, found, drawn.x.shape[1])
    _print_rates(screen, found)
    _print_gradients(screen, net, found, f"; classes are random, {random}" if drew_labels else "")


def _print_agreement(screen: Any, found: "Report", samples: int) -> None:
    both = "LIF, SAF"
    table = _table("LIF = SAF?", "decisions", "spikes", f"undecided\n{both}", "different", f"wrong\n{both}")
    for a in found.agreement:
        unknown = " +?" if a.samples_redone < a.samples_in_doubt else ""
        undecided, wrong = f"{a.undecided_lif:,}, {a.undecided_saf:,}", f"{a.wrong_lif:,}, {a.wrong_saf:,}{unknown}"
        table.add_row(a.precision, f"{a.decisions:,}", f"{a.spikes:,}", undecided, f"{a.different:,}", wrong)
    screen.print()
    screen.print(table)
    for a in found.agreement:
        screen.print(f"{a.precision}: {_verdict(a, samples)}", style="dim")


def _verdict(a: Any, samples: int) -> str:
    if a.contradictions:
        return f"{a.contradictions} certified spikes of LIF and SAF differ, which no theorem allows: please report it"
    if not a.samples_in_doubt and not a.spikes:
        return "every decision is certified, and no neuron ever fires: silent networks agree about anything"
    if not a.samples_in_doubt:
        return "every spike is certified: SAF = LIF = exact arithmetic"
    first = f"doubt in {a.samples_in_doubt} of {samples} samples, from step {a.first_undecided} on"
    if a.samples_redone < a.samples_in_doubt:
        return f"{first}; {a.samples_redone} of these redone in exact arithmetic, the others are too large for it"
    return f"{first}; redone in exact arithmetic: {'every spike is right' if a.proved else 'not every spike is right'}"


def _print_rates(screen: Any, found: "Report") -> None:
    screen.print()
    if found.rates is None:
        screen.print("rates: the clipped-linear network needs an input that does not change")
        return
    table = _table(
        "rates", "‖W‖/th", "mean", "one layer's\nerror", "≤ measured", "< ε", "all layers'\nerror", "≤ measured", "< E"
    )
    for r in found.rates:
        errors = (r.layer_error, r.measured_bound, r.layer_bound, r.error, r.measured_total, r.bound)
        table.add_row(r.name, _short(r.norm), _short(r.mean_rate), *(_short(e) for e in errors))
    screen.print(table)
    screen.print(
        "largest |rate − clipped-linear rate| over samples and neurons; bounds from the unevenness of the traces as measured, "
        "and from weights alone; a bound above 1 says nothing",
        style="dim",
    )


def _print_gradients(screen: Any, net: "SpikingNetwork", found: "Report", classes: str) -> None:
    table = _table("gradients: cosine, largest difference", *net.names)
    for pair in found.gradients:
        cells = []
        for c, d, equal in zip(pair.cosine, pair.difference, pair.equal, strict=True):
            cosine = "—" if math.isnan(c) else f"{c:.4f}"
            cells.append(f"{cosine}, {_short(d)}{' =' if equal else '  '}")
        table.add_row(f"{pair.left} | {pair.right}", *cells)
    screen.print()
    screen.print(table)
    screen.print(f"= equal by theorem; differences in units of the largest entry; — a gradient is 0{classes}", style="dim")
