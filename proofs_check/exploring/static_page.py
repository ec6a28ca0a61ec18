"""The explorer as a static page: Python runs in the reader's browser (Pyodide), so any web server will do.

Only claims that need no more than numpy and scipy are offered there. Which those are is found out, not declared: each
claim is judged in a process in which the other packages cannot be imported. This package travels beside the page as a wheel.
"""

import base64
import csv
import hashlib
import io
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterable
from importlib import resources
from pathlib import Path

from proofs_check import __version__
from proofs_check.discover import find
from proofs_check.exploring.looking import LIVE, OFFERED, look
from proofs_check.points import draws

THERE = ("numpy", "scipy", "jaxtyping")  # what the page loads
NOT_THERE = (
    "clarabel",
    "cvxpy",
    "flint",
    "hypothesis",
    "markdown_it",
    "math_core",
    "matplotlib",
    "mlxtend",
    "rich",
    "safetensors",
    "sklearn",
    "sympy",
    "typer",
)
POINTS = 12  # draws of each claim, corners and ties among them


class CannotExport(RuntimeError):
    """The page could not be made; the message says why."""


def needed(keys: Iterable[str]) -> dict[str, str]:
    """For each claim the package that it needs beyond numpy and scipy, "" if none: asked in a process that has no other."""
    program = "import sys; from proofs_check.exploring.static_page import _answer; _answer()"
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, sys.path)), "OPENBLAS_NUM_THREADS": "1"}
    asked = subprocess.run(
        [sys.executable, "-c", program],
        input=json.dumps(list(keys)),
        capture_output=True,
        text=True,
        env=environment,
        check=False,
    )
    if asked.returncode:
        raise CannotExport(f"the claims could not be judged without other packages: {asked.stderr.strip().splitlines()[-1]}")
    answer: dict[str, str] = json.loads(asked.stdout)
    return answer


def _answer() -> None:
    """In that process: block, judge, report."""
    for name in NOT_THERE:
        sys.modules[name] = None  # type: ignore[assignment]  # an import of it raises ModuleNotFoundError
    print(json.dumps({key: _needs(key) for key in json.load(sys.stdin)}))


def _needs(key: str) -> str:
    try:
        claim = find(key)
    except ImportError as problem:
        return next((name for name in NOT_THERE if name in str(problem)), "another package")
    if claim.cost > LIVE:
        return "more time than a page has"
    for name in ("", *claim.falsified, *claim.also_true):
        variant = claim.variant(name)
        points = [*draws(variant.space, 0, f"{key}:{name}", range(2 if name else POINTS)), *([] if name else claim.tight_at)]
        for seen in (look(variant, point) for point in points):
            if seen.missing:
                return seen.missing
    return ""


def wheel(folder: Path, offered: Iterable[str]) -> Path:
    """This package and the claims as a wheel that asks for numpy and scipy only; `offered` is the list that the page shows."""
    name, info = "proofs_check", f"proofs_check-{__version__}.dist-info"
    files = {f"{name}/{OFFERED}": "\n".join(offered).encode()}
    for package in ("bounds", "proofs_check"):
        with resources.as_file(resources.files(package)) as root:
            for path in sorted(root.rglob("*")):
                if path.is_file() and "__pycache__" not in path.parts:
                    files[f"{package}/{path.relative_to(root).as_posix()}"] = path.read_bytes()
    required = "".join(f"Requires-Dist: {package}\n" for package in THERE)
    files[f"{info}/METADATA"] = f"Metadata-Version: 2.1\nName: proofs-check\nVersion: {__version__}\n{required}".encode()
    files[f"{info}/WHEEL"] = b"Wheel-Version: 1.0\nGenerator: proofs-check\nRoot-Is-Purelib: true\nTag: py3-none-any\n"
    record = io.StringIO()
    rows = csv.writer(record, lineterminator="\n")
    for file, content in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
        rows.writerow([file, f"sha256={digest}", len(content)])
    rows.writerow([f"{info}/RECORD", "", ""])
    out = folder / f"{name}-{__version__}-py3-none-any.whl"
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for file, content in {**files, f"{info}/RECORD": record.getvalue().encode()}.items():
            entry = zipfile.ZipInfo(file, (1980, 1, 1, 0, 0, 0))  # equal sources, equal bytes
            archive.writestr(entry, content, zipfile.ZIP_DEFLATED)
    return out


def export(folder: Path, offered: list[str]) -> None:
    """Write the page, the wheel and the list of claims (`claims.txt`) into a folder.

    Raises CannotExport with marimo's own last words if its export fails, OSError if the folder cannot be written.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        packed = wheel(Path(scratch), offered)
        notebooks = resources.files("notebooks")
        source = notebooks.joinpath("explore.py").read_text(encoding="utf-8")
        requirements = json.dumps([f"proofs-check @ ./{packed.name}", *THERE])
        changed, times = re.subn(
            r"^# dependencies = .*$", f"# dependencies = {requirements}", source, count=1, flags=re.MULTILINE
        )
        if times != 1:
            raise CannotExport("the notebook does not say what it depends on")
        notebook = Path(scratch) / "explore.py"
        notebook.write_text(changed, encoding="utf-8")
        notebook.with_suffix(".css").write_bytes(notebooks.joinpath("explore.css").read_bytes())
        command = ["marimo", "export", "html-wasm", str(notebook), "-o", "page", "--mode", "run", "--no-show-code"]
        beside = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", "")])  # marimo looks for `uv` there
        made = subprocess.run(
            [sys.executable, "-m", *command, "--force", "--no-sandbox"],
            capture_output=True,
            text=True,
            check=False,
            cwd=scratch,
            env=os.environ | {"PATH": beside},
        )
        if made.returncode:
            lines = [line.strip() for line in (made.stdout + made.stderr).splitlines() if line.strip()] or ["it said nothing"]
            raise CannotExport(f"marimo's export failed: {next((x for x in lines if x.startswith('Error')), lines[-1])}")
        page = Path(scratch) / "page"
        (page / "CLAUDE.md").unlink(missing_ok=True)  # marimo's own, to who would change its page
        shutil.copytree(page, folder, dirs_exist_ok=True)
    (folder / "claims.txt").write_text("\n".join(offered) + "\n", encoding="utf-8")
