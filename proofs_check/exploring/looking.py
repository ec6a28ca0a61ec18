"""One claim and one point of it: what is said, where to begin, the judgement, and the point as a file."""

import html
import inspect
import json
import math
import re
import time
from collections.abc import Mapping
from fractions import Fraction
from importlib import resources
from typing import Any, NamedTuple

import numpy as np

from bounds.claim import Array, Axis, Choice, Claim, Int
from proofs_check import __version__
from proofs_check.discover import claims, find, module_of
from proofs_check.exploring.widgets import as_array
from proofs_check.points import Point, dimension, draws, from_json, from_unit, to_json
from proofs_check.verdict import Judgement, judge, tightness

LIVE = 0.1  # seconds: a claim whose judgement takes longer waits for a button
OFFERED = "offered.txt"  # in the wheel of a static page: the claims that run there


class BadPoint(ValueError):
    """A text is no point of the claim; the message says why."""


def statement(key: str) -> str:
    """The module's docstring as Markdown with TeX: title, statement, why, units."""
    title, _, rest = (inspect.getdoc(module_of(key)) or key).partition("\n")
    # to Markdown a formula is one paragraph of one line, or its minus signs begin lists
    apart = re.sub(r"\s*\$\$(.+?)\$\$\s*", lambda found: f"\n\n$${' '.join(found[1].split())}$$\n\n", rest, flags=re.DOTALL)
    apart = re.sub(r"^#", r"\\#", apart.strip(), flags=re.MULTILINE)  # a number sign that begins a line is no heading
    return f"## {title}\n\n{apart}"


def offered() -> list[str]:
    """Keys of the claims that can be explored here, paper by paper: all of them, or in a static page those that run there."""
    listed = resources.files("proofs_check").joinpath(OFFERED)
    return listed.read_text(encoding="utf-8").split() if listed.is_file() else list(claims())


def heading(key: str, claim: Claim[Any]) -> str:
    """The statement on one line, and where it is from."""
    status = "" if claim.status == "theorem" else f"<span class='pc-status'>{claim.status}</span>"
    return (
        f"<div class='pc-heading'><p class='says'>{html.escape(claim.says)}</p>"
        f"<p class='from'>{html.escape(claim.source)} · <code>{html.escape(key)}</code>{status}</p></div>"
    )


def opening(claim: Claim[Any], key: str, seconds: float = 0.3) -> Point:
    """A point worth looking at first: a draw that is decided and whose two sides have a distance, else the middle.

    A claim that is slow to judge gets the middle, unjudged.
    """
    middle = from_unit(claim.space, np.full(dimension(claim.space), 0.5))
    if claim.cost > LIVE:
        return middle
    until, decided = time.perf_counter() + seconds, None
    for point in draws(claim.space, 0, key, range(6, 46, 2)):  # even draws after the corners are uniform ones
        seen = look(claim, point).judgement
        if seen.verdict in ("holds", "survives"):
            if tightness(claim, seen) > -np.inf:
                return point
            decided = decided or point
        if time.perf_counter() > until:
            break
    return decided or middle


def drawn(claim: Claim[Any], key: str, index: int) -> Point:
    """Draw `index` of the claim: corners first, then ties and uniform draws in turn."""
    return next(draws(claim.space, 0, key, [index]))


class Look(NamedTuple):
    """One point of one claim: the judgement, the margin of each hypothesis, the seconds it took, or why it could not be."""

    judgement: Judgement
    margins: dict[str, float]
    seconds: float
    problem: str = ""
    missing: str = ""  # the package for want of which it could not be


def look(claim: Claim[Any], point: Mapping[str, Any]) -> Look:
    """Judge one point; an exception of the claim becomes a sentence."""
    started, margins, missing = time.perf_counter(), dict[str, float](), ""
    try:
        with np.errstate(all="ignore"):
            judgement = judge(claim, point)
            if claim.assumes:
                x = claim.build(**point)
                margins = {name: float(margin(x)) for name, margin in claim.assumes.items()}
        return Look(judgement, margins, time.perf_counter() - started)
    except ModuleNotFoundError as problem:
        missing = problem.name or "another package"
        what = f"it needs the package {missing}, which is not here"
    except Exception as problem:  # a claim may raise anything, also on a point that someone typed
        what = f"{type(problem).__name__}: {problem}"
    return Look(Judgement("out of scope", margin=math.nan), margins, time.perf_counter() - started, what, missing)


def exported(key: str, variant: str, point: Mapping[str, Any]) -> str:
    """The point as a file that `proofs-check replay` reads."""
    from proofs_check.counterexample import FORMAT

    content = {"format": FORMAT, "version": __version__, "claim": key, "variant": variant}
    own = {k: v for k, v in point.items() if k in find(key).variant(variant).space}
    return json.dumps(content | {"point": json.loads(to_json(own))}, ensure_ascii=False, indent=2) + "\n"


def typed(text: str, claim: Claim[Any]) -> Point:
    """The point that a text holds: JSON as `to_json` writes it, or a whole exported file.

    Values may lie outside the claim's box, but must be of its kinds. Raises BadPoint with one sentence.
    """
    space = claim.space
    try:
        value = from_json(text)
    except (ValueError, TypeError, ArithmeticError) as problem:
        raise BadPoint(f"this is no JSON of a point: {problem}") from problem
    if isinstance(value, dict) and "format" in value and isinstance(value.get("point"), dict):
        value = value["point"]
    if not isinstance(value, dict):
        raise BadPoint('a point is a JSON object: {"name": value, …}')
    if unknown := [name for name in value if name not in space]:
        raise BadPoint(f"there is no coordinate {unknown[0]!r}; there are {', '.join(space)}")
    for name, given in value.items():
        if (kind := _wanted(space[name], given)) is not None:
            raise BadPoint(f"the coordinate {name!r} is {kind}, not {json.dumps(given, default=str, ensure_ascii=False)[:60]}")
    try:
        inspect.signature(claim.build).bind(**value)
    except TypeError as problem:  # some coordinates may be left out, because `build` has a default for them
        raise BadPoint(str(problem)) from problem
    return {name: as_array(v, axis) if isinstance(axis := space[name], Array) else v for name, v in value.items()}


def _wanted(axis: Axis, given: Any) -> str | None:
    """What a value of the axis is, if the given one is none."""
    if isinstance(axis, Choice):
        return "an option" if given is None or isinstance(given, dict) else None
    if isinstance(axis, Array):
        fits = isinstance(given, list | np.ndarray) and all(map(_is_number, leaves(given)))
        return None if fits else "an array of numbers"
    if isinstance(axis, Int):
        return None if isinstance(given, int) and not isinstance(given, bool) else "a whole number"
    return None if _is_number(given) else "a number"


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float | Fraction) and not isinstance(value, bool) and math.isfinite(value)


def leaves(value: Any) -> list[Any]:
    """The numbers in an array or in lists of any depth."""
    value = value.tolist() if isinstance(value, np.ndarray) else value
    return [leaf for one in value for leaf in leaves(one)] if isinstance(value, list) else [value]
