"""Results as rows: an append-only sqlite file that survives being killed at any moment, and from which a run resumes."""

import json
import os
import platform
import sqlite3
import tempfile
import weakref
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any, NamedTuple

SCHEMA = """
BEGIN IMMEDIATE;
CREATE TABLE IF NOT EXISTS environment (id INTEGER PRIMARY KEY, versions TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS result (
    claim TEXT NOT NULL, variant TEXT NOT NULL, task TEXT NOT NULL, verdict TEXT NOT NULL, point TEXT NOT NULL,
    actual TEXT NOT NULL, bound TEXT NOT NULL, trust TEXT NOT NULL, risk REAL NOT NULL, tightness REAL, covered TEXT NOT NULL,
    calls INTEGER NOT NULL, note TEXT NOT NULL, source TEXT NOT NULL, seconds REAL NOT NULL,
    environment INTEGER NOT NULL REFERENCES environment(id),
    UNIQUE (claim, variant, task, source)
);
COMMIT;
"""
LOCK_SECONDS = 10.0  # how long another writer is waited for
PACKAGES = ("proofs-check", "numpy", "scipy", "sympy", "cvxpy-base", "clarabel", "hypothesis", "python-flint", "cma")


class LedgerProblem(Exception):
    """The ledger file cannot be used; the message says why. What it held is untouched."""


class Row(NamedTuple):
    """One judgement (or one search, or one proof step): what was asked, and the answer. Equal seeds give equal rows but
    for `seconds`."""

    claim: str
    variant: str
    task: str  # "draw:<seed>:<i>", "search:<seed>:<calls>", "witness", "tight:<i>", "step:<i>", "twin:<i>"
    verdict: str  # of `compare`; of Evidence for proof steps; "raised" for an exception; "poisoned": no process survived it
    point: str  # JSON
    actual: str  # JSON [lo, hi]
    bound: str
    trust: str
    risk: float
    tightness: float | None
    covered: str  # JSON list
    calls: int
    note: str
    source: str  # hash of the code that the claim rests on
    seconds: float


@cache
def versions() -> str:
    """Python and the packages that results depend on, as JSON."""
    found = {"python": platform.python_version(), "machine": platform.machine()}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "absent"
    return json.dumps(found)


class Ledger:
    """Rows of one run or of many. Without a file they live in memory."""

    def __init__(self, path: Path | None = None) -> None:
        self.path = path
        try:
            # The process that opened it is the only writer; workers return rows and never touch the file.
            self._db = sqlite3.connect(path or ":memory:", isolation_level=None, timeout=LOCK_SECONDS, check_same_thread=False)
            # A ledger that is dropped is closed, in memory or not, by whichever thread collects it.
            weakref.finalize(self, self._db.close)
        except sqlite3.Error as problem:
            raise LedgerProblem(f"cannot use {path} as a ledger: {problem}") from problem
        try:
            self._open()
        except sqlite3.Error as problem:
            self.close()
            raise LedgerProblem(f"cannot use {path} as a ledger: {problem}") from problem
        except LedgerProblem:
            self.close()
            raise

    def _open(self) -> None:
        tables = {name for (name,) in self._db.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
        columns = [row[1] for row in self._db.execute("PRAGMA table_info(result)")]
        if tables and columns != [*Row._fields, "environment"]:  # before anything is written to it
            raise LedgerProblem(f"{self.path} is a sqlite file but no ledger of this version: its tables are {sorted(tables)}")
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.executescript(SCHEMA)

    def _environment(self, found: str) -> int:
        self._db.execute("INSERT OR IGNORE INTO environment (versions) VALUES (?)", [found])
        [(number,)] = self._db.execute("SELECT id FROM environment WHERE versions = ?", [found])
        return int(number)

    def add(self, rows: Iterable[Row], found: str = "") -> None:
        """Append in one transaction: after this returns, no kill loses them. A row that is there already stays.

        `found` says in which `versions()` the rows were computed, where that is not this process.
        """
        marks = ", ".join("?" * (len(Row._fields) + 1))
        try:
            self._db.execute("BEGIN IMMEDIATE")
            environment = self._environment(found or versions())
            insert = f"INSERT INTO result VALUES ({marks}) ON CONFLICT (claim, variant, task, source) DO NOTHING"
            self._db.executemany(insert, [(*row, environment) for row in rows])
            self._db.execute("COMMIT")
        except sqlite3.Error as problem:
            if self._db.in_transaction:
                self._db.execute("ROLLBACK")
            raise LedgerProblem(f"cannot write to the ledger {self.path}: {problem}; rows written before are kept") from problem

    def rows(self, claim: str, variant: str, source: str) -> dict[str, Row]:
        """What is known of a claim or variant under this source, by task."""
        query = f"SELECT {', '.join(Row._fields)} FROM result WHERE claim = ? AND variant = ? AND source = ? ORDER BY task"
        return {row.task: row for row in map(Row._make, self.query(query, [claim, variant, source]))}

    def known(self, claim: str, variant: str, source: str, tasks: Sequence[str]) -> set[str]:
        """Which of these tasks have rows."""
        query = """SELECT task FROM result WHERE claim = ? AND variant = ? AND source = ?
            AND task IN (SELECT value FROM json_each(?))"""
        return {task for (task,) in self.query(query, [claim, variant, source, json.dumps(tasks)])}

    def query(self, query: str, values: Sequence[Any]) -> list[tuple[Any, ...]]:
        """What sqlite answers."""
        try:
            return self._db.execute(query, values).fetchall()
        except sqlite3.Error as problem:
            raise LedgerProblem(f"cannot read the ledger {self.path}: {problem}") from problem

    def close(self) -> None:
        """Close the file."""
        self._db.close()


# ---- reading only -----------------------------------------------------------------------------------------------------

MAY = (sqlite3.SQLITE_SELECT, sqlite3.SQLITE_READ, sqlite3.SQLITE_FUNCTION, sqlite3.SQLITE_RECURSIVE)
TABLES = f"result({', '.join([*Row._fields, 'environment'])}) and environment(id, versions)"
NUMBERS = {"risk": "DOUBLE", "tightness": "DOUBLE", "seconds": "DOUBLE", "calls": "BIGINT"}  # the other columns are words
CHUNK = 20_000  # rows in memory at a time


@contextmanager
def reading(path: Path) -> Iterator[sqlite3.Connection]:
    """A ledger that nobody can write to through this; LedgerProblem says what is wrong with the file.

    It may be in use. Only a connection that might write takes sqlite's two files beside it away again; where nothing may be
    written and nobody else has made them, it is read without.
    """
    if not path.is_file():
        raise LedgerProblem(f"{path} is {'a folder' if path.is_dir() else 'not there'}")
    try:
        writable = os.access(path, os.W_OK) and os.access(path.resolve().parent, os.W_OK)
        alone = not Path(f"{path.resolve()}-wal").exists()
        how = "mode=rw" if writable else "immutable=1" if alone else "mode=ro"
        book = sqlite3.connect(f"{path.resolve().as_uri()}?{how}", uri=True, timeout=LOCK_SECONDS)
        try:
            book.execute("PRAGMA query_only = ON")
            columns = [row[1] for row in book.execute("PRAGMA table_info(result)")]
            if columns != [*Row._fields, "environment"]:
                tables = sorted(name for (name,) in book.execute("SELECT name FROM sqlite_master WHERE type = 'table'"))
                raise LedgerProblem(f"{path} is a sqlite file but no ledger of this version: its tables are {tables}")
            yield book
        finally:
            book.close()
    except sqlite3.Error as problem:
        raise LedgerProblem(f"{path} cannot be read as a ledger: {problem}") from problem


def ask(path: Path, sql: str, most: int | None = None) -> tuple[list[str], list[tuple[Any, ...]]]:
    """The columns and rows (the first `most`) of a query that only reads; ValueError, which names the tables, for any other."""
    with reading(path) as book:
        book.set_progress_handler(lambda: 0, 1_000_000)  # Ctrl-C is heard while it counts
        book.set_authorizer(lambda action, *_: sqlite3.SQLITE_OK if action in MAY else sqlite3.SQLITE_DENY)
        try:
            found = book.execute(sql)
            rows = found.fetchall() if most is None else found.fetchmany(most)
        except (sqlite3.Error, sqlite3.Warning) as problem:
            if str(problem) == "interrupted":
                raise KeyboardInterrupt from problem
            said = "it may only read" if "authoriz" in str(problem) else str(problem)
            raise ValueError(f"cannot answer {sql!r}: {said}; the tables are {TABLES}") from problem
        if found.description is None:
            raise ValueError(f"{sql!r} asks nothing; the tables are {TABLES}")
        return [column[0] for column in found.description], rows


def summary(path: Path) -> dict[str, Any]:
    """What a ledger holds: for each claim rows, verdicts, versions of its code and seconds; environments; bytes."""
    with reading(path) as book:
        claims: dict[str, dict[str, Any]] = {}
        for claim, verdict, count, seconds in book.execute(
            "SELECT claim, verdict, COUNT(*), SUM(seconds) FROM result GROUP BY claim, verdict ORDER BY claim, verdict"
        ):
            line = claims.setdefault(
                claim, {"claim": claim, "rows": 0, "verdicts": {}, "versions of its code": 0, "seconds": 0.0}
            )
            line["rows"] += count
            line["verdicts"][verdict] = count
            line["seconds"] += seconds
        for claim, sources in book.execute("SELECT claim, COUNT(DISTINCT source) FROM result GROUP BY claim"):
            claims[claim]["versions of its code"] = sources
        environments = [json.loads(found) for (found,) in book.execute("SELECT versions FROM environment ORDER BY id")]
    rows = sum(line["rows"] for line in claims.values())
    return {
        "file": str(path),
        "bytes": path.stat().st_size,
        "rows": rows,
        "claims": [*claims.values()],
        "environments": environments,
    }


def to_parquet(path: Path, out: Path) -> int:
    """Write all rows to a parquet file, with the versions of the environment in words; returns how many there are.

    A file that was there is replaced once the new one is whole. Needs duckdb; raises duckdb.Error where `out` cannot be
    written.
    """
    import duckdb
    import numpy as np

    names = [*Row._fields, "environment"]
    kinds = ", ".join(f"{name} {NUMBERS.get(name, 'VARCHAR')}" for name in names)
    with reading(path) as book, tempfile.TemporaryDirectory(dir=out.parent, prefix=f"{out.name}.") as folder:
        with duckdb.connect(f"{folder}/rows") as database:
            database.execute(f"CREATE TABLE result ({kinds})")
            joined = "result JOIN environment ON id = environment ORDER BY result.rowid"
            found = book.execute(f"SELECT {', '.join(Row._fields)}, versions FROM {joined}")
            while rows := found.fetchmany(CHUNK):
                columns = zip(names, zip(*rows, strict=True), strict=True)
                chunk = {name: np.array(values, float if name in NUMBERS else object) for name, values in columns}
                database.execute("INSERT INTO result SELECT * FROM chunk")
                del chunk
            [count] = database.execute("SELECT COUNT(*) FROM result").fetchone() or [0]
            database.execute("COPY result TO $file (FORMAT parquet, COMPRESSION zstd)", {"file": f"{folder}/whole"})
        os.replace(f"{folder}/whole", out)
    return int(count)
