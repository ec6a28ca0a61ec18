"""The commands in the documentation, run again: what a page shows is what the reader will see.

Blocks of a page are taken in order, in one empty folder in which `experiments` is that of this repository. A block
```` ```{code-block} ```` with a `:caption:` is written to that file; in a block ```` ```console ```` each line after
`$ ` is run and must print the lines below it. A line `…` stands for any lines.
Seconds may differ, and numbers in their fourth digit or below 1e-9 (another processor, another BLAS).

`proofs-check` runs inside of this process, which has loaded what is slow to load; once a page has installed a package of its
own, each command is a process that finds it.

`python -m tests.transcripts PAGE...` writes into the pages what their commands print now.
"""

import io
import math
import os
import re
import shlex
import subprocess
import sys
import tempfile
import tomllib
from contextlib import chdir, redirect_stderr, redirect_stdout, suppress
from pathlib import Path
from typing import NamedTuple
from unittest.mock import patch

ROOT = Path(__file__).parent.parent
FENCE = re.compile(r"^```(console|\{code-block\} \w+\n:caption: (?P<file>\S+)\n)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
NUMBER = re.compile(r"(?<![\w.])[-+]?\d[\d,]*\.?\d*(?:[eE][-+]?\d+)?")
SECONDS = re.compile(r"\b[\d.]+ ?s\b")
PROGRAMS = {
    "proofs-check": [sys.executable, "-c", "from proofs_check.cli import main; main()"],
    "python": [sys.executable],
    "pytest": [sys.executable, "-m", "pytest", "-p", "no:cacheprovider"],
}


class Block(NamedTuple):
    """One fenced block: `file` to write, or commands to run if it is empty."""

    file: str
    text: str
    span: tuple[int, int]  # of the text in the page


def blocks(page: str) -> list[Block]:
    """The blocks of a page that are written or run."""
    return [Block(found["file"] or "", found["text"], found.span("text")) for found in FENCE.finditer(page)]


def commands(block: Block) -> list[tuple[str, str]]:
    """Each command of a console block, and the output that is shown."""
    parts = re.split(r"^\$ (.*)\n", block.text, flags=re.MULTILINE)
    assert not parts[0].strip(), f"a console block begins with a command, not with {parts[0]!r}"
    return list(zip(parts[1::2], parts[2::2], strict=True))


class Folder:
    """Where the commands of one page run."""

    def __init__(self, path: Path) -> None:
        self.path = path
        (path / "experiments").symlink_to(ROOT / "experiments")
        self.site = path / ".site"
        self.site.mkdir()
        self.installed = False
        self.environment = {**os.environ, "PYTHONPATH": str(self.site), "COLUMNS": "100", "OPENBLAS_NUM_THREADS": "1"}
        self.environment |= {"PYTHONDONTWRITEBYTECODE": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "TERM": "dumb"}

    def write(self, block: Block) -> None:
        """What the reader puts into a file."""
        file = self.path / block.file
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(block.text, encoding="utf-8")

    def run(self, command: str) -> str:
        """What a command prints, errors behind output."""
        words = shlex.split(command)
        if words[:2] == ["pip", "install"]:
            self._install(self.path / words[-1])
            self.installed = True
            return ""
        if words[0] == "proofs-check" and not self.installed:
            printed = self._here(words)
        else:
            words = [*PROGRAMS[words[0]], *words[1:]]
            done = subprocess.run(words, capture_output=True, text=True, check=False, cwd=self.path, env=self.environment)
            printed = done.stdout + done.stderr
        return "".join(f"{line.rstrip()}\n" for line in printed.splitlines())

    def _here(self, words: list[str]) -> str:
        """What `proofs-check` prints when it is run in this process."""
        from proofs_check.cli import main

        out, err = io.StringIO(), io.StringIO()
        with (
            chdir(self.path),
            patch.dict(os.environ, self.environment),
            patch.object(sys, "argv", words),
            redirect_stdout(out),
            redirect_stderr(err),
            suppress(SystemExit),
        ):
            main()
        return out.getvalue() + err.getvalue()

    def _install(self, project: Path) -> None:
        """What `pip install -e` leaves behind, without asking an index for the build tools."""
        about = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]
        metadata = self.site / f"{about['name']}-{about['version']}.dist-info"
        metadata.mkdir()
        (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {about['name']}\nVersion: {about['version']}\n")
        groups = about["entry-points"].items()
        entries = [f"[{group}]\n" + "".join(f"{name} = {value}\n" for name, value in these.items()) for group, these in groups]
        (metadata / "entry_points.txt").write_text("".join(entries), encoding="utf-8")
        self.environment["PYTHONPATH"] += os.pathsep + str(project)


def same(shown: str, printed: str) -> bool:
    """Whether a page shows what a command printed."""
    lines, at, skipping = printed.strip().splitlines(), 0, False
    for line in shown.strip().splitlines():
        if line.strip() == "…":
            skipping = True
            continue
        while skipping and at < len(lines) and not _alike(line, lines[at]):
            at += 1
        if at == len(lines) or not _alike(line, lines[at]):
            return False
        at, skipping = at + 1, False
    return skipping or at == len(lines)


def _alike(shown: str, printed: str) -> bool:
    """The same words, and numbers that are close."""
    if _words(shown) != _words(printed):
        return False
    pairs = zip(_numbers(shown), _numbers(printed), strict=True)
    return all(a == b or math.isclose(_value(a), _value(b), rel_tol=1e-3, abs_tol=1e-9) for a, b in pairs)


def _words(line: str) -> str:
    """A line without numbers, with spaces and rules of tables made one."""
    return " ".join(re.sub("[─━]+", "─", NUMBER.sub("#", SECONDS.sub("# s", line))).split())


def _numbers(text: str) -> list[str]:
    return NUMBER.findall(SECONDS.sub("", text))


def _value(number: str) -> float:
    return float(number.replace(",", ""))


def wrong(page: Path, folder: Path) -> list[str]:
    """Run a page; one sentence for each command that prints something else than the page shows."""
    place, found = Folder(folder), []
    for block in blocks(page.read_text(encoding="utf-8")):
        if block.file:
            place.write(block)
            continue
        for command, shown in commands(block):
            if not same(shown, printed := place.run(command)):
                found.append(f"{page.name}: `{command}` prints\n{printed}and the page shows\n{shown}")
    return found


def refresh(page: Path, folder: Path) -> None:
    """Write into a page what its commands print now, where that is something else."""
    text, place, end, out = page.read_text(encoding="utf-8"), Folder(folder), 0, []
    for block in blocks(text):
        if block.file:
            place.write(block)
            continue
        out += [text[end : block.span[0]]]
        for command, shown in commands(block):
            printed = place.run(command)
            out += [f"$ {command}\n", shown if same(shown, printed) else printed.rstrip("\n") + "\n"]
        end = block.span[1]
    page.write_text("".join([*out, text[end:]]), encoding="utf-8")


if __name__ == "__main__":
    for name in sys.argv[1:]:
        with tempfile.TemporaryDirectory() as temporary:
            refresh(Path(name), Path(temporary))
