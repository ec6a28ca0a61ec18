"""A run: equal rows whatever the number of jobs, one problem for each fault, and nothing heavy to import."""

import json
import subprocess
import sys
from concurrent.futures import Executor
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest

from proofs_check import counterexample
from proofs_check.campaign import Budget, Report, process_pool, run
from proofs_check.discover import BrokenModule, UnknownClaim, claims, find, select, source_hash
from proofs_check.ledger import Ledger
from proofs_check.points import to_json
from proofs_check.verdict import judge
from tests.engine.packages import HERE, Serial, forget

pytestmark = pytest.mark.usefixtures("toys")


def report_of(key: str) -> Report:
    [report] = run([key], Serial(), Ledger(), Budget(points=40))
    return report


FAULTS = {
    "raises": ["the claim raised in"],
    "vacuous": ["no point holds or survives: the check is vacuous", "falsified variant 'x ≤ x − 1' was not refuted"],
    "uncovered": ["no draw covers the case 'x is 1/π'"],
    "surviving_variant": ["falsified variant 'x ≤ x + 2' was not refuted"],
    "failing_step": ["proof step '1 ≤ 0' is undecided: the budget is spent"],
    "accepted_twin": ["the false twin of '0 ≤ 1' is proved: yes"],
    "raising_step": ["proof step 'broken' is raised: RuntimeError: the checker broke (raising_step.py, line 11)"],
    "refuted": ["the claim was refuted in"],
    "true_variant_refuted": ["true variant 'x ≤ 1/2' was refuted in"],
    "apart": ['both sides should meet at {"x": 0.0}, and do not'],
    "bad_space": ["the claim raised in 41 of 41 tasks: ValueError", "falsified variant 'x ≤ x − 1' raised"],
    "inverted": ["the claim raised in 41 of 41 tasks, first at", "falsified variant 'x ≤ x − 1' raised"],
    "not_a_number": ["vacuous", "falsified variant 'x ≤ x − 1' was not refuted"],
    "too_risky": ["the looks of this run spent a risk of"],
    "false_survives": ["this claim is false and nothing refuted it"],
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_a_problem(fault: str) -> None:
    report = report_of(f"faulty.{fault}")
    assert not report.passed
    missing = [part for part in FAULTS[fault] if not any(part in problem for problem in report.problems)]
    assert missing == []
    assert len(report.problems) <= 4, "however many points show it"


def test_every_faulty_claim_is_tried() -> None:
    files = {file.stem for file in (HERE / "faulty").glob("[!_]*.py")}
    assert files == FAULTS.keys() | {"sound", "refuted_conjecture"}
    assert report_of("faulty.sound").passed


def test_a_problem_says_how_often_and_where() -> None:
    [problem] = [p for p in report_of("faulty.raises").problems if p.startswith("the claim raised")]
    assert " of 41 tasks, first at {" in problem
    assert problem.endswith("ZeroDivisionError: no good (raises.py, line 12)")


def test_a_refuted_conjecture_is_news_with_a_counterexample() -> None:
    report = report_of("faulty.refuted_conjecture")
    assert report.passed
    [news] = report.news
    assert news.startswith("the claim was refuted in")
    assert [c["variant"] for c in report.counterexamples] == [""]


def test_a_refutation_is_kept_once_at_its_worst_and_shrunk_beside_it(tmp_path: Path) -> None:
    report = report_of("faulty.refuted")
    [found] = report.counterexamples
    assert report.refuted > 1
    claim: Any = find("faulty.refuted")
    worst = judge(claim, found["point"])
    assert worst.actual is not None
    assert worst.actual.lo == pytest.approx(34), "the corner where all are largest"
    file = counterexample.write(tmp_path, "faulty.refuted", "", found["point"])
    content = counterexample.read(file)
    assert to_json(content["worst"]) == to_json(found["point"])
    assert len(to_json(content["point"])) < len(to_json(content["worst"]))
    assert counterexample.replay(content).verdict == "refuted"


# ---- jobs -----------------------------------------------------------------------------------------------------------


def rows(executor: Executor, keys: list[str]) -> tuple[list[Any], list[str]]:
    book = Ledger()
    reports = run(keys, executor, book, Budget(points=30, seed=5))
    found = [
        row._replace(seconds=0.0)
        for key in keys
        for variant in ["", *find(key).falsified, *find(key).also_true]
        for row in book.rows(key, variant, source_hash(key)).values()
    ]
    book.close()
    return found, [to_json(asdict(report) | {"seconds": 0.0}) for report in reports]


def test_rows_and_reports_are_equal_whatever_the_number_of_jobs(
    environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", environment["PYTHONPATH"])
    for name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"):
        monkeypatch.setenv(name, "1")  # restored afterwards: process_pool sets them
    keys = ["toys.positive", "toys.probability", "toys.nets", "toys.false_by_witness", "toys.conjecture", "faulty.raises"]
    here = rows(Serial(), keys)
    assert len(here[0]) > 6 * 20
    for jobs in (1, 2):
        with process_pool(jobs) as executor:
            assert rows(executor, keys) == here


def test_budgets_in_seconds_are_calls_by_the_declared_cost() -> None:
    claim = find("toys.positive")
    budget = Budget()
    assert (budget.draws(claim, ""), budget.search(claim, "")) == (1000, 1000)
    assert (budget.draws(claim, "without its 2"), budget.search(claim, "a tenth less")) == (250, 500)
    assert Budget(seconds=0.01).search(claim, "") == 16, "never fewer"
    assert (Budget(points=5).draws(claim, ""), Budget(points=5).draws(claim, "without its 2")) == (5, 5)


def test_progress_is_told_only_what_the_ledger_holds() -> None:
    book, told = Ledger(), []

    def progress(key: str, done: int, total: int) -> None:
        told.append((done, total, len(book.rows(key, "", source_hash(key)))))

    run(["toys.false_by_witness"], Serial(), book, Budget(points=20), progress)
    assert told == [(1, 2, 1), (2, 2, 2)]


def test_importing_the_campaign_stays_light() -> None:
    heavy = [
        "scipy.optimize",
        "scipy.stats",
        "scipy.integrate",
        "sympy",
        "cvxpy",
        "flint",
        "matplotlib",
        "hypothesis",
        "rich",
        "cma",
    ]
    code = f"import sys, proofs_check.campaign, proofs_check.worst_case; print([m for m in {heavy} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


# ---- finding claims -------------------------------------------------------------------------------------------------


def test_claims_of_other_distributions_are_found_by_their_module_path() -> None:
    assert select(["toys.p*", "toys.nets"]) == ["toys.nets", "toys.positive", "toys.probability"]
    assert len(select(["toys"])) == 22
    assert find("toys.nets").says.startswith("|net(x)|_∞")


@pytest.mark.parametrize(
    "key", ["", "toys", "toys.", ".toys", "toys.nets.x", "json", "os.path", "toys.net", "../x", "toys.nets x"]
)
def test_a_key_that_is_no_claim_is_unknown(key: str) -> None:
    with pytest.raises(UnknownClaim, match="no claim is called"):
        find(key)


def test_a_key_from_a_file_imports_nothing_but_claims() -> None:
    with pytest.raises(UnknownClaim, match="no claim is called 'antigravity'"):
        find("antigravity")
    assert "antigravity" not in sys.modules


@pytest.mark.parametrize(
    ("pattern", "meant"), [("toys.positiv", "toys.positive"), ("trajectory_flots", "toys.trajectory_floats"), ("toy", "toys")]
)
def test_an_unknown_name_is_answered_with_the_nearest(pattern: str, meant: str) -> None:
    with pytest.raises(UnknownClaim, match=f"no claim matches '{pattern}'; did you mean '{meant}'"):
        select([pattern])


def test_a_module_that_does_not_import_says_which_line_of_which_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "broken"
    package.mkdir()
    (package / "__init__.py").write_text("", encoding="utf-8")
    (package / "good.py").write_text("from faulty import SOUND\nCLAIM = SOUND\n", encoding="utf-8")
    (package / "bad.py").write_text("import math\n\nCLAIM = math.pie\n", encoding="utf-8")
    metadata = tmp_path / "broken-1.dist-info"
    metadata.mkdir()
    (metadata / "METADATA").write_text("Metadata-Version: 2.1\nName: broken\nVersion: 1\n", encoding="utf-8")
    (metadata / "entry_points.txt").write_text("[proofs_check.claims]\nbroken = broken\n", encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    forget()
    for act in (lambda: find("broken.bad"), lambda: select(["broken"]), claims):
        with pytest.raises(BrokenModule, match=r"broken\.bad does not import: AttributeError: .*'pie'.*bad\.py, line 3\)"):
            act()
    assert select(["broken.good"]) == ["broken.good"], "what is asked for does not suffer"
    assert report_of("broken.good").passed
    for name in ("broken", "broken.good", "broken.bad"):
        sys.modules.pop(name, None)


def test_a_source_hash_changes_with_the_package_of_the_claim(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    before = source_hash("toys.nets")
    assert source_hash("toys.positive") == before != source_hash("faulty.sound")
    forget()
    assert source_hash("toys.nets") == before


# ---- counterexample files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"format": "something else"}, "its field 'format' should be 'proofs-check counterexample 1'"),
        ({"claim": 5}, "its field 'claim' should be a string"),
        ({"variant": None}, "its field 'variant' should be a string"),
        ({"point": [1]}, "its field 'point' should be an object"),
        ({"point": {"n": {"fraction": "1/0"}}}, "holds a point that cannot be read"),
        ({"point": {"n": {"array": [1], "shape": [7]}}}, "holds a point that cannot be read"),
        ({"variant": "no such"}, "faulty.refuted has no variant 'no such'; it has '≤ 0'"),
        ({"point": {"wrong": 1}}, "the point cannot be judged as an instance of faulty.refuted: TypeError"),
        ({"point": {"n": 1, "x": "abc", "t": 0}}, "the point cannot be judged as an instance of faulty.refuted: ValueError"),
    ],
)
def test_a_bad_counterexample_file_says_what_is_wrong(change: dict[str, Any], says: str, tmp_path: Path) -> None:
    good = {"format": counterexample.FORMAT, "claim": "faulty.refuted", "variant": "", "point": {"n": 9, "x": [9, 9], "t": 0}}
    file = tmp_path / "c.json"
    file.write_text(json.dumps(good), encoding="utf-8")
    assert counterexample.replay(counterexample.read(file)).verdict == "refuted"
    file.write_text(json.dumps(good | change), encoding="utf-8")
    with pytest.raises(counterexample.UnreadableCounterexample, match=says.replace("(", r"\(")):
        counterexample.replay(counterexample.read(file))


def test_the_risk_of_a_run_is_that_of_all_its_claims(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each claim alone stays within the budget; together they do not."""
    from proofs_check import campaign

    alone = report_of("faulty.too_risky").risk
    monkeypatch.setattr(campaign, "SUITE_RISK", 1.5 * alone)
    assert report_of("faulty.too_risky").problems == []
    both = run(["faulty.too_risky", "faulty.too_risky"], Serial(), Ledger(), Budget(points=40))
    assert [len(item.problems) for item in both] == [1, 0]
