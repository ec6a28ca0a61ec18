"""Formulas become MathML, and every formula of every claim's docstring can."""

import inspect
import re

import pytest

from proofs_check.discover import claims, module_of
from proofs_check.prose import FORMULA
from proofs_check.tex import BadFormula, to_mathml


def test_a_formula_keeps_its_structure_and_its_source() -> None:
    drawn = to_mathml(r"\sqrt{\frac{a}{b}} \le 1")
    assert drawn.startswith("<math>")
    assert re.search(r"<msqrt>.*<mfrac>.*</mfrac>.*</msqrt>", drawn)
    assert r"\sqrt{\frac{a}{b}} \le 1" in drawn
    assert 'display="block"' in to_mathml("x", display=True)


@pytest.mark.parametrize("tex", [r"\frac{1", r"\nosuchcommand", "x_a_b", r"\left( x"])
def test_what_is_no_tex_is_said_in_one_sentence(tex: str) -> None:
    with pytest.raises(BadFormula, match="is no TeX") as told:
        to_mathml(tex)
    assert tex in str(told.value).replace("\\\\", "\\")


def test_every_formula_of_every_claim_can_be_drawn() -> None:
    found = [m for key in claims() for m in FORMULA.finditer(inspect.getdoc(module_of(key)) or "")]
    assert len(found) > 500
    for formula in found:
        to_mathml(formula[1] or formula[2], display=formula[1] is not None)
