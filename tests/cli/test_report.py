import json
import sqlite3

import pytest
from typer.testing import CliRunner

from proofs_check.cli import app
from proofs_check.cli.common import Problem


def call(*arguments):
    return CliRunner().invoke(app, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def ledgers(tmp_path_factory):
    """Two runs with one seed, and one with another."""
    folder = tmp_path_factory.mktemp("ledgers")
    for name, seed in (("a", 0), ("b", 0), ("c", 1)):
        run = call(
            "run",
            "synaptic_penalty.same_padding_total",
            "--points",
            150,
            "--jobs",
            1,
            "--seed",
            seed,
            "--ledger",
            folder / name,
        )
        assert run.exit_code == 0, run.output
    return folder


def test_equal_seeds_give_equal_answers(ledgers):
    done = call("report", ledgers / "a", ledgers / "b")
    assert done.exit_code == 0
    assert "0 verdicts changed, 0 scores moved" in done.stdout
    assert "python" in done.stdout


def test_other_seeds_are_other_questions(ledgers):
    document = json.loads(call("report", ledgers / "a", ledgers / "c", "--json").stdout)
    [line] = document["claims"]
    assert line["only first"] == line["only second"] > 40
    assert document["changed"] == []


def test_a_changed_verdict_is_named_and_the_exit_code_says_so(ledgers, tmp_path):
    copy = tmp_path / "copy"
    copy.write_bytes((ledgers / "b").read_bytes())
    with sqlite3.connect(copy) as book:
        book.execute("UPDATE result SET verdict = 'refuted' WHERE task = 'draw:0:3' AND variant = ''")
    book.close()
    done = call("report", ledgers / "a", copy)
    assert done.exit_code == 1
    assert "synaptic_penalty.same_padding_total draw:0:3: " in done.stdout
    assert "→ refuted (the same code)" in done.stdout


def test_reading_leaves_the_files_as_they_are(ledgers):
    before = (ledgers / "a").read_bytes()
    call("report", ledgers / "a", ledgers / "b")
    assert (ledgers / "a").read_bytes() == before


@pytest.mark.parametrize(
    ("content", "words"), [(None, "is not there"), (b"no database at all, not even close", "cannot be read as a ledger")]
)
def test_a_file_that_is_no_ledger_is_one_sentence(ledgers, tmp_path, content, words):
    file = tmp_path / "x"
    if content is not None:
        file.write_bytes(content)
    done = call("report", ledgers / "a", file)
    assert isinstance(done.exception, Problem)
    assert words in str(done.exception)


@pytest.mark.parametrize("order", [("a", "damaged"), ("damaged", "a")])
def test_of_two_ledgers_the_damaged_one_is_named(ledgers, tmp_path, order):
    content = bytearray((ledgers / "a").read_bytes())
    content[3 * 4096 :] = b"\xff" * (len(content) - 3 * 4096)  # the schema stays
    (tmp_path / "damaged").write_bytes(content)
    (tmp_path / "a").write_bytes((ledgers / "a").read_bytes())
    done = call("report", *(tmp_path / name for name in order))
    assert str(done.exception) == f"{tmp_path / 'damaged'} cannot be read as a ledger: database disk image is malformed"


def test_the_whole_name_of_a_claim_is_shown_in_a_hundred_columns(ledgers):
    lines = call("report", ledgers / "a", ledgers / "b").stdout.splitlines()
    assert any(line.split()[:1] == ["synaptic_penalty.same_padding_total"] for line in lines)
