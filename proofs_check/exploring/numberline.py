"""One look at a point as HTML: verdict, the two sides on a number line, margins, misreadings."""

import html
import math
from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Claim, Enclosure
from proofs_check.exploring.looking import Look
from proofs_check.exploring.numbers import Scale, finite, interval, number
from proofs_check.verdict import Judgement, Verdict, compare, tightness

COLOURS: dict[Verdict, str] = {  # Okabe and Ito's, told apart by colour-blind readers; a sign goes with each
    "holds": "#009E73",
    "survives": "#56B4E9",
    "undecided": "#E69F00",
    "out of scope": "#8C8C8C",
    "refuted": "#D55E00",
}
SIGNS: dict[Verdict, str] = {"holds": "✓", "survives": "∼", "undecided": "?", "out of scope": "–", "refuted": "✗"}
ROWS = 5  # entries of an array on one picture; the tightest ones


class Entry(NamedTuple):
    """One entry of the two sides, as Python numbers, with its own verdict and score (log ratio, or difference)."""

    where: tuple[int, ...]
    a_lo: Any
    a_hi: Any
    b_lo: Any
    b_hi: Any
    verdict: Verdict
    score: float


def entries(claim: Claim[Any], judgement: Judgement) -> list[Entry]:
    """Every entry that was compared, the tightest first."""
    if judgement.actual is None or judgement.bound is None:
        return []
    a, b = judgement.actual, judgement.bound
    ends = np.broadcast_arrays(*(np.asarray(end, dtype=object) for end in (a.lo, a.hi, b.lo, b.hi)))
    out = []
    for index in np.ndindex(ends[0].shape):
        one, two = Enclosure(ends[0][index], ends[1][index], a.trust), Enclosure(ends[2][index], ends[3][index], b.trust)
        score = tightness(claim, Judgement("holds", one, two))
        out.append(Entry(index, *one[:2], *two[:2], compare(one, two), score))
    return sorted(out, key=lambda entry: (entry.verdict != "refuted", -entry.score))


def reading(claim: Claim[Any], judgement: Judgement) -> str:
    """How close the two sides are at the tightest entry, in words."""
    found = entries(claim, judgement)
    if not found:
        return ""
    first = found[0]
    if first.verdict == "refuted":
        return "the actual value is above the bound"
    if first.score == 0 or (first.score == -math.inf and first.a_lo == first.b_hi):
        return "the two sides meet"
    if any(end != end for end in first[1:5]):
        return "a side is not a number"
    if first.score == -math.inf:
        return "between the two sides there is no distance to speak of"
    if claim.tightness == "ratio":
        return f"the actual value is {100 * math.exp(first.score):.4g} % of the bound"
    return f"the actual value is {number(-first.score, 4)} below the bound"


def number_line(claim: Claim[Any], judgement: Judgement) -> str:
    """The two enclosures on one line as HTML: a bar and a mark for each side, an entry to a row, the tightest first."""
    found = entries(claim, judgement)
    if not found:
        return ""
    shown = found[:ROWS]
    values = [v for entry in shown for v in entry[1:5]]
    scale = Scale(values, claim.tightness == "ratio")
    rows = []
    for entry in shown:
        name = f"[{', '.join(map(str, entry.where))}]" if len(found) > 1 else ""
        a, b = interval(entry.a_lo, entry.a_hi), interval(entry.b_lo, entry.b_hi)
        marks = _mark(scale, entry.a_lo, entry.a_hi, "a") + _mark(scale, entry.b_lo, entry.b_hi, "b")
        said = f"{'entry ' + name + ': ' if name else ''}actual {a}, bound {b}, {entry.verdict}"
        lead = f"<span class='name' style='color:{COLOURS[entry.verdict]}'>{name} {SIGNS[entry.verdict]}</span>" if name else ""
        words = "".join(
            f"<span class='side {side}'><i></i>{what} {html.escape(value)}</span>"
            for side, what, value in (("a", "actual", a), ("b", "bound", b))
        )
        rows.append(
            f"<div class='row' role='img' aria-label='{html.escape(said)}'>"
            f"<div class='words'>{lead}{words}</div><div class='track'>{marks}</div></div>"
        )
    ticks = "".join(f"<span style='left:{100 * at:.2f}%'>{html.escape(label)}</span>" for at, label in scale.ticks())
    notes = [f"{len(found) - len(shown)} more entries, less tight"] if len(found) > len(shown) else []
    notes += {"log": ["logarithmic"], "both ways": ["logarithmic both ways around 0"]}.get(scale.kind, [])
    note = f"<p class='note'>{'; '.join(notes)}</p>" if notes else ""
    axis = f"<div class='axis' aria-hidden='true'>{ticks}</div>"
    return f"<div class='pc-line'>{''.join(rows)}{axis}{note}</div>"


def entries_table(claim: Claim[Any], judgement: Judgement) -> str:
    """Every entry in words, the tightest first; nothing where the number line has shown them all."""
    found = entries(claim, judgement)
    if len(found) <= ROWS:
        return ""
    rows = "".join(
        f"<tr><th scope='row'>[{', '.join(map(str, entry.where))}]</th><td>{html.escape(interval(entry.a_lo, entry.a_hi))}</td>"
        f"<td>{html.escape(interval(entry.b_lo, entry.b_hi))}</td><td>{SIGNS[entry.verdict]} {entry.verdict}</td></tr>"
        for entry in found
    )
    head = "".join(f"<th scope='col'>{name}</th>" for name in ("entry", "actual", "bound", "verdict"))
    return f"<div class='pc-all'><table class='pc-table'><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"


def _mark(scale: Scale, lo: Any, hi: Any, side: str) -> str:
    left, right = 100 * scale.at(lo), 100 * scale.at(hi)
    bar = f"<span class='bar {side}' style='left:{left:.3f}%;width:{max(0.0, right - left):.3f}%'></span>"
    for place, end in ((left, lo), (right, hi)) if lo == lo and hi == hi else ():  # what is not a number has no place
        kind, arrow = ("dot", "") if finite(end) else ("far", "→" if end > 0 else "←")
        bar += f"<span class='{kind} {side}' style='left:{place:.3f}%'>{arrow}</span>"
    return bar


def badge(verdict: Verdict, trust: str | None = None, word: str = "") -> str:
    """A verdict in colour, sign and word (its own, or another); with who vouches for it."""
    who = f"<span class='trust'>{trust}</span>" if trust else ""
    return f"<span class='pc-badge' style='--c:{COLOURS[verdict]}'><b>{SIGNS[verdict]}</b> {word or verdict}</span>{who}"


def margins_table(margins: Mapping[str, float]) -> str:
    """Hypotheses and how far inside each the point is."""
    if not margins:
        return "<p class='pc-none'>No hypothesis: every instance that can be built.</p>"
    rows = "".join(
        f"<tr><th scope='row'>{html.escape(name)}</th><td>{number(value)}</td>"
        f"<td>{badge('holds', word='met') if value >= 0 else badge('out of scope', word='not met')}</td></tr>"
        for name, value in margins.items()
    )
    head = "<tr><th scope='col'>hypothesis</th><th scope='col'>margin</th><th scope='col'></th></tr>"
    words = "met where the margin is 0 or more"
    return f"<table class='pc-table'><caption>{words}</caption><thead>{head}</thead><tbody>{rows}</tbody></table>"


def panel(claim: Claim[Any], seen: Look | None, said: str) -> str:
    """The verdict on one point: badge, words, number line, hypotheses."""
    note = f"<p class='pc-said' role='status'>{html.escape(said)}</p>" if said else ""
    if seen is None:
        return f"{note}<p class='pc-none'>Judging a point of this claim takes a while: press the button.</p>"
    if seen.problem:
        return f"{note}<p class='pc-none' role='alert'>This point cannot be judged: {html.escape(seen.problem)}.</p>"
    found = seen.judgement
    words = reading(claim, found) or "a hypothesis is not met, so the claim says nothing here"
    risk = f" · risk {found.risk:.0e}" if found.risk else ""
    head = f"<p class='pc-verdict' aria-live='polite'>{badge(found.verdict, found.trust)} <span>{words}{risk}</span></p>"
    time_ = f"<p class='pc-time'>judged in {1000 * seen.seconds:.3g} ms</p>"
    return f"{note}{head}{number_line(claim, found)}{time_}"


def variant_line(variant: Claim[Any], seen: Look | None) -> str:
    """What came of one variant at the point, in a line."""
    if seen is None:
        return "<p class='pc-none'>not judged at this point yet</p>"
    if seen.problem:
        return f"<p class='pc-none'>cannot be judged here: {html.escape(seen.problem)}</p>"
    found = entries(variant, seen.judgement)
    sides = ""
    if found:
        a, b = interval(found[0].a_lo, found[0].a_hi), interval(found[0].b_lo, found[0].b_hi)
        relation = "&gt;" if found[0].verdict == "refuted" else "against"
        sides = f"<span>actual {html.escape(a)} {relation} bound {html.escape(b)}</span>"
    return f"<p class='pc-verdict small'>{badge(seen.judgement.verdict, seen.judgement.trust)} {sides}</p>"
