"""Docstrings as HTML: Markdown, and TeX as MathML, which browsers and screen readers read without network or script."""

import html
import re
from functools import cache
from typing import Any

FORMULA = re.compile(r"\$\$(.+?)\$\$|(?<![\\\w$])\$(?!\s)([^$]+?)(?<!\s)\$(?![\w$])", re.DOTALL)
HOLDER = "\ue000{}\ue001"  # private-use characters: Markdown passes them on, and no docstring has them


def to_html(text: str) -> str:
    """Paragraphs, lists, tables and code of a docstring, with its formulas.

    >>> to_html("If $x>0$ then `log` is finite.")[:11]
    '<p>If <math'
    """
    formulas: list[str] = []

    def hold(found: re.Match[str]) -> str:
        display = found[1] is not None
        formulas.append(mathml(found[1] if display else found[2], display))
        return HOLDER.format(len(formulas) - 1)

    page = _markdown().render(FORMULA.sub(hold, text))
    return re.sub(HOLDER.format(r"(\d+)"), lambda found: formulas[int(found[1])], str(page))


@cache
def mathml(tex: str, display: bool = False) -> str:
    """One formula; what cannot be converted stays TeX."""
    from latex2mathml.converter import convert

    try:
        made = str(convert(" ".join(tex.split()), display="block" if display else "inline"))
    except Exception:  # the converter's own errors have no common base
        return f"<code>{html.escape(tex)}</code>"
    made = made.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "")  # HTML knows the element without it
    # What it does not know it leaves as an identifier; a reader is better served by the whole formula as it was written.
    return f"<code>{html.escape(tex)}</code>" if re.search(r">\\[a-zA-Z]", made) else made


@cache
def _markdown() -> Any:
    from markdown_it import MarkdownIt

    return MarkdownIt("commonmark", {"html": False}).enable("table")
