"""What tours show: the entry that is nearest to failing, tables, and commands that may not fail quietly."""

from pathlib import Path

import pytest

from proofs_check.discover import claims, find

pytest.importorskip("marimo", reason="needs marimo, of the extra `explore`")

import marimo as mo

from notebooks.shown import judged, shell, table, why


def test_a_refuted_variant_is_shown_at_the_entry_that_refutes_it() -> None:
    key, variant = "gmm_entropy.bhattacharyya", "constant 1.38"
    judgement, line = judged(key, find(key).witness[variant], variant)
    assert judgement.verdict == "refuted"
    assert variant in line.text
    assert "left −0.366513" in line.text  # log ln 2; the entry of 2 ln 2 S says nothing
    assert "right −0.371064" in line.text  # log 0.69


def test_a_side_known_from_below_says_so() -> None:
    key = "lstm_recovery.norm_recovery"
    assert "left at least 59 ≤ right 59" in judged(key, find(key).tight_at[0])[1].text


def test_points_of_all_kinds_of_claims_can_be_shown() -> None:
    for key, claim in list(claims().items())[::3]:
        points = [("", point) for point in claim.tight_at[:1]] + list(claim.witness.items())[:1]
        for variant, point in points:
            assert key in judged(key, point, variant)[1].text


def test_a_table_has_four_digits_and_a_true_minus() -> None:
    text = table([{"name": "a", "value": -1.23456}, {"name": "b", "value": None}]).text
    assert "−1.235" in text
    assert "—" in text


@pytest.mark.parametrize("key", ["spectral_pruning.log_free_existence", "quantized_dnn.integer_inference"])
def test_why_is_the_statement_of_the_module_also_inside_of_a_text(key: str) -> None:
    """Formulas over several lines, and a line that begins with a number sign."""
    told = mo.md(f"Inside of a text:\n\n{why(key)}").text
    assert f"bounds/{key.replace('.', '/')}.py" in told
    assert find(key).source in told
    assert "$$" not in told
    assert "<h1" not in told


def test_a_command_is_shown_with_what_it_prints() -> None:
    text = shell(Path(), "list", lines=2).text
    assert "$ proofs-check list" in text
    assert "more lines" in text
    assert "\n" not in text


def test_a_command_that_fails_does_not_pass_for_a_result() -> None:
    with pytest.raises(RuntimeError, match=r"nothing\.npz is not there"):
        shell(Path(), "entropy", "nothing.npz")
