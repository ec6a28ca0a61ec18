"""Every tour runs, tells the whole story with numbers, and fails its misreading; there is one for each paper."""

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

import bounds
from proofs_check.discover import NOT_CLAIMS
from proofs_check.verdict import meets

marimo = pytest.importorskip("marimo", reason="needs marimo, of the extra `explore`")
marimo.as_html(0)  # outside of an app this registers what renders figures; app.run alone would leave them out

ROOT = Path(bounds.__file__).parent
TOURS = sorted(path.stem for path in (ROOT.parent / "notebooks").glob("tour_*.py"))
STORY = ("The theorem", "Where it is tight", "misreadings? fails?", "What was (measured|computed)", "Your own", "In Python")


def test_every_paper_has_one_tour_and_every_tour_a_paper() -> None:
    papers = {path.parent.name for path in ROOT.glob("*/__init__.py")} - {name.removeprefix("bounds.") for name in NOT_CLAIMS}
    assert {tour.removeprefix("tour_") for tour in TOURS} == papers


@pytest.mark.parametrize("tour", TOURS)
def test_a_tour_tells_the_whole_story_and_the_checker_agrees_with_it(tour: str) -> None:
    outputs, defs = importlib.import_module(f"notebooks.{tour}").app.run()
    told = " ".join(output.text for output in outputs if hasattr(output, "text"))

    assert defs["theorem"].verdict in ("holds", "survives")
    assert meets(defs["tightest"])
    assert defs["misread"].verdict == "refuted"

    at = [found.start() if (found := re.search(part, told)) else -1 for part in STORY]
    assert at == sorted(at)
    assert at[0] > 0
    assert "$ proofs-check " in told
    assert told.count("image/png") >= 2
    said = re.sub(r"<marimo-mime-renderer[^>]*>", "", told)  # without the pictures
    assert not re.search(r"\b(nan|None|Traceback)\b|Fraction\(|np\.", said)


def test_marimo_finds_nothing_to_complain_of() -> None:
    files = [str(ROOT.parent / "notebooks" / f"{tour}.py") for tour in TOURS]
    done = subprocess.run([sys.executable, "-m", "marimo", "check", "--strict", *files], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
