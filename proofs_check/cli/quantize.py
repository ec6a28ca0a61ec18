"""`proofs-check quantize`."""

from pathlib import Path
from typing import Annotated, Any

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

MOST_STATES = 256
RANDOM = 256  # inputs, if none are given


def quantize(
    weights: Annotated[
        Path,
        typer.Argument(
            help=".npz or .safetensors with PyTorch's names: fc1.weight, fc1.bias, bn1.running_mean, …; or a net trained "
            "quantised: NAME.weight, NAME.gamma, NAME.beta, NAME.m, NAME.r."
        ),
    ],
    weights_states: Annotated[int, typer.Option(help="M_w: 2 is binary, 3 ternary.")],
    activation_states: Annotated[int, typer.Option(help="M_a: 2 is one spike; M_a − 1 steps of the spiking net.")],
    input: Annotated[
        Path | None, typer.Option(help=".npy, .npz or .safetensors: x, samples (samples, …), and labels y.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help=".npz or .safetensors for the integer net.")] = None,
    input_states: Annotated[
        int | None, typer.Option(help="Inputs are k/(S − 1) of their range. 256 unless the file says.")
    ] = None,
    input_range: Annotated[
        float | None, typer.Option(help="What k = S − 1 stands for. The largest |x| unless the file says.")
    ] = None,
    layers: Layers = "",
    stride: Stride = "1",
    padding: Padding = "0",
    pool: Pool = "1",
    size: Size = "",
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Turn a network into integers, and into spikes, that agree with exact arithmetic to the last bit; floats may not."""
    from dataclasses import asdict

    import numpy as np

    from bounds.quantized_dnn.chain import check_chain
    from bounds.quantized_dnn.own_network import layer_names, packed_bytes, quantize_network, save_integers
    from bounds.spike_accumulation.own_network import as_samples, read_input, read_network

    for name, states in (("weights-states", weights_states), ("activation-states", activation_states)):
        if not 2 <= states <= MOST_STATES:
            raise Problem(f"--{name} should lie between 2 and {MOST_STATES}, got {states}")
    if input_states is not None and not 2 <= input_states <= 2**16:
        raise Problem(f"--input-states should lie between 2 and {2**16}, got {input_states}")
    if input_range is not None and not 0 < input_range < np.inf:
        raise Problem(f"--input-range should be positive, got {input_range:g}")
    if out is not None and out.suffix not in (".npz", ".safetensors"):
        raise Problem(f"--out should end in .npz or .safetensors, got {out}")
    if out is not None and not out.parent.is_dir():
        raise Problem(f"--out {out} cannot be written: there is no folder {out.parent}")
    with one_sentence(ValueError, OSError, MemoryError):
        given, y = (None, None) if input is None else read_input(input)
        options = network_options(layers, size, stride, padding, pool, given)
        found, norms = layer_names(weights)
        net = read_network(weights, **options | {"layers": options["layers"] or found})
        x = None if given is None else as_samples(net, given, y, steps=1, static=True, binary=False, seed=0).x[0]
        own = quantize_network(
            weights, x, weights_states, activation_states,
            net=net, norms=norms, input_states=input_states, input_range=input_range,
        )  # fmt: skip
        if x is None:
            top = own.input_states - 1
            k = np.random.default_rng(seed).integers(0, top + 1, (RANDOM, net.widths[0]))
        else:
            k = own.integers_of(x)
        with progress("comparing", len(k)) as tell:
            report = check_chain(own.layers, k, tick=tell)
        if out is not None:
            save_integers(out, own)
    classes = np.array(report.classes)
    packed, floats = packed_bytes(own.layers, weights_states)
    document: dict[str, Any] = {
        "file": str(weights),
        "input": "random" if input is None else str(input),
        "out": None if out is None else str(out),
    }
    document |= {"weights_states": weights_states, "activation_states": activation_states, "layers": list(net.names)}
    document |= {"folded": own.folded, "ranges": own.ranges, "input_states": own.input_states, "input_range": own.input_range}
    document |= {"ignored": list(own.ignored), "bytes": packed, "bytes_float32": floats}
    document["same_class_as_file"] = (
        None if own.original is None or x is None else float((own.original(x).argmax(1) == classes).mean())
    )
    document["accuracy"] = None if y is None else float((classes == np.atleast_1d(y)).mean())
    document |= asdict(report)
    if json:
        print_json(document)
    else:
        _print(document, own.layers)
    if report.integer_wrong or report.spiking_wrong:
        raise typer.Exit(1)


def _print(d: dict[str, Any], layers: list[Any]) -> None:
    from rich.table import Table

    screen, images = console(), d["images"]
    source = "random inputs" if d["input"] == "random" else f"inputs of {Path(d['input']).name}"
    screen.print(
        f"[bold]{Path(d['file']).name}[/]: weights of {d['weights_states']} states, activations of {d['activation_states']}; "
        f"{images:,} {source}, as k/{d['input_states'] - 1} of {d['input_range']:g}\n"
    )
    table = Table(header_style="bold", pad_edge=False, box=None)
    for i, name in enumerate(("layer", "folded", "states out", "bits of the sums", "accumulations", "products")):
        table.add_column(name, justify="right" if i > 1 else "left")
    for l, layer in enumerate(layers):
        table.add_row(
            layer.name,
            d["folded"][l],
            "scores" if layer.M is None else str(layer.M),
            str(layer.bits),
            f"{d['accumulations'][l]:,.1f}",
            f"{d['multiplications'] if l == 0 else 0:,}",
        )
    screen.print(table)
    if d["ignored"]:
        screen.print(f"not used: {', '.join(d['ignored'])}", style="dim")
    wrong = d["integer_wrong"] + d["spiking_wrong"]
    if wrong:
        screen.print(
            f"\nDIFFERENT from exact arithmetic: integers on {d['integer_wrong']}, spikes on {d['spiking_wrong']} inputs, "
            "which no theorem allows: please report it"
        )
    else:
        screen.print(f"\nintegers and spikes equal exact arithmetic on all {images:,} inputs, in every state and score")
    screen.print(
        f"inference in floats differs: float32 on {d['float32_wrong']:,} inputs (another class: {d['float32_classes']:,}), "
        f"float64 on {d['float64_wrong']:,} ({d['float64_classes']:,});\n{d['ties']:,} of {d['decisions']:,} decisions are ties"
    )
    if d["same_class_as_file"] is not None:
        screen.print(f"the class is that of the network in the file for {100 * d['same_class_as_file']:.1f} % of the inputs")
    if d["accuracy"] is not None:
        screen.print(f"accuracy on the labels y: {100 * d['accuracy']:.2f} %")
    steps = f"{d['steps']} step{'s' if d['steps'] > 1 else ''}"
    screen.print(
        f"as a spiking network: {steps} over all layers, {d['spikes']:,.1f} spikes and {d['pJ']:,.0f} pJ an input, "
        f"{100 * d['pJ'] / d['ann_pJ']:.1f} % of one without"
    )
    screen.print(
        f"{d['bytes']:,} bytes packed, {d['bytes_float32']:,} in float32{'' if d['out'] is None else '; wrote ' + d['out']}"
    )
