"""The page that shows figures with their numbers, claims and source, and the papers' headline numbers beside ours."""

import html
import inspect
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from proofs_check.discover import UnknownClaim, find, module_of
from proofs_check.pages import document, section, table
from proofs_check.pictures import FORMATS, source_hash
from proofs_check.prose import to_html

DENSITY = 1.6  # pixels of a PNG per pixel of the page: a figure as wide as a printed page is as wide as this one


def shown(out: Path, names: Sequence[str]) -> list[dict[str, Any]]:
    """What the JSON files in a folder say of their figures, and which files are beside them."""
    found = []
    for name in names:
        try:
            said = json.loads((out / f"{name}.json").read_text(encoding="utf-8"))
            about = {key: said[key] for key in ("figure", "caption", "shows", "claims", "seeds", "proofs-check", "source")}
            for key in about["claims"]:
                find(key)
        except (OSError, ValueError, TypeError, KeyError, UnknownClaim):
            continue  # not made, or not by this command, or by one that knew other claims
        about["since"] = "" if about["source"] == source_hash(name) else ", which has changed since then"
        found.append(about | {"files": [kind for kind in ("csv", "json", *FORMATS) if (out / f"{name}.{kind}").is_file()]})
    return found


def page(figures: Sequence[Mapping[str, Any]], headlines: Sequence[Mapping[str, Any]]) -> str:
    """The gallery as HTML; every link is to a file beside it or to a place on it."""
    keys = sorted({key for one in figures for key in one["claims"]})
    contents = "".join(f"<li><a href='#{one['figure']}'>{html.escape(_title(one))}</a></li>" for one in figures)
    about = f"{len(figures)} figures, each with its numbers, its source and the claims that it shows."
    parts = [
        f"<h1>Figures</h1><p>{about} <a href='#headlines'>The papers' numbers beside ours</a> are at the end.</p>",
        f"<nav aria-label='Figures'><ul>{contents}</ul></nav>",
        *(_figure(one) for one in figures),
        f"<section id='claims'><h2>Claims shown</h2>{''.join(_claim(key, figures) for key in keys)}</section>",
        f"<div id='headlines' class='words'>{section('The papers’ numbers beside ours', _headlines(headlines))}</div>",
    ]
    return document("Figures · proofs-check", "\n".join(parts))


def _title(one: Mapping[str, Any]) -> str:
    return str(one["caption"]).partition("\n")[0].rstrip(".") or str(one["figure"])


def _figure(one: Mapping[str, Any]) -> str:
    name, files = one["figure"], one["files"]
    title, rest = html.escape(_title(one)), to_html(one["caption"].partition("\n")[2].strip())
    picture = next((kind for kind in ("png", "svg") if kind in files), None)
    about = html.escape(" ".join(f"{_title(one)}. {one['shows']}".split()), quote=True)
    dense = f" srcset='{name}.png {DENSITY}x'" if picture == "png" else ""
    image = f"<img src='{name}.{picture}'{dense} alt='{about}'>" if picture else ""
    links = ", ".join(f"<a href='{name}.{kind}'>{kind.upper()}</a>" for kind in files)
    claims = ", ".join(f"<a href='#claim-{key}'>{key}</a>" for key in one["claims"])
    seeds = f"Seeds {', '.join(map(str, one['seeds']))}; " if one["seeds"] else ""
    return (
        f"<section id='{name}'><h2>{title}</h2><figure>{image}</figure>{rest}"
        f"<ul><li>Numbers and pictures: {links}.</li><li>Source: <a href='{name}.py'>figures/{name}.py</a>.</li>"
        f"<li>Claims: {claims}.</li></ul>"
        f"<p class='claim'>{seeds}source {one['source']}{one['since']}; proofs-check {one['proofs-check']}. "
        f"<code>proofs-check figures {name}</code></p></section>"
    )


def _claim(key: str, figures: Sequence[Mapping[str, Any]]) -> str:
    claim, statement = find(key), to_html((inspect.getdoc(module_of(key)) or "").partition("\n")[2].strip())
    used = ", ".join(f"<a href='#{one['figure']}'>{one['figure']}</a>" for one in figures if key in one["claims"])
    return (
        f"<article id='claim-{key}'><h3><code>{key}</code></h3><p class='says'>{html.escape(claim.says)}</p>"
        f"<p>{html.escape(claim.source)}. In {used}. <code>proofs-check card {key}</code></p>"
        f"<details><summary>statement</summary>{statement}</details></article>"
    )


HEADLINES = {"what": "number", "theirs": "theirs", "certainty": "how sure, whence", "ours": "ours", "difference": "difference"}
HEADLINES |= {"basis": "where ours comes from"}


def _headlines(rows: Sequence[Mapping[str, Any]]) -> str:
    said = (
        "<p>Theirs: as far as it could be read, with how sure that is; most figures and tables could not be. Ours: computed "
        "from the kept results or by the functions of the claims, never typed. A difference is given where the two are "
        "about the same thing, though the model and the data may be our own.</p>"
    )
    for paper in dict.fromkeys(row["paper"] for row in rows):
        cells = [[html.escape(text(row, key)) for key in HEADLINES] for row in rows if row["paper"] == paper]
        said += table(paper, list(HEADLINES.values()), cells)
    return said


def text(row: Mapping[str, Any], key: str) -> str:
    """One cell of the table of headline numbers, as people read it."""
    value = row[key]
    if value is None:
        return "—"
    if key == "certainty" and row["source"]:
        return f"{value}: {row['source']}"
    if isinstance(value, str):
        return value
    return f"{value:{'+' if key == 'difference' else ''}.4g} {row['unit']}".strip()
