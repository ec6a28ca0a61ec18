import json
from html.parser import HTMLParser

import jsonschema
import numpy as np
import pytest
from typer.testing import CliRunner

from proofs_check.campaign import Budget, process_pool, run
from proofs_check.card import _histogram, card, index, page, schema
from proofs_check.cli import app
from proofs_check.cli.common import Problem
from proofs_check.discover import find
from proofs_check.ledger import Ledger, Row
from proofs_check.points import from_json
from proofs_check.verdict import judge


class Outline(HTMLParser):
    """Headings, tables and the like in the order in which they come, and whether tags are closed."""

    VOID = ("meta", "br")

    def __init__(self):
        super().__init__()
        self.open, self.text, self.tags, self.attributes = [], [], [], []

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes += [(tag, *pair) for pair in attrs]
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag, attrs):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.text.append(data)


def read(text):
    outline = Outline()
    outline.feed(text)
    assert not outline.open
    return outline


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("cards")
    keys = ["gmm_entropy.main_bound", "gmm_entropy.label_share_conjecture", "synaptic_penalty.convolution_fanout"]
    arguments = ["card", *keys, "--points", "60", "--jobs", "1", "--out", str(folder), "--ledger", str(folder / "ledger")]
    done = CliRunner().invoke(app, arguments)
    return done, folder, keys


def test_there_is_a_page_and_a_document_for_each_claim_and_an_index(made):
    done, folder, keys = made
    assert done.exit_code == 0, done.output
    for key in keys:
        document = json.loads((folder / f"{key}.json").read_text())
        jsonschema.validate(document, schema())
        outline = read((folder / f"{key}.html").read_text())
        assert outline.tags.count("h1") == 1
        words = " ".join(outline.text)
        for heading in ("Source", "What was tried", "Falsified variants", "Hypotheses", "To repeat it"):
            assert heading in words
        assert all(v["name"] in words for v in document["variants"])
    listing = read((folder / "index.html").read_text())
    assert [value for tag, name, value in listing.attributes if (tag, name) == ("a", "href")] == [
        f"{key}.html" for key in sorted(keys)
    ]


def test_a_card_says_which_hypothesis_a_variant_shows_to_be_needed():
    ledger, budget = Ledger(), Budget(points=60)
    with process_pool(1) as executor:
        run(["synaptic_penalty.same_padding_total", "synaptic_penalty.convolution_fanout"], executor, ledger, budget)
    dropped = {"name": "n ≥ π", "dropped_in": ["for n < π too"], "shown_by": ["for n < π too"], "needed": True}
    assert card("synaptic_penalty.same_padding_total", ledger, budget)["hypotheses"] == [dropped]
    kept = {"name": "the kernel fits", "dropped_in": [], "shown_by": [], "needed": None}
    assert card("synaptic_penalty.convolution_fanout", ledger, budget)["hypotheses"] == [kept]


def test_a_variant_that_changes_a_side_too_does_not_show_that_a_hypothesis_is_needed():
    key, ledger, budget = "lstm_recovery.input_to_state", Ledger(), Budget(points=40)
    with process_pool(1) as executor:
        run([key], executor, ledger, budget)
    found = card(key, ledger, budget)
    [hypothesis] = found["hypotheses"]
    variant = "the condition for one trajectory suffices"
    assert next(v for v in found["variants"] if v["name"] == variant)["refuted"]
    assert hypothesis == {"name": hypothesis["name"], "dropped_in": [variant], "shown_by": [], "needed": False}
    assert f"not shown: “{variant}” does without it, and changes more" in page(found)


def test_a_false_statement_has_its_counterexample_and_a_theorem_has_none():
    ledger, budget = Ledger(), Budget(points=40)
    with process_pool(1) as executor:
        run(["spike_accumulation.float_agreement", "single_step_snn.any_spike"], executor, ledger, budget)
    false = card("spike_accumulation.float_agreement", ledger, budget)
    jsonschema.validate(false, schema())
    assert judge(find(false["claim"]), from_json(json.dumps(false["counterexample"]["point"]))).verdict == "refuted"
    assert "Refuted by search" in page(false)
    assert "Misreadings" not in page(false)  # it has no variants
    assert card("single_step_snn.any_spike", ledger, budget)["counterexample"] is None


def test_provenance_is_said_in_words(made):
    _, folder, _ = made
    words = " ".join(read((folder / "gmm_entropy.main_bound.html").read_text()).text)
    assert "attributed to the paper from memory" in words


def test_a_few_far_scores_do_not_hide_the_others():
    def row(score):
        return Row("", "", "", "holds", "null", "null", "null", "", 0.0, score, "[]", 1, "", "", 0.0)

    found = _histogram([row(score) for score in [*np.linspace(-2, -1, 50), *np.linspace(-2000, -1000, 20)]])
    assert found["low"] > -10
    assert (found["below"], sum(found["counts"]), found["scored"]) == (20, 50, 70)


def test_equal_scores_are_a_sentence_and_fractions_are_written_as_such():
    key, ledger, budget = "spike_accumulation.implicit_gradient", Ledger(), Budget(points=40)
    with process_pool(1) as executor:
        run([key], executor, ledger, budget)
    found = card(key, ledger, budget)
    assert found["histogram"]["low"] == found["histogram"]["high"] == 0
    words = page(found)
    assert "have this one: 0." in words
    assert "Fraction(" not in words
    assert "8/3" in words


def test_pages_need_nothing_from_elsewhere_and_speak_to_screen_readers(made):
    _, folder, keys = made
    for file in [*(folder / f"{key}.html" for key in keys), folder / "index.html"]:
        outline = read(file.read_text())
        assert not {"script", "link", "img", "iframe"} & set(outline.tags)
        assert ("html", "lang", "en") in outline.attributes
        assert outline.tags.count("table") == outline.tags.count("caption")
        assert all(value for tag, name, value in outline.attributes if (tag, name) == ("svg", "aria-label"))
        assert "http" not in file.read_text().replace("https://arxiv.org", "")


def test_a_failure_is_the_first_thing_that_a_card_says():
    ledger, budget = Ledger(), Budget(points=20)
    found = card("gmm_entropy.main_bound", ledger, budget)  # nothing was asked yet
    assert not found["passed"]
    assert "fails: " in page(found)
    assert "the check is vacuous" in page(found)
    assert "0 pass" in index([found])
    jsonschema.validate(found, schema())


def test_words_from_a_claim_cannot_break_the_page(made):
    _, folder, keys = made
    document = json.loads((folder / f"{keys[0]}.json").read_text()) | {"says": "a < b & <script>", "title": "<b>"}
    text = page(document)
    assert "<script>" not in text
    assert "a &lt; b &amp; &lt;script&gt;" in text


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), "name the claims, or give --all"),
        (("gmm_entropy.main_bund",), "did you mean 'gmm_entropy.main_bound'?"),
        (("gmm_entropy.main_bound", "--seconds", "inf"), "--seconds is inf; it takes a finite number"),
    ],
)
def test_bad_input_is_one_sentence(arguments, words):
    done = CliRunner().invoke(app, ["card", *arguments])
    assert isinstance(done.exception, Problem)
    assert words in str(done.exception)


def test_a_folder_that_cannot_be_written_is_one_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    done = CliRunner().invoke(app, ["card", "single_step_snn.any_spike", "--jobs", "1", "--out", str(tmp_path / "file")])
    assert isinstance(done.exception, Problem)
    assert "file" in str(done.exception)
