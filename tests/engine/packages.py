"""Packages of toy claims: `toys`, `faulty`, `poisoned`, brought as another distribution brings its own: by an entry point."""

import os
import sys
from collections.abc import Iterator
from concurrent.futures import Executor, Future
from pathlib import Path
from typing import Any

import pytest

from proofs_check import discover

HERE = Path(__file__).parent


class Serial(Executor):
    """Does the work at once, in this process."""

    def submit(self, fn: Any, /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


def forget() -> None:
    """As in a new process."""
    for function in vars(discover).values():
        if hasattr(function, "cache_clear"):
            function.cache_clear()


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the metadata of a distribution that brings them."""
    folder = tmp_path_factory.mktemp("site")
    metadata = folder / "toys-1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: toys\nVersion: 1.0\n", encoding="utf-8")
    entries = "[proofs_check.claims]\ntoys = toys\nfaulty = faulty\npoisoned = poisoned\n"
    (metadata / "entry_points.txt").write_text(entries, encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def environment(site: Path) -> dict[str, str]:
    """Of a subprocess that finds the toys."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join([str(site), str(HERE)]), "OPENBLAS_NUM_THREADS": "1"}


@pytest.fixture
def toys(site: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """This process finds the toys, and has forgotten them afterwards."""
    monkeypatch.syspath_prepend(str(HERE))
    monkeypatch.syspath_prepend(str(site))
    forget()
    yield
    forget()
    for name in [name for name in sys.modules if name.split(".")[0] in ("toys", "faulty", "poisoned")]:
        del sys.modules[name]
