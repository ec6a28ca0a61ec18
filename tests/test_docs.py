"""The documentation says what is so: its commands exist and print what it shows, its site builds, its links lead somewhere."""

import ast
import importlib.util
import io
import os
import re
import shlex
import subprocess
import sys
import time
import tokenize
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType
from typing import Any, get_args
from urllib.parse import unquote, urlsplit

import pytest

from proofs_check.cli import VERBS
from proofs_check.discover import claims, module_of
from tests.transcripts import blocks, commands, same, wrong

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
WRITTEN = [*DOCS.glob("*.md"), *DOCS.glob("concepts/*.md"), *DOCS.glob("commands/*.md")]
RUN = [DOCS / "index.md", DOCS / "tutorial.md", *sorted(DOCS.glob("commands/*.md"))]


@pytest.fixture(scope="module")
def generate() -> ModuleType:
    """docs/generate.py, which is no part of a package."""
    spec = importlib.util.spec_from_file_location("generate", DOCS / "generate.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# ---- commands -------------------------------------------------------------------------------------------------------


def options(generate: ModuleType, verb: str) -> set[str]:
    """Every option of a command."""
    return {shown.split()[0] for shown, *_ in generate.parameters(VERBS[verb]) if shown.startswith("-")} | {"--help"}


@pytest.mark.parametrize("page", [*WRITTEN, ROOT / "README.md", ROOT / "CONTRIBUTING.md"], ids=lambda page: page.name)
def test_a_page_mentions_only_commands_and_options_that_exist(page: Path, generate: ModuleType) -> None:
    text = page.read_text(encoding="utf-8")
    for line in re.findall(r"^[`$ ]*proofs-check ([a-z][^`\n#]*)", "\n".join(re.findall(r"`[^`]+`|^\$ .*", text, re.M)), re.M):
        verb, *words = shlex.split(line.rstrip("`")) if line.count('"') % 2 == 0 else line.split()
        assert verb in VERBS, f"{page.name}: proofs-check {line}"
        unknown = {word for word in words if word.startswith("--")} - options(generate, verb)
        assert not unknown, f"{page.name}: proofs-check {line}"
    every = set().union(*(options(generate, verb) for verb in VERBS))
    alone = set(re.findall(r"`(?:[a-z-]+ )?(--[a-z-]+)[^`]*`", text)) if page in WRITTEN else set()
    assert alone - every == set()


def test_every_command_has_an_example_and_every_example_a_command() -> None:
    """docs/commands/VERB.md: a few words and a console block, which `python -m tests.transcripts` fills."""
    assert {page.stem for page in DOCS.glob("commands/*.md")} == set(VERBS)


def test_the_options_of_a_command_are_those_that_it_knows(generate: ModuleType) -> None:
    import typer

    from proofs_check.cli import app

    known = typer.main.get_group(app).commands
    for verb in VERBS:
        told = {option for parameter in known[verb].params for option in parameter.opts if option.startswith("--")}
        assert options(generate, verb) - {"--help"} == told - {"--help"}


@pytest.mark.parametrize(
    ("shown", "printed", "expected"),
    [
        ("ok  2 of 2, 1.00 s", "ok 2 of 2, 37 s", True),
        ("ok 2 of 2", "ok 1 of 2", False),
        ("ok 2.0001", "ok 2.0002", True),
        ("ok 2.01", "ok 2.02", False),
        ("off by 3.1e-16", "off by 2.2e-16", True),
        ("ok", "ok\nmore", False),
        ("ok\nmore", "ok", False),
        ("ok\n…", "ok\nmore", True),
        ("…\nlast 1", "a 1\nb 2\nlast 1", True),
        ("…\nlast 1", "a 1\nlast 2", False),
        ("first\n…\nlast", "first\nlast", True),
        ("", "anything", False),
    ],
)
def test_output_is_the_same_if_its_words_and_numbers_are(shown: str, printed: str, expected: bool) -> None:
    assert same(shown, printed) == expected


@pytest.mark.slow
@pytest.mark.parametrize("page", RUN, ids=lambda page: page.stem)
def test_commands_print_what_the_page_shows(page: Path, tmp_path: Path) -> None:
    assert wrong(page, tmp_path) == []


def test_the_tutorial_states_its_theorem_in_under_forty_lines() -> None:
    """Of code: no blank line, comment or docstring."""
    [code] = [block.text for block in blocks((DOCS / "tutorial.md").read_text(encoding="utf-8")) if "pinsker.py" in block.file][
        :1
    ]
    documented = (ast.Module, ast.FunctionDef, ast.ClassDef)
    strings = [n.body[0] for n in ast.walk(ast.parse(code)) if isinstance(n, documented) and ast.get_docstring(n) is not None]
    said = {line for string in strings for line in range(string.lineno, (string.end_lineno or 0) + 1)}
    nothing = (tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
    tokens = tokenize.generate_tokens(io.StringIO(code).readline)
    assert len({token.start[0] for token in tokens if token.type not in nothing} - said) < 40


def test_every_shown_command_has_output_or_says_nothing() -> None:
    """Commands that print nothing are those that make files."""
    quiet = {"pip", "python"}
    for page in RUN:
        for block in blocks(page.read_text(encoding="utf-8")):
            for command, shown in commands(block) if not block.file else []:
                assert shown.strip() or command.split()[0] in quiet, f"{page.name}: {command}"


def test_pages_know_the_words_of_the_code() -> None:
    """Verdicts, kinds of trust, columns of a ledger, fields of a counterexample: each is explained where it should be."""
    from bounds.claim import Trust
    from proofs_check.counterexample import FORMAT
    from proofs_check.ledger import Row
    from proofs_check.points import RESERVED
    from proofs_check.verdict import LOOK_RISK, SUITE_RISK, Verdict

    verdicts, formats, risk = (
        (DOCS / "concepts" / f"{name}.md").read_text("utf-8") for name in ("verdicts", "formats", "risk")
    )
    assert all(f"| {word} |" in verdicts for word in (*get_args(Verdict), *get_args(Trust)))
    assert all(f"`{column}`" in formats for column in Row._fields)
    assert all(f'`{{"{kind}": ' in formats for kind in RESERVED)
    assert FORMAT in formats
    assert (LOOK_RISK, SUITE_RISK) == (1e-12, 1e-6)
    assert "10^{-12}" in risk
    assert "10^{-6}" in risk


# ---- Markdown made from docstrings ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "made"),
    [
        ("a_b < c, *must* hold, 2 * 3", r"a\_b \< c, *must* hold, 2 \* 3"),
        ("see `other`, `x_1`, https://a.org/b_c.", "see [`other`](other.md), `x_1`, <https://a.org/b_c>."),
        ("where $a_1 < 2$ holds", "where $a_1 < 2$ holds"),
        ("| $|x|$ | size |", r"| $ \vert x \vert $ | size |"),
        ("the sum\n+ 1 and\n- 2\n# 3", "the sum\n\\+ 1 and\n\\- 2\n\\# 3"),
        ("- one\n- two", "- one\n- two"),
        ("costs $3", r"costs \$3"),
    ],
)
def test_a_docstring_means_itself(text: str, made: str, generate: ModuleType) -> None:
    assert generate.markdown(text, {"other": "other.md"}).strip() == made


def test_a_displayed_formula_is_a_block_and_an_example_is_code(generate: ModuleType) -> None:
    assert generate.markdown("Then\n$$ x\n\\le y. $$\nWhy: z.") == "Then\n\n$$\nx\n\\le y.\n$$\n\nWhy: z."
    assert generate.prose("Half.\n\n>>> half(3)\n1.5\n\nMore.") == "Half.\n\n```pycon\n>>> half(3)\n1.5\n```\n\nMore."


def test_a_long_signature_has_one_argument_a_line(generate: ModuleType) -> None:
    def function(first: dict[str, int], second: tuple[int, ...] = (1, 2), *, third: str = "a, b" * 20) -> None: ...

    lines = generate._signature("function", function).splitlines()
    assert lines[0] == "function("
    assert lines[1:3] == ["    first: dict[str, int],", "    second: tuple[int, ...] = (1, 2),"]
    assert lines[3] == "    *,"
    assert lines[-1] == ") -> None"


# ---- the site -------------------------------------------------------------------------------------------------------


class Page(HTMLParser):
    """Links and anchors of a page."""

    def __init__(self, file: Path) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.words: list[str] = []
        self._skipped = 0
        self.feed(file.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect what leads somewhere, and what is led to."""
        about = dict(attrs)
        self.links += [value for name in ("href", "src") if (value := about.get(name))]
        self.anchors |= {value for name in ("id", "name") if (value := about.get(name))}
        self._skipped += tag in ("script", "style", "pre", "code", "math")

    def handle_endtag(self, tag: str) -> None:
        """Back to text."""
        self._skipped -= tag in ("script", "style", "pre", "code", "math")

    def handle_data(self, data: str) -> None:
        """Text that is read."""
        if not self._skipped:
            self.words.append(data)


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The built site, once for all workers of pytest; a warning of any kind fails."""
    pytest.importorskip("sphinx", reason="needs sphinx, of the extra `docs`")
    own = tmp_path_factory.getbasetemp()
    shared = own.parent if "PYTEST_XDIST_WORKER" in os.environ else own
    out, said = shared / "site", shared / "site.said"
    try:
        out.mkdir()
    except FileExistsError:  # another worker builds it
        while not said.exists():
            time.sleep(0.2)
    else:
        words = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-q", "-j", "auto", "-d", str(shared / "trees")]
        done = subprocess.run([*words, str(DOCS), str(out)], capture_output=True, text=True, check=False)
        (shared / "site.saying").write_text(f"{done.returncode} {done.stderr}", encoding="utf-8")
        (shared / "site.saying").rename(said)
    assert said.read_text(encoding="utf-8") == "0 "
    return out


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    """Every page of the site, read once."""
    return {file: Page(file) for file in site.rglob("*.html")}


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_every_claim_has_a_page_and_every_link_leads_somewhere(site: Path, pages: dict[Path, Page]) -> None:
    for key in claims():
        if module_of(key).__name__.startswith("bounds."):
            assert (site / "generated" / key.replace(".", "/")).with_suffix(".html").is_file()
    for verb in VERBS:
        assert (site / "generated" / "commands" / f"{verb}.html").is_file()
    assert len(pages) > 180
    broken = []
    for file, page in pages.items():
        for link in page.links:
            parts = urlsplit(link)
            if parts.scheme or parts.netloc:
                continue
            target = (file.parent / unquote(parts.path)).resolve() if parts.path else file
            if not target.is_file() or (
                parts.fragment and target in pages and unquote(parts.fragment) not in pages[target].anchors
            ):
                broken.append(f"{file.relative_to(site)} -> {link}")
    assert broken == []


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_nothing_is_fetched_from_elsewhere_and_no_formula_is_left_as_tex(pages: dict[Path, Page]) -> None:
    for file, page in pages.items():
        assert not re.search(r"<(script|link|img)[^>]+(src|href)=\"(https?:)?//", file.read_text(encoding="utf-8")), file
        words = " ".join(page.words)
        assert not re.search(r"\\(frac|sum|le|sqrt|mathrm)\b", words), file
        assert not re.search(r"(?<!\S)–[a-z]{2}", words), file  # an option whose hyphens were made a dash


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_pages_are_read_on_a_screen_and_on_a_phone(site: Path, browser: Any) -> None:
    page = browser.new_page()
    for name in ("index", "tutorial", "generated/gmm_entropy/main_bound", "generated/commands/run", "concepts/verdicts"):
        page.goto((site / f"{name}.html").as_uri())
        for width, height in ((1280, 900), (390, 800)):
            page.set_viewport_size({"width": width, "height": height})
            for scheme in ("light", "dark"):
                page.emulate_media(color_scheme=scheme)
                assert page.evaluate("document.documentElement.scrollWidth") <= width, f"{name} is wider than {width}"
                sizes = page.evaluate("[...document.querySelectorAll('math')].map(m => m.getBoundingClientRect().height)")
                assert all(size > 5 for size in sizes)
                assert sizes or name in ("index", "generated/commands/run")
    page.close()
