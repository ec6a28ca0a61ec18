"""`proofs-check entropy`."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from proofs_check.cli.common import Json, Problem, Seed, one_sentence, print_json

if TYPE_CHECKING:
    from bounds.claim import Enclosure
    from bounds.gmm_entropy.own_mixture import Certificate


def entropy(
    file: Annotated[Path, typer.Argument(help=".npz, .json or .safetensors holding weights, means, covariances.")],
    samples: Annotated[
        int, typer.Option(min=0, help="Samples for the sampled interval and naive Monte Carlo; 0: none.")
    ] = 20_000,
    seed: Seed = 0,
    json: Json = False,
) -> None:
    """Certify the entropy of a Gaussian mixture: H̃, certified intervals for H and the gap, every bound, all separations."""
    from bounds.gmm_entropy.own_mixture import UnreadableMixture, certify, read_mixture

    if 0 < samples < 2:
        raise Problem("--samples takes 0, or at least 2")
    with one_sentence(UnreadableMixture, OSError, MemoryError):
        mixture = read_mixture(file)
    with one_sentence(ArithmeticError, MemoryError):
        found = certify(mixture, samples=samples, seed=seed)
    if json:
        print_json(_document(found) | {"file": str(file), "samples": samples, "seed": seed})
    else:
        _print(found, file, samples)


def _ends(value: "Enclosure | None") -> Any:
    if value is None:
        return None
    return {"lo": float(value.lo), "hi": float(value.hi), "trust": value.trust, "risk": value.risk}


def _document(found: "Certificate") -> dict[str, Any]:
    return {
        "unit": "nats",
        "components": found.components,
        "dimension": found.dimension,
        "approximation": _ends(found.approximation),
        "entropy": _ends(found.entropy),
        "log_gap": _ends(found.log_gap),
        "gap": {"lo": math.exp(float(found.log_gap.lo)), "hi": math.exp(float(found.log_gap.hi))},
        "gap_by": found.gap_by,
        "log_gap_sampled": _ends(found.log_gap_sampled),
        "entropy_monte_carlo": _ends(found.monte_carlo),
        "bounds": [{"name": b.name, "log_value": b.log_value, "log_excess": b.log_excess} for b in found.bounds],
        "alpha": found.alpha.tolist(),
    }


def _power(log_value: float) -> str:
    """exp of a logarithm, also far below the range of floats."""
    if log_value == -math.inf:
        return "0"
    if log_value > -600:
        return f"{math.exp(log_value):.6g}"
    exponent = math.floor(log_value / math.log(10))
    return f"{math.exp(log_value - exponent * math.log(10)):.5f}e{exponent}"


def _print(found: "Certificate", file: Path, samples: int) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    console.print(f"[bold]{file.name}[/]: {found.components} components in {found.dimension} dimensions; entropies in nats\n")
    table = Table(header_style="bold", pad_edge=False, box=None)
    for name in ("", "from", "to", "trust", "by"):
        table.add_column(name, justify="right" if name in ("from", "to") else "left")
    h, g, top = found.entropy, found.log_gap, found.approximation
    table.add_row("approximate entropy H̃", f"{top.lo:.9f}", f"{top.hi:.9f}", top.trust, "closed form")
    table.add_row("entropy H", f"{h.lo:.9f}", f"{h.hi:.9f}", g.trust, "H̃ − gap")
    table.add_row("gap H̃ − H", _power(float(g.lo)), _power(float(g.hi)), g.trust, found.gap_by)
    if (s := found.log_gap_sampled) is not None:
        by = f"importance sampling, {samples} draws, risk {s.risk:.0e}"
        table.add_row("gap H̃ − H", _power(float(s.lo)), _power(float(s.hi)), s.trust, by)
    if (n := found.monte_carlo) is not None:
        by = f"naive Monte Carlo, {samples} draws, risk {n.risk:.0e}"
        table.add_row("entropy H", f"{n.lo:.9f}", f"{n.hi:.9f}", n.trust, by)
    console.print(table)
    if found.bounds:
        table = Table(header_style="bold", pad_edge=False, box=None)
        table.add_column("upper bounds on the gap")
        table.add_column("value", justify="right")
        table.add_column("× gap", justify="right")
        for bound in sorted(found.bounds, key=lambda b: b.log_value):
            table.add_row(bound.name, _power(bound.log_value), _power(bound.log_excess))
        console.print()
        console.print(table)
        console.print("× gap: the bound over the upper end of the certified gap.", style="dim")
        _print_alpha(console, found)


def _print_alpha(console: Any, found: "Certificate") -> None:
    from rich.table import Table

    shown = min(found.components, 12)
    table = Table(header_style="bold", pad_edge=False, box=None)
    table.add_column("separation α")
    for k in range(shown):
        table.add_column(str(k), justify="right")
    for k in range(shown):
        table.add_row(str(k), *(f"{found.alpha[k, j]:.2f}" if j != k else "·" for j in range(shown)))
    console.print()
    console.print(table)
    if shown < found.components:
        console.print(f"(the first {shown} of {found.components} components; --json has all)", style="dim")
