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
    with one_sentence(ArithmeticError, MemoryError, ValueError):
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


def _power(log_value: float, up: bool = True) -> str:
    """exp of a logarithm to six digits, also far below the range of floats; rounded up, or down for a lower end."""
    if log_value == -math.inf:
        return "0"
    if abs(log_value) > 1e8:  # six digits of its exponential would be noise
        return f"exp({log_value!r})"
    exponent = math.floor(log_value / math.log(10))
    scaled = math.exp(log_value - exponent * math.log(10)) * 1e5  # a float error of 1e-10 here is below the last digit
    digits = math.ceil(scaled) if up else math.floor(scaled)
    if -5 < exponent < 6:
        return f"{digits * 10.0 ** (exponent - 5):.{max(0, 5 - exponent)}f}"
    return f"{digits / 1e5:.5f}e{exponent}"


def _count(n: int, thing: str) -> str:
    return f"{n} {thing}{'' if n == 1 else 's'}"


def _nats(value: float, up: bool) -> str:
    """Nine decimals, rounded up, or down for a lower end."""
    return f"{(math.ceil if up else math.floor)(value * 1e9) / 1e9:.9f}"


def _row(name: str, value: "Enclosure", by: str, *, log: bool = False) -> tuple[str, ...]:
    ends = (_power if log else _nats)(float(value.lo), False), (_power if log else _nats)(float(value.hi), True)
    return (name, *ends, value.trust, by)


def _print(found: "Certificate", file: Path, samples: int) -> None:
    from rich.console import Console
    from rich.table import Table

    console = Console(highlight=False)
    console.print(
        f"[bold]{file.name}[/]: {_count(found.components, 'component')} in "
        f"{_count(found.dimension, 'dimension')}; entropies in nats\n"
    )
    table = Table(header_style="bold", pad_edge=False, box=None)
    for name in ("", "from", "to", "trust", "by"):
        table.add_column(name, justify="right" if name in ("from", "to") else "left")
    table.add_row(*_row("approximate entropy H̃", found.approximation, "closed form"))
    table.add_row(*_row("gap H̃ − H", found.log_gap, found.gap_by, log=True))
    table.add_row(*_row("entropy H", found.entropy, "H̃ − gap"))
    if (s := found.log_gap_sampled) is not None:
        top, risk = found.approximation, f"{samples} draws, risk {s.risk:.0e}"
        ends = s._replace(lo=float(top.lo) - math.exp(float(s.hi)), hi=float(top.hi) - math.exp(float(s.lo)))
        table.add_row(*_row("gap H̃ − H", s, f"importance sampling, {risk}", log=True))
        table.add_row(*_row("entropy H", ends, "H̃ − sampled gap"))
    if (n := found.monte_carlo) is not None:
        table.add_row(*_row("entropy H", n, f"naive Monte Carlo, {samples} draws, risk {n.risk:.0e}"))
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
