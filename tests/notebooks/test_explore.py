"""The explorer: what it knows apart from its screen, the notebook as a program, and the page in a real browser."""

import io
import json
import math
import os
import re
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bounds.claim import Array, Choice, Claim, Enclosure, Int, Real, exact
from proofs_check import __version__, exploring
from proofs_check.counterexample import read, replay
from proofs_check.discover import claims, find
from proofs_check.exploring import looking, numberline, numbers, requests, static_page, sweeps, widgets
from proofs_check.points import to_json
from proofs_check.verdict import Judgement

pytest.importorskip("marimo", reason="needs marimo, of the extra `explore`")
NOTEBOOK = Path(exploring.__file__).parents[2] / "notebooks" / "explore.py"
CHEAP = {key.split(".")[0]: key for key, claim in sorted(claims().items(), key=lambda item: -item[1].cost)}  # one of each paper
KEY = "gmm_entropy.main_bound"


def _raw(control: widgets.Control) -> Any:
    """What the widget of a control sends while nobody has touched it."""
    if control.kind in ("slider", "choice"):
        where = [i for i, value in enumerate(control.values) if to_json(value) == to_json(control.value)]
        return control.shown[where[0]]
    return control.shown if control.kind == "table" else control.value


@pytest.mark.parametrize("key", CHEAP.values())
def test_any_claim_opens_at_a_point_that_its_widgets_keep_to_the_last_digit(key: str) -> None:
    claim = find(key)
    point = looking.opening(claim, key)
    seen = looking.look(claim, point)
    assert not seen.problem
    assert set(seen.margins) == set(claim.assumes)
    controls = widgets.controls(claim.space, point)
    assert [control.name for control in controls] == list(claim.space)
    kept = {control.name: widgets.chosen(claim.space, control, _raw(control)) for control in controls}
    assert to_json(kept) == to_json(point)
    if seen.judgement.actual is not None:
        assert "aria-label" in numberline.number_line(claim, seen.judgement)


def test_every_formula_of_every_statement_is_typeset() -> None:
    import marimo as mo

    for key in claims():
        said = mo.md(looking.statement(key)).text
        words = re.sub(r"<marimo-tex.*?</marimo-tex>|<code>.*?</code>", "", said, flags=re.DOTALL)
        assert "$" not in words, key
        assert len(re.findall("<h[1-6]", said)) == 1, key  # the title; a number sign that begins a line is no heading
        assert not re.search(r"\\(frac|sum|le|ge|Lambda)\b", words), key


SPACE = {
    "n": Int(1, 3),
    "seed": Int(0, 2**31),
    "r": Real(0, 1, step=Fraction(1, 10)),
    "x": Real(0.01, 100, log=True),
    "kind": Choice((Fraction(1, 2), 1, "one")),
    "W": Array(("n", 2), -1, 1, step=Fraction(1, 8)),
}
POINT = {"n": 2, "seed": 7, "r": Fraction(3, 10), "x": math.pi, "kind": 1, "W": np.full((2, 2), Fraction(1, 8), dtype=object)}


def _control(name: str) -> widgets.Control:
    return widgets.control(name, SPACE[name], POINT[name])


def test_a_widget_is_made_of_the_axis_and_gives_back_values_of_the_axis() -> None:
    assert {name: _control(name).kind for name in SPACE} == {
        "n": "slider",
        "seed": "number",
        "r": "slider",
        "x": "slider",
        "kind": "choice",
        "W": "table",
    }
    assert widgets.chosen(SPACE, _control("r"), 0.7) == Fraction(7, 10)
    assert widgets.chosen(SPACE, _control("kind"), "1/2") == Fraction(1, 2)
    stops = np.array([float(v) for v in _control("x").values])
    assert stops[[0, -1]].tolist() == [0.01, 100.0]
    assert np.median(stops) == pytest.approx(1.0, rel=0.1)  # even in the logarithm
    assert math.pi in _control("x").values


def test_every_witness_keeps_its_verdict_when_the_widgets_show_it() -> None:
    for key in (
        "spectral_pruning.hold_out",
        "spectral_pruning.time_accumulation",
        "lstm_recovery.layers",
        "quantized_dnn.standardised_gradient",
    ):
        claim = find(key)
        for variant, witness in claim.witness.items():
            controls = widgets.controls(claim.space, widgets.resized(claim.space, witness, {}))
            shown = {**witness} | {one.name: widgets.chosen(claim.space, one, _raw(one)) for one in controls}
            assert requests.looks(key, [variant], shown)[variant].judgement.verdict == "refuted", (key, variant)


def test_an_edited_entry_is_a_multiple_of_the_step_and_the_others_stay() -> None:
    changed = widgets.chosen(SPACE, _control("W"), [[0.125, 0.3], [0.125, 0.125]])
    assert changed.tolist() == [[Fraction(1, 8), Fraction(1, 4)], [Fraction(1, 8), Fraction(1, 8)]]


def test_a_value_outside_its_box_stretches_the_widget() -> None:
    assert widgets.control("x", SPACE["x"], 2020.0).values[-1] == 2020.0
    assert 10 in widgets.control("n", SPACE["n"], 10).values


def test_arrays_follow_their_sides_and_remember_what_they_had() -> None:
    spare: dict[str, np.ndarray] = {}
    widgets.remember(SPACE, spare, POINT)
    shorter = widgets.resized(SPACE, POINT | {"n": 1}, spare)
    assert shorter["W"].shape == (1, 2)
    widgets.remember(SPACE, spare, shorter)
    again = widgets.resized(SPACE, shorter | {"n": 3}, spare)
    assert again["W"].tolist() == [[Fraction(1, 8)] * 2, [Fraction(1, 8)] * 2, [0, 0]]


def test_a_side_that_no_array_can_have_leaves_the_array_as_it_is() -> None:
    for n in (-1, 10**12):
        assert widgets.resized(SPACE, POINT | {"n": n}, {})["W"].shape == (2, 2)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "no JSON"),
        ("[1]", "a JSON object"),
        ('{"q": 1}', "no coordinate 'q'"),
        ('{"r": {"fraction": "1/0"}}', "no JSON"),
        ('{"n": "word"}', "'n' is a whole number, not \"word\""),
        ('{"n": 1.5}', "'n' is a whole number"),
        ('{"x": NaN}', "'x' is a number, not NaN"),
        ('{"kind": null}', "'kind' is an option, not null"),
        ('{"W": [[1, "a"]]}', "'W' is an array of numbers"),
        ('{"W": 1}', "'W' is an array of numbers"),
        ('{"n": 2}', "missing a required argument: 'seed'"),
    ],
)
def test_a_text_that_is_no_point_is_refused_with_a_reason(text: str, said: str) -> None:
    with pytest.raises(looking.BadPoint, match=said):
        looking.typed(text, _claim(exact(0), exact(1), space=SPACE, build=lambda n, seed, r, x, kind, W: n))


def test_an_exported_point_replays_and_comes_back_through_the_text_box(tmp_path: Path) -> None:
    for key in CHEAP.values():
        point = looking.opening(find(key), key)
        file = tmp_path / "point.json"
        file.write_text(looking.exported(key, "", point), encoding="utf-8")
        assert replay(read(file)).verdict == looking.look(find(key), point).judgement.verdict
        assert to_json(looking.typed(file.read_text(encoding="utf-8"), find(key))) == to_json(point)


def _claim(actual: Any, bound: Any, **changes: Any) -> Claim[Any]:
    plain = Claim(
        source="new",
        says="a ≤ b",
        space={"x": Real(0, 1)},
        build=lambda x: x,
        assumes={},
        actual=actual if callable(actual) else lambda x: actual,
        bound=lambda x: bound,
        falsified={},
    )
    return replace(plain, **changes)


@pytest.mark.parametrize(
    ("actual", "bound", "says"),
    [
        (exact(10**400), exact(10**401), "bound 1e+401"),
        (exact(Fraction(1, 3)), exact(Fraction(1, 2)), "actual 1/3"),
        (Enclosure(0.5, np.inf), exact(1.0), "actual at least 0.5"),
        (Enclosure(-np.inf, 1.0), Enclosure(np.inf, np.inf), "bound ∞"),
        (exact(True, False), exact(True, True), "actual False"),
        (Enclosure(np.zeros(40), np.ones(40)), exact(*range(40)), "35 more entries"),
        (exact(1e-300), exact(1.0), "logarithmic"),
        (exact(-1e9, 1e-3), exact(1.0, 1.0), "both ways"),
        (exact(1.0), exact(1.0 + 1e-15), "actual 1"),
    ],
)
def test_a_number_line_has_a_place_for_every_kind_of_number(actual: Enclosure, bound: Enclosure, says: str) -> None:
    claim = _claim(actual, bound)
    drawn = numberline.number_line(claim, Judgement("holds", actual, bound))
    assert says in drawn
    places = [float(part.split("%")[0]) for part in drawn.split("left:")[1:]]
    assert places
    assert all(-1e-9 <= place <= 100 + 1e-9 for place in places)


def test_a_side_that_is_not_a_number_is_said_and_has_no_place() -> None:
    claim, judgement = _claim(exact(0.5), exact(math.nan)), Judgement("undecided", exact(0.5), exact(math.nan))
    drawn = numberline.number_line(claim, judgement)
    assert "bound not a number" in drawn
    assert drawn.count("class='dot a'") == 2
    assert "class='dot b'" not in drawn
    assert numberline.reading(claim, judgement) == "a side is not a number"


def test_a_variant_with_a_space_of_its_own_says_nothing_outside_it() -> None:
    key, name = "gmm_entropy.data_processing", "two components, one covariance: projecting along Σ⁻¹Δ loses nothing"
    point = next(p for p in (looking.drawn(find(key), key, i) for i in range(40)) if p["K"] == 4)
    assert requests.looks(key, [name], point)[name].problem == "it speaks only of K = 2"
    inside = next(p for p in (looking.drawn(find(key), key, i) for i in range(40)) if p["K"] == 2)
    assert requests.looks(key, [name], inside)[name].judgement.verdict != "refuted"
    key, name = "gmm_entropy.label_share_conjecture", "the constant of K − 1"  # divides by K − 2
    point = next(p for p in (looking.drawn(find(key), key, i) for i in range(40)) if p["K"] == 2)
    assert requests.looks(key, [name], point)[name].problem == "it speaks only of K = 3 … 20"
    key, name = "spectral_pruning.one_scale_net", "the size of the class left out"  # counts 2ⁿ cases
    point = next(p for p in (looking.drawn(find(key), key, i) for i in range(40)) if p["n"] > 24)
    assert requests.looks(key, [name], point)[name].problem == "it speaks only of n = 4 … 24"
    key, name = "spectral_pruning.hold_out", "the data that selected the network"
    seen = requests.looks(key, [name], looking.drawn(find(key), key, 0))[name]
    assert seen.problem == "it has coordinates of its own: seed"


def test_a_false_statement_is_refuted_on_request() -> None:
    from notebooks.explore import app

    key = "spike_accumulation.float_agreement"
    answer = requests.refuting(key, "")
    assert answer.point is not None
    assert looking.look(find(key), answer.point).judgement.verdict == "refuted"
    outputs, _ = app.run(defs={"wanted": key})
    page = " ".join(output.text for output in outputs if hasattr(output, "text"))
    assert "Show a refuting instance" in page
    assert "Misreadings" not in page  # it has none


def test_a_scale_keeps_the_order_of_numbers_that_floats_cannot_tell_apart() -> None:
    values = [10**30, 10**30 + 1, 10**30 + 2]
    scale = numbers.Scale(values, from_zero=False)
    low, middle, high = (scale.at(v) for v in values)
    assert low < middle < high
    assert middle == pytest.approx((low + high) / 2)


def test_a_claim_that_raises_is_a_sentence_and_a_hypothesis_shows_its_margin() -> None:
    raising = _claim(lambda x: 1 / 0, exact(1))
    assert looking.look(raising, {"x": 0.5}).problem == "ZeroDivisionError: division by zero"
    assert "cannot be judged" in numberline.panel(raising, looking.look(raising, {"x": 0.5}), "")
    outside = _claim(exact(0), exact(1), assumes={"x above a half": lambda x: x - 0.5})
    seen = looking.look(outside, {"x": 0.25})
    assert seen.judgement.verdict == "out of scope"
    assert seen.margins == {"x above a half": -0.25}
    assert "not met" in numberline.margins_table(seen.margins)


def test_a_sweep_sees_where_the_claim_fails_and_where_it_is_out_of_scope() -> None:
    claim = _claim(
        lambda x: exact(x),
        exact(0.5),
        space={"x": Real(0, 1), "y": Choice(("a", "b"))},
        build=lambda x, y: x,
        assumes={"x ≤ 0.8": lambda x: 0.8 - x},
    )
    line = sweeps.sweep(claim, {"x": 0.25, "y": "a"}, ["x"], 21)
    found = {point.at[0]: point.verdict for point in line.points}
    assert found[0.25] == "holds"
    assert {v for x, v in found.items() if 0.5 < x < 0.8} == {"refuted"}
    assert found[1.0] == "out of scope"
    assert line.here == (0.25,)
    assert "class='cross'" in sweeps.picture(claim, line)
    both = sweeps.sweep(claim, {"x": 0.25, "y": "a"}, ["x", "y"], 9)
    assert len(both.points) == 2 * len({point.at[0] for point in both.points})
    drawn = sweeps.picture(claim, both)
    assert drawn.count("<rect") == sum(point.verdict != "out of scope" for point in both.points)
    assert sweeps.summary(both) in drawn


def test_a_sweep_over_an_entry_or_a_side_keeps_arrays_and_sides_together() -> None:
    claim = find(KEY)
    point = looking.opening(claim, KEY)
    for label in ("K", "logits[0]", "shape"):
        found = sweeps.sweep(claim, point, [label], 5)
        assert {p.verdict for p in found.points} <= {"holds", "survives"}


def test_searches_find_a_tighter_instance_and_refute_a_misreading(monkeypatch: pytest.MonkeyPatch) -> None:
    key = "gmm_entropy.bonferroni"
    claim = find(key)
    assert requests.budget(replace(claim, cost=0.02)) == 100
    monkeypatch.setattr(requests, "budget", lambda claim: 200)
    shares = list[float]()
    best = requests.tightest(key, shares.append)
    assert best.point is not None
    assert shares == sorted(shares)
    assert shares[-1] == 1.0
    for name in claim.falsified:
        answer = requests.refuting(key, name)
        assert answer.point is not None
        assert looking.look(claim.variant(name), answer.point).judgement.verdict == "refuted"


def _finished(job: requests.Job, seconds: float = 60.0) -> requests.Job:
    until = time.monotonic() + seconds
    while job.running and time.monotonic() < until:
        time.sleep(0.01)
    return job


def test_a_job_answers_from_its_own_process_and_can_be_stopped() -> None:
    key = "synaptic_penalty.same_padding_total"
    point = looking.opening(find(key), key)
    job = _finished(requests.Job("looks", key, ["", *find(key).falsified], point))
    assert job.problem == ""
    assert job.result[""].judgement.verdict == looking.look(find(key), point).judgement.verdict
    stopped = requests.Job("tightest", "spectral_pruning.one_scale_net")
    stopped.cancel()
    assert _finished(stopped).problem == "stopped"
    assert stopped.process.wait(10) != 0
    assert _finished(requests.Job("tightest", "no.such")).problem.startswith("UnknownClaim")


# ---- the notebook as a program --------------------------------------------------------------------------------------


@pytest.mark.parametrize("key", [KEY, "quantized_dnn.samuelson", "spike_accumulation.forward_equivalence"])
def test_the_notebook_runs_for_a_claim(key: str) -> None:
    from notebooks.explore import app

    outputs, names = app.run(defs={"wanted": key})
    assert names["key"] == key
    assert names["seen"][""].judgement.verdict in ("holds", "survives", "out of scope")
    page = " ".join(output.text for output in outputs if hasattr(output, "text"))
    assert "pc-badge" in page
    assert "pc-line" in page
    assert "pc-plot" in page


def test_a_claim_that_is_slow_to_judge_waits_for_a_button(monkeypatch: pytest.MonkeyPatch) -> None:
    from notebooks.explore import app

    monkeypatch.setattr(looking, "LIVE", 0.0)
    outputs, names = app.run(defs={"wanted": KEY})
    assert names["seen"] == {}
    page = " ".join(output.text for output in outputs if hasattr(output, "text"))
    assert "press the button" in page
    assert "Judge this point" in page


def test_marimo_finds_nothing_to_complain_of() -> None:
    done = subprocess.run([sys.executable, "-m", "marimo", "check", "--strict", str(NOTEBOOK)], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


# ---- the static page ------------------------------------------------------------------------------------------------


def test_a_claim_that_needs_a_package_beyond_numpy_and_scipy_is_not_offered_in_a_page() -> None:
    answers = static_page.needed([KEY, "lstm_recovery.multipliers", "quantized_dnn.projection"])
    assert answers == {KEY: "", "lstm_recovery.multipliers": "flint", "quantized_dnn.projection": ""}


def test_every_package_that_we_depend_on_is_either_in_the_page_or_blocked() -> None:
    names = {"python-flint": "flint", "cvxpy-base": "cvxpy", "markdown-it-py": "markdown_it", "math-core": "math_core"}
    for requirement in metadata.requires("proofs-check") or []:
        if "extra" not in requirement:
            name = requirement.split(">")[0]
            assert names.get(name, name) in (*static_page.THERE, *static_page.NOT_THERE)


def test_the_wheel_beside_the_page_is_whole_and_knows_what_it_offers(tmp_path: Path) -> None:
    packed = static_page.wheel(tmp_path, [KEY])
    site = tmp_path / "site"
    with zipfile.ZipFile(packed) as archive:
        archive.extractall(site)  # which is how a wheel is installed
        record = archive.read(f"proofs_check-{__version__}.dist-info/RECORD").decode()
    assert sorted(line.rsplit(",", 2)[0] for line in record.splitlines()) == sorted(archive.namelist())
    program = (
        "from proofs_check.exploring import looking; from proofs_check.discover import find; (key,) = looking.offered();"
        "print(looking.look(find(key), looking.opening(find(key), key)).judgement.verdict, looking.__file__)"
    )
    there = os.environ | {"PYTHONPATH": str(site)}
    done = subprocess.run([sys.executable, "-c", program], cwd=site, capture_output=True, text=True, env=there)
    assert done.stdout.split() == ["holds", str(site / "proofs_check" / "exploring" / "looking.py")], done.stderr
    assert static_page.wheel(site, [KEY]).read_bytes() == packed.read_bytes()


# ---- the command and the page in a browser --------------------------------------------------------------------------


def _command(*arguments: str) -> "subprocess.CompletedProcess[str]":
    program = [sys.executable, "-c", "from proofs_check.cli import main; main()", "explore", *arguments]
    return subprocess.run(program, capture_output=True, text=True)


def test_bad_input_is_one_sentence() -> None:
    unknown = _command("gmm_entropy.main_bond")
    assert (unknown.returncode, unknown.stdout) == (2, "")
    assert "did you mean 'gmm_entropy.main_bound'" in unknown.stderr
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        busy = _command("--headless", "--port", port)
    assert busy.returncode == 2
    assert f"port {port} of 127.0.0.1 cannot be listened on" in busy.stderr
    hidden = "import sys; sys.modules['marimo'] = None; from proofs_check.cli import main; main()"
    without = subprocess.run([sys.executable, "-c", hidden, "explore"], capture_output=True, text=True)
    assert without.returncode == 2
    assert without.stderr.strip() == "proofs-check: explore needs marimo: pip install 'proofs-check[explore]'"


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """`proofs-check explore` as somebody starts it; its address. Ended with Ctrl-C, which must leave nothing behind."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    program = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler); from proofs_check.cli import main; main()"
    )
    command = [sys.executable, "-c", program, "explore", KEY, "--headless", "--port", str(port)]
    started = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert started.stdout is not None
    line = started.stdout.readline()
    assert f"http://127.0.0.1:{port}/?claim={KEY}" in line
    yield f"http://127.0.0.1:{port}"
    started.send_signal(signal.SIGINT)
    started.communicate(timeout=20)
    assert started.returncode == 130
    with socket.socket() as probe:
        assert probe.connect_ex(("127.0.0.1", port)) != 0


def _pixels(picture: bytes) -> np.ndarray:
    from matplotlib.image import imread

    return np.asarray(imread(io.BytesIO(picture), format="png"))


@pytest.mark.slow
@pytest.mark.parametrize(("scheme", "width"), [("light", 1400), ("dark", 1400), ("light", 390)])
def test_the_page_is_not_blank_and_fits_its_screen(browser: Any, server: str, scheme: str, width: int) -> None:
    page = browser.new_page(viewport={"width": width, "height": 1000}, color_scheme=scheme)
    errors: list[str] = []
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(f"{server}/?claim={KEY}")
    page.wait_for_selector(".pc-plot .area", timeout=60_000)
    shot = _pixels(page.screenshot())
    assert shot[..., :3].std() > 0.05
    assert (shot[..., :3].mean() > 0.5) == (scheme == "light")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert errors == []
    page.close()


@pytest.mark.slow
def test_a_reader_moves_a_slider_sees_a_misreading_refuted_and_goes_to_the_tightest_instance(browser: Any, server: str) -> None:
    page = browser.new_page(viewport={"width": 1400, "height": 1600})
    page.goto(f"{server}/?claim={KEY}")
    page.wait_for_selector(".pc-verdict", timeout=60_000)
    panel = page.locator("[data-cell-name=verdict]")
    assert "holds" in panel.inner_text()

    def changes(act: Any) -> None:
        before = panel.inner_text()
        act()
        wait = "before => document.querySelector('[data-cell-name=verdict]').innerText !== before"
        page.wait_for_function(wait, arg=before, timeout=30_000)

    changes(lambda: page.get_by_role("slider", name="spread").press("ArrowRight"))
    changes(lambda: page.get_by_role("slider", name="K · 1").press("ArrowLeft"))

    page.get_by_role("switch", name="constant 0.6").click()
    row = page.locator("[data-cell-name=variants] .pc-badge")
    row.wait_for(timeout=30_000)
    if "refuted" not in row.inner_text():
        page.get_by_role("button", name="Show a refuting instance").click()
    page.wait_for_function(
        "() => document.querySelector('[data-cell-name=variants]').innerText.includes('refuted')", timeout=60_000
    )
    assert "holds" in panel.inner_text()  # the claim itself, at that very point

    page.get_by_role("button", name="Take me to the tightest instance").click()
    page.wait_for_function("() => document.querySelector('.pc-said')?.innerText.startsWith('Tightest of')", timeout=60_000)

    page.get_by_label("and", exact=True).click()
    page.get_by_role("option", name="s", exact=True).click()
    page.get_by_role("button", name="Draw the sweep").click()
    page.wait_for_selector(".pc-plot rect", state="attached", timeout=60_000)
    with page.expect_download() as waiting:
        page.get_by_role("link", name="This point as JSON").click()
    content = json.loads(Path(waiting.value.path()).read_text(encoding="utf-8"))
    assert (content["claim"], content["variant"]) == (KEY, "")
    page.close()


@pytest.mark.slow
def test_a_page_is_written_with_its_wheel_and_its_list(tmp_path: Path) -> None:
    static_page.export(tmp_path / "page", [KEY])
    assert (tmp_path / "page" / "claims.txt").read_text() == f"{KEY}\n"
    assert not [*(tmp_path / "page").rglob("*.md")]  # of marimo's, about marimo
    wheel = next((tmp_path / "page" / "public" / "wheels").glob("*.whl"))
    assert f"public/wheels/{wheel.name}" in (tmp_path / "page" / "index.html").read_text(encoding="utf-8")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(tmp_path / "site")
    program = f"""
import sys
for name in {static_page.NOT_THERE!r}:
    sys.modules[name] = None
sys.path[:0] = [{str(tmp_path / "site")!r}, {str(NOTEBOOK.parent)!r}]
from explore import app
outputs, names = app.run()
print(names["key"], names["seen"][""].judgement.verdict, names["claim_choice"].options)
"""
    done = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True)
    assert done.stdout.startswith(f"{KEY} holds {{"), done.stderr
    assert done.stdout.count(":") == 1  # one claim is offered
