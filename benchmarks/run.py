"""Benchmarks: `python benchmarks/run.py [--only NAME,NAME] [--json]`, with the extra `bench` installed.

Peers and ours take turns in one process on one machine, so ratios mean something where seconds do not. One file beside this
one is one benchmark, found by its name; what it found is kept in results/NAME.json, and RESULTS.md shows all that is kept.
"""

import argparse
import importlib
import json
import os
import pkgutil
import platform
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.append(str(HERE.parent))

PACKAGES = ("numpy", "scipy", "cvxpy-base", "clarabel", "python-flint", "scikit-learn", "torch", "snntorch")
NAMES = sorted({info.name for info in pkgutil.iter_modules([str(HERE)])} - {"run", "timing", "results"})


def main() -> None:
    parser = argparse.ArgumentParser(description="Ours and peers in turn.")
    parser.add_argument("--only", default=",".join(NAMES), help=f"which of {', '.join(NAMES)}, separated by commas")
    parser.add_argument("--json", action="store_true", help="raw numbers instead of tables")
    arguments = parser.parse_args()
    chosen = [name.strip() for name in arguments.only.split(",")]
    unknown = sorted(set(chosen) - set(NAMES))
    if unknown:
        parser.error(f"there is no benchmark {unknown[0]!r}; there are {', '.join(NAMES)}")
    (HERE / "results").mkdir(exist_ok=True)
    for name in chosen:
        print(f"{name} ...", file=sys.stderr, flush=True)
        where = machine()
        tables = importlib.import_module(f"benchmarks.{name}").measure()
        where["load, end"] = load()
        found = {"machine": where, "tables": [table._asdict() for table in tables]}
        (HERE / "results" / f"{name}.json").write_text(json.dumps(found, indent=1, default=plain) + "\n", encoding="utf-8")
    kept = {
        name: json.loads((HERE / "results" / f"{name}.json").read_text(encoding="utf-8")) for name in NAMES if is_kept(name)
    }
    (HERE / "RESULTS.md").write_text(page(kept), encoding="utf-8")
    wanted = {name: kept[name] for name in chosen}
    print(json.dumps(wanted, indent=1) if arguments.json else page(wanted), end="")


def is_kept(name: str) -> bool:
    return (HERE / "results" / f"{name}.json").is_file()


def plain(value: Any) -> Any:
    """Scalars of numpy as Python's."""
    return value.item() if hasattr(value, "item") else float(value)


def machine() -> dict[str, Any]:
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text().splitlines() if cpuinfo.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "date": datetime.now(UTC).date().isoformat(),
        "CPU": models[0] if models else platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "versions": {"Python": platform.python_version()} | {name: found for name in PACKAGES if (found := installed(name))},
        "load, start": load(),
    }


def installed(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def load() -> float | None:
    """Processes that wanted a core, averaged over a minute, where the system tells."""
    return round(os.getloadavg()[0], 1) if hasattr(os, "getloadavg") else None


def page(kept: dict[str, Any]) -> str:
    lines = [
        "# Benchmarks",
        "",
        "Written by `python benchmarks/run.py`. Where more processes wanted a core than there are, ours included, seconds are",
        "too long for everyone, and ratios are what counts.",
    ]
    for name, found in kept.items():
        where = found["machine"]
        versions = ", ".join(f"{package} {number}" for package, number in where["versions"].items())
        lines += ["", f"## {name}", ""]
        lines += [f"{where['date']}, {where['CPU']}, {where['cores']} cores; wanted: {where['load, start']} at the start,"]
        lines += [f"{where['load, end']} at the end; {versions}."]
        for table in found["tables"]:
            lines += ["", f"### {table['title']}", "", table["note"]]
            for row, before in zip(table["rows"], [{}, *table["rows"]], strict=False):
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
