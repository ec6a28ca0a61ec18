"""Formulas of docstrings as MathML, which a browser draws by itself: no script, no font to fetch, no network.

The conversion is math-core's, which reads TeX and says what it cannot read.
"""

from functools import cache
from typing import Any


class BadFormula(ValueError):
    """A formula that is no TeX; the message shows it and says what is wrong."""


@cache
def _converter() -> Any:
    from math_core import LatexToMathML

    return LatexToMathML(fancy_error=False, annotation=True)  # the TeX stays inside, for who copies it


def to_mathml(tex: str, display: bool = False) -> str:
    """One formula, without its dollars, as a `<math>` element; display: on a line of its own.

    Raises BadFormula if it is no TeX, ModuleNotFoundError without math-core.
    """
    from math_core import LatexError

    tex = " ".join(tex.split())  # a backslash at the end of a line is a space in TeX
    try:
        return str(_converter().convert_with_local_state(tex, displaystyle=display))
    except LatexError as problem:
        raise BadFormula(f"the formula {tex!r} is no TeX: {problem}") from problem
