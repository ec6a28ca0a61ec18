"""`proofs-check figures`: files beside their numbers, and one sentence for what is missing."""

import json
import sys
from pathlib import Path

import pytest

from proofs_check.cli.common import Problem
from proofs_check.cli.figures import figures, names_of_figures


def test_a_figure_stands_beside_its_numbers(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    figures(["gmm_entropy_separation"], out=tmp_path, format="svg", json=True)
    [row] = json.loads(capsys.readouterr().out)
    assert [Path(file).name for file in row["files"]] == ["gmm_entropy_separation.json", "gmm_entropy_separation.svg"]
    assert "alpha" in json.loads((tmp_path / "gmm_entropy_separation.json").read_text())


def test_a_missing_package_is_named_and_the_other_figures_are_drawn(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(
        Problem, match=r"gmm_entropy_digits needs the package sklearn.datasets: pip install 'proofs-check\[data\]'"
    ):
        figures(["gmm_entropy_digits", "gmm_entropy_separation"], out=tmp_path, format="png", json=False)
    assert (tmp_path / "gmm_entropy_separation.png").stat().st_size > 1000


def test_names_and_formats_that_do_not_exist(tmp_path: Path) -> None:
    with pytest.raises(Problem, match="no figure is called 'gmm_entropy_bound'; did you mean 'gmm_entropy_bounds'"):
        figures(["gmm_entropy_bound"], out=tmp_path)
    with pytest.raises(Problem, match="it takes a comma-separated list of pdf, svg, png"):
        figures([names_of_figures()[0]], out=tmp_path, format="jpeg")
