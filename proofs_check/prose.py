"""Docstrings as HTML: Markdown, and TeX as MathML, which browsers and screen readers read without network or script."""

import html
import re
from functools import cache
from typing import Any

from proofs_check.tex import BadFormula, to_mathml

FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<![\\\w$])\$(?!\s)([^$]+?)(?<!\s)\$(?![\w$])", re.DOTALL)
HOLDER = "\ue000{}\ue001"  # private-use characters: Markdown passes them on, and no docstring has them


def to_html(text: str) -> str:
    """Paragraphs, lists, tables and code of a docstring, with its formulas; what is no TeX stays as it was written.

    >>> to_html("If $x>0$ then `log` is finite.")[:11]
    '<p>If <math'
    """
    formulas: list[str] = []

    def hold(found: re.Match[str]) -> str:
        display = found[1] is not None
        try:
            formulas.append(to_mathml(found[1] if display else found[2], display))
        except BadFormula:  # of somebody's own claim: the reader sees what was written
            formulas.append(f"<code>{html.escape(found[0])}</code>")
        return HOLDER.format(len(formulas) - 1)

    page = _markdown().render(FORMULA.sub(hold, text))
    return re.sub(HOLDER.format(r"(\d+)"), lambda found: formulas[int(found[1])], str(page))


@cache
def _markdown() -> Any:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table")
