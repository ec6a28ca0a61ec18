"""Pages that need neither network nor script: they read in dark and light, on a phone, on paper, and aloud."""

import html
from collections.abc import Sequence
from importlib import resources


def packed(name: str) -> str:
    """A file that comes with this package."""
    return resources.files("proofs_check").joinpath(name).read_text(encoding="utf-8")


def document(title: str, body: str) -> str:
    """A whole page; `title` and `body` are HTML."""
    return (
        "<!doctype html>\n<html lang='en'><head><meta charset='utf-8'>"
        "<meta name='viewport' content='width=device-width, initial-scale=1'>"
        f"<title>{title}</title><style>\n{packed('card.css')}</style></head>\n<body><main>\n{body}\n</main></body></html>\n"
    )


def section(title: str, body: str) -> str:
    """A part of a page with its heading; nothing if there is nothing to say."""
    return f"<section><h2>{html.escape(title)}</h2>{body}</section>" if body else ""


def table(caption: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Cells are HTML; the first of a row is its heading. A table that is too wide scrolls by itself."""
    head = "".join(f"<th scope='col'>{html.escape(name)}</th>" for name in columns)
    body = "".join(f"<tr><th scope='row'>{row[0]}</th>{''.join(f'<td>{cell}</td>' for cell in row[1:])}</tr>" for row in rows)
    cells = f"<table><caption>{html.escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    return f"<div class='wide' tabindex='0' role='region' aria-label='{html.escape(caption)}'>{cells}</div>"
