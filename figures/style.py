"""One look for all figures, and the sizes of the places where they are printed; nothing global changes."""

import json
from collections.abc import Mapping
from contextlib import AbstractContextManager
from io import BytesIO
from pathlib import Path
from typing import Any, NamedTuple

# Okabe and Ito's palette: told apart by colour-blind readers, and in grey by its lightness.
BLUE, ORANGE, GREEN, PURPLE, SKY, RED, BLACK = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000"
CYCLE = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED, BLACK)
COLUMN, PAGE = 3.4, 7.0  # inches: one column of a two-column page, and its full width; figures are drawn for these


class Style(NamedTuple):
    """Where a figure is printed."""

    column: float  # inches: what a figure drawn COLUMN wide becomes
    page: float  # inches: what one drawn PAGE wide becomes
    font: float  # points
    source: str


FONT = 8.0
STYLES = {
    "default": Style(COLUMN, PAGE, FONT, "a two-column page of any journal"),
    "neurips": Style(3.3, 5.5, 7, "neurips_2024.sty: text 5.5 in wide, one column; a small figure takes 3/5 of it"),
    "iclr": Style(3.3, 5.5, 7, "iclr2024_conference.sty: text 5.5 in wide, one column; a small figure takes 3/5 of it"),
    "icml": Style(3.25, 6.75, 8, "icml2024.sty: columns 3.25 in, text 6.75 in wide; captions in 9 pt"),
    "aistats": Style(3.25, 6.75, 8, "aistats2024.sty: columns 3.25 in, text 6.75 in wide"),
    "ieee": Style(3.5, 7.16, 8, "IEEE author centre, preparation of graphics: 3.5 in and 7.16 in, lettering 8 to 10 pt"),
    "jmlr": Style(3.6, 6.0, 7.5, "jmlr2e.sty: text 6 in wide, one column; a small figure takes 3/5 of it"),
    "tmlr": Style(3.6, 6.5, 8, "tmlr.sty: text 6.5 in wide, one column"),
    "elsevier": Style(3.54, 7.48, 8, "Elsevier artwork guidelines: 90 mm and 190 mm, lettering from 7 pt"),
    "slides": Style(6.0, 11.5, 13, "a slide of 13.33 in by 7.5 in (16:9) with margins"),
}


def style_of(name: str) -> Style:
    """The sizes of one place; ValueError, with the nearest name and all of them, if it is not in the table."""
    from difflib import get_close_matches

    if name not in STYLES:
        close = get_close_matches(name.lower(), STYLES, n=1)
        raise ValueError(
            f"no style is called {name!r}{f'; did you mean {close[0]!r}?' if close else ''} (there are {', '.join(STYLES)})"
        )
    return STYLES[name]


def look(style: Style = STYLES["default"]) -> AbstractContextManager[None]:
    """Matplotlib settings for `with look(): ...`. Sizes of type in a figure are relative ("small"), so that they follow."""
    import matplotlib as mpl
    from cycler import cycler

    scale = style.font / FONT
    settings: Any = {
        "font.size": style.font,
        "axes.titlesize": FONT * min(scale, style.page / PAGE),  # as wide beside its neighbours as it was drawn
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.prop_cycle": cycler(color=CYCLE),
        "axes.formatter.use_mathtext": True,
        "legend.frameon": False,
        "legend.fontsize": 7 * scale,
        "lines.linewidth": 1.3,
        "figure.dpi": 150,
        "figure.constrained_layout.use": True,
        "savefig.dpi": 200,
        "svg.hashsalt": "proofs-check",
        "svg.fonttype": "none",
        "pdf.fonttype": 42,
    }
    return mpl.rc_context(settings)


def fit(figure: Any, style: Style) -> None:
    """The size that a drawn figure has in a style: as wide as its place is, and high enough for its type; lines and markers
    grow with the type."""
    from matplotlib.legend import Legend
    from matplotlib.lines import Line2D

    (width, height), scale = figure.get_size_inches(), style.font / FONT
    wider = style.column / COLUMN if width <= COLUMN else style.page / PAGE
    figure.set_size_inches(width * wider, height * max(wider, scale))
    lines = [line for axes in figure.axes for line in axes.lines]
    for line in lines + [line for legend in figure.findobj(Legend) for line in legend.findobj(Line2D)]:
        line.set(linewidth=scale * line.get_linewidth(), markersize=scale * line.get_markersize())
        line.set_markeredgewidth(scale * line.get_markeredgewidth())
    for several in (several for axes in figure.axes for several in axes.collections):
        several.set_linewidth([scale * one for one in several.get_linewidth()])


def save(figure: Any, file: Path, title: str, about: Mapping[str, Any] | None = None) -> None:
    """Write one picture, with what it shows inside, as JSON: the subject of a PDF, the description of an SVG or a PNG.

    The same numbers give the same bytes: no dates, no random identifiers.
    """
    kind, said = file.suffix.removeprefix("."), json.dumps(about or {})
    metadata: dict[str, dict[str, Any]] = {
        "pdf": {"Subject": said, "CreationDate": None},
        "svg": {"Description": said, "Date": None},
        "png": {"Description": said},
    }
    whole = BytesIO()  # on a full disk, writers of pictures fail in ways of their own
    figure.savefig(whole, format=kind, metadata={"Title": title} | metadata.get(kind, {}))
    file.write_bytes(whole.getvalue())
