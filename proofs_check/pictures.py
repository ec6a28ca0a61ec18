"""Figures as files: the numbers once, as JSON and CSV, and pictures drawn from them.

The JSON beside a picture is also the cache of its numbers: there is no other. It lies where one looks for it and goes with
its folder, and an interrupted run goes on from it. It holds a hash of what the numbers rest on, one of the numbers
themselves and one of each file beside it, so that what is outdated or damaged is made anew, and nothing else.
"""

import hashlib
import importlib
import importlib.util
import inspect
import json
import re
from collections.abc import Sequence
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from proofs_check import __version__
from proofs_check.ledger import versions
from proofs_check.points import from_json, to_json

FORMATS = ("pdf", "svg", "png")
OURS = "figures|experiments|proofs_check|bounds"
IMPORT = re.compile(rf"^\s*(?:from|import) +((?:{OURS})\b[\w.]*)(?: +import +(\([^)]*\)|.*))?", re.MULTILINE)
DRAWING = "figures.style"  # no number depends on it


@cache
def source_hash(name: str) -> str:
    """SHA-256 over all that the numbers of a figure may rest on: code, results of experiments, versions of packages."""
    digest = hashlib.sha256(_versions().encode())
    for unit in sorted(units(name)):
        for file in _files(unit):
            digest.update(f"{unit}/{file.name}\0{_hash(file)}\0".encode())
    return digest.hexdigest()[:16]


def units(name: str) -> set[str]:
    """The figure's module, what it imports of this project, and so on; a package below `bounds` or `experiments` counts as a
    whole, data files too, since it finds its modules by name: too much rather than too little."""
    found, waiting = set[str](), [f"figures.{name}"]
    while waiting:
        unit = ".".join(waiting.pop().split(".")[:2])
        if unit != DRAWING and unit not in found and _files(unit):
            found.add(unit)
            waiting += [used for file in _files(unit) for used in _imports(file)]
    return found


@cache
def _versions() -> str:
    found = json.loads(versions())
    for name in ("scikit-learn", "mlxtend"):
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return json.dumps(found)


@cache
def _matplotlib() -> str:
    return version("matplotlib")


@cache
def _files(unit: str) -> list[Path]:
    """Of `package.module` the file; of `package.package` everything in it."""
    package, _, name = unit.partition(".")
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return []
    inside = Path(spec.origin).parent / name
    if name and inside.is_dir():
        return sorted(file for file in inside.rglob("*") if file.is_file() and "__pycache__" not in file.parts)
    return [file for file in (inside.with_suffix(".py"),) if name and file.is_file()]


@cache
def _hash(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


@cache
def _imports(file: Path) -> list[str]:
    """Modules, or names in them, of this project that a file imports, wherever in it."""
    found = []
    for module, names in IMPORT.findall(file.read_text(encoding="utf-8") if file.suffix == ".py" else ""):
        found += [f"{module}.{name.split()[0]}" for name in names.strip("()").split(",") if name.strip()] or [module]
    return found


def make(name: str, source: str, out: Path, workshop: Path, kinds: Sequence[str], style: str, fresh: bool) -> dict[str, Any]:
    """Write every file of one figure; `workshop`, a folder inside `out`, is where they are until they are whole.

    What a worker process does. Returns the figure, its files, and whether its numbers (and its pictures) were there already;
    or what it lacks.
    """
    document = {} if fresh else kept(out / f"{name}.json", source)
    suffixes, drawing = ("json", "csv", "py", *kinds), f"{style} {source} {_hash(_files(DRAWING)[0])[:16]} {_matplotlib()}"
    said = {"figure": name, "files": [str(out / f"{name}.{suffix}") for suffix in suffixes], "cached": bool(document)}
    if document.get("drawing") == drawing and all(_sum(out, name, s) == document["files"].get(s, "") for s in suffixes[1:]):
        return said | {"drawn": False}
    try:
        module = importlib.import_module(f"figures.{name}")
        numbers = document["numbers"] if document else from_json(to_json(module.data()))  # as they will be read again
    except ModuleNotFoundError as problem:
        return {"figure": name, "lacks": f"{name} needs the package {problem.name}: pip install 'proofs-check[data]'"}
    except ValueError as problem:
        return {"figure": name, "lacks": f"{name}: {problem}"}
    about = about_of(name, module, source)
    _write_csv(workshop / f"{name}.csv", numbers, about)
    (workshop / f"{name}.py").write_bytes(Path(str(module.__file__)).read_bytes())
    _draw(module, numbers, [workshop / f"{name}.{kind}" for kind in kinds], style, about)
    document = about | {"drawing": drawing, "files": {suffix: _sum(workshop, name, suffix) for suffix in suffixes[1:]}}
    document |= {"sha256": _digest(numbers), "numbers": numbers}
    (workshop / f"{name}.json").write_text(to_json(document) + "\n", encoding="utf-8")
    for suffix in suffixes:
        (workshop / f"{name}.{suffix}").replace(out / f"{name}.{suffix}")
    return said | {"drawn": True}


def _draw(module: ModuleType, numbers: dict[str, np.ndarray], files: Sequence[Path], style: str, about: dict[str, Any]) -> None:
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    look = importlib.import_module(DRAWING)
    sizes = look.style_of(style)
    shown = {key: about[key] for key in ("figure", "claims", "seeds", "proofs-check", "source")} | {"style": style}
    with look.look(sizes):
        figure = module.draw(numbers)
        look.fit(figure, sizes)
        for file in files:
            look.save(figure, file, about["figure"], shown)
        plt.close(figure)


def about_of(name: str, module: ModuleType, source: str) -> dict[str, Any]:
    """What a figure says of itself."""
    return {
        "figure": name,
        "caption": inspect.getdoc(module) or "",
        "shows": inspect.getdoc(module.draw) or "",
        "claims": list(getattr(module, "CLAIMS", ())),
        "seeds": list(getattr(module, "SEEDS", ())),
        "proofs-check": __version__,
        "source": source,
    }


def kept(file: Path, source: str) -> dict[str, Any]:
    """What a figure's JSON says, if its numbers are whole and rest on that source; otherwise nothing."""
    try:
        found: dict[str, Any] = from_json(file.read_text(encoding="utf-8"))
        whole = (found["source"], found["sha256"]) == (source, _digest(found["numbers"])) and {
            "drawing",
            "files",
        } <= found.keys()
        return found if whole else {}
    except Exception:  # whatever is wrong with it, the numbers can be made again
        return {}


def _sum(folder: Path, name: str, suffix: str) -> str | None:
    file = folder / f"{name}.{suffix}"
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.is_file() else None


def _digest(numbers: dict[str, np.ndarray]) -> str:
    return hashlib.sha256(to_json(numbers).encode()).hexdigest()


def _write_csv(file: Path, numbers: dict[str, np.ndarray], about: dict[str, Any]) -> None:
    """One entry of one array a line, since they differ in shape: its name, its place along each axis, its value."""
    axes = [f"axis_{axis}" for axis in range(max(array.ndim for array in numbers.values()))]
    empty = {"array": None} | dict.fromkeys(axes) | {"value": None}
    rows = [
        empty | {"array": name, "value": value.item()} | dict(zip(axes, place, strict=False))
        for name, array in numbers.items()
        for place, value in np.ndenumerate(array)
    ]
    said = {key: ", ".join(map(str, about[key])) for key in ("claims", "seeds")}
    said |= {key: about[key] for key in ("proofs-check", "source")}
    importlib.import_module("experiments.results").save(
        file, rows, {"command": f"proofs-check figures {about['figure']}"} | said
    )
