r"""Formulas of docstrings as MathML, which a browser draws by itself: no script, no font to fetch, no network.

The conversion is math-core's (extra `docs`), which reads TeX and says what it cannot read.
"""

import html
import re
from functools import cache
from importlib.util import find_spec
from typing import Any

FORMULA = re.compile(r"\$\$(.+?)\$\$|\$(.+?)\$", re.DOTALL)


class BadFormula(ValueError):
    """A formula that is no TeX; the message shows it and says what is wrong."""


def available() -> bool:
    """Whether formulas can be converted: math-core is installed."""
    return find_spec("math_core") is not None


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


def to_html(text: str) -> str:
    """Text with $…$ and $$…$$ as HTML: formulas as MathML, or as they stand where math-core is absent; the rest escaped.

    >>> to_html("a < b")
    'a &lt; b'
    """
    parts, end = [], 0
    for found in FORMULA.finditer(text):
        parts += [html.escape(text[end : found.start()]), _shown(found)]
        end = found.end()
    return "".join([*parts, html.escape(text[end:])])


def _shown(found: re.Match[str]) -> str:
    if not available():
        return f"<code>{html.escape(found[0])}</code>"
    return to_mathml(found[1] or found[2], display=found[1] is not None)
