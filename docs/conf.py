"""The site: `sphinx-build -W docs out/docs`. Its claim pages are made from the claims when it is built."""

import sys
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE), str(HERE.parent)]

project = "proofs-check"
author = "The proofs-check developers"
html_title = "proofs-check"
extensions = ["myst_parser"]
exclude_patterns = ["commands/*.md"]  # examples, which `generate` puts below each command's options
myst_enable_extensions = ["dollarmath", "colon_fence"]
myst_heading_anchors = 3
smartquotes = False  # two hyphens are the beginning of an option
html_theme = "furo"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_copy_source = False
html_show_sphinx = html_show_copyright = False
html_math_renderer = "mathml"
pygments_style, pygments_dark_style = "friendly", "monokai"


def _inline(page: Any, node: Any) -> None:
    _append(page, node, display=False)


def _display(page: Any, node: Any) -> None:
    _append(page, node, display=True)


def _append(page: Any, node: Any, display: bool) -> None:
    from docutils.nodes import SkipNode  # type: ignore[import-untyped]

    from proofs_check.tex import to_mathml

    drawn = to_mathml(node.astext(), display)
    page.body.append(f'<div class="formula" tabindex="0">{drawn}</div>' if display else drawn)
    raise SkipNode


def setup(app: Any) -> None:
    """Formulas as MathML, and the pages that are made from the claims."""
    import generate

    app.add_html_math_renderer("mathml", (_inline, None), (_display, None))
    app.connect("builder-inited", lambda _: generate.write(HERE / "generated"))
