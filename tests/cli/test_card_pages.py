"""Cards in a real browser: light, dark, on a phone, on paper, and as a screen reader hears them."""

import re

import pytest
from typer.testing import CliRunner

from proofs_check.cli import app
from proofs_check.discover import claims

pytestmark = pytest.mark.slow
KEYS = ("gmm_entropy.main_bound", "lstm_recovery.norm_recovery", "synaptic_penalty.convolution_fanout")

# The least ratio of luminances between a piece of text and what lies behind it, by the formula of WCAG 2.
CONTRAST = """() => {
  const linear = v => (v /= 255) <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
  const light = colour => { const [r, g, b] = colour.match(/[\\d.]+/g).map(Number).map(linear);
    return .2126 * r + .7152 * g + .0722 * b; };
  const behind = e => { for (; e; e = e.parentElement) { const colour = getComputedStyle(e).backgroundColor;
    if (!/, 0\\)$/.test(colour)) return colour; } return 'rgb(255, 255, 255)'; };
  let least = 21;
  for (const e of document.querySelectorAll('body *'))
    if ([...e.childNodes].some(n => n.nodeType == 3 && n.data.trim())) {
      const [a, b] = [light(getComputedStyle(e).color), light(behind(e))];
      least = Math.min(least, (Math.max(a, b) + .05) / (Math.min(a, b) + .05)); }
  return least; }"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    made = tmp_path_factory.mktemp("cards")
    done = CliRunner().invoke(app, ["card", *KEYS, "--points", "60", "--jobs", "1", "--out", str(made)])
    assert done.exit_code == 0, done.output
    return made


@pytest.mark.parametrize(("scheme", "width"), [("light", 1100), ("dark", 1100), ("light", 360), ("dark", 360)])
@pytest.mark.parametrize("name", [*KEYS, "index"])
def test_a_page_fits_the_screen_and_its_words_stand_out(browser, folder, name, scheme, width):
    page = browser.new_page(viewport={"width": width, "height": 800}, color_scheme=scheme)
    said = []
    page.on("console", lambda message: said.append(message.text))
    page.on("request", lambda request: said.extend([] if request.url.startswith("file:") else [request.url]))
    page.goto((folder / f"{name}.html").as_uri())
    assert said == []  # no error, and nothing fetched from anywhere
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.evaluate(CONTRAST) >= 4.5
    assert len(set(page.screenshot())) > 100  # not blank
    page.close()


def test_a_screen_reader_hears_headings_tables_and_what_the_picture_shows(browser, folder):
    page = browser.new_page()
    page.goto((folder / "gmm_entropy.main_bound.html").as_uri())
    heard = page.locator("body").aria_snapshot()
    assert len(re.findall(r"\[level=1\]", heard)) == 1
    for words in (
        'heading "Falsified variants" [level=2]',
        'table "Misreadings that the same check refutes"',
        'img "Histogram of',
    ):
        assert words in heard
    assert page.locator("math").count() > 5
    assert "$" not in page.locator("section").first.inner_text()
    page.close()


def test_the_index_leads_to_every_card_and_back(browser, folder):
    page = browser.new_page()
    for key in KEYS:
        page.goto((folder / "index.html").as_uri())
        page.get_by_role("link", name=key).click()
        assert page.locator("h1").inner_text()
        page.get_by_role("link", name="all claims").click()
        assert page.url.endswith("/index.html")
    page.close()


def test_a_card_prints_on_a_few_pages(browser, folder):
    page = browser.new_page(color_scheme="dark")
    page.goto((folder / "gmm_entropy.main_bound.html").as_uri())
    printed = page.pdf(format="A4")
    assert printed.startswith(b"%PDF")
    assert 1 <= len(re.findall(rb"/Type\s*/Page\b", printed)) <= 4
    page.emulate_media(media="print")
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(255, 255, 255)"  # no ink for a dark screen
    page.close()


def test_every_formula_of_every_claim_becomes_mathml():
    import inspect

    from proofs_check.discover import module_of
    from proofs_check.prose import to_html

    for key in claims():
        page = to_html(inspect.getdoc(module_of(key)) or "")
        words = re.sub(r"<math.*?</math>", "", page, flags=re.DOTALL)
        assert not re.search(r"<code>[^<]*\\[a-z]", words), key
        assert "$" not in words, key


def test_what_is_no_tex_is_shown_as_it_was_written():
    from proofs_check.prose import to_html

    assert "<code>$\\frac{a$</code>" in to_html("By $\\frac{a$ and *no* <b>.")
