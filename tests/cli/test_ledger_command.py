"""`ledger`: a summary, queries that cannot write, parquet; and files that are none."""

import _thread
import json
import os
import sqlite3
import sys
import threading

import pytest
from typer.testing import CliRunner

from proofs_check.cli import app
from proofs_check.cli.common import Problem
from proofs_check.ledger import Ledger, Row, ask, summary, to_parquet, versions


def row(task, claim="a.claim", **fields):
    values = {"variant": "", "verdict": "holds", "point": '{"x": "é, \\"ü\\""}', "actual": "[0, 0]", "bound": "[1, 1]"}
    values |= {"trust": "proved", "risk": 1e-12, "tightness": -1.5, "covered": "[]", "calls": 1, "note": "", "source": "abc"}
    return Row(**({"claim": claim, "task": task, "seconds": 0.25} | values | fields))


@pytest.fixture
def book(tmp_path):
    made = Ledger(tmp_path / "book")
    made.add([row("draw:0:0"), row("draw:0:1", verdict="poisoned", tightness=None, note="killed after 60 s")])
    made.add([row("draw:0:0", source="newer"), row("draw:0:0", claim="b.claim")], '{"python": "elsewhere"}')
    made.close()
    return tmp_path / "book"


def call(*words):
    return CliRunner().invoke(app, ["ledger", *map(str, words)])


def test_a_summary_counts_rows_verdicts_versions_and_environments(book):
    found = summary(book)
    assert found["rows"] == 4
    first, second = found["claims"]
    assert first == {
        "claim": "a.claim",
        "rows": 3,
        "verdicts": {"holds": 2, "poisoned": 1},
        "versions of its code": 2,
        "seconds": 0.75,
    }
    assert (second["claim"], second["rows"]) == ("b.claim", 1)
    assert found["environments"] == [json.loads(versions()), {"python": "elsewhere"}]
    assert json.loads(call(book, "--json").stdout) == found
    text = call(book).stdout
    assert "2 holds, 1 poisoned" in text
    assert "computed with python elsewhere" in text
    assert "4 rows of 2 claims" in text


def test_a_query_is_answered(book):
    query = "SELECT task, tightness FROM result WHERE verdict = 'poisoned'"
    assert ask(book, query) == (["task", "tightness"], [("draw:0:1", None)])
    assert json.loads(call(book, "--sql", query, "--json").stdout) == [{"task": "draw:0:1", "tightness": None}]
    assert "draw:0:1" in call(book, "--sql", query).stdout
    joined = "SELECT versions FROM result JOIN environment ON id = environment WHERE claim = 'b.claim'"
    assert ask(book, joined)[1] == [('{"python": "elsewhere"}',)]


def test_an_answer_of_many_rows_is_cut_for_people_and_whole_for_machines(book):
    query = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c LIMIT 1001) SELECT x, x'ff' AS blob FROM c"
    shown = call(book, "--sql", query).stdout
    assert shown.endswith("These are the first 1,000 rows; --json shows all.\n")
    assert " 1000 " in shown
    assert " 1001 " not in shown
    found = json.loads(call(book, "--sql", query, "--json").stdout)
    assert (len(found), found[-1]) == (1001, {"x": 1001, "blob": "ff"})


def test_ctrl_c_ends_a_query_that_has_no_end(book):
    timer = threading.Timer(0.2, _thread.interrupt_main)
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        ask(book, "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT COUNT(*) FROM c")
    timer.join()


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ("SELECT verdit FROM result", "no such column: verdit"),
        ("SELEC", "syntax error"),
        ("DELETE FROM result", "it may only read"),
        ("DROP TABLE result", "it may only read"),
        ("CREATE TABLE mine (x)", "it may only read"),
        ("ATTACH 'other' AS other", "it may only read"),
        ("VACUUM INTO 'other'", "it may only read"),
        ("PRAGMA journal_mode = DELETE", "it may only read"),
        ("SELECT 1; DELETE FROM result", "one statement at a time"),
        ("", "asks nothing"),
        ("-- nothing", "asks nothing"),
    ],
)
def test_a_query_that_is_wrong_or_writes_is_one_sentence_that_names_the_tables(query, says, book):
    before = book.read_bytes()
    done = call(book, "--sql", query)
    assert isinstance(done.exception, Problem)
    said = str(done.exception)
    assert says in said
    assert "the tables are result(claim, variant, task, verdict, " in said
    assert "\n" not in said
    assert book.read_bytes() == before
    assert not (book.parent / "other").exists()


@pytest.mark.parametrize("writable", [True, False])
def test_a_look_leaves_nothing_beside_a_ledger_also_where_nothing_can_be_written(book, writable, monkeypatch):
    monkeypatch.setattr(os, "access", lambda path, mode: writable)
    before = book.read_bytes()
    assert summary(book)["rows"] == 4
    assert ask(book, "SELECT COUNT(*) FROM result") == (["COUNT(*)"], [(4,)])
    assert [*book.parent.iterdir()] == [book]
    assert book.read_bytes() == before


def test_a_ledger_is_read_while_it_is_written(book, monkeypatch):
    writer = Ledger(book)
    writer.add([row("draw:0:7")])
    for writable in (True, False):
        monkeypatch.setattr(os, "access", lambda path, mode, writable=writable: writable)
        assert summary(book)["rows"] == 5
    writer.add([row("draw:0:8")])
    writer.close()
    assert summary(book)["rows"] == 6
    assert [*book.parent.iterdir()] == [book]


def test_parquet_holds_every_row_as_it_is(book, tmp_path):
    duckdb = pytest.importorskip("duckdb")
    out = tmp_path / "rows.parquet"
    out.write_text("an older file", encoding="utf-8")
    assert to_parquet(book, out) == 4
    with duckdb.connect() as db:
        found = db.execute("SELECT * FROM read_parquet($file)", {"file": str(out)})
        names, rows = [column[0] for column in found.description], found.fetchall()
    assert names == [*Row._fields, "environment"]
    assert [Row(*values[:-1]) for values in rows] == [
        row("draw:0:0"),
        row("draw:0:1", verdict="poisoned", tightness=None, note="killed after 60 s"),
        row("draw:0:0", source="newer"),
        row("draw:0:0", claim="b.claim"),
    ]
    assert [values[-1] for values in rows] == [versions(), versions(), *['{"python": "elsewhere"}'] * 2]
    assert {file.name for file in tmp_path.iterdir()} == {"book", "rows.parquet"}, "nothing else is left"
    assert call(book, "--parquet", out).stdout == f"4 rows in {out}\n"


def test_parquet_of_an_empty_ledger_has_the_columns(tmp_path):
    duckdb = pytest.importorskip("duckdb")
    Ledger(tmp_path / "empty").close()
    assert to_parquet(tmp_path / "empty", tmp_path / "out") == 0
    with duckdb.connect() as db:
        assert len(db.execute("DESCRIBE SELECT * FROM read_parquet($file)", {"file": str(tmp_path / "out")}).fetchall()) == 16
    assert "0 rows of 0 claims" in call(tmp_path / "empty").stdout


@pytest.mark.parametrize("out", ["no/such/folder/out", "."])
def test_parquet_that_cannot_be_written_is_one_sentence(out, book, tmp_path, monkeypatch):
    pytest.importorskip("duckdb")
    monkeypatch.chdir(tmp_path)
    done = call(book, "--parquet", out)
    assert isinstance(done.exception, Problem)
    assert str(done.exception).startswith(f"cannot write {out}: ")
    assert [*tmp_path.iterdir()] == [book]


def test_without_duckdb_parquet_says_what_to_install(book, tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "duckdb", None)
    done = call(book, "--parquet", tmp_path / "out")
    assert str(done.exception) == "--parquet needs the package duckdb: pip install 'proofs-check[campaign]'"


def test_files_that_are_no_ledger_are_one_sentence(tmp_path):
    (tmp_path / "text").write_text("no database " * 500, encoding="utf-8")
    with sqlite3.connect(tmp_path / "cookies") as db:
        db.execute("CREATE TABLE cookies (name TEXT)")
    db.close()
    for name, says in {
        "missing": "is not there",
        ".": "is a folder",
        "text": "cannot be read as a ledger: file is not a database",
        "cookies": "is a sqlite file but no ledger of this version: its tables are ['cookies']",
    }.items():
        for options in ([], ["--sql", "SELECT 1"], ["--parquet", tmp_path / "out"]):
            done = call(tmp_path / name, *options)
            assert isinstance(done.exception, Problem)
            assert says in str(done.exception)
    assert not (tmp_path / "out").exists()


def test_a_query_and_an_export_at_once_are_refused(book, tmp_path):
    done = call(book, "--sql", "SELECT 1", "--parquet", tmp_path / "out")
    assert isinstance(done.exception, Problem)
    assert "give one of them" in str(done.exception)
