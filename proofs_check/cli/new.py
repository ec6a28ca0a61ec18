"""`proofs-check new`: skeletons of a claim, its test and its figure, which fail until they are filled in."""

from pathlib import Path
from typing import Annotated

import typer

from proofs_check.cli.common import Json, Problem, one_sentence, print_json

COUNTS = [1, 0, 1]  # falsified variants, true traps and proof steps of the skeleton


def new(
    name: Annotated[str, typer.Argument(metavar="PAPER/NAME", help="Package of the paper, and the claim's own name.")],
    into: Annotated[
        Path | None, typer.Option(help="A folder for a package of your own; else this folder is a checkout of ours.")
    ] = None,
    json: Json = False,
) -> None:
    """Begin a theorem: write a claim module, its test and its figure, which fail, and say why, until you fill them in.

    In a checkout of this repository: bounds/PAPER/NAME.py, tests/PAPER/test_NAME.py, figures/PAPER_NAME.py, and the counts
    in tests/PAPER/expected_claims.json. With --into FOLDER: a package PAPER that proofs-check finds once it is installed.
    Nothing is overwritten.
    """
    paper, claim = _names(name)
    folder = into or Path()
    ours = (folder / "bounds" / "claim.py").is_file() and (folder / "tests" / "test_every_claim.py").is_file()
    if into is None and not ours:
        raise Problem("this folder is no checkout of proofs-check; --into FOLDER writes a package of your own")
    with one_sentence(OSError, ValueError):
        made, changed = _in_checkout(folder, paper, claim) if ours else _in_own_package(folder, paper, claim)
        if there := [file for file in made if file.exists()]:
            raise Problem(f"{there[0]} exists; nothing was written")
        _write(made, changed)
    if json:
        print_json({"claim": f"{paper}.{claim}", "made": [str(file) for file in made], "changed": [str(f) for f in changed]})
        return
    for word, files in (("made", made), ("changed", changed)):
        for file in files:
            print(f"{word:8}{file}")
    install = "" if ours else f"`pip install -e {folder}` makes it known. "
    print(f"\n{install}Until you have filled it in, `proofs-check run {paper}.{claim}` fails and says what is missing.")


def _names(name: str) -> tuple[str, str]:
    """Both names, or what is wrong with them."""
    import keyword
    import re

    parts = name.split("/")
    if len(parts) != 2:
        raise Problem(f"{name!r} should be PAPER/NAME, as in gmm_entropy/main_bound")
    for part in parts:
        if not re.fullmatch("[a-z][a-z0-9_]*", part):
            raise Problem(f"{part!r} cannot name a module here: lower-case letters, digits and _, a letter first")
        if keyword.iskeyword(part):
            raise Problem(f"{part!r} is a word of Python; choose another name")
    return parts[0], parts[1]


def _skeleton(file: str, paper: str, claim: str, module: str) -> str:
    from importlib import resources

    text = resources.files("proofs_check.cli").joinpath("skeleton", file).read_text(encoding="utf-8")
    return text.replace("MODULE", module).replace("PAPER", paper).replace("NAME", claim)


def _in_checkout(folder: Path, paper: str, claim: str) -> tuple[dict[Path, str], dict[Path, str]]:
    """What to make and what to change in a checkout of this repository."""
    import json as js

    package, tests = folder / "bounds" / paper, folder / "tests" / paper
    if paper in ("common", "measure") or package.with_suffix(".py").exists():
        raise Problem(f"bounds.{paper} is a part of the library and no paper; choose another name")
    if (tests.exists() or tests.with_suffix(".py").exists()) and not package.exists():
        raise Problem(f"{tests} holds other tests; choose another name")
    if claim in _public(package, paper):
        raise Problem(f"bounds.{paper} has a function {claim!r}, which a module of that name would hide; choose another")

    def skeleton(file: str) -> str:
        return _skeleton(file, paper, claim, f"bounds.{paper}.{claim}")

    made = {
        package / f"{claim}.py": skeleton("claim.txt"),
        tests / f"test_{claim}.py": skeleton("test.txt"),
        folder / "figures" / f"{paper}_{claim}.py": skeleton("figure.txt"),
    }
    changed: dict[Path, str] = {}
    counts, entries = tests / "expected_claims.json", {claim: COUNTS}
    if counts.exists():
        entries |= js.loads(counts.read_text(encoding="utf-8"))
    lines = ",\n".join(f"  {js.dumps(name)}: {js.dumps(entries[name])}" for name in sorted(entries))
    (changed if counts.exists() else made)[counts] = f"{{\n{lines}\n}}\n"
    if not package.exists():
        bib = folder / "bounds" / "papers.bib"
        made[package / "__init__.py"] = skeleton("paper.txt")
        note = f"\n% {paper}: fill in the entry of this paper; the source of each of its claims begins with the entry's key\n"
        changed[bib] = bib.read_text(encoding="utf-8") + note
    return made, changed


def _public(package: Path, paper: str) -> list[str]:
    """The public functions of a paper's package."""
    import importlib

    return list(getattr(importlib.import_module(f"bounds.{paper}"), "__all__", [])) if package.exists() else []


def _in_own_package(folder: Path, paper: str, claim: str) -> tuple[dict[Path, str], dict[Path, str]]:
    """What to make in a package that lies elsewhere; nothing of it is changed."""
    import tomllib
    from importlib.util import find_spec

    from proofs_check.discover import GROUP

    project = folder / "pyproject.toml"
    package = (folder / "src" if (folder / "src").is_dir() else folder) / paper
    found = find_spec(paper)
    if found is not None and package.resolve() not in [Path(path) for path in found.submodule_search_locations or []]:
        raise Problem(f"{paper!r} is the name of another package in this installation; choose another")

    def skeleton(file: str) -> str:
        return _skeleton(file, paper, claim, f"{paper}.{claim}")

    made = {package / f"{claim}.py": skeleton("claim.txt"), folder / "tests" / f"test_{claim}.py": skeleton("own_test.txt")}
    if not (package / "__init__.py").exists():
        made[package / "__init__.py"] = skeleton("paper.txt")
    if not project.exists():
        made[project] = skeleton("pyproject.txt")
        return made, {}
    try:
        known = tomllib.loads(project.read_text(encoding="utf-8")).get("project", {}).get("entry-points", {}).get(GROUP, {})
    except ValueError as problem:
        raise Problem(f"{project} cannot be read: {problem}") from problem
    if paper not in known.values():
        raise Problem(f'{project} does not name {paper}: add {paper} = "{paper}" below [project.entry-points."{GROUP}"]')
    return made, {}


def _write(made: dict[Path, str], changed: dict[Path, str]) -> None:
    """All or nothing: what was made is taken away again if something cannot be written."""
    done: list[Path] = []
    try:
        for file, text in made.items():
            file.parent.mkdir(parents=True, exist_ok=True)
            with file.open("x", encoding="utf-8") as out:
                done.append(file)
                out.write(text)
        for file, text in changed.items():
            file.write_text(text, encoding="utf-8")
    except OSError:
        for file in done:
            file.unlink(missing_ok=True)
        raise
