"""What is asked of every claim; `tests/<paper>/test_<claim>.py` asks only what this cannot know."""

import json
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings, target

from proofs_check.campaign import Budget, run
from proofs_check.discover import claims, module_of
from proofs_check.ledger import Ledger
from proofs_check.points import from_json, to_json
from proofs_check.strategies import points
from proofs_check.verdict import judge, tightness

HERE = Path(__file__).parent
KEYS = list(claims())
BIB_KEYS = set(re.findall(r"^@\w+\{([^,]+),", (HERE.parent / "bounds" / "papers.bib").read_text(encoding="utf-8"), re.M))


@pytest.mark.parametrize("key", KEYS)
def test_nothing_refutes_it_and_every_falsified_variant_is_refuted(key: str) -> None:
    """Also: not vacuous, every case covered, both sides meet at `tight_at`, proof steps proved and their twins refuted."""
    with ThreadPoolExecutor(1) as executor:
        [report] = run([key], executor, Ledger(), Budget(seconds=0.5, seed=20261121))
    assert report.problems == []


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize("key", KEYS)
def test_another_seed_at_the_default_budget_says_the_same(key: str) -> None:
    """A case that occurs, or a variant that falls, by the luck of one seed is a defect of the claim's space."""
    with ThreadPoolExecutor(1) as executor:
        [report] = run([key], executor, Ledger(), Budget(seed=7))
    assert report.problems == []


@pytest.mark.parametrize("key", KEYS)
def test_hypothesis_finds_no_counterexample(key: str) -> None:
    claim = claims()[key]
    if claim.status == "false":
        assert claim.witness, "a false claim shows its counterexample"
        return
    examples = max(10, min(60, round(0.5 / claim.cost)))

    @settings(
        max_examples=examples,
        derandomize=True,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate, Phase.target, Phase.shrink],
    )
    @given(points(claim.space))
    def look(point: dict[str, object]) -> None:
        judgement = judge(claim, point)
        score = tightness(claim, judgement)
        if abs(score) < 1e300:
            target(score)
        assert judgement.verdict != "refuted", judgement

    look()


@pytest.mark.parametrize("key", KEYS)
def test_a_point_survives_json_with_the_same_judgement(key: str) -> None:
    claim = claims()[key]
    from proofs_check.points import draws

    for point in draws(claim.space, 1, key, range(1, 7, 5)):
        again = from_json(to_json(point))
        assert to_json(again) == to_json(point)
        assert judge(claim, again)[:1] == judge(claim, point)[:1]


@pytest.mark.parametrize("key", KEYS)
def test_it_says_what_it_claims_and_where_that_stands(key: str) -> None:
    claim, module = claims()[key], module_of(key)
    assert module.__doc__, "the module's docstring states the theorem"
    assert claim.says.strip() == claim.says
    assert "\n" not in claim.says
    assert claim.source.split(",")[0] in BIB_KEYS | {"new"}
    assert claim.falsified or claim.status == "false", "a claim without a false variant cannot show that its check can fail"
    assert set(claim.witness) <= {*claim.falsified, ""}


def test_the_claims_are_the_ones_we_expect() -> None:
    """Counts of falsified variants, true traps and proof steps, so that none can vanish silently."""
    found = {key: [len(c.falsified), len(c.also_true), len(c.proof)] for key, c in claims().items() if "." in key}
    expected: dict[str, list[int]] = {}
    for file in sorted(HERE.glob("*/expected_claims.json")):
        names = json.loads(file.read_text(encoding="utf-8"))
        expected |= {f"{file.parent.name}.{name}": counts for name, counts in names.items()}
    assert found == expected
