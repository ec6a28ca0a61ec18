"""`proofs-check recovery`."""

import math
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from proofs_check.cli.common import Json, Problem, Seed, console, one_sentence, print_json

if TYPE_CHECKING:
    from bounds.lstm_recovery.own_network import Recovery


def recovery(
    weights: Annotated[
        Path, typer.Argument(help=".npz or .safetensors with an LSTM: PyTorch's names (weight_ih_l0, …, any prefix) or Keras'.")
    ],
    umax: Annotated[float | None, typer.Option(help="Inputs lie in [-U, U]; 1 unless --box is given.")] = None,
    box: Annotated[
        tuple[str, str] | None,
        typer.Option(metavar="LO HI", help="Inputs lie between LO and HI: a number for all, or one for each, as in -1,0."),
    ] = None,
    epsilon: Annotated[
        str, typer.Option(help="Recovered: |h − h~| ≤ E in every hidden unit; of y = V h + d with --output.")
    ] = "0.01",
    output: Annotated[
        str | None, typer.Option(metavar="NAME", help="The file's entry with the output weights V, such as fc.weight.")
    ] = None,
    anomaly_steps: Annotated[
        int | None,
        typer.Option(metavar="L", help="Anomalies are up to L inputs of ANY size; else of any length, within range."),
    ] = None,
    method: Annotated[
        list[str] | None,
        typer.Option(
            help="Only this method; may be repeated: norm, box, lipschitz, jacobian, coupled, transient, tube, cells, lmi, "
            "cells_lmi."
        ),
    ] = None,
    seconds: Annotated[float, typer.Option(min=0, help="Time limit of the certificates.")] = 120.0,
    attack_seconds: Annotated[float, typer.Option(min=0, help="Time limit of the attack; 0: no attack.")] = 20.0,
    proof: Annotated[
        Path | None, typer.Option(metavar="OUT.json", help="Write the best proof, for `proofs-check verify-proof`.")
    ] = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Certify how many steps an LSTM needs to recover from an anomaly, attack the bound, and keep the proof.

    Exit code 0 also if there is no certificate, unless a --proof was asked for (1). Ctrl-C (130) prints what is known.
    """
    from bounds.lstm_recovery.methods import write_proof
    from bounds.lstm_recovery.own_network import Recovery, hidden_tolerance, read_network
    from bounds.lstm_recovery.own_network import recovery as certify

    lo, hi = _range(umax, box)
    if proof is not None and (proof.is_dir() or not proof.parent.is_dir()):
        raise Problem(f"--proof takes a file in a folder that is there, got {proof}")
    interrupted = False
    with one_sentence(ValueError, OSError, MemoryError):
        layers, gain = read_network(weights, output)
        found: Recovery | None = None

        def keep(so_far: "Recovery", doing: str) -> None:
            nonlocal found
            found = so_far
            bar.update(shown, description=doing)

        with _progress() as bar:
            shown = bar.add_task("reading", total=None)
            try:
                found = certify(
                    layers,
                    hidden_tolerance(epsilon, gain),
                    lo,
                    hi,
                    methods=method,
                    anomaly_steps=anomaly_steps,
                    seconds=seconds,
                    attack_seconds=attack_seconds,
                    seed=seed,
                    progress=keep,
                )
            except KeyboardInterrupt:
                interrupted = True
    if found is None:
        raise KeyboardInterrupt
    best = found.best
    proved = best is not None and best.trust == "proved"
    if proof is not None and best is not None and best.proof is not None:
        with one_sentence(OSError):
            write_proof(best.proof, proof)
    about = {"file": str(weights), "seed": seed, "interrupted": interrupted, "output": output, "output_epsilon": epsilon}
    if json:
        print_json(_document(found, about) | {"proof": str(proof) if proof and proved else None})
    else:
        _print(found, about, proof if proved else None)
    if interrupted:
        print("proofs-check: interrupted; above is what was found until then", file=sys.stderr)
        sys.exit(130)
    if proof is not None and not proved:
        print(f"proofs-check: nothing was proved, so {proof} was not written", file=sys.stderr)
        sys.exit(1)


def _range(umax: float | None, box: tuple[str, str] | None) -> tuple[list[float] | float, list[float] | float]:
    if umax is not None and box is not None:
        raise Problem("--umax and --box both say which inputs are usual: give one of them")
    if box is None:
        half = 1.0 if umax is None else umax
        if not 0 <= half < math.inf:
            raise Problem(f"--umax takes a finite number that is not negative, got {half}")
        return -half, half
    ends = [_numbers(end) for end in box]
    return ends[0], ends[1]


def _numbers(text: str) -> list[float] | float:
    try:
        values = [float(part) for part in text.split(",")]
    except ValueError:
        raise Problem(f"--box takes two numbers, or two lists such as -1,0 and 1,5, got {text!r}") from None
    return values[0] if len(values) == 1 else values


def _progress() -> Any:
    from rich.console import Console
    from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    screen = Console(stderr=True)
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    return Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal)


def _document(found: "Recovery", about: dict[str, Any]) -> dict[str, Any]:
    from bounds.common.lstm import fingerprint

    attack = found.attack
    return about | {
        "unit": "steps",
        "weights_sha256": fingerprint(found.layers),
        "layers": [{"units": layer.n, "inputs": layer.m} for layer in found.layers],
        "inputs": {"lo": found.ulo.tolist(), "hi": found.uhi.tolist()},
        "anomaly_steps": found.anomaly_steps,
        "epsilon": str(found.e),
        "certificates": [
            {
                "method": c.method,
                "detail": c.detail,
                "claim": c.statement,
                "rate": c.rate,
                "steps": None if c.steps == math.inf else int(c.steps),
                "trust": c.trust,
            }
            for c in found.certificates
        ],
        "steps": None if found.best is None else int(found.best.steps),
        "method": None if found.best is None else found.best.method,
        "trust": None if found.best is None else found.best.trust,
        "attack": None
        if attack is None
        else {
            "steps": attack.steps,
            "distance": attack.distance,
            "unit": attack.unit,
            "gradients": attack.gradients,
            "c": attack.c.tolist(),
            "h": attack.h.tolist(),
            "u": attack.u.tolist(),
        },
        "ratio": found.ratio,
        "sentence": found.sentence,
        "cut": list(found.cut),
    }


def _shape(found: "Recovery") -> str:
    sizes = [found.layers[0].m, *(layer.n for layer in found.layers)]
    inputs, *units = (str(size) for size in sizes)
    return f"{inputs} input{'' if sizes[0] == 1 else 's'}, {' and '.join(units)} unit{'' if sizes[1:] == [1] else 's'}"


def _print(found: "Recovery", about: dict[str, Any], proof: Path | None) -> None:
    from rich.table import Table
    from rich.text import Text

    from bounds.lstm_recovery.own_network import WORDS, rate_text

    screen = console()
    tolerance = f"recovered: every hidden unit within {float(found.e):g}"
    if about["output"]:
        tolerance += f", so that the output is within {about['output_epsilon']}"
    screen.print(Text.assemble((Path(about["file"]).name, "bold"), f": LSTM with {_shape(found)}; {tolerance}\n"))
    table = Table(header_style="bold", pad_edge=False, box=None)
    for name in ("certificate", "rate per step", "steps", "trust", "lstm_recovery."):
        table.add_column(name, justify="right" if name in ("rate per step", "steps") else "left")
    for c in found.certificates:
        none = c.steps == math.inf
        table.add_row(
            Text(WORDS[c.method] + (f", {c.detail}" if c.method in ("norm", "box") else "")),
            "—" if c.rate is None else rate_text(c.rate),
            "—" if none else f"{c.steps:g}",
            "none" if none else c.trust,
            c.statement.removeprefix("lstm_recovery."),
            style="dim" if none else "bold" if c is found.best else "",
        )
    screen.print(table)
    if (attack := found.attack) is not None:
        screen.print(
            f"\nattack: {attack.steps} steps (seed {about['seed']}, {attack.gradients:,} gradients; --json has the inputs)"
        )
    for cut in found.cut:
        screen.print(f"note: {cut}", style="yellow", soft_wrap=True)
    screen.print(Text(f"\n{found.sentence}"))
    if proof is not None:
        screen.print(
            Text(f"proof: {proof} (check it with: proofs-check verify-proof {proof} --weights {about['file']})"), soft_wrap=True
        )
