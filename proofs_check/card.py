"""Falsification cards: what was asked of a claim and what came of it, as JSON and as one self-contained page.

A card is made from the rows of a ledger; nothing on it is computed anew, so it says what the run said. The page needs no
network and no script: it reads in dark and light, on a phone, on paper, and aloud.
"""

import html
import json
import math
import re
import warnings
from collections.abc import Mapping, Sequence
from importlib import resources
from typing import Any

from proofs_check import __version__
from proofs_check.campaign import Budget, Report, report
from proofs_check.discover import find, module_of, source_hash
from proofs_check.ledger import Ledger, Row, versions
from proofs_check.pages import document, packed, section, table
from proofs_check.points import from_json, to_json
from proofs_check.prose import to_html

SCHEMA = "proofs-check card 1"
BINS = 24
SHOWN = 2000  # characters of a point on a page; the JSON has all of it
PROVENANCE = {  # words of `Claim.source`, in this order
    "recalled": "attributed to the paper from memory, and proved here from scratch",
    "reconstructed": "a correct theorem of the kind that the paper has, with constants of ours",
    "new": "sharper than, or absent from, what we know of the paper",
}


def schema() -> dict[str, Any]:
    """The JSON Schema of a card."""
    loaded: dict[str, Any] = json.loads(packed("card.schema.json"))
    return loaded


def card(key: str, ledger: Ledger, budget: Budget) -> dict[str, Any]:
    """Everything that the rows of this budget say of one claim, as plain values."""
    import inspect

    claim, said = find(key), report(key, ledger, budget)
    mine = ledger.rows(key, "", source_hash(key))
    lines = (inspect.getdoc(module_of(key)) or "").splitlines()
    return {
        "schema": SCHEMA,
        "claim": key,
        "title": lines[0] if lines else key,
        "says": claim.says,
        "statement": "\n".join(lines[1:]).strip(),
        "source": {"cited": claim.source, "entry": _bibliography(claim.source.split(",")[0].strip())},
        "status": claim.status,
        "passed": said.passed,
        "problems": said.problems,
        "news": said.news,
        "trust": said.trust or None,
        "risk": said.risk,
        "judged": {
            "draws": said.draws,
            "search_calls": said.search_calls,
            "holds": said.holds,
            "survives": said.survives,
            "undecided": said.undecided,
            "refuted": said.refuted,
            "out_of_scope": said.out_of_scope,
        },
        "counterexample": _counterexample(key, ledger, budget),
        "tightest": _tightest(said),
        "histogram": _histogram([row for name, row in mine.items() if name.startswith(f"draw:{budget.seed}:")]),
        "cases": [{"name": name, "draws": count} for name, count in said.covers.items()],
        "hypotheses": [_hypothesis(claim, name, key, ledger, budget) for name in claim.assumes],
        "variants": [_variant(key, name, ledger, budget) for name in claim.falsified],
        "also_true": list(claim.also_true),
        "steps": [_step(step.says, mine.get(f"step:{i}"), mine.get(f"twin:{i}")) for i, step in enumerate(claim.proof)],
        "seed": budget.seed,
        "seconds": said.seconds,
        "versions": json.loads(versions()) | {"proofs-check": __version__},
        "command": _command(key, budget),
    }


def _command(key: str, budget: Budget) -> str:
    asked = f" --points {budget.points}" if budget.points else f" --seconds {budget.seconds:g}" if budget.seconds != 2 else ""
    return f"proofs-check run {key}{asked}{f' --seed {budget.seed}' if budget.seed else ''}"


def _bibliography(key: str) -> dict[str, str] | None:
    """The entry of papers.bib, field by field."""
    text = resources.files("bounds").joinpath("papers.bib").read_text(encoding="utf-8")
    found = re.search(r"@\w+\{" + re.escape(key) + r",\n(.*?)\n\}", text, re.DOTALL)
    if not found:
        return None
    fields = re.findall(r"^\s*(\w+)\s*=\s*\{(.*)\},?$", found[1], re.MULTILINE)
    return {name: value.replace("{", "").replace("}", "") for name, value in fields}


def _tightest(said: Report) -> dict[str, Any] | None:
    if said.tightest is None:
        return None
    ratio = math.exp(min(said.tightest, 700.0)) if said.tightness_kind == "ratio" else None
    point = json.loads(to_json(said.tightest_at))
    return {"kind": said.tightness_kind, "score": said.tightest, "ratio": ratio, "point": point}


def _histogram(rows: Sequence[Row]) -> dict[str, Any] | None:
    """Scores of the draws: log(actual/bound), or the difference; negative is on the safe side.

    The bars begin where most points do, so that a few far ones do not hide the others: at the lowest twentieth, or nearer, at
    three times the distance of the highest from the median below that median. How many lie below is said.
    """
    scores = sorted(row.tightness for row in rows if row.tightness is not None and math.isfinite(row.tightness))
    if not scores:
        return None
    high, median = scores[-1], scores[len(scores) // 2]
    low = next(score for score in scores[len(scores) // 20 :] if score >= median - 3 * (high - median))
    width = (high - low) / BINS
    counts = [0] * BINS
    shown = [score for score in scores if score >= low]
    for score in shown:
        counts[min(int((score - low) / width), BINS - 1) if width else 0] += 1
    below = len(scores) - len(shown)
    return {"low": low, "high": low + BINS * width, "counts": counts, "below": below, "scored": len(scores), "drawn": len(rows)}


def _variant_rows(key: str, name: str, ledger: Ledger, budget: Budget) -> dict[str, Row]:
    wanted = {budget.search_name(find(key), name), "witness"}
    return {task: row for task, row in ledger.rows(key, name, source_hash(key)).items() if task in wanted}


def _variant(key: str, name: str, ledger: Ledger, budget: Budget) -> dict[str, Any]:
    rows = _variant_rows(key, name, ledger, budget).values()
    refuting = next((row for row in rows if row.verdict == "refuted"), None)
    found = {"by": None, "calls": sum(row.calls for row in rows), "point": None, "actual": None, "bound": None}
    found |= {} if refuting is None else _refutation(refuting, sum(row.calls for row in rows))
    return {"name": name, "changes": sorted(find(key).falsified[name]), "refuted": refuting is not None} | found


def _refutation(row: Row, calls: int) -> dict[str, Any]:
    """How a point was found at which actual > bound, the point, and both sides."""
    by = "search" if row.task.startswith("search") else "witness" if row.task == "witness" else "draw"
    return {"by": by, "calls": calls} | {part: json.loads(getattr(row, part)) for part in ("point", "actual", "bound")}


def _counterexample(key: str, ledger: Ledger, budget: Budget) -> dict[str, Any] | None:
    """What refutes the claim itself: the search's point before the drawn ones."""
    known = _variant_rows(key, "", ledger, budget) or {}
    drawn = {f"draw:{budget.seed}:{i}" for i in range(budget.draws(find(key), ""))}
    known |= {task: row for task, row in ledger.rows(key, "", source_hash(key)).items() if task in drawn}
    refuting = next((row for row in known.values() if row.verdict == "refuted"), None)
    return None if refuting is None else _refutation(refuting, refuting.calls)


def _hypothesis(claim: Any, name: str, key: str, ledger: Ledger, budget: Budget) -> dict[str, Any]:
    """Which falsified variants do without this hypothesis, and whether one shows that it is needed.

    One does if it was refuted with both sides as they are in the theorem, where this hypothesis fails and all others hold.
    """
    without = [v for v, fields in claim.falsified.items() if "assumes" in fields and name not in fields["assumes"]]
    alike = [_variant(key, v, ledger, budget) for v in without if set(claim.falsified[v]) <= {"assumes", "space"}]
    shown = [v["name"] for v in alike if v["refuted"] and _fails_alone(claim, name, v["point"])]
    return {"name": name, "dropped_in": without, "shown_by": shown, "needed": bool(shown) if without else None}


def _fails_alone(claim: Any, name: str, point: Any) -> bool:
    """Whether this hypothesis, and no other, fails at a point; False where a margin cannot be computed."""
    try:
        with warnings.catch_warnings(action="ignore"):
            instance = claim.build(**from_json(json.dumps(point)))
            return [other for other, margin in claim.assumes.items() if not margin(instance) >= 0] == [name]
    except Exception:  # outside of its hypotheses a claim may raise anything
        return False


def _step(says: str, check: Row | None, twin: Row | None) -> dict[str, Any]:
    return {
        "says": says,
        "verdict": check.verdict if check else None,
        "how": check.note if check else None,
        "false_twin": twin.verdict if twin else None,
    }


# ---- the page -------------------------------------------------------------------------------------------------------


def page(found: Mapping[str, Any]) -> str:
    """One card as HTML."""
    title = html.escape(found["claim"])
    verdict = _verdict(found)
    parts = [
        f"<p class='path'><a href='index.html'>all claims</a></p><h1>{html.escape(found['title'])}</h1>",
        f"<p class='claim'><code>{title}</code></p>",
        f"<p class='verdict {verdict[0]}' role='status'>{html.escape(verdict[1])}</p>",
        f"<p class='says'>{html.escape(found['says'])}</p>",
        section("Statement", to_html(found["statement"])),
        section("Source", _source(found["source"])),
        section("What was tried", _tried(found)),
        section("Counterexample", _refuted(found["counterexample"])),
        section("How close it gets", _closeness(found)),
        section("Falsified variants", _variants(found["variants"])),
        section("Hypotheses", _hypotheses(found["hypotheses"])),
        section("Proof steps that a machine checked", _steps(found["steps"])),
        section("True although it looks like a mistake", _bullets(found["also_true"])),
        section("To repeat it", _repeat(found)),
    ]
    return document(f"{title} · falsification card", "\n".join(parts))


def index(found: Sequence[Mapping[str, Any]]) -> str:
    """All cards in one table."""
    rows = [
        [
            f"<a href='{html.escape(one['claim'])}.html'>{html.escape(one['claim'])}</a>",
            html.escape(one["says"]),
            html.escape(_verdict(one)[1].partition(":")[0]),
            f"{sum(v['refuted'] for v in one['variants'])}/{len(one['variants'])}",
            f"{sum(s['verdict'] == 'proved' for s in one['steps'])}/{len(one['steps'])}",
            one["trust"] or "—",
        ]
        for one in found
    ]
    passed, variants = sum(one["passed"] for one in found), [v["refuted"] for one in found for v in one["variants"]]
    summary = f"{len(found)} claims, {passed} pass; {sum(variants)} of {len(variants)} falsified variants refuted."
    every = table(
        "Every claim and what its check could tell apart", ["claim", "says", "verdict", "variants", "steps", "trust"], rows
    )
    return document("Falsification cards", f"<h1>Falsification cards</h1><p>{summary}</p><div class='cards'>{every}</div>")


def _verdict(found: Mapping[str, Any]) -> tuple[str, str]:
    if not found["passed"]:
        return "bad", f"fails: {'; '.join(found['problems'])}"
    if found["status"] == "false":
        return "good", "refuted, as it should be: this statement is false"
    if found["status"] == "conjecture":
        news = f"; news: {'; '.join(found['news'])}" if found["news"] else ""
        return "open", f"conjecture: nothing refuted it, and every variant was refuted{news}"
    if found["judged"]["survives"] and not found["judged"]["holds"]:
        return (
            "open",
            "survives: one side is known only from below and never passed the other; every falsified variant was refuted",
        )
    return "good", "holds: nothing refuted it, and the same check refuted every falsified variant"


def _bullets(lines: Sequence[str]) -> str:
    return f"<ul>{''.join(f'<li>{html.escape(line)}</li>' for line in lines)}</ul>" if lines else ""


def provenance(source: str) -> str:
    """What the last word of a source means, or nothing if it cites a statement as it stands.

    >>> provenance("new")
    'new: sharper than, or absent from, what we know of the paper'
    """
    return next((f"{word}: {words}" for word, words in PROVENANCE.items() if re.search(rf"\b{word}\b", source)), "")


def _source(source: Mapping[str, Any]) -> str:
    cited, entry, kind = html.escape(source["cited"]), source["entry"], provenance(source["cited"])
    cited += f"<br><span class='claim'>{html.escape(kind)}</span>" if kind else ""
    if entry is None:
        return f"<p>{cited}</p>"
    words = {name: html.escape(entry.get(name, "")) for name in ("author", "title", "journal", "booktitle", "year")}
    where, authors = words["journal"] or words["booktitle"], words["author"].replace(" and ", ", ")
    return f"<p>{cited}<br>{authors}: <cite>{words['title']}</cite>, {where}, {words['year']}</p>"


def _tried(found: Mapping[str, Any]) -> str:
    judged = found["judged"]
    names = ("holds", "survives", "undecided", "refuted", "out_of_scope")
    rows = [[name.replace("_", " "), f"{judged[name]:,}"] for name in names]
    cases = [[html.escape(case["name"]), f"{case['draws']:,}"] for case in found["cases"]]
    said = f"<p>{judged['draws']:,} drawn points, {judged['search_calls']:,} calls of the search for the tightest one. "
    said += f"Trust in the values of both sides: {found['trust'] or 'none'}. Risk spent: {found['risk']:.1e}.</p>"
    more = table("Cases that a fair sample contains", ["case", "drawn points"], cases) if cases else ""
    counted = "Verdicts on the drawn points, on those where both sides should meet, and on the one that the search ended at"
    return said + table(counted, ["verdict", "points"], rows) + more


def _refuted(found: Mapping[str, Any] | None) -> str:
    """The point that refutes the claim itself."""
    if found is None:
        return ""
    how = {"search": f"by search, {found['calls']:,} calls", "witness": "by its known witness", "draw": "by a drawn point"}
    return f"<p>Refuted {how[found['by']]}: {_over(found)}.</p>{_point(found['point'])}"


def _closeness(found: Mapping[str, Any]) -> str:
    tightest, histogram = found["tightest"], found["histogram"]
    if tightest is None:
        return "<p>The two sides are truth values or have no distance to compare.</p>"
    if tightest["ratio"] is not None:
        value = f"actual/bound = {tightest['ratio']:.6g}"
    else:
        value = f"actual − bound = {tightest['score']:.6g}"
    instance = f"<details><summary>that instance</summary>{_point(tightest['point'])}</details>"
    return f"<p>Tightest instance found: {value}.</p>{_picture(histogram, tightest['kind'])}{instance}"


def _picture(histogram: Mapping[str, Any] | None, kind: str) -> str:
    """Bars of the draws' scores, with words for who cannot see them."""
    if histogram is None:
        return ""
    if histogram["low"] == histogram["high"]:
        return f"<p>All {histogram['scored']} drawn points that have a score have this one: {histogram['low']:.3g}.</p>"
    top, counts = max(histogram["counts"]), histogram["counts"]
    tall = [96 * n / top for n in counts]
    bars = "".join(f"<rect x='{14 * i + 1}' y='{100 - h:.1f}' width='12' height='{h:.1f}'/>" for i, h in enumerate(tall))
    what = "log(actual/bound)" if kind == "ratio" else "actual − bound"
    low, high = f"{histogram['low']:.3g}", f"{histogram['high']:.3g}"
    below = f", {histogram['below']} below" if histogram["below"] else ""
    about = f"{what}, {histogram['scored']} drawn points{below}"
    label = html.escape(f"Histogram of {about}, from {low} to {high}; the highest bar has {top} points.")
    picture = (
        f"<svg viewBox='0 0 {14 * len(counts)} 100' role='img' aria-label='{label}' preserveAspectRatio='none'>{bars}</svg>"
    )
    ends = f"<span>{low}</span><span>{html.escape(about)}</span><span>{high}</span>"
    return f"<figure>{picture}<figcaption>{ends}</figcaption></figure>"


def _point(point: Any) -> str:
    text = json.dumps(point, ensure_ascii=False)
    cut = f"{text[:SHOWN]} … ({len(text) - SHOWN:,} more characters in the JSON)" if len(text) > SHOWN else text
    return f"<pre>{html.escape(cut)}</pre>"


def _ends(side: Any) -> str:
    low, high = from_json(json.dumps(side))
    first = [re.sub(r"Fraction\((-?\d+), (\d+)\)", r"\1/\2", str(end).replace("\n", " ")) for end in (low, high)]
    text = first[0] if first[0] == first[1] else f"{first[0]} … {first[1]}"
    return html.escape(text if len(text) < 120 else text[:120] + " …")


def _over(found: Mapping[str, Any]) -> str:
    """Left side and right side of a refutation."""
    return f"{_ends(found['actual'])} &gt; {_ends(found['bound'])}"


def _variants(variants: Sequence[Mapping[str, Any]]) -> str:
    if not variants:
        return ""
    rows = []
    for v in variants:
        name = html.escape(v["name"])
        if not v["refuted"]:
            rows.append([name, "not refuted", ""])
            continue
        how = f"by search, {v['calls']:,} calls" if v["by"] == "search" else "by its known witness"
        rows.append([name, how, f"{_over(v)}<details><summary>point</summary>{_point(v['point'])}</details>"])
    return table("Misreadings that the same check refutes", ["variant", "refuted", "counterexample: actual > bound"], rows)


def _hypotheses(hypotheses: Sequence[Mapping[str, Any]]) -> str:
    if not hypotheses:
        return "<p>None: the claim is about every instance that can be built.</p>"
    rows = []
    for h in hypotheses:
        dropped, shown = (", ".join(f"“{html.escape(v)}”" for v in h[field]) for field in ("dropped_in", "shown_by"))
        why = (
            f"yes: {shown} was refuted where it alone fails"
            if shown
            else f"not shown: {dropped} does without it, and changes more"
        )
        rows.append([html.escape(h["name"]), why if dropped else "no variant drops it"])
    return table("Hypotheses, and whether a variant shows that they are needed", ["hypothesis", "needed?"], rows)


def _steps(steps: Sequence[Mapping[str, Any]]) -> str:
    if not steps:
        return ""
    rows = [[html.escape(str(cell)) for cell in (s["says"], f"{s['verdict']}: {s['how']}", s["false_twin"])] for s in steps]
    return table("Steps, and false twins that the same checker must refute", ["step", "verdict", "its false twin"], rows)


def _repeat(found: Mapping[str, Any]) -> str:
    numbers = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    spent = html.escape(f"Seed {found['seed']}; {found['seconds']:.1f} core-seconds; {numbers}.")
    return f"<pre>{html.escape(found['command'])}</pre><p>{spent}</p>"
