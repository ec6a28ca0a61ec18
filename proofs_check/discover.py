"""Find claims: every module of `bounds`, and of packages that name themselves in the entry-point group
`proofs_check.claims`, that ends with a `CLAIM`. A claim's key is its module path, without the leading `bounds.`."""

import hashlib
import importlib
import importlib.util
import pkgutil
import sys
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


def packages() -> list[str]:
    """The packages that are walked: `bounds`, then those of other distributions."""
    return ["bounds", *sorted({entry.value for entry in entry_points(group=GROUP)})]


@cache
def claims() -> dict[str, Claim[Any]]:
    """Every claim by its key, in the order of the folder tree."""
    found = {}
    for package in packages():
        for name in _modules(package):
            claim = getattr(importlib.import_module(name), "CLAIM", None)
            if isinstance(claim, Claim):
                found[name.removeprefix("bounds.")] = claim
    return found


def _modules(name: str) -> list[str]:
    module = importlib.import_module(name)
    names = [name]
    for info in pkgutil.iter_modules(getattr(module, "__path__", []), name + "."):
        if info.name not in NOT_CLAIMS:
            names += _modules(info.name) if info.ispkg else [info.name]
    return names


@cache
def find(key: str) -> Claim[Any]:
    """The claim of one key, importing its module alone: what a worker does."""
    for name in (f"bounds.{key}", key):
        try:
            module = importlib.import_module(name)
        except ModuleNotFoundError as problem:
            if problem.name is not None and not f"{name}.".startswith(f"{problem.name}."):
                raise  # the module exists and something that it imports does not
            continue
        claim = getattr(module, "CLAIM", None)
        if isinstance(claim, Claim):
            return claim
    close = get_close_matches(key, claims(), n=1, cutoff=0.4)
    raise UnknownClaim(f"no claim is called {key!r}{f'; did you mean {close[0]!r}?' if close else ''}")


def select(patterns: list[str]) -> list[str]:
    """The keys that match any of the globs; a paper's name alone stands for all its claims. All claims for no pattern."""
    keys = list(claims())
    chosen: set[str] = set()
    for pattern in patterns or ["*"]:
        matched = [key for key in keys if fnmatchcase(key, pattern) or key.startswith(f"{pattern}.")]
        if not matched:
            words = [*keys, *{key.split(".")[0] for key in keys}, *(key.split(".")[-1] for key in keys)]
            close = get_close_matches(pattern, words, n=1, cutoff=0.4)
            raise UnknownClaim(f"no claim matches {pattern!r}{f'; did you mean {close[0]!r}?' if close else ''}")
        chosen.update(matched)
    return [key for key in keys if key in chosen]


def module_of(key: str) -> ModuleType:
    """The module that holds a claim."""
    find(key)
    return sys.modules[f"bounds.{key}" if f"bounds.{key}" in sys.modules else key]


@cache
def source_hash(key: str) -> str:
    """SHA-256 over every .py file of the claim's top-level package: a result is only as old as what it rests on."""
    return _package_hash(module_of(key).__name__.split(".")[0])


@cache
def _package_hash(package: str) -> str:
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(f"the package {package!r} has no __init__.py to hash")
    root, digest = Path(spec.origin), hashlib.sha256()
    files = sorted(root.parent.rglob("*.py")) if root.name == "__init__.py" else [root]
    for file in files:
        digest.update(str(file.relative_to(root.parent)).encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
