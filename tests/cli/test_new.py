"""`proofs-check new`: its skeletons fail and say why, pass once they are filled in, and overwrite nothing."""

import json
import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from proofs_check.cli import main

ROOT = Path(__file__).parent.parent.parent
COMMAND = [sys.executable, "-c", "from proofs_check.cli import main; main()"]
LEFT, RIGHT, LINE, TWIN = (
    f"    raise ValueError({text!r})\n".replace("'", '"')
    for text in (
        "fill in the left side: exact(...), rounded(...) or an Enclosure",
        "fill in the right side: exact(...), rounded(...) or an Enclosure",
        "fill in a line of the proof that a machine can check, as bounds.measure does, or leave `proof` out",
        "fill in a wrong form of that line, which the same check must refute",
    )
)
FILLED = {  # x ≤ (1 + x²)/2, with equality at 1
    LEFT: "    from bounds.claim import exact\n\n    return exact(instance.x)\n",
    RIGHT: "    from bounds.claim import exact\n\n    return exact(factor * (1 + instance.x**2) / 2)\n",
    LINE: "    x = __import__('sympy').Symbol('x', real=True)\n    from bounds.measure.symbolic import identity\n\n"
    "    return identity(lambda: (1 + x**2) / 2 - x - (1 - x) ** 2 / 2)\n",
    TWIN: "    x = __import__('sympy').Symbol('x', real=True)\n    from bounds.measure.symbolic import identity\n\n"
    "    return identity(lambda: (1 + x**2) / 2 - x - (1 + x) ** 2 / 2)\n",
}


def said(words: list[str], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> tuple[int, str, str]:
    """Exit code, output and errors of `proofs-check new`."""
    monkeypatch.setattr(sys, "argv", ["proofs-check", "new", *words])
    with pytest.raises(SystemExit) as left:
        main()
    out, err = capsys.readouterr()
    return int(left.value.code or 0), out, err


def run(key: str, folder: Path, *paths: Path) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, paths)), "OPENBLAS_NUM_THREADS": "1", "COLUMNS": "200"}
    words = ["run", key, "--points", "20", "--jobs", "1"]
    return subprocess.run([*COMMAND, *words], capture_output=True, text=True, check=False, cwd=folder, env=environment)


def fill_in(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    for blank, filled in FILLED.items():
        assert text.count(blank) == 1
        text = text.replace(blank, filled)
    file.write_text(text, encoding="utf-8")


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The part of this repository that `new` looks at, as the current folder."""
    shutil.copytree(ROOT / "bounds", tmp_path / "bounds", ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(ROOT / "figures", tmp_path / "figures", ignore=shutil.ignore_patterns("__pycache__"))
    for paper in ("gmm_entropy", "lstm_recovery"):
        (tmp_path / "tests" / paper).mkdir(parents=True)
        shutil.copy(ROOT / "tests" / paper / "expected_claims.json", tmp_path / "tests" / paper)
    shutil.copy(ROOT / "tests" / "test_every_claim.py", tmp_path / "tests")
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_a_skeleton_in_a_checkout_fails_until_it_is_filled_in(
    checkout: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = said(["fresh_paper/square"], capsys, monkeypatch)
    assert code == 0
    assert "`proofs-check run fresh_paper.square` fails" in out
    empty = run("fresh_paper.square", checkout, checkout)
    assert (empty.returncode, empty.stderr) == (1, "")
    assert "FAILS" in empty.stdout
    assert "ValueError: fill in the left side" in empty.stdout
    assert "proof step 'fill in: that line' is raised: ValueError: fill in a line of the proof" in empty.stdout
    fill_in(checkout / "bounds" / "fresh_paper" / "square.py")
    full = run("fresh_paper.square", checkout, checkout)
    assert (full.returncode, full.stderr) == (0, "")
    assert "1 claim, 0 with problems. 1 of 1 falsified variants refuted" in full.stdout
    assert "1 of 1 proof steps checked." in full.stdout


@pytest.mark.slow
def test_a_skeleton_in_a_package_of_ones_own_fails_until_it_is_filled_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    code, out, _ = said(["own_theorems/square", "--into", str(tmp_path / "mine")], capsys, monkeypatch)
    assert code == 0
    assert f"`pip install -e {tmp_path / 'mine'}` makes it known." in out
    project = tomllib.loads((tmp_path / "mine" / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    metadata = tmp_path / "site" / "own_theorems-0.1.0.dist-info"  # what an installation leaves behind
    metadata.mkdir(parents=True)
    (metadata / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {project['name']}\nVersion: {project['version']}\n")
    [(group, entries)] = project["entry-points"].items()
    (metadata / "entry_points.txt").write_text(f"[{group}]\n" + "".join(f"{k} = {v}\n" for k, v in entries.items()))
    paths = (tmp_path / "mine", tmp_path / "site")
    empty = run("own_theorems", tmp_path, *paths)
    assert empty.returncode == 1
    assert "ValueError: fill in the left side" in empty.stdout
    fill_in(tmp_path / "mine" / "own_theorems" / "square.py")
    full = run("own_theorems", tmp_path, *paths)
    assert (full.returncode, full.stderr) == (0, "")
    assert "1 claim, 0 with problems." in full.stdout


@pytest.mark.slow
def test_the_skeletons_of_tests_fail_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said(["own_theorems/square", "--into", str(tmp_path)], capsys, monkeypatch)
    environment = {**os.environ, "PYTHONPATH": str(tmp_path), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    words = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests"]
    empty = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert "2 failed" in empty.stdout
    fill_in(tmp_path / "own_theorems" / "square.py")
    metadata = tmp_path / "own_theorems-0.1.0.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: own_theorems\nVersion: 0.1.0\n")
    (metadata / "entry_points.txt").write_text("[proofs_check.claims]\nown_theorems = own_theorems\n")
    half = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert "1 failed, 1 passed" in half.stdout  # the number known by hand is still missing
    test = tmp_path / "tests" / "test_square.py"
    test.write_text(test.read_text(encoding="utf-8").replace('float("nan")', "Fraction(1, 2)"), encoding="utf-8")
    full = subprocess.run(words, capture_output=True, text=True, check=False, cwd=tmp_path, env=environment)
    assert "2 passed" in full.stdout, full.stdout


def test_a_claim_in_a_known_paper_is_counted_and_changes_no_other_line(
    checkout: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    counts = checkout / "tests" / "gmm_entropy" / "expected_claims.json"
    before, bib = counts.read_text(encoding="utf-8"), (checkout / "bounds" / "papers.bib").read_bytes()
    code, out, _ = said(["gmm_entropy/square", "--json"], capsys, monkeypatch)
    assert code == 0
    files = json.loads(out)
    assert files["made"] == [
        str(Path("bounds", "gmm_entropy", "square.py")),
        str(Path("tests", "gmm_entropy", "test_square.py")),
        str(Path("figures", "gmm_entropy_square.py")),
    ]
    assert counts.read_text(encoding="utf-8").replace('  "square": [1, 0, 1],\n', "") == before
    assert (checkout / "bounds" / "papers.bib").read_bytes() == bib


def test_the_figure_says_that_it_is_not_drawn(
    checkout: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    said(["fresh_paper/square"], capsys, monkeypatch)
    scope: dict[str, object] = {}
    exec((checkout / "figures" / "fresh_paper_square.py").read_text(encoding="utf-8"), scope)
    figure = scope["draw"](scope["data"]())  # type: ignore[operator]
    assert [text.get_text() for text in figure.axes[0].texts] == ["fresh_paper.square is not drawn yet"]


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["square"], "'square' should be PAPER/NAME, as in gmm_entropy/main_bound"),
        (["../gmm_entropy/square"], "'../gmm_entropy/square' should be PAPER/NAME"),
        (["../square"], "'..' cannot name a module here"),
        (["/square"], "'' cannot name a module here"),
        (["gmm_entropy/Square"], "'Square' cannot name a module here: lower-case letters, digits and _, a letter first"),
        (["gmm_entropy/1st"], "'1st' cannot name a module here"),
        (["gmm_entropy/__init__"], "'__init__' cannot name a module here"),
        (["gmm-entropy/square"], "'gmm-entropy' cannot name a module here"),
        (["gmm_entropy/squ\u00e4re"], "cannot name a module here"),
        (["gmm_entropy/lambda"], "'lambda' is a word of Python"),
        (["measure/square"], "bounds.measure is a part of the library and no paper"),
        (["claim/square"], "bounds.claim is a part of the library and no paper"),
        (["gmm_entropy/separation"], "bounds.gmm_entropy has a function 'separation', which a module of that name would hide"),
        (["gmm_entropy/main_bound"], f"{Path('bounds', 'gmm_entropy', 'main_bound.py')} exists; nothing was written"),
        (["numpy/square", "--into", "mine"], "'numpy' is the name of another package in this installation"),
        (["bounds/square", "--into", "mine"], "'bounds' is the name of another package in this installation"),
        (["own_theorems/square", "--into", "bounds/papers.bib"], "Not a directory"),
    ],
)
def test_what_cannot_be_begun_is_one_sentence_and_nothing_is_written(
    words: list[str], sentence: str, checkout: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(path for path in checkout.rglob("*") if "__pycache__" not in path.parts)
    code, out, err = said(words, capsys, monkeypatch)
    assert (code, out) == (2, "")
    [line] = err.splitlines()
    assert sentence in line
    assert sorted(path for path in checkout.rglob("*") if "__pycache__" not in path.parts) == before


def test_outside_a_checkout_a_folder_is_asked_for_and_a_project_is_left_as_it_is(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    code, _, err = said(["own_theorems/square"], capsys, monkeypatch)
    assert code == 2
    assert "--into FOLDER writes a package of your own" in err
    project = tmp_path / "pyproject.toml"
    project.write_text("[project]\nname = 'mine'\n", encoding="utf-8")
    code, _, err = said(["own_theorems/square", "--into", "."], capsys, monkeypatch)
    assert code == 2
    assert 'add own_theorems = "own_theorems" below [project.entry-points."proofs_check.claims"]' in err
    project.write_text("[project\n", encoding="utf-8")
    code, _, err = said(["own_theorems/square", "--into", "."], capsys, monkeypatch)
    assert code == 2
    assert "pyproject.toml cannot be read" in err
    assert sorted(path.name for path in tmp_path.iterdir()) == ["pyproject.toml"]
    project.write_text('[project.entry-points."proofs_check.claims"]\nown_theorems = "own_theorems"\n', encoding="utf-8")
    (tmp_path / "src").mkdir()
    assert said(["own_theorems/square", "--into", "."], capsys, monkeypatch)[0] == 0
    assert (tmp_path / "src" / "own_theorems" / "square.py").is_file()
    code, _, err = said(["own_theorems/square", "--into", "."], capsys, monkeypatch)
    assert code == 2
    assert "exists; nothing was written" in err
