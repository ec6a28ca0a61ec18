"""Find claims: every module of `bounds`, and of packages that name themselves in the entry-point group
`proofs_check.claims`, that ends with a `CLAIM`. A claim's key is its module path, without the leading `bounds.`."""

import hashlib
import importlib
import importlib.util
import pkgutil
import sys
import traceback
from difflib import get_close_matches
from fnmatch import fnmatchcase
from functools import cache
from importlib.metadata import entry_points
from pathlib import Path
from types import ModuleType
from typing import Any

from bounds.claim import Claim

GROUP = "proofs_check.claims"
NOT_CLAIMS = ("bounds.common", "bounds.measure")  # mathematics and tools: no need to import them to list the claims


class UnknownClaim(LookupError):
    """No claim has that name; the message names the nearest."""


class BrokenModule(ImportError):
    """A module that should hold a claim does not import; the message says which line of which file stops it."""


@cache
def packages() -> list[str]:
    """The packages that are walked: `bounds`, then those of other distributions."""
    return ["bounds", *sorted({entry.module for entry in entry_points(group=GROUP)} - {"bounds"})]


def _import(name: str) -> ModuleType:
    try:
        return importlib.import_module(name)
    except Exception as problem:  # a module may fail in any way while it runs
        frames = traceback.extract_tb(problem.__traceback__)
        lines = [f for f in frames if "importlib" not in f.filename and f.filename != __file__]
        where = f" ({lines[-1].filename}, line {lines[-1].lineno})" if lines else ""
        raise BrokenModule(f"{name} does not import: {type(problem).__name__}: {problem}{where}") from problem


@cache
def claims() -> dict[str, Claim[Any]]:
    """Every claim by its key, in the order of the folder tree."""
    found = {key: _claim(name) for key, name in _modules_by_key().items()}
    return {key: claim for key, claim in found.items() if claim is not None}


def _claim(name: str) -> Claim[Any] | None:
    claim = getattr(_import(name), "CLAIM", None)
    return claim if isinstance(claim, Claim) else None


@cache
def _modules_by_key() -> dict[str, str]:
    return {name.removeprefix("bounds."): name for package in packages() for name in _modules(package)}


def _modules(name: str) -> list[str]:
    module = _import(name)
    names = [name]
    for info in pkgutil.iter_modules(getattr(module, "__path__", []), name + "."):
        if info.name not in NOT_CLAIMS:
            names += _modules(info.name) if info.ispkg else [info.name]
    return names


@cache
def find(key: str) -> Claim[Any]:
    """The claim of one key, importing its module alone: what a worker does."""
    for name in _names(key):
        if _exists(name) and (claim := _claim(name)) is not None:
            return claim
    raise UnknownClaim(f"no claim is called {key!r}{_suggestion(key)}")


def _names(key: str) -> list[str]:
    """The modules that a key may mean. A key may come from a file, so nothing outside the claim packages is imported."""
    foreign = [key] if any(f"{key}.".startswith(f"{package}.") for package in packages()) else []
    return [name for name in (f"bounds.{key}", *foreign) if all(part.isidentifier() for part in name.split("."))]


def _exists(name: str) -> bool:
    """Whether there is such a module; its packages are imported on the way, and say so if they are broken."""
    parent = name.rpartition(".")[0]
    if parent and not (_exists(parent) and hasattr(_import(parent), "__path__")):
        return False
    return importlib.util.find_spec(name) is not None


def select(patterns: list[str]) -> list[str]:
    """The keys that match any of the globs; a paper's name alone stands for all its claims. All claims for no pattern.

    Only what matches is imported, so that a module that somebody is writing does not keep the others from running.
    """
    if not patterns and not claims():
        raise UnknownClaim("no module of bounds, or of an installed package of claims, ends with a CLAIM")
    chosen: set[str] = set()
    for pattern in patterns or ["*"]:
        matched = [key for key in _modules_by_key() if fnmatchcase(key, pattern) or key.startswith(f"{pattern}.")]
        matched = [key for key in matched if _claim(_modules_by_key()[key]) is not None]
        if not matched:
            raise UnknownClaim(f"no claim matches {pattern!r}{_suggestion(pattern)}")
        chosen.update(matched)
    return [key for key in _modules_by_key() if key in chosen]


def _suggestion(word: str) -> str:
    words = {paper: paper for paper in (key.split(".")[0] for key in claims())}
    words |= {part: key for key in claims() for part in (key.split(".")[-1], key)}
    close = get_close_matches(word, words, n=1, cutoff=0.4)
    return f"; did you mean {words[close[0]]!r}?" if close else ""


def module_of(key: str) -> ModuleType:
    """The module that holds a claim."""
    find(key)
    return sys.modules[f"bounds.{key}" if f"bounds.{key}" in sys.modules else key]


@cache
def source_hash(key: str) -> str:
    """SHA-256 over the code that a result rests on: `bounds`, the claim's own package, and the engine."""
    digest = hashlib.sha256()
    for package in sorted({"bounds", "proofs_check", module_of(key).__name__.split(".")[0]}):
        digest.update(_package_hash(package))
    return digest.hexdigest()[:16]


@cache
def _package_hash(package: str) -> bytes:
    """Over every .py file, but of the engine only over what judges and searches."""
    module = _import(package)
    file, folders = Path(str(module.__file__)), [Path(path) for path in getattr(module, "__path__", [])]
    pattern = "*.py" if package == "proofs_check" else "**/*.py"
    digest = hashlib.sha256()
    for path in sorted(path for folder in folders for path in folder.glob(pattern)) or [file]:
        digest.update(str(path.relative_to(file.parent)).encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.digest()
