"""`proofs-check prune`."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from proofs_check.cli.common import Json, Problem, Seed, console, one_sentence, print_json

if TYPE_CHECKING:
    from bounds.spectral_pruning.own_network import Pruned

BOUNDS = {
    "B0": "norms multiplied",
    "B1": "measured residual, ‖W_hh[J, :] A‖",
    "B2": "sequence by sequence",
    "B3": "best diagonal scaling",
    "B4": "linear transport and flips",
}


def prune(
    weights: Annotated[Path, typer.Argument(help="One-layer RNN in PyTorch's names: .safetensors, or .npz.")],
    data: Annotated[Path, typer.Option(help="Input sequences (n, T, d_x) as .npy, batch first.")],
    keep: Annotated[int | None, typer.Option(help="How many units to keep.")] = None,
    loss: Annotated[
        float | None, typer.Option(help="Keep as few units as lose at most this share of the information, 0 to 1.")
    ] = None,
    method: Annotated[
        str, typer.Option(help="greedy, lookahead (minutes beyond 256 units), cholesky, leverage, dpp or exact.")
    ] = "greedy",
    activation: Annotated[str, typer.Option(help="tanh, as torch.nn.RNN has it by default, or relu.")] = "tanh",
    head: Annotated[str | None, typer.Option(help="Name of the read-out, fc for fc.weight; found if only one fits.")] = None,
    theta: Annotated[
        float, typer.Option(help="1: the choice minimises the loss of the states; 0: of output and next state.")
    ] = 1.0,
    tau: Annotated[
        float | None, typer.Option(help="Ridge of the reconstruction; 1e-8 of the mean variance if not given.")
    ] = None,
    nodes: Annotated[
        int | None, typer.Option(min=0, help="Nodes of branch and bound; all for exact, up to 20 for the gap of other methods.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Where to write the pruned network, .safetensors.")] = None,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Keep some units of a trained RNN, rebuild the others from them, and say what that costs and what is guaranteed."""
    from bounds.spectral_pruning.own_network import NO_HEAD, prune_network, read_network, read_sequences, write_network
    from bounds.spectral_pruning.pruning import METHODS

    if (keep is None) == (loss is None):
        raise Problem("give either --keep, the number of units, or --loss, the share of information that may be lost")
    if method not in METHODS:
        raise Problem(_unknown("method", method, METHODS))
    if activation not in ("tanh", "relu"):
        raise Problem(_unknown("activation", activation, ("tanh", "relu")))
    if out is not None and out.suffix != ".safetensors":
        raise Problem(f"the pruned network is written as .safetensors, got {out.name}")
    if out is not None and not out.absolute().parent.is_dir():
        raise Problem(f"there is no folder {out.parent} for {out.name}")
    with one_sentence(ValueError, OSError, MemoryError):
        net = read_network(weights, head, activation)
        x = read_sequences(data, net)
        if keep is not None and not 0 <= keep <= net.units:
            raise Problem(f"--keep must lie in 0..{net.units}, the units of {weights.name}, got {keep}")
        if loss is not None and not 0 <= loss <= 1:
            raise Problem(f"--loss must be a share between 0 and 1, got {loss}")
        with _bar(method) as watch:
            found = prune_network(
                net, x, keep=keep, loss=loss, method=method, theta=theta, tau=tau, nodes=nodes, seed=seed, watch=watch
            )
        if out is not None and not found.pruning.J:
            raise Problem(f"no unit is kept, so there is no network to write to {out.name}")
        if out is not None:
            write_network(out, found)
    if json:
        print_json(_document(found) | {"weights": str(weights), "data": str(data), "method": method, "out": out and str(out)})
    else:
        _print(found, weights, x.shape, method, theta)
        if out is not None:
            print(f"Wrote {out}: torch.nn.RNN({x.shape[2]}, {len(found.pruning.J)}, nonlinearity={activation!r}).")
            hidden, readout = f"{net.prefix}weight_hh_l0", f"{net.head or NO_HEAD}.weight"
            print(
                f"{hidden} is W_hh[J, :] A and {readout} is {'W_o A' if net.head else 'A'}, so h is rebuilt inside the weights."
            )


def _unknown(what: str, word: str, known: tuple[str, ...]) -> str:
    from difflib import get_close_matches

    close = get_close_matches(word, known, 1)
    hint = f" (did you mean {close[0]}?)" if close else ""
    return f"there is no {what} {word!r}{hint}; there are {', '.join(known)}"


@contextmanager
def _bar(method: str) -> Iterator[Callable[[str], None]]:
    """A moving bar on a terminal's standard error, with what is being done."""
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

    screen = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), TimeElapsedColumn())
    with Progress(*columns, console=screen, transient=True, disable=not screen.is_terminal) as bar:
        shown = bar.add_task(method, total=None)
        yield lambda stage: bar.update(shown, description=stage)


def _document(found: "Pruned") -> dict[str, Any]:
    p = found.pruning
    return {
        "units": found.net.units,
        "kept": p.J,
        "activation": found.net.activation,
        "head": found.net.head,
        "ridge": p.tau,
        "variance": p.variance,
        "input_loss": p.input_loss,
        "output_loss": p.output_loss,
        "objective": {"value": p.objective, "total": p.total, "lower_bound": p.lower_bound, "gap": p.optimality_gap},
        "dof": [{"lambda_over_variance": share, "N": N} for share, N in p.dof.items()],
        "error": p.error,
        "relative_error": found.relative_error,
        "output": found.output,
        "bounds": p.bounds,
        "parameters": {"before": _count(found.net.params), "after": _count(p.params)},
    }


def _count(params: dict[str, Any]) -> int:
    return sum(int(value.size) for value in params.values())


def _share(part: float, whole: float) -> str:
    return f"{part / whole:.3g}" if whole > 0 else "0"


def _print(found: "Pruned", weights: Path, shape: tuple[int, ...], method: str, theta: float) -> None:
    p, screen = found.pruning, console()
    k, m, head = len(p.J), found.net.units, found.net.head
    before, after = _count(found.net.params), _count(p.params)
    screen.print(
        f"[bold]{weights.name}[/]: {m} {found.net.activation} units, read by {head + '.weight' if head else 'nothing'}; "
        f"{shape[0]} sequences of {shape[1]} steps\n"
    )
    screen.print(f"kept {k} of {m} units by {method}: {', '.join(map(str, p.J)) or 'none'}", soft_wrap=True)
    screen.print(f"parameters {before} → {after}; {found.seconds:.2f} s\n")
    table = _table("information", "lost", "of all")
    table.add_row("states, Tr S_J", f"{p.input_loss:.4g}", _share(p.input_loss, p.variance))
    table.add_row("output and next state", f"{p.output_loss:.4g}", "")
    table.add_row(f"objective (theta = {theta:g})", f"{p.objective:.4g}", _share(p.objective, p.total))
    table.add_row(f"  no {k} units lose less than", f"{p.lower_bound:.4g}", _share(p.lower_bound, p.total))
    screen.print(table)
    screen.print(f"optimality gap: {_gap(p.optimality_gap)}\n")
    if p.dof:
        shares = ", ".join(f"{N:.1f} at {_power(share)}" for share, N in p.dof.items())
        screen.print(f"N(λ), the units that λ/Tr Σ asks for: {shares}\n", soft_wrap=True)
    relative = found.relative_error
    table = _table("output error (root mean square)", "value", "× measured", " ", "how")
    table.add_row("measured", f"{p.error:.4g}", "", "", "" if relative is None else f"{relative:.3g} of the output")
    for name, how in BOUNDS.items():
        value = p.bounds[name]
        if value is None:
            table.add_row(name, "none", "", "", "for ReLU only")
        else:
            verdict = "vacuous" if value > found.output else ""
            table.add_row(name, f"{value:.4g}", f"{value / p.error:.3g}" if p.error > 0 else "", verdict, how)
    screen.print(table)
    screen.print("vacuous: larger than the output itself.", style="dim")


def _table(first: str, *names: str) -> Any:
    from rich.table import Table

    table = Table(header_style="bold", pad_edge=False, box=None)
    table.add_column(first)
    for name in names:
        table.add_column(name, justify="left" if name == "how" else "right")
    return table


def _gap(gap: float) -> str:
    return "none, this choice is the best there is" if gap < 1e-6 else f"a better choice could save at most {100 * gap:.3g} %"


def _power(share: float) -> str:
    return f"1e{round(math.log10(share))}"
