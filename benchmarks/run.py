"""Benchmarks: `python benchmarks/run.py [--only a,b,c,d] [--json]`, with the extra `bench` installed.

Peers and ours take turns in one process on one machine, so ratios mean something where seconds do not. A run of all four
rewrites RESULTS.md beside this file.
"""

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

sys.path.append(str(Path(__file__).resolve().parents[1]))

from benchmarks import commands, density, rigorous_ball, small_gap
from benchmarks.timing import Table

BENCHMARKS: dict[str, Callable[[], list[Table]]] = {
    "a": density.measure,
    "b": small_gap.measure,
    "c": rigorous_ball.measure,
    "d": commands.measure,
}


def main() -> None:
    parser = argparse.ArgumentParser(description="Ours and peers in turn: densities, small gaps, balls, the command.")
    parser.add_argument("--only", default="a,b,c,d", help="which of a, b, c, d, separated by commas")
    parser.add_argument("--json", action="store_true", help="raw numbers instead of tables")
    arguments = parser.parse_args()
    chosen = [name.strip() for name in arguments.only.split(",")]
    unknown = sorted(set(chosen) - set(BENCHMARKS))
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(BENCHMARKS)}")
    where, tables = machine(), []
    for name in chosen:
        tables += BENCHMARKS[name]()
    where["load, end"] = load()
    if set(chosen) == set(BENCHMARKS):
        Path(__file__).with_name("RESULTS.md").write_text(page(where, tables), encoding="utf-8")
    if arguments.json:
        print(json.dumps({"machine": where, "tables": [table._asdict() for table in tables]}, indent=1, default=float))
    else:
        print(page(where, tables), end="")


def machine() -> dict[str, Any]:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    names = ("numpy", "scipy", "scikit-learn", "torch", "python-flint")
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "CPU": models[0] if models else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "versions": {"Python": platform.python_version()} | {name: version(name) for name in names},
        "load, start": load(),
    }


def load() -> float | None:
    """Processes that wanted a core, averaged over five minutes, where the system tells."""
    return round(os.getloadavg()[1], 1) if hasattr(os, "getloadavg") else None


def page(where: dict[str, Any], tables: list[Table]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in where["versions"].items())
    lines = [
        "# Benchmarks",
        "",
        f"Written by `python benchmarks/run.py` on {where['date']}: {where['CPU']}, {where['cores']} cores; {versions}.",
        f"Processes that wanted a core, ours included: {where['load, start']} at the start, {where['load, end']} at the end.",
        "Where that is more than the cores, seconds are too long for everyone, and ratios are what counts.",
    ]
    for table in tables:
        lines += ["", f"## {table.title}", "", table.note]
        for row, before in zip(table.rows, [{}, *table.rows], strict=False):
            if list(row) != list(before):
                lines += ["", "| " + " | ".join(row) + " |", "|" + " --- |" * len(row)]
            lines.append("| " + " | ".join(shown(value) for value in row.values()) + " |")
    return "\n".join(lines) + "\n"


def shown(value: Any) -> str:
    """Three digits for a float; integers and words as they are."""
    if not isinstance(value, float):
        return str(value)
    return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}" if abs(value) < 1e5 else f"{value:.1e}"


if __name__ == "__main__":
    main()
