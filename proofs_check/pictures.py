"""Figures as files: the numbers once, as JSON and CSV, and pictures drawn from them.

The JSON beside a picture is also the cache of its numbers: there is no other. It lies where one looks for it and goes with
its folder, and an interrupted run goes on from it. It holds a hash of what the numbers rest on and one of the numbers
themselves, so that an outdated or damaged file is made anew.
"""

import hashlib
import importlib
import importlib.util
import inspect
import json
import re
from collections.abc import Callable, Sequence
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

    What a worker process does. Returns the figure, its files, and whether its numbers were there already; or what it lacks.
    """
    import matplotlib as mpl

    mpl.use("agg")
    import matplotlib.pyplot as plt

    file = out / f"{name}.json"
    try:
        module, look = importlib.import_module(f"figures.{name}"), importlib.import_module(DRAWING)
        numbers = None if fresh else kept(file, source)
        cached = numbers is not None
        if numbers is None:
            numbers = from_json(to_json(module.data()))  # so that a picture is the same whether or not they were read
        sizes = look.style_of(style)
    except ModuleNotFoundError as problem:
        return {"figure": name, "lacks": f"{name} needs the package {problem.name}: pip install 'proofs-check[data]'"}
    except ValueError as problem:
        return {"figure": name, "lacks": f"{name}: {problem}"}
    about = about_of(name, module, source)

    def written(suffix: str, write: Callable[[Path], object]) -> str:
        part = workshop / f"{name}.{suffix}"
        write(part)
        return str(part.replace(out / part.name))

    document = about | {"sha256": _digest(numbers), "numbers": numbers}
    files = [written("json", lambda part: part.write_text(to_json(document) + "\n", encoding="utf-8"))]
    files += [written("csv", lambda part: _write_csv(part, numbers, about))]
    files += [written("py", lambda part: part.write_bytes(Path(str(module.__file__)).read_bytes()))]
    with look.look(sizes):
        figure = module.draw(numbers)
        look.fit(figure, sizes)
        shown = {key: about[key] for key in ("figure", "claims", "seeds", "proofs-check", "source")} | {"style": style}
        files += [written(kind, lambda part: look.save(figure, part, name, shown)) for kind in kinds]
        plt.close(figure)
    return {"figure": name, "files": files, "cached": cached}


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


def kept(file: Path, source: str) -> dict[str, np.ndarray] | None:
    """The numbers in a figure's JSON if they are whole and rest on that source."""
    try:
        found = from_json(file.read_text(encoding="utf-8"))
        numbers: dict[str, np.ndarray] = found["numbers"]
        return numbers if (found["source"], found["sha256"]) == (source, _digest(numbers)) else None
    except Exception:  # whatever is wrong with it, the numbers can be made again
        return None


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
