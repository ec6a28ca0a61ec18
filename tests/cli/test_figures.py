"""`proofs-check figures`: files beside their numbers, numbers kept only while they are right, one sentence for bad input."""

import csv
import importlib
import json
import os
import re
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree as ET
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.results import load
from figures import gmm_entropy_separation, style
from proofs_check import gallery, pictures
from proofs_check.cli.common import Problem
from proofs_check.cli.figures import figures, names_of_figures
from proofs_check.points import from_json

SMALL = "gmm_entropy_separation"
COMMAND = [sys.executable, "-c", "from proofs_check.cli import main; main()", "figures"]


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "workshop").mkdir()
    return tmp_path


def made(folder, name=SMALL, kinds=(), style="default", fresh=False, source="a source"):
    return pictures.make(name, source, folder, folder / "workshop", kinds, style, fresh)


@pytest.mark.parametrize("name", names_of_figures())
def test_a_figure_says_which_claims_it_shows_and_from_which_seeds_it_draws(name):
    from proofs_check.discover import find

    module = importlib.import_module(f"figures.{name}")
    source = Path(module.__file__).read_text()
    assert getattr(module, "CLAIMS", ()), f"figures/{name}.py: CLAIMS = (...) is missing"
    for key in module.CLAIMS:
        find(key)  # or it says which is the nearest
    assert len(set(module.CLAIMS)) == len(module.CLAIMS)
    if re.search(r"default_rng|random_state|seed=", source):
        assert module.SEEDS, f"figures/{name}.py draws at random: SEEDS = (...) is missing"
    assert module.__doc__.strip()
    assert module.draw.__doc__.strip()
    assert not re.search(r"fontsize=\d", source), "sizes of type are relative: every style has its own"


def test_a_figure_stands_beside_its_numbers_and_on_a_page(tmp_path, capsys):
    figures([SMALL], out=tmp_path, format="svg", jobs=1)
    assert capsys.readouterr().out == (
        f"{SMALL}: json, csv, py, svg\n1 figures in {tmp_path}; open {tmp_path / 'index.html'}\n"
    )
    assert {file.name for file in tmp_path.iterdir()} == {f"{SMALL}.{kind}" for kind in ("json", "csv", "py", "svg")} | {
        "index.html"
    }
    found = from_json((tmp_path / f"{SMALL}.json").read_text())
    assert found["claims"] == ["gmm_entropy.separation_duality"]
    for name, array in gmm_entropy_separation.data().items():
        np.testing.assert_array_equal(found["numbers"][name], array)
    assert (tmp_path / f"{SMALL}.py").read_text() == Path(gmm_entropy_separation.__file__).read_text()
    assert f"src='{SMALL}.svg'" in (tmp_path / "index.html").read_text()


def test_the_page_shows_what_is_in_the_folder_and_says_if_its_source_has_changed(folder):
    made(folder, kinds=("png",))
    (folder / "gmm_entropy_bounds.json").write_text("{}")  # not one of ours: left out
    [entry] = gallery.shown(folder, ["gmm_entropy_bounds", "gmm_entropy_digits", SMALL])
    assert entry["files"] == ["csv", "json", "png"]
    assert "source a source, which has changed since then;" in gallery.page([entry], [])
    file = folder / f"{SMALL}.json"
    file.write_text(file.read_text().replace("separation_duality", "a_claim_of_once"))
    assert gallery.shown(folder, [SMALL]) == []


def test_arrays_of_all_shapes_are_read_back_from_the_csv(folder, monkeypatch):
    numbers = {
        "number": np.array(0.1),
        "integers": np.arange(3),
        "table": np.array([[0.1 + 0.2, np.inf], [-np.inf, 5e-324]]),
        "cube": np.arange(8.0).reshape(2, 2, 2) / 3,
        "words": np.array(["A, B", "ψ"]),
        "truths": np.array([True, False]),
    }
    monkeypatch.setattr(gmm_entropy_separation, "data", lambda: numbers)
    monkeypatch.setattr(gmm_entropy_separation, "draw", lambda d: __import__("matplotlib.pyplot").pyplot.figure())
    made(folder)
    read = {}
    for row in load(SMALL, folder):
        place = tuple(row[key] for key in ("axis_0", "axis_1", "axis_2") if row[key] is not None)
        read.setdefault(row["array"], {})[place] = row["value"]
    for name, array in numbers.items():
        assert read[name] == dict(np.ndenumerate(array)), name
    lines = [line for line in (folder / f"{SMALL}.csv").read_text().splitlines() if not line.startswith("#")]
    assert next(csv.reader(lines)) == ["array", "axis_0", "axis_1", "axis_2", "value"]


def test_numbers_are_kept_while_their_source_and_their_file_are_as_they_were(folder, monkeypatch):
    calls, compute = [], gmm_entropy_separation.data
    monkeypatch.setattr(gmm_entropy_separation, "data", lambda: calls.append(1) or compute())
    file = folder / f"{SMALL}.json"
    assert not made(folder)["cached"]
    assert made(folder)["cached"]
    assert len(calls) == 1
    assert not made(folder, fresh=True)["cached"]
    assert not made(folder, source="another")["cached"]
    whole = file.read_text()
    found = json.loads(whole)
    found["numbers"]["t"]["array"] += 1e-15
    damaged = [whole[:500], "", "null", "[]", whole.replace('"sha256"', '"other"'), json.dumps(found), '{"array": [[1], 2]}']
    for text in damaged:
        file.write_text(text)
        assert not made(folder, source="another")["cached"], text[:50]
        assert file.read_text() == whole
    file.write_bytes(b"\xff\xfe\x00")
    assert not made(folder, source="another")["cached"]
    assert len(calls) == 4 + len(damaged)


def test_pictures_are_drawn_again_only_if_they_would_be_others(folder, monkeypatch):
    def drawn(**more):
        said = made(folder, **{"kinds": ("png",)} | more)
        assert said["cached"]
        return said["drawn"]

    made(folder, kinds=("png",))
    assert not drawn()
    assert drawn(style="icml")
    assert drawn()
    assert drawn(kinds=("png", "pdf"))
    assert not drawn()
    (folder / f"{SMALL}.png").write_bytes((folder / f"{SMALL}.png").read_bytes()[:-1])
    assert drawn()
    (folder / f"{SMALL}.csv").unlink()
    assert drawn()
    monkeypatch.setattr(pictures, "_matplotlib", lambda: "another version")
    assert drawn()
    assert not drawn()


def test_the_source_of_a_figure_is_what_it_rests_on_and_no_more(monkeypatch):
    rests = pictures.units("gmm_entropy_bounds")
    assert {"figures.gmm_entropy_bounds", "bounds.gmm_entropy", "bounds.common", "bounds.claim"} <= rests
    assert not {"bounds.spike_accumulation", "figures.style", "experiments.results"} & rests
    assert "figures.lstm_recovery_envelopes" in pictures.units("lstm_recovery_tolerance")
    read = [file.name for file in pictures._files("experiments.results")]
    assert {"spike_accumulation_cost.csv", "lstm_recovery_tanks_none.npz"} <= set(read)
    before = pictures.source_hash("synaptic_penalty_pareto")
    real = pictures._hash
    for changed, matters in (("synaptic_penalty_tradeoff.csv", True), ("style.py", False), ("overlap_bounds.py", False)):
        pictures.source_hash.cache_clear()
        with monkeypatch.context() as patch:
            patch.setattr(pictures, "_hash", lambda file, changed=changed: "new" if file.name == changed else real(file))
            assert (pictures.source_hash("synaptic_penalty_pareto") != before) is matters, changed
    pictures.source_hash.cache_clear()


@pytest.mark.parametrize("name", ["lstm_recovery_refinement", "spectral_pruning_accuracy"])
def test_no_module_is_loaded_that_the_hash_does_not_know(name):
    code = f"import sys, figures.{name} as f; f.data(); print(*sys.modules)"
    said = subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True).stdout
    ours = {name for name in said.split() if name.split(".")[0] in pictures.OURS.split("|") and "." in name}
    assert len(ours) > 5
    assert {".".join(name.split(".")[:2]) for name in ours} <= pictures.units(name)


def test_two_processes_write_the_same_bytes_and_pictures_say_what_they_show(tmp_path):
    code = (
        "import sys; from pathlib import Path; from proofs_check.pictures import *; f = Path(sys.argv[1]); (f / 'w').mkdir(); "
    )
    code += f"make({SMALL!r}, source_hash({SMALL!r}), f, f / 'w', FORMATS, 'icml', False)"
    folders = [tmp_path / "one", tmp_path / "other"]
    for folder in folders:
        folder.mkdir()
    words = [[sys.executable, "-c", code, str(folder)] for folder in folders]
    seeds = [os.environ | {"PYTHONHASHSEED": seed} for seed in "12"]
    at_once = [subprocess.Popen(each, env=seed) for each, seed in zip(words, seeds, strict=True)]
    assert [process.wait() for process in at_once] == [0, 0]
    one, other = ({file.name: file.read_bytes() for file in folder.iterdir() if file.is_file()} for folder in folders)
    assert len(one) == 6
    assert one == other
    expected = {
        "figure": SMALL,
        "claims": ["gmm_entropy.separation_duality"],
        "seeds": [],
        "proofs-check": pictures.__version__,
        "source": pictures.source_hash(SMALL),
        "style": "icml",
    }
    with Image.open(tmp_path / "one" / f"{SMALL}.png") as picture:
        assert json.loads(picture.text["Description"]) == expected
        assert picture.size[0] == round(3.25 * 200)
    [subject] = re.findall(rb"/Subject \((.*?)\)\s", one[f"{SMALL}.pdf"])
    assert json.loads(subject) == expected
    described = ET.fromstring(one[f"{SMALL}.svg"]).find(".//{http://purl.org/dc/elements/1.1/}description")
    assert json.loads(described.text) == expected
    assert b"Date" not in one[f"{SMALL}.pdf"]


def test_seeds_are_among_what_a_picture_says(folder):
    made(folder, "spike_accumulation_tightness", ("png",))
    with Image.open(folder / "spike_accumulation_tightness.png") as picture:
        assert json.loads(picture.text["Description"])["seeds"] == [20261121]


@pytest.mark.parametrize("name", style.STYLES)
def test_a_style_has_its_widths_and_its_type_and_leaves_nothing_behind(name):
    import matplotlib.pyplot as plt

    sizes, before = style.style_of(name), dict(plt.rcParams)
    with style.look(sizes):
        for drawn, printed in ((style.COLUMN, sizes.column), (style.PAGE, sizes.page)):
            figure, axes = plt.subplots(figsize=(drawn, 2.5))
            note = axes.text(0, 0, "note", fontsize="small")
            style.fit(figure, sizes)
            assert figure.get_size_inches()[0] == pytest.approx(printed)
            assert axes.xaxis.label.get_size() == sizes.font
            assert note.get_size() == pytest.approx(0.833 * sizes.font)
            plt.close(figure)
    assert dict(plt.rcParams) == before
    assert sizes.source


@pytest.fixture
def without_sklearn(tmp_path, monkeypatch):
    (tmp_path / "first" / "sklearn").mkdir(parents=True)
    text = "raise ModuleNotFoundError('No module named sklearn', name='sklearn')"
    (tmp_path / "first" / "sklearn" / "__init__.py").write_text(text)
    monkeypatch.syspath_prepend(tmp_path / "first")


def test_a_missing_package_is_named_and_the_other_figures_are_drawn(tmp_path, without_sklearn, capsys):
    words = r"^gmm_entropy_digits needs the package sklearn: pip install 'proofs-check\[data\]'$"
    with pytest.raises(Problem, match=words):
        figures(["gmm_entropy_digits", SMALL], out=tmp_path / "out", format="png")
    assert (tmp_path / "out" / f"{SMALL}.png").stat().st_size > 1000
    assert "1 figures in" in capsys.readouterr().out


def test_a_result_that_is_not_there_is_named(folder, monkeypatch):
    def data():
        raise ValueError("there is no result x.csv")

    monkeypatch.setattr(gmm_entropy_separation, "data", data)
    assert made(folder) == {"figure": SMALL, "lacks": f"{SMALL}: there is no result x.csv"}


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"names": ["gmm_entropy_bound"]}, "no figure is called 'gmm_entropy_bound'; did you mean 'gmm_entropy_bounds'"),
        ({"format": "jpeg"}, "it takes a comma-separated list of pdf, svg, png"),
        ({"format": ","}, "it takes a comma-separated list of pdf, svg, png"),
        ({"style": "neurip"}, r"no style is called 'neurip'; did you mean 'neurips'\? \(there are default, neurips, "),
        ({"style": "qqq"}, r"no style is called 'qqq' \(there are default, neurips, "),
    ],
)
def test_names_formats_and_styles_that_do_not_exist(tmp_path, arguments, words):
    with pytest.raises(Problem, match=words):
        figures(**{"names": [SMALL]} | arguments, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_folder_that_is_a_file(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(Problem, match=f"^cannot write in {tmp_path / 'file'}: File exists$"):
        figures([SMALL], out=tmp_path / "file")


@pytest.mark.parametrize(("name", "most"), [(SMALL, 4096), ("synaptic_penalty_fanout", 9000)])  # the numbers, the pictures
def test_no_space_left_is_one_sentence_and_leaves_no_half_of_a_file(tmp_path, name, most):
    import resource

    done = subprocess.run(
        [*COMMAND, name, "--out", str(tmp_path), "--jobs", "1"],
        capture_output=True,
        text=True,
        preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (most, most)),
    )
    assert done.returncode == 2
    assert done.stderr == f"proofs-check: cannot write {name} in {tmp_path}: File too large\n"
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_ctrl_c_keeps_what_was_done_and_leaves_no_half_of_a_file(tmp_path):
    long = "lstm_recovery_tolerance"  # half a minute
    running = subprocess.Popen(
        [*COMMAND, long, SMALL, "--out", str(tmp_path), "--jobs", "2"], stderr=subprocess.PIPE, text=True
    )
    for _ in range(600):
        if (tmp_path / f"{SMALL}.png").exists():
            break
        time.sleep(0.1)
    time.sleep(1)
    running.send_signal(signal.SIGINT)
    _, said = running.communicate(timeout=10)
    assert running.returncode == 130
    assert said == f"proofs-check: interrupted; 1 of 2 figures are in {tmp_path}\n"
    assert {file.name for file in tmp_path.iterdir()} == {
        f"{SMALL}.{kind}" for kind in ("json", "csv", "py", *pictures.FORMATS)
    }
    figures([SMALL], out=tmp_path, format="svg", jobs=1, json=True)  # and the next run goes on from there
    assert pictures.kept(tmp_path / f"{SMALL}.json", pictures.source_hash(SMALL))


@pytest.fixture(scope="module")
def headlines():
    return importlib.import_module("figures.headlines").rows()


def test_every_headline_number_of_ours_is_there_and_theirs_say_how_sure_they_are(headlines):
    papers = {row["paper"] for row in headlines}
    assert len(papers) == 7
    assert len({(row["paper"], row["what"]) for row in headlines}) == len(headlines)
    for row in headlines:
        assert np.isfinite(row["ours"]), row["what"]
        assert (row["theirs"] is None) == (row["certainty"] == "not recoverable") == (not row["source"]), row["what"]
        if row["difference"] is not None:
            assert row["difference"] == row["ours"] - row["theirs"]
        if row["unit"] in ("GB", "s", "%"):  # of another model, on other data
            assert row["difference"] is None
        for name in re.findall(r"experiment (\w+)", row["basis"]):
            assert load(name)
            assert "own model and data" in row["basis"]


def test_headline_numbers_are_those_of_figures_and_sources(headlines):
    from figures import gmm_entropy_dimension, spike_accumulation_cost
    from figures.headlines import VGG

    at = {row["what"]: row for row in headlines}
    d = spike_accumulation_cost.data()
    T = list(d["T"]).index(6)
    for what, column in (("memory of training", "live_bytes"), ("time of a mini-batch", "seconds")):
        for table, saf, ottt in (("Table 1", "SAF-E", "OTTT_O"), ("Table 2", "SAF-F", "OTTT_A")):
            row = at[f"{table}: {what}, {saf} over {ottt}"]
            assert row["ours"] == pytest.approx(spike_accumulation_cost.ratio(d, column, saf, f"{ottt}, two products")[T])
            assert row["certainty"] == "derived"
            assert row["theirs"] == at[f"{table}: {what}, {saf}"]["theirs"] / at[f"{table}: {what}, {ottt}"]["theirs"]
    assert [round(at[f"Table {k}: time of a mini-batch, {name}"]["theirs"], 3) for k, name in ((1, "SAF-E over OTTT_O"),
            (2, "SAF-F over OTTT_A"))] == [ratio for _, _, ratio in spike_accumulation_cost.RATIOS if ratio]  # fmt: skip
    # the net of OTTT's code: 9.22 million weights in convolutions, 605.75 million multiply-adds, the first layer 0.29 %
    assert sum(9 * a * b for a, b, _ in VGG) == pytest.approx(9.22e6, rel=1e-3)
    assert sum(9 * a * b * side**2 for a, b, side in VGG) + 5120 == pytest.approx(605.75e6, rel=1e-5)
    assert at["abstract: forward products, OTTT over SAF (“halved”)"]["ours"] == pytest.approx(1.9971, abs=5e-5)
    assert at["entropy, sampled: two unit Gaussians in the plane, four apart (proxymix)"]["difference"] < 2 * 0.020  # its s.e.
    dims = list(gmm_entropy_dimension.DIMENSIONS)
    assert {1, 10, 100} <= set(dims)
    assert at["mean gap of two components with means N(0, I), m = 10"]["ours"] == pytest.approx(0.0628790944969, rel=1e-10)


def test_headlines_as_a_table_and_as_json(headlines, capsys):
    figures(headlines=True, json=True)
    assert json.loads(capsys.readouterr().out) == json.loads(json.dumps(headlines))
    figures(headlines=True)
    said = capsys.readouterr().out
    for words in ("Spectral pruning", "not", "recoverable", "how sure,", "1.656 GB", "93.54 %"):
        assert words in said
