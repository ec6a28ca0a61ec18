"""Pages made from the claims, the public functions, the commands and the experiments: `docs/generated/`, not in git."""

import ast
import importlib
import inspect
import json
import re
import shutil
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from pathlib import Path
from types import ModuleType, UnionType
from typing import Any, Literal, NamedTuple, get_args, get_origin

from bounds.claim import Array, Axis, Choice, Claim, Int
from proofs_check.card import provenance
from proofs_check.cli import VERBS
from proofs_check.discover import claims, module_of
from proofs_check.points import to_json
from proofs_check.prose import FORMULA

ROOT = Path(__file__).parent.parent
TOOLS = ["ball", "rational", "rounding", "sampling", "convex", "symbolic"]  # of bounds.measure: makers of enclosures
ORPHAN = ["---", "orphan: true", "---", ""]  # claims are not in the sidebar: 150 lines on each page would be two thirds of it
STATUS = {
    "theorem": "A theorem: nothing may refute it.",
    "conjecture": "A conjecture: no verdict rests on it, and a refutation would be news.",
    "false": "A false statement: the check must refute it.",
}


def write(folder: Path) -> None:
    """All generated pages, made anew."""
    shutil.rmtree(folder, ignore_errors=True)
    papers: dict[str, dict[str, Claim[Any]]] = {}
    for key, claim in claims().items():
        if module_of(key).__name__.startswith("bounds."):
            paper, _, name = key.rpartition(".")
            papers.setdefault(paper, {})[name] = claim
    _save(folder / "index.md", _all_claims(papers))
    for paper, found in papers.items():
        links = _links(paper, found)
        _save(folder / paper / "index.md", _paper(paper, found, links))
        _save(folder / paper / "functions.md", _functions(paper, links))
        for name, claim in found.items():
            _save(folder / paper / f"{name}.md", _claim(paper, name, claim, links))
    _save(folder / "tools.md", _tools())
    _save(folder / "experiments.md", _experiments())
    _save(folder / "commands" / "index.md", _commands())
    for verb, function in VERBS.items():
        _save(folder / "commands" / f"{verb}.md", _command(verb, function))


def _save(file: Path, lines: Iterable[str]) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("\n".join(lines) + "\n", encoding="utf-8")


# ---- docstrings as Markdown -----------------------------------------------------------------------------------------

PIECES = re.compile(r"(?P<code>`[^`\n]+`)|(?P<url>https?://[^\s)>,]*[^\s)>,.])|" + FORMULA.pattern, re.DOTALL)


def markdown(text: str, links: dict[str, str] | None = None) -> str:
    """A docstring: its code, formulas, tables, lists and *emphasis* stay; every other sign means itself."""
    out, end = [], 0
    for found in PIECES.finditer(text):
        out.append(_escaped(text[end : found.start()]))
        if found["code"]:
            target = (links or {}).get(found["code"].strip("`"))
            out.append(f"[{found['code']}]({target})" if target else found["code"])
        elif found["url"]:
            out.append(f"<{found['url']}>")
        elif found[3] is not None:  # displayed: a block of its own
            out.append(f"\n\n$$\n{found[3].strip()}\n$$\n\n")
        else:
            tex = found[4].replace("\n", " ")
            in_table = _line(text, found.start()).startswith("|")
            out.append(f"${tex.replace('|', ' ' + chr(92) + 'vert ') if in_table else tex}$")
        end = found.end()
    out.append(_escaped(text[end:]))
    return "\n\n".join(_block(block) for block in re.split(r"\n{2,}", "".join(out)))


def _line(text: str, at: int) -> str:
    start = text.rfind("\n", 0, at) + 1
    return text[start : text.find("\n", at) if "\n" in text[at:] else len(text)]


def _escaped(text: str) -> str:
    text = re.sub(r"([\\$<\[\]{}_~^])", r"\\\1", text)
    return re.sub(r"(?<!\w)\*(\w[^*\n]*\w)\*(?!\w)|\*", lambda found: found[0] if found[1] else r"\*", text)


def _block(block: str) -> str:
    """Signs that would begin a heading, a list or a quotation in the middle of a paragraph mean themselves."""
    lines = block.splitlines()
    if not lines or lines[0].startswith(("- ", "|", "$$", "1. ")):
        return block
    return "\n".join(re.sub(r"^(\s{0,3})([#>+=-])", r"\1\\\2", line).lstrip(" ") for line in lines)


def prose(text: str, links: dict[str, str] | None = None) -> str:
    """A docstring with its examples as code."""
    parts = re.split(r"((?:^>>> .*\n?(?:^(?!>>> )\S.*\n?|^\.\.\. .*\n?)*)+)", text, flags=re.MULTILINE)
    return "\n\n".join(
        f"```pycon\n{part.rstrip()}\n```" if part.startswith(">>> ") else markdown(part.strip("\n"), links)
        for part in parts
        if part.strip()
    )


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table; cells are Markdown already."""
    body = [[cell.replace("\n", " ").replace("|", "\\|") for cell in row] for row in rows]
    return ["", *("| " + " | ".join(row) + " |" for row in (columns, ["---"] * len(columns), *body)), ""]


def code(text: str) -> str:
    """A span of code, whatever it holds."""
    return f"`` {text} ``" if "`" in text else f"`{text}`"


# ---- claims ---------------------------------------------------------------------------------------------------------


@cache
def _bibliography() -> dict[str, dict[str, str]]:
    text = (ROOT / "bounds" / "papers.bib").read_text(encoding="utf-8")
    entries = re.findall(r"^@\w+\{([^,]+),\n(.*?)\n\}", text, re.MULTILINE | re.DOTALL)
    return {
        key: {name: re.sub("[{}]", "", value) for name, value in re.findall(r"^\s*(\w+)\s*=\s*\{(.*)\},?$", body, re.MULTILINE)}
        for key, body in entries
    }


def _entry(source: str) -> str:
    entry = _bibliography().get(source.split(",")[0].strip())
    if entry is None:
        return ""
    where = ", ".join(entry[name] for name in ("journal", "booktitle", "volume", "pages", "year") if name in entry)
    note = f", {entry['note']}" if "note" in entry else ""
    place = re.sub(r"arXiv:([\d.]+\d)", r"[arXiv:\1](https://arxiv.org/abs/\1)", _escaped(where + note))
    return f"{_escaped(entry['author'].replace(' and ', ', '))}: *{_escaped(entry['title'])}*. {place}."


def _links(paper: str, found: dict[str, Claim[Any]]) -> dict[str, str]:
    """What a word of code on one of a paper's pages leads to."""
    public = getattr(importlib.import_module(f"bounds.{paper}"), "__all__", [])
    return {name: f"functions.md#{_anchor(paper, name)}" for name in public} | {name: f"{name}.md" for name in found}


def _anchor(paper: str, name: str) -> str:
    return f"{paper}-{'class-' if name[0].isupper() else ''}{name}".lower().replace("_", "-")


def _doc(thing: Any) -> tuple[str, str]:
    """First paragraph and the rest."""
    first, _, rest = (inspect.getdoc(thing) or "").partition("\n\n")
    return first, rest


def _title(module: ModuleType) -> tuple[str, str]:
    """The first line, which is a title, and the rest."""
    lines = (inspect.getdoc(module) or module.__name__).splitlines()
    return lines[0].rstrip("."), "\n".join(lines[1:]).strip("\n")


def _all_claims(papers: dict[str, dict[str, Claim[Any]]]) -> list[str]:
    count = sum(map(len, papers.values()))
    variants = sum(len(claim.falsified) for found in papers.values() for claim in found.values())
    lines = ["# The claims", "", f"{count} claims with {variants} falsified variants, paper by paper.", "", "```{toctree}"]
    lines += [":hidden:", "", *(f"{paper}/index" for paper in papers), "```"]
    for paper, found in papers.items():
        about = _doc(importlib.import_module(f"bounds.{paper}"))[0]
        lines += ["", f"## [{_escaped(paper)}]({paper}/index.md)", "", markdown(about.replace("\n", " ")), ""]
        lines += _rows(found, f"{paper}/")
    return lines


def _rows(found: dict[str, Claim[Any]], where: str) -> list[str]:
    return table(
        ["claim", "says"],
        (
            [
                f"[{_escaped(name)}]({where}{name}.md){'' if claim.status == 'theorem' else f' ({claim.status})'}",
                _escaped(claim.says),
            ]
            for name, claim in found.items()
        ),
    )


def _paper(paper: str, found: dict[str, Claim[Any]], links: dict[str, str]) -> list[str]:
    text = inspect.getdoc(importlib.import_module(f"bounds.{paper}")) or ""
    lines = [f"# {_escaped(paper)}", "", markdown(text, links), "", "## Claims", *_rows(found, "")]
    lines += ["```{toctree}", ":hidden:", "", "functions", "```"]
    lines += ["", f"The package's [public functions](functions.md) can be imported from `bounds.{paper}`."]
    return lines


def _claim(paper: str, name: str, claim: Claim[Any], links: dict[str, str]) -> list[str]:
    key, module = f"{paper}.{name}", module_of(f"{paper}.{name}")
    title, statement = _title(module)
    links = {word: target for word, target in links.items() if word != name}
    lines = [
        *ORPHAN,
        f"# {markdown(title)}",
        "",
        f"{code(key)}, a claim of [{_escaped(paper)}](index.md). {STATUS[claim.status]}",
        "",
    ]
    lines += ["```{admonition} It says", ":class: says", "", _escaped(claim.says), "```", "", markdown(statement, links), ""]
    lines += ["## Source", "", _escaped(claim.source) + ".", "", _entry(claim.source), ""]
    lines += [f"({provenance(claim.source).capitalize()}.)", ""] if provenance(claim.source) else []
    lines += ["## Which instances", ""]
    lines += table(["coordinate", "is", "from", "to", "drawn"], (_axis(*axis) for axis in claim.space.items()))
    if claim.assumes:
        lines += ["Hypotheses: points where one of these margins is negative are out of scope.", ""]
        lines += [f"- {_escaped(each)}" for each in claim.assumes]
    else:
        lines += ["No hypothesis is left to test: every point of the space is an instance."]
    if claim.covers:
        lines += ["", "Cases that drawn points must contain: " + "; ".join(_escaped(each) for each in claim.covers) + "."]
    if claim.falsified:
        lines += ["", "## Misreadings that the check must refute", ""]
        lines += table(["falsified variant", "what it changes"], (_variant(claim, each) for each in claim.falsified))
    if claim.also_true:
        lines += ["", "## True although it looks like a mistake", ""]
        lines += table(["variant", "what it changes"], ([_escaped(v), _changes(f)] for v, f in claim.also_true.items()))
    if claim.proof:
        lines += ["", "## Proof steps that a machine checks", ""]
        lines += ["Each has a false twin, which the same checker must refute.", ""]
        lines += [f"1. {_escaped(step.says)}" for step in claim.proof]
    if claim.tight_at:
        lines += ["", "## Where both sides meet", "", "```json", *(_short(to_json(point)) for point in claim.tight_at), "```"]
    lines += ["", "## Check it yourself", "", "```sh", f"proofs-check run {key}", f"proofs-check worst-case {key}"]
    if claim.falsified:
        words = f"--variant {json.dumps(next(iter(claim.falsified)), ensure_ascii=False)} --out counterexamples"
        lines += [f"proofs-check worst-case {key} {words}"]
    lines += [f"proofs-check card {key}", "```"]
    if claim.falsified:
        lines += ["", "The counterexample that the third line writes is judged again by [replay](../commands/replay.md)."]
    file = Path(str(module.__file__)).relative_to(ROOT)
    lines += ["", "## The module", "", f"All of it is {code(file.as_posix())}:", "", "<details><summary>show it</summary>", ""]
    lines += [f"```{{literalinclude}} /../{file.as_posix()}", ":language: python", "```", "", "</details>"]
    return lines


def _short(text: str) -> str:
    return text if len(text) <= 600 else f"{text[:600]} …"


def _changes(fields: Any) -> str:
    return ", ".join(code(name) for name in sorted(fields))


def _variant(claim: Claim[Any], name: str) -> list[str]:
    known = "; a refuting point is known" if name in claim.witness else ""
    return [_escaped(name), _changes(claim.falsified[name]) + known]


def _axis(name: str, axis: Axis) -> list[str]:
    if isinstance(axis, Choice):
        return [code(name), "one of " + ", ".join(code(repr(option)) for option in axis.options), "", "", ""]
    if isinstance(axis, Int):
        return [code(name), "integer", str(axis.lo), str(axis.hi), ""]
    what = f"array ({', '.join(map(str, axis.shape))})" if isinstance(axis, Array) else "number"
    how = f"multiples of {axis.step}" if axis.step is not None else "evenly in its logarithm" if axis.log else "evenly"
    return [code(name), _escaped(what), str(axis.lo), str(axis.hi), how]


# ---- functions ------------------------------------------------------------------------------------------------------


def _functions(paper: str, links: dict[str, str]) -> list[str]:
    package = importlib.import_module(f"bounds.{paper}")
    lines = [f"# Functions of {_escaped(paper)}", "", f"All can be imported from `bounds.{paper}`.", ""]
    names = getattr(package, "__all__", [])
    lines += [", ".join(f"[{code(name)}](#{_anchor(paper, name)})" for name in names), ""]
    for name in names:
        lines += _function("##", paper, name, getattr(package, name), links)
    return lines


def _tools() -> list[str]:
    from bounds import claim

    lines = ["# What claims are made of", "", "## Types: `bounds.claim`", "", prose(inspect.getdoc(claim) or ""), ""]
    lines += ["```{literalinclude} /../bounds/claim.py", ":language: python", ":start-at: class Enclosure(NamedTuple)", "```"]
    for tool in TOOLS:
        module = importlib.import_module(f"bounds.measure.{tool}")
        lines += [
            "",
            f"## Makers of enclosures and evidence: `bounds.measure.{tool}`",
            "",
            prose(inspect.getdoc(module) or ""),
            "",
        ]
        for name, function in vars(module).items():
            if not name.startswith("_") and inspect.isfunction(function) and function.__module__ == module.__name__:
                lines += _function("###", tool, name, function, {})
    return lines


def _function(heading: str, place: str, name: str, thing: Any, links: dict[str, str]) -> list[str]:
    links = {word: target for word, target in links.items() if word != name}
    module = inspect.getmodule(thing)
    where = f"In `{module.__name__}`." if module else ""
    lines = ["", f"({_anchor(place, name)})=", f"{heading} `{name}`", "", "```python", _signature(name, thing), "```", ""]
    return [*lines, prose(inspect.getdoc(thing) or "", links), "", where, ""]


def _signature(name: str, thing: Any) -> str:
    if not callable(thing):
        return f"{name} = {thing!r}"
    if inspect.isclass(thing):
        name = f"class {name}"
    try:
        signature = inspect.signature(thing)
    except (TypeError, ValueError):
        return name
    shown = [each for each in signature.parameters.values() if not each.name.startswith("_")]
    signature = signature.replace(parameters=shown)
    text = re.sub(r"\b(numpy|jaxtyping|collections\.abc|typing|pathlib|fractions)\.", "", f"{name}{signature}")
    text = re.sub(r"\bbounds(\.\w+)+\.(?=[A-Z])", "", text).replace("random._generator.", "")
    text = text.removesuffix(" -> None") if inspect.isclass(thing) else text
    text = re.sub(r"<class '([\w.]+)'>|<([\w.]+)>", r"\1\2", text)
    if len(text) <= 96:
        return text
    end = text.rfind(")" if "->" not in text else ") ->")
    start = text.index("(")
    return f"{text[: start + 1]}\n" + "".join(f"    {part},\n" for part in _arguments(text[start + 1 : end])) + text[end:]


def _arguments(text: str) -> list[str]:
    """Split at commas that lie in no bracket."""
    parts: list[str] = []
    depth, part, quoted = 0, "", ""
    for sign in text:
        quoted = "" if sign == quoted else quoted or (sign if sign in "'\"" else "")
        depth += (sign in "([{") - (sign in ")]}") if not quoted else 0
        if sign == "," and depth == 0 and not quoted:
            parts, part = [*parts, part.strip()], ""
        else:
            part += sign
    return [*parts, part.strip()]


# ---- commands and experiments ---------------------------------------------------------------------------------------


def _commands() -> list[str]:
    lines = ["# Commands", "", "Each page has the options as the command itself knows them, and real output.", ""]
    rows = ([f"[{verb}]({verb}.md)", _escaped(" ".join(_doc(function)[0].split()))] for verb, function in VERBS.items())
    lines += [
        *table(["command", "what it does"], rows),
        "```{toctree}",
        ":hidden:",
        "",
        *VERBS,
        "```",
        "",
        "## Common to all",
        "",
    ]
    lines += ["- `--json`, of all but `explore`, prints one document for machines; `--help` prints the options."]
    lines += ["- Equal seeds give equal answers, whatever the number of processes."]
    lines += ["- Exit codes: 0 if all is as it should be, 1 if not, 2 for bad input (in one sentence), 130 after Ctrl-C."]
    return lines


def _command(verb: str, function: Callable[..., None]) -> list[str]:
    first, rest = _doc(function)
    lines = [f"# {verb}", "", _escaped(first), "", _escaped(rest), ""]
    told = parameters(function)
    words = " ".join(each.shown for each in told if each.positional)
    lines += ["```sh", f"proofs-check {verb} {words}".rstrip() + " [OPTIONS]", "```"]
    lines += table(["", "meaning", "default"], ([code(each.shown), each.help, each.default] for each in told))
    example = Path(__file__).parent / "commands" / f"{verb}.md"
    return lines + ([example.read_text(encoding="utf-8")] if example.exists() else [])


class Parameter(NamedTuple):
    """One argument or option of a command, in words."""

    shown: str
    help: str
    default: str
    positional: bool

    @classmethod
    def of(cls, parameter: inspect.Parameter) -> "Parameter":
        """Read from the annotation that the command itself is made from."""
        kind, about = parameter.annotation.__origin__, parameter.annotation.__metadata__[0]
        positional = type(about).__name__ == "ArgumentInfo"
        needed = parameter.default in (inspect.Parameter.empty, ...)
        kinds = [each for each in get_args(kind) if each is not type(None)] if isinstance(kind, UnionType) else [kind]
        name = parameter.name.replace("_", "-")
        if positional:
            shown = (about.metavar or parameter.name.upper()).strip("[]{}.")
            several = "..." if get_origin(kinds[0]) is list else ""
            shown = f"{shown}{several}" if needed else f"[{shown}{several}]"
        else:
            flag = next(
                (word for word in (about.default, *(about.param_decls or ())) if str(word).startswith("--")), f"--{name}"
            )
            options = get_args(kinds[0]) if get_origin(kinds[0]) is Literal else ()
            word = about.metavar or "|".join(options) or getattr(kinds[0], "__name__", "").upper()
            shown = flag if kinds == [bool] else f"{flag} {word}"
        default = (
            "needed"
            if needed
            else ""
            if parameter.default is None or parameter.default is False
            else code(str(parameter.default))
        )
        return cls(shown, _escaped(about.help or ""), default, positional)


def parameters(function: Callable[..., None]) -> list[Parameter]:
    """The arguments and options of a command."""
    return [Parameter.of(each) for each in inspect.signature(function, eval_str=True).parameters.values()]


def _experiments() -> list[str]:
    lines = [
        "# The experiments",
        "",
        "`proofs-check experiment NAME` repeats one; its rows are in `experiments/results/NAME.csv`.",
        "",
    ]
    for file in sorted((ROOT / "experiments").glob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        if any(isinstance(node, ast.FunctionDef) and node.name == "plan" for node in tree.body):
            first, _, rest = (ast.get_docstring(tree) or "").partition("\n")
            lines += ["", f"## {_escaped(file.stem)}", "", f"**{markdown(first.strip())}**", "", markdown(rest.strip("\n")), ""]
    return lines
