"""One toy claim for each kind of statement, true with false variants, through the real campaign."""

import math
from typing import Any

import pytest

from proofs_check.campaign import Budget, Report, run
from proofs_check.discover import find
from proofs_check.ledger import Ledger
from proofs_check.points import from_json
from proofs_check.verdict import judge
from tests.engine.packages import HERE, Serial

pytestmark = pytest.mark.usefixtures("toys")
KINDS = sorted(file.stem for file in (HERE / "toys").glob("[!_]*.py"))


def report_of(key: str, points: int = 120, seed: int = 0) -> Report:
    [report] = run([key], Serial(), Ledger(), Budget(points=points, seed=seed))
    return report


@pytest.mark.parametrize("kind", KINDS)
def test_a_true_claim_passes_and_its_false_variants_are_refuted_by_search(kind: str) -> None:
    report = report_of(f"toys.{kind}")
    assert report.problems == []
    assert report.news == []
    assert report.counterexamples == []
    assert report.variants_refuted == report.variants_by_search == report.variants
    assert report.refuted == (1 if kind.startswith("false_") else 0)
    assert report.steps_proved == report.steps == (1 if kind == "conjecture" else 0)


def test_there_is_a_toy_for_each_row_of_the_table() -> None:
    assert len(KINDS) == 22
    variants = sum(len(find(f"toys.{kind}").falsified) for kind in KINDS)
    assert variants == 21, "every kind but the two of status false has a false form; a two-sided claim has two"


@pytest.mark.parametrize("kind", sorted(set(KINDS) - {"attack", "false_found", "false_by_witness"}))
def test_every_point_of_a_true_claim_holds_or_is_undecided_or_out_of_scope(kind: str) -> None:
    report = report_of(f"toys.{kind}")
    assert report.survives == 0
    assert report.holds > 10
    assert report.holds + report.undecided + report.out_of_scope == report.draws + 1 + len(find(f"toys.{kind}").tight_at)


def test_a_tie_in_floats_is_undecided_and_not_a_pass() -> None:
    assert report_of("toys.positive").undecided >= 2
    assert judge(find("toys.positive"), {"a": 2.0, "b": 2.0}).verdict == "undecided"


def test_what_is_known_only_from_below_survives_or_is_refuted_and_never_holds() -> None:
    report = report_of("toys.attack")
    assert report.holds == report.undecided == 0
    assert report.survives == report.draws + 2


def test_outside_its_hypotheses_and_without_a_certificate_a_point_is_out_of_scope() -> None:
    outside = judge(find("toys.hypothesis_needed"), {"x": 2})
    assert outside == ("out of scope", None, None, 0.0, -1.0, ())
    no_certificate = {"A": [[1, 0, 0], [0, 1, 0]], "b": [1, 1], "c": [1, 1, 0], "direction": [1, 1, 0], "y": [0, 0]}
    assert judge(find("toys.certificate"), no_certificate).verdict == "out of scope"
    assert judge(find("toys.certificate"), no_certificate | {"y": [1, 1]}).verdict == "holds"
    assert report_of("toys.certificate").out_of_scope > 10
    assert report_of("toys.hypothesis_needed").out_of_scope > 10


def test_only_logarithms_refute_a_false_claim_whose_sides_underflow() -> None:
    from toys.logarithms import in_plain_numbers

    assert in_plain_numbers(100.0) == (0.0, 0.0)
    assert judge(find("toys.logarithms").variant("a faster exponent"), {"z": 100.0}).verdict == "refuted"


def test_a_costly_value_is_computed_once_a_judgement() -> None:
    from toys import costly

    before = len(costly.COMPUTED)
    judge(find("toys.costly"), {"entries": [[1, 0, 0], [0, 1, 0], [0, 0, 1]]})
    assert len(costly.COMPUTED) == before + 1


def test_equality_refutes_a_strict_claim_and_not_the_weak_one() -> None:
    strict, weak = (find("toys.strict").variant(name) for name in ("with ⌈x⌉ − 1", "with ⌈x⌉ − 1, weakly"))
    assert judge(strict, {"x": 3}).verdict == "refuted"
    assert judge(weak, {"x": 3}).verdict == "holds"


def test_a_false_claim_outside_of_the_box_is_shown_its_witness_and_the_report_tells() -> None:
    ledger = Ledger()
    [found, shown] = run(["toys.false_found", "toys.false_by_witness"], Serial(), ledger, Budget(points=100))
    assert found.passed
    assert shown.passed
    from proofs_check.discover import source_hash

    for report, tasks in ((found, ["search:0:100"]), (shown, ["search:0:100", "witness"])):
        assert list(ledger.rows(report.claim, "", source_hash(report.claim))) == tasks


def test_a_sampled_claim_spends_its_risk_look_by_look_and_refines_what_is_undecided() -> None:
    claim: Any = find("toys.probability")
    easy = judge(claim, {"n": 100, "delta": 0.5, "seed": 1})
    assert easy.verdict == "holds"
    assert easy.risk == 1e-12
    assert easy.trust == "sampled"
    close = judge(claim, {"n": 10, "delta": 0.055, "seed": 1})  # P(sum of ten signs ≥ 8) = 11/1024
    assert close.verdict == "holds"
    assert close.risk > 1e-12
    report = report_of("toys.probability")
    assert report.trust == "sampled"
    assert 120e-12 < report.risk < 1e-8


def test_the_tightest_instance_is_the_one_where_both_sides_meet() -> None:
    assert report_of("toys.some_subset").tightest == 0.0
    assert abs(report_of("toys.positive").tightest or math.nan) < 1e-11
    strict = report_of("toys.strict").tightest
    assert strict == pytest.approx(math.log(7 / 8)), "a truth value beside it is no tightness of 1"


def test_a_net_of_any_shape_is_cut_out_of_the_largest() -> None:
    point = from_json(
        '{"depth": 2, "width": [2, 3, 1, 1], "x": [1, -1, 0], "W": '
        "[[[1, 0, 1], [0, 1, 0], [1, 1, 1]], [[1, 1, -1], [1, 1, 1], [0, 0, 0]], [[0, 0, 0], [0, 0, 0], [0, 0, 0]]]}"
    )
    net: Any = find("toys.nets").build(**point)
    assert [W.shape for W in net.weights] == [(3, 2), (1, 3)]
    assert net.output.tolist() == [1]
    assert judge(find("toys.nets"), point).verdict == "holds"


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_no_true_toy_is_refuted_by_two_thousand_points(kind: str) -> None:
    assert report_of(f"toys.{kind}", points=2000, seed=3).problems == []
