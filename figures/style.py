"""One look for all figures, applied as a context: nothing global changes."""

from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

# Okabe and Ito's palette: told apart by colour-blind readers, and in grey by its lightness.
BLUE, ORANGE, GREEN, PURPLE, SKY, RED, BLACK = "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000"
CYCLE = (BLUE, ORANGE, GREEN, PURPLE, SKY, RED, BLACK)
COLUMN, PAGE = 3.4, 7.0  # inches: one column of a two-column page, and its full width


def look() -> AbstractContextManager[None]:
    """Matplotlib settings for `with look(): ...`."""
    import matplotlib as mpl
    from cycler import cycler

    settings: Any = {
        "font.size": 8,
        "axes.titlesize": 8,
        "axes.spines.top": False,
        "axes.spines.right": False,
        "axes.prop_cycle": cycler(color=CYCLE),
        "axes.formatter.use_mathtext": True,
        "legend.frameon": False,
        "legend.fontsize": 7,
        "lines.linewidth": 1.3,
        "figure.dpi": 150,
        "figure.constrained_layout.use": True,
        "savefig.dpi": 200,
        "svg.hashsalt": "proofs-check",
        "svg.fonttype": "none",
        "pdf.fonttype": 42,
    }
    return mpl.rc_context(settings)


def save(figure: Any, file: Path, title: str) -> None:
    """Write one picture; the same numbers give the same bytes (no dates, no random identifiers)."""
    kind = file.suffix.removeprefix(".")
    metadata: dict[str, Any] = {"Title": title}
    metadata |= {"pdf": {"CreationDate": None}, "svg": {"Date": None}}.get(kind, {})
    figure.savefig(file, metadata=metadata)
